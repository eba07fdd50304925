package rollout_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// BenchmarkFleet drives a rollout for each of many targets to its end, in one process and
// in memory, by a simulated clock: nobody sleeps. In the middle the engine is dropped with
// leases in its hand, and a new one goes on from the journal.
//
// 2000x30 are 2,000 services, each one target whose stages widen over 30 regions, by
// engines that keep no states between steps and by such that keep all. 60000 are the same
// services with each region as an environment of its own, in stages of percents; it runs
// with -long.
//
// transitions/s are records appended, cpu-µs/transition what each took of the processor, of
// which the benchmark's own clock, deployer and answers are a part. bytes/rollout is what stays in memory afterwards,
// of which journal-bytes/rollout are the records' own. peak-MB is the most that the
// process held of the system while it drove. restart-ms is how long the new engine takes
// to know where all stand. raw-ratio is transitions/s beside those of appends of the same
// records to a journal without any engine, in the same run.
func BenchmarkFleet(b *testing.B) {
	const services, regions = 2000, 30
	for _, states := range []int{0, services} {
		b.Run(fmt.Sprintf("2000x30/states=%d", states), func(b *testing.B) {
			stages := regionStages(regions)
			var plans []rollout.Plan
			for i := range services {
				plans = append(plans, benchPlan(fmt.Sprint("service ", i), "production", stages))
			}
			benchFleet(b, plans, states)
		})
	}
	b.Run("60000", func(b *testing.B) {
		if !*long {
			b.Skip("it runs with -long")
		}
		stages := percentStages()
		var plans []rollout.Plan
		for i := range services * regions {
			plans = append(plans, benchPlan(fmt.Sprint("service ", i/regions), fmt.Sprint("production ", i%regions), stages))
		}
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(2 << 30)) // collect more often rather than take more
		benchFleet(b, plans, len(plans))
	})
}

const (
	benchBake = time.Hour        // of each stage
	benchPoll = 15 * time.Minute // between looks at health
	benchTick = 5 * time.Minute  // of the simulated clock
	benchTTL  = time.Minute      // of leases
)

func benchPlan(service, environment string, stages []rollout.Stage) rollout.Plan {
	ref := func(v string) release.Ref {
		return release.Ref{Service: service, Version: v, Digest: release.DigestOf([]byte(service + v))}
	}
	return rollout.Plan{Target: rollout.Target{Service: service, Environment: environment},
		Release: ref("2"), Previous: ref("1"), Stages: stages, Poll: benchPoll}
}

// regionStages widen from one region to three, to ten, and to all.
func regionStages(regions int) []rollout.Stage {
	var stages []rollout.Stage
	for _, n := range []int{1, 3, 10, regions} {
		s := rollout.Stage{Name: fmt.Sprint(n, " regions"), Percent: 100 * float64(n) / float64(regions), MinBake: benchBake, Gates: []string{"open"}}
		for i := range n {
			s.Slices = append(s.Slices, rollout.Slice{Region: fmt.Sprint("region ", i), Percent: 100})
		}
		stages = append(stages, s)
	}
	return stages
}

// percentStages widen from 1 percent to 10, to 50, and to all.
func percentStages() []rollout.Stage {
	var stages []rollout.Stage
	for _, p := range []float64{1, 10, 50, 100} {
		stages = append(stages, rollout.Stage{Name: fmt.Sprint(p, " percent"), Slices: []rollout.Slice{{Percent: p}}, MinBake: benchBake, Gates: []string{"open"}})
	}
	return stages
}

// benchWorld is all that there is beside the engine.
type benchWorld struct {
	b       *testing.B
	states  int // that the engine keeps
	clock   time.Time
	journal *journal.Memory
	deploy  *deploytest.Simulated
	steps   int
	peak    uint64
}

func (w *benchWorld) engine() *rollout.Engine {
	allow := rollout.GateFunc(func(context.Context, rollout.GateQuery) (rollout.GateResult, error) {
		return rollout.GateResult{Verdict: release.VerdictAllow, Reason: release.Reason{Code: "bench/open", Text: "it is open"}}, nil
	})
	healthy := rollout.HealthFunc(func(_ context.Context, q rollout.HealthQuery) (health.Verdict, error) {
		return health.Verdict{Kind: health.KindHealthy, Metric: "errors", LogE: -3.25, LogCertificate: 7.125,
			Canary: health.Count{Bad: 10, Total: 1000}, Control: health.Count{Bad: 100, Total: 10000}, Why: "errors: no worse than beside it"}, nil
	})
	e, err := rollout.New(rollout.Options{Journal: w.journal, Deployer: w.deploy, Health: healthy,
		Gates: map[string]rollout.Gate{"open": allow}, States: w.states, Now: func() time.Time { return w.clock }})
	require.NoError(w.b, err)
	return e
}

