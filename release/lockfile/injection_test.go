package lockfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/lockfile"
)

// Ways to make a package manager install something else than the file seems to say.
// Each is told by an origin or a gap.
func TestInjection(t *testing.T) {
	t.Parallel()
	const wheel = `wheels = [{ url = "https://files.pythonhosted.org/packages/x/a-1.0-py3-none-any.whl", hash = "sha256:ab" }]`
	for _, c := range []struct{ name, file, text, want string }{
		{"npm 3: npm 6 reads the old list", "package-lock.json", `{"lockfileVersion":3,"packages":{"":{}},"dependencies":{"evil":{"version":"1.0.0"}}}`, "gap ambiguous node_modules/evil"},
		{"npm: a repository without an address in full", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"evil/a"}`), "gap unpinned pkg:npm/a@1.0.0"},
		{"npm: a tag of the registry", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"latest"}`), "gap unpinned pkg:npm/a@1.0.0"},
		{"npm: hashes of repositories are not looked at", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"git+https://evil.test/a.git#main","integrity":"sha512-x"}`), "gap unpinned pkg:npm/a@1.0.0"},
		{"npm: nor by the scheme alone", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"git+https://evil.test/a#main","integrity":"sha512-x"}`), "gap unpinned pkg:npm/a@1.0.0"},
		{"npm: nor through a shell", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"ssh://git@evil.test/a#main","integrity":"sha512-x"}`), "gap unpinned pkg:npm/a@1.0.0"},
		{"yarn: nor by the name alone", "yarn.lock", "# yarn lockfile v1\na@^1:\n  version \"1.0.0\"\n  resolved \"https://evil.test/a.git#main\"\n  integrity sha512-x\n", "gap unpinned pkg:npm/a@1.0.0"},
		{"npm: a forge's archive of a branch", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://codeload.github.com/x/a/tar.gz/main"}`), "gap unpinned pkg:npm/a@1.0.0"},
		{"npm: a user of the usual host", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://u@registry.npmjs.org/a/-/a-1.0.0.tgz","integrity":"sha512-x"}`), "from https://registry.npmjs.org/a/-/a-1.0.0.tgz"},
		{"npm: a question to the usual host", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://registry.npmjs.org/a/-/a-1.0.0.tgz?write=true","integrity":"sha512-x"}`), "from https://registry.npmjs.org/a/-/a-1.0.0.tgz?write="},
		{"npm: nor of a forge's", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://github.com/evil/a","integrity":"sha512-x"}`), "gap unpinned pkg:npm/a@1.0.0"},
		{"npm: nor of one with a user", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"git@evil.test:a.git","integrity":"sha512-x"}`), "gap unpinned pkg:npm/a@1.0.0"},
		{"npm: nor of a short one", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"evil/a#main","integrity":"sha512-x"}`), "gap unpinned pkg:npm/a@1.0.0"},
		{"npm: what is no hash pins nothing", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://evil.test/a.tgz","integrity":"AAAA"}`), "gap unreadable pkg:npm/a@1.0.0"},
		{"npm: an algorithm that nobody knows pins nothing", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://evil.test/a.tgz","integrity":"sha513-x"}`), "gap unreadable pkg:npm/a@1.0.0"},
		{"npm: MD5 alone", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://evil.test/a.tgz","integrity":"md5-x"}`), "gap unpinned pkg:npm/a@1.0.0"},
		{"npm: a link to the machine's root", "package-lock.json", lock3(`"node_modules/a":{"resolved":"/srv/a","link":true}`), "gap dependency-origin node_modules/a"},
		{"npm: a link to somebody's home", "package-lock.json", lock3(`"node_modules/a":{"resolved":"~/a","link":true}`), "gap dependency-origin node_modules/a"},
		{"npm: a link to what is around the repository", "package-lock.json", lock3(`"node_modules/a":{"resolved":"..","link":true}`), "gap dependency-origin node_modules/a"},
		{"npm: a directory with an address", "package-lock.json", lock3(`"lib/a":{"version":"1.0.0","resolved":"https://evil.test/a.tgz"},"node_modules/a":{"resolved":"lib/a","link":true}`), "gap ambiguous lib/a"},
		{"npm: a place without a name", "package-lock.json", lock3(`"node_modules/a/node_modules/":{"version":"1.0.0","resolved":"https://evil.test/a.tgz"}`), "gap unreadable node_modules/a/node_modules/"},
		{"npm: said to be bundled, with an address", "package-lock.json", lock3(`"node_modules/b":{"version":"1.0.0","integrity":"sha512-x"},"node_modules/b/node_modules/a":{"version":"1.0.0","inBundle":true,"resolved":"https://registry.npmjs.org/a/-/a-1.0.0.tgz","integrity":"sha512-x"}`), "from bundled with b"},
		{"npm: said to be bundled with the project", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","inBundle":true}`), "gap unpinned package-lock.json: 1 without a hash"},
		{"npm: the hash is dropped", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://registry.npmjs.org/a/-/a-1.0.0.tgz"}`), "gap unpinned package-lock.json: 1 without a hash, whose content only the registry knows: pkg:npm/a@1.0.0"},

		{"pnpm: an archive of another kind", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {type: binary, url: 'https://evil.test/a.tgz', integrity: sha512-x}\n", "  a@1.0.0: {}\n"), "gap unsupported pkg:npm/a@1.0.0"},
		{"pnpm: its address is told", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {type: binary, url: 'https://evil.test/a.tgz', integrity: sha512-x}\n", "  a@1.0.0: {}\n"), "from https://evil.test/a.tgz"},
		{"pnpm: a fetcher of the project's own", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {type: 'custom:x', cdn: 'https://evil.test/a.tgz', integrity: sha512-x}\n", "  a@1.0.0: {}\n"), "gap unsupported pkg:npm/a@1.0.0"},
		{"pnpm: a field that nobody knows", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {integrity: sha512-x, cdn: 'https://evil.test/a.tgz'}\n", "  a@1.0.0: {}\n"), "gap unsupported pkg:npm/a@1.0.0"},
		{"pnpm: another version", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {integrity: sha512-x}\n    version: 2.0.0\n", "  a@1.0.0: {}\n"), "gap ambiguous pkg:npm/a@1.0.0"},
		{"pnpm: a directory of a repository", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {type: git, repo: 'https://x.test/r.git', commit: "+sha1+", path: packages/evil}\n", "  a@1.0.0: {}\n"), "from https://x.test/r.git#" + sha1 + "&path=packages/evil"},
		{"pnpm: a directory of an archive", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {tarball: 'https://codeload.github.com/x/a/tar.gz/"+sha1+"', path: packages/evil}\n", "  a@1.0.0: {}\n"), sha1 + "#path=packages/evil"},
		{"pnpm: another name", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {integrity: sha512-x}\n    name: evil\n", "  a@1.0.0: {}\n"), "gap ambiguous pkg:npm/a@1.0.0"},
		{"pnpm: a patch for a range", "pnpm-lock.yaml", "lockfileVersion: '9.0'\npatchedDependencies:\n  a@^1.0.0:\n    hash: abc\n    path: patches/a.patch\npackages:\n  a@1.0.0:\n    resolution: {integrity: sha512-x}\nsnapshots:\n  a@1.0.0(patch_hash=abc)(b@2.0.0): {}\n", "from patched abc\n"},
		{"pnpm: the hash is dropped", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {tarball: 'https://registry.npmjs.org/a/-/a-1.0.0.tgz'}\n", "  a@1.0.0: {}\n"), "gap unpinned pnpm-lock.yaml: 1 without a hash, whose content only the registry knows"},

		{"yarn: not locked at all", "yarn.lock", "# yarn lockfile v1\na@^1:\n  version \"1.0.0\"\n  integrity sha512-x\n", "gap unpinned pkg:npm/a@1.0.0"},
		{"yarn: the hash is dropped", "yarn.lock", "# yarn lockfile v1\na@^1:\n  version \"1.0.0\"\n  resolved \"https://registry.yarnpkg.com/a/-/a-1.0.0.tgz\"\n", "gap unpinned yarn.lock: 1 without a hash, whose content only the registry knows"},

		{"berry: an address behind another parameter", "yarn.lock", berry8("\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0::locator=x&__archiveUrl=https%3A%2F%2Fevil.test%2Fa.tgz\"\n  checksum: 10c0/ab\n"), "from https://evil.test/a.tgz"},
		{"berry: a parameter's name is escaped", "yarn.lock", berry8("\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0::%5F_archiveUrl=https%3A%2F%2Fevil.test%2Fa.tgz\"\n  checksum: 10c0/ab\n"), "from https://evil.test/a.tgz"},
		{"berry: a parameter that nobody knows", "yarn.lock", berry8("\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0::surprise=x\"\n  checksum: 10c0/ab\n"), "gap unsupported pkg:npm/a@1.0.0"},
		{"berry: keys without a space between", "yarn.lock", berry8("\"evil@npm:^1,a@npm:^1\":\n  version: 1.0.0\n  resolution: \"evil@npm:1.0.0\"\n  checksum: 10c0/ab\n"), "gap ambiguous pkg:npm/evil@1.0.0: yarn.lock: line 3: an entry for a is resolved to it"},
		{"berry: an address twice", "yarn.lock", berry8("\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fregistry.npmjs.org%2Fa%2F-%2Fa-1.0.0.tgz&__archiveUrl=https%3A%2F%2Fevil.test%2Fa.tgz\"\n  checksum: 10c0/ab\n"), "gap ambiguous pkg:npm/a@1.0.0"},
		{"berry: what a patch is behind", "yarn.lock", berry8("\"a@patch:x\":\n  version: 1.0.0\n  resolution: \"a@patch:a@npm%3A1.0.0#p.patch::version=1.0.0&locator=r%40workspace%3A.&hash=abc\"\n"), "&hash=abc"},
		{"berry: a patch of another package", "yarn.lock", berry8("\"a@patch:x\":\n  version: 1.0.0\n  resolution: \"a@patch:evil@npm%3A1.0.0#p.patch::version=1.0.0&hash=abc\"\n"), "gap ambiguous pkg:npm/a@1.0.0"},
		{"berry: the hash is dropped", "yarn.lock", berry8("\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n"), "gap unpinned yarn.lock: 1 without a hash, whose content only the registry knows"},

		{"pip: two options in a line", "requirements.txt", "--pre --extra-index-url https://evil.test/simple\n", "gap dependency-origin requirements.txt: any package may come from https://evil.test/simple"},
		{"pip: an index and another", "requirements.txt", "-i https://pypi.org/simple --extra-index-url=https://evil.test/simple\n", "gap dependency-origin requirements.txt: any package may come from https://evil.test/simple"},
		{"pip: an option in quotes", "requirements.txt", "--pre '--trusted-host' evil.test\n", "gap dependency-origin"},
		{"pip: an option cut short", "requirements.txt", "--pre --extra https://evil.test\n", "gap unsupported requirements.txt: line 1: the option --extra"},
		{"pip: what follows an option", "requirements.txt", "--pre evil==1\n", "gap unsupported requirements.txt: line 1"},
		{"pip: a separator that Python ends lines at", "requirements.txt", "# harmless\u2028evil==1\n", "pkg:pypi/evil@1"},
		{"pip: a form feed", "requirements.txt", "# harmless\fevil==1\n", "pkg:pypi/evil@1"},
		{"pip: a carriage return", "requirements.txt", "# harmless\revil==1\n", "pkg:pypi/evil@1"},
		{"pip: a name behind a question mark", "requirements.txt", "https://x.test/evil-1-py3-none-any.whl?/a-1-py3-none-any.whl\n", "pkg:pypi/evil@1"},
		{"pip: an include by its long name", "requirements.txt", "--requirement base.txt\n", "gap incomplete requirements.txt: line 1: it includes base.txt"},
		{"pip: constraints by their long name", "requirements.txt", "--constraint base.txt\n", "gap incomplete requirements.txt: line 1: it includes base.txt"},
		{"pip: links in short", "requirements.txt", "-f https://evil.test\n", "gap dependency-origin requirements.txt: any package may come from https://evil.test"},
		{"pip: editable in full", "requirements.txt", "--editable ../x\n", "gap dependency-origin ../x"},
		{"pip: an index by its old name", "requirements.txt", "--pypi-url https://evil.test/simple\na==1\n", "from https://evil.test/simple"},
		{"pip: all that ends a line", "requirements.txt", "#\va==1\v#\x1cb==1\x1c#\x1dc==1\x1d#\x1ed==1\x1e#\u0085e==1\u0085#\u2029f==1\u2029#\r\ng==1\r\n", "pkg:pypi/a@1 unknown unknown\npkg:pypi/b@1 unknown unknown\npkg:pypi/c@1 unknown unknown\npkg:pypi/d@1 unknown unknown\npkg:pypi/e@1 unknown unknown\npkg:pypi/f@1 unknown unknown\npkg:pypi/g@1"},
		{"pip: another encoding", "requirements.txt", "# coding: utf-7\n# +AAo-evil==1\n", "gap unsupported requirements.txt: its text is in utf-7"},

		{"poetry: a directory of a repository", "poetry.lock", toml("[[package]]", `name = "a"`, `version = "1.0"`, "[package.source]", `type = "git"`, `url = "https://x.test/a.git"`, `resolved_reference = "`+sha1+`"`, `subdirectory = "evil"`, "[metadata]", `lock-version = "2.1"`), "from https://x.test/a.git#" + sha1 + "&subdirectory=evil"},
		{"poetry: an address without a kind", "poetry.lock", toml("[[package]]", `name = "a"`, `version = "1.0"`, "[package.source]", `url = "https://evil.test/simple"`, "[metadata]", `lock-version = "2.1"`), "gap unreadable pkg:pypi/a@1.0"},
		{"poetry: a range", "poetry.lock", toml("[[package]]", `name = "a"`, `version = ">=1"`, "[package.source]", `type = "git"`, `resolved_reference = "`+sha1+`"`, "[metadata]", `lock-version = "2.1"`), "gap unpinned pkg:pypi/a@"},
		{"poetry: another index without a hash", "poetry.lock", toml("[[package]]", `name = "a"`, `version = "1.0"`, "[package.source]", `type = "legacy"`, `url = "https://evil.test/simple"`, "[metadata]", `lock-version = "2.1"`), "gap unpinned pkg:pypi/a@1.0"},
		{"poetry: an archive without a hash", "poetry.lock", toml("[[package]]", `name = "a"`, `version = "1.0"`, "[package.source]", `type = "url"`, `url = "https://evil.test/a-1.0.tar.gz"`, "[metadata]", `lock-version = "2.1"`), "gap unpinned pkg:pypi/a@1.0"},
		{"poetry: an archive outside", "poetry.lock", toml("[[package]]", `name = "a"`, `version = "1.0"`, "[package.source]", `type = "file"`, `url = "../a-1.0.tar.gz"`, "[metadata]", `lock-version = "2.1"`), "gap dependency-origin pkg:pypi/a@1.0"},
		{"poetry: the hash is dropped", "poetry.lock", toml("[[package]]", `name = "a"`, `version = "1.0"`, "[metadata]", `lock-version = "2.1"`), "gap unpinned poetry.lock: 1 without a hash, whose content only the registry knows"},

		{"uv: a registry and a directory", "uv.lock", toml("version = 1", "[[package]]", `name = "a"`, `version = "1.0"`, `source = { registry = "https://pypi.org/simple", virtual = "." }`, wheel), "gap ambiguous pkg:pypi/a@1.0"},
		{"uv: a repository and a directory", "uv.lock", toml("version = 1", "[[package]]", `name = "a"`, `version = "1.0"`, `source = { editable = "lib", git = "https://evil.test/a?rev=x#`+sha1+`" }`), "from https://evil.test/a?rev=x#"},
		{"uv: a directory of an archive", "uv.lock", toml("version = 1", "[[package]]", `name = "a"`, `version = "1.0"`, `source = { url = "https://x.test/a.tar.gz", subdirectory = "evil" }`, `sdist = { hash = "sha256:ab" }`), "from https://x.test/a.tar.gz#subdirectory=evil"},
		{"uv: a name behind a number sign", "uv.lock", toml("version = 1", "[[package]]", `name = "a"`, `version = "1.0"`, `source = { registry = "https://pypi.org/simple" }`, `sdist = { url = "https://files.pythonhosted.org/packages/x/evil-1.0.tar.gz#/a-1.0.tar.gz", hash = "sha256:ab" }`), "gap ambiguous pkg:pypi/a@1.0"},
		{"uv: a name behind a question mark", "uv.lock", toml("version = 1", "[[package]]", `name = "a"`, `version = "1.0"`, `source = { registry = "https://pypi.org/simple" }`, `sdist = { url = "https://files.pythonhosted.org/packages/x/evil-1.0.tar.gz?/a-1.0.tar.gz", hash = "sha256:ab" }`), "gap ambiguous pkg:pypi/a@1.0"},
		{"uv: the hash of one archive is dropped", "uv.lock", toml("version = 1", "[[package]]", `name = "a"`, `version = "1.0"`, `source = { registry = "https://pypi.org/simple" }`, wheel, `sdist = { url = "https://files.pythonhosted.org/packages/x/a-1.0.tar.gz" }`), "gap unpinned pkg:pypi/a@1.0"},

		{"cargo: the hash is dropped", "Cargo.lock", toml("version = 4", "[[package]]", `name = "a"`, `version = "1.0.0"`, `source = "registry+https://github.com/rust-lang/crates.io-index"`), "gap unpinned Cargo.lock: 1 without a hash, whose content only the registry knows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, text(lockfile.Read(release.Path(c.file), []byte(c.text))), c.want)
		})
	}
}

// What the tools write must not be flagged.
func TestHarmless(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, text string }{
		{"npm: a commit", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"git+ssh://git@github.com/x/a.git#` + sha1 + `","integrity":"sha512-x"}`)},
		{"npm: an archive in the repository", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"file:a-1.0.0.tgz","integrity":"sha512-x"}`)},
		{"npm: two hashes", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","resolved":"https://registry.npmjs.org/a/-/a-1.0.0.tgz","integrity":"sha1-x sha512-x="}`)},
		{"npm: bundled with the project", "package-lock.json", lock3(`"node_modules/a":{"version":"1.0.0","inBundle":true,"resolved":"https://registry.npmjs.org/a/-/a-1.0.0.tgz","integrity":"sha512-x"}`)},
		{"pnpm: an escape that only YAML has", "pnpm-lock.yaml", pnpm9("  a@1.0.0:\n    resolution: {integrity: sha512-x}\n    peerDependencies:\n      react: \"~0.14 ||\\_^15 \\x41\\u0042\\U00000043\"\n", "  a@1.0.0: {}\n")},
		{"yarn: a mirror in the repository", "yarn.lock", "# yarn lockfile v1\na@^1:\n  version \"1.0.0\"\n  resolved a-1.0.0.tgz#" + sha1 + "\n"},
		{"berry: of another platform", "yarn.lock", berry8("\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  conditions: os=darwin\n")},
		{"pip: options in a line", "requirements.txt", "--only-binary :all: --no-binary=x --pre\n# -*- coding: utf-8 -*-\n"},
		{"cargo: a crate of the repository and one of the registry with its version", "Cargo.lock", toml("version = 4", "[[package]]", `name = "a"`, `version = "1.0.0"`, "[[package]]", `name = "a"`, `version = "1.0.0"`, `source = "registry+https://github.com/rust-lang/crates.io-index"`, `checksum = "`+strings.Repeat("ab", 32)+`"`, "[[package]]", `name = "m"`, `version = "0.1.0"`, `dependencies = ["a 1.0.0"]`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inv := lockfile.Read(release.Path(c.file), []byte(c.text))
			require.Empty(t, inv.Gaps)
			require.Equal(t, release.CoverageComplete, inv.Coverage)
		})
	}
}
