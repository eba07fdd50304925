package scan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/scan"
)

const (
	commitA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	commitB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// sarif is a log with one run, made of the members of the run.
func sarif(members string) string {
	return `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"c"}},` + members + `}]}`
}

const done = `"invocations":[{"executionSuccessful":true}]`

// T6: no scanner, a scanner that failed, or one that looked at nothing is not "0
// findings". Each of these files has an empty list, and none is clean but the first
// ones.
func TestT6NoFindingsIsNotClean(t *testing.T) {
	t.Parallel()
	yes, no, unknown := release.AnswerYes, release.AnswerNo, release.AnswerUnknown
	config := `{"config":{"protocol_version":"v1.0.0","scan_level":"symbol","scan_mode":"source"}}`
	for _, tc := range []struct {
		name      string
		run       scan.Run
		text      string
		succeeded release.Answer
		gap       release.GapKind // "" for clean
	}{
		{"osv-scanner with all packages", scan.Run{}, `{"results":[{"source":{"path":"go.mod"},"packages":[{"package":{"name":"a","ecosystem":"Go"}}]}]}`, yes, ""},
		{"osv-scanner, given packages", scan.Run{Packages: 12}, `{"results":[]}`, yes, ""},
		{"trivy with packages", scan.Run{}, `{"SchemaVersion":2,"Results":[{"Target":"go.mod","Class":"lang-pkgs","Packages":[{}]}]}`, yes, ""},
		{"trivy with checks that passed", scan.Run{}, `{"SchemaVersion":2,"Results":[{"Target":"x","Class":"config","MisconfSummary":{"Successes":3}}]}`, yes, ""},
		{"grype, given packages", scan.Run{Packages: 12}, `{"matches":[],"descriptor":{"name":"grype"}}`, yes, ""},
		{"sarif that ran to its end", scan.Run{}, sarif(done + `,"results":[]`), yes, ""},
		{"sarif of the right commit", scan.Run{Commit: commitA}, sarif(done + `,"results":[],"versionControlProvenance":[{"revisionId":"` + commitA + `"}]`), yes, ""},
		{"sarif with nothing but passes", scan.Run{}, sarif(done + `,"results":[{"kind":"pass","message":{}}]`), yes, ""},
		{"govulncheck that ran to its end", scan.Run{Completed: yes}, config + `{"SBOM":{"modules":[{"path":"a"}]}}`, yes, ""},

		{"osv-scanner that lists nothing", scan.Run{}, `{"results":[]}`, unknown, scan.GapUnproven},
		{"osv-scanner that found no lock file", scan.Run{}, `{"results":null}`, unknown, scan.GapUnproven},
		{"osv-scanner, sources without packages", scan.Run{}, `{"results":[{"source":{"path":"x"},"packages":[]}]}`, unknown, scan.GapUnproven},
		{"osv-scanner that the host says failed", scan.Run{Packages: 1, Completed: no}, `{"results":[]}`, no, scan.GapFailed},
		{"trivy without results", scan.Run{}, `{"SchemaVersion":2,"ArtifactName":"."}`, unknown, scan.GapUnproven},
		{"trivy with no result", scan.Run{}, `{"SchemaVersion":2,"Results":[]}`, unknown, scan.GapUnproven},
		{"trivy of a distribution without support", scan.Run{}, `{"SchemaVersion":2,"Metadata":{"OS":{"Family":"alpine","EOSL":true}},"Results":[{"Class":"os-pkgs","Packages":[{}]}]}`, unknown, release.GapIncomplete},
		{"trivy with fewer packages than it was given", scan.Run{Packages: 3}, `{"SchemaVersion":2,"Results":[{"Class":"os-pkgs","Packages":[{}]}]}`, unknown, release.GapIncomplete},
		{"trivy of another commit", scan.Run{Commit: commitA}, `{"SchemaVersion":2,"Metadata":{"Commit":"` + commitB + `"},"Results":[{"Class":"os-pkgs","Packages":[{}]}]}`, no, scan.GapTarget},
		{"trivy of another image", scan.Run{Artifact: release.DigestOf(nil)}, `{"SchemaVersion":2,"Metadata":{"ImageID":"` + release.DigestOf([]byte{1}).String() + `"},"Results":[{"Class":"os-pkgs","Packages":[{}]}]}`, no, scan.GapTarget},
		{"trivy of an image that it does not name", scan.Run{Artifact: release.DigestOf(nil)}, `{"SchemaVersion":2,"Results":[{"Class":"os-pkgs","Packages":[{}]}]}`, unknown, scan.GapUnproven},
		{"grype that lists nothing", scan.Run{}, `{"matches":[]}`, unknown, scan.GapUnproven},
		{"grype with a bad database", scan.Run{Packages: 9}, `{"matches":[],"descriptor":{"db":{"status":{"valid":false}}}}`, no, scan.GapFailed},
		{"grype with an old form of a bad database", scan.Run{Packages: 9}, `{"matches":[],"descriptor":{"db":{"built":"2031-01-01T00:00:00Z","error":"too old"}}}`, no, scan.GapFailed},
		{"grype of a distribution without support", scan.Run{Packages: 9}, `{"matches":[],"alertsByPackage":[{}]}`, unknown, release.GapIncomplete},
		{"govulncheck without an end", scan.Run{}, config + `{"SBOM":{"modules":[{"path":"a"}]}}`, unknown, scan.GapUnproven},
		{"govulncheck that saw no module", scan.Run{Completed: yes}, config, unknown, scan.GapUnproven},
		{"govulncheck that saw no module, as it says", scan.Run{Completed: yes}, config + `{"SBOM":{}}{"osv":{"id":"GO-1"}}`, unknown, scan.GapUnproven},
		{"govulncheck that was asked about modules only", scan.Run{Completed: yes}, `{"config":{"protocol_version":"v1.0.0","scan_mode":"query"}}{"osv":{"id":"GO-1"}}`, no, scan.GapFailed},
		{"govulncheck that only took a program apart", scan.Run{Completed: yes}, `{"config":{"protocol_version":"v1.0.0","scan_mode":"extract"}}{"SBOM":{"modules":[{"path":"a"}]}}`, no, scan.GapFailed},
		{"govulncheck, two scans in one stream", scan.Run{Completed: yes}, config + config + `{"SBOM":{"modules":[{"path":"a"}]}}`, unknown, release.GapAmbiguous},
		{"govulncheck, a message of a new kind", scan.Run{Completed: yes}, config + `{"SBOM":{"modules":[{"path":"a"}]}}{"result":{}}`, unknown, release.GapUnsupported},
		{"sarif without invocations", scan.Run{}, sarif(`"results":[]`), unknown, scan.GapUnproven},
		{"sarif with an invocation that says nothing", scan.Run{}, sarif(`"invocations":[{}],"results":[]`), unknown, scan.GapUnproven},
		{"sarif without runs", scan.Run{Completed: yes}, `{"version":"2.1.0","runs":[]}`, unknown, scan.GapUnproven},
		{"sarif without runs, whatever the host says", scan.Run{Completed: yes, Packages: 9}, `{"version":"2.1.0","runs":[]}`, unknown, scan.GapUnproven},
		{"sarif of a tool that was killed", scan.Run{}, sarif(`"results":[],"invocations":[{"executionSuccessful":true,"exitSignalName":"SIGKILL"}]`), no, scan.GapFailed},
		{"sarif of a tool that did not start", scan.Run{}, sarif(`"results":[],"invocations":[{"executionSuccessful":true,"processStartFailureMessage":"no such file"}]`), no, scan.GapFailed},
		{"sarif, runs are null", scan.Run{Completed: yes}, `{"version":"2.1.0","runs":null}`, unknown, scan.GapUnproven},
		{"sarif without results", scan.Run{Completed: yes}, sarif(done), unknown, scan.GapUnproven},
		{"sarif, results are null", scan.Run{Completed: yes}, sarif(done + `,"results":null`), unknown, scan.GapUnproven},
		{"sarif that failed", scan.Run{Completed: yes}, sarif(`"results":[],"invocations":[{"executionSuccessful":true},{"executionSuccessful":false}]`), no, scan.GapFailed},
		{"sarif with an error of the tool", scan.Run{}, sarif(`"results":[],"invocations":[{"executionSuccessful":true,"toolExecutionNotifications":[{"level":"error","message":{"text":"no Go files"}}]}]`), no, scan.GapFailed},
		{"sarif with an error of its configuration", scan.Run{}, sarif(`"results":[],"invocations":[{"executionSuccessful":true,"toolConfigurationNotifications":[{"level":"error","message":{"text":"no such rule"}}]}]`), no, scan.GapFailed},
		{"sarif with results elsewhere", scan.Run{}, sarif(done + `,"results":[],"externalPropertyFileReferences":{"results":[{"location":{"uri":"r.json"}}]}`), unknown, release.GapIncomplete},
		{"sarif of another commit", scan.Run{Commit: commitA}, sarif(done + `,"results":[],"versionControlProvenance":[{"revisionId":"` + commitB + `"}]`), no, scan.GapTarget},
		{"sarif of no commit", scan.Run{Commit: commitA}, sarif(done + `,"results":[]`), unknown, scan.GapUnproven},
		{"sarif of a short commit", scan.Run{}, sarif(done + `,"results":[],"versionControlProvenance":[{"revisionId":"main"}]`), unknown, release.GapUnpinned},
		{"sarif of two commits", scan.Run{}, sarif(done + `,"results":[],"versionControlProvenance":[{"revisionId":"` + commitA + `"},{"revisionId":"` + commitB + `"}]`), unknown, release.GapAmbiguous},
		{"sarif, the second of two runs failed", scan.Run{}, `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"a"}},` + done + `,"results":[]},{"tool":{"driver":{"name":"b"}},"results":[],"invocations":[{"executionSuccessful":false}]}]}`, no, scan.GapFailed},
		{"sarif, the second of two runs says nothing", scan.Run{}, `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"a"}},` + done + `,"results":[]},{"tool":{"driver":{"name":"b"}},"results":[]}]}`, unknown, scan.GapUnproven},
		{"sarif with a result that cannot be read", scan.Run{}, sarif(done + `,"results":[{"ruleId":7}]`), unknown, release.GapUnreadable},
		{"sarif with a pass that is an error", scan.Run{}, sarif(done + `,"results":[{"kind":"pass","level":"error","message":{}}]`), unknown, release.GapAmbiguous},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := tc.run.Read("f", []byte(tc.text))
			require.Equal(t, tc.succeeded, r.Succeeded, "%v", r.Gaps)
			if tc.gap == "" {
				require.Equal(t, release.AnswerYes, r.Clean(), "%v", r.Gaps)
			} else {
				require.Contains(t, kinds(r.Gaps), tc.gap)
				require.NotEqual(t, release.AnswerYes, r.Clean())
			}
			laws(t, r)
		})
	}
}

