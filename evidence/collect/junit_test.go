package collect_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence/collect"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// known is a run of which all is known, and that succeeded.
func known() collect.Run {
	return collect.Run{Tool: "tool", Version: "1.2.3", At: noon, Succeeded: release.AnswerYes}
}

func file(name, text string) collect.File {
	return collect.File{Path: release.Path(name), Bytes: []byte(text)}
}

func fixture(t testing.TB, name string) collect.File {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return collect.File{Path: release.Path(name), Bytes: b}
}

// counts are passed, flaky, failed, skipped.
func counts(t collect.Tests) [4]int { return [4]int{t.Passed, t.Flaky, t.Failed, t.Skipped} }

const (
	passed = predicate.TestPassed
	warned = predicate.TestWarned
	failed = predicate.TestFailed
	none   = predicate.TestUnknown // a GapError, and nothing else
)

func TestJUnitDialects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		want predicate.TestOutcome
		n    [4]int
		list []string // of the worst
		at   string   // that the file tells
	}{
		{"pytest.xml", passed, [4]int{2, 0, 0, 2}, []string{"tests.test_cart.test_total[1-2]", "tests.test_cart.test_total[2-3]"}, "2026-03-01T11:58:03Z"},
		{"surefire.xml", warned, [4]int{1, 1, 0, 1}, []string{"com.example.CartTest.waits"}, ""},
		{"surefire-rerun.xml", failed, [4]int{1, 0, 1, 0}, []string{"com.example.StockTest.releases"}, ""},
		{"gotestsum.xml", passed, [4]int{2, 0, 0, 1}, []string{"example.com/shop/cart.TestTotal", "example.com/shop/cart.TestTotal/empty"}, "2026-03-01T12:00:01Z"},
		{"gotestsum-main.xml", failed, [4]int{0, 0, 1, 0}, []string{"TestMain"}, "2026-03-01T12:00:00Z"},
		{"gradle.xml", failed, [4]int{1, 0, 1, 0}, []string{"com.example.OrderTest.pays()"}, ""},
		{"jest.xml", passed, [4]int{2, 0, 0, 1}, []string{"cart adds.cart adds", "cart removes.cart removes"}, ""},
		{"node.xml", passed, [4]int{3, 0, 0, 0}, []string{"test.alone", "test.deep", "test.flat"}, ""},
		{"googletest.xml", passed, [4]int{1, 0, 0, 2}, []string{"Cart.Adds"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := fixture(t, c.name)
			got, err := collect.JUnit(known(), f)
			require.NoError(t, err)
			require.Equal(t, c.want, got.Result.Result, got.Why)
			require.Equal(t, c.n, counts(got))
			require.Empty(t, got.Gaps)
			worst := map[predicate.TestOutcome][]string{passed: got.Result.PassedTests, warned: got.Result.WarnedTests, failed: got.Result.FailedTests}[c.want]
			require.Equal(t, c.list, worst)
			require.Equal(t, []release.Source{{Path: f.Path, Format: "junit", Digest: release.DigestOf(f.Bytes), Tool: "tool", Version: "1.2.3", At: noon}}, got.Sources)

			run := known()
			run.At = time.Time{}
			got, err = collect.JUnit(run, f)
			if c.at == "" {
				require.ErrorContains(t, err, "when the tool ran")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.at, got.Sources[0].At.Format(time.RFC3339))
		})
	}
}

