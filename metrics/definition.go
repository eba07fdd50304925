package metrics

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/release"
)

// Definition says what exactly is measured. DORA's words leave each of these
// questions open, and tools answer them differently; here each answer is a field
// and each result carries the [Definition.Digest]. No field has a default: the
// zero Definition is refused. Start from a preset, such as [DORA].
type Definition struct {
	// Name is for people. It is part of the digest.
	Name string `json:"name"`
	// Environments are those whose deployments count; none means all.
	Environments []string `json:"environments,omitempty"`
	// DeployedAt is the time of a deployment.
	DeployedAt DeployMoment `json:"deployedAt"`
	// AttemptsCount makes attempts that exposed nobody count as failed deployments.
	// DORA's failures are of changes that reached users.
	AttemptsCount bool `json:"attemptsCount"`
	// Repeats, Rollbacks: do they count as deployments of their own?
	Repeats   RepeatRule   `json:"repeats"`
	Rollbacks RollbackRule `json:"rollbacks"`
	// DetectRollbacks finds rollbacks that nobody named: a deployment of a version
	// that was first seen in that service and environment before the running one
	// was. It takes back the running one. The restore that follows goes forward in
	// that order, so it is no rollback.
	DetectRollbacks bool `json:"detectRollbacks"`

	// Frequency says which counted deployments make up the deployment frequency.
	Frequency FrequencyRule `json:"frequency"`

	// LeadFrom and LeadTo bound the lead time of a change; LeadPer says whether each
	// change or each deployment has one value.
	LeadFrom LeadStart  `json:"leadFrom"`
	LeadTo   LeadEnd    `json:"leadTo"`
	LeadPer  LeadWeight `json:"leadPer"`
	// First says whether the first known deployment of a service has lead times.
	First FirstRule `json:"first"`
	// Quantile is how the median of the lead times is taken between two values.
	Quantile QuantileType `json:"quantile"`

	// A deployment failed if one of the chosen signs is there: its outcome
	// (OutcomeFails), another deployment that took it back (RollbackFails), an incident
	// that is linked to it (IncidentFails). At least one must be chosen.
	OutcomeFails  bool `json:"outcomeFails"`
	RollbackFails bool `json:"rollbackFails"`
	IncidentFails bool `json:"incidentFails"`

	// Links are the ways to find the deployment behind an incident, tried in this
	// order. LinkWithin bounds the last of them, [LinkWindow], and is also how long
	// a deployment is watched before its success is settled; at most 90 days.
	Links      []LinkRule    `json:"links"`
	LinkWithin time.Duration `json:"linkWithin"`

	// One failed deployment has one recovery, however many incidents it caused: from
	// RecoverFrom to RecoverTo, counted in the window that RecoveryWindow says.
	RecoverFrom    RecoveryStart  `json:"recoverFrom"`
	RecoverTo      RecoveryEnd    `json:"recoverTo"`
	RecoveryWindow RecoveryWindow `json:"recoveryWindow"`

	// RollbackIsRework makes each rollback an unplanned deployment of the rework
	// rate, in its numerator and its denominator.
	RollbackIsRework bool `json:"rollbackIsRework"`

	// MinSample is how many values, deployments or failures a median or a rate needs;
	// with fewer its status is [StatusTooFew]. A frequency needs none: zero
	// deployments are a count.
	MinSample int `json:"minSample"`
}

