package health

import (
	"fmt"
	"math"
	"math/bits"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// Severity is how soon somebody must act. The zero value is unknown and refused.
type Severity uint8

// The severities.
const (
	SeverityUnknown Severity = iota
	SeverityPage             // now
	SeverityTicket           // within days
)

var severities = enum.Table[Severity]{Type: "health.Severity", Names: []string{"unknown", "page", "ticket"}}

// String is the severity's name.
func (s Severity) String() string { return severities.Text(s) }

// ParseSeverity reads a severity's name.
func ParseSeverity(s string) (Severity, error) { return severities.Parse(s) }

// MarshalText is the severity's name.
func (s Severity) MarshalText() ([]byte, error) { return severities.Marshal(s) }

// UnmarshalText reads a severity's name.
func (s *Severity) UnmarshalText(b []byte) error { return severities.Unmarshal(s, b) }

// Objective is what a service has promised of one metric: the share of good events,
// and how fast its error budget, the share 1-SLO, may burn. It says nothing of the
// release: a service that did not keep its SLO before will not with it either, and is
// called regressed all the same.
type Objective struct {
	// Metric is the name of the metric; it may have a [Baseline] too.
	Metric string `json:"metric"`
	// SLO is the share of events that are to be good, such as 0.999: above 0, below 1,
	// with at most nine decimals, which are taken exactly.
	SLO float64 `json:"slo"`
	// Rules are the burn rates that are too fast; none means [DefaultBurnRules].
	Rules []BurnRule `json:"rules"`
}

// BurnRule fires when the budget burns more than Burn times as fast as the SLO
// allows over Long and over Short, both: the share of bad events is above
// Burn x (1-SLO). Exactly at the limit it does not fire, as in the rules of The Site
// Reliability Workbook (Google, 2018), chapter 5, "Multiwindow, Multi-Burn-Rate
// Alerts"; events are compared as integers, so that the limit is met exactly.
//
// Both spans end with the newest window of the metric and are widened to whole
// windows: one that ended after the span's beginning counts whole. The rule is
// looked at from the time on that Short has passed since the first window began;
// until Long has passed too, Long is what there is so far, as a Prometheus range is.
// So a rollout that goes wrong at once is found after Short, earlier than a service
// with a good hour behind it. Time without data, within either, counts neither as
// good nor as bad.
//
// In a service that was fine before, a share eps of bad events fires the rule after
// Burn x (1-SLO)/eps x Long (the same chapter, "Alert on Burn Rate"). That is slow
// for small regressions and an error rate is not stated: one failed request of the
// only three in an hour fires, unless Events asks for more.
type BurnRule struct {
	// Burn is the multiple of the budget's rate; above 0, at most 1000, with at most
	// three decimals, which are taken exactly. Burn x (1-SLO) is below 1, because the
	// rule could never fire otherwise.
	Burn float64 `json:"burn"`
	// Long and Short are the two spans; 0 < Short < Long, at most 90 days.
	Long  time.Duration `json:"long"`
	Short time.Duration `json:"short"`
	// Severity is what the rule's alarm says; page or ticket.
	Severity Severity `json:"severity"`
	// Events is the least number of bad events within Long. 0 means 1.
	Events uint64 `json:"events"`
}

// DefaultBurnRules are those of The Site Reliability Workbook, table 5-8: 2 % of a
// 30-day budget in an hour (14.4 x) and 5 % in six (6 x) page, 10 % in three days
// (1 x) is a ticket. The caller owns them.
func DefaultBurnRules() []BurnRule {
	return []BurnRule{
		{Burn: 14.4, Long: time.Hour, Short: 5 * time.Minute, Severity: SeverityPage, Events: 1},
		{Burn: 6, Long: 6 * time.Hour, Short: 30 * time.Minute, Severity: SeverityPage, Events: 1},
		{Burn: 1, Long: 72 * time.Hour, Short: 6 * time.Hour, Severity: SeverityTicket, Events: 1},
	}
}

// maxSpan bounds the spans of rules, maxRules their number per objective.
const (
	maxSpan  = 90 * 24 * time.Hour
	maxRules = 16
)

// defaults is the objective with every zero field replaced, sharing nothing with o.
func (o Objective) defaults() Objective {
	if len(o.Rules) == 0 {
		o.Rules = DefaultBurnRules()
		return o
	}
	rules := make([]BurnRule, len(o.Rules))
	for i, r := range o.Rules {
		if r.Events == 0 {
			r.Events = 1
		}
		rules[i] = r
	}
	o.Rules = rules
	return o
}

// check lists the mistakes, with defaults in place.
func (o Objective) check() (errs []error) {
	o = o.defaults()
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("objective of %q: "+format, append([]any{o.Metric}, args...)...))
	}
	if o.Metric == "" || !utf8.ValidString(o.Metric) {
		bad("the metric's name is empty or not UTF-8")
	}
	budget, err := decimal(1-o.SLO, 1e9, 1e-6)
	if !(o.SLO > 0 && o.SLO < 1) || err != nil || budget == 0 {
		budget = 0
		bad("slo %v is not a share between 0 and 1 with at most nine decimals", o.SLO)
	}
	if len(o.Rules) > maxRules {
		bad("%d rules are more than %d", len(o.Rules), maxRules)
	}
	for i, r := range o.Rules {
		milli, err := decimal(r.Burn, 1e3, 1e-6)
		switch {
		case !(r.Burn > 0 && r.Burn <= 1000) || err != nil || milli == 0:
			bad("rule %d: burn %v is not between 0 and 1000 with at most three decimals", i, r.Burn)
		case milli*budget >= burnScale:
			bad("rule %d: %v x (1-%v) is not below 1, so it could never fire", i, r.Burn, o.SLO)
		}
		if r.Short <= 0 || r.Long <= r.Short || r.Long > maxSpan {
			bad("rule %d: the spans %v and %v are not 0 < short < long <= %v", i, r.Short, r.Long, maxSpan)
		}
		if r.Severity != SeverityPage && r.Severity != SeverityTicket {
			bad("rule %d: severity %v is neither page nor ticket", i, r.Severity)
		}
	}
	return errs
}

