package collect_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence/collect"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/scan"
)

// Reports of scanners that found nothing, one vulnerability, or something else.
const (
	govulncheckNone = `{"config":{"protocol_version":"v1.0.0","scanner_name":"govulncheck","scanner_version":"v1.1.4","db":"https://vuln.go.dev","db_last_modified":"2026-02-28T10:00:00Z","go_version":"go1.26.8","scan_level":"symbol"}}
{"SBOM":{"go_version":"go1.26.8","modules":[{"path":"example.com/shop"}],"roots":["example.com/shop"]}}
`
	grypeNone = `{"matches":[],"source":{"type":"directory","target":"."},"descriptor":{"name":"grype","version":"0.90.0","timestamp":"2026-03-01T11:59:00Z","db":{"built":"2026-02-28T01:00:00Z"}}}`
	grypeOne  = `{"matches":[{"vulnerability":{"id":"CVE-2026-0001","severity":"Low","fix":{"versions":["1.4.2"],"state":"fixed"}},"relatedVulnerabilities":[],
		"artifact":{"name":"router","version":"v1.4.0","type":"go-module","locations":[{"path":"/go.mod"}],"purl":"pkg:golang/example.com/router@v1.4.0"}}],
		"descriptor":{"name":"grype","version":"0.90.0","timestamp":"2026-03-01T11:59:00Z","db":{"built":"2026-02-28T01:00:00Z"}}}`
	trivyMixed = `{"SchemaVersion":2,"Trivy":{"Version":"0.65.0"},"CreatedAt":"2026-03-01T11:59:00Z","ArtifactName":".","ArtifactType":"filesystem","Results":[
		{"Target":"go.mod","Class":"lang-pkgs","Type":"gomod","Packages":[{"ID":"router@v1.4.0","Name":"router"}],"Vulnerabilities":[{"VulnerabilityID":"CVE-2026-0001","PkgName":"router","InstalledVersion":"v1.4.0","Severity":"HIGH"}]},
		{"Target":"key.pem","Class":"secret","Secrets":[{"RuleID":"private-key","Category":"AsymmetricPrivateKey","Severity":"HIGH","Title":"Asymmetric Private Key","StartLine":1,"EndLine":1,"Match":"----"}]}]}`
)

