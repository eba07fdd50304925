package rollout

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/release"
)

// ErrFenced is what a [Deployer] returns for an action that was overtaken: its
// fence is below the highest seen, or it is another action with the same fence.
var ErrFenced = errors.New("rollout: the action was overtaken by a later one")

// Deployer changes what serves. The host implements it, and proves it with
// package deploytest. Its methods may be called at once by several processes.
//
// Apply and Observe of one target must be atomic against each other as far as
// fences go: once Observe has reported a fence, no action with a lower one may
// have any effect. This, and not any lease or timeout, is what keeps a message
// that was late from bringing a canary back after a rollback.
type Deployer interface {
	// Apply makes the release serve exactly the action's slices and the previous
	// release all the rest.
	//
	// It is idempotent on Key: the engine applies an action again until it is
	// observed, after a crash or a timeout too. It refuses with [ErrFenced], and
	// without any effect, an action whose Fence is below the highest that the target
	// has seen, and one with the highest fence and another Key, also where it would change
	// nothing. It must remember the highest fence of a target at least as durably as what
	// serves. An action that is repeated is done again where production is no longer what
	// it says: nothing else makes up for that.
	//
	// Apply may return before everything has settled. An error says nothing about
	// what happened.
	Apply(ctx context.Context, a Action) error
	// Observe reports what serves now, as seen in production and not as ordered.
	// What it cannot see it must not leave out: that is an error.
	Observe(ctx context.Context, t Target) (Observed, error)
}

// Unfenced is what a [Deployer] declares that cannot compare fences, as one that only
// sets weights at a load balancer. Its Apply does what the action says each time it is
// called, whatever keys it has seen: what came late and undid a rollback is undone by
// the same action again. Package deploytest shows whether it does. With one that takes a
// known key for done, a rollback that was undone stays open until somebody takes the
// release away by hand.
//
// The engine then looks before it acts and again afterwards, repeats no exposure over what
// somebody else has done, compares no fences, keeps what takes the release away open until
// it was seen to last for MaxLatency, and records with each observation that the guarantee
// is the weaker one: a message that comes later than MaxLatency brings back what was taken
// away, and nothing refuses it.
//
// An exposure that comes late, after a wider one was observed, narrows production again.
// The engine cannot tell it from what somebody does on purpose: the rollout holds, with
// the difference in [Rollout.Drift], until somebody puts production right or aborts.
type Unfenced interface {
	Deployer
	// MaxLatency is how long after its start a call of Apply, also one that failed or
	// timed out, may still have an effect. It must be above zero, and at most 24 hours.
	MaxLatency() time.Duration
}

// maxLatency bounds what an [Unfenced] deployer may declare.
const maxLatency = 24 * time.Hour

// ActionKind says what an action does.
type ActionKind uint8

// The kinds of actions.
const (
	ActionUnknown  ActionKind = iota
	ActionExpose              // show the release to a stage
	ActionRollback            // take the release away everywhere
	ActionWithdraw            // take the release away from some of the stage's slices
)

var actionKinds = enum.Table[ActionKind]{Type: "rollout.ActionKind", Names: []string{"unknown", "expose", "rollback", "withdraw"}}

// String is the kind's name.
func (k ActionKind) String() string { return actionKinds.Text(k) }

// ParseActionKind reads a kind's name.
func ParseActionKind(s string) (ActionKind, error) { return actionKinds.Parse(s) }

// MarshalText is the kind's name.
func (k ActionKind) MarshalText() ([]byte, error) { return actionKinds.Marshal(k) }

// UnmarshalText reads a kind's name.
func (k *ActionKind) UnmarshalText(b []byte) error { return actionKinds.Unmarshal(k, b) }

// Action is what a deployer is asked to do. It describes a state of the target,
// not a difference, so doing it twice is the same as doing it once.
type Action struct {
	// Target is what is changed, Kind whether the release is shown or taken away.
	Target Target     `json:"target"`
	Kind   ActionKind `json:"kind"`
	// Release gets exactly Slices. A rollback has none.
	Release release.Ref `json:"release"`
	// Previous gets everything else; if it is zero, nothing serves the rest.
	Previous release.Ref `json:"previous,omitzero"`
	// Stage names the stage; a rollback has none.
	Stage string `json:"stage,omitempty"`
	// Slices are the release's whole part of the traffic, not what is added to it.
	Slices []Slice `json:"slices,omitempty"`
	// Whole says that several slices are all there is: then nothing else may serve.
	Whole bool `json:"whole,omitempty"`
	// Key identifies the action.
	Key release.Digest `json:"key"`
	// Fence is the number of the record that ordered the action. It rises from
	// action to action, and from rollout to rollout, of one target.
	Fence uint64 `json:"fence"`
}

