package vex_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/vex"
)

const signer = "key:sha256:shop"

var (
	said  = time.Date(2026, 10, 20, 8, 0, 0, 0, time.UTC)
	now   = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	image = release.DigestOf([]byte("the image"))
)

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(b)
}

// edit replaces pairs of texts, each of which must be there.
func edit(t testing.TB, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, text, pairs[i])
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// change is a release that brings in left-pad 1.3.0 with an advisory.
func change() release.AdvisoryChange {
	return release.AdvisoryChange{ID: "CVE-2026-1111", Effect: release.EffectIntroduced, Package: "pkg:npm/left-pad", After: []string{"1.3.0"}}
}

// options trust whoever signed the texts.
func options(texts ...string) vex.Options {
	o := vex.Options{Products: []vex.Product{{PURLs: []release.PURL{"pkg:oci/shop@1.4.0"}, Digest: image}}, Trusted: []string{signer}, Verified: map[release.Digest]string{}}
	for _, text := range texts {
		o.Verified[release.DigestOf([]byte(text))] = signer
	}
	return o
}

func parse(texts ...string) []vex.Document {
	var docs []vex.Document
	for i, text := range texts {
		docs = append(docs, vex.Parse(release.Path(fmt.Sprintf("vex%d.json", i)), []byte(text)))
	}
	return docs
}

// reasons are those of the ignored statements, or "taken".
func reasons(r vex.Result) string {
	var out []string
	if r.Added > 0 {
		out = append(out, "taken")
	}
	for _, i := range r.Ignored {
		out = append(out, string(i.Reason))
	}
	return strings.Join(out, " ")
}

func apply(a release.AdvisoryChange, o vex.Options, docs []vex.Document) (release.AdvisoryChange, vex.Result) {
	cs := release.ChangeSet{Advisories: []release.AdvisoryChange{a}}
	r := vex.Apply(&cs, docs, o, now)
	return cs.Advisories[0], r
}

func TestApplyRecords(t *testing.T) {
	t.Parallel()
	text := read(t, "openvex.json")
	got, r := apply(change(), options(text), parse(text))
	want := change()
	want.Suppressions = []release.Suppression{{Document: release.DigestOf([]byte(text)), Author: signer, ID: "https://shop.example/vex/2026-17",
		Justification: "vulnerable_code_not_in_execute_path", At: said, Expires: said.Add(vex.DefaultMaxAge)}}
	require.Equal(t, want, got, "a suppression, and nothing else")
	require.Equal(t, 1, r.Added)
	require.Empty(t, r.Ignored)
	require.Empty(t, r.Gaps)
	require.Equal(t, []release.Source{{Path: "vex0.json", Format: "openvex/0.2.0", Digest: release.DigestOf([]byte(text)), At: said}}, r.Sources)

	text = read(t, "cyclonedx.json")
	got, r = apply(change(), options(text), parse(text))
	said := said.Add(24 * time.Hour)
	want.Suppressions = []release.Suppression{{Document: release.DigestOf([]byte(text)), Author: signer, ID: "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79/2",
		Justification: "code_not_reachable", At: said, Expires: said.Add(vex.DefaultMaxAge)}}
	require.Equal(t, want, got)
	require.Equal(t, "cyclonedx/1.6", r.Sources[0].Format)
}

// Nothing is deleted, lowered or changed, whatever is said.
func TestApplyTakesNothingAway(t *testing.T) {
	t.Parallel()
	text := read(t, "openvex.json")
	old := release.Suppression{Author: "who was there before"}
	full := change()
	full.Suppressions = []release.Suppression{old}
	full.Severity, full.Likelihood, full.Exploited = release.Score{Known: true, Value: 9.8}, release.Score{Known: true, Value: .9}, release.AnswerYes
	cs := release.ChangeSet{
		Advisories: []release.AdvisoryChange{full, full},
		Coverage:   map[release.Kind]release.Coverage{release.KindAdvisory: release.CoverageComplete},
	}
	kept := cs
	vex.Apply(&cs, parse(text), options(text), now)
	require.Equal(t, []release.AdvisoryChange{full, full}, kept.Advisories, "a copy does not change")
	require.Len(t, cs.Advisories, 2)
	for i := range cs.Advisories {
		require.Len(t, cs.Advisories[i].Suppressions, 2)
		require.Equal(t, old, cs.Advisories[i].Suppressions[0])
		cs.Advisories[i].Suppressions = full.Suppressions
	}
	require.Equal(t, kept, cs)

	// Once more changes nothing.
	vex.Apply(&cs, parse(text), options(text), now)
	once := slices.Clone(cs.Advisories)
	require.Zero(t, vex.Apply(&cs, parse(text, text), options(text), now).Added)
	require.Equal(t, once, cs.Advisories)
}

