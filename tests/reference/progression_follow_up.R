# What survival finds in the made-up follow-up progression_follow_up.csv: rates, log-rank tests, Cox.
# Run: Rscript progression_follow_up.R > progression_follow_up.json
suppressMessages({library(jsonlite); library(survival)})

d <- read.csv("progression_follow_up.csv")
refractory <- d$group != "RAIA"
rate <- function(x, months) {
  100 * summary(survfit(Surv(months, event) ~ 1, data = x), times = months, extend = TRUE)$surv
}
fit <- coxph(Surv(months, event) ~ I(rai_avid == "no"), data = d, ties = "breslow")
types <- unique(d$group[refractory])

cat(toJSON(list(
  evaluable = sapply(c(12, 36, 60), function(months) rate(d, months)),
  RAIA = rate(d[!refractory, ], 60), RAIR = rate(d[refractory, ], 60),
  types = sapply(types, function(type) rate(d[d$group == type, ], 60), simplify = FALSE),
  two_groups = survdiff(Surv(months, event) ~ refractory, data = d)$chisq,
  three_curves = survdiff(Surv(months, event) ~ group, data = d[refractory, ])$chisq,
  hazard_ratio = unname(summary(fit)$conf.int[1, c(1, 3, 4)])
), digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
