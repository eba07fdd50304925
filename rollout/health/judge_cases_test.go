package health_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// judgeTotal is the number of requests of each side and window that is stated for
// series which count events: the series do not say it.
const judgeTotal = 1000

// judgeMeans is the number of windows from which on means are judged.
const judgeMeans = 30

// judgeWorth is the number of independent windows that they must be worth besides.
const judgeWorth = 15

// judgeCase is a case of Kayenta's judge: two series of values and the class that is
// expected of them.
type judgeCase struct {
	Name      string     `json:"name"`
	Canary    []float64  `json:"experiment"`
	Control   []float64  `json:"control"`
	Allowed   [2]float64 `json:"effectSize"` // decrease, increase
	Measure   string     `json:"measure"`
	Direction string     `json:"direction"`
	Want      *string    `json:"want"`
}

// class is the expected class; a case that only asks for a reason has no data.
func (c judgeCase) class() string {
	if c.Want == nil {
		return "Nodata"
	}
	return *c.Want
}

// counts says that the values may be counts of events: whole and not negative.
func (c judgeCase) counts() bool {
	return !slices.ContainsFunc(slices.Concat(c.Canary, c.Control), func(v float64) bool {
		return v < 0 || v != math.Trunc(v) || v > judgeTotal
	})
}

// windows is the number of windows: where the series differ in length, what goes beyond
// the shorter one has no partner, unless that one is empty.
func (c judgeCase) windows() int {
	if n := min(len(c.Canary), len(c.Control)); n > 0 {
		return n
	}
	return max(len(c.Canary), len(c.Control))
}

// paired is the case with nothing beyond the windows.
func (c judgeCase) paired() judgeCase {
	n := c.windows()
	c.Canary, c.Control = c.Canary[:min(n, len(c.Canary))], c.Control[:min(n, len(c.Control))]
	return c
}

// policy asks the case's questions: whether the canary is higher, and whether it is
// lower, which is the same with the sides exchanged. A ratio that the case allows is
// tolerated. The series have no warm-up.
func (c judgeCase) policy() health.Policy {
	p := health.Policy{WarmUp: -1}
	question := func(name string, allowed float64) {
		m := health.Metric{Name: name, Tolerance: health.DefaultTolerance, Mean: !c.counts()}
		if c.Measure == "meanRatio" {
			m.Tolerance = max(m.Tolerance, allowed)
		}
		m.MDE = max(health.DefaultMDE, 2*m.Tolerance)
		if m.Tolerance == health.DefaultTolerance {
			m.MDE = health.DefaultMDE
		}
		p.Metrics = append(p.Metrics, m)
	}
	if c.Direction != "decrease" {
		question("higher", c.Allowed[1])
	}
	if c.Direction != "increase" {
		question("lower", 1/c.Allowed[0])
	}
	return p
}

// samples are the windows; where a side has no value it had no request.
func (c judgeCase) samples(p health.Policy) [][]health.Sample {
	side := func(values []float64, i int) (health.Count, float64) {
		switch {
		case i >= len(values):
			return health.Count{}, 0
		case c.counts():
			return count(uint64(values[i]), judgeTotal), 0
		}
		return count(0, judgeTotal), values[i]
	}
	var out [][]health.Sample
	for i := range c.windows() {
		var window []health.Sample
		for _, m := range p.Metrics {
			s := health.Sample{ID: fmt.Sprint(i), Metric: m.Name}
			s.Canary, s.CanaryMean = side(c.Canary, i)
			s.Control, s.ControlMean = side(c.Control, i)
			if m.Name == "lower" {
				s.Canary, s.Control = s.Control, s.Canary
				s.CanaryMean, s.ControlMean = s.ControlMean, s.CanaryMean
			}
			window = append(window, s)
		}
		out = append(out, window)
	}
	return out
}

// judge is the verdict, looked at after each window.
func (c judgeCase) judge(t *testing.T, p health.Policy) health.Verdict {
	t.Helper()
	m, err := health.New(p)
	require.NoError(t, err)
	for _, window := range c.samples(p) {
		require.NoError(t, m.Add(window...))
		m.Verdict()
	}
	return m.Verdict()
}

