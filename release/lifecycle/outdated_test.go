package lifecycle_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/lifecycle"
)

var (
	collected = time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)
	asOf      = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
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

func inventory(purls ...release.PURL) *release.Inventory {
	inv := &release.Inventory{Source: release.Source{Path: "lock"}, Coverage: release.CoverageComplete}
	for _, p := range purls {
		inv.Components = append(inv.Components, release.Component{PURL: p})
	}
	return inv
}

// file is a dates file with one package, whose versions are given as members.
func file(purl, members string) []byte {
	return []byte(`{"schema": "` + lifecycle.Schema + `", "collected": "2026-11-20T04:00:00Z", "packages": [{"package": "` + purl + `", ` + members + `}]}`)
}

// versions is a complete list: "1.0.0 2026-01-01 r" is one of that day, retracted.
func versions(list ...string) string {
	var out []string
	for _, v := range list {
		fields := strings.Fields(v)
		text := `{"version": "` + fields[0] + `"`
		if len(fields) > 1 && fields[1] != "-" {
			text += `, "published": "` + fields[1] + `"`
		}
		retracted := "false"
		for _, f := range fields[min(len(fields), 2):] {
			if f == "r" {
				retracted = "true"
			} else if f != "?" {
				text += `, "retractedAt": "` + f + `"`
			}
		}
		if !slices.Contains(fields, "?") {
			text += `, "retracted": ` + retracted
		}
		out = append(out, text+"}")
	}
	return `"complete": true, "deprecated": false, "versions": [` + strings.Join(out, ", ") + "]"
}

// text is what a part says of its one component, with its gaps' reasons.
func text(part release.ChangeSet) string {
	var out []string
	for _, o := range part.Outdated {
		releases, days := "?", "?"
		if o.ReleasesKnown {
			releases = fmt.Sprint(o.Releases)
		}
		if o.DaysKnown {
			days = fmt.Sprint(o.Days)
		}
		out = append(out, fmt.Sprintf("%s %s %q dep=%s ret=%s eol=%s", releases, days, o.Latest, o.Deprecated, o.Retracted, o.EndOfLife))
	}
	if len(part.Gaps) > 0 {
		out = append(out, fmt.Sprintf("%s %d", part.Coverage[release.KindOutdated], len(part.Gaps)))
	}
	if len(out) == 0 {
		return "current"
	}
	return strings.Join(out, " | ")
}

