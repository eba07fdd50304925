package samplefile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout/health"
	"github.com/sallyport-dev/sallyport/rollout/health/samplefile"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func minute(n int) health.Window {
	return health.Window{Start: noon.Add(time.Duration(n) * time.Minute), End: noon.Add(time.Duration(n+1) * time.Minute)}
}

const (
	csvHead = "id,metric,stratum,canary_bad,canary_total,control_bad,control_total\n"
	csvRow  = "2026-03-01T12:00:00Z/1m0s,errors,eu,1,100,9,900\n"
	jsonRow = `{"id":"2026-03-01T12:00:00Z/1m0s","metric":"errors","stratum":"eu","canary":{"bad":1,"total":100},"control":{"bad":9,"total":900}}` + "\n"
)

// badAt is the column of the canary's bad events in jsonRow.
var badAt = strings.Index(jsonRow, `"bad":1`) + len(`"bad":`) + 1

func one() health.Sample {
	return health.Sample{ID: minute(0).ID(), Metric: "errors", Stratum: "eu", Canary: health.Count{Bad: 1, Total: 100}, Control: health.Count{Bad: 9, Total: 900}}
}

// TestRead: what a file says, in each form in which it may say it.
func TestRead(t *testing.T) {
	t.Parallel()
	full := one()
	full.CanarySlow, full.ControlSlow, full.CanaryMean, full.ControlMean = []uint64{5, 5, 0}, []uint64{40, 3, 1}, 1.5, -2e-3
	full.Twin, full.Share = health.Count{Bad: 2, Total: 80}, 0.1
	for name, c := range map[string]struct {
		csv, jsonl string
		want       []health.Sample
	}{
		"one": {csvHead + csvRow, jsonRow, []health.Sample{one()}},
		"no line end, and carriage returns": {strings.ReplaceAll(csvHead+strings.TrimSpace(csvRow), "\n", "\r\n"),
			strings.TrimSpace(jsonRow), []health.Sample{one()}},
		"start and end, in another zone": {
			"start,end,metric,stratum,canary_bad,canary_total,control_bad,control_total\n2026-03-01T13:00:00+01:00,2026-03-01T12:01:00Z,errors,eu,1,100,9,900\n",
			strings.Replace(jsonRow, `"id":"2026-03-01T12:00:00Z/1m0s"`, `"start":"2026-03-01T13:00:00+01:00","end":"2026-03-01T12:01:00Z"`, 1), []health.Sample{one()}},
		"another order, and no more than is needed": {
			"control_total,control_bad,canary_total,canary_bad,stratum,metric,id\n900,9,100,1,eu,errors,2026-03-01T12:00:00Z/1m0s\n",
			`{"control":{"total":900,"bad":9},"canary":{"total":100,"bad":1},"stratum":"eu","metric":"errors","id":"2026-03-01T12:00:00Z/1m0s"}`, []health.Sample{one()}},
		"all": {
			strings.TrimSpace(csvHead) + ",canary_slow,control_slow,canary_mean,control_mean,twin_bad,twin_total,share\n" + strings.TrimSpace(csvRow) + ",5 5 0,40 3 1,1.5,-2e-3,2,80,0.1\n",
			strings.Replace(jsonRow, "}}", `},"canarySlow":[5,5,0],"controlSlow":[40,3,1],"canaryMean":1.5,"controlMean":-2e-3,"twin":{"bad":2,"total":80},"share":0.1}`, 1), []health.Sample{full}},
		"nothing": {csvHead, "", []health.Sample{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := samplefile.ReadCSV(strings.NewReader(c.csv), samplefile.Limits{})
			require.NoError(t, err)
			require.Equal(t, c.want, a.Samples())
			b, err := samplefile.ReadJSONL(strings.NewReader(c.jsonl), samplefile.Limits{})
			require.NoError(t, err)
			require.Equal(t, c.want, b.Samples())
		})
	}
}

