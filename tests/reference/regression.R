# Reference values for rairlib.regression: glm, brglm2 and a profile of the penalised likelihood.
# Run: Rscript regression.R > regression.json
suppressMessages({library(jsonlite); library(brglm2)})

set.seed(20241)
n <- 90
data <- data.frame(
  age = round(rnorm(n, 48, 13)),
  metastasis = ifelse(runif(n) < 0.25, "yes", "no"),
  type = sample(c("PTC", "FTC", "OCA"), n, replace = TRUE, prob = c(0.7, 0.2, 0.1))
)
risk <- plogis(-3 + 0.04 * data$age + 2 * (data$metastasis == "yes") + 0.5 * (data$type == "FTC"))
data$outcome <- as.integer(runif(n) < risk)
data$type <- factor(data$type, levels = c("PTC", "FTC", "OCA"))
data$metastasis <- factor(data$metastasis, levels = c("no", "yes"))
model <- outcome ~ age + metastasis + type

control <- glm.control(epsilon = 1e-14, maxit = 100)
fit <- glm(model, binomial, data, control = control)
wald <- summary(fit)$coefficients

# Everybody with type OCA gets the outcome: maximum likelihood has no finite estimate.
separated <- data
separated$outcome[separated$type == "OCA"] <- 1
X <- model.matrix(model, separated)
y <- separated$outcome
firth <- glm(model, binomial, separated, method = "brglmFit", type = "AS_mean",
             epsilon = 1e-12, maxit = 1000)

# Penalised log-likelihood of Heinze and Schemper: the penalty uses the full information matrix.
penalised <- function(beta) {
  eta <- drop(X %*% beta)
  p <- plogis(eta)
  information <- crossprod(X * sqrt(p * (1 - p)))
  sum(y * eta - log1p(exp(eta))) + 0.5 * as.numeric(determinant(information)$modulus)
}
score <- function(beta) {
  p <- plogis(drop(X %*% beta))
  root <- X * sqrt(p * (1 - p))
  hat <- rowSums((root %*% solve(crossprod(root))) * root)
  drop(crossprod(X, y - p + hat * (0.5 - p)))
}
best <- coef(firth)
top <- penalised(best)
profile_at <- function(j, value, start) {
  free <- function(b) replace(replace(best, j, value), seq_along(best)[-j], b)
  optim(start, function(b) -penalised(free(b)), function(b) -score(free(b))[-j],
        method = "BFGS", control = list(reltol = 1e-15, maxit = 2000))
}
deviance_at <- function(j, value) 2 * (top + profile_at(j, value, best[-j])$value)
limit <- function(j, direction) {
  spread <- sqrt(diag(vcov(firth)))[j]
  f <- function(t) deviance_at(j, best[j] + direction * t) - qchisq(0.95, 1)
  best[j] + direction * uniroot(f, c(0.1, 12) * spread, tol = 1e-12)$root
}
terms <- seq_along(best)

values <- list(
  data = data.frame(lapply(data, as.character)), separated = separated$outcome,
  terms = names(coef(fit)),
  coefficient = unname(coef(fit)), low = unname(confint.default(fit)[, 1]),
  high = unname(confint.default(fit)[, 2]), p_value = unname(wald[, 4]),
  firth_coefficient = unname(best),
  firth_low = unname(sapply(terms, limit, direction = -1)),
  firth_high = unname(sapply(terms, limit, direction = 1)),
  firth_p_value = unname(sapply(terms, function(j) pchisq(deviance_at(j, 0), 1, lower.tail = FALSE)))
)
cat(toJSON(values, digits = NA, pretty = FALSE), "\n")