func TestBehind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		used     release.PURL
		versions string
		want     string
	}{
		{"the newest", "pkg:npm/x@1.1.0", versions("1.0.0 2026-01-01", "1.1.0 2026-02-01"), "current"},
		{"one behind", "pkg:npm/x@1.0.0", versions("1.0.0 2026-01-01", "1.1.0 2026-02-01"), `1 31 "1.1.0" dep=no ret=no eol=unknown`},
		{"in any order", "pkg:npm/x@1.0.0", versions("1.10.0 2026-03-01", "1.0.0 2026-01-01", "1.9.0 2026-02-01"), `2 59 "1.10.0" dep=no ret=no eol=unknown`},
		{"half a day", "pkg:npm/x@1.0.0", versions("1.0.0 2026-01-01", "1.1.0 2026-01-01T12:00:00Z"), `1 0.5 "1.1.0" dep=no ret=no eol=unknown`},
		{"a fix of an older line came last", "pkg:npm/x@2.0.0", versions("1.0.0 2026-01-01", "2.0.0 2026-02-01", "1.0.1 2026-03-01"), "current"},
		{"the newest is older than the fix that is used", "pkg:npm/x@1.0.1", versions("1.0.0 2026-01-01", "2.0.0 2026-02-01", "1.0.1 2026-03-01"), `1 0 "2.0.0" dep=no ret=no eol=unknown`},
		{"pre-releases are not newer than a release", "pkg:npm/x@1.0.0", versions("1.0.0 2026-01-01", "2.0.0-rc.1 2026-02-01"), "current"},
		{"but than a pre-release", "pkg:npm/x@2.0.0-beta.1", versions("1.0.0 2026-01-01", "2.0.0-beta.1 2026-02-01", "2.0.0-rc.1 2026-02-03"), `1 2 "2.0.0-rc.1" dep=no ret=no eol=unknown`},
		{"retracted ones are not newer", "pkg:npm/x@1.0.0", versions("1.0.0 2026-01-01", "2.0.0 2026-02-01 r"), "current"},
		{"retracted later", "pkg:npm/x@1.0.0", versions("1.0.0 2026-01-01", "2.0.0 2026-02-01 r 2026-11-30"), `1 31 "2.0.0" dep=no ret=no eol=unknown`},
		{"the newest was retracted, one between not", "pkg:npm/x@1.0.0", versions("1.0.0 2026-01-01", "1.1.0 2026-01-11", "2.0.0 2026-02-01 r"), `1 10 "1.1.0" dep=no ret=no eol=unknown`},
		{"not published yet", "pkg:npm/x@1.0.0", versions("1.0.0 2026-01-01", "2.0.0 2026-11-22"), "current"},
		{"pypi: post-releases are newer", "pkg:pypi/x@1.0", versions("1.0 2026-01-01", "1.0.post1 2026-01-02", "1.1rc1 2026-01-03", "1.1.dev1 2026-01-03"), `1 1 "1.0.post1" dep=no ret=no eol=unknown`},
		{"maven: a qualifier that is no pre-release", "pkg:maven/g/x@31.0-jre", versions("31.0-jre 2026-01-01", "31.1-jre 2026-01-02", "32.0-SNAPSHOT 2026-01-03", "32.0-alpha-1 2026-01-03"), `1 1 "31.1-jre" dep=no ret=no eol=unknown`},
		{"gem: letters", "pkg:gem/x@1.0.0", versions("1.0.0 2026-01-01", "2.0.0.alpha.1 2026-01-02"), "current"},
		{"deb: a tilde", "pkg:deb/debian/x@1.0-1?arch=amd64", versions("1.0-1 2026-01-01", "1.1~rc1-1 2026-01-02", "1.0-2 2026-01-03"), `1 2 "1.0-2" dep=no ret=no eol=unknown`},
		{"golang: a pseudo-version", "pkg:golang/example.com/x@v1.0.0", versions("v1.0.0 2026-01-01", "v1.0.1-0.20260102030405-abcdefabcdef 2026-01-02"), "current"},
		{"golang: incompatible", "pkg:golang/example.com/x@v1.0.0", versions("v1.0.0 2026-01-01", "v2.0.0%2Bincompatible 2026-01-02", "v2.1.0+incompatible 2026-01-03"), `1 2 "v2.1.0+incompatible" dep=no ret=no eol=unknown`},
		{"the standard library", "pkg:golang/stdlib@1.22.1", versions("1.22.1 2026-01-01", "1.22.2 2026-01-03", "1.23rc1 2026-01-04"), `1 2 "1.22.2" dep=no ret=no eol=unknown`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dates := lifecycle.Read("dates.json", file(string(c.used.Package()), c.versions))
			require.Empty(t, dates.Gaps())
			part := dates.Outdated(inventory(c.used), asOf, lifecycle.Options{})
			if c.name == "golang: incompatible" { // "%2B" is no version of Go's
				require.Equal(t, release.CoveragePartial, part.Coverage[release.KindOutdated])
				part.Gaps = nil
				require.False(t, part.Outdated[0].ReleasesKnown)
				require.Contains(t, part.Outdated[0].Detail, "at least 1 newer, up to v2.1.0+incompatible of 2.0 days later")
				return
			}
			require.Equal(t, c.want, text(part), "%v", part.Gaps)
			if len(part.Gaps) == 0 {
				require.Equal(t, release.CoverageComplete, part.Coverage[release.KindOutdated])
			}
		})
	}
}

