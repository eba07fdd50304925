package table_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/table"
	"github.com/sallyport-dev/sallyport/release"
)

func Example() {
	const deployments = `Time,App,Environment,Result,Version
2026-06-01T09:00:00Z,shop,production,ok,1.4.0
2026-06-02T09:00:00Z,shop,production,broken,1.5.0
2026-06-02T09:30:00Z,shop,production,ok,1.4.0
`
	var log metrics.Log
	for row, err := range table.ReadCSV(strings.NewReader(deployments), table.Options{
		Kind: metrics.KindDeployment, Source: "ci", Names: map[string]string{"app": "service", "result": "outcome"},
		Outcomes: map[string]metrics.DeploymentOutcome{"ok": metrics.DeploymentSucceeded, "broken": metrics.DeploymentFailed},
	}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if _, err := log.Add(row.Fact); err != nil {
			fmt.Printf("line %d: %v\n", row.Line, err)
			return
		}
	}
	from := time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)
	report, err := metrics.Compute(log.Snapshot(from.AddDate(0, 0, 7)), metrics.DORA(), metrics.Query{From: from, To: from.AddDate(0, 0, 7), Window: metrics.WindowWeek, By: []string{metrics.DimService}})
	if err != nil {
		fmt.Println(err)
		return
	}
	var out strings.Builder
	if err := table.WriteResults(&out, report); err != nil {
		fmt.Println(err)
		return
	}
	for line := range strings.Lines(out.String()) {
		fmt.Println(strings.Join(strings.Split(line, ",")[:6], ","))
	}
	// Output:
	// metric,service,from,to,status,value
	// change-lead-time,shop,2026-06-01T00:00:00Z,2026-06-08T00:00:00Z,no-data,
	// deployment-frequency,shop,2026-06-01T00:00:00Z,2026-06-08T00:00:00Z,too-few,
	// failed-deployment-recovery-time,shop,2026-06-01T00:00:00Z,2026-06-08T00:00:00Z,too-few,1800
	// change-fail-rate,shop,2026-06-01T00:00:00Z,2026-06-08T00:00:00Z,ok,0.5
	// deployment-rework-rate,shop,2026-06-01T00:00:00Z,2026-06-08T00:00:00Z,ok,0.3333333333333333
}

func read(text string, o table.Options) ([]metrics.Fact, error) {
	var out []metrics.Fact
	for row, err := range table.ReadCSV(strings.NewReader(text), o) {
		if err != nil {
			return out, err
		}
		out = append(out, row.Fact)
	}
	return out, nil
}

func at(hour int) time.Time { return time.Date(2026, time.June, 1, hour, 0, 0, 0, time.UTC) }

