package risk_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

var (
	answerYes   = release.AnswerYes
	answerNo    = release.AnswerNo
	unknown     = release.AnswerUnknown
	allAnswers  = []release.Answer{unknown, answerNo, answerYes}
	threeThings = []string{"exploited", "exploited-carried", "advisory"}
)

func flaw(effect release.Effect, change ...func(*release.AdvisoryChange)) release.AdvisoryChange {
	a := release.AdvisoryChange{ID: "GO-1", Effect: effect, Package: "pkg:golang/a.io/x", After: []string{"v1.0.0", "v2.0.0"}}
	for _, f := range change {
		f(&a)
	}
	return a
}

func flaws(as ...release.AdvisoryChange) release.ChangeSet {
	return with(changes(), func(cs *release.ChangeSet) { cs.Advisories = as })
}

// The three rules on advisories share them out: each flaw is told by one rule, in these words.
func TestFindingsOnAdvisories(t *testing.T) {
	t.Parallel()
	kev := func(a *release.AdvisoryChange) { a.Exploited = answerYes }
	not := func(a *release.AdvisoryChange) { a.Exploited = answerNo }
	mild := func(a *release.AdvisoryChange) { a.Automatable, a.TotalImpact = answerNo, answerNo }
	suppressed := func(a *release.AdvisoryChange) { a.Suppressions = []release.Suppression{{Author: "vendor\n"}} }
	unlikely := func(a *release.AdvisoryChange) { a.Likelihood = release.Score{Known: true} }
	small := func(a *release.AdvisoryChange) { a.Severity = release.Score{Known: true, Value: 0.1} }
	const in = "GO-1: it comes in with pkg:golang/a.io/x v1.0.0, v2.0.0"
	const open = "; BOD 26-04: 3 days if it is not exploited, 3 days & forensic investigation if it is (exploited unknown, exposed unknown, automatable unknown, total impact unknown)"
	const listed = ", and is listed as exploited; BOD 26-04: 3 days & forensic investigation (exploited yes, exposed unknown, automatable unknown, total impact unknown)"
	for _, c := range []struct {
		name string
		rule string
		flaw release.AdvisoryChange
		want string
	}{
		{"introduced", "advisory", flaw(release.EffectIntroduced), "high " + in + open},
		{"introduced, unlikely", "advisory", flaw(release.EffectIntroduced, unlikely), "high " + in + open},
		{"introduced, of a small score", "advisory", flaw(release.EffectIntroduced, small), "high " + in + open},
		{"introduced, not exploited", "advisory", flaw(release.EffectIntroduced, not),
			"high " + in + "; BOD 26-04: 3 days (exploited no, exposed unknown, automatable unknown, total impact unknown)"},
		{"introduced, not exploited and mild", "advisory", flaw(release.EffectIntroduced, not, mild),
			"moderate " + in + "; BOD 26-04: 60 days (exploited no, exposed unknown, automatable no, total impact no)"},
		{"introduced, mild, and nobody looked", "advisory", flaw(release.EffectIntroduced, mild),
			"high " + in + "; BOD 26-04: 60 days if it is not exploited, 14 days if it is (exploited unknown, exposed unknown, automatable no, total impact no)"},
		{"introduced, suppressed", "advisory", flaw(release.EffectIntroduced, suppressed),
			"high " + in + open + `; 1 statements say that it does not matter here, the first by "vendor\n"`},
		{"a component without a version", "advisory", flaw(release.EffectUnknown, func(a *release.AdvisoryChange) { a.After = []string{"", "v1.0.0"} }),
			"high GO-1: it may come in with pkg:golang/a.io/x (in a version that nobody told), v1.0.0" + open},
		{"nobody knows", "advisory", flaw(release.EffectUnknown), "high GO-1: it may come in with pkg:golang/a.io/x v1.0.0, v2.0.0" + open},
		{"answers beyond the scale", "advisory", flaw(release.EffectIntroduced, func(a *release.AdvisoryChange) { a.Exploited, a.Automatable, a.TotalImpact = 7, 8, 9 }),
			"high " + in + "; BOD 26-04: 3 days if it is not exploited, 3 days & forensic investigation if it is (exploited release.Answer(7), exposed unknown, automatable release.Answer(8), total impact release.Answer(9))"},
		{"carried", "advisory", flaw(release.EffectCarried, not), "low GO-1: it stays in pkg:golang/a.io/x v1.0.0, v2.0.0"},
		{"carried, and nobody looked", "advisory", flaw(release.EffectCarried), "low GO-1: it stays in pkg:golang/a.io/x v1.0.0, v2.0.0; whether it is exploited is not known"},
		{"fixed", "advisory", flaw(release.EffectFixed), "low GO-1: it is mended in pkg:golang/a.io/x"},
		{"fixed, exploited", "advisory", flaw(release.EffectFixed, kev), "low GO-1: it is mended in pkg:golang/a.io/x"},
		{"introduced, exploited", "exploited", flaw(release.EffectIntroduced, kev), "critical " + in + listed},
		{"introduced, exploited, suppressed", "exploited", flaw(release.EffectIntroduced, kev, suppressed),
			"critical " + in + listed + `; 1 statements say that it does not matter here, the first by "vendor\n"`},
		{"introduced, exploited, mild and unlikely", "exploited", flaw(release.EffectIntroduced, kev, mild, unlikely, small),
			"critical " + in + ", and is listed as exploited; BOD 26-04: 14 days (exploited yes, exposed unknown, automatable no, total impact no)"},
		{"nobody knows, exploited", "exploited", flaw(release.EffectUnknown, kev), "critical GO-1: it may come in with pkg:golang/a.io/x v1.0.0, v2.0.0" + listed},
		{"an effect beyond the scale", "exploited", flaw(99, kev), "critical GO-1: it may come in with pkg:golang/a.io/x v1.0.0, v2.0.0" + listed},
		{"carried, exploited", "exploited-carried", flaw(release.EffectCarried, kev), "high GO-1: it stays in pkg:golang/a.io/x v1.0.0, v2.0.0" + listed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, rule := range threeThings {
				var want []string
				if rule == c.rule {
					want = []string{c.want}
				}
				require.Equal(t, want, found(t, rule, flaws(c.flaw)), rule)
			}
		})
	}
}

