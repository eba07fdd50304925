package rollout_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout"
)

// A stream leads back to its target, whatever its names hold.
func TestTargetOf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a%/25Fé ]{1,12}`)
		want := rollout.Target{Service: name.Draw(t, "service"), Environment: name.Draw(t, "environment")}
		if want.Validate() != nil {
			return
		}
		got, err := rollout.TargetOf(want.Stream())
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
	for _, stream := range []string{"", "rollout/", "rollout/a", "rollout//a", "rollout/a/", "rollout/a/b/c", "rollouts/a/b", "/rollout/a/b",
		"Rollout/a/b", "rollout/a%2f/b", "rollout/a%/b", "rollout/a%41/b", "rollout/a\n/b", "rollout/\xff/b"} {
		got, err := rollout.TargetOf(stream)
		require.Error(t, err, stream)
		require.Zero(t, got)
	}
}

// Only what TargetOf refuses is not the stream of a target.
func FuzzTargetOf(f *testing.F) {
	f.Add("rollout/a%2F/b%25")
	f.Fuzz(func(t *testing.T, stream string) {
		if target, err := rollout.TargetOf(stream); err == nil {
			require.Equal(t, stream, target.Stream())
			require.NoError(t, target.Validate())
		}
	})
}
