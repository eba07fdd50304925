package risk_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/advisory"
	"github.com/sallyport-dev/sallyport/release/gomod"
	"github.com/sallyport-dev/sallyport/release/inventory"
	"github.com/sallyport-dev/sallyport/release/lockfile"
	"github.com/sallyport-dev/sallyport/release/threat"
	"github.com/sallyport-dev/sallyport/risk"
)

// snapshot has one advisory, mended in two versions.
func snapshot(t *testing.T, ecosystem, name string, fixed string) *advisory.DB {
	t.Helper()
	text := `{"schema_version":"1.6.0","id":"OSV-1","published":"2026-11-01T00:00:00Z","modified":"2026-11-01T00:00:00Z","summary":"code of others runs",
"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
"affected":[{"package":{"ecosystem":"` + ecosystem + `","name":"` + name + `"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"` + fixed + `"}]}]}]}`
	db, err := advisory.Load(fstest.MapFS{"OSV-1.json": {Data: []byte(text)}}, nil)
	require.NoError(t, err)
	return db
}

// readGo is what the readers say of a go.mod with its go.sum, before and after.
func readGo(t *testing.T, before, after gomod.File) release.ChangeSet {
	cs := release.ChangeSet{Base: base, Head: head, Files: []release.FileChange{file("go.mod", 4, 4), file("go.sum", 12, 12)},
		Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete}}
	cs.Add(gomod.Diff(before, after))
	was, is := gomod.Read(before), gomod.Read(after)
	cs.Add(snapshot(t, "Go", "example.com/proxy", "1.4.2").Delta(&was, &is, now))
	threat.Feeds{}.Apply(&cs, now)
	return cs
}

const goMod = `module example.com/shop

go 1.26.0

toolchain go1.26.1

require (
	example.com/pad v1.0.0 // indirect
	example.com/proxy v1.4.1
)
`

const goSum = `example.com/pad v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
example.com/pad v1.0.0/go.mod h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
example.com/proxy v1.4.1 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
example.com/proxy v1.4.1/go.mod h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
`

// Files as they are, read by the readers of this module: the fix goes through the lane, and what is slipped in beside it does not.
func TestExpediteThroughGoMod(t *testing.T) {
	t.Parallel()
	fixed := strings.NewReplacer("proxy v1.4.1", "proxy v1.4.2")
	for _, c := range []struct {
		name     string
		mod, sum []string // what is replaced besides
		want     release.Lane
		because  string
	}{
		{"the fix", nil, nil, release.LaneExpedite, "OSV-1: the expedite lane is open"},
		{"another module is upgraded", []string{"pad v1.0.0", "pad v1.0.1"}, []string{"pad v1.0.0", "pad v1.0.1"}, release.LaneNormal, "pkg:golang/example.com/pad: the expedite lane is closed: no advisory says that v1.0.1"},
		{"a module is added", []string{"	example.com/pad", "	example.com/prox v1.4.2\n	example.com/pad"}, []string{"example.com/proxy v1.4.1 ", "example.com/prox v1.4.2 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nexample.com/proxy v1.4.1 "}, release.LaneNormal, "pkg:golang/example.com/prox: the expedite lane is closed: a dependency is added"},
		{"the toolchain goes up", []string{"toolchain go1.26.1", "toolchain go1.26.2"}, nil, release.LaneNormal, "pkg:golang/toolchain: the expedite lane is closed: the version of Go changes"},
		{"the toolchain is somebody's own", []string{"toolchain go1.26.1", "toolchain go1.26.1-evil"}, nil, release.LaneNormal, "pkg:golang/toolchain"},
		{"the toolchain goes", []string{"toolchain go1.26.1\n", ""}, nil, release.LaneNormal, "pkg:golang/toolchain"},
		{"the go line goes up", []string{"go 1.26.0", "go 1.26.1"}, nil, release.LaneNormal, "pkg:golang/stdlib"},
		{"a replace directive", []string{"require (", "replace example.com/pad => evil.example/pad v1.0.0\n\nrequire ("}, nil, release.LaneNormal, "a dependency is replaced"},
		{"a replace directive to a directory", []string{"require (", "replace example.com/pad => ../pad\n\nrequire ("}, nil, release.LaneNormal, "something could not be read"},
		{"a replace directive of the mended one", []string{"require (", "replace example.com/proxy => evil.example/proxy v1.4.2\n\nrequire ("}, nil, release.LaneNormal, "the expedite lane is closed"},
		{"a tool directive", []string{"require (", "tool example.com/pad/cmd\n\nrequire ("}, nil, release.LaneNormal, "a dependency is modified"},
		{"an exclude directive", []string{"require (", "exclude example.com/pad v1.0.1\n\nrequire ("}, nil, release.LaneNormal, "a dependency is modified"},
		{"a debug setting", []string{"require (", "godebug tlsrsakex=1\n\nrequire ("}, nil, release.LaneNormal, "a dependency is modified"},
		{"another hash for a version that stays", nil, []string{"pad v1.0.0 h1:A", "pad v1.0.0 h1:B"}, release.LaneNormal, "something could not be read"},
		{"past the fix", []string{"proxy v1.4.1", "proxy v1.4.3"}, []string{"proxy v1.4.1", "proxy v1.4.3"}, release.LaneNormal, "no advisory says that v1.4.3"},
		{"another name for the module", []string{"module example.com/shop", "module example.com/shop2"}, nil, release.LaneNormal, "a dependency is moved"},
		{"a module becomes indirect", []string{"proxy v1.4.1", "proxy v1.4.2 // indirect"}, nil, release.LaneNormal, "there is more to the upgrade"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			before := gomod.File{Mod: []byte(goMod), Sum: []byte(goSum)}
			after := gomod.File{Mod: []byte(fixed.Replace(strings.NewReplacer(c.mod...).Replace(goMod))), Sum: []byte(fixed.Replace(strings.NewReplacer(c.sum...).Replace(goSum)))}
			a, err := risk.Assess(risk.Input{Changes: readGo(t, before, after), Exposed: answerYes}, now)
			require.NoError(t, err)
			require.Equal(t, c.want, a.Lane, "%v", a.Reasons)
			if lane := told(a, "risk/lane"); len(lane) > 0 {
				require.Contains(t, lane[0], c.because)
			} else {
				require.Equal(t, release.LaneNormal, c.want)
			}
		})
	}
}

