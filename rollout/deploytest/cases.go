package deploytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// Run proves the deployers that fresh makes, one for each case. A fresh deployer
// has never seen the targets of service "deploytest". It must be able to deploy
// any release there.
func Run(t *testing.T, fresh func(t *testing.T) rollout.Deployer) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.Run(t.Context(), fresh(t)); err != nil {
				t.Errorf("%s: %v", c.Doc, err)
			}
		})
	}
}

// Case is one demand of the contract.
type Case struct {
	// Name is unique among [Cases].
	Name string
	// Doc says what is demanded.
	Doc string
	// Run tries it on a fresh deployer.
	Run func(ctx context.Context, d rollout.Deployer) error
}

// settle bounds how long an accepted action may take to be observed, and linger is
// how long a refused one is given to show an effect after all.
const (
	settle = 30 * time.Second
	linger = 20 * time.Millisecond
)

// Cases are all demands.
func Cases() []Case {
	return []Case{
		{"in-order", "each stage and the rollback are observed", inOrder},
		{"duplicate", "the same action again changes nothing", duplicate},
		{"replay", "an action that was done and overtaken is refused", replay},
		{"reorder", "an action that arrives after a later one is refused", reorder},
		{"zombie", "an exposure ordered before the rollback never comes back", zombie},
		{"late-first", "a rollback that arrives before its exposure keeps it out", lateFirst},
		{"two-histories", "another action with the same fence is refused", twoHistories},
		{"cancelled", "an attempt whose outcome nobody knows can be repeated", cancelled},
		{"first-deployment", "without a previous release, a rollback leaves nothing", firstDeployment},
		{"next-rollout", "fences go on in the next rollout", nextRollout},
		{"targets", "fences of one target say nothing about another", targets},
		{"concurrent", "of many at once, the highest fence stays", concurrent},
	}
}

func ref(version string) release.Ref {
	return release.Ref{Service: "deploytest", Version: version, Digest: release.DigestOf([]byte("deploytest " + version))}
}

// act is an action on the first target: release 2 takes the place of release 1.
func act(fence uint64, slices ...rollout.Slice) rollout.Action {
	a := rollout.Action{Target: rollout.Target{Service: "deploytest", Environment: "one"}, Kind: rollout.ActionExpose,
		Release: ref("2"), Previous: ref("1"), Slices: slices, Stage: "stage",
		Key: release.DigestOf(fmt.Appendf(nil, "deploytest key %d", fence)), Fence: fence}
	if len(slices) == 0 {
		a.Kind, a.Stage = rollout.ActionRollback, ""
	}
	return a
}

func share(percent float64) rollout.Slice { return rollout.Slice{Percent: percent} }

// do applies a and waits until it is observed.
func do(ctx context.Context, d rollout.Deployer, a rollout.Action) error {
	if err := d.Apply(ctx, a); err != nil {
		return fmt.Errorf("apply of fence %d: %w", a.Fence, err)
	}
	ctx, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	for {
		o, err := d.Observe(ctx, a.Target)
		if err == nil {
			if err = a.Check(o); err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("fence %d is never observed: %w", a.Fence, err)
		case <-time.After(settle / 10000):
		}
		if o.Settled && o.Fence >= a.Fence {
			return fmt.Errorf("fence %d is settled, but: %w", a.Fence, err)
		}
	}
}

// refuse applies a, which must be refused and leave stays in force.
func refuse(ctx context.Context, d rollout.Deployer, a, stays rollout.Action) error {
	if err := d.Apply(ctx, a); !errors.Is(err, rollout.ErrFenced) {
		return fmt.Errorf("apply of fence %d after %d returned %v, not ErrFenced", a.Fence, stays.Fence, err)
	}
	return remains(ctx, d, stays)
}

// remains looks for a while whether a stays in force.
func remains(ctx context.Context, d rollout.Deployer, a rollout.Action) error {
	for end := time.Now().Add(linger); ; time.Sleep(linger / 10) {
		o, err := d.Observe(ctx, a.Target)
		if err != nil {
			return fmt.Errorf("observe: %w", err)
		}
		if err := a.Check(o); err != nil {
			return fmt.Errorf("fence %d is no longer in force: %w", a.Fence, err)
		}
		if time.Now().After(end) {
			return nil
		}
	}
}

