# Reference values of random-effects summaries: Rscript meta_analysis.R > meta_analysis.json
suppressMessages({library(metafor); library(jsonlite)})

# BCG vaccine trials come with metafor; the others are made up to be awkward.
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
sets <- list(
  bcg = list(y = as.numeric(bcg$yi), se = sqrt(as.numeric(bcg$vi))),
  alike = list(y = c(0.50, 0.52, 0.49, 0.51), se = c(0.30, 0.20, 0.25, 0.40)),
  three = list(y = c(3.10, 3.34, 0.75), se = c(0.76, 0.33, 0.54)),
  far = list(y = c(-2.00, 0.10, 2.50, 0.40, 0.30), se = c(0.05, 0.50, 0.10, 1.20, 0.08))
)

found <- lapply(sets, function(set) {
  fit <- rma(yi = set$y, sei = set$se, method = "REML", test = "knha",
             control = list(threshold = 1e-12, maxiter = 10000, stepadj = 0.5))
  expected <- predict(fit)
  lower <- if (is.null(expected$pi.lb)) expected$cr.lb else expected$pi.lb
  upper <- if (is.null(expected$pi.ub)) expected$cr.ub else expected$pi.ub
  list(y = set$y, se = set$se, estimate = as.numeric(fit$beta), low = fit$ci.lb, high = fit$ci.ub,
       prediction_low = lower, prediction_high = upper, tau_squared = fit$tau2,
       i_squared = fit$I2 / 100, p_value = fit$pval)
})
cat(toJSON(found, auto_unbox = TRUE, digits = 12, pretty = TRUE), "\n")
