package rollout

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout/calendar"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Plan says how a release is exposed to a target. It is recorded when the
// rollout starts and never changes while it runs. [Plan.Validate] reports its
// mistakes.
//
// In JSON, durations are nanoseconds. A program that reads plans which people write uses
// [encoding/json.Decoder.DisallowUnknownFields], or a name that is misspelt is passed over,
// and with it what it asks for.
type Plan struct {
	// Target is the service and environment that it is for.
	Target Target `json:"target"`
	// Release is what is rolled out, pinned by digest.
	Release release.Ref `json:"release"`
	// Previous is what serves now and what a rollback restores, pinned by digest.
	// It may be zero only with First.
	Previous release.Ref `json:"previous,omitzero"`
	// First declares that nothing serves yet. A rollback then leaves nothing serving.
	First bool `json:"first,omitempty"`
	// Stages are exposed one after another; each shows the release to more than the
	// one before, and the last to everything. The last one's bake is the watch: only
	// what has come through it becomes the target's last known good release.
	Stages []Stage `json:"stages"`
	// Authors are who wrote what Release changes. They cannot approve it.
	Authors []release.Actor `json:"authors,omitempty"`
	// Health is the policy by which health is judged: which metrics, how much worse matters,
	// how sure one must be. Health sources are handed it, [HealthQuery].Policy; as a part of
	// the plan it cannot change while the rollout runs. If nil, the source has its own.
	Health *health.Policy `json:"health,omitempty"`
	// Calendar says when the release may be exposed to more; nil is always. Going back
	// needs no calendar.
	Calendar *calendar.Calendar `json:"calendar,omitempty"`
	// Budget bounds what is exposed before everything is; the zero value does not.
	Budget Budget `json:"budget,omitzero"`
	// After are the releases that other targets must have, and be well with, before
	// this one is exposed to more. If one of them is taken back, so is this one.
	After []Dependency `json:"after,omitempty"`
	// Dependents are the targets whose plans have this one in After. They are taken
	// back before this one is: it waits for those on their way, and is held while one of
	// them serves what rests on it and does not go back.
	Dependents []Target `json:"dependents,omitempty"`
	// DependentsWait bounds how long a rollback waits for dependents that are being
	// taken back or cannot be read. If zero, 10 minutes. It must be more than what these
	// wait for their own dependents ([Order] checks it), and more than the MaxLatency of a
	// deployer that cannot fence ([Unfenced]).
	DependentsWait time.Duration `json:"dependentsWait,omitempty"`
	// RollbackGates are names of gates that are asked before the release is taken back:
	// whether Previous may serve again, with what is known of it now. Only a deny keeps
	// it from that, and only until somebody aborts: a regression is known harm, and an
	// answer that cannot be had is not.
	RollbackGates []string `json:"rollbackGates,omitempty"`
	// Overridable are the names of gates whose hold [Engine.Override] may lift, built-in
	// ones and "rollout/health" among them. A gate of RollbackGates may be overridden
	// when it denies.
	Overridable []string `json:"overridable,omitempty"`
	// Superseding says whether another release may take this one's place before it ends.
	Superseding Superseding `json:"superseding,omitempty"`
	// Poll is how long to wait before health, gates or the deployer are asked again
	// when nothing else sets the time. If zero, 15 seconds.
	Poll time.Duration `json:"poll,omitempty"`
}

