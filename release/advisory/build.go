package advisory

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/threat"
	"github.com/sallyport-dev/sallyport/release/version"
)

// ErrEmpty is returned where no advisory was found: it is likelier that the wrong place
// was looked at than that there is none, and "nothing is affected" would be the answer.
var ErrEmpty = errors.New("advisory: no advisories")

// builder collects records and makes a DB of them.
type builder struct {
	in      *bufio.Reader // used again from file to file,
	room    []byte        // and so is this
	canon   canonical
	records map[release.Digest]*record
	broken  map[release.Digest]bool // what could not be read, or whose rest could not
	gaps    []release.Gap
	more    int // gaps that are not listed
	blind   map[release.Digest]bool
	unread  int // how often something was added to it
	byID    map[string][]release.Digest
	stubs   map[string]string // where an advisory was only named, by ID
	tree    bool              // among the files may be others
	foreign map[string]bool   // files that have what is no advisory,
	strays  int               // and how many such things
}

func newBuilder() *builder {
	return &builder{records: map[release.Digest]*record{}, broken: map[release.Digest]bool{}, blind: map[release.Digest]bool{},
		byID: map[string][]release.Digest{}, stubs: map[string]string{}, foreign: map[string]bool{}}
}

// gap notes what could not be read; content tells one such thing from another.
func (b *builder) gap(kind release.GapKind, subject string, err error, content release.Digest, blind bool) {
	if blind {
		b.blind[content] = true
		b.unread++
	}
	if len(b.gaps) >= MaxGaps {
		b.more++
		return
	}
	detail := strings.TrimPrefix(err.Error(), "advisory: ")
	if blind {
		detail += "; it may concern any package"
	}
	b.gaps = append(b.gaps, release.Gap{Kind: kind, Subject: subject, Detail: detail})
}

// add takes one record. where is its file, id the name under which it stands there.
func (b *builder) add(where release.Path, id string, raw []byte, large bool) error {
	switch {
	case len(b.records) >= MaxRecords:
		return errRecords
	case b.unread > MaxGaps:
		return errUnread
	}
	subject := where.String()
	if id != "" && validID(id) {
		subject = strings.TrimPrefix(subject+" "+id, " ")
	}
	if large {
		b.gap(release.GapTooLarge, subject, errTooLarge, unread(raw[:MaxRecord/2]), true)
		return nil
	}
	digest, err := b.canon.digest(raw)
	if err != nil {
		b.gap(release.GapUnreadable, subject, err, unread(raw), true)
		return nil
	}
	if b.tree && !b.canon.advisory {
		if b.strays++; b.strays > MaxStrays {
			return errStrays
		}
		b.foreign[where.String()] = true
		return nil
	}
	r, err := parse(raw)
	if r != nil && id != "" && r.ID != id {
		other := fmt.Errorf("what stands there says that it is %s", quoted(r.ID))
		b.gap(release.GapAmbiguous, subject, other, unread([]byte(id)), true)
	}
	if b.records[digest] != nil {
		return nil // the same once more
	}
	if r == nil {
		b.gap(release.GapUnreadable, subject, err, digest, true)
		return nil
	}
	if err != nil {
		b.broken[digest] = true
		b.gap(release.GapUnreadable, strings.TrimPrefix(where.String()+" "+r.ID, " "), err, digest, false)
	}
	if err == nil && r.stub() {
		if at, ok := b.stubs[r.ID]; !ok || subject < at {
			b.stubs[r.ID] = subject
		}
		return nil
	}
	b.records[digest] = r
	b.byID[r.ID] = append(b.byID[r.ID], digest)
	return nil
}

// unread is the digest of what has no canonical form.
func unread(raw []byte) release.Digest {
	return sha256.Sum256(append([]byte("unread\x00"), raw...))
}

// passed says what was passed over, and which advisories are only named: an index says so
// much of those that stand elsewhere.
func (b *builder) passed(path release.Path) error {
	for _, id := range slices.Sorted(maps.Keys(b.stubs)) {
		if len(b.byID[id]) == 0 {
			b.gap(release.GapIncomplete, b.stubs[id], fmt.Errorf("nothing says which packages %s is about", id), unread([]byte(id)), true)
		}
	}
	if b.unread > MaxGaps {
		return fmt.Errorf("advisory: %s: %w", path, errUnread)
	}
	if n := len(b.foreign); n > 0 {
		first := slices.Min(slices.Collect(maps.Keys(b.foreign)))
		b.gap(release.GapUnsupported, path.String(), fmt.Errorf("%d files such as %s have what is no advisory: that was passed over", n, first), release.Digest{}, false)
	}
	return nil
}

