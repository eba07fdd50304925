package deploytest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
)

// TestRunOf is run by TestRun in a process of its own: some of it fails as it should.
func TestRunOf(t *testing.T) {
	var fresh func(*testing.T) rollout.Deployer
	o := &deploytest.Options{Linger: 1, Settle: 20 * time.Second}
	switch os.Getenv("DEPLOYTEST_RUN_OF") {
	case "":
		t.Skip("TestRun runs it")
	case "unfenced":
		fresh = func(*testing.T) rollout.Deployer { return &deploytest.Unfenced{Latency: time.Millisecond} }
	case "parallel":
		fresh = func(t *testing.T) rollout.Deployer {
			t.Parallel()
			return new(deploytest.Simulated)
		}
	case "broken":
		fresh = func(*testing.T) rollout.Deployer { return new(careless) }
	case "options":
		fresh = func(*testing.T) rollout.Deployer { return new(deploytest.Simulated) }
		o.Settle = -1
	}
	deploytest.Run(t, fresh, o)
}

// careless answers every call, and forgets fences.
type careless struct{ deploytest.Simulated }

func (c *careless) Apply(ctx context.Context, a rollout.Action) error {
	_ = c.Simulated.Apply(ctx, a)
	return nil
}

// Run says what was not proven, and why, and never counts it as proven.
func TestRun(t *testing.T) {
	t.Parallel()
	n := len(deploytest.Cases())
	for _, c := range []struct {
		of       string
		fails    bool
		has, not []string
	}{
		{"unfenced", false, []string{
			"zombie: an exposure ordered before the rollback never comes back: deploytest: not proven, and NOT GIVEN: the deployer cannot compare fences",
			"restart: the highest fence outlives the process: deploytest: not proven, and NOT GIVEN: the deployer cannot compare fences",
			"crash-repeat: wherever the process ends, the action can be repeated: deploytest: not proven: the options have no Restart",
			"--- SKIP: TestRunOf/zombie", "--- PASS: TestRunOf/in-order", fmt.Sprintf("deploytest: 26 of %d demands proven", n)}, nil},
		{"parallel", false, []string{"--- PASS: TestRunOf/zombie", "blind: what cannot be seen is an error, or not known, but not left out: deploytest: not proven: the options have no Blind",
			"processes: what one process has seen binds the other: deploytest: not proven: the options have no Beside",
			fmt.Sprintf("deploytest: 41 of %d demands proven", n)}, []string{"NOT GIVEN"}},
		{"broken", true, []string{"--- FAIL: TestRunOf/reorder", "an action that arrives after a later one is refused: apply of fence 2 after 4 returned <nil>, not ErrFenced",
			"--- PASS: TestRunOf/in-order"}, nil},
		{"options", true, []string{"--- FAIL: TestRunOf/in-order", "is negative", fmt.Sprintf("deploytest: 0 of %d", n)}, nil},
	} {
		t.Run(c.of, func(t *testing.T) {
			t.Parallel()
			exe, err := os.Executable()
			require.NoError(t, err)
			cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestRunOf$", "-test.v")
			cmd.Env = append(os.Environ(), "DEPLOYTEST_RUN_OF="+c.of)
			out, err := cmd.Output()
			require.Equal(t, c.fails, err != nil, "%s", out)
			for _, want := range c.has {
				require.Contains(t, string(out), want)
			}
			for _, no := range c.not {
				require.NotContains(t, string(out), no)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	target := func(e string) rollout.Target { return rollout.Target{Service: "api", Environment: e} }
	for _, c := range []struct {
		name string
		o    *deploytest.Options
		want string // of the error, if any
	}{
		{"none", nil, ""},
		{"the host's own", &deploytest.Options{
			Targets:  []rollout.Target{target("a"), target("b"), target("c")},
			Releases: []release.Ref{version("1"), version("2"), version("3")},
			Regions:  []string{"eu", "us"}, Cells: []string{"1", "2"}, Cohorts: []string{"staff", "beta"}, Environments: []string{"x", "y"},
			Lacks: []deploytest.Feature{deploytest.FeatureNames, deploytest.FeatureFirst}}, ""},
		{"too few targets", &deploytest.Options{Targets: []rollout.Target{target("a")}}, "1 targets"},
		{"a bad target", &deploytest.Options{Targets: []rollout.Target{target("a"), target(""), target("c")}}, "no environment"},
		{"a target twice", &deploytest.Options{Targets: []rollout.Target{target("a"), target("b"), target("a")}}, "twice"},
		{"too many releases", &deploytest.Options{Releases: make([]release.Ref, 4)}, "4 releases"},
		{"a release without a digest", &deploytest.Options{Releases: []release.Ref{version("1"), version("2"), {}}}, "no digest"},
		{"a release twice", &deploytest.Options{Releases: []release.Ref{version("1"), version("2"), version("1")}}, "that of another"},
		{"one region", &deploytest.Options{Regions: []string{"eu"}}, `regions ["eu"]`},
		{"a cell twice", &deploytest.Options{Cells: []string{"1", "1"}}, "cells"},
		{"a cohort without a name", &deploytest.Options{Cohorts: []string{"1", ""}}, "cohorts"},
		{"three environments", &deploytest.Options{Environments: []string{"1", "2", "3"}}, "environments"},
		{"an unknown feature", &deploytest.Options{Lacks: []deploytest.Feature{deploytest.FeatureUnknown}}, "unknown is no feature"},
		{"a feature that is none", &deploytest.Options{Lacks: []deploytest.Feature{200}}, "deploytest.Feature(200) is no feature"},
		{"what is no choice", &deploytest.Options{Lacks: []deploytest.Feature{deploytest.FeatureNames + 1}}, "fences is no feature"},
		{"a negative time", &deploytest.Options{Linger: -1}, "negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, demand := range deploytest.Cases()[1:4] {
				err := demand.Run(t.Context(), new(deploytest.Simulated), c.o)
				if c.want == "" {
					require.NoError(t, err)
					continue
				}
				require.ErrorContains(t, err, c.want)
				require.NotErrorIs(t, err, deploytest.ErrNotProven)
			}
		})
	}
}

// A hook that fails is no proof.
func TestHooksThatFail(t *testing.T) {
	t.Parallel()
	one := func(rollout.Deployer) (rollout.Deployer, error) { return nil, errBoom }
	at := func(rollout.Deployer, rollout.Target) error { return errBoom }
	for name, o := range map[string]*deploytest.Options{
		"restart": {Restart: one}, "crash": {Restart: one}, "crash-repeat": {Restart: one}, "in-order": {Beside: one}, "processes": {Beside: one},
		"drift": {Drift: func(rollout.Deployer, rollout.Target, release.Ref) error { return errBoom }}, "blind": {Blind: at}, "partial": {Break: at},
	} {
		i := slices.IndexFunc(deploytest.Cases(), func(c deploytest.Case) bool { return c.Name == name })
		require.ErrorIs(t, deploytest.Cases()[i].Run(t.Context(), new(deploytest.Simulated), o), errBoom, name)
	}
}

// A deployer that can do little says so: what is left is proven, what it lacks is refused.
func TestDeployersThatCanDoLess(t *testing.T) {
	t.Parallel()
	scopes := []deploytest.Feature{deploytest.FeatureEnvironment, deploytest.FeatureRegion, deploytest.FeatureCell, deploytest.FeatureCohort, deploytest.FeatureSlices}
	for _, c := range []struct {
		name  string
		lacks []deploytest.Feature
		least int // demands that are proven nonetheless
	}{
		{"percent only", scopes, 36},
		{"all or nothing", append(slices.Clone(scopes), deploytest.FeaturePercent, deploytest.FeatureFraction), 34},
		{"regions only", append(slices.Clone(scopes[2:4]), deploytest.FeatureEnvironment, deploytest.FeaturePercent, deploytest.FeatureFraction), 39},
		{"cohorts only", append(slices.Clone(scopes[:3]), deploytest.FeaturePercent, deploytest.FeatureFraction), 39},
		{"cells only, one at a time", append(slices.Clone(scopes[:2]), deploytest.FeatureCohort, deploytest.FeatureSlices, deploytest.FeaturePercent, deploytest.FeatureFraction), 35},
	} {
		for _, without := range []string{"", "what is lacking is told"} {
			t.Run(strings.TrimSpace(c.name+" "+without), func(t *testing.T) {
				t.Parallel()
				m := mutant{without: without, lacks: c.lacks}
				proven := 0
				for _, demand := range deploytest.Cases() {
					switch err := m.try(t, demand); {
					case without != "" && demand.Name == "lacking":
						require.ErrorContains(t, err, "it lacks")
					case err == nil:
						proven++
					default:
						require.ErrorIs(t, err, deploytest.ErrNotProven, demand.Name)
					}
				}
				require.GreaterOrEqual(t, proven+min(1, len(without)), c.least)
			})
		}
	}
}
