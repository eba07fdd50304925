package advisory_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/advisory"
)

var today = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// file reads advisories that stand one on each line.
func file(t testing.TB, lines ...string) *advisory.DB {
	t.Helper()
	db, err := advisory.LoadFile(strings.NewReader(strings.Join(lines, "\n")), nil)
	require.NoError(t, err)
	return db
}

// osv is an advisory with one entry of affected.
func osv(affected string) string {
	return `{"id":"X-1","published":"2024-01-01T00:00:00Z","affected":[` + affected + `]}`
}

// pkg is an entry with one range, or with what stands in rest.
func pkg(ecosystem, name, events string, rest ...string) string {
	e := fmt.Sprintf(`{"package":{"ecosystem":%q,"name":%q}`, ecosystem, name)
	if events != "" {
		e += `,"ranges":[{"type":"ECOSYSTEM","events":[` + events + `]}]`
	}
	return e + strings.Join(rest, "") + "}"
}

// answer is what a database says of one purl: the IDs, with ? where unknown.
func answer(db *advisory.DB, purl string) string {
	r := db.Match([]release.Component{{PURL: release.PURL(purl)}}, today)
	var out []string
	for _, f := range r.Affected {
		out = append(out, f.ID)
	}
	for _, f := range r.Unknown {
		out = append(out, f.ID+"? "+f.Detail)
	}
	for _, g := range r.Gaps {
		out = append(out, "gap "+g.Detail)
	}
	if len(r.Unknown)+len(r.Gaps) == 0 != (r.Coverage == release.CoverageComplete) {
		out = append(out, "coverage "+r.Coverage.String())
	}
	return strings.Join(out, "; ")
}

const (
	all     = `{"introduced":"0"}`
	below2  = all + `,{"fixed":"2.0.0"}`
	tillOne = all + `,{"last_affected":"1.0.0"}`
)