// current drops the records that a later one of the same ID takes the place of (OSV schema,
// "id, modified fields"). Where none is later both count, and it is said.
func (b *builder) current() []release.Digest {
	var out []release.Digest
	for _, id := range slices.Sorted(maps.Keys(b.byID)) {
		all := b.byID[id]
		var last time.Time
		for _, d := range all {
			if t := when(b.records[d].Modified); t.After(last) {
				last = t
			}
		}
		n := 0
		for _, d := range all {
			if b.broken[d] || when(b.records[d].Modified).Equal(last) {
				out = append(out, d)
				n++
			}
		}
		if n > 1 {
			b.gap(release.GapAmbiguous, id, fmt.Errorf("%d different records of it, none later than the others: all count", n), release.Digest{}, false)
		}
	}
	slices.SortFunc(out, func(x, y release.Digest) int {
		return cmp.Or(cmp.Compare(b.records[x].ID, b.records[y].ID), x.Compare(y))
	})
	return out
}

// db makes the snapshot.
func (b *builder) db(opts *Options) (*DB, error) {
	digests := b.current()
	if err := b.passed(opts.path()); err != nil {
		return nil, err
	}
	if len(digests) == 0 && len(b.blind) == 0 {
		return nil, ErrEmpty
	}
	db := &DB{path: opts.path(), blind: len(b.blind), packages: map[string]*pkg{}, areas: map[string]bool{}}
	db.digest = b.digest(digests)
	for _, d := range digests {
		r := b.records[d]
		if !b.broken[d] {
			db.read++
		}
		for _, t := range []string{r.Published, r.Modified, r.Withdrawn} {
			if at := when(t); at.After(db.newest) {
				db.newest = at
			}
		}
		db.advisories = append(db.advisories, advisory{id: r.ID, summary: summary(r.Summary), published: when(r.Published),
			withdrawn: when(r.Withdrawn), upstream: slices.Compact(slices.Sorted(slices.Values(r.Upstream)))})
	}
	db.date()
	db.group(b, digests)
	c := compiler{db: db, packages: map[string]*draft{}, reasons: map[string]int32{}, scores: map[string]int32{}}
	for i, d := range digests {
		for j := range b.records[d].Affected {
			c.add(int32(i), b.records[d], &b.records[d].Affected[j], b.broken[d])
		}
		b.records[d].Affected = nil // no longer needed
	}
	c.finish()
	slices.SortFunc(b.gaps, func(x, y release.Gap) int {
		return cmp.Or(cmp.Compare(x.Subject, y.Subject), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Detail, y.Detail))
	})
	db.gaps = b.gaps
	if b.more > 0 {
		db.gaps = append(db.gaps, release.Gap{Kind: release.GapTooLarge, Subject: db.path.String(), Detail: fmt.Sprintf("%d more gaps", b.more)})
	}
	return db, nil
}

// digest is over the digests of all records that count and of what could not be read.
func (b *builder) digest(records []release.Digest) release.Digest {
	all := slices.Clone(records)
	for d := range b.blind {
		all = append(all, d)
	}
	slices.SortFunc(all, release.Digest.Compare)
	h := sha256.New()
	h.Write([]byte("sallyport.advisory.snapshot.v1\x00"))
	for _, d := range slices.Compact(all) {
		h.Write(d[:])
	}
	return release.Digest(h.Sum(nil))
}

// draft is a package while it is compiled.
type draft struct{ parts []draftPart }

type draftPart struct {
	order  version.Order
	points []version.Version
	ranges []draftRange
}

type draftRange struct {
	affects
	flips []flips
}

// compiler turns affected entries into positions.
type compiler struct {
	db       *DB
	packages map[string]*draft
	reasons  map[string]int32
	scores   map[string]int32
}

// semver is the order of SEMVER ranges in ecosystems that order in another way.
func semverOf(o version.Order) version.Order {
	switch o.String() {
	case "semver", "golang", "npm", "cargo", "pub", "julia":
		return o
	}
	plain, _ := version.OfEcosystem("Hex")
	return plain
}

