package collect_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
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

// events writes a stream: "action package test", one a line. A line that begins with
// { stands as it is, and so does what follows "text ".
func events(lines ...string) string {
	var b strings.Builder
	for _, l := range lines {
		if text, ok := strings.CutPrefix(l, "text "); ok {
			l = text
		} else if !strings.HasPrefix(l, "{") {
			f := append(strings.Fields(l), "", "")
			e := map[string]string{"Action": f[0]}
			for i, name := range []string{"Package", "Test"} {
				if f[i+1] != "" {
					e[name] = f[i+1]
				}
			}
			out, err := json.Marshal(e)
			if err != nil {
				panic(err)
			}
			l = string(out)
		}
		b.WriteString(l + "\n")
	}
	return b.String()
}

func TestGoTest(t *testing.T) {
	t.Parallel()
	one := []string{"start p", "run p TestA", "pass p TestA", "pass p"}
	with := func(more ...string) string { return events(append(one[:len(one):len(one)], more...)...) }
	for _, c := range []struct {
		name, text string
		want       predicate.TestOutcome
		n          [4]int
		says       string
	}{
		{"one", events(one...), passed, [4]int{1, 0, 0, 0}, ""},
		{"subtests", events("start p", "run p T", "run p T/a", "pass p T/a", "pass p T", "pass p"), passed, [4]int{2, 0, 0, 0}, ""},
		{"interleaved", events("start p", "start q", "run p A", "run q A", "pause p A", "fail q A", "cont p A", "pass p A", "fail q", "pass p"), failed, [4]int{1, 0, 1, 0}, ""},
		{"skipped", with("run p TestB", "skip p TestB"), passed, [4]int{1, 0, 0, 1}, ""},
		{"all skipped", events("start p", "run p A", "skip p A", "pass p"), failed, [4]int{0, 0, 0, 1}, "no test passed"},
		{"a package without tests beside", with("start q", `{"Action":"output","Package":"q","Output":"?   \tq\t[no test files]\n"}`, "skip q"), passed, [4]int{1, 0, 0, 0}, ""},
		{"packages without tests alone", events("start q", "skip q"), failed, [4]int{}, "no test passed"},
		{"no tests to run", events("start p", `{"Action":"output","Package":"p","Output":"testing: warning: no tests to run\n"}`, "pass p"), failed, [4]int{}, "no test passed"},
		{"failed", events("start p", "run p A", "fail p A", "fail p"), failed, [4]int{0, 0, 1, 0}, ""},
		{"failed and the package passed", events("start p", "run p A", "fail p A", "pass p"), failed, [4]int{0, 0, 1, 0}, ""},
		{"a package that failed by itself", events("start p", "run p A", "pass p A", "fail p"), failed, [4]int{1, 0, 1, 0}, ""},
		{"a panic", events("start p", "run p A", `{"Action":"output","Package":"p","Test":"A","Output":"panic: x\n"}`, "fail p A", "fail p"), failed, [4]int{0, 0, 1, 0}, ""},
		{"a panic whose test has no end", events("start p", "run p A", "fail p"), failed, [4]int{0, 0, 1, 0}, ""},
		{"a build that failed", with(`{"ImportPath":"q [q.test]","Action":"build-output","Output":"# q\n"}`, `{"ImportPath":"q [q.test]","Action":"build-fail"}`,
			"start q", `{"Action":"fail","Package":"q","FailedBuild":"q [q.test]"}`), failed, [4]int{1, 0, 2, 0}, ""},
		{"a build that failed, of which there is nothing more", with(`{"ImportPath":"q","Action":"build-fail"}`), failed, [4]int{1, 0, 1, 0}, ""},
		{"output of a build that did not fail", with(`{"ImportPath":"q","Action":"build-output","Output":"warning\n"}`), passed, [4]int{1, 0, 0, 0}, ""},
		{"run again by another tool", events("start p", "run p A", "fail p A", "fail p", "start p", "run p A", "pass p A", "pass p"), failed, [4]int{1, 0, 1, 0}, ""},
		{"twice (-count=2)", events("start p", "run p A", "pass p A", "run p A", "pass p A", "pass p"), passed, [4]int{2, 0, 0, 0}, ""},
		{"a benchmark", with("start q", "run q BenchmarkX", "run q BenchmarkX/sub", "pass q"), passed, [4]int{1, 0, 0, 0}, ""},
		{"a benchmark with a result", with("start q", "run q BenchmarkX", "bench q BenchmarkX", "pass q"), passed, [4]int{1, 0, 0, 0}, ""},
		{"a benchmark that failed", with("start q", "run q BenchmarkX", "fail q BenchmarkX", "fail q"), failed, [4]int{1, 0, 1, 0}, ""},
		{"benchmarks alone", events("start q", "run q BenchmarkX", "bench q BenchmarkX", "pass q"), failed, [4]int{}, "no test passed"},
		{"attributes and artifacts", with(`{"Action":"attr","Package":"p","Test":"A","Key":"k","Value":"v"}`, `{"Action":"artifacts","Package":"p","Test":"A","Path":"/x"}`), passed, [4]int{1, 0, 0, 0}, ""},
		{"blank lines", "\n" + events(one...) + "\n\n", passed, [4]int{1, 0, 0, 0}, ""},
		{"output that looks like events", events("start p", "run p A", `{"Action":"output","Package":"p","Test":"A","Output":"{\"Action\":\"fail\"}\n--- FAIL: A\n"}`, "pass p A", "pass p"), passed, [4]int{1, 0, 0, 0}, ""},

		{"empty", "", none, [4]int{}, "empty"},
		{"no last package event", events(one[:3]...), none, [4]int{}, `package "p" has no result`},
		{"a package that only started", with("start q"), none, [4]int{}, `package "q" has no result`},
		{"a package that started again", with("start p"), none, [4]int{}, `package "p" has no result`},
		{"cut off in a line", strings.TrimSuffix(events(one...), "}\n"), none, [4]int{}, "cannot be read"},
		{"cut off at a line's end", strings.TrimSuffix(events(one...), "\n"), none, [4]int{}, "last line is cut off"},
		{"cut off after a failure", events("start p", "run p A", "fail p A"), failed, [4]int{0, 0, 1, 0}, ""},
		{"no beginning of a test", events("start p", "pass p A", "pass p"), none, [4]int{}, "a test has a result and did not begin"},
		{"no beginning of a test that was skipped", with("start q", "skip q B", "pass q"), none, [4]int{}, "did not begin"},
		{"no beginning of a package", events("run p A", "pass p A", "pass p"), none, [4]int{}, `package "p" has a result and did not begin`},
		{"no beginning of a package without tests", with("skip q"), none, [4]int{}, "did not begin"},
		{"no beginning, and a failure", events("fail p A", "fail p"), failed, [4]int{0, 0, 1, 0}, ""},
		{"it printed FAIL and passed", events("start p", "run p A", "pass p A", `{"Action":"output","Package":"p","Output":"FAIL\n"}`, "pass p"), none, [4]int{}, "printed FAIL"},
		{"a test printed FAIL and passed", events("start p", "run p A", `{"Action":"output","Package":"p","Test":"A","Output":"FAIL\n"}`, "pass p A", "pass p"), passed, [4]int{1, 0, 0, 0}, ""},
		{"a test without an end", events("start p", "run p A", "pass p A", "run p B", "pass p"), none, [4]int{}, "1 of its tests there is no result"},
		{"a test that began behind the end", with("run p B"), none, [4]int{}, "no result"},
		{"a line of text", with("text go: downloading example.com v1.0.0"), none, [4]int{}, "no events"},
		{"a line of text that says FAIL", with("text FAIL\tq [setup failed]"), failed, [4]int{1, 0, 1, 0}, ""},
		{"an action that nobody knows", with("crash q"), none, [4]int{}, `action "crash"`},
		{"an action in another case", events("start p", "run p A", "PASS p A", "pass p"), none, [4]int{}, `action "PASS"`},
		{"no action", with("{}"), none, [4]int{}, `action ""`},
		{"two events in one line", with(`{"Action":"output","Package":"p"} {"Action":"fail","Package":"p"}`), none, [4]int{}, "cannot be read"},
		{"a name twice", with(`{"Action":"pass","Action":"fail","Package":"q"}`), none, [4]int{}, "cannot be read"},
		{"a name in another case", with(`{"Action":"pass","action":"fail","Package":"q"}`), none, [4]int{}, "cannot be read"},
		{"JUnit", `<testsuite><testcase name="x"/></testsuite>` + "\n", none, [4]int{}, "no events"},
		{"an array", "[" + strings.TrimSpace(with()) + "]\n", none, [4]int{}, "no events"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := collect.GoTest(known(), file("test.json", c.text))
			if c.want == none {
				require.IsType(t, &collect.GapError{}, err, got.Why)
				require.Contains(t, err.Error(), c.says)
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

// A package in two files is two packages: what one of them does not end, the other
// does not either.
func TestGoTestFilesStandAlone(t *testing.T) {
	t.Parallel()
	_, err := collect.GoTest(known(), file("a", events("start p", "run p A")), file("b", events("start p", "pass p A", "pass p")))
	require.ErrorContains(t, err, "cut off")
}

// What go itself writes, of a module that is made here.
func TestGoTestForReal(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the go command")
	}
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":              "module example.com/tiny\n\ngo 1.26\n",
		"good/a.go":           "package good\n\nfunc Add(a, b int) int {\n\tif a > 100 {\n\t\treturn 0\n\t}\n\treturn a + b\n}\n",
		"good/a_test.go":      "package good\n\nimport \"testing\"\n\nfunc TestAdd(t *testing.T) {\n\tt.Run(\"sub\", func(t *testing.T) {\n\t\tif Add(1, 2) != 3 {\n\t\t\tt.Fatal()\n\t\t}\n\t})\n}\n\nfunc TestSkip(t *testing.T) { t.Skip(\"later\") }\n\nfunc BenchmarkAdd(b *testing.B) { for b.Loop() { Add(1, 2) } }\n\nfunc FuzzAdd(f *testing.F) { f.Add(1); f.Fuzz(func(t *testing.T, a int) { Add(a, a) }) }\n",
		"none/a.go":           "package none\n",
		"bad/a.go":            "package bad\n\nvar X int = \"no\"\n",
		"bad/a_test.go":       "package bad\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) {}\n",
		"panics/a_test.go":    "package panics\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) { panic(\"x\") }\n\nfunc TestY(t *testing.T) {}\n",
		"main/a_test.go":      "package main\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestMain(m *testing.M) { m.Run(); os.Exit(3) }\n\nfunc TestX(t *testing.T) {}\n",
		"exits/a_test.go":     "package exits\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestX(t *testing.T) { os.Exit(0) }\n",
		"fails/a_test.go":     "package fails\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) { t.Fail() }\n\nfunc TestY(t *testing.T) {}\n",
		"noisy/noisy_test.go": "package noisy\n\nimport (\n\t\"fmt\"\n\t\"testing\"\n)\n\nfunc TestX(t *testing.T) { fmt.Print(\"no newline\") }\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	goTool := func(args ...string) (stdout string, ok bool) {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		var out, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &stderr
		err := cmd.Run()
		_, exited := err.(*exec.ExitError)
		require.True(t, err == nil || exited, "%v %s", err, stderr.String())
		return out.String(), err == nil
	}
	run := collect.Run{Version: "go1.26", Succeeded: release.AnswerYes}
	profile := filepath.Join(dir, "cover.out")
	for _, c := range []struct {
		args   string
		want   predicate.TestOutcome
		n      [4]int
		cached int
	}{
		{"./good ./none ./noisy", passed, [4]int{5, 0, 0, 1}, 0},
		{"./good ./none ./noisy", passed, [4]int{5, 0, 0, 1}, 2},
		{"./good ./bad ./panics ./main ./exits ./fails", failed, [4]int{6, 0, 6, 1}, 1},
		{"-bench=. -benchtime=1x -count=2 -covermode=count -coverprofile=" + profile + " ./good", passed, [4]int{8, 0, 0, 2}, 0},
	} {
		out, ok := goTool(append([]string{"test", "-json"}, strings.Fields(c.args)...)...)
		got, err := collect.GoTest(run, file("test.json", out))
		require.NoError(t, err, "%s\n%s", c.args, out)
		require.Equal(t, c.want, got.Result.Result, "%s: %s\n%s", c.args, got.Why, out)
		require.Equal(t, c.n, counts(got), "%s\n%s", c.args, out)
		require.Equal(t, c.cached, got.Cached, "%s\n%s", c.args, out)
		require.WithinDuration(t, time.Now(), got.Sources[0].At, time.Hour)
		require.EqualValues(t, "go test", got.Sources[0].Tool)
		if c.want == passed {
			require.True(t, ok, c.args)
		}
	}
	b, err := os.ReadFile(profile)
	require.NoError(t, err)
	coverage, err := collect.GoCover(known(), collect.File{Path: "cover.out", Bytes: b})
	require.NoError(t, err)
	require.Equal(t, []collect.Count{{Unit: collect.UnitStatement, Covered: 2, Total: 3, Files: 1}}, coverage.Counts)
}

func TestHostileGoTest(t *testing.T) {
	var many strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&many, "{\"Action\":\"start\",\"Package\":\"p%d\"}\n", i)
	}
	in := append(hostile.Texts(), hostile.Input{Name: "many packages", Text: []byte(many.String())}, hostile.Input{Name: "many events that say nothing", Text: []byte(strings.Repeat("{}\n", 5<<20))}, hostile.Input{Name: "many braces", Text: []byte(strings.Repeat("{\n", 4<<20))})
	for i := range in {
		in[i].Fine = false
	}
	hostile.Check(t, in, func(b []byte) bool {
		_, err := collect.GoTest(known(), collect.File{Path: "x", Bytes: b})
		return err != nil
	})
}

