package graph_test

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/graph"
)

// A library changed. Which services does that reach, how strongly, and why?
func Example() {
	var b graph.Builder
	b.AddCatalog("catalog-info.yaml", []byte(`
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: cart, annotations: {example.com/tier: gold}}
spec: {type: service, lifecycle: production, system: shop, providesApis: [cart-api]}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: cart-api, annotations: {example.com/tier: bronze}}
spec: {type: openapi, system: shop}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: web, annotations: {example.com/tier: gold}}
spec: {type: website, system: shop, consumesApis: [cart-api]}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: shop}
spec: {owner: team-shop}
`), &graph.CatalogOptions{Annotation: "example.com/tier", Levels: map[string]float64{"gold": 0.9, "bronze": 0.2}})
	// What the service is made of, from its bill of materials.
	b.AddInventory("component:default/cart", release.Inventory{
		Coverage: release.CoverageComplete,
		Components: []release.Component{
			{PURL: "pkg:npm/http-client@2.1.0", Relation: release.RelationDirect, Scope: release.ScopeRuntime},
			{PURL: "pkg:npm/left-pad@1.3.0", Relation: release.RelationTransitive, Scope: release.ScopeRuntime},
		},
		Edges: []release.Edge{{From: "pkg:npm/http-client@2.1.0", To: "pkg:npm/left-pad@1.3.0"}},
	})
	g, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := g.Impact([]string{"pkg:npm/left-pad", "pkg:npm/right-pad"}, graph.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range result.Reached {
		fmt.Printf("%.3f %s\n      %s\n", r.Weight, r.Node.ID, r.Path())
	}
	for _, gap := range result.Gaps {
		fmt.Println("gap:", gap)
	}
	fmt.Println("complete:", result.Complete())
	// Output:
	// 0.500 pkg:npm/http-client
	//       pkg:npm/left-pad <-runtime- pkg:npm/http-client
	// 0.250 system:default/shop
	//       pkg:npm/left-pad <-runtime- pkg:npm/http-client <-runtime- component:default/cart <-part- system:default/shop
	// 0.225 component:default/cart
	//       pkg:npm/left-pad <-runtime- pkg:npm/http-client <-runtime- component:default/cart
	// 0.113 component:default/web
	//       pkg:npm/left-pad <-runtime- pkg:npm/http-client <-runtime- component:default/cart <-part- api:default/cart-api <-runtime- component:default/web
	// 0.050 api:default/cart-api
	//       pkg:npm/left-pad <-runtime- pkg:npm/http-client <-runtime- component:default/cart <-part- api:default/cart-api
	// gap: not-in-graph pkg:npm/right-pad: the graph does not have it, so nobody knows what depends on it
	// complete: false
}
