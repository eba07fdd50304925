// Package advisory says which published advisories concern the components of a
// release, as of a moment, and which of them a release brings in, takes out and goes
// on with.
//
// Advisories are read from OSV JSON (https://ossf.github.io/osv-schema, 1.x): from a
// directory ([Load]), a zip archive ([LoadZip]) or one file with many ([LoadFile]). The
// result is a [DB], a snapshot that never changes and is named by the digest of its
// content: the same advisories in any order, layout or container have the same
// digest, so that an answer can be replayed years later. Nothing is fetched.
//
//	db, err := advisory.Load(os.DirFS("osv"), nil)
//	cs.Add(db.Delta(&before, &after, asOf))
//
// # Three answers
//
// A component is affected, is not, or nobody can tell. What cannot be told is never
// "not affected": it is in [Result.Unknown] with the reason, or, where not even the
// advisory is known, a gap that makes the coverage partial:
//
//   - the ecosystem has no order that package version knows, a version does not
//     parse, a component has no version;
//   - the only range of an entry is of git commits, which needs a commit graph, or is
//     of an unknown type, or contradicts the schema, or there is no range at all;
//   - it depends on a distribution's release (Debian:12) or a repository
//     (Maven:https://…) that the purl does not tell, in its qualifiers distro
//     and repository_url;
//   - an entry of the Go database has custom_ranges and in its own range nothing but
//     "every version": that is its way to say that the versions could not be
//     written as Go's;
//   - the advisory itself could not be read. Where its packages could, they are
//     unknown; where not, every answer is partial;
//   - the snapshot has no advisory at all of the component's ecosystem;
//   - advisories of a distribution stand under the names of source packages, the
//     component is not known by its own name, and no component of the distribution
//     tells its source.
//
// # Ranges
//
// They are evaluated as in the schema's section "Evaluation": events sorted by the
// ecosystem's order, introduced "0" before everything, fixed exclusive, last_affected
// inclusive, limit exclusive (the highest of several), versions besides ranges, and
// every entry for the package by itself. Where events are not sorted as written
// and one version is given twice, as introduced and as the end, both readings are
// made; where they differ nobody can tell. Where versions are listed, equal means
// equal in the ecosystem's order.
//
// Names are compared as purls, without regard to case: pkg:golang has none, OSV
// does. An advisory for one of two packages that differ only in case is told of
// both. A Go module is its exact path: example.com/x and example.com/x/v2 are two.
// Packages of distributions are looked up by their own name and by that of their
// source, where the purl tells it in the qualifier upstream (Syft writes it).
//
// # As of a moment
//
// An advisory counts if it was published by then and not withdrawn. One that says no
// (or no readable) time of publication counts always, since nobody can say that it
// was not known; so does one withdrawn later, or without a time. That errs towards
// "affected": looking back, it also tells what was published later, and
// [Finding.Published] is zero. Neither the year in an ID nor the time of modification is
// taken instead: IDs are given before and after publication. What counts as withdrawn is
// in [Result.Withdrawn]. The wording, the aliases and the ranges are the
// snapshot's: whoever wants those of the day, too, asks the snapshot of that day. What was
// published after the snapshot was made is not in it; [DB.Newest] says how old it is.
//
// # What is an advisory
//
// A tree of files may have others beside: an index, records in another format, the
// settings of tools. JSON without any name that only an advisory has (id,
// affected, schema_version), at its top or together inside, is passed over, and
// [DB.Gaps] says so. All else that cannot be read may be an advisory of any package.
// A record that only names an advisory, as an index does, takes the place of none; if
// nothing else is there of that ID, it may be of any package, too. An empty list of
// affected packages is an answer: no package is.
//
// # One flaw, many names
//
// Records that name each other as aliases, directly or through others, are one
// flaw and one finding. Its ID is that of a record in the snapshot that was known at the
// moment: of a home database (GO, RUSTSEC, PYSEC, …) before GHSA before CVE, and the
// lowest as text among several. The other names are Aliases. Related and upstream
// records are flaws of their own. Of several severities the highest counts.
package advisory