// What is no report, or one that nobody here can read, has no findings, no coverage
// and a gap that says why.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		format     scan.Format
		gap        release.GapKind
	}{
		{"nothing", "", "", release.GapUnreadable},
		{"null", "null", "", release.GapUnsupported},
		{"an array", "[]", "", release.GapUnsupported},
		{"an empty object", "{}", "", release.GapUnsupported},
		{"another file", `{"name":"app","lockfileVersion":3}`, "", release.GapUnsupported},
		{"a log", "scan failed\n", "", release.GapUnreadable},
		{"cut off", `{"matches":[{"vulnerability":{"id":"CVE-1"}},`, "", release.GapUnreadable},
		{"cut off, sarif", sarif(done + `,"results":[`)[:60], "", release.GapUnreadable},
		{"cut off, govulncheck", `{"config":{"protocol_version":"v1.0.0"}}{"finding":{"osv":`, "", release.GapUnreadable},
		{"something behind", `{"matches":[]} x`, "", release.GapUnreadable},
		{"two documents", `{"results":[]}{"results":[]}`, "", release.GapUnreadable},
		{"a name twice", `{"matches":[{}],"matches":[]}`, "", release.GapUnreadable},
		{"a name in other letters", `{"results":[],"Results":[]}`, "", release.GapUnreadable},
		{"two formats", `{"matches":[],"results":[]}`, "", release.GapAmbiguous},
		{"sarif and a stream", `{"version":"2.1.0","runs":[],"finding":{}}`, "", release.GapAmbiguous},
		{"sarif 2.0.0", `{"version":"2.0.0","runs":[]}`, "", release.GapUnsupported},
		{"sarif without a version", `{"runs":[]}`, "", release.GapUnsupported},
		{"sarif 2.1.0-rtm", `{"runs":[{"results":[]}],"version":"2.1.0-rtm.5"}`, "", release.GapUnsupported},
		{"trivy of schema 1", `{"SchemaVersion":1,"Results":[]}`, "", release.GapUnsupported},
		{"trivy of schema 3", `{"SchemaVersion":3,"Results":[]}`, "", release.GapUnsupported},
		{"trivy of schema \"2\"", `{"SchemaVersion":"2","Results":[]}`, "", release.GapUnsupported},
		{"govulncheck of protocol 2", `{"config":{"protocol_version":"v2.0.0"}}`, "", release.GapUnsupported},
		{"govulncheck without a protocol", `{"config":{}}`, "", release.GapUnsupported},
		{"govulncheck without its beginning", `{"finding":{"osv":"GO-1"}}`, "", release.GapUnsupported},
		{"govulncheck, two fields in a message", `{"config":{"protocol_version":"v1.0.0"}}{"osv":{"id":"a"},"finding":{"osv":"a"}}`, "", release.GapUnreadable},
		{"govulncheck, no field in a message", `{"config":{"protocol_version":"v1.0.0"}}{}`, "", release.GapUnreadable},
		{"govulncheck, a message that is none", `{"config":{"protocol_version":"v1.0.0"}}null`, "", release.GapUnreadable},
		{"govulncheck in an array", `[{"config":{"protocol_version":"v1.0.0"}}]`, "", release.GapUnsupported},
		{"said to be sarif", `{"matches":[]}`, scan.FormatSARIF, release.GapUnsupported},
		{"said to be grype", `{"results":[]}`, scan.FormatGrype, release.GapUnsupported},
		{"said to be trivy", `{"Results":[]}`, scan.FormatTrivy, release.GapUnsupported},
		{"said to be osv-scanner", `{"matches":[]}`, scan.FormatOSVScanner, release.GapUnsupported},
		{"said to be govulncheck", ` `, scan.FormatGovulncheck, release.GapUnreadable},
		{"said to be unheard of", `{}`, "nessus", release.GapUnsupported},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := scan.Run{Format: tc.format, Completed: release.AnswerYes, Packages: 5}.Read("dir/f.json", []byte(tc.text))
			require.Equal(t, []release.GapKind{tc.gap}, kinds(r.Gaps), "%v", r.Gaps)
			require.Equal(t, "dir/f.json", r.Gaps[0].Subject)
			require.NotEmpty(t, r.Gaps[0].Detail)
			require.Empty(t, r.Findings)
			require.Equal(t, release.CoverageMissing, r.Coverage)
			require.Equal(t, release.AnswerUnknown, r.Succeeded)
			require.Equal(t, release.AnswerUnknown, r.Clean())
			require.Equal(t, release.DigestOf([]byte(tc.text)), r.Source.Digest)
			require.NotEmpty(t, r.Source.Format)
			laws(t, r)
		})
	}
}

