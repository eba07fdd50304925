// Package journaltest is the contract of [journal.Journal] as a test, for stores
// of one's own:
//
//	func TestStore(t *testing.T) {
//		journaltest.Run(t, func(t testing.TB) journal.Journal { return open(t, t.TempDir()) }, nil)
//	}
//
// It shows what a store does while it runs and when it is closed and opened again.
// It does not show that an acknowledged record survives the loss of power, or a
// killed process: a store must show that for itself.
//
// It needs nothing but package testing.
package journaltest

import (
	"testing"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// Options says what else a store can be asked. Nil is the zero Options.
type Options struct {
	// Reopen closes j and opens what it kept. If nil, the store keeps nothing, and
	// that part of the contract is not tested.
	Reopen func(t testing.TB, j journal.Journal) journal.Journal
	// Rounds is how often the tests of concurrency are repeated. If zero, 20.
	Rounds int
}

// Opener makes an empty journal. It fails t when it cannot. What it returns is
// closed by the suite.
type Opener = func(t testing.TB) journal.Journal

// Run tests the store that open makes. Each part is a subtest with a journal of
// its own; the subtests run in parallel.
func Run(t *testing.T, open Opener, opts *Options) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSuite(open, opts)
			if c.reopen && s.reopen == nil {
				t.Skip("the store has no Reopen")
			}
			c.run(t, s)
		})
	}
}

// suite is what a case works with.
type suite struct {
	open   Opener
	reopen func(t testing.TB, j journal.Journal) journal.Journal
	rounds int
}

func newSuite(open Opener, opts *Options) suite {
	s := suite{open: open, rounds: 20}
	if opts != nil {
		s.reopen = opts.Reopen
		if opts.Rounds > 0 {
			s.rounds = opts.Rounds
		}
	}
	return s
}

// start opens a journal and has it closed at the end.
func (s suite) start(t testing.TB) journal.Journal {
	t.Helper()
	j := s.open(t)
	t.Cleanup(func() { j.Close() })
	return j
}

var cases = []struct {
	name   string
	run    func(testing.TB, suite)
	reopen bool
}{
	{name: "values come back", run: testValues},
	{name: "returned records are the loaded ones", run: testReturned},
	{name: "the chain verifies", run: testChain},
	{name: "load after a version", run: testLoadAfter},
	{name: "streams are sorted", run: testStreams},
	{name: "a loop may end early", run: testEarlyEnd},
	{name: "the caller's data stays the caller's", run: testOwnership},
	{name: "a conflict appends nothing", run: testConflict},
	{name: "an unfit append appends nothing", run: testUnfit},
	{name: "the largest append fits", run: testLargest},
	{name: "a cancelled context appends nothing", run: testCancelled},
	{name: "one winner at a version", run: testOneWinner},
	{name: "concurrent appends form one chain", run: testConcurrent},
	{name: "a batch is whole", run: testBatch},
	{name: "readers beside writers", run: testReaders},
	{name: "a closed journal refuses", run: testClosed},
	{name: "closing beside appends loses nothing", run: testCloseBeside, reopen: true},
	{name: "opened again it is the same", run: testReopen, reopen: true},
}
