package gitlog

import (
	"context"
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
)

// Files reads many files of a repository's commits, one after the other, through
// one git process; [Repo.File] starts one for each. It is made by [Repo.Files],
// must be closed, and is not for several goroutines at once.
type Files struct {
	ctx     context.Context
	repo    *Repo
	box     *sandbox
	p       *process
	library *library
	roots   map[release.Revision]release.Revision // trees of commits
	trees   map[release.Revision][]treeEntry
	entries int // in all of trees
}

// maxEntries is how many entries of trees are kept.
const maxEntries = 200_000

// Files starts nothing yet. The context is for all reads.
func (r *Repo) Files(ctx context.Context) *Files {
	f := &Files{ctx: ctx, repo: r}
	f.forget()
	return f
}

// File is what [Repo.File] answers, as errors go, too.
func (f *Files) File(rev release.Revision, path release.Path) (data []byte, ok bool, err error) {
	if err := f.ctx.Err(); err != nil { // the process may still answer, and must not be asked
		return nil, false, fmt.Errorf("gitlog: %w", err)
	}
	for {
		// What one git process may write, and how long it may take, is limited: what a
		// new one does not answer either is an error.
		fresh := f.p == nil
		if data, ok, err = f.read(rev, path); err == nil || fresh {
			return data, ok, err
		}
	}
}

// Close ends the process. How it ends says nothing: each answer was hashed. It may
// be called more than once.
func (f *Files) Close() {
	_ = f.stop(nil)
	f.forget()
}

func (f *Files) read(rev release.Revision, path release.Path) (data []byte, ok bool, err error) {
	if err := f.start(); err != nil {
		return nil, false, err
	}
	root, err := f.root(rev)
	if err == nil {
		data, ok, err = f.library.file(root, path, f.repo.options.MaxFile, f.tree)
	}
	if err != nil {
		return nil, false, f.stop(err)
	}
	return data, ok, nil
}

func (f *Files) start() (err error) {
	if f.p != nil {
		return nil
	}
	if f.box, err = f.repo.sandbox(); err != nil {
		return err
	}
	p, err := f.box.converse(f.ctx, "cat-file", "--batch")
	if err != nil {
		f.box.close()
		return err
	}
	f.p, f.library = p, &library{p, f.repo.format}
	return nil
}

// stop ends the process, which met err, and says what it comes from.
func (f *Files) stop(err error) error {
	if f.p == nil {
		return err
	}
	err = f.p.over(err)
	f.box.close()
	f.p, f.library, f.box = nil, nil, nil
	return err
}

func (f *Files) root(rev release.Revision) (release.Revision, error) {
	if id, ok := f.roots[rev]; ok {
		return id, nil
	}
	id, err := f.library.root(rev)
	if err == nil {
		f.roots[rev] = id
	}
	return id, err
}

// tree keeps what it has read: the id is that of the content.
func (f *Files) tree(id release.Revision) ([]treeEntry, error) {
	if entries, ok := f.trees[id]; ok {
		return entries, nil
	}
	entries, err := f.library.tree(id)
	if err != nil {
		return nil, err
	}
	if f.entries += len(entries); f.entries > maxEntries || len(f.roots) > maxEntries {
		f.forget()
		f.entries = len(entries)
	}
	f.trees[id] = entries
	return entries, nil
}

func (f *Files) forget() {
	f.roots, f.trees, f.entries = map[release.Revision]release.Revision{}, map[release.Revision][]treeEntry{}, 0
}
