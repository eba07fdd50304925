package risk_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/compare"
	"github.com/sallyport-dev/sallyport/release/gitlog"
	"github.com/sallyport-dev/sallyport/release/threat"
	"github.com/sallyport-dev/sallyport/risk"
)

// ranged is what all readers say of two commits of a repository, of which the second has files changed, or
// removed where the text is empty.
func ranged(t *testing.T, before, change map[string]string) release.ChangeSet {
	t.Helper()
	dir := t.TempDir()
	git := func(args ...string) {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "GIT_") }),
			"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	commit := func(tree map[string]string, tag string) {
		for name, text := range tree {
			path := filepath.Join(dir, filepath.FromSlash(name))
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.RemoveAll(path))
			if text != "" {
				require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
			}
		}
		git("add", "-A")
		git("commit", "-q", "-m", "c")
		git("tag", tag)
	}
	git("init", "-q", "--template=", "-b", "main")
	commit(before, "v1")
	commit(change, "v2")
	repo, err := gitlog.Open(t.Context(), dir)
	require.NoError(t, err)
	r, err := compare.Range(t.Context(), repo, "v1", "v2", compare.Options{})
	require.NoError(t, err)
	goFlaw, npmFlaw := snapshot(t, "Go", "example.com/proxy", "1.4.2"), snapshot(t, "npm", "proxy", "1.4.2")
	for _, pair := range r.Inventories {
		db := npmFlaw
		if in := cmp.Or(pair.After, pair.Before); strings.HasSuffix(string(in.Source.Path), "go.mod") {
			db = goFlaw
		}
		r.Changes.Add(db.Delta(pair.Before, pair.After, now))
	}
	threat.Feeds{}.Apply(&r.Changes, now)
	return r.Changes
}

// A repository, two commits and all readers: the mended version goes through the lane, and with whatever
// else is in the commit it does not.
func TestExpediteThroughARepository(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	up := strings.NewReplacer("proxy v1.4.1", "proxy v1.4.2").Replace
	npmUp := strings.NewReplacer(`"version":"1.4.1"`, `"version":"1.4.2"`, "proxy-1.4.1.tgz", "proxy-1.4.2.tgz", "sha512-AAAA", "sha512-CCCC").Replace
	before := map[string]string{"go.mod": goMod, "go.sum": goSum, "web/package-lock.json": npmLock, "main.go": "package main\n\nfunc main() {}\n",
		"main_test.go": "package main\n", "README.md": "# Shop\n", "web/package.json": `{"name":"shop","dependencies":{"proxy":"^1.4.0"}}` + "\n"}
	fix := map[string]string{"go.mod": up(goMod), "go.sum": up(goSum)}
	for _, c := range []struct {
		name    string
		change  map[string]string // besides the fix
		want    release.Lane
		because string
	}{
		{"the fix", nil, release.LaneExpedite, "OSV-1: the expedite lane is open"},
		{"with npm's too", map[string]string{"web/package-lock.json": npmUp(npmLock)}, release.LaneExpedite, "OSV-1: the expedite lane is open"},
		{"with a page and a test", map[string]string{"README.md": "# Shop\n\nMended.\n", "main_test.go": "package main\n\n// A test.\n"}, release.LaneExpedite, "is open"},
		{"without go.sum", map[string]string{"go.sum": goSum}, release.LaneNormal, "is closed"},
		{"with a line of code", map[string]string{"main.go": "package main\n\nfunc main() { panic(1) }\n"}, release.LaneNormal, "main.go: the expedite lane is closed: a file changes"},
		{"with a manifest", map[string]string{"web/package.json": `{"name":"shop","scripts":{"postinstall":"x"},"dependencies":{"proxy":"^1.4.0"}}`}, release.LaneNormal, "is closed"},
		{"with another name for npm's tarball", map[string]string{"web/package-lock.json": strings.ReplaceAll(npmUp(npmLock), "proxy/-/proxy-1.4.2", "prox/-/prox-1.4.2")}, release.LaneNormal, "is closed"},
		{"with a lock file of nothing", map[string]string{"tools/package-lock.json": npmLock}, release.LaneNormal, "is closed"},
		{"with a second module", map[string]string{"sub/go.mod": goMod, "sub/go.sum": goSum}, release.LaneNormal, "is closed"},
		{"with a vendored file", map[string]string{"vendor/example.com/proxy/x.go": "package x\n"}, release.LaneNormal, "is closed"},
		{"with npm's configuration", map[string]string{"web/.npmrc": "registry=https://evil.example\n"}, release.LaneNormal, "is closed"},
		{"with a workspace", map[string]string{"go.work": "go 1.26.0\n\nuse .\n\nreplace example.com/pad => example.com/pad v1.0.1\n"}, release.LaneNormal, "is closed"},
		{"with a page that is run", map[string]string{".github/workflows/README.md": "x\n"}, release.LaneNormal, "is closed"},
		{"with code owners", map[string]string{"CODEOWNERS": "* @eve\n"}, release.LaneNormal, "is closed"},
		{"with a test of C", map[string]string{"x_test.c": "int main;\n"}, release.LaneNormal, "is closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			change := map[string]string{}
			for _, files := range []map[string]string{fix, c.change} {
				for name, text := range files {
					change[name] = text
				}
			}
			a, err := risk.Assess(risk.Input{Changes: ranged(t, before, change), Exposed: answerYes, Impact: risk.ImpactSevere}, now)
			require.NoError(t, err)
			require.Equal(t, c.want, a.Lane, "%v", a.Reasons)
			if a.Tier == release.TierModerate || c.want == release.LaneExpedite {
				require.Contains(t, strings.Join(told(a, "risk/lane"), "\n"), c.because, "%v", a.Reasons)
			}
		})
	}
}