// Stage is one step of a rollout.
type Stage struct {
	// Name is unique in the plan.
	Name string `json:"name"`
	// Slices are all that the release gets in this stage, not what it gets in
	// addition. Each slice of the stage before must be covered.
	Slices []Slice `json:"slices"`
	// Percent is the share of all the target's traffic that Slices come to, in
	// (0, 100]: what the plan's author counts on, and what events tell. If zero and
	// the only slice is of everything, that slice's percent.
	Percent float64 `json:"percent,omitempty"`
	// Internal declares that only one's own people and machines are in Slices. No
	// slice of everything is, and nothing that contains a public stage.
	Internal bool `json:"internal,omitempty"`
	// Gates are names of gates that must allow before this stage is exposed. They
	// are asked again before every later stage, so that what was allowed once can
	// be revoked. Names that begin with "rollout/" are the built-in ones.
	Gates []string `json:"gates,omitempty"`
	// Approvals is how many people must have approved this stage by [Engine.Approve]
	// before it and every later one is exposed. Who started the rollout and the plan's
	// authors do not count, nor does anybody twice.
	Approvals int `json:"approvals,omitempty"`
	// AnyTime lets the stage be exposed when the plan's calendar is closed.
	AnyTime bool `json:"anyTime,omitempty"`
	// Irreversible declares that what this stage exposes cannot be taken back: an update
	// on people's phones, a migrated database. It needs gates or approvals of its own.
	// From its order on nothing is rolled back: what would have done so holds the
	// rollout, and an abort ends it where it stands. [Engine.RollForward] is the way out.
	Irreversible bool `json:"irreversible,omitempty"`
	// PerSlice asks health about each slice by itself. The stage is healthy when all are.
	PerSlice bool `json:"perSlice,omitempty"`
	// MaxWithdrawn is how many slices may be taken back by themselves when health says
	// that the release is worse there. The rollout then waits to be resumed, which
	// exposes them again, or aborted. One more takes everything back, and so does the
	// first while the stage is not observed yet. It needs PerSlice, and slices that do not
	// overlap.
	MaxWithdrawn int `json:"maxWithdrawn,omitempty"`
	// MinBake is the least time between the observed exposure and the next stage.
	MinBake time.Duration `json:"minBake,omitempty"`
	// MaxBake bounds how long the stage may be undecided, from the observed exposure,
	// or from the order to expose where that was never observed. Afterwards
	// OnUndecided says what happens; promoting is not among it. Zero sets no bound.
	MaxBake time.Duration `json:"maxBake,omitempty"`
	// Health says what health must have said before the next stage. The zero value
	// is as strict as HealthRequired.
	Health HealthRule `json:"health,omitempty"`
	// OnUndecided is what happens at MaxBake. The zero value holds.
	OnUndecided OnUndecided `json:"onUndecided,omitempty"`
	// OnNoData is what happens at MaxBake when health has no data or gave no verdict.
	// The zero value is as OnUndecided.
	OnNoData OnUndecided `json:"onNoData,omitempty"`
}

// Slice is a part of the traffic: Percent of what matches all of the scopes that
// are set. A request in several slices follows the one with the highest percent.
type Slice struct {
	// Environment, Region, Cell and Cohort are the scopes, in the host's own words; ""
	// is all of them. Environment is one of those that the target's environment stands
	// for, where one rollout goes through several.
	Environment string `json:"environment,omitempty"`
	Region      string `json:"region,omitempty"`
	Cell        string `json:"cell,omitempty"`
	Cohort      string `json:"cohort,omitempty"`
	// Percent is the share of the scope's traffic, in (0, 100].
	Percent float64 `json:"percent"`
}

// Everything reports whether the slice has no scope.
func (s Slice) Everything() bool { return s.scope() == Slice{} }

// apart reports whether no request can be in both: they name different parts of
// the same kind.
func (s Slice) apart(t Slice) bool {
	differ := func(a, b string) bool { return a != "" && b != "" && a != b }
	return differ(s.Environment, t.Environment) || differ(s.Region, t.Region) || differ(s.Cell, t.Cell) || differ(s.Cohort, t.Cohort)
}

// names are the scopes that are set, each with its kind.
func (s Slice) names() iter.Seq2[string, string] {
	return func(yield func(kind, name string) bool) {
		for _, f := range [...]struct{ kind, name string }{{"environment", s.Environment}, {"region", s.Region}, {"cell", s.Cell}, {"cohort", s.Cohort}} {
			if f.name != "" && !yield(f.kind, f.name) {
				return
			}
		}
	}
}

// String is "5 % of region eu, cohort staff".
func (s Slice) String() string {
	text := fmt.Sprintf("%g %%", s.Percent)
	sep := " of "
	for kind, name := range s.names() {
		text += sep + kind + " " + name
		sep = ", "
	}
	return text
}

// scope is the slice without its percent.
func (s Slice) scope() Slice {
	s.Percent = 0
	return s
}

