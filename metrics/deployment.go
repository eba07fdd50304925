package metrics

import (
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/release"
)

// Deployment is one attempt to make an environment run a version. At is when
// the attempt ended: the moment at which everything ran the version, or at which
// it was given up.
type Deployment struct {
	Meta
	// Started is when the version was first exposed; zero where it is not known.
	Started time.Time `json:"started,omitzero"`
	// Outcome is how the attempt itself ended. Incidents that follow are facts of
	// their own.
	Outcome DeploymentOutcome `json:"outcome"`
	// Detected is when a failed deployment was found to fail, and Recovered when the
	// environment was well again; zero where that is not known.
	Detected  time.Time `json:"detected,omitzero"`
	Recovered time.Time `json:"recovered,omitzero"`
	// Version names what was deployed, Artifact is its digest or purl, Release the
	// digest of the [release.Release]. Each may be missing.
	Version  string         `json:"version,omitempty"`
	Artifact string         `json:"artifact,omitempty"`
	Release  release.Digest `json:"release,omitzero"`
	// Follows is the version that it took the place of. Where it is set, the
	// deployment is not the first one, even if the log knows no earlier.
	Follows string `json:"follows,omitempty"`
	// Commit is the revision that was built, where it is known.
	Commit string `json:"commit,omitempty"`
	// Tier is how risky the release was held to be before it was deployed, and Risk the
	// probability that it fails that was foretold, above 0 and below 1; unknown and 0
	// where nobody said. No metric depends on them: they are what is put to the test.
	Tier release.Tier `json:"tier,omitzero"`
	Risk float64      `json:"risk,omitzero"`
	// Changes are the changes that it brought.
	Changes []Ref `json:"changes,omitempty"`
	// Planned says whether it was planned work.
	Planned Planned `json:"planned"`
	// Fixes are the incidents that it was made to end.
	Fixes []Ref `json:"fixes,omitempty"`
	// RollbackOf is the deployment that this one takes back.
	RollbackOf Ref `json:"rollbackOf,omitzero"`
}

// DeploymentOutcome is how an attempt to deploy ended.
type DeploymentOutcome uint8

// The outcomes of a deployment.
const (
	DeploymentUnknown    DeploymentOutcome = iota // still running, or nobody said: it is not counted
	DeploymentSucceeded                           // everything runs the version
	DeploymentFailed                              // users were exposed to it, and it was given up or taken back
	DeploymentNotExposed                          // it ended before anybody was exposed: a failed attempt, not a failed change
)

var deploymentOutcomes = enum.Table[DeploymentOutcome]{Type: "metrics.DeploymentOutcome",
	Names: []string{"unknown", "succeeded", "failed", "not-exposed"}}

// String is the outcome's name.
func (o DeploymentOutcome) String() string { return deploymentOutcomes.Text(o) }

// ParseDeploymentOutcome reads an outcome's name.
func ParseDeploymentOutcome(s string) (DeploymentOutcome, error) { return deploymentOutcomes.Parse(s) }

// MarshalText is the outcome's name.
func (o DeploymentOutcome) MarshalText() ([]byte, error) { return deploymentOutcomes.Marshal(o) }

// UnmarshalText reads an outcome's name.
func (o *DeploymentOutcome) UnmarshalText(b []byte) error { return deploymentOutcomes.Unmarshal(o, b) }

// Planned says whether a deployment was planned.
type Planned uint8

// Whether a deployment was planned.
const (
	PlannedUnknown Planned = iota
	PlannedYes
	PlannedNo // made to repair what an incident showed: a hotfix
)

var planneds = enum.Table[Planned]{Type: "metrics.Planned", Names: []string{"unknown", "yes", "no"}}

// String is the value's name.
func (p Planned) String() string { return planneds.Text(p) }

// ParsePlanned reads a value's name.
func ParsePlanned(s string) (Planned, error) { return planneds.Parse(s) }

// MarshalText is the value's name.
func (p Planned) MarshalText() ([]byte, error) { return planneds.Marshal(p) }

// UnmarshalText reads a value's name.
func (p *Planned) UnmarshalText(b []byte) error { return planneds.Unmarshal(p, b) }

func (d Deployment) meta() *Meta    { return &d.Meta }
func (d Deployment) kind() FactKind { return KindDeployment }

func (d Deployment) validate() []error {
	errs := d.Meta.validate()
	if !d.Deleted {
		if d.Service == "" {
			errs = append(errs, errors.New("no service"))
		}
		if d.Environment == "" {
			errs = append(errs, errors.New("no environment"))
		}
		if d.Outcome != DeploymentFailed && (!d.Recovered.IsZero() || !d.Detected.IsZero()) {
			errs = append(errs, errors.New("it has a time of detection or recovery, and did not fail"))
		}
	}
	if d.Started.After(d.At) && !d.At.IsZero() {
		errs = append(errs, errors.New("it started after it ended"))
	}
	if d.RollbackOf == d.Ref() {
		errs = append(errs, errors.New("it rolls back itself"))
	}
	if _, err := d.Outcome.MarshalText(); err != nil {
		errs = append(errs, err)
	}
	if _, err := d.Planned.MarshalText(); err != nil {
		errs = append(errs, err)
	}
	if _, err := d.Tier.MarshalText(); err != nil {
		errs = append(errs, err)
	}
	if d.Risk != 0 && !(d.Risk > 0 && d.Risk < 1) {
		errs = append(errs, fmt.Errorf("risk %v is no probability between 0 and 1", d.Risk))
	}
	return append(errs, checkTime("started", d.Started), checkTime("detected", d.Detected), checkTime("recovered", d.Recovered),
		checkText("version", d.Version), checkText("artifact", d.Artifact), checkText("follows", d.Follows), checkText("commit", d.Commit),
		checkRefs("change", d.Changes...), checkRefs("fixes", d.Fixes...), checkRefs("rollback of", d.RollbackOf))
}

func (d Deployment) normal() Fact {
	d.Meta = d.Meta.normal()
	d.Started, d.Detected, d.Recovered = d.Started.UTC().Round(0), d.Detected.UTC().Round(0), d.Recovered.UTC().Round(0)
	d.Changes, d.Fixes = normalRefs(d.Changes), normalRefs(d.Fixes)
	return d
}

// begin is when the version was first exposed, as far as it is known.
func (d *Deployment) begin() time.Time {
	if d.Started.IsZero() {
		return d.At
	}
	return d.Started
}