// The traps of facts/risk.md, section 6d, and field.md, section 1, by name.
func TestTraps(t *testing.T) {
	t.Parallel()
	const hit, none = "X-1", ""
	for _, c := range []struct{ trap, affected, purl, want string }{
		{"T6 an ecosystem without an order is unknown", pkg("GitHub Actions", "o/a", below2), "pkg:github/o/a@3.0.0", "X-1? no order of versions is known for its ecosystem"},
		{"T6 so is it by the other purl type", pkg("GitHub Actions", "o/a", below2), "pkg:githubactions/o/a@3.0.0", "X-1? no order of versions is known for its ecosystem"},
		{"T6 unless the version is listed", pkg("GitHub Actions", "o/a", "", `,"versions":["v3"]`), "pkg:github/o/a@v3", hit},
		{"T6 an ecosystem that nobody knows may be any", pkg("Klingon", "left-pad", below2), "pkg:npm/left-pad@3.0.0", "X-1? no order of versions is known for its ecosystem; gap the snapshot has no"},
		{"T6 an ecosystem in other case is not known", pkg("pypi", "x", below2), "pkg:pypi/x@3.0.0", "X-1? no order of versions is known for its ecosystem"},
		{"T6 Kubernetes is not Go", pkg("Kubernetes", "k8s.io/x", below2), "pkg:golang/k8s.io/x@v3.0.0", "X-1? no order of versions is known for its ecosystem"},
		{"T6 no advisories of the ecosystem", pkg("npm", "x", below2), "pkg:cargo/x@3.0.0", "gap the snapshot has no advisory of this ecosystem: of 1 components nothing is known"},
		{"T6 no version", pkg("npm", "x", below2), "pkg:npm/x", "X-1? the component has no version"},
		{"T6 no version, of another package", pkg("npm", "x", below2), "pkg:npm/y", none},
		{"T6 no such version", pkg("npm", "x", below2), "pkg:npm/x@latest", `X-1? "latest" is no version that can be ordered`},
		{"T6 no such version, but listed", pkg("npm", "x", below2, `,"versions":["latest"]`), "pkg:npm/x@latest", hit},
		{"T6 no such version, with a zero in front", pkg("npm", "x", below2), "pkg:npm/x@01.0.0", `X-1? "01.0.0" is no version that can be ordered`},
		{"T6 no such version, with a mark at its end", pkg("npm", "x", below2), "pkg:npm/x@1.0.0%2B", `X-1? "1.0.0+" is no version that can be ordered`},
		{"T6 a number beyond 32 bits", pkg("npm", "x", below2), "pkg:npm/x@4294967297.0.0", none},
		{"T6 a number beyond 32 bits in a range", pkg("npm", "x", all+`,{"fixed":"4294967297.0.0"}`), "pkg:npm/x@3.0.0", hit},
		{"T6 not a purl", pkg("npm", "x", below2), "npm:x@1", "gap it is no package URL"},
		{"T6 not a canonical purl", pkg("npm", "@a/x", below2), "pkg:NPM/@a/x@1.0.0", hit},

		{"T8 fixed is exclusive", pkg("npm", "x", below2), "pkg:npm/x@2.0.0", none},
		{"T8 up to fixed", pkg("npm", "x", below2), "pkg:npm/x@2.0.0-rc.1", hit},
		{"T8 last_affected is inclusive", pkg("npm", "x", tillOne), "pkg:npm/x@1.0.0", hit},
		{"T8 behind last_affected", pkg("npm", "x", tillOne), "pkg:npm/x@1.0.1", none},
		{"T8 introduced 0 is before everything", pkg("Debian", "x", below2), "pkg:deb/debian/x@0~~?distro=debian-12", hit},
		{"T8 introduced later", pkg("npm", "x", `{"introduced":"1.0.0"}`), "pkg:npm/x@0.9.9", none},
		{"T8 no end", pkg("npm", "x", all), "pkg:npm/x@999.0.0", hit},
		{"T8 events in the ecosystem's order, not text's", pkg("npm", "x", `{"fixed":"10.0.0"},{"introduced":"9.0.0"}`), "pkg:npm/x@9.5.0", hit},
		{"T8 events that are not sorted", pkg("npm", "x", `{"fixed":"4.0.0"},{"introduced":"3.0.0"},{"fixed":"2.0.0"},{"introduced":"1.0.0"}`), "pkg:npm/x@3.5.0", hit},
		{"T8 between two spans", pkg("npm", "x", `{"fixed":"4.0.0"},{"introduced":"3.0.0"},{"fixed":"2.0.0"},{"introduced":"1.0.0"}`), "pkg:npm/x@2.5.0", none},
		{"T8 fixed and introduced again, as written", pkg("npm", "x", all+`,{"fixed":"1.0.0"},{"introduced":"1.0.0"},{"fixed":"2.0.0"}`), "pkg:npm/x@1.5.0", hit},
		{"T8 introduced and fixed at once, as written", pkg("npm", "x", `{"introduced":"1.0.0"},{"fixed":"1.0.0"}`), "pkg:npm/x@1.5.0", none},
		{"T8 the same, not sorted", pkg("npm", "x", `{"introduced":"1.0.0"},{"fixed":"1.0.0"},{"introduced":"0.5.0"}`), "pkg:npm/x@1.5.0", "X-1? the events of its range contradict each other"},
		{"T8 limit", pkg("npm", "x", all+`,{"limit":"2.0.0"}`), "pkg:npm/x@2.0.0", none},
		{"T8 below the limit", pkg("npm", "x", all+`,{"limit":"2.0.0"}`), "pkg:npm/x@1.9.9", hit},
		{"T8 several limits", pkg("npm", "x", all+`,{"limit":"2.0.0"},{"limit":"3.0.0"}`), "pkg:npm/x@2.5.0", hit},
		{"T8 a limit that is none", pkg("npm", "x", all+`,{"limit":"2.0.0"},{"limit":"*"}`), "pkg:npm/x@2.5.0", hit},
		{"T8 versions besides ranges", pkg("npm", "x", below2, `,"versions":["3.0.0"]`), "pkg:npm/x@3.0.0", hit},
		{"T8 versions alone", pkg("npm", "x", "", `,"versions":["3.0.0"]`), "pkg:npm/x@3.0.1", none},
		{"T8 versions that are written otherwise", pkg("PyPI", "x", "", `,"versions":["3.0"]`), "pkg:pypi/x@3.0.0", hit},
		{"T8 several entries for a package", pkg("npm", "x", below2) + "," + pkg("npm", "x", `{"introduced":"3.0.0"}`), "pkg:npm/x@3.0.0", hit},
		{"T8 several ranges", `{"package":{"ecosystem":"npm","name":"x"},"ranges":[{"type":"SEMVER","events":[` + below2 + `]},{"type":"SEMVER","events":[{"introduced":"3.0.0"}]}]}`, "pkg:npm/x@3.0.0", hit},
		{"T8 a range of commits", `{"package":{"ecosystem":"npm","name":"x"},"ranges":[{"type":"GIT","repo":"https://a.b/c","events":[` + all + `]}]}`, "pkg:npm/x@1.0.0", "X-1? its range is of git commits, which needs a commit graph"},
		{"T8 a range of commits beside one of versions", `{"package":{"ecosystem":"npm","name":"x"},"ranges":[{"type":"GIT","repo":"https://a.b/c","events":[` + all + `]},{"type":"SEMVER","events":[` + below2 + `]}]}`, "pkg:npm/x@2.0.0", none},
		{"T8 a range of commits beside versions", `{"package":{"ecosystem":"npm","name":"x"},"ranges":[{"type":"GIT","repo":"https://a.b/c","events":[` + all + `]}],"versions":["1.0.0"]}`, "pkg:npm/x@1.0.0", hit},
		{"T8 a repository of Bitbucket", `{"ranges":[{"type":"GIT","repo":"https://bitbucket.org/o/x/","events":[` + all + `]}],"versions":["v1"]}`, "pkg:bitbucket/o/x@v1", hit},
		{"T8 a repository of GitLab", `{"ranges":[{"type":"GIT","repo":"https://gitlab.com/o/x.git/","events":[` + all + `]}],"versions":["v1"]}`, "pkg:gitlab/o/x@v1", hit},
		{"T8 a repository elsewhere, by its name", `{"ranges":[{"type":"GIT","repo":"https://git.example/o/x.git","events":[` + all + `]}],"versions":["v1"]}`, "pkg:generic/x@v1", "X-1; gap the snapshot has no advisory of this ecosystem"},
		{"T8 a repository without a package", `{"ranges":[{"type":"GIT","repo":"https://github.com/o/x.git","events":[` + all + `]}],"versions":["v1"]}`, "pkg:github/o/x@v1", hit},
		{"T8 a type of range that is not known", `{"package":{"ecosystem":"npm","name":"x"},"ranges":[{"type":"DATE","events":[` + all + `]}]}`, "pkg:npm/x@1.0.0", `X-1? its range is of the unknown type "DATE"`},
		{"T8 no range and no version", pkg("npm", "x", ""), "pkg:npm/x@1.0.0", "X-1? it names no versions"},
		{"T8 a range without a beginning", pkg("npm", "x", `{"fixed":"2.0.0"}`), "pkg:npm/x@1.0.0", "X-1? its range begins nowhere"},
		{"T8 an event that says two things", pkg("npm", "x", `{"introduced":"0","fixed":"2.0.0"}`), "pkg:npm/x@1.0.0", "X-1? an event of its range says 2 things"},
		{"T8 an event that says nothing", pkg("npm", "x", all+`,{}`), "pkg:npm/x@1.0.0", "X-1? an event of its range says 0 things"},
		{"T8 an event whose version is none", pkg("npm", "x", all+`,{"fixed":"soon"}`), "pkg:npm/x@1.0.0", `X-1? its range has "soon", which is no version`},
		{"T8 the same, but another range decides", `{"package":{"ecosystem":"npm","name":"x"},"ranges":[{"type":"SEMVER","events":[{"introduced":"soon"}]},{"type":"SEMVER","events":[` + all + `]}]}`, "pkg:npm/x@1.0.0", hit},
		{"T8 SEMVER where the ecosystem orders otherwise", `{"package":{"ecosystem":"PyPI","name":"x"},"ranges":[{"type":"SEMVER","events":[` + below2 + `]}]}`, "pkg:pypi/x@2.0.0-1", hit},

		{"T8 a distribution's release", pkg("Debian:12", "x", below2), "pkg:deb/debian/x@1.0?distro=debian-12", hit},
		{"T8 its point release", pkg("Debian:12", "x", below2), "pkg:deb/debian/x@1.0?distro=debian-12.5", hit},
		{"T8 its codename", pkg("Debian:12", "x", below2), "pkg:deb/debian/x@1.0?distro=bookworm", hit},
		{"T8 another release", pkg("Debian:12", "x", below2), "pkg:deb/debian/x@1.0?distro=debian-11", none},
		{"T8 an unnumbered release", pkg("Debian:12", "x", below2), "pkg:deb/debian/x@1.0?distro=sid", `X-1? it is for "Debian:12", and the purl does not tell whether it is of that`},
		{"T8 of Alpine", pkg("Alpine:v3.18", "x", below2), "pkg:apk/alpine/x@1.0-r0?distro=alpine-3.18.4", hit},
		{"T8 of Alpine, 3.1 is not 3.18", pkg("Alpine:v3.1", "x", below2), "pkg:apk/alpine/x@1.0-r0?distro=alpine-3.18.4", none},
		{"T8 of Ubuntu", pkg("Ubuntu:22.04:LTS", "x", below2), "pkg:deb/ubuntu/x@1.0?distro=ubuntu-22.04", hit},
		{"T8 of Ubuntu Pro", pkg("Ubuntu:Pro:22.04:LTS", "x", below2), "pkg:deb/ubuntu/x@1.0?distro=ubuntu-22.04", `X-1? it is for "Ubuntu:Pro:22.04:LTS", and`},
		{"T8 of Red Hat", pkg("Red Hat:enterprise_linux:9::baseos", "x", below2), "pkg:rpm/redhat/x@1.0-1.el9?distro=rhel-9.4", hit},
		{"T8 of another Red Hat", pkg("Red Hat:enterprise_linux:8::baseos", "x", below2), "pkg:rpm/redhat/x@1.0-1.el9?distro=rhel-9.4", none},
		{"T8 of a stream of Red Hat", pkg("Red Hat:rhel_aus:9.2::appstream", "x", below2), "pkg:rpm/redhat/x@1.0-1.el9?distro=rhel-9.4", `X-1? it is for "Red Hat:rhel_aus:9.2::appstream", and`},
		{"T8 of another distribution", pkg("Debian:12", "x", below2), "pkg:deb/debian/x@1.0?distro=kali-12", `X-1? it is for "Debian:12", and`},
		{"T8 a Maven repository", pkg("Maven:https://maven.google.com", "g:a", below2), "pkg:maven/g/a@1.0", `X-1? it is for "Maven:https://maven.google.com", and`},

		{"T17 an OS package without distro", pkg("Debian:12", "x", below2), "pkg:deb/debian/x@1.0", `X-1? it is for "Debian:12", and the purl does not tell whether it is of that`},
		{"T17 an OS package without distro that is mended everywhere", pkg("Debian:12", "x", below2), "pkg:deb/debian/x@2.0.0", none},
		{"T17 an OS package by its source", pkg("Debian", "openssl", below2), "pkg:deb/debian/libssl3@1.0?upstream=openssl", hit},
		{"T17 with a version of the source", pkg("Debian", "openssl", below2), "pkg:deb/debian/libssl3@9.0?upstream=openssl%401.0", hit},
		{"T17 by its source rpm", pkg("AlmaLinux", "openssl", below2), "pkg:rpm/almalinux/openssl-libs@1.0-1?upstream=openssl-1.0-1.src.rpm", hit},
		{"T17 by a source that a purl must escape", pkg("Debian", "gtk+3.0", below2), "pkg:deb/debian/libgtk-3-0@1.0?upstream=gtk%2B3.0", hit},
		{"T17 with a version of that", pkg("Debian", "gtk+3.0", below2), "pkg:deb/debian/libgtk-3-0@9.0?upstream=gtk%2B3.0%401.0", hit},
		{"T17 by its own name, which a purl must escape", pkg("Debian", "g++-12", below2), "pkg:deb/debian/g%2B%2B-12@1.0?distro=debian-12", hit},
		{"T17 by a source in other case", pkg("AlmaLinux", "ModemManager", below2), "pkg:rpm/almalinux/ModemManager-glib@1.0-1?upstream=ModemManager-1.0-1.src.rpm", hit},
		{"T17 nothing tells the source", pkg("Debian", "openssl", below2), "pkg:deb/debian/libssl3@1.0?distro=debian-12", "gap advisories stand under the names of sources, and none of 1 components tells its source (qualifier upstream)"},
		{"T17 nothing tells the source, of Alpine", pkg("Alpine", "openssl", below2), "pkg:apk/alpine/libssl3@1.0-r0", "gap advisories stand under the names of sources, and"},
		{"T17 advisories by installed name", pkg("AlmaLinux", "openssl", below2), "pkg:rpm/almalinux/openssl-libs@1.0-1?arch=x86_64", none},
		{"T17 an epoch", pkg("AlmaLinux", "x", all+`,{"fixed":"1:1.0-1"}`), "pkg:rpm/almalinux/x@2.0-1?epoch=1", none},
		{"T17 no epoch", pkg("AlmaLinux", "x", all+`,{"fixed":"1:1.0-1"}`), "pkg:rpm/almalinux/x@2.0-1", hit},
		{"T17 pseudo-versions", pkg("Go", "a.io/x", all+`,{"fixed":"0.0.0-20200131131040-063a3fb69896"}`), "pkg:golang/a.io/x@v0.0.0-20200131131039-aaaaaaaaaaaa", hit},
		{"T17 pseudo-versions, mended", pkg("Go", "a.io/x", all+`,{"fixed":"0.0.0-20200131131040-063a3fb69896"}`), "pkg:golang/a.io/x@v0.0.0-20200131131041-aaaaaaaaaaaa", none},
		{"T17 +incompatible", pkg("Go", "a.io/x", below2), "pkg:golang/a.io/x@v2.0.0%2Bincompatible", none},
		{"T17 +incompatible below", pkg("Go", "a.io/x", below2), "pkg:golang/a.io/x@v1.9.0%2Bincompatible", hit},
		{"T17 the standard library", pkg("Go", "stdlib", all+`,{"fixed":"1.22.4"}`), "pkg:golang/stdlib@1.22.3", hit},
		{"T17 the standard library by its other name", pkg("Go", "stdlib", all+`,{"fixed":"1.22.4"}`), "pkg:golang/std@go1.22.3", hit},
		{"T17 a release candidate of Go", pkg("Go", "stdlib", `{"introduced":"1.22.0-0"},{"fixed":"1.22.0-rc.2"}`), "pkg:golang/stdlib@1.22rc1", hit},
		{"T17 a bound that is written short", pkg("Go", "stdlib", all+`,{"last_affected":"1.22rc1"}`), "pkg:golang/stdlib@1.22.0", none},
		{"T17 the toolchain is not the standard library", pkg("Go", "toolchain", all), "pkg:golang/stdlib@1.22.3", none},
		{"T17 qualifiers do not hide a package", pkg("npm", "x", below2), "pkg:npm/x@1.0.0?vcs_url=git%2Bhttps://a.b#sub", hit},

		{"P0-5 the base path is not /v7", pkg("Go", "a.io/x", all), "pkg:golang/a.io/x/v7@v7.0.0", none},
		{"P0-5 nor /v7 the base path", pkg("Go", "a.io/x/v7", all), "pkg:golang/a.io/x@v1.0.0", none},
		{"P0-5 nor a module a module below it", pkg("Go", "a.io/x", all), "pkg:golang/a.io/x/sub@v1.0.0", none},
		{"P0-5 OSV keeps case, purls of Go do not", pkg("Go", "github.com/Masterminds/goutils", all), "pkg:golang/github.com/masterminds/goutils@v1.0.0", hit},
		{"P0-5 custom_ranges", pkg("Go", "a.io/x", all, `,"ecosystem_specific":{"custom_ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.3.1"}]}]}`), "pkg:golang/a.io/x@v4.0.0", "X-1? its range is every version only because its custom_ranges"},
		{"P0-5 custom_ranges beside a range that says more", pkg("Go", "a.io/x", below2, `,"ecosystem_specific":{"custom_ranges":[{"type":"ECOSYSTEM"}]}`), "pkg:golang/a.io/x@v1.0.0", hit},
		{"P0-5 custom_ranges of another ecosystem mean nothing", pkg("npm", "x", all, `,"ecosystem_specific":{"custom_ranges":[{"type":"ECOSYSTEM"}]}`), "pkg:npm/x@1.0.0", hit},
		{"P0-5 no custom_ranges", pkg("Go", "a.io/x", all, `,"ecosystem_specific":{"custom_ranges":[]}`), "pkg:golang/a.io/x@v4.0.0", hit},

		{"names: PyPI", pkg("PyPI", "Foo_.Bar", below2), "pkg:pypi/foo-bar@1.0", hit},
		{"names: PyPI with dots in the purl", pkg("PyPI", "foo-bar", below2), "pkg:pypi/foo.bar@1.0", hit},
		{"names: npm scopes", pkg("npm", "@babel/core", below2), "pkg:npm/%40babel/core@1.0.0", hit},
		{"names: another scope", pkg("npm", "@babel/core", below2), "pkg:npm/core@1.0.0", none},
		{"names: Maven", pkg("Maven", "org.apache:log4j", below2), "pkg:maven/org.apache/log4j@1.0", hit},
		{"names: NuGet has no case", pkg("NuGet", "Newtonsoft.Json", below2), "pkg:nuget/newtonsoft.json@1.0.0", hit},
		{"names: Swift", pkg("SwiftURL", "https://github.com/o/x.git", below2), "pkg:swift/github.com/o/x@1.0.0", hit},
		{"names: Julia, without the uuid that its purls have", pkg("Julia", "HTTP", below2), "pkg:julia/HTTP@1.0.0?uuid=cd3eb016-35fb-5094-929b-558a96fad6f3", hit},
		{"names: Julia, mended", pkg("Julia", "HTTP", below2), "pkg:julia/HTTP@2.0.0?uuid=cd3eb016-35fb-5094-929b-558a96fad6f3", none},
		{"names: an ecosystem in other case", pkg("NPM", "@babel/core", below2), "pkg:npm/%40babel/core@1.0.0", "X-1? "},
		{"names: an ecosystem that nobody knows may be any", pkg("Whatever", "x", below2) + "," + pkg("npm", "y", below2), "pkg:npm/x@1.0.0", "X-1? "},
		{"names: an ecosystem that is none of purl's", pkg("Android", "x", below2) + "," + pkg("npm", "y", below2), "pkg:npm/x@1.0.0", none},
		{"names: Swift, with a slash behind", pkg("SwiftURL", "https://github.com/o/x.git/", below2), "pkg:swift/github.com/o/x@1.0.0", hit},
		{"T17 advisories by installed name, of Red Hat", pkg("Red Hat", "openssl", below2), "pkg:rpm/redhat/openssl-libs@1.0-1?arch=x86_64", none},
		{"T17 advisories by installed name, of Rocky Linux", pkg("Rocky Linux", "openssl", below2), "pkg:rpm/rocky-linux/openssl-libs@1.0-1?arch=x86_64", none},
		{"names: the purl alone", `{"package":{"purl":"pkg:npm/x"},"ranges":[{"type":"SEMVER","events":[` + below2 + `]}]}`, "pkg:npm/x@1.0.0", hit},
		{"names: the purl besides", `{"package":{"ecosystem":"npm","name":"y","purl":"pkg:npm/x"},"ranges":[{"type":"SEMVER","events":[` + below2 + `]}]}`, "pkg:npm/x@1.0.0", hit},
	} {
		t.Run(c.trap, func(t *testing.T) {
			got := answer(file(t, osv(c.affected)), c.purl)
			if strings.Contains(c.want, " ") {
				require.True(t, strings.HasPrefix(got, c.want), "%q", got)
				return
			}
			require.Equal(t, c.want, got)
		})
	}
}

