package prometheus_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
	"github.com/sallyport-dev/sallyport/rollout/health/prometheus"
)

// classic are the series of a histogram's buckets: for each le what it counts at each
// scrape from 90 seconds on.
func classic(labels string, buckets map[string][]float64) []fakeSeries {
	var all []fakeSeries
	for le, values := range buckets {
		all = append(all, fakeSeries{fmt.Sprintf(`h_bucket{%s,le="%s"}`, labels, le), every(90, values...)})
	}
	return all
}

func readHistogram(t *testing.T, url string, native bool, edges ...float64) ([]health.Sample, error) {
	o := fakeOptions(url)
	o.Queries = []prometheus.Query{{Metric: "latency", Histogram: "h", Native: native, Edges: edges}}
	r, err := prometheus.New(o)
	require.NoError(t, err)
	return r.Read(t.Context(), span(100, 160))
}

// TestClassic: buckets are looked at together, scrape by scrape.
func TestClassic(t *testing.T) {
	t.Parallel()
	control := classic(`v="1",pod="k"`, map[string][]float64{"0.25": {0, 0, 60}, "0.5": {0, 0, 80}, "1.0": {0, 0, 90}, "+Inf": {0, 0, 100}})
	for _, c := range []struct {
		name   string
		canary map[string][]float64
		total  uint64
		slow   []uint64
		want   string
	}{
		{name: "a window", canary: map[string][]float64{"0.25": {4, 5, 7}, "0.5": {4, 5, 8}, "1": {4, 5, 9}, "+Inf": {5, 7, 12}}, total: 5, slow: []uint64{2, 1}},
		// The fast bucket counts more after the restart than before: only together they show it.
		{name: "a reset that one bucket shows", canary: map[string][]float64{"0.5": {50, 50, 60}, "1": {80, 80, 65}, "+Inf": {90, 90, 70}}, total: 70, slow: []uint64{10, 5}},
		{name: "other buckets after a restart", total: 90, slow: []uint64{10, 5},
			canary: map[string][]float64{"0.4": {50, 50, -1}, "0.5": {60, 60, 80}, "1": {80, 80, 85}, "+Inf": {90, 90, 90}}},
		{name: "an edge goes to the next bound of both", canary: map[string][]float64{"0.25": {0, 0, 1}, "1": {0, 0, 3}, "+Inf": {0, 0, 9}}, total: 9, slow: []uint64{6, 6}},
		{name: "no traffic", canary: map[string][]float64{"0.5": {3, 3, 3}, "1": {3, 3, 3}, "+Inf": {3, 3, 3}}, slow: []uint64{0, 0}},
		{name: "no canary", slow: []uint64{0, 0}},
		{name: "no +Inf", canary: map[string][]float64{"0.5": {1, 1, 2}, "1": {1, 1, 2}}, want: "no bucket le=+Inf"},
		{name: "torn", canary: map[string][]float64{"0.5": {1, 1, 9}, "1": {1, 1, 8}, "+Inf": {1, 1, 9}}, want: "fewer than"},
		{name: "no number", canary: map[string][]float64{"0.5": {1, 1, 9}, "x": {1, 1, 8}, "+Inf": {1, 1, 9}}, want: "its le is no number"},
		{name: "two of one le", canary: map[string][]float64{"1": {1, 1, 9}, "1.0": {1, 1, 9}, "+Inf": {1, 1, 9}}, want: "stands twice"},
		{name: "a fraction", canary: map[string][]float64{"1": {1, 1.5, 9}, "+Inf": {1, 2, 9}}, want: "whole"},
		{name: "nothing in common at the edge", canary: map[string][]float64{"0.25": {0, 0, 9}, "+Inf": {0, 0, 9}}, want: "no bucket of both sides"},
		{name: "nothing in common", canary: map[string][]float64{"7": {0, 0, 9}, "+Inf": {0, 0, 9}}, want: "no bucket of both sides"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, _ := fakeAPI(t, append(classic(`v="2",pod="a"`, c.canary), control...))
			samples, err := readHistogram(t, url, false, 0.5, 1)
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				require.Nil(t, samples)
				return
			}
			require.NoError(t, err)
			require.Len(t, samples, 1)
			require.Equal(t, []any{c.total, c.slow}, []any{samples[0].Canary.Total, samples[0].CanarySlow})
			require.Equal(t, health.Count{Total: 100}, samples[0].Control)
			require.Len(t, samples[0].ControlSlow, 2)
		})
	}
	url, _ := fakeAPI(t, control)
	_, err := readHistogram(t, url, false, 5)
	require.ErrorContains(t, err, "no bucket of both sides ends at the edge 5 or above")
	_, err = readHistogram(t, url, true, 1)
	require.NoError(t, err, "there is no native h: no data")
}

// TestNative: native histograms become coarser as they grow, and say when they have
// seen what is no number.
func TestNative(t *testing.T) {
	t.Parallel()
	answer := func(points ...string) string {
		all := make([]string, len(points))
		for i, p := range points {
			all[i] = fmt.Sprintf(`[%d,%s]`, 1772366490+10*i, p)
		}
		return `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"h","v":"SIDE","pod":"p-SIDE"},"histograms":[` + strings.Join(all, ",") + `]}]}}`
	}
	const (
		fine   = `{"count":"6","sum":"1","buckets":[[0,"0.25","0.3535533905932738","1"],[0,"0.3535533905932738","0.5","2"],[0,"0.5","0.7071067811865475","3"]]}`
		coarse = `{"count":"16","sum":"9","buckets":[[0,"0.25","0.5","5"],[0,"0.5","1","7"],[0,"2","4","4"]]}`
	)
	for _, c := range []struct {
		name, body string
		total      uint64
		slow       []uint64
		want       string
	}{
		{name: "coarser", body: answer(fine, fine, coarse), total: 10, slow: []uint64{8, 4}},
		{name: "a reset", body: answer(coarse, coarse, fine), total: 6, slow: []uint64{3, 0}},
		{name: "from nothing", body: answer(`{"count":"0","sum":"0"}`, `{"count":"0","sum":"0"}`, coarse), total: 16, slow: []uint64{11, 4}},
		{name: "not a number was seen", body: answer(fine, fine, strings.Replace(coarse, `"16"`, `"17"`, 1)), want: "no number"},
		{name: "a float histogram", body: answer(fine, fine, strings.Replace(strings.Replace(coarse, `"16"`, `"15.5"`, 1), `"4","4"`, `"4","3.5"`, 1)), want: "whole"},
		{name: "numbers", body: strings.Replace(answer(`"1"`), "histograms", "values", 1), want: "is no native histogram"},
		{name: "infinite", body: answer(strings.Replace(fine, `"6"`, `"+Inf"`, 1)), want: "no counter's value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			samples, err := readHistogram(t, answering(t, 200, "application/json", c.body), true, 0.5, 1)
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				require.Nil(t, samples)
				return
			}
			require.NoError(t, err)
			require.Len(t, samples, 1)
			require.Equal(t, []any{c.total, c.slow}, []any{samples[0].Canary.Total, samples[0].CanarySlow})
			require.Equal(t, samples[0].Canary, samples[0].Control)
		})
	}
}
