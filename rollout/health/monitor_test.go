package health_test

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

func count(bad, total uint64) health.Count { return health.Count{Bad: bad, Total: total} }

func errorsOnly(t testing.TB) *health.Monitor {
	m, err := health.New(health.Policy{Metrics: []health.Metric{{Name: "errors"}}})
	require.NoError(t, err)
	return m
}

func add(t testing.TB, m *health.Monitor, samples ...health.Sample) health.Verdict {
	require.NoError(t, m.Add(samples...))
	return m.Verdict()
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	window := func(canary, control health.Count) func(int) health.Sample {
		return func(i int) health.Sample {
			return health.Sample{ID: fmt.Sprint(i), Metric: "errors", Canary: canary, Control: control}
		}
	}
	for _, c := range []struct {
		name    string
		window  func(int) health.Sample
		windows int
		want    health.Kind
		noData  bool
		why     string
	}{
		{"nothing at all", nil, 0, health.KindUndecided, true, "no data"},
		{"empty windows", window(count(0, 0), count(0, 0)), 100, health.KindUndecided, true, "no data"},
		{"no control", window(count(50, 1000), count(0, 0)), 100, health.KindUndecided, true, "no data"},
		{"no canary yet", window(count(0, 0), count(10, 99)), 100, health.KindUndecided, true, "no data"},
		{"no canary while the control has lots", window(count(0, 0), count(10, 100)), 100, health.KindInvalid, true, "had 10000"},
		{"no failures on either side", window(count(0, 1000), count(0, 9000)), 1000, health.KindUndecided, false, "not enough evidence"},
		{"one window", window(count(1, 100), count(9, 900)), 1, health.KindUndecided, false, "not enough evidence"},
		{"as good", window(count(10, 1000), count(90, 9000)), 10, health.KindHealthy, false, "certificate"},
		{"as good, failures are common", window(count(500, 1000), count(4500, 9000)), 10, health.KindHealthy, false, "certificate"},
		{"better", window(count(0, 1000), count(90, 9000)), 10, health.KindHealthy, false, "certificate"},
		{"tolerable", window(count(12, 1000), count(90, 9000)), 2000, health.KindHealthy, false, "certificate"},
		{"half way", window(count(150, 10_000), count(900, 90_000)), 1, health.KindUndecided, false, "not enough evidence"},
		{"double", window(count(20, 1000), count(90, 9000)), 30, health.KindRegressed, false, "worse at the canary"},
		{"outage", window(count(50, 100), count(1, 900)), 1, health.KindRegressed, false, "worse at the canary"},
		{"total outage without failures at the control", window(count(10, 10), count(0, 90)), 1, health.KindRegressed, false, "worse at the canary"},
		{"shared outage", window(count(500, 1000), count(4500, 9000)), 1, health.KindHealthy, false, "certificate"},
		{"more bad than all", window(count(11, 10), count(1, 10)), 1, health.KindInvalid, true, "11 bad of 10"},
		{"more than can be counted", window(count(1, math.MaxUint64), count(1, 10)), 1, health.KindInvalid, true, "more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := errorsOnly(t)
			for i := range c.windows {
				add(t, m, c.window(i))
			}
			v := m.Verdict()
			require.Equal(t, c.want.String(), v.Kind.String(), v.Why)
			require.Equal(t, c.noData, v.NoData)
			require.Contains(t, v.Why, c.why)
			require.Equal(t, "errors", v.Metric)
		})
	}
}

func TestRegressionStays(t *testing.T) {
	t.Parallel()
	m := errorsOnly(t)
	bad := add(t, m, health.Sample{ID: "bad", Metric: "errors", Canary: count(90, 100), Control: count(1, 900)})
	require.Equal(t, health.KindRegressed, bad.Kind)
	for i := range 500 {
		add(t, m, health.Sample{ID: fmt.Sprint(i), Metric: "errors", Canary: count(0, 1000), Control: count(90, 9000)})
	}
	v := add(t, m, health.Sample{ID: "broken", Metric: "errors", Canary: count(2, 1), Control: count(0, 0)})
	require.Equal(t, health.KindRegressed, v.Kind)
	require.Equal(t, bad.LogE, v.LogE, "the evidence that was reached")
	m.Recertify()
	require.Equal(t, health.KindRegressed, m.Verdict().Kind)
}

