package metrics_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

// BenchmarkCompute measures what two years cost: the five metrics of up to 1,000
// services by ISO week, with p50 and p90 of both times and all intervals. The facts
// are simulated: see benchSnapshot.
//
//	cpu-s           processor time of one Compute, of all threads, garbage collection included
//	ns/event        the same for each fact
//	x-naive         how many times as long benchNaive takes, in the same run, for the same numbers
//	layout-ns/event what it costs once to lay the snapshot out, before
//	read-ns/result  what it costs to read the report with All
func BenchmarkCompute(b *testing.B) {
	for _, size := range []struct {
		name             string
		services, events int
	}{{"100k", 100, 100_000}, {"1M", 1000, 1_000_000}, {"10M", 1000, 10_000_000}} {
		b.Run(size.name, func(b *testing.B) { benchCompute(b, size.services, size.events) })
	}
}

func benchCompute(b *testing.B, services, events int) {
	s, facts := benchSnapshot(services, events)
	q := metrics.Query{From: epoch, To: benchEnd, Window: metrics.WindowWeek, Quantiles: []float64{0.5, 0.9}}
	runtime.GC()
	layout := benchCPU(func() { metrics.LayOut(s) })
	var report *metrics.Report
	runtime.GC()
	before := benchUsage()
	n := 0
	for b.Loop() {
		var err error
		report, err = metrics.Compute(s, metrics.DORA(), q)
		require.NoError(b, err)
		n++
	}
	cpu := (benchUsage() - before).Seconds() / float64(n)
	require.True(b, report.Fast())
	results := 0
	read := benchCPU(func() {
		for r := range report.All() {
			if r.Status != metrics.StatusUnknown {
				results++
			}
		}
	})
	require.Equal(b, report.Len(), results)

	runtime.GC()
	var want []benchCell
	naive := benchCPU(func() { want = benchNaive(facts, benchEnd, q) })
	compared := benchCompare(b, report, want)
	require.Greater(b, compared, services*100)

	b.ReportMetric(cpu, "cpu-s")
	b.ReportMetric(cpu*1e9/float64(events), "ns/event")
	b.ReportMetric(naive.Seconds()/cpu, "x-naive")
	b.ReportMetric(float64(layout.Nanoseconds())/float64(events), "layout-ns/event")
	b.ReportMetric(float64(read.Nanoseconds())/float64(results), "read-ns/result")
}

// benchUsage is the processor time of this process so far, user and system.
func benchUsage() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchCPU(do func()) time.Duration {
	before := benchUsage()
	do()
	return benchUsage() - before
}

const benchWeeks = 105

var benchEnd = epoch.Add(benchWeeks * 7 * 24 * time.Hour)

// benchFacts are the facts as the naive implementation takes them.
type benchFacts struct {
	deployments []metrics.Deployment
	changes     []metrics.Change
	incidents   []metrics.Incident
}

// benchSnapshot simulates a company: services of lognormal rates; of all facts
// 30.5 % deployments, 68 % of them successes in production, 68.2 % changes, each
// brought by one deployment and again by the one after a failed one, 1.8 %
// incidents, of which half name the deployment, a fifth the version, and the
// others nothing; 2 % of the deployments go back to the version before.
func benchSnapshot(services, events int) (*metrics.Snapshot, *benchFacts) {
	r := rand.New(rand.NewPCG(9, 2026))
	rates, total := make([]float64, services), 0.0
	for i := range rates {
		rates[i] = math.Exp(r.NormFloat64())
		total += rates[i]
	}
	span := benchEnd.Sub(epoch)
	f := &benchFacts{}
	number := 0
	for i, rate := range rates {
		service := fmt.Sprintf("service-%04d", i)
		share := rate / total * float64(events)
		meta := func(source string, at time.Time) metrics.Meta {
			number++
			return metrics.Meta{Source: source, ID: fmt.Sprintf("%s-%d", source, number), Rev: 1, At: at, Seen: at, Service: service, Environment: "production"}
		}
		times := make([]time.Duration, int(share*0.305))
		for k := range times {
			times[k] = time.Duration(r.Int64N(int64(span/time.Second))) * time.Second
		}
		slices.Sort(times)
		changes := int(share * 0.682)
		previous, running := "", ""
		var carried []metrics.Ref
		var live []int
		for k, at := range times {
			d := metrics.Deployment{Meta: meta("ci", epoch.Add(at)), Outcome: metrics.DeploymentSucceeded, Planned: metrics.PlannedYes,
				Version: fmt.Sprintf("v%d", k)}
			d.Started = d.At.Add(-5 * time.Minute)
			if r.IntN(100) < 27 {
				d.Environment = "staging"
				f.deployments = append(f.deployments, d)
				continue
			}
			live = append(live, len(f.deployments))
			n := changes / max(1, len(times)*73/100)
			if r.Float64() < float64(changes)/(float64(len(times))*0.73)-float64(n) {
				n++
			}
			switch x := r.IntN(100); {
			case x < 2 && previous != "":
				d.Version, n = previous, 0
			case x < 7:
				d.Outcome = metrics.DeploymentFailed
			case x < 12:
				d.Planned = metrics.PlannedNo
			}
			for range n {
				at := d.At.Add(-time.Duration(math.Exp(11+1.5*r.NormFloat64())) * time.Second)
				c := metrics.Change{Meta: meta("git", at)}
				f.changes = append(f.changes, c)
				d.Changes = append(d.Changes, c.Ref())
			}
			if d.Version != previous {
				d.Changes = append(slices.Clone(carried), d.Changes...)
				slices.SortFunc(d.Changes, metrics.Ref.Compare)
				carried = nil
			}
			if d.Outcome == metrics.DeploymentFailed {
				carried = d.Changes
				d.Recovered = d.At.Add(time.Duration(math.Exp(8+1.5*r.NormFloat64())) * time.Second)
			} else {
				previous, running = running, d.Version
			}
			f.deployments = append(f.deployments, d)
		}
		for range int(share * 0.018) {
			if len(live) == 0 {
				break
			}
			d := &f.deployments[live[r.IntN(len(live))]]
			n := metrics.Incident{Meta: meta("pager", d.At.Add(time.Duration(1+r.IntN(20_000))*time.Second))}
			if r.IntN(50) > 0 {
				n.Resolved = n.At.Add(time.Duration(math.Exp(9+1.5*r.NormFloat64())) * time.Second)
			}
			switch r.IntN(10) {
			case 0, 1, 2, 3, 4:
				n.CausedBy = d.Ref()
			case 5, 6:
				n.Version = d.Version
			}
			f.incidents = append(f.incidents, n)
		}
	}
	slices.SortFunc(f.deployments, func(a, b metrics.Deployment) int { return benchOrder(a.Meta, b.Meta) })
	slices.SortFunc(f.changes, func(a, b metrics.Change) int { return benchOrder(a.Meta, b.Meta) })
	slices.SortFunc(f.incidents, func(a, b metrics.Incident) int { return benchOrder(a.Meta, b.Meta) })
	return metrics.NewSnapshot(benchEnd, f.deployments, f.changes, f.incidents, map[string]time.Time{"ci": benchEnd}), f
}

func benchOrder(a, b metrics.Meta) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	return a.Ref().Compare(b.Ref())
}
