package gitlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// DefaultBase is the base to compare head with when nobody named one: the nearest
// tag strictly before head, as "refs/tags/v1.4.0", a name that no branch can take
// away; or [Root] if there is no such tag.
//
// A tag is before head if head's history leads back to it and it is not at head
// itself. The nearest is the one with the fewest commits between; of more than 50
// that could be, on branches that were merged, the newest 50 are looked at. Tags on
// commits that a shallow clone has cut off are not seen; reading from the base
// that is found then has a gap. The error is [ErrTooLarge] when even the nearest tag
// is more than Options.MaxCommits away: no other base is taken in its place.
func (r *Repo) DefaultBase(ctx context.Context, head string) (string, error) {
	id, err := r.Resolve(ctx, head)
	if err != nil {
		return "", err
	}
	box, err := r.sandbox()
	if err != nil {
		return "", err
	}
	defer box.close()
	tags, err := box.tags(ctx, "--merged="+string(id))
	if err != nil {
		return "", err
	}
	at := map[release.Revision]tag{} // the first of the tags at each commit
	var input strings.Builder
	input.WriteString(string(id) + "\n")
	for _, t := range tags {
		if _, ok := at[t.commit]; !ok && t.commit != id {
			at[t.commit] = t
			input.WriteString("^" + string(t.commit) + "\n")
		}
	}
	if len(at) == 0 {
		return Root, nil
	}
	// What is nearest is on the boundary of the commits that are in no tag: to a tag
	// behind another tag it is farther than to that other one.
	entries, err := box.history(ctx, input.String())
	if err != nil {
		return "", r.tooFar(head, err)
	}
	var near []tag
	for _, e := range entries {
		if t, ok := at[e.id]; ok && e.side == sideBoundary {
			near = append(near, t)
		}
	}
	best, err := box.nearest(ctx, near, id)
	if err != nil {
		return "", r.tooFar(head, err)
	}
	return best.name, nil
}

// tooFar is an error of DefaultBase. Of a limit it says what it means here: from
// all of the tags there are at least as many commits to head as were listed.
func (r *Repo) tooFar(head string, err error) error {
	if !errors.Is(err, ErrTooLarge) {
		return err
	}
	return fmt.Errorf("gitlog: no default base for %q: no tag in the last %d commits, or their list is longer than allowed: %w",
		head, r.options.MaxCommits, ErrTooLarge)
}

// maxNearest is how many tags nearest counts the way to.
const maxNearest = 50

// nearest is the tag with the fewest commits between it and head; if two have as
// few, the newer one, and then the first by name. It is ErrTooLarge if all are
// farther away than the limit.
func (b *sandbox) nearest(ctx context.Context, tags []tag, head release.Revision) (tag, error) {
	if len(tags) == 0 {
		return tag{}, fmt.Errorf("gitlog: git rev-list: no tag on the boundary of %s", head)
	}
	slices.SortFunc(tags, func(a, b tag) int {
		return cmp.Or(b.when.Compare(a.when), strings.Compare(a.name, b.name))
	})
	best, fewest := tags[0], -1
	for _, t := range tags[:min(len(tags), maxNearest)] {
		if len(tags) == 1 {
			break
		}
		n, err := b.distance(ctx, t.commit, head)
		if errors.Is(err, ErrTooLarge) {
			continue // another may be nearer
		}
		if err != nil {
			return tag{}, err
		}
		if fewest < 0 || n < fewest {
			best, fewest = t, n
		}
	}
	if len(tags) > 1 && fewest < 0 {
		return tag{}, ErrTooLarge
	}
	return best, nil
}

// distance counts the commits that head has and base lacks.
func (b *sandbox) distance(ctx context.Context, base, head release.Revision) (int, error) {
	entries, err := b.history(ctx, string(head)+"\n^"+string(base)+"\n")
	n := 0
	for _, e := range entries {
		if e.side != sideBoundary {
			n++
		}
	}
	return n, err
}

// history lists the commits that the lines of input, ids with "^" before those
// to leave out, stand for.
func (b *sandbox) history(ctx context.Context, input string) ([]entry, error) {
	p, err := b.start(ctx, strings.NewReader(input), "rev-list", "--left-right", "--boundary", "--parents", "--stdin")
	if err != nil {
		return nil, err
	}
	entries, err := b.repo.format.parseHistory(p.out, b.repo.options.MaxCommits)
	return entries, p.close(err)
}
