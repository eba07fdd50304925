package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// TestIsolation: under a role whose transactions are isolated more strictly, where those who
// waited for each other are refused by the server, appends succeed all the same.
func TestIsolation(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.DSN(t)
			exec(t, dsn, fmt.Sprintf("ALTER DATABASE %s SET default_transaction_isolation = '%s'", ask[string](t, dsn, "SELECT current_database()"), level))
			var wg sync.WaitGroup
			var mu sync.Mutex
			var errs []error
			const journals, appends = 12, 30
			for w := range journals {
				j := open(t, dsn)
				wg.Go(func() {
					for i := range appends {
						_, err := j.Append(t.Context(), journal.Append{Stream: fmt.Sprint("s", w), Expect: uint64(i), Entries: make2("x")})
						if err != nil {
							mu.Lock()
							errs = append(errs, err)
							mu.Unlock()
							return
						}
					}
				})
			}
			wg.Wait()
			require.NoError(t, errors.Join(errs...))
			require.NoError(t, everything(t, open(t, dsn)))
		})
	}
}