// drive does what is due until the clock says so, and reports whether all have ended. It
// stops in the middle of a batch of leases, as a process that dies does.
func (w *benchWorld) drive(e *rollout.Engine, running int, until time.Time) (left int) {
	ctx := w.b.Context()
	for running > 0 {
		leases, err := w.journal.Claim(ctx, journal.Claim{Prefix: rollout.StreamPrefix, TTL: benchTTL, Max: 1000})
		require.NoError(w.b, err)
		if len(leases) == 0 {
			w.clock = w.clock.Add(benchTick)
		}
		for i, l := range leases {
			if w.clock.After(until) && i >= len(leases)/2 {
				return running
			}
			t, err := rollout.TargetOf(l.Stream)
			require.NoError(w.b, err)
			s, wake, err := e.Step(ctx, t)
			require.NoError(w.b, err)
			if !s.Running() {
				running--
			}
			l.Seq = s.Head.Seq
			require.NoError(w.b, w.journal.Release(ctx, l, journal.WakeAt(wake, w.clock)))
			if w.steps++; w.steps%100 == 0 {
				w.peak = max(w.peak, held())
			}
		}
	}
	return running
}

// held is what the process holds of the system.
func held() uint64 {
	m := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(m)
	return m[0].Value.Uint64() - m[1].Value.Uint64()
}

// live is what is in use after a collection.
func live() uint64 {
	runtime.GC()
	m := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(m)
	return m[0].Value.Uint64()
}

func benchFleet(b *testing.B, plans []rollout.Plan, states int) {
	for b.Loop() {
		b.StopTimer()
		w := &benchWorld{b: b, states: states, clock: nine, deploy: new(deploytest.Simulated)}
		w.journal = &journal.Memory{Now: func() time.Time { return w.clock }}
		before := live()
		b.StartTimer()
		began, used := time.Now(), cpuTime()
		e := w.engine()
		for _, p := range plans {
			w.deploy.Serve(p.Target, p.Previous)
			_, err := e.Start(b.Context(), p, ada)
			require.NoError(b, err)
		}
		left := w.drive(e, len(plans), nine.Add(time.Duration(len(plans[0].Stages))*benchBake/2))
		require.NotZero(b, left, "it is not over in the middle")
		e = w.engine() // the other one is dead
		restart := time.Now()
		for _, p := range plans {
			s, err := e.State(b.Context(), p.Target)
			require.NoError(b, err)
			require.GreaterOrEqual(b, s.Rollout.Stage, 0)
		}
		restarted := time.Since(restart)
		require.Zero(b, w.drive(e, left, nine.Add(1000*time.Hour)))
		took, used := time.Since(began)-restarted, cpuTime()-used
		b.StopTimer()

		records, size := 0, 0
		for _, p := range plans {
			s, err := e.State(b.Context(), p.Target)
			require.NoError(b, err)
			require.Equal(b, rollout.PhaseDeployed, s.Rollout.Phase)
			require.Len(b, w.deploy.Effects(p.Target), len(p.Stages))
			records += int(s.Head.Seq)
		}
		stays := live() - before
		speed := float64(records) / took.Seconds()
		raw, size := w.raw(plans)
		b.ReportMetric(speed, "transitions/s")
		b.ReportMetric(float64(used.Microseconds())/float64(records), "cpu-µs/transition")
		b.ReportMetric(float64(w.steps)/took.Seconds(), "steps/s")
		b.ReportMetric(float64(records)/float64(len(plans)), "records/rollout")
		b.ReportMetric(float64(stays)/float64(len(plans)), "bytes/rollout")
		b.ReportMetric(float64(size), "journal-bytes/rollout")
		b.ReportMetric(float64(w.peak)/(1<<20), "peak-MB")
		b.ReportMetric(float64(restarted.Milliseconds()), "restart-ms")
		b.ReportMetric(speed/raw, "raw-ratio")
		require.Less(b, w.peak, uint64(2<<30), "it holds more than 2 GiB")
		b.StartTimer()
	}
}

// raw appends the records of some of the streams to another journal, and returns how many
// it appends in a second, and how many bytes a stream's have.
func (w *benchWorld) raw(plans []rollout.Plan) (perSecond float64, size int) {
	plans = plans[:min(len(plans), 1000)]
	var recs [][]journal.Record
	n := 0
	for _, p := range plans {
		var stream []journal.Record
		for r, err := range w.journal.Load(w.b.Context(), p.Target.Stream(), 0) {
			require.NoError(w.b, err)
			stream = append(stream, r)
			size += len(r.Data) + len(r.Kind) + len(r.Actor) + len(r.Reason)
		}
		recs, n = append(recs, stream), n+len(stream)
	}
	runtime.GC()
	var j journal.Memory
	began := time.Now()
	for _, stream := range recs {
		for i, r := range stream {
			_, err := j.Append(w.b.Context(), journal.Append{Stream: r.Stream, Expect: uint64(i), Entries: []journal.Entry{r.Entry}})
			require.NoError(w.b, err)
		}
	}
	return float64(n) / time.Since(began).Seconds(), size / len(plans)
}
