package collect_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence/collect"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
)

type coverer func(collect.Run, ...collect.File) (collect.Coverage, error)

var coverers = map[string]coverer{"go": collect.GoCover, "cobertura": collect.Cobertura, "lcov": collect.LCOV}

// told is the coverage as "unit covered/total in files".
func told(c collect.Coverage) string {
	var out []string
	for _, n := range c.Counts {
		out = append(out, fmt.Sprintf("%s %d/%d in %d", n.Unit, n.Covered, n.Total, n.Files))
	}
	return strings.Join(out, ", ")
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	goProfile := func(lines ...string) string { return "mode: count\n" + strings.Join(lines, "\n") + "\n" }
	record := func(lines ...string) string { return "SF:a.js\n" + strings.Join(lines, "\n") + "\nend_of_record\n" }
	cob := func(attrs string, lines ...string) string {
		return "<coverage " + attrs + "><packages><package><classes><class filename='a.py'><lines>" + strings.Join(lines, "") + "</lines></class></classes></package></packages></coverage>"
	}
	for _, c := range []struct {
		format, name string
		texts        []string
		want         string // "" is an error
		says         string
	}{
		{"go", "set", []string{"mode: set\na.go:1.2,3.4 2 1\na.go:5.2,6.4 1 0\n"}, "statement 2/3 in 1", ""},
		{"go", "atomic", []string{"mode: atomic\na.go:1.2,3.4 2 18446744073709551615\n"}, "statement 2/2 in 1", ""},
		{"go", "a block twice", []string{goProfile("a.go:1.2,3.4 2 0", "a.go:1.2,3.4 2 7")}, "statement 2/2 in 1", ""},
		{"go", "two files of blocks", []string{goProfile("a.go:1.2,3.4 2 0"), "mode: set\na.go:1.2,3.4 2 1\nb.go:1.2,3.4 1 0\n"}, "statement 2/3 in 2", ""},
		{"go", "a name with spaces and colons", []string{goProfile(`C:\my code.go:1.2,3.4 2 1`)}, "statement 2/2 in 1", ""},
		{"go", "carriage returns", []string{"mode: set\r\na.go:1.2,3.4 2 1\r\n"}, "statement 2/2 in 1", ""},
		{"go", "nothing", []string{"mode: set\n"}, "", "nothing was measured"},
		{"go", "blocks without statements", []string{goProfile("a.go:1.2,3.4 0 1")}, "", "nothing was measured"},
		{"go", "empty", []string{""}, "", "does not begin with a mode"},
		{"go", "another mode", []string{"mode: regional\na.go:1.2,3.4 2 1\n"}, "", "does not begin with a mode"},
		{"go", "a second mode", []string{goProfile("a.go:1.2,3.4 2 1", "mode: count")}, "", "line 3"},
		{"go", "cut off", []string{"mode: set\na.go:1.2,3.4 2 1"}, "", "cut off"},
		{"go", "cut off in the mode", []string{"mode: set"}, "", "cut off"},
		{"go", "a count of 2 in mode set", []string{"mode: set\na.go:1.2,3.4 2 2\n"}, "", "line 2"},
		{"go", "negative", []string{goProfile("a.go:1.2,3.4 2 -1")}, "", "line 2"},
		{"go", "backwards", []string{goProfile("a.go:3.2,1.4 2 1")}, "", "line 2"},
		{"go", "signs", []string{goProfile("a.go:+1.2,3.4 2 1")}, "", "line 2"},
		{"go", "another number of statements", []string{goProfile("a.go:1.2,3.4 2 1", "a.go:1.2,3.4 3 1")}, "", "differ"},
		{"go", "a file that is broken beside", []string{goProfile("a.go:1.2,3.4 2 1"), "x"}, "", "does not begin"},

		{"lcov", "lines", []string{record("DA:1,1", "DA:2,0", "LF:2", "LH:1")}, "line 1/2 in 1", ""},
		{"lcov", "without totals", []string{record("DA:1,1")}, "line 1/1 in 1", ""},
		{"lcov", "a line twice", []string{record("DA:1,0", "DA:1,4", "DA:2,0", "LF:3", "LH:1")}, "line 1/2 in 1", ""},
		{"lcov", "fewer lines told", []string{record("DA:1,1", "DA:2,0", "LF:1", "LH:1")}, "line 1/2 in 1", ""},
		{"lcov", "checksums", []string{record("DA:1,1,XyZ=")}, "line 1/1 in 1", ""},
		{"lcov", "two runs", []string{record("DA:1,1", "DA:2,0", "BRDA:1,0,0,0", "BRDA:1,0,1,4"), record("DA:1,0", "DA:2,5", "BRDA:1,0,0,1", "BRDA:1,0,1,-")}, "line 2/2 in 1, branch 2/2 in 1", ""},
		{"lcov", "branch by an expression", []string{record("BRDA:1,e0,f(a, b),1", "BRDA:1,e0,f(a, c),0")}, "branch 1/2 in 1", ""},
		{"lcov", "empty", []string{""}, "", "empty or cut off"},
		{"lcov", "no lines", []string{record()}, "", "nothing was measured"},
		{"lcov", "cut off", []string{"SF:a.js\nDA:1,1\n"}, "", "cut off"},
		{"lcov", "cut off in the second record", []string{record("DA:1,1") + "SF:b.js\nDA:1,1\n"}, "", "cut off"},
		{"lcov", "two files in one record", []string{"SF:a.js\nDA:1,1\nSF:b.js\nend_of_record\n"}, "", "line 3"},
		{"lcov", "lines of no file", []string{"DA:1,1\nend_of_record\n"}, "", "line 1"},
		{"lcov", "an end of nothing", []string{"end_of_record\n"}, "", "line 1"},
		{"lcov", "fewer lines than told", []string{record("DA:1,1", "LF:2")}, "", "LF 2, and 1"},
		{"lcov", "totals alone", []string{record("LF:10", "LH:10")}, "", "LF 10, and 0"},
		{"lcov", "more reached than there are", []string{record("DA:1,0", "LH:1")}, "", "LH 1, and 0"},
		{"lcov", "totals twice", []string{record("DA:1,0", "LF:1", "LF:1")}, "", "line 4"},
		{"lcov", "negative", []string{record("DA:1,-1")}, "", "line 2"},
		{"lcov", "an entry that nobody knows", []string{record("DX:1,1")}, "", `"DX"`},
		{"lcov", "no entry", []string{record("hello")}, "", "line 2"},

		{"cobertura", "lines", []string{cob("", "<line number='1' hits='1'/>", "<line number='2' hits='0'/>")}, "line 1/2 in 1", ""},
		{"cobertura", "branches", []string{cob("", "<line number='1' hits='1' branch='True' condition-coverage='25% (1/4)'/>")}, "line 1/1 in 1, branch 1/4 in 1", ""},
		{"cobertura", "branch that is none", []string{cob("", "<line number='1' hits='1' branch='false' condition-coverage='100% (2/2)'/>")}, "line 1/1 in 1", ""},
		{"cobertura", "methods alone, and more told than in classes", []string{"<coverage lines-valid='3' lines-covered='2'><package><class filename='a.py'><methods><method><lines><line number='1' hits='0'/><line number='2' hits='1'/></lines></method></methods></class>" +
			"<class filename='b.py'><methods><method><lines><line number='7' hits='1'/></lines></method></methods><lines><line number='1' hits='0'/></lines></class></package></coverage>"}, "line 1/3 in 2", ""},
		{"cobertura", "a class in a class", []string{"<coverage><class filename='a.py'><class filename='b.py'/></class></coverage>"}, "", "in another"},
		{"cobertura", "a line behind its class", []string{"<coverage><class filename='a.py'/><class0><method><lines><line number='1' hits='1'/></lines></method></class0></coverage>"}, "", "outside of a class"},
		{"cobertura", "a line in two classes", []string{"<coverage lines-valid='2' lines-covered='1' branches-valid='0.0'><packages><package><classes><class filename='a.py'><lines><line number='1' hits='0'/></lines></class>" +
			"<class filename='a.py'><lines><line number='1' hits='1'/></lines></class></classes></package></packages></coverage>"}, "line 1/1 in 1", ""},
		{"cobertura", "two runs", []string{cob("", "<line number='1' hits='1'/>", "<line number='2' hits='0'/>"), cob("", "<line number='1' hits='0'/>", "<line number='2' hits='9'/>")}, "line 2/2 in 1", ""},
		{"cobertura", "two runs of branches", []string{cob("", "<line number='1' hits='1' branch='true' condition-coverage='50% (1/2)'/>"), cob("", "<line number='1' hits='1' branch='true' condition-coverage='50% (1/2)'/>")}, "line 1/1 in 1, branch 1/2 in 1", ""},
		{"cobertura", "other sources", []string{cob("", "<line number='1' hits='1' branch='true' condition-coverage='50% (1/2)'/>"), cob("", "<line number='1' hits='1' branch='true' condition-coverage='50% (2/4)'/>")}, "", "differ"},
		{"cobertura", "the same name below other sources", []string{below("/a", "1"), below("/b", "0"), below("/a", "1")}, "line 1/2 in 2", ""},
		{"cobertura", "a rate that is not that of the branches", []string{cob("", "<line number='1' hits='1' branch='true' condition-coverage='100% (1/4)'/>")}, "", "condition-coverage"},
		{"cobertura", "a rate that is rounded", []string{cob("", "<line number='1' hits='1' branch='true' condition-coverage='66,6% (2/3)'/>")}, "line 1/1 in 1, branch 2/3 in 1", ""},
		{"cobertura", "no branches", []string{cob("", "<line number='1' hits='1' branch='true' condition-coverage='100% (0/0)'/>")}, "line 1/1 in 1", ""},
		{"cobertura", "a line that does not stand among the lines", []string{"<coverage><class filename='a.py'><lines><line number='1' hits='1'/></lines><line number='2' hits='0'/></class></coverage>"}, "", "where none may"},
		{"cobertura", "a line alone", []string{"<coverage><line number='2' hits='0'/></coverage>"}, "", "where none may"},
		{"cobertura", "no lines", []string{cob("")}, "", "nothing was measured"},
		{"cobertura", "rates alone", []string{"<coverage line-rate='1' lines-valid='0'/>"}, "", "nothing was measured"},
		{"cobertura", "more lines told", []string{cob("lines-valid='2'", "<line number='1' hits='1'/>")}, "", "lines-valid 2 by its own count, and 1"},
		{"cobertura", "more reached told", []string{cob("lines-covered='1'", "<line number='1' hits='0'/>")}, "", "lines-covered 1 by its own count, and 0"},
		{"cobertura", "more branches told", []string{cob("branches-valid='2'", "<line number='1' hits='1'/>")}, "", "branches-valid 2"},
		{"cobertura", "a total that is none", []string{cob("lines-valid='many'", "<line number='1' hits='1'/>")}, "", "lines-valid"},
		{"cobertura", "no hits", []string{cob("", "<line number='1'/>")}, "", "no hits"},
		{"cobertura", "more covered than there are", []string{cob("", "<line number='1' hits='1' branch='true' condition-coverage='200% (4/2)'/>")}, "", "condition-coverage"},
		{"cobertura", "a condition in other words", []string{cob("", "<line number='1' hits='1' branch='true' condition-coverage='half'/>")}, "", "condition-coverage"},
		{"cobertura", "a class without a file", []string{"<coverage><classes><class><lines/></class></classes></coverage>"}, "", "no file name"},
		{"cobertura", "lines of no class", []string{"<coverage><lines><line number='1' hits='1'/></lines></coverage>"}, "", "where none may"},
		{"cobertura", "another root", []string{"<report/>"}, "", `"report"`},
		{"cobertura", "cut off", []string{strings.TrimSuffix(cob("", "<line number='1' hits='1'/>"), "</coverage>")}, "", "EOF"},
		{"cobertura", "a DOCTYPE that declares", []string{"<!DOCTYPE coverage [<!ENTITY a 'b'>]>" + cob("", "<line number='1' hits='1'/>")}, "", "DOCTYPE"},
		{"cobertura", "two DOCTYPEs", []string{"<!DOCTYPE coverage><!DOCTYPE coverage>" + cob("", "<line number='1' hits='1'/>")}, "", "DOCTYPE"},
		{"cobertura", "an entity of the DTD", []string{"<!DOCTYPE coverage SYSTEM 'x.dtd'>" + cob("lines-valid='&n;'", "<line number='1' hits='1'/>")}, "", "XML"},
	} {
		t.Run(c.format+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			var files []collect.File
			for i, text := range c.texts {
				files = append(files, file(fmt.Sprintf("f%d", i), text))
			}
			got, err := coverers[c.format](known(), files...)
			if c.want == "" {
				require.ErrorContains(t, err, c.says)
				require.Zero(t, got)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, told(got))
			back, err := collect.CoverageOf(got.Result)
			require.NoError(t, err)
			require.Equal(t, got.Counts, back)
			sources, err := collect.Sources(got.Result)
			require.NoError(t, err)
			require.Equal(t, got.Sources, sources)
			require.Len(t, sources, len(files))
		})
	}
}