// TestRefused: what is wrong, and where.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text   string
		line, column int
		want         string
	}{
		{"empty", "", 1, 1, "names of the columns"},
		{"blank line", csvHead + "\n" + csvRow, 2, 1, "blank"},
		{"byte order mark", "\ufeff" + csvHead + csvRow, 1, 1, "byte order mark"},
		{"not UTF-8", csvHead + "x\xff" + csvRow, 2, 2, "UTF-8"},
		{"NUL", csvHead + "\x00" + csvRow, 2, 1, "control"},
		{"unknown column", "why," + csvHead, 1, 1, `"why" is not known`},
		{"column in capitals", strings.Replace(csvHead, "metric", "Metric", 1) + csvRow, 1, 4, "not known"},
		{"column twice", strings.Replace(csvHead, "stratum", "metric", 1) + csvRow, 1, 11, "twice"},
		{"column missing", "id,metric,canary_bad,canary_total,control_bad\n", 1, 1, "control_total is missing"},
		{"no window", "metric,canary_bad,canary_total,control_bad,control_total\n", 1, 1, "start and end"},
		{"two kinds of windows", "start,end," + csvHead, 1, 1, "start and end"},
		{"half a window", "start,metric,canary_bad,canary_total,control_bad,control_total\n", 1, 1, "start and end"},
		{"a field too few", csvHead + "a,b,c,1,2,3\n", 2, 1, "wrong number of fields"},
		{"a quote alone", csvHead + `a"b,errors,eu,1,100,9,900`, 2, 2, "bare"},
		{"a quote that does not end", csvHead + `"ab,errors,eu,1,100,9,900`, 2, 26, "extraneous or missing"},
		{"no ID", csvHead + ",errors,eu,1,100,9,900\n", 2, 1, "id: it is empty"},
		{"no metric", csvHead + "a,,eu,1,100,9,900\n", 2, 3, "metric: it is empty"},
		{"a line in quotes", csvHead + "\"a\nb\",errors,eu,1,100,9,900\n", 2, 1, "control character"},
		{"no count", csvHead + "a,errors,eu,,100,9,900\n", 2, 13, "whole number"},
		{"negative", csvHead + "a,errors,eu,-1,100,9,900\n", 2, 13, "whole number"},
		{"fraction", csvHead + "a,errors,eu,1.0,100,9,900\n", 2, 13, "whole number"},
		{"a space", csvHead + "a,errors,eu,1, 100,9,900\n", 2, 15, "whole number"},
		{"a zero before", csvHead + "a,errors,eu,01,100,9,900\n", 2, 13, "whole number"},
		{"beyond 2^53", csvHead + "a,errors,eu,1,9007199254740993,9,900\n", 2, 15, "2^53"},
		{"beyond 2^64", csvHead + "a,errors,eu,1,99999999999999999999999,9,900\n", 2, 15, "2^53"},
		{"more bad than all", csvHead + "a,errors,eu,1,100,901,900\n", 2, 19, "901 bad of 900"},
		{"twice", csvHead + csvRow + csvRow, 3, 1, "stand in line 2"},
		{"twice with other counts", csvHead + csvRow + strings.Replace(csvRow, "1,100", "2,100", 1), 3, 1, "stand in line 2"},
		{"a mean that is none", "canary_mean," + csvHead + "NaN," + csvRow, 2, 1, "no finite number"},
		{"an infinite mean", "canary_mean," + csvHead + "1e999," + csvRow, 2, 1, "no finite number"},
		{"a mean in hex", "canary_mean," + csvHead + "0x1p4," + csvRow, 2, 1, "no finite number"},
		{"a share of one", "share," + csvHead + "1," + csvRow, 2, 1, "below 1"},
		{"a negative share", "share," + csvHead + "-0.1," + csvRow, 2, 1, "below 1"},
		{"slow counts that grow", "canary_slow,control_slow," + csvHead + "1 2,1 1," + csvRow, 2, 1, "slower"},
		{"more slow than all", "canary_slow,control_slow," + csvHead + "1,901," + csvRow, 2, 3, "slower"},
		{"slow counts of one side", "canary_slow,control_slow," + csvHead + "1,," + csvRow, 2, 3, "0 slow counts, and 1 of the canary"},
		{"two spaces", "canary_slow,control_slow," + csvHead + "1  1,1 1," + csvRow, 2, 1, "whole number"},
		{"half a twin", "twin_bad,twin_total," + csvHead + "1,," + csvRow, 2, 1, "1 bad of 0"},
		{"no time", "start,end,metric,canary_bad,canary_total,control_bad,control_total\nnow,2026-03-01T12:00:00Z,errors,1,100,9,900\n", 2, 1, "no time"},
		{"backwards", "start,end,metric,canary_bad,canary_total,control_bad,control_total\n2026-03-01T12:00:00Z,2026-03-01T11:00:00Z,errors,1,100,9,900\n", 2, 22, "not before"},
		{"long text", csvHead + strings.Repeat("a", 1025) + csvRow, 2, 1, "longer than 1024"},
		{"too many edges", "canary_slow,control_slow," + csvHead + strings.Repeat("1 ", 1000) + "1,1," + csvRow, 2, 1, "more than 1000"},

		{"JSON: blank line", jsonRow + "\n" + jsonRow, 2, 1, "blank"},
		{"JSON: no object", "[]\n", 1, 1, "object"},
		{"JSON: null", jsonRow + "null\n", 2, 1, "object"},
		{"JSON: two in a line", strings.TrimSpace(jsonRow) + jsonRow, 1, len(jsonRow), "follows"},
		{"JSON: cut", jsonRow + jsonRow[:40] + "\n", 2, 41, ""},
		{"JSON: unknown name", jsonRow + strings.Replace(jsonRow, `"stratum"`, `"why"`, 1), 2, 0, `"why" is not known`},
		{"JSON: a name in capitals", strings.Replace(jsonRow, `"stratum"`, `"Stratum"`, 1), 1, 0, "not known"},
		{"JSON: a name twice", strings.Replace(jsonRow, `"stratum"`, `"metric"`, 1), 1, 0, "twice"},
		{"JSON: null stratum", strings.Replace(jsonRow, `"eu"`, `null`, 1), 1, 0, "string"},
		{"JSON: no metric", strings.Replace(jsonRow, `"metric":"errors",`, ``, 1), 1, 1, "metric is missing"},
		{"JSON: no canary", strings.Replace(jsonRow, `"canary":{"bad":1,"total":100},`, ``, 1), 1, 1, "canary is missing"},
		{"JSON: half a count", strings.Replace(jsonRow, `"bad":1,`, ``, 1), 1, 0, "needs bad and total"},
		{"JSON: more in a count", strings.Replace(jsonRow, `"bad":1,`, `"bad":1,"good":99,`, 1), 1, 0, `"good" is not known`},
		{"JSON: a count as text", strings.Replace(jsonRow, `"bad":1,`, `"bad":"1",`, 1), 1, badAt, "a number must stand"},
		{"JSON: a negative count", strings.Replace(jsonRow, `"bad":1,`, `"bad":-1,`, 1), 1, badAt, "whole number"},
		{"JSON: an exponent", strings.Replace(jsonRow, `"bad":1,`, `"bad":1e0,`, 1), 1, badAt, "whole number"},
		{"JSON: more bad than all", strings.Replace(jsonRow, `"bad":1,`, `"bad":101,`, 1), 1, badAt, "101 bad of 100"},
		{"JSON: slow counts that grow", strings.Replace(jsonRow, `}}`, `},"canarySlow":[1,2],"controlSlow":[1,1]}`, 1), 1, 0, "slower"},
		{"JSON: no slow counts", strings.Replace(jsonRow, `}}`, `},"canarySlow":null}`, 1), 1, 0, "array"},
		{"JSON: an infinite mean", strings.Replace(jsonRow, `}}`, `},"canaryMean":1e999}`, 1), 1, 0, "no finite number"},
		{"JSON: no ID", strings.Replace(jsonRow, `"id":"2026-03-01T12:00:00Z/1m0s",`, ``, 1), 1, 1, "id, or else start and end"},
		{"JSON: two kinds of windows", jsonRow + strings.Replace(jsonRow, `"id":"2026-03-01T12:00:00Z/1m0s"`, `"start":"2026-03-01T12:01:00Z","end":"2026-03-01T12:02:00Z"`, 1), 2, 1, "not both"},
		{"JSON: twice", jsonRow + jsonRow, 2, 1, "stand in line 1"},
		{"JSON: a control character", strings.Replace(jsonRow, `"eu"`, `"e\u0007u"`, 1), 1, 0, "control"},
		{"JSON: deep", strings.Repeat(`{"canary":`, 9) + "1", 1, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			read := samplefile.ReadCSV
			if strings.HasPrefix(c.name, "JSON") {
				read = samplefile.ReadJSONL
			}
			trace, err := read(strings.NewReader(c.text), samplefile.Limits{})
			require.Nil(t, trace)
			e, ok := errors.AsType[*samplefile.Error](err)
			require.True(t, ok, "%v", err)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, c.line, e.Line, "%v", err)
			if c.column > 0 {
				require.Equal(t, c.column, e.Column, "%v", err)
			} else {
				require.Greater(t, e.Column, 1, "%v", err)
			}
		})
	}
}

