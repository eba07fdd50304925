package inventory

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// identity is which package something is: two versions of one package have the
// same.
type identity struct {
	pkg  release.PURL
	side string // the qualifiers that tell apart what is installed side by side, encoded
}

// apart are the qualifiers that are part of what a thing is.
var apart = []string{"arch", "classifier", "os", "platform", "type"}

func identify(p release.PURL) identity {
	id := identity{pkg: p.Package()}
	for q := range strings.SplitSeq(query(p), "&") {
		if key, _, _ := strings.Cut(q, "="); slices.Contains(apart, key) {
			id.side += q + "&"
		}
	}
	return id
}

// query is the qualifiers of a purl as they stand there, sorted and encoded.
func query(p release.PURL) string {
	if strings.IndexByte(string(p), '?') < 0 {
		return ""
	}
	s, _, _ := strings.Cut(string(p), "#")
	_, q, _ := strings.Cut(s, "?")
	return q
}

// sides is what tells a thing apart, for people.
func sides(id identity, p release.PURL) string {
	if id.side == "" {
		return ""
	}
	var parts []string
	for _, key := range apart {
		if v := p.Qualifier(key); v != "" {
			parts = append(parts, key+" "+release.Text(v).String())
		}
	}
	return place(release.Text(strings.Join(parts, ", ")))
}

// qualified calls f with the qualifiers that differ between two purls, sorted by
// key; those that are part of what a thing is do not.
func qualified(was, is release.PURL, f func(key string, was, is release.Text)) {
	a, b := query(was), query(is)
	if a == b {
		return
	}
	x, y := pairs(a), pairs(b)
	for len(x) > 0 || len(y) > 0 {
		var one, other pair
		switch c := comparePairs(x, y); {
		case c < 0:
			one, x = x[0], x[1:]
		case c > 0:
			other, y = y[0], y[1:]
		default:
			one, other, x, y = x[0], y[0], x[1:], y[1:]
		}
		if one.value != other.value {
			f(cmp.Or(one.key, other.key), one.text(), other.text())
		}
	}
}

// pair is a qualifier, its value encoded.
type pair struct{ key, value string }

func (p pair) text() release.Text {
	if v, err := url.PathUnescape(p.value); err == nil {
		return release.Text(v)
	}
	return release.Text(p.value)
}

// pairs are qualifiers, sorted by key.
func pairs(query string) []pair {
	var out []pair
	for q := range strings.SplitSeq(query, "&") {
		if key, value, _ := strings.Cut(q, "="); key != "" {
			out = append(out, pair{key, value})
		}
	}
	slices.SortStableFunc(out, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	return out
}

// comparePairs says which of two lists goes on with the lower key; the end is above
// all.
func comparePairs(x, y []pair) int {
	switch {
	case len(x) == 0:
		return 1
	case len(y) == 0:
		return -1
	}
	return strings.Compare(x[0].key, y[0].key)
}

// distinct are the components, sorted, with those that are the same thing made one.
// The list itself stays as it is.
func distinct(list []release.Component) []release.Component {
	sorted := true
	for i := 1; i < len(list) && sorted; i++ {
		sorted = compareComponents(&list[i-1], &list[i]) < 0
	}
	if !sorted {
		list = slices.Clone(list)
		slices.SortFunc(list, func(a, b release.Component) int { return compareComponents(&a, &b) })
	}
	for i := 1; i < len(list); i++ {
		if same(&list[i-1], &list[i]) {
			return unite(list)
		}
	}
	return list
}

// same reports whether two entries are the same content from the same place.
func same(a, b *release.Component) bool {
	return a.PURL == b.PURL && a.Origin == b.Origin && a.Integrity == b.Integrity && a.Digest == b.Digest
}

// unite makes neighbours that are the same thing one entry.
func unite(list []release.Component) []release.Component {
	out := make([]release.Component, 0, len(list))
	for i := range list {
		if n := len(out); n > 0 && same(&out[n-1], &list[i]) {
			out[n-1] = both(out[n-1], list[i])
		} else {
			out = append(out, list[i])
		}
	}
	return out
}

// both is what is true of a component that stands in two places: of relation and
// scope, what reaches farthest, where unknown reaches as far as the farthest.
func both(a, b release.Component) release.Component {
	if a.Relation != b.Relation {
		// Direct in one place is direct; unknown and transitive may be direct.
		if a.Relation == release.RelationDirect || b.Relation == release.RelationDirect {
			a.Relation = release.RelationDirect
		} else {
			a.Relation = release.RelationUnknown
		}
	}
	if a.Scope != b.Scope {
		if a.Scope == release.ScopeRuntime || b.Scope == release.ScopeRuntime {
			a.Scope = release.ScopeRuntime
		} else {
			a.Scope = min(a.Scope, b.Scope)
		}
	}
	a.License = allOf(a.License, b.License)
	a.InstallScript = a.InstallScript || b.InstallScript
	return a
}

// allOf is the licence of what declares both, as an SPDX expression.
func allOf(a, b string) string {
	var operands []string
	for _, s := range []string{a, b} {
		switch {
		case s == "":
		case !strings.ContainsAny(s, "()") && !strings.Contains(s, " OR "):
			operands = append(operands, strings.Split(s, " AND ")...)
		case strings.HasPrefix(s, "(") && strings.Count(s, "(") == 1 && strings.HasSuffix(s, ")"):
			operands = append(operands, s)
		default:
			operands = append(operands, "("+s+")")
		}
	}
	if len(operands) == 0 || a == b {
		return a
	}
	slices.Sort(operands)
	return strings.Join(slices.Compact(operands), " AND ")
}
