package journal_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// BenchmarkClaim claims one stream of those with a prefix, and releases it, among
// 100,000 streams that wait. Only claims are in the percentiles: memory, each of them
// is due; scarce, one in a thousand is; others, all are due but those with the prefix,
// so that there is nothing to claim.
func BenchmarkClaim(b *testing.B) {
	const waiting = 100_000
	for _, c := range []struct {
		name   string
		prefix string
		wake   func(i int) time.Duration
	}{
		{"memory", "", func(int) time.Duration { return 0 }},
		{"memory/scarce", "", func(i int) time.Duration { return time.Duration(min(i%1000, 1)) * time.Hour }},
		{"memory/others", "mine/", func(int) time.Duration { return 0 }},
	} {
		b.Run(c.name, func(b *testing.B) {
			j := new(journal.Memory)
			defer j.Close()
			for i := range waiting {
				a := journal.Append{Stream: fmt.Sprintf("rollout/service-%06d", i), Wake: c.wake(i), Entries: []journal.Entry{{Kind: "k"}}}
				_, err := j.Append(b.Context(), a)
				require.NoError(b, err)
			}
			for i := range 1000 {
				a := journal.Append{Stream: fmt.Sprintf("mine/%d", i), Wake: time.Hour, Entries: []journal.Entry{{Kind: "k"}}}
				_, err := j.Append(b.Context(), a)
				require.NoError(b, err)
			}
			took := make([]time.Duration, 0, 1<<20)
			claim := journal.Claim{Prefix: c.prefix, TTL: time.Minute, Max: 1}
			for b.Loop() {
				start := time.Now()
				leases, err := j.Claim(b.Context(), claim)
				took = append(took, time.Since(start))
				require.NoError(b, err)
				for _, l := range leases {
					require.NoError(b, j.Release(b.Context(), l, 0))
				}
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds()*1e6, "p50-µs")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1e6, "p99-µs")
		})
	}
}
