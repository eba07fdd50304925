package rollout_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// sameAsSlowly requires that what is read quickly is what encoding/json reads, and is not
// read quickly if that refuses it. It reports whether it was read quickly.
func sameAsSlowly(t require.TestingT, b []byte) bool {
	quick, ok := rollout.ReadFacts(b)
	slow, err := rollout.DecodeFacts(b)
	if ok {
		require.NoError(t, err, "%s", b)
		require.Equal(t, slow, quick, "%s", b)
		return true
	}
	require.Zero(t, quick)
	return false
}

func marshal(t require.TestingT, f rollout.Facts) []byte {
	b, err := json.Marshal(rollout.FactsData{V: 1, Facts: f})
	require.NoError(t, err)
	return b
}

var (
	plainText = rapid.StringMatching(`[a-zA-Z0-9 .,:;/#%'()_-]{0,20}`)
	anyText   = rapid.OneOf(plainText, rapid.String(), rapid.StringMatching(`[<>&"\\a\x00-\x1f\x7f\x{2028}é]{0,6}`))
	// What evidence is rounded to, and what counts look like.
	plainFloat = rapid.Custom(func(t *rapid.T) float64 {
		return float64(rapid.IntRange(-1e12, 1e12).Draw(t, "n")) / rapid.SampledFrom([]float64{1, 10, 1e3, 1e5}).Draw(t, "d")
	})
	anyFloat = rapid.OneOf(plainFloat, rapid.Float64(), rapid.Float64Range(-1e-5, 1e-5), rapid.SampledFrom([]float64{
		0, math.Copysign(0, -1), 1e-6, 9.99999e-7, 1e20, 1e21, 1e22, 0.1, 1. / 3, 123456789012345, 1234567890123456, 0.000001, 1 << 53, math.MaxFloat64, math.SmallestNonzeroFloat64}))
	plainCount = rapid.Uint64Range(0, 1e14)
	anyCount   = rapid.OneOf(plainCount, rapid.Uint64())
)

