package kayenta_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout/health/kayenta"
)

var nan, inf = math.NaN(), math.Inf(1)

func repeat(v float64, n int) []float64 { return slices.Repeat([]float64{v}, n) }

// What the judge's own cases leave open.
func TestClassify(t *testing.T) {
	t.Parallel()
	metric := func(change func(*kayenta.Metric)) kayenta.Metric {
		m := kayenta.Metric{Name: "errors"}
		change(&m)
		return m
	}
	plain := metric(func(*kayenta.Metric) {})
	replace := metric(func(m *kayenta.Metric) { m.ReplaceNaN = true })
	critical := metric(func(m *kayenta.Metric) { m.Critical = true })
	must := metric(func(m *kayenta.Metric) { m.MustHaveData = true })
	outliers := metric(func(m *kayenta.Metric) { m.RemoveOutliers, m.OutlierFactor = true, 1.5 })
	ten, spike := []float64{10, 11, 12, 10, 11, 12, 10, 11, 12, 10}, []float64{10, 11, 12, 10, 11, 12, 10, 11, 12, 900}
	for _, test := range []struct {
		name            string
		metric          kayenta.Metric
		canary, control []float64
		want            kayenta.Class
		fails           bool
	}{
		{"NaN is no value", plain, []float64{nan, nan}, ten, kayenta.ClassNodata, false},
		{"NaN is no value of the control either", plain, ten, []float64{nan}, kayenta.ClassNodata, false},
		{"NaN as 0", replace, repeat(nan, 10), ten, kayenta.ClassLow, false},
		{"NaN as 0 on both sides", replace, repeat(nan, 10), repeat(nan, 7), kayenta.ClassPass, false},
		{"nothing to replace", replace, nil, ten, kayenta.ClassPass, false},
		{"a critical metric without data", critical, nil, ten, kayenta.ClassNodata, true},
		{"a metric that must have data", must, nil, ten, kayenta.ClassNodataFailMetric, false},
		{"both", metric(func(m *kayenta.Metric) { m.MustHaveData, m.Critical = true, true }), nil, ten, kayenta.ClassNodata, true},
		{"must have data, and NaN is 0", metric(func(m *kayenta.Metric) { m.MustHaveData, m.ReplaceNaN = true, true }), nil, ten, kayenta.ClassPass, false},
		{"same values in another order", critical, []float64{1, 2, 3}, []float64{3, 1, 2}, kayenta.ClassPass, false},
		{"two constants", critical, repeat(10, 5), repeat(1, 5), kayenta.ClassHigh, true},
		{"two constants, lower", critical, repeat(-10, 5), repeat(1, 5), kayenta.ClassLow, true},
		{"two constants that hardly differ", plain, repeat(1+1e-9, 5), repeat(1, 5), kayenta.ClassHigh, false},
		{"a constant and zero", plain, repeat(10, 2), repeat(0, 1), kayenta.ClassHigh, false},
		{"one value each", critical, []float64{10}, []float64{1}, kayenta.ClassError, true},
		{"one value against zeros", plain, []float64{10}, repeat(0, 30), kayenta.ClassError, false},
		{"an infinite value", critical, []float64{inf, 1, 2}, ten, kayenta.ClassError, true},
		{"infinite on both sides", plain, []float64{inf, 1, 2}, []float64{inf, 3}, kayenta.ClassError, false},
		{"too large to add", plain, []float64{math.MaxFloat64, math.MaxFloat64}, ten, kayenta.ClassError, false},
		{"too far apart", plain, []float64{math.MaxFloat64, 1}, []float64{-math.MaxFloat64, 2}, kayenta.ClassError, false},
		{"an outlier", outliers, spike, ten[:9], kayenta.ClassPass, false},
		{"no metric at all", kayenta.Metric{}, ten, ten, kayenta.ClassError, false},
		{"a direction that is none", metric(func(m *kayenta.Metric) { m.Direction, m.Critical = 9, true }), ten, ten, kayenta.ClassError, true},
	} {
		r := kayenta.Judge{}.Classify(test.metric, test.canary, test.control)
		require.Equal(t, test.want, r.Class, "%s: %+v", test.name, r)
		require.Equal(t, test.fails, r.Critical, test.name)
		require.True(t, r.Class == kayenta.ClassPass || r.Reason != "", test.name)
	}
	r := kayenta.Judge{Confidence: 2}.Classify(plain, ten, ten)
	require.Equal(t, kayenta.ClassError, r.Class)
}

