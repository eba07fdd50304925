package sbom_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/sbom"
)

// bom is a CycloneDX document with more members.
func bom(members ...string) string {
	return `{"bomFormat":"CycloneDX","specVersion":"1.6",` + strings.Join(members, ",") + `}`
}

// lib is a CycloneDX component with more members.
func lib(ref, purl string, members ...string) string {
	if purl != "" {
		members = append([]string{fmt.Sprintf(`"purl":%q`, purl)}, members...)
	}
	return fmt.Sprintf(`{"type":"library","name":%q,"bom-ref":%q%s}`, ref, ref, strings.Join(append([]string{""}, members...), ","))
}

// components is the member of that name.
func components(list ...string) string { return `"components":[` + strings.Join(list, ",") + `]` }

// spdx is an SPDX document with more members.
func spdx(members ...string) string {
	return `{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT",` + strings.Join(members, ",") + `}`
}

// pkg is an SPDX package with more members.
func pkg(id, purl string, members ...string) string {
	if purl != "" {
		members = append([]string{fmt.Sprintf(`"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":%q}]`, purl)}, members...)
	}
	return fmt.Sprintf(`{"SPDXID":%q,"name":%q%s}`, id, id, strings.Join(append([]string{""}, members...), ","))
}

func packages(list ...string) string { return `"packages":[` + strings.Join(list, ",") + `]` }

// rel is the member relationships, of "from TYPE to".
func rel(list ...string) string {
	var out []string
	for _, l := range list {
		f := strings.Fields(l)
		out = append(out, fmt.Sprintf(`{"spdxElementId":%q,"relationshipType":%q,"relatedSpdxElement":%q}`, f[0], f[1], f[2]))
	}
	return `"relationships":[` + strings.Join(out, ",") + `]`
}

// needs is the member dependencies, of "ref to to to".
func needs(list ...string) string {
	var out []string
	for _, l := range list {
		f := strings.Fields(l)
		out = append(out, fmt.Sprintf(`{"ref":%q,"dependsOn":["%s"]}`, f[0], strings.Join(f[1:], `","`)))
	}
	return `"dependencies":[` + strings.Join(out, ",") + `]`
}

func root(ref, purl string, members ...string) string {
	return `"metadata":{"component":` + lib(ref, purl, members...) + `}`
}

func read(text string) release.Inventory { return sbom.Read("bom.json", []byte(text)) }

// list is an inventory's components, edges and gaps in short.
func list(inv release.Inventory) (out []string) {
	for _, c := range inv.Components {
		s := fmt.Sprint(c.PURL, " ", c.Relation, " ", c.Scope)
		for _, more := range []string{c.License, c.Origin.String(), c.Integrity} {
			if more != "" {
				s += " " + more
			}
		}
		if !c.Digest.IsZero() {
			s += " " + c.Digest.Short()
		}
		out = append(out, s)
	}
	for _, e := range inv.Edges {
		out = append(out, fmt.Sprint(e.From, " > ", e.To))
	}
	for _, g := range inv.Gaps {
		out = append(out, "gap "+g.String())
	}
	return append(out, inv.Coverage.String())
}

