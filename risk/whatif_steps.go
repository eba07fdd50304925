package risk

import (
	"cmp"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// step is a Step with what it does to the input.
type step struct {
	Step
	gaps    []int        // that it closes
	source  release.Path // that it reads, if unread
	unread  bool
	kind    release.Kind // whose coverage it completes
	pkg     release.PURL // that it upgrades
	debt    string       // that it pays
	changes bool         // whether the change set is another one then
}

// steps are all that could be done, in an order that depends on nothing but the input.
func (s *search) steps() []step {
	var out []step
	if at := s.leaving(); len(at) > 0 {
		out = append(out, step{Step: Step{Kind: StepWait, At: at[len(at)-1]}})
	}
	for i := range s.whole.Debts {
		if d := &s.whole.Debts[i]; d.Status(s.now) != release.DebtPaid {
			out = append(out, step{Step: Step{Kind: StepPay, Subject: release.Text(d.ID).String()}, debt: d.ID})
		}
	}
	out = append(out, s.upgrades()...)
	out = append(out, s.coverages()...)
	out = append(out, s.readings()...)
	arrange(out, func(a, b step) int {
		return cmp.Or(cmp.Compare(stepRank[a.Kind], stepRank[b.Kind]), cmp.Compare(a.Subject, b.Subject))
	})
	return slices.CompactFunc(out, func(a, b step) bool { return a.Kind == b.Kind && a.debt != "" && a.debt == b.debt })
}

var stepRank = map[StepKind]int{StepWait: 0, StepPay: 1, StepUpgrade: 2, StepCover: 3, StepRead: 4}

// leaving are the whole minutes by which earlier releases will have left the window, rising.
func (s *search) leaving() []time.Time {
	var out []time.Time
	for _, p := range s.whole.History.Recent {
		if p.At.IsZero() || p.At.After(s.now) {
			continue // it stays, or nobody knows how long
		}
		if at := p.At.UTC().Add(s.a.policy.Window).Truncate(time.Minute).Add(time.Minute); at.After(s.now) {
			out = append(out, at)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.CompactFunc(out, time.Time.Equal)
}

// upgrades are one for each package that an advisory names a mended version of.
func (s *search) upgrades() []step {
	index := map[release.PURL]int{}
	var out []step
	for i := range s.cs.Advisories {
		a := &s.cs.Advisories[i]
		if !mendable(a) {
			continue
		}
		k, ok := index[a.Package]
		if !ok {
			k = len(out)
			index[a.Package] = k
			out = append(out, step{Step: Step{Kind: StepUpgrade, Subject: release.Text(a.Package).String()}, pkg: a.Package, changes: true})
		}
		for _, v := range a.FixedIn {
			if v = release.Text(v).String(); len(out[k].Versions) < maxVersions && !slices.Contains(out[k].Versions, v) {
				out[k].Versions = append(out[k].Versions, v)
			}
		}
	}
	return out
}

// maxVersions is how many versions a step names: an advisory has one for each branch that is maintained.
const maxVersions = 20

// mendable reports whether a version mends the flaw, and the release does not already.
func mendable(a *release.AdvisoryChange) bool {
	return a.Effect != release.EffectFixed && len(a.FixedIn) > 0 && a.Package != ""
}

// coverages are one for each kind of change that was not read completely. Of code there is none:
// anything may be in what nobody read.
func (s *search) coverages() []step {
	var out []step
	for kind, c := range s.cs.Coverage { // sorted later
		if kind != release.KindCode && kind != "" && c != release.CoverageComplete {
			out = append(out, coverageStep(kind))
		}
	}
	for kind, of := range map[release.Kind]func(*release.FileChange) bool{
		release.KindDependency:     func(f *release.FileChange) bool { return slices.Contains(f.Labels, release.LabelDeps) },
		release.KindInfrastructure: func(f *release.FileChange) bool { return declaresResources(f.Path) },
	} {
		if _, ok := s.cs.Coverage[kind]; !ok && slices.ContainsFunc(s.cs.Files, func(f release.FileChange) bool { return of(&f) }) {
			out = append(out, coverageStep(kind))
		}
	}
	return out
}

func coverageStep(kind release.Kind) step {
	return step{Step: Step{Kind: StepCover, Subject: release.Text(kind).String()}, kind: kind, changes: true}
}

// readings are one for each thing that a gap or an unread manifest is about. Gaps that may hide
// whole files are none: what would then be there, nobody knows.
func (s *search) readings() []step {
	index := map[string]int{}
	var out []step
	at := func(subject string) *step {
		k, ok := index[subject]
		if !ok {
			k = len(out)
			index[subject] = k
			out = append(out, step{Step: Step{Kind: StepRead, Subject: release.Text(subject).String()}, changes: true})
		}
		return &out[k]
	}
	for i, g := range s.cs.Gaps {
		if slices.Contains(mildGaps, g.Kind) {
			t := at(cmp.Or(g.Subject, string(g.Kind)))
			t.gaps = append(t.gaps, i)
			if g.Kind == release.GapUnreadable || g.Kind == release.GapUnsupported { // then somebody did
				t.source, t.unread = release.Path(g.Subject), true
			}
		}
	}
	read := make(map[release.Path]bool, len(s.cs.Sources))
	for i := range s.cs.Sources {
		read[s.cs.Sources[i].Path] = true
	}
	for i := range s.cs.Files {
		if f := &s.cs.Files[i]; !read[f.Path] && slices.Contains(f.Labels, release.LabelDeps) {
			t := at(string(f.Path))
			t.source, t.unread = f.Path, true
		}
	}
	return out
}

// take does the steps to an input, whose change set is a part that may be overwritten.
func (s *search) take(steps []step, in *Input, cs *release.ChangeSet, now time.Time) (time.Time, bool) {
	closed := map[int]bool{}
	upgraded := map[release.PURL]bool{}
	paid := map[string]bool{}
	changes := false
	var kinds []release.Kind
	var sources []release.Source
	for i := range steps {
		t := &steps[i]
		changes = changes || t.changes
		for _, g := range t.gaps {
			closed[g] = true
		}
		if t.unread {
			sources = append(sources, release.Source{Path: t.source})
		}
		if t.kind != "" {
			kinds = append(kinds, t.kind)
		}
		if t.pkg != "" {
			upgraded[t.pkg] = true
		}
		if t.Kind == StepPay {
			paid[t.debt] = true
		}
		if t.Kind == StepWait {
			now = t.At
		}
	}
	if len(sources) > 0 {
		cs.Sources = slices.Concat(cs.Sources, sources)
	}
	if len(closed) > 0 {
		cs.Gaps = only(cs.Gaps, func(i int) bool { return !closed[i] })
	}
	if len(kinds) > 0 {
		c := make(map[release.Kind]release.Coverage, len(cs.Coverage)+len(kinds))
		for k, v := range cs.Coverage {
			c[k] = v
		}
		for _, k := range kinds {
			c[k] = release.CoverageComplete
		}
		cs.Coverage = c
	}
	if len(upgraded) > 0 {
		cs.Advisories = upgrade(cs.Advisories, upgraded)
	}
	if len(paid) > 0 {
		in.Debts = slices.Clone(in.Debts)
		for i := range in.Debts {
			if d := &in.Debts[i]; paid[d.ID] && (d.Paid.IsZero() || len(d.PaidBy) == 0) {
				d.Paid, d.PaidBy = now, []release.Digest{release.DigestOf([]byte(d.ID))} // stands for evidence; nobody sees it
			}
		}
	}
	return now, changes
}

// upgrade mends the flaws of packages, in place.
func upgrade(list []release.AdvisoryChange, upgraded map[release.PURL]bool) []release.AdvisoryChange {
	out := list[:0]
	for _, a := range list {
		if mendable(&a) && upgraded[a.Package] {
			if a.Effect != release.EffectCarried && len(a.Before) == 0 || a.Effect == release.EffectIntroduced {
				continue // then it never comes in
			}
			a.Effect, a.After = release.EffectFixed, nil
		}
		out = append(out, a)
	}
	return out
}