// decimal is v in units of 1/scale, if it is a whole number of them but for what a
// float64 cannot say.
func decimal(v, scale, slack float64) (uint64, error) {
	scaled := float64(v * scale)
	whole := math.Round(scaled)
	if !(whole >= 0 && whole <= 1<<52 && math.Abs(scaled-whole) <= slack) {
		return 0, fmt.Errorf("%v is no multiple of %v", v, 1/scale)
	}
	return uint64(whole), nil
}

// burnScale is the denominator of a burnLimit: thousandths times billionths.
const burnScale = 1_000_000_000_000

// burnLimit is Burn x (1-SLO) times burnScale: an integer, below burnScale.
type burnLimit uint64

// burnLimitOf is the limit of a rule that was checked.
func burnLimitOf(o Objective, r BurnRule) burnLimit {
	budget, _ := decimal(1-o.SLO, 1e9, 1e-6)
	milli, _ := decimal(r.Burn, 1e3, 1e-6)
	return burnLimit(milli * budget)
}

// exceeded reports whether the share of bad events is above the limit, exactly.
// No events are not above.
func (l burnLimit) exceeded(c Count) bool {
	badHi, badLo := bits.Mul64(c.Bad, burnScale)
	limitHi, limitLo := bits.Mul64(c.Total, uint64(l))
	return badHi > limitHi || badHi == limitHi && badLo > limitLo
}

// fires reports whether the rule fires of these two spans.
func (r BurnRule) fires(l burnLimit, long, short Count) bool {
	return long.Bad >= r.Events && l.exceeded(long) && l.exceeded(short)
}

// burnRate is how many times as fast as allowed the budget burns, to be read by people.
func burnRate(slo float64, c Count) float64 {
	return float64(c.Bad) / float64(c.Total) / (1 - slo)
}
