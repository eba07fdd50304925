package risk

import (
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// The limits of size and spread. In the three public projects that the prior comes
// from, 82 % of the commits of platform that add 1,000 lines or more were defective,
// and 80 % and 50 % in jdt and gerrit (33, ten and eight commits; all have 37, 49 and
// 12 %). Ten thousand lines are more than anybody reads before a release; how many
// directories are many is a choice.
const (
	sizeModerate   = 1_000
	sizeHigh       = 10_000
	spreadModerate = 20
)

// prose reports whether the file is documentation and nothing else; it does not
// count towards size. Assess lets only the default labelers say so.
func prose(f *release.FileChange) bool {
	return len(f.Labels) > 0 && slices.Contains(f.Labels, release.LabelDocs) && !slices.ContainsFunc(f.Labels, func(l release.Label) bool {
		return l != release.LabelDocs && l != release.LabelGenerated && l != release.LabelVendored
	})
}

// size is how many files there are that are not prose, and how many lines of theirs changed.
func (f *Facts) size() (files, lines count) {
	if s := f.looked(); s.of != nil {
		return s.files, s.lines
	}
	for i := range f.Changes.Files {
		if file := &f.Changes.Files[i]; !prose(file) {
			files, lines = files+1, lines.plus(file.Added).plus(file.Deleted)
		}
	}
	return files, lines
}

func sizeRule() Rule {
	return Rule{ID: "size", Version: 2,
		Doc: "Moderate from 1,000 lines added and deleted, high from 10,000: nobody reads that many. Documentation does not count; " +
			"tests, generated and vendored files do, because they can hide the rest. Earlier releases of the policy's window count together with " +
			"this one, so that ten small releases reach the same floor as one large one; those that reached it by themselves do not.",
		Run: func(facts *Facts) []Finding {
			files, lines := facts.size()
			return facts.windowFinding("lines changed", lines, files > 0, (*Features).lines,
				windowLimit{sizeHigh, release.TierHigh}, windowLimit{sizeModerate, release.TierModerate})
		}}
}

// count is a number of things that stays within what JSON holds exactly. A number
// below zero comes from a broken reader and counts as the largest.
type count int64

const maxCount count = 1<<53 - 1

func (c count) plus(n int64) count {
	if n < 0 || count(n) > maxCount-c {
		return maxCount
	}
	return c + count(n)
}

// directories counts the directories of the files that are not prose.
func directories(cs *release.ChangeSet) count {
	ds := folders{most: len(cs.Files)}
	for i := range cs.Files {
		if f := &cs.Files[i]; !prose(f) {
			ds.add(f.Path)
		}
	}
	return count(len(ds.seen))
}

func spreadRule() Rule {
	return Rule{ID: "spread", Version: 2,
		Doc: "Moderate when files in 20 directories or more changed, documentation aside: no single person knows all of it. Earlier releases of the policy's " +
			"window count together with this one, unless they reached the limit by themselves. A directory that two releases touched counts twice: history holds " +
			"counts and no names, and what slicing could hide, counting twice shows.",
		Run: func(facts *Facts) []Finding {
			files, _ := facts.size()
			// Files stand in as many directories at most, which mostly spares counting those.
			limit := windowLimit{spreadModerate, release.TierModerate}
			of := func(f *Features) count { return count(0).plus(f.Directories) }
			if most, _ := facts.together(files, limit.limit, files > 0, of); most < spreadModerate {
				return nil
			}
			own := count(facts.Features.Directories)
			if count(facts.Features.Files) != files { // nobody measured: the rule is run by itself
				own = directories(facts.Changes)
			}
			return facts.windowFinding("directories with changed files", own, files > 0, of, limit)
		}}
}

func opaqueRule() Rule {
	return Rule{ID: "opaque", Version: 2,
		Doc: "Moderate for what a reviewer cannot read in the change: a binary file, a symbolic link, a file that changed its type, is of an unknown one, or became executable, or one whose contents were not there to be counted. High for a submodule that moved " +
			"(its content is elsewhere) and for a file whose change is not known.",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
			var out []Finding
			for i := range cs.Files {
				f := &cs.Files[i]
				if f.Op == release.OpModified && f.NewMode == "100644" && f.OldMode == "100644" && !f.Binary && !f.Uncounted {
					continue // most are
				}
				switch {
				case !f.Op.Known():
					out = append(out, Finding{release.TierHigh, f.Path.String(), "what happened to it is not known"})
				case f.Submodule():
					out = append(out, Finding{release.TierHigh, f.Path.String(), "a submodule moved; its content was not read"})
				case f.Op == release.OpReplaced:
					out = append(out, Finding{release.TierModerate, f.Path.String(), "it is of another type now"})
				case f.NewMode == "120000" || f.OldMode == "120000":
					out = append(out, Finding{release.TierModerate, f.Path.String(), "a symbolic link: what it stands for is elsewhere"})
				case f.Binary && f.Op != release.OpRemoved:
					out = append(out, Finding{release.TierModerate, f.Path.String(), "a binary file: its change cannot be read"})
				case f.Uncounted:
					out = append(out, Finding{release.TierModerate, f.Path.String(), "its contents were not there: how much of it changed is not known"})
				case !plainMode(f.OldMode) || !plainMode(f.NewMode):
					out = append(out, Finding{release.TierModerate, f.Path.String(), "what kind of file it is is not known"})
				case f.NewMode == "100755" && f.OldMode == "100644":
					out = append(out, Finding{release.TierModerate, f.Path.String(), "it can be run now, and could not before"})
				}
			}
			return out
		}}
}

// plainMode is true for a file and for none.
func plainMode(mode string) bool { return mode == "" || mode == "100644" || mode == "100755" }

func testRule() Rule {
	return Rule{ID: "test-removed", Version: 1,
		Doc: "Moderate when a test is removed, or loses more lines than it gains: the tests that pass say less than before.",
		Run: func(facts *Facts) []Finding {
			cs := facts.Changes
			if !facts.someFile(release.LabelTest) {
				return nil
			}
			var out []Finding
			for i := range cs.Files {
				f := &cs.Files[i]
				switch {
				case len(f.Labels) == 0 || !slices.Contains(f.Labels, release.LabelTest):
				case f.Op == release.OpRemoved:
					out = append(out, Finding{release.TierModerate, f.Path.String(), "a test is removed"})
				case f.Deleted > f.Added:
					out = append(out, Finding{release.TierModerate, f.Path.String(),
						fmt.Sprintf("a test loses %d lines and gains %d", f.Deleted, f.Added)})
				}
			}
			return out
		}}
}
