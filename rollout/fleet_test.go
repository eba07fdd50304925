//go:build unix

package rollout_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// fleetEnv holds the [fleetJob] of a process.
const fleetEnv = "SALLYPORT_ROLLOUT_FLEET"

// fleetTTL is how long a lease lasts without being renewed, fleetTargets of how many
// targets each of four processes has its share.
const (
	fleetTTL     = 500 * time.Millisecond * fleetSlow
	fleetTargets = 25 / fleetSlow
)

// fleetJob is what a process is told.
type fleetJob struct{ Store, Place, Deployer, Worker string }

func (f fleetJob) open(ctx context.Context) (journal.Journal, error) {
	if f.Store == "sqlite" {
		return sqlite.Open(ctx, f.Place, nil)
	}
	return postgres.Open(ctx, f.Place, nil)
}

// engine drives rollouts of releases whose version says how they fare: those that end in
// "bad" regress where half of all see them, those that end in "sick" only in one region.
func (f fleetJob) engine(j journal.Journal, states int) (*rollout.Engine, error) {
	return rollout.New(rollout.Options{Journal: j, States: states, Deployer: fleetDeployer{f.Deployer}, Now: time.Now, Actor: "service:" + f.Worker,
		Gates: map[string]rollout.Gate{"open": rollout.GateFunc(func(context.Context, rollout.GateQuery) (rollout.GateResult, error) {
			if rand.IntN(10) == 0 {
				return rollout.GateResult{}, errors.New("the gate is asleep")
			}
			return rollout.GateResult{Verdict: release.VerdictAllow}, nil
		})},
		Health: rollout.HealthFunc(func(_ context.Context, q rollout.HealthQuery) (health.Verdict, error) {
			half := q.Stage.Name == "half" && q.Slice != nil
			if half && (strings.HasSuffix(q.Release.Version, "bad") || strings.HasSuffix(q.Release.Version, "sick") && q.Slice.Region == "us") {
				return health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: "it is bad"}, nil
			}
			return health.Verdict{Kind: health.KindHealthy, Why: "it is good"}, nil
		})})
}

// TestFleetProcess is not a test but a process of [TestFleet]: it drives what is due until
// it is killed, and says what must not happen.
func TestFleetProcess(t *testing.T) {
	text := os.Getenv(fleetEnv)
	if text == "" {
		t.Skip("it runs only as a process of TestFleet")
	}
	var job fleetJob
	require.NoError(t, json.Unmarshal([]byte(text), &job))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	defer time.AfterFunc(5*time.Minute, func() { os.Exit(3) }).Stop()
	go func() {
		io.Copy(io.Discard, os.Stdin) //nolint:errcheck // its end is the end of the work
		cancel()
	}()
	j, err := job.open(ctx)
	if err != nil {
		fmt.Println("broken open:", err)
		return
	}
	defer j.Close()
	e, err := job.engine(j, rand.IntN(2)*10) // some keep the states of some targets
	require.NoError(t, err)
	fmt.Println("ready")
	err = journal.Work{Leases: j, Worker: job.Worker, Prefix: rollout.StreamPrefix, TTL: fleetTTL, Poll: 20 * time.Millisecond,
		Retry: 50 * time.Millisecond, Concurrency: 8,
		Do: e.Drive,
		Failed: func(l journal.Lease, err error) {
			switch {
			case impossibleError(err):
				fmt.Printf("broken %s: %q\n", l.Stream, err)
			case errors.Is(err, journal.ErrFenced):
				fmt.Println("lost", l.Stream)
			default:
				fmt.Printf("failed %s: %q\n", l.Stream, err)
			}
		}}.Run(ctx)
	if err != nil {
		fmt.Println("broken run:", err)
	}
}

// impossibleError reports whether an error is one that no crash, pause or full machine
// excuses. After any other the work goes on, and must come to its end.
func impossibleError(err error) bool {
	return errors.Is(err, journal.ErrCorrupt) || errors.Is(err, rollout.ErrUnknownRecord) || errors.Is(err, journal.ErrClosed) ||
		strings.Contains(err.Error(), "is impossible") || strings.Contains(err.Error(), "come to rest")
}

