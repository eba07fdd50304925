package metrics

import "time"

// Predecessor is a deployment that succeeded, and the one before it.
type Predecessor struct {
	// Deployment succeeded and counts by the definition.
	Deployment Ref `json:"deployment"`
	// Before is the last one before it of the same service in the same environment
	// that did too; zero for the first one that is known.
	Before Ref `json:"before,omitzero"`
}

// Predecessors are the deployments that succeeded and count by the definition, by
// service, environment and time, each with the one before. What lies between the
// revisions of the two are the changes that the later one brought: it is what to
// ask version control for where nobody listed [Deployment.Changes].
func (s *Snapshot) Predecessors(d Definition) ([]Predecessor, error) {
	a, err := analyse(s, d, Query{From: s.asOf.AddDate(0, 0, -1), To: s.asOf.Add(time.Nanosecond), Window: WindowWhole})
	if err != nil {
		return nil, err
	}
	var out []Predecessor
	for _, key := range a.order {
		var before Ref
		for _, i := range a.streams[key] {
			f := &s.deployments[i]
			if a.deps[i].why == "" && f.Outcome == DeploymentSucceeded {
				out = append(out, Predecessor{Deployment: f.Ref(), Before: before})
				before = f.Ref()
			}
		}
	}
	return out, nil
}
