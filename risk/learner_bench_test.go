package risk_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// busy is what a host with n releases has to tell.
func busy(n int) []risk.Observed {
	r := rand.New(rand.NewPCG(uint64(n), 6))
	out := make([]risk.Observed, n)
	for i := range out {
		f := risk.Features{LinesAdded: int64(math.Exp(8 * r.Float64())), LinesDeleted: r.Int64N(200), Files: 1 + r.Int64N(30), Directories: 1 + r.Int64N(9), Commits: 1 + r.Int64N(20)}
		deployed := now.Add(-time.Duration(r.Float64() * float64(200*day)))
		o := release.Outcome{Release: release.DigestOf([]byte(itoa(i))), Kind: release.OutcomeFine, Deployed: deployed, At: now}
		if d := time.Duration(r.ExpFloat64() * float64(10*day)); r.Float64() < truth(f) && deployed.Add(d).Before(now) {
			o.Kind, o.At = release.OutcomeFailed, deployed.Add(d)
		}
		out[i] = risk.Observed{Outcome: o, Features: f, Tier: release.Tier(1 + i%4)}
	}
	return out
}

func learnerOf(b *testing.B, told []risk.Observed) *risk.Learner {
	l := &risk.Learner{Horizon: 30 * day}
	for _, o := range told {
		if err := l.Observe(o); err != nil {
			b.Fatal(err)
		}
	}
	return l
}

// BenchmarkLearner measures a learner: to be told of 4,000 releases, and of one more; to make a model of 1,000 mature
// outcomes; to judge itself.
func BenchmarkLearner(b *testing.B) {
	full, thousand := busy(4_000), busy(1_000)
	b.Run("observe/4000", func(b *testing.B) {
		for b.Loop() {
			learnerOf(b, full)
		}
	})
	b.Run("observe/one-of-4000", func(b *testing.B) {
		l := learnerOf(b, full)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			o := full[i%len(full)]
			o.Outcome.At = o.Outcome.At.Add(time.Duration(i)) // always something new
			if err := l.Observe(o); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, told := range map[string][]risk.Observed{"1000": thousand, "4000": full} {
		l := learnerOf(b, told)
		b.Run("counts/"+name, func(b *testing.B) {
			for b.Loop() {
				l.Counts()
			}
		})
		b.Run("model/"+name, func(b *testing.B) {
			for b.Loop() {
				if l.Model().Calibration == nil {
					b.Fatal("not calibrated")
				}
			}
		})
		b.Run("health/"+name, func(b *testing.B) {
			for b.Loop() {
				if h := l.Health(); !h.ECE.Known {
					b.Fatal(h)
				}
			}
		})
	}
}
