package metrics

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sync"
	"time"
)

// columns is a snapshot laid out for reading: one column for each field that a
// number can depend on, the deployments of one service in one environment side by
// side, texts and references as indexes. It depends on no definition and no query,
// is made once for a snapshot, and holds what the facts say, no more: whatever is
// judged is judged anew for each definition.
//
// A row is a deployment. Rows stand by stream, and in a stream as in the snapshot:
// by time.
type columns struct {
	streams []colStream
	reverts []colReverts // by stream; none where no change takes another one back
	fact    []int32      // index of the row's deployment in the snapshot
	at      []int64      // [Deployment.At]
	begin   []int64      // Deployment.begin
	flags   []colFlags
	version []int32 // of the stream's versions; 0 where none is stated
	source  []int32 // of sources
	// sources holds when each source of deployments was last heard of.
	sources []int64
	// rollbackOf, detected and recovered are set where the flags say so.
	rollbackOf []int32 // row, or colNone where the deployment is not known
	detected   colSparse
	recovered  colSparse
	// Row r brings the changes of entries brings[r] to brings[r+1].
	brings []int32
	change []int32     // index in the snapshot, or colNone where it is not known
	shared []colShared // by entry
	slots  int32       // how many different ones
	starts [LeadFromMerge + 1]struct {
		once sync.Once
		at   []int64
	}

	incidents []colIncident // by stream, in a stream by time
	// List k is the rows of one artifact or version that an incident names, by begin:
	// listRows from lists[k] to lists[k+1].
	lists    []int32
	listRows []int32
}

// colTime is a moment: nanoseconds since 1970, or colNever for the zero time.
func colTime(t time.Time) int64 {
	if t.IsZero() {
		return colNever
	}
	return t.UnixNano()
}

const (
	colNever = math.MinInt64
	colNone  = -1 // no row, no change, no list
	colUnset = -2 // the fact names nothing
)

// colFlags are the small fields of a deployment.
type colFlags uint16

const (
	colOutcome   colFlags = 3 // a DeploymentOutcome
	colPlanned   colFlags = 3 << 2
	colFixes     colFlags = 1 << 4
	colFollows   colFlags = 1 << 5
	colRolls     colFlags = 1 << 6 // it names what it takes back
	colRecovered colFlags = 1 << 7
	colDetected  colFlags = 1 << 8
	colShares    colFlags = 1 << 9  // another row of the stream brings one of its changes too
	colNewest    colFlags = 1 << 10 // nothing was heard of its source later than of this
)

func (f colFlags) outcome() DeploymentOutcome { return DeploymentOutcome(f & colOutcome) }
func (f colFlags) planned() Planned           { return Planned(f & colPlanned >> 2) }

// colStream is one service in one environment: the rows from lo to hi.
type colStream struct {
	stream
	lo, hi   int32
	versions int32   // how many, the missing one counted
	byBegin  []int32 // its rows by begin; nil where that is their order
	// Its shared entries are shared to before sharedTo.
	shared, sharedTo int
}

// rows are the stream's rows in their order, in buf.
func (s *colStream) rows(buf []int32) []int32 {
	buf = buf[:0]
	for r := s.lo; r < s.hi; r++ {
		buf = append(buf, r)
	}
	return buf
}

// colIncident is an incident.
type colIncident struct {
	at, resolved int64
	fact         int32 // index in the snapshot
	stream       int32 // colNone where no deployment is known there
	until        int32 // how many of the stream's rows had begun
	causedBy     int32 // row, colNone or colUnset
	artifact     int32 // list, or colUnset
	version      int32 // list, or colUnset
	loose        bool  // it lacks its service or its environment
}

// columns lays the snapshot out, once; nil where it is too large for the indexes.
func (s *Snapshot) columns() *columns {
	s.layoutOnce.Do(func() { s.layout = layOut(s) })
	return s.layout
}

