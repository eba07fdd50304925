package gitlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"
	"unicode"

	"github.com/sallyport-dev/sallyport/release"
)

// Export writes the tree of the commit rev into dir, which must be empty, or be
// absent in a directory that is there. The contents are as committed: no filter,
// attribute, substitution or line end conversion is applied, and each was hashed
// and compared with the commit's tree. Files have mode 0644 or 0755 (less the
// umask), submodules are empty directories. The repository is only read.
//
// What could reach out of dir is refused with an [*UnsafePathError]: names such as
// "..", ".git" in any spelling that a file system may take for it, on Windows
// names with a backslash or colon, a symbolic link that leaves dir, or would once
// somebody makes a directory where nothing is, or cannot be followed to its end
// (but see Options.UnsafeLinksAsFiles), and a link next to a name that differs from
// its own by case only. On error dir is left empty. [Options] limit how much is
// written ([ErrTooLarge]).
func (r *Repo) Export(ctx context.Context, rev release.Revision, dir string) (err error) {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("gitlog: export: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("gitlog: export: %w", err)
	}
	defer root.Close()
	if names, err := children(root); err != nil {
		return fmt.Errorf("gitlog: export: %w", err)
	} else if len(names) > 0 {
		return fmt.Errorf("gitlog: export to %q: %w", dir, ErrNotEmpty)
	}
	report := r.options.UnsafeLinksAsFiles
	x := &export{root: root, files: r.options.MaxFiles, bytes: r.options.MaxBytes, plain: report != nil}
	err = r.withLibrary(ctx, func(l *library) error {
		tree, err := l.root(rev)
		if err != nil {
			return err
		}
		x.from = l
		return x.tree(tree, "", 0)
	})
	if err == nil {
		if err = x.link(ctx); err != nil {
			err = fmt.Errorf("gitlog: %w", err)
		}
	}
	if err != nil {
		return errors.Join(err, empty(root))
	}
	for _, l := range x.links {
		if l.unsafe != nil {
			report(l.unsafe)
		}
	}
	return nil
}

// children are the names in the root.
func children(root *os.Root) ([]string, error) {
	d, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// empty takes out again what was written.
func empty(root *os.Root) error {
	names, err := children(root)
	for _, name := range names {
		err = errors.Join(err, root.RemoveAll(name))
	}
	if err != nil {
		return fmt.Errorf("gitlog: export: what was written could not be removed: %w", err)
	}
	return nil
}

// export is one Export under way. Everything is written through root, which does
// not follow links out of it, and created anew: nothing that exists is opened.
// Links are made at the very end, so that no path of a file leads through one.
type export struct {
	root  *os.Root
	from  *library
	files int   // how many more
	bytes int64 // how many more
	links []link
	plain bool // unsafe links are written as files
}

// maxDepth is how deep directories may be nested in each other.
const maxDepth = 256

func (x *export) tree(id release.Revision, dir string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("export: %q: directories nested more than %d deep: %w", dir, maxDepth, ErrTooLarge)
	}
	entries, err := x.from.tree(id)
	if err != nil {
		return err
	}
	if err := distinctNames(dir, entries); err != nil {
		return err
	}
	for _, e := range entries {
		if err := x.entry(e, path.Join(dir, e.name), depth); err != nil {
			return err
		}
	}
	return nil
}

func (x *export) entry(e treeEntry, at string, depth int) error {
	if reason := unsafeName(e.name); reason != "" {
		return &UnsafePathError{Path: release.Path(at), Reason: reason}
	}
	if x.files--; x.files < 0 {
		return fmt.Errorf("export: more files than allowed: %w", ErrTooLarge)
	}
	switch e.mode {
	case modeTree, modeSubmodule:
		if err := x.root.Mkdir(at, 0o755); err != nil {
			return fmt.Errorf("export: %w", err)
		}
		if e.mode == modeSubmodule {
			return nil
		}
		return x.tree(e.id, at, depth+1)
	}
	data, err := x.from.get(e.id, "blob", x.bytes)
	if err != nil {
		return fmt.Errorf("export: %q: %w", at, err)
	}
	x.bytes -= int64(len(data))
	if e.mode == modeLink {
		x.links = append(x.links, link{path: at, target: string(data)})
		return nil
	}
	mode := fs.FileMode(0o644)
	if e.mode == modeExecutable {
		mode = 0o755
	}
	return x.file(at, data, mode)
}

// file makes a file that is not there.
func (x *export) file(at string, data []byte, mode fs.FileMode) error {
	f, err := x.root.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// distinctNames refuses a symbolic link beside a name that a file system without
// case would take for the same: what is written to the one would go through the
// other. (Two files or directories like that fail to be created there.)
func distinctNames(dir string, entries []treeEntry) error {
	folded := map[string]treeEntry{}
	for _, e := range entries {
		key := fold(e.name)
		if other, ok := folded[key]; ok && (e.mode == modeLink || other.mode == modeLink) {
			return &UnsafePathError{Path: release.Path(path.Join(dir, e.name)),
				Reason: fmt.Sprintf("differs from %q, one of them a symbolic link, by case only", other.name)}
		} else if !ok || e.mode == modeLink {
			folded[key] = e
		}
	}
	return nil
}

// fold maps names that differ by case only to the same text.
func fold(s string) string {
	return strings.Map(func(c rune) rune {
		least := c
		for d := unicode.SimpleFold(c); d != c; d = unicode.SimpleFold(d) {
			least = min(least, d)
		}
		return least
	}, s)
}

// unsafeName says why a name must not be created, or "".
func unsafeName(name string) string {
	switch {
	case name == "." || name == "..":
		return "a step out of the directory"
	case isGit(name):
		return "git's own directory"
	case strings.ContainsAny(name, separators()):
		return "a separator of paths"
	}
	return ""
}

// separators are the characters that part a path where we run, besides the slash.
func separators() string {
	if runtime.GOOS == "windows" {
		return "\x00\\:"
	}
	return "\x00"
}

// isGit reports whether a file system may take a name for ".git": case ignored,
// with trailing dots and spaces (Windows), with characters that HFS+ ignores, or
// by its short name.
func isGit(name string) bool {
	name = strings.Map(func(c rune) rune {
		if unicode.Is(unicode.Cf, c) {
			return -1
		}
		return c
	}, name)
	name, _, _ = strings.Cut(name, ":")
	name = strings.TrimRight(fold(name), ". ")
	return name == fold(".git") || name == fold("git~1")
}
