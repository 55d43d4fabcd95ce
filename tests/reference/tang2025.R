# The Hunan analysis on an arbitrary cohort. Run: Rscript tang2025.R > tang2025.json
suppressMessages({library(jsonlite); library(pROC); library(rms)})

cohort <- read.csv("tang2025_simulated.csv", na.strings = "", fileEncoding = "UTF-8")
cohort$y <- as.integer(cohort$failure == "yes")
train <- subset(cohort, cohort == "training")
test <- subset(cohort, cohort == "validation")
tight <- glm.control(epsilon = 1e-14, maxit = 100)

categories <- c("capsular_invasion", "ete", "cln_status", "lln_status", "gender",
                "thyroid_disease", "multifocality")
numbers <- c("tumor_diameter", "lln_count", "lln_diameter", "age", "rai_dose", "time_to_rai",
             "tg_before", "tgab_before")
counted <- function(x, group) {
  table <- table(x, group)
  list(pearson = suppressWarnings(chisq.test(table, correct = FALSE)$p.value),
       yates = suppressWarnings(chisq.test(table)$p.value), fisher = fisher.test(table)$p.value)
}
measured <- function(x, group) {
  a <- x[group == group[1]]; b <- x[group != group[1]]
  list(student = t.test(a, b, var.equal = TRUE)$p.value, welch = t.test(a, b)$p.value,
       mann_whitney = wilcox.test(a, b, exact = FALSE, correct = FALSE)$p.value)
}
compared <- function(data, group) c(
  sapply(categories, function(v) counted(data[[v]], group), simplify = FALSE),
  sapply(numbers, function(v) measured(data[[v]], group), simplify = FALSE))

fit <- glm(y ~ lln_count + tg_before, binomial, train, control = tight)
limits <- exp(confint.default(fit))
score_tests <- function(model, others) {
  found <- add1(model, reformulate(c(".", others)), test = "Rao")
  setNames(as.list(found[others, "Pr(>Chi)"]), others)
}
null <- glm(y ~ 1, binomial, train, control = tight)
screened <- c("lln_status", "lln_count", "lln_diameter", "rai_dose", "tg_before")

cohort$score <- predict(fit, cohort)
train$score <- predict(fit, train)
test$score <- predict(fit, test)
# Hanley and McNeil's standard error by its definition over all pairs and triples, ties shared.
hanley <- function(y, x) {
  a <- x[y == 1]; b <- x[y == 0]; n1 <- length(a); n0 <- length(b)
  wins <- outer(a, b, function(p, q) (p > q) + (p == q) / 2)
  both <- function(greater, equal, k) mean(apply(greater, k, function(g) mean(outer(g, g))) +
    apply(equal, k, function(e) mean(outer(e, e))) / 3 +
    sapply(seq_len(dim(greater)[k]), function(i) {
      g <- if (k == 1) greater[i, ] else greater[, i]; e <- if (k == 1) equal[i, ] else equal[, i]
      (mean(outer(g, e)) + mean(outer(e, g))) / 2
    }))
  greater <- outer(a, b, ">") * 1; equal <- outer(a, b, "==") * 1
  area <- mean(wins); q1 <- both(greater, equal, 2); q2 <- both(greater, equal, 1)
  se <- sqrt((area * (1 - area) + (n1 - 1) * (q1 - area^2) + (n0 - 1) * (q2 - area^2)) / (n1 * n0))
  c(area, area + c(-1, 1) * qnorm(0.975) * se)
}
areas <- function(data) {
  high <- as.numeric(data$score >= -0.585)
  delong <- function(x) as.numeric(ci.auc(roc(data$y, x, levels = 0:1, direction = "<",
                                              quiet = TRUE)))[c(2, 1, 3)]
  list(`continuous hanley_mcneil` = hanley(data$y, data$score),
       `continuous delong` = delong(data$score),
       `dichotomised hanley_mcneil` = hanley(data$y, high), `dichotomised delong` = delong(high))
}
rates <- function(data) {
  high <- data$score >= -0.585; sick <- data$y == 1
  100 * c(accuracy = mean(high == sick), sensitivity = mean(high[sick]),
          specificity = mean(!high[!sick]), ppv = mean(sick[high]), npv = mean(!sick[!high]))
}
curve <- roc(train$y, train$score, levels = 0:1, direction = "<", quiet = TRUE)
# Groups are filled in order of risk and closed where their size comes nearest to n/10.
hosmer <- function(y, p, groups = 10) {
  sizes <- table(round(p, 12)); group <- 1; filled <- 0; labels <- integer(0)
  target <- length(p) / groups
  for (size in as.integer(sizes)) {
    if (filled > 0 && group < groups && abs(filled - target) <= abs(filled + size - target)) {
      group <- group + 1; filled <- 0
    }
    labels <- c(labels, group); filled <- filled + size
  }
  g <- labels[match(round(p, 12), as.numeric(names(sizes)))]
  seen <- tapply(y, g, sum); n <- tapply(y, g, length); due <- tapply(p, g, sum)
  statistic <- sum((seen - due)^2 / (due * (1 - due / n)))
  c(statistic, length(n), pchisq(statistic, length(n) - 2, lower.tail = FALSE))
}
known <- function(data) {
  slope <- glm(y ~ score, binomial, data, control = tight)
  large <- glm(y ~ 1, binomial, data, offset = score, control = tight)
  c(unname(coef(slope))[2], unname(coef(large)), mean((data$y - plogis(data$score))^2))
}
knots <- unname(quantile(train$tg_before, c(0.05, 0.35, 0.65, 0.95)))
spline <- rcspline.eval(train$tg_before, knots = knots, inclx = TRUE)
shapes <- list(linear = fit,
               log_tg = glm(y ~ lln_count + log1p(tg_before), binomial, train, control = tight),
               spline = glm(y ~ lln_count + spline, binomial, train, control = tight),
               product = glm(y ~ lln_count * tg_before, binomial, train, control = tight))
values <- list(
  sets = compared(cohort, cohort$cohort), outcomes = compared(train, train$failure),
  first_scores = score_tests(null, screened),
  last_scores = score_tests(fit, setdiff(screened, c("lln_count", "tg_before"))),
  coefficients = unname(coef(fit)), errors = unname(sqrt(diag(vcov(fit)))),
  covariance = c(vcov(fit)[1, 2], vcov(fit)[1, 3], vcov(fit)[2, 3]),
  low = unname(limits[-1, 1]), high = unname(limits[-1, 2]),
  p_value = unname(summary(fit)$coefficients[-1, 4]), lr = fit$null.deviance - fit$deviance,
  areas = list(`training failure vs training success` = areas(train),
               `validation failure vs validation success` = areas(test),
               male = areas(subset(cohort, gender == "male")),
               female = areas(subset(cohort, gender == "female")),
               `age <55` = areas(subset(cohort, age < 55)),
               `age ≥55` = areas(subset(cohort, age >= 55))),
  rates = list(training = as.list(rates(train)), validation = as.list(rates(test))),
  cutoff = min(coords(curve, "best", best.method = "youden", ret = "threshold")),
  hosmer = hosmer(train$y, plogis(train$score)),
  calibration = list(training = known(train), validation = known(test)),
  alone = c(auc(roc(test$y, test$lln_count, levels = 0:1, direction = "<", quiet = TRUE)),
            auc(roc(test$y, test$tg_before, levels = 0:1, direction = "<", quiet = TRUE))),
  knots = knots, spline = unname(matrix(spline, ncol = 3))[1:5, ],
  shapes = lapply(shapes, function(m) as.numeric(logLik(m)))
)
cat(toJSON(values, digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