// Outliers go by the interquartile range, but never what lies inside the percentiles
// 1 and 99. With ten values the largest is always outside of the latter.
func TestOutliers(t *testing.T) {
	t.Parallel()
	low := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	m := kayenta.Metric{Name: "m", RemoveOutliers: true, OutlierFactor: 1.5}
	for _, test := range []struct {
		canary []float64
		mean   float64 // of what is left
	}{
		{[]float64{21, 23, 24, 25, 50, 29, 23, 21}, 166.0 / 7}, // the fence is at 26 + 1.5*3.5: 50 goes
		{[]float64{-21, -23, -24, -25, -50, -29, -23, -21}, -166.0 / 7},
		{[]float64{1, 1, 1, 5, -1, -1, -1, -5}, 0},
		{[]float64{3, 4}, 3.5},
		{[]float64{7}, 7},
	} {
		r := kayenta.Judge{}.Classify(m, test.canary, low)
		if test.mean == 0 {
			require.Zero(t, r.Ratio)
			continue
		}
		require.InDelta(t, test.mean/5.5, r.Ratio, 1e-12, test.canary)
	}
	// What is as many as one value in ten is no outlier, however far out.
	for _, far := range []float64{-100, 100} {
		r := kayenta.Judge{}.Classify(m, slices.Concat(repeat(10, 90), repeat(far, 10)), low)
		require.InDelta(t, (900+10*far)/100/5.5, r.Ratio, 1e-12)
	}
	// The default factor is 3, and it is wide enough for the 50.
	m.OutlierFactor = 0
	r := kayenta.Judge{}.Classify(m, []float64{21, 23, 24, 25, 36, 29, 23, 21}, low)
	require.InDelta(t, 202.0/8/5.5, r.Ratio, 1e-12)
}

// An effect at its limit is large enough.
func TestLimits(t *testing.T) {
	t.Parallel()
	ten, five := repeat(10, 8), repeat(5, 8)
	for _, test := range []struct {
		name            string
		metric          kayenta.Metric
		canary, control []float64
		want            kayenta.Class
		fails           bool
	}{
		{"at the increase", kayenta.Metric{AllowedIncrease: 2}, ten, five, kayenta.ClassHigh, true},
		{"below the increase", kayenta.Metric{AllowedIncrease: 2.001}, ten, five, kayenta.ClassPass, false},
		{"at the decrease", kayenta.Metric{AllowedDecrease: 0.5}, five, ten, kayenta.ClassLow, true},
		{"above the decrease", kayenta.Metric{AllowedDecrease: 0.499}, five, ten, kayenta.ClassPass, false},
		{"at the critical increase", kayenta.Metric{CriticalIncrease: 2}, ten, five, kayenta.ClassHigh, true},
		{"below the critical increase", kayenta.Metric{CriticalIncrease: 2.001}, ten, five, kayenta.ClassHigh, false},
		{"at the critical decrease", kayenta.Metric{CriticalDecrease: 0.5}, five, ten, kayenta.ClassLow, true},
		{"above the critical decrease", kayenta.Metric{CriticalDecrease: 0.499}, five, ten, kayenta.ClassLow, false},
		{"every pair", kayenta.Metric{Effect: kayenta.EffectCLES, AllowedIncrease: 1}, ten, five, kayenta.ClassHigh, true},
		{"more than every pair", kayenta.Metric{Effect: kayenta.EffectCLES, AllowedIncrease: 1.5}, ten, five, kayenta.ClassPass, false},
		{"no pair", kayenta.Metric{Effect: kayenta.EffectCLES, AllowedDecrease: 0.01}, five, ten, kayenta.ClassLow, true},
	} {
		test.metric.Name, test.metric.Critical = "m", true
		r := kayenta.Judge{}.Classify(test.metric, test.canary, test.control)
		require.Equal(t, test.want, r.Class, test.name)
		require.Equal(t, test.fails, r.Critical, test.name)
	}
}

