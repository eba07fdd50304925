package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// secretPatterns are what the scan looks for: private keys, and access tokens
// whose form their issuers published. Each begins with one of its marks, which
// are searched for first: a regular expression alone would take seconds for 100 MB.
var secretPatterns = []struct {
	name  string
	marks []string
	re    *regexp.Regexp
}{
	{"private key", []string{"-----BEGIN "}, regexp.MustCompile(`^-----BEGIN (?:[A-Z]+ ){0,4}PRIVATE KEY-----\r?\n[A-Za-z0-9+/=\r\n]{40}`)},
	{"AWS access key", []string{"AKIA", "ASIA"}, regexp.MustCompile(`^(?:AKIA|ASIA)[A-Z2-7]{16}\b`)},
	{"GitHub token", []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_"}, regexp.MustCompile(`^gh[pousr]_[A-Za-z0-9]{36}\b`)},
	{"Slack token", []string{"xoxa-", "xoxb-", "xoxp-", "xoxr-"}, regexp.MustCompile(`^xox[abpr]-[0-9]{10,13}-[A-Za-z0-9-]{20,}\b`)},
}

// secretWindow is more than any of the patterns can match.
const secretWindow = 256

// findSecret is where the first match of a pattern begins, or -1.
func findSecret(text []byte, marks []string, re *regexp.Regexp) int {
	first := -1
	for _, mark := range marks {
		for at := 0; ; at++ {
			next := bytes.Index(text[at:], []byte(mark))
			if next < 0 {
				break
			}
			at += next
			startsWord := at == 0 || !isWord(text[at-1]) || !isWord(mark[0])
			if startsWord && re.Match(text[at:min(len(text), at+secretWindow)]) {
				if first < 0 || at < first {
					first = at
				}
				break
			}
		}
	}
	return first
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// scanResult is what the search for committed secrets found.
type scanResult struct {
	Files    int
	Skipped  int
	Findings []string
}

func (s scanResult) passed() bool { return len(s.Findings) == 0 }

// String says what was searched.
func (s scanResult) String() string {
	text := fmt.Sprintf("%s searched for private keys and access tokens, %d found", count(s.Files, "changed file"), len(s.Findings))
	if !s.passed() {
		text += ", the first: " + clip(s.Findings[0])
	}
	if s.Skipped > 0 {
		text += fmt.Sprintf("; %s left out", count(s.Skipped, "test file"))
	}
	return text
}

// scan searches the files of the change set, as they are in dir. Test files are
// left out, since keys that protect nothing belong there. It is a real scan, and
// a small one: it knows nothing of vulnerabilities, which takes a database.
func scan(cs *release.ChangeSet, dir string) (scanResult, error) {
	var res scanResult
	for _, f := range cs.Files {
		if f.Op == release.OpRemoved || f.Submodule() || f.NewMode == "120000" {
			continue
		}
		if isTest(f) {
			res.Skipped++
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(string(f.Path))))
		if err != nil {
			return scanResult{}, err
		}
		res.Files++
		for _, p := range secretPatterns {
			if at := findSecret(text, p.marks, p.re); at >= 0 {
				line := 1 + bytes.Count(text[:at], []byte("\n"))
				res.Findings = append(res.Findings, fmt.Sprintf("%s:%d: %s", f.Path, line, p.name))
			}
		}
	}
	return res, nil
}

func isTest(f release.FileChange) bool {
	for _, l := range label.Compile().File(f) {
		if l == release.LabelTest {
			return true
		}
	}
	return strings.Contains("/"+string(f.Path), "/testdata/")
}
