# Usual intervals and p values of a Poisson count beside a precise reference: base R alone.
# Run: Rscript usual_intervals.R > usual_intervals.json
suppressMessages(library(jsonlite))

poisson_count <- function(events) {
  fit <- glm(events ~ 1, family = poisson, control = glm.control(epsilon = 1e-14))
  deviance <- function(log_rate) 2 * (dpois(events, events, log = TRUE) -
                                        dpois(events, exp(log_rate), log = TRUE))
  beyond <- function(log_rate) deviance(log_rate) - qchisq(0.95, 1)
  centre <- log(events); far <- 6 / sqrt(events)
  profile <- c(uniroot(beyond, c(centre - far, centre), tol = 1e-12)$root,
               uniroot(beyond, c(centre, centre + far), tol = 1e-12)$root)
  list(events = events, exact = as.numeric(poisson.test(events)$conf.int), profile = exp(profile),
       wald = as.numeric(exp(centre + c(-1, 1) * qnorm(0.975) * sqrt(vcov(fit)[1, 1]))),
       wald_p = summary(fit)$coefficients[1, 4],
       lr_p = pchisq(deviance(0), 1, lower.tail = FALSE))
}

cat(toJSON(list(poisson = lapply(c(2, 3, 5, 8), poisson_count)), auto_unbox = TRUE, digits = 12,
           pretty = TRUE), "\n")
