package gitlog

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// netFiles compares the trees of base and head by their objects, each hashed. Git
// trusts its object files: with one tree in the place of another it would not see
// what changed. It also collects all changes of a comparison before it writes the
// first, which here stops at the limit.
func (g *reading) netFiles(ctx context.Context) ([]release.FileChange, error) {
	c := comparison{maxFiles: g.box.repo.options.MaxFiles}
	c.left = c.maxFiles
	err := g.box.withLibrary(ctx, func(l *library) error {
		c.from = l
		return c.trees(g.baseTree, g.head.tree, "", 0)
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(c.files, func(a, b release.FileChange) int { return strings.Compare(string(a.Path), string(b.Path)) })
	return c.files, nil
}

// comparison is one netFiles under way.
type comparison struct {
	from     *library
	files    []release.FileChange // without operation and counts
	maxFiles int
	left     int // how many more directories
}

// maxTreeDepth is how deep directories may be nested, as in git.
const maxTreeDepth = 4096

// trees compares two trees; an empty id is that of none.
func (c *comparison) trees(from, to release.Revision, dir string, depth int) error {
	if from == to {
		return nil
	}
	if c.left--; c.left < 0 || depth > maxTreeDepth {
		return fmt.Errorf("directories: %w", ErrTooLarge)
	}
	before, err := c.entries(from)
	if err != nil {
		return err
	}
	after, err := c.entries(to)
	if err != nil {
		return err
	}
	old := make(map[string]treeEntry, len(before))
	for _, e := range before {
		old[e.name] = e
	}
	for _, e := range after {
		if err := c.pair(old[e.name], e, path.Join(dir, e.name), depth); err != nil {
			return err
		}
		delete(old, e.name)
	}
	for _, e := range before { // not the map, whose order differs
		if _, gone := old[e.name]; gone {
			if err := c.pair(e, treeEntry{}, path.Join(dir, e.name), depth); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *comparison) entries(id release.Revision) ([]treeEntry, error) {
	if id == "" {
		return nil, nil
	}
	return c.from.tree(id)
}

// pair compares what one name stands for; the zero entry is nothing.
func (c *comparison) pair(old, now treeEntry, at string, depth int) error {
	var trees [2]release.Revision
	f := release.FileChange{Path: release.Path(at)}
	if old.mode == modeTree {
		trees[0] = old.id
	} else {
		f.OldMode, f.Old = plainMode(old.mode), old.id
	}
	if now.mode == modeTree {
		trees[1] = now.id
	} else {
		f.NewMode, f.New = plainMode(now.mode), now.id
	}
	if f.OldMode != f.NewMode || f.Old != f.New {
		if c.files = append(c.files, f); len(c.files) > c.maxFiles {
			return fmt.Errorf("files: %w", ErrTooLarge)
		}
	}
	return c.trees(trees[0], trees[1], at, depth+1)
}

// plainMode is a mode as comparisons show it.
func plainMode(mode string) string {
	if mode == modeGroupFile {
		return modeFile
	}
	return mode
}

// sameFiles checks that git found what the trees say.
func sameFiles(git, ours []release.FileChange) error {
	same := slices.EqualFunc(git, ours, func(a, b release.FileChange) bool {
		return a.Path == b.Path && a.OldMode == b.OldMode && a.NewMode == b.NewMode && a.Old == b.Old && a.New == b.New
	})
	if !same {
		return errors.New("gitlog: git diff-tree: its files are not those that differ in the trees")
	}
	return nil
}
