package control_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/control"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/report"
)

// The catalogue is the table that was read from the standard, with words of our own.
func TestSSDFIsTheTable(t *testing.T) {
	t.Parallel()
	var tasks, old []control.Control
	text, err := os.ReadFile(realdata.Path(t, "standards/ssdf.csv"))
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	require.NoError(t, err)
	for _, row := range rows[1:] {
		if strings.Count(row[0], ".") != 2 {
			continue // a practice
		}
		fit, err := control.ParseFit(row[4])
		require.NoError(t, err)
		k := control.Control{ID: row[0], Fit: fit, Draft: row[1] == "1.2-ipd"}
		for _, kind := range strings.Split(row[3], ";") {
			k.Kinds = append(k.Kinds, control.Kind(kind))
		}
		tasks = append(tasks, k)
		if strings.HasPrefix(row[1], "1.1") {
			old = append(old, k)
		}
	}
	without := func(c control.Catalog) []control.Control {
		for i := range c.Controls {
			c.Controls[i].Title = ""
		}
		return c.Controls
	}
	require.Equal(t, tasks, without(control.SSDFDraft()))
	require.Equal(t, old, without(control.SSDF()))
}

func TestSSDFInNumbers(t *testing.T) {
	t.Parallel()
	fits := map[control.Fit]int{}
	for _, k := range control.SSDFDraft().Controls {
		fits[k.Fit]++
	}
	require.Equal(t, map[control.Fit]int{control.FitPrimary: 23, control.FitSupporting: 19, control.FitContext: 5, control.FitNone: 2}, fits)
	require.Len(t, control.SSDF().Controls, 42)
}

func TestCatalogsAreValid(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	all := control.Catalogs()
	for _, c := range all {
		require.NoError(t, c.Validate())
		require.False(t, seen[c.Name+c.Version])
		seen[c.Name+c.Version] = true
	}
	require.True(t, slices.IsSortedFunc(all, func(a, b control.Catalog) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version))
	}))
	all[0].Controls[0].Kinds[0] = "changed"
	require.NotEqual(t, all[0], control.Catalogs()[0], "they are the caller's")
}

func TestEveryMistakeOfACatalogIsTold(t *testing.T) {
	t.Parallel()
	c := control.Catalog{Controls: []control.Control{{ID: "a", Title: "t", Fit: control.FitPrimary}, {ID: "a", Fit: 9, Kinds: []control.Kind{"x", "x", ""}}, {Title: "t"}}}
	err := c.Validate()
	for _, want := range []string{"no name", `control 1 ("a"): its fit is primary, but no kind`, "the id is that of control 1", "no id or title", `kind "x" is empty or stands twice`, `kind "" is empty`, "the fit is unknown", "the fit is control.Fit(9)"} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, control.Catalog{Name: "a", Version: "1", Title: "t"}.Validate(), "no controls")
	_, err = control.Cover(c, control.Input{Record: record(t, "1")}, noon, nil)
	require.Error(t, err)
}