// TestEveryColumn: each column of each kind reaches its field.
func TestEveryColumn(t *testing.T) {
	t.Parallel()
	meta := metrics.Meta{Source: "s", ID: "7", Rev: 3, At: at(9), Seen: at(10), Service: "shop", Environment: "production", Dims: metrics.Dims{"region": "eu"}}
	ref := func(id string) metrics.Ref { return metrics.Ref{Source: "other", ID: id} }
	digest := release.Digest{1, 2, 3}
	cells := map[string]string{"time": "2026-06-01T09:00:00Z", "id": "7", "revision": "3", "seen": "2026-06-01T12:00:00+02:00", "deleted": "false", "service": "shop",
		"environment": "production", "region": "eu", "version": "v2", "artifact": "sha256:1", "started": "1780300800", "outcome": "failed", "detected": "2026-06-01T09:00:00Z",
		"recovered": "2026-06-01T10:00:00Z", "planned": "no", "release": digest.String(), "follows": "v1", "commit": "abc", "tier": "high", "risk": "0.25", "changes": "1  2", "fixes": "3",
		"rollback-of": "6", "first-commit": "2026-06-01T01:00:00Z", "opened": "2026-06-01T02:00:00Z", "first-review": "2026-06-01T03:00:00Z", "approved": "2026-06-01T04:00:00Z",
		"merged": "2026-06-01T05:00:00Z", "revert-of": "5", "resolved": "2026-06-01T11:00:00Z", "mitigated": "2026-06-01T10:30:00Z", "caused-by": "4", "severity": "SEV1", "noticed-by": "alert"}
	for kind, want := range map[metrics.FactKind]metrics.Fact{
		metrics.KindDeployment: metrics.Deployment{Meta: meta, Started: at(8), Outcome: metrics.DeploymentFailed, Detected: at(9), Recovered: at(10), Version: "v2", Artifact: "sha256:1",
			Release: digest, Follows: "v1", Commit: "abc", Tier: release.TierHigh, Risk: 0.25, Changes: []metrics.Ref{ref("1"), ref("2")}, Planned: metrics.PlannedNo,
			Fixes: []metrics.Ref{ref("3")}, RollbackOf: ref("6")},
		metrics.KindChange: metrics.Change{Meta: meta, FirstCommit: at(1), Opened: at(2), FirstReview: at(3), Approved: at(4), Merged: at(5), Commit: "abc", RevertOf: ref("5")},
		metrics.KindIncident: metrics.Incident{Meta: meta, Resolved: at(11), Mitigated: at(10).Add(30 * time.Minute), CausedBy: ref("4"), Artifact: "sha256:1", Version: "v2",
			Severity: "SEV1", NoticedBy: "alert"},
	} {
		names := append(table.Columns(kind), "region")
		var row []string
		for _, n := range names {
			require.Contains(t, cells, n)
			row = append(row, cells[n])
		}
		text := strings.Join(names, ";") + "\r\n" + strings.Join(row, ";") + "\r\n"
		got, err := read(text, table.Options{Kind: kind, Source: "s", Comma: ';', Dims: []string{"region"}, RefSource: "other"})
		require.NoError(t, err)
		require.Equal(t, []metrics.Fact{want}, got)
		// The same without a header, and what is not said is not there.
		got, err = read(strings.Repeat(";", len(names)-2)+"2026-06-01T09:00:00Z;\n", table.Options{Kind: kind, Source: "s", Comma: ';', Header: append(slices.Clone(names[1:]), "time")})
		require.ErrorContains(t, err, `"region" is no column`)
		require.Empty(t, got)
		got, err = read(strings.Repeat(";", len(names)-1)+"2026-06-01T09:00:00Z\n", table.Options{Kind: kind, Source: "s", Comma: ';', Dims: []string{"region"}, Header: append(slices.Clone(names[1:]), "time")})
		require.NoError(t, err)
		bare := metrics.Meta{Source: "s", ID: "1", At: at(9), Seen: at(9)}
		require.Equal(t, []metrics.Fact{map[metrics.FactKind]metrics.Fact{metrics.KindDeployment: metrics.Deployment{Meta: bare},
			metrics.KindChange: metrics.Change{Meta: bare}, metrics.KindIncident: metrics.Incident{Meta: bare}}[kind]}, got)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	good := table.Options{Kind: metrics.KindDeployment, Source: "ci"}
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "line 1: there is no header"},
		{"empty lines", "\n\r\n\n", "line 1: there is no header"},
		{"no time", "id,version\n", `line 1: column "time": there is no such column`},
		{"twice", "time,id,id\n", `line 1: column "id": it stands twice`},
		{"unknown column", "time,colour\n", `line 1: column "colour": "colour" is no column of a deployment`},
		{"an incident's column", "time,resolved\n", `"resolved" is no column of a deployment`},
		{"few cells", "time,id\n1\n", "line 2: 1 cells and not 2"},
		{"many cells", "time\n1,2\n", "line 2: 2 cells and not 1"},
		{"empty time", "time,id\n\n,7\n", `line 3: column "time": it is empty`},
		{"milliseconds", "time\n1780300800000\n", `no time in Unix seconds`},
		{"a word for a time", "time\nyesterday\n", `line 2: column "time": "yesterday" is no time`},
		{"no zone", "time\n2026-06-01T09:00:00\n", "is no time"},
		{"outcome", "time,outcome\n1,fine\n", `line 2: column "outcome"`},
		{"planned", "time,planned\n1,maybe\n", `column "planned"`},
		{"risk 0", "time,risk\n1,0\n", "no probability above 0"},
		{"risk NaN", "time,risk\n1,NaN\n", "no probability above 0"},
		{"risk in percent", "time,risk\n1,25\n", "no probability above 0"},
		{"revision", "time,revision\n1,-1\n", `column "revision"`},
		{"deleted", "time,deleted\n1,yes\n", "neither true nor false"},
		{"digest", "time,release\n1,abc\n", `column "release"`},
		{"tier", "time,tier\n1,huge\n", `column "tier"`},
		{"a quote within", "time,id\n1,a\"b\n", "line 2: a quote within a field"},
		{"text behind a quote", "time,id\n1,\"a\"b\n", "line 2: text after the quote"},
		{"no end of a quote", "time,id\n1,\"a\nb\n", "line 2: a quoted field has no end"},
		{"UTF-16", "\xff\xfet\x00i\x00", "line 1: it is not UTF-8"},
		{"not UTF-8", "time,id\n1,\xc3\n", "line 2: it is not UTF-8"},
		{"not UTF-8 in quotes", "time,id\n1,\"\xc3\"\n", "line 2: it is not UTF-8"},
		{"a long row", "time,id\n1," + strings.Repeat("x", 1<<20) + "\n", "line 2: a row of more than 1048576 bytes"},
		{"a long row of short lines", "time,id\n1,\"" + strings.Repeat("xxxxxxx\n", 1<<18) + "\"\n", "line 2: a row of more than 1048576 bytes"},
	} {
		_, err := read(c.text, good)
		require.ErrorContains(t, err, c.want, c.name)
		var row *table.Error
		require.ErrorAs(t, err, &row, c.name)
	}
	for _, o := range []table.Options{{}, {Kind: metrics.KindDeployment}, {Source: "ci"}, {Kind: 9, Source: "ci"}, {Kind: metrics.KindDeployment, Source: "ci", Comma: '"'},
		{Kind: metrics.KindDeployment, Source: "ci", Comma: '\n'}, {Kind: metrics.KindDeployment, Source: "ci", Comma: 0xc3}} {
		got, err := read("time\n1\n", o)
		require.ErrorContains(t, err, "table: ", "%+v", o)
		require.Empty(t, got)
	}
	_, err := read("time,outcome\n1,succeeded\n", table.Options{Kind: metrics.KindDeployment, Source: "ci", Outcomes: map[string]metrics.DeploymentOutcome{"ok": metrics.DeploymentSucceeded}})
	require.ErrorContains(t, err, `nobody said what outcome "succeeded" is`)
	// What was read before stands.
	got, err := read("time,id\n1,a\nx,b\n", good)
	require.Error(t, err)
	require.Len(t, got, 1)
	// A reader that breaks.
	broken := errors.New("the disk")
	for _, err := range table.ReadCSV(io.MultiReader(strings.NewReader("time\n1\n"), iotest.ErrReader(broken)), good) {
		if err != nil {
			require.ErrorIs(t, err, broken)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	london, err := time.LoadLocation("Europe/London")
	require.NoError(t, err)
	in := table.TimeIn("02/01/2006 15:04", london)
	got, err := in("01/06/2026 10:00")
	require.NoError(t, err)
	require.Equal(t, at(9), got)
	for cell, want := range map[string]string{"29/03/2026 01:30": "never showed", "25/10/2026 01:30": "twice", "2026-06-01": "no time like", "31/02/2026 10:00": "no time like"} {
		_, err := in(cell)
		require.ErrorContains(t, err, want, cell)
	}
	_, err = in("25/10/2026 02:00")
	require.NoError(t, err)
	for cell, want := range map[string]time.Time{"0": time.Unix(0, 0).UTC(), " 1780300800 ": at(8), "-1": time.Unix(-1, 0).UTC(), "2026-06-01T09:00:00.5Z": at(9).Add(500 * time.Millisecond)} {
		got, err := table.Time(cell)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// TestScansLikeEncodingCSV: what both read has the same cells, and this reader
// refuses what that one does.
func TestScansLikeEncodingCSV(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		compareScan(t, rapid.StringOfN(rapid.RuneFrom([]rune("ab,\"\n\r é")), 0, 40, -1).Draw(t, "text"))
	})
}

type fataler interface{ Fatalf(string, ...any) }

// compareScan reads rows of any number of cells by this package, one cell at a time
// being an ID.
func compareScan(t fataler, text string) {
	std := csv.NewReader(strings.NewReader("time,id\n" + text))
	want, wrong := [][]string{}, false
	for {
		row, err := std.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			wrong = true
			break
		}
		want = append(want, row)
	}
	var got [][]string
	var failed error
	for row, err := range table.ReadCSV(strings.NewReader("time,id\n"+text), table.Options{Kind: metrics.KindDeployment, Source: "ci",
		Time: func(cell string) (time.Time, error) { return time.Unix(int64(len(cell)), 0).UTC(), nil }}) {
		if failed = err; err == nil {
			d := row.Fact.(metrics.Deployment)
			got = append(got, []string{fmt.Sprint(d.At.Unix()), d.ID})
		}
	}
	for i, row := range got {
		if i+1 >= len(want) {
			t.Fatalf("%q: a row that encoding/csv does not have: %q", text, row)
		}
		std := want[i+1]
		if row[0] != fmt.Sprint(len(std[0])) || std[1] != "" && row[1] != std[1] {
			t.Fatalf("%q: row %d is %q and not %q", text, i, row, std)
		}
	}
	if failed == nil && (wrong || len(got) != len(want)-1) {
		t.Fatalf("%q: %d rows without an error; encoding/csv has %d, wrong: %v", text, len(got), len(want)-1, wrong)
	}
}

