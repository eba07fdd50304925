package metrics_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/metrics"
)

// compared is what a service of compareReport is made of.
type compared struct {
	service           string
	deployments, fail int
	leads             []int // hours, of one change each, brought by the first deployments
	repairs           []int // hours until a failure is over; 0 is open
}

// compareReport is a report of services over four weeks, each with an incident per failed
// deployment, two hours apart from all others.
func compareReport(t require.TestingT, def metrics.Definition, level float64, services ...compared) (*metrics.Report, []metrics.Result) {
	var log metrics.Log
	for _, s := range services {
		for i := range s.deployments {
			d := deploy(fmt.Sprint(s.service, i), 2+i, fmt.Sprint("v", i))
			d.Service, d.Planned = s.service, metrics.PlannedYes
			if i > 0 && i <= len(s.leads) {
				c := metrics.Change{Meta: metrics.Meta{Source: "git", ID: d.ID, At: d.At.Add(-time.Duration(s.leads[i-1]) * time.Hour), Seen: d.At, Service: s.service}}
				d.Changes = []metrics.Ref{c.Ref()}
				_, err := log.Add(c)
				require.NoError(t, err)
			}
			_, err := log.Add(d)
			require.NoError(t, err)
			if i >= s.fail {
				continue
			}
			n := metrics.Incident{Meta: metrics.Meta{Source: "pager", ID: d.ID, At: d.At, Seen: d.At, Service: s.service, Environment: "production"}, CausedBy: d.Ref()}
			if i < len(s.repairs) && s.repairs[i] > 0 {
				n.Resolved = d.At.Add(time.Duration(s.repairs[i]) * time.Hour)
			}
			_, err = log.Add(n)
			require.NoError(t, err)
		}
	}
	report, err := metrics.Compute(log.Snapshot(hours(24*28)), def, metrics.Query{From: epoch, To: hours(24 * 28), Window: metrics.WindowWhole,
		By: []string{metrics.DimService}, Level: level, ObservedFrom: epoch, ObservedTo: hours(24 * 28)})
	require.NoError(t, err)
	return report, slices.Collect(report.All())
}

func resultOf(rs []metrics.Result, m metrics.Metric, service string) metrics.Result {
	return rs[slices.IndexFunc(rs, func(r metrics.Result) bool { return r.Metric == m && r.Key[0] == service })]
}

var payAndShop = []compared{
	{service: "pay", deployments: 60, fail: 18, leads: []int{5, 7, 9, 12, 20, 30, 31, 40, 44}, repairs: []int{3, 5, 6, 9, 1, 2, 0, 0, 8, 7, 4, 4, 6, 9, 3, 2, 5, 6}},
	{service: "shop", deployments: 40, fail: 4, leads: []int{60, 70, 75, 81, 90, 95, 99, 140}, repairs: []int{20, 40, 30, 0}},
}

// TestCompareByHand compares with what the services were made of, by the statistics that
// are tested against R.
func TestCompareByHand(t *testing.T) {
	t.Parallel()
	report, rs := compareReport(t, metrics.DORA(), 0.9, payAndShop...)
	differ := func(m metrics.Metric) metrics.Difference {
		d, err := report.Compare(resultOf(rs, m, "pay"), resultOf(rs, m, "shop"))
		require.NoError(t, err)
		require.Equal(t, metrics.StatusOK, d.Status, "%s: %s", m, d.Reason)
		require.Equal(t, 0.9, d.Level)
		require.Equal(t, m, d.Metric)
		require.Equal(t, [2]string{"pay", "shop"}, [2]string{d.A.Key[0], d.B.Key[0]})
		require.Equal(t, d.B.Value-d.A.Value, d.Effect)
		require.True(t, math.IsNaN(d.Q) && d.Lo <= d.Effect && d.Effect <= d.Hi)
		return d
	}
	d := differ(metrics.FailRate)
	in := stats.Newcombe(18, 60, 4, 40, 0.9)
	require.Equal(t, in, stats.Interval{Lo: d.Lo, Hi: d.Hi})
	require.InDelta(t, -0.2, d.Effect, 1e-12)
	require.Equal(t, stats.Hypergeometric(18, 60, 4, 40).Central(), d.P)
	require.Equal(t, metrics.MethodNewcombe, d.Method)
	require.Equal(t, fmt.Sprintf("change-fail-rate -20 %% (%s to %s, p=%.2g)", metrics.FailRate.Format(d.Lo), metrics.FailRate.Format(d.Hi), d.P), d.String())

	d = differ(metrics.Frequency)
	a, b := stats.Count{Events: 60, Exposure: 4}, stats.Count{Events: 40, Exposure: 4}
	require.Equal(t, stats.RateDifference(a, b, 0.9), stats.Interval{Lo: d.Lo, Hi: d.Hi})
	_, p := stats.RateRatio(a, b, 0.9)
	require.Equal(t, p, d.P)
	require.Equal(t, metrics.MethodRateDifference, d.Method)

	d = differ(metrics.LeadTime)
	require.Equal(t, 85.5*hour-20*hour, d.Effect)
	require.InDelta(t, 2/24310.0, d.P, 1e-15, "of the ways to choose 8 of 17 one has all of them above the median")
	require.Equal(t, metrics.MethodMedians, d.Method)
	require.Greater(t, d.Lo, 0.0)

	d = differ(metrics.RecoveryTime)
	require.Equal(t, metrics.MethodSurvival, d.Method)
	require.Greater(t, d.Effect, 0.0)
	require.True(t, d.P > 0 && d.P < 0.2, "%v", d.P)

	text, err := json.Marshal(d)
	require.NoError(t, err)
	require.Contains(t, string(text), `"q":null`)
}

