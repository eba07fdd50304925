package risk_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/risk"
)

// No policy takes a floor away, neither by leaving it out nor by another rule of its name.
func TestPolicyKeepsTheFloors(t *testing.T) {
	t.Parallel()
	optional := []string{"interface", "outdated", "setting", "size", "spread", "test-removed", "unpinned"}
	for i, r := range risk.Rules() {
		without := policy(func(p *risk.Policy) { p.Rules = slices.Delete(p.Rules, i, i+1) })
		require.Equal(t, slices.Contains(optional, r.ID), without.Validate() == nil, r.ID)
		blind := policy(func(p *risk.Policy) { p.Rules[i].Run = func(*risk.Facts) []risk.Finding { return nil } })
		require.ErrorContains(t, blind.Validate(), "this is not it", r.ID)
		wrapped := policy(func(p *risk.Policy) {
			run := p.Rules[i].Run
			p.Rules[i].Run = func(f *risk.Facts) []risk.Finding { return run(f)[:0] }
		})
		require.Error(t, wrapped.Validate(), r.ID)
		swapped := policy(func(p *risk.Policy) { p.Rules[i].Run = p.Rules[(i+1)%len(p.Rules)].Run })
		require.Error(t, swapped.Validate(), r.ID)
		versioned := policy(func(p *risk.Policy) { p.Rules[i].Version++ })
		require.Error(t, versioned.Validate(), r.ID)
		_, err := assessBy(blind, nil, risk.Input{Changes: changes(file("auth/login.go", 1, 0))})
		require.Error(t, err)
	}
	own := risk.Rule{ID: "mine", Doc: "x.", Version: 1, Run: func(*risk.Facts) []risk.Finding { return nil }}
	require.NoError(t, policy(func(p *risk.Policy) { p.Rules = append(p.Rules, own) }).Validate())
	rules := risk.Rules()
	rules[4].Run = nil
	require.NotNil(t, risk.Rules()[4].Run, "the caller owns the slice")
}

// A policy that is complete and monotone may still be unsafe.
func TestLintFindsTheUnsafe(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*risk.Policy){
		"all low": func(p *risk.Policy) {
			for i := range p.Table.Cells {
				p.Table.Cells[i] = "low"
			}
		},
		"unknown likelihood is low": func(p *risk.Policy) { p.Table.Cells[15] = "low" },
		"all tiers ask for the same": func(p *risk.Policy) {
			for i := range p.Demands {
				p.Demands[i] = risk.Demand{Tier: p.Demands[i].Tier, Requirements: p.Demands[0].Requirements, Rollout: p.Demands[0].Rollout}
			}
		},
		"high is for the author alone": func(p *risk.Policy) {
			p.Demands[1].Requirements[1].Independent, p.Demands[2].Requirements[1].Independent = false, false
		},
		"a role without a name": func(p *risk.Policy) { p.Demands[3].Requirements[2].Roles = []string{""} },
	} {
		require.Error(t, policy(change).Validate(), name)
	}
}

