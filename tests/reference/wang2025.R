# The Qingdao analysis on an arbitrary cohort. Run: Rscript wang2025.R > wang2025.json
suppressMessages({library(jsonlite); library(pROC); library(survival)})

cohort <- read.csv("wang2025_simulated.csv", na.strings = "", fileEncoding = "UTF-8")
cohort <- within(cohort, {
  refractory <- as.integer(rair == "RAIR")
  age_55 <- age >= 55
  female <- gender == "Female"
  follicular <- histology == "FTC"
  single <- multicentricity == "No"
  small <- tumor_size <= 4
  large <- tumor_size > 4
  ete_no <- ete == "Negative"
  t_low <- t_stage == "T1/T2/T3"
  n_low <- n_stage == "N0-N1a"
  ratio_50 <- lnm_ratio >= 50
  lm_1 <- lm_size >= 1
  ps_528 <- ps_tg >= 528.5
  not_avid <- rai_avid_status == "partial or no RAI-avid"
})
two_by_two <- function(x) {
  test <- suppressWarnings(chisq.test(table(x, cohort$rair), correct = FALSE))
  list(chisq = unname(test$statistic), p = test$p.value)
}
logistic <- function(terms) {
  fit <- glm(reformulate(terms, "refractory"), binomial, cohort,
             control = glm.control(epsilon = 1e-14, maxit = 100))
  list(ratio = unname(exp(coef(fit)))[-1], low = unname(exp(confint.default(fit)[, 1]))[-1],
       high = unname(exp(confint.default(fit)[, 2]))[-1],
       p = unname(summary(fit)$coefficients[-1, 4]))
}
seen <- subset(cohort, evaluable == "yes")
seen$event <- as.integer(seen$progression == "PD")
hazard <- function(terms) {
  fit <- coxph(reformulate(terms, "Surv(pfs, event)"), seen, ties = "breslow",
               control = coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 100))
  limits <- exp(confint(fit))
  list(ratio = unname(exp(coef(fit))), low = unname(limits[, 1]), high = unname(limits[, 2]),
       p = unname(summary(fit)$coefficients[, 5]))
}
twelve <- c("female", "age_55", "follicular", "single", "large", "ratio_50", "ete_no", "t_low",
            "n_low", "ps_528", "not_avid", "lm_1")
rates <- function(part, times = c(12, 36, 60)) {
  100 * summary(survfit(Surv(pfs, event) ~ 1, part), times = times)$surv
}
logrank <- function(part, by) {
  part$by <- by
  test <- survdiff(Surv(pfs, event) ~ by, part)
  list(chisq = test$chisq, p = test$pvalue)
}
refractory <- subset(seen, rair == "RAIR")
curves <- ifelse(refractory$rair_type %in% c("partial avidity", "avidity lost"), "joined",
                 refractory$rair_type)
quartiles <- function(x) unname(c(quantile(x, c(0.25, 0.5, 0.75), type = 6), range(x)))
ranks <- function(x, positive) {
  test <- wilcox.test(x[positive], x[!positive], exact = FALSE, correct = FALSE)
  u <- unname(test$statistic)
  list(u = min(u, sum(positive) * sum(!positive) - u), p = test$p.value)
}
curve <- roc(seen$event, seen$ps_tg, direction = "<", quiet = TRUE)
nine <- setdiff(twelve, c("single", "ratio_50", "n_low"))
fitted_nine <- coxph(reformulate(nine, "Surv(pfs, event)"), seen, ties = "breslow",
                     control = coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 100))
lr <- 2 * diff(fitted_nine$loglik)
cohort$log_ps_tg <- log10(cohort$ps_tg)
fourth <- seen$rair_type %in% "progression despite avidity"
left <- subset(seen, pfs > 24)
# Refractory from the outset, from the last course (6 months apart), at progression, or never.
begins <- ifelse(seen$rair_type %in% c("no avidity", "partial avidity"), 0,
                 ifelse(seen$rair_type %in% "avidity lost", 6 * (seen$rai_courses - 1), Inf))
