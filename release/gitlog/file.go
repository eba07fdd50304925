package gitlog

import (
	"context"
	"fmt"
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
		id, err := l.root(rev)
		if err != nil {
			return err
		}
		mode := modeTree
		for _, name := range strings.Split(string(path), "/") {
			if mode != modeTree {
				return nil // below a file, a link or a submodule there is nothing
			}
			entries, err := l.tree(id)
			if err != nil {
				return err
			}
			mode = ""
			for _, e := range entries {
				if e.name == name {
					mode, id = e.mode, e.id
				}
			}
			if mode == "" {
				return nil
			}
		}
		switch mode {
		case modeFile, modeGroupFile, modeExecutable:
		default:
			return fmt.Errorf("path %q is not a file but has mode %s", string(path), mode)
		}
		data, err = l.get(id, "blob", r.options.MaxFile)
		ok = err == nil
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return data, ok, nil
}
