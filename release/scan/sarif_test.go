package scan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/scan"
)

// Where a result's severity comes from: SARIF 2.1.0, section 3.27.10, and the
// properties that GitHub documents.
func TestSARIFSeverity(t *testing.T) {
	t.Parallel()
	tool := `"tool":{"driver":{"name":"c","rules":[
		{"id":"err","defaultConfiguration":{"level":"error"}},
		{"id":"plain"},
		{"id":"scored","properties":{"security-severity":"9.8"},"defaultConfiguration":{"level":"note"}},
		{"id":"number","properties":{"security-severity":5.5}},
		{"id":"odd","properties":{"security-severity":"11"}},
		{"id":"nan","properties":{"security-severity":"NaN"}},
		{"id":"long/rule"}]},
		"extensions":[{"name":"ext","rules":[{"id":"err","defaultConfiguration":{"level":"note"}},{"id":"only","defaultConfiguration":{"level":"error"}}]}]}`
	overrides := `"invocations":[{"executionSuccessful":true,"ruleConfigurationOverrides":[
		{"descriptor":{"id":"plain"},"configuration":{"level":"error"}},{"descriptor":{"index":0},"configuration":{"level":"note"}}]}]`
	for _, tc := range []struct {
		name, result string
		word         string
		severity     scan.Severity
		gap          release.GapKind
	}{
		{"its own level", `"ruleId":"err","level":"note"`, "note", scan.SeverityLow, ""},
		{"the rule's", `"ruleId":"err"`, "error", scan.SeverityHigh, ""},
		{"the rule's, by index alone", `"ruleIndex":0`, "error", scan.SeverityHigh, ""},
		{"none at all", `"ruleId":"plain"`, "warning", scan.SeverityMedium, ""},
		{"a rule that is not there", `"ruleId":"nowhere"`, "warning", scan.SeverityMedium, ""},
		{"the overriding one", `"ruleId":"plain","provenance":{"invocationIndex":0}`, "error", scan.SeverityHigh, ""},
		{"the overriding one by index", `"ruleId":"err","provenance":{"invocationIndex":0}`, "note", scan.SeverityLow, ""},
		{"of another invocation", `"ruleId":"plain","provenance":{"invocationIndex":7}`, "warning", scan.SeverityMedium, ""},
		{"the score counts where it is higher", `"ruleId":"scored"`, "note", scan.SeverityCritical, ""},
		{"the result's own score", `"ruleId":"plain","properties":{"security-severity":"7.0"}`, "warning", scan.SeverityHigh, ""},
		{"a score as a number", `"ruleId":"number"`, "warning", scan.SeverityMedium, ""},
		{"a score out of range is none", `"ruleId":"odd"`, "warning", scan.SeverityMedium, ""},
		{"a score that is none", `"ruleId":"nan"`, "warning", scan.SeverityMedium, ""},
		{"a rank raises", `"ruleId":"plain","rank":99.0`, "warning", scan.SeverityCritical, ""},
		{"a rank does not lower", `"ruleId":"err","rank":1.0`, "error", scan.SeverityHigh, ""},
		{"no rank", `"ruleId":"plain","rank":-1.0`, "warning", scan.SeverityMedium, ""},
		{"an extension's rule", `"rule":{"index":0,"toolComponent":{"index":0}}`, "note", scan.SeverityLow, ""},
		{"an extension by its name", `"rule":{"id":"err","toolComponent":{"name":"ext"}}`, "note", scan.SeverityLow, ""},
		{"a rule that only an extension has", `"ruleId":"only"`, "error", scan.SeverityHigh, ""},
		{"a part of a rule", `"ruleId":"err/part/2"`, "error", scan.SeverityHigh, ""},
		{"a part of a rule, by index", `"ruleId":"long/rule/2","ruleIndex":6`, "warning", scan.SeverityMedium, ""},
		{"no level that is known", `"ruleId":"plain","level":"fatal"`, "fatal", scan.SeverityUnknown, ""},
		{"the level none", `"ruleId":"plain","level":"none"`, "none", scan.SeverityUnknown, ""},
		{"index and name differ: the worse counts", `"ruleId":"plain","ruleIndex":0`, "error", scan.SeverityHigh, release.GapAmbiguous},
		{"index and name differ, the other way", `"ruleId":"scored","ruleIndex":1`, "warning", scan.SeverityCritical, release.GapAmbiguous},
		{"an index that is not there", `"ruleIndex":99`, "warning", scan.SeverityMedium, release.GapUnreadable},
		{"an extension that is not there", `"rule":{"index":0,"toolComponent":{"index":9}}`, "warning", scan.SeverityMedium, release.GapUnreadable},
		{"a state that nobody knows", `"ruleId":"plain","baselineState":"gone"`, "warning", scan.SeverityMedium, release.GapUnreadable},
	} {
		// The results stand before what they refer to, as Trivy writes them.
		r := scan.Read("f", []byte(`{"version":"2.1.0","runs":[{"results":[{`+tc.result+`,"message":{"text":"m"}}],`+tool+`,`+overrides+`}]}`))
		require.Len(t, r.Findings, 1, "%s %v", tc.name, r.Gaps)
		require.EqualValues(t, tc.word, r.Findings[0].Word, tc.name)
		require.Equal(t, tc.severity, r.Findings[0].Severity, tc.name)
		if tc.gap == "" {
			require.Empty(t, r.Gaps, tc.name)
		} else {
			require.Equal(t, []release.GapKind{tc.gap}, kinds(r.Gaps), tc.name)
		}
	}
}

