package postgres_test

import (
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/internal/linear"
	"github.com/sallyport-dev/sallyport/internal/pgtest"
)

// What many callers are told by two journals on one database is what one of them, doing
// one thing at a time, would have told them.
func TestIsLinear(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	linear.Test(t, &linear.Options{Patience: 20 * time.Millisecond}, open(t, dsn), open(t, dsn))
}
