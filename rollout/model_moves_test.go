package rollout_test

import (
	"context"

	"github.com/sallyport-dev/sallyport/rollout"
)

// orders is a command of the engine.
func orders(name string, times uint8, command func(*rollout.Engine, rollout.Target) error) move {
	return move{name: name, left: times, command: command}
}

// command is a command that says nothing but who and why.
func command(name string, times uint8, f func(*rollout.Engine, context.Context, rollout.Target, rollout.By) (rollout.State, error)) move {
	return orders(name, times, func(e *rollout.Engine, t rollout.Target) error {
		_, err := f(e, context.Background(), t, ada)
		return err
	})
}

func mayAbort(times uint8) move { return command("abort", times, (*rollout.Engine).Abort) }
func mayPause(times uint8) move { return command("pause", times, (*rollout.Engine).Pause) }
func maySkip(times uint8) move  { return command("skip", times, (*rollout.Engine).Skip) }
func mayResume() move           { return command("resume", unlimited, (*rollout.Engine).Resume).helpful() }

// mayResumeOnly is for plans where each resume may lead to one more withdrawal.
func mayResumeOnly(times uint8) move {
	v := mayResume()
	v.left = times
	return v
}

// helpful says that somebody will do it some time.
func (v move) helpful() move {
	v.helps = true
	return v
}

// of says which target it is about.
func (v move) of(target int) move {
	v.target = target
	return v
}

func mayOverride(gate string, times uint8) move {
	return orders("override "+gate, times, func(e *rollout.Engine, t rollout.Target) error {
		_, err := e.Override(context.Background(), t, gate, ada)
		return err
	})
}

func mayApprove(times uint8) move {
	return orders("approve", times, func(e *rollout.Engine, t rollout.Target) error {
		_, err := e.Approve(context.Background(), t, "", grace)
		return err
	}).helpful()
}

func mayRevoke(times uint8) move {
	return orders("revoke", times, func(e *rollout.Engine, t rollout.Target) error {
		_, err := e.Revoke(context.Background(), t, "", grace)
		return err
	})
}

// mayStart starts another rollout after the first has ended.
func mayStart(name string, p rollout.Plan) move {
	v := orders("start "+name, 1, func(e *rollout.Engine, _ rollout.Target) error {
		_, err := e.Start(context.Background(), p, ada)
		return err
	})
	v.late = true
	return v
}

func maySupersede(p rollout.Plan) move {
	return orders("supersede", 1, func(e *rollout.Engine, _ rollout.Target) error {
		_, err := e.Supersede(context.Background(), p, ada)
		return err
	})
}

func mayRollForward(p rollout.Plan) move {
	return orders("roll forward", 1, func(e *rollout.Engine, _ rollout.Target) error {
		_, err := e.RollForward(context.Background(), p, ada)
		return err
	})
}

// becomes is a turn of the world.
func becomes(name string, times uint8, set, clear env) move {
	return move{name: name, left: times, turn: func(e env) (env, bool) {
		next := e&^clear | set
		return next, next != e
	}}
}

// mayRegress is for ever: health does not take a regression back.
func mayRegress() move { return becomes("health sees a regression", 1, regresses, 0) }
