package metrics_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
)

func ExampleAppendFact() {
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	b, err := metrics.AppendFact(nil, metrics.Incident{
		Meta:     metrics.Meta{Source: "pager", ID: "77", At: at, Seen: at, Service: "api"},
		CausedBy: metrics.Ref{Source: "ci", ID: "12"},
	})
	fmt.Println(string(b), err)
	f, err := metrics.ParseFact(b)
	fmt.Println(f.(metrics.Incident).CausedBy, err)
	// Output:
	// {"kind":"incident","source":"pager","id":"77","at":"2026-07-01T12:00:00Z","seen":"2026-07-01T12:00:00Z","service":"api","causedBy":{"source":"ci","id":"12"}} <nil>
	// ci/12 <nil>
}

// logText draws a text that facts may have, often one that has been drawn before.
func logText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"", "a", "b", "7", "007", "18446744073709551616", "12345678901234567890", `"\`, "ü/ß", "<&>", "0"}),
		rapid.StringMatching(`[a-z0-9 "\\/ü]{0,12}`))
}

func logName() *rapid.Generator[string] {
	return rapid.Map(logText(), func(s string) string {
		if s == "" {
			return "x"
		}
		return s
	})
}

// logTime draws a time of a fact, to the nanosecond and in any zone.
func logTime() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		unit := rapid.SampledFrom([]time.Duration{1, time.Microsecond, time.Second, time.Hour}).Draw(t, "unit")
		from, to := time.Date(1901, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2190, 1, 1, 0, 0, 0, 0, time.UTC)
		span := int64(to.Sub(from) / unit)
		at := from.Add(unit * time.Duration(rapid.Int64Range(0, span).Draw(t, "at")))
		if rapid.Bool().Draw(t, "near") {
			at = epoch.Add(unit * time.Duration(rapid.Int64Range(-100, 100).Draw(t, "near at")))
		}
		return at.In(time.FixedZone("", 3600*rapid.IntRange(-12, 14).Draw(t, "zone")))
	})
}

func logMaybe[T any](g *rapid.Generator[T]) *rapid.Generator[T] {
	var zero T
	return rapid.OneOf(rapid.Just(zero), g)
}

func logRef() *rapid.Generator[metrics.Ref] {
	return rapid.Custom(func(t *rapid.T) metrics.Ref {
		return metrics.Ref{Source: logName().Draw(t, "source"), ID: logName().Draw(t, "id")}
	})
}

// logFact draws a fact that a log takes, with any of its fields.
func logFact() *rapid.Generator[metrics.Fact] {
	return rapid.Custom(func(t *rapid.T) metrics.Fact {
		text, maybe := logText(), logMaybe(logTime())
		m := metrics.Meta{Source: logName().Draw(t, "source"), ID: logName().Draw(t, "id"),
			Rev: rapid.OneOf(rapid.Uint64Range(0, 3), rapid.Uint64()).Draw(t, "rev"), At: logTime().Draw(t, "at"), Seen: logTime().Draw(t, "seen"),
			Service: logName().Draw(t, "service"), Environment: logName().Draw(t, "environment"), Deleted: rapid.IntRange(0, 4).Draw(t, "gone") == 0}
		if rapid.Bool().Draw(t, "dims") {
			m.Dims = rapid.MapOfN(rapid.StringMatching(`[a-d"]{1,2}`), text, 0, 3).Draw(t, "of")
		}
		if m.Deleted && rapid.Bool().Draw(t, "bare") {
			m.At, m.Service, m.Environment = time.Time{}, "", ""
		}
		refs := func(name string) []metrics.Ref { return rapid.SliceOfN(logRef(), 0, 4).Draw(t, name) }
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			d := metrics.Deployment{Meta: m, Outcome: metrics.DeploymentOutcome(rapid.IntRange(0, 3).Draw(t, "outcome")),
				Version: text.Draw(t, "version"), Artifact: text.Draw(t, "artifact"), Follows: text.Draw(t, "follows"), Commit: text.Draw(t, "commit"),
				Tier: release.Tier(rapid.IntRange(0, 4).Draw(t, "tier")), Planned: metrics.Planned(rapid.IntRange(0, 2).Draw(t, "planned")),
				Risk: rapid.SampledFrom([]float64{0, 0.5, 1e-300, 0.1, 1 - 1e-16}).Draw(t, "risk"), Changes: refs("changes"), Fixes: refs("fixes")}
			if rapid.Bool().Draw(t, "started") && !m.At.IsZero() {
				d.Started = m.At.Add(-time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "before")))
			}
			if d.Outcome == metrics.DeploymentFailed {
				d.Detected, d.Recovered = maybe.Draw(t, "detected"), maybe.Draw(t, "recovered")
			}
			if rapid.Bool().Draw(t, "release") {
				d.Release = release.DigestOf([]byte(d.Version))
			}
			if r := logMaybe(logRef()).Draw(t, "back"); r != m.Ref() {
				d.RollbackOf = r
			}
			return d
		case 1:
			c := metrics.Change{Meta: m, FirstCommit: maybe.Draw(t, "first"), Opened: maybe.Draw(t, "opened"), FirstReview: maybe.Draw(t, "review"),
				Approved: maybe.Draw(t, "approved"), Merged: maybe.Draw(t, "merged"), Commit: text.Draw(t, "commit")}
			if r := logMaybe(logRef()).Draw(t, "revert"); r != m.Ref() { // nothing reverts itself
				c.RevertOf = r
			}
			return c
		}
		return metrics.Incident{Meta: m, Resolved: maybe.Draw(t, "resolved"), Mitigated: maybe.Draw(t, "mitigated"), CausedBy: logMaybe(logRef()).Draw(t, "cause"),
			Artifact: text.Draw(t, "artifact"), Version: text.Draw(t, "version"), Severity: text.Draw(t, "severity"), NoticedBy: text.Draw(t, "noticed")}
	})
}