// TestLimits: a file that is too large is refused before it is understood.
func TestLimits(t *testing.T) {
	t.Parallel()
	second := strings.Replace(jsonRow, "12:00:00", "12:01:00", 1)
	for _, c := range []struct {
		limits samplefile.Limits
		want   string
	}{
		{samplefile.Limits{Bytes: len(jsonRow) + len(second), Line: len(jsonRow) - 1, Samples: 2}, ""},
		{samplefile.Limits{Bytes: len(jsonRow) + len(second) - 1}, "larger than"},
		{samplefile.Limits{Line: len(jsonRow) - 2}, fmt.Sprintf("line 1, column %d: the line is longer than %d bytes", len(jsonRow)-1, len(jsonRow)-2)},
		{samplefile.Limits{Samples: 1}, "line 2, column 1: there are more than 1 samples"},
		{samplefile.Limits{Samples: -1}, "a limit of -1 is none"},
	} {
		_, err := samplefile.ReadJSONL(strings.NewReader(jsonRow+second), c.limits)
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, c.want)
	}
	boom := errors.New("the disk is gone")
	_, err := samplefile.ReadCSV(io.MultiReader(strings.NewReader(csvHead+csvRow), iotest.ErrReader(boom)), samplefile.Limits{})
	require.ErrorIs(t, err, boom)
}

