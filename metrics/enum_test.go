package metrics_test

import (
	"encoding"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

// enumeration is the text side of one enumeration.
type enumeration[T any] interface {
	*T
	encoding.TextUnmarshaler
}

// requireText reads every value's text back, in both ways, and refuses what is no
// value's text. The last value is last: the one after it has no text.
func requireText[T interface {
	~uint8
	fmt.Stringer
	encoding.TextMarshaler
}, P enumeration[T]](t *testing.T, last T, parse func(string) (T, error)) {
	t.Helper()
	seen := map[string]bool{}
	for v := T(0); v <= last; v++ {
		require.False(t, seen[v.String()], "%s names two values", v)
		seen[v.String()] = true
		got, err := parse(v.String())
		require.NoError(t, err)
		require.Equal(t, v, got)
		b, err := v.MarshalText()
		require.NoError(t, err)
		require.Equal(t, v.String(), string(b))
		var read T
		require.NoError(t, P(&read).UnmarshalText(b))
		require.Equal(t, v, read)
	}
	_, err := (last + 1).MarshalText()
	require.Error(t, err, "a value beyond the last")
	_, err = parse("no such value")
	require.Error(t, err)
	read := last
	require.Error(t, P(&read).UnmarshalText([]byte("no such value")))
	require.Equal(t, last, read, "an error changes nothing")
}

func TestEnumerationsAreText(t *testing.T) {
	t.Parallel()
	requireText(t, metrics.KindIncident, metrics.ParseFactKind)
	requireText(t, metrics.DeploymentNotExposed, metrics.ParseDeploymentOutcome)
	requireText(t, metrics.PlannedNo, metrics.ParsePlanned)
	requireText(t, metrics.ReworkRate, metrics.ParseMetric)
	requireText(t, metrics.WindowWhole, metrics.ParseWindowKind)
	requireText(t, metrics.UseExcluded, metrics.ParseUse)
	requireText(t, metrics.LinkWindow, metrics.ParseLinkRule)
	requireText(t, metrics.ConfidenceStated, metrics.ParseConfidence)
	requireText(t, metrics.DeployedAtStart, metrics.ParseDeployMoment)
	requireText(t, metrics.RepeatEach, metrics.ParseRepeatRule)
	requireText(t, metrics.RollbackCounts, metrics.ParseRollbackRule)
	requireText(t, metrics.FrequencyOfAll, metrics.ParseFrequencyRule)
	requireText(t, metrics.LeadFromMerge, metrics.ParseLeadStart)
	requireText(t, metrics.LeadToExposure, metrics.ParseLeadEnd)
	requireText(t, metrics.LeadPerDeployment, metrics.ParseLeadWeight)
	requireText(t, metrics.FirstIncluded, metrics.ParseFirstRule)
	requireText(t, metrics.QuantileType7, metrics.ParseQuantileType)
	requireText(t, metrics.RecoverFromDetected, metrics.ParseRecoveryStart)
	requireText(t, metrics.RecoverToRestored, metrics.ParseRecoveryEnd)
	requireText(t, metrics.RecoveryByStart, metrics.ParseRecoveryWindow)
	requireText(t, metrics.StatusUndefined, metrics.ParseStatus)
}
