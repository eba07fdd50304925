package health_test

import (
	"encoding/binary"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

var histogramInf = math.Inf(1)

func TestAlignEdges(t *testing.T) {
	t.Parallel()
	classic := func(bounds ...float64) health.Histogram { return histogramClassic(t, bounds, nil) }
	native := func(schema int32, zero float64) health.Histogram {
		h, err := health.Native{Schema: schema, ZeroThreshold: zero}.Histogram()
		require.NoError(t, err)
		return h
	}
	hdr := func(lowest uint64, digits int) health.Histogram {
		return histogramHDR(t, health.HDR{Lowest: lowest, Digits: digits}, nil)
	}
	inf := histogramInf
	for _, c := range []struct {
		name       string
		histograms []health.Histogram
		edges      []float64
		want       []float64
	}{
		{"no edges", []health.Histogram{classic(1)}, nil, []float64{}},
		{"a bound stays", []health.Histogram{classic(.1, .25, 1)}, []float64{.25, .1}, []float64{.25, .1}},
		{"up, and beyond the last", []health.Histogram{classic(-1, 0, .1, .25, 1)}, []float64{1e-9, .11, 1.5}, []float64{.1, .25, inf}},
		{"two classic", []health.Histogram{classic(.1, .2, 1, 2), classic(.1, .3, 2)}, []float64{.1, .11, 1}, []float64{.1, 2, 2}},
		{"no common bound", []health.Histogram{classic(.1, .3), classic(.2, .4)}, []float64{.05}, []float64{inf}},
		{"native, powers of two", []health.Histogram{native(0, 0)}, []float64{.25, .26, 1e308, 5e-324}, []float64{.25, .5, math.MaxFloat64, 5e-324}},
		{"native, two steps a doubling", []health.Histogram{native(1, 0)}, []float64{1, 1.1, math.Sqrt2, 1.5, 2}, []float64{1, math.Sqrt2, math.Sqrt2, 2, 2}},
		{"a bound as others print it", []health.Histogram{native(3, 0)}, []float64{1.0905077326652579}, []float64{1.0905077326652577}},
		{"native, the coarsest", []health.Histogram{native(-4, 0)}, []float64{.1, 1, 1.1, 65536}, []float64{1, 1, 65536, 65536}},
		{"two natives: the coarser", []health.Histogram{native(3, 0), native(-1, 0)}, []float64{.3, 1.1, 5}, []float64{1, 4, 16}},
		{"a wide zero bucket", []health.Histogram{native(3, .3), native(3, 0)}, []float64{.1, .31}, []float64{.3242098886627524, .3242098886627524}},
		{"native and classic", []health.Histogram{native(3, 0), classic(.1, .25, .5, 1, 2.5, 5, 10)}, []float64{.1, .3, 1.1}, []float64{.25, .5, inf}},
		{"hdr, single values", []health.Histogram{hdr(1, 2)}, []float64{7, 7.5, 255, 256, 300}, []float64{7, 8, 255, 257, 301}},
		{"hdr, a unit", []health.Histogram{hdr(1000, 2)}, []float64{1, 512, 200_000}, []float64{511, 1023, 200_703}},
		{"hdr, two", []health.Histogram{hdr(1, 3), hdr(100, 0)}, []float64{5, 64, 1000}, []float64{63, 127, 1023}},
		{"hdr, powers of two", []health.Histogram{hdr(1, 0)}, []float64{1, 2, 3, 4, 9}, []float64{1, 3, 3, 7, 15}},
		{"hdr and native never meet", []health.Histogram{hdr(1, 0), native(0, 0)}, []float64{5}, []float64{inf}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := health.AlignEdges(c.edges, c.histograms...)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	for _, edge := range []float64{0, -1, math.NaN(), inf, -inf} {
		got, err := health.AlignEdges([]float64{1, edge}, classic(1))
		require.ErrorContains(t, err, "edge 1 is ")
		require.Nil(t, got)
	}
	_, err := health.AlignEdges([]float64{1})
	require.ErrorContains(t, err, "no histogram")
	_, err = health.AlignEdges([]float64{1}, classic(1), health.Histogram{})
	require.ErrorContains(t, err, "histogram 1 has no layout")
	for _, edge := range []float64{.5, 2, 0, -1, math.NaN(), -inf} {
		got, err := classic(-1, 0, 1).SlowCounts([]float64{1, edge})
		require.ErrorContains(t, err, "edge 1, ", "%v", edge)
		require.Nil(t, got)
	}
	_, err = health.Histogram{}.SlowCounts([]float64{1})
	require.ErrorContains(t, err, "no layout")
	_, err = health.Histogram{}.Add(classic(1))
	require.ErrorContains(t, err, "no layout")
	_, err = classic(1).Sub(health.Histogram{})
	require.ErrorContains(t, err, "no layout")
	_, err = classic(1).Add(classic(2))
	require.ErrorContains(t, err, "no bound in common")
	for i, a := range []health.Histogram{classic(1), native(0, 0), hdr(1, 1)} {
		for j, b := range []health.Histogram{classic(1), native(0, 0), hdr(1, 1)} {
			_, err := a.Add(b)
			require.Equal(t, i == j, err == nil)
			_, err = a.Sub(b)
			require.Equal(t, i == j, err == nil)
		}
	}
}

// Bounds of exponential buckets are right to a few units in the last place, and
// each schema's are among those of the next.
func TestNativeBounds(t *testing.T) {
	t.Parallel()
	root := new(big.Float).SetPrec(200).SetInt64(2)
	for schema := int32(0); schema <= 8; schema++ {
		h, err := health.Native{Schema: schema}.Histogram()
		require.NoError(t, err)
		finer, err := health.Native{Schema: min(schema+1, 8)}.Histogram()
		require.NoError(t, err)
		exact := new(big.Float).SetPrec(200).SetInt64(1)
		for range 1 << schema {
			exact.Mul(exact, root)
			want, _ := exact.Float64()
			got, err := health.AlignEdges([]float64{want}, h)
			require.NoError(t, err)
			require.InEpsilon(t, want, got[0], 1e-15)
			_, err = finer.SlowCounts(got)
			require.NoError(t, err)
		}
		root.Sqrt(root)
	}
}

func TestClassicHistogramRefuses(t *testing.T) {
	t.Parallel()
	type b = health.CumulativeBucket
	inf := histogramInf
	for _, c := range []struct {
		name    string
		buckets []b
		want    string
	}{
		{"nothing", nil, "no bucket le=+Inf"},
		{"no +Inf", []b{{1, 5}, {2, 6}}, "no bucket le=+Inf"},
		{"only +Inf", []b{{inf, 5}}, "no bucket but le=+Inf"},
		{"falls", []b{{1, 5}, {inf, 6}, {2, 4}}, "le=2 counts 4, fewer than the 5 of le=1"},
		{"falls at the end", []b{{1, 5}, {inf, 4}}, "le=+Inf counts 4, fewer than the 5 of le=1"},
		{"twice", []b{{1, 5}, {1, 5}, {inf, 5}}, "le=1 stands twice"},
		{"+Inf twice", []b{{1, 5}, {inf, 5}, {inf, 5}}, "le=+Inf stands twice"},
		{"le NaN", []b{{math.NaN(), 5}, {inf, 5}}, "le=NaN is no bound"},
		{"le -Inf", []b{{-inf, 5}, {inf, 5}}, "le=-Inf is no bound"},
		{"a rate", []b{{1, 4.7}, {inf, 5}}, "le=1: 4.7 is not a number of events"},
		{"NaN", []b{{1, math.NaN()}, {inf, 5}}, "le=1: NaN"},
		{"negative", []b{{1, -1}, {inf, 5}}, "le=1: -1"},
		{"infinite", []b{{1, 1}, {inf, inf}}, "le=+Inf: +Inf"},
		{"too many", []b{{1, 1}, {inf, 0x1p54}}, "le=+Inf: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := health.ClassicHistogram(c.buckets)
			require.ErrorContains(t, err, "health: classic histogram: ")
			require.ErrorContains(t, err, c.want)
			require.Zero(t, h)
		})
	}
}

func TestNativeRefuses(t *testing.T) {
	t.Parallel()
	type span = health.NativeSpan
	ok := health.Native{Count: 6, ZeroCount: 1, PositiveSpans: []span{{-2, 2}, {3, 1}}, PositiveDeltas: []int64{2, 1, -3}}
	_, err := ok.Histogram()
	require.NoError(t, err)
	custom := health.Native{Schema: -53, Count: 3, CustomValues: []float64{1, 2}, PositiveSpans: []span{{0, 3}}, PositiveDeltas: []int64{1, 0, 0}}
	_, err = custom.Histogram()
	require.NoError(t, err)
	for _, c := range []struct {
		name   string
		from   health.Native
		change func(*health.Native)
		want   string
	}{
		{"count too large: NaN was observed", ok, func(n *health.Native) { n.Count = 7 }, "count 7 is not the 6 events"},
		{"count too small", ok, func(n *health.Native) { n.Count = 5 }, "count 5 is not the 6 events"},
		{"schema 9", ok, func(n *health.Native) { n.Schema = 9 }, "schema 9 is not between -4 and 8"},
		{"schema -5", ok, func(n *health.Native) { n.Schema = -5 }, "schema -5"},
		{"zero threshold negative", ok, func(n *health.Native) { n.ZeroThreshold = -1 }, "zero threshold -1"},
		{"zero threshold NaN", ok, func(n *health.Native) { n.ZeroThreshold = math.NaN() }, "zero threshold NaN"},
		{"zero threshold infinite", ok, func(n *health.Native) { n.ZeroThreshold = histogramInf }, "zero threshold +Inf"},
		{"custom values", ok, func(n *health.Native) { n.CustomValues = []float64{1} }, "has custom values"},
		{"fewer deltas", ok, func(n *health.Native) { n.PositiveDeltas = n.PositiveDeltas[:2] }, "positive: span 1 has 1 buckets, and there are 0 more"},
		{"more deltas", ok, func(n *health.Native) { n.PositiveDeltas = append(n.PositiveDeltas, 1) }, "positive: 1 counts are in no span"},
		{"a span as long as memory", ok, func(n *health.Native) { n.PositiveSpans = []span{{0, math.MaxUint32}} }, "span 0 has 4294967295 buckets"},
		{"spans overlap", ok, func(n *health.Native) { n.PositiveSpans = []span{{0, 2}, {-1, 1}} }, "span 1 begins 1 buckets before"},
		{"negative count", ok, func(n *health.Native) { n.PositiveDeltas = []int64{2, -3, 0} }, "bucket -1 counts -1"},
		{"delta overflows", ok, func(n *health.Native) { n.PositiveDeltas = []int64{2, math.MaxInt64, 1} }, "delta 1, 9223372036854775807"},
		{"sum overflows", ok, func(n *health.Native) { n.PositiveDeltas = []int64{1 << 53, 0, 0} }, "more than 9007199254740992 events"},
		{"zero count overflows", ok, func(n *health.Native) { n.ZeroCount = math.MaxUint64 }, "more than"},
		{"beyond infinity", ok, func(n *health.Native) { n.PositiveSpans = []span{{1024, 3}} }, "bucket 1026 is beyond the largest"},
		{"negative side", ok, func(n *health.Native) { n.NegativeSpans = []span{{0, 1}} }, "negative: span 0"},
		{"custom, no bounds", custom, func(n *health.Native) { n.CustomValues = nil }, "without a bound"},
		{"custom, descending", custom, func(n *health.Native) { n.CustomValues = []float64{1, 1} }, "custom bound 1, 1,"},
		{"custom, NaN", custom, func(n *health.Native) { n.CustomValues = []float64{math.NaN(), 1} }, "custom bound 0, NaN,"},
		{"custom, infinite", custom, func(n *health.Native) { n.CustomValues = []float64{1, histogramInf} }, "custom bound 1, +Inf,"},
		{"custom, too many buckets", custom, func(n *health.Native) { n.CustomValues = []float64{1} }, "bucket 2 of 1 custom bounds"},
		{"custom, below the first", custom, func(n *health.Native) { n.PositiveSpans = []span{{-1, 3}} }, "bucket -1 of 2"},
		{"custom, zero bucket", custom, func(n *health.Native) { n.ZeroCount = 1 }, "neither a zero bucket"},
		{"custom, negative buckets", custom, func(n *health.Native) { n.NegativeDeltas = []int64{1} }, "nor negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := c.from
			c.change(&n)
			h, err := n.Histogram()
			require.ErrorContains(t, err, "health: ")
			require.ErrorContains(t, err, c.want)
			require.Zero(t, h)
		})
	}
}

func TestHDRRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		layout health.HDR
		bucket health.HDRBucket
		want   string
	}{
		{health.HDR{Lowest: 0, Digits: 3}, health.HDRBucket{}, "lowest value 0"},
		{health.HDR{Lowest: 1 << 54, Digits: 3}, health.HDRBucket{}, "lowest value"},
		{health.HDR{Lowest: 1, Digits: -1}, health.HDRBucket{}, "-1 significant figures"},
		{health.HDR{Lowest: 1, Digits: 6}, health.HDRBucket{}, "6 significant figures"},
		{health.HDR{Lowest: 1, Digits: 3}, health.HDRBucket{Value: 1<<53 + 1, Count: 1}, "bucket 0 has the value"},
		{health.HDR{Lowest: 1, Digits: 3}, health.HDRBucket{Value: 1, Count: 1<<53 + 1}, "more than"},
		{health.HDR{Lowest: 1, Digits: 3}, health.HDRBucket{Value: 1, Count: math.MaxUint64}, "more than"},
	} {
		h, err := health.HDRHistogram(c.layout, []health.HDRBucket{c.bucket})
		require.ErrorContains(t, err, "health: ")
		require.ErrorContains(t, err, c.want)
		require.Zero(t, h)
	}
}

