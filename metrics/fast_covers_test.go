package metrics_test

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

// TestFastCovers: what the columns do not know goes the long way.
func TestFastCovers(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	_, err := log.Add(deploy("1", 10, "v1"))
	require.NoError(t, err)
	s := log.Snapshot(hours(100))
	q := metrics.Query{From: epoch, To: hours(100), Window: metrics.WindowWeek}
	require.True(t, metrics.FastCovers(s, metrics.DORA(), q))

	// Whatever enumeration of a definition gets a further value is not covered.
	base := metrics.DORA()
	refused := 0
	for i := range reflect.TypeFor[metrics.Definition]().NumField() {
		d := base
		f := reflect.ValueOf(&d).Elem().Field(i)
		if f.Kind() != reflect.Uint8 {
			continue
		}
		f.SetUint(200)
		require.False(t, metrics.FastCovers(s, d, q), reflect.TypeFor[metrics.Definition]().Field(i).Name)
		refused++
	}
	require.GreaterOrEqual(t, refused, 12)
	d := metrics.DORA()
	d.Links = append(d.Links, metrics.LinkWindow+1)
	require.False(t, metrics.FastCovers(s, d, q))

	far := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, change := range map[string]func(*metrics.Query){
		"rolling": func(q *metrics.Query) { q.Window, q.Length, q.Step = metrics.WindowRolling, 7, 7 },
		"sprint": func(q *metrics.Query) {
			q.Window, q.Sprint = metrics.WindowSprint, metrics.Sprint{Start: epoch, Days: 14}
		},
		"from":          func(q *metrics.Query) { q.From = far },
		"to":            func(q *metrics.Query) { q.To = far },
		"observed from": func(q *metrics.Query) { q.ObservedFrom = far },
		"observed to":   func(q *metrics.Query) { q.ObservedTo = far },
	} {
		q := q
		change(&q)
		require.False(t, metrics.FastCovers(s, metrics.DORA(), q), name)
	}
	require.False(t, metrics.FastCovers(log.Snapshot(far), metrics.DORA(), q))
	require.False(t, metrics.FastCovers(log.Snapshot(time.Time{}), metrics.DORA(), q))
	report, err := metrics.Compute(log.Snapshot(far), metrics.DORA(), q)
	require.NoError(t, err)
	require.False(t, report.Fast())
	require.Equal(t, 5, report.Len())
}

// TestFastReportIsExplained: what a report explains, when it is asked, is what it
// says, also by many at once; and what the caller changes later changes nothing.
func TestFastReportIsExplained(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	for i := range 60 {
		_, err := log.Add(deploy(fmt.Sprint(i), 10+5*i, fmt.Sprint("v", i%50)), incident(fmt.Sprint(i), 12+15*i, 13+17*i))
		require.NoError(t, err)
	}
	d, q := metrics.DORA(), metrics.Query{From: epoch, To: hours(700), Window: metrics.WindowWeek, By: []string{"service"}, Quantiles: []float64{0.9}}
	s := log.Snapshot(hours(700))
	report, err := metrics.Compute(s, d, q)
	require.NoError(t, err)
	require.True(t, report.Fast())
	want, err := metrics.ComputeReference(s, metrics.DORA(), metrics.Query{From: epoch, To: hours(700), Window: metrics.WindowWeek, By: []string{"service"}, Quantiles: []float64{0.9}})
	require.NoError(t, err)
	d.Links[0], d.Environments[0], q.By[0], q.Quantiles[0] = metrics.LinkWindow, "staging", "nothing", 0.1
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for r := range report.All() {
				e, err := report.Explain(r)
				if err != nil {
					t.Error(err)
					return
				}
				if a, b := fastText(r), fastText(e.Result); a != b {
					t.Errorf("%s is explained as %s", a, b)
				}
			}
		})
	}
	group.Wait()
	require.Equal(t, want.Unused(), report.Unused())
	require.NotEmpty(t, report.Unlinked())
	require.Equal(t, len(want.Unlinked()), len(report.Unlinked()))
}
