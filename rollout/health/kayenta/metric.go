package kayenta

import (
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// Direction says which differences of a metric matter.
type Direction uint8

// The directions. The zero value is the strictest.
const (
	DirectionEither   Direction = iota // both
	DirectionIncrease                  // only a canary that is higher, such as of errors
	DirectionDecrease                  // only a canary that is lower, such as of successes
)

var directions = enum.Table[Direction]{Type: "kayenta.Direction", Names: []string{"either", "increase", "decrease"}}

// String is the direction's name in a canary configuration.
func (d Direction) String() string { return directions.Text(d) }

// ParseDirection reads a direction's name.
func ParseDirection(s string) (Direction, error) { return directions.Parse(s) }

// Effect is how the size of a difference is measured.
type Effect uint8

// The effects.
const (
	// EffectMeanRatio is the canary's mean over the control's. Where one of them is 0
	// there is no ratio, and then no difference is too small.
	EffectMeanRatio Effect = iota
	// EffectCLES is the common language effect size: the share of pairs of values where
	// the canary's is the higher, a tie counting half (Vargha and Delaney, Journal of
	// Educational and Behavioral Statistics 25 (2000), 101-132). From 0 to 1, and 0.5
	// where nothing differs.
	EffectCLES
)

var effects = enum.Table[Effect]{Type: "kayenta.Effect", Names: []string{"meanRatio", "cles"}}

// String is the effect's name in a canary configuration.
func (e Effect) String() string { return effects.Text(e) }

// ParseEffect reads an effect's name.
func ParseEffect(s string) (Effect, error) { return effects.Parse(s) }

// none is the effect where nothing differs.
func (e Effect) none() float64 {
	if e == EffectCLES {
		return 0.5
	}
	return 1
}

// DefaultOutlierFactor is how many interquartile ranges from the quartiles a value
// becomes an outlier.
const DefaultOutlierFactor = 3

// Metric is how one metric is judged: what a canary configuration calls the
// analysis configuration. The zero value but for Name is Kayenta's default.
type Metric struct {
	// Name identifies the metric.
	Name string
	// Groups are the groups that the metric counts in. In none, it does not count at
	// all unless it is critical.
	Groups []string
	// Direction says which differences matter.
	Direction Direction
	// ReplaceNaN makes values that are NaN count as 0, instead of being removed; a side
	// without values then passes.
	ReplaceNaN bool
	// RemoveOutliers removes values that lie outside of both the OutlierFactor and the
	// percentiles 1 and 99, on each side by itself.
	RemoveOutliers bool
	// OutlierFactor is how many interquartile ranges below the first or above the third
	// quartile a value must lie. Above 0; 0 means [DefaultOutlierFactor].
	OutlierFactor float64
	// Critical makes the whole canary fail when the metric is high, low or without data.
	Critical bool
	// MustHaveData makes a metric without data count as not passed.
	MustHaveData bool
	// Muted leaves the metric out of the score; it is classified all the same.
	Muted bool
	// Effect is how the four limits below are measured.
	Effect Effect
	// AllowedIncrease is the effect from which on a higher canary is high,
	// AllowedDecrease that down to which a lower one is low. 0 means the effect where
	// nothing differs: 1, or 0.5 for [EffectCLES].
	AllowedIncrease, AllowedDecrease float64
	// CriticalIncrease and CriticalDecrease are the same for the canary to fail by a
	// critical metric.
	CriticalIncrease, CriticalDecrease float64
}

// defaults is the metric with every zero field replaced by its default.
func (m Metric) defaults() Metric {
	if m.OutlierFactor == 0 {
		m.OutlierFactor = DefaultOutlierFactor
	}
	for _, limit := range []*float64{&m.AllowedIncrease, &m.AllowedDecrease, &m.CriticalIncrease, &m.CriticalDecrease} {
		if *limit == 0 {
			*limit = m.Effect.none()
		}
	}
	return m
}

// validate reports every mistake, with defaults in place.
func (m Metric) validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("kayenta: metric %q: "+format, append([]any{m.Name}, args...)...))
	}
	if m.Name == "" {
		bad("it has no name")
	}
	if int(m.Direction) >= len(directions.Names) {
		bad("%v is no direction", m.Direction)
	}
	if int(m.Effect) >= len(effects.Names) {
		bad("%v is no effect", m.Effect)
	}
	if !(m.OutlierFactor > 0) || !finite(m.OutlierFactor) {
		bad("outlier factor %v is not above 0", m.OutlierFactor)
	}
	for _, limit := range []struct {
		name  string
		value float64
	}{
		{"allowed increase", m.AllowedIncrease}, {"allowed decrease", m.AllowedDecrease},
		{"critical increase", m.CriticalIncrease}, {"critical decrease", m.CriticalDecrease},
	} {
		// Kayenta takes what it gets: a cles above 1 is one that is never reached.
		if !(limit.value > 0) || !finite(limit.value) {
			bad("%s %v is not above 0", limit.name, limit.value)
		}
	}
	seen := map[string]bool{}
	for _, g := range m.Groups {
		if g == "" || seen[g] {
			bad("group %q is empty or stands twice", g)
		}
		seen[g] = true
	}
	return errors.Join(errs...)
}
