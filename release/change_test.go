package release_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
)

func TestActor(t *testing.T) {
	t.Parallel()
	ada := release.EmailActor(release.ActorHuman, "Ada", " Ada@Example.com ")
	require.Equal(t, release.Actor{Kind: release.ActorHuman, ID: "email:ada@example.com", Name: "Ada"}, ada)
	require.True(t, ada.Same(release.EmailActor(release.ActorBot, "Somebody else", "ada@EXAMPLE.com")), "the address counts, not the name")
	require.False(t, ada.Same(release.EmailActor(release.ActorHuman, "Ada", "ada@example.org")))
	require.False(t, ada.Same(release.Actor{ID: "github:ada", Name: "Ada"}))

	for _, email := range []string{"", " ", "ada", "ada.example.com"} {
		nobody := release.EmailActor(release.ActorHuman, "Ada", email)
		require.Empty(t, nobody.ID)
		require.False(t, nobody.Same(nobody), "who has no identity is the same as nobody")
		require.False(t, nobody.Same(ada))
	}
	evil := release.EmailActor(release.ActorHuman, "A\x1b[31m", "a\n@b")
	require.NotContains(t, evil.String(), "\n")
	require.NotContains(t, evil.String(), "\x1b")

	require.Equal(t, "Ada <email:ada@example.com>", ada.String())
	require.Equal(t, "email:ada@example.com", release.Actor{ID: ada.ID}.String())
	require.Equal(t, "Ada (no identity)", release.Actor{Name: "Ada"}.String())
	require.Equal(t, "somebody unknown", release.Actor{}.String())
}

func TestChangeSetAuthors(t *testing.T) {
	t.Parallel()
	ada, bob := release.Actor{ID: "email:ada@x.io", Name: "Ada"}, release.Actor{ID: "email:bob@x.io", Name: "Bob"}
	nobody := release.Actor{Name: "Ada"}
	cs := release.ChangeSet{Commits: []release.Commit{
		{Author: ada, Committer: bob, CoAuthors: []release.Actor{nobody, ada}, SignedOffBy: []release.Actor{{ID: "email:signer@x.io"}}},
		{Author: nobody, Committer: release.Actor{ID: ada.ID, Name: "A. L."}},
	}}
	require.Equal(t, []release.Actor{ada, bob, nobody, nobody}, cs.Authors(), "who has no identity may be anyone, each time")
	require.Empty(t, (&release.ChangeSet{}).Authors())
}

func TestChangeSetEmpty(t *testing.T) {
	t.Parallel()
	complete := map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete}
	require.True(t, (&release.ChangeSet{Coverage: complete}).Empty())
	for name, cs := range map[string]release.ChangeSet{
		"nothing was read":      {},
		"only partly read":      {Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoveragePartial}},
		"something else read":   {Coverage: map[release.Kind]release.Coverage{release.KindDependency: release.CoverageComplete}},
		"a gap":                 {Coverage: complete, Gaps: []release.Gap{{Kind: release.GapShallow}}},
		"a commit":              {Coverage: complete, Commits: make([]release.Commit, 1)},
		"a file":                {Coverage: complete, Files: make([]release.FileChange, 1)},
		"a dependency":          {Coverage: complete, Dependencies: make([]release.DependencyChange, 1)},
		"a resource":            {Coverage: complete, Resources: make([]release.ResourceChange, 1)},
		"a setting":             {Coverage: complete, Settings: make([]release.SettingChange, 1)},
		"part of the rest lost": {Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete, release.KindDependency: release.CoverageMissing}},
		"a plan read in part":   {Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete, release.KindInfrastructure: release.CoveragePartial}},
		"a coverage of no name": {Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete, release.KindConfiguration: 77}},
	} {
		require.False(t, cs.Empty(), name)
	}
}

