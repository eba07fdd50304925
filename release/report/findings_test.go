package report_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/report"
	"github.com/sallyport-dev/sallyport/release/schema"
)

func held(v release.Verdict, reasons ...release.Reason) release.Record {
	return release.Record{
		Changes:    release.ChangeSet{Files: []release.FileChange{{Path: "auth/login.go"}, {Path: "a b:c,d%.go"}}},
		Decisions:  []release.DecisionRecord{{Verdict: release.VerdictDeny, Reasons: []release.Reason{{Code: "evidence/old"}}}, {Verdict: v, Reasons: reasons}},
		Assessment: release.AssessmentRecord{Reasons: []release.Reason{{Code: "risk/identity", Subject: "auth/login.go", Text: "identity"}, {Code: "risk/size", Text: "large"}}},
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	met, missing := release.Reason{Code: "evidence/met", Text: "tests"}, release.Reason{Code: "evidence/missing", Subject: "approval", Text: "1 of 2"}
	for _, c := range []struct {
		name string
		rec  release.Record
		want []string
	}{
		{"deny", held(release.VerdictDeny, met, missing), []string{"error evidence/missing", "note risk/identity auth/login.go"}},
		{"hold", held(release.VerdictHold, met, missing), []string{"warning evidence/missing", "note risk/identity auth/login.go"}},
		{"unknown is as bad as a deny", held(release.VerdictUnknown, missing), []string{"error evidence/missing", "note risk/identity auth/login.go"}},
		{"a verdict that nobody knows too", held(release.Verdict(99), missing), []string{"error evidence/missing", "note risk/identity auth/login.go"}},
		{"allow", held(release.VerdictAllow, met), []string{"note risk/identity auth/login.go"}},
		{"no reason is no success", held(release.VerdictHold, met), []string{"warning report/hold", "note risk/identity auth/login.go"}},
		{"nothing decided", release.Record{}, []string{"error report/undecided"}},
		{"about a file", held(release.VerdictDeny, release.Reason{Code: "x", Subject: "a b:c,d%.go"}), []string{"error x a b:c,d%.go", "note risk/identity auth/login.go"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range report.Findings(c.rec) {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", f.Level, f.Reason.Code, f.Path)))
			}
			require.Equal(t, c.want, got)
		})
	}
}

func sarif(t require.TestingT, rec release.Record) map[string]any {
	var b strings.Builder
	require.NoError(t, report.SARIF(&b, rec))
	var v map[string]any
	require.NoError(t, json.Unmarshal([]byte(b.String()), &v))
	return v["runs"].([]any)[0].(map[string]any)
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	run := sarif(t, held(release.VerdictDeny, release.Reason{Code: "b", Subject: "a b:c,d%.go", Text: "see [x](http://evil.example)"}, release.Reason{Code: "a", Text: "\x1b[2J"}))
	results := run["results"].([]any)
	require.Len(t, results, 3)
	first := results[0].(map[string]any)
	require.Equal(t, "b", first["ruleId"])
	require.Equal(t, "error", first["level"])
	require.Equal(t, `a b:c,d%.go: see \[x\](http://evil.example)`, first["message"].(map[string]any)["text"])
	location := first["locations"].([]any)[0].(map[string]any)["physicalLocation"].(map[string]any)["artifactLocation"].(map[string]any)["uri"].(string)
	require.Equal(t, "a%20b%3Ac%2Cd%25.go", location)
	require.NotContains(t, results[1], "locations")
	rules := run["tool"].(map[string]any)["driver"].(map[string]any)["rules"].([]any)
	for _, r := range results { // each result's index is that of its rule
		r := r.(map[string]any)
		require.Equal(t, r["ruleId"], rules[int(r["ruleIndex"].(float64))].(map[string]any)["id"])
	}
	var many []release.Reason
	for i := range 6000 {
		many = append(many, release.Reason{Code: "c", Subject: fmt.Sprint(i)})
	}
	run = sarif(t, held(release.VerdictDeny, many...))
	require.Len(t, run["results"], 5000)
	require.Equal(t, "1001", run["properties"].(map[string]any)["leftOut"])
	require.Equal(t, []any{}, sarif(t, release.Record{Decisions: []release.DecisionRecord{{Verdict: release.VerdictAllow}}})["results"], "no result is an empty list")
}

// Whatever a path is, a host that resolves the reference finds that very path below its
// root and nothing elsewhere.
func TestSARIFPaths(t *testing.T) {
	t.Parallel()
	root, err := url.Parse("https://host.example/root/")
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.StringOfN(rapid.SampledFrom([]rune("ab./:%?#\\@é ")), 1, 12, -1).Filter(func(p string) bool { return !path.IsAbs(p) && path.Clean(p) == p && !strings.HasPrefix(p, "..") }).Draw(t, "path")
		rec := release.Record{Changes: release.ChangeSet{Files: []release.FileChange{{Path: release.Path(p)}}},
			Decisions: []release.DecisionRecord{{Verdict: release.VerdictDeny, Reasons: []release.Reason{{Code: "x", Subject: p}}}}}
		result := sarif(t, rec)["results"].([]any)[0].(map[string]any)
		uri := result["locations"].([]any)[0].(map[string]any)["physicalLocation"].(map[string]any)["artifactLocation"].(map[string]any)["uri"].(string)
		ref, err := url.Parse(uri)
		require.NoError(t, err)
		to := root.ResolveReference(ref)
		require.Equal(t, "host.example", to.Host)
		require.Empty(t, to.RawQuery)
		require.Empty(t, to.Fragment)
		if p != "." {
			require.Equal(t, "/root/"+p, to.Path)
		}
	})
}

