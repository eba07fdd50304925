package metrics

import (
	"cmp"
	"slices"
	"time"
)

// region is the region of a deployment, "" where the definition knows none.
func (d *Definition) region(f *Deployment) string {
	switch d.RegionBy {
	case "":
		return ""
	case DimEnvironment:
		return f.Environment
	}
	return f.Dims[d.RegionBy]
}

// regionRollout is what the deployments have in common that bring one version to
// several regions.
type regionRollout struct {
	service, environment, version string
	rollback                      bool
}

type regionHead struct {
	dep     int
	moment  time.Time
	regions map[string]bool
}

// mergeRegions takes together what came to several regions: the first deployment
// stands for all of them.
func (a *analysis) mergeRegions() {
	if a.def.RegionBy == "" {
		return
	}
	order := make([]int, len(a.deps))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return cmp.Or(a.deps[x].moment.Compare(a.deps[y].moment), cmp.Compare(x, y)) })
	heads := map[regionRollout]regionHead{}
	for _, i := range order {
		x, d := &a.deps[i], &a.s.deployments[i]
		if d.Version == "" || d.Outcome != DeploymentSucceeded || x.why != "" && x.why != whyRollback {
			continue
		}
		key := regionRollout{d.Service, d.Environment, d.Version, x.rollback}
		if a.def.RegionBy == DimEnvironment {
			key.environment = ""
		}
		region := a.def.region(d)
		h, ok := heads[key]
		if !ok || h.regions[region] || x.moment.Sub(h.moment) > a.def.RegionsWithin {
			heads[key] = regionHead{i, x.moment, map[string]bool{region: true}}
			continue
		}
		h.regions[region] = true
		x.why, x.as = whyRegion, h.dep
	}
	for i := range a.deps { // a repeat in another region repeats what that one is part of
		a.deps[i].as = a.deps[a.deps[i].as].as
	}
}
