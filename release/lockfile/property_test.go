package lockfile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/lockfile"
)

// pack is a package of the model: what a lock file is written from, and what must be
// read back.
type pack struct {
	name, version, host string
	needs               []int
}

// kinds are the formats as functions of the model.
var kinds = []struct {
	file, purl string
	scoped     bool // names may have a scope
	edges      bool
	write      func([]pack) string
	coverage   release.Coverage
}{
	{"package-lock.json", "npm", true, false, writeNPM1, release.CoverageComplete},
	{"package-lock.json", "npm", true, true, writeNPM3, release.CoverageComplete},
	{"pnpm-lock.yaml", "npm", true, true, writePnpm, release.CoverageComplete},
	{"yarn.lock", "npm", true, true, writeYarn, release.CoverageComplete},
	{"yarn.lock", "npm", true, true, writeBerry, release.CoverageComplete},
	{"requirements.txt", "pypi", false, false, writePip, release.CoverageComplete},
	{"poetry.lock", "pypi", false, false, writePoetry, release.CoverageComplete},
	{"uv.lock", "pypi", false, true, writeUv, release.CoverageComplete},
	{"Cargo.lock", "cargo", false, true, writeCargo, release.CoverageComplete},
}

const hash64 = "abababababababababababababababababababababababababababababababab"

func tgz(p pack) string {
	host := p.host
	if host == "" {
		host = "registry.npmjs.org"
	}
	return "https://" + host + "/" + p.name + "/-/" + p.name[strings.LastIndexByte(p.name, '/')+1:] + "-" + p.version + ".tgz"
}

func at(p pack) string { return p.name + "@" + p.version }

// nested gives each package a place of its own in node_modules.
func nested(i int, p pack) string {
	return fmt.Sprintf("node_modules/holder%d/node_modules/%s", i, p.name)
}

func writeNPM1(ps []pack) string {
	var parts []string
	for i, p := range ps {
		parts = append(parts, fmt.Sprintf(`"holder%d":{"version":"file:h%d","dependencies":{%q:{"version":%q,"resolved":%q,"integrity":"sha512-x"}}}`, i, i, p.name, p.version, tgz(p)))
	}
	return `{"lockfileVersion":1,"dependencies":{` + strings.Join(parts, ",") + "}}"
}

func writeNPM3(ps []pack) string {
	parts := []string{`"":{"name":"root"}`}
	for i, p := range ps {
		var needs []string
		for _, n := range p.needs { // each gets a copy of what it needs
			needs = append(needs, fmt.Sprintf("%q:\"*\"", ps[n].name))
			parts = append(parts, fmt.Sprintf(`"%s/node_modules/%s":{"version":%q,"resolved":%q,"integrity":"sha512-x"}`, nested(i, p), ps[n].name, ps[n].version, tgz(ps[n])))
		}
		parts = append(parts, fmt.Sprintf(`%q:{"version":%q,"resolved":%q,"integrity":"sha512-x","dependencies":{%s}}`, nested(i, p), p.version, tgz(p), strings.Join(needs, ",")))
	}
	return `{"lockfileVersion":3,"packages":{` + strings.Join(parts, ",") + "}}"
}

func writePnpm(ps []pack) string {
	packages, snapshots := "packages:\n", "snapshots:\n"
	for _, p := range ps {
		packages += fmt.Sprintf("  '%s':\n    resolution: {integrity: sha512-x, tarball: %s}\n", at(p), tgz(p))
		snapshots += fmt.Sprintf("  '%s(peer@1.0.0)':\n    dependencies:\n", at(p))
		for _, n := range p.needs {
			snapshots += fmt.Sprintf("      '%s': %s(peer@1.0.0)\n", ps[n].name, ps[n].version)
		}
	}
	return "lockfileVersion: '9.0'\n" + packages + snapshots
}

func writeYarn(ps []pack) string {
	s := "# yarn lockfile v1\n"
	for _, p := range ps {
		s += fmt.Sprintf("\n\"%s@%s\", \"%s@^%s\":\n  version \"%s\"\n  resolved \"%s#%s\"\n  integrity sha512-x\n  dependencies:\n", p.name, p.version, p.name, p.version, p.version, tgz(p), sha1)
		for _, n := range p.needs {
			s += fmt.Sprintf("    \"%s\" \"^%s\"\n", ps[n].name, ps[n].version)
		}
	}
	return s
}

func writeBerry(ps []pack) string {
	s := "__metadata:\n  version: 8\n"
	for _, p := range ps {
		address := ""
		if p.host != "" {
			address = "::__archiveUrl=" + strings.NewReplacer(":", "%3A", "/", "%2F", "@", "%40").Replace(tgz(p))
		}
		s += fmt.Sprintf("\n\"%s@npm:^%s\":\n  version: %s\n  resolution: \"%s@npm:%s%s\"\n  checksum: 10c0/x\n  dependencies:\n", p.name, p.version, p.version, p.name, p.version, address)
		for _, n := range p.needs {
			s += fmt.Sprintf("    \"%s\": \"npm:^%s\"\n", ps[n].name, ps[n].version)
		}
	}
	return s
}