// Every value of every enumeration that says "not known", and what lies outside.
func TestUnknownIsNeverLow(t *testing.T) {
	t.Parallel()
	is := func(want release.Tier, cs release.ChangeSet, name string) {
		t.Helper()
		for _, m := range []*risk.Model{{ID: "blind", Bias: -700}} {
			// Of the impacts the least and unknown, which make the least of the rest.
			for _, impact := range []risk.Impact{risk.ImpactUnknown, risk.ImpactNegligible} {
				a, err := assessBy(nil, m, risk.Input{Changes: cs, Digest: release.DigestOf([]byte("x")), Impact: impact})
				require.NoError(t, err, name)
				require.GreaterOrEqual(t, a.Tier, want, "%s: %v", name, a.Reasons)
			}
		}
	}
	for _, op := range []release.Op{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 77, 255} {
		known := op > release.OpUnknown && op <= release.OpImported
		want := func(ok release.Tier) release.Tier {
			if known {
				return ok
			}
			return release.TierHigh
		}
		f := file("a.go", 1, 0)
		f.Op = op
		is(want(release.TierLow), changes(f), "file "+op.String())
		f.Path = "docs/x.md"
		is(want(release.TierLow), changes(f), "page "+op.String())
		is(want(release.TierLow), dependency(op), "dependency "+op.String())
		is(want(release.TierModerate), resource("null_resource", op), "resource "+op.String())
		is(release.TierHigh, resource("", op), "resource of no type "+op.String())
		is(release.TierHigh, resource("aws_iam_role", op), "role "+op.String())
		is(want(release.TierModerate), with(changes(), func(cs *release.ChangeSet) {
			cs.Settings = []release.SettingChange{{File: "config/app.toml", Key: "timeout", Op: op}}
		}), "setting "+op.String())
	}
	for _, c := range []release.Coverage{0, 1, 3, 77, 255} {
		for _, kind := range []release.Kind{release.KindCode, release.KindDependency, release.KindInfrastructure, release.KindConfiguration, "mine", ""} {
			is(release.TierModerate, with(changes(), func(cs *release.ChangeSet) {
				cs.Coverage = map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete}
				cs.Coverage[kind] = c
			}), fmt.Sprintf("coverage %d of %q", c, kind))
		}
	}
	for _, kind := range []release.GapKind{"", "shallow-clone ", "Shallow-Clone", release.GapBaseMissing, release.GapHeadMissing, release.GapUnrelated, release.GapDiverged, release.GapTooLarge} {
		is(release.TierHigh, gap(kind), "gap "+string(kind))
	}
	for _, kind := range []release.GapKind{release.GapShallow, release.GapPartial, release.GapUnreadable, release.GapUnsupported, release.GapDependencyOrigin} {
		is(release.TierModerate, gap(kind), "gap "+string(kind))
	}
	for _, p := range []string{"terraform/main.tf", "x.tfvars", "main.tf.json", "a/main.bicep", "live/x.hcl", "stack.tofu"} {
		is(release.TierModerate, changes(file(p, 1, 0)), p)
	}
	for _, mode := range []string{"100755", "100664", "40000", "120000", "160000", "0100644", "x"} {
		f := file("docs/x.md", 0, 0)
		f.NewMode = mode
		is(release.TierModerate, changes(f), "mode "+mode)
		f.OldMode, f.NewMode = mode, ""
		if mode != "100755" { // an executable that goes is only a file that goes
			is(release.TierModerate, changes(f), "mode before "+mode)
		}
	}
	for _, op := range []release.Op{release.OpAdded, release.OpModified, release.OpReplaced, release.OpUpgraded, release.OpDowngraded, release.OpImported, release.OpUnknown, 200} {
		is(release.TierModerate, dependency(op), "nobody looked for flaws of a dependency that is "+op.String())
	}
	for _, c := range []release.Coverage{release.CoverageMissing, release.CoveragePartial} {
		is(release.TierModerate, withAdvisories(dependency(release.OpUpgraded), c), "flaws were not looked for completely")
	}
	for _, path := range []string{"a.go", "docs/x.md"} {
		f := file(path, 0, 0)
		f.Uncounted = true
		is(release.TierModerate, changes(f), "how much changed is not known: "+path)
	}
	is(release.TierHigh, release.ChangeSet{Base: base, Head: head}, "no coverage")
	is(release.TierHigh, release.ChangeSet{}, "zero")
}

// What a setting is about stands in its key as well as in its file.
func TestSettingKeysAreRead(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]release.Tier{
		"auth.session.ttl": release.TierHigh, "oauthClientSecret": release.TierHigh, "DB_PASSWORD": release.TierHigh, "tls/minVersion": release.TierHigh, "spring.security.csrf": release.TierHigh,
		"timeout": release.TierModerate, "build": release.TierModerate, "codeowners": release.TierModerate, "": release.TierModerate,
	} {
		a, err := risk.Assess(risk.Input{Changes: with(changes(), func(cs *release.ChangeSet) {
			cs.Settings = []release.SettingChange{{File: "config/app.toml", Key: key, Op: release.OpModified}}
		})}, now)
		require.NoError(t, err)
		require.Equal(t, want, a.Tier, key)
	}
}