func TestJUnitTable(t *testing.T) {
	t.Parallel()
	const pass, skip = `<testcase classname="c" name="p"/>`, `<testcase name="s"><skipped/></testcase>`
	suite := func(attrs, inner string) string { return "<testsuite name='s' " + attrs + ">" + inner + "</testsuite>" }
	child := func(inner string) string { return suite("", pass+"<testcase name='x'>"+inner+"</testcase>") }
	attrs := func(a string) string { return suite("", pass+"<testcase name='x' "+a+"/>") }
	for _, c := range []struct {
		name, text string
		want       predicate.TestOutcome
		n          [4]int
		says       string // part of the gap, or of Why
	}{
		{"one", suite("", pass), passed, [4]int{1, 0, 0, 0}, ""},
		{"no tests", suite(`tests="0"`, ""), failed, [4]int{}, "no test passed"},
		{"no suites", "<testsuites/>", failed, [4]int{}, "no test passed"},
		{"all skipped", suite("", skip+skip), failed, [4]int{0, 0, 0, 2}, "no test passed"},
		{"skipped is not passed", suite("", pass+skip), passed, [4]int{1, 0, 0, 1}, ""},
		{"skipped and failed", child("<skipped/><failure/>"), failed, [4]int{1, 0, 1, 0}, ""},
		{"failed and skipped", child("<failure/><skipped/>"), failed, [4]int{1, 0, 1, 0}, ""},
		{"error", child("<error/>"), failed, [4]int{1, 0, 1, 0}, ""},
		{"rerunFailure alone", child("<rerunFailure/>"), failed, [4]int{1, 0, 1, 0}, ""},
		{"rerunError alone", child("<rerunError/>"), failed, [4]int{1, 0, 1, 0}, ""},
		{"flakyError", child("<flakyError/>"), warned, [4]int{1, 1, 0, 0}, "run again"},
		{"flaky and failed", child("<flakyFailure/><failure/>"), failed, [4]int{1, 0, 1, 0}, ""},
		{"flaky and skipped", child("<flakyFailure/><skipped/>"), warned, [4]int{1, 1, 0, 0}, ""},
		{"a warning", child("<warning/>"), warned, [4]int{1, 1, 0, 0}, ""},
		{"failure in a namespace", child(`<j:failure xmlns:j="urn:x"/>`), failed, [4]int{1, 0, 1, 0}, ""},
		{"failure deeper is output", child("<system-out><failure/></system-out>"), passed, [4]int{2, 0, 0, 0}, ""},
		{"failure in text", child("<system-out>&lt;failure/></system-out><system-err><![CDATA[<failure/>]]></system-err><!--<failure/>-->"), passed, [4]int{2, 0, 0, 0}, ""},
		{"error of the suite", suite("", pass+"<error>no database</error>"), failed, [4]int{1, 0, 1, 0}, ""},
		{"status of the suite", suite(`status="failed"`, pass), failed, [4]int{1, 0, 1, 0}, ""},
		{"result of the suite", suite(`result="interrupted"`, pass), none, [4]int{}, `result "interrupted"`},
		{"a good status of the suite", suite(`status="completed"`, pass), passed, [4]int{1, 0, 0, 0}, ""},
		{"child of the suite that nobody knows", suite("", pass+"<crashed/>"), none, [4]int{}, `suites have an element "crashed"`},
		{"child of the root that nobody knows", "<testsuites>" + suite("", pass) + "<crashed/></testsuites>", none, [4]int{}, `suites have an element "crashed"`},
		{"rerunFailure of the suite", suite("", pass+"<rerunFailure/>"), failed, [4]int{1, 0, 1, 0}, ""},
		{"skipped of the suite", suite("", pass+"<skipped/>"), none, [4]int{}, "which testcases have"},
		{"flakyError of the suite", suite("", pass+"<flakyError/>"), none, [4]int{}, "which testcases have"},
		{"another way to write tests", suite("", pass+"<TestCase><failure/></TestCase>"), none, [4]int{}, `suites have an element "TestCase"`},
		{"output of the suite", suite("", pass+"<properties><x/></properties><system-out/><system-err/>"), passed, [4]int{1, 0, 0, 0}, ""},
		{"child that nobody knows", child("<crashed/>"), none, [4]int{}, `element "crashed"`},
		{"child in another case", child("<Failure/>"), none, [4]int{}, `element "Failure"`},
		{"child that nobody knows beside a failure", suite("", "<testcase name='x'><crashed/></testcase><testcase><failure/></testcase>"), failed, [4]int{1, 0, 1, 0}, ""},
		{"status failed", attrs(`status="failed"`), failed, [4]int{1, 0, 1, 0}, ""},
		{"status notrun", attrs(`status="notrun"`), passed, [4]int{1, 0, 0, 1}, ""},
		{"result suppressed", attrs(`status="run" result="suppressed"`), passed, [4]int{1, 0, 0, 1}, ""},
		{"status passed", attrs(`status="PASSED"`), passed, [4]int{2, 0, 0, 0}, ""},
		{"status that nobody knows", attrs(`status="exploded"`), none, [4]int{}, `status "exploded"`},

		{"as told", suite(`tests="2" failures="0" errors="0" skipped="1"`, pass+skip), passed, [4]int{1, 0, 0, 1}, ""},
		{"more tests told", suite(`tests="2"`, pass), none, [4]int{}, "2 tests by its own count, and 1"},
		{"fewer tests told", suite(`tests="1"`, pass+pass), passed, [4]int{2, 0, 0, 0}, ""},
		{"more failures told", suite(`failures="1"`, pass), failed, [4]int{1, 0, 1, 0}, ""},
		{"more errors told", suite(`errors="1"`, pass), failed, [4]int{1, 0, 1, 0}, ""},
		{"a failure told above", "<testsuites failures='1'>" + suite("", pass) + "</testsuites>", failed, [4]int{1, 0, 1, 0}, ""},
		{"a failure told on all levels", "<testsuites failures='1'>" + suite("failures='1'", pass) + "</testsuites>", failed, [4]int{1, 0, 1, 0}, ""},
		{"more skipped told", suite(`skipped="1"`, pass), none, [4]int{}, "1 skipped tests by its own count, and 0"},
		{"more disabled told", suite(`disabled="1"`, pass), none, [4]int{}, "1 skipped tests"},
		{"not a number", suite(`tests="many"`, pass), none, [4]int{}, "the number of tests"},
		{"negative", suite(`failures="-1"`, pass), none, [4]int{}, "the number of failures"},
		{"huge", suite(`tests="99999999999999999999"`, pass), none, [4]int{}, "the number of tests"},
		{"empty numbers", suite(`tests="" errors=" "`, pass), passed, [4]int{1, 0, 0, 0}, ""},
		{"odd times", suite(`time="-1" timestamp="yesterday"`, `<testcase name="a" time="NaN"/><testcase name="b" time="1,000.5"/>`), passed, [4]int{2, 0, 0, 0}, ""},

		{"empty", "", none, [4]int{}, "empty or cut off"},
		{"spaces", "  \n", none, [4]int{}, "empty or cut off"},
		{"cut off", "<testsuite><testcase name='x'/>", none, [4]int{}, "unexpected EOF"},
		{"cut off in a tag", "<testsuite><testcase name='x'", none, [4]int{}, "cut off"},
		{"cut off after a failure", "<testsuite><testcase><failure/></testcase><testcase>", failed, [4]int{0, 0, 1, 0}, ""},
		{"another root", "<html><testsuite/></html>", none, [4]int{}, `root element is "html"`},
		{"two roots", suite("", pass) + suite("", pass), none, [4]int{}, "second root"},
		{"text behind", suite("", pass) + "and more", none, [4]int{}, "text outside"},
		{"a test in a test", child(pass), none, [4]int{}, `element "testcase"`},
		{"a test in properties", suite("", pass+"<properties>"+pass+"</properties>"), none, [4]int{}, "stands where none may"},
		{"a suite in properties", suite("", pass+"<properties>"+suite("", pass)+"</properties>"), none, [4]int{}, "stands where none may"},
		{"testsuites inside", suite("", "<testsuites>"+suite("", pass)+"</testsuites>"), none, [4]int{}, "stands where none may"},
		{"attribute twice", suite(`tests="1" tests="0"`, pass), none, [4]int{}, "stands twice"},
		{"DOCTYPE", "<!DOCTYPE testsuite SYSTEM 'http://example.com/x.dtd'>" + suite("", pass), none, [4]int{}, "DOCTYPE"},
		{"entity bomb", `<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>` + suite("", "<testcase name='&b;'/>"), none, [4]int{}, "DOCTYPE"},
		{"entity without a declaration", suite("", "<testcase name='&b;'/>"), none, [4]int{}, "XML: line 1"},
		{"HTML's void elements", suite("", pass+"<system-out><br></system-out>"), none, [4]int{}, "XML: line 1"},
		{"attribute without quotes", suite("tests=1", pass), none, [4]int{}, "XML: line 1"},
		{"not UTF-8", suite("", "<testcase name='\xff'/>"), none, [4]int{}, "invalid UTF-8"},
		{"byte order mark", "\ufeff" + suite("", pass), passed, [4]int{1, 0, 0, 0}, ""},
		{"latin1", "<?xml version='1.0' encoding='ISO-8859-1'?>" + suite("", "<testcase name='gr\xfc\xdfe'/>"), passed, [4]int{1, 0, 0, 0}, ""},
		{"UTF-16", "<?xml version='1.0' encoding='UTF-16'?>" + suite("", pass), none, [4]int{}, "an encoding that is not"},
		{"declaration in the middle", suite("", pass+"<?xml version='1.0' encoding='ISO-8859-1'?>"), none, [4]int{}, "XML:"},
		{"deep", strings.Repeat("<testsuite>", 100) + pass + strings.Repeat("</testsuite>", 100), none, [4]int{}, "nested deeper"},
		{"many attributes", "<testsuite " + manyAttributes(65) + ">" + pass + "</testsuite>", none, [4]int{}, "more than 64 attributes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := collect.JUnit(known(), file("junit.xml", c.text))
			if c.want == none {
				e, ok := err.(*collect.GapError)
				require.True(t, ok, "%v %s", err, got.Why)
				require.Contains(t, err.Error(), c.says)
				require.NotEmpty(t, e.Gaps)
				require.Equal(t, "junit.xml", e.Gaps[0].Subject)
				require.Zero(t, got)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got.Result.Result, got.Why)
			require.Equal(t, c.n, counts(got))
			require.Contains(t, got.Why, c.says)
		})
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `a%d="1" `, i)
	}
	return b.String()
}

