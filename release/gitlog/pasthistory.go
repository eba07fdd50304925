package gitlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// past is one Past under way.
type past struct {
	box   *sandbox
	base  release.Revision
	files []pastFile
	at    map[release.Path]int // in files
}

// pastFile is a file, as far as it is read.
type pastFile struct {
	PastFile
	looked bool // it is known whether there is something at the path
	there  bool // there is
	people map[string]bool
	nobody int64 // people without an identity
}

func newPast(box *sandbox, base release.Revision, paths []release.Path) *past {
	p := &past{box: box, base: base, at: map[release.Path]int{}}
	for _, path := range paths {
		if _, again := p.at[path]; !again {
			p.at[path] = len(p.files)
			p.files = append(p.files, pastFile{PastFile: PastFile{Path: path}})
		}
	}
	return p
}

// gap is why nothing is known, where an error is a reason and not the end.
func (p *past) gap(err error) (release.Gap, bool) {
	switch missing, failed := (*missingError)(nil), (*CommandError)(nil); {
	case errors.Is(err, ErrTooLarge):
		return release.Gap{Kind: release.GapTooLarge, Detail: "the history is longer than allowed"}, true
	case errors.Is(err, context.DeadlineExceeded):
		return release.Gap{Kind: release.GapTooLarge, Detail: "the history was not read in the time allowed"}, true
	case errors.As(err, &missing) && p.box.repo.promisor:
		return release.Gap{Kind: release.GapPartial, Detail: missing.Error()}, true
	case errors.As(err, &failed) && p.box.repo.promisor:
		return release.Gap{Kind: release.GapPartial, Detail: failed.Error()}, true
	}
	return release.Gap{}, false
}

// done is what is known; with a gap, of which files it is known that nothing is there.
func (p *past) done(gap release.Gap) []PastFile {
	out := make([]PastFile, len(p.files))
	for i := range p.files {
		f := &p.files[i]
		out[i].Path = f.Path
		switch {
		case f.looked && !f.there:
		case f.Gap.Kind != "":
			out[i].Gap = f.Gap
		case gap.Kind != "":
			out[i].Gap = gap
		case f.Changes == 0:
			out[i].Gap = release.Gap{Kind: release.GapIncomplete, Detail: "no commit but merges has changed it"}
		default:
			out[i] = f.PastFile
			out[i].Known, out[i].Developers = true, int64(len(f.people))+f.nobody
		}
	}
	return out
}

