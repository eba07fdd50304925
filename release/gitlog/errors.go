package gitlog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// Errors that callers branch on.
var (
	// ErrNotRepository says that a directory is in no git repository.
	ErrNotRepository = errors.New("not in a git repository")
	// ErrUnknownRevision says that a name is no commit of the repository, or
	// cannot be a name at all.
	ErrUnknownRevision = errors.New("unknown revision")
	// ErrEmptyRange says that base and head are the same commit, so there is
	// nothing to release.
	ErrEmptyRange = errors.New("empty range: base and head are the same commit")
	// ErrTooLarge says that something is larger than the [Options] allow.
	// [Repo.Read] reports it as a gap instead.
	ErrTooLarge = errors.New("larger than the limit")
	// ErrNotEmpty says that Export was given a directory that has something in it.
	ErrNotEmpty = errors.New("the directory is not empty")
)

// UnsafePathError says that a tree holds something that Export does not write:
// it would lie outside of the directory, or be another thing on another system.
type UnsafePathError struct {
	// Path is where it stands in the tree; as a name it may hold anything.
	Path release.Path
	// Reason says why it is not written, for people.
	Reason string
}

// Error is one line. Its text may change.
func (e *UnsafePathError) Error() string {
	return fmt.Sprintf("unsafe path %s: %s", strconv.QuoteToASCII(string(e.Path)), e.Reason)
}

// CommandError says that a git command failed.
type CommandError struct {
	// Command is git's subcommand: "rev-list".
	Command string
	// Status says how it ended: "exit status 128".
	Status string
	// Stderr is the beginning of what git said, as it came: it may hold anything.
	Stderr string
}

// Error is one line, safe to print. Its text may change.
func (e *CommandError) Error() string {
	s := "gitlog: git " + e.Command + ": " + e.Status
	if text := strings.TrimSpace(e.Stderr); text != "" {
		s += ": " + release.Text(text).String()
	}
	return s
}

// oddTreeError says that a tree is not as git makes them.
type oddTreeError struct {
	id     release.Revision
	reason error
}

func (e *oddTreeError) Error() string { return fmt.Sprintf("tree %s: %v", e.id, e.reason) }

// missingError says that the repository lacks an object.
type missingError struct{ id string }

func (e *missingError) Error() string {
	return fmt.Sprintf("object %q is not in the repository", e.id)
}
