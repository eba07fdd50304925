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
	// FrequencyPer says whether deployments are counted, or days with one.
	FrequencyPer FrequencyUnit `json:"frequencyPer"`

	// LeadFrom and LeadTo bound the lead time of a change; LeadPer says whether each
	// change or each deployment has one value.
	LeadFrom LeadStart  `json:"leadFrom"`
	LeadTo   LeadEnd    `json:"leadTo"`
	LeadPer  LeadWeight `json:"leadPer"`
	// LeadSpan says whether a lead time is one span or a sum of stages, LeadRounding
	// how it, or each stage, is rounded, and LeadSummary which one number stands for
	// all of them.
	LeadSpan     LeadSpan `json:"leadSpan"`
	LeadRounding Rounding `json:"leadRounding"`
	LeadSummary  Summary  `json:"leadSummary"`
	// First says whether the first known deployment of a service has lead times.
	First FirstRule `json:"first"`
	// Quantile is how the median of the lead times, and any other quantile of them, is
	// taken between two values, and those of recovery times unless they are the
	// Kaplan-Meier ones.
	Quantile QuantileType `json:"quantile"`
	// Negative says what becomes of lead times and recovery times below zero.
	Negative NegativeRule `json:"negative"`

	// A deployment failed if one of the chosen signs is there: its outcome
	// (OutcomeFails), another deployment that took it back (RollbackFails), an incident
	// that is linked to it (IncidentFails). At least one must be chosen.
	OutcomeFails  bool `json:"outcomeFails"`
	RollbackFails bool `json:"rollbackFails"`
	IncidentFails bool `json:"incidentFails"`
	// FailBase is the denominator of the fail rate, FailCounts its numerator.
	FailBase   FailBase  `json:"failBase"`
	FailCounts FailCount `json:"failCounts"`

	// Links are the ways to find the deployment behind an incident, tried in this
	// order. LinkWithin bounds the last of them, [LinkWindow], and is also how long
	// a deployment is watched before its success is settled; at most 90 days.
	Links      []LinkRule    `json:"links"`
	LinkWithin time.Duration `json:"linkWithin"`

	// RecoveryOf says what has a recovery time: from RecoverFrom to RecoverTo, counted
	// in the window that RecoveryWindow says.
	RecoveryOf     RecoveryUnit   `json:"recoveryOf"`
	RecoverFrom    RecoveryStart  `json:"recoverFrom"`
	RecoverTo      RecoveryEnd    `json:"recoverTo"`
	RecoveryWindow RecoveryWindow `json:"recoveryWindow"`

	// Open says what becomes of recoveries that are not over, RecoveryRounding how
	// each is rounded, and RecoverySummary which one number stands for all of them.
	Open             OpenRule `json:"open"`
	RecoveryRounding Rounding `json:"recoveryRounding"`
	RecoverySummary  Summary  `json:"recoverySummary"`

	// Rework says whether there is a rework rate.
	Rework ReworkRule `json:"rework"`
	// RollbackIsRework makes each rollback an unplanned deployment of the rework
	// rate, in its numerator and its denominator.
	RollbackIsRework bool `json:"rollbackIsRework"`

	// RetriesOnce makes one failed attempt of several: attempts that exposed nobody, of
	// one version in one service and environment, with nothing of another version
	// between. It has an effect where AttemptsCount is true. The attempt that succeeds
	// in the end counts as the deployment it is.
	RetriesOnce bool `json:"retriesOnce,omitempty"`
	// RegionBy is what names the region of a deployment: [DimEnvironment], or a name
	// of [Dims]; "" means that there are no regions. Each region is followed by itself,
	// so that a region which lags behind looks like no rollback; and what comes to
	// several regions within RegionsWithin of the first, the same version of the
	// same service and, unless RegionBy is the environment, in the same environment,
	// is one deployment: the first, which answers for all of them. Only deployments
	// that succeeded and that name their version are taken together, and rollbacks
	// only with rollbacks. RegionsWithin is above 0 if there are regions, at most 90
	// days. Where the environment is the region, results are asked for by service.
	RegionBy      string        `json:"regionBy,omitempty"`
	RegionsWithin time.Duration `json:"regionsWithin,omitempty"`
	// RevertIsRework and HotfixWithin find unplanned deployments where nobody said
	// whether one was planned, see [Planned]. RevertIsRework takes one for unplanned
	// that brings a change which reverts what an earlier deployment of its service in
	// its environment brought. HotfixWithin, if above 0, takes one for unplanned that
	// comes first after a failed one, within this time of the first sign of the failure,
	// with another version; at most 90 days. HotfixChanges is the largest number of
	// changes that such a one may bring, 0 for any. No rollback, repeat or retry is a
	// hotfix.
	RevertIsRework bool          `json:"revertIsRework,omitempty"`
	HotfixWithin   time.Duration `json:"hotfixWithin,omitempty"`
	HotfixChanges  int           `json:"hotfixChanges,omitempty"`
	// ClusterWithin, if above 0, makes one incident of those of one deployment that
	// overlap, or of which one begins at most this long after the last one ended; at
	// most 90 days. A deployment has then recovered when the first of these episodes is
	// over: one that begins later is listed, and does not make the recovery longer. If
	// 0, each incident stands alone, and recovery lasts until the last one is over.
	ClusterWithin time.Duration `json:"clusterWithin,omitempty"`

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
// and reverts included.
func DORA() Definition {
	return Definition{
		Name:             "DORA",
		Environments:     []string{"production"},
		DeployedAt:       DeployedAtEnd,
		Repeats:          RepeatOnce,
		Rollbacks:        RollbackAside,
		DetectRollbacks:  true,
		Frequency:        FrequencyOfSuccesses,
		FrequencyPer:     FrequencyPerDeployment,
		LeadFrom:         LeadFromCommit,
		LeadTo:           LeadToSuccess,
		LeadPer:          LeadPerChange,
		LeadSpan:         LeadWhole,
		LeadRounding:     RoundingNone,
		LeadSummary:      SummaryMedian,
		First:            FirstExcluded,
		Quantile:         QuantileType7,
		Negative:         NegativeKept,
		OutcomeFails:     true,
		RollbackFails:    true,
		IncidentFails:    true,
		FailBase:         FailOfAll,
		FailCounts:       FailDeployments,
		Links:            []LinkRule{LinkExplicit, LinkArtifact, LinkVersion, LinkRevert, LinkRollback, LinkWindow},
		LinkWithin:       24 * time.Hour,
		RecoveryOf:       RecoveryOfDeployment,
		RecoverFrom:      RecoverFromDeployed,
		RecoverTo:        RecoverToResolved,
		RecoveryWindow:   RecoveryByDeployment,
		Open:             OpenCensored,
		RecoveryRounding: RoundingNone,
		RecoverySummary:  SummaryMedian,
		Rework:           ReworkUnplanned,
		RollbackIsRework: true,
		RevertIsRework:   true,
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
	choice("frequencyPer", uint8(d.FrequencyPer), uint8(FrequencyPerDay))
	choice("leadSpan", uint8(d.LeadSpan), uint8(LeadByStages))
	choice("leadRounding", uint8(d.LeadRounding), uint8(RoundingMinutesDown))
	choice("leadSummary", uint8(d.LeadSummary), uint8(SummaryMean))
	choice("negative", uint8(d.Negative), uint8(NegativeDropped))
	choice("failBase", uint8(d.FailBase), uint8(FailOfSuccesses))
	choice("failCounts", uint8(d.FailCounts), uint8(FailIncidents))
	choice("recoveryOf", uint8(d.RecoveryOf), uint8(RecoveryOfRun))
	choice("open", uint8(d.Open), uint8(OpenUntilNow))
	choice("recoveryRounding", uint8(d.RecoveryRounding), uint8(RoundingMinutesDown))
	choice("recoverySummary", uint8(d.RecoverySummary), uint8(SummaryMean))
	choice("rework", uint8(d.Rework), uint8(ReworkNone))
	choice("leadFrom", uint8(d.LeadFrom), uint8(LeadFromMerge))
	choice("leadTo", uint8(d.LeadTo), uint8(LeadToExposure))
	choice("leadPer", uint8(d.LeadPer), uint8(LeadPerDeployment))
	choice("first", uint8(d.First), uint8(FirstIncluded))
	choice("quantile", uint8(d.Quantile), uint8(QuantileLower))
	choice("recoverFrom", uint8(d.RecoverFrom), uint8(RecoverFromEnded))
	choice("recoverTo", uint8(d.RecoverTo), uint8(RecoverToSuccess))
	choice("recoveryWindow", uint8(d.RecoveryWindow), uint8(RecoveryByEnd))
	if !d.OutcomeFails && !d.RollbackFails && !d.IncidentFails {
		errs = append(errs, fmt.Errorf("metrics: definition %q has no sign by which a deployment fails", d.Name))
	}
	for i, l := range d.Links {
		choice(fmt.Sprintf("a known link rule at %d", i), uint8(l), uint8(LinkLast))
		if slices.Contains(d.Links[:i], l) {
			errs = append(errs, fmt.Errorf("metrics: definition %q has link rule %q twice", d.Name, l))
		}
	}
	if slices.Contains(d.Links, LinkWindow) && d.LinkWithin <= 0 || d.LinkWithin < 0 || d.LinkWithin > maxLinkWithin {
		errs = append(errs, fmt.Errorf("metrics: definition %q links within %q, not within (0, %s]", d.Name, d.LinkWithin, maxLinkWithin))
	}
	errs = append(errs, d.validateDetection()...)
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
