package advisory

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/version"
)

// matcher is one Match.
type matcher struct {
	db        *DB
	now       int32 // the moment, by number
	n         int   // of components
	canonical bool  // all purls are, but for those that are none
	out       Result
	key       [keyRoom]byte
	// what was said, and found in it
	hits     []hit
	outcomes []outcome
	renamed  bool // an outcome of the present component has not the ID of its flaw
	// of the present component: its version in each order
	version string
	parsed  []version.Version
	failed  []version.Order
	// what no advisory is of, by area, and the last area that was looked up
	uncovered map[string]int
	area      [keyRoom]byte
	areaLen   int
	// of the areas whose advisories stand under the names of sources: components that do
	// not tell theirs; -1 where another does
	sourceless map[string]int
}

// hit is what one advisory says about a component.
type hit struct {
	r      *affects
	answer release.Answer // yes or unknown
	why    why
}

// why is the reason of an answer that is unknown.
type why uint8

const (
	whyNot   why = iota // it is known
	whyEntry            // the entry's own reason
	whyUnversioned
	whyVersion
	whyEvents
	whySuffix
)

// reason is why in words.
func (m *matcher) reason(h *hit, f *Finding) string {
	switch h.why {
	case whyEntry:
		return m.db.reasons[h.r.reason]
	case whyUnversioned:
		return "the component has no version"
	case whyVersion:
		return quoted(f.Component.Version()) + " is no version that can be ordered"
	case whyEvents:
		return "the events of its range contradict each other"
	case whySuffix:
		return "it is for " + quoted(h.r.ecosystem+":"+h.r.suffix) + ", and the purl does not tell whether it is of that"
	}
	return ""
}

// component looks one purl up. It is false where that is not canonical, but could be.
func (m *matcher) component(purl release.PURL) bool {
	m.parsed, m.failed, m.version = m.parsed[:0], m.failed[:0], ""
	if kind, key, v, ok := cutPlain(string(purl)); ok {
		covered := m.covered([]byte(kind))
		if p := m.db.packages[key]; p != nil {
			m.version = v
			m.look(p, purl)
		}
		if !covered || m.db.wild {
			m.others(purl, kind, key, covered)
		}
		return true
	}
	area, key, ok := splitKey(string(purl), m.key[:0], false)
	if !ok {
		p, err := release.ParsePURL(string(purl))
		if err == nil && p != purl && !m.canonical {
			return false
		}
		if err == nil {
			area, key, ok = splitKey(string(p), m.key[:0], true)
		}
		if !ok {
			m.out.unreadable++
			m.out.Gaps = append(m.out.Gaps, release.Gap{Kind: release.GapUnreadable, Subject: release.Text(purl).String(),
				Detail: "it is no package URL: whether an advisory concerns it is not known"})
			return true
		}
	}
	covered := m.covered(area)
	p := m.db.packages[string(key)]
	if p != nil {
		m.version = purlVersion(string(purl))
		if strings.HasPrefix(string(area), "rpm/") {
			m.version = version.Text(purl)
		}
		m.look(p, purl)
	}
	distro := distribution(kindOf(area))
	if !covered || m.db.wild || distro {
		m.others(purl, string(area), string(key), covered)
	}
	if distro && covered && bySource(string(area)) {
		m.tellsSource(string(area), purl.Qualifier("upstream") != "", p != nil)
	}
	return true
}

// tellsSource notes whether a component tells the package that it was built from, or is
// known under its own name.
func (m *matcher) tellsSource(area string, told, known bool) {
	if m.sourceless == nil {
		m.sourceless = map[string]int{}
	}
	switch n := m.sourceless[area]; {
	case told:
		m.sourceless[area] = -1
	case n >= 0 && !known:
		m.sourceless[area] = n + 1
	}
}

// kindOf is the purl type of an area.
func kindOf(area []byte) string {
	kind, _, _ := bytes.Cut(area, []byte("/"))
	return string(kind)
}