// The floor for each combination of answers is what comes of trying all that the unknown ones may be, slowly: the most severe counts, but
// that a flaw may be exploited makes it high at most.
func TestAdvisoryFloors(t *testing.T) {
	t.Parallel()
	p := risk.Default().Advisories
	cell := func(answers ...release.Answer) release.Tier {
		at := 0
		for _, a := range answers {
			at = 2 * at
			if a == answerYes {
				at++
			}
		}
		return p.Floors[slices.Index(p.Table.Outcomes, p.Table.Cells[at])]
	}
	may := func(a release.Answer) []release.Answer {
		if a == unknown {
			return allAnswers[1:]
		}
		return []release.Answer{a}
	}
	worst := func(e release.Answer, rest ...release.Answer) (most release.Tier) {
		for _, x := range may(rest[0]) {
			for _, a := range may(rest[1]) {
				for _, i := range may(rest[2]) {
					most = max(most, cell(e, x, a, i))
				}
			}
		}
		return most
	}
	floor := func(effect release.Effect, e, x, a, i release.Answer) release.Tier {
		cs := flaws(flaw(effect, func(f *release.AdvisoryChange) { f.Exploited, f.Automatable, f.TotalImpact = e, a, i }))
		got, err := risk.Assess(risk.Input{Changes: cs, Digest: release.DigestOf([]byte("x")), Exposed: x, Impact: risk.ImpactNegligible}, now)
		require.NoError(t, err)
		require.Len(t, got.Findings, 1)
		return got.Findings[0].Floor
	}
	count := 0
	for _, e := range allAnswers {
		for _, x := range allAnswers {
			for _, a := range allAnswers {
				for _, i := range allAnswers {
					want := worst(answerNo, x, a, i)
					switch e {
					case unknown:
						want = max(want, min(worst(answerYes, x, a, i), release.TierHigh))
					case answerYes:
						want = release.TierCritical
					}
					for _, effect := range []release.Effect{release.EffectIntroduced, release.EffectUnknown, 77} {
						require.Equal(t, want, floor(effect, e, x, a, i), "%s %s %s %s", e, x, a, i)
					}
					require.GreaterOrEqual(t, want, release.TierModerate)
					count++
				}
			}
		}
	}
	require.Equal(t, 81, count)
	// A service that nobody can reach, and a flaw of which all is known: not everything is high.
	require.Equal(t, release.TierModerate, floor(release.EffectIntroduced, answerNo, answerNo, answerYes, answerYes))
	require.Equal(t, release.TierModerate, floor(release.EffectIntroduced, answerNo, answerYes, answerNo, answerNo))
	require.Equal(t, release.TierHigh, floor(release.EffectIntroduced, answerNo, answerYes, answerYes, answerYes))
	require.Equal(t, release.TierHigh, floor(release.EffectIntroduced, unknown, answerNo, answerNo, answerNo), "no feed is no answer")
}

