package label

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// The limits of [ApplyContents].
const (
	// MaxContent is the largest file that is looked into, in bytes. A larger one is a gap.
	MaxContent = 4 << 20
	// MaxContents is how many files are looked into, MaxContentBytes how many bytes of
	// them together (before and after). The rest is one gap.
	MaxContents     = 5_000
	MaxContentBytes = 256 << 20
)

// Contents is a changed file with what stands in it.
type Contents struct {
	// Change is the file's, with the labels that it has so far.
	Change release.FileChange
	// Before and After are the contents; nil where there is no file, and never nil
	// where there is one. They must not be changed.
	Before, After []byte
}

// Mark is one label that contents give, and why.
type Mark struct {
	// Path is the file's; [ApplyContents] fills it in.
	Path release.Path
	// Label is what is said of it.
	Label release.Label
	// Labeler is the ID of the labeler that says so; [ApplyContents] fills it in.
	Labeler string
	// Line counts from 1; 0 means the whole file.
	Line int
	// Why is a sentence for people. It quotes no values.
	Why string
}

// String is "path:line: label: why".
func (m Mark) String() string {
	at := m.Path.String()
	if m.Line > 0 {
		at = fmt.Sprintf("%s:%d", at, m.Line)
	}
	return fmt.Sprintf("%s: %s: %s", at, m.Label, m.Why)
}

// Reader reads a file at a revision: gitlog's Repo.File with its context. ok is
// false where there is no such file; what cannot be read is an error.
type Reader func(rev release.Revision, path release.Path) (data []byte, ok bool, err error)

// ApplyContents labels the files of cs by what stands in them, after [Apply] has
// labelled them by their names. Without labelers it uses [DefaultContents]. It
// returns why, sorted by path and line.
//
// Both sides of a file are read, within [MaxContent], [MaxContents] and
// [MaxContentBytes]. A file that cannot be read gets a gap and the label [release.LabelUnread],
// and loses the labels that calm. Symbolic links and submodules are never read, nor
// followed; one that is named like a migration counts as destructive.
//
// Two things are seen only here because they need more than one file: a file that
// moved with its content unchanged keeps the labels that its old place gave it
// (renaming auth/login.go to util/text.go hides nothing), and paths of the head that
// differ by case or by look alone are a [release.GapAmbiguous], because a file
// system that ignores case keeps one of them, and not everybody the same.
//
// Contents are the author's own. That they look harmless is a claim, so contents
// add labels that raise; of those that calm they give one, generated, and only where
// the base said so already.
func ApplyContents(cs *release.ChangeSet, read Reader, ls ...Labeler) []Mark {
	if len(ls) == 0 {
		ls = DefaultContents()
	}
	cs.Files, cs.Gaps = slices.Clone(cs.Files), slices.Clone(cs.Gaps)
	a := applier{cs: cs, read: read, labelers: ls}
	for i := range cs.Files {
		a.file(&cs.Files[i])
	}
	if a.skipped > 0 {
		a.gap(release.GapTooLarge, "contents", fmt.Sprintf("%d files were not looked into: more than %d files or %d bytes", a.skipped, MaxContents, MaxContentBytes))
	}
	a.moved()
	cs.Gaps = append(cs.Gaps, Collisions(cs.Files)...)
	slices.SortStableFunc(a.marks, func(x, y Mark) int {
		return cmp.Or(cmp.Compare(x.Path, y.Path), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Label, y.Label), cmp.Compare(x.Why, y.Why))
	})
	return slices.Compact(a.marks)
}

type applier struct {
	cs       *release.ChangeSet
	read     Reader
	labelers []Labeler
	files    int
	bytes    int
	skipped  int
	marks    []Mark
}

func (a *applier) gap(kind release.GapKind, subject, detail string) {
	a.cs.Gaps = append(a.cs.Gaps, release.Gap{Kind: kind, Subject: subject, Detail: detail})
}

func (a *applier) file(fc *release.FileChange) {
	if !plainOrAbsent(fc.OldMode) || !plainOrAbsent(fc.NewMode) {
		if slices.Contains(fc.Labels, release.LabelMigration) {
			a.mark(fc, "links", []Mark{{Label: release.LabelDestructive, Why: "it is named like a migration and is no regular file, so what runs is not known"}})
		}
		return
	}
	if a.files >= MaxContents || a.bytes >= MaxContentBytes {
		a.skipped++
		a.unread(fc)
		return
	}
	a.files++
	c := Contents{Change: *fc}
	c.Change.Labels = slices.Clone(fc.Labels)
	var err error
	if fc.OldMode != "" {
		c.Before, err = a.content(a.cs.Base, fc.Path)
	}
	if fc.NewMode != "" && err == nil {
		c.After, err = a.content(a.cs.Head, fc.Path)
	}
	if err == nil && fc.OldMode+fc.NewMode == "" {
		err = fmt.Errorf("it is not known whether it is a file")
	}
	if err != nil {
		kind := release.GapUnreadable
		if err == errTooLarge {
			kind = release.GapTooLarge
		}
		a.gap(kind, fc.Path.String(), "its contents: "+oneLine(err))
		a.unread(fc)
		return
	}
	for _, l := range a.labelers {
		if l.Content != nil {
			a.mark(fc, l.ID, l.Content(c))
		}
	}
}

