package sallyport_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/skill"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/advisory"
	"github.com/sallyport-dev/sallyport/release/compare"
	"github.com/sallyport-dev/sallyport/release/gomod"
	"github.com/sallyport-dev/sallyport/release/inventory"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/release/plan"
	"github.com/sallyport-dev/sallyport/release/review"
	"github.com/sallyport-dev/sallyport/release/sbom"
	"github.com/sallyport-dev/sallyport/release/scan"
	"github.com/sallyport-dev/sallyport/release/threat"
	"github.com/sallyport-dev/sallyport/release/vex"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/backtest"
)

var day = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// components is a list of npm packages, "name@version".
func components(of ...string) *release.Inventory {
	inv := release.Inventory{Source: release.Source{Path: "package-lock.json"}, Coverage: release.CoverageComplete}
	for _, p := range of {
		inv.Components = append(inv.Components, release.Component{PURL: release.PURL("pkg:npm/" + p)})
	}
	return &inv
}

// osv is a snapshot of advisories for the npm package x, each with these events.
func osv(t *testing.T, events ...string) *advisory.DB {
	t.Helper()
	tree := fstest.MapFS{}
	for i, e := range events {
		id := fmt.Sprintf("TEST-2026-%d", i+1)
		tree[id+".json"] = &fstest.MapFile{Data: fmt.Appendf(nil, `{"schema_version":"1.6.0","id":%q,"aliases":["CVE-2026-%d"],"modified":"2026-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"x"},"ranges":[{"type":"SEMVER","events":[%s]}]}]}`, id, 1000+i, e)}
	}
	db, err := advisory.Load(tree, nil)
	require.NoError(t, err)
	return db
}

// effects are what a release does, by advisory.
func effects(cs release.ChangeSet) string {
	var out []string
	for _, a := range cs.Advisories {
		out = append(out, a.ID+" "+a.Effect.String())
	}
	return strings.Join(out, ", ")
}

func affected(t *testing.T, version string, events ...string) bool {
	return len(osv(t, events...).Match(components("x@"+version).Components, day).Affected) > 0
}

func terraform(resource string, more ...string) release.ChangeSet {
	return plan.Read("plan.json", []byte(`{"format_version":"1.2","terraform_version":"1.9.0","planned_values":{},"configuration":{},"complete":true,"resource_changes":[`+
		`{"mode":"managed","name":"a","provider_name":"p",`+resource+`}]`+strings.Join(more, "")+`}`))
}

const iam = `"address":"aws_iam_role.a","type":"aws_iam_role"`

func change(actions string) string {
	return `"change":{"actions":` + actions + `,"before":{"a":"1"},"after":{"a":"2"},"after_unknown":{},"before_sensitive":{},"after_sensitive":{}}`
}