// Some tools name the directory of a migration and not its file.
func TestDestructiveMigrations(t *testing.T) {
	t.Parallel()
	for p, want := range map[string]release.Tier{
		"prisma/migrations/20240101_drop_users/migration.sql": release.TierHigh,
		"db/migrations/0043_DROP_users.sql":                   release.TierHigh,
		"db/migrations/0043_drоp_users.sql":                   release.TierHigh, // Cyrillic
		"db/migrations/0043_d\u200brop_users.sql":             release.TierHigh,
		"prisma/migrations/20240101_add_users/migration.sql":  release.TierModerate,
		"dropbox/db/migrations/0044_add_users.sql":            release.TierModerate,
	} {
		f := file(p, 1, 0)
		f.Op, f.OldMode = release.OpAdded, ""
		a, err := risk.Assess(risk.Input{Changes: changes(f)}, now)
		require.NoError(t, err)
		require.Equal(t, want, a.Tier, p)
	}
}

// Assess leaves its input as it was, and what it returns shares nothing with it.
func TestInputAndPolicyStayTheirOwn(t *testing.T) {
	t.Parallel()
	extra := label.Labeler{ID: "mine", Doc: "x.", Version: 1, File: func(release.FileChange) []release.Label { return []release.Label{"mine"} },
		Resource: func(release.ResourceChange) []release.Label { return []release.Label{"mine"} }}
	rapid.Check(t, func(t *rapid.T) {
		in := inputs.Draw(t, "input")
		in.Policy.Labelers = []label.Labeler{extra}
		for i := range in.Changes.Files { // room behind each slice, which an append would write to
			in.Changes.Files[i].Labels = slices.Grow(in.Changes.Files[i].Labels, 8)
		}
		was := fmt.Sprintf("%+v", in.Changes)
		spare := make([][]release.Label, len(in.Changes.Files))
		for i := range spare {
			l := in.Changes.Files[i].Labels
			spare[i] = slices.Clone(l[:cap(l)])
		}
		digest, err := in.Policy.Digest()
		require.NoError(t, err)
		a, err := in.assess()
		require.NoError(t, err)
		require.Equal(t, was, fmt.Sprintf("%+v", in.Changes))
		for i := range spare {
			l := in.Changes.Files[i].Labels
			require.Equal(t, spare[i], l[:cap(l)])
		}
		for i := range a.Requirements {
			a.Requirements[i].Count = 0
			for j := range a.Requirements[i].Roles {
				a.Requirements[i].Roles[j] = "x"
			}
		}
		for i := range a.Reasons {
			a.Reasons[i].Text = ""
		}
		after, err := in.Policy.Digest()
		require.NoError(t, err)
		require.Equal(t, digest, after)
	})
}

