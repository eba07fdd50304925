// Package gomod says which Go modules a release adds, drops, moves up or down and
// replaces, from the go.mod and go.sum files before and after.
//
// [Diff] compares two files and gives a part of a [release.ChangeSet]; [Read] lists
// what one file asks for, as a [release.Inventory]. Diff knows more of Go than
// package inventory does of what Read gives: use it for the change set, and Read for
// advisories and graphs. Where both look at the same, they say the same.
//
// Nothing is downloaded and no program is run: only what the files say counts. What
// they do not say, or say in a way that nobody can read, is a [release.Gap] and
// never "no change".
//
// # What is reported
//
//   - added, removed, upgraded and downgraded modules, whether the module asks for
//     them directly, and whether the major version differs. A move from
//     example.com/x to example.com/x/v2 is one module removed and one added, both
//     with Major set.
//   - replace directives, as [release.OpReplaced] with the target in Detail. One
//     that points to a directory is also a gap of kind
//     [release.GapDependencyOrigin]: when it is new or differs, and always when
//     the directory lies outside the repository.
//   - the go and toolchain directives, as the packages pkg:golang/stdlib and
//     pkg:golang/toolchain; godebug settings, as a modified pkg:golang/stdlib.
//   - exclude, retract, tool and ignore directives, as [release.OpModified] with
//     what they say in Detail, and another module path as [release.OpMoved].
//   - the same version of a module with another hash in go.sum, as
//     [release.OpReplaced] and as a gap of kind [release.GapDependencyOrigin]. This
//     never happens by itself: a version was published twice, or somebody edited
//     the file. Modules without any hash in go.sum are a gap too.
//
// # The list that Go 1.17 began to write
//
// Since Go 1.17, go.mod also lists the modules that dependencies need
// (https://go.dev/ref/mod#graph-pruning). A release that only raises the go
// directive over that line seems to add dozens of them. Such a module is
// [release.OpListed], bookkeeping, if the go.sum of the older side knew this very
// version and none above it. Without that evidence it is added. The other way
// round it is [release.OpUnlisted].
//
// # Names
//
// A package URL writes Go module paths in lower case
// (https://github.com/package-url/purl-spec, type golang). Modules are compared by
// their exact paths, and Detail has the exact path where the two differ. Two
// modules of one file whose paths differ only in case are a gap.
package gomod
