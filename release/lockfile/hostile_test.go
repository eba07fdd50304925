package lockfile_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/lockfile"
)

// many is a text with a part repeated with numbers.
func many(head, format, tail string, n int) []byte {
	b := bytes.NewBufferString(head)
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "%d", fmt.Sprint(i)))
	}
	b.WriteString(tail)
	return b.Bytes()
}

// Whatever a reader is given, it comes back soon and has not taken much. This test
// measures, so that it does not run beside others.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some ten seconds where the machine is busy")
	}
	in := func(name string, text []byte) hostile.Input { return hostile.Input{Name: name, Text: text, Fine: true} }
	deep := strings.Repeat("node_modules/a/", 60)
	own := map[string][]hostile.Input{
		"package-lock": {
			in("a million empty packages", many(`{"lockfileVersion":3,"packages":{`, `"%d":{},`, `"":{}}}`, 1_000_000)),
			in("19,500 packages", many(`{"lockfileVersion":3,"packages":{`, `"node_modules/a%d":{"version":"1.0.0"},`, `"":{}}}`, 19_500)),
			in("a nested old list", []byte(`{"lockfileVersion":1,"dependencies":`+strings.Repeat(`{"a":{"dependencies":`, 30)+"{}"+strings.Repeat("}}", 30)+"}")),
			in("many in the old list", many(`{"lockfileVersion":1,"dependencies":{`, `"a%d":{"dependencies":{"b":{"version":"1.0.0"}}},`, `"":{}}}`, 100_000)),
			in("looking far for names", many(`{"lockfileVersion":3,"packages":{"":{},"`+deep+`node_modules/x":{"version":"1.0.0","dependencies":{`, `"n%d":"1",`, `"m":"1"}}}}`, 90_000)),
			in("many licences of one package", many(`{"lockfileVersion":3,"packages":{"":{},`, `"node_modules/a%d/node_modules/b":{"version":"1.0.0","license":"L%d"},`, `"x":{}}}`, 19_500)),
			in("one name as long as a file", []byte(`{"lockfileVersion":3,"packages":{"node_modules/`+strings.Repeat("x", 7<<20)+`":{}}}`)),
		},
		"pnpm-lock": {
			in("100,000 packages", many("lockfileVersion: '9.0'\npackages:\n", "  a%d@1.0.0:\n    resolution: {integrity: x}\n", "", 100_000)),
			in("19,500 of everything", append(many("lockfileVersion: '9.0'\npackages:\n", "  a%d@1.0.0:\n    resolution: {integrity: x}\n", "snapshots:\n", 19_500), many("", "  a%d@1.0.0:\n    dependencies:\n      a1: 1.0.0\n", "", 19_500)...)),
			in("a level with many keys that closes often", many("lockfileVersion: '9.0'\nx:\n", "  k%d:\n    a: b\n", "", 100_000)),
			in("a long line in braces", []byte("lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {"+strings.Repeat("a: b, ", 1_000_000)+"}\n")),
			in("a long list", []byte("lockfileVersion: '9.0'\nx: ["+strings.Repeat("a, ", 2_000_000)+"b]\n")),
			in("one key as long as a file", []byte("lockfileVersion: '9.0'\npackages:\n  "+strings.Repeat("x", 7<<20)+": {}\n")),
			in("documents", []byte(strings.Repeat("lockfileVersion: '9.0'\n---\n", 100_000))),
			in("documents of nothing", []byte(strings.Repeat("---\n", 200_000))),
		},
		"yarn": {
			in("one entry for a million ranges", many("# yarn lockfile v1\n", "a@%d, ", "a@x:\n  version \"1.0.0\"\n", 600_000)),
			in("100,000 entries", many("# yarn lockfile v1\n", "a%d@1:\n  version \"1.0.0\"\n", "", 100_000)),
			in("200,000 lines that are nothing", many("# yarn lockfile v1\n", "!%d\n", "", 200_000)),
			in("19,500 entries of one name, asked for", many("# yarn lockfile v1\n", "a@%d:\n  version \"%d.0.0\"\n  dependencies:\n    a \"x%d\"\n", "", 19_500)),
		},
		"yarn-berry": {
			in("one entry for many ranges", many("__metadata:\n  version: 8\n\"", "a@npm:%d, ", "a@npm:x\":\n  version: 1.0.0\n", 500_000)),
			in("19,500 entries", many("__metadata:\n  version: 8\n", "\"a%d@npm:1\":\n  version: 1.0.0\n  resolution: \"a%d@npm:1.0.0\"\n  dependencies:\n    a1: \"npm:1\"\n", "", 19_500)),
		},
		"requirements": {
			in("200,000 requirements", many("", "a%d==1.0.0\n", "", 200_000)),
			in("a line continued 200,000 times", []byte("a==1.0.0 "+strings.Repeat("\\\n", 200_000))),
			in("a million hashes", []byte("a==1.0.0 "+strings.Repeat("--hash=x ", 800_000))),
			in("many comments on a line", []byte("a==1 "+strings.Repeat("# ", 3_000_000))),
			in("many versions", []byte("a"+strings.Repeat("==1,", 1_500_000))),
			in("a long fragment", []byte("a @ https://x.test/a.whl#"+strings.Repeat("a=b&", 1_500_000))),
		},
		"poetry": {
			in("100,000 packages", many("", "[[package]]\nname = \"a%d\"\n", "[metadata]\nlock-version = \"2.1\"\n", 100_000)),
			in("19,500 of one name", many("", "[[package]]\nname = \"a\"\nversion = \"%d\"\n[package.dependencies]\na = \"*\"\n", "[metadata]\nlock-version = \"2.1\"\n", 19_500)),
		},
		"uv": {
			in("19,500 of one name", many("version = 1\n", "[[package]]\nname = \"a\"\nversion = \"%d\"\nsource = {registry = \"x\"}\ndependencies = [{name = \"a\"}]\n", "", 19_500)),
			in("many wheels", many("version = 1\n[[package]]\nname = \"a\"\nwheels = [", "{hash=\"%d\"},", "]\n", 200_000)),
		},
		"cargo": {
			in("19,500 of one name", many("version = 4\n", "[[package]]\nname = \"a\"\nversion = \"%d.0.0\"\ndependencies = [\"a\"]\n", "", 19_500)),
			in("many checksums", many("[metadata]\n", "k%d = \"x\"\n", "", 200_000)),
		},
	}
	all := hostile.Texts()
	for _, f := range lockfile.Formats() {
		t.Run(f.Name, func(t *testing.T) {
			inputs := slices.Concat(all, own[f.Name])
			hostile.Check(t, inputs, func(b []byte) bool {
				inv := f.Read("x", b)
				return len(inv.Gaps) > 0 && inv.Coverage != release.CoverageComplete
			})
		})
	}
}
