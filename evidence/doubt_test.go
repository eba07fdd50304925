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
)

// A document that gives an artifact another name is heard under that name, whatever it
// says of it.
func TestDoubtsUnderTheSubjectsNames(t *testing.T) {
	t.Parallel()
	const cve = "CVE-2026-1"
	r := withPURL()
	q := ruled(believing)
	q.Release = r
	named := withPURL()
	named.Artifacts[0].Name, named.Artifacts[1].Name = "pkg:docker/acme/shop@1.4.0", "pkg:docker/acme/shop-config@1.4.0"
	both := `[{"@id":"pkg:docker/acme/shop@1.4.0"},{"@id":"pkg:docker/acme/shop-config@1.4.0"}]`
	s := set{service("scanner").of(t, r, scan(cve)), vexOf(t, service("psirt"), r, not(cve))}
	require.Equal(t, allow, decide(t, q, s).Verdict)
	require.Equal(t, allow, decide(t, q, set{s[0], vexOf(t, service("psirt"), named, not(cve).of(both))}).Verdict)
	require.Equal(t, deny, decide(t, q, append(s, vexOf(t, service("other"), named, not(cve).is("affected").of(both)))).Verdict)
	// Of another version of what it calls the subject nothing is said here.
	other := strings.ReplaceAll(both, "1.4.0", "1.3.0")
	require.Equal(t, allow, decide(t, q, append(s[:2:2], vexOf(t, service("other"), named, not(cve).is("affected").of(other)))).Verdict)
}

// Whoever said that two flaws are there takes one of them back, and the other stands.
func TestTakingBackOneOfTwoFlaws(t *testing.T) {
	t.Parallel()
	one, two := "CVE-2026-1", "CVE-2026-2"
	psirt, early, late := service("psirt"), service("other").at(noon.Add(-3*time.Hour)), service("other").at(noon.Add(-2*time.Hour))
	s := set{service("scanner").of(t, shop(), scan(two)), vexOf(t, psirt, shop(), not(two)), vexOf(t, early, shop(), not(one, two).is("affected"))}
	require.Equal(t, deny, decide(t, ruled(believing), s).Verdict)
	require.Equal(t, deny, decide(t, ruled(believing), append(s[:3:3], vexOf(t, late, shop(), not(one)))).Verdict, "the other one")
	require.Equal(t, allow, decide(t, ruled(believing), append(s[:3:3], vexOf(t, late, shop(), not(two, one)))).Verdict)
	require.Equal(t, allow, decide(t, ruled(believing), append(s[:3:3], vexOf(t, late, shop(), not(one), not(two)))).Verdict, "one by one")
	// Names of two databases are names of one flaw.
	s[2] = vexOf(t, early, shop(), not("GHSA-1", two).is("affected"))
	require.Equal(t, allow, decide(t, ruled(believing), append(s[:3:3], vexOf(t, late, shop(), not("GHSA-1")))).Verdict)
	// Of several times that it is taken back the last counts, in whatever order they stand.
	s[2] = vexOf(t, early, shop(), not(two).is("affected"))
	first, last := vexOf(t, service("other").at(noon.Add(-5*time.Hour)), shop(), not(two)), vexOf(t, late, shop(), not(two))
	require.Equal(t, deny, decide(t, ruled(believing), append(s[:3:3], first)).Verdict)
	for i := range 4 { // whichever has the lower digest
		once := vexOf(t, service("other").at(noon.Add(-time.Duration(300+i)*time.Minute)), shop(), not(two))
		require.Equal(t, allow, decide(t, ruled(believing), append(s[:3:3], once, first, last)).Verdict)
	}
	perhaps := service("other").at(noon.Add(-4*time.Hour), noon.Add(-time.Hour)) // it was there before
	require.Equal(t, deny, decide(t, ruled(believing), append(s[:3:3], vexOf(t, perhaps, shop(), not(two)))).Verdict)
	was, is := noon.Add(-5*time.Hour), noon.Add(-2*time.Hour)
	between := not(two).is("affected").said(noon.Add(-3 * time.Hour))
	s[2] = vexOf(t, early, shop(), between, not(two).said(was))
	require.Equal(t, deny, decide(t, ruled(believing), s).Verdict)
	for _, says := range [][]vexSays{{not(two).said(was), between, not(two).said(is)}, {not(two).said(is), between, not(two).said(was)}} {
		s[2] = vexOf(t, early, shop(), says...)
		require.Equal(t, allow, decide(t, ruled(believing), s).Verdict)
	}
	// In one document, by its own times.
	before := noon.Add(-4 * time.Hour)
	s[2] = vexOf(t, early, shop(), not(one, two).is("affected").said(before), not(one))
	require.Equal(t, deny, decide(t, ruled(believing), s).Verdict)
	s[2] = vexOf(t, early, shop(), not(one, two).is("affected").said(before), not(one), not(two))
	require.Equal(t, allow, decide(t, ruled(believing), s).Verdict)
}