func TestCoverageFixtures(t *testing.T) {
	t.Parallel()
	got, err := collect.Cobertura(collect.Run{Tool: "coverage.py", Succeeded: release.AnswerYes}, fixture(t, "cobertura.xml"))
	require.NoError(t, err)
	require.Equal(t, "line 3/5 in 2, branch 1/2 in 1", told(got))
	require.EqualValues(t, "7.4.1", got.Sources[0].Version)
	require.Equal(t, "2026-03-01T12:00:00Z", got.Sources[0].At.Format(time.RFC3339))
	got, err = collect.LCOV(known(), fixture(t, "lcov.info"))
	require.NoError(t, err)
	require.Equal(t, "line 2/4 in 2, branch 1/3 in 1", told(got))

	run := known()
	run.Succeeded = release.AnswerNo
	_, err = collect.LCOV(run, fixture(t, "lcov.info"))
	require.ErrorContains(t, err, "the run failed")
	run.Succeeded = release.AnswerUnknown
	_, err = collect.LCOV(run, fixture(t, "lcov.info"))
	require.ErrorContains(t, err, "Run.Succeeded")
	run = known()
	run.Started = time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC)
	_, err = collect.Cobertura(run, fixture(t, "cobertura.xml"))
	require.ErrorContains(t, err, "of another run")
	run = known()
	run.At = time.Time{}
	_, err = collect.LCOV(run, fixture(t, "lcov.info"))
	require.ErrorContains(t, err, "when the tool ran")
}

