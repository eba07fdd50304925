package rollout_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

func person(id string) rollout.By {
	return rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: id}, Reason: "because"}
}

// Any valid plan, anything that can happen in any order, engines that die at any call:
// the deployer is never asked for what the oracle does not allow at that moment, what
// must go goes as soon as it can, every stream can be replayed at every moment, and
// once the world is healed every rollout ends.
func TestAnythingThatCanHappen(t *testing.T) {
	t.Parallel()
	var lock sync.Mutex
	seen := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		u := newUniverse(t, rt)
		u.book = newBook(u.plan, ada.Actor.ID, nine)
		_, err := u.engine("service:test").Start(t.Context(), u.plan, ada)
		require.NoError(rt, err)
		if len(u.plan.After)+len(u.plan.Dependents) > 0 {
			_, err := u.engine("service:test").Start(t.Context(), drawnOther(u.plan), ada)
			require.NoError(rt, err)
		}
		rt.Repeat(u.actions())
		u.heal()
		u.replayed()
		lock.Lock()
		defer lock.Unlock()
		for what, n := range u.seen {
			seen[what] += n
		}
	})
	for _, what := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%s: %d", what, seen[what])
	}
}

func (u *universe) actions() map[string]func(*rapid.T) {
	ctx, calls := u.t.Context(), 0
	engines := rapid.SampledFrom([]string{"service:one", "service:two"})
	step := func(rt *rapid.T) { u.checked(engines.Draw(rt, "engine"), 0, faulty.ModeNone) }
	people := rapid.SampledFrom([]string{"github:grace", "github:linus", "github:ken", ada.Actor.ID, heidi.ID})
	verdict := rapid.SampledFrom([]release.Verdict{release.VerdictAllow, release.VerdictAllow, release.VerdictAllow, release.VerdictAllow,
		release.VerdictHold, release.VerdictUnknown, release.VerdictDeny})
	pass := func(rt *rapid.T) {
		u.clock = u.clock.Add(time.Duration(rapid.IntRange(-2, 70).Draw(rt, "minutes")) * time.Minute)
	}
	other := func(rt *rapid.T) {
		was := u.mode
		u.mode = modeWorks
		_, _, err := u.engine("service:web").Step(ctx, web)
		require.NoError(rt, err)
		u.mode = was
	}
	actions := map[string]func(*rapid.T){
		"": func(*rapid.T) { // after every action
			if calls++; calls%6 == 0 {
				u.replayed()
			}
		},
		"step": step, "step 2": step, "step 3": step,
		"all is well": func(*rapid.T) { u.well() },
		"other":       other, "other 2": other,
		"crash": func(rt *rapid.T) {
			u.checked(engines.Draw(rt, "engine"), rapid.IntRange(1, 8).Draw(rt, "call"), rapid.SampledFrom(faulty.Modes()).Draw(rt, "how"))
		},
		"gates": func(rt *rapid.T) {
			name := rapid.SampledFrom([]string{"first", "last", "back"}).Draw(rt, "gate")
			u.verdict[name] = verdict.Draw(rt, "verdict")
			u.gateErr[name] = rapid.SampledFrom([]error{nil, nil, nil, errBoom}).Draw(rt, "error")
		},
		"health": func(rt *rapid.T) {
			u.health = health.Verdict{Kind: rapid.SampledFrom([]health.Kind{health.KindHealthy, health.KindHealthy, health.KindHealthy,
				health.KindUndecided, health.KindInvalid, health.KindRegressed}).Draw(rt, "kind"), Why: "drawn"}
			u.health.NoData = u.health.Kind == health.KindUndecided && coin(rt, "no data", 2)
			u.hErr = rapid.SampledFrom([]error{nil, nil, nil, errBoom}).Draw(rt, "error")
		},
		"sick": func(rt *rapid.T) {
			name := rapid.SampledFrom([]string{"eu", "us", "ap", "rest"}).Draw(rt, "part")
			if u.sick[name] {
				delete(u.sick, name)
			} else {
				u.sick[name] = true
			}
		},
		"deployer": func(rt *rapid.T) {
			u.mode = deployMode(max(0, rapid.IntRange(-7, int(modeDiesAfter)).Draw(rt, "mode")))
		},
		"arrives": func(rt *rapid.T) { // what was sent long ago
			if len(u.late) > 0 {
				_ = u.do(ctx, u.late[rapid.IntRange(0, len(u.late)-1).Draw(rt, "which")])
			}
		},
		"foreign": func(rt *rapid.T) { u.foreign = coin(rt, "foreign", 3) },
		"served": func(rt *rapid.T) {
			u.served = rapid.SampledFrom([]*uint64{new(uint64), new(uint64), nil, ptr(2000)}).Draw(rt, "served")
		},
		"pause":  u.simply("pause", 3, (*rollout.Engine).Pause, func(b *book) { b.paused = true }),
		"resume": u.simply("resume", 1, (*rollout.Engine).Resume, func(b *book) { b.paused, b.resumed = false, true }),
		"abort": func(rt *rapid.T) {
			if !coin(rt, "really", 12) {
				return
			}
			if s := u.load(production); s.Running() {
				_, err := u.engine("service:test").Abort(ctx, production, ada)
				require.NoError(rt, err, "abort works in every state that is no end")
				u.turn(s)
				u.book.aborted = true
				u.seen["abort"]++
			}
		},
		"skip": u.simply("skip", 4, (*rollout.Engine).Skip, func(b *book) { b.skipped = b.widest }),
		"approve": func(rt *rapid.T) {
			who, stage := person(people.Draw(rt, "who")), rapid.SampledFrom([]string{"", "all", "s0", "one", "wave"}).Draw(rt, "stage")
			if coin(rt, "robot", 5) {
				who.Actor = robot
			}
			u.orders("approve", who, func(e *rollout.Engine) error { _, err := e.Approve(ctx, production, stage, who); return err }, func(b *book) {
				id := who.Actor.ID
				require.False(rt, who.Actor == robot || id == b.starter || id == heidi.ID || b.consents[[2]string{stage, id}], "%s may not approve", id)
				b.consents[[2]string{stage, id}] = true
			})
		},
		"revoke": func(rt *rapid.T) {
			who, stage := person(people.Draw(rt, "who")), rapid.SampledFrom([]string{"", "all"}).Draw(rt, "stage")
			u.orders("revoke", who, func(e *rollout.Engine) error { _, err := e.Revoke(ctx, production, stage, who); return err }, func(b *book) {
				maps.DeleteFunc(b.consents, func(c [2]string, _ bool) bool { return c[1] == who.Actor.ID && (stage == "" || c[0] == stage) })
			})
		},
		"override": func(rt *rapid.T) {
			gate := rapid.SampledFrom(append([]string{"first", "back"}, u.book.plan.Overridable...)).Draw(rt, "gate")
			u.orders("override", ada, func(e *rollout.Engine) error { _, err := e.Override(ctx, production, gate, ada); return err }, func(b *book) {
				require.Contains(rt, b.plan.Overridable, gate)
				b.lifted[gate] = append(b.lifted[gate], b.widest, b.widest+1)
			})
		},
		"start again": func(rt *rapid.T) {
			s := u.load(production)
			p := u.book.plan
			if s.Running() || s.Next != nil {
				_, err := u.engine("service:test").Start(ctx, p, ada)
				require.Error(rt, err)
				return
			}
			_, err := u.engine("service:test").Start(ctx, p, ada)
			if u.poisoned[p.Release.Digest] {
				require.ErrorIs(rt, err, rollout.ErrPoisoned)
			}
			if err == nil {
				u.book = newBook(p, ada.Actor.ID, u.clock)
			}
		},
		"supersede":    func(rt *rapid.T) { u.replace(rt, false) },
		"roll forward": func(rt *rapid.T) { u.replace(rt, true) },
	}
	for i := range 12 { // most of the time, time passes
		actions[fmt.Sprint("later ", i)] = func(rt *rapid.T) { pass(rt); step(rt) }
	}
	return actions
}

