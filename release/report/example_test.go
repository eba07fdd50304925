package report_test

import (
	"os"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/report"
)

// A report of a decision, as it would stand in a CI job's summary. The path is
// somebody else's text, and stays text.
func Example() {
	d := release.DecisionRecord{Verdict: release.VerdictHold, Reasons: []release.Reason{
		{Code: "evidence/approval-missing", Subject: "approval/independent", Text: "1 of 2 approvals"},
	}}
	report.Markdown(os.Stdout, "shop 1.4.2", []report.Section{
		{Title: "Decision: " + d.Verdict.String(), Blocks: []report.Block{
			{List: []report.Cell{report.Text(d.Reasons[0].Text), report.Code("cmd/<script>|.go")}},
		}},
	})
	// Output:
	// # shop 1.4.2
	//
	// ## Decision: hold
	//
	// - 1 of 2 approvals
	// - `cmd/<script>\|.go`
}