func writePip(ps []pack) string {
	s := ""
	for i, p := range ps {
		if p.host != "" {
			s += fmt.Sprintf("%s @ https://%s/%s-%s-py3-none-any.whl --hash=sha256:%s\n", p.name, p.host, strings.ReplaceAll(p.name, "-", "_"), p.version, hash64)
			continue
		}
		s += fmt.Sprintf("%s == %s ; python_version == '3.%d' \\\n    --hash=sha256:%s # %s\n", p.name, p.version, i, hash64, p.version)
	}
	return s
}

func writePoetry(ps []pack) string {
	s := ""
	for _, p := range ps {
		s += fmt.Sprintf("[[package]]\nname = %q\nversion = %q\nfiles = [{file = \"%s-%s.tar.gz\", hash = \"sha256:%s\"}]\n", p.name, p.version, p.name, p.version, hash64)
		if p.host != "" {
			s += fmt.Sprintf("[package.source]\ntype = \"legacy\"\nurl = \"https://%s\"\n", p.host)
		}
	}
	return s + "[metadata]\nlock-version = \"2.1\"\n"
}

func writeUv(ps []pack) string {
	s := "version = 1\n"
	for _, p := range ps {
		host := p.host
		if host == "" {
			host = "pypi.org/simple"
		}
		s += fmt.Sprintf("[[package]]\nname = %q\nversion = %q\nsource = { registry = \"https://%s\" }\nsdist = { hash = \"sha256:%s\" }\ndependencies = [", p.name, p.version, host, hash64)
		for _, n := range p.needs {
			s += fmt.Sprintf("{ name = %q, version = %q }, ", ps[n].name, ps[n].version)
		}
		s += "]\n"
	}
	return s
}

func writeCargo(ps []pack) string {
	source := func(p pack) string {
		if p.host != "" {
			return "registry+https://" + p.host
		}
		return "registry+https://github.com/rust-lang/crates.io-index"
	}
	s := "version = 4\n"
	for _, p := range ps {
		s += fmt.Sprintf("[[package]]\nname = %q\nversion = %q\nsource = %q\nchecksum = %q\ndependencies = [", p.name, p.version, source(p), hash64)
		for _, n := range p.needs {
			s += fmt.Sprintf("\"%s %s (%s)\", ", ps[n].name, ps[n].version, source(ps[n]))
		}
		s += "]\n"
	}
	return s
}

func drawPacks(t *rapid.T, scoped bool) []pack {
	name := `[a-z][a-z0-9]{0,5}(-[a-z]{1,3})?`
	if scoped {
		name = `(@[a-z]{1,4}/)?` + name
	}
	one := rapid.Custom(func(t *rapid.T) pack {
		return pack{name: rapid.StringMatching(name).Draw(t, "name"), version: rapid.StringMatching(`[1-9]\.[0-9]\.[0-9]`).Draw(t, "version"),
			host: rapid.SampledFrom([]string{"", "", "npm.acme.test"}).Draw(t, "host")}
	})
	ps := rapid.SliceOfNDistinct(one, 0, 12, at).Draw(t, "packages")
	if len(ps) > 0 {
		for i := range ps {
			needs := rapid.SliceOfNDistinct(rapid.IntRange(0, len(ps)-1), 0, 3, func(n int) string { return ps[n].name }).Draw(t, "needs")
			ps[i].needs = slices.DeleteFunc(needs, func(n int) bool { return ps[n].name == ps[i].name })
		}
	}
	return ps
}

// What is written of a list of packages is read back as that list, in every format.
func TestWrittenIsRead(t *testing.T) {
	t.Parallel()
	for i, k := range kinds {
		t.Run(fmt.Sprint(i, " ", k.file), rapid.MakeCheck(func(t *rapid.T) {
			ps := drawPacks(t, k.scoped)
			var components, edges []string
			purl := func(p pack) string {
				u, err := release.NewPURL(k.purl, p.name, p.version)
				require.NoError(t, err)
				return string(u)
			}
			for _, p := range ps {
				components = append(components, fmt.Sprint(purl(p), " ", p.host != ""))
				for _, n := range p.needs {
					edges = append(edges, purl(p)+" "+purl(ps[n]))
				}
			}
			slices.Sort(components)
			slices.Sort(edges)
			inv := lockfile.Read(release.Path(k.file), []byte(k.write(ps)))
			require.Equal(t, k.coverage, inv.Coverage, "%v", inv.Gaps)
			require.Empty(t, inv.Gaps)
			var got, gotEdges []string
			for _, c := range inv.Components {
				got = append(got, fmt.Sprint(c.PURL, " ", c.Origin != ""))
				require.NotEmpty(t, c.Integrity)
			}
			for _, e := range inv.Edges {
				gotEdges = append(gotEdges, string(e.From)+" "+string(e.To))
			}
			slices.Sort(got)
			slices.Sort(gotEdges)
			require.Equal(t, components, got)
			if k.edges {
				require.Equal(t, edges, gotEdges)
			}
		}))
	}
}
