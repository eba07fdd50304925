package health_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// watchState is a state with everything in it.
func watchState(t testing.TB) []byte {
	w := watchNew(t, health.WatchPolicy{
		Metrics:    []health.Baseline{{Name: "errors", Rate: .01}, {Name: "slow", Rate: .05, Dispersion: health.Dispersion{Factor: 2, Events: 50}}},
		Objectives: []health.Objective{{Metric: "errors", SLO: .999}, {Metric: "<timeouts>", SLO: .99}}, Beta: .05,
	})
	for i := range 40 {
		require.NoError(t, w.Add(watchSample("errors", i, uint64(10+i/2), 1000), watchSample("slow", i, 50, 1000), watchSample("<timeouts>", i, 1, 1000)))
	}
	require.NoError(t, w.Add(watchSample("slow", 40, 2, 1)))
	require.Len(t, w.Alarms(), 3)
	state, err := w.MarshalBinary()
	require.NoError(t, err)
	return state
}

func TestWatchState(t *testing.T) {
	t.Parallel()
	state := watchState(t)
	var w health.Watch
	require.NoError(t, w.UnmarshalBinary(state))
	again, err := w.MarshalBinary()
	require.NoError(t, err)
	require.True(t, bytes.Equal(state, again))
	// As part of a JSON value, indented too.
	type record struct{ Watch *health.Watch }
	text, err := json.MarshalIndent(record{&w}, "", "  ")
	require.NoError(t, err)
	var back record
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, w.Verdict(), back.Watch.Verdict())
	require.Equal(t, w.Alarms(), back.Watch.Alarms())
	require.Error(t, w.UnmarshalJSON([]byte("{")))

	// Whatever is altered is refused, and leaves the Watch as it was.
	kept := regexp.MustCompile(`"kept":"([^"]+)"`).FindSubmatch(state)[1]
	blob, err := base64.StdEncoding.DecodeString(string(kept))
	require.NoError(t, err)
	withKept := func(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
	for _, c := range []struct{ name, old, new, why string }{
		{"version", `"version":1`, `"version":2`, "version 2"},
		{"policy", `"arl":43200`, `"arl":0.5`, "arl 0.5"},
		{"an arl that was reached", `"arl":43200`, `"arl":1e9`, ""},
		{"a default left out", `"arl":43200`, `"arl":0`, "not the bytes"},
		{"a field that is not known", `"version":1`, `"version":1,"more":1`, "not the bytes"},
		{"a field in another case", `"version":1`, `"Version":1`, "not the bytes"},
		{"a field twice", `"version":1`, `"version":1,"version":1`, "not the bytes"},
		{"white space", `"version":1`, `"version": 1`, "not the bytes"},
		{"an end", `"version":1`, `"version":1}`, "invalid character"},
		{"the other metric's", `"errors"`, `"slow"`, ""},
		{"cut windows", string(kept), withKept(blob[:len(blob)-1]), "cut"},
		{"more windows", string(kept), withKept(append(bytes.Clone(blob), 0, 1, 0, 0)), ""},
		{"no windows", string(kept), "", "not clear"},
		{"fewer counts", `"sum":{"bad":780`, `"sum":{"bad":779`, "sums"},
		{"a statistic", `"logM":[`, `"logM":[-1,`, ""},
		{"no alarms", `"alarms":[`, `"alarms":[],"x":[`, ""},
		{"an alarm of the detector less", `"rule":-1`, `"rule":0`, ""},
		{"an alarm of no rule", `"rule":-1`, `"rule":7`, ""},
		{"an alarm of no metric", `"alarms":[{"metric":0`, `"alarms":[{"metric":9`, "alarm 0 is of metric 9"},
		{"peak", `"peak":9`, `"peak":`, ""},
		{"time", `"now":1`, `"now":0`, ""},
		{"total", `"total":120000,"alarms"`, `"total":120001,"alarms"`, "in all"},
		{"what is broken", `"broken":{"metric":1`, `"broken":{"metric":5`, "what is called impossible"},
		{"not broken", `"count":{"bad":2,"total":1}`, `"count":{"bad":1,"total":1}`, "what is called impossible"},
	} {
		t.Run(c.name, func(t *testing.T) {
			altered := strings.Replace(string(state), c.old, c.new, 1)
			require.NotEqual(t, string(state), altered)
			err := w.UnmarshalBinary([]byte(altered))
			require.ErrorContains(t, err, "health: watch: unmarshal: ")
			require.ErrorContains(t, err, c.why)
			after, err := w.MarshalBinary()
			require.NoError(t, err)
			require.True(t, bytes.Equal(state, after))
		})
	}
}

