package gitlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/sallyport-dev/sallyport/release"
)

// Read opens the repository that dir is in and reads the range from base to head.
func Read(ctx context.Context, dir, base, head string) (release.ChangeSet, error) {
	r, err := Open(ctx, dir)
	if err != nil {
		return release.ChangeSet{}, err
	}
	return r.Read(ctx, base, head)
}

// Read reads what changed from base to head: names of commits as [Repo.Resolve]
// takes them; base may be [Root].
//
// A base that is not there gives a change set with no commits and files and a gap
// that says so. The error is [ErrUnknownRevision] for a head that is not there and
// for a name that none can have, and [ErrEmptyRange] if both are the same commit.
// On error the change set is the zero value.
func (r *Repo) Read(ctx context.Context, base, head string) (release.ChangeSet, error) {
	names := []string{head}
	if base != Root {
		names = append(names, base)
	}
	for _, name := range names {
		if err := checkName(name); err != nil {
			return release.ChangeSet{}, err
		}
	}
	box, err := r.sandbox()
	if err != nil {
		return release.ChangeSet{}, err
	}
	defer box.close()
	tips, err := box.look(ctx, names)
	if err != nil {
		return release.ChangeSet{}, err
	}
	if tips[0].absent != "" {
		return release.ChangeSet{}, fmt.Errorf("gitlog: %w %q: %s", ErrUnknownRevision, head, tips[0].absent)
	}
	g := &reading{box: box, head: tips[0].commit}
	g.out.Head = g.head.ID
	switch {
	case base == Root:
		g.out.FromNothing = true
		g.baseTree = r.format.emptyTree
	case tips[1].absent != "":
		g.gap(release.GapBaseMissing, release.Text(base).String(), "the repository has no one commit of that name: "+tips[1].absent)
		if len(box.shallow) > 0 {
			g.gap(release.GapShallow, "", "the clone is shallow; the base may be in what was cut off")
		}
		return g.done(), nil
	case tips[1].commit.ID == g.head.ID:
		return release.ChangeSet{}, fmt.Errorf("gitlog: %q and %q: %w: %s", base, head, ErrEmptyRange, g.head.ID)
	default:
		g.out.Base = tips[1].commit.ID
		g.baseTree = tips[1].commit.tree
	}
	if err := g.run(ctx); err != nil {
		return release.ChangeSet{}, err
	}
	return g.done(), nil
}

// reading is one Read under way.
type reading struct {
	box      *sandbox
	head     commitObject
	baseTree release.Revision
	entries  []entry // those that head has and base lacks, the newest first
	out      release.ChangeSet
}

func (g *reading) gap(kind release.GapKind, subject, detail string) {
	g.out.Gaps = append(g.out.Gaps, release.Gap{Kind: kind, Subject: subject, Detail: detail})
}

// done is the change set, with its coverage.
func (g *reading) done() release.ChangeSet {
	coverage := release.CoverageComplete
	if len(g.out.Gaps) > 0 {
		coverage = release.CoveragePartial
	}
	g.out.Coverage = map[release.Kind]release.Coverage{release.KindCode: coverage}
	return g.out
}

// run reads the history, and then commits and changes at the same time.
func (g *reading) run(ctx context.Context) error {
	if err := g.history(ctx); err != nil {
		return err
	}
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	var commits []commitObject
	var changes changes
	var errCommits, errChanges error
	var wait sync.WaitGroup
	wait.Go(func() {
		if changes, errChanges = g.changes(both); errChanges != nil {
			cancel()
		}
	})
	if commits, errCommits = g.commits(both); errCommits != nil {
		cancel()
	}
	wait.Wait()
	switch { // of the two, the one that did not end because of the other
	case ctx.Err() != nil:
		return fmt.Errorf("gitlog: %w", ctx.Err())
	case errCommits != nil && !errors.Is(errCommits, context.Canceled):
		return errCommits
	case errChanges != nil:
		return errChanges
	case errCommits != nil:
		return errCommits
	}
	g.out.Files = changes.net
	g.out.Gaps = append(g.out.Gaps, changes.gaps...)
	for i := range commits {
		files, compared := changes.of[commits[i].ID]
		commits[i].Files, commits[i].FilesUnknown = files, !compared && len(commits[i].Parents) < 2
	}
	return g.take(ctx, commits)
}

