package chart

import (
	"fmt"
	"strings"
)

// palette is the colours of one theme. Every text and every mark has a contrast of
// at least 4.5 to 1 with the ground and with the band (WCAG 2.2, 1.4.3 and 1.4.11).
// The grid has less on purpose: nothing is read from it that the marks do not say.
type palette struct{ ground, text, muted, line, band, edge, signal, limit, hatch, grid string }

var light = palette{ground: "#ffffff", text: "#1f2328", muted: "#505860", line: "#0a4a8f", band: "#d3e5f8",
	edge: "#4a79a8", signal: "#a40e26", limit: "#7a3d00", hatch: "#767676", grid: "#e4e7ea"}

var dark = palette{ground: "#0d1117", text: "#e6edf3", muted: "#a4aeb8", line: "#8cc4ff", band: "#12304f",
	edge: "#5b8fc4", signal: "#ff9a90", limit: "#f0b06a", hatch: "#8a9199", grid: "#262c33"}

// rules are the style rules of the theme, under the class of the picture.
func (p palette) rules(b *strings.Builder, class string) {
	for _, r := range []struct{ name, rule, colour string }{
		{"ground", "fill:%s", p.ground}, {"title", "fill:%s", p.text}, {"text", "fill:%s", p.text}, {"muted", "fill:%s", p.muted},
		{"axis", "stroke:%s", p.muted}, {"grid", "stroke:%s", p.grid}, {"line", "stroke:%s", p.line}, {"bar", "fill:%s;stroke:%s", p.line},
		{"full", "fill:%s;stroke:%s", p.line}, {"hollow", "fill:" + p.ground + ";stroke:%s", p.line},
		{"band", "fill:%s", p.band}, {"edge", "stroke:%s", p.edge}, {"signal", "fill:%s;stroke:%s", p.signal},
		{"signal-hollow", "fill:" + p.ground + ";stroke:%s", p.signal},
		{"limit", "stroke:%s", p.limit}, {"limit-text", "fill:%s", p.limit}, {"hatch", "stroke:%s", p.hatch},
	} {
		fmt.Fprintf(b, ".%s .%s{%s}", class, r.name, strings.ReplaceAll(r.rule, "%s", r.colour))
	}
}

// style is the style sheet of a picture.
func style(class string) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".%[1]s{font:12px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif}.%[1]s .title{font-size:15px;font-weight:600}"+
		".%[1]s .line,.%[1]s .limit,.%[1]s .edge,.%[1]s .axis,.%[1]s .grid,.%[1]s .hatch{fill:none}", class)
	light.rules(&b, class)
	b.WriteString("@media (prefers-color-scheme:dark){")
	dark.rules(&b, class)
	b.WriteString("}")
	return b.String()
}
