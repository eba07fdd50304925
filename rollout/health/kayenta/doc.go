// Package kayenta judges a canary as the judge of Kayenta does, NetflixACAJudge of
// Spinnaker: a compatibility mode, for who moves from there and wants to see both
// judgements side by side.
//
// # No error control
//
// Nothing here bounds how often a healthy release fails or a bad one passes. The
// confidence of .98 is that of one interval, of one metric, at one look; it is no bound
// for several metrics or several looks. A pass means only that no difference was shown,
// which short or noisy series never do: it is not evidence of health. Of simulated
// releases that double an error rate of 1 %, six in ten pass after an hour of 100
// requests a minute on each side. Decide by package
// [github.com/sallyport-dev/sallyport/rollout/health], which states both of its error
// rates; nothing of this package is a verdict of that one.
//
// # How it judges
//
// A [Judge] gets a series of values, one a minute or so, of the canary and of the
// control for each metric. Values that are NaN are removed or count as 0, outliers are
// removed if wanted. The difference in location has a confidence interval by the
// Mann-Whitney test ([ShiftOf]), and the metric is [ClassHigh] when the interval lies
// above a quarter of the estimated difference and the effect is as large as allowed,
// [ClassLow] likewise below, and [ClassPass] otherwise. Each group of metrics scores
// the percentage of those that pass, the canary scores the weighted mean of its
// groups, and two thresholds make an [Outcome] of the score. One failure of a critical
// metric makes it 0, and so does no data in half of the metrics.
//
// # Differences
//
// This is an own implementation of the public behaviour (github.com/spinnaker/kayenta,
// 2025). It differs on purpose in these points:
//
//   - No noise is added. Where all values of the canary are the same, and all of the
//     control, Kayenta adds random noise of 1e-5 of the value, so that its test can be
//     computed; here the difference is simply taken as known.
//   - Infinite values, and values so large that their sums are, make [ClassError].
//   - A critical metric that cannot be classified fails the canary, and metrics that
//     cannot be classified count among those without data. In Kayenta both are left
//     out of the score, which may then be 100.
//   - A configured metric without a series counts as one without data.
//   - A configuration that cannot be meant is refused, instead of replaced by defaults.
package kayenta
