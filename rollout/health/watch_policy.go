package health

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// The values that stand for zero fields of a [WatchPolicy].
const (
	DefaultARL        = 43_200 // windows: 30 days of minutes
	DefaultWatchStale = 10 * time.Minute
)

// WatchPolicy says what is watched after the rollout, and how rarely a watch may cry
// wolf. Metrics or Objectives may be empty, not both.
type WatchPolicy struct {
	// ARL, the average run length, is the least mean number of windows until a false
	// alarm of all Metrics together. The chance of one within t windows is at most
	// t/ARL: 10 % in three days of minutes at the default. From 2 to 1e15; 0
	// means [DefaultARL]. It is no bound on what the Objectives' rules do.
	ARL float64 `json:"arl"`
	// Metrics are compared with their known rates.
	Metrics []Baseline `json:"metrics"`
	// Objectives are the SLOs whose budgets may not burn too fast; one per metric.
	Objectives []Objective `json:"objectives"`
	// WarmUp is the number of windows with requests, of each metric, that are no
	// evidence at the beginning, because caches are cold. Burn rates count them. 0
	// means [DefaultWarmUp], a negative number none; at most 10000.
	WarmUp int `json:"warmUp"`
	// Stale is the time after which a metric without requests has no data, counted
	// from the end of its last window with any to the time that the Watch knows of
	// ([Watch.Advance]). Take two windows at least. At most 90 days; 0 means
	// [DefaultWatchStale].
	Stale time.Duration `json:"stale"`
	// Silence is the number of requests that the other metrics may count since a stale
	// one had its last. From then on the verdict is invalid instead of having no data:
	// what does not count its requests while others do is broken. 0 means
	// [DefaultSilence].
	Silence uint64 `json:"silence"`
	// Beta makes the Watch say healthy: once every one of Metrics is certified to be
	// below MDE times its known rate, which happens to one whose rate is at least that
	// with a chance of at most Beta. Between 0 and 0.5; 0 means that it never does, and
	// time decides. Before you set it, read at [Watch] what such a certificate is
	// worth. It takes Metrics, each with MDE x Rate below 1.
	Beta float64 `json:"beta"`
}

const (
	// watchMaxWindows bounds the windows that are kept of a metric: three days of
	// seconds.
	watchMaxWindows = 1 << 18
	// watchMemory is the least time that windows are kept for.
	watchMemory = 72 * time.Hour
	// maxWatchWarmUp bounds WatchPolicy.WarmUp.
	maxWatchWarmUp = 10_000
)

// Defaults is the policy with every zero field replaced by its default, but for
// Beta. It shares nothing with p.
func (p WatchPolicy) Defaults() WatchPolicy {
	if p.ARL == 0 {
		p.ARL = DefaultARL
	}
	switch {
	case p.WarmUp == 0:
		p.WarmUp = DefaultWarmUp
	case p.WarmUp < 0:
		p.WarmUp = -1
	}
	if p.Stale == 0 {
		p.Stale = DefaultWatchStale
	}
	if p.Silence == 0 {
		p.Silence = DefaultSilence
	}
	metrics := make([]Baseline, len(p.Metrics))
	for i, b := range p.Metrics {
		metrics[i] = b.defaults()
	}
	objectives := make([]Objective, len(p.Objectives))
	for i, o := range p.Objectives {
		objectives[i] = o.defaults()
	}
	p.Metrics, p.Objectives = metrics, objectives
	return p
}

// Validate reports every mistake of the policy, with defaults in place.
func (p WatchPolicy) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("health: watch policy: "+format, args...))
	}
	p = p.Defaults()
	if !(p.ARL >= 2 && p.ARL <= 1e15) {
		bad("arl %v is not between 2 and 1e15 windows", p.ARL)
	}
	if p.WarmUp > maxWatchWarmUp {
		bad("a warm-up of %d windows is more than %d", p.WarmUp, maxWatchWarmUp)
	}
	if p.Stale < 0 || p.Stale > maxSpan {
		bad("stale %v is not between 0 and %v", p.Stale, maxSpan)
	}
	if p.Beta != 0 && !(p.Beta > 0 && p.Beta < 0.5) {
		bad("beta %v is not between 0 and 0.5", p.Beta)
	}
	switch n := len(p.Metrics) + len(p.Objectives); {
	case n == 0:
		bad("no metrics and no objectives: nothing would be watched")
	case n > maxMetrics:
		bad("%d metrics and objectives are more than %d", n, maxMetrics)
	case p.Beta != 0 && len(p.Metrics) == 0:
		bad("beta is set and there is no metric to certify")
	}
	seen := map[string]bool{}
	for i, b := range p.Metrics {
		for _, err := range b.check() {
			bad("metric %d: %w", i, err)
		}
		if b.Name != "" && seen[b.Name] {
			bad("metric %q stands twice", b.Name)
		}
		seen[b.Name] = true
		if p.Beta != 0 && float64(b.Rate*b.MDE) >= 1 {
			bad("metric %q: beta is set and mde %v times rate %v is not below 1: no count would certify it", b.Name, b.MDE, b.Rate)
		}
	}
	clear(seen)
	for i, o := range p.Objectives {
		for _, err := range o.check() {
			bad("objective %d: %w", i, err)
		}
		if o.Metric != "" && seen[o.Metric] {
			bad("metric %q has two objectives", o.Metric)
		}
		seen[o.Metric] = true
	}
	return errors.Join(errs...)
}

// memory is how long windows are kept: as long as the longest rule looks back.
func (p WatchPolicy) memory() time.Duration {
	out := watchMemory
	for _, o := range p.Objectives {
		for _, r := range o.Rules {
			out = max(out, r.Long)
		}
	}
	return out
}

// need is the logarithm of what the evidence must reach.
func (p WatchPolicy) need() float64 { return round(math.Log(p.ARL)) }