// The readers by name read what the detecting one finds out.
func TestByName(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(release.Path, []byte) scan.Report{
		"osv-scanner": scan.OSVScanner, "govulncheck": scan.Govulncheck, "trivy": scan.Trivy, "grype": scan.Grype, "sarif": scan.SARIF,
	} {
		require.Equal(t, scan.Read("f", sample(t, name)), read("f", sample(t, name)), name)
		for other := range map[string]bool{"osv-scanner": true, "govulncheck": true, "trivy": true, "grype": true, "sarif": true} {
			if other != name {
				require.Equal(t, release.CoverageMissing, read("f", sample(t, other)).Coverage, "%s as %s", other, name)
			}
		}
	}
}

// A report that is cut off anywhere is not read, or shows that it is not whole.
func TestCutOff(t *testing.T) {
	t.Parallel()
	for _, name := range samples(t) {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		b = []byte(strings.TrimSpace(string(b)))
		for n := 0; n < len(b); n += 1 + n/50 {
			r := scan.Read("f", b[:n])
			require.NotEqual(t, release.AnswerYes, r.Succeeded, "%s at %d", name, n)
			require.NotEmpty(t, r.Gaps)
		}
	}
}

// laws hold of every report, whatever was read.
func laws(t require.TestingT, r scan.Report) {
	require.False(t, r.Source.Digest.IsZero())
	require.NotEmpty(t, r.Source.Format)
	require.Equal(t, r.Coverage == release.CoverageComplete, len(r.Gaps) == 0)
	require.Equal(t, r.Succeeded == release.AnswerYes, len(r.Gaps) == 0)
	if r.Coverage == release.CoverageMissing {
		require.Empty(t, r.Findings)
	}
	present := false
	for i, f := range r.Findings {
		require.NotEmpty(t, f.ID)
		require.NotEqual(t, scan.KindUnknown == f.Kind && r.Coverage == release.CoverageComplete, true)
		require.False(t, f.Fingerprint.IsZero())
		require.GreaterOrEqual(t, f.Line, 0)
		require.True(t, slices.IsSorted(f.Aliases))
		require.NotContains(t, f.Aliases, f.ID)
		require.True(t, !f.Score.Known || f.Score.Value >= 0 && f.Score.Value <= 10)
		require.True(t, !f.Score.Known || f.Severity != scan.SeverityUnknown)
		require.True(t, f.Reachable != release.AnswerNo || r.Succeeded == release.AnswerYes)
		require.False(t, strings.ContainsAny(f.ID+string(f.Message)+f.Message.String()+f.Path.String(), "\n\x1b"))
		if i > 0 {
			p := r.Findings[i-1]
			require.True(t, p.Kind < f.Kind || p.Kind == f.Kind && p.ID <= f.ID, "sorted")
		}
		present = present || f.State != scan.StateAbsent
	}
	require.Equal(t, present, r.Clean() == release.AnswerNo)
	d := scan.Delta(&r, &r)
	require.Empty(t, slices.Concat(d.New, d.Fixed, d.Appeared, d.Vanished, d.Silenced, d.Revived), "nothing differs from itself")
	for _, a := range r.Advisories() {
		require.Equal(t, release.EffectUnknown, a.Effect)
	}
	b, err := json.Marshal(r)
	require.NoError(t, err)
	var back scan.Report
	require.NoError(t, json.Unmarshal(b, &back))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.Equal(t, string(b), string(again))
}

