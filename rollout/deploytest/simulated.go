package deploytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// Simulated is a [rollout.Deployer] that only remembers. Nothing is deployed. Its
// zero value is a world in which nothing serves. Its JSON holds all of it, so that
// a simulation can go on in another process. It must not be copied.
type Simulated struct {
	mu    sync.Mutex
	world map[string]*simulated // by stream name
}

type simulated struct {
	// Serves is what served before the first action.
	Serves release.Ref `json:"serves,omitzero"`
	// Actions are those that had an effect, in order. The last is in force.
	Actions []rollout.Action `json:"actions,omitempty"`
}

func (s *Simulated) target(t rollout.Target) *simulated {
	if s.world == nil {
		s.world = map[string]*simulated{}
	}
	w := s.world[t.Stream()]
	if w == nil {
		w = &simulated{}
		s.world[t.Stream()] = w
	}
	return w
}

// Serve says what serves all of a target before the first action.
func (s *Simulated) Serve(t rollout.Target, r release.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.target(t).Serves = r
}

// Apply implements [rollout.Deployer].
func (s *Simulated) Apply(ctx context.Context, a rollout.Action) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if a.Fence == 0 || a.Key.IsZero() {
		return errors.New("deploytest: an action needs a fence and a key")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.target(a.Target)
	if n := len(w.Actions); n > 0 {
		switch last := w.Actions[n-1]; {
		case a.Fence < last.Fence || a.Fence == last.Fence && a.Key != last.Key:
			return fmt.Errorf("deploytest: fence %d after %d: %w", a.Fence, last.Fence, rollout.ErrFenced)
		case a.Fence == last.Fence:
			return nil
		}
	}
	a.Slices = slices.Clone(a.Slices)
	w.Actions = append(w.Actions, a)
	return nil
}

// Observe implements [rollout.Deployer].
func (s *Simulated) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	if err := ctx.Err(); err != nil {
		return rollout.Observed{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.target(t)
	o := rollout.Observed{Settled: true}
	rest := rollout.Share{Release: w.Serves.Digest, Slice: rollout.Slice{Percent: 100}}
	if n := len(w.Actions); n > 0 {
		last := w.Actions[n-1]
		o.Fence, rest.Release = last.Fence, last.Previous.Digest
		for _, slice := range last.Slices {
			o.Shares = append(o.Shares, rollout.Share{Release: last.Release.Digest, Slice: slice})
			if slice.Everything() {
				rest.Slice.Percent = 100 - slice.Percent
			}
		}
	}
	if !rest.Release.IsZero() && rest.Slice.Percent > 0 {
		o.Shares = append(o.Shares, rest)
	}
	return o, nil
}

// Effects are the actions on a target that had an effect, in order. The caller
// owns them.
func (s *Simulated) Effects(t rollout.Target) []rollout.Action {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.target(t).Actions)
}

// MarshalJSON is all of the simulated world.
func (s *Simulated) MarshalJSON() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Marshal(s.world)
}

// UnmarshalJSON replaces the simulated world. On error it stays as it was.
func (s *Simulated) UnmarshalJSON(b []byte) error {
	var world map[string]*simulated
	if err := json.Unmarshal(b, &world); err != nil {
		return fmt.Errorf("deploytest: %w", err)
	}
	for name, w := range world {
		if w == nil {
			return fmt.Errorf("deploytest: target %q is null", name)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world = world
	return nil
}