// Which statement is of which kind, and which are of none though they look like it.
func TestWhatCounts(t *testing.T) {
	t.Parallel()
	rec := record(t, "1")
	set := pieces(t, rec, noon.Add(-time.Hour))
	both := []control.Kind{control.KindSignature, control.KindDigest}
	bound := []control.Kind{control.KindDecision, control.KindRecord, control.KindChangeSet, control.KindAssessment, control.KindDependencyDiff}
	for name, want := range map[string][]control.Kind{
		"test": {control.KindTest}, "failed test": nil, "warned test": nil, "unknown type": nil,
		"approval": {control.KindApproval}, "rejection": nil, "approval by a program": nil,
		"allow": bound, "deny": nil, "hold": nil, "allow of other changes": {control.KindDecision}, "allow of no changes": {control.KindDecision},
		"exposed": {control.KindDeployment, control.KindRollout}, "rolled back": {control.KindDeployment, control.KindRollout, control.KindRollback}, "started": {control.KindDeployment},
		"review": {control.KindReview}, "review with an objection": nil, "review that nobody counts": nil, "scan": {control.KindVulnScan},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range allKinds(t) {
				f := cover(t, one(kind), control.Input{Record: rec, Evidence: []evidence.Verified{set[name]}}).Findings[0]
				if slices.Contains(append(want, both...), kind) {
					require.Equal(t, control.StatusEvidenced, f.Status, "%s %s", name, kind)
					require.Equal(t, set[name].Digest(), f.Support[0].Digest)
				} else {
					require.Equal(t, control.StatusMissing, f.Status, "%s %s", name, kind)
				}
			}
		})
	}
	for _, kind := range allKinds(t) {
		f := cover(t, one(kind), control.Input{Record: rec, Evidence: []evidence.Verified{set["part"]}}).Findings[0]
		require.Equal(t, control.StatusMissing, f.Status, "it is about one artifact of two: %s", kind)
		f = cover(t, one(kind), control.Input{Record: rec, Evidence: slices.Collect(maps.Values(pieces(t, record(t, "2"))))}).Findings[0]
		require.Equal(t, kind == control.KindReview, f.Status == control.StatusEvidenced, "of another release only what is about the commit counts: %s", kind)
	}
}

