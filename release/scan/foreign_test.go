package scan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/scan"
)

// Other tools name their lists "results" too. None of their files is a clean report of
// osv-scanner, whatever the host knows of the run.
func TestFilesOfOtherToolsAreNotClean(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"semgrep":             `{"version":"1.90.0","results":[{"check_id":"eval","path":"a.py","start":{"line":1},"extra":{"severity":"ERROR"}}],"errors":[],"paths":{"scanned":["a.py"]}}`,
		"semgrep, no results": `{"version":"1.90.0","results":[],"errors":[{"level":"error","type":"Timeout"}],"paths":{"scanned":[]}}`,
		"bandit":              `{"errors":[],"generated_at":"2031-01-01T00:00:00Z","metrics":{},"results":[{"test_id":"B105","filename":"a.py","issue_severity":"LOW"}]}`,
		"bandit, no results":  `{"errors":[{"filename":"a.py","reason":"syntax error"}],"metrics":{},"results":[]}`,
		"tfsec":               `{"results":[{"rule_id":"AVD-AWS-0086","severity":"HIGH","location":{"filename":"main.tf"}}]}`,
		"no package list":     `{"results":[{"source":{"path":"go.mod"}}]}`,
		"no source":           `{"results":[{"packages":[]}]}`,
	} {
		r := scan.Run{Packages: 12, Completed: release.AnswerYes}.Read("f", []byte(text))
		require.NotEqual(t, release.AnswerYes, r.Clean(), name)
		require.NotEqual(t, release.AnswerYes, r.Succeeded, name)
		laws(t, r)
	}
	// What osv-scanner itself writes beside its results.
	r := scan.Run{Packages: 12}.Read("f", []byte(`{"results":[],"experimental_config":{"licenses":{"summary":false,"allowlist":null}},"image_metadata":{"os":"x"},"license_summary":[]}`))
	require.Equal(t, release.AnswerYes, r.Clean(), "%v", r.Gaps)
}

// A tool that skipped files says so in a warning: a file that it could not parse, a
// rule that took too long. What it quotes of the file is not copied.
func TestSARIFNotifications(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, notification string
		succeeded          release.Answer
		gap                release.GapKind
	}{
		{"a note", `{"level":"note","message":{"text":"hunter2"}}`, release.AnswerYes, ""},
		{"none", `{"level":"none","message":{"text":"hunter2"}}`, release.AnswerYes, ""},
		{"a warning", `{"level":"warning","descriptor":{"id":"Syntax error"},"message":{"text":"password = hunter2 was unexpected"}}`, release.AnswerUnknown, release.GapIncomplete},
		{"no level is a warning", `{"message":{"text":"hunter2"}}`, release.AnswerUnknown, release.GapIncomplete},
		{"a level that nobody knows", `{"level":"fatal","message":{"text":"hunter2"}}`, release.AnswerUnknown, release.GapIncomplete},
		{"an error", `{"level":"error","descriptor":{"id":"Timeout"},"message":{"text":"hunter2"}}`, release.AnswerNo, scan.GapFailed},
	} {
		for _, list := range []string{"toolExecutionNotifications", "toolConfigurationNotifications"} {
			r := scan.Read("f", []byte(sarif(`"results":[],"invocations":[{"executionSuccessful":true,"`+list+`":[`+tc.notification+`]}]`)))
			require.Equal(t, tc.succeeded, r.Succeeded, "%s %v", tc.name, r.Gaps)
			if tc.gap != "" {
				require.Equal(t, []release.GapKind{tc.gap}, kinds(r.Gaps), tc.name)
			}
			out, err := json.Marshal(r)
			require.NoError(t, err)
			require.NotContains(t, string(out), "hunter2", tc.name)
		}
	}
	r := scan.Read("f", []byte(sarif(`"results":[],"invocations":[{"executionSuccessful":true,"toolExecutionNotifications":[{"level":"warning","descriptor":{"id":"Syntax error"}}]}]`)))
	require.Contains(t, r.Gaps[0].Detail, "Syntax error")
}

// The sentence about code can quote a secret of it.
func TestMessagesThatQuoteASecret(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	for name, b := range map[string]string{
		"bandit: only the rule's name tells":  `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"Bandit","rules":[{"id":"B105","name":"hardcoded_password_string"}]}},"results":[{"ruleId":"B105","message":{"text":"found: 'hunter2hunter2'"}}]}]}`,
		"bandit: only the help's address":     `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"Bandit","rules":[{"id":"B105","helpUri":"https://example.com/b105_hardcoded_password_string.html"}]}},"results":[{"ruleId":"B105","message":{"text":"found: 'hunter2hunter2'"}}]}]}`,
		"only the message itself":             sarif(`"results":[{"ruleId":"B105","message":{"text":"Possible hardcoded password: 'hunter2hunter2'"}}]`),
		"an argument of the message":          sarif(`"results":[{"ruleId":"X1","message":{"text":"Password is {0}","arguments":["hunter2hunter2"]}}]`),
		"a URL with a password":               sarif(`"results":[{"ruleId":"X1","message":{"text":"Do not connect to postgres://app:hunter2hunter2@db/x here"}}]`),
		"a known kind of token":               sarif(`"results":[{"ruleId":"X1","message":{"text":"Value ghp_hunter2hunter2hunter2hunter2hunter2 is long"}}]`),
		"behind the place where it is cut":    sarif(`"results":[{"ruleId":"X1","message":{"text":"` + pad(280) + `ghp_hunter2hunter2hunter2hunter2hunter2"}}]`),
		"a suppression's reason":              sarif(`"results":[{"ruleId":"X1","message":{"text":"m"},"suppressions":[{"kind":"external","justification":"use postgres://app:hunter2hunter2@db/x"}]}]`),
		"trivy's message":                     `{"SchemaVersion":2,"Results":[{"Target":"a","Class":"config","Misconfigurations":[{"ID":"DS1","Status":"FAIL","Message":"ENV has ghp_hunter2hunter2hunter2hunter2hunter2"}]}]}`,
		"the target":                          `{"SchemaVersion":2,"ArtifactName":"https://app:hunter2hunter2@git.example/app","Results":[{"Target":"a","Class":"secret","Secrets":[{"RuleID":"r"}]}]}`,
		"a name that stands where a place is": sarif(`"results":[{"ruleId":"X1","message":{"text":"m"},"locations":"hunter2hunter2"}]`),
		"a tag behind many":                   sarif(`"results":[{"ruleId":"X1","message":{"text":"found: 'hunter2hunter2'"},"properties":{"tags":[` + strings.Repeat(`"x",`, 500) + `"secret"]}}]`),
	} {
		r := scan.Read("f", []byte(b))
		require.NotEmpty(t, r.Findings, name)
		out, err := json.Marshal(r)
		require.NoError(t, err)
		require.NotContains(t, string(out), secret[:8], name)
	}
	r := scan.Read("f", []byte(sarif(`"results":[{"ruleId":"sql","message":{"text":"This query depends on a user-provided value."}}]`)))
	require.EqualValues(t, "This query depends on a user-provided value.", r.Findings[0].Message)
}