func TestSARIFPlaces(t *testing.T) {
	t.Parallel()
	bases := `"originalUriBaseIds":{"ROOT":{"uri":"file:///home/me/app/"},"SUB":{"uri":"sub/","uriBaseId":"ROOT"},"REL":{"uri":"rel/"},"LOOP":{"uri":"l/","uriBaseId":"LOOP"},
		"WIN":{"uri":"file:///C:/work/"},"NONE":{"description":{"text":"no uri"}},"SLASH":{"uri":"file:///"}},"artifacts":[{"location":{"uri":"art.go","uriBaseId":"SUB"}}]`
	for location, want := range map[string]string{
		`{"uri":"a/b.go"}`:                              "a/b.go",
		`{"uri":"a/b.go","uriBaseId":"ROOT"}`:           "a/b.go",
		`{"uri":"a.go","uriBaseId":"SUB"}`:              "sub/a.go",
		`{"uri":"a.go","uriBaseId":"REL"}`:              "rel/a.go",
		`{"uri":"a.go","uriBaseId":"NONE"}`:             "a.go",
		`{"uri":"a.go","uriBaseId":"MISSING"}`:          "a.go",
		`{"uri":"file:///home/me/app/x/y.go"}`:          "x/y.go",
		`{"uri":"file:///home/me/application/y.go"}`:    "/home/me/application/y.go",
		`{"uri":"file:///etc/passwd"}`:                  "/etc/passwd",
		`{"uri":"file:///C:/work/m.cs"}`:                "m.cs",
		`{"uri":"file://localhost/home/me/app/z.go"}`:   "z.go",
		`{"uri":"/home/me/app/z.go"}`:                   "z.go",
		`{"uri":"https://example.com/a"}`:               "https://example.com/a",
		`{"uri":"a%20b.go"}`:                            "a b.go",
		`{"uri":"a%zzb.go"}`:                            "a%zzb.go",
		`{"uri":"./a/../b.go"}`:                         "b.go",
		`{"uri":"../../etc/passwd","uriBaseId":"ROOT"}`: "../../etc/passwd",
		`{"uri":"a%0Ab.go"}`:                            "a\nb.go",
		`{"index":0}`:                                   "sub/art.go",
		`{"index":9}`:                                   "",
		`{"index":-1}`:                                  "",
		`{}`:                                            "",
	} {
		r := scan.Read("f", []byte(sarif(done+`,`+bases+`,"results":[{"ruleId":"r","message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":`+location+`,"region":{"startLine":5}}},{}]}]`)))
		require.Empty(t, r.Gaps)
		require.Equal(t, want, string(r.Findings[0].Path), location)
		require.Equal(t, 5, r.Findings[0].Line)
		require.NotContains(t, r.Findings[0].Path.String(), "\n")
	}
	r := scan.Read("f", []byte(sarif(done+`,`+bases+`,"results":[{"message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"x","uriBaseId":"LOOP"}}}]}]`)))
	require.True(t, strings.HasSuffix(string(r.Findings[0].Path), "/x"), "a circle ends")
}

