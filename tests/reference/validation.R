# Reference values for rairlib.validation: validate and calibrate of rms. Both draw their resamples
# with sample(n, replace = TRUE), one per repetition, so the same seed gives the rows that they used.
# Run: Rscript validation.R > validation.json
suppressMessages({library(jsonlite); library(rms)})
# rms stops its fits early (eps = 0.025), which leaves 1e-4; here they go on to the maximum.
strict <- rms::lrm.fit
formals(strict)$eps <- 1e-8
formals(strict)$maxit <- 100
assignInNamespace("lrm.fit", strict, "rms")
B <- 40
set.seed(11)
n <- 122
data <- data.frame(nodes = rpois(n, 2), tg = round(exp(rnorm(n, 1, 1.2)), 2), noise = round(rnorm(n), 2))
data$failure <- rbinom(n, 1, plogis(-1.6 + 0.3 * data$nodes + 0.08 * data$tg))
fit <- lrm(failure ~ nodes + tg + noise, data, x = TRUE, y = TRUE)
set.seed(5); v <- suppressWarnings(validate(fit, B = B))
set.seed(5); k <- suppressWarnings(calibrate(fit, B = B))
set.seed(5); rows <- t(replicate(B, sample(n, replace = TRUE)))

# Threshold statistics and calibration in the large are not among those of rms: by hand from glm.
control <- glm.control(epsilon = 1e-14, maxit = 100)
youden <- function(y, p) {
  values <- sort(unique(p)); cuts <- c(values[1] - 1, (head(values, -1) + tail(values, -1)) / 2, tail(values, 1) + 1)
  index <- sapply(cuts, function(t) mean(p[y == 1] >= t) + mean(p[y == 0] < t))
  cuts[which(index > max(index) - 1e-9)[1]]
}
at <- function(y, p, t) c(mean(p[y == 1] >= t), mean(p[y == 0] < t))
large <- function(y, p) unname(coef(glm(y ~ offset(qlogis(p)), family = binomial, control = control)))
one <- function(i) {
  f <- glm(failure ~ nodes + tg + noise, binomial, data[i, ], control = control)
  p <- predict(f, data, type = "response"); y <- data$failure
  t <- youden(y[i], p[i])
  c(at(y[i], p[i], t), large(y[i], p[i]), at(y, p, t), large(y, p))
}
means <- rowMeans(apply(rows, 1, one))
whole <- glm(failure ~ nodes + tg + noise, binomial, data, control = control)
cat(toJSON(list(
  data = data, rows = rows - 1,
  validate = lapply(split(unclass(v)[, 1:5], rownames(v)), as.numeric),
  columns = colnames(v)[1:5],
  grid = as.numeric(k[, "predy"]), apparent = as.numeric(k[, "calibrated.orig"]),
  corrected = as.numeric(k[, "calibrated.corrected"]), reached = as.numeric(k[, "n"]),
  training = means[1:3], test = means[4:6],
  threshold_apparent = at(data$failure, fitted(whole), youden(data$failure, fitted(whole)))
), digits = NA), "\n")
