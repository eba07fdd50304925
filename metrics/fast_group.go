package metrics

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// fastGroup is group: some rows, as order gives them from lo to hi.
type fastGroup struct {
	key            []string
	lo, hi         int32
	reported       bool
	from, to       int64 // what was observed
	opened, closed bool
}

// group finds the groups of the query and puts the rows in their order.
func (f *fast) group() error {
	ofStream, ofRow, err := f.findGroups()
	if err != nil {
		return err
	}
	if len(f.groups)*len(f.windows) > maxCells {
		return fmt.Errorf("metrics: %d groups in %d windows are more than %d: ask for less at once", len(f.groups), len(f.windows), maxCells)
	}
	own := ofRow == nil && len(f.groups) == len(f.c.streams) // each stream is a group
	inOrder := true
	next := make([]int32, len(f.groups))
	for k := range f.c.streams {
		st := &f.c.streams[k]
		counts := f.def.counts(st.environment)
		inOrder = inOrder && (f.def.DeployedAt != DeployedAtStart || st.byBegin == nil)
		if ofRow == nil {
			next[ofStream[k]] += st.hi - st.lo
			f.groups[ofStream[k]].reported = f.groups[ofStream[k]].reported || counts
			inOrder = inOrder && (!own || int(ofStream[k]) == k)
			continue
		}
		for r := st.lo; r < st.hi; r++ {
			next[ofRow[r]]++
			f.groups[ofRow[r]].reported = f.groups[ofRow[r]].reported || counts
		}
	}
	lo := int32(0)
	for g, n := range next {
		f.groups[g].lo, f.groups[g].hi, next[g] = lo, lo+n, lo
		lo += n
	}
	if own && inOrder {
		return nil
	}
	f.order = make([]int32, len(f.c.fact))
	var buf []int32
	for k := range f.c.streams {
		st := &f.c.streams[k]
		rows := st.byBegin
		if rows == nil || f.def.DeployedAt != DeployedAtStart {
			buf = st.rows(buf)
			rows = buf
		}
		for _, r := range rows {
			g := int32(0)
			if ofRow != nil {
				g = ofRow[r]
			} else {
				g = ofStream[k]
			}
			f.order[next[g]] = r
			next[g]++
		}
	}
	return nil
}

// findGroups finds the groups: of each stream, or where a dimension of the facts is
// asked for of each row.
func (f *fast) findGroups() (ofStream, ofRow []int32, err error) {
	at := map[string]int32{}
	var names []string
	of := func(key []string) int32 {
		name := strings.Join(key, "\x00") // which no text of a fact contains
		g, ok := at[name]
		if !ok {
			g = int32(len(f.groups))
			at[name] = g
			names = append(names, name)
			f.groups = append(f.groups, fastGroup{key: slices.Clone(key)})
		}
		return g
	}
	key := make([]string, len(f.q.By))
	if slices.ContainsFunc(f.q.By, func(name string) bool { return name != DimService && name != DimEnvironment }) {
		row := make([]int32, len(f.c.fact))
		for r, i := range f.c.fact {
			row[i] = int32(r)
		}
		a := analysis{s: f.s, q: f.q}
		ofRow = make([]int32, len(f.c.fact))
		for i := range f.s.deployments { // in the snapshot's order: the first error is the one
			if key, err = a.key(i); err != nil {
				return nil, nil, err
			}
			ofRow[row[i]] = of(key)
		}
	} else {
		ofStream = make([]int32, len(f.c.streams))
		for k := range f.c.streams {
			for i, name := range f.q.By {
				key[i] = f.c.streams[k].service
				if name == DimEnvironment {
					key[i] = f.c.streams[k].environment
				}
			}
			ofStream[k] = of(key)
		}
	}
	slices.SortFunc(f.groups, func(x, y fastGroup) int { return slices.Compare(x.key, y.key) })
	rank := make([]int32, len(f.groups))
	for g := range f.groups {
		rank[at[strings.Join(f.groups[g].key, "\x00")]] = int32(g)
	}
	for _, of := range [][]int32{ofStream, ofRow} {
		for i := range of {
			of[i] = rank[of[i]]
		}
	}
	return ofStream, ofRow, nil
}

// observe finds what was observed of a group, as analysis.group does.
func (f *fast) observe(g *fastGroup, rows []int32) {
	from, to := int64(math.MaxInt64), int64(colNever)
	for _, r := range rows {
		if why := f.state[r] & fastWhy; why == fastEnvironment || why == fastAhead {
			continue
		}
		from, to = min(from, f.moment[r]), max(to, f.moment[r], f.c.sources[f.c.source[r]])
	}
	first, last := from, to
	if from == math.MaxInt64 {
		from, first = colNever, colNever
	}
	if !f.q.ObservedFrom.IsZero() {
		from = colTime(f.q.ObservedFrom)
	}
	if from == colNever {
		g.from, g.to = colNever, colNever
		return
	}
	if !f.q.ObservedTo.IsZero() {
		to = colTime(f.q.ObservedTo)
	}
	g.from, g.to = max(from, f.first), min(to, f.end, f.asOf)
	g.opened = f.q.ObservedFrom.IsZero() && g.from == first
	g.closed = f.q.ObservedTo.IsZero() && g.to == last
}
