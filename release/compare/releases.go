package compare

import (
	"crypto/sha1" // #nosec: git's names of contents
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// Contents is a release and what it is made of.
type Contents struct {
	// Release says what is deployed.
	Release release.Release
	// Tree has the files that it is made from; nil where they are not at hand.
	Tree fs.FS
}

// What a tree may have.
const (
	MaxTreeFiles = 200_000   // files in a tree
	MaxTreeFile  = 64 << 20  // bytes of a file
	MaxTreeBytes = 512 << 20 // bytes of a tree
)

// Nothing is the contents of what has no release before it.
func Nothing() *Contents { return &Contents{Tree: empty{}} }

// empty is a tree without files.
type empty struct{}

func (empty) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// Releases compares two releases: the artifacts by their digests, and the files of
// both trees. There are no commits: what lies between, only a repository tells (see
// [Range]). Lines are not counted, so that files are marked as uncounted and the
// coverage of code is partial.
//
// A nil base, or one without a tree, is not known: a gap, and no change. [Nothing]
// says that there was none. Errors are of options and of a head that is not valid.
func Releases(base, head *Contents, o Options) (Result, error) {
	if err := o.validate(); err != nil {
		return Result{}, err
	}
	if head == nil || head.Tree == nil {
		return Result{}, errors.New("compare: no head")
	}
	if err := head.Release.Validate(); err != nil {
		return Result{}, fmt.Errorf("compare: head: %w", err)
	}
	var r Result
	r.Changes.Head = head.Release.Commit
	if base == nil || base.Tree == nil {
		r.Changes.Gaps = []release.Gap{{Kind: release.GapBaseMissing, Detail: "nobody said what the release before consists of"}}
		r.Changes.Coverage = map[release.Kind]release.Coverage{release.KindCode: release.CoverageMissing, release.KindArtifact: release.CoverageMissing}
		r.nothing()
		return r, nil
	}
	if _, none := base.Tree.(empty); none {
		r.Changes.FromNothing = true
	} else {
		r.Changes.Base = base.Release.Commit
		r.succession(&base.Release, &head.Release)
	}
	r.Changes.Add(Artifacts(&base.Release, &head.Release))
	before, after := readTree(base.Tree), readTree(head.Tree)
	r.trees(before, after)
	o.label(&r.Changes)
	r.contents(before, after)
	r.files(before.file, after.file, o)
	return r, nil
}

// contents labels by contents. Both releases may be of one commit, so the two sides
// get other names for as long as that takes.
func (r *Result) contents(before, after *tree) {
	cs := r.Changes
	cs.Base, cs.Head = release.Revision(strings.Repeat("1", 40)), release.Revision(strings.Repeat("2", 40))
	r.Marks = label.ApplyContents(&cs, func(rev release.Revision, p release.Path) ([]byte, bool, error) {
		t := after
		if rev == cs.Base {
			t = before
		}
		data, err := t.file(p)
		return data, data != nil, err
	})
	cs.Base, cs.Head = r.Changes.Base, r.Changes.Head
	r.Changes = cs
}

// succession checks that head says that it takes base's place.
func (r *Result) succession(base, head *release.Release) {
	d, err := base.Digest()
	switch {
	case err != nil:
		r.Changes.Gaps = append(r.Changes.Gaps, release.Gap{Kind: release.GapUnreadable, Subject: base.Version, Detail: "the release before has no digest: " + err.Error()})
	case head.Follows != d:
		r.Changes.Gaps = append(r.Changes.Gaps, release.Gap{Kind: release.GapDiverged, Subject: base.Version,
			Detail: fmt.Sprintf("head says that it follows another release (%q, not %q)", head.Follows.Short(), d.Short())})
	}
	if base.Service != head.Service {
		r.Changes.Gaps = append(r.Changes.Gaps, release.Gap{Kind: release.GapUnrelated, Subject: release.Text(base.Service).String(),
			Detail: fmt.Sprintf("head is a release of another service, %s", release.Text(head.Service))})
	}
}

// Artifacts compares what two releases deploy, by name. Changes are sorted by name.
func Artifacts(base, head *release.Release) release.ChangeSet {
	var out []release.ArtifactChange
	find := func(in []release.Artifact, name string) (release.Artifact, bool) {
		i := slices.IndexFunc(in, func(a release.Artifact) bool { return a.Name == name })
		if i < 0 {
			return release.Artifact{}, false
		}
		return in[i], true
	}
	for _, b := range base.Artifacts {
		h, ok := find(head.Artifacts, b.Name)
		switch {
		case !ok:
			out = append(out, release.ArtifactChange{Name: b.Name, Op: release.OpRemoved, PURL: b.PURL.Package(), Before: b.Digest})
		case h.Digest != b.Digest:
			out = append(out, release.ArtifactChange{Name: b.Name, Op: release.OpModified, PURL: h.PURL.Package(), Before: b.Digest, After: h.Digest})
		case h.PURL != b.PURL:
			out = append(out, release.ArtifactChange{Name: b.Name, Op: release.OpMoved, PURL: h.PURL.Package(), Before: b.Digest, After: h.Digest})
		}
	}
	for _, h := range head.Artifacts {
		if _, ok := find(base.Artifacts, h.Name); !ok {
			out = append(out, release.ArtifactChange{Name: h.Name, Op: release.OpAdded, PURL: h.PURL.Package(), After: h.Digest})
		}
	}
	slices.SortFunc(out, func(a, b release.ArtifactChange) int { return strings.Compare(a.Name, b.Name) })
	return release.ChangeSet{Artifacts: out, Coverage: map[release.Kind]release.Coverage{release.KindArtifact: release.CoverageComplete}}
}

// tree is a tree that was walked.
type tree struct {
	fsys  fs.FS
	files map[release.Path]entry
	gaps  []release.Gap
	lost  []string // files and directories that could not be read
	cut   bool     // a limit was reached: more may be there
}

type entry struct {
	mode string // git's
	id   release.Revision
}

func readTree(fsys fs.FS) *tree {
	t := &tree{fsys: fsys, files: map[release.Path]entry{}}
	if _, none := fsys.(empty); none {
		return t
	}
	total := int64(0)
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		p := release.Path(name)
		if err != nil {
			t.gap(release.GapUnreadable, p, err.Error())
			return nil
		}
		if d.IsDir() {
			if name == ".git" {
				return fs.SkipDir
			}
			return nil
		}
		e := entry{mode: "100644"}
		switch info, err := d.Info(); {
		case err != nil:
			t.gap(release.GapUnreadable, p, err.Error())
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			e.mode = "120000"
		case !d.Type().IsRegular():
			t.gap(release.GapUnsupported, p, "it is neither a file nor a directory")
			return nil
		case info.Mode()&0o111 != 0:
			e.mode = "100755"
		}
		if len(t.files) >= MaxTreeFiles || total > MaxTreeBytes {
			t.gap(release.GapTooLarge, p, "the tree has more files or bytes than are read; this one and all behind it were not")
			t.cut = true
			return fs.SkipAll
		}
		n := int64(0)
		if e.id, n, err = t.identify(name, e.mode); err != nil {
			t.gap(release.GapUnreadable, p, err.Error())
			return nil
		}
		total += n
		t.files[p] = e
		return nil
	})
	if err != nil {
		t.gap(release.GapUnreadable, ".", err.Error())
	}
	return t
}

