# Cox regressions and log-rank tests of the cohorts of tests/awkward_cohorts.py.
# Run: python tests/awkward_cohorts.py > patients.csv
#      Rscript awkward_cohorts.R patients.csv > awkward_cohorts.csv   (the file kept: survival 3.5-3)
# Columns are scaled, so that R's own limits of singularity are not met, and the estimates are given
# in their units. With less than full rank nothing is written; which estimates are infinite, the
# tests find out themselves.
suppressMessages(library(survival))

patients <- read.csv(commandArgs(trailingOnly = TRUE)[1])
control <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100, timefix = FALSE)
told <- function(values) paste(sprintf("%.10g", values), collapse = " ")
fitted <- function(d, x, ties) {
  if (sum(d$event) == 0 || ncol(x) == 0 || any(diff(apply(x, 2, range)) == 0)) return("")
  scaled <- scale(x)
  fit <- suppressWarnings(coxph.fit(scaled, Surv(d$time, d$event), NULL, NULL, NULL, control,
                                    NULL, ties, NULL))
  if (anyNA(fit$coefficients) || max(abs(fit$coefficients)) > 50) return("")
  unit <- attr(scaled, "scaled:scale")
  told(c(fit$coefficients / unit, sqrt(diag(fit$var)) / unit, fit$loglik[2]))
}

cat("cohort,breslow,efron,log_rank\n")
for (d in split(patients, patients$cohort)) {
  x <- as.matrix(d[, grep("^x", names(d))])
  x <- x[, apply(x, 2, function(v) any(v != 0)), drop = FALSE]
  first <- if (any(d$event == 1)) min(d$time[d$event == 1]) else Inf
  at_risk <- d[d$time >= first, ]
  test <- ""
  if (length(unique(at_risk$group)) > 1) {
    test <- tryCatch(told(survdiff(Surv(time, event) ~ group, data = at_risk)$chisq),
                     error = function(all_at_once) "")
  }
  cat(d$cohort[1], fitted(d, x, "breslow"), fitted(d, x, "efron"), test, sep = ",")
  cat("\n")
}
