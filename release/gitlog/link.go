package gitlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"github.com/sallyport-dev/sallyport/release"
)

// link is a symbolic link that Export is to make.
type link struct {
	path, target string
	unsafe       *UnsafePathError // set if it is, or became, a plain file
	lost         error            // what following it met, if not an end inside
}

// refuse takes a link for unsafe: an error, or a plain file in its place, where
// nothing may be yet.
func (x *export) refuse(l *link, why string) error {
	l.unsafe = &UnsafePathError{Path: release.Path(l.path), Reason: fmt.Sprintf("a symbolic link to %q%s", cutText(l.target, 200), why)}
	if !x.plain {
		return l.unsafe
	}
	return x.file(l.path, []byte(l.target), 0o644)
}

// link makes the symbolic links. Each must stay inside by its text alone, and,
// once all of them are there, when it is followed: links can lead through links.
func (x *export) link(ctx context.Context) error {
	for i := range x.links {
		if l := &x.links[i]; outward(l.path, l.target) {
			if err := x.refuse(l, ""); err != nil {
				return err
			}
		}
	}
	for i := range x.links {
		l := &x.links[i]
		if l.unsafe != nil {
			continue
		}
		err := x.root.Symlink(l.target, l.path)
		if errors.Is(err, syscall.ENAMETOOLONG) {
			err = x.refuse(l, ", which is too long")
		}
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	return x.follow(ctx)
}

// outward reports whether a link leads out of the tree, or into git's directory, by
// its text alone.
func outward(at, target string) bool {
	inside := path.Join(path.Dir(at), target)
	if target == "" || strings.HasPrefix(target, "/") || strings.ContainsAny(target, separators()) ||
		inside == ".." || strings.HasPrefix(inside, "../") {
		return true
	}
	for name := range strings.SplitSeq(target, "/") {
		if isGit(name) {
			return true
		}
	}
	return false
}

// follow follows all links, and turns those that are unsafe into files. Which ones
// does not depend on their order: all are found before the first is turned. Should
// that change where another one leads, the next round finds it.
func (x *export) follow(ctx context.Context) error {
	for {
		found, err := x.stray(ctx)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, l := range found {
			if err := x.root.Remove(l.path); err != nil {
				return fmt.Errorf("export: %w", err)
			}
		}
		for _, l := range found {
			if err := x.refuse(l, ": "+l.lost.Error()); err != nil {
				return err
			}
		}
	}
}

// stray are the links that cannot be followed to an end inside, by the file system
// and by the texts of all links. A link to what is not there leads nowhere so far.
// One that leads through more links than root follows is not safe: the system may
// follow more of them.
func (x *export) stray(ctx context.Context) ([]*link, error) {
	asWritten, anyCase := newAtlas(x.links, strings.Clone), newAtlas(x.links, fold)
	var found []*link
	for i := range x.links {
		l := &x.links[i]
		if l.unsafe != nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("export: %w", err)
		}
		_, err := x.root.Stat(l.path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			err = nil
		}
		if l.lost = cmp.Or(err, asWritten.follow(l.path), anyCase.follow(fold(l.path))); l.lost == nil {
			continue
		}
		if !x.plain {
			return nil, x.refuse(l, ": "+l.lost.Error())
		}
		found = append(found, l)
	}
	return found, nil
}
