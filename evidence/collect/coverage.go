package collect

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// The attributes of the SCAI predicates that are made here.
const (
	// TestCoverage says how much of the code tests reached: its conditions are a
	// [Count].
	TestCoverage = "TEST_COVERAGE"
	// TestCoverageReport names a file that the coverage was read from, as its evidence.
	TestCoverageReport = "TEST_COVERAGE_REPORT"
)

// maxPoints is how many places one coverage statement may be made of.
const maxPoints = 400_000

// Unit is what coverage counts.
type Unit string

// The units. One line may have several statements and several branches.
const (
	UnitStatement Unit = "statement"
	UnitLine      Unit = "line"
	UnitBranch    Unit = "branch"
)

// Count is the coverage in one unit.
type Count struct {
	// Unit is what is counted.
	Unit Unit `json:"unit"`
	// Covered is how many of Total were reached at least once; Total is more than 0.
	Covered int64 `json:"covered"`
	Total   int64 `json:"total"`
	// Files is how many source files there are.
	Files int `json:"files"`
}

// Ratio is Covered of Total, from 0 to 1. Of a zero Count there is none.
func (c Count) Ratio() (ratio float64, ok bool) {
	if c.Total <= 0 || c.Covered < 0 || c.Covered > c.Total {
		return 0, false
	}
	return float64(c.Covered) / float64(c.Total), true
}

// Coverage is what the files of a coverage tool say.
type Coverage struct {
	// Result is the predicate: a [TestCoverage] for each count, and a
	// [TestCoverageReport] for each file.
	Result predicate.SCAI
	// Counts are the units that the files know, each once, in the order statements,
	// lines, branches. There is at least one.
	Counts []Count
	// Sources are the files, sorted by path.
	Sources []release.Source
}

// coverage merges what several files say of the same places.
type coverage struct {
	reader
	points map[Unit]map[string]map[point]extent // by source file
	n      int
}

// point is a place in a source file: a line, a block from one place to another, a
// branch by its name. There are many.
type point struct {
	from, to uint64
	name     string
}

// place packs a line and a column, both of natural.
func place(line, column int) uint64 { return uint64(line)<<32 | uint64(column) }

// extent is how many there are at a point, and how many of them were reached.
type extent struct{ covered, total int32 }

func newCoverage(run Run) *coverage {
	return &coverage{reader: reader{run: run}, points: map[Unit]map[string]map[point]extent{}}
}

var errTooManyPoints = refuse(release.GapTooLarge, "there are more than %d places", maxPoints)

// errDiffers is returned for a place that two records give different sizes.
var errDiffers = refuse(release.GapAmbiguous, "two records of one place differ in what is there: they are of different sources")

// add merges a place: what was reached by any run was reached. Of places with several
// parts nobody knows whether two runs reached the same ones, so the larger number
// counts, which is not more than were reached.
func (c *coverage) add(unit Unit, file string, at point, e extent) error {
	files := c.points[unit]
	if files == nil {
		files = map[string]map[point]extent{}
		c.points[unit] = files
	}
	places := files[file]
	if places == nil {
		places = map[point]extent{}
		files[file] = places
	}
	was, ok := places[at]
	if ok && was.total != e.total {
		return errDiffers
	}
	if !ok {
		if c.n++; c.n > maxPoints {
			return errTooManyPoints
		}
	}
	places[at] = extent{max(was.covered, e.covered), e.total}
	return nil
}

// finish is the coverage of all files.
func (c *coverage) finish() (Coverage, error) {
	if err := c.refused(); err != nil {
		return Coverage{}, err
	}
	switch c.run.Succeeded {
	case release.AnswerYes:
	case release.AnswerNo:
		return Coverage{}, errors.New("collect: the run failed, so that nobody knows what it would have reached")
	default:
		return Coverage{}, errUnproven
	}
	if err := c.named(); err != nil {
		return Coverage{}, err
	}
	var out Coverage
	for _, unit := range []Unit{UnitStatement, UnitLine, UnitBranch} {
		n := Count{Unit: unit}
		for _, places := range c.points[unit] {
			before := n.Total
			for _, e := range places {
				n.Covered += int64(e.covered)
				n.Total += int64(e.total)
			}
			if n.Total > before {
				n.Files++
			}
		}
		if n.Total > 0 {
			out.Counts = append(out.Counts, n)
		}
	}
	if len(out.Counts) == 0 {
		return Coverage{}, errors.New("collect: nothing was measured: there is no statement, line or branch")
	}
	for _, n := range out.Counts {
		b, err := json.Marshal(n)
		if err != nil {
			return Coverage{}, fmt.Errorf("collect: %w", err)
		}
		out.Result.Attributes = append(out.Result.Attributes, predicate.AttributeAssertion{Attribute: TestCoverage, Conditions: b})
	}
	for _, s := range c.sources {
		r := resource(s)
		out.Sources = append(out.Sources, s.Source)
		out.Result.Attributes = append(out.Result.Attributes, predicate.AttributeAssertion{Attribute: TestCoverageReport, Evidence: &r})
	}
	if err := out.Result.Validate(); err != nil {
		return Coverage{}, fmt.Errorf("collect: %w", err)
	}
	return out, nil
}

// CoverageOf reads the counts of a SCAI predicate that was made here, in its order;
// none where it has no [TestCoverage]. A count that is none is an error.
func CoverageOf(p predicate.SCAI) ([]Count, error) {
	var out []Count
	for i, a := range p.Attributes {
		if a.Attribute != TestCoverage {
			continue
		}
		var n Count
		if err := unmarshalSmall(a.Conditions, &n); err != nil {
			return nil, fmt.Errorf("collect: attribute %d: %w", i, err)
		}
		_, ok := n.Ratio()
		if !ok || !slices.Contains([]Unit{UnitStatement, UnitLine, UnitBranch}, n.Unit) || slices.ContainsFunc(out, func(c Count) bool { return c.Unit == n.Unit }) {
			return nil, fmt.Errorf("collect: attribute %d is no coverage, or a second one of its unit", i)
		}
		out = append(out, n)
	}
	return out, nil
}
