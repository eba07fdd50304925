package rollout_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// loud is a deployer that reports much.
type loud struct {
	rollout.Deployer
	shares []rollout.Share
}

func (d *loud) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	o, err := d.Deployer.Observe(ctx, t)
	o.Shares = append(o.Shares, d.shares...)
	return o, err
}

// Answers as large as they can be still fit a record, or are cut: nothing that a
// gate, health or the deployer says keeps a rollback from being recorded.
func TestNoAnswerIsTooLargeForARollback(t *testing.T) {
	t.Parallel()
	const dear = "<" // six bytes in JSON
	text := strings.Repeat(dear, 3000)
	for _, c := range []struct {
		name   string
		gates  int
		shares func() []rollout.Share
	}{
		{"many shares", 1, func() []rollout.Share { return make([]rollout.Share, 20000) }},
		{"names that are long in JSON", 100, func() []rollout.Share {
			name := strings.Repeat(dear, 170<<10)
			return []rollout.Share{{Slice: rollout.Slice{Region: name, Cell: name, Cohort: name, Percent: 1}}}
		}},
		{"a long environment", 1, func() []rollout.Share {
			return []rollout.Share{{Slice: rollout.Slice{Environment: strings.Repeat("e", 9<<20), Percent: 1}}}
		}},
		{"names that are no text", 1, func() []rollout.Share {
			return []rollout.Share{{Slice: rollout.Slice{Region: "eu\xff", Percent: 1}}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.plan.Stages = nil
			var parts []rollout.Slice
			for i := range max(2, c.gates) {
				parts = append(parts, rollout.Slice{Region: fmt.Sprint(i, strings.Repeat(dear, 110)), Percent: 100})
			}
			w.plan.Stages = []rollout.Stage{{Name: "parts", Slices: parts[:len(parts)-1], Percent: 99, PerSlice: true, MinBake: time.Hour, Health: rollout.HealthWatched},
				{Name: "all", Slices: parts, Percent: 100, PerSlice: true, MinBake: time.Hour, Health: rollout.HealthWatched}}
			for i := range c.gates {
				w.plan.Stages[0].Gates = append(w.plan.Stages[0].Gates, fmt.Sprint("g", i))
			}
			w.plan.RollbackGates = w.plan.Stages[0].Gates
			sick, deploy := false, &loud{Deployer: w.real}
			gates := map[string]rollout.Gate{}
			refs := make([]release.Digest, 1000)
			for _, name := range w.plan.RollbackGates {
				gates[name] = rollout.GateFunc(func(context.Context, rollout.GateQuery) (rollout.GateResult, error) {
					return rollout.GateResult{Verdict: release.VerdictAllow, Reason: release.Reason{Code: text, Subject: text, Text: text, Refs: refs}}, nil
				})
			}
			e, err := rollout.New(rollout.Options{Journal: w.journal, Deployer: deploy, Gates: gates, Now: func() time.Time { return w.clock },
				Health: rollout.HealthFunc(func(_ context.Context, q rollout.HealthQuery) (health.Verdict, error) {
					v := health.Verdict{Kind: health.KindHealthy, Why: text, Metric: text, Guilty: []string{strings.Repeat(dear, 240), strings.Repeat(dear, 250), text}}
					if sick {
						v.Kind = health.KindRegressed
					}
					return v, nil
				})})
			require.NoError(t, err)
			step := func() rollout.State {
				s, _, err := e.Step(t.Context(), production)
				require.NoError(t, err)
				return s
			}
			_, err = e.Start(t.Context(), w.plan, ada)
			require.NoError(t, err)
			require.Equal(t, 0, step().Rollout.Stage)
			deploy.shares, sick = c.shares(), true
			w.clock = w.clock.Add(2 * time.Hour) // gates, health and production are asked at once
			step()
			require.Equal(t, rollout.ActionRollback, w.real.Effects(production)[1].Kind)
			deploy.shares = nil
			w.clock = w.clock.Add(time.Hour)
			require.Equal(t, rollout.PhaseRolledBack, step().Rollout.Phase)
			largest := 0
			for _, r := range w.records() {
				largest = max(largest, len(r.Data))
			}
			t.Logf("the largest record has %d bytes of %d", largest, journal.MaxData)
			_, err = rollout.Replay(production, w.records())
			require.NoError(t, err)
		})
	}
}
