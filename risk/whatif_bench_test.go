package risk_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// mixed is a release of n files: most are code, and each 25th is in need of care or documentation.
func mixed(n int) release.ChangeSet {
	var fs []release.FileChange
	for i := range n {
		switch i % 50 {
		case 0:
			fs = append(fs, file(fmt.Sprintf("internal/auth/login%d.go", i), 3, 1))
		case 25:
			fs = append(fs, file(fmt.Sprintf("docs/page%d.md", i), 300, 1))
		default:
			fs = append(fs, file(fmt.Sprintf("internal/pkg%02d/handler%03d.go", i%15, i), int64(i%7), int64(i%3)))
		}
	}
	return changes(fs...)
}

// BenchmarkWhatIf measures the search for ways to a lower tier.
func BenchmarkWhatIf(b *testing.B) {
	a, err := risk.New(nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		in   risk.Input
	}{
		{"500-changes", risk.Input{Changes: fiveHundred()}},
		{"500-changes-mixed", risk.Input{Changes: mixed(500), Impact: risk.ImpactModerate}},
		{"50000-changes", risk.Input{Changes: mixed(50_000)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			digest, err := c.in.Changes.Digest()
			if err != nil {
				b.Fatal(err)
			}
			c.in.Digest = digest
			b.ReportAllocs()
			var ways []risk.Counterfactual
			for b.Loop() {
				if ways, err = a.WhatIf(c.in, now); err != nil || len(ways) == 0 {
					b.Fatal(ways, err)
				}
			}
			for _, w := range ways {
				b.Log(w)
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(time.Millisecond), "ms/op")
		})
	}
}

// BenchmarkCircumstances measures the digest of what an assessment rests on besides the changes.
func BenchmarkCircumstances(b *testing.B) {
	full := risk.Input{Impact: risk.ImpactMajor, Exposed: release.AnswerYes}
	for i := range 20 {
		full.History.Recent = append(full.History.Recent, risk.Past{At: now, Features: risk.Features{LinesAdded: int64(i), Files: 3, Directories: 1, Commits: 2}})
	}
	for i := range 5 {
		full.Waivers = append(full.Waivers, release.Waiver{ID: fmt.Sprint(i), Rule: "gap", Subject: "go.sum", Reason: "known", From: now, Expires: now})
	}
	for name, in := range map[string]risk.Input{"none": {Impact: risk.ImpactMajor}, "20-releases-5-waivers": full} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if risk.Circumstances(&in, now).IsZero() {
					b.Fatal("none")
				}
			}
		})
	}
}
