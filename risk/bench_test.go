package risk_test

import (
	"fmt"
	"testing"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// fiveHundred is a release of 500 changed files in 50 directories, ten of them in need of care.
func fiveHundred() release.ChangeSet {
	var fs []release.FileChange
	for i := range 490 {
		fs = append(fs, file(fmt.Sprintf("internal/pkg%02d/handler%03d.go", i/10, i), int64(i%7), int64(i%3)))
	}
	for i := range 10 {
		fs = append(fs, file(fmt.Sprintf("internal/auth/login%d.go", i), 3, 1))
	}
	return changes(fs...)
}

// BenchmarkAssess measures an assessment whose change set's digest is known, and
// one that computes it.
func BenchmarkAssess(b *testing.B) {
	cs := fiveHundred()
	digest, err := cs.Digest()
	if err != nil {
		b.Fatal(err)
	}
	for name, in := range map[string]risk.Input{
		"500-changes":        {Changes: cs, Digest: digest},
		"500-changes-digest": {Changes: cs},
		"no-changes":         {Changes: changes(), Digest: digest},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a, err := risk.Assess(in, now)
				if err != nil || a.Tier == release.TierUnknown {
					b.Fatal(a.Tier, err)
				}
			}
		})
	}
}

// BenchmarkJudge is the part of Assess that decides: features, likelihood, rules, table, reasons, on a
// change set that is labelled and has its digest. The rest of Assess is labelling and digests.
func BenchmarkJudge(b *testing.B) {
	judge, err := risk.Prepared(risk.Input{Changes: fiveHundred()})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if a := judge(now); a.Tier != release.TierHigh {
			b.Fatal(a.Tier)
		}
	}
}