// Share is the share of all traffic that the release gets in the stage, in percent.
func (s Stage) Share() float64 {
	if s.Percent == 0 && len(s.Slices) == 1 && s.Slices[0].Everything() {
		return s.Slices[0].Percent
	}
	return s.Percent
}

// HealthRule says what health must have said before a stage is left for a wider
// one. Under every rule but HealthIgnored a regression rolls back, and a source
// that fails, has no data or is invalid holds.
type HealthRule uint8

// The rules.
const (
	HealthUnset    HealthRule = iota // as HealthRequired
	HealthRequired                   // health says healthy
	HealthWatched                    // health has data and does not say regressed: time decides
	HealthIgnored                    // health is not asked: a regression is not seen
)

var healthRules = enum.Table[HealthRule]{Type: "rollout.HealthRule", Names: []string{"unset", "required", "watched", "ignored"}}

// String is the rule's name.
func (r HealthRule) String() string { return healthRules.Text(r) }

// ParseHealthRule reads a rule's name.
func ParseHealthRule(s string) (HealthRule, error) { return healthRules.Parse(s) }

// MarshalText is the rule's name.
func (r HealthRule) MarshalText() ([]byte, error) { return healthRules.Marshal(r) }

// UnmarshalText reads a rule's name.
func (r *HealthRule) UnmarshalText(b []byte) error { return healthRules.Unmarshal(r, b) }

// OnUndecided is what happens to a stage that is still undecided at MaxBake.
type OnUndecided uint8

// The choices. None of them promotes.
const (
	UndecidedUnset    OnUndecided = iota // as UndecidedHold
	UndecidedHold                        // wait on: health may still decide, or somebody aborts
	UndecidedRollback                    // roll back
)

var onUndecided = enum.Table[OnUndecided]{Type: "rollout.OnUndecided", Names: []string{"unset", "hold", "rollback"}}

// String is the choice's name.
func (o OnUndecided) String() string { return onUndecided.Text(o) }

// ParseOnUndecided reads a choice's name.
func ParseOnUndecided(s string) (OnUndecided, error) { return onUndecided.Parse(s) }

// MarshalText is the choice's name.
func (o OnUndecided) MarshalText() ([]byte, error) { return onUndecided.Marshal(o) }

// UnmarshalText reads a choice's name.
func (o *OnUndecided) UnmarshalText(b []byte) error { return onUndecided.Unmarshal(o, b) }

// Superseding says what becomes of a rollout when another release is to take its
// place before it ends.
type Superseding uint8

// The choices.
const (
	SupersedingUnset    Superseding = iota // as SupersedingRefused
	SupersedingRefused                     // [Engine.Supersede] is refused with [ErrBusy]
	SupersedingTakeBack                    // it is taken back, and then the other one begins
)

var supersedings = enum.Table[Superseding]{Type: "rollout.Superseding", Names: []string{"unset", "refused", "take back"}}

// String is the choice's name.
func (v Superseding) String() string { return supersedings.Text(v) }

// ParseSuperseding reads a choice's name.
func ParseSuperseding(s string) (Superseding, error) { return supersedings.Parse(s) }

// MarshalText is the choice's name.
func (v Superseding) MarshalText() ([]byte, error) { return supersedings.Marshal(v) }

// UnmarshalText reads a choice's name.
func (v *Superseding) UnmarshalText(b []byte) error { return supersedings.Unmarshal(v, b) }

// Digest identifies the plan by its canonical bytes.
func (p Plan) Digest() (release.Digest, error) {
	d, err := canon.Digest("sallyport.rollout.plan.v1", p)
	return release.Digest(d), err
}

const defaultPoll = 15 * time.Second

func (p *Plan) poll() time.Duration {
	if p.Poll == 0 {
		return defaultPoll
	}
	return p.Poll
}

// last is the index of the stage that exposes everything.
func (p *Plan) last() int { return len(p.Stages) - 1 }

// index is the index of the stage of this name, -1 if there is none.
func (p *Plan) index(stage string) int {
	return slices.IndexFunc(p.Stages, func(s Stage) bool { return s.Name == stage })
}

// irreversible reports whether the stages up to i cannot be taken back.
func (p *Plan) irreversible(i int) bool {
	return slices.ContainsFunc(p.Stages[:i+1], func(s Stage) bool { return s.Irreversible })
}