const npmLock = `{"name":"shop","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{
"":{"name":"shop","version":"1.0.0","dependencies":{"proxy":"^1.4.0"}},
"node_modules/proxy":{"version":"1.4.1","resolved":"https://registry.npmjs.org/proxy/-/proxy-1.4.1.tgz","integrity":"sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==","license":"MIT","dependencies":{"pad":"1.0.0"}},
"node_modules/pad":{"version":"1.0.0","resolved":"https://registry.npmjs.org/pad/-/pad-1.0.0.tgz","integrity":"sha512-BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA==","license":"MIT"}
}}`

func TestExpediteThroughAnNpmLock(t *testing.T) {
	t.Parallel()
	fixed := []string{`"version":"1.4.1"`, `"version":"1.4.2"`, "proxy-1.4.1.tgz", "proxy-1.4.2.tgz", "sha512-AAAA", "sha512-CCCC"}
	for _, c := range []struct {
		name    string
		replace []string
		want    release.Lane
		because string
	}{
		{"the fix", fixed, release.LaneExpedite, "OSV-1: the expedite lane is open"},
		{"from another registry", append([]string{"https://registry.npmjs.org/proxy/-/proxy-1.4.1.tgz", "https://evil.example/proxy-1.4.2.tgz"}, fixed...), release.LaneNormal, "something could not be read"},
		{"with an install script", append([]string{`"license":"MIT","dependencies"`, `"license":"MIT","hasInstallScript":true,"dependencies"`}, fixed...), release.LaneNormal, "installing a dependency runs code"},
		{"with another licence", append([]string{`"license":"MIT","dependencies"`, `"license":"UNLICENSED","dependencies"`}, fixed...), release.LaneNormal, "the licence of a dependency changes"},
		{"with another package", append([]string{`"node_modules/pad":`, `"node_modules/padd":{"version":"1.0.0","resolved":"https://registry.npmjs.org/padd/-/padd-1.0.0.tgz","integrity":"sha512-DDDDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==","license":"MIT"},"node_modules/pad":`}, fixed...), release.LaneNormal, "pkg:npm/padd: the expedite lane is closed: a dependency is added"},
		{"with other content of another package", append([]string{"sha512-BBBB", "sha512-EEEE"}, fixed...), release.LaneNormal, "something could not be read"},
		{"without a hash", append([]string{`"integrity":"sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",`, ""}, fixed...), release.LaneNormal, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const path = "package-lock.json"
			was, is := lockfile.Read(path, []byte(npmLock)), lockfile.Read(path, []byte(strings.NewReplacer(c.replace...).Replace(npmLock)))
			cs := release.ChangeSet{Base: base, Head: head, Files: []release.FileChange{file(path, 14, 14)},
				Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete}}
			cs.Add(inventory.Diff(&was, &is))
			cs.Add(snapshot(t, "npm", "proxy", "1.4.2").Delta(&was, &is, now))
			threat.Feeds{}.Apply(&cs, now)
			a, err := risk.Assess(risk.Input{Changes: cs, Exposed: answerYes}, now.Add(time.Minute))
			require.NoError(t, err)
			require.Equal(t, c.want, a.Lane, "%v", a.Reasons)
			require.Contains(t, strings.Join(told(a, "risk/lane"), "\n"), c.because)
		})
	}
}
