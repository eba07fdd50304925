package metrics_test

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

// logStream makes the facts of 1,000 services, in the order of time, half a minute
// from one to the next: of 50 facts one incident, 16 deployments that bring two changes
// each, and the rest changes. A tenth of them is delivered twice.
type logStream struct {
	r           *rand.Rand
	i           int
	only        metrics.FactKind
	fine        bool // times to the millisecond, seen a moment later
	deployments []metrics.Deployment
	changes     []metrics.Change
	incidents   []metrics.Incident
	services    []string
}

func newLogStream(only metrics.FactKind, fine bool) *logStream {
	s := &logStream{r: rand.New(rand.NewPCG(5, 6)), only: only, fine: fine}
	for i := range 1000 {
		s.services = append(s.services, "service-"+strconv.Itoa(i))
	}
	return s
}

// next fills facts with pointers that hold until the next call.
func (s *logStream) next(facts []metrics.Fact) {
	s.deployments, s.changes, s.incidents = make([]metrics.Deployment, 0, len(facts)), make([]metrics.Change, 0, len(facts)), make([]metrics.Incident, 0, len(facts))
	for k := range facts {
		if k > 0 && s.r.IntN(10) == 0 {
			facts[k] = facts[s.r.IntN(k)]
			continue
		}
		s.i++
		at := epoch.Add(time.Duration(s.i)*6*time.Second + time.Duration(s.r.IntN(3600))*time.Second)
		m := metrics.Meta{Source: "s", ID: strconv.Itoa(s.i), At: at, Seen: at, Service: s.services[s.r.IntN(1000)], Environment: "production"}
		if s.fine {
			m.At = at.Add(time.Duration(s.r.IntN(1000)) * time.Millisecond)
			m.Seen = m.At.Add(time.Duration(s.r.IntN(5000)) * time.Millisecond)
		}
		kind := s.only
		if kind == metrics.KindUnknown {
			switch n := s.i % 50; {
			case n == 0:
				kind = metrics.KindIncident
			case n < 17:
				kind = metrics.KindDeployment
			default:
				kind = metrics.KindChange
			}
		}
		switch kind {
		case metrics.KindIncident:
			s.incidents = append(s.incidents, metrics.Incident{Meta: m, Resolved: m.At.Add(time.Duration(1+s.r.IntN(100)) * time.Minute)})
			facts[k] = &s.incidents[len(s.incidents)-1]
		case metrics.KindDeployment:
			d := metrics.Deployment{Meta: m, Outcome: metrics.DeploymentSucceeded, Version: "v" + m.ID, Planned: metrics.PlannedYes}
			if s.i > 60 {
				d.Changes = []metrics.Ref{{Source: "s", ID: strconv.Itoa(s.i - 40 - s.r.IntN(10))}, {Source: "s", ID: strconv.Itoa(s.i - 20 - s.r.IntN(10))}}
			}
			s.deployments = append(s.deployments, d)
			facts[k] = &s.deployments[len(s.deployments)-1]
		default:
			s.changes = append(s.changes, metrics.Change{Meta: m})
			facts[k] = &s.changes[len(s.changes)-1]
		}
	}
}

func logHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkAdd is what a million deliveries, one by one, take; a tenth of them are
// duplicates. B/event is what stays on the heap for each fact that is held, made up of
// facts-B and index-B for the greatest part.
func BenchmarkAdd(b *testing.B) {
	for _, run := range []struct {
		name string
		only metrics.FactKind
		fine bool
	}{{"mix", 0, false}, {"mix-ms", 0, true}, {"deployments", metrics.KindDeployment, false}, {"changes", metrics.KindChange, false}, {"incidents", metrics.KindIncident, false}} {
		b.Run(run.name, func(b *testing.B) {
			const deliveries, block = 1_000_000, 10_000
			var spent time.Duration
			var held, facts, index, heap float64
			for b.Loop() {
				before := logHeap()
				var log metrics.Log
				stream := newLogStream(run.only, run.fine)
				batch := make([]metrics.Fact, block)
				for range deliveries / block {
					stream.next(batch)
					begin := time.Now()
					for k := range batch {
						_, err := log.Add(batch[k])
						if err != nil {
							require.NoError(b, err)
						}
					}
					spent += time.Since(begin)
				}
				stream, batch = nil, nil
				heap += float64(logHeap() - before)
				f, i := metrics.LogBytes(&log)
				facts, index, held = facts+float64(f), index+float64(i), held+float64(log.Len())
			}
			b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N)/deliveries, "ns/event")
			b.ReportMetric(heap/held, "B/event")
			b.ReportMetric(facts/held, "facts-B")
			b.ReportMetric(index/held, "index-B")
			b.ReportMetric(0, "ns/op")
		})
	}
}
