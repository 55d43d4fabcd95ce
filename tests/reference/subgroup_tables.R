# Reference values for rairlib.dichotomised_areas: areas of scores cut in two with DeLong's standard
# error (pROC), and Hanley and McNeil's standard error with Q1 and Q2 from all triples.
# Run: Rscript subgroup_tables.R > subgroup_tables.json
suppressMessages({library(jsonlite); library(pROC)})

# Number of patients and of triples with these ranks in each combination, one by one.
weight <- c(1, 1/2, 1/3)   # both above; one above, one tied; both tied
both_above <- function(pair, single) {
  total <- 0
  for (s in single) for (p in pair) {
    if (p < s) next
    other <- pair[pair >= s]
    total <- total + sum(weight[(p == s) + (other == s) + 1])
  }
  total / (length(pair)^2 * length(single))
}
reference <- function(cells) {     # true positives, false negatives, false positives, true negatives
  event <- rep(c(1, 0), c(cells[1] + cells[2], cells[3] + cells[4]))
  score <- rep(c(1, 0, 1, 0), cells)
  curve <- roc(event, score, levels = c(0, 1), direction = "<", quiet = TRUE)
  a <- as.numeric(auc(curve))
  x <- score[event == 1]; z <- score[event == 0]
  q1 <- both_above(x, z); q2 <- both_above(-z, -x)
  n1 <- length(x); n0 <- length(z)
  hanley <- sqrt((a * (1 - a) + (n1 - 1) * (q1 - a^2) + (n0 - 1) * (q2 - a^2)) / (n1 * n0))
  list(cells = cells, auc = a, delong = sqrt(var(curve, method = "delong")), hanley_mcneil = hanley)
}
tables <- list(c(18, 8, 4, 25), c(26, 16, 11, 74), c(8, 1, 1, 14), c(36, 23, 14, 85),
               c(13, 5, 8, 34), c(31, 19, 7, 65), c(2, 3, 5, 2))
cat(toJSON(lapply(tables, reference), digits = NA, auto_unbox = TRUE), "\n")
