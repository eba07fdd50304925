package risk

import (
	"cmp"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// piece is what only moves together: indexes into the change set.
type piece struct {
	paths                                                                      []release.Path // sorted
	files, dependencies, resources, settings, advisories, outdated, deviations []int
	changes                                                                    int
	lines                                                                      count
	// stay and ship are the advisories that are left where the piece is not: because it goes out
	// later, or because it went before.
	stay, ship []release.AdvisoryChange
}

// pieces are a labelled change set, divided. The rest of it is in every part.
type pieces struct {
	cs   *release.ChangeSet
	list []piece // by their first path
	// leaving are the pieces that leave advisories behind, mending those without which a flaw stays.
	leaving, mending []int
	// Pinned are what is in every part.
	advisories []release.AdvisoryChange
	outdated   []release.Outdated
	deviations []release.Deviation
}

// divide finds the pieces.
func divide(cs *release.ChangeSet) *pieces {
	p := &pieces{cs: cs}
	j := joinsOf(cs)
	index := make([]int, len(j.root)) // by number of the root, from 1
	for path, n := range j.of {
		r := j.find(n)
		if index[r] == 0 {
			p.list = append(p.list, piece{})
			index[r] = len(p.list)
		}
		q := &p.list[index[r]-1]
		q.paths = append(q.paths, path)
	}
	for i := range p.list {
		slices.Sort(p.list[i].paths)
	}
	slices.SortFunc(p.list, func(a, b piece) int { return cmp.Compare(a.paths[0], b.paths[0]) })
	of := make(map[release.Path]*piece, len(j.of))
	for i := range p.list {
		for _, path := range p.list[i].paths {
			of[path] = &p.list[i]
		}
	}
	p.fill(of)
	for i := range p.list {
		if q := &p.list[i]; len(q.stay)+len(q.ship) > 0 {
			p.leaving = append(p.leaving, i)
			if len(q.stay) > 0 {
				p.mending = append(p.mending, i)
			}
		}
	}
	return p
}

// fill puts everything into its piece.
func (p *pieces) fill(of map[release.Path]*piece) {
	cs, h := p.cs, homesOf(p.cs)
	for i := range cs.Files {
		q := of[cs.Files[i].Path]
		q.files, q.changes = append(q.files, i), q.changes+1
		q.lines = q.lines.plus(cs.Files[i].Added).plus(cs.Files[i].Deleted)
	}
	for i := range cs.Dependencies {
		q := of[cs.Dependencies[i].File]
		q.dependencies, q.changes = append(q.dependencies, i), q.changes+1
	}
	for i := range cs.Resources {
		q := of[cs.Resources[i].File]
		q.resources, q.changes = append(q.resources, i), q.changes+1
	}
	for i := range cs.Settings {
		q := of[cs.Settings[i].File]
		q.settings, q.changes = append(q.settings, i), q.changes+1
	}
	for i, at := range h.advisories {
		if at.pinned {
			p.advisories = append(p.advisories, cs.Advisories[i])
			continue
		}
		q := of[at.path]
		q.advisories = append(q.advisories, i)
		if a, ok := stays(cs.Advisories[i]); ok {
			q.stay = append(q.stay, a)
		}
		if a, ok := shipped(cs.Advisories[i]); ok {
			q.ship = append(q.ship, a)
		}
	}
	for i, at := range h.outdated {
		if at.pinned {
			p.outdated = append(p.outdated, cs.Outdated[i])
			continue
		}
		q := of[at.path]
		q.outdated = append(q.outdated, i)
	}
	for i, at := range h.deviations {
		if at.pinned {
			p.deviations = append(p.deviations, cs.Deviations[i])
			continue
		}
		q := of[at.path]
		q.deviations = append(q.deviations, i)
	}
}

// part is the change set of the given pieces. The others come later, or came before. It is good until
// the next call with the same buffer.
func (p *pieces) part(keep []int, before bool, buf *release.ChangeSet, in []bool) *release.ChangeSet {
	out := *p.cs
	out.Files, out.Dependencies, out.Resources, out.Settings = buf.Files[:0], buf.Dependencies[:0], buf.Resources[:0], buf.Settings[:0]
	out.Advisories = append(buf.Advisories[:0], p.advisories...)
	if len(keep) < len(p.list) {
		for i := range out.Advisories {
			out.Advisories[i] = unplaced(out.Advisories[i])
		}
	}
	out.Outdated = append(buf.Outdated[:0], p.outdated...)
	out.Deviations = append(buf.Deviations[:0], p.deviations...)
	for _, k := range keep {
		in[k] = true
		q := &p.list[k]
		out.Files = pick(out.Files, p.cs.Files, q.files)
		out.Dependencies = pick(out.Dependencies, p.cs.Dependencies, q.dependencies)
		out.Resources = pick(out.Resources, p.cs.Resources, q.resources)
		out.Settings = pick(out.Settings, p.cs.Settings, q.settings)
		out.Advisories = pick(out.Advisories, p.cs.Advisories, q.advisories)
		out.Outdated = pick(out.Outdated, p.cs.Outdated, q.outdated)
		out.Deviations = pick(out.Deviations, p.cs.Deviations, q.deviations)
	}
	for _, k := range p.leaving {
		switch {
		case in[k]:
		case before:
			out.Advisories = append(out.Advisories, p.list[k].ship...)
		default:
			out.Advisories = append(out.Advisories, p.list[k].stay...)
		}
	}
	for _, k := range keep {
		in[k] = false
	}
	*buf = out
	return buf
}

// pick appends the elements with the given indexes.
func pick[T any](to, from []T, indexes []int) []T {
	for _, i := range indexes {
		to = append(to, from[i])
	}
	return to
}

// measure orders sets of pieces: the fewest pieces, then changes, then lines, then the first by path.
func (p *pieces) measure(a, b []int) int {
	sum := func(set []int) (changes int, lines count) {
		for _, k := range set {
			changes, lines = changes+p.list[k].changes, lines.plus(int64(p.list[k].lines))
		}
		return changes, lines
	}
	ac, al := sum(a)
	bc, bl := sum(b)
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(ac, bc), cmp.Compare(al, bl), slices.Compare(a, b))
}

// split tells what is taken out.
func (p *pieces) split(out []int) *Split {
	s := &Split{}
	for _, k := range out {
		q := &p.list[k]
		s.Paths = append(s.Paths, q.paths...)
		s.Changes, s.Lines = s.Changes+q.changes, int64(count(s.Lines).plus(int64(q.lines)))
		for _, i := range q.dependencies {
			s.Dependencies = append(s.Dependencies, release.Text(p.cs.Dependencies[i].Package).String())
		}
		for _, i := range q.resources {
			s.Resources = append(s.Resources, resourceName(&p.cs.Resources[i]))
		}
		for _, i := range q.settings {
			s.Settings = append(s.Settings, settingName(p.cs.Settings[i]))
		}
		for _, i := range q.advisories {
			s.Advisories = append(s.Advisories, release.Text(p.cs.Advisories[i].ID).String())
		}
	}
	slices.Sort(s.Paths)
	for _, list := range []*[]string{&s.Dependencies, &s.Resources, &s.Settings, &s.Advisories} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return s
}
