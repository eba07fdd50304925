package collect_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/evidence/collect"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
)

// model is a JUnit file in the making: suites and tests in a tree.
type model struct {
	kind  string // "suite", or what became of a test
	inner []*model
	told  bool // whether a suite carries its totals
}

func drawModel(t *rapid.T, depth int) *model {
	kinds := []string{"pass", "pass", "pass", "skip", "flaky"}
	if depth > 0 {
		kinds = append(kinds, "suite", "suite")
	}
	if rapid.IntRange(0, 8).Draw(t, "bad") == 0 {
		kinds = []string{"fail", "error", "both"}
	}
	m := &model{kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
	if m.kind == "suite" {
		m.draw(t, depth-1)
	}
	return m
}

func (m *model) draw(t *rapid.T, depth int) {
	m.kind, m.told = "suite", rapid.Bool().Draw(t, "told")
	for range rapid.IntRange(0, 4).Draw(t, "size") {
		m.inner = append(m.inner, drawModel(t, depth))
	}
}

// counts are passed, flaky, failed, skipped.
func (m *model) counts() (n [4]int) {
	switch m.kind {
	case "pass":
		n[0]++
	case "flaky":
		n[1]++
	case "fail", "error", "both":
		n[2]++
	case "skip":
		n[3]++
	}
	for _, c := range m.inner {
		for i, k := range c.counts() {
			n[i] += k
		}
	}
	return n
}

func (m *model) write(b *strings.Builder) {
	if m.kind != "suite" {
		inner := map[string]string{"pass": "", "skip": "<skipped/>", "flaky": "<flakyFailure/>", "fail": "<failure/>", "error": "<error/>", "both": "<skipped/><failure/><error/>"}[m.kind]
		fmt.Fprintf(b, "<testcase name='t%d' time='0.1'>%s</testcase>", b.Len(), inner)
		return
	}
	b.WriteString("<testsuite name='s'")
	if m.told {
		n := m.counts()
		fmt.Fprintf(b, " tests='%d' failures='%d' errors='0' skipped='%d'", n[0]+n[1]+n[2]+n[3], n[2], n[3])
	}
	b.WriteString(">")
	for _, c := range m.inner {
		c.write(b)
	}
	b.WriteString("<system-out>&lt;failure/&gt;</system-out></testsuite>")
}

// all are the suites of a model.
func (m *model) all() []*model {
	out := []*model{m}
	for _, c := range m.inner {
		if c.kind == "suite" {
			out = append(out, c.all()...)
		}
	}
	return out
}

func drawFiles(t *rapid.T) []*model {
	out := make([]*model, rapid.IntRange(1, 4).Draw(t, "files"))
	for i := range out {
		out[i] = &model{}
		out[i].draw(t, 2)
	}
	return out
}

func files(models []*model) []collect.File {
	var out []collect.File
	for i, m := range models {
		var b strings.Builder
		m.write(&b)
		out = append(out, file(fmt.Sprintf("f%d.xml", i), b.String()))
	}
	return out
}

// TestJUnitCounts: what was made of the elements is what is counted; the order of the
// files changes nothing; and a failing test, wherever it is put, makes the whole fail.
func TestJUnitCounts(t *testing.T) {
	t.Parallel()
	seen := map[predicate.TestOutcome]int{}
	rapid.Check(t, func(t *rapid.T) {
		models := drawFiles(t)
		var n [4]int
		for _, m := range models {
			for i, k := range m.counts() {
				n[i] += k
			}
		}
		want := passed
		switch {
		case n[2] > 0 || n[0]+n[1] == 0:
			want = failed
		case n[1] > 0:
			want = warned
		}
		run := known()
		fs := files(models)
		got, err := collect.JUnit(run, fs...)
		require.NoError(t, err)
		require.Equal(t, n, counts(got))
		require.Equal(t, want, got.Result.Result)
		seen[want]++
		again, err := collect.JUnit(run, rapid.Permutation(fs).Draw(t, "order")...)
		require.NoError(t, err)
		require.Equal(t, got, again)

		suite := rapid.SampledFrom(rapid.SampledFrom(models).Draw(t, "file").all()).Draw(t, "suite")
		at := rapid.IntRange(0, len(suite.inner)).Draw(t, "at")
		suite.inner = slices.Insert(suite.inner, at, &model{kind: rapid.SampledFrom([]string{"fail", "error", "both"}).Draw(t, "worse")})
		run.AllowFlaky = true
		worse, err := collect.JUnit(run, files(models)...)
		require.NoError(t, err)
		require.Equal(t, failed, worse.Result.Result)
		require.Equal(t, n[2]+1, worse.Failed)
	})
	for _, o := range []predicate.TestOutcome{passed, warned, failed} {
		require.Greater(t, seen[o], 5, "the cases are worth something: %v", seen)
	}
}

// TestNoPrefixPasses: no file that is cut off anywhere says PASSED, nor that anything
// was measured.
func TestNoPrefixPasses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pytest.xml", "gotestsum.xml", "jest.xml", "node.xml", "googletest.xml"} {
		text := strings.TrimSpace(string(fixture(t, name).Bytes))
		for n := range len(text) {
			_, err := collect.JUnit(known(), file(name, text[:n]))
			require.Error(t, err, "%s cut off at %d", name, n)
		}
	}
	stream := events("start p", "start q", "run p A", "run q B", "pass q B", "pass p A", "pass q", "pass p")
	for n := range len(stream) {
		_, err := collect.GoTest(known(), file("x", stream[:n]))
		require.Error(t, err, "cut off at %d", n)
	}
	text := strings.TrimSpace(string(fixture(t, "cobertura.xml").Bytes))
	for n := range len(text) {
		_, err := collect.Cobertura(known(), file("x", text[:n]))
		require.Error(t, err, "cut off at %d", n)
	}
}

