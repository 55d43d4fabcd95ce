# Table 4 of Wang 2025 fitted by glm to the joint table in data/results/wang2025_joint_tables.csv,
# with any split by outcome that has the printed margins (the fit is the same for all of them).
# Run: Rscript table_four.R > table_four.json
suppressMessages(library(jsonlite))

kept <- read.csv("../../data/results/wang2025_joint_tables.csv", encoding = "UTF-8")
kept <- kept[kept$table == 1, ]
X <- data.frame(
  age_55 = as.numeric(kept$age_55 == "\u226555"),
  tumor_size_4 = as.numeric(kept$tumor_size_4 == "\u22644"),
  ete = as.numeric(kept$ete == "Negative"),
  t_stage = as.numeric(kept$t_stage == "T1/T2/T3"),
  lm_size_1 = as.numeric(kept$lm_size_1 == "\u22651")
)
margins <- c(80, 42, 65, 28, 35, 30) # Table 4: RAIR, and RAIR with each level

# Move events between cells, one step of a random walk at a time, until the margins are met.
set.seed(1)
events <- round(kept$n * 80 / 177)
distance <- function(events) sum(abs(colSums(cbind(1, as.matrix(X)) * events) - margins))
present <- distance(events)
while (present > 0) {
  proposed <- events
  for (cell in sample(nrow(kept), sample(1:3, 1))) {
    proposed[cell] <- min(kept$n[cell], max(0, proposed[cell] + sample(c(-1, 1), 1)))
  }
  reached <- distance(proposed)
  if (reached <= present || runif(1) < exp(present - reached)) {
    events <- proposed
    present <- reached
  }
}

control <- glm.control(epsilon = 1e-14, maxit = 100)
y <- cbind(events, kept$n - events)
rows_of <- function(names) {
  fit <- glm(y ~ ., binomial, X[names], control = control)
  wald <- summary(fit)$coefficients[names, ]
  half <- qnorm(0.975) * wald[, 2]
  lapply(setNames(names, names), function(name) list(
    odds_ratio = exp(wald[name, 1]), ci_low = exp(wald[name, 1] - half[[name]]),
    ci_high = exp(wald[name, 1] + half[[name]]), p_value = wald[name, 4]
  ))
}
deviance_of <- function(names) deviance(glm(y ~ ., binomial, X[names], control = control))
third <- c("age_55", "tumor_size_4", "t_stage")
cat(toJSON(list(
  first_step = rows_of(names(X)),
  last_step = rows_of(c("age_55", "t_stage")),
  size_beside_age_and_t_p = pchisq(
    deviance_of(c("age_55", "t_stage")) - deviance_of(third), 1, lower.tail = FALSE
  )
), digits = 12, auto_unbox = TRUE, pretty = TRUE), "\n", sep = "")