// TestFactJSONRoundTrip: what was written is read again, by encoding/json too, and
// the bytes are the same in every spelling of the fact.
func TestFactJSONRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := logFact().Draw(t, "fact")
		b, err := metrics.AppendFact([]byte("x"), f)
		require.NoError(t, err)
		b = b[1:]
		back, err := metrics.ParseFact(b)
		require.NoError(t, err, string(b))
		again, err := metrics.AppendFact(nil, back)
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
		fromStd, err := logViaStandard(b)
		require.NoError(t, err)
		require.Equal(t, fromStd, back, "encoding/json reads the same")

		var indented bytes.Buffer
		require.NoError(t, json.Indent(&indented, b, "", "\t"))
		other, err := metrics.ParseFact(indented.Bytes())
		require.NoError(t, err)
		require.Equal(t, back, other)

		var a, c metrics.Log // and the log holds them for the same
		_, err = a.Add(f)
		require.NoError(t, err)
		tally, err := a.Add(back)
		require.NoError(t, err)
		require.Equal(t, metrics.Tally{Duplicate: 1}, tally)
		_, err = c.Add(back)
		require.NoError(t, err)
		require.Equal(t, logAll(c.Snapshot(hours(1e6))), logAll(a.Snapshot(hours(1e6))))
	})
}

// logAll is everything in a snapshot.
func logAll(s *metrics.Snapshot) []metrics.Fact {
	out := []metrics.Fact{}
	for d := range s.Deployments() {
		out = append(out, d)
	}
	for c := range s.Changes() {
		out = append(out, c)
	}
	for i := range s.Incidents() {
		out = append(out, i)
	}
	return out
}

func logViaStandard(b []byte) (metrics.Fact, error) {
	var kind struct{ Kind metrics.FactKind }
	if err := json.Unmarshal(b, &kind); err != nil {
		return nil, err
	}
	switch kind.Kind {
	case metrics.KindDeployment:
		var d metrics.Deployment
		err := json.Unmarshal(b, &d)
		return d, err
	case metrics.KindChange:
		var c metrics.Change
		err := json.Unmarshal(b, &c)
		return c, err
	}
	var i metrics.Incident
	err := json.Unmarshal(b, &i)
	return i, err
}

const factText = `{"kind":"deployment","source":"ci","id":"1","at":"2026-07-01T12:00:00Z","seen":"2026-07-01T12:00:00Z","service":"a","environment":"production"}`

