package vex_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/vex"
)

// Whatever a document says, a release's advisories keep all they had; without trust
// there is no suppression; with it there is one only where the document was read as a
// whole; and what is suppressed is no longer so once somebody says otherwise.
func FuzzVEX(f *testing.F) {
	f.Add([]byte(read(f, "openvex.json")))
	f.Add([]byte(read(f, "cyclonedx.json")))
	f.Add([]byte(edit(f, read(f, "openvex.json"), `"statements": [`, `"statements": [`+otherwise("affected", "2026-10-10T00:00:00Z", "pkg:npm/left-pad")+",")))
	doubt := `{"@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "9000-01-01T00:00:00Z", "statements": [` + otherwise("under_investigation", "", "") + `]}`
	f.Fuzz(func(t *testing.T, b []byte) {
		d := vex.Parse("f", b)
		require.Equal(t, d, vex.Parse("f", b))
		require.Equal(t, d.Coverage == release.CoverageComplete, len(d.Gaps) == 0)
		require.True(t, d.Coverage != release.CoverageMissing || len(d.Statements) == 0)

		text := string(b)
		got, r := apply(change(), options(text), []vex.Document{d})
		require.Equal(t, r.Added, len(got.Suppressions))
		for _, s := range got.Suppressions {
			require.Equal(t, release.CoverageComplete, d.Coverage)
			require.Equal(t, release.Text(signer), s.Author)
			require.NotEmpty(t, s.Justification)
			require.False(t, s.At.After(now))
			require.True(t, now.Before(s.Expires))
			require.False(t, s.Expires.After(s.At.Add(vex.DefaultMaxAge)))
		}
		got.Suppressions = nil
		require.Equal(t, change(), got)

		for _, c := range []struct {
			o    vex.Options
			docs []vex.Document
		}{{vex.Options{}, []vex.Document{d}}, {options(), []vex.Document{d}}, {options(text), append(parse(doubt), d)}} {
			none, _ := apply(change(), c.o, c.docs)
			require.Equal(t, change(), none)
		}
	})
}

// Adding a statement that says otherwise never adds a suppression, and taking
// not_affected ones away never does, in any history of statements. A plain reading of
// the rules agrees on each.
func TestHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type statement struct {
			status  string
			hour    int
			version string
		}
		one := rapid.Custom(func(t *rapid.T) statement {
			return statement{
				status:  rapid.SampledFrom([]string{"not_affected", "not_affected", "not_affected", "affected", "fixed", "under_investigation"}).Draw(t, "status"),
				hour:    rapid.IntRange(0, 5).Draw(t, "hour"),
				version: rapid.SampledFrom([]string{"@1.2.0", "@1.3.0", "@1.3.0", ""}).Draw(t, "version"),
			}
		})
		history := rapid.SliceOfN(one, 0, 8).Draw(t, "history")
		var docs []vex.Document
		o := options()
		for i, s := range history {
			text := fmt.Sprintf(`{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "%d", "timestamp": %q, "statements": [
				{"vulnerability": {"name": "CVE-2026-1111"}, "status": %q, "justification": "component_not_present",
				"products": [{"@id": "pkg:oci/shop@1.4.0", "subcomponents": [{"@id": "pkg:npm/left-pad%s"}]}]}]}`,
				i, said.Add(time.Duration(s.hour)*time.Hour).Format(time.RFC3339), s.status, s.version)
			docs = append(docs, parse(text)...)
			o.Verified[release.DigestOf([]byte(text))] = signer
		}
		worst := -1
		for _, s := range history {
			if s.status != "not_affected" && s.version != "@1.2.0" {
				worst = max(worst, s.hour)
			}
		}
		want := 0
		for _, s := range history {
			if s.status == "not_affected" && s.version == "@1.3.0" && s.hour > worst {
				want++
			}
		}
		got, _ := apply(change(), o, docs)
		require.Len(t, got.Suppressions, want)
		for i := range docs {
			if history[i].status == "not_affected" {
				less, _ := apply(change(), o, append(append([]vex.Document{}, docs[:i]...), docs[i+1:]...))
				require.LessOrEqual(t, len(less.Suppressions), want)
			}
		}
	})
}

