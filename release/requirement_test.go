package release_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/release"
)

func TestRequirementJSON(t *testing.T) {
	t.Parallel()
	r := release.Requirement{ID: "scan/clean", Evidence: release.EvidenceScan, Count: 1, MaxAge: 24 * time.Hour}
	b, err := json.Marshal(r)
	require.NoError(t, err)
	require.JSONEq(t, `{"id":"scan/clean","evidence":"scan","count":1,"maxAge":"24h0m0s"}`, string(b))
	require.Error(t, json.Unmarshal([]byte(`{"maxAge":"1d"}`), &r))
	require.Error(t, json.Unmarshal([]byte(`{"maxAge":"24h"}`), &r), "one duration has one text")
	require.Error(t, json.Unmarshal([]byte(`{"maxAge":86400}`), &r), "of which unit?")
}

// Whatever the durations, requirements round-trip and have a canonical form.
func TestRequirementsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		long := rapid.Int64Range(math.MinInt64, math.MaxInt64)
		r := release.Requirement{ID: "x", Count: rapid.IntRange(-1, 9).Draw(t, "count"), MaxAge: time.Duration(long.Draw(t, "age")),
			Independent: rapid.Bool().Draw(t, "independent"), Roles: rapid.SliceOfN(rapid.StringMatching("[a-z]{1,5}"), 1, 3).Draw(t, "roles")}
		var back release.Requirement
		b, err := canon.Marshal(r)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, r, back)

		q := release.RolloutRequirement{MinStages: 3, MinBake: time.Duration(long.Draw(t, "bake")), MaxFirstPercent: 5}
		var again release.RolloutRequirement
		b, err = canon.Marshal(q)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(b, &again))
		require.Equal(t, q, again)
	})
}

func TestNeeded(t *testing.T) {
	t.Parallel()
	require.Equal(t, 1, release.Requirement{}.Needed())
	require.Equal(t, 1, release.Requirement{Count: -5}.Needed())
	require.Equal(t, 3, release.Requirement{Count: 3}.Needed())
}
