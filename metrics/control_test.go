package metrics_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/metrics"
)

// TestXmRByHand: values 4, 6, 5, gap, 9, 8 have the ranges 2, 1 and 1, none across the gap.
func TestXmRByHand(t *testing.T) {
	t.Parallel()
	series := leads([]float64{4, 6, 5, math.NaN(), 9, 8})
	series[3].Status, series[3].N = metrics.StatusNoData, 0
	c, err := metrics.ControlChart(series, metrics.ChartXmR)
	require.NoError(t, err)
	require.Equal(t, metrics.ChartXmR, c.Kind)
	require.InDelta(t, 6.4, c.Centre, 1e-12)
	require.InDelta(t, 4.0/3, c.RangeCentre, 1e-12)
	require.InDelta(t, 3.268*4/3, c.RangeLimit, 1e-12)
	require.Len(t, c.Points, 6)
	for i, p := range c.Points {
		require.Equal(t, series[i].Window.From, p.From)
		require.Equal(t, series[i].Window.To, p.To)
		if i == 3 {
			require.Equal(t, "no-data", p.Gap)
			require.True(t, math.IsNaN(p.Value) && math.IsNaN(p.Lo) && math.IsNaN(p.Hi) && math.IsNaN(p.Range) && !p.Signal())
			continue
		}
		require.Empty(t, p.Gap)
		require.InDelta(t, 6.4-2.66*4/3, p.Lo, 1e-12)
		require.InDelta(t, 6.4+2.66*4/3, p.Hi, 1e-12)
	}
	require.True(t, math.IsNaN(c.Points[0].Range) && math.IsNaN(c.Points[4].Range), "no range across a gap")
	require.Equal(t, 1.0, c.Points[2].Range)
	text, err := json.Marshal(c)
	require.NoError(t, err)
	require.Contains(t, string(text), `"value":null`)
}

func TestChartRules(t *testing.T) {
	t.Parallel()
	values := []float64{10, 11, 9, 10, 11, 9, 10, 11, 9, 10, 60, 10, 11, 9, 10, 11, 9, 10}
	c, err := metrics.ControlChart(leads(values), metrics.ChartXmR)
	require.NoError(t, err)
	for i, p := range c.Points {
		require.Equal(t, i == 10, p.Beyond, "%d", i)
		require.Equal(t, i == 10 || i == 11, p.Jumped, "%d", i)
	}
	// A run is of eight on one side: seven are none.
	for length, want := range map[int]bool{7: false, 8: true, 12: true} {
		var values []float64
		for i := range 30 {
			v := []float64{8, 12}[i%2]
			if i >= 10 && i < 10+length {
				v = 10.9
			}
			values = append(values, v)
		}
		values[9], values[10+length] = 8, 8 // the run's neighbours lie on the other side
		c, err := metrics.ControlChart(leads(values), metrics.ChartXmR)
		require.NoError(t, err)
		require.Less(t, c.Centre, 10.9)
		for i, p := range c.Points {
			require.Equal(t, want && i >= 10 && i < 10+length, p.Run, "length %d, point %d", length, i)
		}
	}
}

// TestChartsOfCounts: the limits are those of the statistics (which R's formulas confirm),
// the gaps left out.
func TestChartsOfCounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 20), 2, 20).Draw(t, "counts")
		out := rapid.IntRange(0, len(counts)-1).Draw(t, "gap")
		series := rates(20, counts)
		series[out].Partial = true
		c, err := metrics.ControlChart(series, metrics.ChartP)
		require.NoError(t, err)
		k, n := make([]int, len(counts)), make([]int, len(counts))
		exposures := make([]stats.Count, len(counts))
		for i := range counts {
			if i != out {
				k[i], n[i] = counts[i], 20
				exposures[i] = stats.Count{Events: counts[i], Exposure: 1}
			}
		}
		same := func(c metrics.Chart, limits []stats.Limits) {
			for i, p := range c.Points {
				if i == out {
					require.Equal(t, "the window is partial", p.Gap)
					require.True(t, math.IsNaN(p.Value) && math.IsNaN(p.Lo) && !p.Signal())
					continue
				}
				require.Equal(t, math.Float64bits(limits[i].Lo), math.Float64bits(p.Lo))
				require.Equal(t, math.Float64bits(limits[i].Hi), math.Float64bits(p.Hi))
				require.Equal(t, limits[i].Centre, c.Centre)
				require.Equal(t, p.Value < p.Lo || p.Value > p.Hi, p.Beyond)
			}
		}
		same(c, stats.Laney(k, n))
		series = frequencies(counts)
		series[out].Partial = true
		c, err = metrics.ControlChart(series, metrics.ChartU)
		require.NoError(t, err)
		same(c, stats.U(exposures))
	})
}

func TestControlChartRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		series []metrics.Result
		kind   metrics.ChartKind
	}{
		{rates(10, []int{1, 2}), metrics.ChartU}, {rates(10, []int{1, 2}), metrics.ChartT}, {rates(10, []int{1, 2}), metrics.ChartUnknown},
		{frequencies([]int{1, 2}), metrics.ChartP}, {leads([]float64{1, 2}), metrics.ChartP}, {leads([]float64{1, 2}), metrics.ChartU},
	} {
		got, err := metrics.ControlChart(c.series, c.kind)
		require.ErrorContains(t, err, "there is no "+c.kind.String()+" chart", "%s", c.kind)
		require.Zero(t, got)
	}
	_, err := metrics.ControlChart(nil, metrics.ChartXmR)
	require.ErrorContains(t, err, "the series is empty")
	one, err := metrics.ControlChart(leads([]float64{3}), metrics.ChartXmR)
	require.NoError(t, err)
	require.True(t, math.IsNaN(one.Points[0].Lo), "of one value there are no limits")
	require.False(t, one.Points[0].Signal())
	// Incidents by deployments may be above 1, and have a chart of individual values.
	incidents := rates(10, []int{10, 20, 30})
	for i := range incidents {
		incidents[i].Method = metrics.MethodIncidents
	}
	c, err := metrics.ControlChart(incidents, metrics.ChartXmR)
	require.NoError(t, err)
	require.Equal(t, 2.0, c.Centre)
}

func TestTimesBetween(t *testing.T) {
	t.Parallel()
	at := []time.Time{hours(100), hours(0), hours(50), hours(51), hours(160)}
	c, err := metrics.TimesBetween(at)
	require.NoError(t, err)
	require.Equal(t, hours(100), at[0], "the argument is not changed")
	require.Equal(t, metrics.ChartT, c.Kind)
	want := []float64{50 * hour, hour, 49 * hour, 60 * hour}
	l := stats.T(want)
	for i, p := range c.Points {
		require.Equal(t, want[i], p.Value)
		require.Equal(t, [2]float64{l.Lo, l.Hi}, [2]float64{p.Lo, p.Hi})
		require.Empty(t, p.Gap)
	}
	require.Equal(t, hours(0), c.Points[0].From)
	require.Equal(t, hours(160), c.Points[3].To)
	require.Equal(t, l.Centre, c.Centre)

	var steady []time.Time // one each 4 days and a bit, then three within minutes
	for i := range 30 {
		steady = append(steady, hours(100*i+3*(i%2)))
	}
	last := steady[len(steady)-1]
	steady = append(steady, last.Add(time.Minute), last.Add(2*time.Minute))
	c, err = metrics.TimesBetween(steady)
	require.NoError(t, err)
	require.True(t, c.Points[29].Beyond && c.Points[30].Beyond, "they came too soon")
	require.False(t, c.Points[3].Beyond)
	for _, n := range []int{0, 1, 2} {
		_, err := metrics.TimesBetween(at[:n])
		require.ErrorContains(t, err, "too few")
	}
	_, err = metrics.TimesBetween(make([]time.Time, 1_000_000))
	require.ErrorContains(t, err, "are more than")
}
