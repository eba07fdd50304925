package compare_test

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/compare"
	"github.com/sallyport-dev/sallyport/release/label"
)

const commit = release.Revision("0123456789012345678901234567890123456789")

func contents(files map[string]string) *compare.Contents {
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return &compare.Contents{Tree: tree, Release: release.Release{Service: "shop", Version: "v", Commit: commit,
		Artifacts: []release.Artifact{{Name: "shop", Digest: release.DigestOf([]byte("artifact"))}}}}
}

// pair is two releases, of which the second follows the first.
func pair(t *testing.T, before, after map[string]string) (base, head *compare.Contents) {
	t.Helper()
	base, head = contents(before), contents(after)
	d, err := base.Release.Digest()
	require.NoError(t, err)
	head.Release.Follows = d
	return base, head
}

func releases(t *testing.T, before, after map[string]string, o compare.Options) compare.Result {
	t.Helper()
	base, head := pair(t, before, after)
	r, err := compare.Releases(base, head, o)
	require.NoError(t, err)
	return r
}

func gaps(cs release.ChangeSet) []string {
	var out []string
	for _, g := range cs.Gaps {
		if g.Detail != "lines are not counted without a repository" {
			out = append(out, string(g.Kind)+" "+g.Subject)
		}
	}
	return out
}

