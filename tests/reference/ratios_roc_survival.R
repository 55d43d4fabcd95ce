# Reference values for checks on ratios, ROC areas and survival: base R, pROC and survival.
# Run: Rscript ratios_roc_survival.R > ratios_roc_survival.json
suppressMessages({library(jsonlite); library(pROC); library(survival)})

crude <- function(a, b, c, d) {               # level cases, level others, reference cases, others
  outcome <- rep(c(1, 0, 1, 0), c(a, b, c, d))
  level <- rep(c(1, 1, 0, 0), c(a, b, c, d))
  fit <- glm(outcome ~ level, family = binomial, control = glm.control(epsilon = 1e-14))
  row <- summary(fit)$coefficients["level", ]
  list(cells = c(a, b, c, d), odds_ratio = unname(exp(row[1])), standard_error = unname(row[2]),
       limits = unname(exp(row[1] + c(-1, 1) * qnorm(0.975) * row[2])), p = unname(row[4]),
       conditional = unname(fisher.test(rbind(c(a, b), c(c, d)))$estimate))
}

binary_area <- function(tp, fn, fp, tn) {
  outcome <- rep(c(1, 1, 0, 0), c(tp, fn, fp, tn))
  score <- rep(c(1, 0, 1, 0), c(tp, fn, fp, tn))
  curve <- roc(outcome, score, quiet = TRUE, direction = "<")
  # SPSS: nonparametric Hanley-McNeil with ties, straight from its definition over all values.
  positive <- score[outcome == 1]; negative <- score[outcome == 0]; area <- as.numeric(auc(curve))
  n1 <- length(positive); n0 <- length(negative)
  q1 <- sum(sapply(negative, function(y) {
    above <- sum(positive > y); tied <- sum(positive == y)
    above^2 + above * tied + tied^2 / 3})) / (n0 * n1^2)
  q2 <- sum(sapply(positive, function(x) {
    below <- sum(negative < x); tied <- sum(negative == x)
    below^2 + below * tied + tied^2 / 3})) / (n1 * n0^2)
  spss <- sqrt((area * (1 - area) + (n1 - 1) * (q1 - area^2) + (n0 - 1) * (q2 - area^2)) / (n1 * n0))
  list(cells = c(tp, fn, fp, tn), area = area, delong = sqrt(var(curve, method = "delong")),
       spss = spss)
}

cox <- function(name, formula, level, ties) { # the lung cancer data of the survival package
  data <- lung[complete.cases(lung[, all.vars(formula)]), ]
  data$level <- as.integer(level(data))
  fit <- coxph(update(formula, . ~ level + .), data = data, ties = ties)
  uni <- coxph(update(formula, . ~ level), data = data, ties = ties)
  test <- survdiff(update(formula, . ~ level), data = data)
  at <- function(curve) summary(curve, times = 365.25)$surv
  list(name = name, ties = ties, sizes = as.vector(table(data$level)[c("1", "0")]),
       events = as.vector(tapply(data$status == 2, data$level, sum)[c("1", "0")]),
       log_ratio = unname(coef(uni)["level"]), error = sqrt(diag(vcov(uni)))[["level"]],
       adjusted_log_ratio = unname(coef(fit)["level"]),
       adjusted_error = sqrt(diag(vcov(fit)))[["level"]],
       logrank = test$chisq, one_year = at(survfit(update(formula, . ~ 1), data = data)),
       one_year_by_level = rev(at(survfit(update(formula, . ~ level), data = data))))
}
survival_formula <- Surv(time, status) ~ age + ph.ecog
cases <- list(
  cox("women", survival_formula, function(d) d$sex == 2, "breslow"),
  cox("women", survival_formula, function(d) d$sex == 2, "efron"),
  cox("confined to bed at times", survival_formula, function(d) d$ph.ecog >= 2, "breslow"),
  cox("older than 70", Surv(time, status) ~ sex + ph.ecog, function(d) d$age > 70, "efron")
)

cat(toJSON(list(
  crude = list(crude(42, 20, 38, 77), crude(18, 4, 14, 54), crude(3, 29, 4, 54)),
  binary = list(binary_area(13, 5, 8, 34), binary_area(31, 19, 7, 65), binary_area(19, 13, 14, 44)),
  cox = cases,
  p_of_z = list(z = c(0.5, 1.959964, 2.9, 6), p = 2 * pnorm(-c(0.5, 1.959964, 2.9, 6)))
), digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
