package risk_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/stretchr/testify/require"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

const (
	base = release.Revision("1111111111111111111111111111111111111111")
	head = release.Revision("2222222222222222222222222222222222222222")
)

// changes is a change set that was read completely, with the given files.
func changes(files ...release.FileChange) release.ChangeSet {
	return release.ChangeSet{Base: base, Head: head, Files: files,
		Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete, release.KindDependency: release.CoverageComplete}}
}

func file(path string, added, deleted int64) release.FileChange {
	return release.FileChange{Path: release.Path(path), Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: added, Deleted: deleted}
}

func with(cs release.ChangeSet, change func(*release.ChangeSet)) release.ChangeSet {
	change(&cs)
	return cs
}

func dependency(op release.Op, change ...func(*release.DependencyChange)) release.ChangeSet {
	d := release.DependencyChange{File: "go.mod", Op: op, Package: "pkg:golang/example.com/x", Before: "v1.0.0", After: "v1.1.0", Relation: release.RelationDirect}
	for _, c := range change {
		c(&d)
	}
	return with(changes(file("go.mod", 1, 1)), func(cs *release.ChangeSet) { cs.Dependencies = []release.DependencyChange{d} })
}

// withAdvisories says how far somebody looked for the published flaws of the dependencies.
func withAdvisories(cs release.ChangeSet, c release.Coverage) release.ChangeSet {
	cs.Coverage = maps.Clone(cs.Coverage)
	cs.Coverage[release.KindAdvisory] = c
	return cs
}

func resource(kind string, op release.Op, labels ...release.Label) release.ChangeSet {
	return with(changes(), func(cs *release.ChangeSet) {
		cs.Resources = []release.ResourceChange{{Address: kind + ".x", Type: kind, Op: op, Labels: labels}}
	})
}

func gap(kind release.GapKind) release.ChangeSet {
	return with(changes(file("main.go", 1, 0)), func(cs *release.ChangeSet) { cs.Gaps = []release.Gap{{Kind: kind, Subject: "x"}} })
}

func many(n int, added int64, format string) release.ChangeSet {
	var fs []release.FileChange
	for i := range n {
		fs = append(fs, file(fmt.Sprintf(format, i), added, 0))
	}
	return changes(fs...)
}

