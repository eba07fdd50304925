package backtest

import (
	"fmt"
	"strconv"

	"github.com/sallyport-dev/sallyport/release/report"
)

// Sections are the comparison as tables for people; package release/report renders them.
// The reports of the two have their own.
func (c *Comparison) Sections() []report.Section {
	t := &report.Table{Header: []string{"at least", "releases: A", "B", "B less A, points", "failures: A", "B", "B less A, points"}}
	for i, d := range c.Tiers {
		a, b := &c.A.Tiers[i+1].AtLeast, &c.B.Tiers[i+1].AtLeast
		t.Rows = append(t.Rows, texts(d.Tier.String(), strconv.Itoa(a.Releases), strconv.Itoa(b.Releases), d.Share.points(),
			strconv.Itoa(a.Failed), strconv.Itoa(b.Failed), d.Caught.points()))
	}
	moved := report.Block{List: texts(
		fmt.Sprintf("B puts %d of %d releases higher: %s failed.", c.Raised.Releases, c.A.Releases, ratio(&c.Raised)),
		fmt.Sprintf("B puts %d of %d releases lower: %s failed.", c.Lowered.Releases, c.A.Releases, ratio(&c.Lowered)),
		"AUC of the likelihood, B less A: "+c.AUC.String(),
		"AUC of the tiers, B less A: "+c.TierAUC.String())}
	return []report.Section{{Title: "Two policies on the same releases", Blocks: []report.Block{{Table: t}, moved}}}
}

// points is a difference of shares in points of percent.
func (m Measure) points() string { return m.text("%.1f", 100) }
