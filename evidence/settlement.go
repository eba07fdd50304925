package evidence

import (
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/vex"
)

// opinion is what VEX documents say of one artifact, to one rule. It is worked out
// for the names of vulnerabilities that are asked for, and once for each claim:
// documents of anybody can have very many names in common.
type opinion struct {
	j        *judge
	rule     *NoVulnerabilities
	claims   map[string][]*claim
	artifact *release.Artifact
	doubts   map[string]*doubt   // by name
	taken    map[*claim]*doubt   // of what is said otherwise
	against  map[*claim]*doubt   // of what is said in favour
	good     map[string][]*claim // by name: those of settling
	back     map[string]*retractions
	cells    map[string]*cell
}

// cell is one vulnerability in one artifact, and the documents that settle it: each
// of them by itself.
type cell struct{ by []excuse }

type excuse struct {
	it    *item
	until time.Time
}

// unsettled is the cell of what no document speaks of.
var unsettled = &cell{}

// cell looks for what settles a finding: claims by whom the rule believes, about
// the artifact, under no name of which anybody says otherwise.
func (o *opinion) cell(f *asked) *cell {
	if len(f.names) == 0 {
		return unsettled
	}
	key := f.key()
	if c, ok := o.cells[key]; ok {
		return c
	}
	out, component := &cell{}, f.matcher()
	o.cells[key] = out
	end := time.Time{}
	for _, name := range f.names {
		d := o.doubt(name)
		if d.stands {
			return out
		}
		end = sooner(end, d.until)
	}
	for _, name := range f.names {
		for _, c := range o.settling(name) {
			if !f.is(c) || !o.favours(c, component) {
				continue
			}
			until := sooner(end, sooner(c.it.ends, o.doubtOf(c).until))
			if last := len(out.by) - 1; last >= 0 && out.by[last].it == c.it {
				out.by[last].until = later(out.by[last].until, until)
				continue
			}
			out.by = append(out.by, excuse{c.it, until})
		}
	}
	return out
}

// settling are the claims about a name that may settle a finding, which depends on the
// component alone: of those whom the rule believes, and undoubted.
func (o *opinion) settling(name string) []*claim {
	if cs, ok := o.good[name]; ok {
		return cs
	}
	var out []*claim
	for _, c := range o.claims[name] {
		if among(&c.it.by, o.rule.VEXBy, o.rule.VEXRoles) && c.usable(o.j) && c.covers(o.artifact, nil, true) && !o.doubtOf(c).stands {
			out = append(out, c)
		}
	}
	o.good[name] = out
	return out
}

// doubtOf is whether somebody says otherwise under a name of a claim.
// favours reports whether a claim counts in favour of the artifact, or of a component
// in it where there is one.
func (o *opinion) favours(c *claim, component *vex.Matcher) bool {
	return c.usable(o.j) && c.covers(o.artifact, component, o.rule.AnyComponentLoose)
}

// settlement is what settles the findings of a scan that count.
type settlement struct {
	cells []*cell
	until time.Time // until when all of them are settled
}

// in reports whether the documents among items, which are sorted by digest, settle
// every finding, and until when. If so the tally uses them.
func (s *settlement) in(items []*item, end time.Time, t *tally) (code string, until time.Time) {
	var used []release.Digest
	for _, c := range s.cells {
		found, last := false, time.Time{}
		for _, e := range c.by {
			if !contains(items, e.it) {
				continue
			}
			if !found {
				last, used = e.until, append(used, e.it.digest)
			}
			found, last = true, later(last, e.until)
		}
		if !found {
			return CodeFailed, end
		}
		end = sooner(end, last)
	}
	t.used = append(t.used, used...)
	return "", end
}

// contains looks for an item among others that are sorted by digest.
func contains(items []*item, it *item) bool {
	i, ok := slices.BinarySearchFunc(items, it.digest, func(o *item, d release.Digest) int { return o.digest.Compare(d) })
	for ; ok && i < len(items) && items[i].digest == it.digest; i++ {
		if items[i] == it {
			return true
		}
	}
	return false
}

// sorted are digests in order, each once.
func sorted(ds []release.Digest) []release.Digest {
	if len(ds) == 0 {
		return nil // and not an empty list, which JSON would write
	}
	slices.SortFunc(ds, release.Digest.Compare)
	return slices.Compact(ds)
}
