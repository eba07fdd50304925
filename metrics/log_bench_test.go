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

// logNaive is what one would write first: facts in a map by name, the revisions of
// each in a slice.
type logNaive map[logNaiveKey][]metrics.Fact

type logNaiveKey struct {
	kind       metrics.FactKind
	source, id string
}

func (l logNaive) add(f metrics.Fact) {
	var key logNaiveKey
	var rev uint64
	switch v := f.(type) { // the map keeps copies, as the log does
	case *metrics.Deployment:
		key, rev, f = logNaiveKey{metrics.KindDeployment, v.Source, v.ID}, v.Rev, *v
	case *metrics.Change:
		key, rev, f = logNaiveKey{metrics.KindChange, v.Source, v.ID}, v.Rev, *v
	case *metrics.Incident:
		key, rev, f = logNaiveKey{metrics.KindIncident, v.Source, v.ID}, v.Rev, *v
	}
	for _, known := range l[key] {
		if logMeta(known).Rev == rev {
			return
		}
	}
	l[key] = append(l[key], f)
}

// BenchmarkAdd is what a million deliveries, one by one, take; a tenth of them are
// duplicates. B/event is what stays on the heap for each fact that is held, made up of
// facts-B and index-B for the greatest part. ns/event is CPU time of the process, the
// collector's included; x-naive and x-naive-B are how many times as much logNaive takes
// in the same run.
func BenchmarkAdd(b *testing.B) {
	for _, run := range []struct {
		name       string
		only       metrics.FactKind
		fine       bool
		deliveries int
	}{{"mix", 0, false, 1_000_000}, {"mix-ms", 0, true, 1_000_000}, {"deployments", metrics.KindDeployment, false, 1_000_000},
		{"changes", metrics.KindChange, false, 1_000_000}, {"incidents", metrics.KindIncident, false, 1_000_000}, {"10M", 0, false, 10_000_000}} {
		b.Run(run.name, func(b *testing.B) {
			const block = 10_000
			deliver := func(add func(metrics.Fact)) (spent time.Duration) {
				stream := newLogStream(run.only, run.fine)
				batch := make([]metrics.Fact, block)
				for range run.deliveries / block {
					stream.next(batch)
					begin := benchUsage()
					for k := range batch {
						add(batch[k])
					}
					spent += benchUsage() - begin
				}
				return spent
			}
			var spent, naive time.Duration
			var held, facts, index, heap, naiveHeap float64
			for b.Loop() {
				before := logHeap()
				log := new(metrics.Log)
				spent += deliver(func(f metrics.Fact) {
					if _, err := log.Add(f); err != nil {
						require.NoError(b, err)
					}
				})
				heap += float64(logHeap() - before)
				f, i := metrics.LogBytes(log)
				facts, index, held = facts+float64(f), index+float64(i), held+float64(log.Len())
				if run.deliveries > 1_000_000 {
					continue // the naive one would take gigabytes
				}
				n := log.Len()
				log = nil
				before = logHeap()
				plain := logNaive{}
				naive += deliver(plain.add)
				naiveHeap += float64(logHeap() - before)
				require.Len(b, plain, n)
			}
			deliveries := float64(b.N) * float64(run.deliveries)
			b.ReportMetric(float64(spent.Nanoseconds())/deliveries, "ns/event")
			b.ReportMetric(heap/held, "B/event")
			b.ReportMetric(facts/held, "facts-B")
			b.ReportMetric(index/held, "index-B")
			if naive > 0 {
				b.ReportMetric(naive.Seconds()/spent.Seconds(), "x-naive")
				b.ReportMetric(naiveHeap/heap, "x-naive-B")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
