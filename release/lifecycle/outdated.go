package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/version"
)

// DefaultMaxAge is how old dates may be where [Options.MaxAge] does not say.
const DefaultMaxAge = 7 * 24 * time.Hour

// Options of [Table.Outdated]. The zero value is good.
type Options struct {
	// MaxAge is how long before the moment of asking the dates may have been collected to
	// say what is the newest, and that something is not deprecated, retracted or at its
	// end. If zero, DefaultMaxAge; if negative, none are young enough.
	MaxAge time.Duration
}

// Outdated is the part of a change set that says which components of inv are behind
// or given up as of a moment: sorted by component, each once. Components that are
// neither are not in it.
//
// Coverage of [release.KindOutdated] is complete only if inv was read completely and
// each of its components is known; missing if either could not be read. A nil inv is
// one that could not be read.
func (t *Table) Outdated(inv *release.Inventory, asOf time.Time, o Options) release.ChangeSet {
	if inv == nil {
		inv = &release.Inventory{}
	}
	p := pass{table: t, asOf: asOf, gaps: t.Gaps(), unknown: map[reason][]string{}}
	coverage := min(t.Coverage(), inv.Coverage)
	if t.Coverage() == release.CoverageMissing && len(p.gaps) == 0 {
		p.gap(release.GapIncomplete, "", "there are no dates")
	}
	if inv.Coverage == release.CoverageMissing {
		p.gap(release.GapIncomplete, inv.Source.Path.String(), "its components are not known, so neither are those that are outdated")
	}
	out := release.ChangeSet{Coverage: map[release.Kind]release.Coverage{}}
	if coverage != release.CoverageMissing {
		if p.maxAge = o.MaxAge; p.maxAge == 0 {
			p.maxAge = DefaultMaxAge
		}
		out.Sources = t.Sources()
		for _, source := range t.sources {
			if !source.At.IsZero() && !p.young(source.At) {
				p.gap(release.GapIncomplete, source.Path.String(), "collected at %s, too old at %s to say what is the newest",
					source.At.Format(time.RFC3339), asOf.UTC().Format(time.RFC3339))
				coverage = release.CoveragePartial
			}
		}
		for _, c := range components(inv) {
			if found, ok := p.component(c); ok {
				found.File = inv.Source.Path
				out.Outdated = append(out.Outdated, found)
			}
		}
	}
	if p.summarise(inv.Source.Path) {
		coverage = min(coverage, release.CoveragePartial)
	}
	out.Gaps, out.Coverage[release.KindOutdated] = p.gaps, coverage
	return out
}