func TestBrokenMeasurementStays(t *testing.T) {
	t.Parallel()
	m := errorsOnly(t)
	good := func(id string) health.Sample {
		return health.Sample{ID: id, Metric: "errors", Canary: count(100, 10_000), Control: count(900, 90_000)}
	}
	require.Equal(t, health.KindHealthy, add(t, m, good("1")).Kind)
	v := add(t, m, health.Sample{ID: "2", Metric: "errors", Canary: count(0, 1), Control: count(3, 2)})
	require.Equal(t, health.KindInvalid, v.Kind)
	require.Equal(t, count(100, 10_000), v.Canary, "what is impossible is not counted")
	require.Equal(t, health.KindInvalid, add(t, m, good("3")).Kind)
}

func TestSilentCanary(t *testing.T) {
	t.Parallel()
	m, err := health.New(health.Policy{Silence: 1000, Metrics: []health.Metric{{Name: "errors"}}})
	require.NoError(t, err)
	healthy := health.Sample{ID: "0", Metric: "errors", Canary: count(100, 10_000), Control: count(900, 90_000)}
	require.Equal(t, health.KindHealthy, add(t, m, healthy).Kind)
	require.Equal(t, health.KindHealthy, add(t, m, health.Sample{ID: "1", Metric: "errors", Control: count(1, 999)}).Kind)
	v := add(t, m, health.Sample{ID: "2", Metric: "errors", Control: count(0, 1)})
	require.Equal(t, health.KindInvalid, v.Kind, "certified before, and silent now")
	// One stratum with traffic is traffic.
	v = add(t, m, health.Sample{ID: "3", Metric: "errors", Stratum: "eu", Canary: count(0, 1), Control: count(0, 1)},
		health.Sample{ID: "3", Metric: "errors", Stratum: "us", Control: count(0, 5000)})
	require.Equal(t, health.KindHealthy, v.Kind)
}

func TestSeveralMetrics(t *testing.T) {
	t.Parallel()
	newMonitor := func() *health.Monitor {
		m, err := health.New(health.Policy{WarmUp: -1, Metrics: []health.Metric{{Name: "errors"}, {Name: "slow"}, {Name: "timeouts", Weight: 2}}})
		require.NoError(t, err)
		return m
	}
	fine := func(metric string) health.Sample {
		return health.Sample{ID: "1", Metric: metric, Canary: count(100, 10_000), Control: count(900, 90_000)}
	}
	m := newMonitor()
	v := add(t, m, fine("errors"), fine("slow"))
	require.Equal(t, health.KindUndecided, v.Kind, "one metric has no data")
	require.True(t, v.NoData)
	require.Equal(t, "timeouts", v.Metric)
	v = add(t, m, fine("timeouts"))
	require.Equal(t, health.KindHealthy, v.Kind)

	m = newMonitor()
	v = add(t, m, fine("errors"), fine("timeouts"), health.Sample{ID: "1", Metric: "slow", Canary: count(40, 1000), Control: count(90, 9000)})
	require.Equal(t, health.KindRegressed, v.Kind)
	require.Equal(t, "slow", v.Metric)

	// The average, not the maximum: what just convicts alone does not among three.
	alone := errorsLike(t, health.Policy{WarmUp: -1, Metrics: []health.Metric{{Name: "errors"}}})
	convicts := health.Sample{ID: "1", Metric: "errors", Canary: count(8, 100), Control: count(9, 900)}
	va := add(t, alone, convicts)
	require.Equal(t, health.KindRegressed, va.Kind)
	m = newMonitor()
	v = add(t, m, convicts)
	require.Equal(t, health.KindUndecided, v.Kind)
	require.InDelta(t, math.Log((math.Exp(va.LogE)+3)/4), v.LogE, 1e-8)
}

