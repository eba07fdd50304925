package rollout

import (
	"time"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/release"
)

// Plan says how a release is exposed to a target. It is recorded when the
// rollout starts and never changes while it runs. [Plan.Validate] reports its
// mistakes.
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
	// one before, and the last to everything.
	Stages []Stage `json:"stages"`
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
	// be revoked.
	Gates []string `json:"gates,omitempty"`
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
}

// Slice is a part of the traffic: Percent of what matches all of the scopes that
// are set. A request in several slices follows the one with the highest percent.
type Slice struct {
	// Region, Cell and Cohort are the scopes, in the host's own words; "" is all of
	// them.
	Region string `json:"region,omitempty"`
	Cell   string `json:"cell,omitempty"`
	Cohort string `json:"cohort,omitempty"`
	// Percent is the share of the scope's traffic, in (0, 100].
	Percent float64 `json:"percent"`
}

// Everything reports whether the slice has no scope.
func (s Slice) Everything() bool { return s.Region == "" && s.Cell == "" && s.Cohort == "" }

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

// gates are the names to ask before stage i, each once: its own and those of all
// stages before.
func (p *Plan) gates(i int) []string {
	var names []string
	seen := map[string]bool{}
	for _, s := range p.Stages[:i+1] {
		for _, g := range s.Gates {
			if !seen[g] {
				seen[g] = true
				names = append(names, g)
			}
		}
	}
	return names
}
