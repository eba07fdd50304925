package main_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// judged is a repository whose release is denied, and thus soon, for what go vet finds.
// Its base and its head have the files beside what each repository here has.
func judged(t *testing.T, base, head map[string]string) string {
	t.Helper()
	repo := repository(t)
	for name, text := range base {
		write(t, repo, name, text)
	}
	git(t, repo, "reset", "-q", "--soft", "v1.0.0")
	git(t, repo, "rm", "-rq", "-f", "auth")
	commit(t, repo, "what is judged by", "--allow-empty")
	git(t, repo, "tag", "-f", "v1.0.0")
	head = maps.Clone(head)
	if head == nil {
		head = map[string]string{}
	}
	head["auth/login.go"] = "package auth\n\n// Login lets somebody in.\nfunc Login() bool { return false }\n"
	head["more.go"] = "package main\n\nimport \"fmt\"\n\nfunc more() { fmt.Printf(\"%d\", \"x\") }\n"
	for name, text := range head {
		write(t, repo, name, text)
	}
	commit(t, repo, "sign-in")
	return repo
}

// policyText is a policy that differs from the default by its members.
func policyText(t *testing.T, members string) string {
	t.Helper()
	digest, err := risk.Default().Digest()
	require.NoError(t, err)
	return fmt.Sprintf("schema: %s\nid: shop/1\nextends: {id: %s, digest: %q}\n%s", risk.PolicySchema, risk.Default().ID, digest, members)
}

func waiverText(from, to time.Time) string {
	return fmt.Sprintf(`schema: %s
waivers:
  - id: W-7
    rule: sensitive
    subject: auth/login.go
    floor: low
    owner: {kind: human, id: "email:grace@example.com"}
    second: {kind: human, id: "email:bob@example.com"}
    reason: It is not started yet.
    from: %q
    expires: %q
`, risk.WaiversSchema, from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
}

const day = 24 * time.Hour

// What a release is judged by is read at its base, and the story says what was there.
func TestJudgedByTheBase(t *testing.T) {
	t.Parallel()
	const policy, waivers = ".sallyport/policy.yaml", ".sallyport/waivers.yaml"
	lax, now := policyText(t, "unknownImpact: minor\n"), time.Now()
	running, expired := waiverText(now.Add(-day), now.Add(6*day)), waiverText(now.Add(-8*day), now.Add(-day))
	none := "policy       the default, there is none at "
	for _, c := range []struct {
		name       string
		base, head map[string]string
		tier       release.Tier
		want, not  []string
	}{
		{"nothing is there", nil, nil, release.TierHigh,
			[]string{none, "history      all files are new; 0 releases", "tier         high, lane normal", "what if      "}, []string{"waiver", "owners"}},
		{"a policy", map[string]string{policy: lax}, nil, release.TierHigh,
			[]string{"policy       shop/1, .sallyport/policy.yaml at ", "impact unknown (counts as minor)"}, []string{none}},
		{"a release that brings its own policy (T13)", nil, map[string]string{policy: lax}, release.TierCritical,
			[]string{none, "impact unknown (counts as major)", "risk/policy .sallyport/policy.yaml"}, []string{"shop/1"}},
		{"a release that lowers its policy (T13)", map[string]string{policy: policyText(t, "unknownImpact: severe\n")}, map[string]string{policy: lax}, release.TierCritical,
			[]string{"impact unknown (counts as severe)", "history      of the changed files that the base has, 1 of 1 known"}, []string{"counts as minor"}},
		{"a waiver", map[string]string{waivers: running}, nil, release.TierLow,
			[]string{"tier         low", "waiver       W-7 followed: "}, nil},
		{"a waiver that has expired", map[string]string{waivers: expired}, nil, release.TierHigh,
			[]string{"tier         high", "waiver       W-7 expired: "}, nil},
		{"a release that brings its own waiver (T13)", nil, map[string]string{waivers: running}, release.TierCritical,
			[]string{"risk/policy .sallyport/waivers.yaml"}, []string{"W-7"}},
		{"waivers that cannot be read", map[string]string{waivers: running + "    floor: low\n"}, nil, release.TierHigh,
			[]string{"waivers      none: .sallyport/waivers.yaml at ", "cannot be read: line "}, []string{"W-7"}},
		{"code owners", map[string]string{"CODEOWNERS": "/auth/ @shop/security\n"}, map[string]string{"CODEOWNERS": "* @me\n"}, release.TierCritical,
			[]string{"owners       CODEOWNERS at ", "as GitHub reads it; 0 problems", "shop/security"}, []string{"@me"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "out")
			res := quickstart(t, "-repo", judged(t, c.base, c.head), "-out", out)
			require.Equal(t, 1, res.code, "%s%s", res.stdout, res.stderr)
			for _, want := range c.want {
				require.Contains(t, res.stdout, want)
			}
			for _, not := range c.not {
				require.NotContains(t, res.stdout, not)
			}
			require.Equal(t, c.tier, readRecord(t, out).Assessment.Tier, res.stdout)
		})
	}
}