func samples(t testing.TB) []string {
	names, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	return names
}

func fuzz(f *testing.F, format scan.Format, seeds ...string) {
	for _, name := range samples(f) {
		b, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(b)
	}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, run := range []scan.Run{{Format: format}, {Format: format, Completed: release.AnswerYes, Packages: 1}} {
			r := run.Read("f", b)
			laws(t, r)
			require.Equal(t, r, run.Read("f", b), "the same again")
			failed := run
			failed.Completed = release.AnswerNo
			require.NotEqual(t, release.AnswerYes, failed.Read("f", b).Succeeded)
			if auto := (scan.Run{Completed: run.Completed, Packages: run.Packages}).Read("f", b); auto.Source.Format == string(format) {
				require.Equal(t, r, auto)
			}
		}
	})
}

func FuzzOSVScanner(f *testing.F) {
	fuzz(f, scan.FormatOSVScanner, `{"results":[{"packages":[{"groups":[{"ids":["a"],"max_severity":"NaN"}]}]}]}`)
}
func FuzzGovulncheck(f *testing.F) {
	fuzz(f, scan.FormatGovulncheck, `{"config":{"protocol_version":"v1"}} {"finding":{"osv":"a","trace":[{}]}}`)
}
func FuzzTrivy(f *testing.F) {
	fuzz(f, scan.FormatTrivy, `{"SchemaVersion":2,"Results":[{"ExperimentalModifiedFindings":[{"Type":"x"}]}]}`)
}
func FuzzGrype(f *testing.F) { fuzz(f, scan.FormatGrype, `{"matches":[{}],"source":{"target":5}}`) }
func FuzzSARIF(f *testing.F) {
	fuzz(f, scan.FormatSARIF, sarif(`"results":[{"ruleIndex":-5,"rule":{"index":9,"toolComponent":{"index":3}}}],"originalUriBaseIds":{"a":{"uri":"x","uriBaseId":"a"}}`))
}

