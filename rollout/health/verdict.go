package health

// Verdict is what the samples so far say. It is a plain value, made to be
// recorded.
type Verdict struct {
	// Kind is what they say; the zero value, undecided, promotes nothing.
	Kind Kind `json:"kind"`
	// Metric is the metric that the verdict rests on: the guilty one when regressed,
	// the weakest one when healthy, the one still furthest from its certificate when
	// undecided. Empty when there is none.
	Metric string `json:"metric,omitempty"`
	// LogE is the natural logarithm of the evidence that some metric is worse than
	// tolerated: the weighted average over the metrics. Regressed means that it
	// reached log(1/Alpha); it is then the highest that was reached, at that look or
	// later. Rounded to 1e-9.
	LogE float64 `json:"logE"`
	// LogCertificate is the natural logarithm of the evidence that the canary is
	// better than MDE, of the metric where it is least. Healthy needs log(1/Beta), and
	// it stops at twice that. Rounded to 1e-9.
	LogCertificate float64 `json:"logCertificate"`
	// Canary and Control are all that was counted of Metric.
	Canary  Count `json:"canary"`
	Control Count `json:"control"`
	// Interval is where the ratio of the two rates is, or of the two means, of Metric;
	// nil if nothing is known.
	Interval *Interval `json:"interval,omitempty"`
	// Guilty are the metrics that are named as worse than tolerated, the one with most
	// evidence first. Their false discovery rate is at most Alpha (e-BH; Wang and Ramdas,
	// JRSS-B 2022). It may be empty although some metric is worse, and then Metric is the
	// one with most evidence.
	Guilty []string `json:"guilty,omitempty"`
	// Asymptotic is set when the verdict rests on means, whose error rates hold for many
	// windows and not exactly: regressed, if the bound was not reached without them;
	// healthy, if one of the certificates is of means; otherwise, if Metric is of means.
	Asymptotic bool `json:"asymptotic,omitempty"`
	// NoData is set when, in some metric, canary and control have never both had requests
	// in a window, or not for Policy.Stale windows. A verdict with NoData is never healthy.
	NoData bool `json:"noData,omitempty"`
	// Why is one sentence for people; it may change from version to version.
	Why string `json:"why"`
}
