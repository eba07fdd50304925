package collect

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// GoTest reads the output of go test -json (see go doc test2json), each file a
// stream of its own.
//
// Every test and subtest that ended counts, and every package and build that failed
// without a test that did: a panic, TestMain, a build. A package without tests
// counts for nothing, and neither does a benchmark that did not fail: it has no
// result of its own. A test or package that passed and did not begin, a package
// without an end, one that passed although a test of it did not end or although it
// printed FAIL, a line that is no event, and an action that is not known here are
// gaps; a line of text that says FAIL is a failure. Run's Tool may be left out: it is
// then "go test".
func GoTest(run Run, files ...File) (Tests, error) {
	run.Tool = cmp.Or(run.Tool, "go test")
	t := newTally(run)
	if err := t.read("go-test-json", files, func(b []byte, s *source) error {
		t.begin(s)
		g := goTest{tally: t, source: s, packages: map[string]*goPackage{}}
		return g.stream(b)
	}); err != nil {
		return Tests{}, err
	}
	return t.finish()
}

// goTest reads one stream.
type goTest struct {
	*tally
	source   *source
	packages map[string]*goPackage
	tests    int // that are kept
	bad      int // lines that could not be read
}

// goPackage is what a stream said of a package so far.
type goPackage struct {
	open    map[string]int // tests that began and did not end
	started bool
	ended   bool // by a final event, since it began
	failed  bool // something of it failed
	cached  bool
	printed bool // FAIL
}

func (g *goTest) stream(b []byte) error {
	if len(bytes.TrimSpace(b)) == 0 {
		return refuse(release.GapIncomplete, "it is empty")
	}
	n, whole := 0, bytes.HasSuffix(b, []byte("\n"))
	for line := range bytes.Lines(b) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if n++; n > maxLines {
			return refuse(release.GapTooLarge, "there are more than %d lines", maxLines)
		}
		if err := g.line(line); err != nil {
			return err
		}
	}
	if !whole {
		g.gap(release.GapIncomplete, "its last line is cut off")
	}
	return g.end()
}

func (g *goTest) line(line []byte) error {
	if line[0] != '{' {
		g.gap(release.GapUnsupported, "there are lines that are no events")
		if bytes.HasPrefix(line, []byte("FAIL")) || bytes.HasPrefix(line, []byte("--- FAIL")) || bytes.HasPrefix(line, []byte("panic:")) {
			return g.add(outcomeFailed, "a line that says FAIL")
		}
		return nil
	}
	e, err := readGoEvent(line)
	if err != nil {
		if g.bad++; g.bad > maxGaps {
			return refuse(release.GapUnreadable, "more than %d lines cannot be read, and the rest was not", maxGaps)
		}
		g.gap(release.GapUnreadable, "a line cannot be read: %v", err)
		return nil
	}
	g.source.told(e.at)
	return g.event(&e)
}

func (g *goTest) event(e *goEvent) error {
	switch e.action {
	case "build-output", "build-fail":
		if e.action == "build-fail" {
			return g.add(outcomeFailed, label(e.buildName+" (build)"))
		}
		return nil
	}
	p := g.packages[e.packageName]
	if p == nil {
		p = &goPackage{}
		g.packages[e.packageName] = p
	}
	name := label(joined(e.packageName, e.test))
	switch e.action {
	case "start":
		p.started, p.ended, p.cached = true, false, false
	case "run":
		if g.tests++; g.tests > MaxTests {
			return refuse(release.GapTooLarge, "more than %d tests began", MaxTests)
		}
		if p.open == nil {
			p.open = map[string]int{}
		}
		p.open[e.test]++
	case "output":
		if e.test == "" { // what follows "(cached)" is the coverage, or that there was nothing to run
			p.cached = p.cached || bytes.HasPrefix(e.output, []byte("ok ")) && bytes.Contains(e.output, []byte("\t(cached)"))
			p.printed = p.printed || string(e.output) == "FAIL\n"
		}
	case "pause", "cont", "attr", "artifacts":
	case "bench":
		delete(p.open, e.test)
	case "pass", "fail", "skip":
		if e.test == "" {
			return g.final(p, e, name)
		}
		if p.open[e.test] == 0 {
			g.gap(release.GapIncomplete, "a test has a result and did not begin: the beginning of the stream is cut off")
		}
		g.close(p, e.test)
		o := map[string]outcome{"pass": outcomePassed, "fail": outcomeFailed, "skip": outcomeSkipped}[e.action]
		p.failed = p.failed || o == outcomeFailed
		return g.add(o, name)
	default:
		g.gap(release.GapUnsupported, "events have the action %s, of which nobody here knows what it says", strictjson.Quoted(e.action))
	}
	return nil
}

func (g *goTest) close(p *goPackage, test string) {
	if n := p.open[test]; n > 1 {
		p.open[test] = n - 1
	} else {
		delete(p.open, test)
	}
}

// final ends a package.
func (g *goTest) final(p *goPackage, e *goEvent, name string) error {
	p.ended = true
	if !p.started {
		g.gap(release.GapIncomplete, "package %s has a result and did not begin: the beginning of the stream is cut off", strictjson.Quoted(e.packageName))
	}
	switch e.action {
	case "pass":
		if p.cached {
			g.now.Cached++
		}
	case "fail":
		if !p.failed {
			p.failed = true
			return g.add(outcomeFailed, name)
		}
	} // skip: there are no tests
	return nil
}

// end looks for packages and tests without an end, or with two.
func (g *goTest) end() error {
	for _, name := range slices.Sorted(maps.Keys(g.packages)) {
		p := g.packages[name]
		maps.DeleteFunc(p.open, func(test string, _ int) bool { return strings.HasPrefix(test, "Benchmark") })
		switch {
		case !p.ended:
			g.gap(release.GapIncomplete, "package %s has no result: the stream is cut off", strictjson.Quoted(name))
		case !p.failed && len(p.open) > 0:
			g.gap(release.GapIncomplete, "package %s passed, and of %d of its tests there is no result", strictjson.Quoted(name), len(p.open))
		case !p.failed && p.printed:
			g.gap(release.GapAmbiguous, "package %s passed, and it printed FAIL", strictjson.Quoted(name))
		}
	}
	return nil
}