// anyFacts are facts of which each part may be there or not.
func anyFacts(text *rapid.Generator[string], number *rapid.Generator[float64], count *rapid.Generator[uint64]) *rapid.Generator[rollout.Facts] {
	digest := rapid.Custom(func(t *rapid.T) release.Digest {
		if rapid.IntRange(0, 5).Draw(t, "none") == 0 {
			return release.Digest{}
		}
		return release.DigestOf(rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "digest"))
	})
	return rapid.Custom(func(t *rapid.T) rollout.Facts {
		is := func(what string) bool { return rapid.Bool().Draw(t, what) }
		maybe := func(what string) string {
			if is(what) {
				return text.Draw(t, what)
			}
			return ""
		}
		var f rollout.Facts
		for range rapid.IntRange(0, 3).Draw(t, "gates") {
			g := rollout.GateAnswer{Gate: text.Draw(t, "gate"), Error: maybe("gate error")}
			g.Result.Verdict = release.Verdict(rapid.IntRange(0, 3).Draw(t, "verdict"))
			if is("reason") {
				g.Result.Reason = release.Reason{Code: maybe("code"), Subject: maybe("subject"), Text: maybe("text"),
					Version: rapid.IntRange(-1, 1<<33).Draw(t, "version"), Refs: append([]release.Digest(nil), rapid.SliceOfN(digest, 0, 3).Draw(t, "refs")...)}
			}
			if is("retry") {
				g.Result.Retry = time.Unix(rapid.Int64Range(0, 1<<35).Draw(t, "s"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns")).UTC()
			}
			f.Gates = append(f.Gates, g)
		}
		part := func() rollout.Slice {
			return rollout.Slice{Environment: maybe("environment"), Region: maybe("region"), Cell: maybe("cell"), Cohort: maybe("cohort"),
				Percent: number.Draw(t, "percent")}
		}
		answer := func() rollout.HealthAnswer {
			a := rollout.HealthAnswer{Error: maybe("health error"), Verdict: health.Verdict{
				Kind: health.Kind(rapid.IntRange(0, 3).Draw(t, "kind")), Metric: maybe("metric"), NoData: is("no data"), Why: maybe("why"),
				LogE: number.Draw(t, "e"), LogCertificate: number.Draw(t, "certificate"),
				Canary:  health.Count{Bad: count.Draw(t, "bad"), Total: count.Draw(t, "total")},
				Control: health.Count{Bad: count.Draw(t, "bad"), Total: count.Draw(t, "total")}}}
			if is("interval") {
				a.Verdict.Interval = &health.Interval{Low: number.Draw(t, "low"), High: number.Draw(t, "high"), Level: number.Draw(t, "level")}
			}
			for range rapid.IntRange(0, 3).Draw(t, "guilty") {
				a.Verdict.Guilty = append(a.Verdict.Guilty, text.Draw(t, "name"))
			}
			a.Verdict.Asymptotic = is("asymptotic")
			if is("of a slice") {
				l := part()
				a.Slice = &l
			}
			return a
		}
		if is("health") {
			a := answer()
			f.Health = &a
		}
		for range rapid.IntRange(0, 3).Draw(t, "slices") {
			f.Slices = append(f.Slices, answer())
		}
		if is("applied") {
			f.Applied = &rollout.Applied{Fence: count.Draw(t, "fence"), Error: maybe("apply error")}
		}
		if is("observed") {
			o := &rollout.Observation{Error: maybe("observe error"), Observed: rollout.Observed{Fence: count.Draw(t, "fence"), Settled: is("settled")}}
			for range rapid.IntRange(0, 3).Draw(t, "shares") {
				o.Shares = append(o.Shares, rollout.Share{Release: digest.Draw(t, "release"), Slice: part()})
			}
			if is("served") {
				n := count.Draw(t, "served")
				o.Served = &n
			}
			if is("unfenced") {
				o.Unfenced = time.Duration(count.Draw(t, "unfenced"))
			}
			f.Observed = o
		}
		return f
	})
}

// What the quick reader accepts is what encoding/json reads, whatever the facts are, and
// what is a little different from what is written is accepted by neither or both.
func TestFactsAreReadAsEncodingJSONReadsThem(t *testing.T) {
	t.Parallel()
	quick, accepted := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		kind := anyFacts(anyText, anyFloat, anyCount)
		if rapid.Bool().Draw(t, "plain") {
			kind = anyFacts(plainText, plainFloat, plainCount)
		}
		b := marshal(t, kind.Draw(t, "facts"))
		if sameAsSlowly(t, b) {
			quick++
		}
		at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
		other := bytes.Clone(b)
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			other[at] = rapid.SampledFrom([]byte(`"\{}[],:.-+eE0123456789 atn<`+"\x00\x7f\xff")).Draw(t, "byte")
		case 1:
			other = append(other[:at], other[at+1:]...)
		case 2:
			other = append(other[:at], append([]byte{b[rapid.IntRange(0, len(b)-1).Draw(t, "from")]}, b[at:]...)...)
		case 3:
			to := rapid.IntRange(at, len(b)-1).Draw(t, "to")
			other = append(append(other[:to:to], b[at:to]...), b[to:]...)
		}
		if sameAsSlowly(t, other) {
			accepted++
		}
	})
	require.NotZero(t, quick)
	t.Logf("quickly: %d, and %d of the altered ones", quick, accepted)
}

// Ordinary facts are always read quickly: texts that need no escapes, numbers of at most
// 15 digits. Otherwise nobody would notice that a new member has made all of them slow.
func TestOrdinaryFactsAreReadQuickly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(plainText, plainFloat, plainCount).Draw(t, "facts")
		for i := range f.Gates {
			f.Gates[i].Result.Reason.Version = max(0, f.Gates[i].Result.Reason.Version%1000)
		}
		b := marshal(t, f)
		require.True(t, sameAsSlowly(t, b), "%s", b)
	})
	for _, e := range watchedStream(t, production, 1000) {
		if e.Kind == rollout.RecordFacts {
			require.True(t, sameAsSlowly(t, e.Data), "%s", e.Data)
		}
	}
}

// Numbers of up to 17 digits, as float64 has them, are read quickly too.
func TestLongNumbersAreReadQuickly(t *testing.T) {
	t.Parallel()
	for _, n := range []float64{1. / 3, 2. / 3, 100. / 3, math.Pi, -math.E, 0.1 + 0.2, 1.3862943611198906, 0.12345678901234567, 12345678.901234567,
		123456789012345678, 1 << 53, -1 << 62, 1e20, 1e-6, 1.0000000000000002e-6, 1234567890123456, 999999999999999.9, 100000000000000.02} {
		f := rollout.Facts{Health: &rollout.HealthAnswer{Verdict: health.Verdict{LogE: n, LogCertificate: -n}}}
		b := marshal(t, f)
		require.True(t, sameAsSlowly(t, b), "%s", b)
	}
}

