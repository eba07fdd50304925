package risk

import "slices"

// term is what a weight is multiplied by: the logarithm of 1 + a count.
type term struct {
	name string
	// falling says that more of it makes a failure less likely, not more.
	falling bool
	// unsure says that it may not be known.
	unsure bool
	read   func(*Features) Reading
}

// terms are in the order in which a score adds them up. Earlier lines count with the added ones.
var terms = [...]term{
	{name: "lines-added", read: func(f *Features) Reading { return Known(int64(count(0).plus(f.LinesAdded).plus(f.EarlierAdded))) }},
	{name: "lines-deleted", read: func(f *Features) Reading { return Known(f.LinesDeleted) }},
	{name: "files", read: func(f *Features) Reading { return Known(f.Files) }},
	{name: "directories", read: func(f *Features) Reading { return Known(f.Directories) }},
	{name: "commits", read: func(f *Features) Reading { return Known(f.Commits) }},
	{name: "dependencies", read: func(f *Features) Reading { return Known(f.Dependencies) }},
	{name: "resources", read: func(f *Features) Reading { return Known(f.Resources) }},
	{name: "settings", read: func(f *Features) Reading { return Known(f.Settings) }},
	{name: "subsystems", read: func(f *Features) Reading { return Known(f.Subsystems) }},
	{name: "spread", read: func(f *Features) Reading { return Known(f.Spread) }},
	{name: "fixes", read: func(f *Features) Reading { return Known(f.Fixes) }},
	{name: termPause, unsure: true, read: func(f *Features) Reading { return f.Pause }},
	{name: "relative-churn", unsure: true, read: func(f *Features) Reading { return f.RelativeChurn }},
	{name: "recency", unsure: true, read: func(f *Features) Reading { return f.Recency }},
	{name: "dormancy", unsure: true, read: func(f *Features) Reading { return f.Dormancy }},
	{name: "prior-changes", unsure: true, read: func(f *Features) Reading { return f.PriorChanges }},
	{name: "prior-developers", unsure: true, read: func(f *Features) Reading { return f.PriorDevelopers }},
	{name: "changes-per-developer", unsure: true, read: func(f *Features) Reading { return f.ChangesPerDeveloper }},
	{name: "fix-recency", unsure: true, read: func(f *Features) Reading { return f.FixRecency }},
	{name: "fix-changes-per-developer", unsure: true, read: func(f *Features) Reading { return f.FixChangesPerDeveloper }},
	{name: termExperience, unsure: true, falling: true, read: func(f *Features) Reading { return f.Experience }},
}

const (
	termAdded      = "lines-added"
	termPause      = "pause"
	termExperience = "experience"
)

var termNames = namesOfTerms()

func namesOfTerms() []string {
	out := make([]string, len(terms))
	for i := range terms {
		out[i] = terms[i].name
	}
	return out
}

// TermNames are the names that a [Weight] may carry, in the order in which a score
// adds them up. The caller owns the slice.
func TermNames() []string { return slices.Clone(termNames) }

// value is the logarithm of 1 + the term's count, and whether it is known. A number that
// no count has is the largest, and of a reading it is not known.
func (t *term) value(f *Features) (float64, bool) {
	r := t.read(f)
	if t.unsure && (!r.Known || !r.sound()) {
		return 0, false
	}
	return logOf(int64(count(0).plus(r.Value))), true
}
