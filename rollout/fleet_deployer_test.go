package rollout_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// fleetWorld is a simulated production behind a deployer that is reached over a network.
// It lives in the test's process, which nobody kills, and is asked by HTTP. It remembers
// every effect. Calls take their time, answers get lost, and messages come late or twice.
type fleetWorld struct {
	// noFence and noKeys break the contract: actions are not compared with the highest
	// fence, or have their effect each time that they come.
	noFence, noKeys bool
	// delays are so many of hundred messages that come when nobody counts on them.
	delays int
	// spite, if not zero, is how long such a message waits at most for the next action to
	// come before it.
	spite time.Duration

	mu      sync.Mutex
	targets map[rollout.Target]*fleetTarget
	figures fleetFigures
	late    sync.WaitGroup // messages that are still under way
	over    atomic.Bool    // they wait no longer
	broken  func()         // called when an action takes effect twice or out of order; may be nil
}

// fleetFigures count what the deployer did.
type fleetFigures struct{ effects, repeats, stale, lost, delayed, doubled int }

type fleetTarget struct {
	serves  release.Ref // before the first effect
	fence   uint64
	keys    map[release.Digest]bool
	effects []rollout.Action
}

// serve says what serves all of a target before the first action.
func (w *fleetWorld) serve(t rollout.Target, r release.Ref) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.targets == nil {
		w.targets = map[rollout.Target]*fleetTarget{}
	}
	w.targets[t] = &fleetTarget{serves: r, keys: map[release.Digest]bool{}}
}

// land is an action that arrives.
func (w *fleetWorld) land(a rollout.Action) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.targets[a.Target]
	switch {
	case t == nil:
		return fmt.Errorf("nobody knows %v", a.Target)
	case !w.noFence && (a.Fence < t.fence || a.Fence == t.fence && !t.keys[a.Key]):
		w.figures.stale++
		return rollout.ErrFenced
	case !w.noKeys && t.keys[a.Key]:
		w.figures.repeats++
		return nil
	}
	if w.broken != nil && (t.keys[a.Key] || a.Fence < t.fence) {
		w.broken()
	}
	w.figures.effects++
	t.fence, t.keys[a.Key] = max(t.fence, a.Fence), true
	t.effects = append(t.effects, a)
	return nil
}

// overtaken reports whether a later action has come.
func (w *fleetWorld) overtaken(a rollout.Action) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.targets[a.Target]
	return t != nil && t.fence > a.Fence
}

// seen is how many effects there were.
func (w *fleetWorld) seen() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.figures.effects
}

func (w *fleetWorld) count(n *int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*n++
}

// later has a message arrive when the one who sent it may not wait any more.
func (w *fleetWorld) later(a rollout.Action) {
	w.late.Go(func() {
		if w.spite == 0 {
			time.Sleep(rand.N(1200 * time.Millisecond))
		}
		for end := time.Now().Add(w.spite); time.Now().Before(end) && !w.over.Load() && !w.overtaken(a); {
			time.Sleep(5 * time.Millisecond)
		}
		w.land(a) //nolint:errcheck // nobody is there to be told
	})
}

func latency() { time.Sleep(2*time.Millisecond + rand.N(20*time.Millisecond)) }

var errTimeout = errors.New("the network says: timeout")

// apply is one call of the deployer, there and back.
func (w *fleetWorld) apply(a rollout.Action) error {
	latency()
	defer latency()
	switch n := rand.IntN(100); {
	case n < 4: // it takes effect, and nobody is told
		w.count(&w.figures.lost)
		w.land(a) //nolint:errcheck // the answer is lost
		return errTimeout
	case n < 4+w.delays: // it comes when nobody counts on it any more
		w.count(&w.figures.delayed)
		w.later(a)
		return errTimeout
	case n < 14+w.delays: // it comes twice
		w.count(&w.figures.doubled)
		w.later(a)
	}
	return w.land(a)
}

// observe is what serves.
func (w *fleetWorld) observe(target rollout.Target) (rollout.Observed, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.targets[target]
	if t == nil {
		return rollout.Observed{}, fmt.Errorf("nobody knows %v", target)
	}
	o := rollout.Observed{Fence: t.fence, Settled: true}
	rest := rollout.Share{Release: t.serves.Digest, Slice: rollout.Slice{Percent: 100}}
	if n := len(t.effects); n > 0 {
		last := t.effects[n-1]
		rest.Release = last.Previous.Digest
		for _, slice := range last.Slices {
			o.Shares = append(o.Shares, rollout.Share{Release: last.Release.Digest, Slice: slice})
			if slice.Everything() {
				rest.Slice.Percent -= slice.Percent
			}
		}
	}
	if rest.Slice.Percent > 0 {
		o.Shares = append(o.Shares, rest)
	}
	return o, nil
}

// effects are those that a target has seen, in order.
func (w *fleetWorld) effects(t rollout.Target) []rollout.Action {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.targets[t].effects)
}

func (w *fleetWorld) all() []rollout.Target {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.SortedFunc(maps.Keys(w.targets), func(a, b rollout.Target) int { return bytes.Compare([]byte(a.String()), []byte(b.String())) })
}

// ServeHTTP is the deployer's end of the network. What was received goes on when the one
// who asked is gone.
func (w *fleetWorld) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	var a rollout.Action
	if err := json.NewDecoder(in.Body).Decode(&a); err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	switch in.URL.Path {
	case "/apply":
		err := w.apply(a)
		switch {
		case errors.Is(err, rollout.ErrFenced):
			http.Error(out, err.Error(), http.StatusConflict)
		case err != nil:
			http.Error(out, err.Error(), http.StatusGatewayTimeout)
		}
	case "/observe":
		latency()
		o, err := w.observe(a.Target)
		if err != nil {
			http.Error(out, err.Error(), http.StatusNotFound)
			return
		}
		json.NewEncoder(out).Encode(o) //nolint:errcheck // whoever is gone is gone
	}
}

// fleetDeployer is the engines' end.
type fleetDeployer struct{ url string }

func (d fleetDeployer) call(ctx context.Context, what string, a rollout.Action) ([]byte, error) {
	b, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	in, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url+what, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	out, err := http.DefaultClient.Do(in)
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	b, err = io.ReadAll(out.Body)
	switch {
	case err != nil:
		return nil, err
	case out.StatusCode == http.StatusConflict:
		return nil, fmt.Errorf("%s: %w", what, rollout.ErrFenced)
	case out.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s: %s: %s", what, out.Status, bytes.TrimSpace(b))
	}
	return b, nil
}

func (d fleetDeployer) Apply(ctx context.Context, a rollout.Action) error {
	_, err := d.call(ctx, "/apply", a)
	return err
}

func (d fleetDeployer) Observe(ctx context.Context, t rollout.Target) (o rollout.Observed, err error) {
	b, err := d.call(ctx, "/observe", rollout.Action{Target: t, Kind: rollout.ActionExpose})
	if err != nil {
		return rollout.Observed{}, err
	}
	return o, json.Unmarshal(b, &o)
}
