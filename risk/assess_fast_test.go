package risk_test

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/risk"
)

// hostileNames are paths and keys that labelers look at twice.
var hostileNames = rapid.Custom(func(t *rapid.T) string {
	piece := rapid.OneOf(rapid.SampledFrom([]string{"auth", "docs", "README", "src", "test", "x", "Login", "payment", "V1__drop", "vendor", "secret", "db", "password", "é", "ſ", "\u212a", "\xff", "."}), rapid.String())
	var b strings.Builder
	for range rapid.IntRange(0, 5).Draw(t, "pieces") {
		b.WriteString(piece.Draw(t, "piece"))
		b.WriteString(rapid.SampledFrom([]string{"/", "/", "_", ".", "", "\\", "//"}).Draw(t, "glue"))
	}
	return b.String() + rapid.SampledFrom([]string{"", ".go", "_test.go", ".md", ".tsx", ".tf", ".TF.JSON", ".sql", ".yaml"}).Draw(t, "end")
})

// Labels are those that each labeler names when it is asked about each thing alone, with labelers of the policy's and
// without, whatever was there before.
func TestLabelsAreThoseOfEachLabeler(t *testing.T) {
	t.Parallel()
	mine := label.Labeler{ID: "mine", Doc: "Mine.", Version: 1,
		File: func(f release.FileChange) []release.Label {
			if strings.Contains(string(f.Path), "x") || slices.Contains(f.Labels, release.LabelTest) {
				return []release.Label{release.LabelDocs, "mine", ""}
			}
			return []release.Label{release.LabelDocs}
		},
		Resource: func(r release.ResourceChange) []release.Label {
			return []release.Label{release.Label("of/" + r.Type), release.LabelDocs}
		}}
	plain, err := risk.New(nil, nil)
	require.NoError(t, err)
	more, err := risk.New(policy(func(p *risk.Policy) { p.Labelers = []label.Labeler{mine, {ID: "none", Doc: "None.", Version: 1}} }), nil)
	require.NoError(t, err)
	some := rapid.SliceOfN(rapid.SampledFrom(append([]release.Label{""}, labels...)), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		var cs release.ChangeSet
		for range rapid.IntRange(0, 6).Draw(t, "files") {
			f := files.Draw(t, "file")
			f.Path, f.Labels = release.Path(hostileNames.Draw(t, "path")), some.Draw(t, "labels")
			cs.Files = append(cs.Files, f)
			r := resources.Draw(t, "resource")
			r.Labels = some.Draw(t, "labels")
			cs.Resources, cs.Drift = append(cs.Resources, r), append(cs.Drift, r)
			cs.Settings = append(cs.Settings, release.SettingChange{File: f.Path, Key: hostileNames.Draw(t, "key"), Op: f.Op, Labels: some.Draw(t, "labels")})
		}
		before, err := json.Marshal(cs)
		require.NoError(t, err)
		for _, a := range []*risk.Assessor{plain, more} {
			require.Equal(t, risk.SlowLabelled(a, &cs), risk.Labelled(a, &cs))
		}
		after, err := json.Marshal(cs)
		require.NoError(t, err)
		require.Equal(t, string(before), string(after), "the caller's stay as they are")
	})
}

// What was seen of all files at once changes no finding: a rule that is run by itself looks at each of them.
func TestRulesSeeTheSameAlone(t *testing.T) {
	t.Parallel()
	a, err := risk.New(nil, nil)
	require.NoError(t, err)
	many := make([]release.Label, 40)
	for i := range many {
		many[i] = release.Label(strings.Repeat("z", i+1))
	}
	rapid.Check(t, func(t *rapid.T) {
		cs := changeSets.Draw(t, "changes")
		if len(cs.Files) > 0 && rapid.Bool().Draw(t, "many labels") {
			cs.Files[0].Labels = slices.Concat(many[:rapid.IntRange(10, 40).Draw(t, "n")], []release.Label{release.LabelCrypto, release.LabelMigration})
		}
		facts := risk.FactsOf(a, risk.Input{Changes: cs}, now)
		alone := &risk.Facts{Changes: facts.Changes, Features: facts.Features, Recent: facts.Recent, At: facts.At}
		for _, r := range risk.Rules() {
			require.Equal(t, r.Run(alone), r.Run(facts), r.ID)
		}
		// Facts that somebody copies, with other changes in them, are not judged by what was seen of the first.
		copied := *facts
		other := changeSets.Draw(t, "other changes")
		copied.Changes = &other
		alone.Changes = &other
		for _, r := range risk.Rules() {
			require.Equal(t, r.Run(alone), r.Run(&copied), r.ID)
		}
	})
}

