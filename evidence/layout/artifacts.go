package layout

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/release"
)

// broken is what is wrong with the artifacts of steps that were all done.
func broken(p plan, claims map[string][]claim, products map[string]release.Digest) (out []release.Reason) {
	reduced := map[string]in_toto.Metadata{}
	for _, s := range p.layout.Steps {
		one := in_toto.Layout{Steps: []in_toto.Step{s}}
		links := map[string]in_toto.Metadata{}
		var refs []release.Digest
		for _, c := range claims[s.Name] {
			links[c.digest.String()] = &in_toto.Metablock{Signed: c.link}
			refs = append(refs, c.digest)
		}
		joined, err := reduce(one, map[string]map[string]in_toto.Metadata{s.Name: links})
		if err != nil {
			out = append(out, release.Reason{Code: "layout/links-disagree", Subject: s.Name,
				Text: "the links of the step do not report the same materials and products", Refs: refs})
			continue
		}
		reduced[s.Name] = joined[s.Name]
	}
	if len(out) > 0 {
		return out
	}
	for _, s := range p.layout.Steps {
		if !hold(s, reduced) {
			side, rule := firstBroken(s, reduced)
			out = append(out, release.Reason{Code: "layout/artifact-rule", Subject: s.Name,
				Text: fmt.Sprintf("the %s break the rule %q", side, strings.Join(rule, " ")),
				Refs: refs(claims[s.Name])})
		}
	}
	last := p.layout.Steps[len(p.layout.Steps)-1].Name
	made := claims[last][0].link.Products
	for _, name := range slices.Sorted(maps.Keys(products)) {
		text := ""
		switch have, ok := made[name]; {
		case !ok:
			text = "it did not come out of the last step"
		case have["sha256"] != products[name].Hex():
			text = "what came out of the last step has another SHA-256, or none"
		default:
			continue
		}
		out = append(out, release.Reason{Code: "layout/product", Subject: name, Text: text, Refs: refs(claims[last])})
	}
	return out
}

func refs(claims []claim) (out []release.Digest) {
	for _, c := range claims {
		out = append(out, c.digest)
	}
	return out
}

// firstBroken finds the first rule of s that does not hold. Rules are applied in
// order until one fails, so the shortest failing prefix ends with that rule.
func firstBroken(s in_toto.Step, links map[string]in_toto.Metadata) (side string, rule []string) {
	materials, products := s.ExpectedMaterials, s.ExpectedProducts
	s.ExpectedProducts = nil
	n := sort.Search(len(materials), func(i int) bool {
		s.ExpectedMaterials = materials[:i+1]
		return !hold(s, links)
	})
	if n < len(materials) {
		return "materials", materials[n]
	}
	s.ExpectedMaterials = nil
	n = sort.Search(len(products), func(i int) bool {
		s.ExpectedProducts = products[:i+1]
		return !hold(s, links)
	})
	if n < len(products) {
		return "products", products[n]
	}
	return "materials or products", nil
}
