// Package realdata finds, for tests, the data that others made. None of it is kept
// in this module: the environment variable SALLYPORT_DATA names a folder that
// holds it, and a test that needs it is skipped with a message where there is
// none. SALLYPORT_REQUIRE, a list with commas, turns that into a failure where
// it names "data", and the lack of other things that it names too ([Required]).
package realdata

import (
	"compress/gzip"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Required reports whether a test must fail, and not be skipped, where something is
// missing: whether SALLYPORT_REQUIRE names it.
func Required(name string) bool {
	return slices.Contains(strings.Split(os.Getenv("SALLYPORT_REQUIRE"), ","), name)
}

// Missing ends a test that needs a program or a server which is not there: it is skipped
// with the reason, or fails where SALLYPORT_REQUIRE names it.
func Missing(t testing.TB, name, why string) {
	t.Helper()
	if Required(name) {
		t.Fatalf("SALLYPORT_REQUIRE asks for %s: %s", name, why)
	}
	t.Skip(why)
}

// Path is the path of a file or folder of the data, by its name with slashes.
func Path(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("SALLYPORT_DATA")
	if dir == "" {
		if Required("data") {
			t.Fatalf("SALLYPORT_REQUIRE asks for data, and SALLYPORT_DATA names no folder with %s", name)
		}
		t.Skipf("SALLYPORT_DATA names no folder with %s", name)
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// CSV is all rows of a gzipped CSV file of the data, the header among them.
func CSV(t testing.TB, name string) [][]string {
	t.Helper()
	f, err := os.Open(Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rows
}
