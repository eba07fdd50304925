package journal_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release/journal"
)

var long = flag.Bool("long", false, "run the long variants: 500 kills instead of 20, 5000 disks instead of 80")

// One disk lives through many sessions, and most of them end badly: an operation
// fails, also one of the recovery from the failure before; then the process goes on
// and opens the journal again, or dies, or the power goes. What was acknowledged in
// any of them, and what any of them has read, is there in all that follow.
func TestManyBadSessions(t *testing.T) {
	t.Parallel()
	seeds := uint64(80)
	if *long {
		seeds = 5000
	}
	opened := 0
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 3))
		d, o := faulty.NewDisk(), newOutcome()
		for session := range 12 {
			what := fmt.Sprintf("seed %d, session %d", seed, session)
			fault := faulty.Fault{}
			if session < 11 { // the last is a good one
				fault = faulty.Fault{Op: 1 + r.IntN(25), Mode: faulty.Modes()[r.IntN(3)], Part: []int{0, 1, 14, 512, r.IntN(6000)}[r.IntN(5)]}
			}
			d.Fail(fault)
			j, err := openDisk(d, small)
			if err != nil {
				require.True(t, d.Failed(), "%s: %v", what, err)
				require.NotErrorIs(t, err, journal.ErrCorrupt, what)
			} else {
				opened++
				badSession(t, r, j, o, what)
			}
			switch r.IntN(4) {
			case 0: // the same process opens it again
				if err == nil {
					j.Close()
				}
				d.Fail(faulty.Fault{}) // also heals a disk that is dead
				d.Restart()
			case 1:
				d.Restart()
			default:
				d.PowerCut(r)
			}
		}
	}
	require.Greater(t, opened, int(seeds)*4, "else too little was tried")
}

// badSession reads, appends until something fails, and keeps what it was told.
func badSession(t *testing.T, r *rand.Rand, j *journal.File, o *outcome, what string) {
	got, err := contents(j)
	if err != nil {
		require.ErrorIs(t, err, faulty.ErrInjected, what)
		return
	}
	o.check(t, got, what)
	o.acked, o.unknown = got, map[string][]string{}
	for i := range r.IntN(8) {
		stream := string(rune('a' + r.IntN(3)))
		data := fmt.Sprint(what, "/", i, strings.Repeat([]string{"x", "\x00"}[r.IntN(2)], r.IntN(3000)))
		if err := o.append(j, stream, data, data+"'"); err != nil {
			require.True(t, errors.Is(err, journal.ErrUnknown) || errors.Is(err, journal.ErrClosed), "%s: %v", what, err)
			return
		}
	}
	if r.IntN(2) == 0 {
		j.Close()
	}
}
