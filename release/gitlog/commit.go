package gitlog

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

// commitObject is a commit as its object says it.
type commitObject struct {
	release.Commit
	tree release.Revision
	// short are the abbreviated ids of commits that it says it reverts.
	short []string
	// unreadable says what of it could not be understood, and cut that its message
	// was too long to be read whole.
	unreadable []string
	cut        bool
}

// parseCommit reads a commit object: headers, an empty line, the message. The tree
// and the parents come first and in order, as git writes and reads them; a line
// of the message is never taken for a header. Without them the object is no
// commit, which is an error; a person or time that does not parse is told in
// unreadable.
func (f hashFormat) parseCommit(o object) (commitObject, error) {
	if o.kind != "commit" {
		return commitObject{}, fmt.Errorf("gitlog: object %s is a %s, not a commit", o.id, o.kind)
	}
	c := commitObject{Commit: release.Commit{ID: o.id}, cut: int64(len(o.data)) < o.size}
	head, message, _ := bytes.Cut(o.data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	tree, ok := strings.CutPrefix(lines[0], "tree ")
	var err error
	if c.tree, err = f.parse(tree); err != nil || !ok {
		return commitObject{}, fmt.Errorf("gitlog: commit %s: first line %q is not a tree", o.id, lines[0])
	}
	lines = lines[1:]
	for len(lines) > 0 && strings.HasPrefix(lines[0], "parent ") {
		id, err := f.parse(lines[0][len("parent "):])
		if err != nil {
			return commitObject{}, fmt.Errorf("gitlog: commit %s: %w", o.id, err)
		}
		c.Parents = append(c.Parents, id)
		lines = lines[1:]
	}
	var author, committer string
	for _, line := range lines {
		key, value, _ := strings.Cut(line, " ")
		switch { // a line that continues the one before begins with a space: its key is ""
		case key == "author" && author == "":
			author = value
		case key == "committer" && committer == "":
			committer = value
		case key == "gpgsig" || key == "gpgsig-sha256":
			c.Signature = true
		case key == "encoding" && !readableIn(value):
			c.unreadable = append(c.unreadable, fmt.Sprintf("message in the encoding %q", cutText(value, 64)))
		}
	}
	c.Author, c.Authored = c.person("author", author)
	c.Committer, c.Committed = c.person("committer", committer)
	c.Subject = subject(message)
	c.readMessage(message)
	return c, nil
}

// person reads the value of an author or committer header.
func (c *commitObject) person(role, value string) (release.Actor, time.Time) {
	name, email, when, err := parsePerson(value)
	if err != nil {
		c.unreadable = append(c.unreadable, role+": "+err.Error())
	}
	return actor(name, email), when
}

// parsePerson reads "name <email> seconds zone". The address is between the first
// "<" and the ">" after it, the time behind the last ">", as git has it. What can
// be read is returned beside an error too.
func parsePerson(s string) (name, email string, when time.Time, err error) {
	open := strings.IndexByte(s, '<')
	last := strings.LastIndexByte(s, '>')
	if open < 0 || last < open {
		return strings.TrimSpace(s), "", time.Time{}, errors.New("no address in angle brackets")
	}
	name = strings.TrimSpace(s[:open])
	email, _, _ = strings.Cut(s[open+1:], ">")
	when, err = parseTime(strings.TrimPrefix(s[last+1:], " "))
	return name, strings.TrimSpace(email), when, err
}

// parseTime reads "1700000000 +0130". The year is at most 9999 and the zone less
// than a day, or the time could not be written as JSON.
func parseTime(s string) (time.Time, error) {
	seconds, zone, ok := strings.Cut(s, " ")
	n, err := strconv.ParseUint(seconds, 10, 63)
	if !ok || err != nil {
		return time.Time{}, fmt.Errorf("no time in %q", cutText(s, 64))
	}
	if len(zone) != 5 || zone[0] != '+' && zone[0] != '-' {
		return time.Time{}, fmt.Errorf("no time zone in %q", cutText(s, 64))
	}
	hhmm, err := strconv.ParseUint(zone[1:], 10, 16)
	if err != nil || hhmm/100 > 23 || hhmm%100 > 59 {
		return time.Time{}, fmt.Errorf("no time zone in %q", cutText(s, 64))
	}
	offset := int(hhmm/100*60+hhmm%100) * 60
	if zone[0] == '-' {
		offset = -offset
	}
	location := time.UTC
	if offset != 0 {
		location = time.FixedZone("", offset)
	}
	const year9999 = 253402214400 // 9999-12-31T00:00:00Z: the last that is in year 9999 in every zone
	if n >= year9999 {
		return time.Time{}, fmt.Errorf("time %d is after the year 9999", n)
	}
	return time.Unix(int64(n), 0).In(location), nil
}

// readableIn reports whether the letters of trailers and line ends are in an
// encoding what they are in ASCII. One that is not known may hide who is named.
func readableIn(encoding string) bool {
	encoding = strings.ToLower(encoding)
	for _, known := range []string{"utf-8", "utf8", "us-ascii", "ascii", "iso-8859", "iso8859", "latin", "windows-125", "cp125", "cp437",
		"cp85", "cp866", "cp93", "koi8", "euc", "gb2312", "gbk", "gb18030", "big5", "shift_jis", "shift-jis", "sjis", "iso-2022", "mac"} {
		if strings.HasPrefix(encoding, known) {
			return true
		}
	}
	return false
}

// subject is the first paragraph of a message, its lines joined by spaces.
func subject(message []byte) release.Text {
	message = bytes.TrimLeft(message, " \t\r\n")
	var lines []string
	for line := range bytes.Lines(message[:min(len(message), 4*maxSubject)]) {
		text := strings.TrimSpace(string(line))
		if text == "" {
			break
		}
		lines = append(lines, text)
	}
	return release.Text(cutText(strings.Join(lines, " "), maxSubject))
}

// cutText is s, or what fits of it and "…". A character is not cut in two.
func cutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit - len("…")
	for back := 0; back < utf8.UTFMax && end > 0 && !utf8.RuneStart(s[end]); back++ {
		end--
	}
	return s[:end] + "…"
}
