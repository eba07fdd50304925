//go:build unix

package journal_test

import (
	"path/filepath"
	"testing"

	"github.com/sallyport-dev/sallyport/internal/crashtest"
	"github.com/sallyport-dev/sallyport/release/journal"
)

func openPlace(place string) (journal.Journal, error) {
	j, err := journal.Open(place, nil)
	if err != nil {
		return nil, err // and not a *File that is nil
	}
	return j, nil
}

// TestKilledWriter is not a test but the process that is killed.
func TestKilledWriter(t *testing.T) { crashtest.Writer(t, openPlace) }

// Writers die at random moments. All that was acknowledged is there, once, and no
// killed process blocks the next.
func TestKill(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		short, long int
		options     crashtest.Options
	}{
		{"appending", 20, 500, crashtest.Options{}},
		{"compacting", 10, 250, crashtest.Options{Compact: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := c.options
			o.Writer, o.Open, o.Place = "TestKilledWriter", openPlace, filepath.Join(t.TempDir(), name)
			// Half of the time as a second crash, without an orderly close.
			o.Leave = func(j journal.Journal) error { return j.(*journal.File).Abandon() }
			o.Rounds = c.short
			if *long {
				o.Rounds = c.long
			}
			t.Logf("%+v", crashtest.Run(t, o))
		})
	}
}
