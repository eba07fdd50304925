package scan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/scan"
)

func sample(t testing.TB, name string) []byte {
	b, err := os.ReadFile("testdata/" + name + ".json")
	require.NoError(t, err)
	return b
}

// brief is a finding on one line.
func brief(f scan.Finding) string {
	who := f.Package.String()
	if who == "" {
		who = f.Named.String()
	}
	s := fmt.Sprintf("%s %s %s %s", f.Kind, f.ID, f.Severity, who)
	if f.Path != "" {
		s += fmt.Sprintf(" %s:%d", f.Path, f.Line)
	}
	if f.Score.Known {
		s += fmt.Sprintf(" %g", f.Score.Value)
	}
	if f.Suppressed() {
		s += " suppressed"
	}
	return s
}

func briefs(fs []scan.Finding) []string {
	var out []string
	for _, f := range fs {
		out = append(out, brief(f))
	}
	return out
}

func kinds(gaps []release.Gap) []release.GapKind {
	var out []release.GapKind
	for _, g := range gaps {
		out = append(out, g.Kind)
	}
	return out
}

// find is the only finding with the id.
func find(t testing.TB, r scan.Report, id string) scan.Finding {
	var out []scan.Finding
	for _, f := range r.Findings {
		if f.ID == id {
			out = append(out, f)
		}
	}
	require.Len(t, out, 1, id)
	return out[0]
}

func TestOSVScanner(t *testing.T) {
	t.Parallel()
	r := scan.Read("osv.json", sample(t, "osv-scanner"))
	require.Equal(t, []string{
		"vulnerability DEBIAN-CVE-2031-20002 low pkg:deb/debian/zlib@1:1.2.13 /src/os:0",
		"vulnerability GHSA-aaaa-bbbb-cccc critical pkg:golang/example.com/web/router@v1.4.0 /src/go.mod:0 9.1",
		"vulnerability GO-2031-0077 unknown pkg:golang/example.com/web/router@v1.4.0 /src/go.mod:0",
		"license AGPL-3.0 unknown pkg:golang/example.com/quiet@v0.1.0 /src/go.mod:0",
		"deprecated deprecated unknown pkg:npm/left-out@1 /src/os:0",
	}, briefs(r.Findings))
	require.Empty(t, r.Gaps)
	require.Equal(t, release.AnswerYes, r.Succeeded)
	require.Equal(t, 4, r.Packages)
	require.False(t, r.PackagesKnown, "packages without findings may be left out")
	require.Equal(t, "osv-scanner", r.Source.Format)
	require.Equal(t, release.DigestOf(sample(t, "osv-scanner")), r.Source.Digest)
	f := find(t, r, "GHSA-aaaa-bbbb-cccc")
	require.Equal(t, []string{"CVE-2031-10001", "GO-2031-0042"}, f.Aliases)
	require.Equal(t, []string{"1.4.2"}, f.FixedIn, "not another package's")
	require.EqualValues(t, "MODERATE", f.Word)
	require.EqualValues(t, "Router follows redirects to other hosts", f.Message)
	require.Equal(t, release.AnswerNo, f.Reachable)
	require.Equal(t, release.AnswerYes, find(t, r, "GO-2031-0077").Reachable)
	// An analysis of one of two advisories is none of both, and version 1's name counts.
	one := strings.Replace(string(sample(t, "osv-scanner")), `"GO-2031-0042": {"called": false, "unimportant": false}, `, "", 1)
	require.Equal(t, release.AnswerUnknown, find(t, scan.Read("", []byte(one)), "GHSA-aaaa-bbbb-cccc").Reachable)
	v1 := strings.ReplaceAll(string(sample(t, "osv-scanner")), "experimental_analysis", "experimentalAnalysis")
	require.Equal(t, release.AnswerNo, find(t, scan.Read("", []byte(v1)), "GHSA-aaaa-bbbb-cccc").Reachable)
}

