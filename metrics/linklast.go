package metrics

import (
	"slices"
	"time"
)

// DimProject is the dimension of [Meta.Dims] that [LinkLast] stays within: an
// incident is laid to deployments of the same value only, facts without it to
// those without it.
const DimProject = "project"

// byProject are the deployments that count and succeeded, by the time at which
// they ended.
func (a *analysis) byProject() map[string][]int {
	out := map[string][]int{}
	if !slices.Contains(a.def.Links, LinkLast) {
		return out
	}
	for i := range a.deps { // which are in the order of At
		if d := &a.s.deployments[i]; a.deps[i].why == "" && d.Outcome == DeploymentSucceeded {
			out[d.Dims[DimProject]] = append(out[d.Dims[DimProject]], i)
		}
	}
	return out
}

// lastSuccess is the last of ids that ended before t, -1 for none.
func (a *analysis) lastSuccess(ids []int, t time.Time) int {
	k, _ := slices.BinarySearchFunc(ids, t, func(i int, t time.Time) int {
		if a.s.deployments[i].At.Before(t) {
			return -1
		}
		return 1
	})
	if k == 0 {
		return -1
	}
	return ids[k-1]
}
