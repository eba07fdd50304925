package gitlog

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Root is the base of what has no base: the state before the first commit, with
// no files in it. It is no name that a branch or tag can have.
const Root = ":root"

// maxName is the longest name of a revision, in bytes.
const maxName = 1 << 10

// checkName refuses what cannot name a commit. Names are written to git line by
// line and never given as arguments, so that none can become an option; white
// space, control characters and a leading "-" or ":" are refused all the same.
func checkName(rev string) error {
	bad := rev == "" || len(rev) > maxName || rev[0] == '-' || rev[0] == ':' ||
		strings.ContainsFunc(rev, func(c rune) bool { return c <= ' ' || c == 0x7f })
	if bad {
		return fmt.Errorf("gitlog: %w %q: not a name that a commit can have", ErrUnknownRevision, cutText(rev, 200))
	}
	return nil
}

// Resolve returns the commit that rev names: an id, an abbreviated id, a branch, a
// tag (which is followed to its commit), "HEAD~2". The error is
// [ErrUnknownRevision] when there is none or more than one.
func (r *Repo) Resolve(ctx context.Context, rev string) (release.Revision, error) {
	if err := checkName(rev); err != nil {
		return "", err
	}
	box, err := r.sandbox()
	if err != nil {
		return "", err
	}
	defer box.close()
	tips, err := box.look(ctx, []string{rev})
	if err != nil {
		return "", err
	}
	if tips[0].absent != "" {
		return "", fmt.Errorf("gitlog: %w %q: %s", ErrUnknownRevision, rev, tips[0].absent)
	}
	return tips[0].commit.ID, nil
}

// tip is what a name was found to be.
type tip struct {
	commit commitObject
	absent string // why there is no commit
}

// look resolves names that a caller gave. Where a branch and a tag have one name,
// git takes the tag, so that whoever may push a tag could choose what is compared.
// Here that is the name of none, unless both are at the same commit.
func (b *sandbox) look(ctx context.Context, names []string) ([]tip, error) {
	ask := slices.Clone(names)
	for _, name := range names {
		ask = append(ask, "refs/heads/"+name, "refs/tags/"+name)
	}
	tips, err := b.resolve(ctx, ask)
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		branch, tag := tips[len(names)+2*i], tips[len(names)+2*i+1]
		if branch.absent == "" && tag.absent == "" && branch.commit.ID != tag.commit.ID && !b.first(name) {
			tips[i] = tip{absent: "both a branch and a tag, so say refs/heads/ or refs/tags/ before it"}
		}
	}
	return tips[:len(names)], nil
}

// first reports whether git takes a name for something before it looks for a
// branch or tag: HEAD, a whole id, a whole name.
func (b *sandbox) first(name string) bool {
	if i := strings.IndexAny(name, "~^:"); i >= 0 {
		name = name[:i]
	}
	name, _, _ = strings.Cut(name, "@{")
	_, err := b.repo.format.parse(name)
	return err == nil || name == "HEAD" || name == "@" || name == "" || strings.HasPrefix(name, "refs/")
}

// resolve looks up names, which checkName has seen.
func (b *sandbox) resolve(ctx context.Context, names []string) ([]tip, error) {
	var input strings.Builder
	for _, name := range names {
		input.WriteString(name + "^{commit}\n")
	}
	p, err := b.start(ctx, strings.NewReader(input.String()), "cat-file", "--batch", "--buffer")
	if err != nil {
		return nil, err
	}
	tips := make([]tip, 0, len(names))
	for range names {
		var o object
		if o, err = b.repo.format.readObject(p.out, maxCommit); err != nil {
			err = cutShort(err)
			break
		}
		t := tip{absent: o.absent}
		if o.absent == "" {
			if t.commit, err = b.repo.format.parseCommit(o); err != nil {
				break
			}
		}
		tips = append(tips, t)
	}
	if err := p.close(err); err != nil {
		return nil, err
	}
	return tips, nil
}

// tag is a tag's full name and the commit that it leads to.
type tag struct {
	name   string
	commit release.Revision
	when   time.Time // the commit's
}

// tags lists the tags of commits that an option of for-each-ref selects, in the
// order of shortness and then of the alphabet: of two at one commit, "v1.2.0"
// comes before "v1.2.0-rc.1". A list that ended early at a line's end, without
// git failing, would not be noticed; what is nearest among fewer tags is never
// nearer.
func (b *sandbox) tags(ctx context.Context, filter string) ([]tag, error) {
	out, err := b.output(ctx, "for-each-ref", "--format=%(refname)", filter, "refs/tags/")
	if err != nil {
		return nil, err
	}
	names, err := parseRefs(string(out))
	if err != nil || len(names) == 0 {
		return nil, err
	}
	tips, err := b.resolve(ctx, names)
	if err != nil {
		return nil, err
	}
	var tags []tag
	for i, t := range tips {
		if t.absent == "" {
			tags = append(tags, tag{names[i], t.commit.ID, t.commit.Committed})
		}
	}
	slices.SortFunc(tags, func(a, b tag) int {
		if len(a.name) != len(b.name) {
			return len(a.name) - len(b.name)
		}
		return strings.Compare(a.name, b.name)
	})
	return tags, nil
}

// parseRefs reads lines that are full names of tags.
func parseRefs(out string) ([]string, error) {
	var names []string
	for line := range strings.Lines(out) {
		name, whole := strings.CutSuffix(line, "\n")
		short, isTag := strings.CutPrefix(name, "refs/tags/")
		if !whole {
			return nil, fmt.Errorf("gitlog: git for-each-ref: %w", io.ErrUnexpectedEOF)
		}
		if !isTag || short == "" || checkName(name) != nil {
			return nil, fmt.Errorf("gitlog: git for-each-ref: %q is not a tag's name", name)
		}
		names = append(names, name)
	}
	return names, nil
}

// Tags are the names of the tags at the commit rev, without "refs/tags/": the
// shortest first, then by the alphabet.
func (r *Repo) Tags(ctx context.Context, rev release.Revision) ([]string, error) {
	id, err := r.format.parse(string(rev))
	if err != nil {
		return nil, fmt.Errorf("gitlog: %w %q", ErrUnknownRevision, string(rev))
	}
	box, err := r.sandbox()
	if err != nil {
		return nil, err
	}
	defer box.close()
	tags, err := box.tags(ctx, "--points-at="+string(id))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range tags {
		if t.commit == id {
			names = append(names, strings.TrimPrefix(t.name, "refs/tags/"))
		}
	}
	return names, nil
}