// exact is the smaller of the two exact one-sided p-values that the sums of the counts
// have, for who looks once and tolerates nothing: given their sum, the canary's is
// binomial.
func (c judgeCase) exact() float64 {
	sum := func(values []float64) float64 {
		s := 0.0
		for _, v := range values {
			s += v
		}
		return s
	}
	x, y := sum(c.Canary), sum(c.Control)
	share := float64(len(c.Canary)) / float64(len(c.Canary)+len(c.Control))
	atLeast := func(x, n, p float64) float64 {
		if x == 0 {
			return 1
		}
		return stats.BetaI(p, x, n-x+1)
	}
	return min(atLeast(x, x+y, share), atLeast(y, x+y, 1-share))
}

// leastRankP is the smallest one-sided p-value that a rank test of the series can have:
// one arrangement out of all.
func (c judgeCase) leastRankP() float64 {
	p := 1.0
	for i := range len(c.Canary) {
		p *= float64(i+1) / float64(len(c.Control)+i+1)
	}
	return p
}

// ratio is that of the means over the windows.
func (c judgeCase) ratio() float64 {
	x, y := 0.0, 0.0
	for i := range min(len(c.Canary), len(c.Control)) {
		x, y = x+c.Canary[i], y+c.Control[i]
	}
	return x / y
}

// worth is how many independent windows those of means are worth at least, by the
// correlation of neighbours that they show, raised by its bias and one standard error:
// the least of what the policy asks of them.
func (c judgeCase) worth(p health.Policy) (least, correlation float64) {
	n := float64(c.windows())
	least = n
	for _, m := range p.Metrics {
		x, y := c.Canary, c.Control
		if m.Name == "lower" {
			x, y = y, x
		}
		for _, r := range []float64{m.Tolerance, m.MDE} {
			d, average, spread, steps := make([]float64, len(x)), 0.0, 0.0, 0.0
			for i := range d {
				d[i] = x[i] - r*y[i]
				average += d[i] / n
			}
			for i := range d {
				spread += (d[i] - average) * (d[i] - average)
				if i > 0 {
					steps += (d[i] - d[i-1]) * (d[i] - d[i-1])
				}
			}
			a := 1 - steps/(2*spread) // J. von Neumann's ratio
			correlation = max(correlation, a)
			if a > 0 {
				a += (1+4*a)/n + math.Sqrt((1-a*a)/n)
				least = min(least, n*(1-a)/(1+a))
			}
		}
	}
	return least, correlation
}

func (c judgeCase) dependent(p health.Policy) bool {
	worth, _ := c.worth(p)
	return worth < judgeWorth
}

