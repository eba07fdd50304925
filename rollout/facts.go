package rollout

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Facts are the answers to [Questions], and what became of an attempt to apply
// the pending action. They are recorded with each decision that rests on them.
type Facts struct {
	// Now is when the questions were asked, Actor which engine asked. They are the
	// record's time and actor.
	Now   time.Time `json:"-"`
	Actor string    `json:"-"`

	// Gates are the gates' answers, in the order in which they were asked.
	Gates []GateAnswer `json:"gates,omitempty"`
	// Health, Applied and Observed are nil where nothing was asked or attempted. Slices
	// are health's answers where it is asked about each slice, in the order of the
	// questions.
	Health   *HealthAnswer  `json:"health,omitempty"`
	Slices   []HealthAnswer `json:"slices,omitempty"`
	Applied  *Applied       `json:"applied,omitempty"`
	Observed *Observation   `json:"observed,omitempty"`
}

// GateAnswer is a gate's result, or the error that kept it from one.
type GateAnswer struct {
	// Gate is the gate's name in the plan.
	Gate string `json:"gate"`
	// Result is what it answered; it means nothing where Error is not "".
	Result GateResult `json:"result"`
	Error  string     `json:"error,omitempty"`
}

// Verdict is the gate's, and hold for an error or anything unknown.
func (a GateAnswer) Verdict() release.Verdict {
	if v := a.Result.Verdict; a.Error == "" && (v == release.VerdictAllow || v == release.VerdictDeny) {
		return v
	}
	return release.VerdictHold
}

// HealthAnswer is the health source's verdict, or the error that kept it from one.
type HealthAnswer struct {
	// Verdict is what it said; it means nothing where Error is not "".
	Verdict health.Verdict `json:"verdict"`
	Error   string         `json:"error,omitempty"`
	// Slice is the slice that it is about; nil for the whole stage.
	Slice *Slice `json:"slice,omitempty"`
}

// regressed reports whether health says so.
func (a *HealthAnswer) regressed() bool {
	return a != nil && a.Error == "" && a.Verdict.Kind == health.KindRegressed
}

// meets reports whether the answer is enough for the rule.
func (a *HealthAnswer) meets(rule HealthRule) bool {
	if rule == HealthIgnored {
		return true
	}
	if a == nil || a.Error != "" || a.Verdict.NoData {
		return false
	}
	return a.Verdict.Kind == health.KindHealthy || rule == HealthWatched && a.Verdict.Kind == health.KindUndecided
}

// String is what people read.
func (a *HealthAnswer) String() string {
	switch {
	case a == nil:
		return "health was not asked"
	case a.Slice != nil:
		whole := *a
		whole.Slice = nil
		return fmt.Sprintf("%v: %v", a.Slice, &whole)
	case a.Error != "":
		return "health gave no verdict: " + a.Error
	case a.Verdict.NoData:
		return "health has no data: " + a.Verdict.Why
	}
	return "health is " + a.Verdict.Kind.String() + ": " + a.Verdict.Why
}

// Applied is what an attempt to apply the action with this fence returned.
type Applied struct {
	// Fence is the action's. Error is the deployer's, "" if it returned none; either
	// way, only an observation shows that the action is done.
	Fence uint64 `json:"fence"`
	Error string `json:"error,omitempty"`
}

// Observation is what the deployer observed, or the error that kept it from it.
type Observation struct {
	Observed
	// Error is why nothing could be seen; Observed then means nothing.
	Error string `json:"error,omitempty"`
}

// seen reports why nothing was seen.
func (o *Observation) seen() error {
	switch {
	case o == nil:
		return errors.New("rollout: production was not observed")
	case o.Error != "":
		return fmt.Errorf("rollout: observe: %s", o.Error)
	}
	return nil
}

// check is [Action.Check] of an observation that may be missing.
func (o *Observation) check(a Action) error {
	if err := o.seen(); err != nil {
		return err
	}
	return a.Check(o.Observed)
}