// The contributions add up to the log-odds, also by exact arithmetic over the model's own formula.
func TestContributionsAgainstExactArithmetic(t *testing.T) {
	t.Parallel()
	count := rapid.Int64Range(0, 1<<53-1)
	rapid.Check(t, func(t *rapid.T) {
		m := models.Draw(t, "model")
		f := risk.Features{LinesAdded: count.Draw(t, "a"), LinesDeleted: count.Draw(t, "d"), EarlierAdded: count.Draw(t, "e"), Files: count.Draw(t, "f"), Directories: count.Draw(t, "dir"),
			Commits: count.Draw(t, "c"), Dependencies: count.Draw(t, "dep"), Resources: count.Draw(t, "r"), Settings: count.Draw(t, "s")}
		e := m.Estimate(f)
		if len(e.Contributions) == 0 {
			require.Equal(t, 1.0, e.P)
			return
		}
		exact := func(x float64) *big.Float { return new(big.Float).SetPrec(3000).SetFloat64(x) }
		sum, want, size := exact(0), exact(m.Bias), math.Abs(m.Bias)
		for _, c := range e.Contributions {
			sum.Add(sum, exact(c.LogOdds))
			size += math.Abs(c.LogOdds)
		}
		terms := []float64{math.Log1p(math.Min(float64(f.LinesAdded)+float64(f.EarlierAdded), 1<<53-1)), math.Log1p(float64(f.LinesDeleted)), math.Log1p(float64(f.Files)), math.Log1p(float64(f.Directories)),
			math.Log1p(float64(f.Commits)), math.Log1p(float64(f.Dependencies)), math.Log1p(float64(f.Resources)), math.Log1p(float64(f.Settings))}
		for i, name := range risk.TermNames()[:len(terms)] { // the others are 0 or not known here, and have no weight
			for _, w := range m.Weights {
				if w.Term == name {
					want.Add(want, new(big.Float).SetPrec(3000).Mul(exact(w.Weight), exact(terms[i])))
				}
			}
		}
		if c := m.Calibration; c != nil {
			want.Mul(want, exact(c.Slope))
			want.Add(want, exact(c.Shift))
			size += math.Abs(c.Shift)
		}
		near := func(x *big.Float) {
			t.Helper()
			d, _ := new(big.Float).Sub(x, exact(e.LogOdds)).Float64()
			require.LessOrEqual(t, math.Abs(d), 1e-12*max(1, size), "%+v", m)
		}
		near(sum)
		near(want)
	})
}

// A state from an attacker cannot make the learner hold much more than the state is long.
func TestLearnerStateIsBounded(t *testing.T) {
	for name, b := range map[string]string{
		"empty observations": `{"schema":"sallyport/risk/learner/v2","horizon":1,"observations":[` + strings.Repeat("{},", 1_000_000) + `{}]}`,
		"nulls":              `{"schema":"sallyport/risk/learner/v2","horizon":1,"observations":[` + strings.Repeat("null,", 1_000_000) + `null]}`,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		require.Error(t, new(risk.Learner).UnmarshalJSON([]byte(b)), name)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20), name)
	}
}

// What the learner takes it can write down and read again.
func TestObserveTakesOnlyWhatCanBeStored(t *testing.T) {
	t.Parallel()
	fine := func(change func(*release.Outcome)) release.Outcome {
		o := release.Outcome{Release: release.DigestOf([]byte("r")), Kind: release.OutcomeFailed, Deployed: now, At: now.Add(time.Hour), Cause: "INC-1"}
		change(&o)
		return o
	}
	for name, o := range map[string]release.Outcome{
		"far future":       fine(func(o *release.Outcome) { o.At = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) }),
		"far future west":  fine(func(o *release.Outcome) { o.At = time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -12*3600)) }),
		"before the years": fine(func(o *release.Outcome) { o.Deployed = time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC) }),
		"broken text":      fine(func(o *release.Outcome) { o.Cause = "\xff" }),
		"endless text":     fine(func(o *release.Outcome) { o.Cause = strings.Repeat("x", 1<<20) }),
		"text too long":    fine(func(o *release.Outcome) { o.Cause = strings.Repeat("x", 1001) }),
	} {
		l := risk.Learner{Horizon: month}
		require.Error(t, l.Observe(risk.Observed{Outcome: o, Features: risk.Features{}}), name)
		require.Zero(t, l.Counts(), name)
	}
	l, back := risk.Learner{Horizon: month}, risk.Learner{Horizon: month}
	require.NoError(t, l.Observe(risk.Observed{Outcome: fine(func(*release.Outcome) {}), Features: risk.Features{LinesAdded: 3}}))
	require.NoError(t, l.Observe(risk.Observed{Outcome: fine(func(o *release.Outcome) { // the ends of what can be stored
		o.Release, o.Cause = release.DigestOf([]byte("ends")), strings.Repeat("x", 1000)
		o.Deployed, o.At = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}), Features: risk.Features{Settings: 1<<53 - 1}}))
	b, err := json.Marshal(&l)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &back))
	c, err := json.Marshal(&back)
	require.NoError(t, err)
	require.Equal(t, string(b), string(c))
}