// TestCompareIsAntisymmetric: b minus a is what a minus b is, turned, for each metric and
// each preset; where there is an interval, the effect lies in it.
func TestCompareIsAntisymmetric(t *testing.T) {
	t.Parallel()
	presets := []func() metrics.Definition{metrics.DORA, metrics.DevLake, metrics.Metrik, metrics.GitLab}
	rapid.Check(t, func(t *rapid.T) {
		services := make([]compared, 2)
		for i := range services {
			n := rapid.IntRange(0, 25).Draw(t, "deployments")
			services[i] = compared{service: []string{"a", "b"}[i], deployments: n, fail: rapid.IntRange(0, n).Draw(t, "failed"),
				leads:   rapid.SliceOfN(rapid.IntRange(0, 90), 0, 12).Draw(t, "leads"),
				repairs: rapid.SliceOfN(rapid.IntRange(0, 60), 0, 12).Draw(t, "repairs")}
		}
		report, rs := compareReport(t, rapid.SampledFrom(presets).Draw(t, "preset")(), 0.95, services...)
		for _, m := range metrics.Metrics() {
			of := slices.DeleteFunc(slices.Clone(rs), func(r metrics.Result) bool { return r.Metric != m })
			if len(of) < 2 {
				continue
			}
			d, err := report.Compare(of[0], of[1])
			require.NoError(t, err)
			back, err := report.Compare(of[1], of[0])
			require.NoError(t, err)
			close := func(x, y float64) {
				require.True(t, x == y || math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) <= 1e-9*(1+math.Abs(x)), "%s: %v and %v", m, x, y)
			}
			close(d.Effect, -back.Effect)
			close(d.Lo, -back.Hi)
			close(d.Hi, -back.Lo)
			close(d.P, back.P)
			require.Equal(t, math.IsNaN(of[0].Value) || math.IsNaN(of[1].Value), math.IsNaN(d.Effect))
			if math.IsNaN(d.Effect) {
				require.NotEqual(t, metrics.StatusOK, d.Status)
				require.NotEmpty(t, d.Reason)
				require.True(t, math.IsNaN(d.P) && math.IsNaN(d.Lo), "no value is no difference")
				continue
			}
			require.False(t, d.Lo > d.Effect || d.Hi < d.Effect, "%s %v: %v is not in %v to %v", m, d.Method, d.Effect, d.Lo, d.Hi)
			require.False(t, d.P < 0 || d.P > 1)
		}
	})
}

// TestCompareOtherMeanings: a mean is compared as a mean, and incidents by deployments as a
// rate of incidents and not as a share.
func TestCompareOtherMeanings(t *testing.T) {
	t.Parallel()
	def := metrics.DORA()
	def.LeadSummary, def.RecoverySummary = metrics.SummaryMean, metrics.SummaryMean
	report, rs := compareReport(t, def, 0.95, payAndShop...)
	d, err := report.Compare(resultOf(rs, metrics.LeadTime, "pay"), resultOf(rs, metrics.LeadTime, "shop"))
	require.NoError(t, err)
	require.Equal(t, metrics.MethodMeans, d.Method)
	a, b := d.A, d.B // Zou and Donner's, from the two intervals of the report
	require.InDelta(t, d.Effect-math.Hypot(b.Value-b.Lo, a.Hi-a.Value), d.Lo, 1e-6)
	require.InDelta(t, d.Effect+math.Hypot(b.Hi-b.Value, a.Value-a.Lo), d.Hi, 1e-6)
	require.Less(t, d.P, 0.01)
	d, err = report.Compare(resultOf(rs, metrics.RecoveryTime, "pay"), resultOf(rs, metrics.RecoveryTime, "shop"))
	require.NoError(t, err)
	require.Equal(t, metrics.MethodNone, d.Method)
	require.Equal(t, metrics.StatusTooFew, d.Status)
	require.True(t, math.IsNaN(d.P) && math.IsInf(d.Hi, 1) && d.Effect > 0)

	report, rs = compareReport(t, metrics.GitLab(), 0.95, payAndShop...)
	d, err = report.Compare(resultOf(rs, metrics.FailRate, "pay"), resultOf(rs, metrics.FailRate, "shop"))
	require.NoError(t, err)
	require.Equal(t, metrics.MethodRateDifference, d.Method)
	_, p := stats.RateRatio(stats.Count{Events: 18, Exposure: 60}, stats.Count{Events: 4, Exposure: 40}, 0.95)
	require.Equal(t, p, d.P)
	require.InDelta(t, -0.2, d.Effect, 1e-12)
	require.True(t, d.Lo < -0.2 && d.Hi > -0.2)
}

