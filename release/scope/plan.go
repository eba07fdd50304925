package scope

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// Plan is what a release means to change. Its patterns are matched as [Match] says.
type Plan struct {
	// Reason is why it is made, Outcome what is expected of it; both are required.
	Reason  string `json:"reason"`
	Outcome string `json:"outcome"`
	// FallBack is what is done when it goes wrong. Required.
	FallBack FallBack `json:"fallBack"`
	// Kinds are the kinds of change that it makes; at least one.
	Kinds []release.Kind `json:"kinds"`
	// Labels are the sensitive matters that it touches.
	Labels []release.Label `json:"labels,omitempty"`
	// Components are the parts of the system that it changes, by the names that
	// [Options.Components] has. Empty is any.
	Components []string `json:"components,omitempty"`
	// Paths are patterns of files, of [release.KindCode]. Empty is any.
	Paths []string `json:"paths,omitempty"`
	// Dependencies are patterns of purls without versions, of [release.KindDependency].
	Dependencies []string `json:"dependencies,omitempty"`
	// Resources are patterns of addresses, of [release.KindInfrastructure].
	Resources []string `json:"resources,omitempty"`
	// Settings are patterns of files with configuration, of [release.KindConfiguration].
	Settings []string `json:"settings,omitempty"`
	// Artifacts are patterns of names, of [release.KindArtifact].
	Artifacts []string `json:"artifacts,omitempty"`
}

// FallBack is what is done when a release goes wrong.
type FallBack struct {
	// Way is how.
	Way Way `json:"way"`
	// To is the release that is restored, where the way is back.
	To release.Ref `json:"to,omitzero"`
	// Steps say the rest, for people; required where the way is not back.
	Steps string `json:"steps,omitempty"`
}

// Way is a way to fall back. The zero value is unknown: nobody thought of it.
type Way uint8

// The ways.
const (
	WayUnknown Way = iota
	WayBack        // the release before is restored
	WayForward     // a newer release mends it
	WaySwitch      // a flag turns it off
	WayNone        // there is none: it cannot be undone
)

var ways = enum.Table[Way]{Type: "scope.Way", Names: []string{"unknown", "back", "forward", "switch", "none"}}

// String is the way's name.
func (w Way) String() string { return ways.Text(w) }

// ParseWay reads a way's name.
func ParseWay(s string) (Way, error) { return ways.Parse(s) }

// MarshalText is the way's name.
func (w Way) MarshalText() ([]byte, error) { return ways.Marshal(w) }

// UnmarshalText reads a way's name.
func (w *Way) UnmarshalText(b []byte) error { return ways.Unmarshal(w, b) }

// Limits of what is read.
const (
	MaxPlan     = 1 << 20 // bytes of a plan
	MaxPatterns = 10_000  // patterns in each of its lists
	MaxPattern  = 1_000   // bytes of a pattern
)

// Parse reads a plan, as JSON. Names that a plan does not have, and names that
// stand twice, are errors, as is a plan that [Plan.Validate] refuses.
func Parse(b []byte) (Plan, error) {
	var p Plan
	limits := strictjson.Limits{Package: "scope", Bytes: MaxPlan, Depth: 10, Names: 100, Elements: MaxPatterns}
	if err := strictjson.UnmarshalClosed(b, &p, limits, func(reflect.Type, []byte) bool { return false }); err != nil {
		return Plan{}, err
	}
	if err := p.Validate(); err != nil {
		return Plan{}, err
	}
	return p, nil
}

// Digest identifies the plan by its canonical bytes.
func (p *Plan) Digest() (release.Digest, error) {
	d, err := canon.Digest("sallyport.release.scope.v1", p)
	return release.Digest(d), err
}

// list is a plan's patterns of one kind of change.
type list struct {
	name     string
	kind     release.Kind
	patterns []string
}

// lists are all of them, in the order in which they are checked.
func (p *Plan) lists() []list {
	return []list{
		{"paths", release.KindCode, p.Paths}, {"dependencies", release.KindDependency, p.Dependencies},
		{"resources", release.KindInfrastructure, p.Resources}, {"settings", release.KindConfiguration, p.Settings},
		{"artifacts", release.KindArtifact, p.Artifacts},
	}
}

// Validate reports every mistake of the plan.
func (p *Plan) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("scope: "+format, args...)) }
	if p.Reason == "" {
		bad("no reason")
	}
	if p.Outcome == "" {
		bad("no expected outcome")
	}
	if len(p.Kinds) == 0 {
		bad("no kind of change")
	}
	for i, k := range p.Kinds {
		if k == "" {
			bad("kinds[%d] is empty", i)
		}
	}
	switch f := p.FallBack; {
	case f.Way == WayUnknown || int(f.Way) >= len(ways.Names):
		bad("fallBack.way is %s", f.Way)
	case f.Way == WayBack && f.To.Digest.IsZero():
		bad("fallBack.to names no release by its digest")
	case f.Way != WayBack && f.Steps == "":
		bad("fallBack.steps is empty, and the way is %s", f.Way)
	}
	for _, l := range p.lists() {
		if len(l.patterns) > 0 && !slices.Contains(p.Kinds, l.kind) {
			bad("%s has patterns, and kinds has no %q", l.name, l.kind)
		}
		if len(l.patterns) > MaxPatterns {
			bad("%s has more than %d patterns", l.name, MaxPatterns)
			continue
		}
		for i, pattern := range l.patterns {
			if err := checkPattern(pattern); err != nil {
				bad("%s[%d]: %w", l.name, i, err)
			}
		}
	}
	if len(p.Components) > 0 && !slices.Contains(p.Kinds, release.KindCode) {
		bad("components has names, and kinds has no %q", release.KindCode)
	}
	for i, c := range p.Components {
		if c == "" {
			bad("components[%d] is empty", i)
		}
	}
	for i, l := range p.Labels {
		if l == "" {
			bad("labels[%d] is empty", i)
		}
	}
	return errors.Join(errs...)
}