func TestTaken(t *testing.T) {
	t.Parallel()
	open, cdx := read(t, "openvex.json"), read(t, "cyclonedx.json")
	sum := `"hashes": {"sha-256": "` + image.Hex() + `"}, `
	for _, c := range []struct {
		name   string
		text   string
		change func(a *release.AdvisoryChange)
		o      func(o *vex.Options)
	}{
		{"openvex", open, nil, nil},
		{"cyclonedx", cdx, nil, nil},
		{"trap T7, aliases: CVE by GHSA", open, func(a *release.AdvisoryChange) { a.ID, a.Aliases = "GHSA-aaaa-bbbb-cccc", nil }, nil},
		{"trap T7, aliases: GHSA in other letters", open, func(a *release.AdvisoryChange) { a.ID = "ghsa-AAAA-bbbb-cccc" }, nil},
		{"trap T7, aliases: GO by CVE", open, func(a *release.AdvisoryChange) { a.ID, a.Aliases = "GO-2026-1", []string{"CVE-2026-1111"} }, nil},
		{"trap T7, aliases: GO by GHSA, in cyclonedx", cdx, func(a *release.AdvisoryChange) { a.ID, a.Aliases = "GO-2026-1", []string{"GHSA-aaaa-bbbb-cccc"} }, nil},
		{"all of several CVEs", edit(t, open, `["GHSA-aaaa-bbbb-cccc"]`, `["CVE-2026-1112"]`), func(a *release.AdvisoryChange) {
			a.ID, a.Aliases = "GO-2026-1", []string{"CVE-2026-1111", "CVE-2026-1112"}
		}, nil},
		{"several CVEs by the advisory's own name", edit(t, open, "CVE-2026-1111", "GO-2026-1"), func(a *release.AdvisoryChange) {
			a.ID, a.Aliases = "GO-2026-1", []string{"CVE-2026-1111", "CVE-2026-1112"}
		}, nil},
		{"carried", open, func(a *release.AdvisoryChange) { a.Effect, a.Before = release.EffectCarried, []string{"1.0.0"} }, nil},
		{"unknown effect", open, func(a *release.AdvisoryChange) { a.Effect = release.EffectUnknown }, nil},
		{"purl in another form", edit(t, open, "pkg:npm/left-pad@1.3.0", "pkg:NPM/left-pad@1.3.0"), nil, nil},
		{"purl among the identifiers", edit(t, open, `{ "@id": "pkg:npm/left-pad@1.3.0" }`, `{ "@id": "https://x.example/1", "identifiers": {"purl": "pkg:npm/left-pad@1.3.0", "cpe23": "cpe:2.3:a"} }`), nil, nil},
		{"hash of the product", edit(t, open, `"@id": "pkg:oci/shop@1.4.0",`, sum), nil, nil},
		{"hash and purl of the product", edit(t, open, `"@id": "pkg:oci/shop@1.4.0",`, sum+`"@id": "pkg:oci/shop@1.4.0",`), nil, nil},
		{"hash where we have no other name", edit(t, open, `"@id": "pkg:oci/shop@1.4.0",`, sum+`"@id": "pkg:oci/shop@1.4.0",`), nil, func(o *vex.Options) { o.Products[0].PURLs = nil }},
		{"hash of the component is not compared", edit(t, open, `{ "@id": "pkg:npm/left-pad@1.3.0" }`, `{ "@id": "pkg:npm/left-pad@1.3.0", "hashes": {"sha-512": "00"} }`), nil, nil},
		{"one of several components", edit(t, open, `{ "@id": "pkg:npm/left-pad@1.3.0" }`, `{ "@id": "pkg:npm/other@1.0.0" }, { "@id": "pkg:npm/left-pad@1.3.0" }`), nil, nil},
		{"all affected versions", edit(t, open, `{ "@id": "pkg:npm/left-pad@1.3.0" }`, `{ "@id": "pkg:npm/left-pad@1.2.0" }, { "@id": "pkg:npm/left-pad@1.3.0" }`),
			func(a *release.AdvisoryChange) { a.After = []string{"1.2.0", "1.3.0"} }, nil},
		{"loose: component without a version", edit(t, open, "left-pad@1.3.0", "left-pad"), nil, func(o *vex.Options) { o.AnyVersionLoose = true }},
		{"loose: product without a version", edit(t, open, "shop@1.4.0", "shop"), nil, func(o *vex.Options) { o.AnyVersionLoose = true }},
		{"unsafe: the claimed author", open, nil, func(o *vex.Options) {
			o.Verified, o.Trusted, o.ClaimedAuthorsUnsafe = nil, []string{"Shop Security <security@shop.example>"}, true
		}},
		{"on its last second", open, nil, func(o *vex.Options) { o.MaxAge = now.Sub(said) + time.Second }},
		{"an earlier word otherwise", edit(t, open, `"statements": [`, `"statements": [`+otherwise("affected", "2026-10-20T07:59:59Z", "")+`,`), nil, nil},
		{"a later word about another version of the product", edit(t, open, `"statements": [`, `"statements": [`+
			edit(t, otherwise("affected", "2026-10-21T08:00:00Z", ""), "shop@1.4.0", "shop@1.5.0")+`,`), nil, nil},
		{"a later word about another component", edit(t, open, `"statements": [`, `"statements": [`+
			edit(t, otherwise("affected", "2026-10-21T08:00:00Z", "pkg:npm/left-pad@1.3.0"), "left-pad", "right-pad")+`,`), nil, nil},
		{"a later word about another version of the component", edit(t, open, `"statements": [`, `"statements": [`+
			edit(t, otherwise("affected", "2026-10-21T08:00:00Z", "pkg:npm/left-pad@1.3.0"), "1.3.0", "1.2.0")+`,`), nil, nil},
		{"cyclonedx: a component of a component", edit(t, cdx, `"ref": "left-pad"`, `"ref": "inner"`), func(a *release.AdvisoryChange) { a.Package, a.After = "pkg:npm/inner", []string{"2.0.0"} }, nil},
		{"cyclonedx: a version said to be unaffected", edit(t, cdx, `"ref": "left-pad" `, `"ref": "left-pad", "versions": [{"version": "1.3.0", "status": "unaffected"}]`), nil, nil},
		{"cyclonedx: another version is affected", edit(t, cdx, `"ref": "left-pad" `, `"ref": "left-pad", "versions": [{"version": "1.2.0"}, {"version": "1.3.0", "status": "unaffected"}]`), nil, nil},
		{"cyclonedx: another component is affected", edit(t, cdx, `{ "ref": "left-pad" }`, `{ "ref": "left-pad" }, { "ref": "inner", "versions": [{"version": "1.3.0"}] }`), nil, nil},
		{"cyclonedx: the version beside the purl", edit(t, cdx, "left-pad@1.3.0", "left-pad"), nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, o := change(), options(c.text)
			if c.change != nil {
				c.change(&a)
			}
			if c.o != nil {
				c.o(&o)
			}
			got, r := apply(a, o, parse(c.text))
			require.Len(t, got.Suppressions, 1, "%s %v", reasons(r), r.Ignored)
			require.Empty(t, r.Gaps)
		})
	}
}