// A state without an alarm that it has the evidence of is refused.
func TestWatchStateKeepsAlarms(t *testing.T) {
	t.Parallel()
	state := watchState(t)
	found := regexp.MustCompile(`"alarms":(\[[^]]*\]),"peak":([^,]*)`).FindSubmatch(state)
	var alarms []json.RawMessage
	require.NoError(t, json.Unmarshal(found[1], &alarms))
	for i, taken := range alarms {
		detector := strings.Contains(string(taken), `"rule":-1`)
		var left []string
		for j, a := range alarms {
			if j != i {
				left = append(left, string(a))
			}
		}
		peak, why := string(found[2]), "what a rule fires at is there"
		if detector {
			peak, why = "0", "the evidence of an alarm is there"
		}
		altered := strings.Replace(string(state), string(found[0]), `"alarms":[`+strings.Join(left, ",")+`],"peak":`+peak, 1)
		require.ErrorContains(t, new(health.Watch).UnmarshalBinary([]byte(altered)), why)
	}
}

// A state that could not be read again is not written.
func TestWatchStateTooLarge(t *testing.T) {
	if !*long {
		t.Skip("-long: a quarter of a gigabyte")
	}
	p := watchErrors()
	rule := health.BurnRule{Burn: 1, Long: 90 * 24 * time.Hour, Short: time.Minute, Severity: health.SeverityPage}
	for i := range 32 {
		p.Objectives = append(p.Objectives, health.Objective{Metric: fmt.Sprint(i), SLO: .5, Rules: []health.BurnRule{rule}})
	}
	w := watchNew(t, p)
	window := health.WindowAt(watchMinute(0).Start, 30*time.Second)
	for range 259_000 {
		for _, o := range p.Objectives {
			require.NoError(t, w.Add(health.WatchSample{Metric: o.Metric, Window: window, Count: count(1<<43, 1<<45-1)}))
		}
		window = window.Next()
		window.Start, window.End = window.Start.Add(1), window.End.Add(1)
	}
	_, err := w.MarshalBinary()
	require.ErrorContains(t, err, "could not be read again")
}

// One number of a state changed to any other is refused, or makes a state that holds
// together.
func TestWatchStateTampered(t *testing.T) {
	t.Parallel()
	state := watchState(t)
	numbers := regexp.MustCompile(`[-0-9][-+.e0-9]*`).FindAllIndex(state, -1)
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.SampledFrom(numbers).Draw(t, "at")
		number := rapid.OneOf(rapid.SampledFrom([]string{"0", "-1", "1", "2", "1e300", "-1e300", "1e-300", "0.5", "18446744073709551615", "9223372036854775807", "-9223372036854775808", "1772325600000000001"}),
			rapid.Custom(func(t *rapid.T) string { return fmt.Sprint(rapid.Int64().Draw(t, "n")) })).Draw(t, "number")
		altered := string(state[:at[0]]) + number + string(state[at[1]:])
		var w health.Watch
		if w.UnmarshalBinary([]byte(altered)) != nil {
			require.True(t, w.Verdict().NoData)
			return
		}
		watchHoldsTogether(t, &w, []byte(altered))
	})
}

// watchHoldsTogether checks a Watch that was read from state.
func watchHoldsTogether(t require.TestingT, w *health.Watch, state []byte) {
	again, err := w.MarshalBinary()
	require.NoError(t, err)
	require.True(t, bytes.Equal(state, again))
	v := w.Verdict()
	require.Equal(t, len(w.Alarms()) > 0, v.Kind == health.KindRegressed)
	require.False(t, v.Kind == health.KindHealthy && v.NoData)
	_, err = json.Marshal(v)
	require.NoError(t, err)
	for _, m := range w.Policy().Metrics {
		for _, minute := range []int{39, 40, 41, 50, 5000} {
			_ = w.Add(watchSample(m.Name, minute, 7, 10)) // it may be known, or forgotten
		}
	}
	after, err := w.MarshalBinary()
	require.NoError(t, err)
	require.NoError(t, new(health.Watch).UnmarshalBinary(after), "what it writes later is read too")
	require.Equal(t, len(w.Alarms()) > 0, w.Verdict().Kind == health.KindRegressed)
}

// FuzzWatchState: what is read is what would be written, goes on, and does not lose
// an alarm.
func FuzzWatchState(f *testing.F) {
	f.Add(watchState(f))
	w := watchNew(f, watchErrors())
	for i := range 5 {
		state, err := w.MarshalBinary()
		require.NoError(f, err)
		f.Add(state)
		require.NoError(f, w.Add(watchSample("errors", 10-2*i, 3, 200)))
	}
	f.Add([]byte(`{"version":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var w health.Watch
		if err := w.UnmarshalBinary(b); err != nil {
			require.Empty(t, w.Policy().Metrics)
			require.True(t, w.Verdict().NoData)
			return
		}
		watchHoldsTogether(t, &w, b)
	})
}
