package metrics_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/metrics"
)

// Try says what Add then does: whether the log says something else after it, at any
// moment, and whether it refuses; and it changes nothing itself.
func TestLogTry(t *testing.T) {
	t.Parallel()
	state := func(log *metrics.Log) (out []any) {
		for h := -60; h < 800; h += 7 {
			s := log.Snapshot(hours(h))
			for d := range s.Deployments() {
				out = append(out, h, d)
			}
			for c := range s.Changes() {
				out = append(out, h, c)
			}
			for n := range s.Incidents() {
				out = append(out, h, n)
			}
		}
		return out
	}
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 9))
		var log metrics.Log
		for _, f := range liveHistory(r) {
			size := log.Len()
			changes, wrong := log.Try(f)
			require.Equal(t, size, log.Len())
			look := r.IntN(10) == 0
			var before []any
			if look {
				before = state(&log)
			}
			_, err := log.Add(f)
			require.Equal(t, err == nil, wrong == nil)
			require.Equal(t, errors.Is(err, metrics.ErrContradiction), errors.Is(wrong, metrics.ErrContradiction))
			require.False(t, !changes && log.Len() != size, "it said that nothing changes")
			if look && !changes {
				require.Equal(t, before, state(&log))
			}
			again, _ := log.Try(f)
			require.False(t, again, "a fact that is there changes nothing")
		}
	})
	var log metrics.Log
	for _, f := range []metrics.Fact{nil, (*metrics.Incident)(nil), metrics.Change{}, metrics.Deployment{}} {
		changes, err := log.Try(f)
		require.Error(t, err)
		require.False(t, changes)
	}
}
