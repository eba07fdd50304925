package health_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// watchOracle is a Watch that keeps everything, and works everything out anew from
// the definitions.
type watchOracle struct {
	policy  health.WatchPolicy
	samples map[string][]health.WatchSample // by metric, in the order in which they came
	broken  bool
	now     time.Time
	began   time.Time
	alarms  []string
}

func (o *watchOracle) memory() time.Duration {
	out := 72 * time.Hour
	for _, obj := range o.policy.Objectives {
		for _, r := range obj.Rules {
			out = max(out, r.Long)
		}
	}
	return out
}

func (o *watchOracle) newest(metric string) (out time.Time) {
	for _, s := range o.samples[metric] {
		if s.Window.End.After(out) {
			out = s.Window.End
		}
	}
	return out
}

// refuses reports whether the sample, coming now, is an error.
func (o *watchOracle) refuses(s health.WatchSample) bool {
	if s.Count.Bad > s.Count.Total {
		return false
	}
	newest := o.newest(s.Metric)
	for _, u := range o.samples[s.Metric] {
		if u.Window.End.After(newest.Add(-o.memory())) && u.Window.Start.Before(s.Window.End) && s.Window.Start.Before(u.Window.End) {
			return u != s
		}
	}
	return !newest.IsZero() && !s.Window.End.After(newest.Add(-o.memory()))
}

// add takes in a sample that is not refused; alone in its window, or the last of it.
func (o *watchOracle) add(s health.WatchSample, last bool) {
	if o.began.IsZero() || s.Window.Start.Before(o.began) {
		o.began = s.Window.Start
	}
	if s.Window.End.After(o.now) {
		o.now = s.Window.End
	}
	fresh := true
	for _, u := range o.samples[s.Metric] {
		fresh = fresh && u != s
	}
	switch {
	case s.Count.Bad > s.Count.Total:
		o.broken = true
	case fresh:
		o.samples[s.Metric] = append(o.samples[s.Metric], s)
		o.burn(s.Metric)
	}
	if last && o.evidence() >= math.Log(o.policy.ARL) {
		o.alarm("detector")
	}
}

func (o *watchOracle) alarm(name string) {
	for _, a := range o.alarms {
		if a == name {
			return
		}
	}
	o.alarms = append(o.alarms, name)
}

func (o *watchOracle) burn(metric string) {
	for _, obj := range o.policy.Objectives {
		if obj.Metric != metric {
			continue
		}
		first := o.samples[metric][0].Window.Start
		for _, s := range o.samples[metric] {
			if s.Window.Start.Before(first) {
				first = s.Window.Start
			}
		}
		newest := o.newest(metric)
		for i, r := range obj.Rules {
			above := func(length time.Duration, least uint64) bool {
				var bad, total uint64
				for _, s := range o.samples[metric] {
					if s.Window.End.After(newest.Add(-length)) {
						bad, total = bad+s.Count.Bad, total+s.Count.Total
					}
				}
				if total == 0 || bad < least {
					return false
				}
				limit := new(big.Rat).Mul(watchRat(r.Burn), new(big.Rat).Sub(big.NewRat(1, 1), watchRat(obj.SLO)))
				return new(big.Rat).SetFrac64(int64(bad), int64(total)).Cmp(limit) > 0
			}
			if newest.Sub(first) >= r.Short && above(r.Long, max(r.Events, 1)) && above(r.Short, 0) {
				o.alarm(metric + " " + strconv.Itoa(i))
			}
		}
	}
}

// watchRat is the decimal that a float64 prints as.
func watchRat(v float64) *big.Rat {
	out, _ := new(big.Rat).SetString(strconv.FormatFloat(v, 'f', -1, 64))
	return out
}

// evidence is log of the average of sum_j prod_(i>=j) e_i, by its definition.
func (o *watchOracle) evidence() float64 {
	total, all := 0.0, 0.0
	for _, b := range o.policy.Metrics {
		total += b.Weight
	}
	weights := []float64{.40, .35, .10, .06, .04, .03, .02}
	for _, b := range o.policy.Metrics {
		q0 := b.Rate * b.Tolerance
		for i, r := range []float64{math.Sqrt(b.Tolerance * b.MDE), b.MDE, 1.5 * b.MDE, 2.5 * b.MDE, 5 * b.MDE, 15 * b.MDE, 50 * b.MDE} {
			q := math.Min(r*b.Rate, (1+q0)/2)
			var es []float64
			for _, s := range o.samples[b.Name] {
				if s.Count.Total == 0 {
					continue
				}
				n, x := float64(s.Count.Total), float64(s.Count.Bad)
				if d := b.Dispersion; d.Factor > 1 {
					k := math.Min(d.Events, n*b.Rate) / (d.Factor - 1)
					null, alternative := k/(k+n*q0), k/(k+n*q)
					es = append(es, math.Pow(alternative/null, k)*math.Pow((1-alternative)/(1-null), x))
					continue
				}
				es = append(es, math.Pow(q/q0, x)*math.Pow((1-q)/(1-q0), n-x))
			}
			es = es[min(max(o.policy.WarmUp, 0), len(es)):]
			for j := range es {
				product := b.Weight / total * weights[i]
				for _, e := range es[j:] {
					product *= e
				}
				all += product
			}
		}
	}
	return math.Max(math.Log(all), 0)
}

