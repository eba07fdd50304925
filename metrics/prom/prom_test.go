package prom_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/prom"
	"github.com/sallyport-dev/sallyport/release"
)

var by = []string{"service", "environment"}

// result is a fail rate of which nothing is known, or one of 1 in 4.
func result(service string, known bool) metrics.Result {
	from, nan := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC), math.NaN()
	r := metrics.Result{Metric: metrics.FailRate, Key: []string{service, "production"}, Level: .95, Method: metrics.MethodWilson,
		Window: metrics.Window{Kind: metrics.WindowWeek, From: from, To: from.AddDate(0, 0, 7)}, Definition: release.Digest{1},
		Status: metrics.StatusNoData, Reason: "nothing was observed", Value: nan, Lo: nan, Hi: nan, RestrictedMean: nan, Horizon: nan}
	if known {
		r.Status, r.Reason, r.Value, r.Lo, r.Hi, r.N, r.Censored = metrics.StatusOK, "", .25, .05, .7, 4, 1
	}
	return r
}

var (
	line  = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\} (\S+)( \S+)?$`)
	label = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(,|$)`)
)

// read is a reader by the words of the formats. The result is the value of each series,
// which is named by its family and its labels, not escaped.
func read(t require.TestingT, text string, open bool) map[string]float64 {
	out := map[string]float64{}
	lines := strings.Split(text, "\n")
	require.Equal(t, "", lines[len(lines)-1], "the last line does not end")
	lines = lines[:len(lines)-1]
	if open {
		require.Equal(t, "# EOF", lines[len(lines)-1])
		lines = lines[:len(lines)-1]
	}
	families, now := map[string]bool{}, ""
	for _, l := range lines {
		if word := strings.Fields(l); word[0] == "#" {
			switch word[1] {
			case "HELP":
				require.False(t, families[word[2]], "family %s is not in one piece", word[2])
				families[word[2]], now = true, word[2]
			case "TYPE":
				require.Equal(t, []string{now, "gauge"}, word[2:])
			case "UNIT":
				require.True(t, open && word[2] == now && strings.HasSuffix(now, "_"+word[3]), l)
			default:
				require.Fail(t, l)
			}
			continue
		}
		m := line.FindStringSubmatch(l)
		require.NotNil(t, m, l)
		require.Equal(t, now, m[1])
		name, rest, names := m[1], m[2], map[string]bool{}
		for rest != "" {
			p := label.FindStringSubmatch(rest)
			require.NotNil(t, p, rest)
			require.False(t, names[p[1]], "label %s stands twice", p[1])
			names[p[1]] = true
			value, err := strconv.Unquote(`"` + strings.ReplaceAll(strings.ReplaceAll(p[2], "\r", `\r`), "\x00", `\x00`) + `"`)
			require.NoError(t, err)
			name += fmt.Sprintf(" %s=%q", p[1], value)
			rest = rest[len(p[0]):]
		}
		require.NotContains(t, out, name)
		v, err := strconv.ParseFloat(m[3], 64)
		require.NoError(t, err)
		require.False(t, math.IsNaN(v))
		out[name] = v
	}
	return out
}

// TestAppend reads back every number, whatever the names.
func TestAppend(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune(`ab\"'{},= #é`)))
		services := rapid.SliceOfNDistinct(text, 0, 6, rapid.ID).Draw(t, "services")
		open := rapid.Bool().Draw(t, "open")
		var rs []metrics.Result
		want := map[string]float64{}
		for i, s := range services {
			r := result(s, i%2 == 0)
			if i%4 == 2 {
				r.Status, r.Reason, r.Lo, r.Hi = metrics.StatusTooFew, "few", math.Inf(-1), math.Inf(1)
			}
			rs = append(rs, r)
			base := fmt.Sprintf(` service=%q environment="production" definition=%q window="2026-W10" window_kind="week"`, s, r.Definition)
			if i%2 == 0 {
				want["dora_change_fail_ratio"+base] = r.Value
				want["dora_change_fail_lower_ratio"+base] = r.Lo
				want["dora_change_fail_upper_ratio"+base] = r.Hi
			}
			base += ` metric="change-fail-rate"`
			want["dora_sample_size"+base], want["dora_censored"+base], want["dora_partial"+base] = float64(r.N), float64(r.Censored), 0
			want["dora_status"+base+fmt.Sprintf(" status=%q", r.Status)] = 1
		}
		o := &prom.Options{}
		if open {
			o.Format = prom.FormatOpenMetrics
		}
		if rapid.Bool().Draw(t, "time") {
			o.Time = time.Unix(1, 5e6)
		}
		b, err := prom.Append([]byte("before"), by, rs, o)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(b, []byte("before")))
		require.Equal(t, want, read(t, string(b[6:]), open))
	})
}

// TestNoData has a status and no value of any kind.
func TestNoData(t *testing.T) {
	t.Parallel()
	b, err := prom.Append(nil, by, []metrics.Result{result("a", false)}, nil)
	require.NoError(t, err)
	require.NotContains(t, string(b), "_ratio")
	require.NotContains(t, string(b), "NaN")
	require.Contains(t, string(b), `status="no-data"} 1`+"\n")
	b, err = prom.Append(nil, by, nil, nil)
	require.NoError(t, err)
	require.Empty(t, b)
}