// TestReadWindow: the samples of a window, none, or nobody knows.
func TestReadWindow(t *testing.T) {
	t.Parallel()
	var samples []health.Sample
	for i := range 3 {
		for _, metric := range []string{"latency", "errors"} {
			s := one()
			s.ID, s.Metric, s.CanarySlow, s.ControlSlow = minute(i).ID(), metric, []uint64{uint64(i)}, []uint64{1}
			samples = append(samples, s)
		}
	}
	samples[5].ID = minute(4).ID() // there is a gap
	var file bytes.Buffer
	require.NoError(t, samplefile.WriteJSONL(&file, samples...))
	trace, err := samplefile.ReadJSONL(&file, samplefile.Limits{})
	require.NoError(t, err)
	read := func(w health.Window) []health.Sample {
		got, err := trace.Read(t.Context(), w)
		require.NoError(t, err)
		return got
	}
	require.Equal(t, samples[0:2], read(minute(0)))
	require.Equal(t, samples[4:5], read(minute(2)))
	require.Equal(t, samples[5:6], read(minute(4)))
	require.Empty(t, read(minute(3)))
	require.Empty(t, read(minute(-1)))
	zone := time.FixedZone("east", 3600)
	require.Equal(t, samples[0:2], read(health.Window{Start: noon.In(zone), End: noon.Add(time.Minute).In(zone)}))

	read(minute(0))[0].CanarySlow[0] = 99 // the caller's own
	require.Equal(t, samples[0:2], read(minute(0)))
	require.Equal(t, samples, trace.Samples())

	for _, w := range []health.Window{
		{Start: noon, End: noon.Add(3 * time.Minute)}, {Start: noon.Add(time.Second), End: noon.Add(2 * time.Second)},
		{Start: noon.Add(-time.Minute), End: noon.Add(time.Nanosecond)}, {}, {Start: noon, End: noon},
	} {
		_, err := trace.Read(t.Context(), w)
		require.Error(t, err, "%v", w)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = trace.Read(ctx, minute(0))
	require.ErrorIs(t, err, context.Canceled)

	for _, id := range []string{"yesterday", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z/60s", "2026-03-01T13:00:00+01:00/1m0s", "2026-03-01T12:00:00Z/-1m0s"} {
		unnamed := one()
		unnamed.ID = id
		file.Reset()
		require.NoError(t, samplefile.WriteCSV(&file, one(), unnamed))
		trace, err = samplefile.ReadCSV(&file, samplefile.Limits{})
		require.NoError(t, err)
		_, err = trace.Read(t.Context(), minute(0))
		require.ErrorContains(t, err, fmt.Sprintf("%q, which is no window's", id))
	}
}

// TestOverlap: of a file whose windows share some time nothing is read, since it
// would count twice; windows that touch share none.
func TestOverlap(t *testing.T) {
	t.Parallel()
	half := 30 * time.Second
	for name, c := range map[string]struct {
		windows []health.Window
		want    string
	}{
		"one after the other": {[]health.Window{minute(2), minute(0), minute(1)}, ""},
		"one in the other":    {[]health.Window{minute(0), {Start: noon, End: noon.Add(5 * time.Minute)}}, "share some time"},
		"before it": {[]health.Window{{Start: noon, End: noon.Add(5 * time.Minute)}, minute(4)},
			"the windows 2026-03-01T12:00:00Z/5m0s and 2026-03-01T12:04:00Z/1m0s, which share some time"},
		"by half": {[]health.Window{minute(0), minute(7), {Start: noon.Add(half), End: noon.Add(time.Minute + half)}}, "share some time"},
	} {
		var samples []health.Sample
		for _, w := range c.windows {
			s := one()
			s.ID = w.ID()
			samples = append(samples, s)
		}
		var csv, jsonl bytes.Buffer
		require.NoError(t, samplefile.WriteCSV(&csv, samples...), name)
		require.NoError(t, samplefile.WriteJSONL(&jsonl, samples...), name)
		a, err := samplefile.ReadCSV(&csv, samplefile.Limits{})
		require.NoError(t, err, name)
		b, err := samplefile.ReadJSONL(&jsonl, samplefile.Limits{})
		require.NoError(t, err, name)
		for _, trace := range []*samplefile.Trace{a, b} {
			for _, w := range append(c.windows, minute(99)) {
				got, err := trace.Read(t.Context(), w)
				if c.want == "" {
					require.NoError(t, err, name)
					require.Equal(t, w != minute(99), len(got) == 1, name)
					continue
				}
				require.ErrorContains(t, err, c.want, name)
				require.Nil(t, got, name)
			}
		}
	}
}

// TestWriteRefused: what would not be read is not written.
func TestWriteRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*health.Sample){
		"no ID":             func(s *health.Sample) { s.ID = "" },
		"no metric":         func(s *health.Sample) { s.Metric = "" },
		"a control":         func(s *health.Sample) { s.Stratum = "a\nb" },
		"not UTF-8":         func(s *health.Sample) { s.Stratum = "\xff" },
		"more bad than all": func(s *health.Sample) { s.Canary.Bad = 1000 },
		"too many":          func(s *health.Sample) { s.Control.Total = 1<<53 + 1 },
		"no mean":           func(s *health.Sample) { s.CanaryMean = math.NaN() },
		"infinite":          func(s *health.Sample) { s.ControlMean = math.Inf(1) },
		"no share":          func(s *health.Sample) { s.Share = math.NaN() },
		"one side's edges":  func(s *health.Sample) { s.ControlSlow = []uint64{1} },
	} {
		s := one()
		change(&s)
		require.ErrorContains(t, samplefile.WriteCSV(io.Discard, s), "sample 0", name)
		require.ErrorContains(t, samplefile.WriteJSONL(io.Discard, s), "sample 0", name)
	}
	require.ErrorContains(t, samplefile.WriteCSV(io.Discard, one(), one()), "sample 1")
	require.ErrorContains(t, samplefile.WriteJSONL(io.Discard, one(), one()), "sample 1")
}

