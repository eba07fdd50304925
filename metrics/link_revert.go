package metrics

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// broughtTo is a change in a stream without its region.
type broughtTo struct {
	place  stream
	change Ref
}

// reverts are, for each change, the deployments that brought a change which takes
// it back, by the time at which they were done. It is empty where the definition
// does not link by reverts.
func (a *analysis) reverts() map[broughtTo][]int {
	out := map[broughtTo][]int{}
	if !slices.Contains(a.def.Links, LinkRevert) {
		return out
	}
	for i := range a.deps { // by At
		if !a.exposed(i) {
			continue
		}
		for _, ref := range a.s.deployments[i].Changes {
			if c := a.revertOf(ref); !c.IsZero() {
				key := broughtTo{a.place(i), c}
				if n := len(out[key]); n == 0 || out[key][n-1] != i {
					out[key] = append(out[key], i)
				}
			}
		}
	}
	return out
}

// addReverted adds, for each change of deployment i, the time from when it was
// exposed to the first later deployment that reverts the change.
func (a *analysis) addReverted(sets map[stream]*spans, reverts map[broughtTo][]int, i int) {
	if len(reverts) == 0 {
		return
	}
	from := a.s.deployments[i].begin()
	for _, ref := range a.s.deployments[i].Changes {
		by := reverts[broughtTo{a.place(i), ref}]
		k, _ := slices.BinarySearchFunc(by, from, func(j int, t time.Time) int {
			return cmp.Or(a.s.deployments[j].At.Compare(t), 1) // the first at that time, too
		})
		for ; k < len(by); k++ {
			if a.deps[by[k]].as != a.deps[i].as {
				spansOf(sets, a.place(i)).add(i, by[k], from, a.s.deployments[by[k]].At)
				break
			}
		}
	}
}

// tryRevert is the latest deployment before the incident of which a change was
// reverted while the incident was open, or soon after it.
func (a *analysis) tryRevert(set *spans, n *Incident) (link, bool) {
	var until time.Time
	if !n.open(a.s.asOf) {
		until = n.Resolved.Add(a.def.LinkWithin)
	}
	k := set.latest(n.At, until)
	if k < 0 {
		return link{}, false
	}
	return link{dep: set.deps[k], confidence: ConfidenceLikely,
		reason: fmt.Sprintf("deployment %q reverted a change that it brought", a.s.deployments[set.by[k]].Ref())}, true
}
