package risk

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/release"
)

// Health is how much a learner knows, and whether what it says can be believed. No
// number in it is 0 for want of data: what is not known says so.
type Health struct {
	// Counts are what the model carries.
	Counts Counts `json:"counts"`
	// AsOf is the learner's present; zero where nothing is known.
	AsOf time.Time `json:"asOf,omitzero"`
	// Foreign is how many releases cannot be learned from, because another extractor measured them than the newest.
	Foreign int `json:"foreign"`
	// StaleSince is when the model becomes out of date: 90 days after the newest release with an
	// outcome that weighs something went out. See [Health.Stale].
	StaleSince time.Time `json:"staleSince,omitzero"`
	// BaseRate is the share of releases that fail, those that will be known later included.
	BaseRate Measure `json:"baseRate"`
	// Delays are how soon failures become known.
	Delays Delays `json:"delays"`
	// Forecasts is how many releases ECE and BrierSkill are about: those for which a percentage would have been shown,
	// each by the model of what was known before it was deployed. No forecast knew its own outcome.
	Forecasts int `json:"forecasts"`
	// ECE is the expected calibration error of the forecasts over ten bins of equal weight. Read it beside
	// ECEByChance, which perfect forecasts of as many releases would have, and which is known where ECE is.
	ECE         Measure `json:"ece"`
	ECEByChance float64 `json:"eceByChance"`
	// BrierSkill is the forecasts' skill against the base rate, which is only known afterwards: 1 is perfect, 0
	// no better than always saying the base rate.
	BrierSkill Measure `json:"brierSkill"`
	// MixDrift is whether other releases go out than before, RateDrift whether they fail more or less.
	MixDrift  MixDrift  `json:"mixDrift"`
	RateDrift RateDrift `json:"rateDrift"`
	// Treatments are the outcomes by how releases were treated, in order of tier and lane. Releases of an unknown tier
	// are those of which nobody told it.
	Treatments []Treatment `json:"treatments,omitempty"`
	// Separation is whether releases of higher tiers fail more.
	Separation Separation `json:"separation"`
}

// Measure is a number, if it is known, and its 95 % interval, if that is.
type Measure struct {
	// Value is the number if Known says so.
	Value float64 `json:"value"`
	Known bool    `json:"known"`
	// Lo and Hi are the ends of the interval if Bounded says so.
	Lo      float64 `json:"lo"`
	Hi      float64 `json:"hi"`
	Bounded bool    `json:"bounded"`
}

// Delays are how soon failures become known.
type Delays struct {
	// Own is how many own failures the curve comes from. Below 50 the default still has a say.
	Own int `json:"own"`
	// Late is how many failures showed after the horizon: with many, it is too short.
	Late int `json:"late"`
	// Median is the age at which half of the failures are known, of those within the horizon if there is one.
	Median time.Duration `json:"median"`
}

// Treatment is what became of the releases that were treated alike.
type Treatment struct {
	// Tier is what people were shown, Lane the way that they went.
	Tier release.Tier `json:"tier"`
	Lane release.Lane `json:"lane"`
	// Releases is how many there are among the outcomes that are learned from, Failed how many of them failed.
	Releases int `json:"releases"`
	Failed   int `json:"failed"`
	// Rate is the share that fails, those that will be known later included.
	Rate Measure `json:"rate"`
}

// Separation is whether releases of higher tiers fail more. The zero value is that there is not enough to tell.
type Separation uint8

// The answers.
const (
	SeparationUnknown Separation = iota
	SeparationYes
	SeparationNo
)

var separations = enum.Table[Separation]{Type: "risk.Separation", Names: []string{"unknown", "yes", "no"}}

// String is the answer's name.
func (s Separation) String() string { return separations.Text(s) }

// MarshalText is the answer's name.
func (s Separation) MarshalText() ([]byte, error) { return separations.Marshal(s) }

// UnmarshalText reads an answer's name.
func (s *Separation) UnmarshalText(b []byte) error { return separations.Unmarshal(s, b) }

// maxAge is how old the newest outcome may be before the model counts as stale. Models of defects lost much of
// their ranking and calibration within a year, and did best on data of the last three months
// (S. McIntosh and Y. Kamei, IEEE TSE 44 (2018), 412-428).
const maxAge = 90 * 24 * time.Hour