func TestRecertify(t *testing.T) {
	t.Parallel()
	m := errorsOnly(t)
	healthy := func(id string) health.Sample {
		return health.Sample{ID: id, Metric: "errors", Canary: count(100, 10_000), Control: count(900, 90_000)}
	}
	v := add(t, m, healthy("1"))
	require.Equal(t, health.KindHealthy, v.Kind)
	m.Recertify()
	now := m.Verdict()
	require.Equal(t, health.KindUndecided, now.Kind)
	require.Zero(t, now.LogCertificate)
	require.Equal(t, v.LogE, now.LogE, "evidence of a regression goes on")
	require.Equal(t, health.KindHealthy, add(t, m, healthy("2")).Kind)
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	m := errorsOnly(t)
	first := health.Sample{ID: "1", Metric: "errors", Canary: count(1, 100), Control: count(9, 900)}
	was := add(t, m, first)
	state, err := m.MarshalBinary()
	require.NoError(t, err)
	other, changed := first, first
	other.ID, other.Canary.Bad = "2", 50
	changed.Canary.Bad = 2
	for _, c := range []struct {
		name    string
		samples []health.Sample
		want    string
	}{
		{"no ID", []health.Sample{other, {Metric: "errors"}}, "has no ID"},
		{"an ID that is no text", []health.Sample{other, {ID: "1\xff", Metric: "errors"}}, "not UTF-8"},
		{"unknown metric", []health.Sample{other, {ID: "3", Metric: "latency"}}, `"latency" is not in the policy`},
		{"another content", []health.Sample{other, changed}, "came before with other counts"},
		{"two contents in one call", []health.Sample{other, {ID: "2", Metric: "errors"}}, "came before with other counts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := m.Add(c.samples...)
			require.ErrorContains(t, err, c.want)
			now, err := m.MarshalBinary()
			require.NoError(t, err)
			require.Equal(t, string(state), string(now), "nothing of the call was added")
		})
	}
	require.Equal(t, was, add(t, m, first, first), "the same again counts once")
	first.Stratum = "eu"
	require.NotEqual(t, was, add(t, m, first), "another stratum is another sample")

	var zero health.Monitor
	err = zero.Add(first)
	require.ErrorContains(t, err, "no policy")
	require.True(t, zero.Verdict().NoData)
	require.Equal(t, health.KindUndecided, zero.Verdict().Kind)
	_, err = zero.MarshalBinary()
	require.Error(t, err)
}

func TestPolicyValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, health.Policy{Metrics: []health.Metric{{Name: "a"}}}.Validate())
	p := health.Policy{Metrics: []health.Metric{{Name: "a"}}}.Defaults()
	require.Equal(t, health.Policy{Alpha: .01, Beta: .05, Silence: 10_000, Stale: 10, WarmUp: 3, Metrics: []health.Metric{{Name: "a", Tolerance: 1.2, MDE: 2, Weight: 1}}}, p)

	err := health.Policy{Alpha: -1, Beta: math.NaN(), Metrics: []health.Metric{
		{}, {Name: "a"}, {Name: "a"}, {Name: "b", Tolerance: .5}, {Name: "c", Tolerance: 2, MDE: 2}, {Name: "d", MDE: math.Inf(1)},
		{Name: "e", Weight: -1}, {Name: "f", Tolerance: math.NaN(), MDE: 1}, {Name: "g\xff"},
	}}.Validate()
	for _, want := range []string{"alpha -1", "beta NaN", "metric 0 has no name", `"a" stands twice`, `"b": tolerance 0.5`, `"c": mde 2`, `"d": mde +Inf`, `"e": weight -1`, `"f": tolerance NaN`, `"g\xff" is not UTF-8`} {
		require.ErrorContains(t, err, want)
	}
	_, err = health.New(health.Policy{})
	require.ErrorContains(t, err, "no metrics")
	_, err = health.New(health.Policy{Metrics: make([]health.Metric, 1001)})
	require.ErrorContains(t, err, "1001 metrics")

	m := errorsOnly(t)
	m.Policy().Metrics[0].Name = "changed"
	require.Equal(t, "errors", m.Policy().Metrics[0].Name, "the caller owns a copy")
}

func TestKindRoundTrip(t *testing.T) {
	t.Parallel()
	for k, name := range []string{"undecided", "healthy", "regressed", "invalid"} {
		b, err := json.Marshal(health.Verdict{Kind: health.Kind(k)})
		require.NoError(t, err)
		require.Contains(t, string(b), `"kind":"`+name+`"`)
		var v health.Verdict
		require.NoError(t, json.Unmarshal(b, &v))
		require.Equal(t, health.Kind(k), v.Kind)
		parsed, err := health.ParseKind(name)
		require.NoError(t, err)
		require.Equal(t, health.Kind(k), parsed)
	}
	_, err := health.ParseKind("Healthy")
	require.Error(t, err)
	require.Error(t, json.Unmarshal([]byte(`{"kind":"better"}`), new(health.Verdict)))
}

