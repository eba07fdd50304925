package groupcommit_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/groupcommit"
)

// crowd has callers come again and again, as soon as they were served, and returns how
// many commits that took.
func crowd(t *testing.T, gather time.Duration, callers, rounds int) (commits int) {
	g := groupcommit.New(groupcommit.Limits{Items: 100, Size: 100, Gather: gather}, func([]*int) {
		commits++
		time.Sleep(3 * time.Millisecond) // long enough for the others to queue
	})
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range rounds {
				if err := g.Do(t.Context(), new(int), 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return commits
}

// TestGather: callers that come again at once share all commits, instead of splitting
// into two crowds that take turns.
func TestGather(t *testing.T) {
	const callers, rounds = 16, 20
	with, without := crowd(t, 50*time.Millisecond, callers, rounds), crowd(t, 0, callers, rounds)
	require.Less(t, with, without)
	require.LessOrEqual(t, with, rounds+rounds/2)
}

// TestGatherNobody: a caller that is alone never waits, and one that has lost its company
// waits no longer than was said, and once.
func TestGatherNobody(t *testing.T) {
	g := groupcommit.New(groupcommit.Limits{Items: 100, Size: 100, Gather: 200 * time.Millisecond}, func([]*int) {
		time.Sleep(5 * time.Millisecond)
	})
	do := func() {
		if err := g.Do(t.Context(), new(int), 1); err != nil {
			t.Error(err)
		}
	}
	start := time.Now()
	for range 10 {
		do()
	}
	require.Less(t, time.Since(start), 190*time.Millisecond, "it waited, being alone")
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(do)
	}
	wg.Wait()
	start = time.Now()
	for range 10 {
		do()
	}
	require.Less(t, time.Since(start), 600*time.Millisecond, "it waited more than once")
}

// TestGatherNeedlessly: nobody is waited for who could not join, and what is refused is
// not kept waiting.
func TestGatherNeedlessly(t *testing.T) {
	const gather = 20 * time.Second
	held := func(limits groupcommit.Limits, queued int) (*groupcommit.Group[*int], func()) {
		begun, end := make(chan struct{}), make(chan struct{})
		limits.Gather = gather
		var once sync.Once
		g := groupcommit.New(limits, func([]*int) {
			once.Do(func() { close(begun); <-end })
		})
		var wg sync.WaitGroup
		do := func() {
			wg.Go(func() {
				if err := g.Do(t.Context(), new(int), 1); err != nil && !errors.Is(err, errStopped) {
					t.Error(err)
				}
			})
		}
		do()
		<-begun
		for range queued {
			do()
		}
		for g.Queued() < queued {
			time.Sleep(time.Millisecond)
		}
		return g, func() { close(end); wg.Wait() }
	}
	took := func(f func()) time.Duration {
		start := time.Now()
		f()
		return time.Since(start)
	}

	// The first caller does not come again, and of the others four fill a commit.
	_, end := held(groupcommit.Limits{Items: 100, Size: 4}, 4)
	require.Less(t, took(end), gather/2, "the batch was full by its size")

	// What runs alone takes nobody along.
	g, end := held(groupcommit.Limits{Items: 100, Size: 100}, 0)
	alone := make(chan error, 1)
	go func() { alone <- g.Alone(t.Context(), func() {}) }()
	for g.Queued() < 1 {
		time.Sleep(time.Millisecond)
	}
	require.Less(t, took(func() { end(); require.NoError(t, <-alone) }), gather/2, "it was to run alone")

	// Somebody who waits for company is refused at once.
	g, end = held(groupcommit.Limits{Items: 100, Size: 100}, 1)
	require.Less(t, took(func() {
		time.AfterFunc(50*time.Millisecond, func() { g.Stop(errStopped) })
		end()
	}), gather/2, "it was stopped")
}

var errStopped = errors.New("stopped")
