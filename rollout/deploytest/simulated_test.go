package deploytest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
)

var (
	production = rollout.Target{Service: "api", Environment: "production"}
	errBoom    = errors.New("boom")
)

func version(v string) release.Ref {
	return release.Ref{Service: "api", Version: v, Digest: release.DigestOf([]byte("api " + v))}
}

// act exposes version 2 to a percentage, or rolls it back.
func act(fence uint64, percent float64) rollout.Action {
	a := rollout.Action{Target: production, Kind: rollout.ActionExpose, Release: version("2"), Previous: version("1"), Stage: "stage",
		Slices: []rollout.Slice{{Percent: percent}}, Key: release.DigestOf(fmt.Append(nil, fence)), Fence: fence}
	if percent == 0 {
		a.Kind, a.Stage, a.Slices = rollout.ActionRollback, "", nil
	}
	return a
}

// simulatedOptions are the hooks of a simulated world.
func simulatedOptions(of func(rollout.Deployer) *deploytest.Simulated) *deploytest.Options {
	return &deploytest.Options{
		Restart: func(d rollout.Deployer) (rollout.Deployer, error) { of(d).Crash(); return d, nil },
		Beside:  func(d rollout.Deployer) (rollout.Deployer, error) { return d, nil },
		Drift: func(d rollout.Deployer, t rollout.Target, r release.Ref) error {
			of(d).Drift(t, r)
			return nil
		},
		Blind: func(d rollout.Deployer, t rollout.Target) error { of(d).Blind(t, true); return nil },
		Break: func(d rollout.Deployer, t rollout.Target) error { of(d).Break(t); return nil },
		// In the tests that wait, time passes at once.
		Settle: 10 * time.Minute, Linger: 20 * time.Millisecond,
	}
}

func asSimulated(d rollout.Deployer) *deploytest.Simulated {
	if u, ok := d.(*deploytest.Unfenced); ok {
		return &u.Simulated
	}
	return d.(*deploytest.Simulated)
}

func TestSimulated(t *testing.T) {
	t.Parallel()
	o := simulatedOptions(asSimulated)
	o.Linger = time.Millisecond
	deploytest.Run(t, func(*testing.T) rollout.Deployer { return new(deploytest.Simulated) }, o)
}

// rough has calls take their time, overtake each other and come several times, within a
// second.
func rough(seed uint64) func(deploytest.Call) deploytest.Fate {
	rnd := rand.New(rand.NewPCG(seed, 7))
	ms := func(n int) time.Duration { return time.Duration(rnd.IntN(n)) * time.Millisecond }
	return func(c deploytest.Call) deploytest.Fate {
		f := deploytest.Fate{Delay: ms(200), Settle: ms(300)}
		for range rnd.IntN(3) {
			f.Again = append(f.Again, ms(700))
		}
		return f
	}
}

// locked makes a fate safe for calls at once.
func locked(f func(deploytest.Call) deploytest.Fate) func(deploytest.Call) deploytest.Fate {
	turn := make(chan struct{}, 1)
	return func(c deploytest.Call) deploytest.Fate {
		turn <- struct{}{}
		defer func() { <-turn }()
		return f(c)
	}
}

// However calls fare, the simulated deployers keep to the contract, or to what they
// declare of it.
func TestSimulatedOverARoughNetwork(t *testing.T) {
	t.Parallel()
	for _, unfenced := range []bool{false, true} {
		for _, c := range deploytest.Cases() {
			t.Run(fmt.Sprintf("unfenced=%v/%s", unfenced, c.Name), func(t *testing.T) {
				t.Parallel()
				for seed := range uint64(2) {
					var err error
					synctest.Test(t, func(t *testing.T) {
						o := simulatedOptions(asSimulated)
						o.Linger = 2 * time.Second
						o.Break = nil // a copy may complete what ended half-way
						var d rollout.Deployer = &deploytest.Simulated{Fate: locked(rough(seed))}
						if unfenced {
							d = &deploytest.Unfenced{Simulated: deploytest.Simulated{Fate: locked(rough(seed))}, Latency: time.Second}
						}
						err = c.Run(t.Context(), d, o)
					})
					if unfenced && errors.Is(err, deploytest.ErrNotProven) || c.Name == "partial" {
						require.ErrorIs(t, err, deploytest.ErrNotProven)
						continue
					}
					require.NoError(t, err, "seed %d", seed)
				}
			})
		}
	}
}

