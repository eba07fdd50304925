package backtest

import (
	"slices"

	"github.com/sallyport-dev/sallyport/risk"
)

// Effect is what one part of the policy, a rule or the decision table, would have
// blocked: raised to the gate or above.
type Effect struct {
	// Rule is the rule's id, "table" for the table, which has no Version.
	Rule    string `json:"rule"`
	Version int    `json:"version,omitempty"`
	// Hypothetical says that the policy does not have it.
	Hypothetical bool `json:"hypothetical,omitempty"`
	// Found is in how many releases it found anything.
	Found int `json:"found"`
	// Raised are the releases that it would have blocked, whatever else did.
	Raised Load `json:"raised"`
	// Only are those that nothing else in the policy would have blocked: what is lost
	// without the rule, or gained with it if it is hypothetical.
	Only Load `json:"only"`
	// Waived are those of which a waiver took a finding below the gate, and no other of the
	// rule's held.
	Waived Load `json:"waived"`
}

// tablePart is the name of the decision table among the rules; no rule may have it.
const tablePart = "table"

type part struct {
	partKey
	hypothetical bool
}

type partKey struct {
	rule    string
	version int
}

// part is the index of a part of the policy.
func (t *trial) part(rule string, version int, hypothetical bool) uint32 {
	k := partKey{rule, version}
	i, ok := t.index[k]
	if !ok {
		i = uint32(len(t.parts))
		t.parts = append(t.parts, part{k, hypothetical})
		t.index[k] = i
	}
	return i
}

// attribute says which parts raised a release to the gate.
func (t *trial) attribute(r *row, a *risk.Assessment, hits []risk.Hit) {
	note := func(list *[]uint32, i uint32) {
		if !slices.Contains(*list, i) {
			*list = append(*list, i)
		}
	}
	switch {
	case a.Table.Effective() >= t.o.Gate:
		note(&r.raised, 0)
	case a.TableWaived != "" && a.TableFrom.Effective() >= t.o.Gate:
		note(&r.waived, 0)
	}
	for i := range hits {
		h := &hits[i]
		p := t.part(h.Rule, h.Version, false)
		note(&r.found, p)
		switch {
		case h.Floor.Effective() >= t.o.Gate:
			note(&r.raised, p)
		case h.Waived != "" && h.From.Effective() >= t.o.Gate:
			note(&r.waived, p)
		}
	}
	r.waived = slices.DeleteFunc(r.waived, func(p uint32) bool { return slices.Contains(r.raised, p) })
}

// effects counts for each part what it raised.
func (t *trial) effects(o Outcomes) []Effect {
	out := make([]Effect, len(t.parts))
	for i, p := range t.parts {
		out[i] = Effect{Rule: p.rule, Version: p.version, Hypothetical: p.hypothetical}
	}
	for i := range t.rows {
		r := &t.rows[i]
		for _, p := range r.found {
			out[p].Found++
		}
		for _, p := range r.waived {
			out[p].Waived.add(r.state)
		}
		own := 0
		for _, p := range r.raised {
			if !t.parts[p].hypothetical {
				own++
			}
		}
		for _, p := range r.raised {
			out[p].Raised.add(r.state)
			if t.parts[p].hypothetical && r.tier < t.o.Gate || !t.parts[p].hypothetical && own == 1 {
				out[p].Only.add(r.state)
			}
		}
	}
	for i := range out {
		for _, l := range []*Load{&out[i].Raised, &out[i].Only, &out[i].Waived} {
			l.finish(len(t.rows), o, t.o.Level)
		}
	}
	return out
}
