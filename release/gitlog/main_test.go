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
	if err := flag.Set("rapid.checks", "40"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
