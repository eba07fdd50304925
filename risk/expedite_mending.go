package risk

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// minAdvisoryAge is how long a flaw that is not listed as exploited must have been published before its fix
// may hurry. It is a choice: an advisory that came with the version this morning was seen by few.
const minAdvisoryAge = 24 * time.Hour

// urgent is the most urgent of the flaws that open the lane, the first of its name, and its outcome;
// nil if none does.
func (m *mending) urgent() (*release.AdvisoryChange, int) {
	var most *release.AdvisoryChange
	best := -1
	for i := range m.cs.Advisories {
		a := &m.cs.Advisories[i]
		if !m.opens(a) {
			continue
		}
		if at := m.urgency(a); at > best || at == best && a.ID < most.ID {
			most, best = a, at
		}
	}
	return most, best
}

// urgency is the outcome for a flaw, what is not known being the least dangerous.
func (m *mending) urgency(a *release.AdvisoryChange) int {
	return m.policy.Advisories.outcome(release.AnswerNo, a.Exploited, m.facts.Exposed, a.Automatable, a.TotalImpact)
}

// opens reports whether a flaw opens the lane.
func (m *mending) opens(a *release.AdvisoryChange) bool {
	from := slices.Index(m.policy.Advisories.Table.Outcomes, m.policy.Expedite.From)
	return a.Effect == release.EffectFixed && a.ID != "" && len(a.Suppressions) == 0 && from >= 0 && m.urgency(a) >= from &&
		m.old(a) && !m.stays(a) && m.mended(a)
}

// old reports whether the flaw has been public for long enough.
func (m *mending) old(a *release.AdvisoryChange) bool {
	if a.Exploited == release.AnswerYes {
		return true
	}
	return !a.Published.IsZero() && m.facts.At.Sub(a.Published) >= minAdvisoryAge
}

// stays reports whether the same flaw, by any of its names, is elsewhere in the release afterwards.
func (m *mending) stays(a *release.AdvisoryChange) bool {
	stay := func(name string) bool { return m.stay[name] }
	return stay(a.ID) || slices.ContainsFunc(a.Aliases, stay) || slices.ContainsFunc(a.Upstream, stay)
}

// mended reports whether a dependency goes up from an affected version. That an advisory is gone for
// another reason, such as that it was withdrawn, mends nothing.
func (m *mending) mended(a *release.AdvisoryChange) bool {
	return slices.ContainsFunc(m.upgraded[canonical(a.Package)], func(d *release.DependencyChange) bool { return leaves(d, a) })
}

// leaves reports whether a dependency leaves a version that a mended flaw of its package affects.
func leaves(d *release.DependencyChange, a *release.AdvisoryChange) bool {
	return d.Before != "" && d.After != "" && d.Before != d.After && slices.Contains(a.Before, d.Before) && !slices.Contains(a.After, d.After)
}

// explains reports whether an advisory is why a dependency goes to exactly this version.
func explains(a *release.AdvisoryChange, d *release.DependencyChange) bool {
	return leaves(d, a) && slices.ContainsFunc(a.FixedIn, func(v string) bool {
		return strings.TrimPrefix(v, "v") == strings.TrimPrefix(d.After, "v")
	})
}

// upgrades are the dependencies that change otherwise than by mending a flaw.
func (m *mending) upgrades() []obstacle {
	var out []obstacle
	for i := range m.cs.Dependencies {
		d := &m.cs.Dependencies[i]
		if why := m.upgrade(d); why != "" {
			subject := release.Text(d.Package).String()
			if subject == "" {
				subject = d.File.String()
			}
			out = append(out, obstacle{subject, why})
		}
	}
	return out
}

// upgrade says why a dependency's change is more than mending, "" if it is not.
func (m *mending) upgrade(d *release.DependencyChange) string {
	switch {
	case d.Op != release.OpUpgraded:
		return fmt.Sprintf("a dependency is %s, and the lane is for upgrades alone", d.Op)
	case !isPURL(d.Package):
		return "which dependency changes is not known"
	case d.Package.Type() == "golang" && (d.Package.Name() == "stdlib" || d.Package.Name() == "toolchain"):
		return "the version of Go changes, and with it what builds the release"
	case d.Major:
		return "a dependency goes to another major version"
	case d.InstallScript:
		return "installing a dependency runs code of its own, which it did not before"
	case d.LicenseBefore != d.LicenseAfter:
		return "the licence of a dependency changes"
	case d.Detail != "":
		return "there is more to the upgrade than another version: " + release.Text(d.Detail).String()
	case !slices.ContainsFunc(m.fixed[canonical(d.Package)], func(a *release.AdvisoryChange) bool { return explains(a, d) }):
		return fmt.Sprintf("no advisory says that %s mends a flaw of %s", release.Text(d.After), release.Text(d.Before))
	case !m.touched[d.File]:
		return "the file that asks for it is not among the changed ones"
	}
	return ""
}

