package metrics

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// Detected is what a deployment was found to be, beside a deployment.
type Detected uint8

// What deployments are found to be.
const (
	DetectedUnknown  Detected = iota
	DetectedRollback          // it takes another deployment back, by its own word or by [Definition.DetectRollbacks]
	DetectedRestore           // it goes forward again to a version that had been left: no second rollback
	DetectedRetry             // it tries again a version whose last attempt failed
	DetectedRepeat            // it repeats the version that was running
	DetectedRegion            // it brings to another region what was deployed already
	DetectedRevert            // it brings a change that reverts one of an earlier deployment
	DetectedHotfix            // it repairs: somebody says so, or it is the first one soon after a failure
)

var detecteds = enum.Table[Detected]{Type: "metrics.Detected",
	Names: []string{"unknown", "rollback", "restore", "retry", "repeat", "region", "revert", "hotfix"}}

// String is the value's name.
func (d Detected) String() string { return detecteds.Text(d) }

// ParseDetected reads a value's name.
func ParseDetected(s string) (Detected, error) { return detecteds.Parse(s) }

// MarshalText is the value's name.
func (d Detected) MarshalText() ([]byte, error) { return detecteds.Marshal(d) }

// UnmarshalText reads a value's name.
func (d *Detected) UnmarshalText(b []byte) error { return detecteds.Unmarshal(d, b) }

// reason says what a deployment does with a version that was tried before.
func (d Detected) reason() string {
	switch d {
	case DetectedRestore:
		return "it goes forward again to a version that had been left: a restore, no rollback"
	case DetectedRetry:
		return "it tries again a version whose last attempt failed"
	}
	return ""
}

// Detection is one thing that a deployment was found to be.
type Detection struct {
	// Deployment is the one that was looked at, Kind what it was found to be.
	Deployment Ref      `json:"deployment"`
	Kind       Detected `json:"kind"`
	// Of is the deployment that it takes back, restores, repeats, reverts or repairs; zero
	// where that is not known.
	Of Ref `json:"of,omitzero"`
	// Confidence is [ConfidenceStated] where somebody said so, [ConfidenceGuess]
	// where only the time says so, and [ConfidenceLikely] otherwise.
	Confidence Confidence `json:"confidence"`
	// Reason is for people.
	Reason string `json:"reason"`
}

// Detections are what the deployments of the snapshot were found to be by the
// definition, by time; a deployment may stand there more than once. Those of
// environments that do not count, that lie ahead, or of which the outcome is not
// known were not looked at.
func (r *Report) Detections() []Detection {
	var out []Detection
	a := r.analysis()
	for i := range a.deps {
		out = a.detections(out, i)
	}
	return out
}

func (a *analysis) detections(out []Detection, i int) []Detection {
	x, d := &a.deps[i], &a.s.deployments[i]
	if x.why == whyAhead || x.why == whyEnvironment || x.why == whyUnknown || x.why == whyNotExposed {
		return out
	}
	found := func(kind Detected, of int, confidence Confidence, reason string) {
		n := Detection{Deployment: d.Ref(), Kind: kind, Confidence: confidence, Reason: reason}
		if of >= 0 {
			n.Of = a.s.deployments[of].Ref()
		}
		out = append(out, n)
	}
	switch {
	case x.rollback && !d.RollbackOf.IsZero():
		found(DetectedRollback, x.target, ConfidenceStated, "it names what it takes back")
	case x.rollback:
		found(DetectedRollback, x.target, ConfidenceLikely, "its version came to the service before the running one did")
	case x.again != DetectedUnknown:
		found(x.again, x.prior, ConfidenceLikely, x.again.reason())
	}
	switch x.why {
	case whyRepeat:
		found(DetectedRepeat, x.as, ConfidenceLikely, x.why)
	case whyRetry:
		found(DetectedRetry, x.as, ConfidenceLikely, x.why)
	case whyRegion:
		found(DetectedRegion, x.as, ConfidenceLikely, x.why)
	}
	switch {
	case x.rollback:
	case d.Planned == PlannedNo:
		found(DetectedHotfix, -1, ConfidenceStated, "it was not planned")
	case len(d.Fixes) > 0:
		found(DetectedHotfix, -1, ConfidenceStated, "it was made to end an incident")
	case x.rework == whyRevert:
		found(DetectedRevert, x.fixes, ConfidenceLikely, x.rework)
	case x.rework == whyHotfix:
		found(DetectedHotfix, x.fixes, ConfidenceGuess, x.rework)
	}
	return out
}