func TestHostile(t *testing.T) {
	open := read(t, "openvex.json")
	with := func(s string) []byte { return []byte(edit(t, open, `"statements": [`, `"statements": [`+s)) }
	component := `{ "@id": "pkg:npm/left-pad@1.3.0" }`
	many := edit(t, open, component, strings.Repeat(component+",", 90_000)+component)
	cdx := read(t, "cyclonedx.json")
	nested := strings.Repeat(`{"bom-ref": "a", "components": [`, 200) + strings.Repeat("]}", 200)
	inputs := append(hostile.Texts(),
		hostile.Input{Name: "too many statements", Text: with(strings.Repeat("{},", 200_000))},
		hostile.Input{Name: "many empty statements", Text: with(strings.Repeat("{},", 90_000))},
		hostile.Input{Name: "too many components", Text: []byte(edit(t, open, component, strings.Repeat(component+",", 150_000)+component))},
		hostile.Input{Name: "many components", Text: []byte(many), Fine: true},
		hostile.Input{Name: "many that say otherwise", Text: with(strings.Repeat(otherwise("affected", "", "pkg:npm/left-pad@1.2.0")+",", 9_000)), Fine: true},
		hostile.Input{Name: "many that do not", Text: with(strings.Repeat(open[strings.Index(open, "    {"):strings.LastIndex(open, "  ]")]+",", 9_000)), Fine: true},
		hostile.Input{Name: "components in components", Text: []byte(edit(t, cdx, `"components": [
    {`, `"components": [`+nested+`, {`))},
		hostile.Input{Name: "many versions of a component, one of which is affected", Text: []byte(edit(t, cdx, `"ref": "left-pad" `, `"ref": "left-pad", "versions": [`+
			strings.Repeat(`{"version": "1.3.0", "status": "unaffected"},`, 49_000)+strings.Repeat(`{"version": "1.2.0"},`, 40_000)+`{}]`)), Fine: true},
		hostile.Input{Name: "many entries for a component", Text: []byte(edit(t, cdx, `{ "ref": "left-pad" }`, strings.Repeat(`{"ref": "left-pad", "versions": [{"range": "x"}]},`, 49_000)+`{"ref": "left-pad"}`)), Fine: true},
		hostile.Input{Name: "many names of many statements", Text: with(strings.Repeat(edit(t, open[strings.Index(open, "    {"):strings.LastIndex(open, "  ]")],
			`"GHSA-aaaa-bbbb-cccc"`, `"GHSA-aaaa-bbbb-cccc", "x1", "x2", "x3", "x4", "x5", "x6"`)+",", 9_000)), Fine: true},
		hostile.Input{Name: "many aliases", Text: []byte(edit(t, open, `"GHSA-aaaa-bbbb-cccc"`, strings.Repeat(`"x",`, 120_000)+`"x"`))},
		hostile.Input{Name: "a long purl", Text: []byte(edit(t, open, "left-pad@1.3.0", strings.Repeat("x", 1<<20))), Fine: true},
	)
	for i := range inputs {
		if inputs[i].Name == "a million empty lines" {
			inputs[i].Fine = false
		}
	}
	hostile.Check(t, inputs, func(b []byte) bool {
		d := vex.Parse("h", b)
		o := options(string(b[:min(len(b), 1)]))
		if len(b) <= vex.MaxBytes {
			o.Verified[d.Source.Digest] = signer
		}
		a := change()
		a.After = []string{"1.3.0", "1.4.0", "1.5.0"}
		apply(a, o, []vex.Document{d})
		return d.Coverage == release.CoverageMissing || d.Coverage == release.CoveragePartial && len(d.Gaps) > 0
	})
}

// A document is looked through once for each product, however many advisories it may
// be about.
func TestHostileManyAdvisories(t *testing.T) {
	open, component := read(t, "openvex.json"), `{ "@id": "pkg:npm/left-pad@1.3.0" }`
	var cs release.ChangeSet
	var names []string
	for i := range 300 {
		id := fmt.Sprintf("GHSA-%d", i)
		names = append(names, `"`+id+`"`)
		cs.Advisories = append(cs.Advisories, release.AdvisoryChange{ID: id, Effect: release.EffectIntroduced,
			Package: release.PURL(fmt.Sprintf("pkg:npm/p%d", i)), After: []string{"1.3.0", "1.4.0", "1.5.0"}})
	}
	text := edit(t, open, `"GHSA-aaaa-bbbb-cccc"`, strings.Join(names, ","), component, strings.Repeat(component+",", 90_000)+component)
	hostile.Check(t, []hostile.Input{{Name: "favour", Text: []byte(text)}, {Name: "doubt", Text: []byte(edit(t, text, "not_affected", "affected"))}}, func(b []byte) bool {
		given := cs
		d := vex.Parse("h", b)
		return vex.Apply(&given, []vex.Document{d}, options(text), now).Added == 0
	})
}
