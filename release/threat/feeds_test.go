package threat_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/threat"
)

var asOf = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return b
}

func feeds(t testing.TB) threat.Feeds {
	t.Helper()
	return threat.Feeds{EPSS: threat.ReadEPSS("epss.csv", read(t, "epss.csv")), KEV: threat.ReadKEV("kev.json", read(t, "kev.json"))}
}

func advisory(id string, aliases ...string) release.ChangeSet {
	return release.ChangeSet{Advisories: []release.AdvisoryChange{{ID: id, Aliases: aliases}}}
}

// answers is an advisory's answers in one line.
func answers(a release.AdvisoryChange) string {
	likelihood := "unknown"
	if a.Likelihood.Known {
		likelihood = fmt.Sprint(a.Likelihood.Value)
	}
	return likelihood + " " + a.Exploited.String()
}

func packed(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(b)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return out.Bytes()
}

func TestEPSS(t *testing.T) {
	t.Parallel()
	plain := read(t, "epss.csv")
	for name, b := range map[string][]byte{"plain": plain, "packed": packed(t, plain),
		"with carriage returns":  bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n")),
		"without a last newline": bytes.TrimSuffix(plain, []byte("\n")),
		"with a byte order mark": append([]byte("\ufeff"), plain...)} {
		e := threat.ReadEPSS("epss.csv", b)
		require.Empty(t, e.Gaps(), name)
		require.Equal(t, release.CoverageComplete, e.Coverage())
		require.Equal(t, release.Source{Path: "epss.csv", Format: "epss/v2025.03.14", Version: "v2025.03.14",
			Digest: release.DigestOf(b), At: time.Date(2026, 11, 20, 12, 55, 0, 0, time.UTC)}, e.Source(), name)
		require.Equal(t, 4, e.Len())
		want := release.Score{Known: true, Value: .94358, By: "EPSS v2025.03.14", At: e.Source().At}
		require.Equal(t, want, e.Score("CVE-2021-44228"))
		require.Equal(t, want, e.Score("cve-2021-44228"))
		require.Equal(t, release.Score{Known: true, Value: 0, By: want.By, At: want.At}, e.Score("CVE-2024-12345"), "a published 0 is known")
	}
}

// Trap T6 of EPSS: no row is not 0.
func TestT6NoRowIsUnknown(t *testing.T) {
	t.Parallel()
	e := feeds(t).EPSS
	for _, id := range []string{"CVE-2099-0001", "GHSA-jfh8-c2jp-5v3q", "", "CVE-", "CVE-2021-4422", "CVE-2021-442280", "CVE-2021-044228", "CVE-2021-99999999999",
		"DEBIAN-CVE-2021-44228", "CVE-2021-44228 ", "CVE‐2021‐44228", "CVE-2O21-44228"} {
		require.Zero(t, e.Score(id), id)
	}
	var none *threat.EPSS
	require.Zero(t, none.Score("CVE-2021-44228"))
	require.Zero(t, none.Len())
	require.Zero(t, none.Source())
	require.Empty(t, none.Gaps())
	require.Equal(t, release.CoverageMissing, none.Coverage())
}

// The percentile is a rank: 0.00043 is unlikely however it ranks, and columns are
// found by their names.
func TestEPSSPercentileIsNoProbability(t *testing.T) {
	t.Parallel()
	const meta = "#model_version:v1,score_date:2026-11-20\n"
	for _, text := range []string{
		"cve,epss,percentile\nCVE-2024-0001,0.00043,0.9\n",
		"cve,percentile,epss\nCVE-2024-0001,0.9,0.00043\n",
		"percentile,epss,extra,cve\n0.9,0.00043,x,CVE-2024-0001\n",
		"cve,epss\nCVE-2024-0001,0.00043\n",
	} {
		e := threat.ReadEPSS("e", []byte(meta+text))
		require.Empty(t, e.Gaps())
		require.Equal(t, .00043, e.Score("CVE-2024-0001").Value)
	}
	e := threat.ReadEPSS("e", []byte(meta+"cve,percentile\nCVE-2024-0001,0.9\n"))
	require.NotEmpty(t, e.Gaps())
	require.Zero(t, e.Score("CVE-2024-0001"))
}

