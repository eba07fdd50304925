package layout

import (
	"fmt"
	"maps"
	"path"
	"strings"

	"github.com/in-toto/in-toto-golang/in_toto"
)

// withoutIn gives s and links such that no rule of s has an IN clause.
//
// MATCH pattern IN src WITH products IN dst FROM step takes files below src, and
// only those, that are below dst in the other step (in-toto specification,
// section 4.3.3). in-toto-golang takes files elsewhere too, and lets a path like
// "../x" leave dst. So each such rule is written as a plain one, against a link of
// its own in which the files below dst stand below src.
func withoutIn(s in_toto.Step, links map[string]in_toto.Metadata) (in_toto.Step, map[string]in_toto.Metadata) {
	links = maps.Clone(links)
	plain := func(rules [][]string) (out [][]string) {
		for _, r := range rules {
			f, err := in_toto.UnpackRule(r)
			if src, dst := folder(f["srcPrefix"]), folder(f["dstPrefix"]); err == nil && src+dst != "" {
				name := fmt.Sprintf("\x00%d", len(links)) // which no step can have
				links[name] = moved(links[f["dstName"]], f["dstType"], dst, src)
				r = []string{"MATCH", escape(src) + path.Clean(f["pattern"]), "WITH", f["dstType"], "FROM", name}
			}
			out = append(out, r)
		}
		return out
	}
	s.ExpectedMaterials, s.ExpectedProducts = plain(s.ExpectedMaterials), plain(s.ExpectedProducts)
	return s, links
}

// folder is a prefix with the slash that ends it, or empty if it is none.
func folder(prefix string) string {
	switch prefix = path.Clean(prefix); prefix {
	case ".":
		return ""
	case "/":
		return prefix
	}
	return prefix + "/"
}

// moved is a link with the artifacts of one side of m that are below from, each
// below to instead.
func moved(m in_toto.Metadata, side, from, to string) in_toto.Metadata {
	l, _ := m.GetPayload().(in_toto.Link)
	all := l.Materials
	if side == "products" {
		all = l.Products
	}
	out := map[string]in_toto.HashObj{}
	for name, digests := range all {
		if rest, ok := strings.CutPrefix(name, from); ok {
			out[to+rest] = digests
		}
	}
	return &in_toto.Metablock{Signed: in_toto.Link{Type: "link", Materials: out, Products: out}}
}

// escape is a pattern that matches s alone.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}