// contents finds the files and counts their lines.
func (p *past) contents(ctx context.Context) error {
	return p.box.withLibrary(ctx, func(l *library) error {
		root, err := l.root(p.base)
		if err != nil {
			return err
		}
		trees, entries := map[release.Revision][]treeEntry{}, 0
		tree := func(id release.Revision) ([]treeEntry, error) {
			if t, ok := trees[id]; ok {
				return t, nil
			}
			t, err := l.tree(id)
			if entries += len(t); entries > maxEntries {
				trees, entries = map[release.Revision][]treeEntry{}, len(t)
			}
			if err == nil {
				trees[id] = t
			}
			return t, err
		}
		for i := range p.files {
			if err := p.content(l, root, tree, &p.files[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *past) content(l *library, root release.Revision, tree func(release.Revision) ([]treeEntry, error), f *pastFile) error {
	mode, id, err := lookUp(root, f.Path, tree)
	if odd := (*oddTreeError)(nil); errors.As(err, &odd) {
		f.Gap = release.Gap{Kind: release.GapUnreadable, Subject: string(odd.id), Detail: odd.Error()}
		return nil
	}
	if missing := (*missingError)(nil); errors.As(err, &missing) && p.box.repo.promisor {
		f.Gap = release.Gap{Kind: release.GapPartial, Detail: missing.Error()}
		return nil
	}
	if err != nil {
		return err
	}
	f.looked, f.there = true, mode != "" && mode != modeTree
	if !f.there || mode == modeSubmodule {
		return nil
	}
	limit := p.box.repo.options.MaxFile
	o, err := l.ask(id, limit)
	switch {
	case err != nil:
		return err
	case o.absent != "" && p.box.repo.promisor:
		f.Gap = release.Gap{Kind: release.GapPartial, Detail: "its content is not in the clone"}
	case o.absent != "":
		return &missingError{string(id)}
	case o.id != id || o.kind != "blob":
		return fmt.Errorf("asked for the content %s and was given the %s %s", id, o.kind, o.id)
	case o.size > limit:
		f.Gap = release.Gap{Kind: release.GapTooLarge, Detail: fmt.Sprintf("its content has %d bytes, %d are allowed", o.size, limit)}
	default:
		f.Lines = lines(o.data)
	}
	return nil
}

// lines counts them as git does.
func lines(data []byte) int64 {
	n := int64(bytes.Count(data, []byte("\n")))
	if len(data) > 0 && data[len(data)-1] != '\n' {
		n++
	}
	return n
}

// history finds the commits that changed the files, and reads them.
func (p *past) history(ctx context.Context) error {
	specs, some := p.specs()
	if !some {
		return nil
	}
	all, err := p.box.history(ctx, string(p.base)+"\n")
	if err != nil {
		return err
	}
	if err := closed(all, "", p.base); err != nil {
		return fmt.Errorf("gitlog: git rev-list: output ends early: %w", err)
	}
	g := &reading{box: p.box}
	var jobs []job
	var own []entry // those that jobs are of
	for _, e := range all {
		if p.box.shallow[e.id] {
			p.unknown(release.Gap{Kind: release.GapShallow, Detail: "the clone is shallow: the history ends early"})
			return nil
		}
		if len(e.parents) < 2 {
			jobs, own = append(jobs, commitJob(e.id, e.parents)), append(own, e)
		}
	}
	var touched [][]int // by the commits of g, in files
	n := 0
	err = p.box.compare(ctx, comparing{jobs: jobs, paths: specs}, func(changes []release.FileChange) {
		var files []int
		for _, c := range changes {
			if i, ok := p.at[c.Path]; ok {
				files = append(files, i)
			}
		}
		if len(files) > 0 {
			g.entries, touched = append(g.entries, own[n]), append(touched, files)
		}
		n++
	})
	if err != nil {
		return err
	}
	commits, err := g.commits(ctx)
	if err != nil {
		return err
	}
	if len(commits) < len(g.entries) {
		return fmt.Errorf("gitlog: commits: %w", ErrTooLarge)
	}
	for i := range commits {
		for _, at := range touched[i] {
			p.files[at].take(&commits[i])
		}
	}
	return nil
}

// unknown says of all files why nothing is known.
func (p *past) unknown(gap release.Gap) {
	for i := range p.files {
		if p.files[i].Gap.Kind == "" {
			p.files[i].Gap = gap
		}
	}
}

// take counts one commit.
func (f *pastFile) take(c *commitObject) {
	if len(c.unreadable) > 0 || c.cut || c.Committed.IsZero() {
		f.Gap = release.Gap{Kind: release.GapUnreadable, Subject: string(c.ID), Detail: "who changed it, or when, cannot be read"}
	}
	f.Changes++
	if c.Committed.After(f.Changed) {
		f.Changed = c.Committed
	}
	f.person(c.Author)
	for _, a := range c.CoAuthors {
		f.person(a)
	}
}

func (f *pastFile) person(a release.Actor) {
	if a.ID == "" {
		f.nobody++
		return
	}
	if f.people == nil {
		f.people = map[string]bool{}
	}
	f.people[a.ID] = true
}

// maxSpecs is how many paths git is told of. Each costs it time for each entry of each
// tree that it reads: beyond that all changes are looked at.
const maxSpecs = 30

// specs are pathspecs of the files that are there, nil where git had better compare all;
// some says that there are any. That git takes "dir" for all in a directory that once was
// there does no harm: what was not asked for is left out.
func (p *past) specs() (specs []string, some bool) {
	plain, size := true, 0
	for i := range p.files {
		f := &p.files[i]
		if !f.there || f.Gap.Kind != "" {
			continue
		}
		name := string(f.Path)
		size += len(name)
		plain = plain && path.Clean("/"+name) == "/"+name && !strings.Contains(name, "\x00")
		specs = append(specs, ":(literal)"+name)
	}
	if len(specs) == 0 {
		return nil, false
	}
	if !plain || len(specs) > maxSpecs || size > 32<<10 {
		specs = nil
	}
	return specs, true
}
