package realdata_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/realdata"
)

// recorder is a testing.TB that notes how it was ended.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper()               {}
func (r *recorder) Fatalf(string, ...any) { r.ended = "failed"; runtime.Goexit() }
func (r *recorder) Skipf(string, ...any)  { r.ended = "skipped"; runtime.Goexit() }

func TestPath(t *testing.T) {
	for _, c := range []struct{ name, data, require, path, ended string }{
		{"there", "/some/where", "", filepath.FromSlash("/some/where/a/b.csv"), ""},
		{"there and required", "/some/where", "data", filepath.FromSlash("/some/where/a/b.csv"), ""},
		{"missing", "", "", "", "skipped"},
		{"missing and something else required", "", "postgres,metadata", "", "skipped"},
		{"missing and required", "", "postgres,data", "", "failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("SALLYPORT_DATA", c.data)
			t.Setenv("SALLYPORT_REQUIRE", c.require)
			r, path, done := &recorder{TB: t}, "", make(chan struct{})
			go func() {
				defer close(done)
				path = realdata.Path(r, "a/b.csv")
			}()
			<-done
			require.Equal(t, c.path, path)
			require.Equal(t, c.ended, r.ended)
		})
	}
}