// otherwise is an OpenVEX statement with another status about the same product.
func otherwise(status, at, component string) string {
	if at != "" {
		at = `"timestamp": "` + at + `", `
	}
	below := ""
	if component != "" {
		below = `, "subcomponents": [{ "@id": "` + component + `" }]`
	}
	return `{"vulnerability": {"name": "CVE-2026-1111"}, ` + at + `"products": [{"@id": "pkg:oci/shop@1.4.0"` + below + `}], "status": "` + status + `"}`
}

// Trap T7, and everything else that must not suppress.
func TestT7Refused(t *testing.T) {
	t.Parallel()
	open, cdx := read(t, "openvex.json"), read(t, "cyclonedx.json")
	before := func(statement string) string {
		return edit(t, open, `"statements": [`, `"statements": [`+statement+`,`)
	}
	wrong := release.DigestOf([]byte("another image")).Hex()
	for _, c := range []struct {
		name   string
		text   string
		change func(a *release.AdvisoryChange)
		o      func(o *vex.Options)
		want   string
	}{
		{"empty list of components", edit(t, open, `[{ "@id": "pkg:npm/left-pad@1.3.0" }]`, "[]"), nil, nil, "component"},
		{"no list of components", edit(t, open, `,
          "subcomponents": [{ "@id": "pkg:npm/left-pad@1.3.0" }]`, ""), nil, nil, "component"},
		{"an empty component", edit(t, open, `{ "@id": "pkg:npm/left-pad@1.3.0" }`, "{}"), nil, nil, "component"},
		{"a component by a link", edit(t, open, "pkg:npm/left-pad@1.3.0", "https://npm.example/left-pad"), nil, nil, "component"},
		{"a component by CPE", edit(t, open, `{ "@id": "pkg:npm/left-pad@1.3.0" }`, `{ "identifiers": {"cpe23": "cpe:2.3:a:left:pad"} }`), nil, nil, "component"},
		{"a component by hash", edit(t, open, `{ "@id": "pkg:npm/left-pad@1.3.0" }`, `{ "hashes": {"sha-256": "`+wrong+`"} }`), nil, nil, "component"},
		{"another component", edit(t, open, "left-pad", "right-pad"), nil, nil, "component"},
		{"a component of the same name in another ecosystem", edit(t, open, "pkg:npm/left-pad", "pkg:pypi/left-pad"), nil, nil, "component"},
		{"a component of the same name in another namespace", edit(t, open, "pkg:npm/left-pad", "pkg:npm/%40evil/left-pad"), nil, nil, "component"},
		{"a component in one build", edit(t, open, "left-pad@1.3.0", "left-pad@1.3.0?arch=arm"), nil, nil, "component"},
		{"a part of the component", edit(t, open, "left-pad@1.3.0", "left-pad@1.3.0#lib"), nil, nil, "component"},
		{"a component with two names, one of which is another", edit(t, open, `{ "@id": "pkg:npm/left-pad@1.3.0" }`,
			`{ "@id": "pkg:npm/right-pad@1.3.0", "identifiers": {"purl": "pkg:npm/left-pad@1.3.0"} }`), nil, nil, "component"},
		{"a component with a purl that is none", edit(t, open, `{ "@id": "pkg:npm/left-pad@1.3.0" }`,
			`{ "@id": "pkg:npm/left-pad@1.3.0", "identifiers": {"purl": "pkg:npm"} }`), nil, nil, "component"},
		{"component without a version", edit(t, open, "left-pad@1.3.0", "left-pad"), nil, nil, "version"},
		{"component in another version", edit(t, open, "left-pad@1.3.0", "left-pad@1.2.0"), nil, nil, "version"},
		{"component in a version that begins alike", edit(t, open, "left-pad@1.3.0", "left-pad@1.3"), nil, nil, "version"},
		{"component in another version, loosely", edit(t, open, "left-pad@1.3.0", "left-pad@1.2.0"), nil, func(o *vex.Options) { o.AnyVersionLoose = true }, "version"},
		{"one of two affected versions", open, func(a *release.AdvisoryChange) { a.After = []string{"1.2.0", "1.3.0"} }, nil, "partial"},
		{"nobody knows the affected versions", open, func(a *release.AdvisoryChange) { a.Effect, a.After = release.EffectUnknown, nil }, nil, "version"},
		{"the component is the product", edit(t, open, "pkg:oci/shop@1.4.0", "pkg:npm/left-pad@1.3.0"), nil, nil, "product"},
		{"no product", edit(t, open, `"products"`, `"goods"`), nil, nil, "product"},
		{"an empty list of products", edit(t, cdx, `{ "ref": "left-pad" }`, ""), nil, nil, "product"},
		{"another product", edit(t, open, "oci/shop", "oci/till"), nil, nil, "product"},
		{"an older product", edit(t, open, "shop@1.4.0", "shop@1.3.0"), nil, nil, "product"},
		{"product without a version", edit(t, open, "shop@1.4.0", "shop"), nil, nil, "product"},
		{"product without a version on both sides", edit(t, open, "shop@1.4.0", "shop"), nil, func(o *vex.Options) { o.Products[0].PURLs[0] = "pkg:oci/shop"; o.AnyVersionLoose = true }, "product"},
		{"product in one build", edit(t, open, "shop@1.4.0", "shop@1.4.0?arch=arm"), nil, nil, "product"},
		{"product by a link", edit(t, open, "pkg:oci/shop@1.4.0", "https://shop.example"), nil, nil, "product"},
		{"product of another content", edit(t, open, `"@id": "pkg:oci/shop@1.4.0",`, `"@id": "pkg:oci/shop@1.4.0", "hashes": {"sha-256": "`+wrong+`"},`), nil, nil, "product"},
		{"product of a content that we do not know", edit(t, open, `"@id": "pkg:oci/shop@1.4.0",`, `"@id": "pkg:oci/shop@1.4.0", "hashes": {"sha-256": "`+wrong+`"},`), nil,
			func(o *vex.Options) { o.Products[0].Digest = release.Digest{} }, "product"},
		{"product with a hash of another kind", edit(t, open, `"@id": "pkg:oci/shop@1.4.0",`, `"@id": "pkg:oci/shop@1.4.0", "hashes": {"sha-512": "00"},`), nil, nil, "product"},
		{"product with a hash of zeros", edit(t, open, `"@id": "pkg:oci/shop@1.4.0",`, `"hashes": {"sha-256": "`+strings.Repeat("0", 64)+`"},`), nil,
			func(o *vex.Options) { o.Products[0].Digest = release.Digest{} }, "product"},
		{"no products of ours", open, nil, func(o *vex.Options) { o.Products = nil }, "product"},
		{"a product of ours without a name", open, nil, func(o *vex.Options) { o.Products = []vex.Product{{}} }, "product"},
		{"one of two products", open, nil, func(o *vex.Options) {
			o.Products = append(o.Products, vex.Product{PURLs: []release.PURL{"pkg:oci/till@1.0.0"}})
		}, "partial"},
		{"aliases: one of two CVEs", open, func(a *release.AdvisoryChange) {
			a.ID, a.Aliases = "GO-2026-1", []string{"CVE-2026-1111", "CVE-2026-1112"}
		}, nil, "advisory"},
		{"aliases: one of two CVEs, the ID", open, func(a *release.AdvisoryChange) { a.Aliases = []string{"CVE-2026-1112"} }, nil, "advisory"},
		{"aliases: one of two GHSAs", open, func(a *release.AdvisoryChange) {
			a.ID, a.Aliases = "GO-2026-1", []string{"GHSA-aaaa-bbbb-cccc", "GHSA-dddd-eeee-ffff"}
		}, nil, "advisory"},
		{"aliases: another advisory", open, func(a *release.AdvisoryChange) { a.ID = "CVE-2026-11111" }, nil, ""},
		{"aliases: no name", edit(t, open, "CVE-2026-1111", "", "GHSA-aaaa-bbbb-cccc", ""), func(a *release.AdvisoryChange) { a.ID = "" }, nil, ""},
		{"expired", open, nil, func(o *vex.Options) { o.MaxAge = now.Sub(said) }, "expired"},
		{"expired by default", edit(t, open, "2026-10-20T08:00:00Z", "2026-07-20T08:00:00Z"), nil, nil, "expired"},
		{"expired, in a document that was updated", edit(t, open, `"timestamp": "2026-10-20T08:00:00Z"`, `"timestamp": "2020-10-20T08:00:00Z", "last_updated": "2026-10-20T08:00:00Z"`), nil, nil, "expired"},
		{"a negative age", open, nil, func(o *vex.Options) { o.MaxAge = -time.Hour }, "expired"},
		{"not said yet", edit(t, open, "2026-10-20T08:00:00Z", "2026-11-01T00:00:01Z"), nil, nil, "future"},
		{"in a document that is not there yet", edit(t, open, `"status": "not_affected"`, `"status": "not_affected", "timestamp": "2026-10-01T00:00:00Z"`, "2026-10-20T08:00:00Z", "2026-11-02T00:00:00Z"), nil, nil, "future"},
		{"no time", edit(t, open, `"timestamp"`, `"time"`), nil, nil, "no-time"},
		{"a time that is none", edit(t, open, "2026-10-20T08:00:00Z", "last week"), nil, nil, "unread"},
		{"nobody trusted", open, nil, func(o *vex.Options) { o.Trusted = nil }, "untrusted"},
		{"signed by somebody else", open, nil, func(o *vex.Options) { o.Trusted = []string{"key:sha256:else"} }, "untrusted"},
		{"not signed", open, nil, func(o *vex.Options) { o.Verified = nil }, "untrusted"},
		{"another document signed", open, nil, func(o *vex.Options) {
			o.Verified = map[release.Digest]string{release.DigestOf([]byte(open + " ")): signer}
		}, "untrusted"},
		{"signed by nobody", open, nil, func(o *vex.Options) { o.Verified[release.DigestOf([]byte(open))] = ""; o.Trusted = []string{""} }, "untrusted"},
		{"the claimed author is trusted, and nobody signed", open, nil, func(o *vex.Options) { o.Verified, o.Trusted = nil, []string{"Shop Security <security@shop.example>"} }, "untrusted"},
		{"the claimed author is the trusted signer's name", edit(t, open, "Shop Security <security@shop.example>", signer), nil, func(o *vex.Options) { o.Verified = nil }, "untrusted"},
		{"unsafe: somebody else signed it", open, nil, func(o *vex.Options) {
			o.Verified[release.DigestOf([]byte(open))] = "key:sha256:else"
			o.Trusted, o.ClaimedAuthorsUnsafe = []string{"Shop Security <security@shop.example>"}, true
		}, "untrusted"},
		{"unsafe: no author", edit(t, open, `"author"`, `"writer"`), nil, func(o *vex.Options) { o.Verified, o.Trusted, o.ClaimedAuthorsUnsafe = nil, []string{""}, true }, "untrusted"},
		{"unsafe: another author", open, nil, func(o *vex.Options) { o.Verified, o.ClaimedAuthorsUnsafe = nil, true }, "untrusted"},
		{"no justification", edit(t, open, `"justification": "vulnerable_code_not_in_execute_path",`, ""), nil, nil, "no-justification"},
		{"a justification of its own", edit(t, open, "vulnerable_code_not_in_execute_path", "we_are_safe"), nil, nil, "no-justification"},
		{"a justification in capitals", edit(t, open, "vulnerable_code_not_in_execute_path", "VULNERABLE_CODE_NOT_PRESENT"), nil, nil, "no-justification"},
		{"a justification of the other format", edit(t, open, "vulnerable_code_not_in_execute_path", "code_not_reachable"), nil, nil, "no-justification"},
		{"cyclonedx: no justification", edit(t, cdx, `"justification": "code_not_reachable",`, ""), nil, nil, "no-justification"},
		{"cyclonedx: a justification of the other format", edit(t, cdx, "code_not_reachable", "vulnerable_code_not_present"), nil, nil, "no-justification"},
		{"fixed in this version", edit(t, open, "not_affected", "fixed"), nil, nil, "status"},
		{"fixed in an older version", edit(t, open, "not_affected", "fixed", "1.3.0", "1.2.0"), nil, nil, "status"},
		{"affected", edit(t, open, "not_affected", "affected"), nil, nil, "status"},
		{"under investigation", edit(t, open, "not_affected", "under_investigation"), nil, nil, "status"},
		{"a status that there is not", edit(t, open, "not_affected", "harmless"), nil, nil, "status"},
		{"a status in capitals", edit(t, open, `"not_affected"`, `"NOT_AFFECTED"`), nil, nil, "status"},
		{"cyclonedx: false positive", edit(t, cdx, "not_affected", "false_positive"), nil, nil, "status"},
		{"cyclonedx: resolved", edit(t, cdx, "not_affected", "resolved"), nil, nil, "status"},
		{"cyclonedx: exploitable", edit(t, cdx, "not_affected", "exploitable"), nil, nil, "status"},
		{"cyclonedx: no analysis", edit(t, cdx, `"analysis"`, `"opinion"`), nil, nil, ""},
		{"cyclonedx: the product as a whole", edit(t, cdx, `"ref": "left-pad"`, `"ref": "shop"`), nil, nil, "component"},
		{"cyclonedx: a link into another document", edit(t, cdx, `"ref": "left-pad"`, `"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#left-pad"`), nil, nil, "product"},
		{"cyclonedx: a reference to nothing", edit(t, cdx, `"ref": "left-pad"`, `"ref": "left-pat"`), nil, nil, "component"},
		{"cyclonedx: a reference that two share", edit(t, cdx, `"bom-ref": "inner"`, `"bom-ref": "left-pad"`), nil, nil, "component"},
		{"cyclonedx: no product", edit(t, cdx, `"component": {`, `"tool": {`), nil, nil, "product"},
		{"cyclonedx: a product without a purl", edit(t, cdx, `, "purl": "pkg:oci/shop@1.4.0"`, ""), nil, nil, "product"},
		{"cyclonedx: a version without a status is affected", edit(t, cdx, `"ref": "left-pad" `, `"ref": "left-pad", "versions": [{"version": "1.3.0"}]`), nil, nil, "component"},
		{"cyclonedx: a version that is affected", edit(t, cdx, `"ref": "left-pad" `, `"ref": "left-pad", "versions": [{"version": "1.3.0", "status": "affected"}]`), nil, nil, "component"},
		{"cyclonedx: another version is unaffected", edit(t, cdx, `"ref": "left-pad" `, `"ref": "left-pad", "versions": [{"version": "1.2.0", "status": "unaffected"}]`), nil, nil, "version"},
		{"cyclonedx: a range", edit(t, cdx, `"ref": "left-pad" `, `"ref": "left-pad", "versions": [{"range": "vers:npm/*", "status": "unaffected"}]`), nil, nil, "component"},
		{"unread: another statement of the document", before(`{"vulnerability": {}, "status": "affected"}`), nil, nil, "unread"},
		{"later: affected, under a name that the statement itself gives", before(edit(t, otherwise("affected", "2026-10-21T00:00:00Z", ""), "CVE-2026-1111", "GHSA-aaaa-bbbb-cccc")), nil, nil, "overruled"},
		{"later: affected, under a name of what the advisory comes from", before(edit(t, otherwise("affected", "2026-10-21T00:00:00Z", ""), "CVE-2026-1111", "CVE-2026-7777")),
			func(a *release.AdvisoryChange) { a.Upstream = []string{"CVE-2026-7777"} }, nil, "overruled"},
		{"later: affected, the component's version as Go does not write it", edit(t, before(otherwise("affected", "2026-10-21T00:00:00Z", "pkg:golang/a.io/x@2.0.0")), "pkg:npm/left-pad@1.3.0", "pkg:golang/a.io/x@v2.0.0%2Bincompatible"),
			func(a *release.AdvisoryChange) {
				a.Package, a.After = "pkg:golang/a.io/x", []string{"v2.0.0+incompatible"}
			}, nil, "status overruled"},
		{"the component below another product that nobody can compare", edit(t, open, `"subcomponents": [{ "@id": "pkg:npm/left-pad@1.3.0" }]`,
			`"subcomponents": [{ "@id": "pkg:npm/right-pad@1.3.0" }]}, {"@id": "https://shop.example", "subcomponents": [{ "@id": "pkg:npm/left-pad@1.3.0" }]`), nil, nil, "component"},
		{"later: affected, the component's version in another form", before(otherwise("affected", "2026-10-21T00:00:00Z", "pkg:npm/left-pad@v1.3.0")), nil, nil, "status overruled"},
		{"later: affected, the component's version without zeros", before(otherwise("affected", "2026-10-21T00:00:00Z", "pkg:npm/left-pad@1.3")), nil, nil, "status overruled"},
		{"later: affected, the component's version with an epoch", before(otherwise("affected", "2026-10-21T00:00:00Z", "pkg:npm/left-pad@0:1.3.0")), nil, nil, "status overruled"},
		{"later: affected, the product's version in another form", before(edit(t, otherwise("affected", "2026-10-21T00:00:00Z", ""), "shop@1.4.0", "shop@V1.4.0")), nil, nil, "status overruled"},
		{"later: affected, the product by its content in a purl", before(edit(t, otherwise("affected", "2026-10-21T00:00:00Z", ""), "shop@1.4.0", "shop@sha256%3A"+image.Hex())), nil, nil, "status overruled"},
		{"cyclonedx: a version that is unaffected and affected", edit(t, cdx, `"ref": "left-pad" `, `"ref": "left-pad", "versions": [{"version": "1.3.0", "status": "unaffected"}, {"version": "1.3.0", "status": "affected"}]`), nil, nil, "component"},
		{"cyclonedx: an unaffected version in a range that is affected", edit(t, cdx, `"ref": "left-pad" `, `"ref": "left-pad", "versions": [{"range": "vers:npm/*", "status": "affected"}, {"version": "1.3.0", "status": "unaffected"}]`), nil, nil, "component"},
		{"cyclonedx: an unaffected version, and all of which nobody knows", edit(t, cdx, `"ref": "left-pad" `, `"ref": "left-pad", "versions": [{"version": "1.3.0", "status": "unaffected"}, {"range": "vers:npm/*", "status": "unknown"}]`), nil, nil, "component"},
		{"cyclonedx: a version that is affected by another entry", edit(t, cdx, `{ "ref": "left-pad" }`, `{ "ref": "left-pad" }, { "ref": "left-pad", "versions": [{"version": "1.3.0"}] }`), nil, nil, "component"},
		{"later: affected", before(otherwise("affected", "2026-10-21T00:00:00Z", "pkg:npm/left-pad@1.3.0")), nil, nil, "status overruled"},
		{"later: under investigation", before(otherwise("under_investigation", "2026-10-21T00:00:00Z", "pkg:npm/left-pad@1.3.0")), nil, nil, "status overruled"},
		{"later: fixed", before(otherwise("fixed", "2026-10-21T00:00:00Z", "pkg:npm/left-pad@1.3.0")), nil, nil, "status overruled"},
		{"later: the product as a whole", before(otherwise("affected", "2026-10-21T00:00:00Z", "")), nil, nil, "status overruled"},
		{"later: the component without a version", before(otherwise("affected", "2026-10-21T00:00:00Z", "pkg:npm/left-pad")), nil, nil, "status overruled"},
		{"later: the component in one build", before(otherwise("affected", "2026-10-21T00:00:00Z", "pkg:npm/left-pad@1.3.0?arch=arm")), nil, nil, "status overruled"},
		{"later: the component by a link", before(otherwise("affected", "2026-10-21T00:00:00Z", "https://x.example")), nil, nil, "status overruled"},
		{"later: a product without a version", before(edit(t, otherwise("affected", "2026-10-21T00:00:00Z", ""), "shop@1.4.0", "shop")), nil, nil, "status overruled"},
		{"later: a product by a link", before(edit(t, otherwise("affected", "2026-10-21T00:00:00Z", ""), "pkg:oci/shop@1.4.0", "https://shop.example")), nil, nil, "status overruled"},
		{"later: no product", before(edit(t, otherwise("affected", "2026-10-21T00:00:00Z", ""), `"products"`, `"goods"`)), nil, nil, "status overruled"},
		{"later: said tomorrow", before(otherwise("affected", "2026-11-02T00:00:00Z", "")), nil, nil, "status overruled"},
		{"at the same time: the worse", before(otherwise("affected", "2026-10-20T08:00:00Z", "")), nil, nil, "status overruled"},
		{"at the same time in another zone", before(otherwise("affected", "2026-10-20T10:00:00+02:00", "")), nil, nil, "status overruled"},
		{"at the document's time", before(otherwise("affected", "", "")), nil, nil, "status overruled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, o := change(), options(c.text)
			if c.change != nil {
				c.change(&a)
			}
			if c.o != nil {
				c.o(&o)
			}
			got, r := apply(a, o, parse(c.text))
			require.Equal(t, a, got, "nothing is suppressed")
			require.Zero(t, r.Added)
			require.Equal(t, c.want, reasons(r), "%v", r.Ignored)
		})
	}
}