// sarif is a log whose run succeeded or not, with results.
func sarif(succeeded string, results ...string) string {
	out := ""
	for i, r := range results {
		if i > 0 {
			out += ","
		}
		out += r
	}
	return fmt.Sprintf(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"gosec","version":"2.22.0","rules":[{"id":"G101"}]}},
		"invocations":[{"executionSuccessful":%s,"endTimeUtc":"2026-03-01T11:59:00Z"}],"artifacts":[{"location":{"uri":"a.go"}}],"results":[%s]}]}`, succeeded, out)
}

// sarifAt is a log without results of a commit.
func sarifAt(commit string) string {
	return strings.Replace(sarif("true"), `"results"`, `"versionControlProvenance":[{"repositoryUri":"https://example.com/x","revisionId":"`+strings.Repeat(commit, 20)+`"}],"results"`, 1)
}

// grypeOfImage found nothing in an image.
var grypeOfImage = strings.Replace(grypeNone, `{"type":"directory","target":"."}`, `{"type":"image","target":{"userInput":"shop","manifestDigest":"`+release.DigestOf([]byte("image")).String()+`"}}`, 1)

func result(level, more string) string {
	return fmt.Sprintf(`{"ruleId":"G101","level":%q,"message":{"text":"x"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a.go"},"region":{"startLine":3}}}]%s}`, level, more)
}

func scanRun() collect.ScanRun {
	return collect.ScanRun{Run: collect.Run{At: noon, Started: noon.Add(-time.Minute)}, Database: noon.Add(-time.Hour), URI: "https://example.com/scanner",
		Scan: scan.Run{Completed: release.AnswerYes, Packages: 1}}
}

// stated is what is to be signed, in short.
func stated(s collect.Scanned) (out []string) {
	for _, p := range s.Predicates {
		switch p := p.(type) {
		case predicate.Vulns:
			out = append(out, fmt.Sprintf("vulns %d", len(p.Scanner.Result)))
		case predicate.TestResult:
			out = append(out, fmt.Sprintf("tests %s %d %d", p.Result, len(p.WarnedTests), len(p.FailedTests)))
		case predicate.SCAI:
			out = append(out, p.Attributes[0].Attribute+" "+string(p.Attributes[0].Conditions))
		}
	}
	return out
}

func TestScan(t *testing.T) {
	t.Parallel()
	code := []scan.Kind{scan.KindCode}
	for _, c := range []struct {
		name, text string
		run        func(*collect.ScanRun)
		want       []string
		err        string
	}{
		{"govulncheck, clean", govulncheckNone, nil, []string{"vulns 0"}, ""},
		{"grype, clean", grypeNone, nil, []string{"vulns 0"}, ""},
		{"grype, one", grypeOne, nil, []string{"vulns 1"}, ""},
		{"the exit status says that it ended", grypeNone, func(r *collect.ScanRun) { r.Scan.Completed, r.Run.Succeeded = release.AnswerUnknown, release.AnswerYes }, []string{"vulns 0"}, ""},
		{"it ended and found something", grypeOne, func(r *collect.ScanRun) { r.Run.Succeeded = release.AnswerNo }, []string{"vulns 1"}, ""},
		{"trivy, all that it found", trivyMixed, nil, []string{"vulns 1", "tests FAILED 0 1"}, ""},
		{"trivy was not to look for anything else", trivyMixed, func(r *collect.ScanRun) { r.Looked = []scan.Kind{scan.KindVulnerability} }, []string{"vulns 1", "tests FAILED 0 1"}, ""},
		{"trivy, a secret and no vulnerability", strings.Replace(trivyMixed, `{"VulnerabilityID":"CVE-2026-0001","PkgName":"router","InstalledVersion":"v1.4.0","Severity":"HIGH"}`, "", 1),
			func(r *collect.ScanRun) { r.Looked = []scan.Kind{scan.KindVulnerability, scan.KindSecret} }, []string{"tests FAILED 0 1"}, ""},
		{"SARIF of a vulnerability scanner, with a finding about who knows what", sarif("true", result("note", "")), func(r *collect.ScanRun) {
			r.Looked, r.Tolerated = []scan.Kind{scan.KindVulnerability}, scan.SeverityCritical
		}, []string{"tests WARNED 1 0"}, ""},
		{"SARIF, clean", sarif("true"), func(r *collect.ScanRun) { r.Looked = code }, []string{`NO_FINDINGS {"kinds":["code"]}`}, ""},
		{"SARIF, clean, looked twice", sarif("true"), func(r *collect.ScanRun) { r.Looked = []scan.Kind{scan.KindSecret, scan.KindCode, scan.KindCode} }, []string{`NO_FINDINGS {"kinds":["code","secret"]}`}, ""},
		{"SARIF of a vulnerability scanner, clean", sarif("true"), func(r *collect.ScanRun) { r.Looked = []scan.Kind{scan.KindVulnerability} }, []string{"vulns 0"}, ""},
		{"SARIF, found", sarif("true", result("note", "")), nil, []string{"tests FAILED 0 1"}, ""},
		{"SARIF, tolerated", sarif("true", result("note", "")), func(r *collect.ScanRun) { r.Tolerated = scan.SeverityLow }, []string{"tests WARNED 1 0"}, ""},
		{"SARIF, not tolerated", sarif("true", result("error", "")), func(r *collect.ScanRun) { r.Tolerated = scan.SeverityLow }, []string{"tests FAILED 0 1"}, ""},
		{"SARIF, unknown severity", sarif("true", result("none", "")), func(r *collect.ScanRun) { r.Tolerated = scan.SeverityCritical }, []string{"tests FAILED 0 1"}, ""},
		{"SARIF, suppressed", sarif("true", result("error", `,"suppressions":[{"kind":"inSource"}]`)), nil, []string{"tests FAILED 0 1"}, ""},
		{"SARIF, suppressed and allowed", sarif("true", result("error", `,"suppressions":[{"kind":"inSource"}]`)), func(r *collect.ScanRun) { r.AllowSuppressed = true }, []string{"tests WARNED 1 0"}, ""},
		{"SARIF, suppression under review", sarif("true", result("error", `,"suppressions":[{"kind":"inSource","status":"underReview"}]`)), func(r *collect.ScanRun) { r.AllowSuppressed = true }, []string{"tests FAILED 0 1"}, ""},
		{"SARIF, absent", sarif("true", result("error", `,"baselineState":"absent"`)), func(r *collect.ScanRun) { r.Looked = code }, []string{`NO_FINDINGS {"kinds":["code"]}`}, ""},
		{"SARIF that failed, and found", sarif("false", result("error", "")), nil, []string{"tests FAILED 0 1"}, ""},

		{"SARIF that failed", sarif("false"), func(r *collect.ScanRun) { r.Looked = code }, nil, "scan-failed"},
		{"SARIF that failed, tolerated", sarif("false", result("note", "")), func(r *collect.ScanRun) { r.Tolerated = scan.SeverityLow }, nil, "scan-failed"},
		{"SARIF, nobody says what for", sarif("true"), nil, nil, "what the scanner looked for"},
		{"trivy, nobody says what for", `{"SchemaVersion":2,"Trivy":{"Version":"0.65.0"},"CreatedAt":"2026-03-01T11:59:00Z","Results":[]}`, nil, nil, "what the scanner looked for"},
		{"nobody knows that it ended", grypeNone, func(r *collect.ScanRun) { r.Scan.Completed = release.AnswerUnknown; r.Scan.Packages = 0 }, nil, "scan-unproven"},
		{"nobody knows what it looked at", grypeNone, func(r *collect.ScanRun) { r.Scan.Packages = 0 }, nil, "looked at anything"},
		{"it did not end", grypeNone, func(r *collect.ScanRun) { r.Scan.Completed = release.AnswerNo }, nil, "scan-failed"},
		{"it did not end, and found", grypeOne, func(r *collect.ScanRun) { r.Scan.Completed = release.AnswerNo }, nil, "scan-failed"},
		{"the exit status says no", grypeNone, func(r *collect.ScanRun) { r.Scan.Completed, r.Run.Succeeded = release.AnswerUnknown, release.AnswerNo }, nil, "scan-failed"},
		{"configuration that looks like a file", grypeNone, func(r *collect.ScanRun) {
			r.Run.Configuration = []predicate.Resource{{URI: "file:x", Annotations: map[string]json.RawMessage{"sallyportSource": json.RawMessage("{}")}}}
		}, nil, "annotation"},
		{"another commit", govulncheckNone, func(r *collect.ScanRun) { r.Scan.Commit = "8f0e7c3f9a1c0de1b6f6f0d2f4c9a8b7e6d5c4b3" }, nil, "which commit"},
		{"cut off", grypeNone[:len(grypeNone)-20], func(r *collect.ScanRun) { r.Scan.Format = scan.FormatGrype }, nil, "unreadable"},
		{"empty", "", nil, nil, "unreadable"},
		{"nothing of a scanner", `{}`, nil, nil, "unsupported"},
		{"no database", sarif("true"), func(r *collect.ScanRun) { r.Looked, r.Database = []scan.Kind{scan.KindVulnerability}, time.Time{} }, nil, "how old the scanner's database"},
		{"a database of tomorrow", govulncheckNone, func(r *collect.ScanRun) { r.Run.At, r.Run.Started = noon.Add(-72*time.Hour), noon.Add(-73*time.Hour) }, nil, "newer than the scan"},
		{"no scanner", sarif("true"), func(r *collect.ScanRun) { r.Looked, r.URI = []scan.Kind{scan.KindVulnerability}, "" }, nil, "which scanner"},
		{"no start", grypeNone, func(r *collect.ScanRun) { r.Run.Started = time.Time{} }, nil, "when the scan began"},
		{"a start behind the end", grypeNone, func(r *collect.ScanRun) {
			r.Run.Started, r.Run.At = noon.Add(-10*time.Second), noon.Add(-30*time.Second)
		}, nil, "after it had ended"},
		{"no time", govulncheckNone, func(r *collect.ScanRun) { r.Run.At = time.Time{} }, nil, "when the tool ran"},
		{"the file of an older scan", grypeNone, func(r *collect.ScanRun) { r.Run.At, r.Run.Started = noon.Add(24*time.Hour), noon.Add(23*time.Hour) }, nil, "of another run"},
		{"of the right commit", sarifAt("c1"), func(r *collect.ScanRun) { r.Looked, r.Scan.Commit = code, release.Revision(strings.Repeat("c1", 20)) }, []string{`NO_FINDINGS {"kinds":["code"]}`}, ""},
		{"of another commit", sarifAt("c2"), func(r *collect.ScanRun) { r.Looked, r.Scan.Commit = code, release.Revision(strings.Repeat("c1", 20)) }, nil, "scan-target"},
		{"of a commit that nobody asked about", sarifAt("c1"), func(r *collect.ScanRun) { r.Looked = code }, nil, "nobody says which was meant (ScanRun.Scan.Commit)"},
		{"of an image that nobody asked about", grypeOfImage, nil, nil, "nobody says which was meant (ScanRun.Scan.Artifact)"},
		{"of the right image", grypeOfImage, func(r *collect.ScanRun) { r.Scan.Artifact = release.DigestOf([]byte("image")) }, []string{"vulns 0"}, ""},
		{"a kind that there is not", grypeNone, func(r *collect.ScanRun) { r.Looked = []scan.Kind{99} }, nil, "unknown kind"},
		{"the unknown kind", grypeNone, func(r *collect.ScanRun) { r.Looked = []scan.Kind{scan.KindUnknown} }, nil, "unknown kind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			run := scanRun()
			if c.run != nil {
				c.run(&run)
			}
			f := file("scan.json", c.text)
			got, err := collect.Scan(run, f)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				require.Zero(t, got)
				return
			}
			require.NoError(t, err, "%v", got.Report.Gaps)
			require.Equal(t, c.want, stated(got))
			for _, p := range got.Predicates {
				sources, err := collect.Sources(p)
				require.NoError(t, err)
				require.Len(t, sources, 1)
				require.Equal(t, release.DigestOf(f.Bytes), sources[0].Digest)
				require.NotEmpty(t, sources[0].Version)
			}
		})
	}
}