func TestCompareRefuses(t *testing.T) {
	t.Parallel()
	report, rs := compareReport(t, metrics.DORA(), 0.95, payAndShop...)
	lead, fail := resultOf(rs, metrics.LeadTime, "pay"), resultOf(rs, metrics.FailRate, "pay")
	_, err := report.Compare(lead, fail)
	require.ErrorContains(t, err, "they are not the same metric")
	_, err = report.Compare(fail, fail)
	require.ErrorContains(t, err, "compare a result with itself")
	foreign := resultOf(rs, metrics.FailRate, "shop")
	foreign.Key = []string{"nobody"}
	_, err = report.Compare(fail, foreign)
	require.Error(t, err)
	_, err = report.Compare(foreign, fail)
	require.Error(t, err)
	foreign = resultOf(rs, metrics.FailRate, "shop")
	foreign.Window = weekWindow(1)
	_, err = report.Compare(fail, foreign)
	require.Error(t, err, "no window of this report")
	_, err = report.Compare(metrics.Result{}, fail)
	require.Error(t, err)

	none, rs := compareReport(t, metrics.DORA(), 0.95, payAndShop[0], compared{service: "still", deployments: 2})
	d, err := none.Compare(resultOf(rs, metrics.RecoveryTime, "pay"), resultOf(rs, metrics.RecoveryTime, "still"))
	require.NoError(t, err)
	require.Equal(t, metrics.StatusUndefined, d.Status)
	require.Contains(t, d.Reason, "still")
	require.Contains(t, d.String(), "undefined (")
	require.True(t, math.IsNaN(d.Effect) && math.IsNaN(d.P))
}

// TestFamily: each difference keeps its own, and Q is that of all of them.
func TestFamily(t *testing.T) {
	t.Parallel()
	ds := []metrics.Difference{{P: 0.01, Q: math.NaN()}, {P: math.NaN(), Q: math.NaN()}, {P: 0.04, Q: math.NaN()}, {P: 0.9, Q: math.NaN()}}
	got := metrics.Family(ds)
	require.InDelta(t, 0.03, got[0].Q, 1e-15)
	require.True(t, math.IsNaN(got[1].Q), "no test does not count")
	require.InDelta(t, 0.06, got[2].Q, 1e-15)
	require.InDelta(t, 0.9, got[3].Q, 1e-15)
	require.True(t, math.IsNaN(ds[0].Q), "the argument is not changed")
	require.Empty(t, metrics.Family(nil))
	require.Contains(t, metrics.Difference{Metric: metrics.FailRate, P: 0.01, Q: 0.03, Status: metrics.StatusOK}.String(), "q=0.03")
}

// TestCompareHoldsItsLevel simulates two services that are the same: the interval of the
// difference of lead times leaves 0 out in about one of 20 runs, and p is below 5 % no
// more often than that.
func TestCompareHoldsItsLevel(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2008, 27))
	const runs = 150
	outside, small := 0, 0
	for range runs {
		services := []compared{{service: "a", deployments: 21}, {service: "b", deployments: 31}}
		for i := range services {
			for range services[i].deployments - 1 {
				services[i].leads = append(services[i].leads, int(math.Exp(3+1.5*r.NormFloat64())))
			}
		}
		report, rs := compareReport(t, metrics.DORA(), 0.95, services...)
		d, err := report.Compare(resultOf(rs, metrics.LeadTime, "a"), resultOf(rs, metrics.LeadTime, "b"))
		require.NoError(t, err)
		if d.Lo > 0 || d.Hi < 0 {
			outside++
		}
		if d.P <= 0.05 {
			small++
		}
	}
	t.Logf("of %d runs %d intervals without 0, %d p values of at most 5 %%", runs, outside, small)
	require.LessOrEqual(t, stats.ClopperPearson(outside, runs, 0.99).Lo, 0.05)
	require.LessOrEqual(t, stats.ClopperPearson(small, runs, 0.99).Lo, 0.05)
}