// Who says otherwise needs no trust, and the order of documents has no bearing.
func TestOtherwiseInAnotherDocument(t *testing.T) {
	t.Parallel()
	open := read(t, "openvex.json")
	wrap := func(statement string) string {
		return `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "anybody", "timestamp": "2026-10-25T00:00:00Z", "version": 1, "statements": [` + statement + `]}`
	}
	undated := edit(t, wrap(otherwise("affected", "", "")), `"timestamp"`, `"when"`)
	cdx := edit(t, read(t, "cyclonedx.json"), "not_affected", "exploitable")
	for name, text := range map[string]string{"openvex": wrap(otherwise("affected", "", "")), "no time": undated, "cyclonedx": cdx,
		"cyclonedx, other versions too": edit(t, cdx, `"ref": "left-pad" `, `"ref": "left-pad", "versions": [{"range": "vers:npm/*"}]`)} {
		for _, texts := range [][]string{{open, text}, {text, open}} {
			got, r := apply(change(), options(open), parse(texts...))
			require.Empty(t, got.Suppressions, name)
			require.Contains(t, reasons(r), "overruled", name)
		}
	}
	// A later word of who is not trusted that all is well has no effect either way.
	got, _ := apply(change(), options(open), parse(open, edit(t, open, "2026-10-20", "2026-10-30")))
	require.Len(t, got.Suppressions, 1)
	require.Equal(t, said, got.Suppressions[0].At)
	// The trusted author's second thought after somebody's doubt counts again.
	second := edit(t, open, "2026-10-20T08", "2026-10-26T08")
	got, _ = apply(change(), options(open, second), parse(open, wrap(otherwise("under_investigation", "", "")), second))
	require.Len(t, got.Suppressions, 1)
	require.Equal(t, release.DigestOf([]byte(second)), got.Suppressions[0].Document)
}