// DORA is the definition nearest to the words of DORA's guide "DORA's software
// delivery performance metrics" (dora.dev, 2026-01-05), read for a single service:
// production only; deployments that succeeded make the frequency; a change is in
// production when a deployment that brought it succeeded; each change weighs the
// same; a deployment failed if it did not succeed, was rolled back or caused an
// incident; recovery runs from the deployment until service is restored for
// good; rework are unplanned deployments made because of an incident, rollbacks
// included.
func DORA() Definition {
	return Definition{
		Name:             "DORA",
		Environments:     []string{"production"},
		DeployedAt:       DeployedAtEnd,
		Repeats:          RepeatOnce,
		Rollbacks:        RollbackAside,
		DetectRollbacks:  true,
		Frequency:        FrequencyOfSuccesses,
		LeadFrom:         LeadFromCommit,
		LeadTo:           LeadToSuccess,
		LeadPer:          LeadPerChange,
		First:            FirstExcluded,
		Quantile:         QuantileType7,
		OutcomeFails:     true,
		RollbackFails:    true,
		IncidentFails:    true,
		Links:            []LinkRule{LinkExplicit, LinkArtifact, LinkVersion, LinkRollback, LinkWindow},
		LinkWithin:       24 * time.Hour,
		RecoverFrom:      RecoverFromDeployed,
		RecoverTo:        RecoverToResolved,
		RecoveryWindow:   RecoveryByDeployment,
		RollbackIsRework: true,
		MinSample:        1,
	}
}

const maxLinkWithin = 90 * 24 * time.Hour

// Validate reports everything that is missing or out of range.
func (d *Definition) Validate() error {
	var errs []error
	choice := func(name string, v, last uint8) {
		if v == 0 || v > last {
			errs = append(errs, fmt.Errorf("metrics: definition %q does not say %s", d.Name, name))
		}
	}
	choice("deployedAt", uint8(d.DeployedAt), uint8(DeployedAtStart))
	choice("repeats", uint8(d.Repeats), uint8(RepeatEach))
	choice("rollbacks", uint8(d.Rollbacks), uint8(RollbackCounts))
	choice("frequency", uint8(d.Frequency), uint8(FrequencyOfAll))
	choice("leadFrom", uint8(d.LeadFrom), uint8(LeadFromMerge))
	choice("leadTo", uint8(d.LeadTo), uint8(LeadToExposure))
	choice("leadPer", uint8(d.LeadPer), uint8(LeadPerDeployment))
	choice("first", uint8(d.First), uint8(FirstIncluded))
	choice("quantile", uint8(d.Quantile), uint8(QuantileType7))
	choice("recoverFrom", uint8(d.RecoverFrom), uint8(RecoverFromDetected))
	choice("recoverTo", uint8(d.RecoverTo), uint8(RecoverToRestored))
	choice("recoveryWindow", uint8(d.RecoveryWindow), uint8(RecoveryByStart))
	if !d.OutcomeFails && !d.RollbackFails && !d.IncidentFails {
		errs = append(errs, fmt.Errorf("metrics: definition %q has no sign by which a deployment fails", d.Name))
	}
	for i, l := range d.Links {
		choice(fmt.Sprintf("a known link rule at %d", i), uint8(l), uint8(LinkWindow))
		if slices.Contains(d.Links[:i], l) {
			errs = append(errs, fmt.Errorf("metrics: definition %q has link rule %q twice", d.Name, l))
		}
	}
	if slices.Contains(d.Links, LinkWindow) && d.LinkWithin <= 0 || d.LinkWithin < 0 || d.LinkWithin > maxLinkWithin {
		errs = append(errs, fmt.Errorf("metrics: definition %q links within %q, not within (0, %s]", d.Name, d.LinkWithin, maxLinkWithin))
	}
	for _, t := range append([]string{d.Name}, d.Environments...) {
		if err := checkText("a text", t); err != nil {
			errs = append(errs, fmt.Errorf("metrics: definition %q: %w", d.Name, err))
		}
	}
	return errors.Join(errs...)
}

// Digest identifies the definition by its canonical bytes: two definitions with
// the same digest measure the same.
func (d *Definition) Digest() (release.Digest, error) {
	if err := d.Validate(); err != nil {
		return release.Digest{}, err
	}
	v, err := canon.Digest("sallyport.metrics.definition.v1", d)
	return release.Digest(v), err
}

func (d *Definition) counts(environment string) bool {
	return len(d.Environments) == 0 || slices.Contains(d.Environments, environment)
}
