package rollout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/calendar"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
)

// Every line of what is wrong with a plan, or with several, says where by itself: of
// which stage, hours or plan.
func TestEveryMistakeSaysWhere(t *testing.T) {
	t.Parallel()
	p := plan3()
	p.Stages[0].Name = strings.Repeat("x", 121)
	p.Stages[1].Gates = []string{"", "rollout/calendar"}
	p.Stages[1].Slices = []rollout.Slice{{Region: "a\nb", Percent: 50}}
	p.Calendar = &calendar.Calendar{Open: []calendar.Hours{{From: "9:00", To: "17"}},
		Freezes: []calendar.Freeze{{From: "tomorrow", To: "never"}}}
	p.RollbackGates = []string{"rollout/after"}
	lines := func(err error) []string {
		require.Error(t, err)
		return strings.Split(err.Error(), "\n")
	}
	for _, line := range lines(p.Validate()) {
		require.True(t, strings.HasPrefix(line, "rollout: "), line)
		require.Equal(t, 1, strings.Count(line, "rollout: "), line)
		require.LessOrEqual(t, strings.Count(line, "calendar: "), 1, line)
	}
	for _, want := range []string{
		"rollout: stage \"half\": no gate\n",
		"rollout: calendar: no zone",
		"rollout: calendar: hours 1: no days\n",
		"rollout: calendar: hours 1: from \"9:00\" is not",
		"rollout: calendar: hours 1: to \"17\" is not",
		"rollout: calendar: freeze 1 \"\": no name\n",
		"rollout: calendar: freeze 1 \"\": from \"tomorrow\" is not",
		"rollout: calendar: freeze 1 \"\": to \"never\" is not",
	} {
		require.Contains(t, p.Validate().Error(), want)
	}
	_, err := rollout.Order(p)
	for _, line := range lines(err) {
		require.True(t, strings.HasPrefix(line, "rollout: plan of api@production: "), line)
		require.Equal(t, 1, strings.Count(line, "rollout: "), line)
	}
}

// A gate without a check, or with a name that no plan can have, is found when the
// engine is made.
func TestNewRefusesGatesThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	_, err := rollout.New(rollout.Options{Journal: new(journal.Memory), Deployer: new(deploytest.Simulated), Now: time.Now,
		Gates: map[string]rollout.Gate{"b": nil, "": rollout.GateFunc(nil), "a": nil, "c\n": rollout.GateFunc(nil)}})
	require.EqualError(t, err, "rollout: no gate\nrollout: gate \"a\" is nil\nrollout: gate \"b\" is nil\nrollout: gate \"c\\n\" is not printable text")
}

// A zone that this machine does not know is found when a rollout is ordered, and not
// when it is first to widen.
func TestAZoneThatIsMisspeltStartsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Superseding = rollout.SupersedingTakeBack
	wrong := w.plan
	wrong.Release = version("3")
	wrong.Calendar = &calendar.Calendar{Zone: "Europe/Berln"}
	_, err := w.engine().Start(t.Context(), wrong, ada)
	require.ErrorIs(t, err, calendar.ErrUnknownZone)
	require.ErrorContains(t, err, `"Europe/Berln"`)
	require.Empty(t, w.records())
	w.start()
	_, err = w.engine().Supersede(t.Context(), wrong, ada)
	require.ErrorIs(t, err, calendar.ErrUnknownZone)
	_, err = w.engine().RollForward(t.Context(), wrong, ada)
	require.ErrorIs(t, err, calendar.ErrUnknownZone)
	require.Len(t, w.records(), 1)
	for i := range wrong.Stages {
		wrong.Stages[i].AnyTime = true
	}
	_, err = w.engine().Supersede(t.Context(), wrong, ada)
	require.NoError(t, err, "it is never asked")
}

// Whoever commands what does not run is told where it stands.
func TestACommandOfNothingSaysWhatIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.engine().Abort(t.Context(), rollout.Target{Service: "api", Environment: "prod"}, ada)
	require.ErrorIs(t, err, rollout.ErrNotRunning)
	require.EqualError(t, err, "rollout: no rollout of the target is under way: api@prod: no rollout")
	w.start()
	w.abort()
	w.step()
	_, err = w.engine().Pause(t.Context(), production, ada)
	require.ErrorIs(t, err, rollout.ErrNotRunning)
	require.EqualError(t, err, "rollout: no rollout of the target is under way: api@production: 2: stopped: because")
	next := w.plan
	next.Release = version("3")
	_, err = w.engine().RollForward(t.Context(), next, ada)
	require.ErrorIs(t, err, rollout.ErrNotRunning)
	require.ErrorContains(t, err, "api@production: 2: stopped")
}

// Drift says what was expected, and what is there instead.
func TestDriftInWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Previous = version("0")
	w.start()
	require.Equal(t, "production is not what the plan says it replaces, "+version("0").String()+": another release, "+version("1").Digest.String()+", serves 100 %",
		w.step().Rollout.Waiting().Text)
}

// A stage that the other target's plan does not have is told as such: nobody is left
// to wonder why it waits for the whole.
func TestADependencyOnAStageThatThereIsNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.verdict["first"] = release.VerdictAllow
	w.start()
	w.step()
	db := rollout.Target{Service: "db", Environment: "production"}
	p := rollout.Plan{Target: db, Release: refOf("db", "2"), Previous: refOf("db", "1"), Stages: []rollout.Stage{share("all", 100)},
		After: []rollout.Dependency{{Target: production, Release: version("2"), Stage: "cannary"}}}
	w.real.Serve(db, p.Previous)
	_, err := w.engine().Start(t.Context(), p, ada)
	require.NoError(t, err)
	s, _, err := w.engine().Step(t.Context(), db)
	require.NoError(t, err)
	require.Contains(t, s.String(), `api@production does not have 2 yet: there is no stage "cannary" in its plan, so the whole is waited for`)
}
