# The numbers that Tang et al. 2025 print, computed from the kept cohort by R alone.
# Run: Rscript tang2025_kept.R > tang2025_kept.json
suppressMessages({library(jsonlite); library(pROC); library(rms)})

cohort <- read.csv("../../data/tang2025/simulated_cohort.csv", na.strings = character(),
                   fileEncoding = "UTF-8")
cohort$y <- as.integer(cohort$failure == "yes")
cohort$status <- as.integer(cohort$lln_status == "yes")
train <- subset(cohort, cohort == "training")
tight <- glm.control(epsilon = 1e-14, maxit = 100)
fit <- glm(y ~ lln_count + tg_before, binomial, train, control = tight)
cohort$score <- predict(fit, cohort)
train <- subset(cohort, cohort == "training")
test <- subset(cohort, cohort == "validation")

# Area by pROC; its limits by Hanley and McNeil's formula over all pairs and triples.
hanley <- function(y, score) {
  score <- as.numeric(score)
  a <- score[y == 1]; b <- score[y == 0]
  wins <- outer(a, b, ">") + outer(a, b, "==") / 2
  area <- mean(wins)
  stopifnot(abs(area - as.numeric(auc(y, score, direction = "<", quiet = TRUE))) < 1e-12)
  three <- function(low, high) {  # both of `high` beat one of `low`; ties as in a random order
    mean(sapply(low, function(x) {
      above <- sum(high > x); tied <- sum(high == x)
      (above^2 + above * tied + tied^2 / 3) / length(high)^2
    }))
  }
  q1 <- three(b, a)
  q2 <- three(-a, -b)
  v <- area * (1 - area) + (length(a) - 1) * (q1 - area^2) + (length(b) - 1) * (q2 - area^2)
  area + c(0, -1, 1) * qnorm(0.975) * sqrt(v / (length(a) * length(b)))
}
rank_p <- function(x) {
  wilcox.test(x[train$y == 1], x[train$y == 0], exact = FALSE, correct = FALSE)$p.value
}
score_p <- function(name) {
  larger <- glm(reformulate(c("lln_count", "tg_before", name), "y"), binomial, train,
                control = tight)
  anova(fit, larger, test = "Rao")[2, "Pr(>Chi)"]
}
rates <- function(part) {
  positive <- part$score >= -0.585
  tp <- sum(positive & part$y == 1); fn <- sum(!positive & part$y == 1)
  fp <- sum(positive & part$y == 0); tn <- sum(!positive & part$y == 0)
  100 * c((tp + tn) / nrow(part), tp / (tp + fn), tn / (tn + fp), tp / (tp + fp), tn / (tn + fn))
}
# Hosmer-Lemeshow: a group ends where its size is nearest to n / 10; equal risks stay together.
ordered <- train[order(train$score), ]
size <- as.integer(table(round(ordered$score, 9)))
label <- integer(0); k <- 1; filled <- 0
for (patients in size) {
  nearer <- abs(filled - nrow(train) / 10) <= abs(filled + patients - nrow(train) / 10)
  if (filled > 0 && nearer && k < 10) { k <- k + 1; filled <- 0 }
  filled <- filled + patients
  label <- c(label, rep(k, patients))
}
group <- label
risk <- plogis(ordered$score)
o <- tapply(ordered$y, group, sum); e <- tapply(risk, group, sum); n <- table(group)
chi <- sum((o - e)^2 / (e * (1 - e / n)))
curve <- roc(train$y, train$score, direction = "<", quiet = TRUE)
best <- coords(curve, "best", best.method = "youden", ret = "threshold", transpose = FALSE)

limits <- exp(confint.default(fit))
wald <- summary(fit)$coefficients[, "Pr(>|z|)"]
id <- function(prefix, numbers) sprintf("results-%s-%02d", prefix, numbers)
found <- c(
  setNames(sapply(list(train, test), function(d) c(mean(d$age), sd(d$age), range(d$age),
           mean(d$follow_up), sd(d$follow_up))), id("patients", c(7:12, 14:19))),
  setNames(c(chisq.test(table(train$status, train$y), correct = FALSE)$p.value,
             rank_p(train$lln_count), rank_p(train$rai_dose), rank_p(train$lln_diameter),
             rank_p(train$tg_before), score_p("status"), score_p("lln_diameter"),
             score_p("rai_dose")), id("predictors", 1:8)),
  setNames(c(wald[2], limits[2, ], wald[3], limits[3, ], coef(fit)), id("predictors", 9:17)),
  setNames(c(pchisq(chi, 8, lower.tail = FALSE), hanley(train$y, train$score),
             hanley(test$y, test$score >= -0.585), best$threshold), id("performance", 1:8)),
  setNames(c(rates(train), rates(test)), id("performance", 9:18)),
  setNames(unlist(lapply(list(cohort$gender == "male", cohort$gender == "female",
                              cohort$age < 55, cohort$age >= 55), function(rows)
    hanley(cohort$y[rows], cohort$score[rows] >= -0.585))), id("performance", 19:30)))
validated <- val.prob(plogis(test$score), test$y, pl = FALSE)
cat(toJSON(list(printed = as.list(found), validation = as.list(validated[c("C (ROC)", "Brier")])),
           digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
