package scan

import (
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// Change is what differs between two scans. Suppressed findings are findings: one
// that somebody suppressed is carried, not fixed. Absent ones are not there.
type Change struct {
	// New are findings of the second scan alone, Fixed of the first alone, Carried of
	// both, as the second has them.
	New     []Finding `json:"new,omitempty"`
	Fixed   []Finding `json:"fixed,omitempty"`
	Carried []Finding `json:"carried,omitempty"`
	// Silenced are those of Carried that are suppressed and were not, Revived those that
	// were suppressed and are not any more.
	Silenced []Finding `json:"silenced,omitempty"`
	Revived  []Finding `json:"revived,omitempty"`
	// Appeared are in the second alone, but may have been there before; Vanished are in
	// the first alone, but may be there still: the other scan does not show all that
	// there is.
	Appeared []Finding `json:"appeared,omitempty"`
	Vanished []Finding `json:"vanished,omitempty"`
	// Coverage is complete where both scans are and can be compared; missing where one
	// of them could not be read, or is not there.
	Coverage release.Coverage `json:"coverage"`
	// Gaps are those of both scans, and what keeps them from being compared.
	Gaps []release.Gap `json:"gaps,omitempty"`
}

// Delta compares two scans of the same thing by the same tool, at two times. A nil
// report is a scan that is not there, and not one without findings. Findings are the
// same if their fingerprints are, or, of vulnerabilities in the same package and
// file, if one is an alias of the other. What the scanner only learned of in between
// is new too: see Report.Database.
func Delta(before, after *Report) Change {
	var c Change
	if before == nil || after == nil {
		c.Gaps = append(c.Gaps, release.Gap{Kind: release.GapBaseMissing, Detail: "one of the two scans is not there"})
	}
	if before == nil {
		before = &Report{}
	}
	if after == nil {
		after = &Report{}
	}
	for _, g := range slices.Concat(before.Gaps, after.Gaps) {
		if !slices.Contains(c.Gaps, g) {
			c.Gaps = append(c.Gaps, g)
		}
	}
	c.Coverage = min(before.Coverage, after.Coverage)
	same := before.Source.Format == after.Source.Format && before.Source.Tool == after.Source.Tool
	if !same && c.Coverage != release.CoverageMissing {
		c.Coverage = release.CoveragePartial
		c.Gaps = append(c.Gaps, release.Gap{Kind: release.GapAmbiguous, Subject: after.Source.Path.String(), Detail: "the two scans are by different tools"})
	}
	m := pair(present(before.Findings), present(after.Findings))
	newly, fixed := &c.Appeared, &c.Vanished
	if same && whole(before) {
		newly = &c.New
	}
	if same && whole(after) {
		fixed = &c.Fixed
	}
	*newly = append(*newly, m.added...)
	*fixed = append(*fixed, m.removed...)
	for i := range m.after {
		was, is := &m.before[i], &m.after[i]
		c.Carried = append(c.Carried, *is)
		switch {
		case is.Suppressed() && !was.Suppressed():
			c.Silenced = append(c.Silenced, *is)
		case !is.Suppressed() && was.Suppressed():
			c.Revived = append(c.Revived, *is)
		}
	}
	return c
}

// whole reports whether what is not in the report was not there.
func whole(r *Report) bool {
	return r.Succeeded == release.AnswerYes && r.Coverage == release.CoverageComplete
}

func present(fs []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(fs), func(f Finding) bool { return f.State == StateAbsent })
}

// pairs are the findings of both sides, by the same index, and of each side alone.
type pairs struct {
	before, after, removed, added []Finding
}

// pair finds for each finding at most one on the other side, so that of three alike
// of which two remain, one is removed.
func pair(before, after []Finding) pairs {
	var m pairs
	open := map[release.Digest][]int{}
	for i := range before {
		open[before[i].Fingerprint] = append(open[before[i].Fingerprint], i)
	}
	taken := make([]bool, len(before))
	take := func(i int, f Finding) {
		taken[i] = true
		m.before, m.after = append(m.before, before[i]), append(m.after, f)
	}
	var rest []Finding
	for _, f := range after {
		if at := open[f.Fingerprint]; len(at) > 0 {
			take(at[0], f)
			open[f.Fingerprint] = at[1:]
		} else {
			rest = append(rest, f)
		}
	}
	names := map[alias][]int{}
	for i := range before {
		if !taken[i] {
			for _, a := range aliases(&before[i]) {
				names[a] = append(names[a], i)
			}
		}
	}
next:
	for _, f := range rest {
		for _, a := range aliases(&f) {
			for _, i := range names[a] {
				if !taken[i] {
					take(i, f)
					continue next
				}
			}
		}
		m.added = append(m.added, f)
	}
	for i := range before {
		if !taken[i] {
			m.removed = append(m.removed, before[i])
		}
	}
	return m
}

// alias is one name of a vulnerability in one package of one file.
type alias struct {
	id   string
	pkg  release.PURL
	path release.Path
}

func aliases(f *Finding) []alias {
	pkg := f.Package.Package()
	if f.Kind != KindVulnerability || pkg == "" {
		return nil
	}
	out := []alias{{f.ID, pkg, f.Path}}
	for _, id := range f.Aliases {
		out = append(out, alias{id, pkg, f.Path})
	}
	return out
}
