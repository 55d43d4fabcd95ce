# Reference values for rairlib.stats.description: base R. Run: Rscript description.R > description.json
suppressMessages(library(jsonlite))

first <- c(51, 62, 47, 71, 55, 55, 68, 44, 59, 73, 54, 38)
second <- c(40, 52, 33, 55, 17, 79, 47, 44, 36, 50, 41, 47, 58, 12, 39)
two_by_two <- matrix(c(18, 14, 4, 54), nrow = 2)        # columns are the groups
three_by_two <- matrix(c(25, 4, 3, 53, 5, 1), nrow = 3)

pearson <- chisq.test(two_by_two, correct = FALSE)
yates <- chisq.test(two_by_two, correct = TRUE)
larger <- suppressWarnings(chisq.test(three_by_two, correct = FALSE))
student <- t.test(first, second, var.equal = TRUE)
welch <- t.test(first, second)
wilcoxon <- wilcox.test(first, second, exact = FALSE, correct = FALSE)
u <- unname(wilcoxon$statistic)

values <- list(
  first = first, second = second, two_by_two = two_by_two, three_by_two = three_by_two,
  mean = mean(first), sd = sd(first),
  quartiles = unname(quantile(first, c(0.25, 0.5, 0.75), type = 6)),
  pearson = c(unname(pearson$statistic), pearson$parameter, pearson$p.value),
  yates = c(unname(yates$statistic), yates$parameter, yates$p.value),
  larger = c(unname(larger$statistic), larger$parameter, larger$p.value),
  fisher = fisher.test(two_by_two)$p.value,
  student = c(unname(student$statistic), student$parameter, student$p.value),
  welch = c(unname(welch$statistic), welch$parameter, welch$p.value),
  mann_whitney = c(min(u, length(first) * length(second) - u), wilcoxon$p.value)
)
cat(toJSON(values, digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