// Extensions are read as if the whole path were in small letters.
func TestDeclaresResources(t *testing.T) {
	t.Parallel()
	ends := rapid.SampledFrom([]string{"tf", "TF", "tfvars", "tofu", "hcl", "bicep", "b\u0130cep", "Bicep", "json", "JSON", "j\u017fon", "go", "", "\xff", "\u212a", "fs"})
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom([]string{"", "a", "a/b", "a.tf/b", "/"}).Draw(t, "front")
		for range rapid.IntRange(0, 3).Draw(t, "extensions") {
			p += rapid.SampledFrom([]string{".", ".", "/", ""}).Draw(t, "glue") + ends.Draw(t, "extension")
		}
		require.Equal(t, risk.SlowDeclaresResources(release.Path(p)), risk.DeclaresResources(release.Path(p)), "%q", p)
	})
}

// The order of what the host gives besides the changes makes no difference to a byte.
func TestOrderOfCircumstancesDoesNotMatter(t *testing.T) {
	t.Parallel()
	a, err := risk.New(nil, nil)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 9))
		in := eventful(realistic(), release.DigestOf([]byte("x")))
		in.Changes.Files = in.Changes.Files[:40]
		for i := range in.Changes.Files {
			if r.IntN(4) > 0 {
				in.History.Files = append(in.History.Files, risk.PastFile{Path: in.Changes.Files[r.IntN(i+1)].Path, Lines: r.Int64N(99), Changes: r.Int64N(9), Developers: 1, Changed: now})
			}
		}
		owners, _ := label.ParseOwners([]byte("* @ada @grace\n/internal/ @eve\n/web/ @eve @ada\n"), label.ForgeGitHub)
		in.Owners = &owners
		in.Same = [][]string{{"user:ada", "user:eve"}, {"user:x", "user:y"}}
		for i := range in.Waivers {
			in.Waivers[i].ID = string(rune('a' + r.IntN(3)))
			in.Waivers[i].Reason = release.Text(rune('a' + r.IntN(3)))
		}
		in.Debts = append(in.Debts, debt(func(d *release.Debt) { d.ID = "glass-2" }), debt(func(d *release.Debt) { d.ID = "glass-1"; d.Reason = "another" }))
		first, err := a.Assess(in, now)
		require.NoError(t, err)
		other := in
		other.History.Recent, other.History.Files = shuffled(r, in.History.Recent), shuffled(r, in.History.Files)
		other.Waivers, other.Debts, other.Same = shuffled(r, in.Waivers), shuffled(r, in.Debts), shuffled(r, in.Same)
		again, err := a.Assess(other, now)
		require.NoError(t, err)
		x, err := json.Marshal(first)
		require.NoError(t, err)
		y, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(x), string(y))
	})
}

var update = flag.Bool("update", false, "write what was found to testdata")

// The digests of some assessments' canonical bytes are the same on every architecture. Run it with GOARCH=386 and
// GOAMD64=v3 too; -update writes them anew.
func TestGoldenAssessments(t *testing.T) {
	t.Parallel()
	const name = "testdata/assessments.golden.json"
	got := map[string]string{}
	add := func(name string, a *risk.Assessor, in risk.Input) {
		said, err := a.Assess(in, now)
		require.NoError(t, err)
		b, err := json.Marshal(said)
		require.NoError(t, err)
		got[name] = release.DigestOf(b).String() + " " + said.Tier.String()
		require.NoError(t, a.Replay(said, in), name)
	}
	a, err := risk.New(nil, nil)
	require.NoError(t, err)
	add("nothing", a, risk.Input{Changes: changes()})
	add("one file", a, risk.Input{Changes: changes(file("a.go", 3, 1)), Impact: risk.ImpactMinor})
	add("not known", a, risk.Input{})
	small := realistic()
	small.Files = small.Files[:120]
	in := eventful(small, release.Digest{})
	for i := range small.Files {
		in.History.Files = append(in.History.Files, risk.PastFile{Path: small.Files[i].Path, Lines: int64(10 * i), Changes: int64(i % 5), Developers: int64(i%3 + 1), Changed: now.AddDate(0, 0, -i)})
	}
	in.History.Experience = risk.Known(7)
	add("eventful", a, in)
	m := risk.Prior()
	m.Calibration = &risk.Calibration{Shift: -0.3, Slope: 0.7, Covariance: [3]float64{0.04, 0.003, 0.02}}
	m.Outcomes = risk.Counts{Mature: 60, Failed: 12, Censored: 3}
	calibrated, err := risk.New(nil, m)
	require.NoError(t, err)
	add("eventful, calibrated", calibrated, in)
	add("an advisory", a, risk.Input{Changes: flaws(flaw(release.EffectIntroduced)), Exposed: release.AnswerYes})
	if *update {
		b, err := json.MarshalIndent(got, "", "\t")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(name, append(b, '\n'), 0o644))
	}
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	var want map[string]string
	require.NoError(t, json.Unmarshal(b, &want))
	require.Equal(t, want, got)
}
