# Reference values for rairlib.stats.logistic.profile_limits: where the profile of glm's likelihood
# crosses, and confint's interpolation of the same profile.
# Run: Rscript profile_limits.R > profile_limits.csv
age <- 31:54
smoker <- rep(c(0, 1, 1), 8)
event <- c(0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0)
control <- glm.control(epsilon = 1e-14, maxit = 100)
design <- cbind(1, age, smoker)
fit <- glm(event ~ 0 + design, family = binomial, control = control)
limit <- function(j, side) {
  error <- sqrt(diag(vcov(fit)))[j]
  gap <- function(t) {
    held <- (coef(fit)[j] + side * t) * design[, j]
    rest <- glm(event ~ 0 + design[, -j] + offset(held), family = binomial, control = control)
    rest$deviance - fit$deviance - qchisq(0.95, 1)
  }
  coef(fit)[j] + side * uniroot(gap, c(0.1, 8) * error, tol = 1e-12)$root
}
interpolated <- suppressMessages(confint(fit))
values <- data.frame(
  term = c("intercept", "age", "smoker"), low = sapply(1:3, limit, -1), high = sapply(1:3, limit, 1),
  confint_low = interpolated[, 1], confint_high = interpolated[, 2]
)
write.csv(format(values, digits = 12), row.names = FALSE, quote = FALSE)
