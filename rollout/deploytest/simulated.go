package deploytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// Simulated is a [rollout.Deployer] that only remembers. Nothing is deployed. Its
// zero value is a world in which nothing serves and every call is done at once. It
// keeps to the contract whatever [Fate] does to calls. Its JSON holds what serves, so
// that a simulation can go on in another process. It must not be copied.
type Simulated struct {
	// Fate says what becomes of a call. If nil, each is done at once. It may call the
	// simulation's methods, but then sees calls of its own.
	Fate func(Call) Fate
	// Now is the clock. If nil, time.Now, which testing/synctest turns.
	Now func() time.Time
	// Sleep is how a caller waits for what takes time. If nil, by a timer. One that goes
	// with Now turns that clock.
	Sleep func(ctx context.Context, d time.Duration) error

	mu     sync.Mutex
	world  map[rollout.Target]*simulated
	flying []*message // what was sent and has not arrived
	tally  Tally
}

// Tally counts what came of the calls of a simulated deployer.
type Tally struct {
	// Calls are all calls of Apply and Observe.
	Calls int
	// Effects were done. Repeats were of the action that was done last, and Refused ones
	// were overtaken.
	Effects, Repeats, Refused int
}

// simulated is one target.
type simulated struct {
	// Serves is what served before the first action.
	Serves release.Ref `json:"serves,omitzero"`
	// Actions are those that had an effect, in order.
	Actions []effect `json:"actions,omitempty"`
	// Drifted is what serves instead, if somebody else made it.
	Drifted *release.Ref `json:"drifted,omitempty"`
	// Blind is set when it cannot be seen what serves. Broken is set when the next
	// action ends half-way.
	Blind  bool `json:"blind,omitempty"`
	Broken bool `json:"broken,omitempty"`
}

// effect is an action that was accepted.
type effect struct {
	rollout.Action
	// Settled is when the effect is complete; zero is at once.
	Settled time.Time `json:"settled,omitzero"`
	// Half is set when it ended half-way.
	Half bool `json:"half,omitempty"`
}

// complete reports whether the effect is.
func (e effect) complete(now time.Time) bool { return !e.Half && !e.Settled.After(now) }

func (s *Simulated) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func (s *Simulated) target(t rollout.Target) *simulated {
	if s.world == nil {
		s.world = map[rollout.Target]*simulated{}
	}
	w := s.world[t]
	if w == nil {
		w = &simulated{}
		s.world[t] = w
	}
	return w
}

// change changes a target, after all that has arrived before.
func (s *Simulated) change(t rollout.Target, f func(*simulated)) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrive(now)
	f(s.target(t))
}

// Serve says what serves all of a target before the first action.
func (s *Simulated) Serve(t rollout.Target, r release.Ref) {
	s.change(t, func(w *simulated) { w.Serves = r })
}

// Drift makes r serve all of a target, as a repair by hand would: the deployer has
// ordered nothing. The next action, also one that is repeated, makes up for it.
func (s *Simulated) Drift(t rollout.Target, r release.Ref) {
	s.change(t, func(w *simulated) { w.Drifted = &r })
}

// Blind says whether it cannot be seen what serves a target. Observe is an error then.
func (s *Simulated) Blind(t rollout.Target, blind bool) {
	s.change(t, func(w *simulated) { w.Blind = blind })
}

// Break has the next action on a target end half-way: it is accepted, its fence is
// seen, but it does not settle until it is repeated.
func (s *Simulated) Break(t rollout.Target) {
	s.change(t, func(w *simulated) { w.Broken = true })
}

// Crash ends the deployer's process and starts it again. What has not arrived is lost:
// who waits for it gets an error in the end. What serves stays, and with it the highest
// fence.
func (s *Simulated) Crash() {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrive(now)
	for _, m := range s.flying {
		m.err = errors.New("deploytest: the simulated deployer has crashed")
	}
	s.flying = nil
}

// Apply implements [rollout.Deployer].
func (s *Simulated) Apply(ctx context.Context, a rollout.Action) error {
	return s.send(ctx, a, 0)
}

// Observe implements [rollout.Deployer].
func (s *Simulated) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	if err := s.look(ctx, t); err != nil {
		return rollout.Observed{}, err
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrive(now)
	w := s.target(t)
	if w.Blind {
		return rollout.Observed{}, fmt.Errorf("deploytest: %v cannot be seen", t)
	}
	return w.observed(now), nil
}

// observed is what serves at now.
func (w *simulated) observed(now time.Time) rollout.Observed {
	o := rollout.Observed{Settled: true}
	serving := -1
	for i, e := range w.Actions {
		if e.complete(now) {
			serving = i
		}
	}
	if n := len(w.Actions); n > 0 {
		o.Fence, o.Settled = w.Actions[n-1].Fence, w.Actions[n-1].complete(now)
	}
	rest := rollout.Share{Release: w.Serves.Digest, Slice: rollout.Slice{Percent: 100}}
	switch {
	case w.Drifted != nil:
		rest.Release = w.Drifted.Digest
	case serving >= 0:
		a := w.Actions[serving]
		rest.Release = a.Previous.Digest
		for _, slice := range a.Slices {
			o.Shares = append(o.Shares, rollout.Share{Release: a.Release.Digest, Slice: slice})
			if slice.Everything() {
				rest.Slice.Percent = 100 - slice.Percent
			}
		}
		if a.Whole {
			rest.Slice.Percent = 0
		}
	}
	if !rest.Release.IsZero() && rest.Slice.Percent > 0 {
		o.Shares = append(o.Shares, rest)
	}
	return o
}

// Effects are the actions on a target that had an effect, in order. The caller
// owns them.
func (s *Simulated) Effects(t rollout.Target) []rollout.Action {
	var out []rollout.Action
	s.change(t, func(w *simulated) {
		for _, e := range w.Actions {
			e.Slices = slices.Clone(e.Slices)
			out = append(out, e.Action)
		}
	})
	return out
}

// Tally says what came of the calls so far.
func (s *Simulated) Tally() Tally {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrive(now)
	return s.tally
}
