package control

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// WriteCSV writes one row for each control. A cell that a spreadsheet would take for a formula
// gets an apostrophe in front.
func (c Coverage) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"catalog", "version", "control", "draft", "asks for", "fit", "status", "why", "release", "as of", "evidence", "absent"}}
	for _, f := range c.Findings {
		var absent []string
		for _, k := range f.Absent {
			absent = append(absent, string(k))
		}
		rows = append(rows, []string{c.Catalog, c.Version, f.Control.ID, fmt.Sprint(f.Control.Draft), f.Control.Title, f.Control.Fit.String(), f.Status.String(), f.Why,
			c.Release.String(), c.At.Format(time.RFC3339), f.pointers(len(f.Support)), strings.Join(absent, "; ")})
	}
	for _, row := range rows {
		for i := range row {
			row[i] = cell(row[i])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// cell is text on one line that no spreadsheet runs.
func cell(s string) string {
	s = string(release.Text(s).String())
	if s != "" && strings.ContainsRune("=+-@'", rune(s[0])) {
		return "'" + s
	}
	return s
}