func TestRatio(t *testing.T) {
	t.Parallel()
	r, ok := collect.Count{Covered: 1, Total: 4}.Ratio()
	require.True(t, ok)
	require.Equal(t, 0.25, r)
	for _, n := range []collect.Count{{}, {Covered: 1}, {Covered: 2, Total: 1}, {Covered: -1, Total: 1}, {Total: -1}} {
		_, ok := n.Ratio()
		require.False(t, ok, "%v", n)
	}
}

// Others' predicates are read with the same care as others' files.
func TestCoverageOfOthers(t *testing.T) {
	t.Parallel()
	scai := func(conditions ...string) predicate.SCAI {
		var p predicate.SCAI
		for _, c := range conditions {
			p.Attributes = append(p.Attributes, predicate.AttributeAssertion{Attribute: collect.TestCoverage, Conditions: json.RawMessage(c)})
		}
		return p
	}
	const good = `{"unit":"line","covered":1,"total":2,"files":1}`
	for _, c := range []predicate.SCAI{scai(""), scai("{}"), scai(`{"unit":"line","covered":0,"total":0}`), scai(`{"unit":"line","covered":3,"total":2}`), scai(`{"unit":"page","covered":1,"total":2}`),
		scai(good, good), scai(`{"unit":"line","covered":1,"covered":2,"total":2}`), scai(`{"unit":"line","Covered":1,"total":2}`), scai(`{"unit":"line","covered":1e0,"total":2.5}`)} {
		_, err := collect.CoverageOf(c)
		require.Error(t, err, "%s", c.Attributes)
	}
	got, err := collect.CoverageOf(scai(good))
	require.NoError(t, err)
	require.Len(t, got, 1)
	got, err = collect.CoverageOf(predicate.SCAI{Attributes: []predicate.AttributeAssertion{{Attribute: "WITH_STACK_PROTECTION"}}})
	require.NoError(t, err)
	require.Empty(t, got)
}