// A policy that cannot be read is no reason to take another one: there is no verdict, and
// one line that says why.
func TestBrokenPolicyIsNoVerdict(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"mistakes":   {policyText(t, "unknownImpact: harmless\ncuts: [2, 1]\nmore: 1\n"), "mistakes more"},
		"no YAML":    {"{", "is no policy"},
		"empty":      {"", "is no policy"},
		"a weak one": {policyText(t, "rules: []\n"), "there is no rule"},
		"hostile":    {"\x1b[31m: \x07", "is no policy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "out")
			// The head has a sound one; it does not count.
			res := quickstart(t, "-repo", judged(t, map[string]string{".sallyport/policy.yaml": c.text}, map[string]string{".sallyport/policy.yaml": policyText(t, "")}), "-out", out)
			require.Equal(t, 2, res.code, "%s%s", res.stdout, res.stderr)
			require.Contains(t, res.stderr, "no verdict: .sallyport/policy.yaml at ")
			require.Contains(t, res.stderr, c.want)
			require.Equal(t, 1, strings.Count(res.stderr, "\n"), "one line: %q", res.stderr)
			require.NotContains(t, res.stderr+res.stdout, "\x1b")
			require.NotContains(t, res.stdout, "tier ")
			require.NoFileExists(t, filepath.Join(out, "record.json"))
		})
	}
}

// What stands somewhere else is nobody's to take for the policy.
func TestPolicyThatIsALinkIsNoVerdict(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	require.NoError(t, os.MkdirAll(filepath.Join(repo, ".sallyport"), 0o755))
	write(t, repo, "lax.yaml", policyText(t, "unknownImpact: minor\n"))
	require.NoError(t, os.Symlink("../lax.yaml", filepath.Join(repo, ".sallyport/policy.yaml")))
	commit(t, repo, "a link")
	git(t, repo, "tag", "v1.1.0")
	write(t, repo, "a.txt", "a\n")
	commit(t, repo, "next")
	res := quickstart(t, "-repo", repo, "-out", filepath.Join(t.TempDir(), "out"))
	require.Equal(t, 2, res.code, "%s%s", res.stdout, res.stderr)
	require.Contains(t, res.stderr, ".sallyport/policy.yaml at ")
	require.Contains(t, res.stderr, "is not a file")
	require.NotContains(t, res.stdout, "tier ")
}

// What was let out a moment ago counts together with the next release, so that ten small
// ones are as large as one.
func TestEarlierReleasesCount(t *testing.T) {
	t.Parallel()
	repo, out := repository(t), filepath.Join(t.TempDir(), "out")
	res := quickstart(t, "-repo", repo, "-out", out)
	require.Equal(t, 0, res.code, "%s%s", res.stdout, res.stderr)
	require.Contains(t, res.stdout, "0 releases let out by this program before")
	first := readRecord(t, out)
	res = quickstart(t, "-repo", repo, "-out", out, "-regress")
	require.Contains(t, res.stdout, "0 releases let out by this program before", "a release is not before itself")
	git(t, repo, "tag", "v1.1.0")
	write(t, repo, "more.go", "package main\n")
	commit(t, repo, "by nobody", "--author=Nobody <>")
	res = quickstart(t, "-repo", repo, "-out", out)
	require.Equal(t, 3, res.code, "%s%s", res.stdout, res.stderr)
	require.Contains(t, res.stdout, "1 release let out by this program before")
	require.NotEqual(t, first.Release, readRecord(t, out).Release)
}
