package gitlog

import (
	"errors"
	"fmt"
	"time"
)

// The defaults of [Options].
const (
	DefaultMaxCommits = 50_000
	DefaultMaxFiles   = 1_000_000
	DefaultMaxBytes   = 1 << 30
	DefaultMaxFile    = 16 << 20
	DefaultTimeout    = 5 * time.Minute
)

// maxCommit is how much of one commit object is read, in bytes. What follows, the
// end of a very long message, is a gap.
const maxCommit = 1 << 20

// maxSubject is the longest subject, in bytes. A longer one is cut and ends in "…".
const maxSubject = 1 << 10

// Options says which git to run and how much to read. The zero value is ready to
// use; a field that is zero takes its default.
type Options struct {
	// Git is the program. If empty, "git" on the search path.
	Git string
	// MaxCommits is the most commits that one Read takes, the newest ones. The
	// commits of base that head lacks count too. If zero, DefaultMaxCommits.
	MaxCommits int
	// MaxFiles is the most file changes that one Read takes: first the net ones,
	// then those of each commit from the newest on. It is also the most files,
	// links and directories that one Export writes. If zero, DefaultMaxFiles.
	MaxFiles int
	// MaxBytes is the most output, in bytes, that is read from one git command,
	// and the most content that one Export writes. If zero, DefaultMaxBytes.
	MaxBytes int64
	// MaxFile is the largest content, in bytes, that File returns. If zero,
	// DefaultMaxFile.
	MaxFile int64
	// UnsafeLinksAsFiles lets Export write a symbolic link that it would refuse as a
	// plain file that holds the link's target, as git does with core.symlinks=false.
	// It is called for each, in the order of the tree, before Export returns nil, and
	// for none if Export fails; where Exports run concurrently, so do the calls. What
	// is built of such a tree differs from what was committed, so the caller ought to
	// say so. Everything else that is unsafe stays refused. If nil, an unsafe link is
	// an error.
	UnsafeLinksAsFiles func(link *UnsafePathError)
	// Timeout is how long one git command may take. If zero, DefaultTimeout.
	Timeout time.Duration
}

// withDefaults fills in what is zero, and names all that is negative.
func (o Options) withDefaults() (Options, error) {
	var errs []error
	check := func(name string, negative bool) {
		if negative {
			errs = append(errs, fmt.Errorf("gitlog: options: %s is negative", name))
		}
	}
	check("MaxCommits", o.MaxCommits < 0)
	check("MaxFiles", o.MaxFiles < 0)
	check("MaxBytes", o.MaxBytes < 0)
	check("MaxFile", o.MaxFile < 0)
	check("Timeout", o.Timeout < 0)
	if err := errors.Join(errs...); err != nil {
		return Options{}, err
	}
	orElse(&o.Git, "git")
	orElse(&o.MaxCommits, DefaultMaxCommits)
	orElse(&o.MaxFiles, DefaultMaxFiles)
	orElse(&o.MaxBytes, DefaultMaxBytes)
	orElse(&o.MaxFile, DefaultMaxFile)
	orElse(&o.Timeout, DefaultTimeout)
	return o, nil
}

func orElse[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}