// What nobody said is unknown: never current, and never without a gap.
func TestUnknown(t *testing.T) {
	t.Parallel()
	const list = `"versions": [{"version": "1.0.0", "published": "2026-01-01", "retracted": false}, {"version": "1.1.0", "published": "2026-02-01", "retracted": false}]`
	whole := `"complete": true, "deprecated": false, ` + list
	for _, c := range []struct {
		name    string
		used    release.PURL
		members string
		want    string
		gap     string
	}{
		{"another package", "pkg:npm/y@1.0.0", whole, "partial 1", "do not have the package"},
		{"the package of another ecosystem", "pkg:pypi/x@1.0.0", whole, "partial 1", "do not have the package"},
		{"no version", "pkg:npm/x", whole, "partial 1", "no version"},
		{"a version that is not listed", "pkg:npm/x@1.0.5", whole, `? ? "" dep=no ret=unknown eol=unknown | partial 2`, "do not list the version"},
		{"a version above all that are listed", "pkg:npm/x@9.0.0", whole, "partial 2", "do not list the version"},
		{"a version that is none", "pkg:npm/x@latest", whole, "partial 2", "order"},
		{"a list that is not complete", "pkg:npm/x@1.1.0", `"deprecated": false, ` + list, "partial 1", "do not list all versions"},
		{"a list that is not complete, and newer ones", "pkg:npm/x@1.0.0", `"deprecated": false, ` + list, `? ? "" dep=no ret=no eol=unknown | partial 1`, "do not list all versions"},
		{"complete: false", "pkg:npm/x@1.1.0", `"complete": false, "deprecated": false, ` + list, "partial 1", "do not list all versions"},
		{"nobody says deprecated", "pkg:npm/x@1.1.0", `"complete": true, ` + list, "partial 1", "deprecated or retracted"},
		{"nobody says retracted", "pkg:npm/x@1.1.0", edit(t, whole, `, "retracted": false`, ""), "partial 1", "deprecated or retracted"},
		{"no dates of the used one", "pkg:npm/x@1.0.0", edit(t, whole, `"published": "2026-01-01", `, ""), `1 ? "1.1.0" dep=no ret=no eol=unknown | partial 1`, "do not say when"},
		{"no dates of the newest", "pkg:npm/x@1.0.0", edit(t, whole, `"published": "2026-02-01", `, ""), `1 ? "1.1.0" dep=no ret=no eol=unknown | partial 1`, "do not say when"},
		{"no dates, and nothing newer", "pkg:npm/x@1.1.0", edit(t, whole, `"published": "2026-02-01", `, ""), "current", ""},
		{"the used one is not published yet", "pkg:npm/x@1.1.0", edit(t, whole, "2026-02-01", "2026-12-01"), "partial 1", "not published yet"},
		{"a version that has no order, later", "pkg:npm/x@1.1.0", edit(t, whole, `"versions": [`, `"versions": [{"version": "newest", "published": "2026-03-01"}, `), "partial 1", "no order"},
		{"a version that has no order, of no date", "pkg:npm/x@1.1.0", edit(t, whole, `"versions": [`, `"versions": [{"version": "newest"}, `), "partial 1", "no order"},
		{"a version that has no order, from before", "pkg:npm/x@1.1.0", edit(t, whole, `"versions": [`, `"versions": [{"version": "2004d", "published": "2004-01-01"}, `), "current", ""},
		{"no versions", "pkg:npm/x@1.1.0", `"complete": true, "deprecated": false`, "partial 2", "do not list the version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			part := lifecycle.Read("dates.json", file("pkg:npm/x", c.members)).Outdated(inventory(c.used), asOf, lifecycle.Options{})
			require.Equal(t, c.want, text(part), "%v", part.Gaps)
			if c.gap != "" {
				require.True(t, slices.ContainsFunc(part.Gaps, func(g release.Gap) bool {
					return g.Kind == release.GapIncomplete && strings.Contains(g.Detail, c.gap) && strings.Contains(g.Detail, string(c.used))
				}), "%v", part.Gaps)
			}
		})
	}

	// An ecosystem without an order.
	part := lifecycle.Read("d", file("pkg:generic/x", whole)).Outdated(inventory("pkg:generic/x@1.1.0"), asOf, lifecycle.Options{})
	require.Equal(t, "partial 1", text(part))
	require.Contains(t, part.Gaps[0].Detail, "order")
}