// below is a report of one line of m.py below root.
func below(root, hits string) string {
	return "<coverage><sources><source>" + root + "</source></sources><class filename='m.py'><lines><line number='1' hits='" + hits + "'/></lines></class></coverage>"
}

func TestHostileCoverage(t *testing.T) {
	var blocks, lines strings.Builder
	blocks.WriteString("mode: set\n")
	lines.WriteString("SF:a\n")
	for i := range 500_000 {
		if i < 400_000 {
			fmt.Fprintf(&blocks, "a.go:%d.1,%d.1 1 1\n", i, i)
		}
		fmt.Fprintf(&lines, "DA:%d,1\n", i)
	}
	// A quote in the comment, which one reader sees and the other does not.
	hidden := "<!DOCTYPE coverage <!-- \" --> ><coverage " + manyAttributes(300_000) + `z=">" y=''/>`
	for name, read := range coverers {
		t.Run(name, func(t *testing.T) {
			in := []hostile.Input{{Name: "too large", Text: make([]byte, collect.MaxBytes+1)}, {Name: "many commas", Text: []byte("SF:a\nDA:" + strings.Repeat(",", 15<<20))}, {Name: "hidden attributes", Text: []byte(hidden)}} // the usual ones are tried with other formats
			hostile.Check(t, append(in, hostile.Input{Name: "many blocks without an end", Text: []byte(blocks.String() + "a.go")}, hostile.Input{Name: "many lines", Text: []byte(lines.String())}), func(b []byte) bool {
				_, err := read(known(), collect.File{Path: "x", Bytes: b})
				return err != nil
			})
		})
	}
}