func pad(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "word "[i%5]
	}
	return string(b)
}

// Where one of several suppressions does not stand, none does: SARIF 2.1.0, section
// 3.27.23.
func TestAdvisoriesOfMixedSuppressions(t *testing.T) {
	t.Parallel()
	of := func(suppressions string) []release.Suppression {
		r := scan.Read("f", []byte(sarif(done+`,"results":[{"ruleId":"CVE-2031-1","message":{"text":"m"},"suppressions":[`+suppressions+`]}]`)))
		return r.Advisories()[0].Suppressions
	}
	require.Len(t, of(`{"kind":"inSource"}`), 1)
	require.Empty(t, of(`{"kind":"inSource"},{"kind":"external","status":"rejected"}`))
	require.Empty(t, of(`{"kind":"external","status":"underReview"},{"kind":"inSource"}`))
}

// What real tools write that the standard does not have, or seldom.
func TestSARIFAsToolsWriteIt(t *testing.T) {
	t.Parallel()
	// Fingerprints that are objects (Black Duck): the finding is not lost, and they count.
	a := scan.Read("f", []byte(sarif(done+`,"results":[{"ruleId":"r","message":{"text":"m"},"fingerprints":{"x":{"y":1}},"partialFingerprints":null}]`)))
	b := scan.Read("f", []byte(sarif(done+`,"results":[{"ruleId":"r","message":{"text":"m"},"fingerprints":{"x":{"y":2}}}]`)))
	require.Empty(t, a.Gaps)
	require.Len(t, a.Findings, 1)
	require.NotEqual(t, a.Findings[0].Fingerprint, b.Findings[0].Fingerprint)

	// A byte order mark (tools on Windows).
	marked := scan.Read("f", []byte("\ufeff"+sarif(done+`,"results":[]`)))
	require.Equal(t, release.AnswerYes, marked.Clean(), "%v", marked.Gaps)
	require.Equal(t, release.DigestOf([]byte("\ufeff"+sarif(done+`,"results":[]`))), marked.Source.Digest)
	require.NotEmpty(t, scan.Read("f", []byte("\ufeff\ufeff"+sarif(done+`,"results":[]`))).Gaps)

	// Taxonomies in other files (flawfinder) hold no results.
	taxa := scan.Read("f", []byte(sarif(done+`,"results":[],"externalPropertyFileReferences":{"taxonomies":[{"location":{"uri":"CWE.sarif"}}]}`)))
	require.Equal(t, release.AnswerYes, taxa.Clean(), "%v", taxa.Gaps)
	for _, part := range []string{"results", "invocations", "driver", "extensions", "policies", "whatever"} {
		r := scan.Read("f", []byte(sarif(done+`,"results":[],"externalPropertyFileReferences":{"taxonomies":[],"`+part+`":[{}]}`)))
		require.Equal(t, []release.GapKind{release.GapIncomplete}, kinds(r.Gaps), part)
	}

	// A rule of an extension that is named by its GUID alone.
	tool := `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"c","rules":[{"id":"d","defaultConfiguration":{"level":"note"}}]},
		"extensions":[{"name":"e","guid":"11111111-1111-1111-8888-111111111111","rules":[{"id":"x","guid":"22222222-1111-1111-8888-111111111111","defaultConfiguration":{"level":"error"}}]}]},` + done + `,"results":[{`
	for reference, gap := range map[string][]release.GapKind{
		`"rule":{"index":0,"toolComponent":{"guid":"11111111-1111-1111-8888-111111111111"}}`:    nil,
		`"rule":{"guid":"22222222-1111-1111-8888-111111111111"}`:                                nil,
		`"ruleId":"x","rule":{"toolComponent":{"guid":"11111111-1111-1111-8888-111111111111"}}`: nil,
		`"rule":{"index":0,"toolComponent":{"guid":"33333333-1111-1111-8888-111111111111"}}`:    {release.GapUnreadable},
	} {
		r := scan.Read("f", []byte(tool+reference+`,"message":{"text":"m"}}]}]}`))
		require.Equal(t, gap, kinds(r.Gaps), reference)
		if gap == nil {
			require.Equal(t, "x high", r.Findings[0].ID+" "+r.Findings[0].Severity.String(), reference)
		}
	}
}