// components are the purls of an inventory without its root, sorted, each once.
func components(inv *release.Inventory) []release.PURL {
	var out []release.PURL
	for _, c := range inv.Components {
		if c.PURL != inv.Root || c.PURL == "" {
			out = append(out, c.PURL)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// reason says why something about a component is not known.
type reason uint8

const (
	noPackage reason = iota
	noVersion
	noOrder
	notListed
	notYet
	noDates
	notComplete
	notOrdered
	noMakers
	reasons
)

var reasonTexts = [reasons]string{
	noPackage:   "the dates do not have the package, or have it twice",
	noVersion:   "the component has no version",
	noOrder:     "the order of its versions is not known",
	notListed:   "the dates do not list the version",
	notYet:      "the version was not published yet",
	noDates:     "the dates do not say when the used or the newest version was published",
	notComplete: "the dates do not list all versions of the package",
	notOrdered:  "the dates list versions that have no order",
	noMakers:    "nobody says whether it is deprecated or retracted",
}

// pass is one look at an inventory.
type pass struct {
	table   *Table
	asOf    time.Time
	maxAge  time.Duration
	gaps    []release.Gap
	unknown map[reason][]string
}

// young reports whether what was collected then knows what is the newest.
func (p *pass) young(collected time.Time) bool { return p.asOf.Sub(collected) <= p.maxAge }

func (p *pass) gap(kind release.GapKind, subject, format string, args ...any) {
	p.gaps = append(p.gaps, release.Gap{Kind: kind, Subject: subject, Detail: fmt.Sprintf(format, args...)})
}

// summarise leaves one gap for each reason, and reports whether there is any.
func (p *pass) summarise(file release.Path) bool {
	for r := range reasons {
		const most = 5
		names := p.unknown[r]
		if len(names) == 0 {
			continue
		}
		text := strings.Join(names[:min(len(names), most)], ", ")
		if more := len(names) - most; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		p.gap(release.GapIncomplete, file.String(), "%s: %s", reasonTexts[r], text)
	}
	return len(p.unknown) > 0
}

// component is what is known of one component; ok is false if nothing speaks against
// it.
func (p *pass) component(c release.PURL) (release.Outdated, bool) {
	out := release.Outdated{Component: c}
	miss := func(r reason) { p.unknown[r] = append(p.unknown[r], release.Text(c).String()) }
	text := version.Text(c)
	r := p.table.find(c)
	switch {
	case r == nil:
		miss(noPackage)
		return out, false
	case text == "":
		miss(noVersion)
		return out, false
	}
	var details []string
	details = p.makers(&out, r, text)
	if out.Deprecated == release.AnswerUnknown || out.Retracted == release.AnswerUnknown {
		miss(noMakers)
	}
	b, why, ok := r.behind(c.Type(), text, p.asOf)
	if !ok {
		miss(why)
	}
	if p.young(r.collected) {
		if out.ReleasesKnown = b.releasesKnown; out.ReleasesKnown {
			out.Releases = b.newer
		}
		if out.DaysKnown = b.daysKnown; out.DaysKnown {
			out.Days = b.days
		}
		if b.latestKnown {
			out.Latest = b.latest
		}
	}
	if b.newer > 0 && !(out.ReleasesKnown && out.DaysKnown) {
		text := fmt.Sprintf("at least %d newer, up to %s", b.newer, release.Text(b.latest))
		if b.days > 0 {
			text += fmt.Sprintf(" of %.1f days later", b.days)
		}
		details = append(details, text)
	}
	out.Detail = strings.Join(details, "; ")
	given := out.Deprecated == release.AnswerYes || out.Retracted == release.AnswerYes || out.EndOfLife == release.AnswerYes
	return out, given || b.newer > 0
}

// makers is what its makers say of a version: the worst of what all tables have.
func (p *pass) makers(out *release.Outdated, r *record, text string) (details []string) {
	say := func(what string, since time.Time, note string) {
		if !since.IsZero() {
			what += " since " + since.Format(time.DateOnly)
		}
		if note != "" {
			if runes := []rune(note); len(runes) > 200 {
				note = string(runes[:200]) + "…"
			}
			what += ": " + release.Text(note).String()
		}
		if !slices.Contains(details, what) {
			details = append(details, what)
		}
	}
	p.makersOf(out, r, text, say)
	for _, other := range r.also {
		p.makersOf(out, other, text, say)
	}
	return details
}

// makersOf adds what one table has.
func (p *pass) makersOf(out *release.Outdated, r *record, text string, say func(what string, since time.Time, note string)) {
	young := p.young(r.collected)
	hear := func(answer *release.Answer, what string, f *flag) {
		said := f.at(p.asOf, r.collected, young)
		if *answer = max(*answer, said); said == release.AnswerYes {
			say(what, f.since, f.note)
		}
	}
	hear(&out.Deprecated, "package deprecated", r.deprecated)
	if used := r.find(text); used != nil {
		hear(&out.Deprecated, "version deprecated", used.deprecated)
		hear(&out.Retracted, "retracted", used.retracted)
	}
	ended, from := r.endOfLife(text, p.asOf, young)
	if out.EndOfLife = max(out.EndOfLife, ended); ended == release.AnswerYes {
		say("end of life", from, "")
	}
}
