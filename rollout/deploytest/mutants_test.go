package deploytest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
)

// mutant is a rule of the contract that a plain deployer can drop, and the case that
// must then fail; others may.
type mutant struct {
	without, caught string
	lacks           []deploytest.Feature
}

// little is what a deployer lacks that knows only one way to serve all traffic.
var little = []deploytest.Feature{deploytest.FeaturePercent, deploytest.FeatureFraction, deploytest.FeatureEnvironment,
	deploytest.FeatureRegion, deploytest.FeatureCell, deploytest.FeatureCohort, deploytest.FeatureSlices}

var broken = []mutant{
	// Each action once.
	{without: "no fence is no fence", caught: "fresh"},
	{without: "fences are observed", caught: "in-order"},
	{without: "it settles at last", caught: "in-order"},
	{without: "a rollback takes all away", caught: "in-order"},
	{without: "the previous release serves all the rest", caught: "in-order"},
	{without: "all that serves is observed", caught: "in-order"},
	{without: "an action again is accepted", caught: "duplicate"},
	{without: "an action again changes nothing", caught: "duplicate"},
	{without: "actions are told apart by their keys", caught: "same-slices"},
	{without: "a rollback restores the previous release", caught: "next-rollout"},
	{without: "a rollback of a first deployment leaves nothing", caught: "first-deployment"},
	{without: "targets have their own fences", caught: "targets"},
	{without: "targets have environments", caught: "targets"},
	{without: "targets have services", caught: "names"},
	{without: "targets have two names", caught: "names"},
	{without: "upper case is not lower case", caught: "names"},
	{without: "names are no paths", caught: "names"},
	{without: "names are not cut", caught: "names"},
	{without: "releases are told apart by digests", caught: "digests"},

	// What serves.
	{without: "slices are replaced", caught: "replaced"},
	{without: "all slices are served", caught: "replaced"},
	{without: "the order of slices means nothing", caught: "slice-order"},
	{without: "any number of slices is served", caught: "many-slices"},
	{without: "percents are those that were ordered", caught: "percents"},
	{without: "percents have fractions", caught: "fractions"},
	{without: "environments are told apart", caught: "environments"},
	{without: "regions are told apart", caught: "regions"},
	{without: "a withdrawal is done", caught: "withdrawn"},
	{without: "a withdrawal is no rollback", caught: "withdrawn"},
	{without: "what is all is all", caught: "whole"},
	{without: "cells are told apart", caught: "cells"},
	{without: "cohorts are told apart", caught: "cohorts"},
	{without: "what is lacking is told", caught: "lacking"},
	{without: "what is lacking is not done in another way", caught: "lacking"},

	// Fences.
	{without: "an overtaken action is refused", caught: "reorder"},
	{without: "an overtaken action is refused", caught: "replay"},
	{without: "a refusal is told", caught: "replay"},
	{without: "what would change nothing is refused", caught: "reorder"},
	{without: "a refusal is ErrFenced", caught: "reorder"},
	{without: "a refusal is for good", caught: "reorder"},
	{without: "a known key does not pass by the fence", caught: "zombie"},
	{without: "a rollback has a fence", caught: "late-first"},
	{without: "a rollback is compared", caught: "old-rollout"},
	{without: "a withdrawal has a fence", caught: "late-slice"},
	{without: "another key with the same fence is refused", caught: "two-histories"},
	{without: "the key stands for the action", caught: "other-body"},
	{without: "fence 0 is no fence", caught: "no-fence"},
	{without: "an action has a key", caught: "no-fence"},
	{without: "releases have no fences of their own", caught: "old-rollout"},
	{without: "fences go on in the next rollout", caught: "old-rollout"},
	{without: "fences are numbers", caught: "numbers"},
	{without: "fences have more than 8 bits", caught: "numbers"},
	{without: "fences have more than 32 bits", caught: "numbers"},
	{without: "fences have a sign to spare", caught: "numbers"},
	{without: "fences have 53 bits", caught: "numbers"},

	// Time.
	{without: "an attempt that was not made is no effect", caught: "cancelled"},
	{without: "what was begun is not done", caught: "timeout"},
	{without: "what has ended has ended", caught: "timeout"},
	{without: "what has little time is not done later", caught: "slow"},
	{without: "calls end with their context", caught: "bounded"},
	{without: "a look ends with its context", caught: "bounded"},

	// Many at once.
	{without: "one at a time", caught: "concurrent"},
	{without: "the same at once is the same", caught: "concurrent-duplicate"},
	{without: "the check and the effect are one", caught: "under-way"},
	{without: "a fence that is seen binds", caught: "seen"},
	{without: "settled is settled", caught: "watched"},
	{without: "a fence is observed when it binds", caught: "watched"},
	{without: "fences are kept where all processes see them", caught: "processes"},

	// Crashes.
	{without: "the fence is kept", caught: "restart"},
	{without: "the fence is kept before the effect", caught: "crash"},
	{without: "what was begun is not done", caught: "crash-repeat"},

	// The world.
	{without: "what serves is observed, not what was ordered", caught: "drift"},
	{without: "an action again makes up for what happened", caught: "repair"},
	{without: "what is not seen is not left out", caught: "blind"},
	{without: "half is not done", caught: "partial"},

	// Deployers that cannot fence.
	{without: "latency is positive", caught: "in-order"},
	{without: "unfenced, an action again changes nothing", caught: "duplicate"},
	{without: "unfenced, an action again undoes what came late", caught: "undone"},
	{without: "unfenced, nothing comes later than said", caught: "timeout"},
	{without: "unfenced, what is done is seen in time", caught: "in-order"},
}