// The reasons for which a deployment is likely to be unplanned.
const (
	whyRevert = "it reverts a change that an earlier deployment brought: likely unplanned"
	whyHotfix = "it is the first one soon after a failure: likely unplanned"
)

// exposed reports whether deployment i is known to have reached users where it counts.
func (a *analysis) exposed(i int) bool {
	o := a.s.deployments[i].Outcome
	why := a.deps[i].why
	return (o == DeploymentSucceeded || o == DeploymentFailed) && why != whyEnvironment && why != whyAhead
}

// detectRework finds the deployments that are likely to be unplanned, among those of
// which nobody said whether they are.
func (a *analysis) detectRework() {
	if !a.def.RevertIsRework && a.def.HotfixWithin == 0 {
		return
	}
	for _, key := range a.order {
		brought := map[Ref]int{}
		before := -1
		for _, i := range a.streams[key] {
			if !a.exposed(i) {
				continue
			}
			x, d := &a.deps[i], &a.s.deployments[i]
			if deploys := x.why == "" && !x.rollback; deploys {
				if d.Planned == PlannedUnknown && len(d.Fixes) == 0 {
					a.repairs(i, before, brought)
				}
				before = i
			}
			for _, ref := range d.Changes {
				brought[ref] = i
			}
		}
	}
}

// repairs says of deployment i whether it is likely to repair what the deployment
// before it, or an earlier one that brought a change, broke.
func (a *analysis) repairs(i, before int, brought map[Ref]int) {
	x, d := &a.deps[i], &a.s.deployments[i]
	if a.def.RevertIsRework {
		for _, ref := range d.Changes {
			c := a.revertOf(ref)
			if by, ok := brought[c]; ok && !c.IsZero() {
				x.rework, x.fixes = whyRevert, by
				return
			}
		}
	}
	if a.def.HotfixWithin == 0 || before < 0 || !a.deps[before].failed ||
		a.def.HotfixChanges > 0 && len(d.Changes) > a.def.HotfixChanges ||
		d.Version != "" && d.Version == a.s.deployments[before].Version {
		return
	}
	sign := a.signAt(before)
	if after := x.moment.Sub(sign); after >= 0 && after <= a.def.HotfixWithin {
		x.rework, x.fixes = whyHotfix, before
	}
}

// revertOf is the change that a change takes back, zero for none.
func (a *analysis) revertOf(ref Ref) Ref {
	if c, ok := a.changes[ref]; ok {
		return a.s.changes[c].RevertOf
	}
	return Ref{}
}

// signAt is the first sign that deployment i failed, of those that the definition
// goes by.
func (a *analysis) signAt(i int) time.Time {
	x, d := &a.deps[i], &a.s.deployments[i]
	var at time.Time
	sign := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	if a.def.OutcomeFails && d.Outcome == DeploymentFailed {
		if sign(d.At); !d.Detected.IsZero() {
			at = d.Detected
		}
	}
	if a.def.RollbackFails && x.takenBackBy >= 0 {
		sign(a.s.deployments[x.takenBackBy].At)
	}
	if a.def.IncidentFails && len(x.incidents) > 0 {
		sign(a.s.incidents[x.incidents[0]].At)
	}
	return at
}

const maxDetectWithin = 90 * 24 * time.Hour

// validateDetection reports what is wrong with the fields that detection goes by.
func (d *Definition) validateDetection() []error {
	var errs []error
	for _, f := range []struct {
		name string
		v    time.Duration
	}{{"regions", d.RegionsWithin}, {"hotfixes", d.HotfixWithin}, {"clusters", d.ClusterWithin}} {
		if f.v < 0 || f.v > maxDetectWithin {
			errs = append(errs, fmt.Errorf("metrics: definition %q looks for %s within %s, not within [0, %s]", d.Name, f.name, f.v, maxDetectWithin))
		}
	}
	if (d.RegionBy == "") != (d.RegionsWithin == 0) {
		errs = append(errs, fmt.Errorf("metrics: definition %q names the dimension of regions, or how long they take, without the other", d.Name))
	}
	if d.RegionBy == DimService {
		errs = append(errs, fmt.Errorf("metrics: definition %q takes services for regions", d.Name))
	}
	if err := checkText("the dimension of regions", d.RegionBy); err != nil {
		errs = append(errs, fmt.Errorf("metrics: definition %q: %w", d.Name, err))
	}
	if d.HotfixChanges < 0 || d.HotfixChanges > 0 && d.HotfixWithin == 0 {
		errs = append(errs, fmt.Errorf("metrics: definition %q looks for hotfixes of %d changes within %s", d.Name, d.HotfixChanges, d.HotfixWithin))
	}
	return errs
}
