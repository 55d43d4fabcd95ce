# What survival finds in two made-up follow-ups, progression_follow_up.csv and progression_level.csv
# (whose curve stays where Figure 4 is described): rates, log-rank tests, Cox.
# Run: Rscript progression_follow_up.R > progression_follow_up.json
suppressMessages({library(jsonlite); library(survival)})

rate <- function(x, months) {
  100 * summary(survfit(Surv(months, event) ~ 1, data = x), times = months, extend = TRUE)$surv
}
figures <- function(file) {
  d <- read.csv(file)
  refractory <- d$group != "RAIA"
  fit <- coxph(Surv(months, event) ~ I(rai_avid == "no"), data = d, ties = "breslow")
  types <- unique(d$group[refractory])
  list(
    evaluable = rate(d, c(12, 36, 60)), level = rate(d, c(100, max(d$months))),
    RAIA = rate(d[!refractory, ], 60), RAIR = rate(d[refractory, ], 60),
    types = sapply(types, function(type) rate(d[d$group == type, ], 60), simplify = FALSE),
    two_groups = survdiff(Surv(months, event) ~ refractory, data = d)$chisq,
    three_curves = survdiff(Surv(months, event) ~ group, data = d[refractory, ])$chisq,
    hazard_ratio = unname(summary(fit)$conf.int[1, c(1, 3, 4)])
  )
}

files <- c("progression_follow_up", "progression_level")
found <- sapply(files, function(name) figures(paste0(name, ".csv")), simplify = FALSE)
cat(toJSON(found, digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