func TestHistogramReset(t *testing.T) {
	t.Parallel()
	early, late := []float64{.1, .2, .2, 3}, []float64{.1, .2, .2, 3, .2, 40}
	native := func(schema int32, zero float64, values []float64) health.Histogram {
		h, err := histogramNative(schema, zero, values).Histogram()
		require.NoError(t, err)
		return h
	}
	classic := func(values []float64, bounds ...float64) health.Histogram { return histogramClassic(t, bounds, values) }
	hdr := func(digits int, values ...float64) health.Histogram {
		return histogramHDR(t, health.HDR{Lowest: 1, Digits: digits}, values)
	}
	for _, c := range []struct {
		name         string
		before, then health.Histogram
		ok           bool
	}{
		{"classic", classic(early, .15, 1), classic(late, .15, 1), true},
		{"nothing happened", classic(late, .15, 1), classic(late, .15, 1), true},
		{"started over", classic(late, .15, 1), classic(early, .15, 1), false},
		{"started over with other values", classic([]float64{.1}, .15, 1), classic([]float64{3, 3, 3}, .15, 1), false},
		{"other bounds", classic(early, .15, 1), classic(late, .15, 2), false},
		{"native", native(3, 0, early), native(3, 0, late), true},
		{"native, coarser since", native(3, 0, early), native(0, 0, late), true},
		{"native, a wider zero bucket since", native(0, 0, early), native(0, .125, late), true},
		{"native, finer", native(0, 0, early), native(3, 0, late), false},
		{"native, a smaller zero bucket", native(0, .125, early), native(0, 0, late), false},
		{"native, started over", native(0, 0, late), native(0, 0, early), false},
		{"hdr", hdr(1, 5), hdr(1, 5, 6), true},
		{"hdr, other figures", hdr(1, 5), hdr(2, 5, 6), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := c.then.Sub(c.before)
			if !c.ok {
				require.ErrorIs(t, err, health.ErrReset)
				require.Zero(t, d)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.then.Total()-c.before.Total(), d.Total())
			all, err := d.Add(c.before)
			require.NoError(t, err)
			if all.Total() == c.then.Total() {
				require.Equal(t, c.then, all)
			}
		})
	}
}