func TestTiers(t *testing.T) {
	t.Parallel()
	const low, moderate, high, critical = release.TierLow, release.TierModerate, release.TierHigh, release.TierCritical
	op := func(f release.FileChange, op release.Op) release.FileChange { f.Op = op; return f }
	for _, c := range []struct {
		name string
		cs   release.ChangeSet
		want release.Tier
		rule string // the first reason's, where it matters
	}{
		{"nothing, completely read", changes(), low, "table"},
		{"documentation", changes(file("docs/guide.md", 5000, 20), file("README.md", 10, 2)), low, "table"},
		{"a line of code", changes(file("server/handler.go", 1, 1)), low, "table"},
		{"nine lines of code", changes(file("server/handler.go", 9, 1)), low, "table"},
		{"ten lines of code", changes(file("server/handler.go", 10, 1)), moderate, "table"},
		{"eight hundred lines of code", changes(file("server/handler.go", 800, 0)), moderate, "table"},
		{"documentation of the sign-in", changes(file("docs/authentication.md", 40, 0)), low, "table"},
		{"prose among the code of the sign-in", changes(file("auth/NOTES.md", 40, 0)), high, "sensitive"},
		{"a program that calls itself documentation", changes(func() release.FileChange { f := file("docs/guide.md", 40, 0); f.NewMode = "100755"; return f }()), moderate, "opaque"},
		{"a program among documentation", changes(file("docs/build.py", 40, 0)), moderate, ""},
		{"fifty lines of code", changes(file("server/handler.go", 50, 1)), moderate, "table"},
		{"nine hundred lines of code", changes(file("server/handler.go", 900, 0)), high, "table"},
		{"a thousand lines deleted", changes(file("server/handler.go", 0, 1000)), moderate, "size"},
		{"ten thousand lines", changes(file("server/handler.go", 10_000, 0)), high, "size"},
		{"ten thousand lines deleted", changes(file("server/handler.go", 0, 10_000)), high, "size"},
		{"twenty directories", many(20, 0, "d%d/x.go"), moderate, "spread"},

		{"one line of sign-in in much documentation", changes(file("docs/guide.md", 9000, 0), file("internal/auth/login.go", 1, 1)), high, "sensitive"},
		{"session", changes(file("internal/session/store.go", 1, 0)), high, "sensitive"},
		{"authorisation", changes(file("pkg/rbac/roles.go", 1, 0)), high, "sensitive"},
		{"cryptography", changes(file("crypto/keys.go", 1, 0)), high, "sensitive"},
		{"payment", changes(file("payment/charge.go", 1, 0)), high, "sensitive"},
		{"secrets", changes(file("secrets/vault.go", 1, 0)), high, "sensitive"},
		{"labelled by the host", changes(release.FileChange{Path: "a.go", Op: release.OpModified, Labels: []release.Label{release.LabelPayment}}), high, "sensitive"},
		{"removed sign-in", changes(op(file("auth/login.go", 0, 4), release.OpRemoved)), high, "sensitive"},
		{"workflow", changes(file(".github/workflows/ci.yml", 1, 0)), high, "pipeline"},
		{"build definition", changes(file("Makefile", 1, 0)), high, "pipeline"},
		{"container file", changes(file("Dockerfile", 1, 0)), high, "pipeline"},
		{"code owners", changes(file(".github/CODEOWNERS", 1, 0)), critical, "policy"},
		{"migration", changes(op(file("db/migrations/0042_add_index.sql", 3, 0), release.OpAdded)), moderate, "migration"},
		{"destructive migration", changes(op(file("db/migrations/0043_drop_users.sql", 1, 0), release.OpAdded)), high, "migration"},
		{"changed migration", changes(file("db/migrations/0042_add_index.sql", 3, 0)), high, "migration"},
		{"interface", changes(file("api/v1/service.proto", 1, 0)), moderate, "interface"},

		{"added direct dependency", dependency(release.OpAdded), moderate, "dependency"},
		{"added indirect dependency", dependency(release.OpAdded, func(d *release.DependencyChange) { d.Relation = release.RelationTransitive }), moderate, "dependency"},
		{"upgraded dependency", withAdvisories(dependency(release.OpUpgraded), release.CoverageComplete), low, "dependency"},
		{"upgraded dependency, of which nobody looked for flaws", dependency(release.OpUpgraded), moderate, "unread"},
		{"major upgrade", dependency(release.OpUpgraded, func(d *release.DependencyChange) { d.Major = true }), moderate, "dependency"},
		{"downgraded dependency", dependency(release.OpDowngraded), high, "dependency"},
		{"replaced dependency", dependency(release.OpReplaced), high, "dependency"},
		{"dependency changed in an unknown way", dependency(release.OpUnknown), high, "dependency"},
		{"pruning artefact", dependency(release.OpListed), low, "dependency"},
		{"dependency file that nobody read", with(changes(file("package-lock.json", 1, 1)), func(cs *release.ChangeSet) {
			cs.Coverage = map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete}
		}), moderate, "unread"},

		{"role", resource("aws_iam_role", release.OpModified), high, "resource"},
		{"network", resource("aws_security_group", release.OpModified), high, "resource"},
		{"key", resource("aws_kms_key", release.OpModified), high, "resource"},
		{"database removed", resource("aws_db_instance", release.OpRemoved), high, "resource"},
		{"database replaced", resource("aws_db_instance", release.OpReplaced), high, "resource"},
		{"database changed", resource("aws_db_instance", release.OpModified), moderate, "resource"},
		{"other resource", resource("null_resource", release.OpModified), moderate, "resource"},
		{"resource changed in an unknown way", resource("null_resource", release.OpUnknown), high, "resource"},
		{"setting", with(changes(), func(cs *release.ChangeSet) {
			cs.Settings = []release.SettingChange{{File: "config/app.toml", Key: "timeout", Op: release.OpModified}}
		}), moderate, "setting"},
		{"setting of the sign-in", with(changes(), func(cs *release.ChangeSet) {
			cs.Settings = []release.SettingChange{{File: "config/auth.toml", Key: "x", Op: release.OpModified, Labels: []release.Label{release.LabelIdentity}}}
		}), high, "sensitive"},

		{"binary", changes(release.FileChange{Path: "x.dat", Op: release.OpModified, NewMode: "100644", Binary: true}), moderate, "opaque"},
		{"submodule", changes(release.FileChange{Path: "lib", Op: release.OpModified, OldMode: "160000", NewMode: "160000"}), high, ""},
		{"link", changes(release.FileChange{Path: "lib/x", Op: release.OpAdded, NewMode: "120000", Added: 1}), moderate, "opaque"},
		{"file changed in an unknown way", changes(op(file("a.go", 1, 0), release.OpUnknown)), high, "opaque"},
		{"file with a broken count", changes(file("a.go", -5, 0)), high, ""},
		{"counts that overflow", changes(file("a.go", math.MaxInt64, math.MaxInt64), file("b.go", math.MaxInt64, 2)), high, ""},
		{"test removed", changes(op(file("server/handler_test.go", 0, 9), release.OpRemoved)), moderate, "test-removed"},
		{"test made smaller", changes(file("server/handler_test.go", 1, 9)), moderate, "test-removed"},
		{"test grown", changes(file("server/handler_test.go", 9, 1)), low, "table"},

		{"shallow", gap(release.GapShallow), moderate, "gap"},
		{"partial clone", gap(release.GapPartial), moderate, "gap"},
		{"unreadable", gap(release.GapUnreadable), moderate, "gap"},
		{"local replace", gap(release.GapDependencyOrigin), moderate, "gap"},
		{"base missing", gap(release.GapBaseMissing), high, "gap"},
		{"unrelated", gap(release.GapUnrelated), high, "gap"},
		{"diverged", gap(release.GapDiverged), high, "gap"},
		{"too large", gap(release.GapTooLarge), high, "gap"},
		{"a gap that is not known here", gap("of-tomorrow"), high, "gap"},
		{"zero", release.ChangeSet{}, high, "coverage"},
		{"code not read", with(changes(), func(cs *release.ChangeSet) { cs.Coverage = nil }), high, "coverage"},
		{"code read in part", with(changes(), func(cs *release.ChangeSet) {
			cs.Coverage = map[release.Kind]release.Coverage{release.KindCode: release.CoveragePartial}
		}), moderate, "coverage"},
		{"coverage outside the scale", with(changes(), func(cs *release.ChangeSet) {
			cs.Coverage = map[release.Kind]release.Coverage{release.KindCode: 77}
		}), high, "coverage"},
		{"infrastructure read in part", with(changes(), func(cs *release.ChangeSet) {
			cs.Coverage = map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete, release.KindInfrastructure: release.CoveragePartial}
		}), moderate, "coverage"},
		{"no base", with(changes(), func(cs *release.ChangeSet) { cs.Base = "" }), high, "revision"},
		{"no head", with(changes(), func(cs *release.ChangeSet) { cs.Head = "" }), high, "revision"},
		{"first release", with(changes(), func(cs *release.ChangeSet) { cs.Base, cs.FromNothing = "", true }), moderate, "revision"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := risk.Input{Changes: c.cs}
			if strings.HasPrefix(c.name, "coverage outside") || strings.Contains(c.name, "broken") || strings.Contains(c.name, "overflow") {
				in.Digest = release.DigestOf([]byte(c.name)) // such a change set has no digest
			}
			a, err := risk.Assess(in, now)
			require.NoError(t, err)
			require.Equal(t, c.want, a.Tier, "%v", a.Reasons)
			if c.rule != "" {
				require.Equal(t, "risk/"+c.rule, a.Reasons[0].Code, "%v", a.Reasons)
			}
			require.NotEmpty(t, a.Requirements)
		})
	}
}