// isPURL reports whether it is a package URL: of something else nobody knows what an advisory says of it.
func isPURL(p release.PURL) bool {
	_, err := release.ParsePURL(string(p))
	return err == nil
}

// abandoned are versions that their makers do not stand by.
func (m *mending) abandoned() []obstacle {
	var out []obstacle
	for i := range m.cs.Outdated {
		if o := &m.cs.Outdated[i]; o.Retracted == release.AnswerYes || o.Deprecated == release.AnswerYes || o.EndOfLife == release.AnswerYes {
			if len(m.upgraded[canonical(o.Component)]) > 0 {
				out = append(out, obstacle{release.Text(o.Component).String(), "its makers took the new version back, or gave it up"})
			}
		}
	}
	return out
}

// lockFiles are files that hold versions and hashes and nothing that is run, and that readers of this module
// understand as a whole.
var lockFiles = []string{"go.mod", "go.sum", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "Cargo.lock", "poetry.lock", "uv.lock"}

// files are those that are touched otherwise than by mending a flaw.
func (m *mending) files() []obstacle {
	read := sourcePaths(m.cs)
	var out []obstacle
	for i := range m.cs.Files {
		f := &m.cs.Files[i]
		if !m.lockFile(f, read) && !page(f) && !testFile(f) {
			out = append(out, obstacle{f.Path.String(), "a file changes that those upgrades do not explain"})
		}
	}
	return out
}

// plainFile reports whether the file is text that nobody runs by itself, on both sides that there are.
func plainFile(f *release.FileChange, ops ...release.Op) bool {
	mode := func(s string) bool { return s == "" || s == "100644" }
	return slices.Contains(ops, f.Op) && mode(f.OldMode) && mode(f.NewMode) && f.OldMode+f.NewMode != "" && !f.Binary && !f.Uncounted && f.Added >= 0 && f.Deleted >= 0
}

// labelledOnly reports whether the labels are those and no others.
func labelledOnly(f *release.FileChange, l release.Label) bool {
	return len(f.Labels) > 0 && !slices.ContainsFunc(f.Labels, func(is release.Label) bool { return is != l })
}

func page(f *release.FileChange) bool {
	return labelledOnly(f, release.LabelDocs) && plainFile(f, release.OpAdded, release.OpModified, release.OpRemoved)
}

// testFile reports whether the file is a test that no compiler puts into what is shipped, as only Go's
// are for certain, and stays one: a test that loses more than it gains may have been in the way of
// something.
func testFile(f *release.FileChange) bool {
	return strings.HasSuffix(string(f.Path), "_test.go") && labelledOnly(f, release.LabelTest) &&
		plainFile(f, release.OpAdded, release.OpModified) && f.Deleted <= f.Added
}

// lockFile reports whether the file is one that was read, and that an upgrade stands in.
func (m *mending) lockFile(f *release.FileChange, read map[release.Path]bool) bool {
	dir, base := path.Split(string(f.Path))
	if !slices.Contains(lockFiles, base) || !read[f.Path] || !labelledOnly(f, release.LabelDeps) || !plainFile(f, release.OpModified) {
		return false
	}
	if base == "go.sum" {
		base = "go.mod"
	}
	return m.asked[release.Path(dir+base)]
}

// calm says why no flaw opens the lane, if none does.
func (m *mending) calm() []obstacle {
	if a, _ := m.urgent(); a != nil {
		return nil
	}
	most := 0
	for i := range m.cs.Advisories {
		if a := &m.cs.Advisories[i]; a.Effect == release.EffectFixed {
			most = max(most, m.urgency(a))
		}
	}
	p := &m.policy.Advisories
	if from := slices.Index(p.Table.Outcomes, m.policy.Expedite.From); most >= from && from >= 0 {
		return []obstacle{{"", "each flaw that is urgent was published less than a day ago, stays elsewhere in the release, does not matter here by somebody's word, or is mended by no upgrade"}}
	}
	return []obstacle{{"", fmt.Sprintf("none of the flaws that it mends is known to be urgent: %q at most, and the lane opens from %q on", p.word(most), release.Text(m.policy.Expedite.From).String())}}
}
