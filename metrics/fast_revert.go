package metrics

import (
	"cmp"
	"slices"
	"sort"
)

// exposed is analysis.exposed.
func (f *fast) exposed(r int32) bool {
	why, o := f.state[r]&fastWhy, f.c.flags[r].outcome()
	return (o == DeploymentSucceeded || o == DeploymentFailed) && why != fastEnvironment && why != fastAhead
}

// revertAll marks the rows that are likely unplanned because they bring a revert, as
// analysis.detectRework does.
func (f *fast) revertAll() {
	if !f.def.RevertIsRework {
		return
	}
	for k := range f.c.reverts {
		v := &f.c.reverts[k]
		for _, x := range v.reverts {
			flags := f.c.flags[x.row]
			if f.state[x.row]&(fastWhy|fastRollback) != fastCounts || !f.exposed(x.row) || flags.planned() != PlannedUnknown || flags&colFixes != 0 {
				continue
			}
			if slices.ContainsFunc(v.rows[x.lo:x.hi], func(r int32) bool {
				return f.exposed(r) && cmp.Or(cmp.Compare(f.moment[r], f.moment[x.row]), cmp.Compare(r, x.row)) < 0
			}) {
				f.state[x.row] |= fastReverts
			}
		}
	}
}

// reverted appends, for each suspect of a stream that brought a change which was
// reverted, when it first was.
func (f *fast) reverted(out []fastTaken, stream int32) []fastTaken {
	if len(f.c.reverts) == 0 {
		return out
	}
	v := &f.c.reverts[stream]
	latest := int64(colNever)
	for _, x := range v.brings {
		if !f.suspect(x.row) {
			continue
		}
		by, begin := v.rows[x.lo:x.hi], f.c.begin[x.row]
		by = by[sort.Search(len(by), func(i int) bool { return f.c.at[by[i]] >= begin }):]
		for _, r := range by {
			if f.exposed(r) && f.stands(r) != f.stands(x.row) {
				latest = max(latest, f.c.at[r])
				out = append(out, fastTaken{x.k, x.row, f.c.at[r], latest})
				break
			}
		}
	}
	return out
}