// The interval must lie beyond a quarter of the estimated difference, on either side.
func TestTolerance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		by         float64
		from, to   float64 // what part of the estimate the near end of the interval is
		usual, all kayenta.Class
	}{
		{6, 0.01, 0.25, kayenta.ClassPass, kayenta.ClassHigh}, // beyond 0, and not far enough
		{8, 0.26, 0.49, kayenta.ClassHigh, kayenta.ClassHigh},
		{20, 0.51, 0.99, kayenta.ClassHigh, kayenta.ClassHigh},
	} {
		var canary, control, down, base []float64
		for i := range 20 {
			v := float64(i) + float64(i*i%7)/10
			canary, control = append(canary, 100+v+test.by), append(control, 100+v)
			down, base = append(down, -100-v-test.by), append(base, -100-v)
		}
		m := kayenta.Metric{Name: "m"}
		r := kayenta.Judge{}.Classify(m, canary, control)
		require.Equal(t, test.usual, r.Class)
		require.InDelta(t, test.by, r.Shift.Estimate, 0.2)
		part := r.Shift.Low / r.Shift.Estimate
		require.True(t, part >= test.from && part <= test.to, "%v: %v", test.by, part)
		require.Equal(t, test.all, kayenta.Judge{Tolerance: 0.01}.Classify(m, canary, control).Class)
		require.Equal(t, part > 0.5, kayenta.Judge{Tolerance: 0.5}.Classify(m, canary, control).Class == kayenta.ClassHigh)

		// The same downwards; a mean ratio of negative means turns round, so pairs count.
		m.Effect = kayenta.EffectCLES
		want := map[kayenta.Class]kayenta.Class{kayenta.ClassPass: kayenta.ClassPass, kayenta.ClassHigh: kayenta.ClassLow}
		require.Equal(t, want[test.usual], kayenta.Judge{}.Classify(m, down, base).Class)
		require.Equal(t, want[test.all], kayenta.Judge{Tolerance: 0.01}.Classify(m, down, base).Class)
	}
}

// The direction and the limits only take classes away.
func TestDirectionAndLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-50, 50), 1, 25)
		canary, control := values.Draw(t, "canary"), values.Draw(t, "control")
		either := kayenta.Judge{}.Classify(kayenta.Metric{Name: "m"}, canary, control)
		for direction, takes := range map[kayenta.Direction]kayenta.Class{
			kayenta.DirectionIncrease: kayenta.ClassLow, kayenta.DirectionDecrease: kayenta.ClassHigh,
		} {
			r := kayenta.Judge{}.Classify(kayenta.Metric{Name: "m", Direction: direction}, canary, control)
			want := either.Class
			if want == takes {
				want = kayenta.ClassPass
			}
			require.Equal(t, want, r.Class)
		}
		limited := kayenta.Judge{}.Classify(kayenta.Metric{Name: "m", AllowedIncrease: 2, AllowedDecrease: 0.5}, canary, control)
		require.Contains(t, []kayenta.Class{either.Class, kayenta.ClassPass}, limited.Class)
		if limited.Class == kayenta.ClassHigh && limited.Ratio != 0 {
			require.GreaterOrEqual(t, limited.Ratio, 2.0)
		}
		fails := kayenta.Judge{}.Classify(kayenta.Metric{Name: "m", Critical: true}, canary, control)
		require.Equal(t, either.Class, fails.Class)
		require.False(t, fails.Critical && fails.Class == kayenta.ClassPass)
	})
}