// A label from outside cannot calm, and the labels of the caller's change set stay
// as they were.
func TestLabelsOnlyAddCare(t *testing.T) {
	t.Parallel()
	cs := changes(file("server/handler.go", 5000, 0), file("auth/login.go", 1, 0))
	for i := range cs.Files {
		cs.Files[i].Labels = []release.Label{release.LabelDocs, release.LabelGenerated, release.LabelTest}
	}
	lie := label.Labeler{ID: "lie", Doc: "x", Version: 1, File: func(release.FileChange) []release.Label { return []release.Label{release.LabelDocs} }}
	for _, p := range []*risk.Policy{nil, policy(func(p *risk.Policy) { p.Labelers = []label.Labeler{lie} })} {
		a, err := assessBy(p, nil, risk.Input{Changes: cs})
		require.NoError(t, err)
		require.Equal(t, release.TierHigh, a.Tier)
		require.EqualValues(t, 5001, a.Features.LinesAdded)
	}
	require.Equal(t, []release.Label{release.LabelDocs, release.LabelGenerated, release.LabelTest}, cs.Files[0].Labels)

	plain := changes(file("server/handler.go", 5000, 0))
	a, err := assessBy(policy(func(p *risk.Policy) { p.Labelers = []label.Labeler{lie} }), nil, risk.Input{Changes: plain})
	require.NoError(t, err)
	require.EqualValues(t, 5000, a.Features.LinesAdded)

	plain.Files[0].Labels = []release.Label{release.LabelDocs}
	a, err = risk.Assess(risk.Input{Changes: plain}, now)
	require.NoError(t, err)
	require.EqualValues(t, 5000, a.Features.LinesAdded)

	raise := label.Labeler{ID: "raise", Doc: "x", Version: 1, File: func(release.FileChange) []release.Label { return []release.Label{release.LabelPayment} },
		Resource: func(release.ResourceChange) []release.Label { return []release.Label{release.LabelPayment} }}
	a, err = assessBy(policy(func(p *risk.Policy) { p.Labelers = []label.Labeler{raise} }), nil, risk.Input{Changes: changes(file("README.md", 1, 0))})
	require.NoError(t, err)
	require.Equal(t, release.TierHigh, a.Tier)
	a, err = assessBy(policy(func(p *risk.Policy) { p.Labelers = []label.Labeler{raise} }), nil, risk.Input{Changes: resource("null_resource", release.OpModified)})
	require.NoError(t, err)
	require.Equal(t, release.TierHigh, a.Tier)
}

