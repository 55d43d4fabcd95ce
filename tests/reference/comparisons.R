# Reference values for tests and effects of groups: base R. Run: Rscript comparisons.R > comparisons.json
suppressMessages(library(jsonlite))

first <- c(51, 62, 47, 71, 56, 55, 68, 44, 59, 73, 54, 38)
second <- c(40, 52, 33, 55, 17, 79, 48, 46, 36, 50, 41, 45, 58)
third <- c(61, 45, 52, 39, 66, 70, 58, 49, 57)
groups <- list(first, second, third)
student <- t.test(first, second, var.equal = TRUE)
welch <- t.test(first, second)
value <- unlist(groups)
group <- factor(rep(1:3, lengths(groups)))
fit <- summary(aov(value ~ group))[[1]]
rank <- kruskal.test(value, group)
pooled_sd <- sqrt((11 * var(first) + 12 * var(second)) / 23)
apart <- mean(first) - mean(second)

a <- 20; n1 <- 32; b <- 15; n2 <- 58       # events of two arms
wilson <- function(k, n, level = 0.95) as.numeric(prop.test(k, n, correct = FALSE, conf.level = level)$conf.int)
exact <- function(k, n, level = 0.95) as.numeric(binom.test(k, n, conf.level = level)$conf.int)
wald <- function(k, n) k / n + c(-1, 1) * qnorm(0.975) * sqrt(k / n * (1 - k / n) / n)
agresti_coull <- function(k, n) wald(k + qnorm(0.975)^2 / 2, n + qnorm(0.975)^2)
difference <- as.numeric(prop.test(c(a, b), c(n1, n2), correct = FALSE)$conf.int)
low <- c(wilson(a, n1)[1], wilson(b, n2)[1]); high <- c(wilson(a, n1)[2], wilson(b, n2)[2])
p <- c(a / n1, b / n2)
newcombe <- c(p[1] - p[2] - sqrt((p[1] - low[1])^2 + (high[2] - p[2])^2),
              p[1] - p[2] + sqrt((high[1] - p[1])^2 + (p[2] - low[2])^2))
# Katz: the log of the risk ratio from a log-binomial model.
arms <- data.frame(event = c(a, b), rest = c(n1 - a, n2 - b), arm = c(1, 0))
binomial_fit <- glm(cbind(event, rest) ~ arm, binomial("log"), arms, start = c(-1, 0.5))
katz <- exp(confint.default(binomial_fit)["arm", ])
poisson_fit <- glm(c(a, b) ~ c(1, 0) + offset(log(c(400, 900))), poisson)
patients <- list(c(rep(1, a), rep(0, n1 - a)), c(rep(1, b), rep(0, n2 - b)))
variance <- function(x) mean(x) * (1 - mean(x))

values <- list(
  samples = list(
    means = sapply(groups, mean), sds = sapply(groups, sd), sizes = lengths(groups),
    student = list(t = unname(student$statistic), p = student$p.value, limits = as.numeric(student$conf.int)),
    welch = list(t = unname(welch$statistic), df = unname(welch$parameter), p = welch$p.value,
                 limits = as.numeric(welch$conf.int)),
    anova = list(f = fit$`F value`[1], p = fit$`Pr(>F)`[1]),
    kruskal = list(h = unname(rank$statistic), p = rank$p.value),
    mean_limits = as.numeric(t.test(first)$conf.int),
    cohens_d = apart / pooled_sd, balance_d = apart / sqrt((var(first) + var(second)) / 2)
  ),
  z = list(z = 2.17, p = 2 * pnorm(-2.17)),
  risks = list(
    difference = p[1] - p[2], ratio = p[1] / p[2], wald = difference, newcombe = newcombe, katz = unname(katz),
    standardised = (p[1] - p[2]) / sqrt((variance(patients[[1]]) + variance(patients[[2]])) / 2)
  ),
  proportion = list(wald = wald(a, n1), wilson = wilson(a, n1), exact = exact(a, n1),
                    exact_90 = exact(a, n1, 0.9), agresti_coull = agresti_coull(a, n1)),
  rates = list(
    exact = as.numeric(poisson.test(20, 400)$conf.int),
    ratio = unname(exp(coef(poisson_fit)[2])), ratio_wald = unname(exp(confint.default(poisson_fit)[2, ])),
    ratio_exact = as.numeric(poisson.test(c(20, 15), c(400, 900))$conf.int)
  )
)
cat(toJSON(values, digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