// The rank statistic agrees with counting pairs one by one.
func TestDeviateAgreesWithPairs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Map(rapid.IntRange(-4, 4), func(i int) float64 { return float64(i) / 2 }), 1, 12)
		x, y := values.Draw(t, "x"), values.Draw(t, "y")
		shift := float64(rapid.IntRange(-3, 3).Draw(t, "shift"))
		u, n, m := 0.0, float64(len(x)), float64(len(y))
		all := slices.Clone(y)
		for _, a := range x {
			all = append(all, a-shift)
			for _, b := range y {
				if a-shift > b {
					u++
				} else if a-shift == b {
					u += 0.5
				}
			}
		}
		ties := 0.0
		for _, v := range all {
			c := 0.0
			for _, w := range all {
				if v == w {
					c++
				}
			}
			ties += c*c - 1 // over a tie of c values: c³-c
		}
		want := u - n*m/2
		if want != 0 {
			want -= math.Copysign(0.5, want)
		}
		want /= math.Sqrt(n * m / 12 * (n + m + 1 - ties/((n+m)*(n+m-1))))
		got := kayenta.Deviate(x, y, shift)
		if slices.Min(all) == slices.Max(all) {
			require.True(t, math.IsNaN(got), "all tied")
			return
		}
		require.InDelta(t, want, got, 1e-9)
		require.InDelta(t, -got, kayenta.Deviate(y, x, -shift), 1e-9, "the other way round")
	})
}

// Where the interval ends, the test changes its mind: each end is within Brent's
// tolerance of a shift where the deviate crosses the quantile.
func TestShiftEndsWhereTheTestDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// On a grid, no shift but one of the grid makes or undoes a tie, so that the
		// deviate falls with the shift.
		values := rapid.SliceOfN(rapid.Map(rapid.IntRange(-640, 640), func(i int) float64 { return float64(i) / 32 }), 2, 20)
		x, y := values.Draw(t, "x"), values.Draw(t, "y")
		s, err := kayenta.ShiftOf(x, y, 0.95)
		if err != nil {
			require.ErrorContains(t, err, "tied")
			return
		}
		const z, near = 1.959963984540054, 2e-4
		least, most := slices.Min(x)-slices.Max(y), slices.Max(x)-slices.Min(y)
		for _, end := range []struct{ at, z float64 }{{s.Low, z}, {s.Estimate, 0}, {s.High, -z}} {
			require.GreaterOrEqual(t, end.at, least)
			require.LessOrEqual(t, end.at, most)
			before, after := kayenta.Deviate(x, y, end.at-near), kayenta.Deviate(x, y, end.at+near)
			// At the ends of the range there is nothing to cross.
			require.True(t, before >= end.z || end.at-near < least, "%v before %v", before, end)
			require.True(t, after <= end.z || end.at+near > most, "%v after %v", after, end)
		}
	})
}

func TestShiftRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		x, y       []float64
		confidence float64
		want       string
	}{
		{[]float64{1, 2}, []float64{3, 4}, 0, "confidence 0"},
		{[]float64{1, 2}, []float64{3, 4}, 1, "confidence 1"},
		{[]float64{1, 2}, []float64{3, 4}, nan, "confidence NaN"},
		{nil, []float64{3, 4}, 0.95, "one sample is empty"},
		{[]float64{3, 4}, []float64{}, 0.95, "one sample is empty"},
		{[]float64{1, inf}, []float64{3, 4}, 0.95, "not finite"},
		{[]float64{nan, 1}, []float64{3, 4}, 0.95, "not finite"},
		{[]float64{1, nan}, []float64{3, nan}, 0.95, "not finite"},
		{[]float64{math.MaxFloat64, 1}, []float64{-math.MaxFloat64, 2}, 0.95, "not finite"},
		{[]float64{1}, []float64{3}, 0.95, "tied"},
		{repeat(2, 9), repeat(3, 5), 0.95, "tied"},
		{[]float64{1e-20, 2e-20}, []float64{1e10}, 0.95, "tied"},
		{[]float64{1, 2, 3, 1e306, 5, 6, 7, 8}, []float64{-1e306, 1, 2, 4, 5, 6, 7, 8}, 0.95, "no root"},
	} {
		s, err := kayenta.ShiftOf(test.x, test.y, test.confidence)
		require.ErrorContains(t, err, test.want)
		require.Zero(t, s)
	}
	require.True(t, math.IsNaN(kayenta.Deviate(nil, []float64{1}, 0)))
	require.True(t, math.IsNaN(kayenta.Deviate([]float64{1, nan}, []float64{1}, 0)))
	require.True(t, math.IsNaN(kayenta.Deviate([]float64{1, 2}, []float64{1}, nan)))
}

