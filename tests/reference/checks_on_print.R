# Reference values for the checks on print alone: base R. Run: Rscript checks_on_print.R > checks_on_print.json
suppressMessages(library(jsonlite))

likelihood_ratio <- function(table) {
  expected <- outer(rowSums(table), colSums(table)) / sum(table)
  statistic <- 2 * sum(ifelse(table > 0, table * log(table / expected), 0))
  c(statistic, pchisq(statistic, nrow(table) - 1, lower.tail = FALSE))
}
trend <- function(table) {                    # (N - 1) r^2 on the expanded patients
  level <- rep(row(table), table)
  group <- rep(col(table), table)
  statistic <- (sum(table) - 1) * cor(level, group)^2
  c(statistic, pchisq(statistic, 1, lower.tail = FALSE))
}
all_tests <- function(table) {
  pearson <- suppressWarnings(chisq.test(table, correct = FALSE))
  values <- list(
    cells = table, pearson = c(unname(pearson$statistic), pearson$p.value),
    likelihood_ratio = likelihood_ratio(table), linear = trend(table),
    fisher = fisher.test(table)$p.value
  )
  if (nrow(table) == 2) {
    yates <- suppressWarnings(chisq.test(table, correct = TRUE))
    level <- rep(row(table), table) - 1
    group <- rep(col(table), table) - 1
    wald <- summary(glm(group ~ level, family = binomial))$coefficients[2, 4]
    values <- c(values, list(
      yates = c(unname(yates$statistic), yates$p.value),
      one_sided_fisher = min(fisher.test(table, alternative = "less")$p.value,
                             fisher.test(table, alternative = "greater")$p.value),
      crude_wald = wald,
      student_of_levels = t.test(level[group == 0], level[group == 1], var.equal = TRUE)$p.value
    ))
  }
  values
}
tables <- list(
  rbind(c(42, 20), c(38, 77)), rbind(c(19, 16), c(13, 42)), rbind(c(8, 7), c(72, 90)),
  rbind(c(2, 1), c(23, 52)), rbind(c(25, 53), c(4, 5), c(3, 1)),
  rbind(c(5, 9), c(12, 3), c(7, 7), c(2, 11))
)

first <- c(51, 62, 47, 71, 56, 55, 68, 44, 59, 73, 54, 38)
second <- c(40, 52, 33, 55, 17, 79, 48, 46, 36, 50, 41, 45, 58)
student <- t.test(first, second, var.equal = TRUE)
welch <- t.test(first, second)
untied <- list(first = c(1.5, 3.25, 4, 7.75, 9, 12), second = c(2, 5, 6, 8, 10, 11, 13, 14.5))
rank_test <- function(correct)
  wilcox.test(untied$first, untied$second, exact = FALSE, correct = correct)

values <- list(
  tables = lapply(tables, all_tests),
  samples = list(
    means = c(mean(first), mean(second)), sds = c(sd(first), sd(second)),
    sizes = c(length(first), length(second)),
    student = student$p.value, welch = welch$p.value, welch_freedom = unname(welch$parameter)
  ),
  ranks = list(
    sizes = lengths(untied, use.names = FALSE), u = unname(rank_test(FALSE)$statistic),
    p = rank_test(FALSE)$p.value, corrected = rank_test(TRUE)$p.value
  )
)
cat(toJSON(values, digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
