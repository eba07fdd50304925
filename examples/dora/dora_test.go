package main_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/realdata"
)

// program is the built example: the tests run it as people do.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "dora-test-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "dora")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Stderr = os.Stderr
	code := 1
	if err := errors.Join(lookAtSources(), build.Run()); err == nil {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// lookAtSources opens what the program is built of. The go command takes a test's
// result from its cache unless something changed that the test itself opened, and what
// a build opens does not count.
func lookAtSources() error {
	for _, dir := range []string{".", "../../metrics", "../../internal", "../../release"} {
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
				return err
			}
			_, err = os.ReadFile(path)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dora runs the program in a directory.
func dora(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, wrong bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &wrong
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return out.String(), wrong.String(), exit.ExitCode()
	}
	require.NoError(t, err)
	return out.String(), wrong.String(), 0
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	b := []byte(text)
	if strings.HasSuffix(name, ".gz") {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		_, err := w.Write(b)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		b = z.Bytes()
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o644))
}

// back is a service that goes A B A B A, with another version at the end.
const back = `1767225600,production,shop,a
1767312000,production,shop,b
1767315600,production,shop,a
1767398400,production,shop,b
1767402000,production,shop,a
1767484800,production,shop,c
1767484800,staging,shop,d
`

func TestMeasures(t *testing.T) {
	t.Parallel()
	for name, deployments := range map[string]string{
		"d.csv":    back,
		"d.csv.gz": back,
		"h.csv":    "version,service,time,environment\r\n" + columnsTurned(back),
		"d.jsonl":  jsonLines(back),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, name, deployments)
			out, wrong, code := dora(t, dir, "-deployments", name, "-out", "charts")
			require.Zero(t, code, wrong)
			require.Contains(t, wrong, "7 deployments read")
			require.Contains(t, out, "7 deployments, 0 changes, 0 incidents, from 2026-01-01 to 2026-01-04")
			require.Contains(t, out, "measured by the definition DORA, sha256:")
			require.Contains(t, out, "2 rollbacks:")
			require.Contains(t, out, "1 restores:")
			require.Contains(t, out, "50 % (15 % to 85 %, n=4)", "b twice of a, b, b, c: Wilson")
			require.Contains(t, out, "1 h (no interval, n=2)", "each time an hour until it was taken back")
			require.Contains(t, out, "change-lead-time: no data for any service: no deployment says what it brought")
			require.NotContains(t, out, "staging")
			for _, m := range []string{"change-fail-rate", "deployment-frequency"} {
				svg, err := os.ReadFile(filepath.Join(dir, "charts", m+".svg"))
				require.NoError(t, err)
				require.Contains(t, string(svg), "<svg")
			}
			require.NoFileExists(t, filepath.Join(dir, "charts", "change-lead-time.svg"), "no data is no empty chart")
		})
	}
}

// columnsTurned turns time, environment, service, version around.
func columnsTurned(rows string) string {
	var b strings.Builder
	for row := range strings.Lines(rows) {
		f := strings.Split(strings.TrimSpace(row), ",")
		b.WriteString(f[3] + `,"` + f[2] + `",` + f[0] + "," + f[1] + "\r\n")
	}
	return b.String()
}

func jsonLines(rows string) string {
	var b strings.Builder
	for row := range strings.Lines(rows) {
		f := strings.Split(strings.TrimSpace(row), ",")
		at := map[string]string{"1767225600": "2026-01-01T00:00:00Z", "1767312000": "2026-01-02T00:00:00Z", "1767315600": "2026-01-02T01:00:00Z",
			"1767398400": "2026-01-03T00:00:00Z", "1767402000": "2026-01-03T01:00:00Z", "1767484800": "2026-01-04T00:00:00Z"}[f[0]]
		b.WriteString(`{"kind":"deployment","source":"deployments","id":"` + f[0] + f[1] + `","rev":0,"at":"` + at + `","seen":"` + at + `","environment":"` + f[1] + `","service":"` + f[2] + `","version":"` + f[3] + `","outcome":"succeeded"}` + "\n")
	}
	return b.String()
}

