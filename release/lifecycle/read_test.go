package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/lifecycle"
)

func TestRead(t *testing.T) {
	t.Parallel()
	text := read(t, "dates.json")
	dates := lifecycle.Read("dates.json", []byte(text))
	require.Empty(t, dates.Gaps())
	require.Equal(t, release.CoverageComplete, dates.Coverage())
	require.Equal(t, 2, dates.Len())
	require.Equal(t, []release.Source{{Path: "dates.json", Format: "lifecycle/1", Digest: release.DigestOf([]byte(text)), At: collected}}, dates.Sources())
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	good := read(t, "dates.json")
	for _, c := range []struct {
		name, text string
		kind       release.GapKind
		coverage   release.Coverage
	}{
		{"nothing", "", release.GapUnreadable, release.CoverageMissing},
		{"null", "null", release.GapUnreadable, release.CoverageMissing},
		{"another schema", edit(t, good, "lifecycle/v1", "lifecycle/v2"), release.GapUnsupported, release.CoverageMissing},
		{"no schema", `{"packages": []}`, release.GapUnsupported, release.CoverageMissing},
		{"not collected", edit(t, good, `"collected": "2026-11-20T04:00:00Z",`, ""), release.GapUnreadable, release.CoverageMissing},
		{"collected at some time", edit(t, good, "2026-11-20T04:00:00Z", "today"), release.GapUnreadable, release.CoverageMissing},
		{"a name that there is not", edit(t, good, `"from"`, `"form"`), release.GapUnreadable, release.CoverageMissing},
		{"a name in another case", edit(t, good, `"retracted": true`, `"Retracted": true`), release.GapUnreadable, release.CoverageMissing},
		{"a name twice", edit(t, good, `"retracted": true`, `"retracted": true, "retracted": false`), release.GapUnreadable, release.CoverageMissing},
		{"null for a flag", edit(t, good, `"retracted": true`, `"retracted": null`), release.GapUnreadable, release.CoverageMissing},
		{"a text for a flag", edit(t, good, `"retracted": true`, `"retracted": "no"`), release.GapUnreadable, release.CoverageMissing},
		{"cut", good[:len(good)/2], release.GapUnreadable, release.CoverageMissing},
		{"two texts", good + "{}", release.GapUnreadable, release.CoverageMissing},
		{"a package that is no purl", edit(t, good, "pkg:npm/left-pad", "left-pad"), release.GapUnreadable, release.CoveragePartial},
		{"a package with a version", edit(t, good, "pkg:npm/left-pad", "pkg:npm/left-pad@1"), release.GapUnreadable, release.CoveragePartial},
		{"a version twice", edit(t, good, `"1.2.0"`, `"1.1.0"`), release.GapUnreadable, release.CoveragePartial},
		{"a version without a name", edit(t, good, `"version": "1.2.0", `, ""), release.GapUnreadable, release.CoveragePartial},
		{"published at some time", edit(t, good, "2026-02-10T00:00:00Z", "10 Feb 2026"), release.GapUnreadable, release.CoveragePartial},
		{"deprecated at some time", edit(t, good, `"2026-01-01", "note"`, `"always", "note"`), release.GapUnreadable, release.CoveragePartial},
		{"a date of what is not set", edit(t, good, `"retracted": true`, `"retracted": false`), release.GapUnreadable, release.CoveragePartial},
		{"a date of what is not known", edit(t, good, `"retracted": true, `, ""), release.GapUnreadable, release.CoveragePartial},
		{"a line twice", edit(t, good, `[{"line": "1"`, `[{"line": "1"}, {"line": "1"`), release.GapUnreadable, release.CoveragePartial},
		{"a line without a name", edit(t, good, `"line": "1", `, ""), release.GapUnreadable, release.CoveragePartial},
		{"an end at some time", edit(t, good, "2026-12-31", "2026-13-31"), release.GapUnreadable, release.CoveragePartial},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dates := lifecycle.Read("dates.json", []byte(c.text))
			require.Len(t, dates.Gaps(), 1)
			require.Equal(t, c.kind, dates.Gaps()[0].Kind)
			require.Equal(t, c.coverage, dates.Coverage())
			part := dates.Outdated(inventory("pkg:npm/left-pad@1.1.0"), asOf, lifecycle.Options{})
			require.Empty(t, part.Outdated, "nothing of it is used")
			require.Equal(t, c.coverage, part.Coverage[release.KindOutdated])
			require.Contains(t, part.Gaps, dates.Gaps()[0])
		})
	}

	// Two entries about one package: neither counts, in whatever order they stand.
	twice := edit(t, good, "pkg:npm/right-pad", "pkg:NPM/left-pad")
	part := lifecycle.Read("dates.json", []byte(twice)).Outdated(inventory("pkg:npm/left-pad@1.1.0"), asOf, lifecycle.Options{})
	require.Equal(t, "partial 1", text(part))

	bad := lifecycle.Read("d", []byte(`{"schema": "`+lifecycle.Schema+`", "collected": "2026-11-20", "packages": [`+strings.Repeat("{},", 99)+"{}]}"))
	require.Len(t, bad.Gaps(), 11, "few gaps for many bad entries")
	require.Equal(t, "d#/packages/0", bad.Gaps()[0].Subject)
}

