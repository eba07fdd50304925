package deploytest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
)

// arrival is a message as an oracle sees it.
type arrival struct {
	due    time.Time
	action rollout.Action
}

// Whatever is sent, and however it travels, the effects are those of a slow and obvious
// deployer: sort by arrival; with fences, what is not above the highest is dropped, and
// without, what is the same as the one before.
func TestSimulatedIsTheObviousOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		unfenced := rapid.Bool().Draw(t, "unfenced")
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		seconds := rapid.Custom(func(t *rapid.T) time.Duration { return time.Duration(rapid.IntRange(0, 20).Draw(t, "s")) * time.Second })
		var sent []arrival
		u := &deploytest.Unfenced{Latency: 12 * time.Second}
		fly := func(a rollout.Action, delay, settle time.Duration) {
			if !unfenced || delay+settle <= u.Latency {
				sent = append(sent, arrival{now.Add(delay), a})
			}
		}
		u.Now = func() time.Time { return now }
		u.Fate = func(c deploytest.Call) deploytest.Fate {
			if c.Action == nil {
				return deploytest.Fate{}
			}
			f := deploytest.Fate{Err: errBoom, Lost: rapid.Bool().Draw(t, "lost"), Delay: seconds.Draw(t, "delay"),
				Settle: seconds.Draw(t, "settle"), Again: rapid.SliceOfN(seconds, 0, 3).Draw(t, "again")}
			if !f.Lost {
				fly(*c.Action, f.Delay, f.Settle)
			}
			for _, again := range f.Again {
				fly(*c.Action, again, f.Settle)
			}
			return f
		}
		var d rollout.Deployer = &u.Simulated
		if unfenced {
			d = u
		}
		for range rapid.IntRange(1, 12).Draw(t, "calls") {
			a := act(rapid.Uint64Range(1, 6).Draw(t, "fence"), 0)
			if a.Fence%3 != 0 {
				a = act(a.Fence, float64(a.Fence))
			}
			if err := d.Apply(context.Background(), a); !errors.Is(err, errBoom) {
				t.Fatalf("apply: %v", err)
			}
			now = now.Add(seconds.Draw(t, "pause"))
		}
		now = now.Add(time.Minute)

		slices.SortStableFunc(sent, func(a, b arrival) int { return a.due.Compare(b.due) })
		var want []uint64
		for _, m := range sent {
			f := m.action.Fence
			if n := len(want); n == 0 || unfenced && want[n-1] != f || !unfenced && want[n-1] < f {
				want = append(want, f)
			}
		}
		var got []uint64
		for _, e := range u.Effects(production) {
			got = append(got, e.Fence)
		}
		require.Equal(t, want, got)
		if len(want) > 0 && !unfenced {
			o, err := d.Observe(context.Background(), production)
			require.NoError(t, err)
			last := u.Effects(production)[len(want)-1]
			require.NoError(t, last.Check(o))
		}
	})
}
