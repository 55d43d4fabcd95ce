# Reference values for rairlib.survival, cox, proportional_hazards and time_dependent: survival.
# Run: Rscript survival.R > survival.json
suppressMessages({library(jsonlite); library(survival)})

set.seed(20251)
n <- 70
data <- data.frame(
  patient = sprintf("SIM-%02d", seq_len(n)),
  age = round(rnorm(n, 48, 13)),
  avidity = sample(c("avid", "partial", "none"), n, replace = TRUE, prob = c(0.5, 0.3, 0.2)),
  gender = sample(c("Male", "Female"), n, replace = TRUE)
)
rate <- 0.008 * exp(0.03 * (data$age - 48) + 0.9 * (data$avidity != "avid"))
failure <- rexp(n, rate)
end <- runif(n, 5, 130)
# Steps of six months: many ties among events, and between events and censored patients.
data$time <- pmax(6, 6 * round(pmin(failure, end) / 6))
data$event <- as.integer(failure <= end)
data$start <- ifelse(data$avidity == "partial", round(runif(n, 3, 60), 1),
                     ifelse(data$avidity == "none", 0, NA))
data$avidity <- factor(data$avidity, levels = c("avid", "partial", "none"))
data$gender <- factor(data$gender, levels = c("Male", "Female"))
y <- with(data, Surv(time, event))

curve <- function(type) {
  fit <- survfit(y ~ 1, conf.type = type)
  list(time = fit$time, at_risk = fit$n.risk, events = fit$n.event, censored = fit$n.censor,
       survival = fit$surv, se = fit$surv * fit$std.err, low = fit$lower, high = fit$upper)
}
at <- summary(survfit(y ~ 1, conf.type = "plain"), times = c(12, 35, 60))
logrank <- function(group) {
  test <- survdiff(y ~ group)
  list(chisq = test$chisq, df = length(test$n) - 1, p = test$pvalue,
       group = sub("group=", "", names(test$n)), n = as.vector(test$n), observed = test$obs,
       expected = test$exp)
}
control <- coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 100)
model <- y ~ age + avidity + gender
estimates <- function(fit) {
  found <- summary(fit)$coefficients
  list(term = rownames(found), coefficient = found[, "coef"], p = found[, "Pr(>|z|)"],
       low = unname(confint(fit)[, 1]), high = unname(confint(fit)[, 2]))
}
breslow <- coxph(model, data, ties = "breslow", control = control)
efron <- coxph(model, data, ties = "efron", control = control)

# Ridge: R's penalty is theta / 2 * sum(beta^2) on columns of variance 1 (scale = TRUE).
X <- model.matrix(~ age + avidity + gender, data)[, -1]
Z <- scale(X)
penalty <- 0.05
ridged <- coxph(y ~ ridge(Z, theta = n * penalty, scale = FALSE), ties = "efron", control = control)

# Firth: log partial likelihood + log |information| / 2, both read from coxph held at beta. Nobody
# without avidity has the event, so that the likelihood itself has no maximum.
monotone <- data$event
monotone[data$avidity == "none"] <- 0
firth <- function(X, event) {
  scale <- apply(X, 2, sd)
  S <- sweep(X, 2, scale, "/")
  value <- function(beta) {
    held <- coxph(Surv(data$time, event) ~ S, ties = "breslow", init = beta,
                  control = coxph.control(iter.max = 0))
    held$loglik[1] - as.numeric(determinant(as.matrix(vcov(held)))$modulus) / 2
  }
  best <- optim(rep(0, ncol(S)), function(b) -value(b), method = "BFGS",
                control = list(reltol = 1e-15, maxit = 1000))
  best <- optim(best$par, function(b) -value(b), method = "BFGS",
                control = list(reltol = 1e-16, maxit = 1000, ndeps = rep(1e-5, ncol(S))))
  profile <- function(j, value_j) {
    if (ncol(S) == 1) return(value(value_j))
    free <- function(b) replace(replace(best$par, j, value_j), seq_along(best$par)[-j], b)
    -optim(best$par[-j], function(b) -value(free(b)), method = "BFGS",
           control = list(reltol = 1e-14, maxit = 1000, ndeps = rep(1e-5, ncol(S) - 1)))$value
  }
  deviance_at <- function(j, value_j) 2 * (-best$value - profile(j, value_j))
  limit <- function(j, side) {
    beyond <- function(t) deviance_at(j, best$par[j] + side * t) - qchisq(0.95, 1)
    far <- 0.25
    while (beyond(far) < 0) far <- 1.5 * far
    uniroot(beyond, c(far / 2, far), tol = 1e-10)$root * side + best$par[j]
  }
  terms <- seq_len(ncol(S))
  list(coefficient = best$par / scale, low = sapply(terms, limit, side = -1) / scale,
       high = sapply(terms, limit, side = 1) / scale,
       p = pchisq(sapply(terms, deviance_at, value_j = 0), 1, lower.tail = FALSE))
}

zph <- function(transform) {
  test <- cox.zph(breslow, transform = transform, terms = FALSE)$table
  list(statistic = test[, "chisq"], df = test[, "df"], p = test[, "p"])
}

# The status of the counting process begins at `start`; a patient's follow-up is split there.
spells <- do.call(rbind, lapply(seq_len(n), function(i) {
  row <- data[i, ]
  begin <- ifelse(is.na(row$start), Inf, row$start)
  if (begin <= 0) return(data.frame(a = 0, b = row$time, e = row$event, s = 1, age = row$age))
  if (begin >= row$time) return(data.frame(a = 0, b = row$time, e = row$event, s = 0, age = row$age))
  data.frame(a = c(0, begin), b = c(begin, row$time), e = c(0, row$event), s = 0:1, age = row$age)
}))
varying <- coxph(Surv(a, b, e) ~ s + age, spells, ties = "efron", control = control)

left <- data[data$time > 24, ]
late <- coxph(Surv(time - 24, event) ~ age, left, ties = "breslow", control = control)

cat(toJSON(list(
  data = data[, c("patient", "age", "avidity", "gender", "time", "event", "start")],
  monotone = monotone, plain = curve("plain"), loglog = curve("log-log"),
  at = list(months = at$time, percent = 100 * at$surv, se = 100 * at$std.err,
            low = 100 * at$lower, high = 100 * at$upper, at_risk = at$n.risk),
  median = unname(quantile(survfit(y ~ 1), 0.5, conf.int = FALSE)),
  reverse_median = unname(quantile(survfit(Surv(time, 1 - event) ~ 1, data), 0.5,
                                   conf.int = FALSE)),
  two = logrank(data$gender), three = logrank(data$avidity),
  breslow = estimates(breslow), efron = estimates(efron),
  ridge = list(penalty = penalty, coefficient = unname(coef(ridged)) / apply(X, 2, sd)),
  firth = firth(X, data$event), firth_monotone = firth(X, monotone),
  firth_single = firth(X[, "aviditynone", drop = FALSE], monotone),
  km = zph("km"), rank = zph("rank"), identity = zph("identity"), log = zph("log"),
  likelihood_ratio = list(statistic = 2 * diff(breslow$loglik),
                          p = unname(summary(breslow)$logtest["pvalue"])),
  concordance = unname(concordance(breslow)$concordance),
  concordance_age = unname(concordance(y ~ age, data, reverse = TRUE)$concordance),
  varying = estimates(varying), landmark = c(estimates(late), n = nrow(left))
), digits = NA, auto_unbox = TRUE, na = "string", dataframe = "columns", pretty = FALSE), "\n", sep = "")