func TestIncidents(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "d.csv", "time,environment,service,version,id,outcome\n1767225600,production,shop,a,1,succeeded\n1767830400,production,shop,b,2,succeeded\n1768435200,production,shop,c,3,succeeded\n")
	write(t, dir, "i.csv", "time,environment,service,resolved,id,causedby\n2026-01-08T02:00:00Z,production,shop,2026-01-08T06:00:00Z,x,2\n2026-01-03T00:00:00Z,production,elsewhere,,y,\n")
	out, wrong, code := dora(t, dir, "-deployments", "d.csv", "-incidents", "i.csv")
	require.Zero(t, code, wrong)
	require.Contains(t, out, "33 % (6.1 % to 79 %, n=3)")
	require.Contains(t, out, "6 h (no interval, n=1)", "from the deployment to the resolution")
	require.Contains(t, out, "1 incidents are laid to no deployment")
	require.Contains(t, out, "incidents/y: no rule of the definition found a deployment")
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "empty.csv", "")
	write(t, dir, "header.csv", "time,environment,service,version\n")
	write(t, dir, "staging.csv", "1767225600,staging,shop,a\n")
	write(t, dir, "short.csv", "1767225600,production,shop,a\n1767225601,production,shop\n")
	write(t, dir, "time.csv", "1767225600,production,shop,a\n\nnever,production,shop,b\n")
	write(t, dir, "ms.csv", "1767225600,production,shop,a\n1767225600000,production,shop,b\n")
	write(t, dir, "column.csv", "time,environment,service,colour\n1767225600,production,shop,a\n")
	write(t, dir, "twice.csv", "time,environment,service,time\n")
	write(t, dir, "notime.csv", "environment,service,version\nproduction,shop,a\n")
	write(t, dir, "noservice.csv", "1767225600,production,,a\n")
	write(t, dir, "control.csv", "1767225600,production,shop\x1b[31m,a\n")
	write(t, dir, "outcome.csv", "time,environment,service,outcome\n1767225600,production,shop,fine\n")
	write(t, dir, "again.csv", "time,environment,service,version,id\n1767225600,production,shop,a,1\n1767225600,production,shop,b,1\n")
	write(t, dir, "quote.csv", "1767225600,production,\"shop,a\n")
	write(t, dir, "bad.jsonl", "{\"at\":\"2026-01-01T00:00:00Z\",\"nonsense\":1}\n")
	write(t, dir, "two.jsonl", "{\"at\":\"2026-01-01T00:00:00Z\",\"environment\":\"production\",\"service\":\"s\",\"outcome\":\"succeeded\"} {}\n")
	write(t, dir, "long.csv", strings.Repeat("x", 2<<20))
	write(t, dir, "good.csv", back)
	write(t, dir, "deployments.txt", back)
	write(t, dir, "not.csv.gz.csv", back)
	require.NoError(t, os.Rename(filepath.Join(dir, "not.csv.gz.csv"), filepath.Join(dir, "not.csv.gz")))
	write(t, dir, "file", "")
	for _, test := range []struct {
		args string
		code int
		says string
	}{
		{"-colour", 2, "flag provided but not defined: -colour; usage: dora"},
		{"extra", 2, `unexpected argument "extra"`},
		{"-incidents good.csv", 2, "-incidents is of no use without -deployments"},
		{"-deployments missing.csv", 2, "missing.csv: no such file"},
		{"-deployments deployments.txt", 2, "ends with none of .csv"},
		{"-deployments not.csv.gz", 2, "not.csv.gz: gzip: invalid header"},
		{"-deployments empty.csv", 1, "empty.csv holds no deployment: there is nothing to measure"},
		{"-deployments header.csv", 1, "there is nothing to measure"},
		{"-deployments staging.csv", 1, "no deployment went to [production]"},
		{"-deployments short.csv", 2, "short.csv: table: line 2: 3 cells and not 4"},
		{"-deployments time.csv", 2, `time.csv: table: line 3: column "time": "never" is no time`},
		{"-deployments ms.csv", 2, `line 2: column "time": "1767225600000" is no time in Unix seconds`},
		{"-deployments column.csv", 2, `line 1: column "colour": "colour" is no column of a deployment`},
		{"-deployments twice.csv", 2, `line 1: column "time": it stands twice`},
		{"-deployments notime.csv", 2, `line 1: column "time": there is no such column`},
		{"-deployments noservice.csv", 2, "line 1: metrics: fact 1 of 1: deployment \"deployments/1\": no service"},
		{"-deployments control.csv", 2, "unprintable"},
		{"-deployments outcome.csv", 2, `line 2`},
		{"-deployments again.csv", 2, "line 3: metrics: fact 1 of 1: deployment \"deployments/1\", revision 0: metrics: the same revision says something else"},
		{"-deployments quote.csv", 2, "line 1"},
		{"-deployments bad.jsonl", 2, `bad.jsonl: table: line 1: metrics: this is no fact`},
		{"-deployments two.jsonl", 2, "two.jsonl: table: line 1: metrics: this is no fact"},
		{"-deployments long.csv", 2, "long.csv: table: line 1: a row of more than 1048576 bytes"},
		{"-deployments good.csv -incidents missing.csv", 2, "missing.csv: no such file"},
		{"-deployments good.csv -out file", 2, "not a directory"},
		{"", 2, "not in a git repository"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			out, wrong, code := dora(t, dir, strings.Fields(test.args)...)
			require.Equal(t, test.code, code, wrong)
			require.Contains(t, wrong, test.says)
			require.NotContains(t, wrong, "\x1b")
			if !strings.Contains(test.args, "-out") {
				require.Empty(t, out, "no table where there is an error")
			}
		})
	}
	out, _, code := dora(t, dir, "-h")
	require.Zero(t, code)
	require.Contains(t, out, "usage: dora")
}

