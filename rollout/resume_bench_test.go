package rollout_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// resumeRecords is how long the stream is that BenchmarkResume reads.
const resumeRecords = 10_000

// BenchmarkResume reads a target's stream of 10,000 records, of which most are facts, as
// the first thing that an engine does in a new process. resume-ms is the median of the
// times of [rollout.Engine.State], best-ms the shortest of them, cpu-ms what they took of
// the processor on average; verify-ratio is how much the shortest is beside the shortest time of reading the same records and computing their hashes alone,
// in the same run.
func BenchmarkResume(b *testing.B) {
	entries := watchedStream(b, production, resumeRecords)
	kinds, size := map[string]int{}, 0
	for _, e := range entries {
		kinds[e.Kind]++
		size += len(e.Data)
	}
	b.Logf("records: %v, %d bytes of data each on average", kinds, size/len(entries))
	for name, open := range map[string]func() (journal.Journal, error){
		"memory": func() (journal.Journal, error) { return new(journal.Memory), nil },
		"file": func() (journal.Journal, error) {
			return journal.Open(filepath.Join(b.TempDir(), "rollouts.journal"), nil)
		},
	} {
		b.Run(name, func(b *testing.B) {
			j, err := open()
			require.NoError(b, err)
			defer j.Close()
			appendAll(b, j, production.Stream(), entries)
			e, err := rollout.New(rollout.Options{Journal: j, Deployer: new(deploytest.Simulated), Now: func() time.Time { return nine }})
			require.NoError(b, err)
			var all []time.Duration
			var cpu time.Duration
			verify := time.Hour
			b.ReportAllocs()
			for b.Loop() {
				began, used := time.Now(), cpuTime()
				s, err := e.State(b.Context(), production)
				all, cpu = append(all, time.Since(began)), cpu+cpuTime()-used
				require.NoError(b, err)
				require.EqualValues(b, resumeRecords, s.Head.Seq)
				b.StopTimer()
				began = time.Now()
				head, err := journal.Verify(journal.Head{Stream: production.Stream()}, j.Load(b.Context(), production.Stream(), 0))
				verify = min(verify, time.Since(began))
				require.NoError(b, err)
				require.Equal(b, s.Head, head)
				b.StartTimer()
			}
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "resume-ms")
			b.ReportMetric(float64(all[0].Microseconds())/1000, "best-ms")
			b.ReportMetric(float64(cpu.Microseconds())/1000/float64(len(all)), "cpu-ms")
			b.ReportMetric(float64(all[0])/float64(verify), "verify-ratio")
		})
	}
}

// BenchmarkStep looks once more at a rollout that bakes, at the end of a stream of 10,000
// records, when there is nothing to do: what a host does every few seconds for as long as
// a target lives. With states=1 the engine keeps the state. read/op is how many records it
// read.
func BenchmarkStep(b *testing.B) {
	entries := watchedStream(b, production, resumeRecords)
	for _, states := range []int{0, 1} {
		b.Run(fmt.Sprint("states=", states), func(b *testing.B) {
			j := &swapped{Journal: new(journal.Memory)}
			appendAll(b, j, production.Stream(), entries)
			var clock time.Time
			var verdict health.Verdict
			e, err := rollout.New(rollout.Options{Journal: j, Deployer: new(deploytest.Simulated), Now: func() time.Time { return clock }, States: states,
				Health: rollout.HealthFunc(func(context.Context, rollout.HealthQuery) (health.Verdict, error) { return verdict, nil })})
			require.NoError(b, err)
			s, err := e.State(b.Context(), production)
			require.NoError(b, err)
			require.Equal(b, rollout.PhaseBaking, s.Rollout.Phase)
			clock, verdict = s.At.Add(time.Second), s.Rollout.Health.Verdict
			before := j.read.Load()
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				after, _, err := e.Step(b.Context(), production)
				require.NoError(b, err)
				require.Equal(b, s.Head, after.Head)
				n++
			}
			b.ReportMetric(float64(j.read.Load()-before)/float64(n), "read/op")
		})
	}
}
