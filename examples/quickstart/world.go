package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// world is a simulated production: it serves 12,000 requests a minute, and who
// serves them is kept in a file, so that it outlives the program as a real
// production would. It is a [rollout.Deployer] and a [rollout.HealthSource].
type world struct {
	dir   *outDir
	clock *clock
	bad   release.Digest // the release that errs, if one does
	state worldState

	monitor *health.Monitor // while the older release serves beside the newer one
	watch   *health.Watch   // once it does not
	fed     int64           // the last minute that they have seen
	percent float64         // what the newer release got in it
}

// worldState is what the file holds.
type worldState struct {
	Fence uint64          `json:"fence"`
	Key   release.Digest  `json:"key"`
	Serve []rollout.Share `json:"serve"`
	// History is who got how much, from when on.
	History []exposure `json:"history"`
}

type exposure struct {
	At time.Time `json:"at"`
	// Percent is the share of all traffic that the newer release got.
	Percent float64 `json:"percent"`
}

const (
	perMinute     = 12_000 // requests
	usualRate     = 0.004  // of errors
	regressedRate = 0.03
	internalShare = 0.1 // of all traffic, in percent
	regionShare   = 50.0
	regionName    = "region-1"
)

// openWorld finds the simulated production again or, unless a rollout has begun in
// it, makes one in which previous serves everything.
func openWorld(dir *outDir, c *clock, previous release.Ref, begun bool) (*world, error) {
	w := &world{dir: dir, clock: c}
	if err := dir.load("world.json", &w.state); err != nil {
		return nil, err
	}
	if w.state.Serve == nil && begun {
		return nil, fmt.Errorf("%s, the simulated production, is gone in mid-rollout; choose another -out", dir.path("world.json"))
	}
	if w.state.Serve == nil {
		w.state.Serve = []rollout.Share{{Release: previous.Digest, Slice: rollout.Slice{Percent: 100}}}
		if err := w.save(); err != nil {
			return nil, err
		}
	}
	var err error
	if w.monitor, err = health.New(health.Policy{Metrics: []health.Metric{{Name: "errors"}}}); err != nil {
		return nil, err
	}
	w.watch, err = health.NewWatch(health.WatchPolicy{Metrics: []health.Baseline{{Name: "errors", Rate: usualRate}}})
	return w, err
}

func (w *world) save() error { return w.dir.save("world.json", w.state) }

// Apply makes the release serve exactly the slices of the action.
func (w *world) Apply(_ context.Context, a rollout.Action) error {
	switch {
	case a.Fence < w.state.Fence || a.Fence == w.state.Fence && a.Key != w.state.Key:
		return rollout.ErrFenced
	case a.Fence == w.state.Fence:
		return nil // done already
	}
	next := worldState{Fence: a.Fence, Key: a.Key, History: w.state.History}
	total := 0.0
	for _, s := range a.Slices {
		next.Serve = append(next.Serve, rollout.Share{Release: a.Release.Digest, Slice: s})
		total += shareOf(s)
	}
	total = min(total, 100)
	if total < 100 {
		next.Serve = append(next.Serve, rollout.Share{Release: a.Previous.Digest, Slice: rollout.Slice{Percent: 100 - total}})
	}
	next.History = append(next.History, exposure{At: w.clock.Now(), Percent: total})
	was := w.state
	w.state = next
	if err := w.save(); err != nil {
		w.state = was
		return err
	}
	return nil
}

// shareOf is a slice's share of all the traffic of this world.
func shareOf(s rollout.Slice) float64 {
	switch {
	case s.Cohort != "":
		return internalShare * s.Percent / 100
	case s.Region == regionName:
		return regionShare * s.Percent / 100
	case s.Everything():
		return s.Percent
	}
	return 0
}

// Observe reports who serves.
func (w *world) Observe(context.Context, rollout.Target) (rollout.Observed, error) {
	return rollout.Observed{Shares: w.state.Serve, Fence: w.state.Fence, Settled: true}, nil
}

// Health feeds the monitor with the simulated minutes that have passed. A stage
// that exposes more people begins a new certificate. Minutes in which everybody had
// the newer release have nothing to compare with but the usual rate: the watch has
// these. A program of one's own leaves this to package rollout/analysis.
func (w *world) Health(_ context.Context, q rollout.HealthQuery) (health.Verdict, error) {
	first := q.Since.Unix()/60 + 1
	for m := max(first, w.fed+1); (m+1)*60 <= q.Now.Unix(); m++ {
		percent := w.exposed(m)
		if percent != w.percent {
			w.monitor.Recertify()
		}
		w.fed, w.percent = m, percent
		if percent == 0 {
			continue
		}
		var err error
		if s := w.minute(m, q.Release.Digest, percent); percent < 100 {
			err = w.monitor.Add(s)
		} else {
			start := time.Unix(m*60, 0)
			err = w.watch.Add(health.WatchSample{Metric: s.Metric, Window: health.Window{Start: start, End: start.Add(time.Minute)}, Count: s.Canary})
		}
		if err != nil {
			return health.Verdict{}, err
		}
	}
	if w.percent == 100 && w.monitor.Kind() != health.KindRegressed {
		return w.watch.Verdict(), nil
	}
	return w.monitor.Verdict(), nil
}

// exposed is the share of the traffic that the newer release got when minute m began.
func (w *world) exposed(m int64) float64 {
	percent := 0.0
	for _, e := range w.state.History {
		if e.At.Unix() <= m*60 {
			percent = e.Percent
		}
	}
	return percent
}

// minute draws the requests of one minute. The same minute is always drawn the
// same, also by another run of the program.
func (w *world) minute(m int64, newer release.Digest, percent float64) health.Sample {
	seed := fnv.New64a()
	seed.Write(newer[:])
	random := rand.New(rand.NewPCG(seed.Sum64(), uint64(m)))
	rate := usualRate
	if newer == w.bad {
		rate = regressedRate
	}
	canary := uint64(perMinute * percent / 100)
	return health.Sample{ID: fmt.Sprint(m), Metric: "errors",
		Canary:  draw(random, canary, rate),
		Control: draw(random, perMinute-canary, usualRate)}
}

func draw(random *rand.Rand, requests uint64, rate float64) health.Count {
	c := health.Count{Total: requests}
	for range requests {
		if random.Float64() < rate {
			c.Bad++
		}
	}
	return c
}

// clock is simulated time. It begins at the present, or where an interrupted run
// was, and goes on as fast as pace says.
type clock struct{ now time.Time }

// Now is the simulated time.
func (c *clock) Now() time.Time { return c.now }

// pass lets simulated time pass until the end of a minute or until t, whichever
// comes first, and takes a little real time for it.
func (c *clock) pass(ctx context.Context, t time.Time, perMinute time.Duration) error {
	step := min(max(t.Sub(c.now), time.Second), time.Minute)
	wait := time.NewTimer(time.Duration(float64(perMinute) * step.Minutes()))
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-wait.C:
		c.now = c.now.Add(step)
		return nil
	}
}