// What the report knows is not the caller's to say otherwise, and all of a finding
// that a VEX statement may be about is there.
func TestScanOfVulnerabilities(t *testing.T) {
	t.Parallel()
	run := scanRun()
	run.URI, run.Run.At = "", time.Time{}
	got, err := collect.Scan(run, file("scan.json", grypeOne))
	require.NoError(t, err)
	b, err := json.Marshal(got.Predicates[0])
	require.NoError(t, err)
	require.JSONEq(t, `{"scanner":{"uri":"https://github.com/anchore/grype","version":"0.90.0","db":{"lastUpdate":"2026-02-28T01:00:00Z"},"result":[
		{"id":"CVE-2026-0001","severity":[{"method":"grype","score":"Low"}],"annotations":[{"package":"pkg:golang/example.com/router@v1.4.0","path":"/go.mod","fixedIn":["1.4.2"]}]}]},
		"metadata":{"scanStartedOn":"2026-03-01T11:59:00Z","scanFinishedOn":"2026-03-01T11:59:00Z"},
		"sallyportSources":[{"name":"scan.json","digest":{"sha256":"`+release.DigestOf([]byte(grypeOne)).Hex()+`"},
			"annotations":{"sallyportSource":{"format":"grype","tool":"grype","version":"0.90.0","at":"2026-03-01T11:59:00Z"}}}]}`, string(b))
	back, err := predicate.Parse(predicate.TypeVulns, b)
	require.NoError(t, err)
	require.Equal(t, got.Predicates[0], back)
}