func TestGovulncheck(t *testing.T) {
	t.Parallel()
	b := sample(t, "govulncheck")
	r := scan.Run{Completed: release.AnswerYes}.Read("vuln.json", b)
	require.Empty(t, r.Gaps)
	require.Equal(t, []string{
		"vulnerability GO-2031-0042 unknown pkg:golang/example.com/web/router@v1.4.0 cmd/main.go:31",
		"vulnerability GO-2031-0100 unknown pkg:golang/example.com/zip@v0.3.0",
		"vulnerability GO-2031-0101 unknown pkg:golang/stdlib@1.26.0",
	}, briefs(r.Findings), "an osv message alone is no finding, three messages of one are one")
	require.Equal(t, []scan.Reach{scan.ReachCalled, scan.ReachImported, scan.ReachRequired},
		[]scan.Reach{r.Findings[0].Reach, r.Findings[1].Reach, r.Findings[2].Reach})
	require.Equal(t, []release.Answer{release.AnswerYes, release.AnswerNo, release.AnswerNo},
		[]release.Answer{r.Findings[0].Reachable, r.Findings[1].Reachable, r.Findings[2].Reachable})
	require.Equal(t, []string{"v1.4.2"}, r.Findings[0].FixedIn)
	require.Equal(t, []string{"CVE-2031-10001"}, r.Findings[0].Aliases)
	require.Equal(t, 4, r.Packages)
	require.True(t, r.PackagesKnown)
	require.Equal(t, "2031-02-03 04:05:06 +0000 UTC", r.Database.String())
	require.EqualValues(t, "example.com/app/cmd", r.Target)

	// The order of messages says nothing.
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	for i, j := 1, len(lines)-1; i < j; i, j = i+1, j-1 {
		lines[i], lines[j] = lines[j], lines[i]
	}
	turned := scan.Run{Completed: release.AnswerYes}.Read("vuln.json", []byte(strings.Join(lines, "\n")))
	turned.Source.Digest = r.Source.Digest
	require.Equal(t, r, turned)

	// The stream has no end mark: what is not called in what there is may be called in
	// the rest.
	r = scan.Read("vuln.json", b)
	require.Equal(t, []release.GapKind{scan.GapUnproven}, kinds(r.Gaps))
	require.Equal(t, release.AnswerUnknown, r.Succeeded)
	require.Equal(t, []release.Answer{release.AnswerYes, release.AnswerUnknown, release.AnswerUnknown},
		[]release.Answer{r.Findings[0].Reachable, r.Findings[1].Reachable, r.Findings[2].Reachable})

	// What cannot see calls says nothing of them.
	for _, change := range [][2]string{{`"scan_level": "symbol"`, `"scan_level": "package"`}, {`"scan_mode": "source"`, `"scan_mode": "binary"`}} {
		r = scan.Run{Completed: release.AnswerYes}.Read("", []byte(strings.Replace(string(b), change[0], change[1], 1)))
		require.Equal(t, release.AnswerUnknown, find(t, r, "GO-2031-0100").Reachable, change[1])
	}
}

