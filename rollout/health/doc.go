// Package health says whether a new version (the canary) is worse than the old
// one (the control) that runs beside it, and keeps its stated error rates
// however often it is asked.
//
// A [Monitor] takes closed windows of counts, bad events out of all, and gives a
// [Verdict]: regressed, healthy, undecided or invalid. It has no clock and does no
// I/O: the same samples in the same order give the same verdict.
//
// # What is promised
//
// The chance that a release which is not worse than the tolerated ratio is ever
// called [KindRegressed] is at most Alpha, over the whole life of the Monitor and
// over all metrics together. The chance that a release which is worse by MDE or
// more in some metric is called [KindHealthy] is at most Beta, from one
// [Monitor.Recertify] to the next. Neither depends on how often one looks. The
// promises hold for requests that fail independently of each other given their
// window's rates, whatever these rates do from window to window: an incident
// that hits both sides cancels. They do not hold when canary and control serve
// different mixes of requests (use strata), when failures come in bursts, or
// when a service's rate jitters more from minute to minute than its requests
// explain; the tolerance covers the last one in part.
//
// # How
//
// For a window with x bad of n requests at the canary and y bad of m at the
// control, s = x+y, t = n/(n+m), the evidence for a ratio r of the two rates
// against the largest tolerated ratio r0 is
//
//	log e = x log(r/r0) - s [log(1+t(r-1)) - log(1+t(r0-1))]
//
// which is the likelihood ratio of x given s (Lindon and Malek, Anytime-Valid
// Inference for Multinomial Count Data, NeurIPS 2022; Turner, Ly and Grünwald,
// arXiv 2106.02693). Evidence of windows adds up, and a fixed mixture over seven
// ratios stands for the unknown one. By Ville's inequality the evidence ever
// reaches log(1/Alpha) with a chance of at most Alpha.
//
// A release that was fine for long has much evidence against a regression, which
// one that begins late would have to make up first. So a fifth of the evidence is a
// mixture over beginnings: evidence that is gathered from the k-th sample on has
// the weight 1/(k(k+1)), and is 1 until then. The certificate stops growing at
// twice what it needs, for the same reason; less evidence is always valid.
//
// For Poisson counts e has mean 1 at p1 = r0 p0. For requests that fail or do
// not fail (n and m trials with rates p1 and p0) its mean is at most 1, for every
// r >= r0 >= 1 and every rate, rare or not. Write e = a^x b^y with
// a = (r/r0)/c, b = 1/c and c = (1+t(r-1))/(1+t(r0-1)). Then
//
//	E e = (1+p1(a-1))^n (1+p0(b-1))^m <= exp(n p1 (a-1) + m p0 (b-1))
//
// by 1+z <= exp(z). The exponent is 0 at p1 = r0 p0, and it only falls with p1,
// because a >= 1. Requests of a window may differ in their rates: only the sums of
// the rates count. The certificate is the same formula with r = 1 against r0 = MDE,
// where a <= 1, so its mean is at most 1 whenever p1 >= MDE p0. The price of the
// bound is evidence that is somewhat too small when failures are common.
//
// Metrics depend on each other in ways that nobody knows. Their weighted average
// is evidence all the same, so that is what must reach log(1/Alpha). Healthy needs
// the certificate of each metric, which needs no correction.
//
// # What no data means
//
// No data is never health. A Monitor that has seen nothing is undecided with
// NoData set, and so is one where any metric lacks requests on either side.
//
// A service without any failure on either side is undecided for ever, and rightly:
// no count of successes says anything about the ratio of two rates that may both
// be 0, and a bound on the canary's rate alone needs a rate that somebody declares
// to be harmless. The host chooses what becomes of such a stage: it judges by a
// metric that has events, such as answers slower than an edge that a few requests
// in a hundred exceed; or it lets time decide where health is merely watched, which
// still takes a regression back; or a person decides.
package health
