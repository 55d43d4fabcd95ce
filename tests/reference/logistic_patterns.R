# Main-effects logistic models of binary covariates, fitted by glm() to one row per patient.
# Run: Rscript logistic_patterns.R > logistic_patterns.csv   (the file kept is from R 4.2.2)
# Cells are in the order 000, 001, 010, 011, 100, ...: the first covariate varies slowest.

cases <- list(
  # 90 patients, margins 35, 35, 22; 32 events, with margins 19, 21, 18
  list(name = "rabat", table = c(30, 5, 13, 7, 16, 4, 9, 6), events = c(1, 3, 2, 7, 5, 2, 6, 6)),
  # the same table and margins, other cells
  list(name = "rabat_other_split", table = c(30, 5, 13, 7, 16, 4, 9, 6),
       events = c(3, 3, 1, 6, 2, 3, 8, 6)),
  list(name = "empty_cell", table = c(12, 0, 9, 7, 15, 4, 0, 8), events = c(3, 0, 5, 4, 4, 3, 0, 6)),
  list(name = "two_covariates", table = c(40, 21, 17, 9), events = c(7, 9, 6, 5)),
  list(name = "weak_information", table = c(3, 2, 2, 4, 2, 3, 3, 2), events = c(1, 1, 1, 1, 1, 2, 1, 1))
)

cat("case,patients,events,term,estimate,standard_error,log_likelihood\n")
for (case in cases) {
  k <- log2(length(case$table))
  cells <- sapply(seq_len(k), function(j) (seq_along(case$table) - 1) %/% 2^(k - j) %% 2)
  rows <- rep(seq_along(case$table), case$table)
  y <- unlist(mapply(function(n, d) rep(c(1, 0), c(d, n - d)), case$table, case$events))
  fit <- glm(y ~ cells[rows, ], family = binomial,
             control = glm.control(epsilon = 1e-15, maxit = 100))
  values <- summary(fit)$coefficients
  for (term in seq_len(k + 1)) {
    cat(sprintf("%s,%s,%s,%d,%.15g,%.15g,%.15g\n", case$name,
                paste(case$table, collapse = " "), paste(case$events, collapse = " "), term - 1,
                values[term, 1], sqrt(diag(vcov(fit)))[term], as.numeric(logLik(fit))))
  }
}
