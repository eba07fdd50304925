package vex

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Apply adds a suppression to each advisory of cs that trusted statements surely say
// the release is not affected by. It changes nothing else in cs; copies that were
// made of it before do not change. The order of documents does not matter, and a
// second call with the same documents and the same now adds nothing.
//
// Advisories that the release fixes have nothing to suppress, and are passed over.
func Apply(cs *release.ChangeSet, docs []Document, o Options, now time.Time) Result {
	if o.MaxAge == 0 {
		o.MaxAge = DefaultMaxAge
	}
	w := work{o: &o, now: now, byName: map[string][]*candidate{}, newest: map[string]int{},
		components: components{numbers: map[release.PURL]map[string]int{}, named: map[string][]int{}}}
	for i := range o.Products {
		w.products = append(w.products, o.Products[i].identity())
	}
	for i := range docs {
		if _, trusted := o.author(&docs[i]); trusted {
			w.newest[docs[i].Series] = max(w.newest[docs[i].Series], docs[i].Version)
		}
	}
	for i := range docs {
		w.index(&docs[i])
	}
	cs.Advisories = slices.Clone(cs.Advisories)
	for i := range cs.Advisories {
		if a := &cs.Advisories[i]; a.Effect != release.EffectFixed {
			w.components.add(a.Package, a.After)
		}
	}
	for i := range cs.Advisories {
		a := &cs.Advisories[i]
		if a.Effect != release.EffectFixed {
			w.advisory(a)
		}
	}
	return w.result
}

// candidate is a statement that may count.
type candidate struct {
	doc       *Document
	statement *Statement
	order     int
	author    release.Text
	trusted   bool
	refusal   Reason // why it counts for no advisory; "" if it may
	detail    string
	said      map[string]bool // its names of the advisory, in capitals
	views     []*view         // by product; nil where nobody looked yet
}

type work struct {
	o          *Options
	now        time.Time
	products   []identity
	count      int
	byName     map[string][]*candidate // by an advisory's name in capitals
	components components
	newest     map[string]int // the latest version of each series by somebody trusted
	result     Result
}

// index takes a document in, and judges what does not depend on the advisory.
func (w *work) index(d *Document) {
	w.result.Gaps = append(w.result.Gaps, d.Gaps...)
	if d.Coverage != release.CoverageMissing {
		w.result.Sources = append(w.result.Sources, d.Source)
	}
	author, trusted := w.o.author(d)
	for i := range d.Statements {
		c := &candidate{doc: d, statement: &d.Statements[i], order: w.count, author: author, trusted: trusted}
		w.count++
		c.refusal, c.detail = w.judge(c)
		c.said = make(map[string]bool, len(c.statement.Advisories))
		for _, name := range c.statement.Advisories {
			if name = strings.ToUpper(name); !c.said[name] {
				c.said[name] = true
				w.byName[name] = append(w.byName[name], c)
			}
		}
	}
}

func (w *work) judge(c *candidate) (Reason, string) {
	s := c.statement
	expires := s.At.Add(w.o.MaxAge)
	switch {
	case s.Status != StatusNotAffected:
		return ReasonStatus, "it says " + s.Status.String()
	case !c.trusted:
		return ReasonUntrusted, "nobody trusted is known to have signed the document"
	case c.doc.Series != "" && c.doc.Version < w.newest[c.doc.Series]:
		return ReasonSuperseded, fmt.Sprintf("there is a version %d of its document", w.newest[c.doc.Series])
	case c.doc.Coverage != release.CoverageComplete:
		return ReasonUnread, "its document could not be read as a whole"
	case s.Justification == "":
		return ReasonJustification, "it has none of the justifications of " + c.doc.Source.Format
	case s.At.IsZero():
		return ReasonTime, "it does not say when it was said"
	case s.At.After(w.now) || c.doc.Source.At.After(w.now):
		return ReasonFuture, fmt.Sprintf("said at %s, in a document of %s", s.At.Format(time.RFC3339), c.doc.Source.At.Format(time.RFC3339))
	case !w.now.Before(expires):
		return ReasonExpired, "ended at " + expires.UTC().Format(time.RFC3339)
	}
	return "", ""
}

// about are the statements with one of the advisory's names, in order.
func (w *work) about(a *release.AdvisoryChange) []*candidate {
	var out []*candidate
	for _, name := range names(a) {
		out = append(out, w.byName[name]...)
	}
	return inOrder(out)
}

// doubts are the statements that say otherwise of an advisory, of what it comes from,
// or under another name that a statement which may count gives it.
func (w *work) doubts(a *release.AdvisoryChange, about []*candidate) []*candidate {
	further := map[string]bool{}
	for _, name := range a.Upstream {
		further[strings.ToUpper(name)] = true
	}
	for _, c := range about {
		if c.refusal == "" {
			maps.Copy(further, c.said)
		}
	}
	out := slices.Clone(about)
	for name := range further {
		out = append(out, w.byName[name]...)
	}
	return slices.DeleteFunc(inOrder(out), func(c *candidate) bool { return !c.otherwise() })
}

// inOrder are candidates in the order of documents, each once.
func inOrder(c []*candidate) []*candidate {
	slices.SortFunc(c, func(a, b *candidate) int { return cmp.Compare(a.order, b.order) })
	return slices.Compact(c)
}