func (o *watchOracle) check(t *rapid.T, w *health.Watch) {
	v := w.Verdict()
	var alarms []string
	for _, a := range w.Alarms() {
		if a.Rule == nil {
			alarms = append(alarms, "detector")
			continue
		}
		for _, obj := range o.policy.Objectives {
			for i, r := range obj.Rules {
				if obj.Metric == a.Metric && r == *a.Rule {
					alarms = append(alarms, a.Metric+" "+strconv.Itoa(i))
				}
			}
		}
	}
	require.Equal(t, o.alarms, alarms)
	dry, silent := false, false
	requests := map[string]uint64{}
	for _, metric := range o.names() {
		var fed time.Time
		for _, s := range o.samples[metric] {
			requests[metric] += s.Count.Total
			if s.Count.Total > 0 && s.Window.End.After(fed) {
				fed = s.Window.End
			}
		}
		since := fed
		if fed.IsZero() {
			since = o.began
		}
		dry = dry || fed.IsZero() || o.now.Sub(since) > o.policy.Stale
	}
	require.Equal(t, dry, v.NoData, v.Why)
	silent = v.Kind == health.KindInvalid && !o.broken
	switch {
	case len(o.alarms) > 0:
		require.Equal(t, health.KindRegressed, v.Kind)
	case o.broken:
		require.Equal(t, health.KindInvalid, v.Kind)
	case silent:
		require.True(t, dry)
	default:
		require.Equal(t, health.KindUndecided, v.Kind)
	}
	require.Equal(t, requests[v.Metric], v.Canary.Total)
	if e := o.evidence(); len(o.alarms) == 0 && !math.IsInf(e, 0) {
		require.InDelta(t, e, v.LogE, 1e-6*(1+e))
	}
	require.NotEmpty(t, v.Why)
}

func (o *watchOracle) names() (out []string) {
	seen := map[string]bool{}
	for _, b := range o.policy.Metrics {
		seen[b.Name] = true
		out = append(out, b.Name)
	}
	for _, obj := range o.policy.Objectives {
		if !seen[obj.Metric] {
			out = append(out, obj.Metric)
		}
	}
	return out
}

func watchPolicies(t *rapid.T) health.WatchPolicy {
	baseline := func(name string) health.Baseline {
		tolerance := rapid.SampledFrom([]float64{1, 1.2, 1.5}).Draw(t, "tolerance")
		b := health.Baseline{
			Name: name, Tolerance: tolerance, MDE: tolerance * rapid.SampledFrom([]float64{1.3, 2, 4}).Draw(t, "mde"),
			Rate: rapid.SampledFrom([]float64{.001, .02, .1, .6}).Draw(t, "rate"), Weight: rapid.SampledFrom([]float64{1, 3}).Draw(t, "weight"),
		}
		if rapid.Bool().Draw(t, "dispersed") {
			b.Dispersion = health.Dispersion{Factor: rapid.Float64Range(1, 4).Draw(t, "factor"), Events: rapid.SampledFrom([]float64{.5, 5}).Draw(t, "events")}
		}
		return b
	}
	minutes := func(lo, hi int, label string) time.Duration {
		return time.Duration(rapid.IntRange(lo, hi).Draw(t, label)) * time.Minute
	}
	objective := func(metric string) health.Objective {
		o := health.Objective{Metric: metric, SLO: rapid.SampledFrom([]float64{.999, .99, .9, .987654321}).Draw(t, "slo")}
		for i := range rapid.IntRange(1, 3).Draw(t, "rules") {
			short := minutes(1, 300, "short")
			o.Rules = append(o.Rules, health.BurnRule{
				Burn: rapid.SampledFrom([]float64{1, 2.5, 6, 9.999, .001}).Draw(t, "burn"), Short: short, Long: short + minutes(1, 7000, "long"),
				Severity: health.SeverityPage, Events: uint64(1 + i),
			})
		}
		return o
	}
	return health.WatchPolicy{
		ARL: rapid.SampledFrom([]float64{50, 1e4, 1e9}).Draw(t, "arl"), Metrics: []health.Baseline{baseline("a"), baseline("b")},
		Objectives: []health.Objective{objective("b"), objective("c")}, WarmUp: rapid.SampledFrom([]int{-1, 1, 3}).Draw(t, "warm up"),
		Stale: minutes(1, 600, "stale"),
	}
}

