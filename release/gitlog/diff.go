package gitlog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// job is one comparison that "git diff-tree --stdin" is asked for.
type job struct {
	ask    string // the line to write, without line feed
	answer string // what the answer begins with, terminator included
}

// treeJob compares two trees.
func treeJob(from, to release.Revision) job {
	ask := string(from + " " + to)
	return job{ask: ask, answer: ask + "\n"}
}

// commitJob compares a commit with its first parent, or with nothing.
func commitJob(id release.Revision, parents []release.Revision) job {
	ask := string(id)
	if len(parents) > 0 {
		ask += " " + string(parents[0])
	}
	return job{ask: ask, answer: string(id) + "\x00"}
}

// diff runs the jobs and returns the changes of each. With ErrTooLarge come the
// changes of those jobs that were done.
func (b *sandbox) diff(ctx context.Context, jobs []job, counts bool) ([][]release.FileChange, error) {
	var done [][]release.FileChange
	err := b.compare(ctx, comparing{jobs: jobs, counts: counts}, func(files []release.FileChange) { done = append(done, files) })
	if err != nil && !errors.Is(err, ErrTooLarge) {
		return nil, err
	}
	return done, err
}

// comparing is what compare does.
type comparing struct {
	jobs   []job
	counts bool     // of lines
	paths  []string // those to compare, as pathspecs; if nil, all
	files  int      // the most changes; if zero, Options.MaxFiles
}

// compare runs the jobs and gives take the changes of each, in their order. At the end
// it asks for the comparison of a tree with itself, so that no beginning of git's output
// passes for the whole.
func (b *sandbox) compare(ctx context.Context, c comparing, take func([]release.FileChange)) error {
	empty := b.repo.format.emptyTree
	jobs := append(slices.Clip(c.jobs), treeJob(empty, empty))
	var input strings.Builder
	for _, j := range jobs {
		input.WriteString(j.ask + "\n")
	}
	args := []string{"diff-tree", "--stdin", "-r", "--root", "--always", "-z", "--raw", "--no-abbrev",
		"--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=none", "--diff-algorithm=myers"}
	if c.counts {
		args = append(args, "--numstat")
	}
	if c.paths != nil {
		args = append(append(args, "--"), c.paths...)
	}
	p, err := b.start(ctx, strings.NewReader(input.String()), args...)
	if err != nil {
		return err
	}
	left := c.files
	orElse(&left, b.repo.options.MaxFiles)
	for i, j := range jobs {
		var files []release.FileChange
		if files, err = b.repo.format.parseDiff(p.out, j, c.counts, left); err != nil {
			break
		}
		if left -= len(files); i < len(c.jobs) {
			take(files)
		}
	}
	return p.close(err)
}

// parseDiff reads the answer to one job: what it begins with, a raw record and a
// path for each file, and (with counts) as many counts, each with the same path
// again. Without counts, the files are marked as uncounted. No part can be taken for another: an answer begins with a digit of an id,
// a raw record with ":", paths and records end in a zero byte that no path holds,
// and there are as many counts as raw records.
func (f hashFormat) parseDiff(r *bufio.Reader, j job, counts bool, limit int) ([]release.FileChange, error) {
	begin := make([]byte, len(j.answer))
	if _, err := io.ReadFull(r, begin); err != nil {
		return nil, cutShort(err)
	}
	if string(begin) != j.answer {
		return nil, fmt.Errorf("answer %q to %q", begin, j.ask)
	}
	var files []release.FileChange
	for {
		next, err := r.Peek(1)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if next[0] != ':' {
			break
		}
		if len(files) == limit {
			return nil, ErrTooLarge
		}
		record, err := readToken(r, 0)
		if err != nil {
			return nil, cutShort(err)
		}
		file, err := f.parseRaw(string(record))
		if err != nil {
			return nil, err
		}
		path, err := readToken(r, 0)
		if err != nil {
			return nil, cutShort(err)
		}
		if len(path) == 0 {
			return nil, fmt.Errorf("record %q without a path", record)
		}
		file.Path = release.Path(path)
		files = append(files, file)
	}
	for i := range files {
		if !counts {
			files[i].Uncounted = !files[i].Submodule() // of which there are no lines to count
			continue
		}
		record, err := readToken(r, 0)
		if err != nil {
			return nil, cutShort(err)
		}
		if err := parseCounts(record, &files[i]); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(files, func(a, b release.FileChange) int { return strings.Compare(string(a.Path), string(b.Path)) })
	for i := 1; i < len(files); i++ {
		if files[i].Path == files[i-1].Path {
			return nil, fmt.Errorf("a tree has path %q twice", string(files[i].Path))
		}
	}
	return files, nil
}

// parseRaw reads ":oldmode newmode oldid newid status", without the path.
func (f hashFormat) parseRaw(s string) (release.FileChange, error) {
	bad := func() (release.FileChange, error) { return release.FileChange{}, fmt.Errorf("raw record %q", s) }
	fields := strings.Split(s, " ")
	if len(fields) != 5 || !strings.HasPrefix(s, ":") {
		return bad()
	}
	var file release.FileChange
	var ok1, ok2 bool
	var err1, err2 error
	file.OldMode, ok1 = parseMode(fields[0][1:])
	file.NewMode, ok2 = parseMode(fields[1])
	file.Old, err1 = f.parseOrNone(fields[2])
	file.New, err2 = f.parseOrNone(fields[3])
	if !ok1 || !ok2 || err1 != nil || err2 != nil ||
		(file.OldMode == "") != (file.Old == "") || (file.NewMode == "") != (file.New == "") {
		return bad()
	}
	before, after := file.OldMode != "", file.NewMode != ""
	switch {
	case fields[4] == "A" && !before && after:
		file.Op = release.OpAdded
	case fields[4] == "D" && before && !after:
		file.Op = release.OpRemoved
	case fields[4] == "M" && before && after:
		file.Op = release.OpModified
	case fields[4] == "T" && before && after:
		file.Op = release.OpReplaced
	default:
		return bad()
	}
	return file, nil
}

// parseMode reads six octal digits; "000000" is no file and gives "".
func parseMode(s string) (string, bool) {
	switch s {
	case "000000":
		return "", true
	case "100644": // the same string for all, which saves memory
		return "100644", true
	}
	return s, len(s) == 6 && strings.Trim(s, "01234567") == ""
}

// parseCounts reads "added deleted path" with tabs between, or "-" for both counts
// of a binary file. The path must be the file's.
func parseCounts(record []byte, file *release.FileChange) error {
	added, rest, ok1 := strings.Cut(string(record), "\t")
	deleted, path, ok2 := strings.Cut(rest, "\t")
	if !ok1 || !ok2 || path != string(file.Path) {
		return fmt.Errorf("counts %q for path %q", record, string(file.Path))
	}
	if added == "-" && deleted == "-" {
		file.Binary = true
		return nil
	}
	a, err1 := strconv.ParseUint(added, 10, 62)
	d, err2 := strconv.ParseUint(deleted, 10, 62)
	if err1 != nil || err2 != nil {
		return fmt.Errorf("counts %q for path %q", record, string(file.Path))
	}
	if !file.Submodule() { // for one git counts the line "Subproject commit …"
		file.Added, file.Deleted = int64(a), int64(d)
	}
	return nil
}
