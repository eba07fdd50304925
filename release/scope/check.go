package scope

import (
	"fmt"
	"maps"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// The kinds of deviations.
const (
	OutsideKinds      = "outside-kinds"      // a kind of change that was not declared
	OutsideSubjects   = "outside-subjects"   // a path, purl, address, file or name that was not declared
	OutsideComponents = "outside-components" // a file of a component that was not declared, or of none
	OutsideLabels     = "outside-labels"     // a sensitive matter that was not declared
	NotDone           = "not-done"           // declared, and not there
	NotKnown          = "not-known"          // it cannot be told whether there is more
)

// Sensitive are the labels that must be declared. The caller owns the result.
func Sensitive() []release.Label {
	return []release.Label{release.LabelAccess, release.LabelAPI, release.LabelCrypto, release.LabelDestructive, release.LabelIdentity, release.LabelMigration,
		release.LabelNetwork, release.LabelPayment, release.LabelPipeline, release.LabelPolicy, release.LabelSecrets, release.LabelStateful}
}

// Component says which files belong to a part of the system.
type Component struct {
	Name  string   // as [Plan.Components] has it
	Paths []string // patterns; see [Match]
}

// Options say what a check needs to know besides.
type Options struct {
	// Components are the parts of the system. A file belongs to each that has a matching
	// pattern. Needed where the plan names components.
	Components []Component
}

// Check compares the plan with a change set. The result has deviations only, ready
// for [release.ChangeSet.Add]: those that are outside of it in the order of the
// change set, then those that are not done, then those that cannot be told. An
// error says that the plan is not valid, and nothing was compared.
func (p *Plan) Check(cs *release.ChangeSet, o Options) (release.ChangeSet, error) {
	if err := p.Validate(); err != nil {
		return release.ChangeSet{}, err
	}
	c := checker{plan: p, options: o, labels: map[release.Label]*labelled{}}
	c.files(cs)
	for i := range cs.Dependencies {
		d := &cs.Dependencies[i]
		c.subject(1, string(d.Package))
	}
	for i := range cs.Resources {
		r := &cs.Resources[i]
		c.subject(2, r.Address)
		if r.From != "" {
			c.subject(2, r.From)
		}
		c.label(r.Labels, r.Address)
	}
	for i := range cs.Settings {
		s := &cs.Settings[i]
		c.subject(3, string(s.File))
		c.label(s.Labels, string(s.File)+" "+s.Key)
	}
	for i := range cs.Artifacts {
		c.subject(4, cs.Artifacts[i].Name)
	}
	c.undeclared()
	c.unlabelled()
	c.notDone(cs)
	c.notKnown(cs)
	return release.ChangeSet{Deviations: c.out}, nil
}

type checker struct {
	plan    *Plan
	options Options
	out     []release.Deviation
	hits    [5]struct {
		n       int          // changes of the kind
		first   string       // one of them
		pattern map[int]bool // patterns that matched something
	}
	components map[string]bool // declared ones that something belongs to
	labels     map[release.Label]*labelled
}

type labelled struct {
	n     int
	first string
}

func (c *checker) add(kind string, of release.Kind, subject, format string, args ...any) {
	c.out = append(c.out, release.Deviation{Kind: kind, Change: of, Subject: subject, Detail: fmt.Sprintf(format, args...)})
}

// subject compares one thing that changed with the list of index i.
func (c *checker) subject(i int, s string) {
	l := c.plan.lists()[i]
	h := &c.hits[i]
	if h.n++; h.n == 1 {
		h.first = release.Text(s).String()
	}
	if !slices.Contains(c.plan.Kinds, l.kind) || len(l.patterns) == 0 {
		return // told once for all; see undeclared
	}
	if !c.matches(i, s) {
		c.add(OutsideSubjects, l.kind, release.Text(s).String(), "no pattern of %s matches it", l.name)
	}
}

// matches reports whether a pattern of the list of index i matches s, and remembers
// all that do.
func (c *checker) matches(i int, s string) bool {
	found := false
	h := &c.hits[i]
	for j, pattern := range c.plan.lists()[i].patterns {
		if Match(pattern, s) {
			found = true
			if h.pattern == nil {
				h.pattern = map[int]bool{}
			}
			h.pattern[j] = true
		}
	}
	return found
}

func (c *checker) files(cs *release.ChangeSet) {
	read := map[release.Path]bool{}
	for _, s := range cs.Sources {
		read[s.Path] = true
	}
	for i := range cs.Files {
		f := &cs.Files[i]
		c.label(f.Labels, string(f.Path))
		// The files that pin dependencies come with the dependencies, where these were
		// read: a submodule, or a program that names them, is code.
		if read[f.Path] && slices.Contains(f.Labels, release.LabelDeps) && slices.Contains(c.plan.Kinds, release.KindDependency) {
			c.matches(0, string(f.Path))
			continue
		}
		c.subject(0, string(f.Path))
		c.component(f.Path)
	}
}

func (c *checker) component(path release.Path) {
	if len(c.plan.Components) == 0 {
		return
	}
	var of []string
	for _, k := range c.options.Components {
		if slices.ContainsFunc(k.Paths, func(p string) bool { return Match(p, string(path)) }) {
			of = append(of, k.Name)
		}
	}
	if len(of) == 0 {
		c.add(OutsideComponents, release.KindCode, path.String(), "it belongs to no component that is known")
		return
	}
	for _, name := range of {
		if !slices.Contains(c.plan.Components, name) {
			c.add(OutsideComponents, release.KindCode, path.String(), "it belongs to %q, which is not declared", name)
			continue
		}
		if c.components == nil {
			c.components = map[string]bool{}
		}
		c.components[name] = true
	}
}

func (c *checker) label(labels []release.Label, subject string) {
	for _, l := range labels {
		if slices.Contains(c.plan.Labels, l) || !slices.Contains(Sensitive(), l) {
			continue
		}
		if c.labels[l] == nil {
			c.labels[l] = &labelled{first: release.Text(subject).String()}
		}
		c.labels[l].n++
	}
}

// undeclared tells of kinds that the plan does not have, once each.
func (c *checker) undeclared() {
	for i, l := range c.plan.lists() {
		if h := c.hits[i]; h.n > 0 && !slices.Contains(c.plan.Kinds, l.kind) {
			c.add(OutsideKinds, l.kind, h.first, "%d changes of a kind that is not declared, the first of them this", h.n)
		}
	}
}

func (c *checker) unlabelled() {
	for _, l := range slices.Sorted(maps.Keys(c.labels)) {
		c.add(OutsideLabels, "", c.labels[l].first, "%d changes are about %s, which is not declared, the first of them this", c.labels[l].n, l)
	}
}

// notDone tells of patterns and components that nothing matched. Where the kind was
// not read completely, that is not known.
func (c *checker) notDone(cs *release.ChangeSet) {
	tell := func(kind release.Kind, subject, what string) {
		if cs.Coverage[kind] == release.CoverageComplete {
			c.add(NotDone, kind, subject, "%s is declared, and nothing of it changes", what)
		}
	}
	for i, l := range c.plan.lists() {
		for j, pattern := range l.patterns {
			if !c.hits[i].pattern[j] {
				tell(l.kind, pattern, l.name)
			}
		}
		if len(l.patterns) == 0 && c.hits[i].n == 0 && slices.Contains(c.plan.Kinds, l.kind) {
			tell(l.kind, "", "the kind "+string(l.kind))
		}
	}
	for _, name := range c.plan.Components {
		if !c.components[name] {
			tell(release.KindCode, name, "the component")
		}
	}
}

// notKnown tells where there may be more than was seen.
func (c *checker) notKnown(cs *release.ChangeSet) {
	kinds := slices.Concat([]release.Kind{release.KindCode}, c.plan.Kinds, slices.Collect(maps.Keys(cs.Coverage)))
	slices.Sort(kinds)
	for _, kind := range slices.Compact(kinds) {
		if v := cs.Coverage[kind]; v != release.CoverageComplete {
			c.add(NotKnown, kind, "", "the coverage of this kind of change is %s", v)
		}
	}
	if n := len(cs.Gaps); n > 0 {
		c.add(NotKnown, "", cs.Gaps[0].Subject, "%d things could not be read, the first of them: %s", n, release.Text(cs.Gaps[0].String()))
	}
}