// Trap T18, as of a moment: what was published, retracted or deprecated later was not.
func TestT18AsOf(t *testing.T) {
	t.Parallel()
	dates := lifecycle.Read("dates.json", []byte(read(t, "dates.json")))
	require.Empty(t, dates.Gaps())
	for _, c := range []struct{ at, used, want string }{
		{"2026-11-21T00:00:00Z", "1.1.0", `2 60.5 "1.3.0" dep=yes ret=no eol=no`},
		{"2026-05-15T00:00:00Z", "1.1.0", `3 111 "1.4.0" dep=yes ret=no eol=no`}, // 1.4.0 was not retracted then
		{"2026-03-11T12:00:00Z", "1.1.0", `2 60.5 "1.3.0" dep=yes ret=no eol=no`},
		{"2026-03-11T11:59:59Z", "1.1.0", `1 31 "1.2.0" dep=yes ret=no eol=no`},
		{"2026-01-10T00:00:00Z", "1.1.0", `0 0 "1.1.0" dep=yes ret=no eol=no`},
		{"2025-12-31T00:00:00Z", "1.1.0", `partial 1`}, // not deprecated yet, nor published
		{"2026-11-21T00:00:00Z", "1.4.0", `0 0 "1.4.0" dep=yes ret=yes eol=no`},
		{"2026-05-31T00:00:00Z", "1.4.0", `0 0 "1.4.0" dep=yes ret=no eol=no`},
		{"2026-11-27T04:00:00Z", "1.1.0", `2 60.5 "1.3.0" dep=yes ret=no eol=no`},
		{"2026-11-27T04:00:01Z", "1.1.0", `? ? "" dep=yes ret=unknown eol=unknown | partial 2`}, // too old for "no" and for the newest
		{"2026-12-31T00:00:00Z", "1.1.0", `? ? "" dep=yes ret=unknown eol=yes | partial 2`},
		{"2026-12-31T00:00:00Z", "1.4.0", `? ? "" dep=yes ret=yes eol=yes | partial 1`},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		require.NoError(t, err)
		part := dates.Outdated(inventory(release.PURL("pkg:npm/left-pad@"+c.used)), at, lifecycle.Options{})
		require.Equal(t, c.want, text(part), "%s %s: %v", c.at, c.used, part.Gaps)
	}
	for _, age := range []time.Duration{-1, time.Hour} {
		part := dates.Outdated(inventory("pkg:npm/right-pad@1.0.0"), asOf, lifecycle.Options{MaxAge: age})
		require.Equal(t, release.CoveragePartial, part.Coverage[release.KindOutdated])
		require.Len(t, part.Gaps, 2, "too old, and nobody says that it is not deprecated")
	}
}

// A flag without a date was set at some time before the dates were collected.
func TestFlagsWithoutDates(t *testing.T) {
	t.Parallel()
	dates := lifecycle.Read("d", file("pkg:npm/x", `"complete": true, "deprecated": true, "versions": [{"version": "1.0.0", "published": "2026-01-01", "retracted": true}]`))
	for at, want := range map[time.Time]string{
		collected:                   `0 0 "1.0.0" dep=yes ret=yes eol=unknown`,
		collected.AddDate(1, 0, 0):  `? ? "" dep=yes ret=yes eol=unknown | partial 1`,
		collected.Add(-time.Second): `partial 1`,
	} {
		require.Equal(t, want, text(dates.Outdated(inventory("pkg:npm/x@1.0.0"), at, lifecycle.Options{})), "%s", at)
	}
}

func TestEndOfLife(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ version, lines, want string }{
		{"1.2.3", `[{"line": "1", "from": "2026-01-01"}]`, "yes"},
		{"1.2.3", `[{"line": "1", "from": "2026-11-21"}]`, "yes"},
		{"1.2.3", `[{"line": "1", "from": "2026-11-22"}]`, "no"},
		{"1.2.3", `[{"line": "1"}]`, "no"},
		{"1.2.3", `[]`, "no"},
		{"1.2.3", `[{"line": "2"}]`, "unknown"},
		{"1.2.3", `[{"line": "1.2", "from": "2026-01-01"}, {"line": "1"}]`, "yes"},
		{"1.20.3", `[{"line": "1.2", "from": "2026-01-01"}, {"line": "1"}]`, "no"},
		{"1.20.3", `[{"line": "1.2", "from": "2026-01-01"}]`, "unknown"},
		{"1.2.0-rc.1", `[{"line": "1.2.0", "from": "2026-01-01"}]`, "yes"},
		{"12.0.1", `[{"line": "1", "from": "2026-01-01"}]`, "unknown"},
	} {
		members := versions(c.version+" 2026-01-01", c.version+"0 2026-01-02") // one behind, to be in the result
		part := lifecycle.Read("d", file("pkg:npm/x", members+`, "endOfLife": `+c.lines)).Outdated(inventory(release.PURL("pkg:npm/x@"+c.version)), asOf, lifecycle.Options{})
		require.Len(t, part.Outdated, 1, c.version)
		require.Equal(t, c.want, part.Outdated[0].EndOfLife.String(), "%s %s", c.version, c.lines)
		require.Equal(t, release.CoverageComplete, part.Coverage[release.KindOutdated])
	}
}