func TestRunSaysMore(t *testing.T) {
	t.Parallel()
	clean := file("a.xml", `<testsuite><testcase name="a"/></testsuite>`)
	flaky := file("b.xml", `<testsuite><testcase name="b"><flakyFailure/></testcase></testsuite>`)
	broken := file("c.xml", `<testsuite>`)
	bad := file("bad.xml", `<testsuite><testcase name="c"><error/></testcase></testsuite>`)
	dated := func(times ...string) collect.File {
		text := ""
		for _, at := range times {
			text += `<testsuite timestamp="2026-03-01T` + at + `Z"><testcase name="t"/></testsuite>`
		}
		return file("dated.xml", "<testsuites>"+text+"</testsuites>")
	}
	for _, c := range []struct {
		name  string
		run   func(*collect.Run)
		files []collect.File
		want  predicate.TestOutcome
		err   string
	}{
		{"two files", func(*collect.Run) {}, []collect.File{clean, flaky}, warned, ""},
		{"nobody knows the exit status", func(r *collect.Run) { r.Succeeded = release.AnswerUnknown }, []collect.File{clean}, none, "Run.Succeeded"},
		{"nobody knows the exit status, and tests were flaky", func(r *collect.Run) { r.Succeeded, r.AllowFlaky = release.AnswerUnknown, true }, []collect.File{flaky}, none, "Run.Succeeded"},
		{"nobody knows the exit status, and no test passed", func(r *collect.Run) { r.Succeeded = release.AnswerUnknown }, []collect.File{file("d.xml", "<testsuite/>")}, none, "Run.Succeeded"},
		{"nobody knows the exit status, and a test failed", func(r *collect.Run) { r.Succeeded = release.AnswerUnknown }, []collect.File{clean, bad}, failed, ""},
		{"the exit status says yes, and a test failed", func(*collect.Run) {}, []collect.File{clean, bad}, failed, ""},
		{"since it began", func(r *collect.Run) { r.Started = noon.Add(-10 * time.Minute) }, []collect.File{clean, dated("11:58:03")}, passed, ""},
		{"clocks that are apart", func(r *collect.Run) { r.Started = noon }, []collect.File{clean, dated("11:59:30")}, passed, ""},
		{"the file of an older run", func(r *collect.Run) { r.Started = noon }, []collect.File{clean, dated("11:58:03")}, none, "of another run"},
		{"a file with a suite of an older run", func(r *collect.Run) { r.Started = noon }, []collect.File{dated("12:00:01", "11:58:03", "12:00:02")}, none, "of another run"},
		{"the file of an older run, and a test failed", func(r *collect.Run) { r.Started = noon }, []collect.File{bad, dated("11:58:03")}, failed, ""},
		{"flaky is allowed", func(r *collect.Run) { r.AllowFlaky = true }, []collect.File{clean, flaky}, passed, ""},
		{"flaky alone", func(*collect.Run) {}, []collect.File{flaky}, warned, ""},
		{"the exit status says no", func(r *collect.Run) { r.Succeeded = release.AnswerNo }, []collect.File{clean}, failed, ""},
		{"the exit status says no, and a file is broken", func(r *collect.Run) { r.Succeeded = release.AnswerNo }, []collect.File{clean, broken}, failed, ""},
		{"the exit status says yes, and a file is broken", func(r *collect.Run) { r.Succeeded = release.AnswerYes }, []collect.File{clean, broken}, none, "c.xml"},
		{"no files", func(*collect.Run) {}, nil, none, "no file"},
		{"a file twice", func(*collect.Run) {}, []collect.File{clean, clean}, none, "two files"},
		{"a file without a name", func(*collect.Run) {}, []collect.File{{Bytes: clean.Bytes}}, none, "no name"},
		{"no tool", func(r *collect.Run) { r.Tool = "" }, []collect.File{clean}, none, "which tool"},
		{"no version", func(r *collect.Run) { r.Version = "" }, []collect.File{clean}, none, "which version"},
		{"no time", func(r *collect.Run) { r.At = time.Time{} }, []collect.File{clean}, none, "when the tool ran"},
		{"no year of ours", func(r *collect.Run) { r.At = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC) }, []collect.File{clean}, none, "year"},
		{"a year before there were such tools", func(r *collect.Run) { r.At = time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC) }, []collect.File{clean}, none, "year"},
		{"a version that is no text", func(r *collect.Run) { r.Version = "\xff" }, []collect.File{clean}, none, "UTF-8"},
		{"too many files", func(*collect.Run) {}, make([]collect.File, collect.MaxFiles+1), none, "more than"},
		{"configuration that looks like a file", func(r *collect.Run) {
			r.Configuration = []predicate.Resource{{URI: "file:x", Annotations: map[string]json.RawMessage{"sallyportSource": json.RawMessage("{}")}}}
		}, []collect.File{clean}, none, "annotation"},
		{"configuration that is none", func(r *collect.Run) { r.Configuration = []predicate.Resource{{Name: "x"}} }, []collect.File{clean}, none, "uri, digest"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			run := known()
			c.run(&run)
			got, err := collect.JUnit(run, c.files...)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				require.Zero(t, got)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got.Result.Result)
		})
	}
}

