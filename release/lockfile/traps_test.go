package lockfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/lockfile"
)

const sha1 = "0123456789abcdef0123456789abcdef01234567"

// lock3 is a package-lock.json of version 3 with entries.
func lock3(entries string) string {
	return `{"lockfileVersion":3,"packages":{"":{"name":"m","version":"1.0.0"},` + entries + `}}`
}

// lock2 is one of version 2.
func lock2(packages, dependencies string) string {
	return `{"lockfileVersion":2,"packages":{"":{"name":"m"},` + packages + `},"dependencies":{` + dependencies + `}}`
}

func pnpm9(packages, snapshots string) string {
	return "lockfileVersion: '9.0'\nimporters:\n  .: {}\npackages:\n" + packages + "snapshots:\n" + snapshots
}

func berry8(entries string) string { return "__metadata:\n  version: 8\n" + entries }

func toml(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

// What a lock file can hide, and what tools get wrong. Each is given whole, and what
// must be said of it.
func TestTraps(t *testing.T) {
	t.Parallel()
	const complete, partial, missing = release.CoverageComplete, release.CoveragePartial, release.CoverageMissing
	index := `source = "registry+https://github.com/rust-lang/crates.io-index"`
	sum := `checksum = "` + strings.Repeat("ab", 32) + `"`
	for _, c := range []struct {
		name, file, text string
		coverage         release.Coverage
		want             []string // lines, or parts of them
		never            []string
	}{
		// Lock-file injection: the same name and version, another content.
		{"npm: another host", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://evil.test/a/-/a-1.0.0.tgz","integrity":"sha512-x"}`), complete, []string{"pkg:npm/a@1.0.0 transitive runtime sha512-x from https://evil.test/a/-/a-1.0.0.tgz"}, nil},
		{"npm: another host that looks alike", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://registry.npmjs.org.evil.test/a/-/a-1.0.0.tgz"}`), partial, []string{"from https://registry.npmjs.org.evil.test/", "gap unpinned pkg:npm/a@1.0.0"}, nil},
		{"npm: the usual host as a user name", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://registry.npmjs.org@evil.test/a/-/a-1.0.0.tgz"}`), partial, []string{"from https://evil.test/a/-/a-1.0.0.tgz"}, nil},
		{"npm: another package of the usual host", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://registry.npmjs.org/evil/-/evil-1.0.0.tgz","integrity":"sha512-x"}`), partial, []string{"from https://registry.npmjs.org/evil/-/evil-1.0.0.tgz", "gap ambiguous pkg:npm/a@1.0.0: package-lock.json: its archive is that of another package"}, nil},
		{"npm: another version of the same package", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://registry.npmjs.org/a/-/a-0.9.0.tgz","integrity":"sha512-x"}`), partial, []string{"from https://registry.npmjs.org/a/-/a-0.9.0.tgz", "gap ambiguous"}, nil},
		{"npm: a path that climbs", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://registry.npmjs.org/a/-/../../evil/-/a-1.0.0.tgz","integrity":"sha512-x"}`), partial, []string{"gap ambiguous"}, nil},
		{"npm: without encryption", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"http://registry.npmjs.org/a/-/a-1.0.0.tgz","integrity":"sha512-x"}`), complete, []string{"from http://registry.npmjs.org/a/-/a-1.0.0.tgz"}, nil},
		{"npm: build metadata is not in the file's name", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0+b7","resolved":"https://registry.npmjs.org/a/-/a-1.0.0.tgz","integrity":"sha512-x"}`), complete, []string{"pkg:npm/a@1.0.0%2Bb7 transitive runtime sha512-x\n"}, []string{"from"}},
		{"npm: an alias that says so", "package-lock.json", lock3(`"node_modules/a":{"name":"evil","version":"1.0.0","resolved":"https://registry.npmjs.org/evil/-/evil-1.0.0.tgz","integrity":"sha512-x"}`), complete, []string{"pkg:npm/evil@1.0.0"}, []string{"pkg:npm/a@"}},
		{"npm: two contents of one version", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","integrity":"sha512-x"},"node_modules/b/node_modules/a":{"version":"1.0.0","integrity":"sha512-y"}`), partial, []string{"pkg:npm/a@1.0.0 transitive runtime sha512-x", "pkg:npm/a@1.0.0 transitive runtime sha512-y", "gap ambiguous pkg:npm/a@1.0.0: package-lock.json: it is listed with two hashes"}, nil},
		{"npm: two origins of one version", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","integrity":"sha512-x"},"node_modules/b/node_modules/a":{"version":"1.0.0","integrity":"sha512-x","resolved":"https://evil.test/a.tgz"}`), complete, []string{"sha512-x\n", "sha512-x from https://evil.test/a.tgz"}, nil},
		{"npm: several versions of one package", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","integrity":"sha512-x"},"node_modules/b/node_modules/a":{"version":"2.0.0","integrity":"sha512-x"}`), complete, []string{"pkg:npm/a@1.0.0", "pkg:npm/a@2.0.0"}, nil},
		{"npm: the farthest scope counts", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","integrity":"sha512-x","dev":true},"node_modules/b/node_modules/a":{"version":"1.0.0","integrity":"sha512-x","hasInstallScript":true}`), complete, []string{"pkg:npm/a@1.0.0 transitive runtime script sha512-x"}, nil},
		{"npm: dev and optional", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","integrity":"sha512-x","devOptional":true},"node_modules/b":{"version":"1.0.0","integrity":"sha512-x","dev":true,"optional":true}`), complete, []string{"pkg:npm/a@1.0.0 transitive optional", "pkg:npm/b@1.0.0 transitive development"}, nil},
		{"npm: a branch", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"git+ssh://git@github.com/x/a.git#main"}`), partial, []string{"gap unpinned pkg:npm/a@1.0.0"}, nil},
		{"npm: an archive that looks like a commit", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://evil.test/archive/` + sha1 + `.tar.gz"},"node_modules/b":{"version":"1.0.0","resolved":"https://evil.test/b.tgz#` + sha1 + `"}`), partial, []string{"gap unpinned pkg:npm/a@1.0.0", "gap unpinned pkg:npm/b@1.0.0"}, nil},
		{"npm: an archive of a commit", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://codeload.github.com/x/a/tar.gz/` + sha1 + `"}`), complete, []string{"from https://codeload.github.com/x/a/tar.gz/"}, []string{"gap"}},
		{"npm: a range", "package-lock.json", lock3(`"node_modules/a":{"version":"^1.0.0","integrity":"sha512-x"}`), partial, []string{`"^1.0.0" is no version`}, nil},
		{"npm: neither version nor address", "package-lock.json", lock3(`"node_modules/a":{}`), partial, []string{"pkg:npm/a transitive", "gap unpinned pkg:npm/a"}, nil},
		{"npm: a link out of the repository", "package-lock.json", lock3(`"node_modules/a":{"resolved":"../a","link":true}`), complete, []string{"gap dependency-origin node_modules/a"}, []string{"pkg:npm/a"}},
		{"npm: a link within", "web/package-lock.json", lock3(`"node_modules/a":{"resolved":"../a","link":true}`), complete, nil, []string{"pkg:npm/a", "gap"}},
		{"npm: a link to a URL", "package-lock.json", lock3(`"node_modules/a":{"resolved":"https://evil.test/a","link":true}`), complete, []string{"gap dependency-origin node_modules/a"}, nil},
		{"npm: a file that is no directory", "package-lock.json", `{"lockfileVersion":1,"dependencies":{"a":{"version":"file:a-1.0.0.tgz"}}}`, complete, []string{"pkg:npm/a unknown runtime from file:a-1.0.0.tgz"}, nil},
		{"npm: case variant", "package-lock.json", `{"lockfileVersion":3,"Packages":{"node_modules/evil":{"version":"1.0.0"}},"packages":{}}`, missing, []string{"gap unreadable"}, nil},
		{"npm: case variant in an entry", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","Resolved":"https://evil.test/a.tgz"}`), missing, []string{"gap unreadable"}, nil},
		{"npm: a name twice", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0"},"node_modules/a":{"version":"2.0.0"}`), missing, []string{"gap unreadable", "stands twice"}, nil},
		{"npm: a version twice", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","version":"2.0.0"}`), missing, []string{"stands twice"}, nil},
		{"npm: one bad entry", "package-lock.json", lock3(`"node_modules/a":{"version":5},"node_modules/b":{"version":"1.0.0"},"node_modules/c":[]`), partial, []string{"gap unreadable node_modules/a: package-lock.json: version is of the wrong kind", "gap unreadable node_modules/c", "pkg:npm/b@1.0.0"}, nil},
		{"npm: a bad hash", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","integrity":"<script>"}`), partial, []string{"gap unreadable"}, []string{"<script>"}},
		{"npm: a name that climbs", "package-lock.json", lock3(`"node_modules/../../evil":{"version":"1.0.0"}`), partial, []string{"gap unreadable"}, []string{"pkg:npm/..", "evil@"}},
		{"npm: another version of the format", "package-lock.json", `{"lockfileVersion":4,"packages":{}}`, missing, []string{"gap unsupported"}, nil},
		{"npm: no packages", "package-lock.json", `{"lockfileVersion":3}`, missing, []string{"gap unreadable"}, nil},
		{"npm: a need that is not there", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","dependencies":{"b":"1"}}`), partial, []string{"gap ambiguous node_modules/a: package-lock.json: it needs b, which is not listed"}, nil},
		{"npm 1: packages too", "package-lock.json", `{"lockfileVersion":1,"packages":{"node_modules/a":{"version":"1.0.0"}},"dependencies":{}}`, missing, []string{"gap ambiguous"}, nil},
		{"npm 2: other versions", "package-lock.json", lock2(`"node_modules/a":{"version":"1.0.0"}`, `"a":{"version":"2.0.0"}`), partial, []string{"pkg:npm/a@1.0.0", "pkg:npm/a@2.0.0", "gap ambiguous node_modules/a: package-lock.json: dependencies and packages have different versions"}, nil},
		{"npm 2: other addresses", "package-lock.json", lock2(`"node_modules/a":{"version":"1.0.0"}`, `"a":{"version":"1.0.0","resolved":"https://evil.test/a.tgz","integrity":"sha512-x"},"b":{"version":"1.0.0"}`), partial, []string{"gap ambiguous node_modules/b"}, nil},
		{"npm 2: another host in one half", "package-lock.json", lock2(`"node_modules/a":{"version":"1.0.0","resolved":"https://registry.npmjs.org/a/-/a-1.0.0.tgz","integrity":"sha512-x"}`, `"a":{"version":"1.0.0","resolved":"https://evil.test/a.tgz","integrity":"sha512-x"}`), partial, []string{"from https://evil.test/a.tgz", "different addresses"}, nil},
		{"npm 2: an address in one half only", "package-lock.json", lock2(`"node_modules/a":{"version":"1.0.0","integrity":"sha512-x"}`, `"a":{"version":"1.0.0","resolved":"https://evil.test/a.tgz","integrity":"sha512-x"}`), partial, []string{"from https://evil.test/a.tgz", "gap ambiguous"}, nil},
		{"npm 2: other hashes", "package-lock.json", lock2(`"node_modules/a":{"version":"1.0.0","integrity":"sha512-x"}`, `"a":{"version":"1.0.0","integrity":"sha512-y"}`), partial, []string{"different hashes", "sha512-x", "sha512-y"}, nil},
		{"npm 2: only in packages", "package-lock.json", lock2(`"node_modules/a":{"version":"1.0.0"}`, ``), partial, []string{"gap ambiguous node_modules/a"}, nil},
		{"npm 2: another package under one name", "package-lock.json", lock2(`"node_modules/a":{"version":"1.0.0"}`, `"a":{"version":"npm:evil@1.0.0"}`), partial, []string{"pkg:npm/evil@1.0.0", "different names"}, nil},
		{"npm 2: a directory in one half", "package-lock.json", lock2(`"node_modules/a":{"version":"1.0.0"}`, `"a":{"version":"file:../evil"}`), partial, []string{"gap ambiguous node_modules/a", "gap dependency-origin node_modules/a"}, nil},

		{"pnpm: older", "pnpm-lock.yaml", "lockfileVersion: '6.0'\npackages:\n  /a@1.0.0:\n    resolution: {integrity: sha512-x}\n", missing, []string{`gap unsupported pnpm-lock.yaml: lockfileVersion "6.0"; 9 is read`}, nil},
		{"pnpm: much older", "pnpm-lock.yaml", "lockfileVersion: 5.4\n", missing, []string{"gap unsupported"}, nil},
		{"pnpm: peers are cut off", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {integrity: sha512-x}\n", "  a@1.0.0(b@2.0.0(c@3.0.0)): {}\n  a@1.0.0(b@3.0.0): {}\n"), complete, []string{"pkg:npm/a@1.0.0 unknown unknown sha512-x\n"}, []string{"pkg:npm/b"}},
		{"pnpm: another host", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {integrity: sha512-x, tarball: 'https://evil.test/a.tgz'}\n", "  a@1.0.0: {}\n"), complete, []string{"from https://evil.test/a.tgz"}, nil},
		{"pnpm: another package's archive", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {integrity: sha512-x, tarball: https://registry.npmjs.org/evil/-/evil-1.0.0.tgz}\n", "  a@1.0.0: {}\n"), partial, []string{"gap ambiguous pkg:npm/a@1.0.0"}, nil},
		{"pnpm: nested instead of braces", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution:\n      integrity: sha512-x\n      tarball: https://evil.test/a.tgz\n", "  a@1.0.0: {}\n"), complete, []string{"sha512-x from https://evil.test/a.tgz"}, nil},
		{"pnpm: case variant", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {integrity: sha512-x, Tarball: https://evil.test/a.tgz}\n", "  a@1.0.0: {}\n"), missing, []string{"by case alone"}, nil},
		{"pnpm: case variant on top", "pnpm-lock.yaml", "lockfileVersion: '9.0'\nPackages:\n  a@1.0.0: {}\n", missing, []string{"by case alone"}, nil},
		{"pnpm: a key twice", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {integrity: sha512-x}\n  'a@1.0.0':\n    resolution: {integrity: sha512-y}\n", "  a@1.0.0: {}\n"), missing, []string{"stands twice"}, nil},
		{"pnpm: a key twice in braces", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {integrity: sha512-x, integrity: sha512-y}\n", "  a@1.0.0: {}\n"), missing, []string{"gap unreadable"}, nil},
		{"pnpm: an anchor", "pnpm-lock.yaml", pnpm9("  a@1.0.0: &x\n    resolution: {integrity: sha512-x}\n", "  a@1.0.0: {}\n"), missing, []string{"gap unreadable pnpm-lock.yaml: line 5"}, nil},
		{"pnpm: a merge key", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    <<: x\n", ""), missing, []string{"gap unreadable"}, nil},
		{"pnpm: a tag", "pnpm-lock.yaml", pnpm9("  a@1.0.0: !!map {}\n", ""), missing, []string{"gap unreadable"}, nil},
		{"pnpm: a conflict", "pnpm-lock.yaml", pnpm9("<<<<<<< HEAD\n  a@1.0.0: {}\n=======\n", ""), missing, []string{"gap unreadable"}, nil},
		{"pnpm: a snapshot without a package", "pnpm-lock.yaml", pnpm9("", "  a@1.0.0: {}\n"), partial, []string{"gap unreadable a@1.0.0"}, nil},
		{"pnpm: a package without a resolution", "pnpm-lock.yaml", pnpm9("  a@1.0.0: {}\n  b@1.0.0:\n    resolution: {integrity: sha512-x}\n", ""), partial, []string{"gap unreadable a@1.0.0", "pkg:npm/b@1.0.0"}, nil},
		{"pnpm: neither hash nor address", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {}\n", ""), partial, []string{"gap unpinned pnpm-lock.yaml: 1 without a hash, whose content only the registry knows: pkg:npm/a@1.0.0"}, nil},
		{"pnpm: a repository without a commit", "pnpm-lock.yaml", pnpm9("  a@git+https://x.test/a.git:\n    resolution: {repo: 'https://t0ken@x.test/a.git', type: git}\n    version: 1.0.0\n", ""), partial, []string{"from https://x.test/a.git#", "gap unpinned"}, []string{"t0ken"}},
		{"pnpm: a directory outside", "pnpm-lock.yaml", pnpm9("  a@file:../a:\n    resolution: {directory: ../a, type: directory}\n", ""), complete, []string{"gap dependency-origin a"}, []string{"pkg:npm/a"}},
		{"pnpm: an override to a link outside", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {integrity: sha512-x}\n", "  a@1.0.0:\n    dependencies:\n      b: link:../b\n"), complete, []string{"gap dependency-origin b"}, nil},
		{"pnpm: a script", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {integrity: sha512-x}\n    requiresBuild: true\n", ""), complete, []string{"script"}, nil},
		{"pnpm: two documents", "pnpm-lock.yaml", "---\n" + pnpm9("  a@1.0.0:\n    resolution: {integrity: sha512-x}\n", "") + "---\n" + pnpm9("  b@1.0.0:\n    resolution: {integrity: sha512-x}\n", ""), complete, []string{"pkg:npm/a@1.0.0", "pkg:npm/b@1.0.0"}, nil},
		{"pnpm: an older document behind", "pnpm-lock.yaml", pnpm9("", "") + "---\nlockfileVersion: '6.0'\n", missing, []string{"gap unsupported"}, nil},

		{"yarn: another host", "yarn.lock", "# yarn lockfile v1\na@^1:\n  version \"1.0.0\"\n  resolved \"https://evil.test/a/-/a-1.0.0.tgz#" + sha1 + "\"\n", complete, []string{"pkg:npm/a@1.0.0 unknown unknown sha1-ASNFZ4mrz from https://evil.test/a/-/a-1.0.0.tgz\n"}, nil},
		{"yarn: another package's archive", "yarn.lock", "# yarn lockfile v1\na@^1:\n  version \"1.0.0\"\n  resolved \"https://registry.yarnpkg.com/evil/-/evil-1.0.0.tgz#" + sha1 + "\"\n", partial, []string{"gap ambiguous pkg:npm/a@1.0.0"}, nil},
		{"yarn: an entry for two packages", "yarn.lock", "# yarn lockfile v1\na@^1, evil@^1:\n  version \"1.0.0\"\n", partial, []string{"gap ambiguous evil@^1"}, nil},
		{"yarn: two entries for a range", "yarn.lock", "# yarn lockfile v1\na@^1:\n  version \"1.0.0\"\na@^1:\n  version \"1.1.0\"\n", partial, []string{"pkg:npm/a@1.0.0", "pkg:npm/a@1.1.0", "gap ambiguous a@^1: yarn.lock: line 4: another entry for it"}, nil},
		{"yarn: a field twice", "yarn.lock", "# yarn lockfile v1\na@^1:\n  version \"1.0.0\"\n  version \"2.0.0\"\n", partial, []string{"gap unreadable yarn.lock: line 4"}, nil},
		{"yarn: a field of another case", "yarn.lock", "# yarn lockfile v1\na@^1:\n  version \"1.0.0\"\n  Resolved \"https://evil.test\"\n", partial, []string{"gap unreadable yarn.lock: line 4"}, nil},
		{"yarn: a conflict", "yarn.lock", "# yarn lockfile v1\n<<<<<<< HEAD\na@^1:\n  version \"1.0.0\"\n=======\na@^1:\n  version \"1.1.0\"\n>>>>>>> x\n", partial, []string{"pkg:npm/a@1.0.0", "pkg:npm/a@1.1.0", "gap unreadable"}, nil},
		{"yarn: no version", "yarn.lock", "# yarn lockfile v1\na@^1:\n  resolved \"https://evil.test/a.tgz\"\nb@^1:\n  version \"1.0.0\"\n", partial, []string{"gap unreadable a@^1", "pkg:npm/b@1.0.0"}, nil},
		{"yarn: an archive without a hash", "yarn.lock", "# yarn lockfile v1\n\"a@https://x.test/a.tgz\":\n  version \"1.0.0\"\n  resolved \"https://x.test/a.tgz\"\n", partial, []string{"from https://x.test/a.tgz", "gap unpinned"}, nil},
		{"yarn: a resolution overrides a range", "yarn.lock", "# yarn lockfile v1\na@1.0.0:\n  version \"1.0.0\"\n  resolved \"https://registry.yarnpkg.com/a/-/a-1.0.0.tgz#" + sha1 + "\"\nb@^1:\n  version \"1.0.0\"\n  resolved \"https://registry.yarnpkg.com/b/-/b-1.0.0.tgz#" + sha1 + "\"\n  dependencies:\n    a \"^0.9\"\n", complete, []string{"pkg:npm/b@1.0.0 -> pkg:npm/a@1.0.0"}, []string{"gap"}},
		{"yarn: nobody knows which", "yarn.lock", "# yarn lockfile v1\na@1.0.0:\n  version \"1.0.0\"\na@2:\n  version \"2.0.0\"\nb@^1:\n  version \"1.0.0\"\n  dependencies:\n    a \"^0.9\"\n", partial, []string{"gap ambiguous b@^1"}, nil},
		{"yarn: windows line ends", "yarn.lock", "# yarn lockfile v1\r\na@^1:\r\n  version \"1.0.0\"\r\n  resolved \"https://registry.yarnpkg.com/a/-/a-1.0.0.tgz#" + sha1 + "\"\r\n", complete, []string{"pkg:npm/a@1.0.0"}, []string{"gap"}},

		{"berry: a patch", "yarn.lock", berry8("\"a@patch:a@npm%3A1.0.0#~/.yarn/patches/a.patch\":\n  version: 1.0.0\n  resolution: \"a@patch:a@npm%3A1.0.0#~/.yarn/patches/a.patch::version=1.0.0&hash=abc\"\n"), complete, []string{"pkg:npm/a@1.0.0", "from patch:a@npm:1.0.0#~/.yarn/patches/a.patch::version=1.0.0&hash=abc"}, nil},
		{"berry: a patch of an address with a password", "yarn.lock", berry8("\"a@patch:x\":\n  version: 1.0.0\n  resolution: \"a@patch:a@https%3A%2F%2Fu%3Ap4ss%40x.test%2Fa.tgz#p::version=1.0.0\"\n"), complete, []string{"from patch:a@https://x.test/a.tgz#p"}, []string{"p4ss"}},
		{"berry: another package under the name", "yarn.lock", berry8("\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"evil@npm:1.0.0\"\n"), partial, []string{"pkg:npm/evil@1.0.0", "gap ambiguous pkg:npm/evil@1.0.0: yarn.lock: line 3: an entry for a is resolved to it"}, nil},
		{"berry: two versions in one entry", "yarn.lock", berry8("\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:0.9.0\"\n"), partial, []string{"gap ambiguous"}, nil},
		{"berry: another host", "yarn.lock", berry8("\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fevil.test%2Fa.tgz\"\n"), partial, []string{"from https://evil.test/a.tgz", "gap unpinned"}, nil},
		{"berry: a protocol that nobody knows, with an address", "yarn.lock", berry8("\"a@npM:1\":\n  version: 1.0.0\n  resolution: \"a@npM:1.0.0::__archiveUrl=https%3A%2F%2Fu%3Ap4ss%40x.test%2Fa.tgz\"\n"), partial, []string{"from (unreadable URL)", "gap unpinned"}, []string{"p4ss"}},
		{"berry: a branch", "yarn.lock", berry8("\"a@https://x.test/a.git\":\n  version: 1.0.0\n  resolution: \"a@https://x.test/a.git#main\"\n"), partial, []string{"gap unpinned"}, nil},
		{"berry: no resolution", "yarn.lock", berry8("\"a@npm:^1\":\n  version: 1.0.0\n\"b@npm:^1\":\n  version: 1.0.0\n  resolution: \"b@npm:1.0.0\"\n"), partial, []string{"gap unreadable a@npm:^1", "pkg:npm/b@1.0.0"}, nil},
		{"berry: case variant", "yarn.lock", berry8("\"a@npm:^1\":\n  version: 1.0.0\n  Resolution: \"evil@npm:1.0.0\"\n"), missing, []string{"by case alone"}, nil},
		{"berry: an entry twice", "yarn.lock", berry8("\"a@npm:^1\":\n  version: 1.0.0\na@npm:^1:\n  version: 1.0.0\n"), missing, []string{"stands twice"}, nil},
		{"berry: what workspaces ask for is not surely known", "yarn.lock", berry8("\"a@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n\"a@npm:2.0.0\":\n  version: 2.0.0\n  resolution: \"a@npm:2.0.0\"\n\"m@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"m@workspace:.\"\n  dependencies:\n    a: \"npm:^1\"\n"), partial, []string{"pkg:npm/a@1.0.0 unknown", "pkg:npm/a@2.0.0 unknown", "gap ambiguous"}, nil},

		{"pip: nothing", "requirements.txt", "\n# nothing\n", complete, nil, []string{"gap"}},
		{"pip: all with hashes", "requirements.txt", "a==1 --hash=sha256:" + sha1 + "\n", complete, []string{"pkg:pypi/a@1 unknown unknown sha256:0123456"}, []string{"gap"}},
		{"pip: one without a hash", "requirements.txt", "a==1 --hash=sha256:" + sha1 + "\nb==2\n", partial, []string{"gap incomplete"}, nil},
		{"pip: names are normalised", "requirements.txt", "Foo__Bar.-baz==1\n", partial, []string{"pkg:pypi/foo-bar-baz@1"}, nil},
		{"pip: another index for all, further down", "requirements.txt", "a==1\n-i https://u:p4ss@evil.test/simple\n", partial, []string{"pkg:pypi/a@1 unknown unknown from https://evil.test/simple"}, []string{"p4ss"}},
		{"pip: an option in one word", "requirements.txt", "a==1\n--index-url=https://evil.test/simple\n", partial, []string{"from https://evil.test/simple"}, nil},
		{"pip: dependency confusion", "requirements.txt", "--find-links https://evil.test\na==1\n", partial, []string{"gap dependency-origin requirements.txt: any package may come from https://evil.test as well"}, nil},
		{"pip: no certificate", "requirements.txt", "--trusted-host evil.test\n", complete, []string{"gap dependency-origin"}, nil},
		{"pip: an option that nobody knows", "requirements.txt", "--surprise x\n", partial, []string{"gap unsupported"}, nil},
		{"pip: an include", "requirements.txt", "-rbase.txt\n", partial, []string{"gap incomplete requirements.txt: line 1: it includes base.txt"}, nil},
		{"pip: ranges", "requirements.txt", "a>=1\nb\nc==1.*\nd~=1.0\ne<2,>1\n", partial, []string{"gap unpinned pkg:pypi/a:", "gap unpinned pkg:pypi/b:", "gap unpinned pkg:pypi/c:", "gap unpinned pkg:pypi/d:", "gap unpinned pkg:pypi/e:"}, nil},
		{"pip: pinned twice", "requirements.txt", "a==1\nA==2\n", partial, []string{"pkg:pypi/a@1", "pkg:pypi/a@2", "gap ambiguous a"}, nil},
		{"pip: pinned for two environments", "requirements.txt", "a==1 ; python_version<'3'\na==2 ; python_version>='3'\n", partial, []string{"pkg:pypi/a@1", "pkg:pypi/a@2"}, []string{"ambiguous"}},
		{"pip: a continued comment is none", "requirements.txt", "# x \\\na==1\n", partial, []string{"pkg:pypi/a@1"}, nil},
		{"pip: a line continued", "requirements.txt", "a==\\\n1\n", partial, []string{"pkg:pypi/a@1"}, nil},
		{"pip: a variable", "requirements.txt", "a @ https://${TOKEN}@x.test/a.whl\n", partial, []string{"gap unpinned requirements.txt: line 1: a variable of the environment decides"}, nil},
		{"pip: a wheel of another name", "requirements.txt", "a @ https://x.test/evil-1-py3-none-any.whl#sha256=" + strings.Repeat("ab", 32) + "\n", partial, []string{"gap ambiguous a"}, nil},
		{"pip: editable outside", "requirements.txt", "-e ../x\n", partial, []string{"gap dependency-origin"}, nil},
		{"pip: two files in UTF-16", "requirements.txt", "a\x00=\x00=\x001\x00", missing, []string{"gap unreadable"}, nil},
		{"pip: nonsense", "requirements.txt", "a==1\n== 2\na = 3\n", partial, []string{"gap unreadable requirements.txt: line 2", "gap unreadable a: requirements.txt: line 3"}, nil},

		{"poetry: a file of another package", "poetry.lock", toml("[[package]]", `name = "a"`, `version = "1.0"`, `files = [{file = "evil-1.0.tar.gz", hash = "sha256:ab"}]`, "[metadata]", `lock-version = "2.1"`), partial, []string{"gap ambiguous pkg:pypi/a@1.0"}, nil},
		{"poetry: a repository without a commit", "poetry.lock", toml("[[package]]", `name = "a"`, `version = "1.0"`, "[package.source]", `type = "git"`, `url = "https://x.test/a.git"`, `reference = "main"`, "[metadata]", `lock-version = "2.1"`), partial, []string{"gap unpinned pkg:pypi/a@1.0"}, nil},
		{"poetry: groups of both kinds", "poetry.lock", toml("[[package]]", `name = "a"`, `version = "1.0"`, `groups = ["dev", "main"]`, `files = [{file = "a-1.0.tar.gz", hash = "sha256:ab"}]`, "[metadata]", `lock-version = "2.1"`), complete, []string{"pkg:pypi/a@1.0 unknown runtime"}, nil},
		{"poetry: case variant", "poetry.lock", toml("[[Package]]", `name = "evil"`, "[[package]]", `name = "a"`, `version = "1"`, "[metadata]", `lock-version = "2.1"`), missing, []string{"by case alone"}, nil},
		{"poetry: a later format", "poetry.lock", toml("[metadata]", `lock-version = "3.0"`), missing, []string{"gap unsupported"}, nil},
		{"poetry: no format", "poetry.lock", toml("[[package]]", `name = "a"`), missing, []string{"gap unreadable"}, nil},
		{"poetry: a key twice", "poetry.lock", toml("[[package]]", `name = "a"`, `name = "b"`), missing, []string{"already defined"}, nil},

		{"uv: another host of an archive", "uv.lock", toml("version = 1", "[[package]]", `name = "a"`, `version = "1.0"`, `source = { registry = "https://pypi.org/simple" }`, `wheels = [{ url = "https://evil.test/a-1.0-py3-none-any.whl", hash = "sha256:ab" }]`), complete, []string{"from https://evil.test/a-1.0-py3-none-any.whl"}, nil},
		{"uv: an archive of another package", "uv.lock", toml("version = 1", "[[package]]", `name = "a"`, `version = "1.0"`, `source = { registry = "https://pypi.org/simple" }`, `sdist = { url = "https://files.pythonhosted.org/packages/x/evil-1.0.tar.gz", hash = "sha256:ab" }`), partial, []string{"gap ambiguous pkg:pypi/a@1.0"}, nil},
		{"uv: a need that is not there", "uv.lock", toml("version = 1", "[[package]]", `name = "a"`, `version = "1.0"`, `source = { registry = "https://pypi.org/simple" }`, `dependencies = [{ name = "b" }]`), partial, []string{"gap unreadable a"}, nil},
		{"uv: no source", "uv.lock", toml("version = 1", "[[package]]", `name = "a"`, `version = "1.0"`), partial, []string{"gap unsupported pkg:pypi/a@1.0"}, nil},
		{"uv: a branch", "uv.lock", toml("version = 1", "[[package]]", `name = "a"`, `version = "1.0"`, `source = { git = "https://x.test/a?branch=main" }`), partial, []string{"gap unpinned"}, nil},
		{"uv: a later format", "uv.lock", "version = 2\n", missing, []string{"gap unsupported"}, nil},
		{"uv: an earlier format", "uv.lock", toml("version = 1", "[[distribution]]", `name = "a"`), missing, []string{"gap unsupported"}, nil},
		{"uv: case variant", "uv.lock", toml("version = 1", "[[package]]", `name = "a"`, `source = { Registry = "x" }`), missing, []string{"by case alone"}, nil},

		{"cargo: another registry", "Cargo.lock", toml("version = 4", "[[package]]", `name = "a"`, `version = "1.0.0"`, `source = "sparse+https://evil.test/index/"`, sum), complete, []string{"from https://evil.test/index/"}, nil},
		{"cargo: another registry without a checksum", "Cargo.lock", toml("version = 4", "[[package]]", `name = "a"`, `version = "1.0.0"`, `source = "registry+https://evil.test/index"`), partial, []string{"gap unpinned"}, nil},
		{"cargo: a branch", "Cargo.lock", toml("version = 4", "[[package]]", `name = "a"`, `version = "1.0.0"`, `source = "git+https://x.test/a?branch=main"`), partial, []string{"gap unpinned"}, nil},
		{"cargo: no SHA-256", "Cargo.lock", toml("version = 4", "[[package]]", `name = "a"`, `version = "1.0.0"`, index, `checksum = "abc"`), partial, []string{"gap unreadable pkg:cargo/a@1.0.0"}, nil},
		{"cargo: two checksums", "Cargo.lock", toml("[[package]]", `name = "a"`, `version = "1.0.0"`, index, sum, "[metadata]", `"checksum a 1.0.0 (registry+https://github.com/rust-lang/crates.io-index)" = "`+strings.Repeat("cd", 32)+`"`), partial, []string{"gap ambiguous"}, nil},
		{"cargo: a need of two packages", "Cargo.lock", toml("version = 4", "[[package]]", `name = "a"`, `version = "1.0.0"`, index, sum, "[[package]]", `name = "a"`, `version = "2.0.0"`, index, sum, "[[package]]", `name = "m"`, `version = "0.1.0"`, `dependencies = ["a"]`), partial, []string{"gap unreadable m"}, nil},
		{"cargo: a replacement", "Cargo.lock", toml("version = 4", "[[package]]", `name = "a"`, `version = "1.0.0"`, index, sum, `replace = "a 1.0.0"`), complete, []string{"gap dependency-origin a"}, nil},
		{"cargo: a source that nobody knows", "Cargo.lock", toml("version = 4", "[[package]]", `name = "a"`, `version = "1.0.0"`, `source = "evil+https://x.test"`), partial, []string{"gap unsupported"}, nil},
		{"cargo: a later format", "Cargo.lock", "version = 5\n", missing, []string{"gap unsupported"}, nil},
		{"cargo: case variant", "Cargo.lock", toml("version = 4", "[[package]]", `Name = "a"`), missing, []string{"by case alone"}, nil},

		{"another name", "lock.txt", "x", missing, []string{"gap unsupported lock.txt"}, nil},
		{"a file system that ignores case", "PACKAGE-LOCK.JSON", "{}", missing, []string{"gap unsupported"}, nil},
		{"requirements in a folder of that name", "requirements/dev.txt", "a==1\n", partial, []string{"pkg:pypi/a@1"}, nil},
		{"an escape sequence in a name", "yarn.lock", "# yarn lockfile v1\n\"\x1b[31ma@1\":\n  version \"1.0.0\"\n", partial, []string{"gap unreadable"}, []string{"\x1b"}},
		{"an escape sequence in a licence", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","integrity":"sha512-x","license":"MIT\u202e"}`), complete, []string{`"MIT\u202e"`}, []string{"\u202e"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inv := lockfile.Read(release.Path(c.file), []byte(c.text))
			got := text(inv)
			require.Equal(t, c.coverage, inv.Coverage, got)
			for _, w := range c.want {
				require.Contains(t, got, w)
			}
			for _, n := range c.never {
				require.NotContains(t, got, n)
			}
			if c.coverage == missing {
				require.Empty(t, inv.Components)
				require.NotEmpty(t, inv.Gaps)
			}
			if c.coverage == partial {
				require.NotEmpty(t, inv.Gaps)
			}
		})
	}
}
