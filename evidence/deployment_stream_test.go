package evidence_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// rolloutEvents are what package rollout told of its golden streams, by file.
func rolloutEvents(t *testing.T) map[string][]release.Event {
	files, err := filepath.Glob("../rollout/testdata/streams/v*/*.events.json")
	require.NoError(t, err)
	out := map[string][]release.Event{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var events []release.Event
		require.NoError(t, json.Unmarshal(text, &events))
		if len(events) > 0 {
			out[file] = events
		}
	}
	require.GreaterOrEqual(t, len(out), 40)
	return out
}

// releaseLike is a release that the event could be of. The golden streams pin digests of
// nothing, and a statement is about artifacts.
func releaseLike(t *testing.T, ref release.Ref) (release.Release, release.Ref) {
	r := shop()
	r.Service, r.Version = ref.Service, ref.Version
	r.Artifacts[0].Digest = ref.Digest
	ref, err := r.Ref()
	require.NoError(t, err)
	return r, ref
}

// Each event that a rollout tells, whatever became of it, can be signed as a deployment
// statement, is verified, and tells the same event.
func TestEveryRolloutEventMakesADeploymentStatement(t *testing.T) {
	t.Parallel()
	key, stranger := newKey(t), newKey(t)
	trust := ring(t, evidence.Key{Public: key.Public(), Principal: person("rollout"), Kind: release.ActorService})
	kinds := map[release.EventKind]int{}
	for file, events := range rolloutEvents(t) {
		for _, e := range events {
			kinds[e.Kind]++
			var r release.Release
			r, e.Release = releaseLike(t, e.Release)
			if !e.Previous.IsZero() {
				_, e.Previous = releaseLike(t, e.Previous)
			}
			q := question(needTests)
			q.Release, q.Environment = r, e.Environment
			tested := service("ci").of(t, r, passed())
			d, err := evidence.Decide(q, set{tested}, noon)
			require.NoError(t, err, file)
			st, err := evidence.NewDeployment(r, e, d, tested.Digest())
			require.NoError(t, err, file)
			raw, err := evidence.Sign(ctx, st, key)
			require.NoError(t, err, file)
			v, err := evidence.Verify(ctx, trust, raw)
			require.NoError(t, err, file)
			require.NoError(t, v.Statement().MatchAll(r))
			p, err := evidence.As[predicate.Deployment](v.Statement())
			require.NoError(t, err, file)
			require.Equal(t, predicate.Deployment{Event: e, EvidenceSet: evidence.SetDigest(set{tested}), Decisions: []release.Digest{tested.Digest()}}, p)

			forged, err := evidence.Sign(ctx, st, stranger)
			require.NoError(t, err)
			_, err = evidence.Verify(ctx, trust, forged)
			require.Error(t, err, "signed by somebody else")
		}
	}
	for _, k := range []release.EventKind{release.EventStarted, release.EventExposed, release.EventRegressed, release.EventWithdrawn, release.EventDeployed,
		release.EventRolledBack, release.EventStopped, release.EventHalted, release.EventReplaced} {
		require.NotZero(t, kinds[k], k)
	}
	t.Log(kinds)
}