func TestEPSSRefuses(t *testing.T) {
	t.Parallel()
	plain := string(read(t, "epss.csv"))
	const row = "CVE-2024-0001,0.00043,0.09412"
	with := func(r string) []byte { return []byte(strings.Replace(plain, row, r, 1)) }
	cut := packed(t, []byte(plain))
	for name, b := range map[string][]byte{
		"nothing":                  {},
		"a header alone":           []byte("cve,epss,percentile\n"),
		"no rows":                  []byte("#model_version:v1,score_date:2026-11-20\ncve,epss,percentile\n"),
		"no model":                 []byte("#score_date:2026-11-20\ncve,epss\nCVE-2024-0001,0.1\n"),
		"no date":                  []byte("#model_version:v1\ncve,epss\nCVE-2024-0001,0.1\n"),
		"no date that is one":      []byte("#model_version:v1,score_date:yesterday\ncve,epss\nCVE-2024-0001,0.1\n"),
		"two dates":                []byte("#model_version:v1,score_date:2026-11-20,score_date:2020-01-01\ncve,epss\nCVE-2024-0001,0.1\n"),
		"two models":               []byte("#model_version:v1,model_version:v2,score_date:2026-11-20\ncve,epss\nCVE-2024-0001,0.1\n"),
		"two columns epss":         []byte("#model_version:v1,score_date:2026-11-20\ncve,epss,epss\nCVE-2024-0001,0.1,0.9\n"),
		"a probability above 1":    with("CVE-2024-0001,43,0.09412"),
		"below 0":                  with("CVE-2024-0001,-0.1,0.09412"),
		"negative nothing":         with("CVE-2024-0001,-0,0.09412"),
		"not a number":             with("CVE-2024-0001,NaN,0.09412"),
		"infinite":                 with("CVE-2024-0001,Inf,0.09412"),
		"hexadecimal":              with("CVE-2024-0001,0x1p-4,0.09412"),
		"empty":                    with("CVE-2024-0001,,0.09412"),
		"in quotes":                with(`CVE-2024-0001,"0.1",0.09412`),
		"with a space":             with("CVE-2024-0001, 0.1,0.09412"),
		"a percentile above 1":     with("CVE-2024-0001,0.1,94"),
		"a cell missing":           with("CVE-2024-0001,0.1"),
		"a cell too many":          with(row + ",1"),
		"no CVE identifier":        with("GHSA-0001,0.1,0.1"),
		"the same twice":           with(row + "\ncve-2024-0001,0.9,0.9"),
		"an empty line":            with(""),
		"a long line":              with(strings.Repeat("x", 5000)),
		"bytes that are not UTF-8": with("CVE-2024-0001,0.1,\xff"),
		"packed and cut":           cut[:len(cut)-9],
		"packed with a wrong sum":  append(slices.Clone(cut[:len(cut)-8]), 0, 0, 0, 0, 0, 0, 0, 0),
		"packed with more behind":  append(slices.Clone(cut), "junk"...),
		"packed twice":             packed(t, cut),
		"a packed header alone":    cut[:10],
	} {
		e := threat.ReadEPSS("epss.csv", b)
		require.Len(t, e.Gaps(), 1, name)
		require.Equal(t, release.GapUnreadable, e.Gaps()[0].Kind, name)
		require.Equal(t, release.CoverageMissing, e.Coverage(), name)
		require.Zero(t, e.Len(), name)
		require.Zero(t, e.Score("CVE-2021-44228"), "%s: nothing of a broken file is used", name)
		require.Equal(t, release.DigestOf(b), e.Source().Digest)

		cs := advisory("CVE-2021-44228")
		threat.Feeds{EPSS: e}.Apply(&cs, asOf)
		require.Equal(t, "unknown unknown", answers(cs.Advisories[0]), name)
		require.Equal(t, e.Gaps(), cs.Gaps, name)
		require.Empty(t, cs.Sources, name)
	}
}

