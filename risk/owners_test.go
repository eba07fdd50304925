package risk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/risk"
)

func owners(t require.TestingT, forge label.Forge, lines ...string) *label.Owners {
	o, problems := label.ParseOwners([]byte(strings.Join(lines, "\n")), forge)
	require.Empty(t, problems)
	return &o
}

// asked are the owners' requirements in short: id, count, roles.
func asked(a risk.Assessment) (out []string) {
	for _, r := range a.Requirements {
		if strings.HasPrefix(r.ID, "approval/owner") {
			out = append(out, fmt.Sprintf("%s: %d of %s", r.ID, r.Count, strings.Join(r.Roles, ",")))
		}
	}
	return out
}

// told are the reasons with a code.
func told(a risk.Assessment, code string) (out []string) {
	for _, r := range a.Reasons {
		if r.Code == code {
			out = append(out, strings.TrimSpace(r.Subject+": "+r.Text))
		}
	}
	return out
}

// A change of the sign-in is high, so its owners must agree.
func TestOwnersMustAgree(t *testing.T) {
	t.Parallel()
	signIn := file("auth/login.go", 1, 0)
	const github, gitlab = label.ForgeGitHub, label.ForgeGitLab
	for _, c := range []struct {
		name   string
		owners *label.Owners
		cs     release.ChangeSet
		want   []string
		told   []string
	}{
		{"no file of owners", nil, changes(signIn), nil, nil},
		{"one", owners(t, github, "* @ada"), changes(signIn), []string{"approval/owner @ada: 1 of @ada"}, nil},
		{"a team, for several files", owners(t, github, "* @org/team"), changes(signIn, file("a.go", 1, 0)), []string{"approval/owner @org/team: 1 of @org/team"}, nil},
		{"the last rule counts", owners(t, github, "* @ada", "/auth/ @org/identity"), changes(signIn), []string{"approval/owner @org/identity: 1 of @org/identity"}, nil},
		{"one requirement for each set, sorted", owners(t, github, "* @zoe", "/auth/ @org/identity"), changes(signIn, file("a.go", 1, 0), file("b.go", 1, 0)),
			[]string{"approval/owner @org/identity: 1 of @org/identity", "approval/owner @zoe: 1 of @zoe"}, nil},
		{"the order of names and repetition make no other set", owners(t, github, "* @zoe @ada @zoe", "/auth/ @ada @zoe"), changes(signIn, file("a.go", 1, 0)),
			[]string{"approval/owner @ada @zoe: 1 of @ada,@zoe"}, nil},
		{"nobody, by a rule", owners(t, github, "* @ada", "/auth/"), changes(signIn, file("a.go", 1, 0)), []string{"approval/owner @ada: 1 of @ada"},
			[]string{"auth/login.go: no code owner answers for 1 of the 2 changed files, of which this is the first"}},
		{"nobody, by no rule", owners(t, github, "/web/ @ada"), changes(signIn, file("a.go", 1, 0)), nil,
			[]string{"a.go: no code owner answers for any of the 2 changed files"}},
		{"a removed file has owners", owners(t, github, "* @ada"), changes(func() release.FileChange { f := signIn; f.Op = release.OpRemoved; return f }()), []string{"approval/owner @ada: 1 of @ada"}, nil},
		{"a page has owners", owners(t, github, "/docs/ @writer"), changes(signIn, file("docs/a.md", 1, 0)), []string{"approval/owner @writer: 1 of @writer"},
			[]string{"auth/login.go: no code owner answers for 1 of the 2 changed files, of which this is the first"}},
		{"an address", owners(t, github, "* ada@example.com"), changes(signIn), []string{"approval/owner ada@example.com: 1 of ada@example.com"}, nil},
		{"sections combine", owners(t, gitlab, "* @ada", "[Security][2]", "auth/ @sec @org/sec"), changes(signIn),
			[]string{"approval/owner @ada: 1 of @ada", "approval/owner @org/sec @sec: 2 of @org/sec,@sec"}, nil},
		{"the most that a section asks for", owners(t, gitlab, "[One][3]", "auth/ @ada", "[Two][2]", "*.go @ada"), changes(signIn), []string{"approval/owner @ada: 3 of @ada"}, nil},
		{"optional sections ask for nothing", owners(t, gitlab, "^[Docs]", "* @writer"), changes(signIn), nil, nil},
		{"roles of GitLab", owners(t, gitlab, "* @@maintainers"), changes(signIn), []string{"approval/owner @@maintainers: 1 of @@maintainers"}, nil},
		{"no rules at all", &label.Owners{}, changes(signIn), nil, []string{"auth/login.go: no code owner answers for any of the 1 changed files"}},
		{"no files", owners(t, github, "* @ada"), with(changes(), func(cs *release.ChangeSet) { cs.Head = "" }), nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, err := risk.Assess(risk.Input{Changes: c.cs, Owners: c.owners}, now)
			require.NoError(t, err)
			require.Equal(t, release.TierHigh, a.Tier)
			require.Equal(t, c.want, asked(a))
			require.Equal(t, c.told, told(a, "risk/owners"))
			for _, r := range a.Requirements {
				if strings.HasPrefix(r.ID, "approval/owner") {
					require.True(t, r.Independent)
					require.Equal(t, release.EvidenceApproval, r.Evidence)
					require.Equal(t, 7*24*time.Hour, r.MaxAge, "as lately as the others of tier high")
					require.NotEmpty(t, r.Why)
				}
			}
			require.Equal(t, 4, len(a.Requirements)-len(c.want), "and all that the tier demands besides")
		})
	}
}

