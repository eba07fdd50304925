package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/internal/linear"
)

// What many callers are told by two journals on one database is what one of them, doing
// one thing at a time, would have told them.
func TestIsLinear(t *testing.T) {
	t.Parallel()
	j := open(t, filepath.Join(t.TempDir(), "journal.db"))
	linear.Test(t, &linear.Options{Patience: 20 * time.Millisecond}, j, open(t, j.Path()))
}
