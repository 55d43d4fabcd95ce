# Reference values for rairlib.nomogram: pretty() and rms::nomogram.
# Run: Rscript nomogram.R > nomogram.json
#
# rms::nomogram needs a fitted model. One is fitted to made-up patients who have the wanted ranges;
# then its coefficients are replaced by the wanted ones and its linear predictors computed anew.
# nomogram() reads nothing else of the fit. Each predictor has more than ten distinct values: with
# fewer rms would draw these values instead of pretty() ones.
suppressMessages({library(jsonlite); library(rms)})

model <- function(coefficients, ranges, n = 200) {
  X <- as.data.frame(lapply(ranges, function(r) c(r, runif(n - 2, r[1], r[2]))))
  X$y <- rbinom(n, 1, 0.4)
  dd <<- datadist(X)
  options(datadist = "dd")
  fit <- lrm(reformulate(names(ranges), "y"), X)
  fit$coefficients[] <- coefficients
  fit$linear.predictors <- drop(coefficients[1] + as.matrix(X[names(ranges)]) %*% coefficients[-1])
  fit
}

one <- function(coefficients, ranges, risks) {
  fit <- model(coefficients, ranges)
  # fun.lp.at: risks stand exactly at their logits. fun.at: rms interpolates in 1000 points.
  exact <- nomogram(fit, fun = list(risk = plogis), fun.lp.at = list(qlogis(risks)))
  near <- nomogram(fit, fun = list(risk = plogis), fun.at = risks)
  axes <- lapply(names(ranges), function(name) list(
    value = exact[[name]][[name]], points = exact[[name]]$points
  ))
  info <- attr(exact, "info")
  list(
    coefficients = as.list(setNames(coefficients, c("intercept", names(ranges)))),
    ranges = ranges, logit_range = range(fit$linear.predictors), risks = risks,
    axes = setNames(axes, names(ranges)),
    total_points = exact$total.points$x,
    logit = list(value = exact$lp$x.real, total = exact$lp$x),
    risk = list(value = exact$risk$x.real, total = exact$risk$x),
    interpolated_risk = list(value = near$risk$x.real, total = near$risk$x),
    points_per_logit = info$sc, logit_at_zero = unname(info$Intercept)
  )
}

set.seed(4)
printed <- c(-2.046, 0.196, 0.103) # tang2025: the equation in the text
risks <- c(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
nomograms <- list(
  one(printed, list(nodes = c(0, 17), tg = c(0.07, 89.5)), risks),
  one(printed, list(nodes = c(0, 25), tg = c(0.04, 30)), risks),
  one(printed, list(nodes = c(0, 12), tg = c(0, 23)), risks),
  one(printed, list(nodes = c(1, 40), tg = c(0.13, 300.25)), c(risks, 0.99)),
  one(c(0.4, -0.031, 0.8, 0.02), list(age = c(16, 71), size = c(0.3, 4.6), dose = c(100, 208)),
      risks)
)

low <- signif(c(rnorm(60, 0, 50), runif(60, 0, 3), rep(0, 40)), 4)
high <- low + signif(exp(runif(160, -6, 8)), 3)
intervals <- rep(c(10, 5, 4, 7), 40)
ticks <- mapply(function(l, h, n) list(pretty(c(l, h), n)), low, high, intervals)
cat(toJSON(list(
  nomograms = nomograms,
  pretty = data.frame(
    low = low, high = high, intervals = intervals, first = sapply(ticks, min),
    last = sapply(ticks, max), count = lengths(ticks)
  )
), digits = NA, auto_unbox = TRUE, dataframe = "columns"), "\n", sep = "")
