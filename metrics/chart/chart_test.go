package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/metrics/chart"
)

var update = flag.Bool("update", false, "write the golden files anew")

func week(i int) time.Time { return time.Date(2026, time.January, 5+7*i, 0, 0, 0, 0, time.UTC) }

// weeks is a series with an interval, two gaps, a hole of two weeks and a partial end.
func weeks() chart.Series {
	s := chart.Series{Title: "Change fail rate: shop, production", X: "ISO week (UTC)", Y: "change fail rate", Unit: chart.UnitShare, Level: 0.95}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 26 {
		if i == 15 || i == 16 {
			continue
		}
		v := 0.1 + 0.08*r.Float64()
		p := chart.Point{Label: fmt.Sprintf("2026-W%02d", i+2), From: week(i), To: week(i + 1), OK: true, Value: v, Lo: v * 0.5, Hi: v*1.6 + 0.03, Note: "n=50"}
		if i == 7 || i == 8 || i == 20 {
			p.OK, p.Value, p.Note = false, math.NaN(), "no deployment"
		}
		p.Partial = i == 25
		s.Points = append(s.Points, p)
	}
	return s
}

func controlled() (chart.Series, []chart.Limits) {
	s := weeks()
	s.Title = "Change fail rate: p′ chart"
	s.Points[11].Signal, s.Points[11].Value = "above the upper limit", 0.31
	var limits []chart.Limits
	for i := range s.Points {
		s.Points[i].Lo, s.Points[i].Hi = math.NaN(), math.NaN()
		wide := 0.08 + 0.02*float64(i%3)
		limits = append(limits, chart.Limits{Lower: 0.14 - wide, Centre: 0.14, Upper: 0.14 + wide})
	}
	return s, limits
}

func leads() chart.Sample {
	r := rand.New(rand.NewPCG(3, 4))
	s := chart.Sample{Title: "Change lead time: shop", X: "change lead time", Y: "changes", Unit: chart.UnitSeconds,
		Marks: []chart.Mark{{Label: "median", Value: 9 * 3600}, {Label: "p90", Value: 30 * 3600}}}
	for range 400 {
		s.Values = append(s.Values, 9*3600*math.Exp(0.8*r.NormFloat64()))
	}
	s.Values = append(s.Values, math.NaN(), math.Inf(1))
	return s
}

// picture is what draw writes, checked for what holds of every picture.
func picture(t require.TestingT, draw func(io.Writer) error) string {
	var b, again bytes.Buffer
	require.NoError(t, draw(&b))
	require.NoError(t, draw(&again))
	require.Equal(t, b.String(), again.String(), "the same input gives the same bytes")
	text := b.String()
	checkPicture(t, text)
	return text
}

var number = regexp.MustCompile(`NaN|Inf|e[+-][0-9]`)

func checkPicture(t require.TestingT, text string) {
	d := xml.NewDecoder(strings.NewReader(text))
	depth, elements := 0, map[string]int{}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err, "well-formed")
		switch e := tok.(type) {
		case xml.StartElement:
			depth++
			elements[e.Name.Local]++
			require.Contains(t, []string{"svg", "title", "desc", "style", "defs", "pattern", "clipPath", "path", "text", "circle"}, e.Name.Local)
			for _, a := range e.Attr {
				require.False(t, strings.HasPrefix(strings.ToLower(a.Name.Local), "on") || strings.Contains(strings.ToLower(a.Name.Local), "href"), "attribute %s", a.Name.Local)
				switch a.Name.Local {
				case "d", "x", "y", "cx", "cy", "r", "viewBox":
					require.False(t, number.MatchString(a.Value), "a place that is no number: %s", a.Value)
				case "xmlns":
					require.Equal(t, "http://www.w3.org/2000/svg", a.Value)
				}
				if strings.Contains(a.Value, "url(") {
					require.Regexp(t, `^url\(#[A-Za-z][A-Za-z0-9_-]*\)$`, a.Value)
				}
			}
		case xml.EndElement:
			depth--
		case xml.ProcInst, xml.Directive:
			require.Fail(t, "no instruction, no doctype")
		}
	}
	require.Zero(t, depth)
	require.Equal(t, 1, elements["svg"])
	require.Equal(t, 1, elements["desc"])
	require.Equal(t, 1, elements["style"])
	require.NotContains(t, text, "\x1b")
}