// actionKey identifies the action that record seq of a stream orders.
func actionKey(stream string, seq uint64) release.Digest {
	d, err := canon.Digest("sallyport.rollout.action.v1", []string{stream, fmt.Sprint(seq)})
	if err != nil {
		panic("rollout: two strings have no canonical form: " + err.Error()) // cannot happen
	}
	return release.Digest(d)
}

// Observed is what serves a target.
type Observed struct {
	// Shares say who serves what. A scope in which only one release serves has one
	// share of 100 percent. No shares mean that nothing serves.
	Shares []Share `json:"shares,omitempty"`
	// Fence is the highest fence that the target has seen, 0 if none.
	Fence uint64 `json:"fence"`
	// Settled is set when no change is under way.
	Settled bool `json:"settled"`
	// Served is how many requests, or users, the action's release has served since it was
	// first exposed, if the host counts them; nil if not. Only [Budget.Served] needs it.
	Served *uint64 `json:"served,omitempty"`
	// Unfenced is set by the engine from [Unfenced].MaxLatency: fences mean nothing, and
	// an effect may come this late. Deployers leave it zero.
	Unfenced time.Duration `json:"unfenced,omitempty"`
}

// Share is a release's part of the traffic of one scope. Percent is the share
// that is in effect by configuration, not one measured from requests.
type Share struct {
	// Release is what serves Slice. Zero says that it is not known, which shows no
	// action as done.
	Release release.Digest `json:"release"`
	Slice   Slice          `json:"slice"`
}

// percentSlack is how far an observed percent may be from the ordered one, and
// never by more than a tenth of it: room for a deployer that keeps shares in
// thousandths.
const percentSlack = 0.05

// Check reports why o does not show that the action is done, or nil. It is done
// when its fence is the highest, nothing is under way, the release serves exactly
// the slices of the action, and the previous one, but nothing else, is seen beside
// it; how much of the rest the previous one serves is not added up. A rollback, and a
// stage that exposes everything, need more: every share must be all of its scope and of
// the one release.
func (a Action) Check(o Observed) error {
	switch {
	case o.Unfenced == 0 && o.Fence < a.Fence:
		return fmt.Errorf("rollout: the highest fence seen is %d, the action's is %d", o.Fence, a.Fence)
	case o.Unfenced == 0 && o.Fence > a.Fence:
		return fmt.Errorf("rollout: fence %d has overtaken the action's fence %d", o.Fence, a.Fence)
	case !o.Settled:
		return errors.New("rollout: a change is still under way")
	}
	var got []Slice
	previous := 0
	for _, s := range o.Shares {
		switch {
		case !(s.Slice.Percent >= 0 && s.Slice.Percent <= 100+percentSlack):
			return fmt.Errorf("rollout: %v is no share", s.Slice)
		case s.Slice.Percent == 0:
		case s.Release.IsZero():
			return fmt.Errorf("rollout: nobody knows what serves %v", s.Slice)
		case s.Release == a.Release.Digest:
			got = append(got, s.Slice)
		case s.Release == a.Previous.Digest:
			previous++
			if len(a.Slices) == 0 && s.Slice.Percent < 100-percentSlack {
				return fmt.Errorf("rollout: the previous release serves only %v", s.Slice)
			}
		default:
			return fmt.Errorf("rollout: another release, %s, serves %v", s.Release, s.Slice)
		}
	}
	if a.Whole && previous > 0 {
		return errors.New("rollout: the previous release still serves")
	}
	if !a.Whole && !a.everything() && !a.Previous.IsZero() && previous == 0 {
		return errors.New("rollout: the previous release serves nothing")
	}
	if a.everything() {
		return a.checkEverything(got, previous)
	}
	return sameSlices(a.Slices, got)
}

// everything reports whether the release gets all traffic.
func (a Action) everything() bool {
	return len(a.Slices) == 1 && a.Slices[0].Everything() && a.Slices[0].Percent == 100
}

// checkEverything lets a deployer report all traffic scope by scope.
func (a Action) checkEverything(got []Slice, previous int) error {
	if previous > 0 {
		return errors.New("rollout: the previous release still serves")
	}
	if len(got) == 0 {
		return errors.New("rollout: the release serves nothing")
	}
	for _, s := range got {
		if s.Percent < 100-percentSlack {
			return fmt.Errorf("rollout: the release serves only %v", s)
		}
	}
	return nil
}

func sameSlices(want, got []Slice) error {
	if len(want) != len(got) {
		return fmt.Errorf("rollout: the release serves %v instead of %v", got, want)
	}
	scopes := map[Slice]float64{}
	for _, g := range got {
		scopes[g.scope()] = g.Percent
	}
	for _, w := range want {
		if have, ok := scopes[w.scope()]; !ok || math.Abs(have-w.Percent) > min(percentSlack, w.Percent/10) {
			return fmt.Errorf("rollout: the release serves %v instead of %v", got, want)
		}
	}
	return nil
}