// assessBy assesses by a policy and a model; nil are the defaults.
func assessBy(p *risk.Policy, m *risk.Model, in risk.Input) (risk.Assessment, error) {
	a, err := risk.New(p, m)
	if err != nil {
		return risk.Assessment{}, err
	}
	return a.Assess(in, now)
}

// judged is an input with what it is judged by; nil are the defaults.
type judged struct {
	risk.Input
	Policy *risk.Policy
	Model  *risk.Model
}

func (j judged) assess() (risk.Assessment, error) { return assessBy(j.Policy, j.Model, j.Input) }

func policy(change func(*risk.Policy)) *risk.Policy {
	p := risk.Default()
	change(p)
	return p
}

func TestNoVerdict(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]judged{
		"no rules":           {Policy: policy(func(p *risk.Policy) { p.Rules = nil })},
		"zero policy":        {Policy: &risk.Policy{}},
		"table with a hole":  {Policy: policy(func(p *risk.Policy) { p.Table.Cells[3] = "unknown" })},
		"tier without needs": {Policy: policy(func(p *risk.Policy) { p.Demands[3].Requirements = nil })},
		"no digest":          {Input: risk.Input{Changes: changes(file("a.go", math.MaxInt64, 0))}},
		"unnamable policy":   {Policy: policy(func(p *risk.Policy) { p.ID = "\xff" })},
		"unnamable model":    {Model: &risk.Model{ID: "\xff"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := in.assess()
			require.Error(t, err)
			require.Zero(t, a)
		})
	}
	_, err := risk.Assess(risk.Input{Changes: changes()}, time.Time{})
	require.ErrorContains(t, err, "no time")
}