func TestChangeSetAdd(t *testing.T) {
	t.Parallel()
	part := func(p release.Path, c release.Coverage) release.ChangeSet {
		return release.ChangeSet{Base: "b", Head: "h",
			Commits: []release.Commit{{Subject: release.Text(p)}}, Files: []release.FileChange{{Path: p}}, Dependencies: []release.DependencyChange{{File: p}},
			Resources: []release.ResourceChange{{Address: string(p)}}, Settings: []release.SettingChange{{File: p}}, Gaps: []release.Gap{{Subject: string(p)}},
			Coverage: map[release.Kind]release.Coverage{release.KindDependency: c}}
	}
	cs := release.ChangeSet{Base: "base", Head: "head"}
	one, two := part("1", release.CoverageComplete), part("2", release.CoveragePartial)
	cs.Add(one)
	require.Equal(t, release.CoverageComplete, cs.Coverage[release.KindDependency])
	cs.Add(two)
	require.Equal(t, release.CoveragePartial, cs.Coverage[release.KindDependency], "the lower of the two")
	cs.Add(part("3", release.CoverageComplete))
	require.Equal(t, release.CoveragePartial, cs.Coverage[release.KindDependency], "and it never rises again")
	require.Equal(t, release.Revision("base"), cs.Base)
	require.Equal(t, release.Revision("head"), cs.Head)
	for i, want := range []string{"1", "2", "3"} {
		require.Equal(t, release.Text(want), cs.Commits[i].Subject)
		require.Equal(t, release.Path(want), cs.Files[i].Path)
		require.Equal(t, release.Path(want), cs.Dependencies[i].File)
		require.Equal(t, want, cs.Resources[i].Address)
		require.Equal(t, release.Path(want), cs.Settings[i].File)
		require.Equal(t, want, cs.Gaps[i].Subject)
	}
	require.Equal(t, part("1", release.CoverageComplete), one, "the part is not changed")
	require.Equal(t, release.CoverageMissing, cs.Coverage[release.KindInfrastructure], "what nobody read is missing")
	cs.Add(release.ChangeSet{Coverage: map[release.Kind]release.Coverage{release.KindDependency: release.CoverageMissing}})
	require.Equal(t, release.CoverageMissing, cs.Coverage[release.KindDependency])
}

// Two copies of a change set share nothing that Add changes.
func TestChangeSetAddDoesNotAlias(t *testing.T) {
	t.Parallel()
	part := func(name string) release.ChangeSet {
		return release.ChangeSet{Commits: []release.Commit{{Subject: release.Text(name)}}, Files: []release.FileChange{{Path: release.Path(name)}},
			Dependencies: []release.DependencyChange{{Detail: name}}, Resources: []release.ResourceChange{{Address: name}}, Settings: []release.SettingChange{{Key: name}},
			Gaps: []release.Gap{{Subject: name}}, Coverage: map[release.Kind]release.Coverage{release.Kind(name): release.CoverageComplete}}
	}
	base := release.ChangeSet{Commits: make([]release.Commit, 0, 9), Files: make([]release.FileChange, 0, 9), Dependencies: make([]release.DependencyChange, 0, 9),
		Resources: make([]release.ResourceChange, 0, 9), Settings: make([]release.SettingChange, 0, 9), Gaps: make([]release.Gap, 0, 9), Coverage: map[release.Kind]release.Coverage{}}
	one, two := base, base
	one.Add(part("one"))
	two.Add(part("two"))
	require.Equal(t, part("one"), one)
	require.Equal(t, part("two"), two)
	require.Empty(t, base.Coverage)

	p := part("p")
	var c release.ChangeSet
	c.Add(p)
	c.Files[0].Path, c.Gaps[0].Subject = "changed", "changed"
	require.Equal(t, part("p"), p, "nor is the part shared")
}

func TestGapAndReasonText(t *testing.T) {
	t.Parallel()
	require.Equal(t, "unreadable go.mod: line 3", release.Gap{Kind: release.GapUnreadable, Subject: "go.mod", Detail: "line 3"}.String())
	require.Equal(t, "shallow-clone", release.Gap{Kind: release.GapShallow}.String())
	require.Equal(t, "a/b x: y", release.Reason{Code: "a/b", Subject: "x", Text: "y"}.String())
	require.Equal(t, "a/b: y", release.Reason{Code: "a/b", Text: "y"}.String())
	require.True(t, release.EventDeployed.Ends() && release.EventRolledBack.Ends() && release.EventStopped.Ends())
	require.False(t, release.EventStarted.Ends() || release.EventExposed.Ends() || release.EventRegressed.Ends())
	require.True(t, release.FileChange{OldMode: "160000"}.Submodule())
	require.True(t, release.FileChange{NewMode: "160000"}.Submodule())
	require.False(t, release.FileChange{NewMode: "100644"}.Submodule())
}
