// Package graph says what depends on what, and what else a change affects.
//
// A [Graph] has components as nodes (services, packages, APIs, databases) and an
// [Edge] wherever one needs another. A [Builder] makes it: by hand, or from the files
// that a CI job has at hand, in any mixture: bills of materials and lock files
// ([Builder.AddInventory]), "go mod graph" ([Builder.AddModGraph]), "go list"
// ([Builder.AddPackages]), a Backstage catalog ([Builder.AddCatalog]). A graph does
// not change after it was built, and may be used by many goroutines at once.
//
// # Impact
//
// [Graph.Impact] walks from changed nodes to all that depend on them, against the
// edges. Plain reachability is of no use for a decision: in a real graph nearly
// everything depends on everything in the end. So each step costs:
//
//	strength(source) = 1
//	strength(node)   = the best over all paths of the product over their steps of Decay x factor(kind)
//	weight(node)     = strength(node) x criticality(node)
//
// The factor of an edge's kind is 1 for a call at run time and less for what is only
// needed to build, to test, or as data; see [Factors]. A step of kind [EdgePart] is
// free and is no hop: a system that has an affected part is affected as much as the
// part. A path counts if it has at most Hops hops and its strength, on every step, is
// at least Floor. Each reached node has its best path as the explanation: the
// strongest, of those the one with the fewest hops. [Options] bound the walk, and
// [Result.Cut] says whether they cut something off: dependents beyond the bounds are
// not reached, but not denied.
//
// # Unknown is never harmless
//
//   - A node's criticality is in (0, 1], and 0 means that nobody said: it then weighs 1.
//   - An edge of unknown kind has the factor of the kind that reaches farthest.
//   - A source that is not in the graph is a [release.Gap] of the result: nobody knows
//     what depends on it.
//   - What could not be read while building is a gap of the graph ([Graph.Gaps]) and of
//     each result.
//
// # Names of nodes
//
// A node's ID is printable text that the host chooses. The readers use package URLs
// without version ("pkg:golang/golang.org/x/mod") for packages, because that is
// what a [release.DependencyChange] names, and Backstage's references in lower case
// ("component:default/cart") for the entities of a catalog. Versions of one package are
// one node. A host that reads both joins them by naming the service to
// [Builder.AddInventory].
package graph
