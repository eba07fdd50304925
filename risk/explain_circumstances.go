package risk

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// circumstances is the digest of all of the input but the change set, and of the time.
//
// It is no canonical JSON, because no verdict must fail on a count or a text of others that
// JSON cannot hold: it is the SHA-256 of the fields that are not zero, each by its name and, with
// its length in front, its value. So a field that is added later leaves it as it was
// where it is not set. Of the lists of the history, an empty one is not the same as none.
//
// A test writes the same by reflection, so that no field is forgotten.
func circumstances(in *Input, now time.Time) release.Digest {
	h := &in.History
	e := make(encoder, 0, 1024+512*len(h.Recent)+192*len(h.Files)+1536*(len(in.Waivers)+len(in.Debts)))
	e = append(e, "sallyport.risk.circumstances.v1\n"...)
	e.moment("At", now)
	e.number("Impact", uint64(in.Impact))
	e.number("Exposed", uint64(in.Exposed))
	if !h.At.IsZero() {
		e.moment("History.At", h.At)
	}
	list(&e, "History.Recent", h.Recent, h.Recent != nil, (*encoder).past)
	list(&e, "History.Files", h.Files, h.Files != nil, (*encoder).pastFile)
	e.reading("History.Experience", h.Experience)
	if in.Owners != nil {
		at := e.begin("Owners")
		e.bytesOf(in.Owners.Digest())
		e.end(at)
	}
	list(&e, "Same", in.Same, len(in.Same) > 0, (*encoder).texts)
	list(&e, "Waivers", in.Waivers, len(in.Waivers) > 0, (*encoder).waiver)
	if in.BreakGlass != nil {
		at := e.begin("BreakGlass")
		e.breakGlass(in.BreakGlass)
		e.end(at)
	}
	list(&e, "Debts", in.Debts, len(in.Debts) > 0, (*encoder).debt)
	return sha256.Sum256(e)
}

// list writes elements in an order that depends on nothing but them.
func list[T any](e *encoder, name string, all []T, there bool, write func(*encoder, *T)) {
	if !there {
		return
	}
	e.text(name)
	e.uint(uint64(len(all)))
	if len(all) == 0 {
		return
	}
	first := len(*e)
	ends := make([]int, len(all)) // of the elements, each with its length in front
	for i := range all {
		at := len(*e)
		e.uint(0)
		write(e, &all[i])
		e.end(at)
		ends[i] = len(*e)
	}
	parts := make([][]byte, len(all))
	at := first
	for i, end := range ends {
		parts[i], at = (*e)[at:end], end
	}
	order := func(a, b []byte) int { return bytes.Compare(a[8:], b[8:]) }
	if !slices.IsSortedFunc(parts, order) {
		slices.SortFunc(parts, order)
		copy((*e)[first:], bytes.Join(parts, nil))
	}
}

func (e *encoder) past(p *Past) {
	e.time("At", p.At)
	if f := &p.Features; *f != (Features{}) {
		at := e.begin("Features")
		e.features(f)
		e.end(at)
	}
	e.number("Releases", uint64(p.Releases))
}

func (e *encoder) features(f *Features) {
	e.string("Extractor", f.Extractor)
	for i, n := range f.counts() {
		e.number(countNames[i], uint64(*n))
	}
	for i, r := range f.readings() {
		e.reading(readingNames[i], *r)
	}
}

// The names of [Features.counts] and [Features.readings].
var (
	countNames = [...]string{"LinesAdded", "LinesDeleted", "EarlierAdded", "Files", "Directories", "Commits", "Dependencies",
		"Resources", "Settings", "Subsystems", "Spread", "Fixes"}
	readingNames = [...]string{"Pause", "RelativeChurn", "Recency", "Dormancy", "PriorChanges", "PriorDevelopers", "ChangesPerDeveloper",
		"FixRecency", "FixChangesPerDeveloper", "Experience"}
)

// As many names as values, or this does not compile.
var (
	_ = func(f *Features) [len(countNames)]*int64 { return f.counts() }
	_ = func(f *Features) [len(readingNames)]*Reading { return f.readings() }
)

func (e *encoder) pastFile(p *PastFile) {
	e.string("Path", string(p.Path))
	e.number("Lines", uint64(p.Lines))
	e.number("Changes", uint64(p.Changes))
	e.number("Developers", uint64(p.Developers))
	e.time("Changed", p.Changed)
}

func (e *encoder) waiver(w *release.Waiver) {
	e.string("ID", w.ID)
	e.string("Rule", w.Rule)
	e.string("Subject", w.Subject)
	e.number("Floor", uint64(w.Floor))
	e.number("UpTo", uint64(w.UpTo))
	e.digest("Changes", w.Changes)
	e.actor("Owner", &w.Owner)
	e.actor("Second", &w.Second)
	e.string("Reason", string(w.Reason))
	e.time("From", w.From)
	e.time("Expires", w.Expires)
}

func (e *encoder) breakGlass(b *release.BreakGlass) {
	e.string("ID", b.ID)
	e.digest("Changes", b.Changes)
	e.digest("Release", b.Release)
	e.actor("By", &b.By)
	e.actor("Second", &b.Second)
	e.string("Reason", string(b.Reason))
	e.time("At", b.At)
	e.time("Expires", b.Expires)
}

func (e *encoder) debt(d *release.Debt) {
	e.string("ID", d.ID)
	e.digest("Changes", d.Changes)
	e.number("Tier", uint64(d.Tier))
	e.digest("Release", d.Release)
	if len(d.Owed) > 0 {
		at := e.begin("Owed")
		e.uint(uint64(len(d.Owed)))
		for i := range d.Owed {
			at := len(*e)
			e.uint(0)
			e.requirement(&d.Owed[i])
			e.end(at)
		}
		e.end(at)
	}
	e.actor("By", &d.By)
	e.actor("Second", &d.Second)
	e.string("Reason", string(d.Reason))
	e.time("Opened", d.Opened)
	e.time("Due", d.Due)
	e.time("Paid", d.Paid)
	if len(d.PaidBy) > 0 {
		at := e.begin("PaidBy")
		e.uint(uint64(len(d.PaidBy)))
		for _, by := range d.PaidBy {
			at := len(*e)
			e.uint(0)
			e.bytesOf(by)
			e.end(at)
		}
		e.end(at)
	}
}

func (e *encoder) requirement(r *release.Requirement) {
	e.string("ID", r.ID)
	e.string("Evidence", string(r.Evidence))
	e.number("Count", uint64(r.Count))
	e.number("MaxAge", uint64(r.MaxAge))
	if r.Independent {
		e.number("Independent", 1)
	}
	if len(r.Roles) > 0 {
		at := e.begin("Roles")
		e.texts(&r.Roles)
		e.end(at)
	}
	e.string("Why", r.Why)
}
