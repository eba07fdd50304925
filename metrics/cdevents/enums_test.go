package cdevents_test

import (
	"encoding"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics/cdevents"
)

// Each value of each enumeration has a name of its own that is read back, and nothing
// else is read.
func TestEnumerations(t *testing.T) {
	t.Parallel()
	names[cdevents.Kind](t, 15, cdevents.ParseKind)
	names[cdevents.Verdict](t, 12, cdevents.ParseVerdict)
	names[cdevents.Decision](t, 7, cdevents.ParseDecision)
	names[cdevents.Status](t, 5, cdevents.ParseStatus)
	names[cdevents.Gap](t, 9, cdevents.ParseGap)
}

func names[T interface {
	~uint8
	fmt.Stringer
	encoding.TextMarshaler
}](t *testing.T, n int, parse func(string) (T, error)) {
	t.Helper()
	seen := map[string]bool{}
	for i := range n {
		v := T(i)
		text, err := v.MarshalText()
		require.NoError(t, err)
		require.Equal(t, v.String(), string(text))
		require.False(t, seen[v.String()])
		seen[v.String()] = true
		back, err := parse(v.String())
		require.NoError(t, err)
		require.Equal(t, v, back)
		var into T
		require.NoError(t, any(&into).(encoding.TextUnmarshaler).UnmarshalText(text))
		require.Equal(t, v, into)
	}
	_, err := T(n).MarshalText()
	require.Error(t, err)
	for _, wrong := range []string{"", "Unknown", "unknown ", T(n).String()} {
		_, err := parse(wrong)
		require.Error(t, err)
	}
}

// What an event says of an approval.
func TestApproval(t *testing.T) {
	t.Parallel()
	var d cdevents.Decoder
	for _, c := range []struct {
		kind, content string
		want          cdevents.Approval
	}{
		{"created", `"requestor":"urn:alice"`, cdevents.Approval{Kind: cdevents.ApprovalCreated, Requestor: "urn:alice"}},
		{"updated", `"responder":"urn:bob","decision":"requestChanges"`, cdevents.Approval{Kind: cdevents.ApprovalUpdated, Responder: "urn:bob", Decision: cdevents.DecisionRequestChanges}},
		{"updated", `"responder":"urn:bob","decision":"delegate"`, cdevents.Approval{Kind: cdevents.ApprovalUpdated, Responder: "urn:bob", Decision: cdevents.DecisionDelegated}},
		{"closed", `"responder":"urn:bob","decision":"approved","status":"cancelled"`, cdevents.Approval{Kind: cdevents.ApprovalClosed, Responder: "urn:bob", Decision: cdevents.DecisionApproved, Status: cdevents.StatusCancelled}},
	} {
		e, err := d.Decode([]byte(event("approval."+c.kind+".0.1.0", `{"resourceTargetUrl":"https://r","approvalDetailsUrl":"https://d",`+c.content+`}`)))
		require.NoError(t, err)
		a, ok := e.Approval()
		require.True(t, ok)
		c.want.Source, c.want.ID, c.want.Target, c.want.Details, c.want.At = "/ci", "x", "https://r", "https://d", e.Time
		require.Equal(t, c.want, a)
	}
}