// checkBase is check of what several releases may share in any way: those that other
// rollouts left, and a's previous one.
func (o *Observation) checkBase(a Action, left []release.Digest) error {
	if err := o.seen(); err != nil {
		return err
	}
	for _, s := range o.Shares {
		if s.Slice.Percent != 0 && (s.Release.IsZero() || s.Release != a.Previous.Digest && !slices.Contains(left, s.Release)) {
			return fmt.Errorf("rollout: another release, %s, serves %v", s.Release, s.Slice)
		}
	}
	switch {
	case o.Unfenced == 0 && o.Fence > a.Fence:
		return fmt.Errorf("rollout: fence %d has overtaken the action's fence %d", o.Fence, a.Fence)
	case !o.Settled:
		return errors.New("rollout: a change is still under way")
	}
	return nil
}

// regressed reports whether health calls the release worse, anywhere.
func (f Facts) regressed() bool { return f.Health.regressed() || len(f.regressedSlices()) > 0 }

// regressedSlices are the answers that say that a slice is worse.
func (f Facts) regressedSlices() []*HealthAnswer {
	var out []*HealthAnswer
	for i := range f.Slices {
		if f.Slices[i].regressed() {
			out = append(out, &f.Slices[i])
		}
	}
	return out
}

// about is f as far as it is about s, in a form that can be recorded: an attempt
// at another action than the pending one says nothing, texts are clipped, and a
// verdict that has no encoding is an error instead.
func (f Facts) about(s State) Facts {
	r := s.Rollout
	if f.Applied != nil && (r == nil || r.Pending == nil || r.Pending.Action.Fence != f.Applied.Fence) {
		f.Applied, f.Observed = nil, nil
	}
	if f.Applied != nil {
		f.Applied = &Applied{Fence: f.Applied.Fence, Error: clip(f.Applied.Error)}
	}
	if f.Observed != nil {
		o := *f.Observed
		o.Error = clip(o.Error)
		if bad := badShares(o.Shares); bad != "" {
			o = Observation{Error: bad}
		}
		o.Shares = append([]Share(nil), o.Shares...)
		f.Observed = &o
	}
	if f.Health != nil {
		f.Health = f.Health.clean()
	}
	parts := f.Slices
	f.Slices = nil
	for _, h := range parts {
		f.Slices = append(f.Slices, *h.clean())
	}
	gates := f.Gates
	f.Gates = nil
	for _, g := range gates {
		f.Gates = append(f.Gates, g.clean())
	}
	return f
}

// badShares says why shares cannot be recorded. What is too large for a record
// must not keep a rollback from being recorded.
func badShares(shares []Share) string {
	const most = 512 << 10 // bytes of JSON; the other answers take up to 7.2 MB of a record
	size := 0
	for _, s := range shares {
		if !finite(s.Slice.Percent) {
			return "a share is no number"
		}
		size += 200
		for _, name := range s.Slice.names() {
			if !utf8.ValidString(name) {
				return "a share is of a part whose name is no text"
			}
			size += 6 * len(name) // as many as JSON may take
		}
	}
	if size <= most {
		return ""
	}
	if b, err := json.Marshal(shares); err != nil || len(b) > most {
		return fmt.Sprintf("%d shares are more than a record holds", len(shares))
	}
	return ""
}

// clipList is as many of the names as a quarter of a text holds: a record has the
// answers of many slices.
func clipList(names []string) []string {
	var out []string
	for size := 0; len(out) < len(names); {
		name := clip(names[len(out)])
		if size += len(name); size > maxText/4 {
			break
		}
		out = append(out, name)
	}
	return out
}