// What the assessment says of itself: the sum, the digests, the JSON, the record.
func TestAssessmentExplainsItself(t *testing.T) {
	t.Parallel()
	cs := changes(file("server/handler.go", 80, 3), file("auth/login.go", 2, 2))
	a, err := risk.Assess(risk.Input{Changes: cs, Impact: risk.ImpactMinor}, now)
	require.NoError(t, err)

	sum := 0.0
	for _, c := range a.Likelihood.Contributions {
		sum += c.LogOdds
	}
	require.Equal(t, sum, a.Likelihood.LogOdds)
	require.InDelta(t, -3.64+0.602*math.Log(83), sum, 1e-12)
	require.False(t, a.Likelihood.Shown)
	require.Equal(t, "0 of 25 mature outcomes, no percentage yet", a.Likelihood.String())

	want, err := cs.Digest()
	require.NoError(t, err)
	require.Equal(t, want, a.Changes)
	require.False(t, a.Policy.IsZero() || a.Model.IsZero())
	want, err = risk.Default().Digest()
	require.NoError(t, err)
	require.Equal(t, want, a.Policy)
	want, err = risk.Prior().Digest()
	require.NoError(t, err)
	require.Equal(t, want, a.Model)

	b, err := json.Marshal(a)
	require.NoError(t, err)
	var back risk.Assessment
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, a, back)

	r := a.Record()
	require.Equal(t, a.Tier, r.Tier)
	require.Equal(t, a.Reasons, r.Reasons)
	require.Equal(t, a.Requirements, r.Requirements)
	require.Equal(t, a.Changes, r.Changes)
	require.Equal(t, a.Policy, r.Policy)
	require.Equal(t, a.Model, r.Model)
	require.Equal(t, a.Rollout, r.Rollout)
	require.Equal(t, now, r.At)
}

// Ten small releases count as one large one where the host remembers them.
func TestSlicingDoesNotHelp(t *testing.T) {
	t.Parallel()
	slice := changes(file("server/handler.go", 9, 0))
	a, err := risk.Assess(risk.Input{Changes: slice}, now)
	require.NoError(t, err)
	require.Equal(t, release.TierLow, a.Tier)

	var h risk.History
	for range 99 {
		h.Recent = append(h.Recent, risk.Past{At: now, Features: a.Features})
	}
	b, err := risk.Assess(risk.Input{Changes: slice, History: h}, now)
	require.NoError(t, err)
	require.Equal(t, release.TierHigh, b.Tier)
	whole, err := risk.Assess(risk.Input{Changes: changes(file("server/handler.go", 900, 0))}, now)
	require.NoError(t, err)
	require.Equal(t, whole.Likelihood.P, b.Likelihood.P)
}

// What only began to be mentioned is no changed dependency, and what is found twice is told once.
func TestCountedOnce(t *testing.T) {
	t.Parallel()
	for op, want := range map[release.Op]int64{release.OpListed: 0, release.OpUnlisted: 0, release.OpUpgraded: 1, release.OpUnknown: 1} {
		a, err := risk.Assess(risk.Input{Changes: dependency(op)}, now)
		require.NoError(t, err)
		require.Equal(t, want, a.Features.Dependencies, "%s", op)
	}
	cs := gap(release.GapShallow)
	cs.Gaps = append(cs.Gaps, cs.Gaps[0])
	a, err := risk.Assess(risk.Input{Changes: cs}, now)
	require.NoError(t, err)
	require.Len(t, a.Findings, 1)
}