func (t *tree) gap(kind release.GapKind, p release.Path, detail string) {
	t.gaps = append(t.gaps, release.Gap{Kind: kind, Subject: p.String(), Detail: release.Text(detail).String()})
	t.lost = append(t.lost, string(p))
}

// unsure reports whether a file that is not listed may be there all the same.
func (t *tree) unsure(p release.Path) bool {
	return t.cut || slices.ContainsFunc(t.lost, func(l string) bool { return l == "." || l == string(p) || strings.HasPrefix(string(p), l+"/") })
}

// identify names a content as git does.
func (t *tree) identify(name, mode string) (release.Revision, int64, error) {
	var data []byte
	var err error
	if mode == "120000" {
		var target string
		target, err = fs.ReadLink(t.fsys, name)
		data = []byte(target)
	} else {
		data, err = t.content(name)
	}
	if err != nil {
		return "", 0, err
	}
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return release.Revision(hex.EncodeToString(h.Sum(nil))), int64(len(data)), nil
}

func (t *tree) content(name string) ([]byte, error) {
	f, err := t.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxTreeFile+1))
	if err == nil && len(data) > MaxTreeFile {
		err = fmt.Errorf("it is larger than %d bytes", MaxTreeFile)
	}
	return data, err
}

// file is a file's content, nil where there is none.
func (t *tree) file(p release.Path) ([]byte, error) {
	e, ok := t.files[p]
	if !ok {
		if t.unsure(p) {
			return nil, errors.New("it is there and could not be read")
		}
		return nil, nil
	}
	if e.mode == "120000" {
		return nil, errors.New("it is a symbolic link")
	}
	data, err := t.content(string(p))
	if err != nil {
		return nil, err
	}
	return notNil(data), nil
}

// trees lists the files that differ. A file that could not be read on one side is
// not told of as added or removed.
func (r *Result) trees(before, after *tree) {
	coverage := release.CoveragePartial // lines are not counted
	for _, g := range slices.Concat(before.gaps, after.gaps) {
		if !slices.Contains(r.Changes.Gaps, g) {
			r.Changes.Gaps = append(r.Changes.Gaps, g)
		}
	}
	paths := make([]release.Path, 0, len(after.files))
	for p := range before.files {
		paths = append(paths, p)
	}
	for p := range after.files {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, p := range slices.Compact(paths) {
		b, had := before.files[p]
		a, has := after.files[p]
		if b == a || !had && before.unsure(p) || !has && after.unsure(p) {
			continue // the gap tells
		}
		f := release.FileChange{Path: p, Op: release.OpModified, OldMode: b.mode, NewMode: a.mode, Old: b.id, New: a.id, Uncounted: true}
		switch {
		case !had:
			f.Op = release.OpAdded
		case !has:
			f.Op = release.OpRemoved
		case (b.mode == "120000") != (a.mode == "120000"):
			f.Op = release.OpReplaced
		}
		r.Changes.Files = append(r.Changes.Files, f)
	}
	if len(r.Changes.Files) > 0 {
		r.Changes.Gaps = append(r.Changes.Gaps, release.Gap{Kind: release.GapUnsupported, Detail: "lines are not counted without a repository"})
	} else if len(before.lost)+len(after.lost) == 0 {
		coverage = release.CoverageComplete
	}
	r.Changes.Add(release.ChangeSet{Coverage: map[release.Kind]release.Coverage{release.KindCode: coverage}})
}