// finite reports whether JSON has v.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func (a HealthAnswer) clean() *HealthAnswer {
	if a.regressed() {
		// A regression counts whatever its numbers; they are for people.
		if !finite(a.Verdict.LogE) {
			a.Verdict.LogE = 0
		}
		if !finite(a.Verdict.LogCertificate) {
			a.Verdict.LogCertificate = 0
		}
	}
	switch {
	case a.Error != "":
		return &HealthAnswer{Error: clip(a.Error), Slice: a.Slice}
	case a.Verdict.Kind > health.KindInvalid:
		return &HealthAnswer{Error: fmt.Sprintf("the verdict's kind is %v", a.Verdict.Kind), Slice: a.Slice}
	case !finite(a.Verdict.LogE) || !finite(a.Verdict.LogCertificate):
		return &HealthAnswer{Error: "the verdict's evidence is no finite number", Slice: a.Slice}
	}
	v := &a.Verdict
	v.Why, v.Metric = clip(v.Why), clip(v.Metric)
	if in := v.Interval; in != nil && !(finite(in.Low) && finite(in.High) && finite(in.Level)) {
		v.Interval = nil
	}
	v.Guilty = clipList(v.Guilty)
	return &a
}

func (a GateAnswer) clean() GateAnswer {
	a.Result.Retry = a.Result.Retry.UTC().Round(0)
	switch year := a.Result.Retry.Year(); {
	case a.Error != "":
		return GateAnswer{Gate: a.Gate, Error: clip(a.Error)}
	case a.Result.Verdict > release.VerdictAllow:
		return GateAnswer{Gate: a.Gate, Error: fmt.Sprintf("the verdict is %v", a.Result.Verdict)}
	case year < 1 || year > 9999:
		a.Result.Retry = time.Time{}
	}
	reason := &a.Result.Reason
	reason.Code, reason.Subject, reason.Text = clip(reason.Code), clip(reason.Subject), clip(reason.Text)
	const maxRefs = 100
	reason.Refs = append([]release.Digest(nil), reason.Refs[:min(len(reason.Refs), maxRefs)]...)
	return a
}

// reason is why the gate says what it says, for people and records.
func (a GateAnswer) reason() release.Reason {
	why := release.Reason{Code: "rollout/gate-" + a.Verdict().String(), Subject: a.Gate, Refs: a.Result.Reason.Refs}
	switch {
	case a.Error != "":
		why.Text = "no verdict: " + a.Error
	case a.Result.Reason.Text != "":
		why.Text = a.Result.Reason.Text
	default:
		why.Text = "no reason given"
	}
	return why
}

// gist is what must differ for an answer to be worth recording by itself.
func (f Facts) gist() (health, gates string) {
	if h := f.Health; h != nil {
		health = fmt.Sprint(h.Verdict.Kind, h.Verdict.NoData, h.Error != "")
	}
	var b strings.Builder
	for _, h := range f.Slices {
		health += fmt.Sprint(h.Slice, h.Verdict.Kind, h.Verdict.NoData, h.Error != "")
	}
	for _, g := range f.Gates {
		fmt.Fprintf(&b, "%q %v %q %v;", g.Gate, g.Verdict(), g.Result.Reason.Code, g.Error != "")
	}
	return health, b.String()
}

// summary is the sentence that the facts' record carries.
func (f Facts) summary() string {
	var parts []string
	for _, g := range f.Gates {
		parts = append(parts, fmt.Sprintf("gate %s: %v", g.Gate, g.Verdict()))
	}
	if f.Health != nil {
		parts = append(parts, f.Health.String())
	}
	if n := len(f.Slices); n > 0 {
		bad := f.regressedSlices()
		parts = append(parts, fmt.Sprintf("health of %d slices, %d of them regressed", n, len(bad)))
		if len(bad) > 0 {
			parts = append(parts, bad[0].String())
		}
	}
	if a := f.Applied; a != nil {
		parts = append(parts, fmt.Sprintf("applied fence %d", a.Fence))
		if a.Error != "" {
			parts[len(parts)-1] += " with error: " + a.Error
		}
	}
	if o := f.Observed; o != nil {
		switch {
		case o.Error != "":
			parts = append(parts, "observe: "+o.Error)
		default:
			parts = append(parts, fmt.Sprintf("observed fence %d", o.Fence))
		}
	}
	if len(parts) == 0 {
		return "nothing had to be asked"
	}
	return strings.Join(parts, "; ")
}
