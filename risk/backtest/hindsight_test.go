package backtest_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/report"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/backtest"
)

// Trap T18: whatever was not known on the day makes the case refused, and told.
func TestHindsightIsRefused(t *testing.T) {
	t.Parallel()
	at := start
	after := at.Add(time.Nanosecond)
	source := func(format string, at time.Time) release.Source {
		return release.Source{Path: "advisories.zip", Format: format, At: at}
	}
	advisory := func(c *backtest.Case) *release.AdvisoryChange {
		c.Input.Changes.Sources = []release.Source{source("osv/1", at)}
		c.Input.Changes.Advisories = []release.AdvisoryChange{{ID: "GO-2025-1", Package: "pkg:golang/example.org/x", Effect: release.EffectIntroduced, Published: at}}
		return &c.Input.Changes.Advisories[0]
	}
	for _, c := range []struct {
		name   string
		change func(*backtest.Case)
		want   backtest.Cause // "" is not refused
	}{
		{"nothing wrong", func(*backtest.Case) {}, ""},
		{"a source of the moment", func(c *backtest.Case) { c.Input.Changes.Sources = []release.Source{source("osv/1", at)} }, ""},
		{"a source of later", func(c *backtest.Case) { c.Input.Changes.Sources = []release.Source{source("osv/1", after)} }, backtest.CauseSource},
		{"any source of later", func(c *backtest.Case) {
			c.Input.Changes.Sources = []release.Source{source("osv/1", at), source("cyclonedx/1.6", after)}
		}, backtest.CauseSource},
		{"a lockfile, which has no date", func(c *backtest.Case) {
			c.Input.Changes.Sources = []release.Source{source("package-lock/3", time.Time{})}
		}, ""},
		{"an undated feed", func(c *backtest.Case) { c.Input.Changes.Sources = []release.Source{source("cisa-kev", time.Time{})} }, backtest.CauseUndated},
		{"an undated feed beside a dated source", func(c *backtest.Case) {
			c.Input.Changes.Sources = []release.Source{source("cyclonedx/1.6", at), source("epss/v2025.03.14", time.Time{})}
		}, backtest.CauseUndated},
		{"advisories from nowhere", func(c *backtest.Case) { advisory(c); c.Input.Changes.Sources = nil }, backtest.CauseUndated},
		{"advisories beside a dated inventory", func(c *backtest.Case) {
			advisory(c)
			c.Input.Changes.Sources = []release.Source{source("cyclonedx/1.6", at), source("spdx/2.3", at), source("terraform-plan/1.2", at)}
		}, backtest.CauseUndated},
		{"advisories of the host's own feed", func(c *backtest.Case) {
			advisory(c)
			c.Input.Changes.Sources = []release.Source{source("acme-feed/1", at)}
		}, ""},
		{"a likelihood of no day", func(c *backtest.Case) {
			advisory(c).Likelihood = release.Score{Known: true, Value: 0.9}
		}, backtest.CauseUndated},
		{"no likelihood", func(c *backtest.Case) { advisory(c).Likelihood = release.Score{Value: 0.9} }, ""},
		{"a severity, which does not age", func(c *backtest.Case) {
			advisory(c).Severity = release.Score{Known: true, Value: 9}
		}, ""},
		{"outdated components from nowhere", func(c *backtest.Case) {
			c.Input.Changes.Outdated = []release.Outdated{{Component: "pkg:golang/example.org/x@1"}}
		}, backtest.CauseUndated},
		{"an advisory of the moment", func(c *backtest.Case) { advisory(c) }, ""},
		{"an advisory of later", func(c *backtest.Case) { advisory(c).Published = after }, backtest.CauseAdvisory},
		{"one that it only carries, of later", func(c *backtest.Case) {
			a := advisory(c)
			a.Effect, a.Published = release.EffectCarried, after
		}, backtest.CauseAdvisory},
		{"the second of two", func(c *backtest.Case) {
			a := *advisory(c)
			a.Published = after
			c.Input.Changes.Advisories = append(c.Input.Changes.Advisories, a)
		}, backtest.CauseAdvisory},
		{"a likelihood of the day", func(c *backtest.Case) {
			advisory(c).Likelihood = release.Score{Known: true, Value: 0.9, At: at}
		}, ""},
		{"a likelihood of later", func(c *backtest.Case) {
			advisory(c).Likelihood = release.Score{Known: true, Value: 0.9, At: after}
		}, backtest.CauseScore},
		{"a severity of later", func(c *backtest.Case) {
			advisory(c).Severity = release.Score{Known: true, Value: 9, At: after}
		}, backtest.CauseScore},
		{"a statement of later", func(c *backtest.Case) {
			advisory(c).Suppressions = []release.Suppression{{At: at}, {At: after}}
		}, backtest.CauseStatement},
		{"a statement of no time", func(c *backtest.Case) {
			advisory(c).Suppressions = []release.Suppression{{At: at}, {}}
		}, backtest.CauseUndated},
		{"an earlier release", func(c *backtest.Case) {
			c.Input.History.Recent = []risk.Past{{At: at}, {}}
		}, ""},
		{"an earlier release of later", func(c *backtest.Case) {
			c.Input.History.Recent = []risk.Past{{At: at}, {At: after}}
		}, backtest.CauseHistory},
		{"a file's last change", func(c *backtest.Case) { c.Input.History.Files = []risk.PastFile{{Path: "a.go", Changed: at}} }, ""},
		{"a file changed later", func(c *backtest.Case) { c.Input.History.Files = []risk.PastFile{{Path: "a.go", Changed: after}} }, backtest.CauseHistory},
		{"a debt of later", func(c *backtest.Case) { c.Input.Debts = []release.Debt{{Opened: after}} }, backtest.CauseHistory},
		{"a debt paid later", func(c *backtest.Case) { c.Input.Debts = []release.Debt{{Opened: at, Paid: after}} }, backtest.CauseHistory},
		{"deployed before it was assessed", func(c *backtest.Case) { c.Outcome.Deployed = at.Add(-1) }, backtest.CauseDeployed},
		{"no time", func(c *backtest.Case) { c.At = time.Time{} }, backtest.CauseUntimed},
		{"a time that no text holds", func(c *backtest.Case) { c.At = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC) }, backtest.CauseUntimed},
		{"no release", func(c *backtest.Case) { c.Outcome.Release = release.Digest{} }, backtest.CauseOutcome},
		{"no such outcome", func(c *backtest.Case) { c.Outcome.Kind = 7 }, backtest.CauseOutcome},
		{"fine, and never deployed", func(c *backtest.Case) { c.Outcome.Deployed = time.Time{} }, backtest.CauseOutcome},
		{"known before it was deployed", func(c *backtest.Case) { c.Outcome.At = at.Add(-1) }, backtest.CauseOutcome},
		{"an outcome of no year", func(c *backtest.Case) { c.Outcome.At = time.Date(math.MaxInt32, 1, 1, 0, 0, 0, 0, time.UTC) }, backtest.CauseOutcome},
		{"unknown, and never deployed", func(c *backtest.Case) { c.Outcome = release.Outcome{Release: name(2)} }, ""},
		{"the release twice", func(c *backtest.Case) { c.Outcome.Release = name(1) }, backtest.CauseRepeated},
		{"no verdict", func(c *backtest.Case) {
			c.Input.Changes.Commits = []release.Commit{{Authored: time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)}}
		}, backtest.CauseNoVerdict},
	} {
		first := backtest.Case{At: at, Outcome: fineFor(1, at, 90), Input: risk.Input{Changes: changes("a.go", 1)}}
		second := backtest.Case{At: at, Outcome: fineFor(2, at, 90), Input: risk.Input{Changes: changes("a.go", 1)}}
		c.change(&second)
		assessed := 0
		r, err := backtest.Run(inOrder([]backtest.Case{first, second}), backtest.Options{Draws: 40, Each: func(backtest.Case, risk.Assessment) { assessed++ }})
		require.NoError(t, err, c.name)
		require.Equal(t, r.Releases, assessed)
		if c.want == "" {
			require.Empty(t, r.Refused, c.name)
			require.Equal(t, 2, r.Releases, c.name)
			continue
		}
		require.Equal(t, []backtest.Refusal{{Cause: c.want, Releases: 1, First: second.Outcome.Release}}, r.Refused, c.name)
		require.Equal(t, 1, r.Releases, c.name)
		require.Equal(t, 1, r.Outcomes.Mature, "what is refused is in no number")
		require.Contains(t, strings.Join(r.Notes, "\n"), "in no number: 1.")
		var out strings.Builder
		require.NoError(t, report.Markdown(&out, "Back-test", r.Sections()))
		require.Contains(t, out.String(), string(c.want))
	}
}
