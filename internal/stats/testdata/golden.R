# Makes golden_r.csv with R's own distributions and tests and its package survival:
#     Rscript golden.R > golden_r.csv        (R 4.2.2, survival 3.5-3)
# Each line: function, arguments, value to 17 digits.
suppressMessages(library(survival))
out <- function(name, args, v) cat(paste(c(name, format(args, digits = 17, trim = TRUE, scientific = FALSE),
	sprintf("%.17g", v)), collapse = ","), "\n", sep = "")

for (c in list(c(0, 10, .95), c(1, 10, .95), c(3, 25, .95), c(10, 10, .9), c(81, 263, .99), c(7, 5000, .95), c(4999, 5000, .8))) {
	k <- c[1]; n <- c[2]; level <- c[3]; t <- (1 - level) / 2
	w <- prop.test(k, n, conf.level = level, correct = FALSE)$conf.int
	out("wilsonLo", c, w[1]); out("wilsonHi", c, w[2])
	b <- binom.test(k, n, conf.level = level)$conf.int
	out("cpLo", c, b[1]); out("cpHi", c, b[2])
	out("jeffreysLo", c, if (k == 0) 0 else qbeta(t, k + .5, n - k + .5))
	out("jeffreysHi", c, if (k == n) 1 else qbeta(1 - t, k + .5, n - k + .5))
}
for (c in list(c(0, .95), c(1, .95), c(7, .9), c(100, .95), c(3000, .99))) {
	g <- poisson.test(c[1], conf.level = c[2])$conf.int
	out("garwoodLo", c, g[1]); out("garwoodHi", c, g[2])
}
# Newcombe's method 10, written out: d - sqrt((p1-l1)^2 + (u2-p2)^2), of score intervals.
for (c in list(c(56, 70, 48, 80, .95), c(9, 10, 3, 10, .95), c(0, 20, 5, 25, .9), c(10, 10, 0, 20, .99))) {
	wa <- prop.test(c[1], c[2], conf.level = c[5], correct = FALSE)$conf.int
	wb <- prop.test(c[3], c[4], conf.level = c[5], correct = FALSE)$conf.int
	pa <- c[1] / c[2]; pb <- c[3] / c[4]
	out("newcombeLo", c, pb - pa - sqrt((pb - wb[1])^2 + (wa[2] - pa)^2))
	out("newcombeHi", c, pb - pa + sqrt((wb[2] - pb)^2 + (pa - wa[1])^2))
	k <- c[1] + c[3]
	out("hyperLower", c[1:4], phyper(c[1], c[2], c[4], k)); out("hyperUpper", c[1:4], phyper(c[1] - 1, c[2], c[4], k, lower.tail = FALSE))
}
for (c in list(c(400, 900, 450, 1000), c(3, 40000, 17, 50000))) {
	k <- c[1] + c[3]
	out("hyperLower", c, phyper(c[1], c[2], c[4], k)); out("hyperUpper", c, phyper(c[1] - 1, c[2], c[4], k, lower.tail = FALSE))
}
# The ratio of b's rate to a's, as poisson.test has it; the p value twice the smaller tail.
for (c in list(c(11, 800, 23, 1011.9, .95), c(0, 4, 5, 3.5, .9), c(7, 52, 0, 26, .95), c(120, 52, 160, 52, .99))) {
	r <- poisson.test(c(c[3], c[1]), c(c[4], c[2]), conf.level = c[5])$conf.int
	if (c[1] > 0) out("ratioHi", c, r[2])
	out("ratioLo", c, r[1])
	n <- c[1] + c[3]; s <- c[4] / (c[2] + c[4])
	out("ratioP", c, min(1, 2 * min(pbinom(c[3], n, s), pbinom(c[3] - 1, n, s, lower.tail = FALSE))))
	ga <- poisson.test(c[1], c[2], conf.level = c[5])$conf.int; gb <- poisson.test(c[3], c[4], conf.level = c[5])$conf.int
	ra <- c[1] / c[2]; rb <- c[3] / c[4]
	out("rateLo", c, rb - ra - sqrt((rb - gb[1])^2 + (ga[2] - ra)^2)); out("rateHi", c, rb - ra + sqrt((gb[2] - rb)^2 + (ra - ga[1])^2))
}
# Mood's median test of two samples, by phyper; values at the median are not above it.
mood <- function(a, b) { m <- median(c(a, b)); x <- sum(a > m); k <- x + sum(b > m)
	min(1, 2 * min(phyper(x, length(a), length(b), k), phyper(x - 1, length(a), length(b), k, lower.tail = FALSE))) }
