# Reference values for rairlib.risk_interval: glm, vcov and predict(se.fit = TRUE).
# Run: Rscript risk_interval.R > risk_interval.json
suppressMessages(library(jsonlite))

set.seed(11)
cohort <- function() {
  nodes <- rpois(122, 3)
  tg <- round(rexp(122, 1 / 6), 2)
  failure <- rbinom(122, 1, plogis(-2 + 0.2 * nodes + 0.1 * tg))
  fit <- glm(failure ~ nodes + tg, binomial, control = glm.control(epsilon = 1e-14, maxit = 100))
  # vcov() has the weights of the step before the last: one more step makes them final.
  fit <- update(fit, start = coef(fit))
  list(nodes = nodes, tg = tg, failure = failure, fit = fit)
}
cohorts <- list(cohort(), cohort(), cohort())
new <- data.frame(nodes = c(0, 3, 12), tg = c(0, 7.5, 40))
limits <- lapply(cohorts, function(c) {
  found <- predict(c$fit, new, se.fit = TRUE)
  half <- qnorm(0.975) * found$se.fit
  list(
    nodes = c$nodes, tg = c$tg, failure = c$failure, coefficients = unname(coef(c$fit)),
    covariance = unname(vcov(c$fit)), se = unname(found$se.fit), risk = unname(plogis(found$fit)),
    low = unname(plogis(found$fit - half)), high = unname(plogis(found$fit + half))
  )
})
cat(toJSON(list(new = new, cohorts = limits), digits = NA, dataframe = "columns"), "\n", sep = "")
