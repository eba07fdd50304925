package threat_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/threat"
)

// The vectors of real flaws are those of the National Vulnerability Database.
func TestAutomatable(t *testing.T) {
	t.Parallel()
	const v40 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
	for _, c := range []struct {
		name, vector string
		want         release.Answer
	}{
		{"the attacker touches it", "CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", release.AnswerNo},
		{"touches it, version 3.0", "CVSS:3.0/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", release.AnswerNo},
		{"touches it, version 4.0", strings.Replace(v40, "AV:N", "AV:P", 1), release.AnswerNo},
		{"an administrator and preparation", "CVSS:3.1/AV:N/AC:H/PR:H/UI:N/S:U/C:H/I:H/A:H", release.AnswerNo},
		{"an administrator and somebody else", "CVSS:3.1/AV:N/AC:L/PR:H/UI:R/S:C/C:L/I:L/A:N", release.AnswerNo},
		{"an administrator and a condition", strings.NewReplacer("PR:N", "PR:H", "AT:N", "AT:P").Replace(v40), release.AnswerNo},
		{"an administrator and an act", strings.NewReplacer("PR:N", "PR:H", "UI:N", "UI:A").Replace(v40), release.AnswerNo},
		{"somebody decided no", v40 + "/AU:N", release.AnswerNo},
		{"somebody decided yes", strings.Replace(v40, "AV:N", "AV:P", 1) + "/AU:Y", release.AnswerYes},

		{"Log4Shell, CVE-2021-44228", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", release.AnswerUnknown},
		{"MS17-010, CVE-2017-0144: a worm", "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", release.AnswerUnknown},
		{"preparation and a visitor: exploit kits", "CVSS:3.0/AV:N/AC:H/PR:N/UI:R/S:U/C:H/I:H/A:H", release.AnswerUnknown},
		{"an administrator, behind what lets anybody in, CVE-2024-9474", "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H", release.AnswerUnknown},
		{"local", "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", release.AnswerUnknown},
		{"neighbours", "CVSS:3.1/AV:A/AC:H/PR:L/UI:R/S:U/C:H/I:H/A:H", release.AnswerUnknown},
		{"a visitor who does nothing besides", strings.NewReplacer("PR:N", "PR:H", "UI:N", "UI:P").Replace(v40), release.AnswerUnknown},
		{"nobody decided", v40 + "/AU:X", release.AnswerUnknown},
		{"4.0 without it", v40, release.AnswerUnknown},
		{"environmental metrics are of another place", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/MAV:P", release.AnswerUnknown},
		{"version 2.0 asks otherwise", "AV:L/AC:H/Au:M/C:P/I:P/A:P", release.AnswerUnknown},
		{"another version", "CVSS:5.0/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", release.AnswerUnknown},
		{"a part of a vector", "CVSS:3.1/AV:P", release.AnswerUnknown},
		{"twice", "CVSS:3.1/AV:N/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", release.AnswerUnknown},
		{"a word", "LOW", release.AnswerUnknown},
		{"nothing", "", release.AnswerUnknown},
		{"very long", "CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" + strings.Repeat("/E:X", 1000), release.AnswerUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, threat.Automatable(c.vector))
		})
	}
}