func TestRead(t *testing.T) {
	t.Parallel()
	a, b, c := "pkg:npm/a@1", "pkg:npm/b@1", "pkg:npm/c@1"
	sha256, sha1 := strings.Repeat("ab", 32), strings.Repeat("cd", 20)
	for _, x := range []struct {
		name, text string
		want       []string
	}{
		{"nothing in it", bom(components()), []string{"complete"}},
		{"nested", bom(components(lib("a", a, components(lib("b", b, components(lib("c", c))))))),
			[]string{a + " unknown unknown", b + " unknown unknown", c + " unknown unknown", a + " > " + b, b + " > " + c, "complete"}},
		{"nested below one without package URL", bom(components(lib("a", a, components(lib("x", "", components(lib("c", c))))))),
			[]string{a + " unknown unknown", c + " unknown unknown", a + " > " + c, `gap unreadable bom.json: sbom: line 1: library "x" has no package URL`, "partial"}},
		{"several versions of one package", bom(components(lib("x", "pkg:npm/a@2"), lib("a", a))), []string{a + " unknown unknown", "pkg:npm/a@2 unknown unknown", "complete"}},
		{"one package URL under several references", bom(root("r", ""), components(lib("a", a, `"scope":"excluded"`), lib("a2", a, `"scope":"required"`)), needs("r a2")),
			[]string{a + " direct runtime", "complete"}},
		{"one package URL from two origins", bom(components(lib("a", a, `"externalReferences":[{"type":"distribution","url":"https://x.example/a"}]`), lib("a2", a))),
			[]string{a + " unknown unknown", a + " unknown unknown https://x.example/a", "complete"}},
		{"one package URL with two hashes", bom(components(lib("a", a, `"hashes":[{"alg":"SHA-1","content":"`+sha1+`"}]`), lib("a2", a))),
			[]string{a + " unknown unknown", a + " unknown unknown sha1-" + sha1, "complete"}},
		{"T17 qualifiers stay", bom(components(lib("x", "pkg:deb/debian/a@1?distro=debian-12&arch=amd64"), lib("y", "pkg:deb/debian/a@1?distro=debian-11&arch=amd64"))),
			[]string{"pkg:deb/debian/a@1?arch=amd64&distro=debian-11 unknown unknown", "pkg:deb/debian/a@1?arch=amd64&distro=debian-12 unknown unknown", "complete"}},
		{"T17 golang versions", bom(components(lib("x", "pkg:golang/a.io/x@v0.0.0-20240102030405-abcdefabcdef"), lib("y", "pkg:golang/a.io/y@v2.0.0%2Bincompatible"), lib("z", "pkg:golang/stdlib@1.26.0"))),
			[]string{"pkg:golang/a.io/x@v0.0.0-20240102030405-abcdefabcdef unknown unknown", "pkg:golang/a.io/y@v2.0.0%2Bincompatible unknown unknown", "pkg:golang/stdlib@1.26.0 unknown unknown", "complete"}},
		{"another spelling", bom(components(lib("x", "pkg:PyPI/My_Pkg@1"))), []string{"pkg:pypi/my-pkg@1 unknown unknown", "complete"}},
		{"the version stands beside", bom(components(lib("x", "pkg:npm/a", `"version":"1"`))), []string{a + " unknown unknown", "complete"}},
		{"no version", bom(components(lib("x", "pkg:npm/a"))), []string{"pkg:npm/a unknown unknown", "gap unpinned bom.json: sbom: pkg:npm/a has no version", "complete"}},
		{"a range of versions", bom(components(lib("x", a, `"versionRange":"vers:npm/>=1"`))), []string{a + " unknown unknown", "gap unpinned bom.json: sbom: pkg:npm/a@1 has no version", "complete"}},
		{"ranges for versions", bom(components(lib("x", "pkg:npm/a", `"version":"^1.2.3"`), lib("y", "pkg:npm/b@%3E%3D%201"), lib("z", "pkg:githubactions/actions/checkout@4.%2A.%2A"), lib("w", "pkg:npm/c@~1"), lib("v", "pkg:npm/d@latest"), lib("u", "pkg:deb/debian/e@1~rc1"))),
			[]string{"pkg:deb/debian/e@1~rc1 unknown unknown", "pkg:githubactions/actions/checkout@4.%2A.%2A unknown unknown", "pkg:npm/a@%5E1.2.3 unknown unknown", "pkg:npm/b@%3E%3D%201 unknown unknown", "pkg:npm/c@~1 unknown unknown", "pkg:npm/d@latest unknown unknown",
				"gap unpinned bom.json: sbom: pkg:npm/a@%5E1.2.3 has no version", "gap unpinned bom.json: sbom: pkg:npm/b@%3E%3D%201 has no version", "gap unpinned bom.json: sbom: pkg:githubactions/actions/checkout@4.%2A.%2A has no version",
				"gap unpinned bom.json: sbom: pkg:npm/c@~1 has no version", "gap unpinned bom.json: sbom: pkg:npm/d@latest has no version", "complete"}},
		{"one version is the beginning of the other", bom(components(lib("x", a, `"version":"1.2"`), lib("y", "pkg:npm/b@1.2", `"version":"2"`))),
			[]string{a + " unknown unknown", "pkg:npm/b@1.2 unknown unknown", `gap ambiguous bom.json: sbom: line 1: library "x" 1.2: the package URL is pkg:npm/a@1`, `gap ambiguous bom.json: sbom: line 1: library "y" 2: the package URL is pkg:npm/b@1.2`, "complete"}},
		{"one version with a v", bom(components(lib("x", "pkg:golang/a.io/x@v1.2.0", `"version":"1.2.0"`), lib("y", "pkg:golang/stdlib@1.26", `"version":"go1.26"`))), []string{"pkg:golang/a.io/x@v1.2.0 unknown unknown", "pkg:golang/stdlib@1.26 unknown unknown", "complete"}},
		{"a qualifier with a capital", bom(components(lib("x", "pkg:oci/a@1?mediaType=x"))), []string{"pkg:oci/a@1?mediatype=x unknown unknown", "complete"}},
		{"a query is left out", bom(components(lib("a", a+"?download_url=https%3A%2F%2Fx.example%2Fget%3Fid%3D1"), lib("b", b, `"externalReferences":[{"type":"distribution","url":"https://x.example/get?id=1"}]`), lib("c", c, `"externalReferences":[{"type":"distribution","url":"https://registry.npmjs.org/c?id=1"}]`))),
			[]string{a + "?download_url=https:%2F%2Fx.example%2Fget unknown unknown", b + " unknown unknown https://x.example/get", c + " unknown unknown",
				"gap incomplete bom.json: sbom: 3 components without a hash come from URLs with a query or a fragment, which may be secrets and are left out: a change there is not seen", "complete"}},
		{"a query is left out, and a hash would tell", bom(components(lib("a", a+"?download_url=https%3A%2F%2Fx.example%2Fget%3Fid%3D1", `"hashes":[{"alg":"SHA-256","content":"`+sha256+`"}]`), lib("b", b, `"hashes":[{"alg":"SHA-1","content":"`+sha1+`"}],"externalReferences":[{"type":"distribution","url":"https://x.example/get?id=1"}]`))),
			[]string{a + "?download_url=https:%2F%2Fx.example%2Fget unknown unknown abababababab", b + " unknown unknown https://x.example/get sha1-" + sha1, "complete"}},
		{"fragments of repositories stay", bom(components(lib("a", a, `"externalReferences":[{"type":"distribution","url":"git+https://x.example/a#v1"}]`), lib("b", b, `"externalReferences":[{"type":"distribution","url":"hg+https://x.example/b@1#sub"}]`), lib("c", c, `"externalReferences":[{"type":"distribution","url":"https://x.example/c#1"}]`))),
			[]string{a + " unknown unknown git+https://x.example/a#v1", b + " unknown unknown hg+https://x.example/b@1#sub", c + " unknown unknown https://x.example/c",
				"gap incomplete bom.json: sbom: 1 components without a hash come from URLs with a query or a fragment, which may be secrets and are left out: a change there is not seen", "complete"}},
		{"transitive once and unknown once", bom(root("r", ""), components(lib("a", a), lib("b", b), lib("b2", b)), needs("r a", "a b")), []string{a + " direct unknown", b + " unknown unknown", a + " > " + b, "complete"}},
		{"one reference for three components", bom(root("r", ""), components(lib("x", a), lib("x", b), lib("x", c)), needs("r x")),
			[]string{a + " direct unknown", b + " direct unknown", c + " direct unknown", "gap ambiguous bom.json: sbom: line 1: its reference stands for several components", "gap ambiguous bom.json: sbom: line 1: its reference stands for several components", "partial"}},
		{"a registry that is left again", bom(components(lib("a", a, `"externalReferences":[{"type":"distribution","url":"https://registry.npmjs.org/../x"}]`))), []string{a + " unknown unknown https://registry.npmjs.org/../x", "complete"}},
		{"two versions", bom(components(lib("x", a, `"version":"2"`))), []string{a + " unknown unknown", `gap ambiguous bom.json: sbom: line 1: library "x" 2: the package URL is pkg:npm/a@1`, "complete"}},
		{"an epoch", bom(components(lib("x", "pkg:rpm/fedora/a@2.3-4", `"version":"1:2.3-4"`))), []string{"pkg:rpm/fedora/a@2.3-4 unknown unknown", "complete"}},
		{"no package URL", bom(components(lib("x", ""), lib("a", a))), []string{a + " unknown unknown", `gap unreadable bom.json: sbom: line 1: library "x" has no package URL`, "partial"}},
		{"a package URL that is none", bom(components(lib("x", "npm/a@1"))), []string{`gap unreadable bom.json: sbom: line 1: library "x": sbom: its package URL does not begin with the scheme pkg`, "partial"}},
		{"contents", bom(components(`{"type":"file","name":"x"}`, `{"type":"data","name":"x"}`, `{"type":"file","name":"y"}`, `{"type":"file","name":"z","purl":"pkg:generic/z@1"}`)),
			[]string{"pkg:generic/z@1 unknown unknown", "gap unsupported bom.json: sbom: 1 components of type data have no package URL", "gap unsupported bom.json: sbom: 2 components of type file have no package URL", "complete"}},
		{"an operating system", bom(components(`{"type":"operating-system","name":"debian","version":"12"}`)), []string{`gap unreadable bom.json: sbom: line 1: operating-system "debian" 12 has no package URL`, "partial"}},
		{"no list", bom(`"version":1`), []string{"gap incomplete bom.json: sbom: it has no list of components", "partial"}},
		{"null for a list", bom(`"components":null`), []string{"gap incomplete bom.json: sbom: it has no list of components", "partial"}},

		{"relations", bom(root("r", ""), components(lib("a", a), lib("b", b), lib("c", c)), needs("r a", "a b")), []string{a + " direct unknown", b + " transitive unknown", c + " unknown unknown", a + " > " + b, "complete"}},
		{"direct and needed by others", bom(root("r", ""), components(lib("a", a), lib("b", b)), needs("r a b", "a b")), []string{a + " direct unknown", b + " direct unknown", a + " > " + b, "complete"}},
		{"a circle", bom(root("r", "pkg:npm/r@1"), components(lib("a", a), lib("b", b)), needs("r a", "a b", "b a r b")),
			[]string{a + " direct unknown", b + " transitive unknown", a + " > " + b, b + " > " + a, b + " > pkg:npm/r@1", "pkg:npm/r@1 > " + a, "complete"}},
		{"a part of the root that has no name of its own", bom(root("r", "pkg:npm/r@1"), components(`{"type":"file","name":"package-lock.json","bom-ref":"x"}`, lib("a", a)), needs("r x", "x a")),
			[]string{a + " direct unknown", "pkg:npm/r@1 > " + a, "gap unsupported bom.json: sbom: 1 components of type file have no package URL", "complete"}},
		{"no root", bom(components(lib("a", a), lib("b", b)), needs("a b")), []string{a + " unknown unknown", b + " unknown unknown", a + " > " + b, "complete"}},
		{"a root that does not say", bom(root("r", ""), components(lib("a", a), lib("b", b)), needs("a b")), []string{a + " unknown unknown", b + " unknown unknown", a + " > " + b, "complete"}},
		{"what is within the root", bom(root("r", "", components(lib("a", a))), components(lib("b", b)), needs("a b")), []string{a + " unknown unknown", b + " unknown unknown", a + " > " + b, "complete"}},
		{"dependencies before components", bom(needs("r a", "a b"), components(lib("a", a), lib("b", b)), root("r", "")), []string{a + " direct unknown", b + " transitive unknown", a + " > " + b, "complete"}},
		{"a reference that leads nowhere", bom(components(lib("a", a)), needs("a gone")), []string{a + " unknown unknown", `gap incomplete bom.json: sbom: "gone" is needed or contained and not listed`, "partial"}},
		{"a reference into another document", bom(components(lib("a", a)), needs("a urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#b")), []string{a + " unknown unknown", `gap incomplete bom.json: sbom: "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#b" is needed or contained and not listed`, "partial"}},
		{"with a reference that leads nowhere nothing is surely transitive", bom(root("r", ""), components(lib("a", a), lib("b", b)), needs("r a pkg:npm/b@1", "a b")),
			[]string{a + " direct unknown", b + " unknown unknown", a + " > " + b, `gap incomplete bom.json: sbom: "pkg:npm/b@1" is needed or contained and not listed`, "partial"}},
		{"null for a list of dependencies", bom(components(lib("a", a)), `"dependencies":[{"ref":"a","dependsOn":null}]`), []string{a + " unknown unknown", "complete"}},
		{"a service", bom(components(lib("a", a)), `"services":[{"name":"s","bom-ref":"s","services":[{"bom-ref":"t","name":"t"}]}]`, needs("a s t", "s a")), []string{a + " unknown unknown", "complete"}},
		{"one reference for two components", bom(root("r", ""), components(lib("x", a), lib("x", b)), needs("r x")), []string{a + " direct unknown", b + " direct unknown", "gap ambiguous bom.json: sbom: line 1: its reference stands for several components", "partial"}},
		{"the root listed again", bom(root("r", a), components(lib("r", a), lib("b", b)), needs("r b")), []string{a + " unknown unknown", b + " direct unknown", a + " > " + b, "complete"}},

		{"incomplete", bom(components(lib("a", a)), `"compositions":[{"aggregate":"complete","assemblies":["a"]},{"aggregate":"incomplete"}]`), []string{a + " unknown unknown", `gap incomplete bom.json: sbom: line 1: its composition is "incomplete"`, "partial"}},
		{"an aggregate that nobody knows", bom(components(lib("a", a)), `"compositions":[{"aggregate":"fine","assemblies":["a"]}]`), []string{a + " unknown unknown", `gap incomplete bom.json: sbom: line 1: the composition of 1 components and the dependencies of 0 is "fine"`, "partial"}},
		{"no aggregate", bom(components(lib("a", a)), `"compositions":[{}]`), []string{a + " unknown unknown", `gap incomplete bom.json: sbom: line 1: its composition is ""`, "partial"}},
		{"vulnerabilities are incomplete", bom(components(lib("a", a)), `"compositions":[{"aggregate":"incomplete","vulnerabilities":["v"]},{"aggregate":"complete"}]`), []string{a + " unknown unknown", "complete"}},
		{"with incomplete dependencies nothing is surely transitive", bom(root("r", ""), components(lib("a", a), lib("b", b)), needs("r a", "a b"), `"compositions":[{"aggregate":"unknown","dependencies":["r"]}]`),
			[]string{a + " direct unknown", b + " unknown unknown", a + " > " + b, `gap incomplete bom.json: sbom: line 1: the composition of 0 components and the dependencies of 1 is "unknown"`, "partial"}},

		{"scopes", bom(components(lib("a", a, `"scope":"required"`), lib("b", b, `"scope":"optional"`), lib("c", c, `"scope":"excluded"`), lib("d", "pkg:npm/d@1", `"scope":"never"`))),
			[]string{a + " unknown runtime", b + " unknown optional", c + " unknown development", "pkg:npm/d@1 unknown unknown", "complete"}},
		{"licences", bom(components(lib("a", a, `"licenses":[{"license":{"id":"MIT"}},{"license":{"name":"Our own, v2"}},{"expression":"A OR B"}]`), lib("b", b, `"licenses":[{"license":{"id":"MIT","acknowledgement":"concluded"}},{"expression":"ISC","acknowledgement":"declared"}]`),
			lib("c", c, `"licenses":[{"expression":"MIT","acknowledgement":"concluded"}]`), lib("d", "pkg:npm/d@1", `"licenses":[{"expression":"NOASSERTION"},{}]`))),
			[]string{a + " unknown unknown (A OR B) AND LicenseRef-Our-own-v2-047e0e32 AND MIT", b + " unknown unknown ISC", c + " unknown unknown MIT", "pkg:npm/d@1 unknown unknown", "complete"}},
		{"hashes", bom(components(lib("a", a, `"hashes":[{"alg":"MD5","content":"`+sha1[:32]+`"},{"alg":"SHA-1","content":"`+strings.ToUpper(sha1)+`"}]`), lib("b", b, `"hashes":[{"alg":"SHA-256","content":"`+sha256+`"},{"alg":"SHA-1","content":"`+sha1+`"}]`))),
			[]string{a + " unknown unknown sha1-" + sha1, b + " unknown unknown abababababab", "complete"}},
		{"a hash that is none", bom(components(lib("a", a, `"hashes":[{"alg":"SHA-256","content":"abc"}]`))), []string{a + " unknown unknown", `gap unreadable bom.json: sbom: pkg:npm/a@1: its hash "abc" of "SHA-256" is none`, "complete"}},
		{"two hashes of one algorithm", bom(components(lib("a", a, `"hashes":[{"alg":"SHA-1","content":"`+sha1+`"},{"alg":"SHA-1","content":"`+sha256[:40]+`"}]`))), []string{a + " unknown unknown", "gap ambiguous bom.json: sbom: pkg:npm/a@1 has two different hashes of sha1", "complete"}},

		{"SPDX: described", spdx(packages(pkg("r", "pkg:npm/r@1"), pkg("a", a)), rel("SPDXRef-DOCUMENT DESCRIBES r", "r DEPENDS_ON a")), []string{a + " direct unknown", "pkg:npm/r@1 > " + a, "complete"}},
		{"SPDX: described the other way", spdx(packages(pkg("r", "pkg:npm/r@1"), pkg("a", a)), rel("r DESCRIBED_BY SPDXRef-DOCUMENT", "a DEPENDENCY_OF r")), []string{a + " direct unknown", "pkg:npm/r@1 > " + a, "complete"}},
		{"SPDX: described as in 2.2", strings.Replace(spdx(packages(pkg("r", "pkg:npm/r@1"), pkg("a", a)), `"documentDescribes":["r"]`, rel("r DEPENDS_ON a")), "2.3", "2.2", 1), []string{a + " direct unknown", "pkg:npm/r@1 > " + a, "complete"}},
		{"SPDX: several described", spdx(packages(pkg("r", "pkg:npm/r@1"), pkg("a", a), pkg("b", b)), `"documentDescribes":["r","a"]`, rel("r DEPENDS_ON b")), []string{a + " unknown unknown", b + " direct unknown", "pkg:npm/r@1 unknown unknown", "pkg:npm/r@1 > " + b, "complete"}},
		{"SPDX: contained", spdx(packages(pkg("r", ""), pkg("a", a), pkg("b", b), pkg("c", c)), rel("SPDXRef-DOCUMENT DESCRIBES r", "r CONTAINS a", "b CONTAINED_BY a", "c PACKAGE_OF b", "SPDXRef-DOCUMENT CONTAINS c")),
			[]string{a + " unknown unknown", b + " unknown unknown", c + " unknown unknown", a + " > " + b, b + " > " + c, "complete"}},
		{"SPDX: kinds of dependencies", spdx(packages(pkg("r", ""), pkg("a", a), pkg("b", b), pkg("c", c)), rel("SPDXRef-DOCUMENT DESCRIBES r", "a DEV_DEPENDENCY_OF r", "b OPTIONAL_DEPENDENCY_OF a", "c BUILD_TOOL_OF r", "b DYNAMIC_LINK c")),
			[]string{a + " direct development", b + " transitive optional", c + " direct runtime", a + " > " + b, b + " > " + c, "complete"}},
		{"SPDX: a scope that is not told counts farthest", spdx(packages(pkg("r", ""), pkg("a", a)), rel("SPDXRef-DOCUMENT DESCRIBES r", "a TEST_DEPENDENCY_OF r", "r DEPENDS_ON a")), []string{a + " direct unknown", "complete"}},
		{"SPDX: containment does not say what for", spdx(packages(pkg("r", ""), pkg("a", a), pkg("b", b)), rel("SPDXRef-DOCUMENT DESCRIBES r", "r CONTAINS a", "a DEV_DEPENDENCY_OF r", "b DEV_DEPENDENCY_OF r", "r CONTAINS b")),
			[]string{a + " direct development", b + " direct development", "complete"}},
		{"SPDX: it describes itself", spdx(packages(pkg("a", a)), rel("SPDXRef-DOCUMENT DESCRIBES SPDXRef-DOCUMENT")), []string{a + " unknown unknown", "complete"}},
		{"SPDX: in the envelope of GitHub's API", `{"sbom":` + spdx(packages(pkg("r", ""), pkg("a", a)), rel("SPDXRef-DOCUMENT DESCRIBES r", "r DEPENDS_ON a")) + `}`, []string{a + " direct unknown", "complete"}},
		{"SPDX: a verification code", spdx(packages(pkg("a", a, `"packageVerificationCode":{"packageVerificationCodeValue":"`+sha1+`"}`), pkg("b", b, `"packageVerificationCode":{"packageVerificationCodeValue":""}`), pkg("c", c, `"checksums":[{"algorithm":"MD5","checksumValue":"`+sha1[:32]+`"}],"packageVerificationCode":{"packageVerificationCodeValue":"`+sha1+`"}`))),
			[]string{a + " unknown unknown spdxcode-" + sha1, b + " unknown unknown", c + " unknown unknown md5-" + sha1[:32], "complete"}},
		{"SPDX: no assertion", spdx(packages(pkg("r", ""), pkg("a", a), pkg("b", b)), rel("SPDXRef-DOCUMENT DESCRIBES r", "r DEPENDS_ON a", "a DEPENDS_ON b", "r DEPENDS_ON NOASSERTION")),
			[]string{a + " direct unknown", b + " unknown unknown", a + " > " + b, `gap incomplete bom.json: sbom: line 1: "r" DEPENDS_ON "NOASSERTION": it says itself that it does not know`, "partial"}},
		{"SPDX: none", spdx(packages(pkg("r", ""), pkg("a", a)), rel("SPDXRef-DOCUMENT DESCRIBES r", "r DEPENDS_ON a", "a DEPENDS_ON NONE")), []string{a + " direct unknown", "complete"}},
		{"SPDX: nothing described", spdx(packages(pkg("a", a)), rel("SPDXRef-DOCUMENT DESCRIBES NOASSERTION")), []string{a + " unknown unknown", `gap incomplete bom.json: sbom: "NOASSERTION" is needed or contained and not listed`, "partial"}},
		{"SPDX: another document", spdx(packages(pkg("a", a)), rel("a DEPENDS_ON DocumentRef-x:SPDXRef-b")), []string{a + " unknown unknown", `gap incomplete bom.json: sbom: "DocumentRef-x:SPDXRef-b" is needed or contained and not listed`, "partial"}},
		{"SPDX: files", spdx(packages(pkg("a", a)), `"files":[{"SPDXID":"f","fileName":"x"}],"snippets":[{"SPDXID":"s"}]`, rel("a CONTAINS f", "f GENERATED_FROM a", "a CONTAINS s")), []string{a + " unknown unknown", "complete"}},
		{"SPDX: no package URL", spdx(packages(pkg("x", "", `"versionInfo":"3"`))), []string{`gap unreadable bom.json: sbom: line 1: package "x" 3 has no package URL`, "partial"}},
		{"SPDX: a package URL that is none", spdx(packages(pkg("x", "pkg:"))), []string{`gap unreadable bom.json: sbom: line 1: package "x": sbom: its package URL is not one that can be parsed`, `gap unreadable bom.json: sbom: line 1: package "x" has no package URL`, "partial"}},
		{"SPDX: two package URLs", spdx(packages(strings.Replace(pkg("x", a), `"externalRefs":[`, `"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/b@1"},`, 1))),
			[]string{a + " unknown unknown", b + " unknown unknown", `gap ambiguous bom.json: sbom: line 1: package "x" has 2 package URLs, such as pkg:npm/b@1 and pkg:npm/a@1`, "complete"}},
		{"SPDX: licences", spdx(packages(pkg("a", a, `"licenseDeclared":"NONE","licenseConcluded":"MIT"`), pkg("b", b, `"licenseDeclared":"NOASSERTION","licenseConcluded":"MIT"`), pkg("c", c, `"licenseDeclared":"\u001b[31mMIT"`))),
			[]string{a + " unknown unknown NONE", b + " unknown unknown MIT", c + " unknown unknown LicenseRef-31mMIT-aa57406a", "complete"}},
		{"SPDX: no list", spdx(`"name":"x"`), []string{"gap incomplete bom.json: sbom: it has no list of packages", "partial"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			inv := read(x.text)
			require.Equal(t, x.want, list(inv))
			require.Equal(t, release.DigestOf([]byte(x.text)), inv.Source.Digest)
		})
	}
}
