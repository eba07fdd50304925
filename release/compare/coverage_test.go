package compare_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/compare"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

// What a link or a submodule stands for may be anything, whatever it is called.
func TestLinksAndSubmodules(t *testing.T) {
	t.Parallel()
	repo := repository(t, map[string]string{"a/x": "", "deploy": "-> a"}, map[string]string{"a/x": "", "deploy": "-> b"})
	r, err := compare.Range(t.Context(), repo, "v1", "v2", compare.Options{})
	require.NoError(t, err)
	require.Equal(t, []string{"unsupported deploy"}, gaps(r.Changes))
	for _, k := range []release.Kind{release.KindDependency, release.KindInfrastructure, release.KindConfiguration} {
		require.Equal(t, release.CoveragePartial, r.Changes.Coverage[k], k)
	}
}

// A directory called .git that is not at the top is one like others.
func TestNestedGit(t *testing.T) {
	t.Parallel()
	r := releases(t, nil, map[string]string{".git/config": "a", "web/.git/package-lock.json": lock}, compare.Options{})
	require.Len(t, r.Changes.Files, 1)
	require.Len(t, r.Changes.Dependencies, 1)
}

// Only what a reader read is told as read: not a kind whose readers the host leaves
// out, nor what a reader says nothing of.
func TestKindsWithoutReader(t *testing.T) {
	t.Parallel()
	const own = release.Kind("own")
	silent := compare.Reader{ID: "silent", Doc: "Says nothing.", Version: 1, Kind: own,
		Needs: func(p release.Path) []release.Path { return []release.Path{p} },
		Run:   func([]compare.File) compare.Part { return compare.Part{} }}
	before, after := map[string]string{"config/app.yaml": "a: 1\n"}, map[string]string{"config/app.yaml": "a: 2\n"}
	repo := repository(t, before, after)
	r, err := compare.Range(t.Context(), repo, "v1", "v2", compare.Options{Readers: []compare.Reader{silent}})
	require.NoError(t, err)
	require.Equal(t, map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete, own: release.CoverageMissing}, r.Changes.Coverage)

	r, err = compare.Range(t.Context(), repo, "v1", "v2", compare.Options{Readers: []compare.Reader{}, Plans: []compare.Plan{{Path: "p", JSON: []byte(`{"format_version":"1.2","terraform_version":"1.9.0","complete":true,"planned_values":{},"configuration":{},"resource_changes":[]}`)}}})
	require.NoError(t, err)
	require.Empty(t, r.Changes.Gaps)
	require.Equal(t, release.CoveragePartial, r.Changes.Coverage[release.KindInfrastructure], "manifests were not read")

	_, err = compare.Range(t.Context(), repo, "v2", "v2", compare.Options{})
	require.ErrorIs(t, err, gitlog.ErrEmptyRange)
}

// Files that a lock file pins have a source each, as risk's rule "unread" asks for.
func TestPinned(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path   release.Path
		beside map[string]string
		want   bool
	}{
		"npm, beside":                  {"package.json", map[string]string{"package-lock.json": lock}, true},
		"npm, a part of the workspace": {"web/package.json", map[string]string{"package-lock.json": workspace}, true},
		"npm, no part":                 {"tools/package.json", map[string]string{"package-lock.json": workspace}, false},
		"pnpm, a part":                 {"web/a/package.json", map[string]string{"pnpm-lock.yaml": "lockfileVersion: '9.0'\n\nimporters:\n\n  web/a:\n    dependencies: {}\n"}, true},
		"pnpm, no part":                {"web/b/package.json", map[string]string{"pnpm-lock.yaml": "lockfileVersion: '9.0'\n\nimporters:\n\n  web/a:\n    dependencies: {}\n"}, false},
		"Yarn 2, a part":               {"web/package.json", map[string]string{"yarn.lock": "__metadata:\n  version: 8\n\n\"web@workspace:web\":\n  version: 0.0.0-use.local\n"}, true},
		"Yarn 1 does not say":          {"web/package.json", map[string]string{"yarn.lock": "# yarn lockfile v1\n"}, false},
		"uv, a part":                   {"lib/pyproject.toml", map[string]string{"uv.lock": "[[package]]\nname = \"lib\"\nsource = { editable = \"lib\" }\n"}, true},
		"Cargo, a workspace":           {"lib/Cargo.toml", map[string]string{"Cargo.lock": "version = 4\n", "Cargo.toml": "[workspace]\nmembers = [\"lib\"]\n"}, true},
		"Go's vendor directory":        {"vendor/modules.txt", map[string]string{"go.mod": "module m\n"}, true},
		"a vendor directory of nobody": {"x/vendor/modules.txt", map[string]string{"go.mod": "module m\n"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := map[string]string{string(c.path): "a"}, map[string]string{string(c.path): "b"}
			for p, text := range c.beside {
				before[p], after[p] = text, text
			}
			r := releases(t, before, after, compare.Options{})
			if c.want {
				require.Empty(t, gaps(r.Changes))
				require.Contains(t, r.Changes.Sources, release.Source{Path: c.path, Format: compare.FormatPinned})
			} else {
				require.Equal(t, []string{"unsupported " + string(c.path)}, gaps(r.Changes))
				require.Empty(t, r.Changes.Sources)
			}
		})
	}
}
