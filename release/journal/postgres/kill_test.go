//go:build unix

package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/crashtest"
	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
)

func openPlace(place string) (journal.Journal, error) {
	j, err := postgres.Open(context.Background(), place, nil)
	if err != nil {
		return nil, err // and not a *Journal that is nil
	}
	return j, nil
}

// TestKilledWriter is not a test but the process that is killed.
func TestKilledWriter(t *testing.T) { crashtest.Writer(t, openPlace) }

// settle waits until this is the only connection to the database.
func settle(place string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, place)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for others := 1; others > 0; {
		const count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
		if err := conn.QueryRow(ctx, count).Scan(&others); err != nil {
			return err
		}
	}
	return nil
}

// Writers die at random moments, and so does the server, alone and together with a
// writer. All that was acknowledged is there, once, and whoever is left or comes next
// goes on.
func TestKill(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		server      bool
		short, long int // rounds
		options     crashtest.Options
	}{
		{"client", false, 8, 200, crashtest.Options{}},
		{"client of three, compacting", false, 1, 100, crashtest.Options{Writers: 3, Compact: true}},
		{"client stopped", false, 0, 50, crashtest.Options{Writers: 3, Stop: true}},
		{"server and client", true, 3, 150, crashtest.Options{Writers: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !*long {
				t.Parallel()
			}
			o := c.options
			o.Rounds = c.short
			if *long {
				o.Rounds = c.long
			}
			if o.Rounds == 0 {
				t.Skip("only with -long")
			}
			o.Writer, o.Open = "TestKilledWriter", openPlace
			if c.server {
				server := pgtest.NewServer(t)
				o.Place = server.Database(t)
				o.Server = func() error {
					if err := server.Kill(); err != nil {
						return err
					}
					return server.Start()
				}
			} else {
				o.Place = pgtest.DSN(t)
			}
			o.Settle = func() error { return settle(o.Place) }
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
	crashtest.Pause(t, crashtest.Options{Writer: "TestKilledWriter", Open: openPlace, Place: pgtest.DSN(t)})
}
