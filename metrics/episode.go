package metrics

import (
	"fmt"
	"time"
)

// cluster says of each incident with which incident its episode begins: with
// itself, or with an earlier one of the same deployment that it overlaps or follows
// within the definition's ClusterWithin.
func (a *analysis) cluster() {
	for i := range a.episodes {
		a.episodes[i] = i
	}
	if a.def.ClusterWithin == 0 {
		return
	}
	for i := range a.deps {
		begins, open := -1, false
		var end time.Time
		for _, k := range a.deps[i].incidents {
			n := &a.s.incidents[k]
			if begins < 0 || !open && n.At.Sub(end) > a.def.ClusterWithin {
				begins, end = k, n.At
			}
			a.episodes[k] = begins
			open = open || n.open(a.s.asOf)
			if n.Resolved.After(end) {
				end = n.Resolved
			}
		}
	}
}

// firstEpisode are the incidents of deployment i that its recovery has to do with.
func (a *analysis) firstEpisode(i int) []int {
	all := a.deps[i].incidents
	if a.def.ClusterWithin == 0 {
		return all
	}
	for k := range all {
		if a.episodes[all[k]] != all[0] {
			return all[:k]
		}
	}
	return all
}

// episodeReason adds to why an incident stands somewhere that it is no incident of
// its own, or none that its deployment's recovery waits for.
func (a *analysis) episodeReason(i int, reason string) string {
	l := a.links[i]
	if a.def.ClusterWithin == 0 || l.dep < 0 {
		return reason
	}
	begins := a.episodes[i]
	if begins != i {
		reason += fmt.Sprintf("; one incident with %q", a.s.incidents[begins].Ref())
	}
	if begins != a.deps[l.dep].incidents[0] {
		reason += "; the deployment had recovered before"
	}
	return reason
}