const (
	lock = `{"name":"web","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{"":{"name":"web","version":"1.0.0","dependencies":{"a":"^1.0.0"}},"node_modules/a":{"version":"1.0.0","resolved":"https://registry.npmjs.org/a/-/a-1.0.0.tgz","integrity":"sha512-AAAA"}}}`
	// workspace is the lock file of a directory and of web below it.
	workspace = `{"name":"top","lockfileVersion":3,"packages":{"":{"name":"top","workspaces":["web"]},"web":{"version":"1.0.0"},"node_modules/web":{"resolved":"web","link":true}}}`
	service   = "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  type: ClusterIP\n"
	bom       = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[{"type":"library","name":"a","version":"1.0.0","purl":"pkg:npm/a@1.0.0"}]}`
)

func TestReaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		before, after map[string]string
		want          []string // kind, subject, op
		coverage      string   // dependency, infrastructure, configuration
		gaps          []string
	}{
		{"nothing", map[string]string{"a.go": "x"}, map[string]string{"a.go": "x"}, nil, "ccc", nil},
		{"code alone", map[string]string{"a.go": "x"}, map[string]string{"a.go": "y"}, []string{"file a.go modified"}, "ppp", nil},
		{"go.sum alone", map[string]string{"go.mod": "module m\ngo 1.22\nrequire a.io/x v1.0.0\n", "go.sum": "a.io/x v1.0.0 h1:a=\n"},
			map[string]string{"go.mod": "module m\ngo 1.22\nrequire a.io/x v1.0.0\n", "go.sum": "a.io/x v1.0.0 h1:b=\n"},
			[]string{"file go.sum modified", "dependency pkg:golang/a.io/x replaced"}, "ppp", []string{"dependency-origin a.io/x v1.0.0"}},
		{"a lock file", map[string]string{"web/package-lock.json": lock}, map[string]string{"web/package-lock.json": strings.ReplaceAll(lock, "1.0.0.tgz", "1.1.0.tgz")},
			[]string{"file web/package-lock.json modified", "dependency pkg:npm/a replaced"}, "ppp", []string{"ambiguous pkg:npm/a@1.0.0", "dependency-origin pkg:npm/a@1.0.0"}},
		{"a lock file of a test", map[string]string{"web/testdata/package-lock.json": lock}, map[string]string{"web/testdata/package-lock.json": ""},
			[]string{"file web/testdata/package-lock.json modified"}, "ppp", []string{"unsupported web/testdata/package-lock.json"}},
		{"a lock file that cannot be read", map[string]string{"package-lock.json": lock}, map[string]string{"package-lock.json": "{"},
			[]string{"file package-lock.json modified"}, "mpp", []string{"unreadable package-lock.json"}},
		{"a lock file that no reader knows", nil, map[string]string{"Gemfile.lock": "GEM\n"}, []string{"file Gemfile.lock added"}, "ppp", []string{"unsupported Gemfile.lock"}},
		{"what is asked for, with a lock above", map[string]string{"package-lock.json": workspace, "web/package.json": "{}", "Cargo.toml": "a"}, map[string]string{"package-lock.json": workspace, "web/package.json": "{ }", "Cargo.toml": "b"},
			[]string{"file Cargo.toml modified", "file web/package.json modified"}, "ppp", []string{"unsupported Cargo.toml"}},
		{"a bill of materials", map[string]string{"sbom.json": bom}, map[string]string{"sbom.json": strings.ReplaceAll(bom, "1.0.0", "0.9.0")},
			[]string{"file sbom.json modified", "dependency pkg:npm/a downgraded"}, "ppp", nil},
		{"a manifest", map[string]string{"k8s/shop.yaml": service}, map[string]string{"k8s/shop.yaml": strings.ReplaceAll(service, "ClusterIP", "LoadBalancer")},
			[]string{"file k8s/shop.yaml modified", "resource Service/shop modified"}, "ppp", nil},
		{"a program about Dockerfiles", map[string]string{"dockerfile.go": "package a"}, map[string]string{"dockerfile.go": "package b"}, []string{"file dockerfile.go modified"}, "ppp", nil},
		{"a Dockerfile for programs", nil, map[string]string{"Dockerfile.go": "from alpine:3\n"}, []string{"file Dockerfile.go added", "resource stage 0 added", "resource user added"}, "ppp", nil},
		{"a manifest that moves to another file", map[string]string{"k8s/a.yaml": service}, map[string]string{"k8s/b.yaml": service},
			[]string{"file k8s/a.yaml removed", "file k8s/b.yaml added"}, "ppp", nil},
		{"Terraform without a plan", map[string]string{"main.tf": "a"}, map[string]string{"main.tf": "b"}, []string{"file main.tf modified"}, "ppp", []string{"unsupported main.tf"}},
		{"settings", map[string]string{"config/app.toml": "a = 1\n", ".env": "X=1\n", "web/translations.json": "{}"}, map[string]string{"config/app.toml": "a = 2\n", ".env": "X=2\n", "web/translations.json": `{"a":1}`},
			[]string{"file .env modified", "file config/app.toml modified", "file web/translations.json modified", "setting .env X modified", "setting config/app.toml a modified"}, "ppp", nil},
		{"an empty file is no absent one", map[string]string{"config/app.json": `{"a":1}`}, map[string]string{"config/app.json": ""},
			[]string{"file config/app.json modified"}, "ppm", []string{"unreadable config/app.json"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := releases(t, c.before, c.after, compare.Options{})
			var have []string
			for _, f := range r.Changes.Files {
				have = append(have, "file "+f.Path.String()+" "+f.Op.String())
			}
			for _, d := range r.Changes.Dependencies {
				have = append(have, "dependency "+d.Package.String()+" "+d.Op.String())
			}
			for _, x := range r.Changes.Resources {
				have = append(have, "resource "+x.Address+" "+x.Op.String())
			}
			for _, s := range r.Changes.Settings {
				have = append(have, "setting "+s.File.String()+" "+s.Key+" "+s.Op.String())
			}
			require.Equal(t, c.want, have)
			require.Equal(t, c.gaps, gaps(r.Changes))
			for i, k := range []release.Kind{release.KindDependency, release.KindInfrastructure, release.KindConfiguration} {
				want := map[byte]release.Coverage{'c': release.CoverageComplete, 'p': release.CoveragePartial, 'm': release.CoverageMissing}[c.coverage[i]]
				require.Equal(t, want, r.Changes.Coverage[k], k)
			}
		})
	}
}

func TestBase(t *testing.T) {
	t.Parallel()
	_, head := pair(t, nil, map[string]string{"go.mod": "module m\ngo 1.22\nrequire a.io/x v1.0.0\n"})
	for name, base := range map[string]*compare.Contents{"none": nil, "without files": {Release: head.Release}} {
		r, err := compare.Releases(base, head, compare.Options{})
		require.NoError(t, err, name)
		require.Equal(t, []string{"base-missing "}, gaps(r.Changes), name)
		require.Empty(t, r.Changes.Files, "an unknown base is not nothing: %s", name)
		require.Empty(t, r.Changes.Dependencies, name)
		require.False(t, r.Changes.Empty(), name)
		for k, v := range r.Changes.Coverage {
			require.Equal(t, release.CoverageMissing, v, k)
		}
	}
	r, err := compare.Releases(compare.Nothing(), head, compare.Options{})
	require.NoError(t, err)
	require.True(t, r.Changes.FromNothing)
	require.Equal(t, release.OpAdded, r.Changes.Artifacts[0].Op)
	require.NotEmpty(t, r.Changes.Dependencies)

	for name, bad := range map[string]*compare.Contents{"no head": nil, "no files": {Release: head.Release}, "no release": {Tree: fstest.MapFS{}}} {
		_, err := compare.Releases(compare.Nothing(), bad, compare.Options{})
		require.Error(t, err, name)
	}
	base, other := pair(t, nil, nil)
	other.Release.Follows = release.DigestOf([]byte("another"))
	other.Release.Service = "mail"
	r, err = compare.Releases(base, other, compare.Options{})
	require.NoError(t, err)
	require.Equal(t, []string{"diverged v", "unrelated-history shop"}, gaps(r.Changes))
}

func TestArtifacts(t *testing.T) {
	t.Parallel()
	a := func(name, text string, p release.PURL) release.Artifact {
		return release.Artifact{Name: name, PURL: p, Digest: release.DigestOf([]byte(text))}
	}
	base := release.Release{Artifacts: []release.Artifact{a("same", "1", ""), a("gone", "1", "pkg:oci/x@1"), a("changed", "1", ""), a("renamed", "1", "pkg:oci/x@1")}}
	head := release.Release{Artifacts: []release.Artifact{a("renamed", "1", "pkg:oci/y@1"), a("new", "1", ""), a("changed", "2", ""), a("same", "1", "")}}
	got := compare.Artifacts(&base, &head)
	require.Equal(t, []release.ArtifactChange{
		{Name: "changed", Op: release.OpModified, Before: release.DigestOf([]byte("1")), After: release.DigestOf([]byte("2"))},
		{Name: "gone", Op: release.OpRemoved, PURL: "pkg:oci/x", Before: release.DigestOf([]byte("1"))},
		{Name: "new", Op: release.OpAdded, After: release.DigestOf([]byte("1"))},
		{Name: "renamed", Op: release.OpMoved, PURL: "pkg:oci/y", Before: release.DigestOf([]byte("1")), After: release.DigestOf([]byte("1"))},
	}, got.Artifacts)
	require.Equal(t, release.CoverageComplete, got.Coverage[release.KindArtifact])
}

// failing refuses to open what its name says.
type failing struct {
	fstest.MapFS
	bad string
}

func (f failing) Open(name string) (fs.File, error) {
	if name == f.bad {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("broken")}
	}
	return f.MapFS.Open(name)
}

func (f failing) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == f.bad {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("broken")}
	}
	return f.MapFS.ReadDir(name)
}

// What cannot be read on one side is a gap, and neither added nor removed.
func TestUnreadableTree(t *testing.T) {
	t.Parallel()
	files := map[string]string{"go.mod": "module m\n", "sub/a.go": "a", "sub/package-lock.json": lock, "z.go": "z"}
	for _, bad := range []string{"go.mod", "sub", "sub/a.go", "sub/package-lock.json", "."} {
		for _, side := range []string{"before", "after"} {
			base, head := pair(t, files, files)
			broken := map[string]*compare.Contents{"before": base, "after": head}[side]
			broken.Tree = failing{broken.Tree.(fstest.MapFS), bad}
			r, err := compare.Releases(base, head, compare.Options{})
			require.NoError(t, err)
			require.Empty(t, r.Changes.Files, "%s %s", side, bad)
			require.Empty(t, r.Changes.Dependencies)
			require.Contains(t, gaps(r.Changes), "unreadable "+bad)
			require.NotEqual(t, release.CoverageComplete, r.Changes.Coverage[release.KindCode])
			for _, v := range r.Changes.Coverage {
				if v == release.CoverageComplete {
					require.Equal(t, release.CoverageComplete, r.Changes.Coverage[release.KindArtifact])
				}
			}
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	before := map[string]string{"own.txt": "1", "package-lock.json": lock}
	after := map[string]string{"own.txt": "2", "package-lock.json": strings.ReplaceAll(lock, "1.0.0", "1.1.0")}
	own := compare.Reader{ID: "own", Doc: "Own.", Version: 1, Kind: "own",
		Needs: func(p release.Path) []release.Path { return []release.Path{p, "beside.txt"}[:1+len(p)%2] },
		Run: func(files []compare.File) compare.Part {
			cs := release.ChangeSet{Coverage: map[release.Kind]release.Coverage{"own": release.CoverageComplete},
				Resources: []release.ResourceChange{{Address: "aws_iam_role.a", Type: "aws_iam_role", Op: release.OpModified}}}
			for _, f := range files {
				cs.Settings = append(cs.Settings, release.SettingChange{File: f.Path, Key: string(f.Before) + string(f.After), Op: release.OpModified})
			}
			return compare.Part{Changes: cs}
		}}
	r := releases(t, before, after, compare.Options{Readers: []compare.Reader{own}, Labelers: []label.Labeler{{ID: "own", Doc: "Own.", Version: 1, File: func(release.FileChange) []release.Label { return []release.Label{"ours"} }}}})
	require.Len(t, r.Changes.Settings, 2)
	require.Equal(t, "12", r.Changes.Settings[0].Key)
	require.Contains(t, r.Changes.Files[0].Labels, release.Label("ours"))
	require.Contains(t, r.Changes.Resources[0].Labels, release.LabelAccess, "this module's labels stand beside the host's")
	require.Empty(t, r.Changes.Dependencies, "other readers are not asked")

	r = releases(t, before, after, compare.Options{Skip: func(f release.FileChange) bool { return true }})
	require.Empty(t, r.Changes.Dependencies)
	r = releases(t, before, after, compare.Options{MaxFiles: 1})
	require.NotEmpty(t, r.Changes.Dependencies)
	more := maps.Clone(after)
	more["x/package-lock.json"] = lock
	r = releases(t, before, more, compare.Options{MaxFiles: 1})
	require.Contains(t, gaps(r.Changes), "too-large x/package-lock.json")
	require.Equal(t, release.CoveragePartial, r.Changes.Coverage[release.KindDependency])

	base, head := pair(t, before, after)
	for name, o := range map[string]compare.Options{
		"a reader twice": {Readers: []compare.Reader{own, own}}, "a reader without anything": {Readers: []compare.Reader{{}}}, "a limit": {MaxFiles: -1},
	} {
		_, err := compare.Releases(base, head, o)
		require.Error(t, err, name)
		_, err = compare.Range(t.Context(), nil, "a", "b", o)
		require.Error(t, err, name)
	}
}

func TestReadersAreDocumented(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, r := range compare.Readers() {
		require.NotEmpty(t, r.Doc)
		require.Positive(t, r.Version)
		ids = append(ids, r.ID)
	}
	require.Equal(t, slices.Compact(slices.Clone(ids)), ids)
	readers := compare.Readers()
	readers[0].Run = nil
	require.NotNil(t, compare.Readers()[0].Run, "the caller owns the slice")
}

// The plan is read, and Terraform files are then no gap.
func TestPlan(t *testing.T) {
	t.Parallel()
	plan := `{"format_version":"1.2","terraform_version":"1.9.0","complete":true,"planned_values":{},"configuration":{},"resource_changes":[{"address":"aws_iam_role.a","mode":"managed","type":"aws_iam_role","name":"a","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["update"],"before":{"a":1},"after":{"a":2},"after_unknown":{},"before_sensitive":{},"after_sensitive":{}}}]}`
	r := releases(t, map[string]string{"main.tf": "a"}, map[string]string{"main.tf": "b"}, compare.Options{Plans: []compare.Plan{{Path: "plan.json", JSON: []byte(plan)}}})
	require.Empty(t, gaps(r.Changes))
	require.Len(t, r.Changes.Resources, 1)
	require.Contains(t, r.Changes.Resources[0].Labels, release.LabelAccess)
	r = releases(t, map[string]string{"main.tf": "a"}, map[string]string{"main.tf": "b"}, compare.Options{Plans: []compare.Plan{{Path: "plan.json", JSON: []byte("{")}}})
	require.Equal(t, release.CoverageMissing, r.Changes.Coverage[release.KindInfrastructure])
}