func TestPicturesAreAsBefore(t *testing.T) {
	t.Parallel()
	control, limits := controlled()
	empty := weeks()
	empty.Points = nil
	for name, draw := range map[string]func(io.Writer) error{
		"trend.svg":     func(w io.Writer) error { return chart.Trend(w, weeks(), chart.Options{}) },
		"control.svg":   func(w io.Writer) error { return chart.Control(w, control, limits, chart.Options{ID: "control"}) },
		"histogram.svg": func(w io.Writer) error { return chart.Histogram(w, leads(), chart.Options{Width: 640, Height: 300}) },
		"empty.svg":     func(w io.Writer) error { return chart.Trend(w, empty, chart.Options{}) },
	} {
		got := picture(t, draw)
		path := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), got, "%s: run with -update, and look at it", name)
	}
}

// lineOf is the path of the values.
func lineOf(t require.TestingT, text string) string {
	m := regexp.MustCompile(`<path class="line" stroke-width="2" stroke-linejoin="round" stroke-linecap="round" d="([^"]*)"`).FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return m[1]
}

// No data is a break in the line and a hatched place, never a point at 0.
func TestNoDataIsAGap(t *testing.T) {
	t.Parallel()
	s := weeks()
	text := picture(t, func(w io.Writer) error { return chart.Trend(w, s, chart.Options{}) })
	require.Equal(t, 4, strings.Count(lineOf(t, text), "M"), "two missing values side by side, a hole, and one more: four pieces")
	require.Equal(t, 21, strings.Count(text, "<circle")-1, "one marker for each value, and one in the legend")
	require.Equal(t, 4, strings.Count(text, `class="gap"`))
	require.Contains(t, text, "2026-W09, no value, no deployment")
	require.Equal(t, 2, strings.Count(text, `class="hollow"`), "the partial window, and the legend")

	for name, gap := range map[string]chart.Point{
		"not ok": {Value: 0.2}, "NaN": {OK: true, Value: math.NaN()}, "infinite": {OK: true, Value: math.Inf(1)}, "minus infinite": {OK: true, Value: math.Inf(-1)},
	} {
		three := chart.Series{Title: "t", X: "x", Y: "y", Unit: chart.UnitShare, Points: []chart.Point{
			{OK: true, Value: 0.5, Lo: math.NaN(), Hi: math.NaN()}, gap, {OK: true, Value: 0.5, Lo: math.NaN(), Hi: math.NaN()}}}
		text := picture(t, func(w io.Writer) error { return chart.Trend(w, three, chart.Options{}) })
		require.Equal(t, 2, strings.Count(lineOf(t, text), "M"), name)
		require.NotContains(t, lineOf(t, text), "L", name)
		require.Equal(t, 2, strings.Count(text, `class="full"`), name)
	}
	// A value of 0 is a value: it must not look like a gap.
	zero := chart.Series{Title: "t", X: "x", Y: "y", Unit: chart.UnitShare, Points: []chart.Point{{OK: true}, {OK: true}}}
	text = picture(t, func(w io.Writer) error { return chart.Trend(w, zero, chart.Options{}) })
	require.NotContains(t, text, `class="gap"`)
	require.Contains(t, lineOf(t, text), "L")

	none := weeks()
	for i := range none.Points {
		none.Points[i].OK = false
	}
	text = picture(t, func(w io.Writer) error { return chart.Trend(w, none, chart.Options{}) })
	require.Empty(t, lineOf(t, text))
	require.NotContains(t, text, ">0</text>", "no axis where nothing was measured")
}

