package journaltest_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// broken are the rules of the contract that a plain store can drop, and the case that
// must then fail; others may.
var broken = []struct{ without, caught string }{
	// Appending.
	{"the version check", "one winner at a version"},
	{"the version check", "concurrent appends form one chain"},
	{"the check of an append", "an unfit append appends nothing"},
	{"what was acknowledged is kept", "concurrent appends form one chain"},
	{"what was acknowledged is kept", "one winner at a version"},
	{"what was kept is acknowledged", "concurrent appends form one chain"},
	{"a whole batch", "returned records are the loaded ones"},
	{"a whole batch", "a batch is whole"},
	{"the caller's bytes are copied", "the caller's data stays the caller's"},
	{"times to the nanosecond", "values come back"},
	{"records end with the stream", "load after a version"},
	{"streams of any length are loaded", "a long stream is loaded whole"},

	// Tokens.
	{"the token check of an append", "an old token is refused"},
	{"the token check of an append", "who is fenced is not told of a conflict"},
	{"the token check of Renew", "an old token is refused"},
	{"the token check of Release", "an old token is refused"},
	{"the token is looked at before the version", "who is fenced is not told of a conflict"},
	{"the token is looked at before the version", "the first of several refusals"},
	{"a released lease lets its holder append", "releasing"},
	{"a lease whose time is over lets its holder append", "a lease that is over is its holder's"},
	{"a lease whose time is over is there for Renew", "a lease that is over is its holder's"},
	{"a lease whose time is over is there for Release", "a lease that is over is its holder's"},
	{"who gives no token may append", "who is fenced is not told of a conflict"},
	{"an append without a token leaves the token alone", "who is fenced is not told of a conflict"},
	{"an append leaves leases alone", "a claim is of what is due and free"},
	{"tokens grow", "tokens grow"},
	{"tokens grow after a release", "tokens grow"},
	{"tokens grow after a release", "claims are disjoint"},
	{"a released token stays the last one", "releasing"},

	// Leases.
	{"a lease lasts", "a lease lasts its time"},
	{"a lease has the version", "tokens grow"},
	{"a lease has the version", "work is shared"},
	{"Renew makes a lease last", "renewing"},
	{"Renew counts from now", "renewing"},
	{"Renew may end a lease sooner", "renewing"},
	{"the check of Renew", "renewing"},
	{"a released lease is not for Renew", "tokens grow"},
	{"a released lease is not for Release", "tokens grow"},
	{"the check of Release", "releasing"},
	{"Release says when a stream is due", "releasing"},
	{"Release leaves the wake of a later append", "a release leaves the wake of a later append"},
	{"Release leaves the later wake of a later append", "a release leaves the wake of a later append"},
	{"a released stream is free", "releasing"},
	{"a released stream is free", "claims are disjoint"},

	// Wakes.
	{"an append replaces the wake", "the last wake counts"},
	{"an earlier wake replaces a later one", "the last wake counts"},
	{"a later wake replaces an earlier one", "the last wake counts"},
	{"the last of many in one go says the wake", "appends that bet on each other"},
	{"what is due stays due since then", "who is due keeps its place"},
	{"who holds it puts it behind the others", "who is due keeps its place"},
	{"Never is never", "what is due"},
	{"zero is at once", "what is due"},
	{"wakes are by the store's clock", "what is due"},
	{"a wake as far ahead as allowed", "what is due"},

	// Claims.
	{"the check of a claim", "an unfit claim leases nothing"},
	{"only what is due is claimed", "what is due"},
	{"what never is due is not claimed", "what is due"},
	{"what somebody holds is not claimed", "a claim is of what is due and free"},
	{"what somebody holds is not claimed", "claims are disjoint"},
	{"what somebody holds is hardly ever claimed", "claims are disjoint"},
	{"a worker's own lease is not claimed again", "a claim is of what is due and free"},
	{"what was held and is over is claimed", "a lease lasts its time"},
	{"a claim keeps to its prefix", "a claim keeps to its prefix"},
	{"a prefix is no pattern", "a claim keeps to its prefix"},
	{"a prefix has its case", "a claim keeps to its prefix"},
	{"a prefix may end with 0xff", "a claim keeps to its prefix"},
	{"a prefix is text of any bytes", "a claim keeps to its prefix"},
	{"at most Max", "a claim is of what is due and free"},
	{"as many as Max", "as many as can be claimed at once"},
	{"any number of streams is listed", "as many as can be claimed at once"},
	{"Max is of the streams with the prefix", "a claim keeps to its prefix"},
	{"those first that have been due for longest", "those first that have been due for longest"},
	{"not those first that became due last", "those first that have been due for longest"},

	{"a refused append leaves the wake alone", "a refused append leaves the wake alone"},
	{"the same append again is a conflict", "a conflict appends nothing"},
	{"an outcome that is not known is named", "a context that ends meanwhile"},
	{"a long loop over a stream ends with what was there", "a long stream is loaded whole"},
	{"a long loop over the feed ends with what was there", "a long feed is read whole"},
	{"a wake is kept to less than a second", "times are finer than a second"},
	{"the end of a lease is kept to less than a second", "times are finer than a second"},
	{"an append does not renew the lease", "a lease that is over is its holder's"},

	// The feed.
	{"positions are in the order of commits", "the feed beside writers"},
	{"the feed is in an order of commits", "the feed has each record once"},
	{"the feed is in an order of commits", "the feed beside writers"},
	{"the order of a stream in the feed", "the feed has each record once"},
	{"one order for all streams", "the feed goes on from each cursor"},
	{"each record of a batch in the feed", "the feed has each record once"},
	{"all hashes in the feed", "the feed has each record once"},
	{"readers own what the feed gave them", "the feed has each record once"},
	{"a cursor is behind its record", "the feed has each record once"},
	{"cursors are behind their record", "the feed goes on from each cursor"},
	{"records of any size in the feed", "the feed carries large values"},
	{"a feed of any length", "a long feed is read whole"},
	{"a loop over the feed reads anew", "a loop over the feed"},
	{"a loop over the feed ends", "a loop over the feed"},
	{"what is no cursor is refused", "a foreign cursor is refused"},
	{"the cursor of another journal is refused", "a foreign cursor is refused"},
	{"a cursor beyond the end is refused", "a foreign cursor is refused"},

	// Compaction.
	{"reading what was forgotten is an error", "compaction"},
	{"the error says from where on a stream is kept", "compaction"},
	{"the error has the hash of what was forgotten", "compaction"},
	{"a compacted stream is listed", "compaction"},
	{"compaction forgets all up to the base", "compaction"},
	{"compaction forgets nothing after the base", "compaction"},
	{"the base is what was asked for", "compaction"},
	{"compaction leaves other streams alone", "compaction"},
	{"the feed keeps what the stream keeps", "compaction"},
	{"the hash of the base is looked at", "a compaction that is refused forgets nothing"},
	{"a refused compaction forgets nothing", "a compaction that is refused forgets nothing"},
	{"the hash of the base that is kept is looked at", "a compaction that is refused forgets nothing"},
	{"what is not there cannot be compacted", "a compaction that is refused forgets nothing"},
	{"one record stays", "a compaction that is refused forgets nothing"},
	{"compaction again is no error", "compaction again"},
	{"compaction to an older base does nothing", "compaction again"},
	{"compaction forgets in the feed too", "the feed after compaction"},
	{"cursors stay what they are after compaction", "the feed after compaction"},
	{"from the beginning the feed has what is kept", "the feed after compaction"},
	{"a feed with a gap is refused", "the feed after compaction"},
	{"a feed goes on from the last that was forgotten", "the feed after compaction"},
	{"versions go on after compaction", "a compacted stream goes on"},
	{"a chain goes on after compaction", "a compacted stream goes on"},
	{"compaction leaves the wake alone", "a compacted stream goes on"},
	{"compaction leaves leases alone", "a compacted stream goes on"},

	// The end.
	{"a context that has ended stops Append", "a context that has ended"},
	{"a context that has ended stops Load", "a context that has ended"},
	{"a context that has ended stops Streams", "a context that has ended"},
	{"a context that has ended stops Feed", "a context that has ended"},
	{"a context that has ended stops Compact", "a context that has ended"},
	{"a context that has ended stops Claim", "a context that has ended"},
	{"a context that has ended stops Renew", "a context that has ended"},
	{"a context that has ended stops Release", "a context that has ended"},
	{"a closed journal refuses Append", "a closed journal refuses"},
	{"a closed journal refuses Load", "a closed journal refuses"},
	{"a closed journal refuses Streams", "a closed journal refuses"},
	{"a closed journal refuses Feed", "a closed journal refuses"},
	{"a closed journal refuses Compact", "a closed journal refuses"},
	{"a closed journal refuses Claim", "a closed journal refuses"},
	{"a closed journal refuses Renew", "a closed journal refuses"},
	{"a closed journal refuses Release", "a closed journal refuses"},
	{"Close may be called twice", "a closed journal refuses"},

	// Opened again.
	{"records are kept", "opened again it is the same"},
	{"records are kept", "closing beside appends loses nothing"},
	{"wakes are kept", "opened again wakes are kept"},
	{"what is due is still due when it is opened again", "opened again wakes are kept"},
	{"tokens grow when it is opened again", "opened again tokens grow"},
	{"positions are kept", "opened again the feed goes on"},
	{"bases are kept", "opened again it is still compacted"},
	{"what the feed forgot stays forgotten", "opened again it is still compacted"},
}

