package advisory_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/advisory"
)

// goVulndb is the Go vulnerability database of August 2026, compressed.
func goVulndb(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(realdata.Path(t, "advisories/go-vulndb.json.gz"))
	require.NoError(t, err)
	return b
}

// some are n components, seeded: half of them of packages that the documents are about, at or
// near versions that they name, half of packages that they do not know.
func some(docs []doc, n int) []thing {
	r := rand.New(rand.NewPCG(1, 2))
	versions := map[string][]string{}
	for _, d := range docs {
		for _, a := range d.Affected {
			versions[a.Package.Name] = append(versions[a.Package.Name], "1.2.3")
			for _, x := range a.Ranges {
				for _, e := range x.Events {
					for _, v := range e {
						versions[a.Package.Name] = append(versions[a.Package.Name], v)
					}
				}
			}
		}
	}
	var names []string
	for name := range versions {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []thing
	seen := map[thing]bool{}
	for i := range n {
		name, v := fmt.Sprintf("example.com/team%d/module%d", i%17, i), fmt.Sprintf("%d.%d.%d", i%3, i%11, i%7)
		if i%2 == 0 {
			name = names[r.IntN(len(names))]
			v = versions[name][r.IntN(len(versions[name]))]
		}
		if c := (thing{kind: "golang", name: strings.ToLower(name), version: "v" + v}); !seen[c] {
			seen[c] = true
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b thing) int { return strings.Compare(string(a.purl()), string(b.purl())) })
	return out
}

func BenchmarkMatch(b *testing.B) {
	raw := goVulndb(b)
	db, err := advisory.LoadFile(bytes.NewReader(raw), nil)
	require.NoError(b, err)
	docs := documents(b, raw)
	things := some(docs, 2000)
	components := components(things)
	at := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	var found int
	b.Run("snapshot", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := db.Match(components, at)
			found = len(r.Affected) + len(r.Unknown)
		}
		fast := b.Elapsed() / time.Duration(b.N)
		start := time.Now()
		slow := 0
		for _, a := range match(docs, things, at) {
			if a != "withdrawn" {
				slow++
			}
		}
		naive := time.Since(start)
		require.Equal(b, slow, found)
		b.ReportMetric(float64(naive)/float64(fast), "x-naive")
		b.ReportMetric(float64(found), "findings")
		b.ReportMetric(float64(db.Len()), "advisories")
	})
	b.Run("nothing found", func(b *testing.B) {
		others := slices.DeleteFunc(slices.Clone(components), func(c release.Component) bool {
			return !bytes.Contains([]byte(c.PURL), []byte("example.com/team"))
		})
		b.ReportAllocs()
		for b.Loop() {
			db.Match(others, at)
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	raw := goVulndb(b)
	b.ReportAllocs()
	var db *advisory.DB
	var err error
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for b.Loop() {
		db, err = advisory.LoadFile(bytes.NewReader(raw), nil)
	}
	require.NoError(b, err)
	b.ReportMetric(float64(heap()-before)/float64(db.Len()), "B/advisory")
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/load")
	runtime.KeepAlive(db)
}

// documents are the database's, as the brute-force evaluator reads them.
func documents(t testing.TB, raw []byte) []doc {
	t.Helper()
	plain, err := io.ReadAll(gunzip(t, raw))
	require.NoError(t, err)
	var byID map[string]doc
	require.NoError(t, json.Unmarshal(plain, &byID))
	var out []doc
	for _, d := range byID {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b doc) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	return out
}