// What is low asks no owner; a policy may ask for nobody.
func TestOwnersAreAskedWhereThePolicySays(t *testing.T) {
	t.Parallel()
	o := owners(t, label.ForgeGitHub, "* @ada")
	a, err := risk.Assess(risk.Input{Changes: changes(file("a.go", 1, 0)), Owners: o}, now)
	require.NoError(t, err)
	require.Equal(t, release.TierLow, a.Tier)
	require.Empty(t, asked(a))
	b, err := assessBy(policy(func(p *risk.Policy) {
		for i := range p.Demands {
			p.Demands[i].Owners = false
		}
	}), nil, risk.Input{Changes: changes(file("auth/login.go", 1, 0)), Owners: o})
	require.NoError(t, err)
	require.Empty(t, asked(b))
}

// Owners agree as lately as the latest of the tier's independent approvals must, whatever else may be old.
func TestOwnersAgreeLately(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		ages []time.Duration // of the independent approvals of tier high
		want time.Duration
	}{
		{"any age", []time.Duration{0}, 0},
		{"one", []time.Duration{48 * time.Hour}, 48 * time.Hour},
		{"the least of several", []time.Duration{72 * time.Hour, 24 * time.Hour, 48 * time.Hour}, 24 * time.Hour},
		{"any age is not the least", []time.Duration{0, 48 * time.Hour, 0}, 48 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := policy(func(p *risk.Policy) {
				for i := range p.Demands { // tests and scans may be as fresh as they like, and approvals of anybody
					var rs []release.Requirement
					for _, r := range p.Demands[i].Requirements {
						if r.Evidence != release.EvidenceApproval {
							r.MaxAge = time.Hour
							rs = append(rs, r)
						}
					}
					rs = append(rs, release.Requirement{ID: "approval/any", Evidence: release.EvidenceApproval, Count: 1, MaxAge: time.Hour, Why: "x."})
					for j, age := range c.ages {
						rs = append(rs, release.Requirement{ID: fmt.Sprint("approval/", j), Evidence: release.EvidenceApproval, Count: 1, Independent: true, MaxAge: age, Why: "x."})
					}
					p.Demands[i].Requirements = rs
				}
			})
			a, err := assessBy(p, nil, risk.Input{Changes: changes(file("auth/login.go", 1, 0)), Owners: owners(t, label.ForgeGitHub, "* @ada")})
			require.NoError(t, err)
			last := a.Requirements[len(a.Requirements)-1]
			require.Equal(t, "approval/owner @ada", last.ID)
			require.Equal(t, c.want, last.MaxAge)
		})
	}
}