func layOut(s *Snapshot) *columns {
	n := len(s.deployments)
	entries := 0
	for i := range s.deployments {
		entries += len(s.deployments[i].Changes)
	}
	if max(n, entries, len(s.changes), len(s.incidents)) >= math.MaxInt32 {
		return nil
	}
	c := &columns{fact: make([]int32, n), at: make([]int64, n), begin: make([]int64, n), flags: make([]colFlags, n),
		version: make([]int32, n), source: make([]int32, n), brings: make([]int32, n+1)}
	row := c.order(s)
	wanted := map[Ref]int32{}
	for i := range s.deployments {
		if r := s.deployments[i].RollbackOf; !r.IsZero() {
			wanted[r] = colNone
		}
	}
	for i := range s.incidents {
		if r := s.incidents[i].CausedBy; !r.IsZero() {
			wanted[r] = colNone
		}
	}
	if len(wanted) > 0 {
		for i := range s.deployments {
			if _, ok := wanted[s.deployments[i].Ref()]; ok {
				wanted[s.deployments[i].Ref()] = row[i]
			}
		}
	}
	c.fields(s, wanted)
	c.changes(s, entries)
	c.share(len(s.changes))
	c.revert(s)
	c.incident(s, wanted)
	return c
}

// order finds the streams and the row of each deployment.
func (c *columns) order(s *Snapshot) (row []int32) {
	at := map[stream]int32{}
	of := make([]int32, len(s.deployments))
	for i := range s.deployments {
		key := stream{service: s.deployments[i].Service, environment: s.deployments[i].Environment}
		k, ok := at[key]
		if !ok {
			k = int32(len(c.streams))
			at[key] = k
			c.streams = append(c.streams, colStream{stream: key})
		}
		c.streams[k].hi++
		of[i] = k
	}
	rank := make([]int32, len(c.streams))
	next := int32(0)
	sorted := make([]colStream, 0, len(c.streams))
	for _, key := range slices.SortedFunc(maps.Keys(at), stream.compare) {
		k := at[key]
		rank[k] = int32(len(sorted))
		sorted = append(sorted, colStream{stream: key, lo: next, hi: next})
		next += c.streams[k].hi
	}
	c.streams = sorted
	row = make([]int32, len(s.deployments))
	for i := range of {
		st := &c.streams[rank[of[i]]]
		row[i] = st.hi
		c.fact[st.hi] = int32(i)
		st.hi++
	}
	return row
}

// fields fills in the columns of the rows.
func (c *columns) fields(s *Snapshot, rows map[Ref]int32) {
	sources := map[string]int32{}
	for k := range c.streams {
		st := &c.streams[k]
		versions := map[string]int32{"": 0}
		ordered := true
		for r := st.lo; r < st.hi; r++ {
			d := &s.deployments[c.fact[r]]
			c.at[r], c.begin[r] = colTime(d.At), colTime(d.begin())
			ordered = ordered && (r == st.lo || c.begin[r] >= c.begin[r-1])
			v, ok := versions[d.Version]
			if !ok {
				v = int32(len(versions))
				versions[d.Version] = v
			}
			c.version[r] = v
			src, ok := sources[d.Source]
			if !ok {
				src = int32(len(c.sources))
				sources[d.Source] = src
				c.sources = append(c.sources, colTime(s.lastSeen[d.Source]))
			}
			c.source[r] = src
			f := colFlags(d.Outcome)&colOutcome | colFlags(d.Planned)<<2&colPlanned
			if colTime(d.Seen) >= c.sources[src] {
				f |= colNewest
			}
			if len(d.Fixes) > 0 {
				f |= colFixes
			}
			if d.Follows != "" {
				f |= colFollows
			}
			if !d.RollbackOf.IsZero() {
				f |= colRolls
				c.rollbackOf = c.column32(c.rollbackOf)
				c.rollbackOf[r] = rows[d.RollbackOf]
			}
			if !d.Recovered.IsZero() {
				f |= colRecovered
				c.recovered.set(len(c.fact), r, colTime(d.Recovered))
			}
			if !d.Detected.IsZero() {
				f |= colDetected
				c.detected.set(len(c.fact), r, colTime(d.Detected))
			}
			c.flags[r] = f
		}
		st.versions = int32(len(versions))
		if !ordered {
			st.byBegin = st.rows(nil)
			slices.SortFunc(st.byBegin, func(x, y int32) int { return cmp.Or(cmp.Compare(c.begin[x], c.begin[y]), cmp.Compare(x, y)) })
		}
	}
}

