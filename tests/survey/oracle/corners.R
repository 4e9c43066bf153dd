# Corners that the main reference does not enter, on the same workers.csv. Run in this folder: Rscript corners.R
# R 4.2.2, survey 4.1. Writes corners.csv: key, values parted by spaces, 17 digits.
suppressMessages(library(survey))
workers <- read.csv("workers.csv")
workers$fraction <- ave(workers$enterprise, workers$district, FUN = function(x) length(unique(x))) / workers$n_ent
workers$share2 <- ave(workers$id, workers$enterprise, FUN = length) / workers$n_workers
wk <- svydesign(id = ~enterprise + id, strata = ~district, weights = ~weight, fpc = ~n_ent + n_workers, nest = TRUE, data = workers)
parts <- svydesign(id = ~enterprise + id, strata = ~district, fpc = ~fraction + share2, nest = TRUE, data = workers)
wk1 <- svydesign(id = ~enterprise, strata = ~district, weights = ~weight, nest = TRUE, data = workers)
out <- list()
put <- function(key, ...) out[[key]] <<- as.numeric(unlist(list(...)))
estimates <- function(key, x, effect = FALSE) put(key, coef(x), SE(x), if (effect) deff(x))

estimates("fractions", svymean(~hard, parts, deff = TRUE), TRUE)
estimates("deff.by", svyby(~income, ~sex, wk, svymean, na.rm = TRUE, deff = TRUE), TRUE)
estimates("deff.total.by", svyby(~income, ~sex, wk, svytotal, na.rm = TRUE, deff = TRUE), TRUE)
estimates("ratio.by", svyby(~income, ~edu, denominator = ~age, wk, svyratio, na.rm = TRUE))

poor <- subset(wk1, income < 1500)
put("degf.poor", degf(poor))
for (m in c("logit", "beta", "asin", "xlogit", "mean")) {
  p <- svyciprop(~hard, poor, method = m)
  put(paste0("poor.", m), coef(p), confint(p))
}
for (s in c("F", "Chisq", "Wald", "adjWald")) {
  t <- svychisq(~hard + edu, poor, statistic = s)
  put(paste0("poor.chisq.", s), t$statistic, t$parameter, t$p.value)
}
t <- svyttest(income ~ sex, subset(wk1, age > 55))
put("old.ttest", t$estimate, t$statistic, t$parameter, t$p.value)
for (i in c("mean", "beta", "xlogit", "asin")) put(paste0("quantile.", i), svyquantile(~age, wk, c(.1, .5, .9), interval.type = i)[[1]])

jkn <- as.svrepdesign(wk1)
jk1 <- as.svrepdesign(svydesign(id = ~enterprise, weights = ~weight, data = workers))
for (n in c("jkn", "jk1")) {
  d <- get(n)
  estimates(paste0(n, ".by"), svyby(~hard, ~district, d, svymean))
  put(paste0(n, ".degf"), degf(d), degf(subset(d, income < 1500)))
  for (m in c("logit", "beta", "xlogit")) {
    p <- svyciprop(~hard, subset(d, income < 1500), method = m)
    put(paste0(n, ".poor.", m), coef(p), confint(p))
  }
  t <- svychisq(~hard + edu, d)
  put(paste0(n, ".chisq"), t$statistic, t$parameter, t$p.value)
}

workers$layer <- ave(workers$enterprise, workers$district, FUN = function(x) pmin(match(x, unique(x)), 3))
workers$layer <- interaction(workers$district, workers$layer)
for (rule in c("remove", "certainty", "adjust", "average")) {
  options(survey.lonely.psu = rule)
  d <- svydesign(id = ~enterprise, strata = ~layer, weights = ~weight, nest = TRUE, data = workers)
  r <- as.svrepdesign(d)
  estimates(paste0("lonely.", rule), svymean(~hard, d))
  estimates(paste0("lonely.by.", rule), svyby(~income, ~sex, d, svymean, na.rm = TRUE))
  estimates(paste0("lonely.jkn.", rule), svymean(~hard, r))
  put(paste0("lonely.degf.", rule), degf(d), degf(r))
}
options(survey.lonely.psu = "fail")

sexes <- data.frame(sex = c("F", "M"), Freq = c(9000, 11000))
ages <- setNames(aggregate(weight ~ ageg, workers, length), c("ageg", "Freq"))
ages$Freq <- ages$Freq / sum(ages$Freq) * 20000
control <- list(epsilon = 1e-12, maxit = 500)
for (n in c("wk", "jkn")) {
  d <- get(n)
  for (m in c("post", "rake")) {
    x <- if (m == "post") postStratify(d, ~sex, sexes) else rake(d, list(~sex, ~ageg), list(sexes, ages), control = control)
    estimates(paste(n, m, "mean", sep = "."), svymean(~hard, x, deff = TRUE), TRUE)
    estimates(paste(n, m, "total", sep = "."), svytotal(~income, x, na.rm = TRUE))
    estimates(paste(n, m, "by", sep = "."), svyby(~hard, ~edu, x, svymean))
    s <- subset(x, edu == workers$edu[1])
    p <- svyciprop(~hard, s, method = "beta")
    put(paste(n, m, "beta", sep = "."), coef(p), confint(p))
    t <- svychisq(~hard + sex, s)
    put(paste(n, m, "chisq", sep = "."), t$statistic, t$parameter, t$p.value)
  }
}
trimmed <- trimWeights(postStratify(wk, ~sex, sexes), lower = 15, upper = 60, strict = TRUE)
estimates("trim", svymean(~hard, trimmed))
writeLines(paste(names(out), sapply(out, function(v) paste(sprintf("%.17g", v), collapse = " ")), sep = ","), "corners.csv")