func TestReadGoList(t *testing.T) {
	t.Parallel()
	good := read(t, "golist.json")
	withoutVersions := edit(t, good, `"Versions": ["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0-rc.1", "v1.3.0", "v1.4.0"],`, "")
	noUpdates := edit(t, withoutVersions, `"Update"`, `"Other"`)
	run := lifecycle.GoList{Collected: collected, Upgrades: true}
	for _, c := range []struct {
		name, text string
		used       release.PURL
		run        lifecycle.GoList
		asOf       time.Time
		want       string
	}{
		{"behind", good, "example.com/behind@v1.2.0", run, asOf, `2 90 "v1.4.0" dep=no ret=no eol=unknown`},
		{"newest", good, "example.com/newest@v0.5.0", run, asOf, "current"},
		{"retracted, without the versions between", good, "example.com/retracted@v1.0.0", run, asOf, `? 1 "v1.0.1" dep=yes ret=yes eol=unknown | partial 1`},
		{"behind, without the versions between", withoutVersions, "example.com/behind@v1.2.0", run, asOf, `? 90 "v1.4.0" dep=no ret=no eol=unknown | partial 1`},
		{"listed with -retracted: the newest was taken back", edit(t, good, `"v1.4.0"],`, `"v1.4.0", "v1.20.99"],`), "example.com/behind@v1.2.0", run, asOf, `2 90 "v1.4.0" dep=no ret=no eol=unknown`},
		{"listed with -retracted: all above were taken back", edit(t, good, `"v0.5.0"],`, `"v0.5.0", "v0.6.0"],`), "example.com/newest@v0.5.0", run, asOf, "current"},
		{"a line without a go.mod is no upgrade", edit(t, good, `"v1.4.0"],`, `"v1.4.0", "v2.5.0+incompatible"],`), "example.com/behind@v1.2.0", run, asOf, `2 90 "v1.4.0" dep=no ret=no eol=unknown`},
		{"an upgrade that is older than its date", edit(t, withoutVersions, "2026-04-01T00:00:00Z", "2026-12-01T00:00:00Z"), "example.com/behind@v1.2.0", run, asOf, "partial 1"},
		{"an upgrade of the future, of one that was taken back", edit(t, good, "2026-01-02T00:00:00Z", "2026-12-01T00:00:00Z"), "example.com/retracted@v1.0.0", run, asOf, `? ? "" dep=yes ret=yes eol=unknown | partial 1`},
		{"without the versions between, before it was collected", withoutVersions, "example.com/behind@v1.2.0", run, collected.Add(-time.Hour), `? ? "" dep=no ret=no eol=unknown | partial 1`},
		{"replaced", good, "example.com/fork@v1.0.0", run, asOf, "partial 1"},
		{"what replaces it", good, "example.com/ours@v1.0.1", run, asOf, "partial 1"},
		{"an error", good, "example.com/gone@v1.0.0", run, asOf, "partial 1"},
		{"the main module", good, "example.com/shop@v1.0.0", run, asOf, "partial 1"},
		{"another version than is used", good, "example.com/newest@v0.4.0", run, asOf, `1 ? "v0.5.0" dep=no ret=unknown eol=unknown | partial 2`},
		{"nobody says -u, and an upgrade proves it", good, "example.com/newest@v0.5.0", lifecycle.GoList{Collected: collected}, asOf, "current"},
		{"nobody says -u, and nothing proves it", noUpdates, "example.com/newest@v0.5.0", lifecycle.GoList{Collected: collected}, asOf, "partial 2"},
		{"somebody says -u, and there are no upgrades", noUpdates, "example.com/newest@v0.5.0", run, asOf, "current"},
		{"collected long ago", good, "example.com/newest@v0.5.0", run, asOf.AddDate(0, 1, 0), "partial 2"},
		{"trap T18: before the upgrade", good, "example.com/behind@v1.2.0", run, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), "partial 1"},
		{"trap T18: before the version", good, "example.com/newest@v0.5.0", run, time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC), "partial 1"},
		{"an upgrade without a version", edit(t, good, `"Version": "v1.4.0", `, ""), "example.com/behind@v1.2.0", run, asOf, "partial 2"},
		{"an upgrade to itself", edit(t, good, `"Version": "v1.4.0", `, `"Version": "v1.2.0", `), "example.com/behind@v1.2.0", run, asOf, "partial 2"},
		{"no version", edit(t, good, `"Version": "v0.5.0",`, ""), "example.com/newest@v0.5.0", run, asOf, "partial 2"},
		{"a time that is none", edit(t, good, "2026-04-01T00:00:00Z", "soon"), "example.com/behind@v1.2.0", run, asOf, "partial 2"},
		{"paths that differ in case alone", good + edit(t, good, "example.com/newest", "example.com/Newest"), "example.com/newest@v0.5.0", run, asOf, "partial 1"},
		{"no time of collection", good, "example.com/newest@v0.5.0", lifecycle.GoList{Upgrades: true}, asOf, "missing 1"},
		{"nothing", "", "example.com/newest@v0.5.0", run, asOf, "missing 1"},
		{"an error message", "go: cannot find main module", "example.com/newest@v0.5.0", run, asOf, "missing 1"},
		{"cut", good[:len(good)-9], "example.com/newest@v0.5.0", run, asOf, "missing 1"},
		{"a list of them", "[" + good[:strings.Index(good, "}")+1] + "]", "example.com/newest@v0.5.0", run, asOf, "missing 1"},
		{"a name twice", edit(t, good, `"Indirect": true`, `"Path": "x"`), "example.com/newest@v0.5.0", run, asOf, "missing 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			part := lifecycle.ReadGoList("golist.json", []byte(c.text), c.run).Outdated(inventory("pkg:golang/"+c.used), c.asOf, lifecycle.Options{})
			got := text(part)
			require.Equal(t, c.want, got, "%v", part.Gaps)
		})
	}
}
