package sbom

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// builder collects what both formats say, and makes an inventory of it.
type builder struct {
	document *document
	source   release.Source
	tools    []string
	nodes    []node
	byRef    map[string]int32
	others   map[string]bool // references of what is there and no component
	root     []int32
	pairs    []pair
	said     int  // dependencies read, whether or not they lead anywhere
	vague    bool // what the root needs is not completely told
	partial  bool
	gaps     []release.Gap
	count    map[release.GapKind]int
	contents map[string]int  // components that are no packages, by their type
	dangling map[string]bool // references that lead nowhere, so far
	twins    []twin
	base     int // where the part that is now read begins, for nested components
	urls     int // package URLs besides the first of their packages
	queries  int // components without a hash of whose URLs something was left out
}

// twin is a node with a reference that another has too.
type twin struct {
	first, second int32
	at            int // where the second stands
}

// node is one component of the document, whether or not it has a package URL.
type node struct {
	c    release.Component
	also []release.PURL // other package URLs of the same component
	same int32          // the next node with the same reference, or 0: node 0 is never a next one
	at   int            // where it stands
	name string         // for people, where it has no package URL
}

// pair says that one node needs another.
type pair struct {
	from, to int32
	contains bool // it is only said to be within
}

func newBuilder(d *document, source release.Source) *builder {
	return &builder{document: d, source: source, byRef: map[string]int32{}, others: map[string]bool{},
		count: map[release.GapKind]int{}, contents: map[string]int{}, dangling: map[string]bool{}}
}

// add makes a node.
func (b *builder) add() (int32, error) {
	if len(b.nodes) >= MaxComponents {
		return 0, tooLarge("more than %d components", MaxComponents)
	}
	b.nodes = append(b.nodes, node{})
	return int32(len(b.nodes) - 1), nil
}

// name gives a node its reference.
func (b *builder) name(n int32, ref string, at int) {
	if ref == "" {
		return
	}
	first, ok := b.byRef[ref]
	if !ok {
		b.byRef[strings.Clone(ref)] = n
		return
	}
	b.twins = append(b.twins, twin{first, n, at})
	b.nodes[n].same = b.nodes[first].same
	b.nodes[first].same = n
}

func (b *builder) link(p pair) error {
	if len(b.pairs) >= MaxEdges {
		return tooLarge("more than %d dependencies", MaxEdges)
	}
	b.pairs = append(b.pairs, p)
	return nil
}

// need says that what one reference stands for needs what another does.
func (b *builder) need(from, to string, p pair) error {
	x, ok1 := b.byRef[from]
	y, ok2 := b.byRef[to]
	for _, end := range []struct {
		ref string
		ok  bool
	}{{from, ok1}, {to, ok2}} {
		if !end.ok && !b.others[end.ref] && !b.dangling[end.ref] {
			b.dangling[strings.Clone(end.ref)] = true
		}
	}
	if !ok1 || !ok2 {
		return nil
	}
	for p.from = x; ; p.from = b.nodes[p.from].same {
		for p.to = y; ; p.to = b.nodes[p.to].same {
			if err := b.link(p); err != nil {
				return err
			}
			if b.nodes[p.to].same == 0 {
				break
			}
		}
		if b.nodes[p.from].same == 0 {
			return nil
		}
	}
}

// note tells a gap that leaves the list of components what it is. Arguments that cost
// something should be [fmt.Stringer]s: of many gaps only the first are written out.
func (b *builder) note(kind release.GapKind, format string, args ...any) {
	if b.count[kind]++; b.count[kind] <= MaxGaps {
		b.gaps = append(b.gaps, release.Gap{Kind: kind, Subject: b.source.Path.String(), Detail: release.Text("sbom: " + fmt.Sprintf(format, args...)).String()})
	}
}

// gap tells a gap that leaves the list of components incomplete.
func (b *builder) gap(kind release.GapKind, format string, args ...any) {
	b.partial = true
	b.note(kind, format, args...)
}

// tool notes a tool that wrote the document.
func (b *builder) tool(name, version string) {
	const most = 10
	if name == "" || len(b.tools) >= most {
		return
	}
	if len(b.tools) == 0 {
		b.source.Tool, b.source.Version = release.Text(cut(name)), release.Text(cut(version))
	}
	b.tools = append(b.tools, strings.TrimSpace(cut(name)+" "+cut(version)))
	if len(b.tools) > 1 {
		b.source.Tool, b.source.Version = release.Text(strings.Join(b.tools, ", ")), ""
	}
}