// view is what a statement says of a product.
func (w *work) view(c *candidate, product int) *view {
	if c.views == nil {
		c.views = make([]*view, len(w.products))
	}
	if c.views[product] == nil {
		c.views[product] = w.components.look(c.statement, &w.products[product], w.o.AnyVersionLoose)
	}
	return c.views[product]
}

// cell is one product and one affected version, and the statements that cover it.
type cell struct {
	product   int
	component int
	version   string
	otherwise *candidate // the latest that says otherwise
	by        []*candidate
}

func (w *work) advisory(a *release.AdvisoryChange) {
	about := w.about(a)
	if len(about) == 0 {
		return
	}
	doubts := w.doubts(a, about)
	var cells []cell
	for i := range w.products {
		for _, v := range a.After {
			c := cell{product: i, version: v, component: w.components.numbers[a.Package][v]}
			for _, other := range doubts {
				if other.after(c.otherwise) && w.view(other, i).doubts(c.component) {
					c.otherwise = other
				}
			}
			cells = append(cells, c)
		}
	}
	var taken []*candidate
	for _, c := range about {
		reason, detail := c.refusal, c.detail
		if reason == "" {
			reason, detail = w.cover(a, c, cells)
		}
		if reason != "" {
			w.result.ignore(a, c, reason, detail)
			continue
		}
		taken = append(taken, c)
	}
	ends := time.Time{} // when the first cell loses its last statement
	for _, cell := range cells {
		if len(cell.by) == 0 {
			for _, c := range taken {
				w.result.ignore(a, c, ReasonPartial, "nothing covers version "+release.Text(cell.version).String()+" in each product")
			}
			return
		}
		last := time.Time{}
		for _, c := range cell.by {
			last = latest(last, c.statement.At.Add(w.o.MaxAge))
		}
		if ends.IsZero() || last.Before(ends) {
			ends = last
		}
	}
	w.suppress(a, taken, ends)
}

// cover adds the statement to the cells that it covers, or says why there are none.
func (w *work) cover(a *release.AdvisoryChange, c *candidate, cells []cell) (Reason, string) {
	if !c.speaksOf(a) {
		return ReasonAdvisory, "the advisory has several names, of which it gives some"
	}
	if len(a.After) == 0 {
		return ReasonVersion, "nobody knows which versions of the release are affected"
	}
	reason, detail := ReasonProduct, "it names no product of the release with its version or content"
	covers := false
	for i := range cells {
		cell := &cells[i]
		v := w.view(c, cell.product)
		best := v.fits[cell.component]
		switch {
		case !v.ours:
		case best == fitNone:
			if reason == ReasonProduct {
				reason, detail = ReasonComponent, "it does not name the component below the product"
			}
		case best == fitVersion:
			if reason == ReasonProduct || reason == ReasonComponent {
				reason, detail = ReasonVersion, "it names the component in other versions"
			}
		case best == fitAnyVersion && !w.o.AnyVersionLoose:
			if reason == ReasonProduct || reason == ReasonComponent {
				reason, detail = ReasonVersion, "it names the component without a version"
			}
		default:
			if by := cell.otherwise; by != nil && !c.after(by) {
				reason, detail = ReasonOverruled, fmt.Sprintf("%s#%s says %s", by.doc.Source.Path, by.statement.Pointer, by.statement.Status)
				if !by.trusted {
					detail += ", by nobody who is trusted"
				}
				continue
			}
			cell.by = append(cell.by, c)
			covers = true
		}
	}
	if covers {
		return "", ""
	}
	return reason, detail
}

// otherwise reports whether the statement takes others away.
func (c *candidate) otherwise() bool { return c.statement.Status != StatusNotAffected }

// after reports whether c was said after b, or b is nil. What nobody knows the time of
// may be said after anything.
func (c *candidate) after(b *candidate) bool {
	switch {
	case b == nil:
		return true
	case b.statement.At.IsZero():
		return false
	case c.statement.At.IsZero():
		return true
	}
	return c.statement.At.After(b.statement.At)
}

// suppress records what was taken. No suppression lasts longer than all together.
func (w *work) suppress(a *release.AdvisoryChange, taken []*candidate, ends time.Time) {
	was := len(a.Suppressions)
	out := slices.Clone(a.Suppressions)
	for _, c := range taken {
		s := release.Suppression{
			Document:      c.doc.Source.Digest,
			Author:        c.author,
			ID:            c.doc.ID,
			Justification: c.statement.Justification,
			At:            c.statement.At.UTC(),
			Expires:       c.statement.At.Add(w.o.MaxAge).UTC(),
		}
		if ends.Before(s.Expires) {
			s.Expires = ends.UTC()
		}
		if !slices.ContainsFunc(out, func(t release.Suppression) bool { return compare(s, t) == 0 }) {
			out = append(out, s)
		}
	}
	if len(out) == was {
		return
	}
	slices.SortStableFunc(out[was:], compare)
	a.Suppressions = out
	w.result.Added += len(out) - was
}

func compare(a, b release.Suppression) int {
	return cmp.Or(a.Document.Compare(b.Document), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Author, b.Author), cmp.Compare(a.Justification, b.Justification),
		a.At.Compare(b.At), a.Expires.Compare(b.Expires))
}
