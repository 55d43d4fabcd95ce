# Reference values for covariates far from 0 or from 1, and for statuses that begin: glm, coxph.
# Run: Rscript covariate_scales.R > covariate_scales.json
suppressMessages({library(jsonlite); library(survival)})

set.seed(20261)
n <- 120
data <- data.frame(year = sample(2005:2020, n, TRUE))
data$tiny <- round(rnorm(n, 5e-6, 1e-6), 8)
data$offset <- round(rnorm(n, 1e4, 1), 2)
data$outcome <- as.integer(runif(n) < plogis(-0.3 + 0.1 * (data$year - 2012)))
data$time <- round(rexp(n, 0.1), 1) + 0.1
data$event <- as.integer(runif(n) < 0.7)

exact <- glm.control(epsilon = 1e-14, maxit = 100)
control <- coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 100)
logistic <- function(name) {
  # Around the mean, so that no digits are lost; the intercept is then led back.
  x <- data[[name]] - mean(data[[name]])
  fit <- glm(data$outcome ~ x, binomial, control = exact)
  found <- summary(fit)$coefficients
  shift <- c(1, -mean(data[[name]]))
  list(coefficient = found[2, 1], se = found[2, 2], p = found[2, 4],
       intercept = sum(shift * coef(fit)),
       intercept_se = sqrt(drop(shift %*% vcov(fit) %*% shift)))
}
hazard <- function(name, ties) {
  x <- data[[name]] - mean(data[[name]])
  found <- summary(coxph(Surv(time, event) ~ x, data, ties = ties, control = control))$coefficients
  list(coefficient = found[1, 1], se = found[1, 3])
}
names <- c("year", "tiny", "offset")

# A status that begins during follow-up; each row of the second set is a patient of either centre.
begun <- function(patients) {
  before <- with(patients, data.frame(enter = 0, stop = pmin(begins, t), status = 0,
                                      event = ifelse(begins < t, 0, e), x = x))
  after <- with(patients, data.frame(enter = begins, stop = t, status = 1, event = e, x = x))
  after <- after[patients$begins < patients$t, ]
  rbind(before[before$stop > 0, ], after)
}
small <- data.frame(t = c(2, 3, 3, 5, 6, 7, 8, 9), e = c(1, 1, 0, 1, 1, 0, 1, 1),
                    begins = c(0, 3, Inf, 2, 6, Inf, 1, Inf), x = 0)
eight <- coxph(Surv(enter, stop, event) ~ status, begun(small), control = control)
m <- 60
centres <- data.frame(t = round(rexp(m, 0.1), 1) + 0.1, e = rbinom(m, 1, 0.7),
                      begins = round(rexp(m, 0.15), 1), x = round(rnorm(m), 2))
centres$begins[sample(m, 20)] <- Inf
two <- coxph(Surv(enter, stop, event) ~ status + x, begun(centres), control = control)
of <- function(fit) {
  list(coefficient = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))))
}

cat(toJSON(list(
  data = data,
  logistic = sapply(names, logistic, simplify = FALSE),
  breslow = sapply(names, hazard, ties = "breslow", simplify = FALSE),
  efron = sapply(names, hazard, ties = "efron", simplify = FALSE),
  eight = of(eight),
  centres = transform(centres, begins = ifelse(is.finite(begins), begins, -1)),
  two = of(two)
), digits = NA, auto_unbox = TRUE, pretty = FALSE))
cat("\n")