func TestTrivy(t *testing.T) {
	t.Parallel()
	r := scan.Read("trivy.json", sample(t, "trivy"))
	require.Equal(t, []string{
		"vulnerability CVE-2031-20002 high pkg:apk/alpine/zlib@1.3-r0?arch=x86_64&distro=3.19 app (alpine 3.19):0 7.5",
		"vulnerability CVE-2031-30003 unknown busybox 1.36 app (alpine 3.19):0 suppressed",
		"vulnerability CVE-2031-30004 critical busybox 1.36 app (alpine 3.19):0",
		"misconfiguration DS002 high  deploy/Dockerfile:3",
		"misconfiguration DS026 low  deploy/Dockerfile:0 suppressed",
		"secret aws-access-key-id critical  config/app.env:4",
		"license GPL-2.0-only high busybox OS Packages:0",
	}, briefs(r.Findings))
	require.Empty(t, r.Gaps)
	require.Equal(t, release.AnswerYes, r.Succeeded)
	require.Equal(t, 2, r.Packages)
	require.True(t, r.PackagesKnown)
	require.EqualValues(t, "container_image registry.example/app:1.0", r.Target)
	require.Len(t, r.Artifacts, 2)
	require.EqualValues(t, "0.65.0", r.Source.Version)
	require.Equal(t, "2031-02-03 04:00:00.5 +0000 UTC", r.Source.At.String())
	f := find(t, r, "CVE-2031-20002")
	require.Equal(t, []string{"1.3-r1", "1.4-r0"}, f.FixedIn)
	require.Equal(t, []string{"ALPINE-13"}, f.Aliases)
	require.Equal(t, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", f.Score.By, "the source that the severity is from")
	require.Equal(t, []scan.Suppression{{Kind: "vex", Accepted: release.AnswerYes, Status: "not_affected", Justification: "vulnerable_code_not_in_execute_path", By: "./vex.json"}},
		find(t, r, "CVE-2031-30003").Suppressions)
	require.Equal(t, release.AnswerUnknown, find(t, r, "CVE-2031-30004").Suppressions[0].Accepted)
}

func TestGrype(t *testing.T) {
	t.Parallel()
	r := scan.Read("grype.json", sample(t, "grype"))
	require.Equal(t, []string{
		"vulnerability CVE-2031-40004 low pkg:deb/debian/tar@1.34?distro=debian-12",
		"vulnerability CVE-2031-50005 high pkg:deb/debian/tar@1.34?distro=debian-12 suppressed",
		"vulnerability CVE-2031-50006 high pkg:deb/debian/tar@1.34?distro=debian-12 suppressed",
		"vulnerability GHSA-aaaa-bbbb-cccc critical pkg:golang/example.com/web/router@v1.4.0 /app/go.mod:0 9.1",
		"vulnerability GHSA-dddd-eeee-ffff unknown thing 1 npm",
	}, briefs(r.Findings))
	require.Empty(t, r.Gaps)
	require.Equal(t, release.AnswerYes, r.Succeeded)
	f := find(t, r, "GHSA-aaaa-bbbb-cccc")
	require.Equal(t, []string{"CVE-2031-10001"}, f.Aliases)
	require.EqualValues(t, "Medium", f.Word)
	require.Equal(t, release.AnswerYes, f.Exploited)
	require.True(t, f.Likelihood.Known)
	require.InDelta(t, 0.25, f.Likelihood.Value, 0)
	// T6: no EPSS is not 0, and not listed as exploited is not "no".
	f = find(t, r, "CVE-2031-40004")
	require.False(t, f.Likelihood.Known)
	require.Equal(t, release.AnswerUnknown, f.Exploited)
	require.False(t, f.Score.Known)
	require.EqualValues(t, "we unpack our own files only", find(t, r, "CVE-2031-50005").Suppressions[0].Justification)
	require.Equal(t, "2031-02-02 00:00:00 +0000 UTC", r.Database.String())
	require.Len(t, r.Artifacts, 2)
	require.EqualValues(t, "image registry.example/app:1.0", r.Target)
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	r := scan.Read("sarif.json", sample(t, "sarif"))
	require.Equal(t, []string{
		"code extra/1 critical ",
		"code go/key high  third_party/gen/lib.go:0",
		"code go/log low  cmd/main.go:3 suppressed",
		"code go/log medium  web/server.go:0",
		"code go/old high ",
		"code go/sql high  internal/db/query set.go:12 8.8",
		"code go/unsure unknown ",
	}, briefs(r.Findings))
	require.Empty(t, r.Gaps)
	require.Equal(t, release.AnswerYes, r.Succeeded)
	require.EqualValues(t, "Checker", r.Source.Tool)
	require.EqualValues(t, "2.3.4", r.Source.Version)
	require.EqualValues(t, strings.Repeat("a", 40), r.Commit)
	require.EqualValues(t, "Look at x.go", find(t, r, "extra/1").Message)
	require.Equal(t, scan.StateAbsent, find(t, r, "go/old").State)
	require.Equal(t, release.AnswerUnknown, find(t, r, "go/unsure").Certain)
	require.Equal(t, release.AnswerYes, find(t, r, "go/sql").Certain)
	require.EqualValues(t, "Hard-coded credentials", find(t, r, "go/key").Message)
	require.Equal(t, []scan.State{scan.StateUnchanged, scan.StateNew}, []scan.State{r.Findings[2].State, r.Findings[3].State})
}

// Nothing of a secret that a scanner found is in the report, wherever the scanner
// wrote it.
func TestSecretsAreNotCopied(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	for name, b := range map[string]string{
		"trivy": `{"SchemaVersion":2,"Results":[{"Target":"a","Class":"secret","Secrets":[{"RuleID":"r","Severity":"HIGH","Title":"t","Match":"` + secret +
			`","Code":{"Lines":[{"Content":"` + secret + `"}]}}],"ExperimentalModifiedFindings":[{"Type":"secret","Status":"ignored","Finding":{"RuleID":"r","Match":"` + secret + `"}}]}]}`,
		"sarif by its tool": `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"gitleaks","rules":[{"id":"generic","shortDescription":{"text":"Generic key"}}]}},"results":[{"ruleId":"generic","message":{"text":"` +
			secret + `"},"fingerprints":{"a":"` + secret + `"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"x"},"region":{"startLine":1,"snippet":{"text":"` + secret + `"}}}}]}]}]}`,
		"sarif by a tag":    `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x","rules":[{"id":"r","properties":{"tags":["security","Secret"]}}]}},"results":[{"ruleId":"r","message":{"text":"` + secret + `"}}]}]}`,
		"sarif by a cwe":    `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x","rules":[{"id":"r","properties":{"tags":["CWE-798"]}}]}},"results":[{"ruleId":"r","message":{"text":"` + secret + `"}}]}]}`,
		"sarif by its name": `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{"ruleId":"hardcoded-password","message":{"text":"` + secret + `"}}]}]}`,
		"sarif's example":   string(sample(t, "sarif")),
		"trivy's example":   strings.ReplaceAll(string(sample(t, "trivy")), "AKIAHUSHHUSHHUSHHUSH", secret),
	} {
		r := scan.Read("f", []byte(b))
		require.NotEmpty(t, r.Findings, name)
		out, err := json.Marshal(r)
		require.NoError(t, err)
		require.NotContains(t, string(out), secret, name)
		other := scan.Read("f", []byte(strings.ReplaceAll(b, secret, "other")))
		for i := range r.Findings {
			require.Equal(t, other.Findings[i].Fingerprint, r.Findings[i].Fingerprint, "%s: not even hashed", name)
		}
	}
}
