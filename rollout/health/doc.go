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
// more, in a metric that needs a certificate, is called [KindHealthy] is at most Beta,
// from one [Monitor.Recertify] to the next. Neither depends on how often one looks, if
// each call of [Monitor.Add] has all metrics of its windows. The promises hold for
// requests that fail independently of each other given their window's rates, whatever
// these rates do from window to window: an incident that hits both sides cancels. How
// many requests a window has must not depend on which of them fail.
//
// They do not hold when canary and control serve different mixes of requests (use
// strata), when failures come in bursts, or when a service's rate jitters more from
// minute to minute than its requests explain; the tolerance covers the last one in
// part, and [Dispersion] tempers evidence by the service's own history, which is
// calibrated and not proven. For metrics of means they are asymptotic.
//
// A sound measurement is called [KindInvalid] by its checks, the canary's share and the
// control's twin, with a chance of at most Alpha more.
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
// arXiv 2106.02693). Evidence of windows adds up, and a fixed mixture over five
// ratios stands for the unknown one. By Ville's inequality the evidence ever
// reaches log(1/Alpha) with a chance of at most Alpha.
//
// A release that was fine for long has much evidence against a regression, which
// one that begins late would have to make up first. So a twentieth of the evidence begins
// anew at 1 every tenth window: the j-th time a part of it that is proportional to
// 1/j, up to the 10,000th window. A rollout that lasts longer should be watched by a
// [Watch]. The certificate stops growing at twice what it needs, for the same reason;
// less evidence is always valid.
//
// Where less than one bad event is expected in a window, no ratio stakes more than
// what one event must win to reach the bound: what is won beyond it is of no use. A
// smaller ratio r' with r0 <= r' <= r takes the place of r then. It follows from the
// window's requests, from the metric's own past, and from what the other metrics and
// edges had before the call of Add: not from what they have in the same window, since
// they depend on it.
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
// bound is evidence that is somewhat too small when failures are common. The proof is
// for each sample given those before it, so strata may follow each other in a window:
// their requests are others.
//
// Tempered evidence, log e / phi with phi >= 1, keeps a mean of at most 1 by Jensen's
// inequality if phi is known before the window, or if it follows from s and the mean is
// at most 1 given s. That is so for Poisson counts, and for requests at a tolerance of
// 1 (Hoeffding, JASA 58, 1963, section 6). At a higher tolerance it is so for rare
// failures only: of common ones, the mean given s may exceed 1 at some s.
//
// Metrics depend on each other in ways that nobody knows. Their weighted average
// is evidence all the same, so that is what must reach log(1/Alpha). Healthy needs
// the certificate of each metric, which needs no correction.
//
// # What no data means
//
// No data is never health. A Monitor that has seen nothing is undecided with
// NoData set, and so is one where, in any metric, the two sides have never both had
// requests, or not for Policy.Stale windows.
//
// A service without any failure on either side is undecided for ever, and rightly:
// no count of successes says anything about the ratio of two rates that may both
// be 0, and a bound on the canary's rate alone needs a rate that somebody declares
// to be harmless. The host chooses what becomes of such a stage: it judges by a
// metric that has events, such as answers slower than an edge that a few requests
// in a hundred exceed; or it lets time decide where health is merely watched, which
// still takes a regression back; or a person decides.
package health