// What the caller adds stays, and the lists are bounded while the counts are not.
func TestResultIsBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("<testsuite>")
	for i := range 3 * collect.MaxListed {
		fmt.Fprintf(&b, `<testcase name="t%05d"/>`, (i*7919)%(3*collect.MaxListed))
	}
	fmt.Fprintf(&b, "<testcase name='%s&#x202e;'/></testsuite>", strings.Repeat("z", 1<<20))
	run := known()
	run.URL, run.Configuration = "https://ci.example.com/1", []predicate.Resource{{URI: "file:ci.yaml"}}
	got, err := collect.JUnit(run, file("a.xml", b.String()))
	require.NoError(t, err)
	require.Equal(t, 3*collect.MaxListed+1, got.Passed)
	require.Len(t, got.Result.PassedTests, collect.MaxListed)
	require.Equal(t, "t00000", got.Result.PassedTests[0])
	require.Equal(t, fmt.Sprintf("t%05d", collect.MaxListed-1), got.Result.PassedTests[collect.MaxListed-1])
	require.Equal(t, run.URL, got.Result.URL)
	require.Equal(t, "file:ci.yaml", got.Result.Configuration[0].URI)
	require.Len(t, got.Result.Configuration, 2)
	sources, err := collect.Sources(got.Result)
	require.NoError(t, err)
	require.Equal(t, got.Sources, sources)

	got, err = collect.JUnit(run, file("a.xml", "<testsuite><testcase name='a&#x202e;&#xa;b'/></testsuite>"))
	require.NoError(t, err)
	require.Equal(t, []string{`"a\u202e\nb"`}, got.Result.PassedTests, "safe to print")
}

func TestHostileJUnit(t *testing.T) {
	in := append(hostile.Texts(), hostile.Input{Name: "many attributes", Text: []byte("<testsuite " + strings.Repeat(`a="" `, 3<<20) + "/>")},
		hostile.Input{Name: "bytes that become two each", Text: []byte("<?xml version='1.0' encoding='latin1'?><testsuite name='" + strings.Repeat("\xfc", 15<<20) + "'/>")},
		hostile.Input{Name: "many elements", Text: []byte("<testsuite>" + strings.Repeat("<a>", 1<<20))},
		hostile.Input{Name: "many tests that no one ends", Text: []byte("<testsuite>" + strings.Repeat("<testcase/>", 400_000))})
	for i := range in {
		in[i].Fine = false
	}
	hostile.Check(t, in, func(b []byte) bool {
		_, err := collect.JUnit(known(), collect.File{Path: "x", Bytes: b})
		return err != nil
	})
}