// What is not written by json.Marshal is never accepted quickly.
func TestFactsThatNobodyWrites(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `{}`, `{"v":1`, `{"v":1}}`, `{"v":1} `, ` {"v":1}`, `{"v":2}`, `{"v":01}`, `{"v":1.0}`, `{"v":10}`, `{"V":1}`, `null`,
		`{"v":1,"gates":[]}`, `{"v":1,"gates":null}`, `{"v":1,"health":null}`, `{"v":1,"observed":{}}`,
		`{"v":1,"observed":{"fence":1,"settled":true},"applied":{"fence":1}}`,
		`{"v":1,"applied":{"fence":01}}`, `{"v":1,"applied":{"fence":-1}}`, `{"v":1,"applied":{"fence":1.5}}`, `{"v":1,"applied":{"fence":1e3}}`,
		`{"v":1,"applied":{"fence":1,"error":""}}`, `{"v":1,"applied":{"fence":1,"fence":1}}`, `{"v":1,"applied":{"fence":}}`,
		`{"v":1,"applied":{"fence":1,"error":"<"}}`, `{"v":1,"applied":{"fence":1,"error":"\u0041"}}`, `{"v":1,"applied":{"fence":1,"error":"\"}}`,
		"{\"v\":1,\"applied\":{\"fence\":1,\"error\":\"\xff\"}}", "{\"v\":1,\"applied\":{\"fence\":1,\"error\":\"\u2028\"}}",
		`{"v":1,"observed":{"shares":[],"fence":1,"settled":true}}`, `{"v":1,"observed":{"fence":1,"settled":1}}`,
		`{"v":1,"observed":{"shares":[{"release":"","slice":{"percent":5.0}}],"fence":1,"settled":true}}`,
		`{"v":1,"observed":{"shares":[{"release":"","slice":{"percent":.5}}],"fence":1,"settled":true}}`,
		`{"v":1,"observed":{"shares":[{"release":"","slice":{"percent":5.}}],"fence":1,"settled":true}}`,
		`{"v":1,"observed":{"shares":[{"release":"","slice":{"percent":00.5}}],"fence":1,"settled":true}}`,
		`{"v":1,"observed":{"shares":[{"release":"","slice":{"percent":0.0000001}}],"fence":1,"settled":true}}`,
		`{"v":1,"observed":{"shares":[{"release":"","slice":{"percent":1.2.3}}],"fence":1,"settled":true}}`,
		`{"v":1,"observed":{"shares":[{"release":"","slice":{"region":"","percent":5}}],"fence":1,"settled":true}}`,
		`{"v":1,"observed":{"shares":[{"release":"sha256:` + strings.Repeat("A", 64) + `","slice":{"percent":5}}],"fence":1,"settled":true}}`,
		`{"v":1,"observed":{"shares":[{"release":"sha256:` + strings.Repeat("0", 64) + `","slice":{"percent":5}}],"fence":1,"settled":true}}`,
		`{"v":1,"slices":[]}`, `{"v":1,"observed":{"fence":1,"settled":true,"unfenced":0}}`, `{"v":1,"observed":{"fence":1,"settled":true,"served":null}}`,
		`{"v":1,"observed":{"shares":[{"release":"","slice":{"cell":"a","region":"b","percent":5}}],"fence":1,"settled":true}}`,
		`{"v":1,"gates":[{"gate":"a","result":{"verdict":"perhaps"}}]}`, `{"v":1,"gates":[{"gate":"a","result":{"verdict":"allow","reason":{"code":"","text":""}}}]}`,
		`{"v":1,"gates":[{"gate":"a","result":{"verdict":"allow","retry":"0001-01-01T00:00:00Z"}}]}`,
		`{"v":1,"gates":[{"gate":"a","result":{"verdict":"allow","retry":"2026-11-23T09:00:00.500Z"}}]}`,
		`{"v":1,"gates":[{"gate":"a","result":{"verdict":"allow"}},]}`,
	} {
		_, ok := rollout.ReadFacts([]byte(text))
		require.False(t, ok, text)
		_, err := rollout.DecodeFacts([]byte(text))
		require.Error(t, err, text)
	}
}

func FuzzReadFacts(f *testing.F) {
	for _, e := range watchedStream(f, production, 200) {
		if e.Kind == rollout.RecordFacts {
			f.Add(e.Data)
		}
	}
	f.Add([]byte(`{"v":1,"gates":[{"gate":"<\u003c","result":{"verdict":"hold","reason":{"code":"a","version":2,"text":"b"},"retry":"2026-11-23T09:00:00Z"},"error":"e"}]}`))
	f.Add([]byte(`{"v":1,"observed":{"shares":[{"release":"","slice":{"region":"eu","cell":"1","cohort":"x","percent":0.000001}}],"fence":999999999999999,"settled":false,"error":"é"}}`))
	f.Fuzz(func(t *testing.T, b []byte) { sameAsSlowly(t, b) })
}