// TestGoTestInterleaves: packages in any order of their events have the results that
// each has alone.
func TestGoTestInterleaves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var streams [][]string
		var n [4]int
		for i := range rapid.IntRange(1, 4).Draw(t, "packages") {
			p := fmt.Sprintf("p%d", i)
			lines, bad := []string{"start " + p}, false
			for j := range rapid.IntRange(0, 4).Draw(t, "tests") {
				end := rapid.SampledFrom([]string{"pass", "pass", "pass", "skip", "fail"}).Draw(t, "end")
				lines = append(lines, fmt.Sprintf("run %s T%d", p, j), fmt.Sprintf("%s %s T%d", end, p, j))
				n[map[string]int{"pass": 0, "fail": 2, "skip": 3}[end]]++
				bad = bad || end == "fail"
			}
			final := "pass " + p
			if bad {
				final = "fail " + p
			}
			streams = append(streams, append(lines, final))
		}
		var all []string
		for left := slices.Clone(streams); len(left) > 0; {
			i := rapid.IntRange(0, len(left)-1).Draw(t, "next")
			all = append(all, left[i][0])
			if left[i] = left[i][1:]; len(left[i]) == 0 {
				left = slices.Delete(left, i, i+1)
			}
		}
		got, err := collect.GoTest(known(), file("x", events(all...)))
		require.NoError(t, err)
		require.Equal(t, n, counts(got))
		want := passed
		if n[2] > 0 || n[0] == 0 {
			want = failed
		}
		require.Equal(t, want, got.Result.Result)
	})
}

// TestCoverageMerges: what several profiles say together is what a slow merge says, in
// any order, and no profile that is added lowers what was reached.
func TestCoverageMerges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := map[int]int{} // statements of each block
		hit := map[int]bool{}
		profile := func() string {
			b := "mode: count\n"
			for range rapid.IntRange(1, 6).Draw(t, "blocks") {
				block := rapid.IntRange(1, 8).Draw(t, "block")
				if size[block] == 0 {
					size[block] = rapid.IntRange(1, 3).Draw(t, "statements")
				}
				hits := rapid.IntRange(0, 2).Draw(t, "hits")
				hit[block] = hit[block] || hits > 0
				b += fmt.Sprintf("f%d.go:%d.1,%d.9 %d %d\n", block%3, block, block, size[block], hits)
			}
			return b
		}
		var fs []collect.File
		var last collect.Count
		for i := range rapid.IntRange(1, 4).Draw(t, "profiles") {
			fs = append(fs, file(fmt.Sprint("c", i), profile()))
			got, err := collect.GoCover(known(), rapid.Permutation(fs).Draw(t, "order")...)
			require.NoError(t, err)
			want := collect.Count{Unit: collect.UnitStatement}
			in := map[int]bool{}
			for b, n := range size {
				want.Total += int64(n)
				if hit[b] {
					want.Covered += int64(n)
				}
				in[b%3] = true
			}
			want.Files = len(in)
			require.Equal(t, []collect.Count{want}, got.Counts)
			require.GreaterOrEqual(t, want.Covered, last.Covered)
			last = want
		}
	})
}
