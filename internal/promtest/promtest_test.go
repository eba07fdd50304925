package promtest_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/promtest"
)

// TestStart runs a server and leaves nothing that answers.
func TestStart(t *testing.T) {
	t.Parallel()
	url := ""
	t.Run("while the test runs", func(t *testing.T) {
		url = promtest.Start(t, "global: {scrape_interval: 1s}\n")
		resp, err := http.Get(url + "/api/v1/query?query=vector(42)")
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Contains(t, string(body), `"42"`)
	})
	if url == "" {
		t.Skip("there is no server")
	}
	require.Eventually(t, func() bool {
		resp, err := http.Get(url + "/-/ready")
		if err == nil {
			resp.Body.Close()
		}
		return err != nil
	}, 10*time.Second, 20*time.Millisecond)
}

// ended is how a test that has nobody to ask ends.
type ended struct {
	testing.TB
	how string
}

func (e *ended) Helper()               {}
func (e *ended) Skip(...any)           { e.how = "skipped"; panic(e) }
func (e *ended) Fatalf(string, ...any) { e.how = "failed"; panic(e) }

// TestMissing: no server is a skip, or a failure where it is asked for.
func TestMissing(t *testing.T) {
	for require_, want := range map[string]string{"": "skipped", "postgres": "skipped", "postgres,prometheus": "failed"} {
		t.Setenv("SALLYPORT_REQUIRE", require_)
		e := &ended{TB: t}
		require.Panics(t, func() { promtest.Missing(e, "there is none") })
		require.Equal(t, want, e.how)
	}
}
