package threat_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/threat"
)

func TestCVSS(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, vector string
		want         float64
		by           string // if not the vector
	}{
		// Worked out by hand after the guides' equations.
		{"2.0, CVE-2002-0392", "AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8, ""},
		{"2.0, CVE-2003-0818", "AV:N/AC:L/Au:N/C:C/I:C/A:C", 10, ""},
		{"2.0, CVE-2003-0062", "AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2, ""},
		{"2.0 with temporal metrics", "AV:N/AC:L/Au:N/C:N/I:N/A:C/E:U/RL:OF/RC:UC", 7.8, ""},
		{"3.0", "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, ""},
		{"3.1, CVE-2021-44228", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10, ""},
		{"3.1, CVE-2014-0160", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5, ""},
		{"3.1 without impact", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0, ""},
		{"3.1 in another order", "CVSS:3.1/S:U/AV:N/AC:L/PR:N/UI:N/C:H/I:N/A:N", 7.5, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"},
		{"4.0, the worst", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10, ""},
		{"4.0, no impact", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0, ""},
		{"4.0, half a tenth: 8.55", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:H/VI:L/VA:N/SC:H/SI:H/SA:H", 8.6, ""},
		{"4.0, half a tenth: 5.65", "CVSS:4.0/AV:L/AC:L/AT:P/PR:N/UI:A/VC:L/VI:H/VA:N/SC:N/SI:N/SA:N", 5.7, ""},
		{"4.0, CVE-2022-41741", "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3, ""},
		{"4.0, CVE-2020-3549", "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.7, ""},
		{"4.0, CVE-2023-3089", "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N", 8.3, ""},
		{"4.0, CVE-2021-44714", "CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", 4.6, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := threat.CVSS(c.vector)
			require.NoError(t, err)
			require.True(t, s.Known)
			require.Equal(t, c.want, s.Value)
			by := c.by
			if by == "" {
				by = c.vector
			}
			require.Equal(t, by, s.By)
			require.Zero(t, s.At, "a base score does not age")
		})
	}
}

// What is no vector has no score: neither 0 nor any other.
func TestCVSSRefuses(t *testing.T) {
	t.Parallel()
	base := "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
	base4 := "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
	for name, bad := range map[string]string{
		"nothing":                   "",
		"a number":                  "9.8",
		"a word":                    "HIGH",
		"a header alone":            "CVSS:3.1/",
		"a version of the future":   strings.Replace(base, "3.1", "5.0", 1),
		"small letters":             strings.ToLower(base),
		"a space in front":          " " + base,
		"a newline behind":          base + "\n",
		"a slash behind":            base + "/",
		"a metric missing":          strings.TrimSuffix(base, "/A:H"),
		"a metric twice":            base + "/A:N",
		"a metric twice, the same":  base + "/AV:N",
		"a value that there is not": strings.Replace(base, "C:H", "C:X", 1),
		"a metric of another one":   base + "/VC:H",
		"2.0 under the header":      "CVSS:2.0/AV:N/AC:L/Au:N/C:C/I:C/A:C",
		"2.0 without its last":      "AV:N/AC:L/Au:N/C:C/I:C",
		"2.0 out of order":          "AC:L/AV:N/Au:N/C:C/I:C/A:C",
		"2.0 with half a group":     "AV:N/AC:L/Au:N/C:C/I:C/A:C/E:U",
		"4.0 out of order":          strings.Replace(base4, "AV:N/AC:L", "AC:L/AV:N", 1),
		"4.0 without its last":      strings.TrimSuffix(base4, "/SA:N"),
		"4.0 with a base of safety": strings.Replace(base4, "SA:N", "SA:S", 1),
		"4.0 with a metric twice":   base4 + "/E:A/E:U",
		"many slashes":              strings.Repeat("/", threat.MaxVector),
		"too long":                  base + strings.Repeat("/E:X", threat.MaxVector),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := threat.CVSS(bad)
			require.ErrorContains(t, err, "threat: CVSS vector")
			require.Zero(t, s)
		})
	}
}

// Metrics of another time and place do not lower a score.
func TestCVSSBaseAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ base, more string }{
		{"AV:N/AC:L/Au:N/C:C/I:C/A:C", "/E:U/RL:OF/RC:UC/CDP:N/TD:N/CR:L/IR:L/AR:L"},
		{"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "/E:U/RL:O/RC:U/MC:N/MI:N/MA:N"},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "/E:U/RL:O/RC:U/MC:N/MI:N/MA:N"},
		{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "/E:U/MVC:N/MVI:N/MVA:N"},
	} {
		want, err := threat.CVSS(c.base)
		require.NoError(t, err)
		got, err := threat.CVSS(c.base + c.more)
		require.NoError(t, err)
		require.Equal(t, want.Value, got.Value)
		require.Equal(t, c.base+c.more, got.By, "the vector is kept as a whole")
		_, err = threat.CVSS(c.base + "/ZZ:Q")
		require.Error(t, err)
	}
}

// metric is a base metric with its values from the least to the most severe.
type metric struct {
	name   string
	values string
}

var base31 = []metric{{"AV", "PLAN"}, {"AC", "HL"}, {"PR", "HLN"}, {"UI", "RN"}, {"S", "UC"}, {"C", "NLH"}, {"I", "NLH"}, {"A", "NLH"}}

var base40 = []metric{{"AV", "PLAN"}, {"AC", "HL"}, {"AT", "PN"}, {"PR", "HLN"}, {"UI", "APN"},
	{"VC", "NLH"}, {"VI", "NLH"}, {"VA", "NLH"}, {"SC", "NLH"}, {"SI", "NLH"}, {"SA", "NLH"}}

// all visits every vector of the metrics.
func all(header string, metrics []metric, visit func(levels []int, vector string)) {
	levels := make([]int, len(metrics))
	for {
		var b strings.Builder
		b.WriteString(header)
		for i, m := range metrics {
			fmt.Fprintf(&b, "/%s:%c", m.name, m.values[levels[i]])
		}
		visit(levels, b.String())
		i := len(levels) - 1
		for ; i >= 0; i-- {
			if levels[i]++; levels[i] < len(metrics[i].values) {
				break
			}
			levels[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// key numbers a vector.
func key(levels []int) (k int) {
	for _, l := range levels {
		k = 4*k + l
	}
	return k
}

// Every base vector of 3.0 and 3.1 has the score of the specification's equations
// (section 7), written here once more.
func TestCVSS31Equations(t *testing.T) {
	t.Parallel()
	weights := [][]float64{{.2, .55, .62, .85}, {.44, .77}, {.27, .62, .85}, {.62, .85}, {0, 1}, {0, .22, .56}, {0, .22, .56}, {0, .22, .56}}
	count := 0
	all("CVSS:3.1", base31, func(l []int, vector string) {
		w := make([]float64, len(l))
		for i, level := range l {
			w[i] = weights[i][level]
		}
		changed := l[4] == 1
		if changed {
			w[2] = []float64{.5, .68, .85}[l[2]]
		}
		iss := 1 - (1-w[5])*(1-w[6])*(1-w[7])
		impact, factor := 6.42*iss, 1.0
		if changed {
			impact, factor = 7.52*(iss-.029)-3.25*math.Pow(iss-.02, 15), 1.08
		}
		want := 0.0
		if impact > 0 {
			// To the next tenth; the rest is what floating point adds (appendix A).
			n := int(math.Round(math.Min(factor*(impact+8.22*w[0]*w[1]*w[2]*w[3]), 10) * 100000))
			want = float64((n+9999)/10000) / 10
		}
		s, err := threat.CVSS(vector)
		require.NoError(t, err, vector)
		require.Equal(t, want, s.Value, vector)
		s, err = threat.CVSS(strings.Replace(vector, "3.1", "3.0", 1))
		require.NoError(t, err, vector)
		require.InDelta(t, want, s.Value, .1001, "3.0 rounds by another rule: %s", vector)
		count++
	})
	require.Equal(t, 2592, count)
}

// Worsening a base metric never lowers a score; scores stay in range. Those of all
// vectors of 4.0 are what FIRST's own calculator computes
// (github.com/FIRSTdotorg/cvss-v4-calculator, c5b0d40), with half a tenth rounded up as
// in Red Hat's, which it comes from (pull request 67 there): the digest is of that
// program's output, a byte for each score in tenths.
func TestCVSSMonotone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header  string
		metrics []metric
		long    bool
		digest  string
	}{{"CVSS:3.1", base31, false, ""}, {"CVSS:4.0", base40, true, "1d097bc3f2ee933c50fa93b567981d17aec99e8b65d9bcd3c14bcee94c3e7c78"}} {
		t.Run(c.header, func(t *testing.T) {
			t.Parallel()
			if c.long && testing.Short() {
				t.Skip("scores 104,976 vectors")
			}
			scores, tenths := make([]float64, 1<<(2*len(c.metrics))), []byte(nil)
			all(c.header, c.metrics, func(l []int, vector string) {
				s, err := threat.CVSS(vector)
				if err != nil || s.By != vector || s.Value < 0 || s.Value > 10 || math.Round(s.Value*10)/10 != s.Value {
					require.Fail(t, "score", "%s: %v %v", vector, s, err)
				}
				scores[key(l)] = s.Value
				tenths = append(tenths, byte(math.Round(s.Value*10)))
			})
			if c.digest != "" {
				require.Equal(t, c.digest, release.DigestOf(tenths).Hex())
			}
			worse := 0
			all(c.header, c.metrics, func(l []int, vector string) {
				for i := range l {
					if l[i]+1 == len(c.metrics[i].values) {
						continue
					}
					was := scores[key(l)]
					l[i]++
					if scores[key(l)] < was {
						worse++
						if worse < 5 {
							t.Errorf("%s is %g, and %g with %s:%c", vector, was, scores[key(l)], c.metrics[i].name, c.metrics[i].values[l[i]])
						}
					}
					l[i]--
				}
			})
			require.Zero(t, worse)
		})
	}
}
