package cdevents_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics/cdevents"
)

// FuzzDecode reads anything, as one event and as a stream in three ways. What is read
// encoding/json reads too, with the same fields; what is refused has a place within the
// text; each way in says the same; and no more is held than may be.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"", "[]", "{}", "[{},{}]", deployed("", ""), deployed("", "") + "\n[" + deployed("", "") + "]",
		deployed(`,"links":[{"linkType":"PATH","from":{"contextId":"\ud83d\ude00"}}],"x":[1.5e-7,true,null,{"a":{}}]`, ""),
		event("incident.resolved.0.3.0", `{"environment":{"id":"p"},"service":{"id":"s"}}`), event("build.finished.0.2.0", `{}`),
		event("approval.closed.0.1.0", `{"approvalDetailsUrl":"d","resourceTargetUrl":"r","responder":"p","decision":"rejected","status":"expired"}`),
		`{"specversion":"1.0","id":"1","source":"/ci","type":"dev.cdevents.service.deployed.0.3.0","time":"2026-03-01T10:00:00Z","subject":"api","data":` + deployed("", "") + `}`,
		`{"specversion":"1.0","id":"1","source":"/s","type":"com.example","data":{"id":5}}`} {
		f.Add([]byte(seed))
	}
	const limit = 4096
	f.Fuzz(func(t *testing.T, text []byte) {
		d := cdevents.Decoder{MaxEvent: limit}
		e, err := d.Decode(text)
		check(t, text, e, err)
		require.LessOrEqual(t, cdevents.Held(&d), 64<<10+4*limit)
		if at, ok := errors.AsType[*cdevents.Error](err); ok && !at.Fatal {
			require.True(t, json.Valid(text), "what can be passed over is JSON")
		}
		var one map[string]string
		if err == nil {
			one = fields(e)
		}
		var first []string
		for i, r := range []io.Reader{bytes.NewReader(text), iotest.OneByteReader(bytes.NewReader(text)), iotest.DataErrReader(bytes.NewReader(text))} {
			var said []string
			d.Reset(r)
			last := int64(-1)
			for e, err := range d.All() {
				if err != nil {
					check(t, text, e, err)
					said = append(said, err.Error())
					continue
				}
				require.Greater(t, e.Offset, last)
				last = e.Offset
				require.Equal(t, byte('{'), text[e.Offset])
				require.Equal(t, 1+bytes.Count(text[:e.Offset], []byte("\n")), e.Line)
				got, err := json.Marshal(fields(e))
				require.NoError(t, err)
				said = append(said, e.Verdict.String()+string(got))
				if one != nil {
					require.Equal(t, one, fields(e))
				}
			}
			if one != nil {
				require.Len(t, said, 1)
			}
			if i == 0 {
				first = said
			}
			require.Equal(t, first, said)
			require.LessOrEqual(t, cdevents.Held(&d), 64<<10+4*limit)
		}
	})
}

// check checks one answer to a text that was given whole.
func check(t *testing.T, text []byte, e *cdevents.Event, err error) {
	t.Helper()
	if err != nil {
		require.Nil(t, e)
		at, ok := errors.AsType[*cdevents.Error](err)
		require.True(t, ok)
		require.GreaterOrEqual(t, at.Offset, int64(0))
		require.LessOrEqual(t, at.Offset, int64(len(text)))
		require.Equal(t, 1+bytes.Count(text[:at.Offset], []byte("\n")), at.Line, err)
		require.NotEmpty(t, at.Reason)
		return
	}
	want, got := oracle(t, text), fields(e)
	if e.Verdict.Skipped() && e.Verdict != cdevents.SkippedNoFact {
		// A time of a skipped event is not judged.
		delete(want, "Time")
		delete(got, "Time")
	}
	if len(got["Time"]) < len("2006-01-02T15:04:05.123456789Z") { // else further digits may have been cut off
		require.Equal(t, want, got)
	}
	if !e.Verdict.Skipped() {
		require.NotEqual(t, cdevents.KindUnknown, e.Kind)
		require.False(t, e.Time.IsZero())
		require.NotEmpty(t, e.ID)
		require.NotEmpty(t, e.Source)
		require.NotEmpty(t, e.Subject.ID)
	}
	_, approves := e.Approval()
	require.Equal(t, e.Verdict == cdevents.VerdictApproval, approves)
}
