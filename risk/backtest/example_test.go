package backtest_test

import (
	"fmt"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/advisory"
	"github.com/sallyport-dev/sallyport/release/report"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/backtest"
)

// history makes 400 releases, one a day. They are simulated: the more lines one adds, the
// likelier it fails, and every tenth touches the sign-in, which fails more often.
func history() iter.Seq2[backtest.Case, error] {
	return func(yield func(backtest.Case, error) bool) {
		start := time.Date(2025, 1, 1, 9, 0, 0, 0, time.UTC)
		for i := range 400 {
			lines := int64(i * i % 397)
			file := release.FileChange{Path: "shop/cart.go", Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: lines}
			if i%10 == 0 {
				file.Path = "auth/login.go"
			}
			at := start.AddDate(0, 0, i)
			o := release.Outcome{Release: release.DigestOf(fmt.Append(nil, "release ", i)), Kind: release.OutcomeFine, Deployed: at, At: at.AddDate(0, 0, 90)}
			if int64(i*37%400) < lines/3 || i%30 == 0 {
				o.Kind, o.At = release.OutcomeFailed, at.AddDate(0, 0, 2)
			}
			c := backtest.Case{At: at, Outcome: o, Shown: release.TierLow, Input: risk.Input{Impact: risk.ImpactModerate, Changes: release.ChangeSet{
				Base: "1111111111111111111111111111111111111111", Head: "2222222222222222222222222222222222222222",
				Files:    []release.FileChange{file},
				Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete},
			}}}
			if !yield(c, nil) {
				return
			}
		}
	}
}