// covered reports whether the snapshot has anything of an area. Neighbours are mostly of the
// same.
func (m *matcher) covered(area []byte) bool {
	if string(area) == string(m.area[:m.areaLen]) && m.areaLen > 0 {
		return true
	}
	if !m.db.areas[string(area)] {
		return false
	}
	m.areaLen = copy(m.area[:], area)
	return true
}

// others looks a component up under other names: that of its source, and by name alone where
// nobody knows the type.
func (m *matcher) others(purl release.PURL, area, key string, covered bool) {
	look := func(key, v string) {
		if p := m.db.packages[key]; p != nil {
			if m.version != v {
				m.version, m.parsed, m.failed = v, m.parsed[:0], m.failed[:0]
			}
			m.look(p, purl)
		}
	}
	if !covered {
		if m.uncovered == nil {
			m.uncovered = map[string]int{}
		}
		m.uncovered[area]++
	}
	name := string(fullName([]byte(key)))
	own := version.Text(purl)
	if distribution(kindOf([]byte(area))) {
		if source, v := source(purl, own); source != "" {
			for _, p := range add(nil, area, source) {
				if p.key != key {
					look(p.key, v)
				}
			}
		}
	}
	names := []string{name}
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		names = append(names, name[i+1:])
	}
	for _, n := range names {
		if !covered {
			look(untyped+n, own)
		}
		if m.db.wild {
			look(anyType+n, own)
		}
	}
}

// source is the package that a distribution built a component from, and its version, which
// is the component's own where the purl names no other (purl-spec, types deb, rpm and
// apk: upstream).
func source(p release.PURL, own string) (name, v string) {
	up := p.Qualifier("upstream")
	if rpm, ok := strings.CutSuffix(up, ".src.rpm"); ok {
		for range 2 {
			if i := strings.LastIndexByte(rpm, '-'); i >= 0 {
				rpm = rpm[:i]
			}
		}
		return rpm, own
	}
	name, v, _ = strings.Cut(up, "@")
	return name, cmp.Or(v, own)
}

// parse is the version of the present component in an order.
func (m *matcher) parse(o version.Order) (version.Version, bool) {
	for _, v := range m.parsed {
		if v.Order() == o {
			return v, true
		}
	}
	if slices.Contains(m.failed, o) {
		return version.Version{}, false
	}
	v, err := o.Parse(m.version)
	if err != nil {
		m.failed = append(m.failed, o)
		return v, false
	}
	m.parsed = append(m.parsed, v)
	return v, true
}

// look collects what is said about a package.
func (m *matcher) look(p *pkg, purl release.PURL) {
	for i := range p.parts {
		part := &p.parts[i]
		position, ok := part.quick(m.version)
		if !ok && m.version != "" {
			var v version.Version
			if v, ok = m.parse(part.order); ok {
				position = part.position(v)
			}
		}
		for j := range part.ranges {
			r := &part.ranges[j]
			if r.when.published > m.now {
				continue
			}
			h := hit{r: r, answer: release.AnswerUnknown}
			switch {
			case m.version == "":
				h.why = whyUnversioned
			case ok && yes(r.least, position), len(r.texts) > 0 && slices.Contains(r.texts, m.version):
				h.answer = release.AnswerYes
			case r.reason >= 0:
				h.why = whyEntry
			case !ok:
				h.why = whyVersion
			case r.most != nil && yes(r.most, position):
				h.why = whyEvents
			default:
				continue
			}
			if r.suffix != "" {
				switch applies(r.ecosystem, r.suffix, purl) {
				case release.AnswerNo:
					continue
				case release.AnswerUnknown:
					if h.answer == release.AnswerYes {
						h.answer, h.why = release.AnswerUnknown, whySuffix
					}
				}
			}
			m.hits = append(room(m.hits, m.n), h)
		}
	}
}