// drawSamples are samples of any kind that may be written.
func drawSamples(t *rapid.T) []health.Sample {
	text := rapid.StringMatching(`[ -~é,"'\\Σ=;\x{2028}]{1,20}`)
	count := func(label string) health.Count {
		total := rapid.Uint64Range(0, 1<<53).Draw(t, label)
		return health.Count{Bad: rapid.Uint64Range(0, total).Draw(t, label), Total: total}
	}
	n := rapid.IntRange(0, 5).Draw(t, "samples")
	samples := []health.Sample{}
	for i := range n {
		s := health.Sample{ID: fmt.Sprint(i, text.Draw(t, "id")), Metric: text.Draw(t, "metric"), Canary: count("canary"), Control: count("control")}
		if rapid.Bool().Draw(t, "more") {
			s.Stratum, s.Twin = text.Draw(t, "stratum"), count("twin")
			s.CanaryMean, s.ControlMean = rapid.Float64().Draw(t, "mean"), rapid.Float64().Draw(t, "mean")
			s.Share = rapid.Float64Range(0, 0.999).Draw(t, "share")
		}
		a, b := s.Canary.Total, s.Control.Total
		for range rapid.IntRange(0, 4).Draw(t, "edges") {
			a, b = rapid.Uint64Range(0, a).Draw(t, "slow"), rapid.Uint64Range(0, b).Draw(t, "slow")
			s.CanarySlow, s.ControlSlow = append(s.CanarySlow, a), append(s.ControlSlow, b)
		}
		samples = append(samples, s)
	}
	return samples
}

