package metrics

import (
	"cmp"
	"slices"
)

// walkAll goes through the rows of each stream by moment, as analysis.walk does.
func (f *fast) walkAll() {
	f.state = make([]fastState, len(f.c.fact))
	var buf, met []int32
	for k := range f.c.streams {
		st := &f.c.streams[k]
		if !f.def.counts(st.environment) {
			for r := st.lo; r < st.hi; r++ {
				f.state[r] = fastEnvironment
			}
			continue
		}
		var rows []int32 // nil: in their order
		if f.def.DeployedAt == DeployedAtStart {
			rows = st.byBegin
		}
		if rows == nil {
			buf = st.rows(buf)
			rows = buf
		}
		if len(met) < int(st.versions) {
			met = make([]int32, 2*st.versions)
		}
		clear(met[:st.versions])
		f.walk(rows, met)
		f.bring(st)
	}
}

// walk says of each row whether it counts, repeats, or takes another one back.
// Met is, for each version, when it was first met; 0 where it was not.
func (f *fast) walk(rows, met []int32) {
	c, def := f.c, &f.def
	running, known := int32(-1), false
	for k, r := range rows {
		flags := c.flags[r]
		outcome := flags.outcome()
		switch {
		case c.at[r] > f.asOf || f.moment[r] > f.asOf:
			f.state[r] = fastAhead
			continue
		case outcome == DeploymentNotExposed:
			f.state[r] = fastNotExposed
			if def.AttemptsCount {
				f.state[r] = fastCounts
				f.outcomeFails(r)
			}
			continue
		case outcome == DeploymentUnknown:
			f.state[r] = fastUnknown
			continue
		}
		x := fastCounts
		if !known && flags&colFollows == 0 {
			x |= fastFirst
		}
		known = true
		v := c.version[r]
		first := met[v]
		again := first != 0
		if !again {
			first = int32(k + 1)
			met[v] = first
		}
		repeat := false
		target := int32(colUnset)
		if running >= 0 && v != 0 {
			rv := c.version[running]
			repeat = rv == v && outcome == DeploymentSucceeded && c.flags[running].outcome() == DeploymentSucceeded
			if def.DetectRollbacks && again && rv != 0 && first < met[rv] {
				target = running
			}
		}
		if flags&colRolls != 0 {
			target = c.rollbackOf[r]
		}
		if target != colUnset {
			x |= fastRollback
			if target >= 0 {
				f.scratch.back = append(f.scratch.back, fastBack{row: r, target: target})
			}
		}
		switch {
		case x&fastRollback != 0:
			if def.Rollbacks == RollbackAside {
				x |= fastAside
			}
		case repeat && def.Repeats == RepeatOnce:
			x |= fastRepeat
			if f.as == nil {
				f.as = make([]int32, len(c.fact))
			}
			f.as[r] = f.stands(running)
		}
		f.state[r] = x
		if outcome != DeploymentSucceeded {
			f.outcomeFails(r)
		}
		if outcome == DeploymentSucceeded || flags&colRecovered == 0 {
			running = r
		}
	}
}

// outcomeFails marks a row that counts and did not succeed.
func (f *fast) outcomeFails(r int32) {
	if f.def.OutcomeFails && f.state[r]&fastWhy == fastCounts {
		f.state[r] |= fastFailed
		f.failuresKnown = true
	}
}

// stands is the row that stands for r.
func (f *fast) stands(r int32) int32 {
	if f.state[r]&fastWhy == fastRepeat {
		return f.as[r]
	}
	return r
}

// brings reports whether what a row lists came into production with it.
func (f *fast) brings(r int32) bool {
	outcome := f.c.flags[r].outcome()
	return f.state[r]&(fastWhy|fastRollback) == fastCounts &&
		(outcome == DeploymentSucceeded || outcome == DeploymentFailed && f.def.LeadTo == LeadToExposure)
}

