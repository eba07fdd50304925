package collect

import (
	"encoding/xml"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// JUnit reads the results of tests in the XML that JUnit's Ant task began, as
// surefire, pytest, gotestsum, Gradle, Jest, Node, GoogleTest and others write it.
// There is no specification but what they write, so the dialects are:
//
//   - The root is testsuites or testsuite; suites are nested in any way; testcases
//     may stand anywhere in them.
//   - A testcase with failure, error, rerunFailure or rerunError failed, whatever
//     else it has; with skipped or disabled, or a status that says so (GoogleTest's
//     "notrun"), it was skipped; with surefire's flakyFailure or flakyError, or
//     PHPUnit's warning, and none of the former, it is flaky. One with no child at
//     all passed. A failure or error that stands in a suite, or a status of it that
//     says so, is the suite's.
//   - Output and properties say nothing. A child or status that is not known here, of a
//     testcase or a suite, may mean anything: a gap.
//   - gotestsum writes a test that was run again twice, in an order that says
//     nothing: a failure among the two fails.
//   - Times of elements ("1,234.5") are not read; the newest timestamp with a zone is
//     when the run was, where the caller does not say.
//
// A document type is refused with all entities that it could declare.
func JUnit(run Run, files ...File) (Tests, error) {
	t := newTally(run)
	if err := t.read("junit", files, func(b []byte, s *source) error {
		t.begin(s)
		j := junit{tally: t, source: s}
		return walkXML(b, false, j.open, j.shut, nil)
	}); err != nil {
		return Tests{}, err
	}
	return t.finish()
}

// junit reads one file.
type junit struct {
	*tally
	source *source
	suites []suite // those that are open
	in     bool    // in a testcase
	depth  int     // of the testcase, if in
	test   outcome
	name   string
}

// suite is an element that says how many results are in it, and what was counted.
type suite struct {
	name                   string
	told                   [3]int // tests, failed, skipped
	tests, failed, skipped int
}

// The totals that suites carry. Those of one row are added.
var totals = [3][]string{{"tests"}, {"failures", "errors"}, {"skipped", "disabled", "ignored"}}

func (j *junit) open(path []string, attrs []xml.Attr) error {
	name := path[len(path)-1]
	switch {
	case j.in:
		if len(path) == j.depth+1 {
			j.test = max(j.test, j.child(name, "testcases"))
		}
		return nil
	case name == "testsuite", name == "testsuites" && len(path) == 1:
		return j.suite(attrs)
	case len(path) == 1:
		return refuse(release.GapUnsupported, "the root element is %s and not testsuites or testsuite", strictjson.Quoted(name))
	case name == "testcase" && len(j.suites) == len(path)-1:
		j.in, j.depth = true, len(path)
		j.name = label(joined(attribute(attrs, "classname"), attribute(attrs, "name")))
		j.test = max(j.status(attrs, "status"), j.status(attrs, "result"))
	case name == "testcase", name == "testsuites":
		return refuse(release.GapUnsupported, "a %s stands where none may", name)
	case len(j.suites) == len(path)-1:
		switch suite := j.suites[len(j.suites)-1].name; j.child(name, "suites") {
		case outcomeFailed:
			return j.count(outcomeFailed, suite)
		case outcomePassed:
		default:
			j.gap(release.GapUnsupported, "suite %s has an element %s, which testcases have", strictjson.Quoted(suite), name)
		}
	}
	return nil
}

func (j *junit) shut(path []string) error {
	switch {
	case j.in && len(path) == j.depth:
		j.in = false
		return j.count(j.test, j.name)
	case !j.in && len(j.suites) == len(path):
		return j.settle()
	}
	return nil
}

func joined(class, name string) string {
	if class == "" || name == "" {
		return class + name
	}
	return class + "." + name
}

// suite begins one.
func (j *junit) suite(attrs []xml.Attr) error {
	s := suite{name: label(attribute(attrs, "name"))}
	for i, row := range totals {
		for _, name := range row {
			text := strings.TrimSpace(attribute(attrs, name))
			if text == "" {
				continue
			}
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || n > 1<<30 {
				j.gap(release.GapUnreadable, "suite %s: the number of %s is %s", strictjson.Quoted(s.name), name, strictjson.Quoted(text))
				continue
			}
			s.told[i] += n
		}
	}
	if at, err := time.Parse(time.RFC3339Nano, attribute(attrs, "timestamp")); err == nil {
		j.source.told(at)
	}
	j.suites = append(j.suites, s)
	if max(j.status(attrs, "status"), j.status(attrs, "result")) == outcomeFailed {
		return j.count(outcomeFailed, s.name)
	}
	return nil
}

// settle ends a suite: its totals are compared with what was counted in it.
func (j *junit) settle() error {
	s := j.suites[len(j.suites)-1]
	if s.told[1] > s.failed {
		if err := j.count(outcomeFailed, s.name); err != nil {
			return err
		}
		s = j.suites[len(j.suites)-1]
	}
	if s.told[0] > s.tests {
		j.gap(release.GapIncomplete, "suite %s has %d tests by its own count, and %d are there", strictjson.Quoted(s.name), s.told[0], s.tests)
	}
	if s.told[2] > s.skipped {
		j.gap(release.GapAmbiguous, "suite %s has %d skipped tests by its own count, and %d are there", strictjson.Quoted(s.name), s.told[2], s.skipped)
	}
	j.suites = j.suites[:len(j.suites)-1]
	if n := len(j.suites); n > 0 {
		up := &j.suites[n-1]
		up.tests, up.failed, up.skipped = up.tests+s.tests, up.failed+s.failed, up.skipped+s.skipped
	}
	return nil
}

// count counts a result in the suite that is open.
func (j *junit) count(o outcome, name string) error {
	s := &j.suites[len(j.suites)-1]
	s.tests++
	switch o {
	case outcomeFailed:
		s.failed++
	case outcomeSkipped:
		s.skipped++
	}
	return j.add(o, name)
}

// child is what an element says of the testcase or suite that it stands in.
func (j *junit) child(name, where string) outcome {
	switch name {
	case "failure", "error", "rerunFailure", "rerunError":
		return outcomeFailed
	case "flakyFailure", "flakyError", "warning":
		return outcomeFlaky
	case "skipped", "disabled", "ignored":
		return outcomeSkipped
	case "system-out", "system-err", "properties", "property", "time":
	default:
		j.gap(release.GapUnsupported, "%s have an element %s, of which nobody here knows what it says", where, strictjson.Quoted(name))
	}
	return outcomePassed
}

// status is what GoogleTest, Catch2 and others write beside or instead of elements.
func (j *junit) status(attrs []xml.Attr, name string) outcome {
	word := attribute(attrs, name)
	switch strings.ToLower(word) {
	case "", "run", "completed", "passed", "pass", "success", "successful", "succeeded", "ok":
	case "notrun", "skipped", "skip", "suppressed", "disabled", "ignored", "pending", "inconclusive":
		return outcomeSkipped
	case "failed", "fail", "failure", "error", "broken", "aborted", "timeout":
		return outcomeFailed
	default:
		j.gap(release.GapUnsupported, "the %s %s is there, of which nobody here knows what it says", name, strictjson.Quoted(word))
	}
	return outcomePassed
}