// What the default policy would have done, and whether a rule about large releases
// would be worth adding.
func Example() {
	large := risk.Rule{ID: "large", Doc: "High for more than 300 added lines.", Version: 1, Run: func(f *risk.Facts) []risk.Finding {
		if f.Features.LinesAdded <= 300 {
			return nil
		}
		return []risk.Finding{{Floor: release.TierHigh, Text: "more than 300 lines came in"}}
	}}
	model := &risk.Model{ID: "lines", Bias: -3.6, Weights: []risk.Weight{{Term: "lines-added", Weight: 0.6}}}
	r, err := backtest.Run(history(), backtest.Options{Model: model, Hypothetical: []risk.Rule{large}, Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := report.Markdown(os.Stdout, "Back-test", r.Sections()[:3]); err != nil {
		fmt.Println(err)
	}
	// Output:
	// # Back-test
	//
	// ## Load and failures by tier
	//
	// In short: 23 % (19 to 28 %) of 400 releases are low, with 4 % (1 to 11 %) of 78 failures among them, where chance would put 23 %. The releases are of 2025-01-01 to 2026-02-04, and outcomes are as of 2026-05-05: 400 of 400 count, of which 78 failed. In brackets are 95 % intervals.
	//
	// | tier | releases | of releases | failed of mature | failed | of failures | this or above: of releases | of failures |
	// | --- | --- | --- | --- | --- | --- | --- | --- |
	// | low | 93 | 23 % (19 to 28 %) | 3 of 93 | 3 % (1 to 9 %) | 4 % (1 to 11 %) | 100 % (99 to 100 %) | 100 % (95 to 100 %) |
	// | moderate | 267 | 67 % (62 to 71 %) | 56 of 267 | 21 % (16 to 26 %) | 72 % (60 to 81 %) | 77 % (72 to 81 %) | 96 % (89 to 99 %) |
	// | high | 40 | 10 % (7 to 13 %) | 19 of 40 | 48 % (32 to 64 %) | 24 % (15 to 35 %) | 10 % (7 to 13 %) | 24 % (15 to 35 %) |
	// | critical | 0 | 0 % (0 to 1 %) | 0 of 0 | no data: none of them has a mature outcome | 0 % (0 to 5 %) | 0 % (0 to 1 %) | 0 % (0 to 5 %) |
	//
	// ## Likelihood
	//
	// | measure | value | saying the same of all | knowing the future |
	// | --- | --- | --- | --- |
	// | AUC of the likelihood | 0.66 (0.59 to 0.73) | 0.50 | 1.00 |
	// | AUC of the tiers | 0.68 (0.63 to 0.72) | 0.50 | 1.00 |
	// | failures in the top 5 % | 9 % (4 to 15 %) | 5 % | 26 % |
	// | failures in the top 10 % | 18 % (11 to 26 %) | 10 % | 51 % |
	// | failures in the top 50 % | 71 % (60 to 80 %) | 50 % | 100 % |
	// | calibration error (0 bins) | no data: no percentage would have been shown of a release with a mature outcome |  |  |
	// | Brier skill | no data: no percentage would have been shown of a release with a mature outcome | 0.00 | 1.00 |
	//
	// ## What each rule would have blocked (high or above)
	//
	// | rule | found in | blocked | failed of mature | failed | of failures | only this blocked | failed of mature | waived | failed of mature |
	// | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
	// | `sensitive` | 40 | 40 | 19 of 40 | 48 % (32 to 64 %) | 24 % (15 to 35 %) | 40 | 19 of 40 | 0 | 0 of 0 |
	// | large (hypothetical) | 98 | 98 | 30 of 98 | 31 % (22 to 41 %) | 38 % (28 to 50 %) | 92 | 29 of 92 | 0 | 0 of 0 |
	//
	// The others found nothing.
}

// Would lower cuts be worth their price?
func ExampleCompare() {
	model := &risk.Model{ID: "lines", Bias: -3.6, Weights: []risk.Weight{{Term: "lines-added", Weight: 0.6}}}
	strict := risk.Default()
	strict.ID, strict.Cuts = "strict", [3]float64{0.05, 0.15, 0.30}
	c, err := backtest.Compare(history(), backtest.Options{Model: model}, backtest.Options{Model: model, Policy: strict})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := report.Markdown(os.Stdout, "Default and strict", c.Sections()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// # Default and strict
	//
	// ## Two policies on the same releases
	//
	// | at least | releases: A | B | B less A, points | failures: A | B | B less A, points |
	// | --- | --- | --- | --- | --- | --- | --- |
	// | moderate | 307 | 379 | 18.0 (14.5 to 21.8) | 75 | 78 | 3.8 (0.0 to 8.9) |
	// | high | 40 | 40 | 0.0 (-0.9 to 0.9) | 19 | 19 | 0.0 (-4.6 to 4.6) |
	// | critical | 0 | 0 | 0.0 (-0.9 to 0.9) | 0 | 0 | 0.0 (-4.6 to 4.6) |
	//
	// - B puts 72 of 400 releases higher: 3 of 72 failed.
	// - B puts 0 of 400 releases lower: 0 of 0 failed.
	// - AUC of the likelihood, B less A: 0.00 (no interval: the data give none)
	// - AUC of the tiers, B less A: -0.06 (-0.09 to -0.03)
}

// Today's advisories about the releases of the past: each release is looked up as of its
// own day, and one that was looked up as of today is refused.
func ExampleAsOf() {
	db, err := advisory.LoadFile(strings.NewReader(`{"id": "GO-2025-0001", "published": "2025-02-01T00:00:00Z", "modified": "2025-02-01T00:00:00Z",
		"affected": [{"package": {"ecosystem": "Go", "name": "example.com/proxy"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	after := &release.Inventory{Source: release.Source{Path: "go.mod"}, Coverage: release.CoverageComplete,
		Components: []release.Component{{PURL: "pkg:golang/example.com/proxy@v1.4.1"}}}
	before := &release.Inventory{Source: release.Source{Path: "go.mod"}, Coverage: release.CoverageComplete}
	today := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

	asOf := func(_ backtest.Case, at time.Time) (release.ChangeSet, error) {
		return db.Delta(before, after, at), nil
	}
	asOfToday := func(backtest.Case, time.Time) (release.ChangeSet, error) { return db.Delta(before, after, today), nil }
	for _, look := range []func(backtest.Case, time.Time) (release.ChangeSet, error){asOf, asOfToday} {
		r, err := backtest.Run(backtest.AsOf(history(), look), backtest.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.Releases, "assessed")
		for _, e := range r.Rules {
			if e.Rule == "advisory" {
				fmt.Println("  advisory found something in", e.Found)
			}
		}
		for _, x := range r.Refused {
			fmt.Println("  refused", x.Releases, x.Cause)
		}
	}
	// Output:
	// 400 assessed
	//   advisory found something in 369
	// 0 assessed
	//   advisory found something in 0
	//   refused 400 source-after
}