func TestHostile(t *testing.T) {
	in := hostile.Texts()
	rep := func(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	add := func(name string, fine bool, text string) {
		in = append(in, hostile.Input{Name: name, Text: []byte(text), Fine: fine})
	}
	add("sarif results without end", false, sarif(`"results":[`+rep("{}", 61_000)+`]`))
	add("sarif locations without end", false, sarif(`"results":[{"locations":[`+rep("{}", 61_000)+`]}]`))
	add("sarif locations, a little below the limits", true, sarif(`"results":[`+rep(`{"locations":[`+rep("{}", 9_999)+`]}`, 120)+`]`))
	add("sarif rules without end", false, sarif(`"results":[]`)[:31]+`{"tool":{"driver":{"rules":[`+rep("{}", 61_000)+`]}},"results":[]}]}`)
	add("sarif artifacts without end", true, sarif(`"artifacts":[`+rep(`{"location":{"uri":"a"}}`, 200_000)+`],"results":[]`))
	add("sarif bases in a circle", true, sarif(`"originalUriBaseIds":{"A":{"uri":"a/","uriBaseId":"B"},"B":{"uri":"b/","uriBaseId":"A"}},"results":[`+
		rep(`{"locations":[{"physicalLocation":{"artifactLocation":{"uri":"x","uriBaseId":"A"}}}]}`, 10_000)+`]`))
	add("sarif many bases", true, sarif(`"originalUriBaseIds":{`+numbered(`"b%":{"uri":"file:///%/"}`, 9_000)+`},"results":[`+
		rep(`{"locations":[{"physicalLocation":{"artifactLocation":{"uri":"file:///x"}}}]}`, 10_000)+`]`))
	add("sarif long messages", true, sarif(`"results":[`+rep(`{"message":{"text":"`+strings.Repeat("{0}", 400)+`","arguments":["`+strings.Repeat("x", 400)+`"]}}`, 7_000)+`]`))
	add("sarif gaps without end", false, sarif(`"results":[`+numbered(`{"ruleId":%}`, 20_000)+`]`))
	add("sarif tags without end", true, sarif(`"results":[`+rep(`{"message":{},"properties":{"tags":[`+rep(`"y"`, 150)+`]}}`, 6_000)+`]`))
	add("sarif rules by a GUID that is not there", true, sarif(`"results":[]`)[:31]+`{"tool":{"driver":{"name":"c","rules":[`+numbered(`{"id":"r%","guid":"%"}`, 9_000)+`]}},"results":[`+rep(`{"rule":{"guid":"x"},"message":{}}`, 9_000)+`]}]}`)
	add("sarif overrides", false, sarif(`"invocations":[{"executionSuccessful":true,"ruleConfigurationOverrides":[`+rep(`{"descriptor":{"id":"x"}}`, 9_000)+`]}],"results":[`+
		rep(`{"ruleIndex":0,"provenance":{"invocationIndex":0},"message":{}}`, 9_000)+`]`))
	add("grype matches", true, `{"matches":[`+numbered(`{"vulnerability":{"id":"CVE-1-%"},"artifact":{"name":"p%"}}`, 19_999)+`]}`)
	add("grype matches without end", false, `{"matches":[`+rep("{}", 61_000)+`]}`)
	add("trivy results without end", false, `{"SchemaVersion":2,"Results":[`+rep("{}", 61_000)+`]}`)
	add("trivy findings without end", false, `{"SchemaVersion":2,"Results":[{"Vulnerabilities":[`+rep("{}", 61_000)+`]}]}`)
	add("osv-scanner fixes", true, `{"results":[{"packages":[{"package":{"name":"a","ecosystem":"npm"},"vulnerabilities":[`+
		rep(`{"affected":[{"package":{"name":"a","ecosystem":"npm"},"ranges":[{"events":[`+rep(`{"fixed":"1"}`, 9_000)+`]}]}]}`, 60)+`]}]}]}`)
	add("osv-scanner packages without end", false, `{"results":[{"packages":[`+rep("{}", 61_000)+`]}]}`)
	add("govulncheck messages without end", false, `{"config":{"protocol_version":"v1.0.0"}}`+strings.Repeat(`{"finding":{"osv":"a"}}`, 61_000))
	add("govulncheck advisories without end", false, `{"config":{"protocol_version":"v1.0.0"}}`+strings.ReplaceAll(numbered(`{"finding":{"osv":"%"}}`, 25_000), ",", ""))
	hostile.Check(t, in, func(b []byte) bool {
		r := scan.Read("f", b)
		return len(r.Gaps) > 0 && r.Succeeded != release.AnswerYes
	})
}

// numbered repeats a text with a number in the place of each "%", with commas.
func numbered(s string, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strings.ReplaceAll(s, "%", fmt.Sprint(i)))
	}
	return b.String()
}