// A later version of a document takes the place of an earlier one, also where it leaves
// a statement out: a document that was signed once can be shown for ever.
func TestSuperseded(t *testing.T) {
	t.Parallel()
	open, cdx := read(t, "openvex.json"), read(t, "cyclonedx.json")
	statement := `{"vulnerability": {"name": "CVE-2026-9999"}, "products": [{"@id": "pkg:oci/shop@1.4.0"}], "status": "fixed"}`
	openLater := open[:strings.Index(open, `"statements"`)] + `"statements": [` + statement + "]}"
	openLater = edit(t, openLater, `"version": 1`, `"version": 2`)
	cdxLater := edit(t, cdx, `"version": 2`, `"version": 3`, "CVE-2026-1111", "CVE-2026-9999", "GHSA-aaaa-bbbb-cccc", "GHSA-xxxx-yyyy-zzzz")
	for _, c := range []struct {
		name, first, later string
		trusted            bool
		want               string
	}{
		{"openvex", open, openLater, true, "superseded"},
		{"openvex, somebody's", open, openLater, false, "taken"},
		{"openvex, of another name", open, edit(t, openLater, "2026-17", "2026-18"), true, "taken"},
		{"openvex, of the same version", open, edit(t, openLater, `"version": 2`, `"version": 1`), true, "taken"},
		{"openvex, an earlier version", edit(t, open, `"version": 1`, `"version": 3`), openLater, true, "taken"},
		{"openvex, that has no name", edit(t, open, `"@id": "https://shop.example/vex/2026-17"`, `"@id": ""`), edit(t, openLater, `"@id": "https://shop.example/vex/2026-17"`, `"@id": ""`), true, "taken"},
		{"cyclonedx", cdx, cdxLater, true, "superseded"},
		{"cyclonedx, somebody's", cdx, cdxLater, false, "taken"},
		{"cyclonedx, the first version", strings.Replace(cdx, `"version": 2,`, "", 1), edit(t, cdxLater, `"version": 3`, `"version": 2`), true, "superseded"},
		{"cyclonedx, of another serial number", cdx, edit(t, cdxLater, "3e671687", "3e671688"), true, "taken"},
	} {
		for _, texts := range [][]string{{c.first, c.later}, {c.later, c.first}} {
			o := options(texts...)
			if !c.trusted {
				delete(o.Verified, release.DigestOf([]byte(c.later)))
			}
			_, r := apply(change(), o, parse(texts...))
			require.Equal(t, c.want, reasons(r), c.name)
		}
	}
	d := vex.Parse("v", []byte(edit(t, open, `"version": 1`, `"version": "one"`)))
	require.Equal(t, release.CoveragePartial, d.Coverage)
	require.Equal(t, "v#/version", d.Gaps[0].Subject)
}

