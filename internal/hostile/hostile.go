// Package hostile has inputs that no parser of this module may choke on, for
// tests.
package hostile

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"
)

// What one call may take.
const (
	MaxTime  = time.Second
	MaxBytes = 64 << 20 // of heap, above what was there before
)

// again is how often what took too long is tried again; the least counts. A thread's
// time grows by what its neighbours do to the caches of a shared machine.
const again = 2

// Input is one hostile input.
type Input struct {
	Name string // of the subtest
	Text []byte // what the parser is given
	// Fine says that the parser may also read it, as long as it stays within the limits.
	Fine bool
}

// Texts are the inputs that every parser of text gets: too large, too deep, too
// many, and no text. Those that fit a parser's size limit reach its inside.
func Texts() []Input {
	repeat := func(s string, size int) []byte { return bytes.Repeat([]byte(s), size/len(s)) }
	keys := func(head, format, tail string) []byte {
		b := bytes.NewBufferString(head)
		for i := range 1_000_000 {
			fmt.Fprintf(b, format, i)
		}
		b.WriteString(tail)
		return b.Bytes()
	}
	in := []Input{
		{"100 MB of [", repeat("[", 100<<20), false},
		{"1 MB of [", repeat("[", 1<<20), false},
		{"10 kB of [", repeat("[", 10<<10), false},
		{"100 kB of {\"a\":", repeat(`{"a":`, 100<<10), false},
		{"100 kB of - ", repeat("- ", 100<<10), false},
		{"100 MB of spaces", repeat(" ", 100<<20), false},
		{"one line of 8 MB", append(repeat("x", 8<<20), '\n'), false},
		{"a million keys of JSON", keys("{", "\"k%d\":0,", "\"k\":0}"), false},
		{"a million keys of YAML", keys("", "k%d: 0\n", ""), false},
		{"a million keys of TOML", keys("", "k%d = 0\n", ""), false},
		{"a million empty lines", repeat("\n", 1_000_000), true},
		{"invalid UTF-8", []byte("{\"a\":\"\xff\xfe\"}"), false},
		{"invalid UTF-8 alone", []byte("\xc3\x28 \xff\n"), false},
		{"zero bytes", make([]byte, 1000), false},
		{"an unclosed string", []byte(`{"a":"`), false},
	}
	return in
}

// Within fails the test if f takes more than MaxTime of the thread's time. It does
// not count what other goroutines take, nor under the race detector.
func Within(t *testing.T, f func()) {
	t.Helper()
	_, spent, _ := measure(nil, func([]byte) bool { f(); return true })
	for range again {
		if spent > MaxTime && !race {
			_, once, _ := measure(nil, func([]byte) bool { f(); return true })
			spent = min(spent, once)
		}
	}
	if spent > MaxTime && !race {
		t.Fatalf("it took %v, which is more than %v", spent, MaxTime)
	}
}

// Check gives parse each input. parse must say whether it refused: with an error or
// a gap. What is not refused, takes more than MaxTime of the thread's time, or more
// than MaxBytes of memory fails the test. It must not run beside
// other tests, and is skipped under the race detector.
func Check(t *testing.T, inputs []Input, parse func([]byte) (refused bool)) {
	t.Helper()
	if race {
		t.Skip("the limits are not those of the race detector")
	}
	for _, in := range inputs {
		t.Run(in.Name, func(t *testing.T) {
			refused, spent, allocated := measure(in.Text, parse)
			for range again {
				if spent > MaxTime {
					_, once, _ := measure(in.Text, parse)
					spent = min(spent, once)
				}
			}
			if !refused && !in.Fine {
				t.Fatal("it must be refused")
			}
			if spent > MaxTime {
				t.Fatalf("it took %v, which is more than %v", spent, MaxTime)
			}
			if allocated > MaxBytes { // in all; how much at once?
				most := peak(in.Text, parse, false)
				for i := range 2 * again { // what was garbage already counts too
					if most > MaxBytes {
						most = min(most, peak(in.Text, parse, i%2 == 0))
					}
				}
				if most > MaxBytes {
					t.Fatalf("it took %d bytes at once, which is more than %d", most, MaxBytes)
				}
			}
		})
	}
}

func measure(text []byte, parse func([]byte) bool) (refused bool, spent time.Duration, allocated uint64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := threadTime()
	refused = parse(text)
	spent = threadTime() - start
	runtime.ReadMemStats(&after)
	return refused, spent, after.TotalAlloc - before.TotalAlloc
}

// peak is the most heap that parse had at once, as far as a sample each
// millisecond sees it. Garbage that the collector has not met yet counts too, and
// how much that is depends on the machine. So there are two ways to look, each too
// high where the other is not: let the collector run often, or make it run before
// each sample, where it takes what is made meanwhile for alive.
func peak(text []byte, parse func([]byte) bool, collect bool) uint64 {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	read := func() uint64 {
		if collect {
			runtime.GC()
		}
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	base := read()
	most := base
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
				most = max(most, read())
			}
		}
	})
	parse(text)
	close(done)
	wg.Wait()
	most = max(most, read())
	return most - min(most, base)
}
