package gitlog

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Tag is a tag that names a commit.
type Tag struct {
	// Name is without "refs/tags/".
	Name string
	// Commit is the commit that it names, also through other tags.
	Commit release.Revision
	// At is the tag's own time, or that of the commit where it has none. Both are claims.
	At time.Time
	// Annotated says that the tag is an object of its own.
	Annotated bool
	// New are the commits that it is the first tag to contain: of those that were asked
	// for, by At and then by Name. They are in the order of their times and ids.
	New []TagCommit
	// Cut says that the history was cut off where this tag or an earlier one led: commits
	// may be missing from New, and some of it may have been in an earlier tag.
	Cut bool
}

// TagCommit is a commit as far as [Repo.TagHistory] reads it.
type TagCommit struct {
	// ID is the commit's, At the time at which it says that it was committed.
	ID release.Revision
	At time.Time
	// Reverts are the commits that its message says it reverts, by their whole ids.
	Reverts []release.Revision
}

// TagHistory are the tags of the repository that name commits and that match wants, all if
// it is nil, by time and then by name, each with what it brought: the commits that no
// tag before it contains, by ancestry and whatever their dates. Tags of other things
// are left out. A shallow clone is a gap, and marks the tags that it concerns. More
// commits than [Options] allow are [ErrTooLarge]. Three git processes are run, however
// many tags there are.
func (r *Repo) TagHistory(ctx context.Context, match func(name string) bool) ([]Tag, []release.Gap, error) {
	box, err := r.sandbox()
	if err != nil {
		return nil, nil, err
	}
	defer box.close()
	tags, err := box.matching(ctx, match)
	if err != nil || len(tags) == 0 {
		return nil, nil, err
	}
	history, err := box.tagged(ctx, tags)
	if err != nil {
		return nil, nil, err
	}
	for i := range tags {
		c, ok := history[tags[i].Commit]
		if !ok {
			return nil, nil, fmt.Errorf("gitlog: git log leaves out commit %s of tag %q", tags[i].Commit, tags[i].Name)
		}
		if tags[i].At.IsZero() {
			tags[i].At = c.At
		}
	}
	slices.SortFunc(tags, func(a, b Tag) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Name, b.Name)) })
	cut := 0
	for i := range tags {
		cut += box.walk(&tags[i], history)
		tags[i].Cut = cut > 0
	}
	var gaps []release.Gap
	if cut > 0 {
		gaps = append(gaps, release.Gap{Kind: release.GapShallow, Detail: fmt.Sprintf("the clone is shallow: the parents of %d commits of tags were cut off", cut)})
	}
	return tags, gaps, nil
}

// matching are the tags that are wanted, without what they brought.
func (b *sandbox) matching(ctx context.Context, match func(string) bool) ([]Tag, error) {
	out, err := b.output(ctx, "for-each-ref", "--format=%(objecttype) %(taggerdate:unix) %(refname)", "refs/tags/")
	if err != nil {
		return nil, err
	}
	var tags []Tag
	var input strings.Builder
	for line := range strings.Lines(string(out)) {
		kind, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		date, ref, ok2 := strings.Cut(rest, " ")
		name, ok3 := strings.CutPrefix(ref, "refs/tags/")
		if !ok || !ok2 || !ok3 {
			return nil, fmt.Errorf("gitlog: git for-each-ref: a line %q", line)
		}
		if match != nil && !match(name) {
			continue
		}
		t := Tag{Name: name, Annotated: kind == "tag"}
		if date != "" {
			if t.At, err = unix(date); err != nil {
				return nil, fmt.Errorf("gitlog: tag %q: %w", name, err)
			}
		}
		tags = append(tags, t)
		input.WriteString(ref + "^{commit}\n") // no name of a reference has a line feed
	}
	p, err := b.start(ctx, strings.NewReader(input.String()), "cat-file", "--batch-check=%(objectname) %(objecttype)")
	if err != nil {
		return nil, err
	}
	commits := tags[:0]
	for i := 0; i < len(tags) && err == nil; i++ {
		var line string
		if line, err = p.out.ReadString('\n'); err != nil {
			break
		}
		id, kind, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if kind != "commit" { // the tag of a tree or a blob: "name missing"
			continue
		}
		t := tags[i]
		if t.Commit, err = b.repo.format.parse(id); err == nil {
			commits = append(commits, t)
		}
	}
	return commits, p.close(err)
}

func unix(s string) (time.Time, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < -1<<40 || n > 1<<40 {
		return time.Time{}, fmt.Errorf("%q is no time", s)
	}
	return time.Unix(n, 0).UTC(), nil
}

// taggedCommit is a commit of the history of tags.
type taggedCommit struct {
	TagCommit
	parents []release.Revision
	taken   bool // by an earlier tag
}

// tagged is the whole history of the tags.
func (b *sandbox) tagged(ctx context.Context, tags []Tag) (map[release.Revision]*taggedCommit, error) {
	var input strings.Builder
	for _, t := range tags {
		input.WriteString(string(t.Commit) + "\n")
	}
	p, err := b.start(ctx, strings.NewReader(input.String()), "log", "--stdin", "-z", "--format=tformat:%H%x00%P%x00%ct%x00%B")
	if err != nil {
		return nil, err
	}
	history := map[release.Revision]*taggedCommit{}
	for err == nil {
		var c *taggedCommit
		if c, err = b.repo.format.taggedCommit(p.out); err == nil {
			if len(history) >= b.repo.options.MaxCommits {
				err = ErrTooLarge
				break
			}
			history[c.ID] = c
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err := p.close(err); err != nil {
		return nil, err
	}
	return history, nil
}

// taggedCommit reads one commit, or io.EOF.
func (f hashFormat) taggedCommit(r *bufio.Reader) (*taggedCommit, error) {
	var fields [4][]byte
	for i := range fields {
		text, err := r.ReadBytes(0)
		if errors.Is(err, io.EOF) && (i > 0 || len(text) > 0) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		fields[i] = text[:len(text)-1]
	}
	var c taggedCommit
	var err error
	if c.ID, err = f.parse(string(fields[0])); err != nil {
		return nil, err
	}
	for _, id := range strings.Fields(string(fields[1])) {
		parent, err := f.parse(id)
		if err != nil {
			return nil, err
		}
		c.parents = append(c.parents, parent)
	}
	if c.At, err = unix(string(fields[2])); err != nil {
		return nil, fmt.Errorf("commit %s: %w", c.ID, err)
	}
	for _, m := range reverts.FindAllSubmatch(bytes.Join(bytes.Fields(fields[3]), []byte(" ")), -1) {
		id := release.Revision(strings.ToLower(string(m[1])))
		if len(id) == len(c.ID) && !slices.Contains(c.Reverts, id) {
			c.Reverts = append(c.Reverts, id)
		}
	}
	return &c, nil
}

// walk gives a tag the commits that no earlier one has taken, and says at how many of
// them the history was cut off.
func (b *sandbox) walk(t *Tag, history map[release.Revision]*taggedCommit) (cut int) {
	todo := []release.Revision{t.Commit}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		c, ok := history[id]
		if !ok || c.taken {
			continue
		}
		c.taken = true
		t.New = append(t.New, c.TagCommit)
		if b.shallow[id] {
			cut++
			continue
		}
		todo = append(todo, c.parents...)
	}
	slices.SortFunc(t.New, func(a, b TagCommit) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return cut
}