func TestKEV(t *testing.T) {
	t.Parallel()
	b := read(t, "kev.json")
	k := threat.ReadKEV("kev.json", b)
	require.Empty(t, k.Gaps())
	require.Equal(t, release.CoverageComplete, k.Coverage())
	require.Equal(t, 3, k.Len())
	require.Equal(t, release.Source{Path: "kev.json", Format: "cisa-kev", Version: "2026.11.19", Digest: release.DigestOf(b),
		At: time.Date(2026, 11, 19, 18, 0, 11, 234500000, time.UTC)}, k.Source())
	e, ok := k.Find("CVE-2021-44228")
	require.True(t, ok)
	require.Equal(t, threat.Exploit{Added: day("2021-12-10"), Ransomware: release.AnswerYes}, e)
	e, ok = k.Find("CVE-2014-0160")
	require.True(t, ok)
	require.Equal(t, threat.Exploit{Added: day("2022-05-04")}, e, "the catalogue never says no")
	for _, id := range []string{"CVE-2099-0001", "GHSA-jfh8-c2jp-5v3q", ""} {
		_, ok = k.Find(id)
		require.False(t, ok)
	}
	var none *threat.KEV
	_, ok = none.Find("CVE-2021-44228")
	require.False(t, ok)
	require.Zero(t, none.Len())
}

// A catalogue with holes says what is exploited, and never what is not.
func TestKEVIncomplete(t *testing.T) {
	t.Parallel()
	plain := string(read(t, "kev.json"))
	for _, c := range []struct{ name, from, to string }{
		{"the count is higher", `"count": 3`, `"count": 4`},
		{"the count is lower", `"count": 3`, `"count": 2`},
		{"no count", `"count": 3,`, ``},
		{"an identifier that is none", `"CVE-2014-0160"`, `"CVE 2014 0160"`},
		{"an entry without an identifier", `"cveID": "CVE-2014-0160",`, ``},
		{"a date that is none", `"2022-05-04"`, `"04/05/2022"`},
	} {
		k := threat.ReadKEV("kev.json", []byte(strings.Replace(plain, c.from, c.to, 1)))
		require.Equal(t, release.CoveragePartial, k.Coverage(), c.name)
		require.NotEmpty(t, k.Gaps(), c.name)
		cs := release.ChangeSet{Advisories: []release.AdvisoryChange{{ID: "CVE-2021-44228"}, {ID: "CVE-2024-0001"}}}
		threat.Feeds{KEV: k}.Apply(&cs, asOf)
		require.Equal(t, "unknown yes", answers(cs.Advisories[0]), c.name)
		require.Equal(t, "unknown unknown", answers(cs.Advisories[1]), c.name)
		require.NotEmpty(t, cs.Gaps, c.name)
	}
}

func TestKEVRefuses(t *testing.T) {
	t.Parallel()
	plain := string(read(t, "kev.json"))
	for name, text := range map[string]string{
		"nothing":               "",
		"null":                  "null",
		"a list":                "[]",
		"an error page":         `{"error":"not found"}`,
		"cut":                   plain[:len(plain)/2],
		"a name twice":          strings.Replace(plain, `"count": 3`, `"count": 3, "count": 3`, 1),
		"names in another case": strings.Replace(plain, `"cveID"`, `"cveId"`, 1),
		"no date":               strings.Replace(plain, `"dateReleased"`, `"released"`, 1),
		"no version":            strings.Replace(plain, `"catalogVersion"`, `"version"`, 1),
		"no list":               strings.Replace(plain, `"vulnerabilities"`, `"vulns"`, 1),
	} {
		k := threat.ReadKEV("kev.json", []byte(text))
		require.Equal(t, release.CoverageMissing, k.Coverage(), name)
		require.Len(t, k.Gaps(), 1, name)
		cs := advisory("CVE-2021-44228")
		threat.Feeds{KEV: k}.Apply(&cs, asOf)
		require.Equal(t, "unknown unknown", answers(cs.Advisories[0]), name)
		require.Equal(t, k.Gaps(), cs.Gaps, name)
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		id      string
		aliases []string
		want    string
	}{
		{"by its ID", "CVE-2021-44228", nil, "0.94358 yes"},
		{"by an alias", "GHSA-jfh8-c2jp-5v3q", []string{"CVE-2021-44228"}, "0.94358 yes"},
		{"small letters", "GHSA-jfh8-c2jp-5v3q", []string{"cve-2021-44228"}, "0.94358 yes"},
		{"the highest of several", "GO-2026-1", []string{"CVE-2014-0160", "CVE-2021-44228"}, "0.94464 yes"},
		{"one of several is exploited", "GO-2026-1", []string{"CVE-2024-0001", "CVE-2021-44228"}, "0.94358 yes"},
		{"known and not exploited", "CVE-2024-0001", nil, "0.00043 no"},
		{"trap T6: one of several has no row", "CVE-2024-0001", []string{"CVE-2099-0001"}, "unknown no"},
		{"trap T6: no row", "CVE-2099-0001", nil, "unknown no"},
		{"trap T6: no CVE identifier", "GHSA-jfh8-c2jp-5v3q", []string{"GO-2026-1"}, "unknown unknown"},
		{"trap T6: no name", "", nil, "unknown unknown"},
		{"trap T18: listed for a day that has not come", "CVE-2026-11111", nil, "unknown unknown"},
	} {
		cs := advisory(c.id, c.aliases...)
		feeds(t).Apply(&cs, asOf)
		require.Equal(t, c.want, answers(cs.Advisories[0]), c.name)
		require.Len(t, cs.Sources, 2)
		require.Empty(t, cs.Gaps)
		if l := cs.Advisories[0].Likelihood; l.Known {
			require.Equal(t, "EPSS v2025.03.14", l.By)
			require.Equal(t, time.Date(2026, 11, 20, 12, 55, 0, 0, time.UTC), l.At)
		}
	}
}

