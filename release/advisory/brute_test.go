package advisory_test

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/advisory"
	"github.com/sallyport-dev/sallyport/release/version"
)

// What follows evaluates each version against each advisory as the schema's section
// "Evaluation" has it: no index, nothing prepared, no purls.

type doc struct {
	Schema    string   `json:"schema_version,omitempty"`
	ID        string   `json:"id"`
	Modified  string   `json:"modified,omitempty"`
	Published string   `json:"published,omitempty"`
	Withdrawn string   `json:"withdrawn,omitempty"`
	Aliases   []string `json:"aliases,omitempty"`
	Upstream  []string `json:"upstream,omitempty"`
	Related   []string `json:"related,omitempty"`
	Summary   string   `json:"summary,omitempty"`
	Severity  []score  `json:"severity,omitempty"`
	Affected  []entry  `json:"affected,omitempty"`
}

type score struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

type entry struct {
	Package  name           `json:"package,omitzero"`
	Ranges   []rng          `json:"ranges,omitempty"`
	Versions []string       `json:"versions,omitempty"`
	Specific map[string]any `json:"ecosystem_specific,omitempty"`
}

type name struct {
	Ecosystem string `json:"ecosystem"`
	Name      string `json:"name"`
	PURL      string `json:"purl,omitempty"`
}

type rng struct {
	Type   string              `json:"type"`
	Repo   string              `json:"repo,omitempty"`
	Events []map[string]string `json:"events"`
}

// thing is a component, in parts.
type thing struct{ kind, name, version, distro string }

func (c thing) purl() release.PURL {
	p, err := release.NewPURL(c.kind, c.name, c.version)
	if err != nil {
		panic(err)
	}
	if c.distro != "" {
		if p, err = release.ParsePURL(string(p) + "?distro=" + c.distro); err != nil {
			panic(err)
		}
	}
	return p
}

// kinds are the purl types of the ecosystems in these tests.
var kinds = map[string]string{"Go": "golang", "npm": "npm", "PyPI": "pypi", "Debian": "deb", "Maven": "maven", "GitHub Actions": "github"}

func pep503(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '_' || r == '.' {
			return '-'
		}
		return r
	}, s)
	for strings.Contains(s, "--") {
		s = strings.ReplaceAll(s, "--", "-")
	}
	return s
}

func (c thing) is(p name) bool {
	base, _, _ := strings.Cut(p.Ecosystem, ":")
	kind, ok := kinds[base]
	if !ok { // of no type that is known: of any
		last := c.name[strings.LastIndexByte(c.name, '/')+1:]
		return strings.EqualFold(p.Name, c.name) || strings.EqualFold(p.Name, last)
	}
	n := p.Name
	switch base {
	case "Maven":
		n = strings.Replace(n, ":", "/", 1)
	case "Debian":
		n = "debian/" + n
	case "PyPI":
		return c.kind == kind && strings.EqualFold(pep503(n), pep503(c.name))
	}
	return c.kind == kind && strings.EqualFold(n, c.name)
}

const (
	no      = release.AnswerNo
	yes     = release.AnswerYes
	unknown = release.AnswerUnknown
)

// or is yes if any is, else unknown if any is.
func or(a, b release.Answer) release.Answer {
	switch {
	case a == yes || b == yes:
		return yes
	case a == unknown || b == unknown:
		return unknown
	}
	return no
}

// affects answers for one entry of affected.
func (c thing) affected(e entry) release.Answer {
	base, suffix, _ := strings.Cut(e.Package.Ecosystem, ":")
	out := c.inEntry(e, base)
	if suffix != "" && base == "Debian" && out != no {
		codename := map[string]string{"bookworm": "12", "bullseye": "11"}
		is := strings.TrimPrefix(c.distro, "debian-")
		if n, ok := codename[is]; ok {
			is = n
		}
		switch {
		case is == suffix || strings.HasPrefix(is, suffix+"."):
		case is == "" || is == "sid":
			return unknown
		default:
			return no
		}
	}
	return out
}

func (c thing) inEntry(e entry, ecosystem string) release.Answer {
	if c.version == "" {
		return unknown
	}
	order, ordered := version.OfEcosystem(ecosystem)
	out := no
	for _, v := range e.Versions {
		if v == c.version {
			return yes
		}
		if ordered {
			if n, err := order.Compare(v, c.version); err == nil && n == 0 {
				return yes
			}
		}
	}
	if !ordered {
		return unknown
	}
	decided := len(e.Versions) > 0
	if decided {
		if _, err := order.Parse(c.version); err != nil {
			out = unknown
		}
	}
	placeholder := ecosystem == "Go" && e.Specific["custom_ranges"] != nil && len(e.Versions) == 0 && len(e.Ranges) > 0
	for _, r := range e.Ranges {
		o := order
		switch r.Type {
		case "GIT":
			continue
		case "SEMVER":
			if ecosystem != "Go" && ecosystem != "npm" {
				o, _ = version.OfEcosystem("Hex")
			}
		case "ECOSYSTEM":
		default:
			out, decided, placeholder = or(out, unknown), true, false
			continue
		}
		decided = true
		a := c.inRange(r, o)
		placeholder = placeholder && a != unknown && everything(r)
		out = or(out, a)
	}
	if !decided || placeholder {
		return unknown
	}
	return out
}

// everything reports whether a range says nothing but "from the beginning".
func everything(r rng) bool { return len(r.Events) == 1 && r.Events[0]["introduced"] == "0" }

