# Reference values for rairlib.selection: glm with add1(test = "Rao") and drop1(test = "LRT").
# Run: Rscript selection.R > selection.json
suppressMessages(library(jsonlite))

set.seed(5)
n <- 180
data <- data.frame(
  age = round(rnorm(n, 48, 13)),
  size = round(rexp(n, 1 / 2), 1),
  ete = factor(ifelse(runif(n) < 0.55, "yes", "no"), levels = c("no", "yes")),
  type = factor(sample(c("PTC", "FTC", "OCA"), n, TRUE, c(0.6, 0.25, 0.15)),
                levels = c("PTC", "FTC", "OCA"))
)
# A variable that stands for two others: it enters first, and leaves once they are in.
data$tg <- round(0.9 * scale(data$age)[, 1] + 0.9 * scale(data$size)[, 1] + rnorm(n, 0, 0.5), 2)
data$ratio <- round(100 * runif(n), 1)
risk <- plogis(-4 + 0.05 * data$age + 0.5 * data$size + 0.6 * (data$type == "OCA"))
data$outcome <- as.integer(runif(n) < risk)
candidates <- c("age", "size", "ete", "type", "tg", "ratio")
control <- glm.control(epsilon = 1e-14, maxit = 100)
model_of <- function(terms) {
  right <- if (length(terms)) paste(terms, collapse = " + ") else "1"
  glm(as.formula(paste("outcome ~", right)), binomial, data, control = control)
}

step_log <- list()
tests <- function(step, terms, action) {
  fit <- model_of(terms)
  found <- if (action == "enter") {
    add1(fit, setdiff(candidates, terms), test = "Rao", control = control)
  } else {
    drop1(fit, test = "LRT", control = control)
  }
  found <- found[-1, ]
  statistic <- if (action == "enter") found[["Rao score"]] else found[["LRT"]]
  p <- found[["Pr(>Chi)"]]
  step_log[[length(step_log) + 1]] <<- data.frame(
    step = step, action = action, term = rownames(found), statistic = statistic,
    df = found[["Df"]], p_value = p
  )
  setNames(p, rownames(found))
}

select <- function(terms, step, method) {
  step_log <<- list()
  repeat {
    if (method == "backward" || length(terms)) {
      repeat {
        p <- tests(step, terms, "remove")
        if (max(p) <= 0.10) break
        terms <- setdiff(terms, names(which.max(p)))
        step <- step + 1
      }
    }
    p <- tests(step, terms, "enter")
    if (min(p) >= 0.05) break
    terms <- candidates[candidates %in% c(terms, names(which.min(p)))]
    step <- step + 1
  }
  list(log = do.call(rbind, step_log), selected = terms,
       coefficient = unname(coef(model_of(terms))))
}

cat(toJSON(list(
  data = data,
  forward = select(character(), 0, "forward"),
  backward = select(candidates, 1, "backward")
), digits = 15, auto_unbox = TRUE, pretty = TRUE), "\n", sep = "")
