package metrics

import "slices"

// linkAll lays the incidents to rows, as analysis.linkIncidents does.
func (f *fast) linkAll() {
	var s fastSuspects
	s.stream = colNone
	f.revertLinks = slices.Contains(f.def.Links, LinkRevert)
	for k := range f.c.incidents {
		n := &f.c.incidents[k]
		if n.at > f.asOf {
			continue
		}
		row := f.link(&s, n)
		if row < 0 {
			continue
		}
		x := f.recordOf(f.stands(row))
		x.incidents++
		x.open = x.open || f.open(n)
		x.noticed, x.resolved = min(x.noticed, n.at), max(x.resolved, n.resolved)
	}
}

func (f *fast) open(n *colIncident) bool { return n.resolved == colNever || n.resolved > f.asOf }

// suspect reports whether an incident can be laid to a row without naming it.
func (f *fast) suspect(r int32) bool {
	return f.state[r]&fastWhy == fastCounts && f.c.flags[r].outcome() != DeploymentNotExposed
}

// fastSuspects are the suspects of one stream.
type fastSuspects struct {
	stream int32
	buf    []int32
	last   []int32 // of the rows by begin: the last suspect up to there, or colNone
	// backs are those that were taken back, reverts those of which a change was reverted.
	backs, reverts fastTakens
}

// fastTakens are suspects that were taken back in some way, by begin.
type fastTakens struct {
	list []fastTaken
	next int // those before it had begun when the last incident was noticed
}

type fastTaken struct {
	k, row int32
	at     int64 // when it was
	latest int64 // the latest of these up to here
}

// of fills in the suspects of a stream.
func (s *fastSuspects) of(f *fast, stream int32) {
	if s.stream == stream {
		return
	}
	st := &f.c.streams[stream]
	s.stream, s.last = stream, s.last[:0]
	s.backs, s.reverts = fastTakens{list: s.backs.list[:0]}, fastTakens{list: s.reverts.list[:0]}
	rows := st.byBegin
	if rows == nil {
		s.buf = st.rows(s.buf)
		rows = s.buf
	}
	if !f.def.counts(st.environment) {
		rows = nil // nobody is a suspect there
	}
	last, latest := int32(colNone), int64(colNever)
	for k, r := range rows {
		if f.suspect(r) {
			last = r
			if f.state[r]&fastTakenBack != 0 || f.c.flags[r].outcome() == DeploymentFailed {
				at := f.backAt(r)
				latest = max(latest, at)
				s.backs.list = append(s.backs.list, fastTaken{int32(k), r, at, latest})
			}
		}
		s.last = append(s.last, last)
	}
	if rows != nil && f.revertLinks {
		s.reverts.list = f.reverted(s.reverts.list, stream)
	}
}

// link tries the definition's rules in their order.
func (f *fast) link(s *fastSuspects, n *colIncident) int32 {
	for _, rule := range f.def.Links {
		switch rule {
		case LinkExplicit:
			if n.causedBy != colUnset {
				return n.causedBy
			}
		case LinkArtifact:
			if n.artifact != colUnset {
				return f.latest(n.artifact, n)
			}
		case LinkVersion:
			if n.version != colUnset {
				return f.latest(n.version, n)
			}
		case LinkRollback:
			if n.stream >= 0 {
				s.of(f, n.stream)
				if r := s.backs.last(n, f.open(n), 0); r >= 0 {
					return r
				}
			}
		case LinkRevert:
			if n.stream >= 0 {
				s.of(f, n.stream)
				if r := s.reverts.last(n, f.open(n), int64(f.def.LinkWithin)); r >= 0 {
					return r
				}
			}
		case LinkWindow:
			if n.stream >= 0 {
				s.of(f, n.stream)
				if int(n.until) > len(s.last) || n.until == 0 {
					continue
				}
				if r := s.last[n.until-1]; r >= 0 && n.at-f.c.begin[r] <= int64(f.def.LinkWithin) {
					return r
				}
			}
		}
	}
	return colNone
}

// last is the last of the suspects that was taken back while the incident was open,
// or at most within after.
func (s *fastTakens) last(n *colIncident, open bool, within int64) int32 {
	for s.next < len(s.list) && s.list[s.next].k < n.until {
		s.next++
	}
	for k := s.next - 1; k >= 0; k-- {
		b := &s.list[k]
		if b.latest < n.at {
			break
		}
		if b.at >= n.at && (open || b.at <= n.resolved+within) {
			return b.row
		}
	}
	return colNone
}

// latest is the last suspect of a list that had begun when the incident was
// noticed, where the incident says.
func (f *fast) latest(list int32, n *colIncident) int32 {
	if n.stream < 0 && !n.loose {
		return colNone // no deployment is known there
	}
	rows := f.c.listRows[f.c.lists[list]:f.c.lists[list+1]]
	for k := f.c.until(rows, 0, len(rows), n.at) - 1; k >= 0; k-- {
		if f.suspect(rows[k]) && f.there(rows[k], n) {
			return rows[k]
		}
	}
	return colNone
}

// there reports whether a row is of the service and the environment that an
// incident names, as far as it does.
func (f *fast) there(r int32, n *colIncident) bool {
	if !n.loose {
		st := &f.c.streams[n.stream]
		return st.lo <= r && r < st.hi
	}
	fact, d := &f.s.incidents[n.fact], &f.s.deployments[f.c.fact[r]]
	return (fact.Service == "" || fact.Service == d.Service) && (fact.Environment == "" || fact.Environment == d.Environment)
}