func annotations(t require.TestingT, rec release.Record) string {
	var b strings.Builder
	require.NoError(t, report.Annotations(&b, rec))
	return b.String()
}

func TestAnnotations(t *testing.T) {
	t.Parallel()
	require.Equal(t, "::error file=a b%3Ac%2Cd%25.go,title=x::a b:c,d%25.go: bad ::warning::y\n::notice file=auth/login.go,title=risk/identity::auth/login.go: identity\n",
		annotations(t, held(release.VerdictDeny, release.Reason{Code: "x", Subject: "a b:c,d%.go", Text: "bad\n::warning::y"})))
	var many []release.Reason
	for range 12 {
		many = append(many, release.Reason{Code: "c", Text: "t"})
	}
	out := annotations(t, held(release.VerdictHold, many...))
	require.Equal(t, 10, strings.Count(out, "::warning title=c::t\n"))
	require.Contains(t, out, "2 more warnings; the report has them all.\n")
}

// No text of others begins a command: each line is one of ours, with as many as there
// are findings.
func TestAnnotationsOfAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("a:%,=\r\n\x1b\u0085\u2028#[]")))
		out := annotations(t, release.Record{Decisions: []release.DecisionRecord{{Verdict: release.VerdictDeny,
			Reasons: []release.Reason{{Code: "c" + text.Draw(t, "code"), Subject: text.Draw(t, "subject"), Text: text.Draw(t, "text")}}}}})
		require.Equal(t, 1, strings.Count(out, "\n"))
		require.True(t, strings.HasPrefix(out, "::error title="))
		require.NotContains(t, out, "\r")
		require.NotContains(t, out, "\x1b")
		head, _, _ := strings.Cut(strings.TrimPrefix(out, "::error title="), "::")
		require.NotContains(t, head, ":")
		require.NotContains(t, head, ",")
	})
}

// What is written is the record, to the letter of its schema, and can be read again.
func TestJSONIsItsSchema(t *testing.T) {
	t.Parallel()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(schema.Record())))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	id := doc.(map[string]any)["$id"].(string)
	require.NoError(t, c.AddResource(id, doc))
	compiled, err := c.Compile(id)
	require.NoError(t, err)

	d, at := release.DigestOf([]byte("x")), time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	rec := release.Record{At: at, Release: release.Release{Service: "<script>", Version: "1", Commit: release.Revision(strings.Repeat("a", 40)),
		Artifacts: []release.Artifact{{Name: "a", Digest: d}}},
		Changes:    release.ChangeSet{Base: release.Revision(strings.Repeat("b", 40)), Head: release.Revision(strings.Repeat("a", 40))},
		Assessment: release.AssessmentRecord{Tier: release.TierLow, Policy: d, Model: d, Changes: d, At: at, Reasons: []release.Reason{}, Requirements: []release.Requirement{}},
		Evidence:   []release.EvidenceRecord{}, Decisions: []release.DecisionRecord{}, Rollout: []release.Event{}}
	var b strings.Builder
	require.NoError(t, report.JSON(&b, rec))
	got, err := jsonschema.UnmarshalJSON(strings.NewReader(b.String()))
	require.NoError(t, err)
	require.NoError(t, compiled.Validate(got))
	var back release.Record
	require.NoError(t, json.Unmarshal([]byte(b.String()), &back))
	require.Equal(t, release.RecordSchema, back.Schema)
	rec.Schema = release.RecordSchema
	one, err := rec.Digest()
	require.NoError(t, err)
	two, err := back.Digest()
	require.NoError(t, err)
	require.Equal(t, one, two)
}
