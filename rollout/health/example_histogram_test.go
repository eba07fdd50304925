package health_test

import (
	"fmt"
	"math"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// The new release has other buckets than the old one. An edge at 300 ms becomes one
// at 500 ms, which both have.
func ExampleAlignEdges() {
	canary, err := health.ClassicHistogram([]health.CumulativeBucket{
		{LE: .1, Count: 700}, {LE: .3, Count: 900}, {LE: .5, Count: 960}, {LE: 2.5, Count: 990}, {LE: math.Inf(1), Count: 1000},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	control, err := health.ClassicHistogram([]health.CumulativeBucket{
		{LE: .25, Count: 7600}, {LE: .5, Count: 8800}, {LE: 1, Count: 8900}, {LE: 2.5, Count: 8950}, {LE: math.Inf(1), Count: 9000},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	edges, err := health.AlignEdges([]float64{.3, 2.5}, canary, control)
	if err != nil {
		fmt.Println(err)
		return
	}
	slow, err := canary.SlowCounts(edges)
	fmt.Println(edges, slow, canary.Total(), err)
	slow, err = control.SlowCounts(edges)
	fmt.Println(edges, slow, control.Total(), err)
	// Output:
	// [0.5 2.5] [40 10] 1000 <nil>
	// [0.5 2.5] [200 50] 9000 <nil>
}
