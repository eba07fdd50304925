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
	requireText(t, metrics.WindowSprint, metrics.ParseWindowKind)
	requireText(t, metrics.UseAlone, metrics.ParseUse)
	requireText(t, metrics.LinkLast, metrics.ParseLinkRule)
	requireText(t, metrics.ConfidenceStated, metrics.ParseConfidence)
	requireText(t, metrics.DeployedAtStart, metrics.ParseDeployMoment)
	requireText(t, metrics.RepeatEach, metrics.ParseRepeatRule)
	requireText(t, metrics.RollbackCounts, metrics.ParseRollbackRule)
	requireText(t, metrics.FrequencyOfAll, metrics.ParseFrequencyRule)
	requireText(t, metrics.LeadFromMerge, metrics.ParseLeadStart)
	requireText(t, metrics.LeadToExposure, metrics.ParseLeadEnd)
	requireText(t, metrics.LeadPerDeployment, metrics.ParseLeadWeight)
	requireText(t, metrics.FirstIncluded, metrics.ParseFirstRule)
	requireText(t, metrics.QuantileLower, metrics.ParseQuantileType)
	requireText(t, metrics.RecoverFromEnded, metrics.ParseRecoveryStart)
	requireText(t, metrics.RecoverToSuccess, metrics.ParseRecoveryEnd)
	requireText(t, metrics.RecoveryByEnd, metrics.ParseRecoveryWindow)
	requireText(t, metrics.LeadByStages, metrics.ParseLeadSpan)
	requireText(t, metrics.NegativeDropped, metrics.ParseNegativeRule)
	requireText(t, metrics.RoundingMinutesDown, metrics.ParseRounding)
	requireText(t, metrics.SummaryMean, metrics.ParseSummary)
	requireText(t, metrics.FrequencyPerDay, metrics.ParseFrequencyUnit)
	requireText(t, metrics.FailOfSuccesses, metrics.ParseFailBase)
	requireText(t, metrics.FailIncidents, metrics.ParseFailCount)
	requireText(t, metrics.ReworkNone, metrics.ParseReworkRule)
	requireText(t, metrics.RecoveryOfRun, metrics.ParseRecoveryUnit)
	requireText(t, metrics.OpenUntilNow, metrics.ParseOpenRule)
	requireText(t, metrics.DetectedHotfix, metrics.ParseDetected)
	requireText(t, metrics.StageUnattributed, metrics.ParseStage)
	requireText(t, metrics.StatusUndefined, metrics.ParseStatus)
	requireText(t, metrics.TierWorks, metrics.ParseTierVerdict)
}