// why says why the verdict is not the class, from the data; "" when they agree. The
// first word is the kind of reason.
func (c judgeCase) why(p health.Policy, v health.Verdict) string {
	p = p.Defaults()
	needE, needC := -math.Log(p.Alpha), -math.Log(p.Beta)
	still := fmt.Sprintf("regression %.2f of %.2f, certificate %.2f of %.2f", v.LogE, needE, v.LogCertificate, needC)
	tolerated := p.Metrics[0].Tolerance
	switch class := c.class(); {
	case class == "Pass" && v.Kind == health.KindHealthy,
		class == "High" && v.Kind == health.KindRegressed && v.Metric == "higher",
		class == "Low" && v.Kind == health.KindRegressed && v.Metric == "lower",
		class == "Nodata" && v.Kind == health.KindUndecided && v.NoData:
		return ""
	case v.NoData:
		return fmt.Sprintf("no-data: %d windows of the canary, %d of the control", len(c.Canary), len(c.Control))
	case v.Kind == health.KindHealthy && c.ratio() <= tolerated && 1/c.ratio() <= tolerated:
		return fmt.Sprintf("tolerated: %.3g times the control's mean, and %.3g either way is tolerated", c.ratio(), tolerated)
	case v.Kind != health.KindUndecided:
		return fmt.Sprintf("decided: %v", v.Kind)
	case !c.counts() && c.windows() < judgeMeans:
		return fmt.Sprintf("few-windows: %d of means, fewer than %d; no rank test of them has a p below %.2g", c.windows(), judgeMeans, c.leastRankP())
	case c.counts() && v.Canary.Bad+v.Control.Bad == 0:
		return "no-events: two rates that may both be 0 have no ratio"
	case class == "Pass" && c.counts():
		return fmt.Sprintf("not-certified: %s; exact p for no difference %.2g", still, c.exact())
	case !c.counts() && c.dependent(p):
		worth, correlation := c.worth(p)
		return fmt.Sprintf("dependent: neighbours correlate by %.2f: %d windows may be worth %.1f, fewer than %d",
			correlation, c.windows(), worth, judgeWorth)
	case class == "Pass":
		return "not-certified: " + still
	case c.counts() && c.exact() > p.Alpha:
		return fmt.Sprintf("few-events: exact p %.2g of the sums is above alpha %v", c.exact(), p.Alpha)
	}
	return fmt.Sprintf("not-enough: %s at tolerance %.3g", still, tolerated)
}

// Kayenta's own cases, put to our analysis. Where the verdict is not the class, the
// table says why, from the data: most are so short that nothing can be known, which
// the judge calls a pass.
func TestJudgeCases(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(realdata.Path(t, "rollout/kayenta_classifier_cases.json"))
	require.NoError(t, err)
	var cases []judgeCase
	require.NoError(t, json.Unmarshal(b, &cases))
	require.Len(t, cases, 34)

	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\ncase\twindows\tof\tclass\tverdict\twhy they differ")
	kinds, reasons := map[string]int{}, map[string]int{}
	for _, c := range cases {
		c = c.paired()
		p := c.policy()
		v := c.judge(t, p)
		why, of := c.why(p, v), "means"
		if c.counts() {
			of = "counts"
		}
		kind, _, _ := strings.Cut(why, ":")
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%v\t%s\n", strings.TrimPrefix(c.Name, "Mann-Whitney "), c.windows(), of, c.class(), v.Kind, why)
		kinds[c.class()+" "+v.Kind.String()]++
		reasons[kind]++

		switch c.class() {
		case "High", "Low":
			// Healthy only where the policy tolerates a difference as small as that.
			require.True(t, v.Kind != health.KindHealthy || kind == "tolerated", c.Name)
			none := c.policy() // no difference is tolerated
			for i := range none.Metrics {
				none.Metrics[i].Tolerance, none.Metrics[i].MDE = 1, 1.1
			}
			require.NotEqual(t, health.KindHealthy, c.judge(t, none).Kind, c.Name)
		case "Pass":
			require.NotEqual(t, health.KindRegressed, v.Kind, c.Name)
		default:
			require.True(t, v.NoData, c.Name)
			require.Equal(t, health.KindUndecided, v.Kind, c.Name)
		}
		if v.Kind != health.KindUndecided {
			require.Equal(t, !c.counts(), v.Asymptotic, c.Name)
		}
		require.NotEqual(t, "decided", kind, "%s: the opposite verdict needs a reason of its own", c.Name)
		require.Equal(t, v, c.judge(t, p), "%s: judged again", c.Name)
	}
	require.NoError(t, w.Flush())
	t.Log(table.String())
	t.Log(kinds, reasons)
	require.Equal(t, map[string]int{
		"High regressed": 4, "High undecided": 8,
		"Low regressed": 3, "Low undecided": 2, "Low healthy": 1,
		"Pass healthy": 1, "Pass undecided": 12,
		"Nodata undecided": 3,
	}, kinds)
	require.Equal(t, map[string]int{
		"": 11, "few-windows": 10, "not-certified": 6, "dependent": 4, "no-data": 1, "no-events": 1, "tolerated": 1,
	}, reasons)
}
