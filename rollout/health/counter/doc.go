// Package counter counts the outcomes of requests in the process that routes them
// itself, for [health.Monitor]: a proxy, a gateway, a client that chooses.
//
//	counters, err := counter.New(counter.Options{
//		Start:   now,
//		Metrics: []counter.Metric{{Name: "errors"}, {Name: "latency", Edges: []float64{0.1, 0.5, 1}}},
//	})
//	errs, err := counters.Events("errors", "")
//	// for each request, from any goroutine
//	errs.Canary.Observe(status >= 500)
//	// on a timer, at the borders of the windows
//	err = counters.Rotate(now)
//	samples, err := counters.Read(ctx, window)
//
// # Windows
//
// A window ends when [Counters.Rotate] is called, with the time that the caller
// says it is. A request counts when it is observed, which should be when it has
// ended: in one window, and once, even if Rotate is called at the same moment. One
// that takes longer than a window counts in the one in which it ends, so the slow
// ones of a new release arrive late, and those that never end do not arrive: let
// them time out.
//
// Nothing is kept when the process ends. The next one begins to count in the midst
// of a window and has seen only a part of it; that is not handed out but is a
// [PartialError], as is a window that is not kept any more.
//
// # Cost
//
// To observe takes no lock and allocates nothing: it is one atomic addition. Where
// there are more than two processors each counter is spread over several cache
// lines, one of which is chosen at random, so that the processors seldom wait for
// each other.
package counter