// apiBuckets is what Prometheus' HTTP API says of a native histogram: the buckets
// with events, their ends to the digits that a float64 has.
func apiBuckets(schema int32, zero float64, values []float64, off float64) (out []health.NativeBucket) {
	n := histogramNative(schema, zero, values)
	side := func(spans []health.NativeSpan, deltas []int64) (out []health.NativeBucket) {
		i, count, used := 0, int64(0), 0
		for _, s := range spans {
			i += int(s.Offset)
			for range s.Length {
				count += deltas[used]
				used++
				bound := func(i int) float64 { return math.Exp2(float64(i)/math.Exp2(float64(schema))) * (1 + off) }
				if count > 0 {
					out = append(out, health.NativeBucket{Lower: max(bound(i-1), zero), Upper: bound(i), Count: float64(count)})
				}
				i++
			}
		}
		return out
	}
	negative := side(n.NegativeSpans, n.NegativeDeltas)
	for i := range negative {
		b := negative[len(negative)-1-i]
		out = append(out, health.NativeBucket{Lower: -b.Upper, Upper: -b.Lower, Count: b.Count})
	}
	if n.ZeroCount > 0 {
		out = append(out, health.NativeBucket{Lower: -zero, Upper: zero, Count: float64(n.ZeroCount)})
	}
	return append(out, side(n.PositiveSpans, n.PositiveDeltas)...)
}