func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{"1,a\n", "1,\"a\"\"b\"\r\n", "\"1\n2\",x", "1,\"", "\xef\xbb\xbf1,2", ",\n,\n", "1,a\"\n", "\"\",\"\"", "1,\r\n", "a,b,c\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { compareScan(t, text) })
}

// TestGovUK reads the real file.
func TestGovUK(t *testing.T) {
	t.Parallel()
	f, err := os.Open(realdata.Path(t, "deployments/govuk.csv.gz"))
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	n, services := 0, map[string]bool{}
	for row, err := range table.ReadCSV(z, table.Options{Kind: metrics.KindDeployment, Source: "govuk", Header: []string{"time", "environment", "service", "version"}, Outcome: metrics.DeploymentSucceeded}) {
		require.NoError(t, err)
		d := row.Fact.(metrics.Deployment)
		n++
		services[d.Service] = true
		require.Equal(t, n, row.Line)
		require.Equal(t, metrics.DeploymentSucceeded, d.Outcome)
	}
	require.Equal(t, 115_405, n)
	require.Greater(t, len(services), 50)
}

func TestLines(t *testing.T) {
	t.Parallel()
	facts := []metrics.Fact{
		metrics.Deployment{Meta: metrics.Meta{Source: "ci", ID: "1", At: at(9), Seen: at(9), Service: "a,\"b", Environment: "p"}, Outcome: metrics.DeploymentSucceeded, Tier: release.TierHigh},
		metrics.Incident{Meta: metrics.Meta{Source: "pager", ID: "2", At: at(9), Seen: at(9)}, Resolved: at(10)},
	}
	var b bytes.Buffer
	require.NoError(t, table.WriteLines(&b, slices.Values(facts)))
	require.Equal(t, 2, strings.Count(b.String(), "\n"))
	var got []metrics.Fact
	for row, err := range table.ReadLines(io.MultiReader(strings.NewReader("\n \n"), &b)) {
		require.NoError(t, err)
		require.Equal(t, len(got)+3, row.Line)
		got = append(got, row.Fact)
	}
	require.Equal(t, facts, got)
	for text, want := range map[string]string{"{}": "line 1", "\n\n{\"kind\":\"deployment\"": "line 3", "[]\n": "line 1", strings.Repeat(" ", 2<<20): "line 1: a line of more than"} {
		for _, err := range table.ReadLines(strings.NewReader(text)) {
			require.ErrorContains(t, err, want)
		}
	}
	require.ErrorContains(t, table.WriteLines(&b, slices.Values([]metrics.Fact{metrics.Deployment{}})), "cannot be written")
}

