package rollout_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// A bake that was skipped stays skipped when the exposure that follows is ordered,
// but not done at once: because others are asked in between, or the deployer failed.
func TestASkippedBakeIsNotAskedAboutAgain(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(w *world){
		"a dependency is asked again": func(w *world) {
			w.plan.After = []rollout.Dependency{{Target: web, Release: webVersion("1")}}
			_, err := w.engine().Adopt(t.Context(), web, webVersion("1"), ada)
			require.NoError(t, err)
		},
		"the deployer failed once": func(w *world) {},
	} {
		for _, how := range []string{"skip", "override"} {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.real.Serve(web, webVersion("1"))
				w.plan.Overridable = []string{rollout.GateHealth}
				set(w)
				w.start()
				require.Equal(t, 0, w.step().Rollout.Stage)
				w.health = health.Verdict{Kind: health.KindUndecided}
				w.later(2 * time.Hour)
				var err error
				if how == "skip" {
					_, err = w.engine().Skip(t.Context(), production, ada)
				} else {
					_, err = w.engine().Override(t.Context(), production, rollout.GateHealth, ada)
				}
				require.NoError(t, err)
				if len(w.plan.After) == 0 {
					w.deploy = &hurdle{Deployer: w.real, before: errBoom}
					require.Equal(t, rollout.PhaseExposing, w.later(time.Minute).Rollout.Phase)
					w.deploy = w.real
				}
				require.Equal(t, 1, w.later(time.Minute).Rollout.Stage)
				w.health.Kind = health.KindRegressed
				require.Equal(t, rollout.PhaseRolledBack, w.later(time.Minute).Rollout.Phase)
				w.audit()
			})
		}
	}
}

// What rolls forward begins when the other one ends by giving way, and by nothing else.
func TestWhileItGivesWayNothingElseIsPossible(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]string{"deployed": rollout.RecordEnded, "rolled back": rollout.RecordAction} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _ := at(t, 2)
			next := w.plan
			next.Release, next.Stages = version("3"), next.Stages[2:]
			s, err := w.engine().RollForward(t.Context(), next, ada)
			require.NoError(t, err)
			var data any = forgedEnd{V: 1, Phase: rollout.PhaseDeployed}
			if kind == rollout.RecordAction {
				data = forgedAction{V: 1, Action: order(t, s, -1), Cause: release.Reason{Code: "x"}}
			}
			_, err = forge(t, s, kind, data)
			require.ErrorContains(t, err, "impossible")
		})
	}
}

// What was accepted to follow can begin, or the target would be stuck: nothing else may
// begin before it, and there is nothing to abort.
func TestWhatWasOrderedCanBegin(t *testing.T) {
	t.Parallel()
	for _, forward := range []bool{false, true} {
		t.Run(fmt.Sprintf("a previous release that is poisoned, forward=%v", forward), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.plan.Superseding = rollout.SupersedingTakeBack
			w.plan.Release, w.plan.Previous = version("1"), version("0")
			w.real.Serve(production, version("0"))
			w.start()
			w.step()
			w.abort()
			require.Equal(t, rollout.PhaseRolledBack, w.step().Rollout.Phase)
			w.real = new(deploytest.Simulated) // somebody brings it back by hand
			w.real.Serve(production, version("1"))
			w.deploy = w.real
			_, err := w.engine().Adopt(t.Context(), production, version("1"), ada)
			require.NoError(t, err)
			w.plan.Release, w.plan.Previous = version("2"), version("1")
			_, err = w.engine().Start(t.Context(), w.plan, ada)
			require.ErrorIs(t, err, rollout.ErrPoisoned)
			_, err = w.engine().StartPoisoned(t.Context(), w.plan, ada)
			require.NoError(t, err)
			require.Equal(t, 0, w.step().Rollout.Stage)
			next := w.plan
			next.Release = version("3")
			if forward {
				_, err = w.engine().RollForward(t.Context(), next, ada)
			} else {
				_, err = w.engine().Supersede(t.Context(), next, ada)
			}
			require.NoError(t, err)
			w.plan = next
			s := w.step()
			require.Equal(t, version("3"), s.Rollout.Plan.Release)
			require.Equal(t, 0, s.Rollout.Stage)
			w.audit()
		})
	}
	t.Run("a plan that just fits a record", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.plan.Superseding = rollout.SupersedingTakeBack
		w.start()
		next := w.plan
		next.Release = version("3")
		for range 690 {
			next.Authors = append(next.Authors, release.Actor{Kind: release.ActorHuman, ID: strings.Repeat("<", 2000)}) // six bytes each
		}
		left := func() int {
			b, err := json.Marshal(forgedSuccessor{V: 1, Plan: next, By: linus})
			require.NoError(t, err)
			digest := len(version("3").Digest.String()) - len(release.Digest{}.String())
			return journal.MaxData - len(b) - digest
		}
		plain := release.Actor{Kind: release.ActorHuman, ID: strings.Repeat("x", 1900)}
		one, err := json.Marshal(plain)
		require.NoError(t, err)
		for range (left() - 60) / (len(one) + 1) {
			next.Authors = append(next.Authors, plain)
		}
		next.Authors = append(next.Authors, release.Actor{Kind: release.ActorHuman, ID: "y"})
		next.Authors[len(next.Authors)-1].ID += strings.Repeat("y", min(left()-5, 1999))
		t.Logf("%d bytes are left", left())
		if _, err := w.engine().Supersede(t.Context(), next, linus); err == nil {
			require.Equal(t, version("3"), w.step().Rollout.Plan.Release)
		}
	})
}
