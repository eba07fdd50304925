package gitlog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// File returns the content of the file at path as the commit rev has it. Ok is
// false if there is nothing at path, which is the only way to get no content
// without an error: a directory, a symbolic link or a submodule at path, a content
// larger than Options.MaxFile ([ErrTooLarge]) or one that a partial clone lacks
// are errors. The content is as committed, without line ends or keywords
// converted, and it was hashed and compared with the commit's tree. The caller
// owns it.
func (r *Repo) File(ctx context.Context, rev release.Revision, path release.Path) (data []byte, ok bool, err error) {
	err = r.withLibrary(ctx, func(l *library) error {
		root, err := l.root(rev)
		if err != nil {
			return err
		}
		data, ok, err = l.file(root, path, r.options.MaxFile, l.tree)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return data, ok, nil
}

// file reads the file at path below the tree root. Tree reads a tree's entries.
func (l *library) file(root release.Revision, path release.Path, limit int64, tree func(release.Revision) ([]treeEntry, error)) (data []byte, ok bool, err error) {
	mode, id, err := lookUp(root, path, tree)
	if err != nil || mode == "" {
		return nil, false, err
	}
	switch mode {
	case modeFile, modeGroupFile, modeExecutable:
	default:
		return nil, false, fmt.Errorf("path %q is not a file but has mode %s", string(path), mode)
	}
	data, err = l.get(id, "blob", limit)
	return data, err == nil, err
}

// lookUp finds what is at path below the tree root; the mode of nothing is "".
func lookUp(root release.Revision, path release.Path, tree func(release.Revision) ([]treeEntry, error)) (mode string, id release.Revision, err error) {
	mode, id = modeTree, root
	for name := range strings.SplitSeq(string(path), "/") {
		if mode != modeTree {
			return "", "", nil // below a file, a link or a submodule there is nothing
		}
		entries, err := tree(id)
		if err != nil {
			return "", "", err
		}
		i := slices.IndexFunc(entries, func(e treeEntry) bool { return e.name == name })
		if i < 0 {
			return "", "", nil
		}
		mode, id = entries[i].mode, entries[i].id
	}
	return mode, id, nil
}
