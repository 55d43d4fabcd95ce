# Reference values for rairlib.discrimination and rairlib.cutoffs: pROC, and Hanley and McNeil's
# Q1 and Q2 by going through all triples. Run: Rscript discrimination.R > discrimination.json
suppressMessages({library(jsonlite); library(pROC)})

set.seed(7)
event <- rep(c(1, 0), c(32, 58))
score <- round(rnorm(90, 45, 13) + 9 * event)
curve <- roc(event, score, levels = c(0, 1), direction = "<", quiet = TRUE)
delong <- ci.auc(curve, method = "delong")

x <- score[event == 1]
z <- score[event == 0]
weight <- function(pair, single) {   # both above: 1; one tied: 1/2; both tied: 1/3
  above <- sum(pair > single)
  tied <- sum(pair == single)
  if (above + tied < 2) 0 else c(1, 1/2, 1/3)[tied + 1]
}
q1 <- mean(apply(expand.grid(x, x, z), 1, function(r) weight(r[1:2], r[3])))
q2 <- mean(apply(expand.grid(-z, -z, -x), 1, function(r) weight(r[1:2], r[3])))
a <- as.numeric(auc(curve))
n1 <- length(x)
n0 <- length(z)
hanley <- sqrt((a * (1 - a) + (n1 - 1) * (q1 - a^2) + (n0 - 1) * (q2 - a^2)) / (n1 * n0))

at <- function(threshold) unlist(coords(curve, threshold, ret = c("sensitivity", "specificity")))
best <- coords(curve, "best", best.method = "youden", ret = c("threshold", "sensitivity", "specificity"))
points <- coords(curve, "all", ret = c("threshold", "sensitivity", "specificity"))

# Other patients with the same score: the unpaired test of DeLong.
other_event <- rep(c(1, 0), c(18, 42))
other_score <- round(rnorm(60, 45, 13) + 5 * other_event)
other <- roc(other_event, other_score, levels = c(0, 1), direction = "<", quiet = TRUE)
unpaired <- roc.test(curve, other, method = "delong", paired = FALSE)

values <- list(
  event = event, score = score, auc = a, hanley_mcneil = hanley,
  delong = sqrt(var(curve, method = "delong")), delong_limits = as.numeric(delong)[c(1, 3)],
  at_54 = unname(at(54)), best = best, thresholds = points$threshold[is.finite(points$threshold)],
  sensitivity = points$sensitivity, specificity = points$specificity,
  other_event = other_event, other_score = other_score,
  unpaired = unname(c(unpaired$statistic, unpaired$parameter, unpaired$p.value))
)
cat(toJSON(values, digits = NA), "\n")