func TestFactJSONIsStrict(t *testing.T) {
	t.Parallel()
	_, err := metrics.ParseFact([]byte(factText))
	require.NoError(t, err)
	with := func(more string) string { return strings.TrimSuffix(factText, "}") + "," + more + "}" }
	for _, good := range []string{`"rev":18446744073709551615`, `"rev":0`, `"outcome":"unknown"`, `"planned":"no"`, `"deleted":false`, `"changes":[]`, `"dims":{}`,
		`"version":""`, `"started":"2026-07-01T14:00:00.123456789+05:00"`, `"risk":1e-300`} {
		_, err := metrics.ParseFact([]byte(with(good)))
		require.NoError(t, err, good)
	}
	for text, want := range map[string]string{
		``:                                       "ends where a value",
		`[]`:                                     "an object must stand here",
		`null`:                                   "an object must stand here",
		`{}`:                                     "no kind",
		`{"kind":"unknown"}`:                     "no kind of fact",
		`{"kind":"person"}`:                      "no kind of fact",
		`{"kind":1}`:                             "a string must stand here",
		`{"kind":"deployment"}`:                  "no source",
		factText + `x`:                           "something follows",
		factText + factText:                      "something follows",
		factText[:50]:                            "",
		with(`"kind":"change"`):                  "twice",
		with(`"id":"2"`):                         "twice",
		with(`"Rev":1`):                          `has a member "Rev"`,
		with(`"colour":1`):                       `has a member "colour"`,
		with(`"merged":"2026-07-01T12:00Z"`):     `has a member "merged"`, // a change has it
		with(`"rev":-1`):                         "whole number",
		with(`"rev":1.0`):                        "whole number",
		with(`"rev":18446744073709551616`):       "whole number",
		with(`"rev":"1"`):                        "must stand here",
		with(`"rev":null`):                       "must stand here",
		with(`"version":null`):                   "must stand here",
		with(`"version":7`):                      "must stand here",
		with(`"deleted":1`):                      "true or false",
		with(`"deleted":null`):                   "true or false",
		with(`"started":null`):                   "must stand here",
		with(`"started":"yesterday"`):            "RFC 3339",
		with(`"started":""`):                     "RFC 3339",
		with(`"started":1782907200`):             "must stand here",
		with(`"started":"0001-01-01T00:00:00Z"`): "stands for none",
		with(`"started":"2026-07-01T11:00:00.1234567891Z"`):        "finer than a nanosecond",
		with(`"started":"2026-07-01 11:00:00Z"`):                   "RFC 3339",
		with(`"started":"2026-06-31T11:00:00Z"`):                   "RFC 3339",
		with(`"started":"2600-06-30T11:00:00Z"`):                   "year 2600",
		with(`"outcome":"great"`):                                  "great",
		with(`"outcome":2`):                                        "must stand here",
		with(`"tier":"huge"`):                                      "huge",
		with(`"risk":0`):                                           "not 0",
		with(`"risk":1e-400`):                                      "not 0",
		with(`"risk":1e400`):                                       "not 0",
		with(`"risk":1`):                                           "no probability",
		with(`"risk":NaN`):                                         "",
		with(`"release":"sha256:12"`):                              "",
		with(`"release":"sha256:` + strings.Repeat("0", 64) + `"`): "is of nothing",
		with(`"changes":{}`):                                       "an array",
		with(`"changes":[1]`):                                      "an object",
		with(`"changes":[{"source":"a"}]`):                         "no source or no id",
		with(`"changes":[{"source":"a","id":"b","rev":1}]`):        `has a member "rev"`,
		with(`"changes":[{"source":"a","id":"b","id":"b"}]`):       "twice",
		with(`"dims":{"service":"b"}`):                             "cannot be set here",
		with(`"dims":{"a":1}`):                                     "a string",
		with(`"dims":{"a":"1","a":"1"}`):                           "twice",
		with(`"dims":[]`):                                          "an object",
		with(`"version":"\u001b[2J"`):                              "control",
		with(`"version":"\ud800"`):                                 "",
		with("\"version\":\"\xff\""):                               "UTF-8",
		with(`"version":"` + strings.Repeat("x", 5000) + `"`):      "more than 4096",
		with(`"dims":{"a":"` + strings.Repeat("x", 1<<20) + `"}`):  "more than 1048576",
	} {
		f, err := metrics.ParseFact([]byte(text))
		require.ErrorContains(t, err, want, "%.200s", text)
		require.Nil(t, f)
	}
	for _, f := range []metrics.Fact{nil, (*metrics.Change)(nil), metrics.Change{}, metrics.Incident{Meta: metrics.Meta{Source: "a\n", ID: "1", At: hours(1), Seen: hours(1)}}} {
		b, err := metrics.AppendFact([]byte("x"), f)
		require.Error(t, err)
		require.Equal(t, "x", string(b), "dst is returned as it was")
	}
	big := deploy("1", 1, "")
	for i := range 40_000 {
		big.Changes = append(big.Changes, metrics.Ref{Source: "a", ID: fmt.Sprint("change ", i)})
	}
	_, err = metrics.AppendFact(nil, big)
	require.ErrorContains(t, err, "more than 1048576")
	big.Changes = big.Changes[:20_000]
	b, err := metrics.AppendFact(nil, big)
	require.NoError(t, err)
	_, err = metrics.ParseFact(b)
	require.NoError(t, err)
}

