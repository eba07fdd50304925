package risk

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

func revisionRule() Rule {
	return Rule{ID: "revision", Version: 1,
		Doc: "High when base or head is not known: nobody knows what is changing, and it could be anything that is high. " +
			"Moderate for a first release: everything in it is new.",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
			var out []Finding
			if cs.Head == "" {
				out = append(out, Finding{release.TierHigh, "head", "the revision to release is not known"})
			}
			switch {
			case cs.FromNothing:
				out = append(out, Finding{release.TierModerate, "base", "nothing was there before: all of it is new"})
			case cs.Base == "":
				out = append(out, Finding{release.TierHigh, "base", "the revision to compare with is not known"})
			}
			return out
		}}
}

// mildGaps leave the names of the changed files known, so that the rules on paths
// still see what they must see. With any other gap, also of a kind that this
// version does not know, a whole file may be missing.
var mildGaps = []release.GapKind{release.GapShallow, release.GapPartial, release.GapUnreadable, release.GapUnsupported, release.GapUnpinned, release.GapDependencyOrigin}

func gapRule() Rule {
	return Rule{ID: "gap", Version: 1,
		Doc: "At least moderate for each thing that could not be read, since a gap is never \"no change\". High where changes " +
			"may be missing altogether: base or head missing, unrelated or diverged histories, a limit reached, a kind of gap that is not known here.",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
			var out []Finding
			for _, g := range cs.Gaps {
				f := Finding{release.TierHigh, release.Text(g.Subject).String(), "not read: " + release.Text(g.String()).String()}
				if slices.Contains(mildGaps, g.Kind) {
					f.Floor = release.TierModerate
				}
				out = append(out, f)
			}
			return out
		}}
}

func coverageRule() Rule {
	return Rule{ID: "coverage", Version: 1,
		Doc: "High when nobody read the code's changes, moderate when they were read in part, and moderate for each other kind " +
			"of change that somebody began to read and did not finish.",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
			var out []Finding
			if c := cs.Coverage[release.KindCode]; c == release.CoverageMissing || c > release.CoverageComplete {
				out = append(out, Finding{release.TierHigh, string(release.KindCode), "changes of code were not read"})
			}
			code := len(out)
			for kind, c := range cs.Coverage {
				if c != release.CoverageComplete && (kind != release.KindCode || c == release.CoveragePartial) {
					out = append(out, Finding{release.TierModerate, release.Text(kind).String(),
						fmt.Sprintf("coverage of this kind of change is %s", c)})
				}
			}
			arrange(out[code:], func(a, b Finding) int { return cmp.Compare(a.Subject, b.Subject) })
			return out
		}}
}

func unreadRule() Rule {
	return Rule{ID: "unread", Version: 3,
		Doc: "Moderate when a file that is labelled as declaring dependencies, or one that declares infrastructure by its extension " +
			"(Terraform, Bicep, HCL), changed and no reader read that kind of change completely, or not this file: what came in with it is not known. " +
			"Moderate, too, when a dependency comes in or goes to another version and nobody looked for published flaws: that none was found says nothing then.",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
			dependencies := cs.Coverage[release.KindDependency] != release.CoverageComplete
			var read map[release.Path]bool // made when the first file asks
			resources := cs.Coverage[release.KindInfrastructure] != release.CoverageComplete
			dependency := facts.someFile(release.LabelDeps)
			var out []Finding
			for i := range cs.Files {
				if !dependency && !resources {
					break
				}
				f := &cs.Files[i]
				// One reader may have read all of its own files, and another file be no reader's.
				if dependency && slices.Contains(f.Labels, release.LabelDeps) {
					if read == nil {
						read = sourcePaths(cs)
					}
					if !read[f.Path] && (dependencies || len(read) > 0) {
						out = append(out, Finding{release.TierModerate, f.Path.String(), "it declares dependencies, and which of them changed was not read"})
					}
				}
				if resources && declaresResources(f.Path) {
					out = append(out, Finding{release.TierModerate, f.Path.String(), "it declares infrastructure, and what of that changed was not read"})
				}
			}
			if cs.Coverage[release.KindAdvisory] == release.CoverageMissing && slices.ContainsFunc(cs.Dependencies, bringsVersion) {
				out = append(out, Finding{release.TierModerate, string(release.KindAdvisory), "versions of dependencies come in, and nobody looked for their published flaws"})
			}
			return out
		}}
}

// bringsVersion reports whether another version of a dependency is there afterwards, or may be.
func bringsVersion(d release.DependencyChange) bool {
	switch d.Op {
	case release.OpRemoved, release.OpListed, release.OpUnlisted, release.OpMoved:
		return false
	}
	return true
}

// sourcePaths are the files that something was read from.
func sourcePaths(cs *release.ChangeSet) map[release.Path]bool {
	read := make(map[release.Path]bool, len(cs.Sources))
	for _, s := range cs.Sources {
		read[s.Path] = true
	}
	return read
}

// declaresResources goes by the extension, whatever its case, and by the one before ".json".
func declaresResources(p release.Path) bool {
	name := string(p)
	if n := len(name); n == 0 || name[n-1] < utf8.RuneSelf && strings.IndexByte("fFsSuUlLpPnN", name[n-1]) < 0 {
		return false // none of them ends so, and most files do
	}
	ext := path.Ext(name)
	if strings.ToLower(ext) == ".json" {
		ext = path.Ext(name[:len(name)-len(ext)])
	}
	switch strings.ToLower(ext) {
	case ".tf", ".tfvars", ".tofu", ".hcl", ".bicep":
		return true
	}
	return false
}
