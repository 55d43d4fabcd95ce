# The Rabat analysis on an arbitrary simulated cohort. Run: Rscript lakhdar2024.R > lakhdar2024.json
suppressMessages({library(jsonlite); library(pROC); library(brglm2)})

cohort <- read.csv("lakhdar2024_simulated.csv", na.strings = "")
rair <- cohort$rair == "yes"
age_54 <- cohort$age >= 54
diameter_29 <- cohort$tumor_diameter >= 29
p_values <- function(x, keep = TRUE) {
  table <- table(x[keep], rair[keep])
  list(pearson = suppressWarnings(chisq.test(table, correct = FALSE)$p.value),
       yates = suppressWarnings(chisq.test(table)$p.value), fisher = fisher.test(table)$p.value)
}
means <- function(x) list(
  student = t.test(x[rair], x[!rair], var.equal = TRUE)$p.value,
  welch = t.test(x[rair], x[!rair])$p.value,
  mann_whitney = wilcox.test(x[rair], x[!rair], exact = FALSE, correct = FALSE)$p.value)
curve <- function(x) roc(rair, x, levels = c(FALSE, TRUE), direction = "<", quiet = TRUE)
best <- function(x) min(coords(curve(x), "best", best.method = "youden", ret = "threshold"))
fit <- glm(rair ~ age_54 + diameter_29 + (cohort$metastasis == "yes"), binomial,
           control = glm.control(epsilon = 1e-14, maxit = 100))
firth <- glm(rair ~ age_54 + diameter_29 + (cohort$metastasis == "yes") + (cohort$histology == "OCA"),
             binomial, method = "brglmFit", type = "AS_mean", epsilon = 1e-12, maxit = 1000)

values <- list(
  p_values = list(
    gender = p_values(cohort$gender), age_54 = p_values(age_54),
    metastasis = p_values(cohort$metastasis), diameter_29 = p_values(diameter_29),
    ete = p_values(cohort$ete), multifocality = p_values(cohort$multifocality),
    PTC = p_values(cohort$histology == "PTC"), FTC = p_values(cohort$histology == "FTC"),
    OCA = p_values(cohort$histology == "OCA"),
    high_risk_ptc = p_values(cohort$high_risk_ptc, cohort$histology == "PTC"),
    age = means(cohort$age), tumor_diameter = means(cohort$tumor_diameter)),
  mean_age_rair = mean(cohort$age[rair]), sd_diameter_other = sd(cohort$tumor_diameter[!rair]),
  auc = c(auc(curve(cohort$age)), auc(curve(cohort$tumor_diameter))),
  delong_age = as.numeric(ci.auc(curve(cohort$age)))[c(1, 3)],
  cutoff = c(best(cohort$age), best(cohort$tumor_diameter)),
  sensitivity_54 = 100 * c(mean(cohort$age[rair] >= 54), mean(cohort$age[rair] > 54)),
  specificity_29 = 100 * c(mean(cohort$tumor_diameter[!rair] < 29), mean(cohort$tumor_diameter[!rair] <= 29)),
  odds_ratio = unname(exp(coef(fit)))[-1], low = unname(exp(confint.default(fit)[, 1]))[-1],
  high = unname(exp(confint.default(fit)[, 2]))[-1], p_value = unname(summary(fit)$coefficients[-1, 4]),
  firth = unname(exp(coef(firth)))[-1]
)
cat(toJSON(values, digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
