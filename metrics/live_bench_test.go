package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

// BenchmarkLive is 1,000 services over two years, ISO weeks: what adding a fact takes,
// and then, after each of many updates at the end of the two years, what reading a week
// takes: of any service ("any"), and of the service that was just updated ("own").
func BenchmarkLive(b *testing.B) {
	for _, n := range []int{200_000, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			const services = 1000
			q := metrics.Query{From: epoch, To: epoch.AddDate(2, 0, 0), Window: metrics.WindowWeek, ObservedFrom: epoch, ObservedTo: epoch.AddDate(2, 0, 0)}
			asOf := epoch.AddDate(2, 1, 0)
			r := rand.New(rand.NewPCG(3, 4))
			var any, own []time.Duration
			var adding time.Duration
			added := 0
			for b.Loop() {
				live, err := metrics.NewLive(metrics.DORA(), q)
				require.NoError(b, err)
				step := q.To.Sub(q.From) / time.Duration(n+1)
				fact := func(i int, at time.Time) metrics.Fact {
					m := metrics.Meta{Source: "s", ID: strconv.Itoa(i), At: at, Seen: at, Service: fmt.Sprint("service-", r.IntN(services)), Environment: "production"}
					switch k := i % 50; {
					case k == 0:
						return &metrics.Incident{Meta: m, Resolved: at.Add(time.Hour)}
					case k < 17:
						d := &metrics.Deployment{Meta: m, Outcome: metrics.DeploymentSucceeded, Version: "v" + m.ID, Planned: metrics.PlannedYes}
						if i > 50 {
							d.Changes = []metrics.Ref{{Source: "s", ID: strconv.Itoa(i - i%50 - 1 - r.IntN(30))}, {Source: "s", ID: strconv.Itoa(i - i%50 - 1 - r.IntN(30))}}
						}
						return d
					}
					return &metrics.Change{Meta: m}
				}
				batch := make([]metrics.Fact, 0, 10_000)
				for i := 1; i <= n; {
					for batch = batch[:0]; len(batch) < cap(batch) && i <= n; i++ {
						batch = append(batch, fact(i, q.From.Add(time.Duration(i)*step)))
					}
					begin := time.Now()
					_, err := live.Add(batch...)
					adding += time.Since(begin)
					added += len(batch)
					require.NoError(b, err)
				}
				windows := live.Windows()
				read := func(service string) time.Duration {
					w := windows[r.IntN(len(windows))]
					begin := time.Now()
					got, err := live.Read(asOf, w.From, service, "production")
					took := time.Since(begin)
					if err != nil || len(got) != 5 {
						require.FailNow(b, "no results", "%v", err)
					}
					return took
				}
				for k := range services {
					read(fmt.Sprint("service-", k))
				}
				for k := range 2000 {
					f := fact((n/50+k+1)*50+1, q.To.Add(-time.Duration(1+r.IntN(100))*time.Minute))
					_, err := live.Add(f)
					require.NoError(b, err)
					any = append(any, read(fmt.Sprint("service-", r.IntN(services))))
					if k%10 == 0 {
						own = append(own, read(f.(*metrics.Deployment).Service))
					}
				}
			}
			slices.Sort(any)
			slices.Sort(own)
			at := func(d []time.Duration, p float64) float64 {
				return float64(d[int(p*float64(len(d)))].Nanoseconds()) / 1000
			}
			b.ReportMetric(float64(adding.Nanoseconds())/float64(added), "ns/add")
			b.ReportMetric(at(any, .5), "any-p50-µs")
			b.ReportMetric(at(any, .99), "any-p99-µs")
			b.ReportMetric(at(own, .5), "own-p50-µs")
			b.ReportMetric(at(own, .99), "own-p99-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}