// TestFactJSONMembers: each field of each kind has its member, none is forgotten
// when a kind gets another field.
func TestFactJSONMembers(t *testing.T) {
	t.Parallel()
	at, ref := hours(1), metrics.Ref{Source: "x", ID: "y"}
	m := metrics.Meta{Source: "s", ID: "i", Rev: 1, At: at, Seen: at, Deleted: true, Service: "a", Environment: "e", Dims: metrics.Dims{"k": "v"}}
	for _, f := range []metrics.Fact{
		metrics.Deployment{Meta: m, Started: at, Outcome: metrics.DeploymentFailed, Detected: at, Recovered: at, Version: "v", Artifact: "a", Release: release.Digest{1},
			Follows: "f", Commit: "c", Tier: release.TierLow, Risk: 0.5, Changes: []metrics.Ref{ref}, Planned: metrics.PlannedYes, Fixes: []metrics.Ref{ref}, RollbackOf: ref},
		metrics.Change{Meta: m, FirstCommit: at, Opened: at, FirstReview: at, Approved: at, Merged: at, Commit: "c", RevertOf: ref},
		metrics.Incident{Meta: m, Resolved: at, Mitigated: at, CausedBy: ref, Artifact: "a", Version: "v", Severity: "s", NoticedBy: "n"},
	} {
		std, err := json.Marshal(f)
		require.NoError(t, err)
		for _, field := range reflect.VisibleFields(reflect.TypeOf(f)) {
			require.False(t, reflect.ValueOf(f).FieldByIndex(field.Index).IsZero(), "the test sets every field: %s", field.Name)
		}
		b, err := metrics.AppendFact(nil, f)
		require.NoError(t, err)
		_, rest, ok := strings.Cut(string(b), ",")
		require.True(t, ok)
		require.Equal(t, string(std), "{"+rest, "the order and the form are those of encoding/json")
	}
}

// FuzzParseFact: what is read can be written, and is then read as the same, by
// encoding/json too.
func FuzzParseFact(f *testing.F) {
	f.Add([]byte(factText))
	f.Add([]byte(`{"kind":"change","source":"git","id":"1","at":"1969-07-01T12:00:00.5+01:00","seen":"2026-07-01T12:00:00Z","revertOf":{"source":"a","id":"b"}}`))
	f.Add([]byte(`{"deleted":true,"kind":"incident","source":"p","id":"7","rev":9,"seen":"2026-07-01T12:00:00Z","dims":{"a":"b"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		fact, err := metrics.ParseFact(b)
		if err != nil {
			require.Nil(t, fact)
			return
		}
		out, err := metrics.AppendFact(nil, fact)
		require.NoError(t, err)
		again, err := metrics.ParseFact(out)
		require.NoError(t, err)
		require.Equal(t, fact, again)
		std, err := logViaStandard(out)
		require.NoError(t, err)
		require.Equal(t, fact, std)
		var log metrics.Log
		_, err = log.Add(fact)
		require.NoError(t, err)
	})
}