// fleet is a run of the test.
type fleet struct {
	fleetJob
	t     *testing.T
	world *fleetWorld

	targets, each int           // rollouts of each target, one after another
	calm          bool          // nobody is killed or stopped
	aborts        int           // of hundred rollouts
	patience      time.Duration // after which it is over even if rollouts still run

	mu                                                         sync.Mutex
	wrong                                                      []string
	ends                                                       map[rollout.Phase]int
	done                                                       int // actions that the journals call done
	kills, stops, lost, failed, commands, processes, withdrawn int
	faultAt                                                    int // how many effects there must be before the next process is killed or stopped
}

func (f *fleet) note(count *int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*count++
}

func (f *fleet) say(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wrong = append(f.wrong, fmt.Sprintf(format, args...))
}

// run does all rollouts and returns what is wrong afterwards.
func (f *fleet) run() []string {
	server := httptest.NewServer(f.world)
	defer server.Close()
	f.Deployer, f.ends = server.URL, map[rollout.Phase]int{}
	j, err := f.open(f.t.Context())
	require.NoError(f.t, err)
	defer j.Close()
	ctx, cancel := context.WithTimeout(f.t.Context(), f.patience)
	defer cancel()
	f.world.broken = cancel
	working, stop := context.WithCancel(ctx)
	var processes, commanders sync.WaitGroup
	for slot := range 4 {
		processes.Go(func() {
			for n := 0; working.Err() == nil; n++ {
				f.process(working, fmt.Sprint("worker-", slot, "-", n))
			}
		})
	}
	for i := range f.targets {
		target := rollout.Target{Service: "api", Environment: fmt.Sprint("production ", i)}
		f.world.serve(target, version("0"))
		commanders.Go(func() { f.command(ctx, j, target) })
	}
	commanders.Wait()
	stop()
	processes.Wait()
	server.Close()
	f.world.over.Store(true)
	f.world.late.Wait()
	return f.check(j)
}

// check looks at everything when all is over.
func (f *fleet) check(j journal.Journal) []string {
	_, err := journal.VerifyAll(f.t.Context(), j)
	require.NoError(f.t, err)
	wrong := f.wrong
	for _, target := range f.world.all() {
		e := fleetEnd{target: target, effects: f.world.effects(target)}
		e.observed, err = f.world.observe(target)
		require.NoError(f.t, err)
		for rec, err := range j.Load(f.t.Context(), target.Stream(), 0) {
			require.NoError(f.t, err)
			e.records = append(e.records, rec)
		}
		wrong = append(wrong, e.problems()...)
		_, done := e.actions()
		f.done += len(done)
	}
	return wrong
}

// command starts a target's rollouts one after another, and pauses, resumes and aborts
// some of them.
func (f *fleet) command(ctx context.Context, j journal.Journal, target rollout.Target) {
	job := f.fleetJob
	job.Worker = "commander"
	e, err := job.engine(j, 0)
	if err != nil {
		f.say("commander: %v", err)
		return
	}
	serves := version("0")
	for n := range f.each {
		v := fmt.Sprint(n + 1)
		switch rand.IntN(6) {
		case 0:
			v += "bad"
		case 1, 2:
			v += "sick"
		}
		p := fleetPlan(target, version(v), serves)
		if !f.start(ctx, e, p) {
			return
		}
		pauseAt, resumeAt, abortAt := -1, rand.IntN(15), math.MaxInt // in looks
		if rand.IntN(4) == 0 {
			pauseAt = rand.IntN(10)
		}
		if rand.IntN(100) < f.aborts {
			abortAt = rand.IntN(20)
		}
		var s rollout.State
		resumed := false // after a slice was taken back by itself
		for look := 0; ; look++ {
			if s, err = e.State(ctx, target); err != nil {
				if !f.goesOn(ctx, err) {
					return
				}
				continue
			}
			if !s.Running() {
				break
			}
			command := func(do func(context.Context, rollout.Target, rollout.By) (rollout.State, error)) {
				f.note(&f.commands)
				_, err = do(ctx, target, ada)
			}
			switch withdrawn := len(s.Rollout.Withdrawn) > 0 && s.Rollout.Pending == nil && !s.Rollout.Restore; {
			case s.Rollout.Abort != nil:
			case look >= abortAt || withdrawn && resumed:
				command(e.Abort)
			case s.Rollout.Paused != nil && look >= resumeAt:
				command(e.Resume)
			case look == pauseAt && s.Rollout.Paused == nil:
				command(e.Pause)
			case withdrawn:
				f.note(&f.withdrawn)
				resumed = true
				command(e.Resume)
			}
			// It may have gone on since it was looked at, and one resume may do for two.
			if err != nil && !f.goesOn(ctx, err) {
				return
			}
			time.Sleep(30*time.Millisecond + rand.N(60*time.Millisecond))
		}
		serves = s.Current
		if !s.Known {
			serves = p.Previous // stopped before anything was exposed
		}
		f.mu.Lock()
		f.ends[s.Rollout.Phase]++
		f.mu.Unlock()
	}
}

