package backtest_test

import (
	"encoding/binary"
	"iter"
	"math"
	"math/rand/v2"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/backtest"
)

var start = time.Date(2025, 1, 1, 9, 0, 0, 0, time.UTC)

// changes is a change set of one file that was read completely.
func changes(path string, added int64) release.ChangeSet {
	return release.ChangeSet{
		Base: "1111111111111111111111111111111111111111", Head: "2222222222222222222222222222222222222222",
		Files:    []release.FileChange{{Path: release.Path(path), Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: added}},
		Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete},
	}
}

// name is the digest of the i-th release.
func name(i int) release.Digest {
	return release.DigestOf(binary.BigEndian.AppendUint64(nil, uint64(i)))
}

// fineFor is the outcome of a release that was watched for some days and did not fail.
func fineFor(i int, deployed time.Time, days int) release.Outcome {
	return release.Outcome{Release: name(i), Kind: release.OutcomeFine, Deployed: deployed, At: deployed.AddDate(0, 0, days)}
}

// simulated are n releases, eight a day, that fail by their lines as the prior has it, in
// 1 to 40 days; every tenth touches the sign-in. What was not watched for long is censored.
func simulated(n int, seed uint64) iter.Seq2[backtest.Case, error] {
	return func(yield func(backtest.Case, error) bool) {
		r := rand.New(rand.NewPCG(seed, 1))
		for i := range n {
			lines := int64(math.Exp(3 + 1.7*r.NormFloat64()))
			at := start.Add(time.Duration(i) * 3 * time.Hour)
			path, odds := "shop/cart.go", -3.2+0.6*math.Log1p(float64(lines))
			if r.IntN(10) == 0 {
				path, odds = "auth/login.go", odds+1
			}
			o := fineFor(i, at, 20+r.IntN(100))
			if r.Float64() < 1/(1+math.Exp(-odds)) {
				o.Kind, o.At = release.OutcomeFailed, at.Add(time.Duration(1+r.IntN(40*24))*time.Hour)
			}
			if !yield(backtest.Case{At: at, Outcome: o, Shown: release.Tier(r.IntN(5)),
				Input: risk.Input{Impact: risk.ImpactModerate, Changes: changes(path, lines)}}, nil) {
				return
			}
		}
	}
}