var hostile = []string{`</text><script>alert(1)</script>`, `"><svg onload=alert(1)>`, "a\x1b[31mred\x1b[0m\x00\x08", "\xff\xfe\xed\xa0\x80", "<![CDATA[ ]]> &amp; <!-- -->",
	"]]>", "\u202egnp.exe\u2066", strings.Repeat("W", 100_000), strings.Repeat("漢字", 3000), "\ufffe\uffff", "line\nbreak\ttab\r\u2028", "%s%d%!(EXTRA)", "é\u0301\u200d👩‍👩‍👧"}

func TestTextsOfOthersAreText(t *testing.T) {
	t.Parallel()
	for _, h := range hostile {
		s, limits := controlled()
		s.Title, s.Description, s.X, s.Y = h, h, h, h
		sample := leads()
		sample.Title, sample.X, sample.Y, sample.Marks[0].Label = h, h, h, h
		for i := range s.Points {
			s.Points[i].Label, s.Points[i].Signal, s.Points[i].Note = h, h, h
		}
		for _, draw := range []func(io.Writer) error{
			func(w io.Writer) error { return chart.Trend(w, s, chart.Options{}) },
			func(w io.Writer) error { return chart.Control(w, s, limits, chart.Options{}) },
			func(w io.Writer) error { return chart.Histogram(w, sample, chart.Options{}) },
		} {
			text := picture(t, draw)
			require.Less(t, len(text), 150_000)
			require.NotContains(t, text, "\u202e")
		}
	}
}