// A file that was not read is a source too, with its digest.
func TestSourcesOfAFailedRun(t *testing.T) {
	t.Parallel()
	run := known()
	run.Succeeded = release.AnswerNo
	got, err := collect.GoTest(run, file("b", "broken"), file("a", events("start p", "run p A", "pass p A", "pass p")))
	require.NoError(t, err)
	require.Equal(t, failed, got.Result.Result)
	require.NotEmpty(t, got.Gaps)
	sources, err := collect.Sources(got.Result)
	require.NoError(t, err)
	require.Equal(t, got.Sources, sources)
	require.EqualValues(t, "a", sources[0].Path)
	require.Equal(t, release.DigestOf([]byte("broken")), sources[1].Digest)
}

// Sources that do not say enough are not read as if they did.
func TestSourcesThatAreRefused(t *testing.T) {
	t.Parallel()
	of := func(name, annotation string) predicate.TestResult {
		r := predicate.Resource{Name: name, Digest: map[string]string{"sha256": release.DigestOf(nil).Hex()}}
		if annotation != "" {
			r.Annotations = map[string]json.RawMessage{"sallyportSource": json.RawMessage(annotation)}
		}
		return predicate.TestResult{Configuration: []predicate.Resource{r}}
	}
	sources, err := collect.Sources(of("x", `{"format":"f","tool":"t","version":"1","at":"2026-03-01T12:00:00Z"}`))
	require.NoError(t, err)
	require.Len(t, sources, 1)
	for name, p := range map[string]predicate.Predicate{
		"others' own":  of("x", ""),
		"none":         predicate.TestResult{},
		"no name":      of("", `{"tool":"t","version":"1","at":"2026-03-01T12:00:00Z"}`),
		"no tool":      of("x", `{"version":"1","at":"2026-03-01T12:00:00Z"}`),
		"no version":   of("x", `{"tool":"t","at":"2026-03-01T12:00:00Z"}`),
		"no time":      of("x", `{"tool":"t","version":"1"}`),
		"no review":    predicate.Review{},
		"no predicate": nil,
	} {
		sources, err := collect.Sources(p)
		require.Error(t, err, name)
		require.Nil(t, sources, name)
	}
}