// The known traps of this field, by the names under which they are filed. Each
// package has more tests of its own; here they stand together, through the doors
// that importers use.
func TestTraps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"T6 no base is not all new", func(t *testing.T) {
			cs := inventory.Diff(&release.Inventory{Gaps: []release.Gap{{Kind: release.GapUnreadable}}}, components("x@1.0.0"))
			require.Empty(t, cs.Dependencies)
			require.Equal(t, release.CoverageMissing, cs.Coverage[release.KindDependency])
			require.NotEmpty(t, cs.Gaps)
		}},
		{"T6 no EPSS row is not a likelihood of 0", func(t *testing.T) {
			cs := release.ChangeSet{Advisories: []release.AdvisoryChange{{ID: "CVE-2026-1000"}}}
			threat.Feeds{EPSS: threat.ReadEPSS("epss.csv", []byte("#model_version:v2025.03.14,score_date:2026-02-28T00:00:00Z\ncve,epss,percentile\nCVE-2020-0001,0.5,0.9\n"))}.Apply(&cs, day)
			require.False(t, cs.Advisories[0].Likelihood.Known)
		}},
		{"T6 no list of exploited flaws is not a no", func(t *testing.T) {
			cs := release.ChangeSet{Advisories: []release.AdvisoryChange{{ID: "CVE-2026-1000"}}}
			threat.Feeds{}.Apply(&cs, day)
			require.Equal(t, release.AnswerUnknown, cs.Advisories[0].Exploited)
		}},
		{"T6 an empty result of a scanner is not clean", func(t *testing.T) {
			for _, text := range []string{`{"results":[]}`, `{"version":"2.1.0","runs":[]}`, `{"matches":[]}`, ``} {
				r := scan.Read("r.json", []byte(text))
				require.NotEqual(t, release.AnswerYes, r.Clean(), text)
			}
		}},
		{"T6 an ecosystem without an order is not unaffected", func(t *testing.T) {
			db, err := advisory.Load(fstest.MapFS{"a.json": {Data: []byte(`{"schema_version":"1.6.0","id":"A-1","modified":"2026-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"GitHub Actions","name":"a/b"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"4"}]}]}]}`)}}, nil)
			require.NoError(t, err)
			r := db.Match([]release.Component{{PURL: "pkg:githubactions/a/b@v5"}}, day)
			require.Empty(t, r.Affected)
			require.Len(t, r.Unknown, 1)
			require.NotEqual(t, release.CoverageComplete, r.Coverage)
		}},
		{"T7 a statement without a justification", vexCase{status: "not_affected", version: "1.0.0", product: "pkg:oci/shop@1", author: "trusted"}.refused},
		{"T7 a statement by somebody who is not trusted", vexCase{justification: vexWhy, status: "not_affected", version: "1.0.0", product: "pkg:oci/shop@1", author: "other"}.refused},
		{"T7 a statement about another product", vexCase{justification: vexWhy, status: "not_affected", version: "1.0.0", product: "pkg:oci/other@1", author: "trusted"}.refused},
		{"T7 a statement about another version", vexCase{justification: vexWhy, status: "not_affected", version: "1.0.1", product: "pkg:oci/shop@1", author: "trusted"}.refused},
		{"T7 a statement without a version", vexCase{justification: vexWhy, status: "not_affected", product: "pkg:oci/shop@1", author: "trusted"}.refused},
		{"T7 a statement without a component", vexCase{justification: vexWhy, status: "not_affected", version: "-", product: "pkg:oci/shop@1", author: "trusted"}.refused},
		{"T7 fixed is not not_affected", vexCase{justification: vexWhy, status: "fixed", version: "1.0.0", product: "pkg:oci/shop@1", author: "trusted"}.refused},
		{"T7 an old statement", vexCase{justification: vexWhy, status: "not_affected", version: "1.0.0", product: "pkg:oci/shop@1", author: "trusted", age: 400 * 24 * time.Hour}.refused},
		{"T7 what a careful reader takes, and nothing is deleted", vexCase{justification: vexWhy, status: "not_affected", version: "1.0.0", product: "pkg:oci/shop@1", author: "trusted"}.taken},
		{"T8 events in another order", func(t *testing.T) {
			require.True(t, affected(t, "1.5.0", `{"fixed":"2.0.0"},{"introduced":"1.0.0"}`))
			require.False(t, affected(t, "2.0.0", `{"fixed":"2.0.0"},{"introduced":"1.0.0"}`))
			require.True(t, affected(t, "10.0.0", `{"introduced":"9.0.0"}`), "not by letters")
		}},
		{"T8 last_affected is inclusive, fixed is not", func(t *testing.T) {
			require.True(t, affected(t, "2.0.0", `{"introduced":"0"},{"last_affected":"2.0.0"}`))
			require.False(t, affected(t, "2.0.1", `{"introduced":"0"},{"last_affected":"2.0.0"}`))
			require.False(t, affected(t, "2.0.0", `{"introduced":"0"},{"fixed":"2.0.0"}`))
			require.True(t, affected(t, "2.0.0-rc.1", `{"introduced":"0"},{"fixed":"2.0.0"}`))
		}},
		{"T8 a version that cannot be read is unknown", func(t *testing.T) {
			r := osv(t, `{"introduced":"0"},{"fixed":"2.0.0"}`).Match(components("x@workspace").Components, day)
			require.Empty(t, r.Affected)
			require.NotEmpty(t, r.Unknown)
		}},
		{"T9 an upgrade mends one flaw and brings another", func(t *testing.T) {
			db := osv(t, `{"introduced":"0"},{"fixed":"2.0.0"}`, `{"introduced":"2.0.0"}`, `{"introduced":"0"}`)
			require.Equal(t, "TEST-2026-1 fixed, TEST-2026-2 introduced, TEST-2026-3 carried", effects(db.Delta(components("x@1.0.0"), components("x@2.0.0"), day)))
			cs := inventory.Diff(components("x@1.0.0"), components("x@2.0.0"))
			require.True(t, cs.Dependencies[0].Major)
		}},
		{"T10 replace in both orders", func(t *testing.T) {
			for actions, first := range map[string]bool{`["delete","create"]`: false, `["create","delete"]`: true} {
				r := terraform(iam + "," + change(actions)).Resources
				require.Len(t, r, 1)
				require.Equal(t, release.OpReplaced, r[0].Op)
				require.Equal(t, first, r[0].CreateFirst)
				require.Contains(t, r[0].Labels, release.LabelAccess)
			}
		}},
		{"T10 forget, move, import, data", func(t *testing.T) {
			require.Equal(t, release.OpForgotten, terraform(iam + "," + change(`["forget"]`)).Resources[0].Op)
			moved := terraform(iam + `,"previous_address":"aws_iam_role.b",` + strings.ReplaceAll(change(`["no-op"]`), `"2"`, `"1"`)).Resources
			require.Equal(t, release.OpMoved, moved[0].Op)
			require.Equal(t, "aws_iam_role.b", moved[0].From)
			data := plan.Read("plan.json", []byte(`{"format_version":"1.2","planned_values":{},"configuration":{},"complete":true,"resource_changes":[{"mode":"data","address":"data.a.b","type":"a","name":"b","provider_name":"p","change":{"actions":["no-op"],"before":{},"after":{},"after_unknown":{},"before_sensitive":{},"after_sensitive":{}}}]}`))
			require.Empty(t, data.Resources)
		}},
		{"T10 a plan that is not the whole", func(t *testing.T) {
			cs := plan.Read("plan.json", []byte(`{"format_version":"1.2","planned_values":{},"configuration":{},"complete":false,"resource_changes":[]}`))
			require.NotEmpty(t, cs.Gaps)
			require.NotEqual(t, release.CoverageComplete, cs.Coverage[release.KindInfrastructure])
		}},
		{"T10 an IAM document that is not known yet", func(t *testing.T) {
			r := terraform(`"address":"aws_iam_policy.a","type":"aws_iam_policy","change":{"actions":["update"],"before":{"policy":"x"},"after":{},"after_unknown":{"policy":true},"before_sensitive":{},"after_sensitive":{}}`).Resources
			require.Equal(t, []string{"policy"}, r[0].Unknown)
			require.Contains(t, r[0].Labels, release.LabelAccess)
		}},
		{"T10 sensitive values are not copied", func(t *testing.T) {
			cs := terraform(`"address":"aws_db_instance.a","type":"aws_db_instance","change":{"actions":["update"],"before":{"password":"hunter2"},"after":{"password":"hunter3"},"after_unknown":{},"before_sensitive":{"password":true},"after_sensitive":{"password":true}}`)
			b, err := cs.Canonical()
			require.NoError(t, err)
			require.NotContains(t, string(b), "hunter")
			require.Contains(t, string(b), "password")
		}},
		{"T10 drift is kept apart", func(t *testing.T) {
			cs := terraform(iam+","+change(`["update"]`), `,"resource_drift":[{"mode":"managed","address":"aws_iam_role.b","type":"aws_iam_role","name":"b","provider_name":"p",`+change(`["update"]`)+`}]`)
			require.Len(t, cs.Resources, 1)
			require.Len(t, cs.Drift, 1)
		}},
		{"T10 another major version, and the plan is named by its hash", func(t *testing.T) {
			text := []byte(`{"format_version":"2.0","resource_changes":[]}`)
			cs := plan.Read("plan.json", text)
			require.Equal(t, release.CoverageMissing, cs.Coverage[release.KindInfrastructure])
			require.Equal(t, release.DigestOf(text), cs.Sources[0].Digest)
		}},
		{"T11 what moves keeps its labels, and code among prose is code", func(t *testing.T) {
			login := "package auth // " + strings.Repeat("x", 100)
			r := compared(t, map[string]string{"auth/login.go": login}, map[string]string{"util/text.go": login})
			for _, f := range r.Files {
				require.Contains(t, f.Labels, release.LabelIdentity, f.Path)
			}
			cs := release.ChangeSet{Files: []release.FileChange{{Path: "docs/install.sh", Op: release.OpAdded, NewMode: "100755"}, {Path: "docs/a.md", Op: release.OpAdded, NewMode: "120000"}}}
			label.Apply(&cs)
			for _, f := range cs.Files {
				require.NotContains(t, f.Labels, release.LabelDocs, f.Path)
			}
		}},
		{"T11 the last match wins", func(t *testing.T) {
			owners, problems := label.ParseOwners([]byte("* @all\n/auth/ @security\n/auth/README.md\n"), label.ForgeGitHub)
			require.Empty(t, problems)
			require.Contains(t, fmt.Sprint(owners.Of("auth/x.go")), "@security")
			require.NotContains(t, fmt.Sprint(owners.Of("auth/x.go")), "@all")
			require.NotContains(t, fmt.Sprint(owners.Of("auth/README.md")), "@security")
		}},
		{"T11 one line of sign-in among ten thousand of documentation", func(t *testing.T) {
			cs := release.ChangeSet{Base: release.Revision(strings.Repeat("1", 40)), Head: release.Revision(strings.Repeat("2", 40)),
				Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete},
				Files:    []release.FileChange{{Path: "auth/login.go", Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: 1}, {Path: "docs/a.md", Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: 10_000}}}
			a, err := risk.Assess(risk.Input{Changes: cs}, day)
			require.NoError(t, err)
			require.GreaterOrEqual(t, a.Tier, release.TierHigh)
		}},
		{"T12 ten small releases are one large one", func(t *testing.T) {
			one := risk.Features{LinesAdded: 2000}
			var split risk.History
			for range 9 {
				split.Recent = append(split.Recent, risk.Past{Features: risk.Features{LinesAdded: 200}})
			}
			cs := release.ChangeSet{Files: []release.FileChange{{Path: "a.go", Op: release.OpModified, Added: 200}}}
			require.InDelta(t, risk.Prior().Estimate(one).P, risk.Prior().Estimate(risk.FeaturesOf(&cs, split)).P, 1e-12)
		}},
		{"T13 a release that changes what it is judged by", func(t *testing.T) {
			for _, p := range []release.Path{"CODEOWNERS", ".github/CODEOWNERS", "sallyport.yaml"} {
				cs := release.ChangeSet{Base: release.Revision(strings.Repeat("1", 40)), Head: release.Revision(strings.Repeat("2", 40)),
					Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete},
					Files:    []release.FileChange{{Path: p, Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: 1}}}
				a, err := risk.Assess(risk.Input{Changes: cs}, day)
				require.NoError(t, err)
				require.Equal(t, release.TierCritical, a.Tier, p)
			}
		}},
		{"T13 waivers that come with what they waive", func(t *testing.T) {
			in := oneFile(".sallyport/waivers.yaml", 1)
			in.Waivers = []release.Waiver{{ID: "W-1", Rule: "policy", Subject: ".sallyport/waivers.yaml", Floor: release.TierLow, Reason: "r", From: day.Add(-time.Hour), Expires: day.Add(time.Hour),
				Owner: human("ada"), Second: human("grace")}}
			a := assessed(t, in)
			require.Equal(t, release.TierCritical, a.Tier)
			require.Equal(t, risk.WaiverRefused, a.Waivers[0].Status)
		}},
		{"T12 ten small releases through the door, and a window that remembers", func(t *testing.T) {
			var w risk.Window
			var last, first risk.Assessment
			for i := range 10 {
				in := oneFile("cart.go", 300)
				in.History = w.History("shop", day)
				last = assessed(t, in)
				if i == 0 {
					first = last
				}
				require.NoError(t, w.Add("shop", release.DigestOf([]byte{byte(i)}), risk.Past{At: day, Features: last.Features}))
			}
			whole := assessed(t, oneFile("cart.go", 3000))
			require.Less(t, first.Tier, whole.Tier)
			require.Equal(t, whole.Tier, last.Tier)
		}},
		{"T1 what a constant score finds stands beside what a score finds", func(t *testing.T) {
			// The larger a change, the likelier it fails, and the score knows that.
			var p []float64
			var failed []bool
			var lines []int64
			for i := range 100 {
				p, failed, lines = append(p, float64(i)/100), append(failed, i%4 == 0 || i >= 80), append(lines, int64(1+i*i))
			}
			e, ok := skill.EffortAware(p, failed, lines)
			require.True(t, ok)
			require.Greater(t, e.Constant.Recall20, e.ByScore.Recall20, "per line a score that knows something looks worse than one that knows nothing")
			require.Greater(t, e.Constant.Popt, e.ByScore.Popt)
			auc, ok := skill.AUC(p, failed)
			require.True(t, ok)
			require.Greater(t, auc, 0.7)
		}},
		{"T4 silence is not success", func(t *testing.T) {
			l := risk.Learner{Horizon: 30 * 24 * time.Hour}
			for i := range 100 {
				require.NoError(t, l.Observe(observed(i, release.OutcomeUnknown, 400*24*time.Hour)))
			}
			require.Equal(t, risk.Counts{Censored: 100}, l.Counts(), "nobody said that they were fine")
			for i := range 100 {
				require.NoError(t, l.Observe(observed(i, release.OutcomeFine, 24*time.Hour)))
			}
			require.Less(t, l.Counts().Mature, 25, "fine for a day is worth a part")
			require.Greater(t, l.Counts().Censored, 75)
		}},
		{"T5 a rank among others is no probability, and others do not move it", func(t *testing.T) {
			f := risk.Features{LinesAdded: 50}
			var l risk.Learner
			for i := range 100 {
				o := observed(i, release.OutcomeUnknown, time.Hour)
				o.Features.LinesAdded = int64(100 * i)
				require.NoError(t, l.Observe(o))
			}
			e := l.Model().Estimate(f)
			require.False(t, e.Shown)
			require.Equal(t, risk.Prior().Estimate(f).LogOdds, e.LogOdds)
			require.NotContains(t, assessed(t, oneFile("a.go", 50)).Likelihood.String(), "%")
		}},
		{"T6 what was not read or measured is not low", func(t *testing.T) {
			in := oneFile("a.go", 1)
			require.Equal(t, release.TierLow, assessed(t, in).Tier)
			in.Changes.Coverage = map[release.Kind]release.Coverage{}
			require.GreaterOrEqual(t, assessed(t, in).Tier, release.TierModerate, "coverage")
			in = oneFile("a.go", 1)
			in.Changes.Base = ""
			require.GreaterOrEqual(t, assessed(t, in).Tier, release.TierModerate, "base")
			m := &risk.Model{ID: "m", Bias: -3, Weights: []risk.Weight{{Term: "recency", Curve: []risk.Point{{At: 0, LogOdds: 0}, {At: 8, LogOdds: 2}}}}}
			unknown, much := m.Estimate(risk.Features{}).LogOdds, m.Estimate(risk.Features{Recency: risk.Known(1000)}).LogOdds
			require.GreaterOrEqual(t, unknown, much)
			require.Greater(t, unknown, m.Estimate(risk.Features{Recency: risk.Known(0)}).LogOdds)
		}},
		{"T14 nobody's experience is in the model, unless the host asks for it", func(t *testing.T) {
			for _, w := range risk.Prior().Weights {
				require.NotEqual(t, "experience", w.Term)
			}
			in := oneFile("a.go", 400)
			want := assessed(t, in)
			for _, n := range []int64{0, 1, 1_000_000} {
				in.History.Experience = risk.Known(n)
				got := assessed(t, in)
				require.Equal(t, want.Likelihood, got.Likelihood)
				require.Equal(t, want.Tier, got.Tier)
			}
			var samples []risk.Sample
			for i := range 200 {
				samples = append(samples, risk.Sample{Features: risk.Features{LinesAdded: int64(i), Experience: risk.Known(int64(200 - i))}, Failed: i > 150, Weight: 1})
			}
			for _, asked := range []bool{false, true} {
				m, err := risk.Fit(nil, samples, risk.FitOptions{Experience: asked})
				require.NoError(t, err)
				require.Equal(t, asked, slices.ContainsFunc(m.Weights, func(w risk.Weight) bool { return w.Term == "experience" }))
			}
		}},
		{"T15 care is recorded beside what came of it, and floors learn nothing", func(t *testing.T) {
			l := risk.Learner{Horizon: time.Hour}
			var a risk.Assessment
			for i := range 300 {
				a = assessed(t, oneFile("auth/login.go", 5))
				require.NoError(t, l.Observe(a.Observed(observed(i, release.OutcomeFine, 24*time.Hour).Outcome)))
			}
			treated := l.Health().Treatments
			require.Len(t, treated, 1)
			require.Equal(t, a.Tier, treated[0].Tier)
			require.Equal(t, 300, treated[0].Releases)
			care, err := risk.New(nil, l.Model())
			require.NoError(t, err)
			again, err := care.Assess(oneFile("auth/login.go", 5), day)
			require.NoError(t, err)
			require.Equal(t, release.TierHigh, again.Tier, "300 of them were fine, under care")
		}},
		{"T18 a back-test that knows what was published later", func(t *testing.T) {
			refusals := func(change func(*release.ChangeSet)) []backtest.Refusal {
				c := backtest.Case{Input: oneFile("go.mod", 1), At: day, Outcome: observed(1, release.OutcomeFine, 24*time.Hour).Outcome}
				c.Input.Changes.Sources = []release.Source{{Path: "osv.zip", Format: "osv/1", At: day}}
				c.Input.Changes.Advisories = []release.AdvisoryChange{{ID: "CVE-2026-1000", Package: "pkg:npm/x", Effect: release.EffectIntroduced, Published: day}}
				change(&c.Input.Changes)
				r, err := backtest.Run(func(yield func(backtest.Case, error) bool) { yield(c, nil) }, backtest.Options{})
				require.NoError(t, err)
				require.Equal(t, 1, r.Releases+len(r.Refused))
				return r.Refused
			}
			later := day.Add(24 * time.Hour)
			require.Empty(t, refusals(func(*release.ChangeSet) {}))
			require.Equal(t, backtest.CauseAdvisory, refusals(func(cs *release.ChangeSet) { cs.Advisories[0].Published = later })[0].Cause)
			require.Equal(t, backtest.CauseScore, refusals(func(cs *release.ChangeSet) {
				cs.Advisories[0].Likelihood = release.Score{Known: true, Value: 0.9, At: later}
			})[0].Cause)
			require.Equal(t, backtest.CauseSource, refusals(func(cs *release.ChangeSet) { cs.Sources[0].At = later })[0].Cause)
		}},
		{"T19 thirty slight flaws do not add up to one that is exploited", func(t *testing.T) {
			tier := func(n int, exploited release.Answer) release.Tier {
				in := oneFile("go.mod", 1)
				in.Exposed = release.AnswerNo
				in.Changes.Coverage[release.KindAdvisory] = release.CoverageComplete
				for i := range n {
					in.Changes.Advisories = append(in.Changes.Advisories, release.AdvisoryChange{ID: fmt.Sprintf("CVE-2026-%d", 1000+i), Package: "pkg:npm/x", Effect: release.EffectIntroduced,
						Exploited: exploited, Automatable: release.AnswerNo, TotalImpact: release.AnswerNo, Severity: release.Score{Known: true, Value: 3.1}})
				}
				return assessed(t, in).Tier
			}
			require.Equal(t, tier(1, release.AnswerNo), tier(30, release.AnswerNo))
			require.Equal(t, release.TierCritical, tier(1, release.AnswerYes))
			require.Less(t, tier(30, release.AnswerNo), tier(1, release.AnswerYes))
		}},
		{"P0-2 the list that Go 1.17 began to write", func(t *testing.T) {
			sum := []byte("a.io/x v1.0.0 h1:a=\na.io/y v1.0.0 h1:b=\n")
			cs := gomod.Diff(gomod.File{Mod: []byte("module m\ngo 1.16\nrequire a.io/x v1.0.0\n"), Sum: sum},
				gomod.File{Mod: []byte("module m\ngo 1.17\nrequire a.io/x v1.0.0\nrequire a.io/y v1.0.0 // indirect\n"), Sum: sum})
			for _, d := range cs.Dependencies {
				if d.Package == "pkg:golang/a.io/y" {
					require.Equal(t, release.OpListed, d.Op)
				}
			}
			require.NotEmpty(t, cs.Dependencies)
		}},
		{"P0-4 one package under two references", func(t *testing.T) {
			bom := `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[{"type":"library","bom-ref":"1","name":"x","version":"1.0.0","purl":"pkg:npm/x@1.0.0"},{"type":"library","bom-ref":"2","name":"x","version":"1.0.0","purl":"pkg:npm/x@1.0.0"}]}`
			a, b := sbom.Read("bom.json", []byte(bom)), sbom.Read("bom.json", []byte(strings.Replace(bom, `,{"type":"library","bom-ref":"2","name":"x","version":"1.0.0","purl":"pkg:npm/x@1.0.0"}`, "", 1)))
			require.Empty(t, inventory.Diff(&a, &b).Dependencies)
		}},
		{"P0-5 the module of another major version is another module", func(t *testing.T) {
			db, err := advisory.Load(fstest.MapFS{"a.json": {Data: []byte(`{"schema_version":"1.6.0","id":"GO-1","modified":"0001-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Go","name":"a.io/x"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}`)}}, nil)
			require.NoError(t, err)
			r := db.Match([]release.Component{{PURL: "pkg:golang/a.io/x/v7@v7.1.0"}}, day)
			require.Empty(t, r.Affected)
			require.Empty(t, r.Unknown)
			require.Len(t, db.Match([]release.Component{{PURL: "pkg:golang/a.io/x@v1.1.0"}}, day).Affected, 1)
		}},
		{"P0-6 suppressed, unchanged and failed in SARIF", func(t *testing.T) {
			sarif := func(result, invocation string) scan.Report {
				return scan.Read("r.sarif", []byte(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t","rules":[{"id":"r","properties":{"security-severity":"9.1"}}]}},"invocations":[{"executionSuccessful":`+invocation+`}],"artifacts":[{"location":{"uri":"a.go"}}],"results":[{"ruleId":"r","level":"note","message":{"text":"m"}`+result+`}]}]}`))
			}
			r := sarif("", "true")
			require.Len(t, r.Findings, 1)
			require.Equal(t, 9.1, r.Findings[0].Score.Value)
			r = sarif(`,"suppressions":[{"kind":"external","status":"underReview"}]`, "true")
			require.False(t, r.Findings[0].Suppressed())
			r = sarif("", "false")
			require.NotEqual(t, release.AnswerYes, r.Succeeded)
			require.NotEmpty(t, r.Gaps)
		}},
		{"P0-8 stale, taken back, one's own, a bot's", func(t *testing.T) {
			head, old := strings.Repeat("a", 40), strings.Repeat("b", 40)
			got := review.GitHub(review.GitHubFiles{
				Pull:    review.File{Path: "pull.json", Bytes: []byte(`{"number":7,"commits":1,"user":{"login":"ada","type":"User"},"head":{"sha":"` + head + `"},"base":{"repo":{"full_name":"shop/cart"}}}`)},
				Commits: review.File{Path: "commits.json", Bytes: []byte(`[{"sha":"` + head + `","author":{"login":"ada","type":"User"},"committer":{"login":"ada","type":"User"},"commit":{"author":{"email":"ada@example.com"},"committer":{"email":"ada@example.com"},"message":"m"}}]`)},
				Reviews: review.File{Path: "reviews.json", Bytes: []byte(`[` +
					said(1, "stale", "APPROVED", old) + "," + said(2, "fickle", "APPROVED", head) + "," + said(3, "fickle", "CHANGES_REQUESTED", head) + "," +
					said(4, "ada", "APPROVED", head) + "," + said(5, "helper[bot]", "APPROVED", head) + "," + said(6, "talker", "COMMENTED", head) + "," +
					said(7, "grace", "APPROVED", head) + "," + said(8, "grace", "COMMENTED", head) + `]`)},
			}, review.Options{})
			var counted []string
			for _, a := range got.Counted() {
				counted = append(counted, a.ID)
			}
			require.Equal(t, []string{"github:grace"}, counted)
			require.Len(t, got.Objections, 1)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

// oneFile is a release that changes one file, of which all was read.
func oneFile(path release.Path, added int64) risk.Input {
	return risk.Input{Changes: release.ChangeSet{Base: release.Revision(strings.Repeat("1", 40)), Head: release.Revision(strings.Repeat("2", 40)),
		Commits:  []release.Commit{{ID: release.Revision(strings.Repeat("2", 40)), Author: human("eve"), Committer: human("eve")}},
		Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete},
		Files:    []release.FileChange{{Path: path, Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: added}}}}
}

func human(name string) release.Actor {
	return release.Actor{Kind: release.ActorHuman, ID: "email:" + name + "@example.com"}
}

func assessed(t *testing.T, in risk.Input) risk.Assessment {
	a, err := risk.Assess(in, day)
	require.NoError(t, err)
	return a
}

// observed is a release that was watched for a while.
func observed(i int, kind release.OutcomeKind, watched time.Duration) risk.Observed {
	out := day.Add(time.Duration(i) * time.Second)
	return risk.Observed{Features: risk.Features{LinesAdded: 10}, Tier: release.TierLow,
		Outcome: release.Outcome{Release: release.DigestOf(fmt.Append(nil, i)), Kind: kind, Deployed: out, At: out.Add(watched)}}
}

func said(id int, login, state, commit string) string {
	kind := "User"
	if strings.HasSuffix(login, "[bot]") {
		kind = "Bot"
	}
	return fmt.Sprintf(`{"id":%d,"user":{"login":%q,"type":%q},"state":%q,"author_association":"MEMBER","commit_id":%q,"submitted_at":"2026-01-02T10:%02d:00Z"}`, id, login, kind, state, commit, id)
}

// compared is what two trees differ in.
func compared(t *testing.T, before, after map[string]string) release.ChangeSet {
	t.Helper()
	contents := func(files map[string]string, follows release.Digest) *compare.Contents {
		tree := fstest.MapFS{}
		for name, text := range files {
			tree[name] = &fstest.MapFile{Data: []byte(text)}
		}
		return &compare.Contents{Tree: tree, Release: release.Release{Service: "s", Version: "v", Commit: release.Revision(strings.Repeat("1", 40)), Follows: follows,
			Artifacts: []release.Artifact{{Name: "a", Digest: release.DigestOf([]byte("a"))}}}}
	}
	base := contents(before, release.Digest{})
	d, err := base.Release.Digest()
	require.NoError(t, err)
	r, err := compare.Releases(base, contents(after, d), compare.Options{})
	require.NoError(t, err)
	return r.Changes
}

const vexWhy = "vulnerable_code_not_present"

// vexCase is one statement in an OpenVEX document about the npm package x.
type vexCase struct {
	status, justification, version, product, author string
	age                                             time.Duration
}

func (c vexCase) apply() release.ChangeSet {
	sub := `,"subcomponents":[{"@id":"pkg:npm/x@` + c.version + `"}]`
	switch c.version {
	case "":
		sub = `,"subcomponents":[{"@id":"pkg:npm/x"}]`
	case "-":
		sub = ""
	}
	at := day.Add(-c.age - time.Hour).Format(time.RFC3339)
	b := fmt.Appendf(nil, `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/vex/1","author":"me","timestamp":%q,"version":1,"statements":[{"vulnerability":{"name":"CVE-2026-1000"},"products":[{"@id":%q%s}],"status":%q,"justification":%q}]}`,
		at, c.product, sub, c.status, c.justification)
	cs := release.ChangeSet{Advisories: []release.AdvisoryChange{{ID: "CVE-2026-1000", Effect: release.EffectIntroduced, Package: "pkg:npm/x", After: []string{"1.0.0"}}}}
	vex.Apply(&cs, []vex.Document{vex.Parse("vex.json", b)}, vex.Options{Products: []vex.Product{{PURLs: []release.PURL{"pkg:oci/shop@1"}}},
		Verified: map[release.Digest]string{release.DigestOf(b): c.author}, Trusted: []string{"trusted"}}, day)
	return cs
}

func (c vexCase) refused(t *testing.T) { require.Empty(t, c.apply().Advisories[0].Suppressions) }

func (c vexCase) taken(t *testing.T) {
	cs := c.apply()
	require.Len(t, cs.Advisories[0].Suppressions, 1)
	require.Equal(t, release.EffectIntroduced, cs.Advisories[0].Effect)
}