func TestFate(t *testing.T) {
	t.Parallel()
	type simulated = deploytest.Simulated
	observe := func(t *testing.T, s rollout.Deployer) rollout.Observed {
		o, err := s.Observe(t.Context(), production)
		require.NoError(t, err)
		return o
	}
	percent := func(t *testing.T, s rollout.Deployer) float64 {
		for _, share := range observe(t, s).Shares {
			if share.Release == version("2").Digest {
				return share.Slice.Percent
			}
		}
		return 0
	}
	// first gives the first call of Apply its fate.
	first := func(f deploytest.Fate) func(deploytest.Call) deploytest.Fate {
		given := false
		return func(c deploytest.Call) deploytest.Fate {
			if given || c.Action == nil {
				return deploytest.Fate{}
			}
			given = true
			return f
		}
	}
	for _, c := range []struct {
		name string
		fate deploytest.Fate
		run  func(t *testing.T, s *simulated)
	}{
		{"a request is lost", deploytest.Fate{Lost: true, Err: errBoom}, func(t *testing.T, s *simulated) {
			require.ErrorIs(t, s.Apply(t.Context(), act(2, 10)), errBoom)
			require.Zero(t, percent(t, s))
		}},
		{"a request is lost, and nobody says so", deploytest.Fate{Lost: true}, func(t *testing.T, s *simulated) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			require.ErrorIs(t, s.Apply(ctx, act(2, 10)), context.DeadlineExceeded)
			require.Zero(t, percent(t, s))
		}},
		{"a request is lost, and the caller would wait for ever", deploytest.Fate{Lost: true}, func(t *testing.T, s *simulated) {
			require.ErrorContains(t, s.Apply(context.Background(), act(2, 10)), "never ends")
		}},
		{"an answer is lost", deploytest.Fate{Err: errBoom}, func(t *testing.T, s *simulated) {
			require.ErrorIs(t, s.Apply(t.Context(), act(2, 10)), errBoom)
			require.Equal(t, 10., percent(t, s))
		}},
		{"it takes its time", deploytest.Fate{Delay: time.Minute}, func(t *testing.T, s *simulated) {
			begin := time.Now()
			require.NoError(t, s.Apply(t.Context(), act(2, 10)))
			require.Equal(t, time.Minute, time.Since(begin))
			require.Equal(t, 10., percent(t, s))
		}},
		{"it comes although the caller has given up", deploytest.Fate{Delay: time.Minute}, func(t *testing.T, s *simulated) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			require.ErrorIs(t, s.Apply(ctx, act(2, 10)), context.DeadlineExceeded)
			require.Zero(t, percent(t, s))
			time.Sleep(time.Minute)
			require.Equal(t, 10., percent(t, s))
		}},
		{"it comes too late", deploytest.Fate{Delay: time.Minute, Err: errBoom}, func(t *testing.T, s *simulated) {
			require.ErrorIs(t, s.Apply(t.Context(), act(2, 10)), errBoom)
			require.NoError(t, s.Apply(t.Context(), act(4, 0)))
			time.Sleep(time.Hour)
			require.Zero(t, percent(t, s))
			require.Equal(t, 1, s.Tally().Refused)
		}},
		{"it comes again", deploytest.Fate{Again: []time.Duration{time.Second, time.Minute}}, func(t *testing.T, s *simulated) {
			require.NoError(t, s.Apply(t.Context(), act(2, 10)))
			time.Sleep(time.Second)
			require.Equal(t, 10., percent(t, s))
			require.NoError(t, s.Apply(t.Context(), act(4, 0)))
			time.Sleep(time.Hour)
			require.Zero(t, percent(t, s))
			require.Equal(t, deploytest.Tally{Calls: 4, Effects: 2, Repeats: 1, Refused: 1}, s.Tally())
		}},
		{"it settles later", deploytest.Fate{Settle: time.Minute}, func(t *testing.T, s *simulated) {
			require.NoError(t, s.Apply(t.Context(), act(2, 10)))
			o := observe(t, s)
			require.False(t, o.Settled)
			require.EqualValues(t, 2, o.Fence)
			require.Zero(t, percent(t, s))
			time.Sleep(time.Minute)
			require.NoError(t, act(2, 10).Check(observe(t, s)))
		}},
		{"the caller is killed", deploytest.Fate{Then: func() { panic(errBoom) }}, func(t *testing.T, s *simulated) {
			require.PanicsWithValue(t, errBoom, func() { _ = s.Apply(t.Context(), act(2, 10)) })
			require.Equal(t, 10., percent(t, s))
		}},
		{"the deployer crashes", deploytest.Fate{Delay: time.Minute}, func(t *testing.T, s *simulated) {
			time.AfterFunc(time.Second, s.Crash)
			require.ErrorContains(t, s.Apply(t.Context(), act(4, 10)), "crashed")
			time.Sleep(time.Hour)
			require.Zero(t, percent(t, s))
			require.NoError(t, s.Apply(t.Context(), act(4, 10)))
			s.Crash()
			require.ErrorIs(t, s.Apply(t.Context(), act(2, 50)), rollout.ErrFenced, "the fence outlives it")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &simulated{Fate: first(c.fate)}
				s.Serve(production, version("1"))
				c.run(t, s)
			})
		})
	}
}