// A document is updated to say that something is affected. What it said before is no
// later for that.
func TestAnUpdateTakesNothingBack(t *testing.T) {
	t.Parallel()
	const cve = "CVE-2026-1"
	for _, status := range []string{"fixed", "not_affected"} {
		st := vexStatement(t, shop(), not(cve).is(status), not(cve).is("affected").said(noon.Add(-30*time.Minute)))
		text := replaced(st, `"author":"x"`, fmt.Sprintf(`"author":"x","last_updated":%q`, noon.Add(-29*time.Minute).Format(time.RFC3339)))
		require.Contains(t, string(text), "last_updated")
		s := set{service("scanner").of(t, shop(), scan(cve)), service("psirt").says(t, text)}
		require.Equal(t, deny, decide(t, ruled(believing), s).Verdict, status)
		text = []byte(strings.Replace(string(text), `"status":"`+status+`"`, fmt.Sprintf(`"status":%q,"timestamp":%q`, status, noon.Add(-29*time.Minute).Format(time.RFC3339)), 1))
		s[1] = service("psirt").says(t, text)
		require.Equal(t, allow, decide(t, ruled(believing), s).Verdict, status)
	}
}

// A package that cannot be read is a package.
func TestAPackageThatCannotBeRead(t *testing.T) {
	t.Parallel()
	var products []string
	for _, a := range shop().Artifacts {
		products = append(products, fmt.Sprintf(`{"hashes":{"sha-256":%q},"subcomponents":[{"@id":"pkg:npm/x@1.0.0"}]}`, a.Digest.Hex()))
	}
	f := predicate.VulnFound{ID: "GO-2026-1", Annotations: []json.RawMessage{json.RawMessage(`{"package":"pkg:npm/x@1.0.0"}`)}}
	v := vexOf(t, service("psirt"), shop(), not("GO-2026-1").of("["+strings.Join(products, ",")+"]"))
	require.Equal(t, allow, decide(t, ruled(believing), set{service("scanner").of(t, shop(), scanOf(f)), v}).Verdict)
	for _, more := range []string{`{"package":"y 2.0.0"}`, `{"package":"pkg:npm/y@1.0.0"}`} {
		f.Annotations = append(f.Annotations[:1:1], json.RawMessage(more))
		require.Equal(t, deny, decide(t, ruled(believing), set{service("scanner").of(t, shop(), scanOf(f)), v}).Verdict, more)
	}
}

// TestHostileVEX gives documents and scans whose names meet as often as they can.
func TestHostileVEX(t *testing.T) {
	aliases := make([]string, 30_000)
	byAlias, shared := make([]predicate.VulnFound, len(aliases)), make([]predicate.VulnFound, 20_000)
	for i := range aliases {
		aliases[i] = fmt.Sprintf("CVE-%d", i)
		byAlias[i].ID = aliases[i]
	}
	for i := range shared {
		shared[i] = predicate.VulnFound{ID: fmt.Sprintf("X%d", i), Annotations: []json.RawMessage{json.RawMessage(`{"aliases":["GHSA-1"]}`)}}
	}
	many := func(one vexSays) []vexSays {
		out := make([]vexSays, 3_000)
		for i := range out {
			out[i] = one
		}
		return out
	}
	within := many(not("GHSA-1").of(fmt.Sprintf(`[{"hashes":{"sha-256":%q},"subcomponents":[{"@id":"pkg:npm/x@1.0.0"}]}]`, shop().Artifacts[0].Digest.Hex())))
	for _, c := range []struct {
		name  string
		found []predicate.VulnFound
		by    string
		says  []vexSays
	}{
		{"one doubt under very many names", byAlias, "other", []vexSays{not("CVE-0", aliases...).is("affected")}},
		{"one settles very many names", byAlias, "psirt", []vexSays{not("CVE-0", aliases...)}},
		{"very many doubts of one name", shared, "other", many(not("GHSA-1").is("affected"))},
		{"very many settle one name, who are not believed", shared, "other", many(not("GHSA-1"))},
		{"very many settle one name", shared, "psirt", many(not("GHSA-1"))},
		{"very many settle one name in a component", shared, "psirt", within},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := set{service("scanner").of(t, shop(), scanOf(c.found...)), vexOf(t, service(c.by), shop(), c.says...)}
			q := ruled(believing)
			decide(t, q, s) // which reads the predicates
			hostile.Within(t, func() { decide(t, q, s) })
		})
	}
}

// A checkpoint lists a revocation of an envelope about something else that is, by its
// statement and key, one about the release.
func TestCheckpointsListWhatRevokesByStatement(t *testing.T) {
	t.Parallel()
	about, elsewhere := tests(t), shop()
	elsewhere.Artifacts = elsewhere.Artifacts[:1]
	elsewhere.Artifacts[0].Digest[0] ^= 1
	other := service("ci").of(t, elsewhere, passed())
	target := envelope(t, about)
	target.Envelope.Digest = other.Digest()
	revokes := service("security").revokes(t, ever, target)
	require.Equal(t, hold, decide(t, ruled(evidence.Require{Type: predicate.TypeTestResult}), set{about, other, revokes}).Verdict, "it does revoke")
	c, err := evidence.NewCheckpoint(shop(), set{about, other, revokes}, 1, noon)
	require.NoError(t, err)
	require.Contains(t, c.Evidence, revokes.Digest())
	plain := service("security").revokes(t, ever, envelope(t, other))
	c, err = evidence.NewCheckpoint(shop(), set{about, other, plain}, 1, noon)
	require.NoError(t, err)
	require.NotContains(t, c.Evidence, plain.Digest())
}

// Tests that failed are against the release, whatever the result is called.
func TestFailedTestsUnderAWarning(t *testing.T) {
	t.Parallel()
	warned := predicate.TestResult{Result: predicate.TestWarned, Configuration: []predicate.Resource{}, FailedTests: []string{"TestPay"}}
	d := decide(t, ruled(evidence.Require{Type: predicate.TypeTestResult}), set{tests(t), service("ci").of(t, shop(), warned)})
	require.Equal(t, deny, d.Verdict)
}
