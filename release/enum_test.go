package release_test

import (
	"encoding"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
)

// checkEnum checks one enumeration: every value goes to text and JSON and back,
// and nothing else comes in.
func checkEnum[T interface {
	~uint8
	fmt.Stringer
	encoding.TextMarshaler
}, P interface {
	*T
	encoding.TextUnmarshaler
}](parse func(string) (T, error), names ...string) func(*testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		for i, name := range names {
			v := T(i)
			require.Equal(t, name, v.String())
			parsed, err := parse(name)
			require.NoError(t, err)
			require.Equal(t, v, parsed)
			b, err := json.Marshal(map[string]T{"x": v})
			require.NoError(t, err)
			require.Equal(t, `{"x":"`+name+`"}`, string(b))
			var back map[string]T
			require.NoError(t, json.Unmarshal(b, &back))
			require.Equal(t, v, back["x"])
		}
		beyond := T(len(names))
		_, err := beyond.MarshalText()
		require.Error(t, err, "a value without a name cannot be written")
		for _, bad := range []string{"", "Unknown", " " + names[1], names[1] + " ", "1", beyond.String()} {
			v, err := parse(bad)
			require.Error(t, err, "%q", bad)
			require.Zero(t, v)
			v = T(1)
			require.Error(t, P(&v).UnmarshalText([]byte(bad)))
			require.Equal(t, T(1), v, "an error changes nothing")
		}
		var v T
		require.Error(t, json.Unmarshal([]byte("1"), &v), "a number is no name")
	}
}

func TestEnums(t *testing.T) {
	t.Parallel()
	t.Run("ActorKind", checkEnum(release.ParseActorKind, "unknown", "human", "bot", "agent", "service"))
	t.Run("Coverage", checkEnum(release.ParseCoverage, "missing", "partial", "complete"))
	t.Run("Op", checkEnum(release.ParseOp, "unknown", "added", "modified", "removed", "replaced", "upgraded", "downgraded", "moved", "listed", "unlisted", "forgotten", "imported"))
	t.Run("Relation", checkEnum(release.ParseRelation, "unknown", "direct", "transitive"))
	t.Run("Scope", checkEnum(release.ParseScope, "unknown", "runtime", "optional", "development"))
	t.Run("Effect", checkEnum(release.ParseEffect, "unknown", "introduced", "fixed", "carried"))
	t.Run("Answer", checkEnum(release.ParseAnswer, "unknown", "no", "yes"))
	t.Run("OutcomeKind", checkEnum(release.ParseOutcomeKind, "unknown", "fine", "failed"))
	t.Run("Tier", checkEnum(release.ParseTier, "unknown", "low", "moderate", "high", "critical"))
	t.Run("Lane", checkEnum(release.ParseLane, "normal", "expedite", "break-glass"))
	t.Run("DebtStatus", checkEnum(release.ParseDebtStatus, "unknown", "open", "overdue", "paid"))
	t.Run("Verdict", checkEnum(release.ParseVerdict, "unknown", "deny", "hold", "allow"))
}

// The zero values say the worst.
func TestZeroIsNotSafe(t *testing.T) {
	t.Parallel()
	var (
		tier     release.Tier
		verdict  release.Verdict
		coverage release.Coverage
		outcome  release.OutcomeKind
		actor    release.ActorKind
		op       release.Op
	)
	require.Equal(t, release.TierCritical, tier.Effective())
	require.False(t, verdict.Allowed())
	require.Equal(t, release.CoverageMissing, coverage)
	require.NotEqual(t, release.OutcomeFine, outcome)
	require.NotEqual(t, release.ActorHuman, actor)
	require.Equal(t, release.OpUnknown, op)
	require.False(t, (&release.ChangeSet{}).Empty())
	require.Equal(t, 1, release.Requirement{}.Needed())
	require.Equal(t, 1, release.Requirement{Count: -3}.Needed())
	require.Equal(t, 2, release.Requirement{Count: 2}.Needed())
	require.False(t, release.EventKind("").Ends())
}
