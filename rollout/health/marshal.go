package health

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// formatVersion is the version of what MarshalBinary writes.
const formatVersion = 1

// maxState bounds what UnmarshalBinary reads: a year of minutes of ten metrics.
const maxState = 256 << 20

// state is the Monitor at rest. Float64s survive JSON exactly.
type state struct {
	Version   int       `json:"version"`
	Policy    Policy    `json:"policy"`
	Processes []process `json:"processes"`
	// Seen has a key and a mark for each sample, sorted by key.
	Seen      []byte  `json:"seen"`
	Regressed int     `json:"regressed,omitempty"`
	Peak      float64 `json:"peak,omitempty"`
	Broken    string  `json:"broken,omitempty"`
}

// MarshalBinary writes everything that the Monitor knows, its policy too, so that
// it goes on after a crash as if nothing had happened. The same Monitor gives the
// same bytes. They are JSON; their shape is versioned and not a promise.
func (m *Monitor) MarshalBinary() ([]byte, error) {
	if len(m.process) == 0 {
		return nil, errors.New("health: marshal: the monitor has no policy")
	}
	keys := make([]key, 0, len(m.seen))
	for k := range m.seen {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int { return bytes.Compare(a[:], b[:]) })
	s := state{Version: formatVersion, Policy: m.policy, Processes: m.process,
		Regressed: m.regressed, Peak: m.peak, Broken: m.broken}
	s.Seen = make([]byte, 0, len(keys)*(len(key{})+len(mark{})))
	for _, k := range keys {
		p := m.seen[k]
		s.Seen = append(append(s.Seen, k[:]...), p[:]...)
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("health: marshal: %w", err)
	}
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary wrote. On error m is not changed.
func (m *Monitor) UnmarshalBinary(b []byte) error {
	if len(b) > maxState {
		return fmt.Errorf("health: unmarshal: %d bytes are more than %d", len(b), maxState)
	}
	var s state
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return fmt.Errorf("health: unmarshal: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("health: unmarshal: something follows the state")
	}
	if s.Version != formatVersion {
		return fmt.Errorf("health: unmarshal: version %d is not %d", s.Version, formatVersion)
	}
	fresh, err := New(s.Policy)
	if err != nil {
		return fmt.Errorf("health: unmarshal: %w", err)
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("health: unmarshal: %w", err)
	}
	fresh.process, fresh.regressed, fresh.peak, fresh.broken = s.Processes, s.Regressed, s.Peak, s.Broken
	for rest := s.Seen; len(rest) > 0; {
		k, p := key(rest[:len(key{})]), mark(rest[len(key{}):len(key{})+len(mark{})])
		fresh.seen[k] = p
		rest = rest[len(k)+len(p):]
	}
	if logE, _ := fresh.evidence(); fresh.regressed == 0 && logE >= round(-math.Log(fresh.policy.Alpha)) {
		return errors.New("health: unmarshal: the evidence of a regression is there and the regression is not")
	}
	*m = *fresh
	return nil
}

// check reports what no Monitor could have written.
func (s *state) check() error {
	if len(s.Processes) != len(s.Policy.Metrics) {
		return fmt.Errorf("%d processes for %d metrics", len(s.Processes), len(s.Policy.Metrics))
	}
	if s.Regressed < 0 || s.Regressed > len(s.Processes) {
		return fmt.Errorf("regressed metric %d of %d", s.Regressed, len(s.Processes))
	}
	if (s.Regressed > 0) != (s.Peak >= round(-math.Log(s.Policy.Defaults().Alpha))) {
		return fmt.Errorf("peak %v does not go with regressed %d", s.Peak, s.Regressed)
	}
	for i, p := range s.Processes {
		if p.Canary.Bad > p.Canary.Total || p.Control.Bad > p.Control.Total {
			return fmt.Errorf("process %d counts more bad events than events", i)
		}
	}
	const entry = len(key{}) + len(mark{})
	if len(s.Seen)%entry != 0 {
		return fmt.Errorf("the list of samples is cut")
	}
	for i := entry; i < len(s.Seen); i += entry {
		if bytes.Compare(s.Seen[i-entry:i-entry+len(key{})], s.Seen[i:i+len(key{})]) >= 0 {
			return fmt.Errorf("the list of samples is not sorted at %d", i/entry)
		}
	}
	return nil
}

// MarshalJSON is MarshalBinary, so that a Monitor may be part of a JSON value.
func (m *Monitor) MarshalJSON() ([]byte, error) { return m.MarshalBinary() }

// UnmarshalJSON is UnmarshalBinary.
func (m *Monitor) UnmarshalJSON(b []byte) error { return m.UnmarshalBinary(b) }
