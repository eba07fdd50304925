package evidence_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	scanner "github.com/sallyport-dev/sallyport/release/scan"
)

const typeVEX = "https://openvex.dev/ns/v0.2.0"

// says is one statement of a VEX document.
type vexSays struct {
	name, status string
	aliases      []string
	products     string // JSON, "" for none
	at           time.Time
	why          string // justification; "-" for none
}

// vexOf is an OpenVEX document, signed about a release.
func vexOf(t testing.TB, by puppet, r release.Release, says ...vexSays) evidence.Verified {
	t.Helper()
	return by.verified(t, vexStatement(t, r, says...))
}

func vexStatement(t testing.TB, r release.Release, says ...vexSays) evidence.Statement {
	t.Helper()
	var all []json.RawMessage
	for _, s := range says {
		m := map[string]any{"vulnerability": map[string]any{"name": s.name, "aliases": s.aliases}, "status": s.status}
		if s.products != "" {
			m["products"] = json.RawMessage(s.products)
		}
		if !s.at.IsZero() {
			m["timestamp"] = s.at
		}
		if s.status == "affected" {
			m["action_statement"] = "do not deploy"
		}
		if s.status == "not_affected" && s.why != "-" {
			m["justification"] = "vulnerable_code_not_present"
		}
		all = append(all, mustJSON(t, m))
	}
	st, err := evidence.NewStatement(typeVEX, evidence.SubjectsOf(r), map[string]any{"@context": typeVEX, "@id": "https://example.com/vex", "author": "x",
		"timestamp": noon.Add(-time.Hour), "version": 1, "statements": all})
	require.NoError(t, err)
	return st
}

func not(name string, aliases ...string) vexSays {
	return vexSays{name: name, status: "not_affected", aliases: aliases}
}

func (s vexSays) is(status string) vexSays   { s.status = status; return s }
func (s vexSays) of(products string) vexSays { s.products = products; return s }
func (s vexSays) said(at time.Time) vexSays  { s.at = at; return s }
func (s vexSays) without() vexSays           { s.why = "-"; return s }

var believing = evidence.NoVulnerabilities{VEXBy: []evidence.Principal{person("psirt")}}

func withPURL() release.Release {
	r := shop()
	r.Artifacts[0].PURL, r.Artifacts[1].PURL = "pkg:generic/shop@1.4.0", "pkg:generic/shop-config@1.4.0"
	return r
}