// bring marks the shared entries of a stream whose change an earlier row brought.
func (f *fast) bring(st *colStream) {
	c := f.c
	shared := c.shared[st.shared:st.sharedTo]
	if len(shared) == 0 {
		return
	}
	if f.def.DeployedAt == DeployedAtStart && st.byBegin != nil {
		shared = slices.Clone(shared)
		slices.SortFunc(shared, func(x, y colShared) int {
			return cmp.Or(cmp.Compare(f.moment[x.row], f.moment[y.row]), cmp.Compare(x.row, y.row), cmp.Compare(x.entry, y.entry))
		})
	}
	if f.again == nil {
		f.scratch.brought = make([]bool, c.slots)
		f.again = make([]uint64, len(c.change)/64+1)
	}
	for _, x := range shared {
		switch {
		case !f.brings(x.row):
		case f.scratch.brought[x.slot]:
			f.again[x.entry/64] |= 1 << (x.entry % 64)
		default:
			f.scratch.brought[x.slot] = true
		}
	}
}

// fastBack is a row that takes another one back.
type fastBack struct{ row, target int32 }

// takeBackAll marks what the rollbacks took back.
func (f *fast) takeBackAll() {
	f.records = make([]fastRecord, 0, len(f.scratch.back)+len(f.c.incidents))
	for _, b := range f.scratch.back {
		t := f.stands(b.target)
		f.state[t] |= fastTakenBack
		x := f.recordOf(t)
		if at := f.c.at[b.row]; f.c.flags[b.row].outcome() == DeploymentSucceeded && (x.restored == colNever || at < x.restored) {
			x.restored = at
		}
	}
}

// judgeAll marks the rows that failed by what came after them.
func (f *fast) judgeAll() {
	for k := range f.records {
		x := &f.records[k]
		if f.state[x.row]&fastWhy == fastCounts && (f.def.RollbackFails && f.state[x.row]&fastTakenBack != 0 ||
			f.def.IncidentFails && x.incidents > 0) {
			f.state[x.row] |= fastFailed
			f.failuresKnown = true
		}
	}
	f.failuresKnown = f.failuresKnown || f.q.FailuresObserved || len(f.c.incidents) > 0
}

// backAt is analysis.backAt.
func (f *fast) backAt(r int32) int64 {
	restored, recovered := int64(colNever), int64(colNever)
	if f.record != nil && f.record[r] != 0 {
		restored = f.recordOf(r).restored
	}
	if f.c.flags[r]&colRecovered != 0 {
		recovered = f.c.recovered.at(r)
	}
	switch {
	case restored == colNever:
		return recovered
	case recovered == colNever || restored < recovered:
		return restored
	}
	return recovered
}

// failedAt is analysis.failedAt.
func (f *fast) failedAt(r int32) int64 {
	if f.def.RecoverFrom == RecoverFromDeployed {
		return f.c.begin[r]
	}
	at := int64(colNever)
	if f.c.flags[r]&colDetected != 0 {
		at = f.c.detected.at(r)
	}
	if f.record != nil && f.record[r] != 0 {
		if x := f.recordOf(r); x.incidents > 0 && (at == colNever || x.noticed < at) {
			at = x.noticed
		}
	}
	if at == colNever {
		return f.c.begin[r]
	}
	return at
}

// recovery is analysis.recovery, in nanoseconds.
func (f *fast) recovery(r int32) (ns int64, open bool) {
	start, end := f.failedAt(r), f.recoveredAt(r)
	if end == colNever || end > f.asOf {
		return f.asOf - start, true
	}
	return end - start, false
}

// recoveredAt is analysis.recoveredAt.
func (f *fast) recoveredAt(r int32) int64 {
	back := f.backAt(r)
	if !f.def.IncidentFails || f.record == nil || f.record[r] == 0 || f.recordOf(r).incidents == 0 {
		return back
	}
	x, resolved := f.recordOf(r), int64(colNever)
	if !x.open {
		resolved = x.resolved
	}
	if f.def.RecoverTo == RecoverToResolved || back == colNever {
		return resolved
	}
	if resolved == colNever || back < resolved {
		return back
	}
	return resolved
}