// cut shortens text of others, and ends it where a URL or the qualifiers of a package
// URL begin: they may hold a password.
func cut(text string) string {
	const most = 200
	short := text[:min(len(text), most)]
	for _, mark := range []string{"://", "2f%2", "2F%2", "?"} { // slashes as they are or escaped, once or twice
		if i := strings.Index(short, mark); i >= 0 {
			short = short[:i]
		}
	}
	if len(short) == len(text) {
		return text
	}
	return strings.ToValidUTF8(short, "") + "..."
}

// quoted is text of others in a message.
func quoted(text string) string { return strictjson.Quoted(cut(text)) }

// moment is a time as both formats write it (RFC 3339), zero if it is none.
func moment(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// unseen notes that something was left out of the URLs of a node. Where its content has
// a hash, a change there would be seen.
func (b *builder) unseen(n *node, cut bool) {
	if cut && n.c.Digest.IsZero() && n.c.Integrity == "" {
		b.queries++
	}
}

// inventory is all of it.
func (b *builder) inventory() release.Inventory {
	for _, t := range b.twins {
		if x, y := b.nodes[t.first].c.PURL, b.nodes[t.second].c.PURL; x != y {
			b.gap(release.GapAmbiguous, "%s: its reference stands for several components", b.document.place(t.at))
		}
	}
	for _, ref := range slices.Sorted(maps.Keys(b.dangling)) {
		b.gap(release.GapIncomplete, "%s is needed or contained and not listed", quoted(ref))
	}
	for _, kind := range slices.Sorted(maps.Keys(b.contents)) {
		b.note(release.GapUnsupported, "%d components of type %s have no package URL", b.contents[kind], kind)
	}
	if b.queries > 0 {
		b.note(release.GapIncomplete, "%d components without a hash come from URLs with a query or a fragment, which may be secrets and are left out: a change there is not seen", b.queries)
	}
	if len(b.dangling) > 0 { // it may have been the root that needs them, or another name of what is listed
		b.vague = true
	}
	inv := release.Inventory{Source: b.source, Coverage: release.CoverageComplete}
	if len(b.root) == 1 {
		inv.Root = b.nodes[b.root[0]].c.PURL
	}
	b.relations()
	inv.Edges = b.edges()
	inv.Components = b.components()
	for _, kind := range slices.Sorted(maps.Keys(b.count)) {
		if more := b.count[kind] - MaxGaps; more > 0 {
			b.gaps = append(b.gaps, release.Gap{Kind: kind, Subject: b.source.Path.String(), Detail: fmt.Sprintf("sbom: and %d more of this kind", more)})
		}
	}
	inv.Gaps = b.gaps
	if b.partial {
		inv.Coverage = release.CoveragePartial
	}
	return inv
}

// components are the nodes with package URLs, but for the only root; those that are
// the same in all but relation and scope are one.
func (b *builder) components() []release.Component {
	out := make([]release.Component, 0, len(b.nodes))
	for i := range b.nodes {
		n := &b.nodes[i]
		if n.c.PURL == "" || len(b.root) == 1 && b.root[0] == int32(i) {
			continue
		}
		out = append(out, n.c)
		for _, p := range n.also {
			c := n.c
			c.PURL = p
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, order)
	same := out[:0]
	for _, c := range out {
		if len(same) == 0 || order(same[len(same)-1], c) != 0 {
			same = append(same, c)
			continue
		}
		last := &same[len(same)-1]
		last.Relation = farther(last.Relation, c.Relation)
		last.Scope = min(last.Scope, c.Scope) // the farther reaching is the lower
	}
	return same
}

// order is that of all of a component but its relation and scope.
func order(x, y release.Component) int {
	return cmp.Or(cmp.Compare(x.PURL, y.PURL), cmp.Compare(x.License, y.License), cmp.Compare(x.Origin, y.Origin),
		cmp.Compare(x.Integrity, y.Integrity), x.Digest.Compare(y.Digest))
}

// farther is direct if either is, and else unknown if either is.
func farther(x, y release.Relation) release.Relation {
	if x == release.RelationDirect || y == release.RelationDirect {
		return release.RelationDirect
	}
	return min(x, y)
}