// allKinds are the kinds that the source declares.
func allKinds(t testing.TB) []control.Kind {
	f, err := parser.ParseFile(token.NewFileSet(), "catalog.go", nil, 0)
	require.NoError(t, err)
	var out []control.Kind
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 && strings.HasPrefix(v.Names[0].Name, "Kind") {
			out = append(out, control.Kind(strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`)))
		}
		return true
	})
	require.Greater(t, len(out), 30)
	return out
}

func TestOutsideIsNeverGreen(t *testing.T) {
	t.Parallel()
	rec := record(t, "1")
	everything := control.Input{Record: rec, Evidence: slices.Collect(maps.Values(pieces(t, rec, noon))), Classify: func(evidence.Verified) []control.Kind { return allKinds(t) }}
	for _, c := range control.Catalogs() {
		for _, k := range c.Controls {
			everything.Waivers = append(everything.Waivers, waiver(c, k.ID, nil))
		}
		got := cover(t, c, everything)
		for _, f := range got.Findings {
			require.Equal(t, f.Control.Fit < control.FitSupporting, f.Status == control.StatusOutside, "%s %s", c.Name, f.Control.ID)
			if f.Status == control.StatusOutside {
				require.Empty(t, f.Support)
			} else {
				require.Equal(t, control.StatusEvidenced, f.Status)
			}
		}
	}
	require.Equal(t, 7, cover(t, control.SSDFDraft(), everything).Count(control.StatusOutside))
}

func waiver(c control.Catalog, id string, change func(*control.Waiver)) control.Waiver {
	w := control.Waiver{Catalog: c.Name, Version: c.Version, Waiver: release.Waiver{ID: "w-" + id, Rule: control.WaiverRule, Subject: id, Floor: release.TierLow,
		Owner: release.Actor{Kind: release.ActorHuman, ID: "github:ada"}, Second: release.Actor{Kind: release.ActorHuman, ID: "github:bob"}, Reason: "a test service",
		From: noon.Add(-time.Hour), Expires: noon.Add(48 * time.Hour)}}
	if change != nil {
		change(&w)
	}
	return w
}

func TestWaivers(t *testing.T) {
	t.Parallel()
	rec, c := record(t, "1"), one(control.KindTest)
	for _, v := range []struct {
		name   string
		change func(*control.Waiver)
		want   control.Status
	}{
		{"good", nil, control.StatusWaived},
		{"for this change set", func(w *control.Waiver) { w.Changes = rec.Release.Changes }, control.StatusWaived},
		{"for another", func(w *control.Waiver) { w.Changes = release.DigestOf([]byte("x")) }, control.StatusMissing},
		{"expired this moment", func(w *control.Waiver) { w.Expires = noon }, control.StatusMissing},
		{"begins later", func(w *control.Waiver) { w.From = noon.Add(1) }, control.StatusMissing},
		{"of another control", func(w *control.Waiver) { w.Subject = "Y" }, control.StatusMissing},
		{"of another catalogue", func(w *control.Waiver) { w.Catalog = "ssdf" }, control.StatusMissing},
		{"of another version", func(w *control.Waiver) { w.Version = "2" }, control.StatusMissing},
		{"of a rule of risk", func(w *control.Waiver) { w.Rule = "identity" }, control.StatusMissing},
		{"by one person", func(w *control.Waiver) { w.Second = w.Owner }, control.StatusMissing},
		{"by nobody", func(w *control.Waiver) { w.Second = release.Actor{} }, control.StatusMissing},
		{"without an end", func(w *control.Waiver) { w.Expires = time.Time{} }, control.StatusMissing},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			f := cover(t, c, control.Input{Record: rec, Waivers: []control.Waiver{waiver(c, "X", v.change)}}).Findings[0]
			require.Equal(t, v.want, f.Status)
			if v.want == control.StatusWaived {
				require.Equal(t, "w-X", f.Waiver)
				require.Equal(t, 48*time.Hour, f.WaivedFor)
				require.Contains(t, f.Why, "Waived by github:ada and github:bob until 2026-11-26: a test service")
			} else {
				require.Empty(t, f.Waiver)
			}
		})
	}
	got := cover(t, c, control.Input{Record: rec, Evidence: []evidence.Verified{pieces(t, rec)["test"]}, Waivers: []control.Waiver{waiver(c, "X", nil)}})
	require.Equal(t, control.StatusEvidenced, got.Findings[0].Status, "what is there needs no waiver")
}

func TestFreshness(t *testing.T) {
	t.Parallel()
	rec, c, day := record(t, "1"), one(control.KindVulnScan), 24*time.Hour
	for _, v := range []struct {
		name  string
		times []time.Time
		max   map[control.Kind]time.Duration
		want  control.Status
	}{
		{"fresh", []time.Time{noon.Add(-time.Hour)}, nil, control.StatusEvidenced},
		{"on the last day", []time.Time{noon.Add(-30 * day)}, nil, control.StatusEvidenced},
		{"too old", []time.Time{noon.Add(-30*day - 1)}, nil, control.StatusStale},
		{"no trusted time", nil, nil, control.StatusStale},
		{"from the future", []time.Time{noon.Add(1)}, nil, control.StatusStale},
		{"the earliest counts", []time.Time{noon, noon.Add(-40 * day)}, nil, control.StatusStale},
		{"no age asked", nil, map[control.Kind]time.Duration{}, control.StatusEvidenced},
		{"own age", []time.Time{noon.Add(-2 * time.Hour)}, map[control.Kind]time.Duration{control.KindVulnScan: time.Hour}, control.StatusStale},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			got, err := control.Cover(c, control.Input{Record: rec, Evidence: []evidence.Verified{pieces(t, rec, v.times...)["scan"]}}, noon, &control.Options{MaxAge: v.max})
			require.NoError(t, err)
			require.Equal(t, v.want, got.Findings[0].Status, got.Findings[0].Why)
			require.Equal(t, v.want == control.StatusStale, got.Findings[0].Support[0].Stale != "")
		})
	}
	both := []evidence.Verified{pieces(t, rec, noon.Add(-60*day))["scan"], pieces(t, rec, noon.Add(-day))["scan"]}
	require.Equal(t, control.StatusEvidenced, cover(t, c, control.Input{Record: rec, Evidence: both}).Findings[0].Status, "one fresh piece is enough")
}

func TestRevokedDoesNotCount(t *testing.T) {
	t.Parallel()
	rec := record(t, "1")
	test := pieces(t, rec, noon.Add(-time.Hour))["test"]
	by := signer("security", release.ActorHuman, noon)
	target, err := evidence.TargetOf(test)
	require.NoError(t, err)
	for name, v := range map[string]struct {
		r    predicate.Revocation
		want control.Status
	}{
		"envelope":          {predicate.Revocation{Targets: []predicate.RevocationTarget{target}}, control.StatusMissing},
		"key":               {predicate.Revocation{Targets: []predicate.RevocationTarget{{Key: test.By().Key}}}, control.StatusMissing},
		"principal":         {predicate.Revocation{Targets: []predicate.RevocationTarget{{Principal: &predicate.RevokedPrincipal{Issuer: "test", Subject: "ci"}}}}, control.StatusMissing},
		"artifact":          {predicate.Revocation{Targets: []predicate.RevocationTarget{{Artifact: rec.Release.Artifacts[1].Digest}}}, control.StatusMissing},
		"key, from before":  {predicate.Revocation{Targets: []predicate.RevocationTarget{{Key: test.By().Key}}, EffectiveFrom: noon.Add(-2 * time.Hour)}, control.StatusMissing},
		"key, from later":   {predicate.Revocation{Targets: []predicate.RevocationTarget{{Key: test.By().Key}}, EffectiveFrom: noon.Add(-time.Minute)}, control.StatusEvidenced},
		"another key":       {predicate.Revocation{Targets: []predicate.RevocationTarget{{Key: release.DigestOf([]byte("x"))}}}, control.StatusEvidenced},
		"another principal": {predicate.Revocation{Targets: []predicate.RevocationTarget{{Principal: &predicate.RevokedPrincipal{Issuer: "other", Subject: "ci"}}}}, control.StatusEvidenced},
		"another artifact":  {predicate.Revocation{Targets: []predicate.RevocationTarget{{Artifact: release.DigestOf([]byte("x"))}}}, control.StatusEvidenced},
	} {
		v.r.Reason = predicate.ReasonCompromisedKey
		st, err := evidence.NewRevocation(v.r)
		require.NoError(t, err)
		got := cover(t, one(control.KindTest), control.Input{Record: rec, Evidence: []evidence.Verified{test, by.signs(t, st)}})
		require.Equal(t, v.want, got.Findings[0].Status, name)
	}
	broken, err := evidence.NewStatement(predicate.TypeRevocation, evidence.SubjectsOf(rec.Release), map[string]any{"targets": 1})
	require.NoError(t, err)
	_, err = control.Cover(one(control.KindTest), control.Input{Record: rec, Evidence: []evidence.Verified{test, by.signs(t, broken)}}, noon, nil)
	require.ErrorContains(t, err, "cannot be read", "it might revoke anything")
}

func TestRefused(t *testing.T) {
	t.Parallel()
	rec := record(t, "1")
	for name, call := range map[string]func() error{
		"no time": func() error {
			_, err := control.Cover(control.SSDF(), control.Input{Record: rec}, time.Time{}, nil)
			return err
		},
		"no release": func() error { _, err := control.Cover(control.SSDF(), control.Input{}, noon, nil); return err },
		"not verified": func() error {
			_, err := control.Cover(control.SSDF(), control.Input{Record: rec, Evidence: make([]evidence.Verified, 1)}, noon, nil)
			return err
		},
		"no sample": func() error { _, err := control.Add(); return err },
		"mixed sample": func() error {
			_, err := control.Add(cover(t, control.SSDF(), control.Input{Record: rec}), cover(t, control.SOC2(), control.Input{Record: record(t, "2")}))
			return err
		},
		"twice": func() error {
			c := cover(t, control.SSDF(), control.Input{Record: rec})
			_, err := control.Add(c, c)
			return err
		},
	} {
		require.Error(t, call(), name)
	}
}

// Less evidence is never more; the order and repetition of evidence play no part.
func TestLessIsNeverMore(t *testing.T) {
	t.Parallel()
	rec := record(t, "1")
	old, fresh := pieces(t, rec, noon.Add(-1000*time.Hour)), pieces(t, rec, noon.Add(-time.Hour))
	var all []evidence.Verified
	for _, set := range []map[string]evidence.Verified{old, fresh, pieces(t, record(t, "2"))} {
		for _, name := range slices.Sorted(maps.Keys(set)) {
			all = append(all, set[name])
		}
	}
	catalogs := control.Catalogs()
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfNDistinct(rapid.IntRange(0, len(all)-1), 0, 12, rapid.ID[int]).Draw(t, "evidence")
		var set []evidence.Verified
		for _, i := range some {
			set = append(set, all[i])
		}
		c := rapid.SampledFrom(catalogs).Draw(t, "catalogue")
		whole := cover(t, c, control.Input{Record: rec, Evidence: set})
		turned := append(slices.Clone(set), set...)
		slices.Reverse(turned)
		require.Equal(t, whole, cover(t, c, control.Input{Record: rec, Evidence: turned}))
		if len(set) > 0 {
			less := cover(t, c, control.Input{Record: rec, Evidence: slices.Delete(slices.Clone(set), 0, 1)})
			for i := range whole.Findings {
				require.LessOrEqual(t, less.Findings[i].Status, whole.Findings[i].Status)
			}
		}
		// What each finding says can be counted again.
		for _, f := range whole.Findings {
			have := map[control.Kind]bool{}
			for _, s := range f.Support {
				have[s.Kind] = true
			}
			if f.Status != control.StatusOutside {
				require.Equal(t, len(f.Control.Kinds), len(have)+len(f.Absent))
			}
		}
	})
}

func TestSample(t *testing.T) {
	t.Parallel()
	a, b := record(t, "1"), record(t, "2")
	s, err := control.Add(cover(t, one(control.KindTest), control.Input{Record: a, Evidence: []evidence.Verified{pieces(t, a)["test"]}}), cover(t, one(control.KindTest), control.Input{Record: b}))
	require.NoError(t, err)
	require.Equal(t, map[control.Status]int{control.StatusEvidenced: 1, control.StatusMissing: 1}, s.Rows[0].Counts)
	require.Equal(t, control.StatusMissing, s.Rows[0].Worst)
	require.Equal(t, "2", s.Rows[0].First.Version)
	var out strings.Builder
	require.NoError(t, report.Markdown(&out, "t", s.Sections()))
	require.Contains(t, out.String(), "| `X` | x | 1 of 2 | 0 of 2 | 1 of 2 | 0 of 2 | missing |")
}

// No word in the package, its documentation or its output says more than "evidence
// supporting".
func TestWords(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`(?i)\b(non-?)?complian(t|ce)|\bcertified\b|\bfulfils\b|\bconforms?\b|\bpasses the\b|\bmeets the (control|standard|requirement)`)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		if !strings.HasSuffix(name, "_test.go") {
			require.NotRegexp(t, forbidden, string(text), name)
		}
	}
	require.Regexp(t, forbidden, "fully compliant", "the rule can fail")
	rec := record(t, "1")
	for _, c := range control.Catalogs() {
		got := cover(t, c, control.Input{Record: rec, Evidence: slices.Collect(maps.Values(pieces(t, rec, noon)))})
		for _, render := range []func(*strings.Builder) error{
			func(b *strings.Builder) error { return got.WriteCSV(b) }, func(b *strings.Builder) error { return got.WriteOSCAL(b) },
			func(b *strings.Builder) error { return report.Markdown(b, "t", got.Sections()) }, func(b *strings.Builder) error { return report.HTML(b, "t", got.Sections()) },
		} {
			var b, again strings.Builder
			require.NoError(t, render(&b))
			require.NoError(t, render(&again))
			require.Equal(t, b.String(), again.String())
			require.NotRegexp(t, forbidden, b.String())
			require.Contains(t, strings.ToLower(b.String()), "evidence supporting")
		}
	}
}

// What others wrote is neither a formula nor a line of its own.
func TestCSVIsText(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{"=HYPERLINK(1)", "+1", "-1", "@x", "a\n=b", "\t=c", "'=d", "a,\"b\""} {
		c := one(control.KindTest)
		c.Controls[0].ID, c.Controls[0].Title = evil, evil
		var b strings.Builder
		require.NoError(t, cover(t, c, control.Input{Record: record(t, "1")}).WriteCSV(&b))
		rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 2)
		for _, cell := range rows[1] {
			require.NotContains(t, cell, "\n")
			require.False(t, cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r"), "%q", cell)
		}
	}
}