// well has everything go well from now on.
func (u *universe) well() {
	u.mode, u.foreign, u.served, u.hErr, u.health = modeWorks, false, new(uint64), nil, health.Verdict{Kind: health.KindHealthy}
	clear(u.sick)
	clear(u.gateErr)
	for name := range u.verdict {
		u.verdict[name] = release.VerdictAllow
	}
}

func ptr(n uint64) *uint64 { return &n }

// simply is a command that needs nothing but somebody.
func (u *universe) simply(name string, in int, command func(*rollout.Engine, context.Context, rollout.Target, rollout.By) (rollout.State, error), noted func(*book)) func(*rapid.T) {
	return func(rt *rapid.T) {
		if coin(rt, "really", in) {
			u.orders(name, ada, func(e *rollout.Engine) error { _, err := command(e, u.t.Context(), production, ada); return err }, noted)
		}
	}
}

// replace has another release take the place of the one that runs.
func (u *universe) replace(rt *rapid.T, forward bool) {
	if !coin(rt, "really", 4) {
		return
	}
	p := u.book.plan
	p.Release = version(fmt.Sprint("next ", rapid.IntRange(1, 3).Draw(rt, "version")))
	p.Superseding = rollout.SupersedingTakeBack
	if from := rapid.IntRange(0, len(p.Stages)-1).Draw(rt, "from"); forward {
		p.Stages = p.Stages[from:]
		p.Budget.PercentHours *= 2
		if len(p.Dependents) > 0 || len(p.After) > 0 || p.Validate() != nil {
			return
		}
	}
	who := person("github:linus")
	was := u.load(production)
	if !was.Running() && p.Release == u.book.plan.Release {
		return // the book could not tell the two apart
	}
	if forward {
		u.orders("roll forward", who, func(e *rollout.Engine) error { _, err := e.RollForward(u.t.Context(), p, who); return err }, func(b *book) {
			require.False(rt, u.poisoned[p.Release.Digest] || b.plan.Release == p.Release)
			if was.Running() {
				b.giving, b.cause = true, u.high
			}
			if b.widest >= 0 {
				u.poisoned[b.plan.Release.Digest] = true
			}
		})
		return
	}
	u.orders("supersede", who, func(e *rollout.Engine) error { _, err := e.Supersede(u.t.Context(), p, who); return err }, func(b *book) {
		require.Equal(rt, rollout.SupersedingTakeBack, b.plan.Superseding)
		require.False(rt, b.widest >= 0 && b.irreversible(b.widest) || u.poisoned[p.Release.Digest] || b.plan.Release == p.Release)
		b.giving = true
		if b.cause.IsZero() {
			b.cause = u.high
		}
	})
}

