package rollout_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// deaf is a deployer that nothing reaches while it is out of order, and where shown, if
// not zero, serves all that version 1 does not.
type deaf struct {
	rollout.Deployer
	out   bool
	shown release.Digest
}

func (d *deaf) Apply(ctx context.Context, a rollout.Action) error {
	if d.out {
		return errBoom
	}
	d.shown = release.Digest{}
	return d.Deployer.Apply(ctx, a)
}

func (d *deaf) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	o, err := d.Deployer.Observe(ctx, t)
	for i := range o.Shares {
		if s := &o.Shares[i]; !d.shown.IsZero() && s.Release != version("1").Digest {
			s.Release = d.shown
		}
	}
	return o, err
}

// TestRollForwardOverWhatWasNeverSeen: while a release that takes over from another was
// ordered and not observed, either may serve, and so may all before it. The next one goes
// on over any of them, and over nothing else.
func TestRollForwardOverWhatWasNeverSeen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		seen  bool   // release 4 was observed before 5 takes its place
		shown string // what serves beside release 1 when 5 begins
		goes  bool
	}{
		{"the first", false, "2", true},
		{"the second", false, "3", true},
		{"the third", false, "4", true},
		{"one that nobody ordered", false, "6", false},
		{"the third, which was seen", true, "4", true},
		{"the first, in whose place the third was seen", true, "2", false},
		{"the second, in whose place the third was seen", true, "3", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d := &deaf{Deployer: w.real}
			w.deploy = d
			w.start()
			require.Equal(t, rollout.PhaseBaking, w.step().Rollout.Phase)
			forward := func(v string) rollout.Phase {
				w.clock = w.clock.Add(time.Minute)
				w.plan.Release = version(v)
				_, err := w.engine().RollForward(t.Context(), w.plan, ada)
				require.NoError(t, err)
				return w.step().Rollout.Phase
			}
			d.out = true
			require.Equal(t, rollout.PhaseExposing, forward("3"), "ordered, and never observed")
			if d.out = !c.seen; c.seen {
				require.Equal(t, rollout.PhaseBaking, forward("4"))
			} else {
				require.Equal(t, rollout.PhaseExposing, forward("4"))
			}
			d.out, d.shown = false, version(c.shown).Digest
			if c.goes {
				require.Equal(t, rollout.PhaseBaking, forward("5"))
				require.Equal(t, rollout.PhaseBaking, w.later(time.Minute).Rollout.Phase)
			} else {
				require.Equal(t, rollout.PhaseStarting, forward("5"))
				require.Contains(t, w.step().Rollout.Waiting().Text, "another release")
			}
			w.abort()
			s := w.step()
			require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase, "%v", s)
			require.Zero(t, w.serves())
			w.audit()
		})
	}
}