out("mood", 1, mood(c(1, 2, 3, 4, 5, 6), c(5, 6, 7, 8, 9, 10, 11))); out("mood", 2, mood(c(1, 1, 2), c(2, 2, 2, 9)))
out("mood", 3, mood(1:20, 15:40))
p <- c(.01, .013, .014, .19, .35, .5, .63, .67, .75, .81, .0001, .04)
for (i in seq_along(p)) { out("bh", i - 1, p.adjust(p, "BH")[i]); out("by", i - 1, p.adjust(p, "BY")[i]) }
x <- c(5.1, 2.25, 9, 7.5, 1, 3.75, 8, 12.5, 0.5, 4)
for (q in c(0, .1, .25, .5, .9, .95, 1)) out("quantile7", q, quantile(x, q, type = 7))
# Charts, by their papers' formulas in R's vectors.
mr <- mean(abs(diff(x)))
out("xmrCentre", 0, mean(x)); out("xmrLo", 0, mean(x) - 2.66 * mr); out("xmrHi", 0, mean(x) + 2.66 * mr); out("xmrRange", 0, 3.268 * mr)
k <- c(3, 5, 2, 8, 4, 0, 6, 9, 3, 5); n <- c(50, 60, 40, 55, 70, 30, 50, 80, 45, 60)
pb <- sum(k) / sum(n); z <- (k / n - pb) / sqrt(pb * (1 - pb) / n); sz <- mean(abs(diff(z))) / 1.128
for (i in seq_along(k)) { h <- 3 * sqrt(pb * (1 - pb) / n[i]) * sz
	out("laneyLo", i - 1, max(0, pb - h)); out("laneyHi", i - 1, min(1, pb + h)) }
u <- sum(k) / sum(n / 10)
for (i in seq_along(k)) { h <- 3 * sqrt(u / (n[i] / 10)); out("uLo", i - 1, max(0, u - h)); out("uHi", i - 1, u + h) }
y <- x^(1 / 3.6); mr <- mean(abs(diff(y)))
out("tCentre", 0, mean(y)^3.6); out("tLo", 0, max(0, mean(y) - 2.66 * mr)^3.6); out("tHi", 0, (mean(y) + 2.66 * mr)^3.6)
# Kaplan and Meier's estimate, Greenwood's error and the log-log band of two real data sets.
km <- function(set, time, status) {
	f <- survfit(Surv(time, status) ~ 1, conf.type = "log-log"); s <- summary(f)
	for (i in seq_along(s$time)) { a <- c(set, s$time[i])
		out("kmS", a, s$surv[i]); out("kmAtRisk", a, s$n.risk[i]); out("kmEvents", a, s$n.event[i])
		if (s$surv[i] > 0) { out("kmSE", a, s$std.err[i]); out("kmLo", a, s$lower[i]); out("kmHi", a, s$upper[i]) } }
	q <- quantile(f, c(.25, .5, .75))
	for (i in 1:3) { a <- c(set, c(.25, .5, .75)[i])
		if (!is.na(q$quantile[i])) out("kmQuantile", a, q$quantile[i])
		if (!is.na(q$lower[i])) out("kmQuantileLo", a, q$lower[i])
		if (!is.na(q$upper[i])) out("kmQuantileHi", a, q$upper[i]) }
	out("kmRMST", c(set, 40), summary(f, rmean = 40)$table["rmean"])
}
km(1, aml$time[aml$x == "Maintained"], aml$status[aml$x == "Maintained"])
km(2, aml$time[aml$x != "Maintained"], aml$status[aml$x != "Maintained"])