// TestRoundTrip: what is written is read, in both formats.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		samples := drawSamples(rt)
		var a, b bytes.Buffer
		require.NoError(rt, samplefile.WriteCSV(&a, samples...))
		require.NoError(rt, samplefile.WriteJSONL(&b, samples...))
		x, err := samplefile.ReadCSV(&a, samplefile.Limits{})
		require.NoError(rt, err)
		require.Equal(rt, samples, x.Samples())
		y, err := samplefile.ReadJSONL(&b, samplefile.Limits{})
		require.NoError(rt, err)
		require.Equal(rt, samples, y.Samples())
	})
}

// again writes and reads samples, in both formats, and requires the same.
func again(t *testing.T, trace *samplefile.Trace) {
	var a, b bytes.Buffer
	require.NoError(t, samplefile.WriteCSV(&a, trace.Samples()...))
	require.NoError(t, samplefile.WriteJSONL(&b, trace.Samples()...))
	x, err := samplefile.ReadCSV(&a, samplefile.Limits{})
	require.NoError(t, err)
	y, err := samplefile.ReadJSONL(&b, samplefile.Limits{})
	require.NoError(t, err)
	require.Equal(t, trace.Samples(), x.Samples())
	require.Equal(t, trace.Samples(), y.Samples())
}

// FuzzReadCSV: what is read is written and read again as the same.
func FuzzReadCSV(f *testing.F) {
	f.Add([]byte(csvHead + csvRow))
	f.Add([]byte("canary_slow,control_slow,canary_mean,twin_bad,twin_total,share," + csvHead + "3 2,1 0,-1e-9,0,1,.5,\"a\"\"b\",errors,\"e,u\",1,100,9,900\r\n"))
	f.Add([]byte("start,end,metric,canary_bad,canary_total,control_bad,control_total\n2026-03-01T12:00:00Z,2026-03-01T12:00:01.5Z,errors,0,0,0,0\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		trace, err := samplefile.ReadCSV(bytes.NewReader(b), samplefile.Limits{})
		if err != nil {
			require.Nil(t, trace)
			return
		}
		again(t, trace)
	})
}

// FuzzReadJSONL: likewise.
func FuzzReadJSONL(f *testing.F) {
	f.Add([]byte(jsonRow))
	f.Add([]byte(strings.Replace(jsonRow, "}}", `},"canarySlow":[5,5,0],"controlSlow":[40,3,1],"canaryMean":1.5,"controlMean":-2e-3,"twin":{"bad":2,"total":80},"share":0.1}`, 1)))
	f.Add([]byte(strings.Replace(jsonRow, `"id":"2026-03-01T12:00:00Z/1m0s"`, `"start":"2026-03-01T13:00:00+01:00","end":"2026-03-01T12:01:00Z"`, 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		trace, err := samplefile.ReadJSONL(bytes.NewReader(b), samplefile.Limits{})
		if err != nil {
			require.Nil(t, trace)
			return
		}
		again(t, trace)
	})
}

func ExampleReadCSV() {
	file := strings.NewReader(`start,end,metric,canary_bad,canary_total,control_bad,control_total
2026-03-01T12:00:00Z,2026-03-01T12:01:00Z,errors,1,100,9,900
2026-03-01T12:01:00Z,2026-03-01T12:02:00Z,errors,0,110,8,890
`)
	trace, err := samplefile.ReadCSV(file, samplefile.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	window := health.Window{Start: noon.Add(time.Minute), End: noon.Add(2 * time.Minute)}
	samples, err := trace.Read(context.Background(), window)
	if err != nil {
		fmt.Println(err)
		return
	}
	samplefile.WriteJSONL(os.Stdout, samples...)
	// Output:
	// {"id":"2026-03-01T12:01:00Z/1m0s","metric":"errors","canary":{"bad":0,"total":110},"control":{"bad":8,"total":890}}
}
