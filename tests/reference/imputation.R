# Reference values for rairlib.stats.imputation: Rubin's rules of the package mice.
# Run: Rscript imputation.R > imputation.json
suppressMessages({library(mice); library(survival); library(jsonlite)})

set.seed(3)
m <- 6
scalars <- lapply(c(20, 150, 999999), function(dfcom) {
  q <- round(rnorm(m, 0.8, 0.15), 3)
  u <- round(runif(m, 0.02, 0.05), 4)
  # Complete data of dfcom + 1 patients and one coefficient have dfcom degrees of freedom.
  found <- pool.scalar(q, u, n = dfcom + 1, k = 1)
  list(q = q, u = u, dfcom = dfcom, qbar = found$qbar, ubar = found$ubar, b = found$b, t = found$t,
       df = found$df, fmi = found$fmi)
})

# Six completed data sets that differ in x2, fitted and pooled by mice.
n <- 60
x1 <- round(rnorm(n), 2)
y <- rbinom(n, 1, plogis(-0.3 + 0.8 * x1))
time <- round(rexp(n, exp(0.4 * x1) / 20), 1) + 0.1
x2 <- lapply(1:m, function(i) round(0.5 * x1 + 0.3 * y + rnorm(n), 2))
tight <- glm.control(epsilon = 1e-14, maxit = 100)
fits <- lapply(x2, function(x2) {
  fit <- glm(y ~ x1 + x2, binomial, control = tight)
  # vcov() has the weights of the step before the last: one more step makes them final.
  update(fit, start = coef(fit))
})
logistic <- summary(pool(as.mira(fits)), conf.int = TRUE)
hazards <- lapply(x2, function(x2) {
  coxph(Surv(time, y) ~ x1 + x2, ties = "breslow", control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 100))
})
cox <- summary(pool(as.mira(hazards)), conf.int = TRUE)
logistic$fmi <- pool(as.mira(fits))$pooled$fmi
cox$fmi <- pool(as.mira(hazards))$pooled$fmi
logistic$term <- as.character(logistic$term)
cox$term <- as.character(cox$term)
cat(toJSON(list(scalars = scalars, x1 = x1, y = y, time = time, x2 = x2, logistic = logistic, cox = cox),
  digits = NA, dataframe = "columns", auto_unbox = TRUE), "\n", sep = "")
