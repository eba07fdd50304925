package threat_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/threat"
)

// A vector that has a score has a canonical form with the same score and the same answers; what has none answers nothing.
func FuzzCVSS(f *testing.F) {
	for _, s := range []string{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/E:U/MSI:S/U:Red", "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N/E:P",
		"CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", "AV:N/AC:L/Au:N/C:N/I:N/A:C/E:U/RL:OF/RC:UC", "CVSS:4.0/", "////"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, vector string) {
		s, err := threat.CVSS(vector)
		if err != nil {
			require.Zero(t, s)
			require.Zero(t, threat.Automatable(vector))
			require.Zero(t, threat.TotalImpact(vector))
			return
		}
		require.Equal(t, threat.Automatable(vector), threat.Automatable(s.By))
		require.Equal(t, threat.TotalImpact(vector), threat.TotalImpact(s.By))
		require.True(t, s.Known && s.Value >= 0 && s.Value <= 10)
		again, err := threat.CVSS(s.By)
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}

// Each row of a file that was read is found with the probability that a plain split
// of the text gives; of a file that was refused, nothing is.
func FuzzReadEPSS(f *testing.F) {
	plain := read(f, "epss.csv")
	f.Add(plain)
	f.Add(packed(f, plain))
	f.Add([]byte("#model_version:v1,score_date:2026-11-20\ncve,epss\nCVE-2024-0001,1e-3\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e := threat.ReadEPSS("f", b)
		require.Equal(t, e.Len() == 0, len(e.Gaps()) == 1, "rows or a gap")
		require.Equal(t, e.Len() == 0, e.Coverage() == release.CoverageMissing)
		if e.Len() == 0 || bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
			return
		}
		lines := strings.Split(strings.TrimRight(string(b), "\r\n"), "\n")
		require.Len(t, lines, e.Len()+2)
		names := strings.Split(strings.TrimRight(lines[1], "\r"), ",")
		for _, line := range lines[2:] {
			row := map[string]string{}
			for i, cell := range strings.Split(strings.TrimRight(line, "\r"), ",") {
				row[names[i]] = cell
			}
			s := e.Score(row["cve"])
			var want float64
			_, err := fmt.Sscanf(row["epss"], "%g", &want)
			require.NoError(t, err)
			require.True(t, s.Known)
			require.Equal(t, want, s.Value)
		}
	})
}

// A catalogue is complete only without gaps; and no answer is "no" without it.
func FuzzReadKEV(f *testing.F) {
	f.Add(read(f, "kev.json"))
	f.Add([]byte(`{"catalogVersion":"1","dateReleased":"2026-11-20","count":1,"vulnerabilities":[{"cveID":"CVE-2024-0001","dateAdded":"2024-01-01"}]}`))
	f.Add([]byte(`{"catalogVersion":"1","dateReleased":"2026-11-20","count":0,"vulnerabilities":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		k := threat.ReadKEV("f", b)
		require.Equal(t, k.Coverage() != release.CoverageComplete, len(k.Gaps()) > 0)
		cs := advisory("CVE-2099-9999")
		threat.Feeds{KEV: k}.Apply(&cs, asOf)
		if cs.Advisories[0].Exploited == release.AnswerNo {
			require.Equal(t, release.CoverageComplete, k.Coverage())
			require.False(t, k.Source().At.After(asOf))
			require.NotZero(t, k.Len())
		}
		again := advisory("CVE-2099-9999")
		threat.Feeds{KEV: threat.ReadKEV("f", b)}.Apply(&again, asOf)
		require.Equal(t, cs, again)
	})
}

// bomb is a day with far more rows than there are vulnerabilities.
func bomb(t *testing.T, rows int) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("#model_version:v1,score_date:2026-11-20\ncve,epss,percentile\n")
	for i := range rows {
		fmt.Fprintf(&b, "CVE-2024-%d,0.00043,0.09412\n", 10000+i)
	}
	return b.Bytes()
}

func TestHostileEPSS(t *testing.T) {
	tooMany := bomb(t, threat.MaxEPSSRows+1)
	inputs := append(hostile.Texts(),
		hostile.Input{Name: "too many rows", Text: tooMany},
		hostile.Input{Name: "a bomb of a line", Text: packed(t, make([]byte, 200<<20))},
		hostile.Input{Name: "a bomb of lines", Text: packed(t, append([]byte("#model_version:v1,score_date:2026-11-20\ncve,epss\n"), bytes.Repeat([]byte("\n"), 200<<20)...))},
		hostile.Input{Name: "a bomb of columns", Text: []byte("#model_version:v1,score_date:2026-11-20\n" + strings.Repeat("a,", 32<<20))},
	)
	for i := range inputs {
		if inputs[i].Name == "a million empty lines" {
			inputs[i].Fine = false
		}
	}
	hostile.Check(t, inputs, func(b []byte) bool {
		return threat.ReadEPSS("h", b).Coverage() == release.CoverageMissing
	})
	require.Equal(t, release.GapTooLarge, threat.ReadEPSS("h", tooMany).Gaps()[0].Kind)
}

func TestHostileKEV(t *testing.T) {
	entry := `{"cveID":"CVE-2024-0001","dateAdded":"2024-01-01"},`
	inputs := append(hostile.Texts(),
		hostile.Input{Name: "too many entries", Text: []byte(`{"catalogVersion":"1","dateReleased":"2026-11-20","vulnerabilities":[` + strings.Repeat(entry, 100_000) + `{}]}`)},
		hostile.Input{Name: "entries of nothing", Text: []byte(`{"catalogVersion":"1","dateReleased":"2026-11-20","vulnerabilities":[` + strings.Repeat("{},", 60_000) + `{}]}`)},
	)
	hostile.Check(t, inputs, func(b []byte) bool {
		return threat.ReadKEV("h", b).Coverage() != release.CoverageComplete
	})
}

func BenchmarkReadEPSS(b *testing.B) {
	var text bytes.Buffer
	text.WriteString("#model_version:v1,score_date:2026-11-20\ncve,epss,percentile\n")
	for i := range 330_000 {
		fmt.Fprintf(&text, "CVE-2024-%d,0.00043,0.09412\n", 10000+i)
	}
	b.ReportAllocs()
	for b.Loop() {
		if threat.ReadEPSS("e", text.Bytes()).Len() != 330_000 {
			b.Fatal("rows")
		}
	}
}
