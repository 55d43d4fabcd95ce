# Reference values for rairlib.calibration, rairlib.lowess and rairlib.hosmer_lemeshow: val.prob of
# rms, glm, lowess, and the Hosmer-Lemeshow test written out with cut(), quantile() and rank().
# Run: Rscript calibration.R > calibration.json
suppressMessages({library(jsonlite); library(rms)})
control <- glm.control(epsilon = 1e-14, maxit = 100)

# glm's own vcov has the weights of the last but one iteration; this one those of the estimate.
errors <- function(fit) {
  w <- fitted(fit) * (1 - fitted(fit))
  sqrt(diag(solve(crossprod(model.matrix(fit) * sqrt(w)))))
}
limits <- function(fit, j) unname(coef(fit)[j] + c(-1, 1) * qnorm(0.975) * errors(fit)[j])

hosmer <- function(y, p, label) {
  label <- as.integer(factor(label))
  o <- tapply(y, label, sum); e <- tapply(p, label, sum); n <- tapply(p, label, length)
  statistic <- sum((o - e)^2 / e + ((n - o) - (n - e))^2 / (n - e))
  list(groups = length(n), n = as.integer(n), events = as.integer(o), statistic = statistic,
       p_fitted = pchisq(statistic, length(n) - 2, lower.tail = FALSE),
       p_validation = pchisq(statistic, length(n), lower.tail = FALSE))
}
by_quantile <- function(p, g, type) {
  breaks <- unique(c(-Inf, quantile(p, seq_len(g - 1) / g, type = type), Inf))
  cut(p, breaks, right = TRUE)
}
by_r <- function(p, g)   # as hoslem.test of ResourceSelection has it
  cut(p, unique(quantile(p, 0:g / g)), include.lowest = TRUE)
by_sas <- function(p, g) {   # SAS/STAT, LOGISTIC, Hosmer-Lemeshow; N = length(p), M = [N / g + 0.5]
  blocks <- split(seq_along(p), p); M <- floor(length(p) / g + 0.5)
  made <- list(blocks[[1]])
  for (block in blocks[-1]) {
    k <- length(made); c <- length(made[[k]])
    if (c < M && c + floor(0.5 * length(block)) <= M) made[[k]] <- c(made[[k]], block)
    else made[[k + 1]] <- block
  }
  k <- length(made)
  if (k > 1 && length(made[[k]]) <= floor(length(p) / (2 * g))) {
    made[[k - 1]] <- c(made[[k - 1]], made[[k]]); made[[k]] <- NULL
  }
  of <- integer(length(p))
  for (k in seq_along(made)) of[made[[k]]] <- k
  of
}
by_rank <- function(p, g) floor(rank(p) * g / (length(p) + 1))
by_size <- function(p, g) {   # walk over patterns; close a group when it is nearest to n / g
  sizes <- table(p); target <- length(p) / g
  group <- 1; filled <- 0; of <- integer(0)
  for (s in sizes) {
    if (filled > 0 && group < g && abs(filled - target) <= abs(filled + s - target)) {
      group <- group + 1; filled <- 0
    }
    of <- c(of, group); filled <- filled + s
  }
  of[match(p, as.numeric(names(sizes)))]
}
by_total <- function(p, g) {
  sizes <- table(p); totals <- cumsum(sizes); n <- length(p)
  ends <- sort(unique(sapply(seq_len(g - 1), function(k) which.min(abs(totals - k * n / g)))))
  of <- sapply(seq_along(sizes), function(i) sum(ends < i))
  of[match(p, as.numeric(names(sizes)))]
}

study <- function(seed, n, digits, least = -Inf) {   # least: lowest x, shared by many
  set.seed(seed)
  x <- pmax(rnorm(n), least); y <- rbinom(n, 1, plogis(-0.4 + 0.8 * x))
  p <- round(plogis(-0.2 + 1.3 * x), digits)       # ties, and not calibrated
  lp <- qlogis(p)
  large <- glm(y ~ offset(lp), family = binomial, control = control)
  joint <- glm(y ~ lp, family = binomial, control = control)
  v <- val.prob(p, y, pl = FALSE)
  smooth <- lowess(p, y, iter = 0)
  ordered <- sort(p); grid <- seq(ordered[5], ordered[n - 4], length = 50)
  rules <- list("nearest size" = by_size, "nearest total" = by_total,
                "quantile, R type 7" = by_r,
                "quantile, SPSS type 6" = function(p, g) by_quantile(p, g, 6),
                "mean rank" = by_rank, "SAS" = by_sas)
  tests <- do.call(c, lapply(names(rules), function(r) lapply(6:12, function(g)
    c(list(rule = r, wanted = g), hosmer(y, p, rules[[r]](p, g))))))
  rows <- matrix(sample.int(n, 40 * n, TRUE), 40)
  curves <- t(apply(rows, 1, function(i)
    approx(lowess(p[i], y[i], iter = 0), xout = grid, ties = mean)$y))
  band <- apply(curves, 2, quantile, c(0.025, 0.975), na.rm = TRUE)
  list(y = y, p = p, large = unname(coef(large)),
       joint = unname(coef(joint)),
       large_limits = limits(large, 1),
       slope_limits = limits(joint, 2),
       val_prob = as.list(v), smooth_x = smooth$x, smooth_y = smooth$y, grid = grid,
       at_grid = approx(smooth, xout = grid, ties = mean)$y, tests = tests,
       rows = rows - 1, low = band[1, ], high = band[2, ],
       reached = colSums(is.finite(curves)))
}
cat(toJSON(list(study(1, 122, 2), study(2, 60, 3), study(3, 100, 3, -0.7)), digits = NA, auto_unbox = TRUE), "\n")
