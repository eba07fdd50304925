package risk_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/risk"
)

// A rule that finds nothing costs no memory, however many files there are, of which some have labels.
func TestRulesThatFindNothingAllocateNothing(t *testing.T) {
	cs := release.ChangeSet{Base: base, Head: head, Coverage: map[release.Kind]release.Coverage{}}
	for _, kind := range []release.Kind{release.KindCode, release.KindDependency, release.KindInfrastructure, release.KindConfiguration, release.KindArtifact, release.KindAdvisory, release.KindOutdated} {
		cs.Coverage[kind] = release.CoverageComplete
	}
	for i := range 30 { // as many as there may be without a finding
		cs.Files = append(cs.Files, file(fmt.Sprintf("dir%d/handler_%d.go", i%10, i), 10, 10))
	}
	for i := range 100 {
		cs.Files = append(cs.Files, file(fmt.Sprintf("docs/page%d.md", i), 10, 10), file(fmt.Sprintf("dir%d/handler%d_test.go", i%10, i), 1, 0))
	}
	label.Apply(&cs)
	facts := &risk.Facts{Changes: &cs, Features: risk.FeaturesOf(&cs, risk.History{}), Exposed: release.AnswerYes, At: now, Debts: []release.Debt{debt(func(d *release.Debt) {
		d.Paid, d.PaidBy = now, []release.Digest{release.DigestOf([]byte("x"))}
	})}, Recent: []risk.Past{{At: now, Features: risk.Features{LinesAdded: 1, Directories: 1}}}}
	for _, r := range risk.Rules() {
		require.Empty(t, r.Run(facts), r.ID)
		require.Zero(t, testing.AllocsPerRun(20, func() { r.Run(facts) }), r.ID)
	}
}