// heal makes everything well, and then every rollout ends in a bounded number of steps.
func (u *universe) heal() {
	ctx, rt := u.t.Context(), u.rt
	u.well()
	for _, a := range u.late {
		_ = u.do(ctx, a)
	}
	for i := range 300 {
		s := u.load(production)
		if !s.Running() && s.Next == nil {
			u.seen["ended as "+s.Rollout.Phase.String()]++
			return
		}
		if s.Running() {
			u.turn(s)
			if _, err := u.engine("service:test").Resume(ctx, production, ada); err == nil {
				u.book.paused, u.book.resumed = false, true
			}
			for _, who := range []string{"github:grace", "github:linus", "github:ken"}[:3*max(0, 1-i%10)] {
				if _, err := u.engine("service:test").Approve(ctx, production, "", person(who)); err == nil {
					u.book.consents[[2]string{"", who}] = true
				}
			}
		}
		if u.load(web).Running() {
			_, _, err := u.engine("service:web").Step(ctx, web)
			require.NoError(rt, err)
		}
		before := u.load(production)
		s, wake, ok := u.drive("service:healer", 0, faulty.ModeNone)
		require.True(rt, ok)
		u.require(before, s, wake)
		if !s.Running() {
			continue
		}
		// What waits for somebody is aborted: a spent budget, a dependency that is gone, what
		// is held.
		if why := s.Rollout.Waiting(); i > 100 && !u.book.aborted {
			switch {
			case s.Rollout.Held != nil:
			case s.Rollout.Widest < 0 && s.Rollout.Drift != "": // started although a halted one still shows
				require.False(rt, s.Known)
			default:
				require.Contains(rt, []string{rollout.GateBudget, rollout.GateAfter}, why.Subject, "%v", s)
			}
			_, err := u.engine("service:test").Abort(ctx, production, ada)
			require.NoError(rt, err)
			u.book.aborted = true
		}
		u.clock = wake.Add(9 * time.Minute) // late is never wrong
	}
	rt.Fatalf("it does not end: %v", u.load(production))
}