// inRange is IncludedInRanges for one range, with the order that the events stand in, and
// where those are not sorted, with both orders of those that are equal.
func (c thing) inRange(r rng, o version.Order) release.Answer {
	begins := false
	for _, e := range r.Events {
		if len(e) != 1 {
			return unknown
		}
		for k, v := range e {
			begins = begins || k == "introduced"
			if k == "introduced" && v == "0" || k == "limit" && strings.Contains(v, "*") {
				continue
			}
			if _, err := o.Parse(v); err != nil {
				return unknown
			}
		}
	}
	if _, err := o.Parse(c.version); err != nil || !begins {
		return unknown
	}
	compare := func(a, b string) int {
		n, err := o.Compare(a, b)
		if err != nil {
			panic(err)
		}
		return n
	}
	limits, before := 0, false
	var events []map[string]string
	for _, e := range r.Events {
		if l, ok := e["limit"]; ok {
			limits++
			before = before || strings.Contains(l, "*") || compare(c.version, l) < 0
			continue
		}
		events = append(events, e)
	}
	if limits > 0 && !before {
		return no
	}
	at := func(e map[string]string) (string, bool) { // its version; whether it is before all
		for k, v := range e {
			return v, k == "introduced" && v == "0"
		}
		return "", false
	}
	byVersion := func(a, b map[string]string) int {
		v, first := at(a)
		w, second := at(b)
		switch {
		case first && second:
			return 0
		case first:
			return -1
		case second:
			return 1
		}
		return compare(v, w)
	}
	isVulnerable := func(events []map[string]string) bool {
		vulnerable := false
		for _, e := range events {
			if v, ok := e["introduced"]; ok && (v == "0" || compare(c.version, v) >= 0) {
				vulnerable = true
			} else if v, ok := e["fixed"]; ok && compare(c.version, v) >= 0 {
				vulnerable = false
			} else if v, ok := e["last_affected"]; ok && compare(c.version, v) > 0 {
				vulnerable = false
			}
		}
		return vulnerable
	}
	if slices.IsSortedFunc(events, byVersion) {
		return release.AnswerOf(isVulnerable(events))
	}
	var answers []bool
	for _, introducedFirst := range []int{-1, 1} {
		sorted := slices.Clone(events)
		slices.SortStableFunc(sorted, func(a, b map[string]string) int {
			_, x := a["introduced"]
			_, y := b["introduced"]
			n := 0
			if x != y {
				n = introducedFirst
				if y {
					n = -n
				}
			}
			return cmp.Or(byVersion(a, b), n)
		})
		answers = append(answers, isVulnerable(sorted))
	}
	if answers[0] != answers[1] {
		return unknown
	}
	return release.AnswerOf(answers[0])
}

func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t
}

// naive is the whole of a match: the answer and the ID for each purl and flaw, "withdrawn"
// where it was.
type naive map[[2]string]string

// flawOf are the names that belong together, by each name.
func flawOf(docs []doc) map[string][]string {
	out := map[string][]string{}
	for _, d := range docs {
		names := []string{d.ID}
		for _, n := range append([]string{d.ID}, d.Aliases...) {
			names = append(append(names, n), out[n]...)
		}
		slices.Sort(names)
		names = slices.Compact(names)
		for _, n := range names {
			out[n] = names
		}
	}
	return out
}

func match(docs []doc, things []thing, asOf time.Time) naive {
	type state struct{ answer, withdrawn release.Answer }
	states := map[[2]string]state{}
	flaws := flawOf(docs)
	for _, c := range things {
		for _, d := range docs {
			if moment(d.Published).After(asOf) {
				continue
			}
			for _, e := range d.Affected {
				if !c.is(e.Package) {
					continue
				}
				a := c.affected(e)
				if a == no {
					continue
				}
				k := [2]string{string(c.purl()), flaws[d.ID][0]}
				s, ok := states[k]
				if !ok {
					s = state{no, no}
				}
				if w := moment(d.Withdrawn); w.IsZero() || w.After(asOf) {
					s.answer = or(s.answer, a)
				} else {
					s.withdrawn = or(s.withdrawn, a)
				}
				states[k] = s
			}
		}
	}
	out := naive{}
	for k, s := range states {
		id := name0(docs, flaws[k[1]], asOf)
		switch {
		case s.answer != no:
			out[[2]string{k[0], id}] = s.answer.String()
		case s.withdrawn != no:
			out[[2]string{k[0], id}] = "withdrawn"
		}
	}
	return out
}

// name0 is the name of a flaw that goes before the others.
func name0(docs []doc, names []string, asOf time.Time) string {
	best := ""
	for _, d := range docs {
		if !slices.Contains(names, d.ID) || moment(d.Published).After(asOf) {
			continue
		}
		worth := func(id string) string {
			switch prefix, _, _ := strings.Cut(id, "-"); prefix {
			case "CVE":
				return "2" + id
			case "GHSA":
				return "1" + id
			}
			return "0" + id
		}
		if best == "" || worth(d.ID) < worth(best) {
			best = d.ID
		}
	}
	return best
}

// answers are a result in the same form.
func answers(r advisory.Result) naive {
	out := naive{}
	for _, f := range r.Affected {
		out[[2]string{string(f.Component), f.ID}] = "yes"
	}
	for _, f := range r.Unknown {
		out[[2]string{string(f.Component), f.ID}] = "unknown"
	}
	for _, f := range r.Withdrawn {
		out[[2]string{string(f.Component), f.ID}] = "withdrawn"
	}
	return out
}