// What could not be read at all is missing, and a gap.
func TestMissing(t *testing.T) {
	t.Parallel()
	good := lifecycle.Read("dates.json", []byte(read(t, "dates.json")))
	bad := lifecycle.Read("dates.json", []byte("{"))
	inv := inventory("pkg:npm/left-pad@1.1.0")
	unread := inventory()
	unread.Coverage = release.CoverageMissing
	var none *lifecycle.Table
	for name, part := range map[string]release.ChangeSet{
		"no dates":               none.Outdated(inv, asOf, lifecycle.Options{}),
		"unreadable dates":       bad.Outdated(inv, asOf, lifecycle.Options{}),
		"no inventory":           good.Outdated(nil, asOf, lifecycle.Options{}),
		"an inventory not read":  good.Outdated(unread, asOf, lifecycle.Options{}),
		"nothing joined":         lifecycle.Join().Outdated(inv, asOf, lifecycle.Options{}),
		"nothing but bad joined": lifecycle.Join(bad, none).Outdated(inv, asOf, lifecycle.Options{}),
	} {
		require.Empty(t, part.Outdated, name)
		require.Equal(t, map[release.Kind]release.Coverage{release.KindOutdated: release.CoverageMissing}, part.Coverage, name)
		require.NotEmpty(t, part.Gaps, name)
		require.False(t, part.Empty(), name)
	}
	partial := inventory("pkg:npm/right-pad@1.0.0")
	partial.Coverage = release.CoveragePartial
	require.Equal(t, release.CoveragePartial, good.Outdated(partial, asOf, lifecycle.Options{}).Coverage[release.KindOutdated])
	require.Zero(t, none.Len())
	require.Empty(t, none.Sources())
}

// However many are unknown, the gaps are few; each component stands once, sorted,
// and the root is none.
func TestSummary(t *testing.T) {
	t.Parallel()
	inv := inventory("pkg:npm/left-pad@1.2.0", "pkg:npm/left-pad@1.1.0", "pkg:npm/left-pad@1.2.0")
	for i := range 1000 {
		inv.Components = append(inv.Components, release.Component{PURL: release.PURL(fmt.Sprintf("pkg:npm/u%03d@1.0.0", i))})
	}
	inv.Root = "pkg:npm/u000@1.0.0"
	part := lifecycle.Read("dates.json", []byte(read(t, "dates.json"))).Outdated(inv, asOf, lifecycle.Options{})
	require.Equal(t, []release.Gap{{Kind: release.GapIncomplete, Subject: "lock", Detail: "the dates do not have the package, or have it twice: " +
		"pkg:npm/u001@1.0.0, pkg:npm/u002@1.0.0, pkg:npm/u003@1.0.0, pkg:npm/u004@1.0.0, pkg:npm/u005@1.0.0 and 994 more"}}, part.Gaps)
	require.Len(t, part.Outdated, 2)
	require.Equal(t, release.PURL("pkg:npm/left-pad@1.1.0"), part.Outdated[0].Component)
	require.Equal(t, release.Path("lock"), part.Outdated[0].File)
	require.Len(t, part.Sources, 1)
}

// Notes of others are cut and quoted.
func TestNotes(t *testing.T) {
	t.Parallel()
	part := lifecycle.Read("d", file("pkg:npm/x", `"complete": true, "deprecated": true, "note": "\u001b[31m`+strings.Repeat("é", 1000)+`", `+
		`"versions": [{"version": "1.0.0", "published": "2026-01-01", "retracted": false}]`)).Outdated(inventory("pkg:npm/x@1.0.0"), asOf, lifecycle.Options{})
	require.Len(t, part.Outdated, 1)
	require.NotContains(t, part.Outdated[0].Detail, "\x1b")
	require.Less(t, len(part.Outdated[0].Detail), 2000)
}

