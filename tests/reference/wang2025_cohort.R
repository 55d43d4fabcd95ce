# An arbitrary cohort with the columns of the Qingdao study; no margin is that of the paper.
# Run: Rscript wang2025_cohort.R > wang2025_simulated.csv
set.seed(20253)
n <- 120
draw <- function(levels, prob = NULL) sample(levels, n, replace = TRUE, prob = prob)
types <- c("", "no avidity", "partial avidity", "avidity lost", "progression despite avidity")
courses <- c("avid at every course", "never", "partial", "lost", "avid at every course")
type <- draw(types, c(0.5, 0.2, 0.12, 0.1, 0.08))
rair <- ifelse(type == "", "RAIA", "RAIR")
age <- pmin(pmax(round(rnorm(n, 46 + 8 * (rair == "RAIR"), 14)), 18), 80)
histology <- draw(c("PTC", "FTC"), c(0.85, 0.15))
variant <- draw(c("follicular", "tall cell", "columnar cell", "diffuse sclerosing",
                  "not described"), c(0.05, 0.05, 0.03, 0.02, 0.85))
ete <- draw(c("Negative", "Positive"))
ps_tg <- round(exp(rnorm(n, 4.6 + 0.8 * (rair == "RAIR"), 1.6)), 1)
lm_size <- round(pmax(0.1, rexp(n, 1.2)), 1)
evaluable <- ifelse(type == "progression despite avidity" | runif(n) < 0.95, "yes", "no")
rate <- 0.006 * exp(0.5 * (age >= 55) + 0.7 * (ps_tg >= 528.5) + 0.3 * (lm_size >= 1))
failure <- ifelse(rair == "RAIR", rexp(n, rate), Inf)
failure <- ifelse(type == "progression despite avidity", runif(n, 3, 50), failure)
# Whole months and few of them: ties among events.
end <- pmax(round(runif(n, 6, 160)), 60 * (type == "progression despite avidity"))
pfs <- pmax(1, round(pmin(failure, end)))
progressed <- failure <= end
yes <- evaluable == "yes"
response <- ifelse(progressed, "PD", draw(c("CR", "non-CR/non-PD"), c(0.1, 0.9)))
size <- round(pmax(0.2, rgamma(n, 2, 0.8)), 1)
cohort <- data.frame(
  patient = sprintf("SIM-%03d", seq_len(n)), simulated = "yes", rair = rair, rair_type = type,
  gender = draw(c("Male", "Female"), c(0.4, 0.6)), age = age, histology = histology,
  ptc_variant = ifelse(histology == "PTC", variant, ""), multicentricity = draw(c("Yes", "No")),
  tumor_size = size, ete = ete,
  t_stage = ifelse(runif(n) < ifelse(ete == "Positive", 0.5, 0.1), "T4", "T1/T2/T3"),
  n_stage = draw(c("N0-N1a", "N1b"), c(0.25, 0.75)), lnm = draw(c("yes", "no"), c(0.9, 0.1)),
  lnm_ratio = round(runif(n, 0, 100), 1), lm_size = lm_size, ps_tg = ps_tg,
  rai_courses = sample(1:6, n, replace = TRUE), rai_activity = 10 * sample(15:105, n, TRUE),
  avidity = courses[match(type, types)],
  rai_avid_status = ifelse(yes, ifelse(courses[match(type, types)] == courses[1], "RAI-avid",
                                       "partial or no RAI-avid"), ""),
  evaluable = evaluable, response = ifelse(yes, response, ""),
  progression = ifelse(yes, ifelse(progressed, "PD", "NPD"), ""),
  pfs = ifelse(yes, sprintf("%.1f", pfs), ""), follow_up = pfs + round(runif(n, 0, 30), 1)
)
write.csv(cohort, row.names = FALSE, quote = FALSE, fileEncoding = "UTF-8")
