package risk_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// What became of a release is told with what it was assessed by. A failure counts at once; what is fine
// after a day may fail yet, and counts for little.
func ExampleLearner() {
	var learner risk.Learner // keep it as JSON between runs

	assessment := risk.Assessment{Features: risk.Features{LinesAdded: 120}, Tier: release.TierModerate}
	deployed := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	failed := release.Outcome{Release: release.DigestOf([]byte("release 1")), Kind: release.OutcomeFailed,
		Deployed: deployed, At: deployed.Add(2 * time.Hour), Cause: "incident 7"}
	young := release.Outcome{Release: release.DigestOf([]byte("release 2")), Kind: release.OutcomeFine,
		Deployed: deployed, At: deployed.Add(24 * time.Hour)}

	for range 2 { // telling it twice changes nothing
		for _, o := range []release.Outcome{failed, young} {
			if err := learner.Observe(assessment.Observed(o)); err != nil {
				fmt.Println(err)
			}
		}
	}
	fmt.Println(learner.Counts())
	fmt.Println("censored:", learner.Counts().Censored)
	for _, days := range []time.Duration{1, 30, 365} {
		fmt.Printf("fine for %d days: %.0f %% of the failures would be known\n", days, 100*learner.Maturity(days*24*time.Hour))
	}
	state, err := json.Marshal(&learner)
	fmt.Println(err == nil && json.Unmarshal(state, &learner) == nil)
	// Output:
	// 1 of 25 mature outcomes, no percentage yet
	// censored: 1
	// fine for 1 days: 2 % of the failures would be known
	// fine for 30 days: 14 % of the failures would be known
	// fine for 365 days: 54 % of the failures would be known
	// true
}

// A host whose tiers say nothing of what fails hears of it.
func ExampleLearner_Health() {
	learner := risk.Learner{Horizon: 14 * 24 * time.Hour} // what fails here, fails within two weeks
	start := time.Date(2025, 11, 1, 9, 0, 0, 0, time.UTC)
	for i := range 400 {
		deployed := start.Add(time.Duration(i) * 12 * time.Hour)
		o := release.Outcome{Release: release.DigestOf([]byte{byte(i), byte(i >> 8)}), Kind: release.OutcomeFine, Deployed: deployed, At: deployed.Add(14 * 24 * time.Hour)}
		if i%8 == 0 { // whatever its tier
			o.Kind, o.At = release.OutcomeFailed, deployed.Add(6*time.Hour)
		}
		tier := release.TierLow + release.Tier(i/8%3)
		if err := learner.Observe(risk.Observed{Outcome: o, Features: risk.Features{LinesAdded: int64(i % 90)}, Tier: tier}); err != nil {
			fmt.Println(err)
		}
	}

	h := learner.Health()
	fmt.Println(h.Counts)
	fmt.Printf("base rate %.1f %% (%.1f to %.1f %%)\n", 100*h.BaseRate.Value, 100*h.BaseRate.Lo, 100*h.BaseRate.Hi)
	fmt.Println("forecasts judged:", h.Forecasts, "ECE known:", h.ECE.Known, "drift:", h.MixDrift.Drifted || h.RateDrift.Drifted)
	for _, w := range h.Warnings() {
		fmt.Println("warning:", w)
	}
	fmt.Println("stale in May:", h.Stale(start.AddDate(0, 6, 0)), "in November:", h.Stale(start.AddDate(1, 0, 0)))
	// Output:
	// 400 mature outcomes with 50 failures
	// base rate 12.5 % (9.5 to 16.0 %)
	// forecasts judged: 350 ECE known: true drift: false
	// warning: your tiers do not separate outcomes: 17 of 136 at low failed, 17 of 136 at moderate failed, 16 of 128 at high failed; either they say nothing of risk, or the care that they demand makes up for it
	// stale in May: false in November: true
}

// A change of 2,000 lines in ten releases of a day is one change of 2,000 lines.
func ExampleWindow() {
	var window risk.Window // keep it as JSON between runs
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

	for i := range 10 {
		changes := release.ChangeSet{Base: "1111111111111111111111111111111111111111", Head: "2222222222222222222222222222222222222222",
			Files:    []release.FileChange{{Path: "server/handler.go", Op: release.OpModified, OldMode: "100644", NewMode: "100644", Added: 200}},
			Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete}}
		now := at.Add(time.Duration(i) * time.Hour) // the host's clock, never the commit's
		a, err := risk.Assess(risk.Input{Changes: changes, History: window.History("shop", now)}, now)
		if err != nil {
			fmt.Println("no verdict, so no:", err)
			return
		}
		if i == 0 || i == 9 {
			fmt.Printf("release %d: %s\n", i+1, a.Tier)
		}
		id := release.DigestOf([]byte{byte(i)}) // the release's digest
		if err := window.Add("shop", id, risk.Past{At: now, Features: a.Features}); err != nil {
			fmt.Println("not remembered, so no:", err)
			return
		}
	}
	// Output:
	// release 1: moderate
	// release 10: high
}