// sample draws a sample that may be of any kind, impossible ones too.
func sample(t *rapid.T) health.Sample {
	n := rapid.Uint64Range(0, 30)
	return health.Sample{ID: rapid.StringMatching(`[a-d]`).Draw(t, "id"), Metric: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "metric"),
		Stratum: rapid.SampledFrom([]string{"", "eu"}).Draw(t, "stratum"),
		Canary:  count(n.Draw(t, "x"), n.Draw(t, "n")), Control: count(n.Draw(t, "y"), n.Draw(t, "m"))}
}

// A Monitor that is written and read back after every step goes on exactly as one
// that is not, and an error leaves both as they were.
func TestMarshalResumes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, err := health.New(health.Policy{Metrics: []health.Metric{{Name: "a"}, {Name: "b", Tolerance: 1}}})
		require.NoError(t, err)
		b := a
		for range rapid.IntRange(0, 10).Draw(t, "steps") {
			samples := rapid.SliceOfN(rapid.Custom(sample), 0, 4).Draw(t, "samples")
			errA, errB := a.Add(samples...), b.Add(samples...)
			va, vb := a.Verdict(), b.Verdict()
			if b != a || errA == nil {
				require.Equal(t, errA, errB)
			}
			if b != a {
				require.Equal(t, va, vb)
			}
			if rapid.Bool().Draw(t, "recertify") {
				a.Recertify()
				b.Recertify()
			}
			data, err := json.Marshal(a)
			require.NoError(t, err)
			b = new(health.Monitor)
			require.NoError(t, json.Unmarshal(data, b))
			again, err := b.MarshalBinary()
			require.NoError(t, err)
			require.Equal(t, string(data), string(again))
			require.Equal(t, a.Verdict(), b.Verdict())
		}
	})
}

func TestUnmarshalRefuses(t *testing.T) {
	t.Parallel()
	m := errorsOnly(t)
	add(t, m, health.Sample{ID: "1", Metric: "errors", Canary: count(90, 100), Control: count(1, 900)})
	good, err := m.MarshalBinary()
	require.NoError(t, err)
	text := string(good)
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", "EOF"},
		{"cut", text[:len(text)/2], "EOF"},
		{"trailing", text + "{}", "follows"},
		{"unknown field", `{"a":1,` + text[1:], "unknown field"},
		{"another version", strings.Replace(text, `"version":2`, `"version":1`, 1), "version 1"},
		{"no metrics", strings.Replace(text, `"metrics":[{`, `"metrics":[],"x":[{`, 1), "x"},
		{"bad policy", strings.Replace(text, `"mde":2`, `"mde":1`, 1), "mde 1"},
		{"too few processes", `{"version":2,"policy":{"metrics":[{"name":"a"}]},"tracks":[],"seen":""}`, "0 tracks for 1"},
		{"another metric is guilty", strings.Replace(text, `"found":{"metric":1`, `"found":{"metric":2`, 1), "regressed metric 2"},
		{"the regression is gone", strings.Replace(text, `"found":{"metric":1,`, `"found":{`, 1), "peak"},
		{"the regression and its peak are gone", regexp.MustCompile(`,"found":{[^}]*}`).ReplaceAllString(text, ``), "the regression is not"},
		{"more bad than all", strings.Replace(text, `"bad":90`, `"bad":101`, 1), "more bad events"},
		{"cut list", regexp.MustCompile(`"seen":"....`).ReplaceAllString(text, `"seen":"`), "cut"},
		{"null", "null", "version 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.NotEqual(t, text, c.in)
			v := m.Verdict()
			require.ErrorContains(t, m.UnmarshalBinary([]byte(c.in)), c.want)
			require.Equal(t, v, m.Verdict(), "an error changes nothing")
		})
	}
}

// What is read back is written the same, and gives a verdict.
func FuzzUnmarshal(f *testing.F) {
	m := errorsOnly(f)
	add(f, m, health.Sample{ID: "1", Metric: "errors", Canary: count(9, 100), Control: count(9, 900)})
	good, err := m.MarshalBinary()
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte(`{"version":1}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var m health.Monitor
		if m.UnmarshalBinary(in) != nil {
			require.Zero(t, m)
			return
		}
		once, err := m.MarshalBinary()
		require.NoError(t, err)
		var again health.Monitor
		require.NoError(t, again.UnmarshalBinary(once))
		require.Equal(t, m.Verdict(), again.Verdict())
		if m.Verdict().Kind == health.KindHealthy {
			require.False(t, m.Verdict().NoData)
		}
	})
}
