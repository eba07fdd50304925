package scan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/scan"
)

// trivyOf is a report of a file system with the vulnerabilities, each "id package@version".
func trivyOf(list ...string) []byte {
	var vulns []string
	for _, v := range list {
		id, pkg, _ := strings.Cut(v, " ")
		name, version, _ := strings.Cut(pkg, "@")
		vulns = append(vulns, fmt.Sprintf(`{"VulnerabilityID":%q,"PkgName":%q,"PkgIdentifier":{"PURL":"pkg:npm/%s"},"InstalledVersion":%q,"Severity":"LOW"}`, id, name, pkg, version))
	}
	return []byte(`{"SchemaVersion":2,"Results":[{"Target":"package-lock.json","Class":"lang-pkgs","Packages":[{}],"Vulnerabilities":[` + strings.Join(vulns, ",") + `]}]}`)
}

func ids(fs []scan.Finding) string {
	var out []string
	for _, f := range fs {
		out = append(out, f.ID+" "+f.Package.Name()+"@"+f.Package.Version())
	}
	return strings.Join(out, ", ")
}

func TestDelta(t *testing.T) {
	t.Parallel()
	before := scan.Read("b", trivyOf("CVE-2031-1 a@1", "CVE-2031-2 a@1", "CVE-2031-3 b@1", "CVE-2031-3 b@2"))
	after := scan.Read("a", trivyOf("CVE-2031-2 a@2", "CVE-2031-4 a@2", "CVE-2031-3 b@2"))
	d := scan.Delta(&before, &after)
	require.Equal(t, "CVE-2031-4 a@2", ids(d.New))
	require.Equal(t, "CVE-2031-1 a@1, CVE-2031-3 b@2", ids(d.Fixed), "of two in one package, one is gone")
	require.Equal(t, "CVE-2031-2 a@2, CVE-2031-3 b@2", ids(d.Carried), "another version has it still: T9, an upgrade is no fix by itself")
	require.Equal(t, release.CoverageComplete, d.Coverage)
	require.Empty(t, d.Gaps)

	// T6: where one side is not known, nothing is new and nothing is fixed.
	unknown := scan.Read("u", []byte(`{"SchemaVersion":2}`))
	d = scan.Delta(&unknown, &after)
	require.Empty(t, d.New)
	require.Len(t, d.Appeared, 3)
	require.Equal(t, release.CoveragePartial, d.Coverage)
	d = scan.Delta(&before, &unknown)
	require.Empty(t, d.Fixed)
	require.Len(t, d.Vanished, 4)
	unread := scan.Read("u", []byte(`{`))
	d = scan.Delta(&before, &unread)
	require.Empty(t, d.Fixed)
	require.Equal(t, release.CoverageMissing, d.Coverage)
	for _, d := range []scan.Change{scan.Delta(nil, &after), scan.Delta(&before, nil), scan.Delta(nil, nil)} {
		require.Empty(t, d.New)
		require.Empty(t, d.Fixed)
		require.Equal(t, release.CoverageMissing, d.Coverage)
		require.NotEmpty(t, d.Gaps)
	}

	// Another tool sees other things.
	other := scan.Read("g", sample(t, "grype"))
	d = scan.Delta(&before, &other)
	require.Empty(t, d.New)
	require.Empty(t, d.Fixed)
	require.Equal(t, release.CoveragePartial, d.Coverage)
}

// The same flaw under another of its names is the same.
func TestDeltaByAlias(t *testing.T) {
	t.Parallel()
	grype := func(id, related, pkg string) scan.Report {
		return scan.Read("g", []byte(`{"matches":[{"vulnerability":{"id":"`+id+`"},"relatedVulnerabilities":[{"id":"`+related+`"}],"artifact":{"name":"p","purl":"pkg:npm/`+pkg+`"}}]}`))
	}
	a, b := grype("GHSA-aaaa-bbbb-cccc", "CVE-2031-1", "p@1"), grype("CVE-2031-1", "", "p@2")
	d := scan.Delta(&a, &b)
	require.Len(t, d.Carried, 1)
	require.Empty(t, d.New)
	c := grype("CVE-2031-1", "", "q@1") // another package's
	d = scan.Delta(&a, &c)
	require.Len(t, d.New, 1)
	require.Len(t, d.Fixed, 1)
}

// What somebody suppressed is not fixed, and it is told.
func TestDeltaOfSuppressions(t *testing.T) {
	t.Parallel()
	log := func(rest string) scan.Report {
		return scan.Read("s", []byte(sarif(done+`,"results":[{"ruleId":"r","message":{"text":"m"}`+rest+`}]`)))
	}
	open, silent := log(""), log(`,"suppressions":[{"kind":"inSource"}]`)
	d := scan.Delta(&open, &silent)
	require.Len(t, d.Carried, 1)
	require.Len(t, d.Silenced, 1)
	require.Empty(t, d.Fixed)
	d = scan.Delta(&silent, &open)
	require.Len(t, d.Revived, 1)
	rejected := log(`,"suppressions":[{"kind":"inSource"},{"kind":"external","status":"rejected"}]`)
	require.Empty(t, scan.Delta(&open, &rejected).Silenced)
	absent := log(`,"baselineState":"absent"`)
	d = scan.Delta(&open, &absent)
	require.Len(t, d.Fixed, 1)
	require.Empty(t, d.Carried)
	require.Equal(t, release.AnswerYes, absent.Clean())
	require.Equal(t, release.AnswerNo, silent.Clean())
}

// Counting by hand agrees: of each advisory and package as many are carried as both
// sides have.
func TestDeltaAgreesWithCounting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			return fmt.Sprintf("CVE-2031-%d p%d@%d", rapid.IntRange(1, 3).Draw(t, "id"), rapid.IntRange(1, 2).Draw(t, "pkg"), rapid.IntRange(1, 2).Draw(t, "version"))
		}), 0, 8)
		x, y := some.Draw(t, "before"), some.Draw(t, "after")
		before, after := scan.Read("b", trivyOf(x...)), scan.Read("a", trivyOf(y...))
		d := scan.Delta(&before, &after)
		key := func(s string) string { k, _, _ := strings.Cut(s, "@"); return k }
		n, m := map[string]int{}, map[string]int{}
		for _, s := range x {
			n[key(s)]++
		}
		for _, s := range y {
			m[key(s)]++
		}
		carried := 0
		for k := range n {
			carried += min(n[k], m[k])
		}
		require.Len(t, d.Carried, carried)
		require.Len(t, d.New, len(y)-carried)
		require.Len(t, d.Fixed, len(x)-carried)
	})
}

func TestAdvisories(t *testing.T) {
	t.Parallel()
	r := scan.Read("t", sample(t, "trivy"))
	as := r.Advisories()
	require.Len(t, as, 3, "vulnerabilities only")
	require.Equal(t, release.EffectUnknown, as[0].Effect)
	require.EqualValues(t, "pkg:apk/alpine/zlib", as[0].Package)
	require.Equal(t, []string{"1.3-r0"}, as[0].After)
	require.True(t, as[0].Severity.Known)
	require.Equal(t, "vulnerable_code_not_in_execute_path", as[1].Suppressions[0].Justification)
	require.Equal(t, r.Source.Digest, as[1].Suppressions[0].Document)
	require.Contains(t, as[1].Detail, "busybox 1.36", "what has no purl is named")
	require.Empty(t, as[2].Suppressions, "under investigation is no suppression")
	cs := release.ChangeSet{Advisories: as}
	_, err := cs.Digest()
	require.NoError(t, err)
}
