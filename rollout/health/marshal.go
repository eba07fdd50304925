package health

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// formatVersion is the version of what MarshalBinary writes.
const formatVersion = 2

// maxState bounds what UnmarshalBinary reads: a year of minutes of ten metrics.
const maxState = 256 << 20

// MarshalBinary writes everything that the Monitor knows, its policy too, so that
// it goes on after a crash as if nothing had happened. The same Monitor gives the
// same bytes. They are JSON; their shape is versioned and not a promise.
func (m *Monitor) MarshalBinary() ([]byte, error) {
	if len(m.track) == 0 {
		return nil, errors.New("health: marshal: the monitor has no policy")
	}
	keys := make([]key, 0, len(m.seen))
	for k := range m.seen {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int { return bytes.Compare(a[:], b[:]) })
	s := state{Version: formatVersion, Policy: m.policy, Tracks: m.track, Window: m.window, Windows: m.windows, Found: m.found, Broken: m.broken}
	s.Seen = make([]byte, 0, len(keys)*(len(key{})+len(mark{})))
	for _, k := range keys {
		p := m.seen[k]
		s.Seen = append(append(s.Seen, k[:]...), p[:]...)
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("health: marshal: %w", err)
	}
	if len(b) > maxState {
		return nil, fmt.Errorf("health: marshal: %d bytes are more than the %d that are read back", len(b), maxState)
	}
	return b, nil
}

// same reports that m would not be written as it was, up to white space: a field is
// missing, stands twice, or has more in it than was understood.
func (m *Monitor) same(b []byte) error {
	var was bytes.Buffer
	if err := json.Compact(&was, b); err != nil {
		return err
	}
	now, err := m.MarshalBinary()
	if err != nil {
		return err
	}
	if !bytes.Equal(was.Bytes(), now) {
		return errors.New("the state is not one that a monitor has written")
	}
	return nil
}

// UnmarshalBinary reads what MarshalBinary wrote, and refuses what no Monitor can have
// written. It cannot know that the numbers are the right ones: keep them where only
// the host writes. On error m is not changed.
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
	if err := s.check(fresh); err != nil {
		return fmt.Errorf("health: unmarshal: %w", err)
	}
	fresh.track, fresh.window, fresh.windows, fresh.found, fresh.broken = s.Tracks, s.Window, s.Windows, s.Found, s.Broken
	for i := range fresh.track {
		t := &fresh.track[i]
		t.logE = make([]float64, max(1, len(t.Processes)))
		t.stake = make([]float64, len(t.logE))
		if t.Means != nil {
			t.logE[0] = fresh.worseMeans(i, t.Means)
		}
		for j := range t.Processes {
			t.logE[j] = t.Processes[j].Worse.evidence()
		}
		t.doubt, _ = t.Checks.evidence()
	}
	for rest := s.Seen; len(rest) > 0; {
		k, p := key(rest[:len(key{})]), mark(rest[len(key{}):len(key{})+len(mark{})])
		fresh.seen[k] = p
		rest = rest[len(k)+len(p):]
	}
	if logE, _ := fresh.evidence(); fresh.found.Metric == 0 && !(logE < fresh.need()) {
		return errors.New("health: unmarshal: the evidence of a regression is there and the regression is not")
	}
	if doubt, _ := fresh.doubt(); fresh.broken == "" && !(doubt < fresh.need()) {
		return errors.New("health: unmarshal: the evidence of a broken measurement is there and the fault is not")
	}
	if err := fresh.same(b); err != nil {
		return fmt.Errorf("health: unmarshal: %w", err)
	}
	*m = *fresh
	return nil
}

// MarshalJSON is MarshalBinary, so that a Monitor may be part of a JSON value.
func (m *Monitor) MarshalJSON() ([]byte, error) { return m.MarshalBinary() }

// UnmarshalJSON is UnmarshalBinary.
func (m *Monitor) UnmarshalJSON(b []byte) error { return m.UnmarshalBinary(b) }