func TestNoVulnerabilities(t *testing.T) {
	t.Parallel()
	psirt, other := service("psirt"), service("other")
	found := service("scanner").of(t, shop(), scan("CVE-2026-1"))
	clean := service("scanner2").of(t, shop(), scan())
	one := shop()
	one.Artifacts = one.Artifacts[:1]
	second := shop()
	second.Artifacts = second.Artifacts[1:]
	hash := func(i int) string {
		return fmt.Sprintf(`[{"@id":"x","hashes":{"sha-256":%q}}]`, shop().Artifacts[i].Digest.Hex())
	}
	hashes := fmt.Sprintf(`[{"hashes":{"sha-256":%q}},{"hashes":{"sha-256":%q}}]`, shop().Artifacts[0].Digest.Hex(), shop().Artifacts[1].Digest.Hex())
	within := strings.ReplaceAll(hashes, "}}", `},"subcomponents":[{"@id":"pkg:npm/x@1.0.0"}]}`)
	oci := shop()
	for i := range oci.Artifacts {
		oci.Artifacts[i].Name = "pkg:oci/shop" + fmt.Sprint(i) + "@sha256%3A" + oci.Artifacts[i].Digest.Hex()
	}
	ociProducts := fmt.Sprintf(`[{"@id":%q},{"@id":%q}]`, oci.Artifacts[0].Name, oci.Artifacts[1].Name)
	earlier, later := noon.Add(-3*time.Hour), noon.Add(-2*time.Hour)
	cve := "CVE-2026-1"
	believe := []evidence.Rule{believing}
	for _, c := range []struct {
		name  string
		rules []evidence.Rule
		set   set
		want  release.Verdict
	}{
		{"a clean scan", believe, set{clean}, allow},
		{"no scan", believe, nil, hold},
		{"no scan, but VEX", believe, set{vexOf(t, psirt, shop(), not(cve))}, hold},
		{"a scan of one artifact", believe, set{service("s").of(t, one, scan())}, hold},
		{"a finding", believe, set{clean, found}, deny},
		{"settled", believe, set{found, vexOf(t, psirt, shop(), not(cve))}, allow},
		{"settled, nobody is believed", []evidence.Rule{evidence.NoVulnerabilities{}}, set{found, vexOf(t, psirt, shop(), not(cve))}, deny},
		{"settled without the rule", []evidence.Rule{evidence.Require{Type: predicate.TypeVulns}}, set{found, vexOf(t, psirt, shop(), not(cve))}, deny},
		{"by somebody else", believe, set{found, vexOf(t, other, shop(), not(cve))}, deny},
		{"by a role", []evidence.Rule{evidence.NoVulnerabilities{VEXRoles: []string{"vex"}}}, set{found, vexOf(t, human("zoe", "vex"), shop(), not(cve))}, allow},
		{"by another role", []evidence.Rule{evidence.NoVulnerabilities{VEXRoles: []string{"vex"}}}, set{found, vexOf(t, human("zoe", "owner"), shop(), not(cve))}, deny},
		{"by the right one in the wrong role", []evidence.Rule{evidence.NoVulnerabilities{VEXBy: believing.VEXBy, VEXRoles: []string{"vex"}}}, set{found, vexOf(t, psirt, shop(), not(cve))}, deny},
		{"for one rule and not for the other", []evidence.Rule{believing, evidence.NoVulnerabilities{From: scanner.SeverityLow}}, set{found, vexOf(t, psirt, shop(), not(cve))}, deny},
		{"no justification", believe, set{found, vexOf(t, psirt, shop(), not(cve).without())}, deny},
		{"fixed", believe, set{found, vexOf(t, psirt, shop(), not(cve).is("fixed"))}, allow},
		{"affected", believe, set{found, vexOf(t, psirt, shop(), not(cve).is("affected"))}, deny},
		{"under investigation", believe, set{found, vexOf(t, psirt, shop(), not(cve).is("under_investigation"))}, deny},
		{"another vulnerability", believe, set{found, vexOf(t, psirt, shop(), not("CVE-2026-2"))}, deny},
		{"one of two", believe, set{service("scanner").of(t, shop(), scan(cve, "CVE-2026-2")), vexOf(t, psirt, shop(), not(cve))}, deny},
		{"two of two", believe, set{service("scanner").of(t, shop(), scan(cve, "CVE-2026-2")), vexOf(t, psirt, shop(), not(cve)), vexOf(t, psirt, shop(), not("CVE-2026-2"))}, allow},
		{"an alias, in another case", believe, set{found, vexOf(t, psirt, shop(), not("GHSA-1", "cve-2026-1"))}, allow},
		{"about one artifact of two", believe, set{found, vexOf(t, psirt, one, not(cve))}, deny},
		{"about each artifact in a document of its own", believe, set{found, vexOf(t, psirt, one, not(cve)), vexOf(t, psirt, second, not(cve))}, allow},
		{"a finding in one artifact, which is settled", believe, set{clean, service("scanner").of(t, one, scan(cve)), vexOf(t, psirt, one, not(cve))}, allow},
		{"a finding in the other", believe, set{clean, service("scanner").of(t, second, scan(cve)), vexOf(t, psirt, one, not(cve))}, deny},
		{"products by hash", believe, set{found, vexOf(t, psirt, shop(), not(cve).of(hashes))}, allow},
		{"one product by hash", believe, set{found, vexOf(t, psirt, shop(), not(cve).of(hash(0)))}, deny},
		{"products by hash that are no subjects", believe, set{found, vexOf(t, psirt, one, not(cve).of(hashes))}, deny},
		{"products by a name that nobody can compare", believe, set{found, vexOf(t, psirt, shop(), not(cve).of(`[{"@id":"shop"}]`))}, deny},
		{"products by another purl", believe, set{found, vexOf(t, psirt, shop(), not(cve).of(`[{"@id":"pkg:generic/shop@1.4.0"}]`))}, deny},
		{"products by the subjects' purls", believe, set{found, vexOf(t, psirt, oci, not(cve).of(ociProducts))}, allow},
		{"the subjects' purls, and no products", believe, set{found, vexOf(t, psirt, oci, not(cve))}, deny},
		{"components of the product", believe, set{found, vexOf(t, psirt, shop(), not(cve).of(within))}, deny},
		{"components, taken for the whole", []evidence.Rule{evidence.NoVulnerabilities{VEXBy: believing.VEXBy, AnyComponentLoose: true}}, set{found, vexOf(t, psirt, shop(), not(cve).of(within))}, allow},
		{"signed after the decision", believe, set{found, vexOf(t, psirt.at(noon.Add(1)), shop(), not(cve))}, deny},
		{"said after the decision", believe, set{found, vexOf(t, psirt, shop(), not(cve).said(noon.Add(1)))}, deny},
		{"revoked", believe, set{found, vexOf(t, psirt, shop(), not(cve)), other.revokes(t, ever, key("psirt"))}, deny},
		{"too old", append([]evidence.Rule{evidence.Fresh{Type: typeVEX, MaxAge: time.Hour}}, believing), set{found, vexOf(t, psirt.at(noon.Add(-2*time.Hour)), shop(), not(cve))}, deny},
		{"young", append([]evidence.Rule{evidence.Fresh{Type: typeVEX, MaxAge: time.Hour}}, believing), set{found, vexOf(t, psirt.at(noon.Add(-time.Minute)), shop(), not(cve))}, allow},

		// Whoever says otherwise is heard.
		{"somebody says affected", believe, set{found, vexOf(t, psirt, shop(), not(cve)), vexOf(t, other, shop(), not(cve).is("affected"))}, deny},
		{"somebody investigates", believe, set{found, vexOf(t, psirt, shop(), not(cve)), vexOf(t, other, shop(), not(cve).is("under_investigation"))}, deny},
		{"somebody says what OpenVEX does not have", believe, set{found, vexOf(t, psirt, shop(), not(cve)), vexOf(t, other, shop(), not(cve).is("exploitable"))}, deny},
		{"somebody says affected of one artifact", believe, set{found, vexOf(t, psirt, shop(), not(cve)), vexOf(t, other, one, not(cve).is("affected").of(hash(0)))}, deny},
		{"somebody says affected of something vague", believe, set{found, vexOf(t, psirt, shop(), not(cve)), vexOf(t, other, shop(), not(cve).is("affected").of(`[{"@id":"the shop"}]`))}, deny},
		{"somebody says affected of something else", believe, set{found, vexOf(t, psirt, shop(), not(cve)), vexOf(t, other, shop(), not(cve).is("affected").of(`[{"hashes":{"sha-256":"`+release.DigestOf([]byte("else")).Hex()+`"}}]`))}, allow},
		{"somebody says affected under the other name", believe, set{found, vexOf(t, psirt, shop(), not("GHSA-1", cve)), vexOf(t, other, shop(), not("GHSA-1").is("affected"))}, deny},
		{"who is revoked says affected", believe, set{found, vexOf(t, psirt, shop(), not(cve)), vexOf(t, other, shop(), not(cve).is("affected")), psirt.revokes(t, ever, principal("other"))}, deny},
		{"affected, by another earlier", believe, set{found, vexOf(t, psirt.at(later), shop(), not(cve)), vexOf(t, other.at(earlier), shop(), not(cve).is("affected"))}, deny},
		{"taken back", believe, set{found, vexOf(t, psirt.at(later), shop(), not(cve)), vexOf(t, psirt.at(earlier), shop(), not(cve).is("under_investigation"))}, allow},
		{"taken back, nobody knows in which order", believe, set{found, vexOf(t, psirt, shop(), not(cve)), vexOf(t, psirt.at(earlier), shop(), not(cve).is("under_investigation"))}, deny},
		{"otherwise at a time that nobody knows", believe, set{found, vexOf(t, psirt.at(later), shop(), not(cve)), vexOf(t, psirt, shop(), not(cve).is("affected"))}, deny},
		{"taken back between two times of what was said otherwise", believe, set{found, vexOf(t, psirt.at(later), shop(), not(cve)), vexOf(t, psirt.at(earlier, noon), shop(), not(cve).is("affected"))}, deny},
		{"said again", believe, set{found, vexOf(t, psirt.at(earlier), shop(), not(cve)), vexOf(t, psirt.at(later), shop(), not(cve).is("affected"))}, deny},
		{"taken back by another who said it", believe, set{found, vexOf(t, psirt, shop(), not(cve)), vexOf(t, other.at(earlier), shop(), not(cve).is("affected")), vexOf(t, other.at(later), shop(), not(cve))}, allow},
		{"taken back in the same document", believe, set{found, vexOf(t, psirt, shop(), not(cve).is("under_investigation").said(earlier), not(cve).said(later))}, allow},
		{"said otherwise later in the same document", believe, set{found, vexOf(t, psirt, shop(), not(cve).is("affected").said(later), not(cve).said(earlier))}, deny},
		{"said at one time in one document", believe, set{found, vexOf(t, psirt, shop(), not(cve).is("affected").said(later), not(cve).said(later))}, deny},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := decide(t, ruled(c.rules...), c.set)
			require.Equal(t, c.want, d.Verdict, "%v", d.Reasons)
		})
	}
}

