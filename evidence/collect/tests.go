package collect

import (
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// Tests is what the files of a test run say.
type Tests struct {
	// Result is the predicate.
	Result predicate.TestResult
	// Passed, Flaky, Failed and Skipped are how many results of tests there are of each
	// sort; a test that ran several times has several. Flaky ones failed, and passed when
	// they were run again. Failed has what is not a test but failed too: a build, a
	// package, the run as a whole.
	Passed, Flaky, Failed, Skipped int
	// Cached is how many packages have the result of an earlier run (Go's test cache).
	Cached int
	// Why says what made the result what it is, in one sentence.
	Why string
	// Gaps are what could not be read, where the result is FAILED whatever stood there.
	Gaps []release.Gap
	// Sources are the files, sorted by path.
	Sources []release.Source
}

// testCounts are the results of one file, as its source has them.
type testCounts struct {
	Passed  int `json:"passed"`
	Flaky   int `json:"flaky"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
	Cached  int `json:"cachedPackages,omitempty"`
}

// outcome is the result of one test.
type outcome uint8

const (
	outcomePassed outcome = iota
	outcomeSkipped
	outcomeFlaky
	outcomeFailed
)

// tally counts the tests of a run.
type tally struct {
	reader
	now                   *testCounts // those of the file that is read
	total                 int
	passed, warned, fails names
}

func newTally(run Run) *tally { return &tally{reader: reader{run: run}} }

// begin begins a file.
func (t *tally) begin(s *source) {
	t.now = &testCounts{}
	s.tests = t.now
}

// add counts a result. It fails where there are too many.
func (t *tally) add(o outcome, name string) error {
	if t.total++; t.total > MaxTests {
		return refuse(release.GapTooLarge, "there are more than %d results of tests", MaxTests)
	}
	switch o {
	case outcomePassed:
		t.now.Passed++
		t.passed.add(name)
	case outcomeSkipped:
		t.now.Skipped++
	case outcomeFlaky:
		t.now.Flaky++
		t.warned.add(name)
	default:
		t.now.Failed++
		t.fails.add(name)
	}
	return nil
}

// finish is the result of all files.
func (t *tally) finish() (Tests, error) {
	out := Tests{}
	for _, s := range t.sources {
		if s.tests == nil {
			continue // it was not read
		}
		out.Passed += s.tests.Passed
		out.Flaky += s.tests.Flaky
		out.Failed += s.tests.Failed
		out.Skipped += s.tests.Skipped
		out.Cached += s.tests.Cached
	}
	all := fmt.Sprintf("%d passed, %d flaky, %d failed, %d skipped", out.Passed, out.Flaky, out.Failed, out.Skipped)
	result := predicate.TestPassed
	switch {
	case out.Failed > 0:
		result, out.Why = predicate.TestFailed, all
	case t.run.Succeeded == release.AnswerNo:
		result, out.Why = predicate.TestFailed, "the exit status says that the run failed; "+all
	case len(t.gaps) > 0:
		return Tests{}, &GapError{t.gaps}
	case t.run.Succeeded != release.AnswerYes:
		return Tests{}, errUnproven
	case out.Passed+out.Flaky == 0:
		result, out.Why = predicate.TestFailed, "no test passed: "+all
	case out.Flaky > 0 && !t.run.AllowFlaky:
		result, out.Why = predicate.TestWarned, "tests passed only when they were run again: "+all
	default:
		out.Why = all
	}
	if err := t.named(); err != nil {
		return Tests{}, err
	}
	out.Gaps = t.gaps
	out.Result = predicate.TestResult{Result: result, URL: t.run.URL, Configuration: slices.Clone(t.run.Configuration),
		PassedTests: t.passed.sorted(), WarnedTests: t.warned.sorted(), FailedTests: t.fails.sorted()}
	for _, s := range t.sources {
		out.Sources = append(out.Sources, s.Source)
		out.Result.Configuration = append(out.Result.Configuration, resource(s))
	}
	if err := out.Result.Validate(); err != nil {
		return Tests{}, fmt.Errorf("collect: %w", err)
	}
	return out, nil
}

// names are the first names in their order, each once, without memory for more than
// twice as many as are listed.
type names struct {
	all  []string
	past string // no name from here on is listed, if there is one
}

func (n *names) add(name string) {
	if n.past != "" && name >= n.past {
		return
	}
	if n.all = append(n.all, name); len(n.all) > 2*MaxListed {
		n.sorted()
	}
}

func (n *names) sorted() []string {
	slices.Sort(n.all)
	n.all = slices.Compact(n.all)
	if len(n.all) > MaxListed {
		n.past = n.all[MaxListed]
		clear(n.all[MaxListed:])
		n.all = n.all[:MaxListed]
	}
	return n.all
}