func plainOrAbsent(mode string) bool {
	return mode == "" || mode == "100644" || mode == "100755" || mode == "100664"
}

var errTooLarge = fmt.Errorf("more than %d bytes", MaxContent)

func (a *applier) content(rev release.Revision, path release.Path) ([]byte, error) {
	if rev == "" {
		return nil, fmt.Errorf("there is no revision to read it at")
	}
	b, ok, err := a.read(rev, path)
	a.bytes += len(b)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, fmt.Errorf("it is not there at %s", rev.Short())
	case len(b) > MaxContent:
		return nil, errTooLarge
	case b == nil:
		b = []byte{}
	}
	return b, nil
}

// unread takes back what calms.
func (a *applier) unread(fc *release.FileChange) {
	calms := []release.Label{release.LabelDocs, release.LabelTest, release.LabelGenerated, release.LabelVendored}
	ls := slices.DeleteFunc(slices.Clone(fc.Labels), func(l release.Label) bool { return slices.Contains(calms, l) })
	ls = append(ls, release.LabelUnread)
	if slices.Contains(ls, release.LabelMigration) {
		ls = append(ls, release.LabelDestructive)
	}
	fc.Labels = set(ls)
}

// mark adds labels with their reasons. What says nothing is passed over.
func (a *applier) mark(fc *release.FileChange, id string, marks []Mark) {
	ls := slices.Clone(fc.Labels)
	for _, m := range marks {
		if m.Label == "" {
			continue
		}
		m.Path, m.Labeler = fc.Path, id
		a.marks = append(a.marks, m)
		ls = append(ls, m.Label)
	}
	fc.Labels = calm(set(ls))
}

// moved gives files that were renamed the labels of their old place.
func (a *applier) moved() {
	type origin struct {
		path   release.Path
		labels []release.Label
	}
	old := map[release.Revision][]origin{}
	for i := range a.cs.Files {
		f := &a.cs.Files[i]
		if f.Old != "" && f.Op == release.OpRemoved {
			raising := slices.DeleteFunc(slices.Clone(f.Labels), func(l release.Label) bool { return !moreThanProse(l) || l == release.LabelTest })
			if len(raising) > 0 {
				old[f.Old] = append(old[f.Old], origin{f.Path, raising})
			}
		}
	}
	for i := range a.cs.Files {
		f := &a.cs.Files[i]
		if f.New == "" || f.New == f.Old {
			continue
		}
		var marks []Mark
		for _, from := range old[f.New] {
			for _, l := range from.labels {
				if !slices.Contains(f.Labels, l) {
					marks = append(marks, Mark{Label: l, Why: "its content was " + from.path.String() + " before"})
				}
			}
		}
		a.mark(f, "renames", marks)
	}
}

// Collisions are gaps for files that differ from another by letter case or by
// letters that look alone, so that people and file systems may take one for the
// other. Removed files do not count.
func Collisions(files []release.FileChange) []release.Gap {
	first := map[string]release.Path{}
	var out []release.Gap
	for i := range files {
		f := &files[i]
		if f.Op == release.OpRemoved {
			continue
		}
		key := strings.ToLower(fold(string(f.Path)))
		was, ok := first[key]
		switch {
		case !ok:
			first[key] = f.Path
		case was != f.Path:
			out = append(out, release.Gap{Kind: release.GapAmbiguous, Subject: f.Path.String(),
				Detail: "it differs from " + was.String() + " by letter case or look alone: a file system that ignores case keeps one of them"})
		}
	}
	slices.SortFunc(out, func(x, y release.Gap) int {
		return cmp.Or(cmp.Compare(x.Subject, y.Subject), cmp.Compare(x.Detail, y.Detail))
	})
	return slices.Compact(out)
}

// oneLine is an error's text, safe to print and not long.
func oneLine(err error) string {
	text := err.Error()
	if len(text) > 300 {
		text = text[:300]
	}
	return release.Text(text).String()
}

// lineOf is the line of an offset.
func lineOf(b []byte, at int) int { return bytes.Count(b[:min(max(at, 0), len(b))], []byte{'\n'}) + 1 }