// The recalibration is the minimum that a search without derivatives finds.
func TestCalibrationAgainstASearch(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 7))
		var samples []risk.Sample
		n := 25 + r.IntN(300)
		prior := risk.Prior()
		if seed%2 == 1 { // a base that is far too sure, from which a full step of Newton's goes too far
			prior.Bias, prior.Weights[0].Weight = 10*prior.Bias, 10*prior.Weights[0].Weight
		}
		type point struct {
			s      float64
			failed bool
		}
		var data []point
		tilt, base := 4*r.Float64()-1.5, 3*r.Float64()-1 // also rankings that are upside down
		for i := range n {
			f := risk.Features{LinesAdded: r.Int64N(1 << r.IntN(20))}
			s := prior.Bias + prior.Weights[0].Weight*math.Log1p(float64(f.LinesAdded))
			kind := release.OutcomeFine
			if i < 5 || r.Float64() < 1/(1+math.Exp(-base-tilt*s)) {
				kind = release.OutcomeFailed
			}
			at := now.Add(time.Duration(i) * time.Minute)
			samples = append(samples, risk.Sample{Features: f, Failed: kind == release.OutcomeFailed, Weight: 1, At: at})
			data = append(data, point{s, kind == release.OutcomeFailed})
		}
		loss := func(shift, slope float64) float64 {
			sum := 0.25/2*shift*shift + 80.0/2*(slope-1)*(slope-1)
			for _, d := range data {
				eta := shift + slope*d.s
				if d.failed {
					eta = -eta
				}
				sum += max(eta, 0) + math.Log1p(math.Exp(-math.Abs(eta)))
			}
			return sum
		}
		// Compass search with a shrinking step: slow, and hard to get wrong.
		shift, slope := 0.0, 1.0
		for step := 1.0; step > 1e-10; {
			best, at := loss(shift, slope), [2]float64{shift, slope}
			for _, d := range [][2]float64{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {1, -1}, {-1, 1}, {-1, -1}, {3, 1}, {-3, -1}, {3, -1}, {-3, 1}} {
				a, b := shift+step*d[0], max(0, slope+step*d[1])
				if x := loss(a, b); x < best {
					best, at = x, [2]float64{a, b}
				}
			}
			if at == [2]float64{shift, slope} {
				step /= 2
			}
			shift, slope = at[0], at[1]
		}
		m, ok := prior.Recalibrate(samples)
		require.True(t, ok)
		c := m.Calibration
		require.InDelta(t, loss(shift, slope), loss(c.Shift, c.Slope), 1e-9, "seed %d", seed)
		require.InDelta(t, shift, c.Shift, 1e-4, "seed %d", seed)
		require.InDelta(t, slope, c.Slope, 1e-4, "seed %d", seed)
		// The covariance is the inverse of the loss's curvature, here by differences.
		const h = 1e-3
		aa := (loss(c.Shift+h, c.Slope) - 2*loss(c.Shift, c.Slope) + loss(c.Shift-h, c.Slope)) / (h * h)
		bb := (loss(c.Shift, c.Slope+h) - 2*loss(c.Shift, c.Slope) + loss(c.Shift, c.Slope-h)) / (h * h)
		ab := (loss(c.Shift+h, c.Slope+h) - loss(c.Shift+h, c.Slope-h) - loss(c.Shift-h, c.Slope+h) + loss(c.Shift-h, c.Slope-h)) / (4 * h * h)
		det := aa*bb - ab*ab
		for i, want := range []float64{bb / det, -ab / det, aa / det} {
			require.InEpsilon(t, want, c.Covariance[i], 1e-3, "seed %d", seed)
		}
	}
}
