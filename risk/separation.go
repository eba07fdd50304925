package risk

import (
	"math"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/release"
)

// The level of the test that tiers separate, and the failure odds from tier to tier that it must have been able to find
// before it says that they do not: with a chance of 95 %, so that tiers that do that much are called useless one time in twenty at most.
const (
	separationLevel = 0.05
	separationOdds  = 2.0
	separationPower = 0.95
	separationLeast = 5 // failures, and worth of outcomes that did not fail
)

// separation tests for a trend of the failure rate over tiers (W. Cochran, Biometrics 10 (1954),
// 417-451; P. Armitage, Biometrics 11 (1955), 375-386), one-sided, with the tiers' places as scores. Outcomes count by
// their weights, which makes the variance a little too large and the test a little too careful.
func (k *knowledge) separation() Separation {
	var n, failed [release.TierCritical + 1]float64
	rate := k.rate()
	for i := range k.seen {
		if t := k.seen[i].Tier; t != release.TierUnknown {
			n[t] += k.weight(i, rate)
			if k.failed(i) {
				failed[t]++
			}
		}
	}
	var all, failures, mean float64
	for t := range n {
		all, failures, mean = all+n[t], failures+failed[t], mean+float64(float64(t)*n[t])
	}
	if failures < separationLeast || all-failures < separationLeast {
		return SeparationUnknown
	}
	mean /= all
	p := failures / all
	var trend, variance float64
	for t := range n {
		d := float64(t) - mean
		trend += float64(d * (failed[t] - float64(n[t]*p)))
		variance += float64(float64(d*d) * n[t])
	}
	sd := math.Sqrt(float64(variance * p * (1 - p)))
	critical := stats.NormalQuantile(1 - separationLevel)
	switch {
	case !(sd > 0):
		return SeparationUnknown // they were all of one tier
	case trend >= float64(critical*sd):
		return SeparationYes
	case trend <= float64(-critical*sd):
		return SeparationNo // upside down
	case expectedTrend(n[:], failures, mean) >= float64((critical+stats.NormalQuantile(separationPower))*sd):
		return SeparationNo
	}
	return SeparationUnknown
}

// expectedTrend is the trend if the odds of failure rose by separationOdds from tier to tier, with as many failures in all.
func expectedTrend(n []float64, failures, mean float64) float64 {
	rise := ln(separationOdds)
	at := func(base float64, tier int) float64 { return sigmoid(base + float64(rise*float64(tier))) }
	base := bisect(-50, 50, func(b float64) bool {
		sum := 0.0
		for t := range n {
			sum += float64(n[t] * at(b, t))
		}
		return sum < failures
	})
	trend := 0.0
	for t := range n {
		trend += float64((float64(t) - mean) * float64(n[t]*at(base, t)))
	}
	return trend
}