func TestTotalImpact(t *testing.T) {
	t.Parallel()
	const v40 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:%s/VI:%s/VA:%s/SC:%s/SI:%s/SA:N"
	for _, c := range []struct {
		name, vector string
		want         release.Answer
	}{
		{"all is lost", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", release.AnswerYes},
		{"all is lost, locally", "CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:C/C:H/I:H/A:H", release.AnswerYes},
		{"all is lost, version 4.0", fmt.Sprintf(v40, "H", "H", "H", "N", "N"), release.AnswerYes},
		{"it stops", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", release.AnswerNo},
		{"a little", "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", release.AnswerNo},
		{"it stops, version 4.0", fmt.Sprintf(v40, "L", "N", "H", "L", "L"), release.AnswerNo},

		{"all can be read: Heartbleed, CVE-2014-0160", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", release.AnswerUnknown},
		{"all can be written", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", release.AnswerUnknown},
		{"read and written", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N", release.AnswerUnknown},
		{"another system", fmt.Sprintf(v40, "L", "L", "N", "H", "N"), release.AnswerUnknown},
		{"another system is written", fmt.Sprintf(v40, "N", "N", "N", "N", "H"), release.AnswerUnknown},
		{"version 2.0 asks otherwise", "AV:N/AC:L/Au:N/C:P/I:P/A:P", release.AnswerUnknown},
		{"a word", "NONE", release.AnswerUnknown},
		{"nothing", "", release.AnswerUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, threat.TotalImpact(c.vector))
		})
	}
}

// Of all vectors of version 3.1: whatever metric becomes more severe, no answer becomes less dangerous.
func TestMoreSevereIsNeverCalmer(t *testing.T) {
	t.Parallel()
	metrics := []struct{ name, values string }{ // the least severe first
		{"AV", "PLAN"}, {"AC", "HL"}, {"PR", "HLN"}, {"UI", "RN"}, {"S", "UC"}, {"C", "NLH"}, {"I", "NLH"}, {"A", "NLH"}}
	danger := map[release.Answer]int{release.AnswerNo: 0, release.AnswerUnknown: 1, release.AnswerYes: 2}
	vector := func(at []int) string {
		out := "CVSS:3.1"
		for i, m := range metrics {
			out += "/" + m.name + ":" + m.values[at[i]:at[i]+1]
		}
		return out
	}
	at, count := make([]int, len(metrics)), 0
	for {
		v := vector(at)
		count++
		for i, m := range metrics {
			if at[i]+1 == len(m.values) {
				continue
			}
			at[i]++
			worse := vector(at)
			at[i]--
			require.LessOrEqual(t, danger[threat.Automatable(v)], danger[threat.Automatable(worse)], "%s %s", v, worse)
			require.LessOrEqual(t, danger[threat.TotalImpact(v)], danger[threat.TotalImpact(worse)], "%s %s", v, worse)
		}
		i := 0
		for ; i < len(at) && at[i]+1 == len(metrics[i].values); i++ {
			at[i] = 0
		}
		if i == len(at) {
			break
		}
		at[i]++
	}
	require.Equal(t, 4*2*3*2*2*3*3*3, count)
}

// What is known already stands, whatever the vector says; what is not is filled in, without any feed.
func TestVectorAnswersFillIn(t *testing.T) {
	t.Parallel()
	const no, yes, unknown = release.AnswerNo, release.AnswerYes, release.AnswerUnknown
	calm, bad := "CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:L", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/AU:Y"
	for _, c := range []struct {
		vector     string
		was, wantA release.Answer
		wantI      release.Answer
	}{
		{calm, unknown, no, no}, {calm, yes, yes, yes}, {calm, no, no, no},
		{bad, unknown, yes, yes}, {bad, no, no, no},
		{"HIGH", unknown, unknown, unknown}, {"HIGH", yes, yes, yes}, {"", no, no, no},
	} {
		cs := release.ChangeSet{Advisories: []release.AdvisoryChange{{ID: "x", Severity: release.Score{By: c.vector}, Automatable: c.was, TotalImpact: c.was}}}
		kept := cs.Advisories
		threat.Feeds{}.Apply(&cs, asOf)
		require.Equal(t, c.wantA, cs.Advisories[0].Automatable, "%+v", c)
		require.Equal(t, c.wantI, cs.Advisories[0].TotalImpact, "%+v", c)
		require.Equal(t, c.was, kept[0].Automatable, "copies that were made before do not change")
	}
}

func ExampleAutomatable() {
	touched := "CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
	worm := "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H"
	fmt.Println(threat.Automatable(touched), threat.Automatable(worm))
	fmt.Println(threat.TotalImpact(touched), threat.TotalImpact(worm))
	// Output:
	// no unknown
	// yes yes
}
