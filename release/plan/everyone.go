package plan

import (
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// anywhere are the texts by which network rules name everyone, anyone those by
// which access rules do.
var (
	anywhere = []string{"0.0.0.0/0", "::/0", "0.0.0.0", "*", "Internet", "Any", "any", "0.0.0.0/1", "128.0.0.0/1"}
	anyone   = []string{"allUsers", "allAuthenticatedUsers", "public-read", "public-read-write", "authenticated-read", "http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}
)

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