func (c *columns) column32(v []int32) []int32 {
	if v == nil {
		return make([]int32, len(c.fact))
	}
	return v
}

// incident fills in the incidents and the lists that they ask for.
func (c *columns) incident(s *Snapshot, rows map[Ref]int32) {
	streams := map[stream]int32{}
	for k := range c.streams {
		streams[c.streams[k].stream] = int32(k)
	}
	for i := range s.incidents {
		n := &s.incidents[i]
		out := colIncident{at: colTime(n.At), resolved: colTime(n.Resolved), fact: int32(i), stream: colNone,
			causedBy: colUnset, artifact: colUnset, version: colUnset, loose: n.Service == "" || n.Environment == ""}
		if k, ok := streams[stream{service: n.Service, environment: n.Environment}]; ok {
			out.stream = k
		}
		if !n.CausedBy.IsZero() {
			out.causedBy = rows[n.CausedBy]
		}
		c.incidents = append(c.incidents, out)
	}
	slices.SortStableFunc(c.incidents, func(x, y colIncident) int { return cmp.Compare(x.stream, y.stream) })
	artifacts, versions := map[string]int32{}, map[versionOf]int32{}
	lists := int32(0)
	for k := range c.incidents {
		out, n := &c.incidents[k], &s.incidents[c.incidents[k].fact]
		if out.stream >= 0 {
			st := &c.streams[out.stream]
			out.until = int32(c.until(st.byBegin, st.lo, int(st.hi-st.lo), out.at))
		}
		if n.Artifact != "" {
			id, ok := artifacts[n.Artifact]
			if !ok {
				id = lists
				artifacts[n.Artifact] = id
				lists++
			}
			out.artifact = id
		}
		if v := (versionOf{n.Service, n.Version}); v.service != "" && v.version != "" {
			id, ok := versions[v]
			if !ok {
				id = lists
				versions[v] = id
				lists++
			}
			out.version = id
		}
	}
	if lists > 0 {
		c.fill(s, lists, artifacts, versions)
	}
}

// fill puts the rows into the lists of their artifact and version.
func (c *columns) fill(s *Snapshot, lists int32, artifacts map[string]int32, versions map[versionOf]int32) {
	type entry struct{ list, row int32 }
	var entries []entry
	for r := range c.fact {
		d := &s.deployments[c.fact[r]]
		if k, ok := artifacts[d.Artifact]; ok {
			entries = append(entries, entry{k, int32(r)})
		}
		if k, ok := versions[versionOf{d.Service, d.Version}]; ok {
			entries = append(entries, entry{k, int32(r)})
		}
	}
	slices.SortFunc(entries, func(x, y entry) int {
		return cmp.Or(cmp.Compare(x.list, y.list), cmp.Compare(c.begin[x.row], c.begin[y.row]), cmp.Compare(c.fact[x.row], c.fact[y.row]))
	})
	c.lists = make([]int32, lists+1)
	for _, e := range entries {
		c.lists[e.list+1]++
		c.listRows = append(c.listRows, e.row)
	}
	for k := range lists {
		c.lists[k+1] += c.lists[k]
	}
}

// until is how many of n rows had begun at t: of rows, sorted by begin, or where
// that is nil of the rows from lo on.
func (c *columns) until(rows []int32, lo int32, n int, t int64) int {
	a, b := 0, n
	for a < b {
		m := (a + b) / 2
		r := lo + int32(m)
		if rows != nil {
			r = rows[m]
		}
		if c.begin[r] > t {
			b = m
		} else {
			a = m + 1
		}
	}
	return a
}
