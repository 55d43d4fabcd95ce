# Reference values for rairlib.logrank_range: survival's survdiff and coxph (Breslow).
# Run: Rscript progression.R > progression.json
suppressMessages({library(jsonlite); library(survival)})
options(digits = 17)

# Follow-up in order of time, one patient per time: group, event.
sequence <- function(group, event) {
  time <- seq_along(group)
  test <- survdiff(Surv(time, event) ~ group)
  left <- function(g) rev(cumsum(rev(group == g)))
  groups <- sort(unique(group))
  at_risk <- sapply(groups, left)[event == 1, ]
  found <- list(fails = group[event == 1], at_risk = at_risk, logrank = test$chisq)
  if (length(groups) == 2 && all(tapply(event, group, sum) > 0)) {
    fit <- coxph(Surv(time, event) ~ group, ties = "breslow", eps = 1e-14)
    found$coefficient <- unname(coef(fit))
    found$standard_error <- sqrt(vcov(fit)[1, 1])
  }
  found
}

made_up <- sequence(
  c(1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 0),
  c(1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1)
)
# 90 patients without events beside 79 of whom 40 fail one after the other, the others after them.
avidity <- sequence(c(rep(1, 40), rep(1, 39), rep(0, 90)), c(rep(1, 40), rep(0, 129)))
three <- sequence(
  c(2, 2, 0, 1, 2, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0),
  c(1, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0)
)

time <- c(1, 2, 2, 2, 3, 4, 4, 4, 5, 6, 7, 8)
event <- c(1, 1, 1, 1, 0, 1, 1, 1, 0, 1, 0, 0)
group <- c(1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0)
fit <- coxph(Surv(time, event) ~ group, ties = "breslow", eps = 1e-14)
curve <- summary(survfit(Surv(time, event) ~ 1))
tied <- list(
  coefficient = unname(coef(fit)), standard_error = sqrt(vcov(fit)[1, 1]),
  logrank = survdiff(Surv(time, event) ~ group)$chisq,
  curve_steps = 1 - curve$n.event / curve$n.risk,
  variance_factors = (curve$n.risk - curve$n.event) / (curve$n.risk - 1)
)

cat(toJSON(list(made_up = made_up, avidity = avidity, three = three, tied = tied),
           digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