// TestResultsSurviveATable: read back by encoding/csv, every number is the same one,
// and no cell is a formula.
func TestResultsSurviveATable(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	for i, service := range []string{"=HYPERLINK(1)", "-x", "plain", "@a", "a,\"b\" c"} {
		_, err := log.Add(metrics.Deployment{Meta: metrics.Meta{Source: "ci", ID: fmt.Sprint(i), At: at(i), Seen: at(i), Service: service, Environment: "production"}, Outcome: metrics.DeploymentSucceeded})
		require.NoError(t, err)
	}
	r, err := metrics.Compute(log.Snapshot(at(100)), metrics.DORA(), metrics.Query{From: at(0), To: at(200), Window: metrics.WindowWeek, By: []string{metrics.DimService}})
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, table.WriteResults(&b, r))
	rows, err := csv.NewReader(&b).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, r.Len()+1)
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	k := 0
	for res := range r.All() {
		k++
		row := rows[k]
		require.Equal(t, res.Key[0], strings.TrimPrefix(row[column["service"]], "'"))
		for _, cell := range []string{"service", "reason", "method"} {
			require.NotContains(t, "=+-@", (strings.TrimSpace(row[column[cell]]) + "x")[:1])
		}
		for name, want := range map[string]float64{"value": res.Value, "lo": res.Lo, "hi": res.Hi} {
			cell := row[column[name]]
			if math.IsNaN(want) {
				require.Empty(t, cell, "what is not there is no 0")
				continue
			}
			var got float64
			_, err := fmt.Sscan(cell, &got)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		require.Equal(t, res.Status.String(), row[column["status"]])
		require.Equal(t, res.Definition.String(), row[column["definition"]])
	}
	require.Error(t, table.WriteResults(brokenWriter{}, r))
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("full") }

// BenchmarkReadCSV reads deployments, beside encoding/csv, which makes no facts.
func BenchmarkReadCSV(b *testing.B) {
	var text strings.Builder
	text.WriteString("time,environment,service,version\n")
	for i := range 100_000 {
		fmt.Fprintf(&text, "%d,production,service-%d,release_%d\n", 1_600_000_000+60*i, i%97, i)
	}
	var ours, theirs time.Duration
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		begin := time.Now()
		n := 0
		for _, err := range table.ReadCSV(strings.NewReader(text.String()), table.Options{Kind: metrics.KindDeployment, Source: "ci"}) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		ours += time.Since(begin)
		begin = time.Now()
		std := csv.NewReader(strings.NewReader(text.String()))
		std.ReuseRecord = true
		for {
			if _, err := std.Read(); err != nil {
				break
			}
			n--
		}
		theirs += time.Since(begin)
		if n != -1 {
			b.Fatalf("%d rows too many", n+1)
		}
	}
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "x-encoding/csv")
}
