package rollout_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout"
)

// TestDependencyWithoutTheStage: a plan that has no stage of the name that is waited for
// says so, and is waited for until the whole is there.
func TestDependencyWithoutTheStage(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.service("api").Stages[0].Name = "part"
	w.service("web", half("api"))
	w.start("api", "web")
	w.step("api")
	require.Equal(t, "gate rollout/after holds: api@production does not have 2 yet: there is no stage \"half\" in its plan, so the whole is waited for", w.step("web").Waiting().Text)
	for range 25 {
		require.Equal(t, rollout.PhaseStarting, w.step("web").Phase)
		w.clock = w.clock.Add(time.Hour)
		w.step("api")
	}
	require.Equal(t, rollout.PhaseDeployed, w.step("api").Phase)
	require.Equal(t, rollout.PhaseBaking, w.step("web").Phase)
	w.replay("api", "web")
}

// TestDependencyThatDrifted: a stage that production was seen not to be is not there for
// others to rest on, whatever health says of what is left.
func TestDependencyThatDrifted(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.service("api").Stages[1].Approvals = 1
	w.service("web", half("api"))
	w.start("api")
	w.step("api")
	w.clock = w.clock.Add(time.Hour)
	w.real.Drift(in("api"), refOf("api", "1"))
	require.NotEmpty(t, w.step("api").Drift)
	w.start("web")
	r := w.step("web")
	require.Equal(t, rollout.PhaseStarting, r.Phase, "api does not serve 2: %v", r)
	require.Contains(t, r.Waiting().Text, "api@production has 2 at stage half, but is not well: production is not what the stage says: ")
	w.real.Drift(in("api"), refOf("api", "2"))
	w.clock = w.clock.Add(time.Minute)
	require.NotEmpty(t, w.step("api").Drift, "nor the other way")
	require.Equal(t, rollout.PhaseStarting, w.step("web").Phase)
	w.replay("api", "web")
}

// TestDependencyThatIsHeld: what is held is not well until somebody resumes it, though
// health may say so again.
func TestDependencyThatIsHeld(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	api := w.service("api")
	api.Stages[0].Irreversible, api.Stages[0].Approvals = true, 1
	w.service("web", half("api"))
	w.start("api", "web")
	_, err := w.engine().Approve(t.Context(), in("api"), "", grace)
	require.NoError(t, err)
	w.step("api")
	for _, w.sick["api"] = range []bool{true, false} {
		w.clock = w.clock.Add(time.Minute)
		require.NotNil(t, w.step("api").Held)
		require.Equal(t, rollout.PhaseStarting, w.step("web").Phase)
	}
	_, err = w.engine().Resume(t.Context(), in("api"), ada)
	require.NoError(t, err)
	w.step("api")
	require.Equal(t, rollout.PhaseBaking, w.step("web").Phase)
}