// An artifact that has a package URL is a product by it.
func TestProductsByPackageURL(t *testing.T) {
	t.Parallel()
	r := withPURL()
	q := ruled(believing)
	q.Release = r
	found := service("scanner").of(t, r, scan("CVE-2026-1"))
	both := `[{"@id":"pkg:generic/shop@1.4.0"},{"identifiers":{"purl":"pkg:generic/shop-config@1.4.0"}}]`
	psirt := service("psirt")
	say := func(products string) release.Verdict {
		return decide(t, q, set{found, vexOf(t, psirt, r, not("CVE-2026-1").of(products))}).Verdict
	}
	require.Equal(t, allow, say(both))
	require.Equal(t, deny, say(strings.Replace(both, "shop@1.4.0", "shop@1.4.1", 1)))
	require.Equal(t, deny, say(strings.Replace(both, "shop@1.4.0", "shop", 1)), "no version")
	require.Equal(t, deny, say(strings.Replace(both, "shop@1.4.0", "shop@1.4.0?arch=arm", 1)))
	require.Equal(t, deny, say(`[{"@id":"pkg:generic/shop@1.4.0"}]`))
	doubt := func(products string) release.Verdict {
		return decide(t, q, set{found, vexOf(t, psirt, r, not("CVE-2026-1")), vexOf(t, service("other"), r, not("CVE-2026-1").is("affected").of(products))}).Verdict
	}
	require.Equal(t, deny, doubt(`[{"@id":"pkg:generic/shop"}]`))
	require.Equal(t, deny, doubt(`[{"@id":"pkg:generic/shop@v1.4"}]`))
	require.Equal(t, allow, doubt(`[{"@id":"pkg:generic/shop@1.3"}]`), "another version")
	// Subjects under the packages' names are the artifacts too.
	named := withPURL()
	for i := range named.Artifacts {
		named.Artifacts[i].Name = string(named.Artifacts[i].PURL)
	}
	require.Equal(t, allow, decide(t, q, set{found, vexOf(t, psirt, named, not("CVE-2026-1"))}).Verdict)
}

func TestSeverityThatCounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		severities []predicate.VulnSeverity
		from       scanner.Severity
		want       release.Verdict
	}{
		{nil, scanner.SeverityCritical, deny},
		{[]predicate.VulnSeverity{{Method: "nvd", Score: "medium"}}, scanner.SeverityHigh, allow},
		{[]predicate.VulnSeverity{{Method: "nvd", Score: "medium"}}, scanner.SeverityMedium, deny},
		{[]predicate.VulnSeverity{{Method: "nvd", Score: "Moderate"}}, scanner.SeverityHigh, allow},
		{[]predicate.VulnSeverity{{Method: "nvd", Score: "medium"}, {Method: "cvss_score", Score: "9.1"}}, scanner.SeverityHigh, deny},
		{[]predicate.VulnSeverity{{Method: "CVSS_V3", Score: "6.9"}}, scanner.SeverityHigh, allow},
		{[]predicate.VulnSeverity{{Method: "CVSS_V3", Score: "7.0"}}, scanner.SeverityHigh, deny},
		{[]predicate.VulnSeverity{{Method: "CVSS_V3", Score: "7.0"}}, scanner.SeverityCritical, allow},
		{[]predicate.VulnSeverity{{Method: "cvss", Score: "0"}}, scanner.SeverityMedium, allow},
		{[]predicate.VulnSeverity{{Method: "cvss", Score: "0"}}, scanner.SeverityLow, deny},
		{[]predicate.VulnSeverity{{Method: "cvss", Score: "low"}}, scanner.SeverityUnknown, deny},
		{[]predicate.VulnSeverity{{Method: "ghsa", Score: "IMPORTANT"}}, scanner.SeverityCritical, allow},
		{[]predicate.VulnSeverity{{Method: "EPSS", Score: "0.02"}}, scanner.SeverityCritical, deny},
		{[]predicate.VulnSeverity{{Method: "cvss", Score: "low"}, {Method: "EPSS", Score: "0.02"}}, scanner.SeverityCritical, deny},
		{[]predicate.VulnSeverity{{Method: "cvss", Score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"}}, scanner.SeverityCritical, deny},
		{[]predicate.VulnSeverity{{Method: "cvss", Score: "10.1"}}, scanner.SeverityCritical, deny},
		{[]predicate.VulnSeverity{{Method: "cvss", Score: "-1"}}, scanner.SeverityCritical, deny},
		{[]predicate.VulnSeverity{{Method: "cvss", Score: "NaN"}}, scanner.SeverityCritical, deny},
		{[]predicate.VulnSeverity{{Method: "cvss", Score: "0x1"}}, scanner.SeverityCritical, deny},
		{[]predicate.VulnSeverity{{Method: "cvss", Score: "1e0"}}, scanner.SeverityCritical, deny},
		{[]predicate.VulnSeverity{{Method: "cvss", Score: "1.2.3"}}, scanner.SeverityCritical, deny},
		{[]predicate.VulnSeverity{{Method: "cvss", Score: "."}}, scanner.SeverityCritical, deny},
		{[]predicate.VulnSeverity{{Method: "cvss", Score: "none"}}, scanner.SeverityCritical, deny},
		{[]predicate.VulnSeverity{{Method: "cvss_v3_exploitability_score", Score: "2.2"}}, scanner.SeverityCritical, deny},
		{[]predicate.VulnSeverity{{Method: "grype", Score: "Negligible"}, {Method: "cvss_score", Score: "3"}}, scanner.SeverityMedium, allow},
	} {
		v := scanOf(predicate.VulnFound{ID: "X-1", Severity: c.severities})
		d := decide(t, ruled(evidence.NoVulnerabilities{From: c.from}), set{service("s").of(t, shop(), v)})
		require.Equal(t, c.want, d.Verdict, "%v from %s", c.severities, c.from)
	}
	_, err := evidence.Decide(ruled(evidence.NoVulnerabilities{From: 9}), nil, noon)
	require.ErrorContains(t, err, "rule 0")
	_, err = evidence.Decide(ruled(evidence.NoVulnerabilities{VEXBy: []evidence.Principal{{}}}), nil, noon)
	require.ErrorContains(t, err, "rule 0")
}

func scanOf(found ...predicate.VulnFound) predicate.Vulns {
	v := scan()
	v.Scanner.Result = found
	return v
}

// An approval rests on the documents that its signer looked at; what came later
// settles nothing for it.
func TestApprovalsRestOnVEX(t *testing.T) {
	t.Parallel()
	found := service("scanner").of(t, shop(), scan("CVE-2026-1"))
	settles := vexOf(t, service("psirt"), shop(), not("CVE-2026-1"))
	q := question(needOne)
	q.Rules = []evidence.Rule{believing}
	blind := human("ada").of(t, shop(), approval(t, predicate.Approve, shop(), found))
	saw := human("ada").of(t, shop(), approval(t, predicate.Approve, shop(), found, settles))
	d := decide(t, q, set{found, settles, blind})
	require.Equal(t, hold, d.Verdict)
	requireSaid(t, d, evidence.CodeOldEvidence)
	d = decide(t, q, set{found, settles, saw})
	require.Equal(t, allow, d.Verdict, "%v", d.Reasons)
	require.Contains(t, d.Used, settles.Digest())
	require.Equal(t, deny, decide(t, q, set{found, saw}).Verdict)
	// A requirement for a scan is met in the same way.
	q.Requirements = append(q.Requirements, needScan)
	require.Equal(t, allow, decide(t, q, set{found, settles, saw}).Verdict)
}

// The allow ends when what settles a finding does.
func TestVEXEnds(t *testing.T) {
	t.Parallel()
	found := service("scanner").of(t, shop(), scan("CVE-2026-1"))
	psirt := service("psirt")
	rules := []evidence.Rule{believing, evidence.Fresh{Type: typeVEX, MaxAge: 4 * time.Hour}}
	old, young := vexOf(t, psirt.at(noon.Add(-3*time.Hour)), shop(), not("CVE-2026-1")), vexOf(t, psirt.at(noon.Add(-2*time.Hour)), shop(), not("CVE-2026-1"))
	doubt := vexOf(t, service("other").at(noon.Add(-4*time.Hour+1)), shop(), not("CVE-2026-1").is("affected"))
	part := shop()
	part.Artifacts = part.Artifacts[:1]
	foundInPart := service("scanner").of(t, part, scan("CVE-2026-1"))
	back := vexOf(t, service("other").at(noon.Add(-3*time.Hour)), shop(), not("CVE-2026-1"))
	for _, c := range []struct {
		set set
		end time.Duration
	}{{set{found, old}, 1}, {set{found, young}, 2}, {set{found, old, young}, 2}, {set{found, young, doubt, back}, 1},
		{set{service("scanner").of(t, shop(), scan()), foundInPart, young}, 2}} {
		q := ruled(rules...)
		d := decide(t, q, c.set)
		require.Equal(t, allow, d.Verdict, "%v", d.Reasons)
		require.Equal(t, noon.Add(c.end*time.Hour), d.Until)
		d, err := evidence.Decide(q, c.set, d.Until)
		require.NoError(t, err)
		require.Equal(t, deny, d.Verdict)
	}
}

// An approval ends with the documents that its signer looked at, though others settle
// the finding for longer.
func TestApprovalsEndWithVEX(t *testing.T) {
	t.Parallel()
	found := service("scanner").of(t, shop(), scan("CVE-2026-1"))
	psirt := service("psirt")
	old, young := vexOf(t, psirt.at(noon.Add(-3*time.Hour)), shop(), not("CVE-2026-1")), vexOf(t, psirt.at(noon.Add(-2*time.Hour)), shop(), not("CVE-2026-1"))
	q := question(needOne)
	q.Rules = []evidence.Rule{believing, evidence.Fresh{Type: typeVEX, MaxAge: 4 * time.Hour}}
	d := decide(t, q, set{found, old, young, human("ada").of(t, shop(), approval(t, predicate.Approve, shop(), found, old))})
	require.Equal(t, allow, d.Verdict, "%v", d.Reasons)
	require.Equal(t, noon.Add(time.Hour), d.Until)
}

// Who does not say when it was so settles nothing.
func TestVEXWithoutATime(t *testing.T) {
	t.Parallel()
	st := vexStatement(t, shop(), not("CVE-2026-1"))
	text := replaced(st, `"timestamp":`, `"was":`)
	s := set{service("scanner").of(t, shop(), scan("CVE-2026-1")), service("psirt").says(t, text)}
	require.Equal(t, deny, decide(t, ruled(believing), s).Verdict)
	s[1] = service("psirt").says(t, st.Bytes())
	require.Equal(t, allow, decide(t, ruled(believing), s).Verdict)
}

// In a document that nobody can read may stand that the release is affected.
func TestAnUnreadableVEXDocumentHolds(t *testing.T) {
	t.Parallel()
	found := service("scanner").of(t, shop(), scan())
	st := vexStatement(t, shop(), not("CVE-2026-1"))
	for _, change := range [][2]string{
		{`"predicateType":"` + typeVEX, `"predicateType":"https://openvex.dev/ns`}, // read: another name of the same
		{`"@context":"` + typeVEX, `"@context":"https://openvex.dev/ns/v9`},
		{`"predicateType":"` + typeVEX + `","predicate":`, `"predicateType":"https://openvex.dev/ns/v9","predicate":"x","old":`},
		{`"status":"not_affected"`, `"status":"not affected"`},
		{`"name":"CVE-2026-1"`, `"name":""`},
		{`"@context":"` + typeVEX + `"`, `"bomFormat":"CycloneDX","specVersion":"1.6"`},
	} {
		text := replaced(st, change[0], change[1])
		require.NotEqual(t, string(st.Bytes()), string(text), change[0])
		v := service("anybody").says(t, text)
		d := decide(t, ruled(believing), set{found, v})
		if strings.HasSuffix(change[1], "/ns") {
			require.Equal(t, allow, d.Verdict)
			continue
		}
		require.Equal(t, hold, d.Verdict, "%s", text)
		requireSaid(t, d, evidence.CodeUnreadable)
		require.Equal(t, allow, decide(t, ruled(evidence.Require{Type: predicate.TypeVulns}), set{found, v}).Verdict, "nobody asks")
	}
}

// Many statements about many findings cost little more than reading them.
func TestManyVEXStatementsAreFast(t *testing.T) {
	t.Parallel()
	const n = 5000
	var says []vexSays
	var found []predicate.VulnFound
	for i := range n {
		id := fmt.Sprintf("CVE-2026-%d", i)
		says = append(says, not(id, "CVE-SHARED"), not(id).is("affected").said(noon.Add(-2*time.Hour)))
		found = append(found, predicate.VulnFound{ID: id})
	}
	s := set{service("scanner").of(t, shop(), scanOf(found...)), vexOf(t, service("psirt"), shop(), says...)}
	hostile.Within(t, func() {
		require.Equal(t, allow, decide(t, ruled(believing), s).Verdict)
	})
}

// FuzzVEX checks that no document of somebody who is not believed lets a finding pass,
// and that none but a document that is read as a whole settles one.
func FuzzVEX(f *testing.F) {
	f.Add([]byte(vexStatement(f, shop(), not("CVE-2026-1")).Predicate()))
	f.Add([]byte(vexStatement(f, shop(), not("CVE-2026-1").is("affected"), not("X", "CVE-2026-1").of(`[{"@id":"pkg:generic/shop@1.4.0"}]`)).Predicate()))
	found := service("scanner").of(f, shop(), scan("CVE-2026-1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		st, err := evidence.NewStatement(typeVEX, evidence.SubjectsOf(shop()), json.RawMessage(b))
		if err != nil {
			return
		}
		require.Equal(t, deny, decide(t, ruled(believing), set{found, service("other").verified(t, st)}).Verdict)
		mine := decide(t, ruled(believing), set{found, service("psirt").verified(t, st)}).Verdict
		if mine == allow {
			for _, must := range []string{"fixed", "not_affected"} {
				if strings.Contains(string(st.Bytes()), must) || strings.Contains(string(b), `\u`) {
					return
				}
			}
			t.Fatalf("%s settles", b)
		}
	})
}

// Package collect notes the aliases of a finding, and the package that it is in.
func TestWhatCollectNotes(t *testing.T) {
	t.Parallel()
	note := func(text string) predicate.VulnFound {
		return predicate.VulnFound{ID: "GO-2026-1", Annotations: []json.RawMessage{json.RawMessage(text)}}
	}
	products := func(component string) string {
		var out []string
		for _, a := range shop().Artifacts {
			out = append(out, fmt.Sprintf(`{"hashes":{"sha-256":%q},"subcomponents":[{"@id":%q}]}`, a.Digest.Hex(), component))
		}
		return "[" + strings.Join(out, ",") + "]"
	}
	psirt := service("psirt")
	for _, c := range []struct {
		name  string
		found predicate.VulnFound
		vex   []vexSays
		want  release.Verdict
	}{
		{"an alias", note(`{"aliases":["CVE-2026-1"]}`), []vexSays{not("cve-2026-1")}, allow},
		{"no alias", note(`{}`), []vexSays{not("CVE-2026-1")}, deny},
		{"an alias in another case of the name", note(`{"Aliases":["CVE-2026-1"]}`), []vexSays{not("CVE-2026-1")}, deny},
		{"an alias, and somebody says otherwise of the ID", note(`{"aliases":["CVE-2026-1"]}`), []vexSays{not("CVE-2026-1"), not("GO-2026-1").is("affected")}, deny},
		{"the ID, and somebody says otherwise of the alias", note(`{"aliases":["CVE-2026-1"]}`), []vexSays{not("GO-2026-1"), not("CVE-2026-1").is("affected")}, deny},
		{"one of two flaws", note(`{"aliases":["CVE-2026-1","CVE-2026-2"]}`), []vexSays{not("CVE-2026-1")}, deny},
		{"one after the other", note(`{"aliases":["CVE-2026-1","CVE-2026-2"]}`), []vexSays{not("CVE-2026-1"), not("CVE-2026-2")}, deny},
		{"both of two flaws", note(`{"aliases":["CVE-2026-1","CVE-2026-2"]}`), []vexSays{not("CVE-2026-1", "CVE-2026-2")}, allow},
		{"two flaws, by the name of both", note(`{"aliases":["CVE-2026-1","CVE-2026-2"]}`), []vexSays{not("GO-2026-1")}, allow},
		{"its own component", note(`{"package":"pkg:npm/x@1.0.0"}`), []vexSays{not("GO-2026-1").of(products("pkg:npm/x@1.0.0"))}, allow},
		{"its component in another version", note(`{"package":"pkg:npm/x@1.0.0"}`), []vexSays{not("GO-2026-1").of(products("pkg:npm/x@1.0.1"))}, deny},
		{"its component in any version", note(`{"package":"pkg:npm/x@1.0.0"}`), []vexSays{not("GO-2026-1").of(products("pkg:npm/x"))}, deny},
		{"another component", note(`{"package":"pkg:npm/x@1.0.0"}`), []vexSays{not("GO-2026-1").of(products("pkg:npm/y@1.0.0"))}, deny},
		{"a component that nobody knows the version of", note(`{"package":"pkg:npm/x"}`), []vexSays{not("GO-2026-1").of(products("pkg:npm/x"))}, deny},
		{"one of two components", predicate.VulnFound{ID: "GO-2026-1", Annotations: []json.RawMessage{json.RawMessage(`{"package":"pkg:npm/x@1.0.0"}`), json.RawMessage(`{"package":"pkg:npm/y@1.0.0"}`)}},
			[]vexSays{not("GO-2026-1").of(products("pkg:npm/x@1.0.0"))}, deny},
		{"a note that is no object", note(`"pkg:npm/x@1.0.0"`), []vexSays{not("GO-2026-1")}, allow},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := set{service("scanner").of(t, shop(), scanOf(c.found)), vexOf(t, psirt, shop(), c.vex...)}
			d := decide(t, ruled(believing), s)
			require.Equal(t, c.want, d.Verdict, "%v", d.Reasons)
		})
	}
	// The same vulnerability in two packages, of which one is settled.
	two := scanOf(note(`{"package":"pkg:npm/x@1.0.0"}`), note(`{"package":"pkg:npm/y@1.0.0"}`))
	s := set{service("scanner").of(t, shop(), two), vexOf(t, psirt, shop(), not("GO-2026-1").of(products("pkg:npm/x@1.0.0")))}
	require.Equal(t, deny, decide(t, ruled(believing), s).Verdict)
	s = append(s, vexOf(t, psirt, shop(), not("GO-2026-1").of(products("pkg:npm/y@1.0.0"))))
	require.Equal(t, allow, decide(t, ruled(believing), s).Verdict)
}
