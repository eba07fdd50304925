package gitlog

import (
	"context"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// PastFile is what the history up to a revision says of one file. The numbers are
// claims of those who wrote the commits, as all that a commit says is.
type PastFile struct {
	// Path is the one that was asked for.
	Path release.Path
	// Known says that the numbers below are known, all of them. Where it is false they
	// are zero and mean nothing.
	Known bool
	// Gap says why nothing is known. It is the zero Gap where the file is known, and
	// where it is known that the revision has nothing at Path.
	Gap release.Gap
	// Lines is how long the file is, in lines as git counts them in a comparison: the
	// last one counts without a line feed too, a symbolic link is a line, and a submodule none.
	Lines int64
	// Changes is how many commits changed what is at Path, Developers how many people
	// made them.
	Changes    int64
	Developers int64
	// Changed is the latest time at which one of these commits says that it was committed.
	Changed time.Time
}

// PastOptions says how much [Repo.Past] reads. The zero value is ready to use; a field
// that is zero takes its default.
type PastOptions struct {
	// MaxCommits is the longest history that is read. If zero, that of [Options].
	MaxCommits int
	// MaxFiles is the most changes of files in all that history that are looked at. If zero, that of [Options].
	MaxFiles int
	// MaxBytes is the most output of one git command, contents of files among it, in
	// bytes. If zero, that of [Options].
	MaxBytes int64
	// Timeout is how long all of it may take. If zero, that of [Options] for one command.
	Timeout time.Duration
}

// Past says how long the files at the paths are as of a commit, how many commits
// changed them until then, how many people made those, and when the last was: an entry
// for each path, each once, in the order in which they first stand in paths. Most often
// the commit is the base of a release, and the paths are those that the release changes.
//
// # What counts
//
// All commits that base's history leads to count, those that came in by a merge too,
// but no merge itself: it would count what it merges once more. What somebody changed in
// the merge itself is not seen, as in [Repo.Read]. Renames are never guessed: the history
// of a file is that of its path, also of what stood there before it was removed once. People
// are authors and co-authors, by address in lower case and whatever kind they are of;
// committers, who often only apply a change, are not. One without an address counts each
// time. No mailmap is read, so somebody with two addresses counts twice.
//
// # What is not known
//
// A number that would be too low for want of data is not told. Where the clone is shallow, a limit is
// reached or the time is over, nothing is known of any file; nor of one of whose commits
// a person or time cannot be read, whose content is larger than Options.MaxFile or not in
// a partial clone, or that no commit but merges has changed. The gap says which it was.
//
// The error is [ErrUnknownRevision] where base is not the full id of a commit. On error
// there are no entries. Four git processes are run, however many paths there are.
func (r *Repo) Past(ctx context.Context, base release.Revision, paths []release.Path, o PastOptions) ([]PastFile, error) {
	own, err := r.bounded(o)
	if err != nil {
		return nil, err
	}
	if _, err := r.format.parse(string(base)); err != nil {
		return nil, fmt.Errorf("gitlog: %w %q", ErrUnknownRevision, string(base))
	}
	box, err := own.sandbox()
	if err != nil {
		return nil, err
	}
	defer box.close()
	limited, cancel := context.WithTimeout(ctx, own.options.Timeout)
	defer cancel()
	p := newPast(box, base, paths)
	for _, read := range []func(context.Context) error{p.contents, p.history} {
		err := read(limited)
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("gitlog: %w", ctx.Err())
		}
		gap, ok := p.gap(err)
		if !ok {
			return nil, err
		}
		return p.done(gap), nil
	}
	return p.done(release.Gap{}), nil
}

// bounded is the repository with other limits.
func (r *Repo) bounded(o PastOptions) (*Repo, error) {
	options := Options{MaxCommits: o.MaxCommits, MaxFiles: o.MaxFiles, MaxBytes: o.MaxBytes, Timeout: o.Timeout}
	if _, err := options.withDefaults(); err != nil {
		return nil, err
	}
	own := *r
	orElse(&options.MaxCommits, r.options.MaxCommits)
	orElse(&options.MaxFiles, r.options.MaxFiles)
	orElse(&options.MaxBytes, r.options.MaxBytes)
	orElse(&options.Timeout, r.options.Timeout)
	own.options.MaxCommits, own.options.MaxFiles = options.MaxCommits, options.MaxFiles
	own.options.MaxBytes, own.options.Timeout = options.MaxBytes, options.Timeout
	return &own, nil
}
