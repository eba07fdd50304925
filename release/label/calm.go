package label

import (
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
	if !regular(fc) || !n.isClean() {
		return false
	}
	return n.endsExactly("_test.go") || // what is in testdata can be imported
		testNamed(n) && !migrationPlace(n) // tools run every file of theirs, whatever it is called
}

// testNamed is true for the tests of languages other than Go, and for their data.
func testNamed(n *name) bool {
	return n.endsExactly("_test.py", "_test.rb", "_spec.rb") || n.isExactly("conftest.py") || n.startsExactly("test_") && n.endsExactly(".py") ||
		n.endsExactly(".test.js", ".test.jsx", ".test.ts", ".test.tsx", ".test.mjs", ".test.cjs", ".test.mts", ".test.cts",
			".spec.js", ".spec.jsx", ".spec.ts", ".spec.tsx", ".spec.mjs", ".spec.cjs", ".spec.mts", ".spec.cts") ||
		n.inExactly("__tests__") && n.endsExactly(".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts") || n.inExactly("__snapshots__") && n.endsExactly(".snap") ||
		n.endsOtherwise(".go", ".py", ".rb", ".snap", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts") && (n.inExactly("testdata") || n.sourceTest())
}

func generated(fc release.FileChange, n *name) bool {
	if !regular(fc) || !n.isClean() {
		return false
	}
	return n.endsExactly(".pb.go", ".pb.gw.go", ".gen.go", "_generated.go", "_gen.go", ".pb.cc", ".pb.h", "_pb2.py", "_pb2_grpc.py", "_pb.js", "_pb.d.ts", ".g.dart", ".min.js", ".min.css") ||
		n.startsExactly("zz_generated") && n.endsExactly(".go")
}

func vendored(fc release.FileChange, n *name) bool {
	if !regular(fc) || !n.isClean() {
		return false
	}
	return n.inExactly("vendor", "node_modules", "third_party", "Godeps", "bower_components")
}

// proseExt are the extensions of prose that no common tool runs.
var proseExt = []string{".md", ".markdown", ".rst", ".adoc", ".asciidoc"}

// prose is true for plain text that people read.
func prose(fc release.FileChange, n *name) bool {
	if !regular(fc) || !n.isClean() || fc.OldMode == "100755" || fc.NewMode == "100755" || fc.Binary {
		return false
	}
	if n.endsInAnyCase(proseExt...) {
		return true
	}
	// "history" in small letters is rather a program.
	return n.titled("readme", "license", "licence", "copying", "notice", "authors", "contributors", "changelog", "changes", "news", "history", "thanks", "credits") ||
		n.endsInAnyCase(".txt") && n.topExactly("docs") && n.oneDot()
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