// A distribution's advisory is looked up by the flaws that it comes from.
func TestApplyUpstream(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		id       string
		aliases  []string
		upstream []string
		want     string
	}{
		{"one", "DSA-5020-1", nil, []string{"CVE-2021-44228"}, "0.94358 yes"},
		{"one of several is exploited", "DSA-5020-1", nil, []string{"CVE-2024-0001", "CVE-2021-44228"}, "0.94358 yes"},
		{"beside an alias of its own", "USN-1-1", []string{"CVE-2024-0001"}, []string{"CVE-2021-44228"}, "0.94358 yes"},
		{"none is exploited", "DEBIAN-CVE-2024-0001", nil, []string{"CVE-2024-0001"}, "0.00043 no"},
		{"one without a row", "DSA-5020-1", nil, []string{"CVE-2024-0001", "CVE-2099-0001"}, "unknown no"},
		{"not by a CVE", "DSA-5020-1", nil, []string{"GHSA-jfh8-c2jp-5v3q"}, "unknown unknown"},
	} {
		cs := advisory(c.id, c.aliases...)
		cs.Advisories[0].Upstream = c.upstream
		feeds(t).Apply(&cs, asOf)
		require.Equal(t, c.want, answers(cs.Advisories[0]), c.name)
	}
}

// A name that seems to be a CVE identifier and cannot be looked up may be an exploited
// one: then nothing is harmless. Those beside it are heard.
func TestApplyUnreadableCVE(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"CVE-2021-44228 ", " CVE-2021-44228", "CVE-2021-044228", "CVE‐2021‐44228", "cve 2021 44228", "CVE-2021-99999999999", "CVE-2O21-44228", "CVE:2021-44228"} {
		cs := advisory("CVE-2024-0001", bad)
		feeds(t).Apply(&cs, asOf)
		require.Equal(t, "unknown unknown", answers(cs.Advisories[0]), bad)
		cs = advisory("CVE-2021-44228", bad)
		feeds(t).Apply(&cs, asOf)
		require.Equal(t, "unknown yes", answers(cs.Advisories[0]), bad)
	}
}