// add compiles one entry into each place where it is looked up. What is unknown of an
// entry that could not be read is all of it.
func (c *compiler) add(index int32, r *record, a *affected, broken bool) {
	ecosystem, suffix, _ := strings.Cut(a.Package.Ecosystem, ":")
	order, ordered := version.OfEcosystem(ecosystem)
	if ecosystem == "" {
		if p, err := release.ParsePURL(a.Package.PURL); err == nil {
			order, ordered = version.Of(p.Type())
		}
	}
	known := &c.db.advisories[index]
	base := affects{advisory: index, flaw: known.flaw, reason: -1, score: c.score(r, a), ecosystem: ecosystem, suffix: suffix,
		when: known.when, alone: len(c.db.flaws[known.flaw].members) == 1}
	if suffix == "" {
		base.ecosystem = ""
	}
	parts := []draftRange{{affects: base}}
	orders := []version.Order{order}
	reason := ""
	switch {
	case broken:
		reason = "the advisory could not be read"
	default:
		parts, orders, reason = entry(a, base, order, ordered)
	}
	if reason != "" {
		parts[0].reason = c.reason(reason)
	}
	for _, p := range places(*a) {
		if p.area != "" {
			c.db.areas[p.area] = true
		} else if strings.HasPrefix(p.key, anyType) {
			c.db.wild = true
		}
		d := c.packages[p.key]
		if d == nil {
			d = &draft{}
			c.packages[p.key] = d
		}
		for i := range parts {
			d.part(orders[i]).take(parts[i])
		}
	}
}

// entry compiles an entry's ranges and versions, those of each order apart; the first are
// in the ecosystem's. The reason is why it is unknown where it is not yes.
func entry(a *affected, base affects, order version.Order, ordered bool) ([]draftRange, []version.Order, string) {
	parts, orders := []draftRange{{affects: base}}, []version.Order{order}
	reason, git, others := "", false, 0
	because := func(text string) {
		if reason == "" {
			reason = text
		}
	}
	if !ordered {
		because("no order of versions is known for its ecosystem")
	}
	whole := true // all ranges are "every version"
	var fixes []string
	for i := range a.Ranges {
		r := &a.Ranges[i]
		for _, e := range r.Events {
			if e.Fixed != nil && r.Type != "GIT" {
				fixes = append(fixes, printable(*e.Fixed))
			}
		}
		o := order
		switch r.Type {
		case "GIT":
			git = true
			continue
		case "ECOSYSTEM":
		case "SEMVER":
			o = semverOf(order)
		default:
			because("its range is of the unknown type " + quoted(r.Type))
			continue
		}
		others++
		if !ordered {
			continue
		}
		f, err := compile(r.Events, o)
		if err != nil {
			because(err.Error())
			continue
		}
		whole = whole && len(r.Events) == 1 && *r.Events[0].Introduced == "0"
		at := slices.Index(orders, o)
		if at < 0 {
			at = len(orders)
			parts, orders = append(parts, draftRange{affects: base}), append(orders, o)
		}
		parts[at].flips = append(parts[at].flips, f)
	}
	var listed []version.Version
	for _, text := range a.Versions {
		v, err := order.Parse(text)
		if err != nil {
			parts[0].texts = append(parts[0].texts, text)
			continue
		}
		listed = append(listed, v)
	}
	if f := list(listed); len(f) > 0 {
		parts[0].flips = append(parts[0].flips, flips{f, f})
	}
	switch {
	case git && others == 0 && len(a.Versions) == 0:
		because("its range is of git commits, which needs a commit graph")
	case others == 0 && len(a.Versions) == 0:
		because("it names no versions")
	case a.Specific.custom && a.Package.Ecosystem == "Go" && others > 0 && len(a.Versions) == 0 && whole && reason == "":
		because("its range is every version only because its custom_ranges could not be written as Go's versions")
		parts, orders = parts[:1], orders[:1]
		parts[0].flips = nil
	}
	fixes = distinct(fixes)
	for i := range parts {
		parts[i].fixed = fixes
	}
	if len(parts) > 1 && reason == "" && len(parts[0].flips)+len(parts[0].texts) == 0 {
		parts, orders = parts[1:], orders[1:]
	}
	return parts, orders, reason
}

// distinct are texts, each once, in the order in which they first stand.
func distinct(in []string) []string {
	seen := map[string]bool{}
	return slices.Clip(slices.DeleteFunc(in, func(s string) bool {
		was := seen[s]
		seen[s] = true
		return was
	}))
}

// list is the flips of single versions.
func list(vs []version.Version) []flip {
	slices.SortFunc(vs, version.Version.Compare)
	var out []flip
	for i, v := range vs {
		if i == 0 || vs[i-1].Compare(v) != 0 {
			out = append(out, flip{v: v}, flip{v: v, behind: true})
		}
	}
	return out
}

