package risk_test

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// A model learns from releases of which it is known what became of them, and says what its
// estimate is made of.
func ExampleFit() {
	var samples []risk.Sample
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range int64(200) {
		f := risk.Features{LinesAdded: 10 + 7*(i%40), Fixes: i % 3 % 2}
		samples = append(samples, risk.Sample{Features: f, Failed: f.Fixes == 1 && i%5 > 1 || i%11 == 0, Weight: 1, At: start.AddDate(0, 0, int(i))})
	}
	model, err := risk.Fit(nil, samples, risk.FitOptions{})
	if err != nil {
		panic(err)
	}
	calibrated, ok := model.Recalibrate(samples)
	if !ok {
		panic("too few outcomes")
	}
	change := release.ChangeSet{
		Files:   []release.FileChange{{Path: "login.go", Op: release.OpModified, Added: 120}},
		Commits: []release.Commit{{Subject: "Fix the login"}},
	}
	now := start.AddDate(0, 0, 200)
	e := calibrated.Estimate(risk.FeaturesOf(&change, risk.History{At: now, Recent: []risk.Past{}}))
	for _, c := range e.Contributions {
		if c.LogOdds != 0 {
			fmt.Printf("%-12s %+.2f\n", c.Term, c.LogOdds)
		}
	}
	fmt.Printf("%-12s %+.2f\n%s\n", "log-odds", e.LogOdds, e)
	// Output:
	// base         -4.20
	// lines-added  +2.44
	// fixes        +1.88
	// log-odds     +0.13
	// 53 % (95 % interval 44 to 62 %) from 200 mature outcomes with 55 failures
}