// T18: what was published later was not known, what was withdrawn later still counted.
func TestT18NoTimeTravel(t *testing.T) {
	t.Parallel()
	line := func(published, withdrawn string) string {
		return fmt.Sprintf(`{"id":"X-1","published":%q,"withdrawn":%q,"affected":[%s]}`, published, withdrawn, pkg("npm", "x", all))
	}
	for _, c := range []struct{ name, published, withdrawn, asOf, want string }{
		{"before it was published", "2024-05-01T00:00:00Z", "", "2024-04-30T23:59:59Z", "none"},
		{"when it was published", "2024-05-01T00:00:00Z", "", "2024-05-01T00:00:00Z", "affected"},
		{"in another zone", "2024-05-01T00:00:00+02:00", "", "2024-04-30T22:00:00Z", "affected"},
		{"nobody says when it was published", "", "", "1999-01-01T00:00:00Z", "affected"},
		{"the year 1 is not a time", "0001-01-01T00:00:00Z", "", "1999-01-01T00:00:00Z", "affected"},
		{"not a time", "yesterday", "", "1999-01-01T00:00:00Z", "affected"},
		{"withdrawn later", "2024-05-01T00:00:00Z", "2025-01-01T00:00:00Z", "2024-12-31T00:00:00Z", "affected"},
		{"withdrawn", "2024-05-01T00:00:00Z", "2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "withdrawn"},
		{"withdrawn, nobody says when", "2024-05-01T00:00:00Z", "0001-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "affected"},
		{"withdrawn at no time", "2024-05-01T00:00:00Z", "never", "2025-01-01T00:00:00Z", "affected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			asOf, err := time.Parse(time.RFC3339, c.asOf)
			require.NoError(t, err)
			r := file(t, line(c.published, c.withdrawn)).Match([]release.Component{{PURL: "pkg:npm/x@1.0.0"}}, asOf)
			got := "none"
			for name, l := range map[string][]advisory.Finding{"affected": r.Affected, "unknown": r.Unknown, "withdrawn": r.Withdrawn} {
				if len(l) > 0 {
					got = name
				}
			}
			require.Equal(t, c.want, got)
			require.Equal(t, release.CoverageComplete, r.Coverage)
		})
	}
	r := file(t, line("2024-05-01T00:00:00Z", "")).Match([]release.Component{{PURL: "pkg:npm/x@1.0.0"}}, time.Time{})
	require.Equal(t, release.CoverageMissing, r.Coverage, "no moment, no answer")
	require.Len(t, r.Gaps, 1)
	require.Empty(t, r.Affected)
}

// T9: an upgrade mends one flaw, brings another and goes on with a third.
func TestT9AnUpgradeIsNotAFix(t *testing.T) {
	t.Parallel()
	line := func(id, events string) string {
		return fmt.Sprintf(`{"id":%q,"affected":[%s]}`, id, pkg("npm", "x", events))
	}
	db := file(t, line("A-1", below2), line("B-1", `{"introduced":"2.0.0"}`), line("C-1", all), line("D-1", all+`,{"fixed":"1.0.0"}`))
	inventory := func(coverage release.Coverage, purls ...string) *release.Inventory {
		in := &release.Inventory{Source: release.Source{Path: "package-lock.json"}, Coverage: coverage}
		for _, p := range purls {
			in.Components = append(in.Components, release.Component{PURL: release.PURL(p), Scope: release.ScopeDevelopment, Relation: release.RelationTransitive})
		}
		return in
	}
	const complete, partial, missing = release.CoverageComplete, release.CoveragePartial, release.CoverageMissing
	one, two := inventory(complete, "pkg:npm/x@1.0.0"), inventory(complete, "pkg:npm/x@2.0.0")
	for _, c := range []struct {
		name          string
		before, after *release.Inventory
		want          string
		coverage      release.Coverage
	}{
		{"upgrade", one, two, "A-1 fixed; B-1 introduced; C-1 carried", complete},
		{"downgrade", two, one, "A-1 introduced; B-1 fixed; C-1 carried", complete},
		{"nothing", one, one, "A-1 carried; C-1 carried", complete},
		{"the file is new", nil, one, "A-1 introduced; C-1 introduced", complete},
		{"the file is gone", one, nil, "A-1 fixed; C-1 fixed", complete},
		{"one more version", one, inventory(complete, "pkg:npm/x@1.0.0", "pkg:npm/x@2.0.0"), "A-1 carried; B-1 introduced; C-1 carried", complete},
		{"T6 #699: before was not read", inventory(missing), one, "A-1 unknown; C-1 unknown", missing},
		{"T6 #699: before was not read, whatever it has", inventory(missing, "pkg:npm/x@1.0.0"), one, "A-1 unknown; C-1 unknown", missing},
		{"T6 before was read in part", inventory(partial, "pkg:npm/x@2.0.0"), one, "A-1 unknown; B-1 fixed; C-1 carried", partial},
		{"T6 after was read in part", one, inventory(partial, "pkg:npm/x@2.0.0"), "A-1 unknown; B-1 introduced; C-1 carried", partial},
		{"T6 after was not read", one, inventory(missing), "A-1 unknown; C-1 unknown", missing},
		{"no version before", inventory(complete, "pkg:npm/x"), one, "A-1 unknown; B-1 unknown; C-1 unknown; D-1 unknown", partial},
		{"no version after", one, inventory(complete, "pkg:npm/x"), "A-1 unknown; B-1 unknown; C-1 unknown; D-1 unknown", partial},
		{"neither", nil, nil, "", missing},
	} {
		t.Run(c.name, func(t *testing.T) {
			cs := db.Delta(c.before, c.after, today)
			var got []string
			for _, a := range cs.Advisories {
				got = append(got, a.ID+" "+a.Effect.String())
				require.Equal(t, release.PURL("pkg:npm/x"), a.Package)
				require.Equal(t, release.Path("package-lock.json"), a.File)
				require.Equal(t, release.ScopeDevelopment, a.Scope, "lower, not zero")
				require.Equal(t, release.RelationTransitive, a.Relation)
				require.Equal(t, a.Effect == release.EffectUnknown, a.Detail != "")
			}
			require.Equal(t, c.want, strings.Join(got, "; "))
			require.Equal(t, c.coverage, cs.Coverage[release.KindAdvisory])
		})
	}
}

// One flaw under several names is one finding, and keeps all that its records say.
func TestAliases(t *testing.T) {
	t.Parallel()
	line := func(id, published, aliases, events, rest string) string {
		return fmt.Sprintf(`{"id":%q,"published":%q,"aliases":[%s],%s"affected":[%s]}`, id, published, aliases, rest, pkg("npm", "x", events))
	}
	db := file(t,
		line("CVE-1", "2024-01-01T00:00:00Z", ``, all+`,{"fixed":"1.5.0"}`, `"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],`),
		line("GHSA-1", "2024-02-01T00:00:00Z", `"CVE-1"`, below2, `"upstream":["U-2","U-1"],"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"},{"type":"CVSS_V3","score":"high"}],`),
		line("PYSEC-1", "2024-03-01T00:00:00Z", `"GHSA-1","SNYK-1"`, `{"introduced":"5.0.0"}`, ``),
		line("PYSEC-0", "2024-04-01T00:00:00Z", ``, all, `"related":["CVE-1"],`))
	at := func(version string, month time.Month) []advisory.Finding {
		return db.Match([]release.Component{{PURL: release.PURL("pkg:npm/x@" + version)}}, time.Date(2024, month, 2, 0, 0, 0, 0, time.UTC)).Affected
	}
	got := at("1.0.0", 12)
	require.Len(t, got, 2)
	require.Equal(t, "PYSEC-0", got[0].ID, "related is another flaw")
	f := got[1]
	require.Equal(t, "PYSEC-1", f.ID)
	require.Equal(t, []string{"CVE-1", "GHSA-1", "SNYK-1"}, f.Aliases)
	require.Equal(t, []string{"U-1", "U-2"}, f.Upstream)
	require.Equal(t, []string{"1.5.0", "2.0.0"}, f.FixedIn)
	require.Equal(t, 9.8, f.Severity.Value, "the highest")
	require.Equal(t, "2024-01-01", f.Published.Format(time.DateOnly))

	require.Equal(t, "GHSA-1", at("1.0.0", 2)[0].ID, "the name that was known")
	require.Equal(t, []string{"CVE-1", "PYSEC-1", "SNYK-1"}, at("1.0.0", 2)[0].Aliases)
	require.Equal(t, "CVE-1", at("1.0.0", 1)[0].ID)
	require.False(t, at("5.0.0", 12)[1].Severity.Known, "of the record that says so")
	require.Len(t, at("3.0.0", 12), 1)

	// A withdrawn record does not take the flaw away while another stands.
	db = file(t, `{"id":"A-1","withdrawn":"2024-01-01T00:00:00Z","aliases":["B-1"],"affected":[`+pkg("npm", "x", all)+`]}`,
		`{"id":"B-1","affected":[`+pkg("npm", "x", below2)+`]}`)
	require.Equal(t, "A-1", answer(db, "pkg:npm/x@1.0.0"))
	require.Equal(t, "", answer(db, "pkg:npm/x@3.0.0"))
	r := db.Match([]release.Component{{PURL: "pkg:npm/x@3.0.0"}}, today)
	require.Len(t, r.Withdrawn, 1)
	require.Equal(t, "2024-01-01", r.Withdrawn[0].Withdrawn.Format(time.DateOnly))
}
