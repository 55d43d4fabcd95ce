# Reference values for rairlib.planting.estimates: base R, survival and pROC.
# Run: Rscript planting.R > planting.json
suppressMessages({library(jsonlite); library(survival); library(pROC)})
options(digits = 17)

three <- rbind(c(12, 16), c(11, 7), c(3, 2))
two <- rbind(c(16, 12), c(5, 19))
outcome <- c(1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1)
score <- c(5, 3, 4, 6, 3, 2, 2, 1, 7, 4, 5, 2, 5, 3, 1, 6, 8, 2, 4, 1)
female <- c(1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1)
months <- c(4, 9, 3, 3, 12, 15, 6, 20, 3, 11, 6, 18, 9, 5, 22, 6, 2, 17, 14, 13)
event <- c(1, 0, 1, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0, 1, 0)

exact <- fisher.test(two)
logit <- glm(outcome ~ score + female, family = binomial, control = list(epsilon = 1e-14))
without <- glm(outcome ~ female, family = binomial, control = list(epsilon = 1e-14))
hazards <- function(ties) {
  fit <- coxph(Surv(months, event) ~ score + female, ties = ties)
  unname(c(coef(fit), sqrt(diag(vcov(fit)))))
}
curve <- survfit(Surv(months, event) ~ 1)
test <- survdiff(Surv(months, event) ~ female)
area <- ci.auc(roc(outcome, score, quiet = TRUE, direction = "<"), method = "delong")

cat(toJSON(list(
  three = three, two = two, outcome = outcome, score = score, female = female,
  months = months, event = event,
  fisher_three = fisher.test(three)$p.value, fisher_two = exact$p.value,
  pearson_two = unname(chisq.test(two, correct = FALSE)$statistic),
  yates_two = unname(chisq.test(two)$statistic),
  exact_odds_ratio = unname(c(exact$estimate, exact$conf.int)),
  logistic = unname(c(coef(logit)[2:3], sqrt(diag(vcov(logit)))[2:3])),
  likelihood_ratio_p = pchisq(deviance(without) - deviance(logit), 1, lower.tail = FALSE),
  breslow = hazards("breslow"), efron = hazards("efron"),
  survival = summary(curve, times = c(6, 12))$surv * 100,
  logrank = c(test$chisq, pchisq(test$chisq, 1, lower.tail = FALSE)),
  delong = as.numeric(area)
), digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
