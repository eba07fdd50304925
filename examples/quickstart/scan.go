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
// whose form their issuers published.
var secretPatterns = []struct {
	name string
	re   *regexp.Regexp
}{
	{"private key", regexp.MustCompile(`-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\r?\n[A-Za-z0-9+/=\r\n]{40}`)},
	{"AWS access key", regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z2-7]{16}\b`)},
	{"GitHub token", regexp.MustCompile(`\bgh[pousr]_[A-Za-z0-9]{36}\b`)},
	{"Slack token", regexp.MustCompile(`\bxox[abpr]-[0-9]{10,13}-[A-Za-z0-9-]{20,}\b`)},
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
	text := fmt.Sprintf("%d changed files searched for private keys and access tokens, %d found", s.Files, len(s.Findings))
	if s.Skipped > 0 {
		text += fmt.Sprintf("; %d test files left out", s.Skipped)
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
			if at := p.re.FindIndex(text); at != nil {
				line := 1 + bytes.Count(text[:at[0]], []byte("\n"))
				res.Findings = append(res.Findings, fmt.Sprintf("%s:%d: %s", f.Path, line, p.name))
			}
		}
	}
	return res, nil
}

func isTest(f release.FileChange) bool {
	for _, l := range label.File(f, label.Default()) {
		if l == release.LabelTest {
			return true
		}
	}
	return strings.Contains("/"+string(f.Path), "/testdata/")
}