// A suppression counts only where nothing is said against it: SARIF 2.1.0, sections
// 3.27.23 and 3.35.3. What was said stays, whatever it is.
func TestSARIFSuppressions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`[{"kind":"inSource"}]`:                     true,
		`[{"kind":"external","status":"accepted"}]`: true,
		`[{"kind":"inSource"},{"kind":"external"}]`: true,
		`[]`:   false,
		`null`: false,
		`[{"kind":"external","status":"underReview"}]`:                  false,
		`[{"kind":"external","status":"rejected"}]`:                     false,
		`[{"kind":"inSource"},{"kind":"external","status":"rejected"}]`: false,
		`[{"kind":"external","status":"Accepted"}]`:                     false,
		`[{"kind":"external","status":"whatever"}]`:                     false,
	} {
		r := scan.Read("f", []byte(sarif(done+`,"results":[{"ruleId":"r","message":{"text":"m"},"suppressions":`+text+`}]`)))
		require.Equal(t, want, r.Findings[0].Suppressed(), text)
		require.Len(t, r.Findings[0].Suppressions, strings.Count(text, "kind"), text)
		require.Equal(t, release.AnswerNo, r.Clean(), "a suppressed finding is a finding")
	}
}

// Several runs, several tools.
func TestSARIFRuns(t *testing.T) {
	t.Parallel()
	run := func(tool string) string {
		return `{"tool":{"driver":{"name":"` + tool + `","version":"1"}},` + done + `,"results":[{"ruleId":"r","message":{"text":"m"}}]}`
	}
	r := scan.Read("f", []byte(`{"version":"2.1.0","runs":[`+run("a")+`,`+run("b")+`,`+run("a")+`]}`))
	require.Empty(t, r.Gaps)
	require.EqualValues(t, "a, b", r.Source.Tool)
	require.Empty(t, r.Source.Version)
	require.Len(t, r.Findings, 3)
	prints := map[release.Digest]bool{}
	for _, f := range r.Findings {
		prints[f.Fingerprint] = true
	}
	require.Len(t, prints, 2, "one rule of two tools is two")
}

// What keeps a fingerprint, and what does not.
func TestFingerprints(t *testing.T) {
	t.Parallel()
	print := func(rest string) release.Digest {
		r := scan.Read("f", []byte(sarif(done+`,"results":[{`+rest+`}]`)))
		require.Len(t, r.Findings, 1)
		return r.Findings[0].Fingerprint
	}
	at := func(uri, line string) string {
		return `"locations":[{"physicalLocation":{"artifactLocation":{"uri":"` + uri + `"},"region":{"startLine":` + line + `}}}]`
	}
	base := print(`"ruleId":"r","message":{"text":"m"},` + at("a.go", "1"))
	require.Equal(t, base, print(`"ruleId":"r","message":{"text":"another"},`+at("a.go", "99")))
	require.Equal(t, base, print(`"ruleId":"r","level":"error","message":{"text":"m"},`+at("a.go", "1")))
	for _, other := range []string{
		`"ruleId":"s","message":{"text":"m"},` + at("a.go", "1"),
		`"ruleId":"r","message":{"text":"m"},` + at("b.go", "1"),
		`"ruleId":"r","message":{"text":"m"},"partialFingerprints":{"h":"1"},` + at("a.go", "1"),
		`"ruleId":"r","message":{"text":"m"},"fingerprints":{"h":"1","i":"2"},` + at("a.go", "1"),
	} {
		require.NotEqual(t, base, print(other), other)
	}
	require.Equal(t, print(`"message":{},"fingerprints":{"h":"1","i":"2"}`), print(`"message":{},"fingerprints":{"i":"2","h":"1"},"partialFingerprints":{"x":"y"}`))
}

// Severity words of all scanners: what is not in the table is unknown, never low.
func TestSeverityWords(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]scan.Severity{
		"Negligible": scan.SeverityLow, "LOW": scan.SeverityLow, "Moderate": scan.SeverityMedium, "MEDIUM": scan.SeverityMedium,
		"High": scan.SeverityHigh, "IMPORTANT": scan.SeverityHigh, "CRITICAL": scan.SeverityCritical,
		"UNKNOWN": scan.SeverityUnknown, "": scan.SeverityUnknown, "none": scan.SeverityUnknown, "5": scan.SeverityUnknown, "lowest": scan.SeverityUnknown,
	} {
		r := scan.Read("f", []byte(`{"matches":[{"vulnerability":{"id":"GHSA-aaaa-bbbb-cccc","severity":"`+word+`"},"artifact":{"name":"p"}}]}`))
		require.Equal(t, want, r.Findings[0].Severity, word)
		require.False(t, r.Findings[0].Score.Known)
	}
	for i := range 5 {
		s := scan.Severity(i)
		back, err := scan.ParseSeverity(s.String())
		require.NoError(t, err)
		require.Equal(t, s, back)
	}
	_, err := scan.ParseSeverity("moderate")
	require.Error(t, err)
}
