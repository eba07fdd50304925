package health

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
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
	// ID names the window, such as by [Window.ID]. A sample with the same Metric,
	// Stratum and ID as an earlier one counts once, so that a window may be read again
	// after a crash. Samples with the same ID that follow each other are one window.
	ID string `json:"id"`
	// Metric is the name of one of the policy's metrics.
	Metric string `json:"metric"`
	// Stratum is the part of the traffic, such as a region and an endpoint, within
	// which canary and control are alike. It may be empty.
	Stratum string `json:"stratum,omitempty"`
	// Canary counts the new release's events, Control those of the one beside it. Of a
	// metric with edges or means, only Total counts and Bad must be 0.
	Canary  Count `json:"canary"`
	Control Count `json:"control"`
	// CanarySlow and ControlSlow count, for a metric with Edges, the events that were
	// slower than each edge, in the order of the edges: they cannot grow from one edge
	// to the next.
	CanarySlow  []uint64 `json:"canarySlow,omitempty"`
	ControlSlow []uint64 `json:"controlSlow,omitempty"`
	// CanaryMean and ControlMean are, for a metric with Mean, the means of the window.
	// They are not read unless both sides have a Total. Such a metric has no strata.
	CanaryMean  float64 `json:"canaryMean,omitempty"`
	ControlMean float64 `json:"controlMean,omitempty"`
	// Twin counts the events of a part of the old release that is handled as the canary
	// is (started as late, as large, routed alike), and is not counted in Control:
	// control against control. It may be empty. It is for metrics that count bad events.
	Twin Count `json:"twin,omitzero"`
	// Share is the part of Canary's and Control's requests that the canary should have,
	// as they are routed. Above 0 and below 1; if zero, it is not checked. The
	// measurement is called invalid where the ratio of the two sides' requests is off by
	// more than 1.5 times for long, after the warm-up. Requests that come together are
	// allowed for: ten count as one, and a window as a hundred at most. Leave it out where
	// more than ten requests of a client follow each other on a service with few clients,
	// and where clients stay with the release that they began with.
	Share float64 `json:"share,omitempty"`
}

// fault says what is impossible about the sample, or "".
func (s *Sample) fault(m *Metric) string {
	here := func(format string, args ...any) string {
		return fmt.Sprintf("sample %q of %q: ", s.ID, s.Metric) + fmt.Sprintf(format, args...)
	}
	for i, c := range [...]Count{s.Canary, s.Control, s.Twin} {
		side := [...]string{"canary", "control", "twin"}[i]
		if c.Bad > c.Total {
			return here("%s counts %d bad of %d", side, c.Bad, c.Total)
		}
		if c.Total > maxCount {
			return here("%s counts %d events, more than %d", side, c.Total, uint64(maxCount))
		}
	}
	switch {
	case !(s.Share >= 0 && s.Share < 1):
		return here("the canary's share %v is not between 0 and 1", s.Share)
	case (len(m.Edges) > 0 || m.Mean) && s.Canary.Bad+s.Control.Bad+s.Twin.Total > 0:
		return here("the metric counts no bad events")
	case len(s.CanarySlow) != len(m.Edges) || len(s.ControlSlow) != len(m.Edges):
		return here("%d and %d slow counts for %d edges", len(s.CanarySlow), len(s.ControlSlow), len(m.Edges))
	case !m.Mean && (s.CanaryMean != 0 || s.ControlMean != 0):
		return here("the metric has no mean")
	case m.Mean && s.Stratum != "":
		return here("a metric of means has no strata")
	case m.Mean && s.Canary.Total > 0 && s.Control.Total > 0 && meanFault(s.CanaryMean, s.ControlMean) != "":
		return here("%s", meanFault(s.CanaryMean, s.ControlMean))
	}
	for i, slow := range [...][]uint64{s.CanarySlow, s.ControlSlow} {
		last := [...]Count{s.Canary, s.Control}[i].Total
		for j, v := range slow {
			if v > last {
				return here("%d events of the %s are slower than %v, and only %d than less", v, [...]string{"canary", "control"}[i], m.Edges[j], last)
			}
			last = v
		}
	}
	return ""
}

// A key identifies a sample, a mark its content: a Monitor remembers every sample
// that it has seen, for days, in 24 bytes each. The key is a cut SHA-256; the mark
// only tells a window that was read again from one that has changed.
type (
	key  [16]byte
	mark [8]byte
)

func (s *Sample) key() key {
	var space [256]byte
	buf := space[:0]
	for _, part := range [...]string{s.Metric, s.Stratum, s.ID} {
		buf = binary.AppendUvarint(buf, uint64(len(part)))
		buf = append(buf, part...)
	}
	h := sha256.Sum256(buf)
	return key(h[:16])
}

func (s *Sample) mark() (out mark) {
	h := uint64(0x9e3779b97f4a7c15)
	mix := func(v uint64) {
		h = (h ^ v) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	for _, c := range [...]Count{s.Canary, s.Control, s.Twin} {
		mix(c.Bad)
		mix(c.Total)
	}
	for _, slow := range [...][]uint64{s.CanarySlow, s.ControlSlow} {
		mix(uint64(len(slow)))
		for _, v := range slow {
			mix(v)
		}
	}
	mix(math.Float64bits(s.CanaryMean))
	mix(math.Float64bits(s.ControlMean))
	mix(math.Float64bits(s.Share))
	binary.BigEndian.PutUint64(out[:], h)
	return out
}