// The histogram that the HTTP API tells of is the same one that spans and deltas
// tell of, although it leaves out the schema, at every edge that both have.
func TestNativeHistogramOfTheAPI(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		schema := rapid.Int32Range(-4, 8).Draw(t, "schema")
		zero := rapid.SampledFrom([]float64{0, 0x1p-128, .001, 2}).Draw(t, "zero")
		values := rapid.SliceOf(rapid.OneOf(rapid.Float64Range(1e-6, 12), rapid.Float64Range(-3, 2000))).Draw(t, "values")
		values = append(values, 70000, 7e9) // one is not next to the zero bucket, whatever the schema
		h, err := health.NativeHistogram(apiBuckets(schema, zero, values, rapid.SampledFrom([]float64{0, 2e-16, -2e-16}).Draw(t, "off")))
		require.NoError(t, err)
		require.EqualValues(t, len(values), h.Total())
		exact, err := histogramNative(schema, zero, values).Histogram()
		require.NoError(t, err)
		// Snapshots grow: from nothing, and from the first few values.
		for _, k := range []int{0, rapid.IntRange(0, len(values)).Draw(t, "before")} {
			before, err := health.NativeHistogram(apiBuckets(schema, zero, values[:k], 0))
			if err != nil {
				require.ErrorContains(t, err, "schema", "a bucket alone that the zero bucket cuts")
				continue
			}
			since, err := h.Sub(before)
			require.NoError(t, err)
			require.EqualValues(t, len(values)-k, since.Total())
		}
		edges, err := health.AlignEdges(rapid.SliceOf(rapid.Float64Range(.001, 5000)).Draw(t, "edges"), h, exact)
		require.NoError(t, err)
		got, err := h.SlowCounts(edges)
		require.NoError(t, err)
		want, err := exact.SlowCounts(edges)
		require.NoError(t, err)
		require.Equal(t, want, got)
		for i, edge := range edges {
			require.Equal(t, histogramSlow(values, edge), got[i])
		}
	})
	h, err := health.NativeHistogram(nil)
	require.NoError(t, err)
	require.Zero(t, h.Total())
	type b = health.NativeBucket
	for _, c := range []struct {
		name    string
		buckets []b
		want    string
	}{
		{"no schema has it", []b{{1, 2.5, 1}}, "no schema from -4 to 8 has it"},
		{"of two schemas", []b{{.5, 1, 1}, {1, 2, 1}, {4, 16, 1}}, "bucket 1 from 1 to 2: is of schema 0, and a later one of -1"},
		{"two that nothing cuts", []b{{-.1, .1, 1}, {.5, 1, 1}, {4, 16, 1}}, "bucket 1 from 0.5 to 1: is of schema 0, and a later one of -1"},
		{"cut, and off", []b{{1, 2.5, 1}, {4, 16, 1}}, "bucket 0 from 1 to 2.5: its end is no bound of schema -1"},
		{"shifted", []b{{1.5, 3, 1}}, "no schema"},
		{"only the last", []b{{math.MaxFloat64, histogramInf, 3}}, "no bucket shows the schema"},
		{"cut by zero, and off", []b{{-.25, .25, 1}, {.25, .6, 1}, {1, 2, 3}}, "bucket 1 from 0.25 to 0.6: its end is no bound of schema 0"},
		{"in no order", []b{{2, 4, 1}, {1, 2, 1}}, "bucket 1 from 1 to 2: it does not end above"},
		{"the same twice", []b{{1, 2, 1}, {1, 2, 1}}, "bucket 1 from 1 to 2: it does not end above"},
		{"empty", []b{{2, 2, 1}}, "not in order"},
		{"NaN", []b{{math.NaN(), 2, 1}}, "not in order"},
		{"count NaN", []b{{1, 2, math.NaN()}}, "bucket 0 from 1 to 2: NaN is not a number"},
		{"a rate", []b{{1, 2, .5}}, "0.5 is not a number"},
		{"negative", []b{{1, 2, -1}}, "-1 is not a number"},
		{"zero without end", []b{{-histogramInf, histogramInf, 1}}, "the zero bucket has no end"},
		{"too many", []b{{1, 2, 0x1p53}, {2, 4, 1}}, "more than"},
	} {
		h, err := health.NativeHistogram(c.buckets)
		require.ErrorContains(t, err, "health: ", c.name)
		require.ErrorContains(t, err, c.want, c.name)
		require.Zero(t, h)
	}
}

