package deploytest_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
)

func TestSimulated(t *testing.T) {
	t.Parallel()
	deploytest.Run(t, func(*testing.T) rollout.Deployer { return &deploytest.Simulated{} })
}

// mutant is the good deployer, spoilt.
type mutant struct {
	deploytest.Simulated
	apply   func(m *mutant, ctx context.Context, a rollout.Action) error
	observe func(o rollout.Observed) rollout.Observed
	lock    sync.Mutex
}

func (m *mutant) Apply(ctx context.Context, a rollout.Action) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.apply == nil {
		return m.Simulated.Apply(ctx, a)
	}
	return m.apply(m, ctx, a)
}

func (m *mutant) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	o, err := m.Simulated.Observe(ctx, t)
	if m.observe != nil {
		o = m.observe(o)
	}
	return o, err
}

// force makes an action happen whatever its fence, on a world of its own that
// claims the highest fence seen.
func (m *mutant) force(ctx context.Context, a rollout.Action) error {
	o, err := m.Simulated.Observe(ctx, a.Target)
	if err != nil {
		return err
	}
	high := max(o.Fence, a.Fence)
	m.observe = func(o rollout.Observed) rollout.Observed { o.Fence = high; return o }
	world, err := json.Marshal(map[string]any{a.Target.Stream(): map[string]any{"actions": []rollout.Action{a}}})
	if err != nil {
		return err
	}
	return m.Simulated.UnmarshalJSON(world)
}

// Each way to break the contract must be found, or the test is worth nothing.
func TestMutantsFail(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func() *mutant{
		"no fence": func() *mutant {
			return &mutant{apply: (*mutant).force}
		},
		"a key is known, but fences are not compared": func() *mutant {
			seen := map[release.Digest]bool{}
			return &mutant{apply: func(m *mutant, ctx context.Context, a rollout.Action) error {
				if seen[a.Key] {
					return nil
				}
				seen[a.Key] = true
				return m.force(ctx, a)
			}}
		},
		"another key with the same fence": func() *mutant {
			return &mutant{apply: func(m *mutant, ctx context.Context, a rollout.Action) error {
				o, _ := m.Simulated.Observe(ctx, a.Target)
				if o.Fence == a.Fence {
					return m.force(ctx, a)
				}
				return m.Simulated.Apply(ctx, a)
			}}
		},
		"refuses silently": func() *mutant {
			return &mutant{apply: func(m *mutant, ctx context.Context, a rollout.Action) error {
				_ = m.Simulated.Apply(ctx, a)
				return nil
			}}
		},
		"refuses the same action when it comes again": func() *mutant {
			return &mutant{apply: func(m *mutant, ctx context.Context, a rollout.Action) error {
				if o, _ := m.Simulated.Observe(ctx, a.Target); o.Fence == a.Fence {
					return rollout.ErrFenced
				}
				return m.Simulated.Apply(ctx, a)
			}}
		},
		"a cancelled attempt counts as done": func() *mutant {
			done := map[release.Digest]bool{}
			return &mutant{apply: func(m *mutant, ctx context.Context, a rollout.Action) error {
				if done[a.Key] {
					return nil
				}
				done[a.Key] = true
				return m.Simulated.Apply(ctx, a)
			}}
		},
		"fences are shared by all targets": func() *mutant {
			high := uint64(0)
			return &mutant{apply: func(m *mutant, ctx context.Context, a rollout.Action) error {
				if a.Fence < high {
					return rollout.ErrFenced
				}
				high = a.Fence
				return m.Simulated.Apply(ctx, a)
			}}
		},
		"a rollback leaves the canary": func() *mutant {
			return &mutant{apply: func(m *mutant, ctx context.Context, a rollout.Action) error {
				if a.Kind == rollout.ActionRollback {
					a.Slices = []rollout.Slice{{Percent: 1}}
				}
				return m.Simulated.Apply(ctx, a)
			}}
		},
		"a rollback of a first deployment does nothing": func() *mutant {
			return &mutant{apply: func(m *mutant, ctx context.Context, a rollout.Action) error {
				if a.Kind == rollout.ActionRollback && a.Previous.IsZero() {
					return nil
				}
				return m.Simulated.Apply(ctx, a)
			}}
		},
		"observe does not know fences": func() *mutant {
			return &mutant{observe: func(o rollout.Observed) rollout.Observed { o.Fence = 0; o.Settled = false; return o }}
		},
		"observe leaves out the previous release": func() *mutant {
			return &mutant{observe: func(o rollout.Observed) rollout.Observed { o.Shares = o.Shares[:min(1, len(o.Shares))]; return o }}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed := 0
			for _, c := range deploytest.Cases() {
				ctx, cancel := context.WithTimeout(t.Context(), 200*1e6)
				if c.Run(ctx, make()) != nil {
					failed++
				}
				cancel()
			}
			require.NotZero(t, failed)
		})
	}
}

func TestSimulatedGoesOnInAnotherProcess(t *testing.T) {
	t.Parallel()
	target := rollout.Target{Service: "api", Environment: "production"}
	old := release.Ref{Service: "api", Version: "1", Digest: release.DigestOf([]byte("1"))}
	var a deploytest.Simulated
	a.Serve(target, old)
	act := rollout.Action{Target: target, Kind: rollout.ActionExpose, Previous: old, Key: release.DigestOf([]byte("k")), Fence: 3,
		Release: release.Ref{Service: "api", Version: "2", Digest: release.DigestOf([]byte("2"))}, Slices: []rollout.Slice{{Percent: 5}}}
	require.NoError(t, a.Apply(t.Context(), act))
	world, err := json.Marshal(&a)
	require.NoError(t, err)

	var b deploytest.Simulated
	require.NoError(t, json.Unmarshal(world, &b))
	o, err := b.Observe(t.Context(), target)
	require.NoError(t, err)
	require.NoError(t, act.Check(o))
	act.Fence = 2
	require.ErrorIs(t, b.Apply(t.Context(), act), rollout.ErrFenced)

	require.Error(t, json.Unmarshal([]byte(`{"rollout/api/production":null}`), &b))
	require.Len(t, b.Effects(target), 1, "an error changes nothing")
	act.Fence = 0
	require.ErrorContains(t, b.Apply(t.Context(), act), "needs a fence")
}