func TestWhatCannotBeDrawnIsRefused(t *testing.T) {
	t.Parallel()
	trend := func(change func(*chart.Series)) error {
		s := weeks()
		change(&s)
		return chart.Trend(io.Discard, s, chart.Options{})
	}
	for want, err := range map[string]error{
		"no unit":            trend(func(s *chart.Series) { s.Unit = chart.UnitUnknown }),
		"have no unit":       trend(func(s *chart.Series) { s.Unit = 99 }),
		"axis has no name":   trend(func(s *chart.Series) { s.X = "" }),
		"an axis has":        trend(func(s *chart.Series) { s.Y = "" }),
		"level":              trend(func(s *chart.Series) { s.Level = math.NaN() }),
		"too large":          trend(func(s *chart.Series) { s.Points[3].Value = 1e300 }),
		"point 4: the inter": trend(func(s *chart.Series) { s.Points[4].Lo = 1 }),
		"either all":         trend(func(s *chart.Series) { s.Points[3].From, s.Points[3].To = time.Time{}, time.Time{} }),
		"is empty":           trend(func(s *chart.Series) { s.Points[3].To = s.Points[3].From }),
		"point 3: it is not": trend(func(s *chart.Series) { s.Points[3].From, s.Points[3].To = week(0), week(1) }),
		"point 5: it is not": trend(func(s *chart.Series) { s.Points[5] = s.Points[4] }),
		"points are more":    trend(func(s *chart.Series) { s.Points = make([]chart.Point, 1_000_001) }),
		"240":                chart.Trend(io.Discard, weeks(), chart.Options{Width: 100}),
		"4000":               chart.Trend(io.Discard, weeks(), chart.Options{Height: 5000}),
		"no name":            chart.Trend(io.Discard, weeks(), chart.Options{ID: `a"b`}),
		"is no name":         chart.Trend(io.Discard, weeks(), chart.Options{ID: "1a"}),
		"0 limits":           chart.Control(io.Discard, weeks(), nil, chart.Options{}),
		"2 limits":           chart.Control(io.Discard, weeks(), make([]chart.Limits, 2), chart.Options{}),
		"in order":           chart.Control(io.Discard, weeks(), []chart.Limits{{Lower: 1}}, chart.Options{}),
		"limits 0":           chart.Control(io.Discard, weeks(), []chart.Limits{{Upper: math.Inf(1)}}, chart.Options{}),
		"value 1":            chart.Histogram(io.Discard, chart.Sample{X: "x", Y: "y", Unit: chart.UnitNumber, Values: []float64{1, 1e16}}, chart.Options{}),
		"marks":              chart.Histogram(io.Discard, chart.Sample{X: "x", Y: "y", Unit: chart.UnitNumber, Marks: make([]chart.Mark, 9)}, chart.Options{}),
		"full":               chart.Trend(full{}, weeks(), chart.Options{}),
		"short write":        chart.Trend(short{}, weeks(), chart.Options{}),
	} {
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, trend(func(*chart.Series) {}))
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

type short struct{}

func (short) Write(b []byte) (int, error) { return len(b) / 2, nil }

// Ten thousand points give a picture of bounded size, in which the highest and the lowest
// value and each gap can still be seen.
func TestManyPoints(t *testing.T) {
	t.Parallel()
	many := func(n int) chart.Series {
		s := chart.Series{Title: "many", X: "x", Y: "y", Unit: chart.UnitNumber}
		r := rand.New(rand.NewPCG(5, 6))
		for i := range n {
			v := 10 + r.NormFloat64()
			s.Points = append(s.Points, chart.Point{Label: strconv.Itoa(i), OK: i%1000 != 17, Value: v, Lo: v - 1, Hi: v + 1})
		}
		s.Points[n/2].Value, s.Points[n/2].Hi = 40, 41
		s.Points[n/3].Signal = "here"
		return s
	}
	limits := make([]chart.Limits, 10_000)
	for i := range limits {
		limits[i] = chart.Limits{Lower: 7 - float64(i%7), Centre: 10, Upper: 13 + float64(i%5)}
	}
	for name, draw := range map[string]func(io.Writer) error{
		"trend":     func(w io.Writer) error { return chart.Trend(w, many(10_000), chart.Options{}) },
		"trend 10x": func(w io.Writer) error { return chart.Trend(w, many(100_000), chart.Options{}) },
		"control":   func(w io.Writer) error { return chart.Control(w, many(10_000), limits, chart.Options{}) },
	} {
		text := picture(t, draw)
		t.Logf("%s: %d bytes", name, len(text))
		require.Less(t, len(text), 128<<10, name)
		require.Contains(t, text, " to 40,", name)
		require.Equal(t, 2, strings.Count(text, `<path class="signal"`), "%s: the signal, and the legend", name)
		require.Positive(t, strings.Count(text, `class="gap"`), name)
	}
	s := leads()
	s.Values = nil
	r := rand.New(rand.NewPCG(7, 8))
	for range 100_000 {
		s.Values = append(s.Values, 3600*math.Exp(3*r.NormFloat64()))
	}
	require.Less(t, len(picture(t, func(w io.Writer) error { return chart.Histogram(w, s, chart.Options{}) })), 64<<10)
}

// Each value is counted once, in the bin that holds it.
func TestHistogramCountsEachValueOnce(t *testing.T) {
	t.Parallel()
	bar := regexp.MustCompile(`class="bar"[^>]*><title>[^<]*: ([0-9]+)</title>`)
	rapid.Check(t, func(t *rapid.T) {
		s := chart.Sample{Title: "t", X: "x", Y: "y", Unit: rapid.SampledFrom([]chart.Unit{chart.UnitNumber, chart.UnitShare, chart.UnitSeconds, chart.UnitPerWeek}).Draw(t, "unit"),
			Values: rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(-1e15, 1e15), rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{0, 1, 60, 3600, 86400, math.NaN(), math.Inf(1), 1e-300, -1e-320, 1e15})), 0, 30).Draw(t, "values")}
		want := 0
		for _, v := range s.Values {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				want++
			}
		}
		got := 0
		for _, m := range bar.FindAllStringSubmatch(picture(t, func(w io.Writer) error { return chart.Histogram(w, s, chart.Options{}) }), -1) {
			n, _ := strconv.Atoi(m[1])
			got += n
		}
		require.Equal(t, want, got)
	})
}