// A policy's own table and floors are what counts, and the words say whose they are.
func TestAdvisoriesByAPolicysTable(t *testing.T) {
	t.Parallel()
	strict := policy(func(p *risk.Policy) {
		p.Advisories.Table.Outcomes = []string{"some day", "soon", "now"}
		for i := range p.Advisories.Table.Cells {
			p.Advisories.Table.Cells[i] = []string{"some day", "soon", "soon", "now"}[min(3, i/3)]
		}
		p.Advisories.Floors = []release.Tier{release.TierHigh, release.TierHigh, release.TierCritical}
		p.Expedite.From = "soon"
	})
	require.Empty(t, strict.Lint())
	cs := flaws(flaw(release.EffectIntroduced, func(a *release.AdvisoryChange) {
		a.Exploited, a.Automatable, a.TotalImpact = answerNo, answerNo, answerNo
	}))
	a, err := assessBy(strict, nil, risk.Input{Changes: cs, Exposed: answerNo})
	require.NoError(t, err)
	require.Equal(t, release.TierHigh, a.Tier)
	require.Contains(t, a.Reasons[0].Text, "the policy's table: some day (exploited no,")
}

// Many small flaws are no large one, and none of them hides a large one: nothing is averaged or summed.
func TestFlawsAreNotAveraged(t *testing.T) {
	t.Parallel()
	mild := func(a *release.AdvisoryChange) {
		a.Exploited, a.Automatable, a.TotalImpact = answerNo, answerNo, answerNo
		a.Severity = release.Score{Known: true, Value: 0.1}
	}
	var as []release.AdvisoryChange
	for i := range 30 {
		as = append(as, flaw(release.EffectIntroduced, mild, func(a *release.AdvisoryChange) { a.ID = fmt.Sprint("GO-", i) }))
	}
	in := risk.Input{Changes: flaws(as...), Exposed: answerNo, Impact: risk.ImpactNegligible}
	a, err := risk.Assess(in, now)
	require.NoError(t, err)
	require.Equal(t, release.TierModerate, a.Tier)
	in.Changes = flaws(append(as, flaw(release.EffectIntroduced, mild, func(a *release.AdvisoryChange) { a.Exploited = answerYes }))...)
	a, err = risk.Assess(in, now)
	require.NoError(t, err)
	require.Equal(t, release.TierCritical, a.Tier)
	require.Len(t, a.Findings, 31)
}

