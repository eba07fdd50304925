package sqlite_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/syncack"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

// cutAppends of cutSize(n) bytes are more than the log holds before it is moved into
// the database.
const cutAppends = 60

func cutSize(n uint64) int { return int(n%3) * 80_000 }

// TestCutWriter is not a test but the process that TestPowerCut traces.
func TestCutWriter(t *testing.T) {
	j := open(t, filepath.Join(syncack.Place(t), "journal.db"))
	token := uint64(0)
	for n := range uint64(cutAppends) {
		e := journal.Entry{At: time.Unix(9, 9), Kind: "k", Reason: strconv.FormatUint(token, 10), Data: []byte(strings.Repeat("#", cutSize(n)))}
		_, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: n, Token: token, Entries: []journal.Entry{e}})
		require.NoError(t, err)
		syncack.Ack()
		if n%2 == 0 { // what comes between appends waits for no flush
			_, leases := claim(t, j, journal.Claim{TTL: time.Microsecond})
			token = leases[0].Token
		}
	}
}

// The power is cut at random moments of what strace saw: of what was not flushed some
// is there, some is not, and some is torn. All that was acknowledged is there, and no
// token is given again that was given between appends.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	h, report := syncack.Cut(t, "TestCutWriter", sqliteRules())
	require.Greater(t, report.Flushes, cutAppends+1, "the log was never moved into the database")
	h.Each(t, images(), func(folder string, acked int) {
		j, err := sqlite.Open(t.Context(), filepath.Join(folder, "journal.db"), nil)
		require.NoError(t, err)
		defer j.Close()
		n, token := uint64(0), uint64(0)
		for r, err := range j.Load(t.Context(), "s", 0) {
			require.NoError(t, err)
			require.Len(t, r.Data, cutSize(n))
			given, err := strconv.ParseUint(r.Reason, 10, 64)
			require.NoError(t, err)
			token = max(token, given)
			n++
		}
		require.GreaterOrEqual(t, int(n), acked, "acknowledged records are lost")
		_, err = j.Append(t.Context(), journal.Append{Stream: "s", Expect: n, Entries: []journal.Entry{{Kind: "k"}}})
		require.NoError(t, err)
		_, leases := claim(t, j, journal.Claim{})
		require.Greater(t, leases[0].Token, token+cutAppends, "with room for those that no record tells of")
	})
}

// images is how many power cuts are simulated.
func images() int {
	if *long {
		return 500
	}
	return 6
}

// The same finds what is lost with synchronous=NORMAL, and nothing with FULL.
func TestPowerCutFinds(t *testing.T) {
	t.Parallel()
	for test, loses := range map[string]bool{"TestAckFull": false, "TestAckNormal": true} {
		h, _ := syncack.Cut(t, test, sqliteRules())
		lost := 0
		h.Each(t, images(), func(folder string, acked int) {
			db, err := sql.Open("sqlite", filepath.Join(folder, "journal.db"))
			require.NoError(t, err)
			defer db.Close()
			n := 0
			if err := db.QueryRowContext(context.Background(), "SELECT count(*) FROM t").Scan(&n); err != nil {
				n = 0 // not even the table
			}
			lost += max(0, acked-n)
		})
		t.Logf("%s: %d acknowledged rows lost", test, lost)
		require.Equal(t, loses, lost > 0)
	}
}
