# Power for one ratio: two proportions by Hmisc, a slope and a hazard ratio by simulation.
# Rscript tests/reference/power.R > tests/reference/power.csv
suppressMessages({library(Hmisc); library(survival)})
set.seed(17)
cat("kind,ratio,n,risk,exposed_or_sd,power\n")
row <- function(...) cat(paste(c(...), collapse = ","), "\n", sep = "")

# A share `exposed` of n has the risk p2, the others p1; Hmisc takes 1.96 from qnorm.
for (case in list(c(500, .10, .20, .25), c(1281, .40, .50, .50), c(168, .14, .40, .10))) {
  n <- case[1]; p1 <- case[2]; p2 <- case[3]; B <- case[4]
  ratio <- p2 / (1 - p2) / (p1 / (1 - p1))
  power <- bpower(p1, p2, n1 = n * (1 - B), n2 = n * B)
  row("odds", format(ratio, digits = 15), n, format((1 - B) * p1 + B * p2, digits = 15), B,
      format(unname(power), digits = 10))
}
repeats <- 4000
slope <- mean(replicate(repeats, {
  x <- rnorm(200, sd = 2)
  y <- rbinom(200, 1, plogis(qlogis(.3) + log(1.25) * x))
  summary(glm(y ~ x, family = binomial))$coefficients[2, 4] < .05
}))
row("slope", 1.25, 200, .3, 2, slope)
found <- replicate(repeats, {
  x <- rbinom(400, 1, .3)
  time <- rexp(400, .1 * 2^x)
  event <- as.numeric(time < 2)
  p <- summary(coxph(Surv(pmin(time, 2), event) ~ x))$coefficients[1, 5]
  c(p < .05, sum(event))
})
row("hazard", 2, round(mean(found[2, ])), "", .3, mean(found[1, ]))