// What a downgrade brings back is high, whatever the table says, and the downgrade names it.
func TestDowngradesBringFlawsBack(t *testing.T) {
	t.Parallel()
	mild := func(a *release.AdvisoryChange) {
		a.Exploited, a.Automatable, a.TotalImpact, a.Package, a.After = answerNo, answerNo, answerNo, "pkg:golang/example.com/x", []string{"v1.1.0"}
	}
	back := func(effect release.Effect, change ...func(*release.AdvisoryChange)) release.ChangeSet {
		return with(dependency(release.OpDowngraded), func(cs *release.ChangeSet) {
			cs.Advisories = []release.AdvisoryChange{flaw(effect, append([]func(*release.AdvisoryChange){mild}, change...)...)}
		})
	}
	const down = "high pkg:golang/example.com/x: a direct dependency goes from v1.0.0 back to v1.1.0: what was fixed may come back"
	const calm = "; BOD 26-04: 60 days (exploited no, exposed unknown, automatable no, total impact no)"
	for _, c := range []struct {
		name                 string
		cs                   release.ChangeSet
		dependency, advisory string
	}{
		{"it comes back", back(release.EffectIntroduced), down + "; it brings in GO-1",
			"high GO-1: it comes in with pkg:golang/example.com/x v1.1.0" + calm + "; it comes with the way back from v1.0.0 to v1.1.0"},
		{"it may come back", back(release.EffectUnknown), down + "; it brings in GO-1",
			"high GO-1: it may come in with pkg:golang/example.com/x v1.1.0" + calm + "; it comes with the way back from v1.0.0 to v1.1.0"},
		{"in a version that nobody told", back(release.EffectIntroduced, func(a *release.AdvisoryChange) { a.After = []string{""} }), down + "; it brings in GO-1",
			"high GO-1: it comes in with pkg:golang/example.com/x (in a version that nobody told)" + calm + "; it comes with the way back from v1.0.0 to v1.1.0"},
		{"written in another way", back(release.EffectIntroduced, func(a *release.AdvisoryChange) { a.Package = "pkg:golang/Example.com/x" }), down + "; it brings in GO-1",
			"high GO-1: it comes in with pkg:golang/Example.com/x v1.1.0" + calm + "; it comes with the way back from v1.0.0 to v1.1.0"},
		{"another package", back(release.EffectIntroduced, func(a *release.AdvisoryChange) { a.Package = "pkg:golang/example.com/y" }), down,
			"moderate GO-1: it comes in with pkg:golang/example.com/y v1.1.0" + calm},
		{"another version", back(release.EffectIntroduced, func(a *release.AdvisoryChange) { a.After = []string{"v9.0.0"} }), down,
			"moderate GO-1: it comes in with pkg:golang/example.com/x v9.0.0" + calm},
		{"it was there before", back(release.EffectCarried), down, "low GO-1: it stays in pkg:golang/example.com/x v1.1.0"},
		{"it is mended", back(release.EffectFixed), down, "low GO-1: it is mended in pkg:golang/example.com/x"},
		{"an upgrade", with(back(release.EffectIntroduced), func(cs *release.ChangeSet) { cs.Dependencies[0].Op = release.OpUpgraded }),
			"low pkg:golang/example.com/x: a direct dependency goes from v1.0.0 up to v1.1.0", "moderate GO-1: it comes in with pkg:golang/example.com/x v1.1.0" + calm},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, []string{c.dependency}, found(t, "dependency", c.cs))
			require.Equal(t, []string{c.advisory}, found(t, "advisory", c.cs))
		})
	}
	many := back(release.EffectIntroduced)
	for _, id := range []string{"GO-5", "GO-4", "GO-3", "GO-2", "GO-2"} {
		many.Advisories = append(many.Advisories, flaw(release.EffectIntroduced, mild, func(a *release.AdvisoryChange) { a.ID = id }))
	}
	require.Equal(t, []string{down + "; it brings in GO-1, GO-2, GO-3 and 2 more"}, found(t, "dependency", many))
}
