// Package inventory says what differs between two lists of components: lock files
// or bills of materials, before and after a release.
//
// [Diff] takes the [release.Inventory] of a file in two revisions, whichever reader
// made them, and gives a part of a [release.ChangeSet]:
//
//	cs.Add(inventory.Diff(&before, &after))
//
// A nil inventory says that the file is not in that revision. One that could not be
// read must not be given as nil: it has [release.CoverageMissing], and then nothing
// is reported as changed, coverage is missing, and a gap says why. A side that was
// read in part makes the result partial.
//
// # What is compared
//
// A list is a set of components with their versions and origins: an entry that
// stands there twice counts once. A package may have several versions on both
// sides. Versions that are on both sides go with each other; of the rest, those of
// the same major version go with each other first, the highest first, and then the
// others, the highest first. What is left over was added or removed.
//
// A package is its purl without version and qualifiers, and those qualifiers that
// tell things apart which are installed side by side: arch, classifier, os, platform,
// type. The other qualifiers are facts about one package. With another one of those
// that name content or who made it (repository_url, checksum, a recipe's user), the
// same version is [release.OpReplaced]; with another distro or anything else, it is
// [release.OpModified]. An epoch belongs to the version.
//
// # What is reported
//
//   - [release.OpUpgraded] and [release.OpDowngraded] where the ecosystem's order
//     ([github.com/sallyport-dev/sallyport/release/version]) says so, with Major.
//     Versions that differ and have no order are [release.OpModified], and Detail
//     says so.
//   - [release.OpReplaced] where the version is the same, perhaps written in another
//     way, and the content or its origin is not, as it is when somebody slips another
//     package into a lock file. It is a gap of kind [release.GapDependencyOrigin] as
//     well. An entry that lost its hash is one of these, too.
//   - An upgrade whose content comes from another place than before, or that has no
//     hash any more: Detail and a gap say so.
//   - [release.OpModified] where the version is the same and something else differs:
//     the relation, the scope, the licence, an install script. Detail says what.
//   - [release.OpMoved] where the file is of something else than before, which its
//     Root says.
//
// LicenseBefore and LicenseAfter are set where a licence differs, and LicenseAfter is
// the licence of what was added.
//
// Facts that only became known are not changes. Facts that are no longer known are:
// unknown counts as direct, as runtime, and as another licence.
//
// # Several files
//
// Files are best compared one by one, so that one that cannot be read hides nothing
// of the others. [Merge] makes one inventory of several that describe the same
// thing, such as a lock file and a bill of materials, so that a component which is
// in both counts once.
package inventory