// The sentence says who answers for how much: a file of two sections with the same owners counts once.
func TestOwnersWhy(t *testing.T) {
	t.Parallel()
	o := owners(t, label.ForgeGitLab, "[One]", "*.go @ada", "[Two]", "*.go @ada", "docs/ @ada @zoe")
	a, err := risk.Assess(risk.Input{Changes: changes(file("b.go", 1, 0), file("auth/login.go", 1, 0), file("docs/a.md", 1, 0)), Owners: o}, now)
	require.NoError(t, err)
	require.Equal(t, "Code owners (@ada) answer for 2 of the changed files, the first being auth/login.go.", a.Requirements[4].Why)
	require.Equal(t, "Code owners (@ada @zoe) answer for 1 of the changed files, the first being docs/a.md.", a.Requirements[5].Why)
}

// Beyond the bound, nobody is left out: those who answer for all code are asked.
func TestManyOwners(t *testing.T) {
	t.Parallel()
	in := func(n int) risk.Input {
		lines, files := []string{}, []release.FileChange{file("auth/login.go", 1, 0)}
		for i := range n {
			lines = append(lines, fmt.Sprintf("/d%d/ @team%02d", i, i))
			files = append(files, file(fmt.Sprintf("d%d/a.go", i), 1, 0))
		}
		return risk.Input{Changes: changes(files...), Owners: owners(t, label.ForgeGitHub, lines...)}
	}
	a, err := risk.Assess(in(risk.MaxOwnerSets), now)
	require.NoError(t, err)
	require.Len(t, asked(a), risk.MaxOwnerSets)
	a, err = risk.Assess(in(risk.MaxOwnerSets+1), now)
	require.NoError(t, err)
	require.Equal(t, []string{"approval/owners: 2 of code-owners"}, asked(a))
	require.Contains(t, a.Requirements[len(a.Requirements)-1].Why, "paths of 21 sets of code owners, more than 20")
}

// A section that asks for many is not undercut by touching the paths of others besides.
func TestManyOwnersAskForNoLess(t *testing.T) {
	t.Parallel()
	lines, files := []string{"[Security][5]", "/auth/ @sec"}, []release.FileChange{file("auth/login.go", 1, 0)}
	for i := range risk.MaxOwnerSets {
		lines = append(lines, fmt.Sprintf("[%d]", i), fmt.Sprintf("/d%d/ @team%d", i, i))
		files = append(files, file(fmt.Sprintf("d%d/a.go", i), 1, 0))
	}
	a, err := risk.Assess(risk.Input{Changes: changes(files...), Owners: owners(t, label.ForgeGitLab, lines...)}, now)
	require.NoError(t, err)
	require.Equal(t, []string{"approval/owners: 5 of code-owners"}, asked(a))
	require.Contains(t, a.Requirements[len(a.Requirements)-1].Why, "approved by 5 who may answer for all code")
}

// Where a changed file may be missing, its owners may be, too.
func TestOwnersOfWhatWasNotRead(t *testing.T) {
	t.Parallel()
	const two, ada = "approval/owners: 2 of code-owners", "approval/owner @ada: 1 of @ada"
	gaps := func(c release.Coverage, kinds ...release.GapKind) release.ChangeSet {
		return with(changes(file("auth/login.go", 1, 0)), func(cs *release.ChangeSet) {
			cs.Coverage = map[release.Kind]release.Coverage{release.KindCode: c}
			for _, k := range kinds {
				cs.Gaps = append(cs.Gaps, release.Gap{Kind: k, Subject: "x"})
			}
		})
	}
	for _, c := range []struct {
		name string
		cs   release.ChangeSet
		want []string
	}{
		{"all was read", gaps(release.CoverageComplete), []string{ada}},
		{"a shallow clone has the names", gaps(release.CoveragePartial, release.GapShallow), []string{ada}},
		{"an unreadable file has its name", gaps(release.CoverageComplete, release.GapUnreadable), []string{ada}},
		{"nothing was read", gaps(release.CoverageMissing), []string{ada, two}},
		{"a part was read, and nobody says which", gaps(release.CoveragePartial), []string{ada, two}},
		{"a limit was reached", gaps(release.CoverageComplete, release.GapTooLarge), []string{ada, two}},
		{"a limit was reached in a shallow clone", gaps(release.CoveragePartial, release.GapShallow, release.GapTooLarge), []string{ada, two}},
		{"no base", gaps(release.CoveragePartial, release.GapBaseMissing), []string{ada, two}},
		{"a gap without a meaning", gaps(release.CoverageComplete, "new"), []string{ada, two}},
		{"not one file was read", release.ChangeSet{Base: base, Head: head}, []string{two}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, err := risk.Assess(risk.Input{Changes: c.cs, Owners: owners(t, label.ForgeGitHub, "* @ada")}, now)
			require.NoError(t, err)
			require.Equal(t, c.want, asked(a))
			if c.cs.Files == nil {
				require.Equal(t, release.TierHigh, a.Tier)
			}
			last := a.Requirements[len(a.Requirements)-1]
			require.True(t, last.Independent)
			require.Equal(t, 7*24*time.Hour, last.MaxAge)
			a, err = risk.Assess(risk.Input{Changes: c.cs}, now)
			require.NoError(t, err)
			require.Empty(t, asked(a), "no file of owners")
		})
	}
}