// Trap T18: what was not known then is not used, however right it is today.
func TestT18TimeTravel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		asOf    time.Time
		want    string // of one that is listed
		other   string // of one that is not
		sources int
		gaps    int
	}{
		{"both are of this week", asOf, "0.94358 yes", "0.00043 no", 2, 0},
		{"the moment of the later feed", time.Date(2026, 11, 20, 12, 55, 0, 0, time.UTC), "0.94358 yes", "0.00043 no", 2, 0},
		{"a second before", time.Date(2026, 11, 20, 12, 54, 59, 0, time.UTC), "unknown yes", "unknown no", 1, 1},
		{"before both", day("2026-11-19"), "unknown unknown", "unknown unknown", 0, 2},
		{"in the past, when it was long listed", day("2024-01-01"), "unknown unknown", "unknown unknown", 0, 2},
		{"before it was listed", day("2021-12-01"), "unknown unknown", "unknown unknown", 0, 2},
		{"no moment", time.Time{}, "unknown unknown", "unknown unknown", 0, 2},
		{"the catalogue is too old", day("2026-11-27"), "0.94358 yes", "0.00043 unknown", 2, 1},
		{"both are too old", day("2027-11-20"), "unknown yes", "unknown unknown", 2, 2},
	} {
		cs := release.ChangeSet{Advisories: []release.AdvisoryChange{{ID: "CVE-2021-44228"}, {ID: "CVE-2024-0001"}}}
		feeds(t).Apply(&cs, c.asOf)
		require.Equal(t, c.want, answers(cs.Advisories[0]), c.name)
		require.Equal(t, c.other, answers(cs.Advisories[1]), c.name)
		require.Len(t, cs.Sources, c.sources, c.name)
		require.Len(t, cs.Gaps, c.gaps, c.name)
	}
}

func TestMaxAge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		age  time.Duration
		want string
	}{{0, "0.00043 no"}, {40 * time.Hour, "0.00043 no"}, {24 * time.Hour, "0.00043 unknown"}, {time.Hour, "unknown unknown"}, {-1, "unknown unknown"}} {
		f := feeds(t)
		f.MaxAge = c.age
		cs := advisory("CVE-2024-0001")
		f.Apply(&cs, asOf)
		require.Equal(t, c.want, answers(cs.Advisories[0]), c.age.String())
	}
}

// No feed is no answer, and no gap: feeds are optional.
func TestNoFeeds(t *testing.T) {
	t.Parallel()
	cs := advisory("CVE-2021-44228")
	threat.Feeds{}.Apply(&cs, asOf)
	require.Equal(t, advisory("CVE-2021-44228"), cs)
	empty := release.ChangeSet{}
	feeds(t).Apply(&empty, asOf)
	require.Empty(t, empty.Advisories)
	require.Len(t, empty.Sources, 2)
}

// What somebody else knew is never made lower.
func TestApplyNeverLowers(t *testing.T) {
	t.Parallel()
	other := release.Score{Known: true, Value: .5, By: "EPSS v0 by a scanner"}
	cs := release.ChangeSet{Advisories: []release.AdvisoryChange{
		{ID: "CVE-2024-0001", Likelihood: other, Exploited: release.AnswerYes},
		{ID: "CVE-2021-44228", Likelihood: other, Exploited: release.AnswerNo},
		{ID: "GO-2026-1", Likelihood: other, Exploited: release.AnswerNo},
		{ID: "CVE-2024-0001", Likelihood: release.Score{Known: true, Value: math.NaN()}},
		{ID: "CVE-2024-0001", Likelihood: release.Score{Known: true, Value: -1}},
	}}
	before := slices.Clone(cs.Advisories)
	kept := cs
	feeds(t).Apply(&cs, asOf)
	var got []string
	for _, a := range cs.Advisories {
		got = append(got, answers(a))
	}
	require.Equal(t, []string{"0.5 yes", "0.94358 yes", "0.5 no", "0.00043 no", "0.00043 no"}, got)
	require.Equal(t, before[:3], kept.Advisories[:3], "a copy does not change")

	once, err := cs.Digest()
	require.NoError(t, err)
	feeds(t).Apply(&cs, asOf)
	twice, err := cs.Digest()
	require.NoError(t, err)
	require.Equal(t, once, twice, "a second time changes nothing")
}

func TestSeverityByItsVector(t *testing.T) {
	t.Parallel()
	vector := "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
	for _, c := range []struct{ was, want release.Score }{
		{release.Score{By: vector}, release.Score{Known: true, Value: 7.5, By: vector}},
		{release.Score{Known: true, Value: 9, By: vector}, release.Score{Known: true, Value: 9, By: vector}},
		{release.Score{By: "HIGH"}, release.Score{By: "HIGH"}},
		{release.Score{}, release.Score{}},
	} {
		cs := release.ChangeSet{Advisories: []release.AdvisoryChange{{ID: "x", Severity: c.was}}}
		threat.Feeds{}.Apply(&cs, asOf)
		require.Equal(t, c.want, cs.Advisories[0].Severity)
	}
}