// A test's own clock serves as well as one that passes by itself.
func TestSimulatedClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s := &deploytest.Simulated{
		Now:   func() time.Time { return now },
		Sleep: func(_ context.Context, d time.Duration) error { now = now.Add(d); return nil },
		Fate:  func(c deploytest.Call) deploytest.Fate { return deploytest.Fate{Delay: time.Duration(c.N) * time.Hour} },
	}
	require.NoError(t, s.Apply(t.Context(), act(2, 10)))
	require.NoError(t, s.Apply(t.Context(), act(4, 20)))
	require.Equal(t, 12, now.Hour())
	now = now.Add(-time.Hour) // a clock that is turned back
	s.Fate = nil
	require.NoError(t, s.Apply(t.Context(), act(6, 30)))
	require.Len(t, s.Effects(production), 3)
	// One that stands still never brings the answer.
	s.Sleep = func(context.Context, time.Duration) error { return nil }
	s.Fate = func(deploytest.Call) deploytest.Fate { return deploytest.Fate{Delay: time.Hour} }
	require.ErrorContains(t, s.Apply(t.Context(), act(8, 40)), "no answer")
}

func TestSimulatedGoesOnInAnotherProcess(t *testing.T) {
	t.Parallel()
	var a deploytest.Simulated
	a.Serve(production, version("1"))
	require.NoError(t, a.Apply(t.Context(), act(3, 5)))
	world, err := json.Marshal(&a)
	require.NoError(t, err)

	var b deploytest.Simulated
	require.NoError(t, json.Unmarshal(world, &b))
	o, err := b.Observe(t.Context(), production)
	require.NoError(t, err)
	require.NoError(t, act(3, 5).Check(o))
	require.ErrorIs(t, b.Apply(t.Context(), act(2, 50)), rollout.ErrFenced)

	for _, bad := range []string{`{"rollout/api/production":null}`, `{"api":{}}`, `[]`, `{`} {
		require.Error(t, json.Unmarshal([]byte(bad), &b), bad)
		require.Len(t, b.Effects(production), 1, "an error changes nothing")
	}
	require.ErrorContains(t, b.Apply(t.Context(), act(0, 5)), "needs a fence")
	keyless := act(9, 5)
	keyless.Key = release.Digest{}
	require.ErrorContains(t, b.Apply(t.Context(), keyless), "needs a fence")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, b.Apply(over, act(9, 5)), context.Canceled)
	_, err = b.Observe(over, production)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, deploytest.Tally{Calls: 2, Refused: 1}, b.Tally(), "what was refused by the context was no call")
}

// What fences are for: without them, a late copy brings the canary back.
func TestUnfencedZombie(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := &deploytest.Unfenced{}
		require.Equal(t, time.Minute, u.MaxLatency())
		u.Fate = func(c deploytest.Call) deploytest.Fate {
			if c.N == 1 {
				return deploytest.Fate{Again: []time.Duration{time.Minute, time.Minute + 1}}
			}
			return deploytest.Fate{}
		}
		require.NoError(t, u.Apply(t.Context(), act(2, 10)))
		require.NoError(t, u.Apply(t.Context(), act(4, 0)))
		o, err := u.Observe(t.Context(), production)
		require.NoError(t, err)
		require.Zero(t, o.Fence)
		o.Unfenced = u.MaxLatency()
		require.NoError(t, act(4, 0).Check(o))
		time.Sleep(time.Hour)
		o, err = u.Observe(t.Context(), production)
		require.NoError(t, err)
		o.Unfenced = u.MaxLatency()
		require.NoError(t, act(2, 10).Check(o), "it is back")
		require.Len(t, u.Effects(production), 3, "what would have come later than a minute is lost")
	})
}

func TestEachOnce(t *testing.T) {
	t.Parallel()
	a, b, c := act(2, 10), act(4, 50), act(6, 0)
	other := b
	other.Fence = 5
	type list = []rollout.Action
	for _, ok := range []struct{ ordered, effects list }{
		{nil, nil}, {list{a}, list{a}}, {list{a, b, c}, list{a, b, c}}, {list{a, b, c}, list{a, c}}, {list{a, b, c}, list{c}},
	} {
		require.NoError(t, deploytest.EachOnce(ok.ordered, ok.effects))
	}
	for _, bad := range []struct {
		ordered, effects list
		want             string
	}{
		{nil, list{a}, "was not ordered"},
		{list{a}, nil, "no effect"},
		{list{a, b}, list{a}, "no effect"},
		{list{a, b}, list{a, b, b}, "comes again"},
		{list{a, b}, list{a, a, b}, "comes again"},
		{list{a, b, c}, list{b, a, c}, "too late"},
		{list{a, b, c}, list{a, b, c, a}, "too late"},
		{list{a, b}, list{a, other}, "fence 5, but 4"},
	} {
		require.ErrorContains(t, deploytest.EachOnce(bad.ordered, bad.effects), bad.want)
	}
}
