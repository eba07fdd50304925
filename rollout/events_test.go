package rollout_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Who ends a rollout by a command is who its last event names, with the reason given,
// and the engine is named for what it found itself.
func TestEventsNameWhoCausedThem(t *testing.T) {
	t.Parallel()
	engine := release.Actor{Kind: release.ActorService, ID: "service:sallyport"}
	forward := func(w *world) {
		p := w.plan
		p.Release = version("3")
		_, err := w.engine().RollForward(t.Context(), p, grace)
		require.NoError(w.t, err)
	}
	supersede := func(w *world) {
		p := w.plan
		p.Release = version("3")
		_, err := w.engine().Supersede(t.Context(), p, grace)
		require.NoError(w.t, err)
	}
	regress := func(w *world) {
		w.health = health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: "worse"}
	}
	deny := func(w *world) { w.verdict["first"] = release.VerdictDeny }
	for _, c := range []struct {
		name  string
		stage int // that bakes before; -1 before the first
		do    func(w *world)
		kind  release.EventKind
		actor release.Actor
		text  string
		share float64
	}{
		{"aborted before anything", -1, func(w *world) { w.abort() }, release.EventStopped, ada.Actor, ada.Reason, 0},
		{"denied before anything", -1, deny, release.EventStopped, engine, "gate says so", 0},
		{"superseded before anything", -1, supersede, release.EventStopped, grace.Actor, grace.Reason, 0},
		{"rolled forward before anything", -1, forward, release.EventStopped, grace.Actor, grace.Reason, 0},
		{"aborted", 0, func(w *world) { w.abort() }, release.EventRolledBack, ada.Actor, ada.Reason, 0},
		{"regressed", 0, regress, release.EventRolledBack, engine, "worse", 0},
		{"regressed and aborted", 0, func(w *world) { regress(w); w.abort() }, release.EventRolledBack, ada.Actor, ada.Reason, 0},
		{"superseded", 0, supersede, release.EventRolledBack, grace.Actor, grace.Reason, 0},
		{"superseded and rolled forward", 0, func(w *world) {
			supersede(w)
			p := w.plan
			p.Release = version("4")
			_, err := w.engine().RollForward(w.t.Context(), p, linus)
			require.NoError(w.t, err)
		}, release.EventReplaced, linus.Actor, linus.Reason, 5},
		{"rolled forward", 0, forward, release.EventReplaced, grace.Actor, grace.Reason, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.plan.Superseding = rollout.SupersedingTakeBack
			if c.stage < 0 {
				w.verdict["first"] = release.VerdictHold
			}
			w.start()
			started := w.clock
			s := w.step()
			require.Equal(t, c.stage, s.Rollout.Stage)
			c.do(w)
			w.verdict["last"] = release.VerdictHold
			s = w.later(time.Minute)
			events, err := rollout.Events(production, w.records())
			require.NoError(t, err)
			var ends []release.Event
			for _, e := range events {
				if e.Kind.Ends() {
					ends = append(ends, e)
				}
			}
			require.Len(t, ends, 1)
			e := ends[0]
			require.Equal(t, c.kind, e.Kind)
			require.Equal(t, c.actor, e.Actor)
			require.Contains(t, e.Reason.Text, c.text)
			require.Equal(t, c.share, e.Percent)
			require.Equal(t, started.UTC(), e.Started)
			require.Equal(t, version("2"), e.Release)
			require.Empty(t, e.Stage)
		})
	}
}