// history finds the commits of the range, and how base and head are related.
func (g *reading) history(ctx context.Context) error {
	base, head := g.out.Base, g.head.ID
	args := []string{"rev-list", "--left-right", "--boundary", "--parents"}
	if base == "" {
		args = append(args, string(head))
	} else {
		args = append(args, string(base)+"..."+string(head))
	}
	p, err := g.box.start(ctx, nil, append(args, "--")...)
	if err != nil {
		return err
	}
	limit := g.box.repo.options.MaxCommits
	entries, err := g.box.repo.format.parseHistory(p.out, limit)
	if err == nil {
		err = closed(entries, base, head)
	}
	if err := p.close(err); errors.Is(err, ErrTooLarge) {
		g.gap(release.GapTooLarge, "", fmt.Sprintf("more than %d commits, or more output than allowed; the rest was not read", limit))
	} else if err != nil {
		return err
	}
	behind, common, cut := 0, 0, 0
	for _, e := range entries {
		switch e.side {
		case sideBase:
			behind++
		case sideBoundary:
			common++
			continue
		case sideHead:
			g.entries = append(g.entries, e)
		}
		if g.box.shallow[e.id] {
			cut++
		}
	}
	if cut > 0 {
		g.gap(release.GapShallow, "", fmt.Sprintf("the clone is shallow: the parents of %d commits of the range were cut off", cut))
	}
	switch {
	case behind > 0 && common == 0 && err == nil:
		g.gap(release.GapUnrelated, string(base), "base and head have no commit in common; the files are compared all the same")
	case behind > 0:
		g.gap(release.GapDiverged, string(base), fmt.Sprintf("head lacks %d commits of base", behind))
	}
	return nil
}

// commits reads the objects of the commits, as far as the limit goes.
func (g *reading) commits(ctx context.Context) ([]commitObject, error) {
	format := g.box.repo.format
	var input strings.Builder
	for _, e := range g.entries {
		input.WriteString(string(e.id) + "\n")
	}
	p, err := g.box.start(ctx, strings.NewReader(input.String()), "cat-file", "--batch", "--buffer")
	if err != nil {
		return nil, err
	}
	commits := make([]commitObject, 0, len(g.entries))
	for _, e := range g.entries {
		var c commitObject
		if c, err = g.commit(p, e, format); err != nil {
			break
		}
		commits = append(commits, c)
	}
	if err := p.close(err); err != nil && !errors.Is(err, ErrTooLarge) {
		return nil, err
	}
	return commits, nil
}

// commit reads the object of one entry. The history that git told must be the one
// that the object tells.
func (g *reading) commit(p *process, e entry, format hashFormat) (commitObject, error) {
	o, err := format.readObject(p.out, maxCommit)
	if err != nil {
		return commitObject{}, cutShort(err)
	}
	if o.absent != "" || o.id != e.id {
		return commitObject{}, fmt.Errorf("asked for commit %s and was given %q %s", e.id, string(o.id), o.absent)
	}
	c, err := format.parseCommit(o)
	if err != nil {
		return commitObject{}, err
	}
	if !g.box.shallow[e.id] && strings.Join(texts(c.Parents), " ") != strings.Join(texts(e.parents), " ") {
		return commitObject{}, fmt.Errorf("commit %s: history gives it parents %q, itself %q", e.id, e.parents, c.Parents)
	}
	return c, nil
}

func texts(ids []release.Revision) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// take puts the commits in order, with what could not be read of them.
func (g *reading) take(ctx context.Context, commits []commitObject) error {
	if n := len(g.entries) - len(commits); n > 0 {
		g.gap(release.GapTooLarge, "", fmt.Sprintf("%d commits were not read: more output than allowed", n))
	}
	if err := g.expand(ctx, commits); err != nil {
		return err
	}
	about := map[release.Revision]*commitObject{}
	plain := make([]release.Commit, len(commits))
	for i := range commits {
		plain[i] = commits[i].Commit
		about[commits[i].ID] = &commits[i]
	}
	g.out.Commits = order(plain)
	if len(g.out.Commits) != len(plain) {
		return errors.New("gitlog: history with a commit that is its own ancestor")
	}
	for i := range g.out.Commits {
		c := about[g.out.Commits[i].ID]
		if c.cut {
			g.gap(release.GapTooLarge, string(c.ID), fmt.Sprintf("the commit's message is longer than %d bytes; the rest was not read", maxCommit))
		}
		if len(c.unreadable) > 0 {
			g.gap(release.GapUnreadable, string(c.ID), strings.Join(c.unreadable, "; "))
		}
	}
	return nil
}

// expand turns abbreviated ids of reverted commits into full ones. An
// abbreviation that stands for no commit, or for several, is left out: what it
// was is not known, and it is only a claim.
func (g *reading) expand(ctx context.Context, commits []commitObject) error {
	var names []string
	at := map[string]int{}
	for i := range commits {
		for _, short := range commits[i].short {
			if _, ok := at[short]; !ok {
				at[short] = len(names)
				names = append(names, short+"^{commit}")
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	objects, err := g.box.check(ctx, names)
	if err != nil {
		return err
	}
	for i := range commits {
		c := &commits[i]
		known := map[release.Revision]bool{}
		for _, id := range c.Reverts {
			known[id] = true
		}
		for _, short := range c.short {
			// A branch may have the abbreviation for its name.
			if o := objects[at[short]]; o.absent == "" && strings.HasPrefix(string(o.id), short) && !known[o.id] {
				known[o.id] = true
				c.Reverts = append(c.Reverts, o.id)
			}
		}
	}
	return nil
}
