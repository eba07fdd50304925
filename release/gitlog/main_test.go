package gitlog_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain lowers the number of histories that the property test makes, since
// each one costs half a dozen processes. "-rapid.checks=1000" on the command line
// has the last word.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "12"); err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "gitlog-fixture-")
	if err != nil {
		panic(err)
	}
	historyFixture.dir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}