// Of tables that disagree, the one that warns is heard, in whatever order they are
// joined, and as of its own moment.
func TestJoinDisagree(t *testing.T) {
	t.Parallel()
	fine := lifecycle.Read("fine", file("pkg:npm/x", versions("1.0.0 2026-01-01")))
	silent := lifecycle.Read("silent", []byte(edit(t, string(file("pkg:npm/x", `"complete": true, `+"\n"+`"versions": [{"version": "1.0.0", "published": "2026-01-01"}]`)), "\n", "")))
	warns := lifecycle.Read("warns", []byte(edit(t, string(file("pkg:npm/x", `"deprecated": true, "note": "gone", "versions": [{"version": "1.0.0", "retracted": true, "note": "bad"}]`)),
		"2026-11-20T04:00:00Z", "2026-11-20T12:00:00Z")))
	lines := lifecycle.Read("lines", file("pkg:npm/x", `"endOfLife": [{"line": "1", "from": "2026-06-01"}]`))
	ended := lifecycle.Read("ended", file("pkg:npm/x", `"endOfLife": []`))
	inv := inventory("pkg:npm/x@1.0.0")
	for name, dates := range map[string]*lifecycle.Table{"after": lifecycle.Join(fine, warns, ended, lines), "before": lifecycle.Join(lines, warns, fine, ended),
		"after silence": lifecycle.Join(silent, ended, warns, lines), "of three": lifecycle.Join(lifecycle.Join(fine, lines), silent, warns),
		"twice": lifecycle.Join(silent, lifecycle.Join(fine, lines, warns), warns)} {
		part := dates.Outdated(inv, asOf, lifecycle.Options{})
		require.Len(t, part.Outdated, 1, name)
		o := part.Outdated[0]
		require.Equal(t, "yes yes yes", fmt.Sprint(o.Deprecated, o.Retracted, o.EndOfLife), name)
		require.Equal(t, 1, strings.Count(o.Detail, "gone"), name)
		require.Equal(t, 1, strings.Count(o.Detail, "bad"), name)
	}
	// Before the one that warns was collected, nobody had said so.
	require.Equal(t, "current", text(lifecycle.Join(fine, warns).Outdated(inv, collected.Add(time.Hour), lifecycle.Options{})))
	// The tables that were joined did not change.
	require.Equal(t, "current", text(fine.Outdated(inv, asOf, lifecycle.Options{})))
}

func TestJoin(t *testing.T) {
	t.Parallel()
	golist := lifecycle.ReadGoList("golist.json", []byte(read(t, "golist.json")), lifecycle.GoList{Collected: collected})
	lines := lifecycle.Read("eol.json", file("pkg:golang/example.com/behind", `"endOfLife": [{"line": "1.2", "from": "2026-06-01"}]`))
	std := lifecycle.Read("std.json", file("pkg:golang/stdlib", versions("1.26.1 2026-09-01", "1.26.3 2026-11-01")))
	dates := lifecycle.Join(golist, lines, std)
	require.Equal(t, release.CoverageComplete, dates.Coverage())
	require.Len(t, dates.Sources(), 3)
	part := dates.Outdated(inventory("pkg:golang/example.com/behind@v1.2.0", "pkg:golang/stdlib@1.26.1"), asOf, lifecycle.Options{})
	require.Equal(t, `2 90 "v1.4.0" dep=no ret=no eol=yes | 1 61 "1.26.3" dep=no ret=no eol=unknown`, text(part))
	require.Equal(t, release.CoverageComplete, part.Coverage[release.KindOutdated])
	require.Len(t, part.Sources, 3)
	alone := golist.Outdated(inventory("pkg:golang/example.com/behind@v1.2.0"), asOf, lifecycle.Options{})
	require.Equal(t, release.AnswerUnknown, alone.Outdated[0].EndOfLife, "the tables that were joined did not change")

	require.Equal(t, release.CoveragePartial, lifecycle.Join(std, nil).Coverage())
	require.Equal(t, release.CoveragePartial, lifecycle.Join(lifecycle.Read("x", nil), std).Coverage())
}