// goesOn reports whether there is more to do after an error.
func (f *fleet) goesOn(ctx context.Context, err error) bool {
	if impossibleError(err) {
		f.say("commander: %v", err)
		return false
	}
	time.Sleep(20 * time.Millisecond)
	return ctx.Err() == nil // who has not come to an end is found by the checker
}

// start begins a rollout, and begins again until it has begun.
func (f *fleet) start(ctx context.Context, e *rollout.Engine, p rollout.Plan) bool {
	for {
		_, err := e.Start(ctx, p, ada)
		if err == nil {
			return true
		}
		if s, bad := e.State(ctx, p.Target); bad == nil && s.Rollout != nil && s.Rollout.Plan.Release == p.Release {
			return true
		}
		if !f.goesOn(ctx, err) {
			return false
		}
	}
}

func fleetPlan(target rollout.Target, next, previous release.Ref) rollout.Plan {
	return rollout.Plan{Target: target, Release: next, Previous: previous, Poll: 100 * time.Millisecond, Stages: []rollout.Stage{
		{Name: "canary", Slices: []rollout.Slice{{Region: "eu", Percent: 10}}, Percent: 3, Gates: []string{"open"}, MinBake: 60 * time.Millisecond},
		{Name: "half", Slices: []rollout.Slice{{Region: "eu", Percent: 100}, {Region: "us", Percent: 100}}, Percent: 50,
			PerSlice: true, MaxWithdrawn: 1, MinBake: 60 * time.Millisecond},
		{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, MinBake: 60 * time.Millisecond},
	}}
}

// process runs a process until it is killed or ctx ends. It is stopped now and then, for
// longer than its leases last.
func (f *fleet) process(ctx context.Context, worker string) {
	f.note(&f.processes)
	job := f.fleetJob
	job.Worker = worker
	text, err := json.Marshal(job)
	require.NoError(f.t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^TestFleetProcess$")
	cmd.Env, cmd.SysProcAttr = append(os.Environ(), fleetEnv+"="+string(text)), fleetBound()
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err, err2, cmd.Start()); err != nil {
		f.say("start a process: %v", err)
		return
	}
	over, ready := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	expected := false // that it ends
	wg.Go(func() { expected = f.torment(ctx, cmd.Process, in, ready, over) })
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line that was cut off says nothing
		}
		switch word, _, _ := strings.Cut(line, " "); strings.TrimSpace(word) {
		case "ready":
			close(ready)
		case "lost":
			f.note(&f.lost)
		case "failed":
			f.note(&f.failed)
		case "broken":
			f.say("%s: %s", worker, line)
		}
	}
	close(over)
	wg.Wait()
	if err := cmd.Wait(); !expected {
		f.say("%s ended by itself: %v", worker, err)
	}
}

// torment is what happens to a process: it is stopped, killed, or in the end asked to end.
// It reports whether its end was to be expected.
func (f *fleet) torment(ctx context.Context, p *os.Process, in io.Closer, ready, over <-chan struct{}) bool {
	defer func() {
		in.Close()
		select {
		case <-over:
		case <-time.After(time.Minute):
			f.say("a process does not end when it is told to")
			p.Kill() //nolint:errcheck // it may have ended now
		}
	}()
	select {
	case <-ready:
	case <-over:
		return false
	case <-time.After(time.Minute):
		f.say("a process did not begin")
		return true
	}
	for {
		select {
		case <-over:
			return false
		case <-ctx.Done():
			return true
		case <-time.After(300*time.Millisecond + rand.N(700*time.Millisecond)):
		}
		switch {
		case f.calm || !f.mayFault():
		case f.killsNext():
			f.note(&f.kills)
			p.Kill() //nolint:errcheck // it ends
			return true
		default:
			f.note(&f.stops)
			p.Signal(syscall.SIGSTOP) //nolint:errcheck // it is ours
			time.Sleep(fleetTTL + rand.N(fleetTTL))
			p.Signal(syscall.SIGCONT) //nolint:errcheck // it is ours
		}
	}
}

