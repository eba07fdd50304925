//go:build unix

package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/crashtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

func openPlace(place string) (journal.Journal, error) {
	j, err := sqlite.Open(context.Background(), place, nil)
	if err != nil {
		return nil, err // and not a *Journal that is nil
	}
	return j, nil
}

// TestKilledWriter is not a test but the process that is killed.
func TestKilledWriter(t *testing.T) { crashtest.Writer(t, openPlace) }

// Writers die at random moments: one, one of four that write to one database at once,
// and one that forgets most of what it wrote all the time. All that was acknowledged is
// there, once, and whoever is left or comes next goes on.
func TestKill(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		short, long int
		options     crashtest.Options
	}{
		{"one", 20, 500, crashtest.Options{}},
		{"one of four", 1, 50, crashtest.Options{Writers: 4}},
		{"compacting", 3, 100, crashtest.Options{Compact: true}},
		{"compacting, one of two", 0, 50, crashtest.Options{Compact: true, Writers: 2}},
		{"stopped", 0, 50, crashtest.Options{Stop: true, Writers: 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := c.options
			o.Writer, o.Open, o.Place = "TestKilledWriter", openPlace, filepath.Join(t.TempDir(), "journal.db")
			o.Rounds = c.short
			if *long {
				o.Rounds = c.long
			}
			if o.Rounds == 0 {
				t.Skip("it takes -long")
			}
			result := crashtest.Run(t, o)
			if o.Stop && *long {
				require.NotZero(t, result.Fenced, "no worker was ever stopped past its lease")
			}
			t.Logf("%+v", result)
		})
	}
}

// A worker that is stopped past its lease is refused when it goes on.
func TestPausedWorkerIsFenced(t *testing.T) {
	t.Parallel()
	crashtest.Pause(t, crashtest.Options{Writer: "TestKilledWriter", Open: openPlace, Place: filepath.Join(t.TempDir(), "journal.db")})
}
