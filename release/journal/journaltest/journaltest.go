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
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// Options says what else a store can be asked. Nil is the zero Options.
type Options struct {
	// Reopen closes j and opens what it kept. If nil, the store keeps nothing, and
	// that part of the contract is not tested.
	Reopen func(t testing.TB, j journal.Journal) journal.Journal
	// Beside opens another journal on what j keeps, as another process would; the suite
	// closes both. All tests then use the two in turns, or at once, as if they were one.
	// If nil, the store is of one process: it forgets its leases when it is closed.
	Beside func(t testing.TB, j journal.Journal) journal.Journal
	// Advance moves the clock of j, and of all journals on what it keeps, forward by d.
	// If nil, the clock is taken to run as this machine's does, and the tests wait.
	Advance func(j journal.Journal, d time.Duration)
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
	open    Opener
	reopen  func(t testing.TB, j journal.Journal) journal.Journal
	beside  func(t testing.TB, j journal.Journal) journal.Journal
	advance func(j journal.Journal, d time.Duration)
	rounds  int

	patience time.Duration // how long may take what must happen
	ahead    time.Duration // how far the store's clock was advanced
}

func newSuite(open Opener, opts *Options) *suite {
	s := &suite{open: open, rounds: 20, patience: 10 * time.Second}
	if opts != nil {
		s.reopen, s.beside, s.advance = opts.Reopen, opts.Beside, opts.Advance
		if opts.Rounds > 0 {
			s.rounds = opts.Rounds
		}
	}
	return s
}

// start opens a journal and has it closed at the end.
func (s *suite) start(t testing.TB) journal.Journal {
	t.Helper()
	return s.spread(t, s.open(t))
}

// spread is j, and if the store allows it, another journal on the same.
func (s *suite) spread(t testing.TB, j journal.Journal) journal.Journal {
	t.Helper()
	t.Cleanup(func() { j.Close() })
	if s.beside == nil {
		return j
	}
	b := s.beside(t, j)
	t.Cleanup(func() { b.Close() })
	return newSpread([2]journal.Journal{j, b})
}

// again closes a journal and opens it again.
func (s *suite) again(t testing.TB, j journal.Journal) journal.Journal {
	t.Helper()
	both := pair(j)
	if both[1] != both[0] {
		ok(t, "close", both[1].Close())
	}
	return s.spread(t, s.reopen(t, both[0]))
}

// pair is the two journals that j is, which may be the same.
func pair(j journal.Journal) [2]journal.Journal {
	if two, ok := j.(*spread); ok {
		return two.both
	}
	return [2]journal.Journal{j, j}
}

var cases = []struct {
	name   string
	run    func(testing.TB, *suite)
	reopen bool
}{
	// Streams.
	{name: "values come back", run: testValues},
	{name: "returned records are the loaded ones", run: testReturned},
	{name: "the chain verifies", run: testChain},
	{name: "load after a version", run: testLoadAfter},
	{name: "streams are sorted", run: testStreams},
	{name: "a loop may end early", run: testEarlyEnd},
	{name: "the caller's data stays the caller's", run: testOwnership},
	{name: "a conflict appends nothing", run: testConflict},
	{name: "a refused append leaves the wake alone", run: testRefusedWake},
	{name: "an unfit append appends nothing", run: testUnfit},
	{name: "the largest append fits", run: testLargest},
	{name: "a long stream is loaded whole", run: testLong},
	{name: "one winner at a version", run: testOneWinner},
	{name: "concurrent appends form one chain", run: testConcurrent},
	{name: "a batch is whole", run: testBatch},
	{name: "readers beside writers", run: testReaders},
	{name: "appends that bet on each other", run: testBets},
	{name: "a loop may call what it likes", run: testInLoops},
	// Tokens and leases.
	{name: "an old token is refused", run: testOldToken},
	{name: "a lease that is over is its holder's", run: testOver},
	{name: "who is fenced is not told of a conflict", run: testFencedFirst},
	{name: "tokens grow", run: testTokensGrow},
	{name: "a lease lasts its time", run: testLasts},
	{name: "renewing", run: testRenew},
	{name: "releasing", run: testRelease},
	{name: "a release leaves the wake of a later append", run: testReleaseRace},
	{name: "what is due", run: testDue},
	{name: "times are finer than a second", run: testFine},
	{name: "the last wake counts", run: testLastWake},
	{name: "a claim is of what is due and free", run: testClaim},
	{name: "a claim keeps to its prefix", run: testPrefix},
	{name: "those first that have been due for longest", run: testClaimOrder},
	{name: "who is due keeps its place", run: testKeepsPlace},
	{name: "an unfit claim leases nothing", run: testUnfitClaim},
	{name: "as many as can be claimed at once", run: testMany},
	{name: "claims are disjoint", run: testDisjoint},
	{name: "work is shared", run: testShared},
	// The feed.
	{name: "the feed has each record once", run: testFeed},
	{name: "the feed goes on from each cursor", run: testCursors},
	{name: "a loop over the feed", run: testFeedLoop},
	{name: "a foreign cursor is refused", run: testForeignCursor},
	{name: "the feed carries large values", run: testFeedLarge},
	{name: "a long feed is read whole", run: testFeedLong},
	{name: "the feed beside writers", run: testFeedBeside},
	// Compaction.
	{name: "compaction", run: testCompact},
	{name: "a compaction that is refused forgets nothing", run: testCompactRefused},
	{name: "compaction again", run: testCompactAgain},
	{name: "a compacted stream goes on", run: testCompactedGoesOn},
	{name: "the feed after compaction", run: testCompactFeed},
	{name: "compaction beside readers and writers", run: testCompactBeside},
	// The end.
	{name: "a context that has ended", run: testCancelled},
	{name: "a context that ends meanwhile", run: testEnding},
	{name: "a closed journal refuses", run: testClosed},
	{name: "the first of several refusals", run: testRefusals},
	{name: "closing beside appends loses nothing", run: testCloseBeside, reopen: true},
	{name: "opened again it is the same", run: testReopen, reopen: true},
	{name: "opened again wakes are kept", run: testReopenWake, reopen: true},
	{name: "opened again tokens grow", run: testReopenTokens, reopen: true},
	{name: "opened again the feed goes on", run: testReopenFeed, reopen: true},
	{name: "opened again it is still compacted", run: testReopenCompact, reopen: true},
}
