package deploytest

import (
	"encoding/json"
	"fmt"

	"github.com/sallyport-dev/sallyport/rollout"
)

// MarshalJSON is all of the simulated world but for what is on its way.
func (s *Simulated) MarshalJSON() ([]byte, error) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrive(now)
	world := make(map[string]*simulated, len(s.world))
	for t, w := range s.world {
		world[t.Stream()] = w
	}
	return json.Marshal(world)
}

// UnmarshalJSON replaces the simulated world. On error it stays as it was.
func (s *Simulated) UnmarshalJSON(b []byte) error {
	var stored map[string]*simulated
	if err := json.Unmarshal(b, &stored); err != nil {
		return fmt.Errorf("deploytest: %w", err)
	}
	world := make(map[rollout.Target]*simulated, len(stored))
	for name, w := range stored {
		t, err := rollout.TargetOf(name)
		switch {
		case err != nil:
			return fmt.Errorf("deploytest: %w", err)
		case w == nil:
			return fmt.Errorf("deploytest: target %q is null", name)
		}
		world[t] = w
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world, s.flying = world, nil
	return nil
}