// Names that are long or look like others, and a policy that uses such ids itself: every requirement has its own id.
func TestOwnersIDsAreTheirOwn(t *testing.T) {
	t.Parallel()
	long := "@" + strings.Repeat("a", 300)
	o := owners(t, label.ForgeGitHub, "* @ada", "/b/ "+long, "/c/ "+long+"b")
	p := policy(func(p *risk.Policy) {
		for i := 2; i < 4; i++ {
			p.Demands[i].Requirements = append(p.Demands[i].Requirements, release.Requirement{ID: "approval/owner @ada", Evidence: release.EvidenceApproval, Count: 1, Why: "x."})
		}
	})
	a, err := assessBy(p, nil, risk.Input{Changes: changes(file("auth/login.go", 1, 0), file("b/a.go", 1, 0), file("c/a.go", 1, 0)), Owners: o})
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, r := range a.Requirements {
		require.False(t, seen[r.ID], r.ID)
		seen[r.ID] = true
		require.Less(t, len(r.ID), 300)
	}
	require.True(t, seen["approval/owner @ada (2)"], "%v", seen)
	require.Len(t, a.Requirements, 4+1+3)
}

// Each file that a rule gives to somebody has a requirement that asks those, of as many as the rule says; in whatever order the files
// come, the requirements are the same.
func TestEveryOwnerIsAsked(t *testing.T) {
	t.Parallel()
	names := []string{"@a", "@b", "@c/d", "e@example.com"}
	paths := []string{"a.go", "auth/login.go", "auth/x.go", "web/a.js", "docs/a.md"}
	rapid.Check(t, func(t *rapid.T) {
		var lines []string
		for range rapid.IntRange(0, 6).Draw(t, "rules") {
			line := rapid.SampledFrom([]string{"*", "/auth/", "/web/", "*.go", "docs/"}).Draw(t, "pattern")
			for _, n := range rapid.SliceOfN(rapid.SampledFrom(names), 0, 3).Draw(t, "owners") {
				line += " " + n
			}
			lines = append(lines, line)
		}
		o, _ := label.ParseOwners([]byte(strings.Join(lines, "\n")), rapid.SampledFrom([]label.Forge{label.ForgeGitHub, label.ForgeGitLab}).Draw(t, "forge"))
		fs := []release.FileChange{file("auth/login.go", 1, 0)}
		for _, p := range rapid.SliceOfDistinct(rapid.SampledFrom(paths), rapid.ID).Draw(t, "paths") {
			fs = append(fs, file(p, 1, 0))
		}
		a, err := risk.Assess(risk.Input{Changes: changes(fs...), Digest: release.DigestOf([]byte("x")), Owners: &o}, now)
		require.NoError(t, err)
		for _, f := range fs {
			for _, owned := range o.Of(f.Path) {
				if owned.Optional || len(owned.Owners) == 0 {
					continue
				}
				require.True(t, slices.ContainsFunc(a.Requirements, func(r release.Requirement) bool {
					for _, role := range r.Roles { // nobody else may stand in for them
						if !slices.Contains(owned.Owners, role) {
							return false
						}
					}
					return len(r.Roles) > 0 && r.Count >= owned.Approvals && r.Count >= 1 && r.Independent
				}), "%s %v", f.Path, owned)
			}
		}
		slices.Reverse(fs)
		b, err := risk.Assess(risk.Input{Changes: changes(fs...), Digest: release.DigestOf([]byte("x")), Owners: &o}, now)
		require.NoError(t, err)
		require.Equal(t, a.Requirements, b.Requirements)
		require.Equal(t, a.Reasons, b.Reasons)
	})
}
