package plan

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// anywhere are the words by which network rules name everyone, anyone those by
// which access rules do.
var (
	anywhere = []string{"0.0.0.0", "*", "Internet", "Any", "any"}
	anyone   = []string{"allUsers", "allAuthenticatedUsers", "public-read", "public-read-write", "authenticated-read", "http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}
)

// everywhere reports whether a text has a range of addresses that is larger than any
// private one.
func everywhere(s string) bool {
	if len(s) > 10_000 || !strings.Contains(s, "/") {
		return false
	}
	return slices.ContainsFunc(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(", ;", r) }), func(s string) bool {
		p, err := netip.ParsePrefix(s)
		return err == nil && (p.Bits() < 7 || p.Bits() < 8 && p.Addr().Is4())
	})
}

// opened reports whether after lets everyone in where before did not: by a range of
// addresses under any name, or by a word for all under a name of networks.
func (l lexicon) opened(before, after *value, steps []step) bool {
	var way facets
	word := true
	if n := len(steps); n > 0 {
		way = steps[n-1].about
		word = !ports(steps[n-1].name)
	}
	if way&(outward|tagged) != 0 || !l.open(after, way, word) {
		return false
	}
	if !l.open(before, way, word) {
		return true
	}
	// Both do. One more rule that does is new all the same.
	old, now := before.list(), after.list()
	if len(old)*len(now) > 1<<16 {
		return true
	}
	return slices.ContainsFunc(now, func(v value) bool {
		return v.kind == strictjson.Object && l.open(&v, way, word) && !slices.ContainsFunc(old, func(o value) bool { return equal(&o, &v) })
	})
}

// open reports whether everyone is named in v, but for what leads out.
func (l lexicon) open(v *value, way facets, word bool) bool {
	switch {
	case v == nil:
		return false
	case v.kind == strictjson.String:
		return everywhere(v.text) || word && way&network != 0 && slices.Contains(anywhere, v.text)
	case v.leadsOut():
		return false
	}
	return slices.ContainsFunc(v.items, func(v value) bool { return l.open(&v, way, word) }) ||
		slices.ContainsFunc(v.members, func(m member) bool {
			of := l.of(m.name)
			return of&(outward|tagged) == 0 && l.open(&m.value, way|of, !ports(m.name))
		})
}

// ports reports whether a name is one under which "*" means all ports or protocols.
func ports(name string) bool {
	return strings.Contains(name, "port") || strings.Contains(name, "protocol")
}

// leadsOut reports whether a rule says of itself that it is for what goes out.
func (v *value) leadsOut() bool {
	for _, name := range []string{"type", "direction"} {
		if t := v.get(name); t != nil && (strings.EqualFold(t.text, "egress") || strings.EqualFold(t.text, "outbound")) {
			return true
		}
	}
	return false
}

// names reports whether one of texts stands in v.
func names(v *value, texts []string) bool {
	return search(v, func(s string) bool { return slices.Contains(texts, s) })
}

func search(v *value, ok func(string) bool) bool {
	if v == nil {
		return false
	}
	if v.kind == strictjson.String && ok(v.text) {
		return true
	}
	return slices.ContainsFunc(v.items, func(v value) bool { return search(&v, ok) }) ||
		slices.ContainsFunc(v.members, func(m member) bool { return search(&m.value, ok) })
}

// grants are the sweeping things that a policy document allows.
type grants struct{ everyone, everything, unclear bool }

// grantsOf looks at all policy documents in v: JSON with statements as AWS and
// others write it. What looks like one and cannot be read may grant anything.
func grantsOf(v *value) grants {
	var g grants
	search(v, func(s string) bool {
		if t := strings.TrimSpace(s); strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[") {
			left := MaxNodes
			doc, err := build([]byte(t), &left)
			if err != nil {
				g.unclear = true
			} else {
				g.statements(doc)
			}
		}
		return false
	})
	return g
}

// fold is a member whatever the case of its name, or nil.
func (v *value) fold(name string) *value {
	if v != nil {
		for i := range v.members {
			if strings.EqualFold(v.members[i].name, name) {
				return &v.members[i].value
			}
		}
	}
	return nil
}

// statements goes through everything that could be a statement.
func (g *grants) statements(v *value) {
	for i := range v.items {
		g.statements(&v.items[i])
	}
	if v.kind == strictjson.String {
		g.everyone = g.everyone || slices.Contains(anyone, v.text)
	}
	if v.kind == strictjson.Object {
		if effect := v.fold("Effect"); effect != nil && effect.text != "Deny" {
			g.everyone = g.everyone || names(v.fold("Principal"), []string{"*"}) || v.fold("NotPrincipal") != nil
			g.everything = g.everything || names(v.fold("Action"), []string{"*", "*:*", "iam:*"}) || v.fold("NotAction") != nil
			return
		}
		for i := range v.members {
			g.statements(&v.members[i].value)
		}
	}
}
