package gitlog

import (
	"bufio"
	"bytes"

	"github.com/sallyport-dev/sallyport/release"
)

// What the tests need to look at inside: the parsers of git's output, of
// repositories with SHA-1 ids.

var (
	ParseTime   = parseTime
	ParsePerson = parsePerson
	CheckName   = checkName
	IsGit       = isGit
	Order       = order
)

func reader(b []byte) *bufio.Reader { return bufio.NewReaderSize(bytes.NewReader(b), 64) }

// Diff parses the answers to a comparison of two trees and of a commit.
func Diff(b []byte, tree, commit release.Revision) (net, own []release.FileChange, rest int, err error) {
	r := reader(b)
	if net, err = formatSHA1.parseDiff(r, treeJob(tree, tree), true, 1000); err != nil {
		return nil, nil, 0, err
	}
	own, err = formatSHA1.parseDiff(r, commitJob(commit, nil), true, 1000)
	return net, own, r.Buffered(), err
}

// History parses and checks a history.
func History(b []byte, base, head release.Revision) (int, error) {
	entries, err := formatSHA1.parseHistory(reader(b), 1000)
	if err == nil {
		err = closed(entries, base, head)
	}
	return len(entries), err
}

// Object parses one answer of cat-file.
func Object(b []byte) (id release.Revision, kind string, data []byte, err error) {
	o, err := formatSHA1.readObject(reader(b), 1<<20)
	return o.id, o.kind, o.data, err
}

// Commit parses the content of a commit.
func Commit(data []byte) (release.Commit, error) {
	c, err := formatSHA1.parseCommit(object{id: formatSHA1.emptyTree, kind: "commit", size: int64(len(data)), data: data})
	return c.Commit, err
}

// Tree parses the content of a tree and writes it again.
func Tree(data []byte) ([]byte, error) {
	entries, err := formatSHA1.parseTree(data)
	var out []byte
	for _, e := range entries {
		out = append(out, e.mode+" "+e.name+"\x00"...)
		for i := 0; i < len(e.id); i += 2 {
			out = append(out, hexDigit(e.id[i])<<4|hexDigit(e.id[i+1]))
		}
	}
	return out, err
}

func hexDigit(c byte) byte { return byte(bytes.IndexByte([]byte("0123456789abcdef"), c)) }

// Follow goes along a path through links, which are targets by paths.
func Follow(links map[string]string, path string) error { return atlas(links).follow(path) }

// Log parses git's answers about commits, the oldest first, and about what each of
// them changed.
func Log(objects, diffs []byte, ids []release.Revision) ([]release.Commit, error) {
	o, d := bufio.NewReader(bytes.NewReader(objects)), bufio.NewReader(bytes.NewReader(diffs))
	out := make([]release.Commit, 0, len(ids))
	for range ids {
		object, err := formatSHA1.readObject(o, 1<<20)
		if err != nil {
			return nil, err
		}
		c, err := formatSHA1.parseCommit(object)
		if err != nil {
			return nil, err
		}
		if c.Files, err = formatSHA1.parseDiff(d, commitJob(c.ID, c.Parents), true, 1<<20); err != nil {
			return nil, err
		}
		out = append(out, c.Commit)
	}
	return order(out), nil
}