// Each rule is dropped, and is missed by the case that is named for it: in a store with
// a clock that can be moved, and in one where the suite has to wait; in a store of one
// process and in one of many. The waiting is in a bubble, whose time costs none.
func TestDroppedRulesAreMissed(t *testing.T) {
	t.Parallel()
	for _, b := range broken {
		t.Run(b.without+": "+b.caught, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for i := range 4 {
					clock, many := i%2 == 0, i/2 == 0
					var failed map[string]string
					// Two that were to race may have run one after the other.
					for n := 0; n < 5 && len(failed) == 0; n++ {
						open, opts := plainStore(b.without, clock, many)
						opts.Rounds = 8
						failed = suite(t, open, opts, b.caught)
					}
					require.Contains(t, failed, b.caught, "clock %v, many %v", clock, many)
					t.Log(failed[b.caught])
				}
			})
		})
	}
}

// A journal may not go by what it knew when another on the same store has gone on.
func TestOthersAreSeen(t *testing.T) {
	t.Parallel()
	for without, caught := range map[string]string{
		"claims of others are seen":       "an old token is refused",
		"what others forgot is forgotten": "compaction",
		"what a release said is kept":     "opened again wakes are kept",
	} {
		open, opts := plainStore(without, true, true)
		require.Contains(t, suite(t, open, opts, caught), caught)
		open, opts = plainStore(without, true, false)
		require.Empty(t, suite(t, open, opts, caught), "there is no other")
	}
}

// What becomes of leases when a store is closed depends on who else has it open.
func TestLeasesThatOutlastTheirProcess(t *testing.T) {
	t.Parallel()
	const caught = "opened again tokens grow"
	open, opts := plainStore("a store of one process forgets its leases", true, false)
	require.Contains(t, suite(t, open, opts, caught), caught)
	open, opts = plainStore("a store of many processes keeps its leases", true, true)
	require.Contains(t, suite(t, open, opts, caught), caught)
}
