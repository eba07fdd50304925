package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/risk"
)

// environment is where the example deploys to.
const environment = "production"

// story is one run of the loop, as far as it has come.
type story struct {
	options
	*printer

	git     *gitlog.Repo
	dir     *outDir
	from    release.Revision          // the commit of base, if it has one
	tree    string                    // the clean tree of head
	links   []*gitlog.UnsafePathError // symbolic links that lead out of it
	journal *journal.File

	changes    release.ChangeSet
	release    release.Release
	previous   release.Ref
	learner    risk.Learner
	window     risk.Window // of the releases that this program let out
	assessment risk.Assessment

	people    people
	evidence  *collection
	decisions []evidence.Decision
	events    []release.Event
	outcome   release.Outcome
}

// tell runs the loop and returns the exit code.
func tell(ctx context.Context, o options, p *printer) (code int, err error) {
	s := &story{options: o, printer: p}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(ctx); err != nil {
		return 0, err
	}
	p.line("Sallyport: one release, from change to outcome. What is simulated says so.")

	p.step(1, "What changes")
	if err := s.readChanges(ctx); err != nil {
		return 0, err
	}
	p.step(2, "How careful to be")
	if err := s.assess(ctx); err != nil {
		return 0, err
	}
	p.step(3, "Decide on no evidence")
	if err := s.decideOnNothing(ctx); err != nil {
		return 0, err
	}
	p.step(4, "Gather evidence, and decide again")
	verdict, err := s.gatherAndDecide(ctx)
	if err != nil {
		return 0, err
	}
	code = evidence.ExitCode(s.decisions[len(s.decisions)-1], nil)
	// A rollout that has begun is never left alone: its gate asks for the same
	// decision, and waits or rolls back by it.
	begun, err := s.rolloutBegun(ctx)
	if err != nil {
		return 0, err
	}
	if verdict.Allowed() || begun {
		if err := s.remember(); err != nil {
			return 0, err
		}
		p.step(5, "Roll out (deployment, traffic and time are simulated)")
		if code, err = s.rollOut(ctx); err != nil {
			return 0, err
		}
		if code == exitHold {
			return code, nil // not over: there is no record yet
		}
		p.step(6, "Measure and learn")
		if err := s.measure(); err != nil {
			return 0, err
		}
	}
	p.step(7, "The record")
	if err := s.writeRecord(); err != nil {
		return 0, err
	}
	return code, s.dir.finish(ctx, code)
}

// open finds the repository and makes the output directory ready.
func (s *story) open(ctx context.Context) error {
	var err error
	s.git, err = gitlog.OpenWith(ctx, s.repo, gitlog.Options{UnsafeLinksAsFiles: func(link *gitlog.UnsafePathError) { s.links = append(s.links, link) }})
	if err != nil {
		return err
	}
	head, err := s.git.Resolve(ctx, s.head)
	if err != nil && s.head == "HEAD" && errors.Is(err, gitlog.ErrUnknownRevision) {
		return fmt.Errorf("%s has no commit yet: %w", release.Text(s.git.Dir()), err)
	}
	if err != nil {
		return err
	}
	base := s.base
	if base == "" {
		if base, err = s.git.DefaultBase(ctx, string(head)); err != nil {
			return err
		}
	}
	// From here on only the commits count: a branch may move while this runs.
	if base != gitlog.Root {
		if s.from, err = s.git.Resolve(ctx, base); err != nil {
			return err
		}
	}
	if s.from == head {
		return fmt.Errorf("%s and %s are the same commit, %s: there is nothing to release", base, s.head, head.Short())
	}
	s.base = base
	s.release = release.Release{Service: serviceName(s.git.Name()), Version: head.Short(), Commit: head}
	if tags, err := s.git.Tags(ctx, head); err != nil {
		return err
	} else if len(tags) > 0 {
		s.release.Version = tags[0]
	}
	s.previous = standIn(s.release.Service, base, s.from)

	if s.out == "" {
		s.out = filepath.Join("out", s.release.Service)
	}
	if s.dir, err = openOut(ctx, s.out, runID{Repository: release.Path(s.git.Dir()), Base: string(s.from), Head: string(head), Regress: s.regress}); err != nil {
		return err
	}
	s.tree = s.dir.path(".tree")                 // a name that go commands above it pass over
	if err := os.RemoveAll(s.tree); err != nil { // of a run that was killed
		return err
	}
	if s.journal, err = journal.Open(s.dir.path("journal"), nil); err != nil {
		return err
	}
	if n := s.journal.Recovered(); n > 0 {
		s.line("The journal ended in an unfinished record of %d bytes, as after a kill; it was cut off.", n)
	}
	if s.dir.resumed {
		s.line("An earlier run was interrupted here; this one goes on where it was.")
	}
	s.learner.Horizon = 30 * 24 * time.Hour // what fails here, fails within a month
	return errors.Join(s.dir.load("learner.json", &s.learner), s.dir.load("window.json", &s.window))
}

func (s *story) close() error {
	var errs []error
	if s.journal != nil {
		errs = append(errs, s.journal.Close())
	}
	if s.dir != nil {
		errs = append(errs, os.RemoveAll(s.tree), s.dir.close())
	}
	return errors.Join(errs...)
}

// standIn names what serves until now. The example never saw that release, so it
// names it by its commit alone.
func standIn(service, base string, commit release.Revision) release.Ref {
	version := filepath.Base(base)
	if commit == "" {
		version = "nothing"
	}
	return release.Ref{Service: service, Version: version, Digest: release.DigestOf([]byte("stand-in for " + string(commit)))}
}

// now is the time of a real step, in the precision that records keep.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
