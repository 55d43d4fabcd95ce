# Reference values for rairlib.sample_size: integrals where the papers simulate, and the formulae as
# printed in them. Run: Rscript sample_size.R > sample_size.json
suppressMessages(library(jsonlite))

r2_of_auc <- function(c, phi) {   # Riley, Van Calster and Collins 2021, the integral itself
  mu <- sqrt(2) * qnorm(c)
  lp <- function(x) mu * x - mu^2 / 2 + qlogis(phi)
  over <- function(f) integrate(f, -Inf, Inf, rel.tol = 1e-12, subdivisions = 2000)$value
  ll <- phi * over(function(x) plogis(lp(x), log.p = TRUE) * dnorm(x, mu)) +
    (1 - phi) * over(function(x) plogis(-lp(x), log.p = TRUE) * dnorm(x))
  1 - exp(-2 * (ll - phi * log(phi) - (1 - phi) * log(1 - phi)))
}
r2_simulated <- function(c, phi, n = 1e6) {   # their way, for the size of its error
  set.seed(123456)
  y <- rep(1:0, round(c(phi, 1 - phi) * n))
  x <- rnorm(n, sqrt(2) * qnorm(c) * y)
  fit <- glm.fit(cbind(1, x), y, family = binomial())
  1 - exp(-(fit$null.deviance - fit$deviance) / n)
}
pairs <- expand.grid(auc = c(0.55, 0.766, 0.838, 0.89, 0.97), prevalence = c(0.02, 0.174, 0.41, 0.77))
pairs$r2 <- mapply(r2_of_auc, pairs$auc, pairs$prevalence)

# Slope criterion of Riley 2021 for a normal linear predictor, by integrals instead of draws.
slope_size <- function(mean, sd, width) {
  over <- function(k) integrate(function(z) { l <- mean + sd * z; l^k * dlogis(l) * dnorm(z) },
                                -Inf, Inf, rel.tol = 1e-12)$value
  i <- sapply(0:2, over)
  i[1] / ((width / 3.92)^2 * (i[1] * i[3] - i[2]^2))
}
slope_of <- function(lp, width) {
  i <- sapply(0:2, function(k) mean(lp^k * dlogis(lp)))
  i[1] / ((width / 3.92)^2 * (i[1] * i[3] - i[2]^2))
}
set.seed(4)
lp <- round(rnorm(60, -0.5, 1.2), 3)
cat(toJSON(list(
  pairs = pairs, simulated = r2_simulated(0.838, 0.41),
  normal_mean = -5, normal_sd = 2.5, normal_slope_size = slope_size(-5, 2.5, 0.2),
  lp = lp, lp_slope_size = slope_of(lp, 0.3)
), digits = NA, auto_unbox = TRUE), "\n")