// Several statements may cover together what none covers alone; then they end
// together, or what is left would seem to cover all.
func TestCoverTogether(t *testing.T) {
	t.Parallel()
	open := read(t, "openvex.json")
	other := edit(t, open, "left-pad@1.3.0", "left-pad@1.2.0", "2026-10-20", "2026-10-10")
	a := change()
	a.After = []string{"1.2.0", "1.3.0"}
	var ends [][]release.Suppression
	for _, texts := range [][]string{{open, other}, {other, open}} {
		got, r := apply(a, options(texts...), parse(texts...))
		require.Equal(t, 2, r.Added)
		for _, s := range got.Suppressions {
			require.Equal(t, said.Add(-10*24*time.Hour+vex.DefaultMaxAge), s.Expires)
		}
		ends = append(ends, got.Suppressions)
	}
	require.Equal(t, ends[0], ends[1], "in whatever order")

	products := []vex.Product{{PURLs: []release.PURL{"pkg:oci/shop@1.4.0"}}, {PURLs: []release.PURL{"pkg:oci/till@2.0.0"}}}
	till := edit(t, open, "pkg:oci/shop@1.4.0", "pkg:oci/till@2.0.0")
	o := options(open, till)
	o.Products = products
	got, _ := apply(change(), o, parse(open, till))
	require.Len(t, got.Suppressions, 2)
	got, r := apply(change(), o, parse(open, edit(t, till, "left-pad", "right-pad")))
	require.Empty(t, got.Suppressions)
	require.Contains(t, reasons(r), "partial")
}

// What the release fixes has nothing to suppress.
func TestFixedIsPassedOver(t *testing.T) {
	t.Parallel()
	open := read(t, "openvex.json")
	a := change()
	a.Effect, a.Before, a.After = release.EffectFixed, []string{"1.3.0"}, nil
	got, r := apply(a, options(open), parse(open))
	require.Equal(t, a, got)
	require.Empty(t, r.Ignored)
}

func TestIgnoredIsBounded(t *testing.T) {
	t.Parallel()
	statement := otherwise("affected", "", "")
	text := edit(t, read(t, "openvex.json"), `"statements": [`, `"statements": [`+strings.Repeat(statement+",", 1500))
	_, r := apply(change(), options(text), parse(text))
	require.Len(t, r.Ignored, vex.MaxIgnored)
	require.Equal(t, 501, r.More)
	require.Equal(t, vex.Ignored{Advisory: "CVE-2026-1111", Package: "pkg:npm/left-pad", Path: "vex0.json", Document: release.DigestOf([]byte(text)),
		Pointer: "/statements/0", Reason: vex.ReasonStatus, Detail: "it says affected"}, r.Ignored[0])
}