// allowed are ways to be that look odd and keep to the contract.
var allowed = []string{"what is not seen is not known", "the action's slices are left alone"}

func (m mutant) unfenced() bool {
	return m.without == "latency is positive" || len(m.without) > 9 && m.without[:9] == "unfenced,"
}

// make is a deployer without the rule, and the options that show it.
func (m mutant) make() (rollout.Deployer, *deploytest.Options) {
	o := &deploytest.Options{Settle: 5 * time.Second, Linger: 50 * tick}
	if o.Lacks = m.lacks; m.caught == "lacking" {
		o.Lacks = little
	}
	p := newPlain(m.without, o.Lacks...)
	unwrap := func(d rollout.Deployer) *plain {
		if u, ok := d.(plainUnfenced); ok {
			return u.plain
		}
		return d.(*plain)
	}
	wrap := func(p *plain) rollout.Deployer { return p }
	if m.unfenced() {
		wrap = func(p *plain) rollout.Deployer { return plainUnfenced{p} }
	}
	change := func(d rollout.Deployer, t rollout.Target, f func(*plot)) error {
		p := unwrap(d)
		p.ground.mu.Lock()
		defer p.ground.mu.Unlock()
		f(p.plot(t))
		return nil
	}
	o.Beside = func(d rollout.Deployer) (rollout.Deployer, error) { return wrap(unwrap(d).beside()), nil }
	o.Restart = func(d rollout.Deployer) (rollout.Deployer, error) { return wrap(unwrap(d).restart()), nil }
	o.Blind = func(d rollout.Deployer, t rollout.Target) error {
		return change(d, t, func(l *plot) {
			l.blind = true
			if n := len(l.shares); n > 1 {
				l.shares = l.shares[:n-1]
			}
		})
	}
	o.Break = func(d rollout.Deployer, t rollout.Target) error {
		return change(d, t, func(l *plot) { l.broken = true })
	}
	o.Drift = func(d rollout.Deployer, t rollout.Target, r release.Ref) error {
		return change(d, t, func(l *plot) {
			l.shares = []rollout.Share{{Release: r.Digest, Slice: rollout.Slice{Percent: 100}}}
		})
	}
	return wrap(p), o
}

// try is what a case says of a mutant, in time that passes at once.
func (m mutant) try(t *testing.T, c deploytest.Case) (err error) {
	synctest.Test(t, func(t *testing.T) {
		d, o := m.make()
		err = c.Run(t.Context(), d, o)
		time.Sleep(2 * time.Hour) // for what comes late
	})
	return err
}

// Each way to break the contract must be found, and by the case that is there for it.
func TestMutantsFail(t *testing.T) {
	t.Parallel()
	cases := map[string]deploytest.Case{}
	for _, c := range deploytest.Cases() {
		require.NotContains(t, cases, c.Name)
		require.NotEmpty(t, c.Doc)
		cases[c.Name] = c
	}
	for _, m := range broken {
		t.Run(m.without+"/"+m.caught, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, cases, m.caught)
			err := m.try(t, cases[m.caught])
			require.Error(t, err)
			require.NotErrorIs(t, err, deploytest.ErrNotProven)
			require.NotErrorIs(t, err, context.DeadlineExceeded)
			if testing.Verbose() {
				t.Log(err)
			}
		})
	}
}

// Every case is there for something: each catches a mutant.
func TestEveryCaseCatchesAMutant(t *testing.T) {
	t.Parallel()
	for _, c := range deploytest.Cases() {
		require.True(t, slices.ContainsFunc(broken, func(m mutant) bool { return m.caught == c.Name }), c.Name)
	}
	different := map[string]bool{}
	for _, m := range broken {
		different[m.without] = true
	}
	require.GreaterOrEqual(t, len(different), 30)
}

// What keeps to the contract passes, fenced or not.
func TestPlainPasses(t *testing.T) {
	t.Parallel()
	for _, m := range []mutant{{}, {caught: "lacking"}, {without: "unfenced, but for that all is well"}, {without: allowed[0]}, {without: allowed[1]}} {
		for _, c := range deploytest.Cases() {
			t.Run(fmt.Sprintf("%s%s/%s", m.without, m.caught, c.Name), func(t *testing.T) {
				t.Parallel()
				if err := m.try(t, c); !errors.Is(err, deploytest.ErrNotProven) {
					require.NoError(t, err)
				}
			})
		}
	}
}