// The names are those of a canary configuration and of a report of Kayenta, and read
// back.
func TestNames(t *testing.T) {
	t.Parallel()
	for c := range kayenta.ClassError + 1 {
		got, err := kayenta.ParseClass(c.String())
		require.NoError(t, err)
		require.Equal(t, c, got)
		b, err := c.MarshalText()
		require.NoError(t, err)
		require.NoError(t, got.UnmarshalText(b))
		require.Equal(t, c, got)
	}
	for o := range kayenta.OutcomePass + 1 {
		got, err := kayenta.ParseOutcome(o.String())
		require.NoError(t, err)
		require.Equal(t, o, got)
		b, err := o.MarshalText()
		require.NoError(t, err)
		require.NoError(t, got.UnmarshalText(b))
		require.Equal(t, o, got)
	}
	for _, s := range []string{"", "pass", "Passed", "kayenta.Class(9)"} {
		_, err := kayenta.ParseClass(s)
		require.Error(t, err, s)
		_, err = kayenta.ParseOutcome(s)
		require.Error(t, err, s)
		_, err = kayenta.ParseDirection(s)
		require.Error(t, err, s)
		_, err = kayenta.ParseEffect(s)
		require.Error(t, err, s)
	}
}

// Whatever the values, there is a class, and the arguments are left alone.
func FuzzClassify(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, uint8(0))
	f.Add([]byte{255, 0, 9, 9, 254, 253, 1, 1, 1, 0}, uint8(255))
	f.Fuzz(func(t *testing.T, b []byte, flags uint8) {
		special := []float64{nan, inf, -inf, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 0, math.Copysign(0, -1)}
		values := make([]float64, min(len(b), 200))
		for i := range values {
			if v := int(b[i]); v >= 256-len(special) {
				values[i] = special[v-256+len(special)]
			} else {
				values[i] = float64(v-100) / 8
			}
		}
		split := len(values) / 3
		canary, control := values[:split], values[split:]
		before := slices.Clone(values)
		m := kayenta.Metric{
			Name: "m", Direction: kayenta.Direction(flags % 3), ReplaceNaN: flags&4 != 0, RemoveOutliers: flags&8 != 0,
			Critical: flags&16 != 0, MustHaveData: flags&32 != 0, Effect: kayenta.Effect(flags >> 6 & 1),
		}
		r := kayenta.Judge{}.Classify(m, canary, control)
		require.Greater(t, r.Class, kayenta.ClassUnknown)
		require.LessOrEqual(t, r.Class, kayenta.ClassError)
		require.False(t, r.Critical && (r.Class == kayenta.ClassPass || !m.Critical))
		require.False(t, r.Class == kayenta.ClassHigh && !(r.Shift.Low > 0))
		require.False(t, r.Class == kayenta.ClassLow && !(r.Shift.High < 0))
		for i, v := range values {
			require.Equal(t, math.Float64bits(before[i]), math.Float64bits(v))
		}
		again := kayenta.Judge{}.Classify(m, canary, control)
		require.Equal(t, r, again)
	})
}