// Of several names that stand twice, no reading tells another one than the last.
func TestTheSameGapEachTime(t *testing.T) {
	t.Parallel()
	for _, b := range []string{`{"a":1,"b":1,"c":1,"a":2,"b":2,"c":2,"matches":[]}`, `{"matches":[{"x":1,"y":1,"z":1,"x":2,"y":2,"z":2}]}`} {
		want := scan.Read("f", []byte(b))
		for range 50 {
			require.Equal(t, want, scan.Read("f", []byte(b)))
		}
	}
}

// Passwords in addresses are left out.
func TestPasswordsInAddresses(t *testing.T) {
	t.Parallel()
	const address = "https://bot:hunter2hunter2@git.example/app"
	for _, b := range []string{
		`{"SchemaVersion":2,"ArtifactName":"` + address + `","Results":[{"Target":"` + address + `","Vulnerabilities":[{"VulnerabilityID":"CVE-2031-1"}]}]}`,
		`{"matches":[{"vulnerability":{"id":"x"},"artifact":{"locations":[{"path":"` + address + `"}]}}],"source":{"type":"directory","target":"` + address + `"}}`,
		`{"results":[{"source":{"path":"` + address + `"},"packages":[{"package":{"name":"a"},"groups":[{"ids":["x"]}]}]}]}`,
		sarif(`"versionControlProvenance":[{"repositoryUri":"` + address + `","revisionId":"` + commitA + `"}],"results":[{"message":{},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"` + address + `"}}}]}]`),
	} {
		r := scan.Read("f", []byte(b))
		require.Len(t, r.Findings, 1)
		require.EqualValues(t, "https://git.example/app", r.Findings[0].Path)
		require.NotContains(t, fmt.Sprint(r), "hunter2")
	}
}

// Two checkouts in different directories are compared by paths below them.
func TestRoot(t *testing.T) {
	t.Parallel()
	in := func(dir string) []byte {
		return []byte(`{"results":[{"source":{"path":"` + dir + `/go.mod"},"packages":[{"package":{"name":"a","version":"1","ecosystem":"npm"},"groups":[{"ids":["GHSA-aaaa-bbbb-cccc"]}]}]}]}`)
	}
	before, after := scan.Run{Root: "/tmp/base"}.Read("b", in("/tmp/base")), scan.Run{Root: "/tmp/head/"}.Read("a", in("/tmp/head"))
	require.EqualValues(t, "go.mod", after.Findings[0].Path)
	require.Len(t, scan.Delta(&before, &after).Carried, 1)
	require.EqualValues(t, "/tmp/header/go.mod", scan.Run{Root: "/tmp/head"}.Read("a", in("/tmp/header")).Findings[0].Path)
}
