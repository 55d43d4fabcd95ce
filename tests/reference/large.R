# Cox regression, its tests, concordance and log-rank of 100,000 patients, distinct times and ties,
# and a counting process; patients come from whole numbers alone, so that both sides draw the same.
# Rscript tests/reference/large.R > tests/reference/large.json
library(survival)
library(jsonlite)

n <- 100000
i <- seq_len(n)
share <- function(by) (i * by) %% 100003 / 100003
data <- data.frame(
  x = share(7919), level = as.numeric(share(104729) < 0.3), event = as.numeric(share(15485863) < 0.6)
)
risk <- exp(0.8 * data$x + 0.5 * data$level)
data$time <- -log(1 - share(32452843)) / risk
data$start <- -log(1 - share(49979687))
# Without timefix, which takes times within 1.5e-8 of one another for tied.
fine <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 50, timefix = FALSE)

results <- list()
for (kind in c("distinct", "ties")) {
  if (kind == "ties") {
    data$time <- ceiling(20 * data$time)
    data$start <- ceiling(20 * data$start)
  }
  S <- Surv(data$time, data$event)
  in_order <- Surv(rank(data$time), data$event)
  found <- list()
  for (ties in c("breslow", "efron")) {
    fit <- coxph(S ~ x + level, data, ties = ties, control = fine)
    found[[ties]] <- list(coefficient = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))))
  }
  fit <- coxph(S ~ x + level, data, ties = "breslow", control = fine)
  found$tests <- unname(c(2 * diff(fit$loglik), fit$wald.test, fit$score))
  found$hazards <- unname(cox.zph(fit, terms = FALSE)$table[, "chisq"])
  found$concordance <- unname(concordance(in_order ~ x, data, reverse = TRUE)$concordance)
  found$log_rank <- survdiff(in_order ~ level, data)$chisq
  data$id <- i
  spells <- tmerge(data, data, id = id, died = event(time, event), begun = tdc(start))
  varying <- coxph(Surv(tstart, tstop, died) ~ begun + x, spells, ties = "efron", control = fine)
  found$varying <- list(coefficient = unname(coef(varying)), se = unname(sqrt(diag(vcov(varying)))))
  results[[kind]] <- found
}
cat(toJSON(results, digits = I(15), auto_unbox = TRUE, pretty = TRUE), "\n")
