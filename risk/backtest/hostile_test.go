package backtest_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/report"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/backtest"
)

// Whatever stands in a history: no panic, no number that is none, every case either
// assessed or refused, and every text that people see on one line.
func TestHostileHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SampledFrom([]time.Time{{}, start, start.Add(1), start.AddDate(0, 0, 31), start.AddDate(-300, 0, 0), start.AddDate(7000, 0, 0),
			time.Unix(math.MaxInt64/2, 0), time.Unix(math.MinInt64/2, 0)})
		lines := rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1 << 53})
		score := rapid.SampledFrom([]float64{0, 1, math.NaN(), math.Inf(1), -1})
		n := rapid.IntRange(0, 40).Draw(t, "n")
		cs := make([]backtest.Case, n)
		at := start
		for i := range cs {
			c := &cs[i]
			at = at.AddDate(0, 0, rapid.IntRange(0, 40).Draw(t, "days"))
			c.At = at
			c.Shown = release.Tier(rapid.Byte().Draw(t, "shown"))
			c.Outcome = release.Outcome{Release: name(rapid.IntRange(0, 60).Draw(t, "release")), Kind: release.OutcomeKind(rapid.IntRange(0, 3).Draw(t, "kind")),
				Deployed: at, At: at.AddDate(0, 0, rapid.IntRange(0, 60).Draw(t, "watched")), Cause: "incident\x1b[31m\n| 7 |"}
			if rapid.IntRange(0, 9).Draw(t, "odd") == 0 {
				c.Outcome.Deployed, c.Outcome.At = times.Draw(t, "deployed"), times.Draw(t, "known")
			}
			c.Input.Impact = risk.Impact(rapid.Byte().Draw(t, "impact"))
			c.Input.Changes = changes("a\x1b[31m\n| b", lines.Draw(t, "added"))
			c.Input.Changes.Files[0].Deleted = lines.Draw(t, "deleted")
			if rapid.IntRange(0, 9).Draw(t, "advisory") == 0 {
				c.Input.Changes.Sources = []release.Source{{Format: "osv/1", At: times.Draw(t, "source")}}
				c.Input.Changes.Advisories = []release.AdvisoryChange{{ID: "x\n| y", Published: times.Draw(t, "published"),
					Likelihood: release.Score{Known: true, Value: score.Draw(t, "score"), At: times.Draw(t, "scored")}}}
			}
			if rapid.IntRange(0, 9).Draw(t, "history") == 0 {
				c.Input.History.Recent = []risk.Past{{At: times.Draw(t, "past"), Features: risk.Features{LinesAdded: lines.Draw(t, "past lines")}}}
			}
		}
		o := backtest.Options{Draws: 40, Refit: rapid.IntRange(10, 40).Draw(t, "refit"), Gate: release.Tier(rapid.IntRange(0, 4).Draw(t, "gate"))}
		switch rapid.IntRange(0, 2).Draw(t, "model") {
		case 0:
			o.Model = risk.Prior()
		case 1:
			o.Model = &risk.Model{ID: "a\x1b\n|", Bias: score.Draw(t, "bias"), Weights: []risk.Weight{{Term: "lines-added", Weight: score.Draw(t, "weight")}}}
		}
		r, err := backtest.Run(inOrder(cs), o)
		require.NoError(t, err)
		_, err = json.Marshal(r)
		require.NoError(t, err, "no NaN and no infinity")
		refused := 0
		for _, x := range r.Refused {
			refused += x.Releases
		}
		require.Equal(t, n, r.Releases+refused)
		require.Equal(t, r.Releases, r.Outcomes.Mature+r.Outcomes.Censored())
		for _, s := range r.Sections() {
			for _, b := range s.Blocks {
				for _, c := range cells(b) {
					require.NotContains(t, c.Text, "\n")
					require.NotContains(t, c.Text, "\x1b")
				}
			}
		}
	})
}

func cells(b report.Block) []report.Cell {
	out := append([]report.Cell{report.Text(b.Paragraph)}, b.List...)
	if b.Table != nil {
		for _, row := range b.Table.Rows {
			out = append(out, row...)
		}
	}
	return out
}