// TestTime: milliseconds in one format, seconds in the other.
func TestTime(t *testing.T) {
	t.Parallel()
	for at, want := range map[time.Time][2]string{
		time.Unix(1, 5e6):        {" 1005\n", " 1.005\n"},
		time.UnixMilli(-1005):    {" -1005\n", " -1.005\n"},
		time.Unix(1774000000, 0): {" 1774000000000\n", " 1774000000.000\n"},
	} {
		for f, w := range want {
			b, err := prom.Append(nil, by, []metrics.Result{result("a", true)}, &prom.Options{Format: prom.Format(f), Time: at})
			require.NoError(t, err)
			require.Contains(t, string(b), " 0.25"+w)
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	good := result("a", true)
	bad := good
	bad.Status, bad.Reason = metrics.StatusNoData, "r"
	crossed := good
	crossed.Lo = .5
	for name, c := range map[string]struct {
		by   []string
		rs   []metrics.Result
		o    *prom.Options
		want string
	}{
		"twice":           {by, []metrics.Result{good, good}, nil, "twice"},
		"collide":         {[]string{"a.b", "a-b"}, nil, nil, `"a_b" is dimension "a.b"`},
		"collide digits":  {[]string{"1", "_1"}, nil, nil, "is dimension"},
		"own":             {[]string{"window"}, nil, nil, "every series"},
		"own sanitised":   {[]string{"window.kind"}, nil, nil, "every series"},
		"reserved":        {[]string{"--x"}, nil, nil, "Prometheus itself"},
		"metric's name":   {[]string{"__name__"}, nil, nil, "Prometheus itself"},
		"quantile":        {[]string{"quantile"}, nil, nil, "meaning"},
		"scraped":         {[]string{"instance"}, nil, nil, "meaning"},
		"no name":         {[]string{""}, nil, nil, "no name"},
		"short key":       {[]string{"service"}, []metrics.Result{good}, nil, "2 values for 1"},
		"value, no data":  {by, []metrics.Result{bad}, nil, "no-data"},
		"crossed":         {by, []metrics.Result{crossed}, nil, "lie between"},
		"not UTF-8":       {by, []metrics.Result{result("\xff", true)}, nil, "UTF-8"},
		"new line":        {by, []metrics.Result{result("a\nb 1", true)}, nil, "unprintable"},
		"unknown format":  {by, nil, &prom.Options{Format: 2}, "no format"},
		"another's twice": {by, []metrics.Result{good, result("b", true), good}, nil, "result 2"},
	} {
		b, err := prom.Append([]byte("before"), c.by, c.rs, c.o)
		require.ErrorContains(t, err, c.want, name)
		require.Equal(t, "before", string(b), name)
	}
}

// TestPromtool lets Prometheus's own reader and linter judge.
func TestPromtool(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("promtool")
	if err != nil {
		realdata.Missing(t, "prometheus", "no promtool: "+err.Error())
	}
	var rs []metrics.Result
	for _, s := range []string{`a"b\`, "é", "", "{}=,#"} {
		rs = append(rs, result(s, s != "é"))
		for _, m := range metrics.Metrics() {
			if r := result(s, true); m != r.Metric {
				r.Metric = m
				rs = append(rs, r)
			}
		}
	}
	b, err := prom.Append(nil, by, rs, nil)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), program, "check", "metrics")
	cmd.Stdin, cmd.Env = bytes.NewReader(b), os.Environ()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, string(out))
}

func ExampleAppend() {
	b, err := prom.Append(nil, by, []metrics.Result{result("shop", true)}, &prom.Options{Format: prom.FormatOpenMetrics})
	if err != nil {
		fmt.Println(err)
		return
	}
	for l := range strings.Lines(string(b)) {
		fmt.Print(regexp.MustCompile(`sha256:0100*`).ReplaceAllString(l, "sha256:0100"))
	}
	// Output:
	// # HELP dora_change_fail_ratio share of deployments that failed.
	// # TYPE dora_change_fail_ratio gauge
	// # UNIT dora_change_fail_ratio ratio
	// dora_change_fail_ratio{service="shop",environment="production",definition="sha256:0100",window="2026-W10",window_kind="week"} 0.25
	// # HELP dora_change_fail_lower_ratio Lower bound of the interval: share of deployments that failed.
	// # TYPE dora_change_fail_lower_ratio gauge
	// # UNIT dora_change_fail_lower_ratio ratio
	// dora_change_fail_lower_ratio{service="shop",environment="production",definition="sha256:0100",window="2026-W10",window_kind="week"} 0.05
	// # HELP dora_change_fail_upper_ratio Upper bound of the interval: share of deployments that failed.
	// # TYPE dora_change_fail_upper_ratio gauge
	// # UNIT dora_change_fail_upper_ratio ratio
	// dora_change_fail_upper_ratio{service="shop",environment="production",definition="sha256:0100",window="2026-W10",window_kind="week"} 0.7
	// # HELP dora_sample_size What a value rests on: deployments, changes or failures.
	// # TYPE dora_sample_size gauge
	// dora_sample_size{service="shop",environment="production",definition="sha256:0100",window="2026-W10",window_kind="week",metric="change-fail-rate"} 4
	// # HELP dora_censored Those of the sample that may still change.
	// # TYPE dora_censored gauge
	// dora_censored{service="shop",environment="production",definition="sha256:0100",window="2026-W10",window_kind="week",metric="change-fail-rate"} 1
	// # HELP dora_partial Whether the window was observed in part only.
	// # TYPE dora_partial gauge
	// dora_partial{service="shop",environment="production",definition="sha256:0100",window="2026-W10",window_kind="week",metric="change-fail-rate"} 0
	// # HELP dora_status What a value is worth, by the label status.
	// # TYPE dora_status gauge
	// dora_status{service="shop",environment="production",definition="sha256:0100",window="2026-W10",window_kind="week",metric="change-fail-rate",status="ok"} 1
	// # EOF
}
