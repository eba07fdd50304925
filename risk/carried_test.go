package risk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
)

// The rules on what comes with a release besides its code.
func TestFindingsOnWhatIsCarried(t *testing.T) {
	t.Parallel()
	outdated := func(o release.Outdated) release.ChangeSet {
		o.Component = "pkg:npm/x@1.0.0"
		return with(changes(), func(cs *release.ChangeSet) { cs.Outdated = []release.Outdated{o} })
	}
	deviation := func(kind string) release.ChangeSet {
		return with(changes(), func(cs *release.ChangeSet) {
			cs.Deviations = []release.Deviation{{Kind: kind, Subject: "a.go", Detail: "d"}}
		})
	}
	drift := func(op release.Op, ls ...release.Label) release.ChangeSet {
		return with(changes(), func(cs *release.ChangeSet) {
			cs.Drift = []release.ResourceChange{{Address: "t.x", Type: "t", Op: op, Labels: ls}}
		})
	}
	artifact := func(op release.Op, files ...release.FileChange) release.ChangeSet {
		return with(changes(files...), func(cs *release.ChangeSet) { cs.Artifacts = []release.ArtifactChange{{Name: "shop", Op: op}} })
	}
	for _, c := range []struct {
		name string
		rule string
		cs   release.ChangeSet
		want []string
	}{
		{"retracted", "outdated", outdated(release.Outdated{ReleasesKnown: true, Retracted: release.AnswerYes}), []string{"moderate pkg:npm/x@1.0.0: its makers took this version back"}},
		{"at its end", "outdated", outdated(release.Outdated{EndOfLife: release.AnswerYes, Deprecated: release.AnswerYes}), []string{"moderate pkg:npm/x@1.0.0: nobody maintains this version any longer"}},
		{"deprecated", "outdated", outdated(release.Outdated{Deprecated: release.AnswerYes}), []string{"moderate pkg:npm/x@1.0.0: its makers advise against it"}},
		{"behind", "outdated", outdated(release.Outdated{ReleasesKnown: true, Releases: 3, DaysKnown: true, Days: 99.7}), []string{"low pkg:npm/x@1.0.0: 3 newer versions, 100 days behind"}},
		{"behind by so many", "outdated", outdated(release.Outdated{ReleasesKnown: true, Releases: 3, Days: 99.7}), []string{"low pkg:npm/x@1.0.0: 3 newer versions"}},
		{"behind for so long", "outdated", outdated(release.Outdated{DaysKnown: true, Releases: 3, Days: 99.7}), []string{"low pkg:npm/x@1.0.0: 100 days behind"}},
		{"nobody knows how old", "outdated", outdated(release.Outdated{}), []string{"low pkg:npm/x@1.0.0: how old it is is not known"}},
		{"outside of the paths", "deviation", deviation("outside-subjects"), []string{"moderate a.go: outside-subjects: d"}},
		{"not announced", "deviation", deviation("outside-labels"), []string{"high a.go: outside-labels: d"}},
		{"another kind", "deviation", deviation("outside-kinds"), []string{"high a.go: outside-kinds: d"}},
		{"a deviation of no kind", "deviation", deviation(""), []string{"high a.go: : d"}},
		{"a host's own", "deviation", deviation("own"), []string{"moderate a.go: own: d"}},
		{"drift", "drift", drift(release.OpModified), []string{"moderate t.x: it was modified behind the back of its definition"}},
		{"drift of access", "drift", drift(release.OpModified, release.LabelAccess), []string{"high t.x: it is about what somebody may do: authorisation or roles"}},
		{"an artifact with its code", "artifact", artifact(release.OpModified, file("a.go", 1, 0)), []string{"low shop: an artifact that is modified"}},
		{"an artifact without a cause", "artifact", artifact(release.OpModified), []string{"high shop: an artifact that is modified, and nothing that it is made of is known to differ"}},
		{"an artifact that is gone", "artifact", artifact(release.OpRemoved), []string{"low shop: an artifact that is removed"}},
		{"an artifact in an unknown way", "artifact", artifact(release.OpUnknown, file("a.go", 1, 0)), []string{"high shop: what happens to this artifact is not known"}},
		{"loss", "loss", with(resource("t", release.OpModified, release.LabelDestructive), func(cs *release.ChangeSet) {
			cs.Files = []release.FileChange{{Path: "1.sql", Op: release.OpAdded, Labels: []release.Label{release.LabelDestructive}}}
		}), []string{"high 1.sql: it takes stored data away, or may", "high t.x: it takes stored data away, or may"}},
		{"a resource of a file", "unpinned", with(resource("t", release.OpModified, release.LabelUnpinned), func(cs *release.ChangeSet) { cs.Resources[0].File = "Dockerfile" }),
			[]string{"moderate Dockerfile t.x: it names content by what can move"}},
		{"unpinned", "unpinned", resource("t", release.OpModified, release.LabelUnpinned), []string{"moderate t.x: it names content by what can move"}},
		{"another licence", "dependency", dependency(release.OpUpgraded, func(d *release.DependencyChange) { d.LicenseBefore, d.LicenseAfter = "MIT", "BUSL-1.1" }),
			[]string{"moderate pkg:golang/example.com/x: a direct dependency goes from v1.0.0 up to v1.1.0, its licence is BUSL-1.1 and was MIT"}},
		{"a licence that is gone", "dependency", dependency(release.OpDowngraded, func(d *release.DependencyChange) { d.LicenseBefore = "MIT\n" }),
			[]string{`high pkg:golang/example.com/x: a direct dependency goes from v1.0.0 back to v1.1.0: what was fixed may come back, its licence is not known and was "MIT\n"`}},
		{"an install script", "dependency", dependency(release.OpUpgraded, func(d *release.DependencyChange) { d.InstallScript = true }),
			[]string{"high pkg:golang/example.com/x: a direct dependency goes from v1.0.0 up to v1.1.0, installing it runs code of its own, which it did not before"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, found(t, c.rule, c.cs))
		})
	}
}
