package control

import (
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
)

// Sample is how several releases fare under one catalogue: an auditor's sample of a period.
type Sample struct {
	// Catalog and Version are the catalogue's, Title too. Releases are those of the sample,
	// in its order.
	Catalog, Version, Title string
	Releases                []release.Ref
	// Rows has one for each control, in the catalogue's order.
	Rows []SampleRow
}

// SampleRow is one control over a sample.
type SampleRow struct {
	// Control is the catalogue's.
	Control Control
	// Counts says how many releases have each status.
	Counts map[Status]int
	// Worst is the status that is farthest from evidenced, First the release in the sample that has
	// it first.
	Worst Status
	First release.Ref
}

// Add puts coverages of one catalogue together. It is an error if they are of
// different ones, if there is none, or if a release stands twice.
func Add(all ...Coverage) (Sample, error) {
	if len(all) == 0 {
		return Sample{}, errors.New("control: a sample of no release")
	}
	s := Sample{Catalog: all[0].Catalog, Version: all[0].Version, Title: all[0].Title}
	seen := map[release.Digest]bool{}
	for n, c := range all {
		switch {
		case c.Catalog != s.Catalog || c.Version != s.Version || len(c.Findings) != len(all[0].Findings):
			return Sample{}, fmt.Errorf("control: coverage %d is of %s %s, the first of %s %s", n+1, c.Catalog, c.Version, s.Catalog, s.Version)
		case seen[c.Release.Digest]:
			return Sample{}, fmt.Errorf("control: %v stands twice in the sample", c.Release)
		}
		seen[c.Release.Digest] = true
		s.Releases = append(s.Releases, c.Release)
		for i, f := range c.Findings {
			if n == 0 {
				s.Rows = append(s.Rows, SampleRow{Control: f.Control, Counts: map[Status]int{}, Worst: f.Status, First: c.Release})
			}
			row := &s.Rows[i]
			if row.Control.ID != f.Control.ID || row.Control.Fit != f.Control.Fit {
				return Sample{}, fmt.Errorf("control: coverage %d has control %q where the first has %q", n+1, f.Control.ID, row.Control.ID)
			}
			row.Counts[f.Status]++
			if f.Status < row.Worst {
				row.Worst, row.First = f.Status, c.Release
			}
		}
	}
	return s, nil
}