// Whatever the numbers are, the picture is well-formed, its places are numbers, and it
// has one marker for each value that is known.
func TestAnyNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		any := rapid.OneOf(rapid.Float64Range(-10, 10), rapid.Float64Range(-1e15, 1e15), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, 1e-320, -1e-300, math.Copysign(0, -1)}))
		s := chart.Series{Title: "t", X: "x", Y: "y", Unit: rapid.SampledFrom([]chart.Unit{chart.UnitNumber, chart.UnitShare, chart.UnitSeconds, chart.UnitPerWeek}).Draw(t, "unit")}
		want, at := 0, week(0)
		timed := rapid.Bool().Draw(t, "timed")
		for range rapid.IntRange(0, 12).Draw(t, "n") {
			p := chart.Point{Value: any.Draw(t, "value"), Lo: any.Draw(t, "lo"), Hi: any.Draw(t, "hi"), OK: rapid.Bool().Draw(t, "ok"), Partial: rapid.Bool().Draw(t, "partial"), Label: "l"}
			if p.Lo > p.Hi {
				p.Lo, p.Hi = p.Hi, p.Lo
			}
			if timed { // sometimes overlapping, sometimes with a hole
				p.From, p.To = at, at.Add(10*time.Hour)
				at = at.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "hours")) * time.Hour)
			}
			if p.OK && !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
				want++
			}
			s.Points = append(s.Points, p)
		}
		text := picture(t, func(w io.Writer) error { return chart.Trend(w, s, chart.Options{}) })
		require.Equal(t, want, strings.Count(text, "</title></circle>"))
	})
}

// luminance is that of WCAG 2.2, "relative luminance".
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	v, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	require.NoError(t, err, colour)
	channel := func(c uint64) float64 {
		s := float64(c&0xff) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(v>>16) + 0.7152*channel(v>>8) + 0.0722*channel(v)
}

// The colours are taken from the style sheet that stands in the picture.
func TestContrast(t *testing.T) {
	t.Parallel()
	text := picture(t, func(w io.Writer) error { return chart.Trend(w, weeks(), chart.Options{}) })
	day, night, found := strings.Cut(text[strings.Index(text, "<style>"):strings.Index(text, "</style>")], "@media (prefers-color-scheme:dark)")
	require.True(t, found)
	// What is drawn has a colour of its own in each theme: without one it is black.
	for _, m := range regexp.MustCompile(`<(?:text|circle|path) class="([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if m[1] != "gap" {
			require.Contains(t, day, "."+m[1]+"{")
			require.Contains(t, night, "."+m[1]+"{")
		}
	}
	for name, css := range map[string]string{"light": day, "dark": night} {
		colour := func(class string) float64 {
			m := regexp.MustCompile(`\.` + class + `\{(?:fill:#[0-9a-f]{6};)?(?:fill|stroke):(#[0-9a-f]{6})`).FindStringSubmatch(css)
			require.NotNil(t, m, "%s %s", name, class)
			return luminance(t, m[1])
		}
		contrast := func(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }
		for _, class := range []string{"title", "text", "muted", "line", "full", "hollow", "signal", "signal-hollow", "limit", "limit-text", "bar", "axis"} {
			for _, under := range []string{"ground", "band"} {
				require.GreaterOrEqual(t, contrast(colour(class), colour(under)), 4.5, "%s: %s on %s", name, class, under)
			}
		}
		for _, class := range []string{"edge", "hatch"} {
			require.GreaterOrEqual(t, contrast(colour(class), colour("ground")), 3.0, "%s: %s", name, class)
		}
		if name == "light" {
			require.Greater(t, colour("ground"), 0.9)
		} else {
			require.Less(t, colour("ground"), 0.05)
		}
	}
}