// Health is how much the learner knows and how good its forecasts were. It fits the model up to 20 times over, so
// it is for reports, not for each release.
func (l *Learner) Health() Health {
	k := l.knowledge()
	h := Health{Counts: k.counts(), AsOf: k.at, Foreign: k.foreign, BaseRate: k.rateOf(nil)}
	h.Delays = Delays{Own: len(k.curve.own), Late: k.slow, Median: k.curve.median()}
	if n := len(k.seen); n > 0 {
		h.StaleSince = k.seen[n-1].Outcome.Deployed.Add(maxAge)
	}
	h.judge(l.replay(k))
	h.MixDrift, h.RateDrift = k.mixDrift(l.base()), k.rateDrift()
	h.Treatments, h.Separation = k.treatments(), k.separation()
	return h
}

// Stale reports whether the model is out of date: no release of the last 90 days has an outcome that weighs something.
func (h Health) Stale(now time.Time) bool { return h.StaleSince.IsZero() || !now.Before(h.StaleSince) }

// median is the age at which the curve comes to one half.
func (c *delayCurve) median() time.Duration {
	lo, hi := time.Duration(0), time.Duration(math.MaxInt64)
	for hi-lo > time.Second {
		mid := lo + (hi-lo)/2
		if c.known(mid) < 0.5 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi.Round(time.Second)
}

// treatments are the outcomes by tier and lane.
func (k *knowledge) treatments() []Treatment {
	groups := map[Treatment][]int{}
	for i := range k.seen {
		key := Treatment{Tier: k.seen[i].Tier, Lane: k.seen[i].Lane}
		groups[key] = append(groups[key], i)
	}
	var out []Treatment
	for t, which := range groups {
		t.Releases, t.Rate = len(which), k.rateOf(which)
		for _, i := range which {
			if k.failed(i) {
				t.Failed++
			}
		}
		out = append(out, t)
	}
	arrange(out, func(a, b Treatment) int {
		return (&Observed{Tier: a.Tier, Lane: a.Lane}).treatment(&Observed{Tier: b.Tier, Lane: b.Lane})
	})
	return out
}

// String is the counts, and each of [Health.Warnings] after a semicolon.
func (h Health) String() string {
	return strings.Join(append([]string{h.Counts.String()}, h.Warnings()...), "; ")
}

// Warnings are what people should know before they rely on the learner, in words: that its tiers do not separate
// outcomes, that its forecasts are worse than the base rate, that releases or their failures changed, that the
// horizon is too short. There is none where there is not enough to tell.
func (h Health) Warnings() []string {
	var out []string
	if h.Separation == SeparationNo {
		out = append(out, "your tiers do not separate outcomes: "+h.failures()+"; either they say nothing of risk, or the care that they demand makes up for it")
	}
	if b := h.BrierSkill; b.Known && b.Bounded && b.Hi < 0 {
		out = append(out, fmt.Sprintf("the forecasts are worse than always saying the base rate: Brier skill %.2f (95 %% interval %.2f to %.2f)", b.Value, b.Lo, b.Hi))
	}
	if e := h.ECE; e.Known && e.Bounded && e.Lo > 0.05 {
		out = append(out, fmt.Sprintf("the percentages are off by %.0f points on average, at least %.0f", 100*e.Value, 100*e.Lo))
	}
	if d := h.MixDrift; d.Known && d.Drifted {
		out = append(out, fmt.Sprintf("other releases go out than before: population stability index %.2f, above %.2f", d.PSI, d.Limit))
	}
	if d := h.RateDrift; d.Known && d.Drifted {
		out = append(out, fmt.Sprintf("releases fail at another rate than before: %.0f %% in the older half, %.0f %% in the newer", 100*d.Older.Value, 100*d.Newer.Value))
	}
	if 10*h.Delays.Late > h.Counts.Failed && h.Delays.Late > 1 {
		out = append(out, fmt.Sprintf("%d of %d failures showed after the horizon, which is too short", h.Delays.Late, h.Counts.Failed))
	}
	return out
}

// failures are the failures by tier, in words: those that are known, which are no estimate.
func (h Health) failures() string {
	var words []string
	for _, t := range h.Treatments {
		if t.Tier == release.TierUnknown {
			continue
		}
		name := t.Tier.String()
		if t.Lane != release.LaneNormal {
			name += " (" + t.Lane.String() + ")"
		}
		words = append(words, fmt.Sprintf("%d of %d at %s failed", t.Failed, t.Releases, name))
	}
	return strings.Join(words, ", ")
}

// measured is an interval's measure.
func measured(value float64, in stats.Interval, ok bool) Measure {
	m := Measure{Value: value, Known: finite(value)}
	if !m.Known {
		return Measure{}
	}
	if ok && finite(in.Lo) && finite(in.Hi) {
		m.Lo, m.Hi, m.Bounded = in.Lo, in.Hi, true
	}
	return m
}