// A Watch says what one says that keeps everything, whatever comes: gaps, late and
// repeated windows, windows of different lengths, other contents, restarts.
func TestWatchAgainstOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		policy := watchPolicies(t)
		w, err := health.NewWatch(policy)
		require.NoError(t, err)
		o := &watchOracle{policy: w.Policy(), samples: map[string][]health.WatchSample{}}
		base := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		clock := base
		counts := func() health.Count {
			total := rapid.SampledFrom([]uint64{0, 1, 20, 100}).Draw(t, "total")
			return health.Count{Bad: rapid.SampledFrom([]uint64{0, 0, 0, total / 20, total / 5, total}).Draw(t, "bad"), Total: total}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			length := time.Duration(rapid.SampledFrom([]int{1, 5, 60, 300, 1000}).Draw(t, "length")) * time.Minute
			if rapid.IntRange(0, 5).Draw(t, "gap") == 0 {
				clock = clock.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "gap of")) * time.Minute)
			}
			var batch []health.WatchSample
			switch op := rapid.IntRange(0, 9).Draw(t, "op"); op {
			case 0: // anything at any time
				start := clock.Add(-time.Duration(rapid.IntRange(-100, 6000).Draw(t, "back")) * time.Minute)
				batch = append(batch, health.WatchSample{Metric: rapid.SampledFrom(o.names()).Draw(t, "metric"), Window: health.Window{Start: start, End: start.Add(length)}, Count: counts()})
			case 1, 2: // one that came, as it was or not
				metric := rapid.SampledFrom(o.names()).Draw(t, "metric")
				if len(o.samples[metric]) == 0 {
					continue
				}
				s := rapid.SampledFrom(o.samples[metric]).Draw(t, "again")
				if op == 2 {
					s.Count.Total++
				}
				batch = append(batch, s)
			case 3:
				if rapid.IntRange(0, 9).Draw(t, "break") > 0 {
					continue
				}
				batch = append(batch, health.WatchSample{Metric: "a", Window: health.Window{Start: clock, End: clock.Add(length)}, Count: health.Count{Bad: 2, Total: 1}})
			case 4:
				at := clock.Add(time.Duration(rapid.IntRange(-100, 700).Draw(t, "advance")) * time.Minute)
				require.NoError(t, w.Advance(at))
				if o.now.Before(at) {
					o.now = at
				}
				if o.began.IsZero() {
					o.began = at
				}
			case 5: // a restart
				state, err := w.MarshalBinary()
				require.NoError(t, err)
				restarted := new(health.Watch)
				require.NoError(t, restarted.UnmarshalBinary(state))
				again, err := restarted.MarshalBinary()
				require.NoError(t, err)
				require.Equal(t, string(state), string(again))
				require.Equal(t, w.Verdict(), restarted.Verdict())
				w = restarted
			default:
				for _, metric := range o.names() {
					if rapid.IntRange(0, 9).Draw(t, "there") > 0 {
						batch = append(batch, health.WatchSample{Metric: metric, Window: health.Window{Start: clock, End: clock.Add(length)}, Count: counts()})
					}
				}
				clock = clock.Add(length)
			}
			if len(batch) == 0 {
				continue
			}
			refused := false
			for _, s := range batch {
				refused = refused || o.refuses(s)
			}
			before, err := w.MarshalBinary()
			require.NoError(t, err)
			err = w.Add(batch...)
			require.Equal(t, refused, err != nil, "%v", err)
			if refused {
				after, err := w.MarshalBinary()
				require.NoError(t, err)
				require.Equal(t, string(before), string(after), "an error adds nothing")
				continue
			}
			for i, s := range batch {
				o.add(s, i+1 == len(batch))
			}
			o.check(t, w)
		}
	})
}

// How windows are shared out among calls makes no difference.
func TestWatchBatches(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		one, err := health.NewWatch(watchPolicies(t))
		require.NoError(t, err)
		other, err := health.NewWatch(one.Policy())
		require.NoError(t, err)
		var all []health.WatchSample
		start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		for i := range rapid.IntRange(1, 40).Draw(t, "windows") {
			at := start.Add(time.Duration(i) * time.Minute)
			if rapid.IntRange(0, 9).Draw(t, "late") == 0 {
				at = at.Add(-1000 * time.Minute)
			}
			for _, metric := range []string{"a", "b", "c"} {
				total := rapid.Uint64Range(0, 100).Draw(t, "total")
				s := health.WatchSample{Metric: metric, Window: health.Window{Start: at, End: at.Add(time.Minute)}, Count: health.Count{Bad: total / 8, Total: total}}
				all = append(all, s)
			}
			require.NoError(t, one.Add(all[len(all)-3:]...))
		}
		if rapid.Bool().Draw(t, "again") {
			all = append(all, all...)
		}
		require.NoError(t, other.Add(all...))
		a, err := json.Marshal(one)
		require.NoError(t, err)
		b, err := json.Marshal(other)
		require.NoError(t, err)
		require.Equal(t, string(a), string(b))
	})
}
