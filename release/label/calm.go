package label

import (
	"path"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// What is here may calm an assessment, so it is judged by the exact bytes of the
// path, and only of regular files: a compiler or a linker does not see what a
// reviewer sees.

// regular reports whether both sides that exist are plain files, and at least
// one is known to be.
func regular(fc release.FileChange) bool {
	ok := func(mode string) bool { return mode == "" || mode == "100644" || mode == "100755" }
	return ok(fc.OldMode) && ok(fc.NewMode) && fc.OldMode+fc.NewMode != "" && fc.Op != release.OpReplaced && fc.Op != release.OpUnknown
}

// test is true where tools leave a file out of what is shipped.
func test(fc release.FileChange, n *name) bool {
	if !regular(fc) || !n.clean {
		return false
	}
	base := path.Base(n.exact)
	stem, ext := strings.TrimSuffix(base, path.Ext(base)), path.Ext(base)
	switch {
	case ext == ".go":
		return strings.HasSuffix(stem, "_test") // what is in testdata can be imported
	case migrationPlace(n):
		return false // tools run every file of theirs, whatever it is called
	}
	switch ext {
	case ".py":
		return strings.HasPrefix(stem, "test_") || strings.HasSuffix(stem, "_test") || stem == "conftest"
	case ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts":
		return strings.HasSuffix(stem, ".test") || strings.HasSuffix(stem, ".spec") || n.inExactly("__tests__")
	case ".rb":
		return strings.HasSuffix(stem, "_spec") || strings.HasSuffix(stem, "_test")
	case ".snap":
		return n.inExactly("__snapshots__")
	}
	return n.inExactly("testdata") || strings.HasPrefix(n.exact, "src/test/") || strings.Contains(n.exact, "/src/test/")
}

func generated(fc release.FileChange, n *name) bool {
	if !regular(fc) || !n.clean {
		return false
	}
	base := path.Base(n.exact)
	return slices.ContainsFunc([]string{".pb.go", ".pb.gw.go", ".gen.go", "_generated.go", "_gen.go", ".pb.cc", ".pb.h", "_pb2.py", "_pb2_grpc.py", "_pb.js", "_pb.d.ts", ".g.dart", ".min.js", ".min.css"},
		func(end string) bool { return strings.HasSuffix(base, end) }) ||
		strings.HasPrefix(base, "zz_generated") && strings.HasSuffix(base, ".go")
}

func vendored(fc release.FileChange, n *name) bool {
	if !regular(fc) || !n.clean {
		return false
	}
	return n.inExactly("vendor", "node_modules", "third_party", "Godeps", "bower_components")
}

// proseExt are the extensions of prose that no common tool runs.
var proseExt = []string{".md", ".markdown", ".rst", ".adoc", ".asciidoc"}

// prose is true for plain text that people read.
func prose(fc release.FileChange, n *name) bool {
	if !regular(fc) || !n.clean || fc.OldMode == "100755" || fc.NewMode == "100755" || fc.Binary {
		return false
	}
	dirs, base := path.Split(n.exact)
	base = strings.ToLower(base)
	if slices.Contains(proseExt, path.Ext(base)) {
		return true
	}
	stem, ext, _ := strings.Cut(base, ".")
	if ext == "" && strings.HasSuffix(n.exact, base) {
		return false // "history" in small letters is rather a program
	}
	known := slices.Contains([]string{"readme", "license", "licence", "copying", "notice", "authors", "contributors", "changelog", "changes", "news", "history", "thanks", "credits"}, stem)
	return (known && (ext == "" || ext == "txt")) || (ext == "txt" && strings.HasPrefix(dirs, "docs/"))
}

// docs is prose in a place where nothing but people reads it.
func docs(fc release.FileChange, n *name) bool {
	return prose(fc, n) && !agentFile(n) && !n.has("prompt") &&
		!n.within(embedDirs)
}

// page is documentation in a directory of documentation: what its path says is
// what it explains. Text without markup may be a list that a program reads, so it is none.
func page(fc release.FileChange, n *name) bool {
	return n.ext(proseExt...) && n.inExactly("doc", "docs", "documentation", "Doc", "Docs", "Documentation") && docs(fc, n)
}
