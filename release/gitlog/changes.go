package gitlog

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/sallyport-dev/sallyport/release"
)

// maxMissing is how many missing contents are named by a gap each.
const maxMissing = 100

// changes are the file changes of a range.
type changes struct {
	net  []release.FileChange
	of   map[release.Revision][]release.FileChange // by commit
	gaps []release.Gap
}

// changes compares the trees of base and head, and each commit with its parent.
// A merge is not compared: what it brings stands in the commits that it merges,
// and what was changed in the merge itself is in the net difference.
// A commit whose parent was cut off is not compared either.
func (g *reading) changes(ctx context.Context) (changes, error) {
	jobs := []job{treeJob(g.baseTree, g.head.tree)}
	ids := []release.Revision{""}
	for _, e := range g.entries {
		if len(e.parents) > 1 || g.box.shallow[e.id] {
			continue
		}
		jobs = append(jobs, commitJob(e.id, e.parents))
		ids = append(ids, e.id)
	}
	var c changes
	var results [][]release.FileChange
	check := true
	net, err := g.netFiles(ctx)
	if missing := (*missingError)(nil); errors.As(err, &missing) && g.box.repo.promisor {
		check, err = false, nil // and git cannot compare them either
	}
	if odd := (*oddTreeError)(nil); errors.As(err, &odd) {
		check, err = false, nil
		c.gaps = append(c.gaps, release.Gap{Kind: release.GapUnreadable, Subject: string(odd.id), Detail: "what git says of it was not checked: " + odd.Error()})
	}
	switch {
	case err != nil:
	case g.box.repo.promisor:
		var gaps []release.Gap
		results, gaps, err = g.partialDiff(ctx, jobs)
		c.gaps = append(c.gaps, gaps...)
	default:
		results, err = g.wholeDiff(ctx, jobs)
	}
	if check && len(results) > 0 {
		if err := sameFiles(results[0], net); err != nil {
			return changes{}, err
		}
	}
	if errors.Is(err, ErrTooLarge) {
		c.gaps = append(c.gaps, release.Gap{Kind: release.GapTooLarge,
			Detail: fmt.Sprintf("the file changes of %d of %d comparisons were not read: more than allowed", len(jobs)-len(results), len(jobs))})
	} else if err != nil {
		return changes{}, err
	}
	c.of = make(map[release.Revision][]release.FileChange, len(results))
	for i, files := range results {
		if i == 0 {
			c.net = files
		} else {
			c.of[ids[i]] = files
		}
	}
	return c, nil
}

// wholeDiff is diff in a clone that has all objects. The net comparison, which may
// take as long as all the others, runs beside them; the limit on files holds for
// both together, first for the net one.
func (g *reading) wholeDiff(ctx context.Context, jobs []job) ([][]release.FileChange, error) {
	var net, own [][]release.FileChange
	var errNet, errOwn error
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	var wait sync.WaitGroup
	wait.Go(func() {
		if net, errNet = g.box.diff(both, jobs[:1], true); errNet != nil {
			cancel()
		}
	})
	if own, errOwn = g.box.diff(both, jobs[1:], true); errOwn != nil && !errors.Is(errOwn, ErrTooLarge) {
		cancel()
	}
	wait.Wait()
	switch {
	case errNet != nil && (errOwn == nil || errors.Is(errOwn, ErrTooLarge) || errors.Is(errOwn, context.Canceled)):
		return nil, errNet
	case errOwn != nil && !errors.Is(errOwn, ErrTooLarge):
		return nil, errOwn
	}
	left := g.box.repo.options.MaxFiles - len(net[0])
	for i, files := range own {
		if left -= len(files); left < 0 {
			return append(net, own[:i]...), ErrTooLarge
		}
	}
	return append(net, own...), errOwn
}

// partialDiff is diff in a clone that lacks objects. Which files changed is known
// from the trees alone; lines are counted in those comparisons for which all
// contents are there, and the files of the others are marked as uncounted. If trees
// are missing too, nothing is known.
func (g *reading) partialDiff(ctx context.Context, jobs []job) ([][]release.FileChange, []release.Gap, error) {
	results, err := g.box.diff(ctx, jobs, false)
	if failed := (*CommandError)(nil); errors.As(err, &failed) {
		return nil, []release.Gap{{Kind: release.GapPartial, Detail: "the files could not be compared: " + failed.Error()}}, nil
	}
	if err != nil {
		return results, []release.Gap{{Kind: release.GapPartial, Detail: "lines were not counted"}}, err
	}
	missing, err := g.missing(ctx, results)
	if err != nil {
		return nil, nil, err
	}
	var whole []job
	var at []int
	for i, files := range results {
		complete := true
		for _, f := range files {
			complete = complete && !missing[f.Old] && !missing[f.New]
		}
		if complete {
			whole, at = append(whole, jobs[i]), append(at, i)
		}
	}
	counted, err := g.box.diff(ctx, whole, true)
	if err != nil && !errors.Is(err, ErrTooLarge) {
		return nil, nil, err
	}
	var gaps []release.Gap
	if len(counted) < len(whole) {
		gaps = append(gaps, release.Gap{Kind: release.GapTooLarge, Detail: fmt.Sprintf(
			"lines were not counted in %d of %d comparisons: more output than allowed", len(whole)-len(counted), len(jobs))})
	}
	for i, files := range counted {
		results[at[i]] = files
	}
	if len(whole) == len(jobs) {
		return results, gaps, nil
	}
	gaps = append(gaps, release.Gap{Kind: release.GapPartial, Detail: fmt.Sprintf(
		"%d file contents are not in the clone: lines were not counted in %d of %d comparisons", len(missing), len(jobs)-len(whole), len(jobs))})
	for _, f := range results[0] {
		if (missing[f.Old] || missing[f.New]) && len(gaps) <= maxMissing {
			gaps = append(gaps, release.Gap{Kind: release.GapPartial, Subject: f.Path.String(), Detail: "its content is not in the clone: lines unknown"})
		}
	}
	return results, gaps, nil
}

// missing are the contents of changed files that the repository does not have.
func (g *reading) missing(ctx context.Context, results [][]release.FileChange) (map[release.Revision]bool, error) {
	var ids []release.Revision
	seen := map[release.Revision]bool{"": true}
	ask := func(mode string, id release.Revision) {
		if mode != modeSubmodule && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for _, files := range results {
		for _, f := range files {
			ask(f.OldMode, f.Old)
			ask(f.NewMode, f.New)
		}
	}
	objects, err := g.box.check(ctx, texts(ids))
	if err != nil {
		return nil, err
	}
	missing := map[release.Revision]bool{}
	for i, o := range objects {
		if o.absent != "" {
			missing[ids[i]] = true
		} else if o.id != ids[i] {
			return nil, fmt.Errorf("gitlog: asked for object %s and was told of %s", ids[i], o.id)
		}
	}
	return missing, nil
}