// all does the actions in order.
func all(ctx context.Context, d rollout.Deployer, actions ...rollout.Action) error {
	for _, a := range actions {
		if err := do(ctx, d, a); err != nil {
			return err
		}
	}
	return nil
}

func inOrder(ctx context.Context, d rollout.Deployer) error {
	return all(ctx, d, act(1, share(1)), act(3, share(1), rollout.Slice{Region: "eu", Percent: 100}), act(5, share(100)), act(9))
}

func duplicate(ctx context.Context, d rollout.Deployer) error {
	canary, back := act(2, share(10)), act(4)
	return errors.Join(all(ctx, d, canary, canary, canary), remains(ctx, d, canary), all(ctx, d, back, back), remains(ctx, d, back))
}

func replay(ctx context.Context, d rollout.Deployer) error {
	canary, half := act(2, share(10)), act(4, share(50))
	return errors.Join(all(ctx, d, canary, half), refuse(ctx, d, canary, half), do(ctx, d, half))
}

func reorder(ctx context.Context, d rollout.Deployer) error {
	half := act(4, share(50))
	return errors.Join(do(ctx, d, half), refuse(ctx, d, act(2, share(10)), half))
}

func zombie(ctx context.Context, d rollout.Deployer) error {
	back := act(6)
	return errors.Join(all(ctx, d, act(2, share(10)), back),
		refuse(ctx, d, act(4, share(50)), back), refuse(ctx, d, act(2, share(10)), back), do(ctx, d, back))
}

func lateFirst(ctx context.Context, d rollout.Deployer) error {
	back := act(4)
	return errors.Join(do(ctx, d, back), refuse(ctx, d, act(2, share(10)), back))
}

func twoHistories(ctx context.Context, d rollout.Deployer) error {
	canary, other := act(2, share(10)), act(2, share(50))
	other.Key = release.DigestOf([]byte("deploytest other history"))
	return errors.Join(do(ctx, d, canary), refuse(ctx, d, other, canary))
}

func cancelled(ctx context.Context, d rollout.Deployer) error {
	over, cancel := context.WithCancel(ctx)
	cancel()
	canary, back := act(2, share(10)), act(4)
	_ = d.Apply(over, canary) // whatever it says: it may have happened
	if err := do(ctx, d, canary); err != nil {
		return err
	}
	_ = d.Apply(over, back)
	return do(ctx, d, back)
}

func firstDeployment(ctx context.Context, d rollout.Deployer) error {
	first := func(a rollout.Action) rollout.Action {
		a.Previous = release.Ref{}
		return a
	}
	back := first(act(6))
	return errors.Join(all(ctx, d, first(act(2, share(10))), first(act(4, share(100))), back),
		refuse(ctx, d, first(act(4, share(100))), back))
}

func nextRollout(ctx context.Context, d rollout.Deployer) error {
	next := func(a rollout.Action) rollout.Action {
		a.Release, a.Previous = ref("3"), ref("2")
		return a
	}
	fixed := next(act(9, share(10)))
	return errors.Join(all(ctx, d, act(2, share(100)), fixed), refuse(ctx, d, act(4), fixed), do(ctx, d, next(act(12))))
}

func targets(ctx context.Context, d rollout.Deployer) error {
	elsewhere := act(2, share(10))
	elsewhere.Target.Environment = "two"
	half := act(8, share(50))
	return errors.Join(all(ctx, d, half, elsewhere), remains(ctx, d, half), remains(ctx, d, elsewhere))
}

func concurrent(ctx context.Context, d rollout.Deployer) error {
	const n = 16
	errs := make([]error, 2*n)
	var wg sync.WaitGroup
	for i := range errs {
		a := act(uint64(1+i/2), share(float64(2+i/2))) // each of them twice
		wg.Go(func() {
			if err := d.Apply(ctx, a); err != nil && !errors.Is(err, rollout.ErrFenced) {
				errs[i] = err
			}
		})
	}
	wg.Wait()
	last := act(n, share(n+1))
	return errors.Join(errors.Join(errs...), do(ctx, d, last), refuse(ctx, d, act(n-1, share(n)), last))
}
