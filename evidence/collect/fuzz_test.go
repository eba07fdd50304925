package collect_test

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/collect"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/scan"
)

// seed adds the fixtures whose names match.
func seed(f *testing.F, pattern string) {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(paths) == 0 {
		f.Fatal("no fixtures", err)
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

// sound fails where a result says more than its counts, or cannot be signed and found
// again.
func sound(t *testing.T, got collect.Tests, err error, b []byte) {
	t.Helper()
	if err != nil {
		if !reflect.DeepEqual(got, collect.Tests{}) {
			t.Fatal("a value came with an error")
		}
		return
	}
	if err := got.Result.Validate(); err != nil {
		t.Fatal(err)
	}
	r := got.Result
	switch r.Result {
	case passed:
		if got.Passed < 1 || got.Flaky+got.Failed+len(got.Gaps)+len(r.FailedTests) > 0 {
			t.Fatalf("it passed: %+v", got)
		}
	case warned:
		if got.Flaky < 1 || got.Failed+len(got.Gaps)+len(r.FailedTests) > 0 {
			t.Fatalf("it warns: %+v", got)
		}
	case failed:
		if got.Failed == 0 && got.Passed+got.Flaky > 0 {
			t.Fatalf("it failed: %+v", got)
		}
	default:
		t.Fatal("no result")
	}
	for _, l := range []struct {
		names []string
		n     int
	}{{r.PassedTests, got.Passed}, {r.WarnedTests, got.Flaky}, {r.FailedTests, got.Failed}} {
		if len(l.names) > l.n || len(l.names) == 0 && l.n > 0 || len(l.names) > collect.MaxListed {
			t.Fatalf("%d names of %d", len(l.names), l.n)
		}
	}
	findable(t, r, got.Sources, b)
}

// findable fails where a predicate, written and read again, does not name the file.
func findable(t *testing.T, p predicate.Predicate, want []release.Source, b []byte) {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	back, err := predicate.Parse(p.PredicateType(), text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	sources, err := collect.Sources(back)
	if err != nil || !reflect.DeepEqual(sources, want) || sources[0].Digest != release.DigestOf(b) {
		t.Fatalf("%v is not %v (%v)", sources, want, err)
	}
}

// element is any element, the slow way.
type element struct {
	XMLName  xml.Name
	Elements []element `xml:",any"`
}

// tests counts testcases, and those with a failure or error.
func (e *element) tests() (all, bad int) {
	for i := range e.Elements {
		c := &e.Elements[i]
		if c.XMLName.Local != "testcase" {
			a, b := c.tests()
			all, bad = all+a, bad+b
			continue
		}
		all++
		for _, f := range c.Elements {
			if f.XMLName.Local == "failure" || f.XMLName.Local == "error" {
				bad++
				break
			}
		}
	}
	return all, bad
}

func FuzzJUnit(f *testing.F) {
	seed(f, "*.xml")
	f.Add([]byte(`<testsuite tests="1" failures="1"><testcase/></testsuite>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		run := known()
		got, err := collect.JUnit(run, collect.File{Path: "x", Bytes: b})
		sound(t, got, err, b)
		worse, err2 := collect.JUnit(run, collect.File{Path: "x", Bytes: b}, file("y", "<testsuite><testcase><error/></testcase></testsuite>"))
		if err2 != nil || worse.Result.Result != failed {
			t.Fatalf("with a failing file beside it is %s (%v)", worse.Result.Result, err2)
		}
		if err != nil || got.Result.Result == failed {
			return
		}
		var slow element
		if err := xml.Unmarshal(b, &slow); err != nil {
			return // an encoding that this cannot read
		}
		if all, bad := slow.tests(); bad > 0 || all != got.Passed+got.Flaky+got.Skipped {
			t.Fatalf("%d tests with %d failures became %+v", all, bad, got)
		}
	})
}

func FuzzGoTest(f *testing.F) {
	f.Add([]byte(events("start p", "run p A", "pass p A", "pass p")))
	f.Add([]byte(events("start p", "run p A", "fail p A", "fail p", "start q", "skip q")))
	f.Add([]byte(events(`{"ImportPath":"q","Action":"build-fail"}`, `{"Action":"fail","Package":"q","FailedBuild":"q"}`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := collect.GoTest(known(), collect.File{Path: "x", Bytes: b})
		sound(t, got, err, b)
		if err != nil || got.Result.Result != passed {
			return
		}
		more := append(append([]byte{}, b...), "{\"Action\":\"fail\",\"Package\":\"q\",\"Test\":\"Q\"}\n"...)
		if worse, err := collect.GoTest(known(), collect.File{Path: "x", Bytes: more}); err != nil || worse.Result.Result != failed {
			t.Fatalf("with a failing test behind it is %s (%v)", worse.Result.Result, err)
		}
		more = append(append([]byte{}, b...), "{\"Action\":\"start\",\"Package\":\"q\"}\n"...)
		if _, err := collect.GoTest(known(), collect.File{Path: "x", Bytes: more}); err == nil {
			t.Fatal("a package without an end passed")
		}
	})
}

func FuzzCoverage(f *testing.F) {
	seed(f, "cobertura.xml")
	seed(f, "lcov.info")
	f.Add([]byte("mode: count\na.go:1.2,3.4 2 1\nb.go:1.2,3.4 1 0\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for name, read := range coverers {
			got, err := read(known(), collect.File{Path: "x", Bytes: b})
			if err != nil {
				if !reflect.DeepEqual(got, collect.Coverage{}) {
					t.Fatal("a value came with an error")
				}
				continue
			}
			if len(got.Counts) == 0 {
				t.Fatal("nothing was measured")
			}
			for _, n := range got.Counts {
				if r, ok := n.Ratio(); !ok || r < 0 || r > 1 || n.Files < 1 {
					t.Fatalf("%s: %+v", name, n)
				}
			}
			back, err := collect.CoverageOf(got.Result)
			if err != nil || !reflect.DeepEqual(back, got.Counts) {
				t.Fatalf("%+v became %+v (%v)", got.Counts, back, err)
			}
			findable(t, got.Result, got.Sources, b)
			twice, err := read(known(), collect.File{Path: "x", Bytes: b}, collect.File{Path: "y", Bytes: b})
			if err != nil || !reflect.DeepEqual(twice.Counts, got.Counts) {
				t.Fatalf("twice it is %+v (%v)", twice.Counts, err)
			}
		}
	})
}

// FuzzScan checks that nothing is called clean of which the report does not say so.
func FuzzScan(f *testing.F) {
	for _, s := range []string{govulncheckNone, grypeNone, grypeOne, trivyMixed, sarif("true"), sarif("false"), sarif("true", result("error", ""))} {
		f.Add([]byte(s), uint8(1), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, kind uint8, ended bool) {
		run := scanRun()
		run.Run = known()
		run.Looked = []scan.Kind{scan.Kind(kind % 8)}
		if !ended {
			run.Scan.Completed, run.Run.Succeeded = release.AnswerUnknown, release.AnswerUnknown
		}
		got, err := collect.Scan(run, collect.File{Path: "x", Bytes: b})
		if err != nil {
			if !reflect.DeepEqual(got, collect.Scanned{}) {
				t.Fatal("a value came with an error")
			}
			return
		}
		if len(got.Predicates) == 0 {
			t.Fatal("nothing is stated")
		}
		vulns, others := 0, 0
		for i := range got.Report.Findings {
			switch fd := &got.Report.Findings[i]; {
			case fd.State == scan.StateAbsent:
			case fd.Kind == scan.KindVulnerability:
				vulns++
			default:
				others++
			}
		}
		whole := got.Report.Succeeded == release.AnswerYes && got.Report.Coverage == release.CoverageComplete
		denies := false
		for _, p := range got.Predicates {
			if err := p.Validate(); err != nil {
				t.Fatal(err)
			}
			switch p := p.(type) {
			case predicate.Vulns:
				if !whole || len(p.Scanner.Result) != vulns {
					t.Fatalf("%d of %d vulnerabilities", len(p.Scanner.Result), vulns)
				}
				denies = denies || vulns > 0
			case predicate.SCAI:
				if !whole || others > 0 {
					t.Fatal("it is not clean")
				}
			case predicate.TestResult:
				if p.Result != failed || others == 0 {
					t.Fatalf("%s", p.Result)
				}
				denies = true
			}
			findable(t, p, []release.Source{{Path: "x", Format: got.Report.Source.Format, Digest: release.DigestOf(b), Tool: "tool", Version: "1.2.3", At: noon.Truncate(time.Second)}}, b)
		}
		if denies != (vulns+others > 0) {
			t.Fatal("findings were lost")
		}
	})
}

// FuzzSources checks that others' annotations are read with care.
func FuzzSources(f *testing.F) {
	f.Add(`{"format":"junit","tool":"t","version":"1","at":"2026-03-01T12:00:00Z"}`, "a.xml", "00")
	f.Fuzz(func(t *testing.T, annotation, name, digest string) {
		p := predicate.TestResult{Result: passed, Configuration: []predicate.Resource{{Name: name, Digest: map[string]string{"sha256": digest},
			Annotations: map[string]json.RawMessage{"sallyportSource": json.RawMessage(annotation)}}}}
		got, err := collect.Sources(p)
		if err != nil {
			if got != nil {
				t.Fatal("a value came with an error")
			}
			return
		}
		if s := got[0]; len(got) != 1 || s.Path == "" || s.Tool == "" || s.Version == "" || s.At.IsZero() || s.Digest.Hex() != digest || s.Path.String() != name {
			t.Fatalf("%+v", got)
		}
	})
}