// Whatever the spans and deltas are, they are refused or they make a histogram whose
// counts fall with the edge, from no more than all events.
func FuzzNative(f *testing.F) {
	f.Add(int8(3), 0.001, []byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Add(int8(-53), 0.0, []byte{0, 3, 1, 0, 0, 2, 200, 9})
	f.Fuzz(func(t *testing.T, schema int8, zero float64, data []byte) {
		n := health.Native{Schema: int32(schema), ZeroThreshold: zero}
		at := func() int64 {
			if len(data) == 0 {
				return 0
			}
			v, k := binary.Varint(data)
			data = data[max(k, 1):]
			return v
		}
		for range max(at()%8, 0) {
			n.PositiveSpans = append(n.PositiveSpans, health.NativeSpan{Offset: int32(at()), Length: uint32(at())})
		}
		if schema == -53 {
			n.CustomValues = []float64{.1, 1, 10}
		}
		for len(data) > 0 {
			n.PositiveDeltas = append(n.PositiveDeltas, at())
		}
		sum, count := uint64(0), uint64(0)
		for _, d := range n.PositiveDeltas {
			count += uint64(d)
			sum += count
		}
		n.Count = sum
		h, err := n.Histogram()
		if err != nil {
			require.Zero(t, h)
			return
		}
		require.Equal(t, sum, h.Total())
		edges, err := health.AlignEdges([]float64{1e-300, .001, 1, 7, 1e9, 1e300}, h)
		require.NoError(t, err)
		got, err := h.SlowCounts(edges)
		require.NoError(t, err)
		last := h.Total()
		for _, v := range got {
			require.LessOrEqual(t, v, last)
			last = v
		}
	})
}