// printable is a version as it can stand in a report: as it is, or in quotes.
func printable(s string) string {
	if q := strconv.QuoteToASCII(s); len(s) > version.MaxLength || q[1:len(q)-1] != s {
		return quoted(s)
	}
	return s
}

func (d *draft) part(o version.Order) *draftPart {
	for i := range d.parts {
		if d.parts[i].order == o {
			return &d.parts[i]
		}
	}
	d.parts = append(d.parts, draftPart{order: o})
	return &d.parts[len(d.parts)-1]
}

func (p *draftPart) take(r draftRange) {
	for _, f := range r.flips {
		for _, list := range [][]flip{f.least, f.most} {
			for _, x := range list {
				if !x.before {
					p.points = append(p.points, x.v)
				}
			}
		}
	}
	p.ranges = append(p.ranges, r)
}

func (c *compiler) reason(text string) int32 {
	i, ok := c.reasons[text]
	if !ok {
		i = int32(len(c.db.reasons))
		c.db.reasons = append(c.db.reasons, text)
		c.reasons[text] = i
	}
	return i
}

// score is the highest of the severities that are given for a package, -1 for none.
func (c *compiler) score(r *record, a *affected) int32 {
	best := int32(-1)
	for _, s := range slices.Concat(r.Severity, a.Severity) {
		i, ok := c.scores[s.Score]
		if !ok {
			i = -1
			if v, err := threat.CVSS(s.Score); err == nil && v.Known {
				i = int32(len(c.db.scores))
				c.db.scores = append(c.db.scores, v)
			}
			c.scores[s.Score] = i
		}
		if i >= 0 && (best < 0 || higher(c.db.scores[i], c.db.scores[best])) {
			best = i
		}
	}
	return best
}

// higher reports whether a counts before b.
func higher(a, b release.Score) bool {
	return a.Value > b.Value || a.Value == b.Value && a.By < b.By
}

// finish gives all versions their positions.
func (c *compiler) finish() {
	for key, d := range c.packages {
		p := &pkg{}
		for _, dp := range d.parts {
			p.parts = append(p.parts, dp.finish())
		}
		c.db.packages[key] = p
		delete(c.packages, key)
	}
}

func (dp *draftPart) finish() part {
	p := part{order: dp.order}
	slices.SortStableFunc(dp.points, version.Version.Compare)
	p.keys = slices.Clip(slices.CompactFunc(dp.points, func(a, b version.Version) bool { return a.Compare(b) == 0 }))
	for i := range dp.ranges {
		r := &dp.ranges[i]
		least, most := make([][]int32, len(r.flips)), make([][]int32, len(r.flips))
		for j, f := range r.flips {
			least[j], most[j] = p.positions(f.least), p.positions(f.most)
		}
		r.least = union(least)
		if r.most = union(most); slices.Equal(r.least, r.most) {
			r.most = nil
		}
		p.ranges = append(p.ranges, r.affects)
	}
	slices.SortStableFunc(p.ranges, func(a, b affects) int {
		return cmp.Or(cmp.Compare(a.flaw, b.flaw), cmp.Compare(a.advisory, b.advisory))
	})
	p.ranges = slices.Clip(p.ranges)
	p.number()
	return p
}

func (p *part) positions(in []flip) []int32 {
	out := make([]int32, len(in))
	for i, f := range in {
		switch {
		case f.before:
			out[i] = -1
		case f.behind:
			out[i] = p.position(f.v) + 1
		default:
			out[i] = p.position(f.v)
		}
	}
	return out
}

// union is where any of several lists says yes.
func union(lists [][]int32) []int32 {
	if len(lists) == 1 {
		return slices.Clip(lists[0])
	}
	type turn struct{ at, by int32 }
	var turns []turn
	for _, l := range lists {
		for i, at := range l {
			turns = append(turns, turn{at, 1 - 2*int32(i%2)})
		}
	}
	slices.SortFunc(turns, func(a, b turn) int { return cmp.Compare(a.at, b.at) })
	var out []int32
	open := int32(0)
	for i := 0; i < len(turns); {
		was, at := open > 0, turns[i].at
		for ; i < len(turns) && turns[i].at == at; i++ {
			open += turns[i].by
		}
		if (open > 0) != was {
			out = append(out, at)
		}
	}
	return slices.Clip(out)
}

// yes reports whether a position is in a list.
func yes(list []int32, at int32) bool {
	n := 0
	if len(list) > 16 {
		n, _ = slices.BinarySearch(list, at+1)
	} else {
		for n < len(list) && list[n] <= at {
			n++
		}
	}
	return n%2 == 1
}