// killsNext reports whether the next fault is a kill: by chance, and never far from half
// of them, so that a short run has both.
func (f *fleet) killsNext() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kills != f.stops {
		return f.kills < f.stops
	}
	return rand.IntN(2) == 0
}

// mayFault reports whether there was enough of an effect since the last process was killed
// or stopped: on a machine that is busy a process would otherwise never live long enough.
func (f *fleet) mayFault() bool {
	seen := f.world.seen()
	f.mu.Lock()
	defer f.mu.Unlock()
	if seen < f.faultAt {
		return false
	}
	f.faultAt = seen + 3
	return true
}

// stores of a fleet: where a new one is.
var fleetStores = map[string]func(t *testing.T) string{
	"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "rollouts.db") },
	"postgres": func(t *testing.T) string { return pgtest.DSN(t) },
}

// TestFleet lets four processes drive rollouts over one journal. They are killed, and
// stopped for longer than their leases; people pause, resume and abort; the network to
// the deployer is slow, loses answers, and delivers late and twice. In the end every
// rollout has ended, and each target has seen each effect once and in order.
func TestFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("processes that live by leases of half a second")
	}
	t.Parallel()
	for store, place := range fleetStores {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			f := &fleet{t: t, world: &fleetWorld{delays: 6}, targets: 24, each: 3, aborts: 20, patience: 90 * time.Second}
			if *long {
				f.targets, f.each, f.patience = 35/fleetSlow, 20, 20*time.Minute
			}
			f.Store, f.Place = store, place(t)
			began := time.Now()
			wrong := f.run()
			n := f.world.figures
			many := func(problem string) int { return strings.Count(strings.Join(wrong, "\n"), problem) }
			t.Logf("%s: rollouts=%d deployed=%d rolledback=%d stopped=%d seconds=%.1f withdrawn=%d processes=%d kills=%d stops=%d lost=%d failed=%d commands=%d",
				store, f.targets*f.each, f.ends[rollout.PhaseDeployed], f.ends[rollout.PhaseRolledBack], f.ends[rollout.PhaseStopped],
				time.Since(began).Seconds(), f.withdrawn, f.processes, f.kills, f.stops, f.lost, f.failed, f.commands)
			t.Logf("%s: effects=%d done=%d repeats=%d stale=%d twice=%d outoforder=%d missing=%d answerslost=%d late=%d doubled=%d",
				store, n.effects, f.done, n.repeats, n.stale, many("took effect twice"), many("out of order"), many("never took effect"), n.lost, n.delayed, n.doubled)
			require.Empty(t, wrong)
			require.NotZero(t, f.kills)
			require.NotZero(t, f.stops)
			require.NotZero(t, n.repeats, "nothing came twice")
			require.NotZero(t, f.ends[rollout.PhaseDeployed])
			require.NotZero(t, f.ends[rollout.PhaseRolledBack])
			if *long {
				require.NotZero(t, n.stale, "nothing came late")
				require.NotZero(t, f.withdrawn)
			}
		})
	}
}

// A deployer that breaks the contract is found out by the same test: without fences a
// canary comes back after its rollback, without keys an action takes effect twice.
func TestFleetFindsABrokenDeployer(t *testing.T) {
	if testing.Short() {
		t.Skip("processes that live by leases of half a second")
	}
	t.Parallel()
	for name, c := range map[string]struct {
		noFence, noKeys bool
		want            string
	}{
		"no fence": {true, false, "out of order"},
		"no keys":  {false, true, "took effect twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong := ""
			for range 8 { // it takes some luck, and a busy machine does little in its time
				f := &fleet{t: t, world: &fleetWorld{noFence: c.noFence, noKeys: c.noKeys, delays: 30},
					targets: 12, each: 2, aborts: 70, calm: true, patience: 3 * time.Second}
				f.Store, f.Place = "sqlite", fleetStores["sqlite"](t)
				if wrong = strings.Join(f.run(), "\n"); strings.Contains(wrong, c.want) {
					break
				}
			}
			require.Contains(t, wrong, c.want)
			at := strings.Index(wrong, c.want)
			t.Log(cmp.Or(wrong[strings.LastIndex(wrong[:at], "\n")+1:], wrong)[:120])
		})
	}
}
