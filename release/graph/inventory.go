package graph

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
)

// AddInventory adds what a bill of materials or a lock file lists, as parts of
// service: the ID of the node that consists of them. If service is "", it is the
// inventory's Root; if that is missing too, a gap says that nobody is known to need
// the components. A service and a Root of another name are two names of one thing, and
// edges of kind [EdgePart] in both directions say so: who needs the package that the
// service is published as, needs the service.
//
// Nodes are packages without version. The service needs each component that is direct
// or of unknown relation, and each that the file's own edges do not lead to from there;
// the other edges are the file's. What is only needed for development has edges of kind [EdgeBuild] to it,
// because the file does not tell building from testing; all else that is known to run
// has [EdgeRuntime]. A missing or partial inventory is a gap of the graph.
func (b *Builder) AddInventory(service string, inv release.Inventory) {
	nameless := 0 // package URLs that cannot name a node
	node := func(p release.PURL) string {
		id := string(b.packageOf(p))
		if id == "" || len(id) > MaxID {
			nameless++
			return ""
		}
		return id
	}
	root := ""
	if inv.Root != "" {
		root = node(inv.Root)
	}
	if service == "" {
		service = root
	}
	subject := inv.Source.Path.String()
	b.gaps = append(b.gaps, inv.Gaps...)
	if inv.Coverage != release.CoverageComplete {
		b.AddGap(release.Gap{Kind: release.GapIncomplete, Subject: subject, Detail: fmt.Sprintf("coverage of the components is %s: more may be needed than the graph says", inv.Coverage)})
	}
	if service != "" {
		b.node(service)
		if root != "" && root != service {
			b.AddEdge(Edge{From: root, To: service, Kind: EdgePart})
			b.AddEdge(Edge{From: service, To: root, Kind: EdgePart})
		}
	} else if len(inv.Components) > 0 {
		b.AddGap(release.Gap{Kind: release.GapIncomplete, Subject: subject, Detail: "it does not say what consists of its components"})
	}
	name := func(p release.PURL) string {
		if id := node(p); id != root {
			return id
		}
		return service
	}
	scope := make(map[string]release.Scope, len(inv.Components))
	for _, c := range inv.Components {
		id := name(c.PURL)
		if s, ok := scope[id]; ok {
			scope[id] = min(s, c.Scope) // the farther reaching is the lower
		} else {
			scope[id] = c.Scope
		}
	}
	needs := map[string][]string{}
	for _, e := range inv.Edges {
		if e.From == "" || e.To == "" {
			continue
		}
		from, to := name(e.From), name(e.To)
		if from == "" || to == "" || from == to {
			continue
		}
		needs[from] = append(needs[from], to)
		b.AddEdge(Edge{From: from, To: to, Kind: kindOf(scope[to])})
	}
	reached := map[string]bool{service: true}
	follow := func(id string) {
		for queue := []string{id}; len(queue) > 0; {
			id, queue = queue[len(queue)-1], queue[:len(queue)-1]
			for _, to := range needs[id] {
				if !reached[to] {
					reached[to] = true
					queue = append(queue, to)
				}
			}
		}
	}
	follow(service)
	attach := func(transitive bool) {
		for _, c := range inv.Components {
			id := name(c.PURL)
			if id == "" || id == service || c.Relation.Transitive() != transitive {
				continue
			}
			b.node(id)
			if service != "" && !(transitive && reached[id]) {
				b.AddEdge(Edge{From: service, To: id, Kind: kindOf(scope[id])})
			}
			if !reached[id] {
				reached[id] = true
				follow(id)
			}
		}
	}
	attach(false)
	attach(true)
	if nameless > 0 {
		b.AddGap(release.Gap{Kind: release.GapUnreadable, Subject: subject, Detail: fmt.Sprintf("package URLs that name nothing or are longer than %d bytes are not in the graph", MaxID)})
	}
}

// kindOf is how a component of a scope is needed. Optional ones count as run.
func kindOf(s release.Scope) EdgeKind {
	switch s {
	case release.ScopeRuntime, release.ScopeOptional:
		return EdgeRuntime
	case release.ScopeDevelopment:
		return EdgeBuild
	}
	return EdgeUnknown
}

// packageOf is p.Package(), computed once for each.
func (b *Builder) packageOf(p release.PURL) release.PURL {
	if p == "" {
		return ""
	}
	id, ok := b.packages[p]
	if !ok {
		id = p.Package()
		if b.packages == nil {
			b.packages = map[release.PURL]release.PURL{}
		}
		b.packages[p] = id
	}
	return id
}
