package backtest

import (
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// Cause is why a case was refused.
type Cause string

// The causes. The first seven are hindsight: something in the case could not be known
// when the release was assessed, so its assessment would be better than any that was
// possible then.
const (
	CauseSource    Cause = "source-after"    // a source is dated after the release
	CauseAdvisory  Cause = "advisory-after"  // an advisory was published after it
	CauseScore     Cause = "score-after"     // a score (EPSS, CVSS) is of a later day
	CauseStatement Cause = "statement-after" // a statement that suppresses an advisory (VEX) was made later
	CauseHistory   Cause = "history-after"   // an earlier release, a file's history or a debt in it is of a later time
	CauseDeployed  Cause = "deployed-before" // the release was deployed before it was assessed
	CauseUndated   Cause = "undated"         // of published knowledge nobody says of when it is
	CauseUntimed   Cause = "untimed"         // the case has no time, or one that no text can hold
	CauseOutcome   Cause = "outcome"         // the outcome names no release, or its times make no sense
	CauseRepeated  Cause = "repeated"        // the release was there already
	CauseNoVerdict Cause = "no-verdict"      // it could not be assessed
)

// feeds are the formats, by their beginnings, of what is published by others and
// changes from day to day: advisories, lists of exploited flaws, scores, scanners' results,
// package registries.
var feeds = []string{"osv/", "cisa-kev", "epss", "lifecycle/", "go-list", "osv-scanner", "govulncheck", "trivy", "grype", "unknown-scan"}

// inventories are the formats of what a release lists. That one is dated says nothing of when somebody looked up
// what is wrong with what it lists.
var inventories = []string{"cyclonedx", "spdx", "terraform-plan"}

func of(formats []string, s *release.Source) bool {
	return slices.ContainsFunc(formats, func(f string) bool { return strings.HasPrefix(s.Format, f) })
}

// hindsight is what is wrong with the case as one that is seen from its own time; ""
// is nothing.
func hindsight(c *Case) Cause {
	cs, after := &c.Input.Changes, func(t time.Time) bool { return t.After(c.At) }
	switch {
	case slices.ContainsFunc(cs.Sources, func(s release.Source) bool { return after(s.At) }):
		return CauseSource
	case undated(cs):
		return CauseUndated
	}
	for i := range cs.Advisories {
		a := &cs.Advisories[i]
		switch {
		case after(a.Published):
			return CauseAdvisory
		case after(a.Severity.At) || after(a.Likelihood.At):
			return CauseScore
		case slices.ContainsFunc(a.Suppressions, func(s release.Suppression) bool { return after(s.At) }):
			return CauseStatement
		}
	}
	for _, p := range c.Input.History.Recent {
		if after(p.At) {
			return CauseHistory
		}
	}
	if slices.ContainsFunc(c.Input.History.Files, func(f risk.PastFile) bool { return after(f.Changed) }) {
		return CauseHistory
	}
	for i := range c.Input.Debts {
		if d := &c.Input.Debts[i]; after(d.Opened) || after(d.Paid) {
			return CauseHistory
		}
	}
	if !c.Outcome.Deployed.IsZero() && c.Outcome.Deployed.Before(c.At) {
		return CauseDeployed
	}
	return ""
}

// undated reports whether published knowledge in the change set has no date: a feed
// without one, a statement or an EPSS score without one, or advisories and outdated components without
// any dated source that they may be from.
func undated(cs *release.ChangeSet) bool {
	dated := false
	for i := range cs.Sources {
		s := &cs.Sources[i]
		dated = dated || !s.At.IsZero() && !of(inventories, s)
		if s.At.IsZero() && of(feeds, s) {
			return true
		}
	}
	if !dated && len(cs.Advisories)+len(cs.Outdated) > 0 {
		return true
	}
	return slices.ContainsFunc(cs.Advisories, func(a release.AdvisoryChange) bool {
		return a.Likelihood.Known && a.Likelihood.At.IsZero() || slices.ContainsFunc(a.Suppressions, func(s release.Suppression) bool { return s.At.IsZero() })
	})
}

// unsound reports whether nothing can be said of the outcome.
func unsound(o *release.Outcome) bool {
	if o.Release.IsZero() || o.Kind > release.OutcomeFailed || !writable(o.Deployed) || !writable(o.At) {
		return true
	}
	if o.Kind == release.OutcomeUnknown {
		return false // perhaps it was never deployed
	}
	return o.Deployed.IsZero() || o.At.Before(o.Deployed)
}

// writable reports whether text can hold the time (RFC 3339).
func writable(t time.Time) bool {
	y := t.UTC().Year()
	return y >= 0 && y <= 9999
}
