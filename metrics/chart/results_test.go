package chart_test

import (
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/chart"
)

// A report's weeks without a deployment have no fail rate: they are gaps, and the
// frequency there is 0 and drawn.
func TestFromResults(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	for _, day := range []int{1, 2, 3, 22, 23, 24} {
		at := time.Date(2026, time.June, day, 12, 0, 0, 0, time.UTC)
		_, err := log.Add(metrics.Deployment{Meta: metrics.Meta{Source: "ci", ID: at.String(), Rev: 1, At: at, Seen: at, Service: "shop", Environment: "production"},
			Outcome: metrics.DeploymentSucceeded, Version: at.String()})
		require.NoError(t, err)
	}
	from, to := time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, time.July, 2, 0, 0, 0, 0, time.UTC)
	report, err := metrics.Compute(log.Snapshot(to), metrics.DORA(), metrics.Query{From: from, To: to, Window: metrics.WindowWeek, ObservedFrom: from, ObservedTo: to, FailuresObserved: true})
	require.NoError(t, err)
	key := []string{"shop", "production"}

	rate, err := chart.FromResults(report.All(), metrics.FailRate, key)
	require.NoError(t, err)
	require.Len(t, rate.Points, 5)
	for i, ok := range []bool{true, false, false, true, false} {
		require.Equal(t, ok, rate.Points[i].OK, i)
	}
	require.Equal(t, "2026-W24", rate.Points[1].Label)
	require.Contains(t, rate.Points[1].Note, "no deployment")
	require.True(t, rate.Points[4].Partial)
	require.Equal(t, chart.UnitShare, rate.Unit)
	text := picture(t, func(w io.Writer) error { return chart.Trend(w, rate, chart.Options{}) })
	require.Equal(t, 3, strings.Count(text, `class="gap"`))

	frequency, err := chart.FromResults(report.All(), metrics.Frequency, key)
	require.NoError(t, err)
	require.True(t, frequency.Points[1].OK)
	require.Zero(t, frequency.Points[1].Value)

	_, err = chart.FromResults(report.All(), metrics.FailRate, []string{"shop"})
	require.ErrorContains(t, err, "no result")
	_, err = chart.FromResults(report.All(), metrics.MetricUnknown, key)
	require.Error(t, err)

	// An interval without any bound is none.
	s, err := chart.FromResults(slices.Values([]metrics.Result{{Metric: metrics.LeadTime, Window: metrics.Window{From: from, To: to}, Status: metrics.StatusTooFew, Value: 5, Lo: math.Inf(-1), Hi: math.Inf(1)}}), metrics.LeadTime, nil)
	require.NoError(t, err)
	require.True(t, s.Points[0].OK)
	require.True(t, math.IsNaN(s.Points[0].Lo))
}

func TestUnitsAreText(t *testing.T) {
	t.Parallel()
	for u := chart.UnitUnknown; u <= chart.UnitPerWeek; u++ {
		b, err := u.MarshalText()
		require.NoError(t, err)
		var got chart.Unit
		require.NoError(t, got.UnmarshalText(b))
		require.Equal(t, u, got)
		got, err = chart.ParseUnit(u.String())
		require.NoError(t, err)
		require.Equal(t, u, got)
	}
	_, err := chart.Unit(99).MarshalText()
	require.Error(t, err)
	_, err = chart.ParseUnit("furlong")
	require.Error(t, err)
	for want, got := range map[string]string{
		"12 %": chart.UnitShare.Format(0.12), "3.5 h": chart.UnitSeconds.Format(12600), "2 d": chart.UnitSeconds.Format(172800), "90 s": "90 s",
		"1.5 min": chart.UnitSeconds.Format(90), "0 s": chart.UnitSeconds.Format(0), "3 per week": chart.UnitPerWeek.Format(3), "-": chart.UnitNumber.Format(math.NaN()), "∞": chart.UnitNumber.Format(math.Inf(1)),
	} {
		require.Equal(t, want, got)
	}
}