spells <- do.call(rbind, lapply(seq_len(nrow(seen)), function(i) {
  end <- seen$pfs[i]; e <- seen$event[i]; b <- begins[i]
  if (b <= 0) return(data.frame(a = 0, b = end, e = e, s = 1))
  if (b >= end) return(data.frame(a = 0, b = end, e = e, s = 0))
  data.frame(a = c(0, b), b = c(b, end), e = c(0, e), s = 0:1)
}))
varying <- coxph(Surv(a, b, e) ~ s, spells, ties = "efron",
                 control = coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 100))
unpublished <- list(
  ph = unname(cox.zph(fitted_nine, terms = FALSE)$table[, "p"]),
  crude_tg = logistic("ps_528"), tg = logistic(c("ps_528", "age_55", "t_low")),
  log_tg = logistic(c("log_ps_tg", "age_55", "t_low")),
  concordance = unname(concordance(fitted_nine)$concordance), shrinkage = 1 - 9 / lr,
  landmark = list(n = nrow(left), events = sum(left$event),
                  ratio = unname(exp(coef(coxph(Surv(pfs, event) ~ not_avid, left,
                                                ties = "breslow"))))),
  varying = unname(exp(coef(varying))),
  left_out = logrank(seen[!fourth, ], seen$rair[!fourth])$chisq,
  censored = logrank(transform(seen, event = event * !fourth), seen$rair)$chisq,
  as_avid = logrank(seen, ifelse(fourth, "RAIA", seen$rair))$chisq,
  reverse_median = unname(quantile(survfit(Surv(pfs, 1 - event) ~ 1, seen), 0.5,
                                   conf.int = FALSE))
)
cat(toJSON(list(
  unpublished = unpublished,
  chi = list(age_55 = two_by_two(cohort$age_55), ete = two_by_two(cohort$ete),
             lm_size_1 = two_by_two(cohort$lm_1), histology = two_by_two(cohort$histology)),
  six = min(sapply(list(cohort$gender, cohort$histology, cohort$multicentricity, cohort$large,
                        cohort$n_stage, cohort$ratio_50), function(x) two_by_two(x)$p)),
  ps_tg = list(all = quartiles(cohort$ps_tg), RAIR = quartiles(cohort$ps_tg[cohort$rair == "RAIR"]),
               PD = quartiles(seen$ps_tg[seen$event == 1]),
               NPD = quartiles(seen$ps_tg[seen$event == 0])),
  follow_up = quartiles(seen$follow_up), lnm_ratio = quartiles(cohort$lnm_ratio),
  rair_ranks = ranks(cohort$ps_tg, cohort$rair == "RAIR"),
  pd_ranks = ranks(seen$ps_tg, seen$event == 1),
  crude_t = logistic("t_low"),
  five = logistic(c("age_55", "small", "ete_no", "t_low", "lm_1")),
  two = logistic(c("age_55", "t_low")),
  auc = as.numeric(auc(curve)), delong = as.numeric(ci.auc(curve))[c(1, 3)],
  cutoff = min(coords(curve, "best", best.method = "youden", ret = "threshold")$threshold),
  sensitivity = 100 * mean(seen$ps_528[seen$event == 1]),
  specificity = 100 * mean(!seen$ps_528[seen$event == 0]),
  univariable = lapply(twelve, hazard),
  multivariable = hazard(setdiff(twelve, c("single", "ratio_50", "n_low"))),
  rates = list(evaluable = rates(seen, c(12, 36, 60, 100)), RAIR = rates(refractory),
               RAIA = rates(subset(seen, rair == "RAIA")),
               joined = rates(refractory[curves == "joined", ])),
  rair_raia = logrank(seen, seen$rair), types = logrank(refractory, curves)
), digits = NA, auto_unbox = TRUE))
