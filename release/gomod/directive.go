package gomod

import (
	"cmp"
	"go/version"
	"maps"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// The packages that stand for Go itself.
const (
	stdlib    = "stdlib"
	toolchain = "toolchain"
)

// directives compares everything but require and replace.
func (d *differ) directives() {
	b, a := &d.before, &d.after
	d.golang(stdlib, b.golang, a.golang)
	d.golang(toolchain, strings.TrimPrefix(b.toolchain, "go"), strings.TrimPrefix(a.toolchain, "go"))
	if b.present && a.present && b.module != a.module {
		d.add(a.module, release.DependencyChange{Op: release.OpMoved}, "the module's path was "+b.module)
	}
	keys := slices.AppendSeq(slices.Collect(maps.Keys(b.directives)), maps.Keys(a.directives))
	slices.SortFunc(keys, func(x, y directive) int { return cmp.Or(cmp.Compare(x.pkg, y.pkg), cmp.Compare(x.text, y.text)) })
	own := a.module
	if !a.present {
		own = b.module
	}
	for _, k := range slices.Compact(keys) {
		if b.directives[k] == a.directives[k] {
			continue
		}
		text := "new: " + k.text
		if !a.directives[k] {
			text = "gone: " + k.text
		}
		d.add(cmp.Or(k.pkg, own), release.DependencyChange{Op: release.OpModified}, text)
	}
}

// golang compares versions of Go, written without "go" in front.
func (d *differ) golang(pkg, before, after string) {
	if before == after {
		return
	}
	c := release.DependencyChange{Before: before, After: after, Relation: release.RelationDirect}
	switch order := version.Compare("go"+after, "go"+before); {
	case before == "":
		c.Op = release.OpAdded
	case after == "":
		c.Op = release.OpRemoved
	case order > 0:
		c.Op = release.OpUpgraded
	case order < 0:
		c.Op = release.OpDowngraded
	default:
		c.Op = release.OpModified
	}
	d.add(pkg, c)
}