func TestTags(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shop")
	require.NoError(t, os.Mkdir(dir, 0o755))
	git := func(at string, args ...string) {
		cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_DATE="+at, "GIT_COMMITTER_DATE="+at, "GIT_CONFIG_GLOBAL=/dev/null")
		b, err := cmd.CombinedOutput()
		require.NoError(t, err, string(b))
	}
	git("", "init", "-q")
	out, wrong, code := dora(t, dir)
	require.Equal(t, 1, code)
	require.Empty(t, out)
	require.Contains(t, wrong, "the git repository shop has no tags: there is nothing to measure")
	for i, at := range []string{"2026-01-01T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-17T00:00:00Z"} {
		git(at, "commit", "-q", "--allow-empty", "-m", "one")
		tag := string(rune('a' + i))
		if i == 1 {
			git("2026-01-09T02:00:00Z", "tag", "-m", "annotated", tag)
		} else {
			git(at, "tag", tag)
		}
	}
	git("", "tag", "tree", "HEAD^{tree}") // a tag of no commit is no deployment
	out, wrong, code = dora(t, dir)
	require.Zero(t, code, wrong)
	require.Contains(t, out, "3 deployments, 3 changes")
	require.Contains(t, out, "1 h (no interval, n=2)", "0 and 2 h from commit to tag; the first tag's contents are not known")
	require.Contains(t, out, "each tag is taken for a deployment")
	require.Contains(t, out, "change-fail-rate: no data for any service: no failure was ever recorded")
}

// TestGOVUK measures four years of a real platform: shared data, not copied here.
func TestGOVUK(t *testing.T) {
	t.Parallel()
	path := realdata.Path(t, "deployments/govuk.csv.gz")
	begin := time.Now()
	dir := t.TempDir()
	out, wrong, code := dora(t, dir, "-deployments", path, "-out", "charts")
	require.Zero(t, code, wrong)
	t.Logf("115,405 deployments in %s", time.Since(begin))
	require.Contains(t, wrong, "100000 rows read")
	require.Contains(t, out, "115405 deployments, 0 changes, 0 incidents, from 2022-10-10 to 2026-08-21")
	require.Contains(t, out, "196 rollbacks:")
	require.Contains(t, out, "153 restores:")
	table, _, _ := strings.Cut(out[strings.Index(out, "\nservice"):], "\n\n")
	require.Len(t, strings.Split(strings.TrimSpace(table), "\n"), 1+71)
	charts, err := os.ReadDir(filepath.Join(dir, "charts"))
	require.NoError(t, err)
	require.Len(t, charts, 4)
}
