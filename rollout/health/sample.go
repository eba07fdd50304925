package health

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Count counts events of one side in one window.
type Count struct {
	// Bad are the events that went wrong: errors, timeouts, answers slower than an
	// edge. Total are all events, the bad ones among them.
	Bad   uint64 `json:"bad"`
	Total uint64 `json:"total"`
}

// maxCount bounds the events of one side of one window: beyond it a float64
// cannot count.
const maxCount = 1 << 53

// Sample is one closed window of one metric, in one stratum. It is final: a
// window that may still grow must not be added yet.
type Sample struct {
	// ID names the window, such as the RFC 3339 time at which it began. A sample with
	// the same Metric, Stratum and ID as an earlier one counts once, so that a
	// window may be read again after a crash.
	ID string `json:"id"`
	// Metric is the name of one of the policy's metrics.
	Metric string `json:"metric"`
	// Stratum is the part of the traffic, such as a region and an endpoint, within
	// which canary and control are alike. It may be empty.
	Stratum string `json:"stratum,omitempty"`
	// Canary counts the new release's events, Control those of the one beside it.
	Canary  Count `json:"canary"`
	Control Count `json:"control"`
}

// fault says what is impossible about the counts, or "".
func (s Sample) fault() string {
	for _, c := range [...]struct {
		side string
		Count
	}{{"canary", s.Canary}, {"control", s.Control}} {
		if c.Bad > c.Total {
			return fmt.Sprintf("sample %q of %q: %s counts %d bad of %d", s.ID, s.Metric, c.side, c.Bad, c.Total)
		}
		if c.Total > maxCount {
			return fmt.Sprintf("sample %q of %q: %s counts %d events, more than %d", s.ID, s.Metric, c.side, c.Total, uint64(maxCount))
		}
	}
	return ""
}

// A key identifies a sample, a mark its content. Both are cut SHA-256: a
// Monitor remembers every sample that it has seen, for days, in 24 bytes each.
type (
	key  [16]byte
	mark [8]byte
)

func (s Sample) key() key {
	buf := make([]byte, 0, 128)
	for _, part := range [...]string{s.Metric, s.Stratum, s.ID} {
		buf = binary.AppendUvarint(buf, uint64(len(part)))
		buf = append(buf, part...)
	}
	h := sha256.Sum256(buf)
	return key(h[:16])
}

func (s Sample) mark() mark {
	var buf [32]byte
	for i, v := range [...]uint64{s.Canary.Bad, s.Canary.Total, s.Control.Bad, s.Control.Total} {
		binary.BigEndian.PutUint64(buf[8*i:], v)
	}
	h := sha256.Sum256(buf[:])
	return mark(h[:8])
}
