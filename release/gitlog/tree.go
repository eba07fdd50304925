package gitlog

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/sallyport-dev/sallyport/release"
)

// The modes of tree entries, without leading zeroes as trees have them.
const (
	modeTree       = "40000"
	modeFile       = "100644"
	modeGroupFile  = "100664" // written by git before 2005
	modeExecutable = "100755"
	modeLink       = "120000"
	modeSubmodule  = "160000"
)

// treeEntry is one entry of a tree object.
type treeEntry struct {
	mode string
	name string
	id   release.Revision
}

// parseTree reads a tree object: mode, space, name, zero byte, id in binary, over
// and over. A name occurs once, is not empty and has no slash.
func (f hashFormat) parseTree(data []byte) ([]treeEntry, error) {
	var entries []treeEntry
	seen := map[string]bool{}
	for len(data) > 0 {
		head, rest, ok := bytes.Cut(data, []byte{0})
		mode, name, spaced := bytes.Cut(head, []byte(" "))
		if !ok || !spaced || len(rest) < f.digits/2 {
			return nil, errors.New("a tree that ends in the middle of an entry")
		}
		e := treeEntry{mode: string(mode), name: string(name), id: release.Revision(hex.EncodeToString(rest[:f.digits/2]))}
		if e.name == "" || bytes.IndexByte(name, '/') >= 0 || seen[e.name] {
			return nil, fmt.Errorf("a tree with the name %q, or twice", e.name)
		}
		switch e.mode {
		case modeTree, modeFile, modeGroupFile, modeExecutable, modeLink, modeSubmodule:
		default:
			return nil, fmt.Errorf("a tree entry %q of mode %q", e.name, e.mode)
		}
		seen[e.name] = true
		entries = append(entries, e)
		data = rest[f.digits/2:]
	}
	return entries, nil
}

// withLibrary opens the objects for one call.
func (r *Repo) withLibrary(ctx context.Context, use func(*library) error) error {
	box, err := r.sandbox()
	if err != nil {
		return err
	}
	defer box.close()
	return box.withLibrary(ctx, use)
}

func (b *sandbox) withLibrary(ctx context.Context, use func(*library) error) error {
	p, err := b.converse(ctx, "cat-file", "--batch")
	if err != nil {
		return err
	}
	return p.over(use(&library{p, b.repo.format}))
}

// over is close, of a library: of an error that is not git's, it says so.
func (p *process) over(err error) error {
	closed := p.close(err)
	if err == nil || p.ctx.Err() != nil || errors.Is(closed, context.DeadlineExceeded) || errors.Is(err, io.ErrUnexpectedEOF) {
		return closed
	}
	return fmt.Errorf("gitlog: %w", err)
}

// tree reads a tree's entries.
func (l *library) tree(id release.Revision) ([]treeEntry, error) {
	if id == l.format.emptyTree {
		return nil, nil // git need not have it
	}
	data, err := l.get(id, "tree", maxTree)
	if err != nil {
		return nil, err
	}
	entries, err := l.format.parseTree(data)
	if err != nil {
		return nil, &oddTreeError{id, err}
	}
	return entries, nil
}

// maxTree is the largest single tree object that is read, in bytes.
const maxTree = 64 << 20

// root reads the tree of a commit.
func (l *library) root(rev release.Revision) (release.Revision, error) {
	if _, err := l.format.parse(string(rev)); err != nil {
		return "", fmt.Errorf("%w %q", ErrUnknownRevision, string(rev))
	}
	data, err := l.get(rev, "commit", 64*maxCommit)
	if err != nil {
		if missing := (*missingError)(nil); errors.As(err, &missing) {
			return "", fmt.Errorf("%w %q", ErrUnknownRevision, string(rev))
		}
		return "", err
	}
	c, err := l.format.parseCommit(object{id: rev, kind: "commit", size: int64(len(data)), data: data})
	return c.tree, err
}
