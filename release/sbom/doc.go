// Package sbom reads bills of materials: CycloneDX JSON 1.4 to 1.7 and SPDX JSON 2.2
// and 2.3, the latter also in the envelope {"sbom": …} of GitHub's API.
//
// [Read] finds out which of the two a file is and makes a [release.Inventory] of it:
// the components with their package URLs, who needs whom, and what could not be
// read. It never fails: a file that nobody can read is an inventory of missing
// coverage with one gap. What differs between two inventories, package inventory says.
//
// # What is a component
//
// A component is what has a package URL, at any depth of nesting, whatever its type.
// One without is named in a gap, and coverage is partial: two such lists cannot be
// compared. Exceptions are CycloneDX components of type file, data and
// cryptographic-asset: they are contents and not packages, so that one gap counts them
// and coverage is not lowered. A package URL keeps its qualifiers (distro, arch). One
// without a version takes the component's; if there is none either, or what stands there
// is a range ("^1.2.3", "4.*"), a gap says that it is not pinned.
//
// The root, CycloneDX's metadata.component or the only package that an SPDX document
// describes, is not one of the components.
//
// A component that stands in the list several times with the same package URL,
// licence, origin and hash is one component.
//
// # Who needs whom
//
// Edges are CycloneDX's dependencies and nesting (the outer needs the inner), and of
// SPDX's relationships the dependencies, links, prerequisites, tools and containment,
// in both directions. What has no package URL cannot be in an edge: whoever
// needs it, needs what it needs. A component is direct if the root needs it, and
// transitive only if the file has a way of dependencies from the root to it that leads
// over others; containment says that it is there, and neither who asks for it nor what for. Otherwise, or
// if the file says that its lists are not complete, or refers to what it does not
// list, the relation is unknown.
//
// CycloneDX's scope required is runtime, optional is optional, excluded is development;
// SPDX has scopes on relationships. No scope is unknown, which counts as runtime.
//
// # Licences, hashes, origins
//
// License is an SPDX expression: the declared one, and only where nobody declared
// any, the concluded one. Several licences are joined with AND, since the
// format does not say which is meant. A licence that is no SPDX identifier is a
// LicenseRef with a few digits of its hash where letters had to be replaced. NOASSERTION is
// no licence known, NONE is "NONE".
//
// A SHA-256 is the component's Digest; where there is none, the strongest other hash
// is its Integrity, at last SPDX's verification code ("spdxcode-…"). Origin is where the
// file says that the content was taken from, if that is not the ecosystem's own registry.
//
// Users, passwords, queries and fragments of URLs may be secrets: they are left out,
// wherever the URL stands; of a repository's location, the fragment stays. What differs
// in a query alone is then the same, so that a gap counts the components that have no
// hash and come from such a URL.
//
// # What a bill of materials says of itself
//
// Compositions that are not complete, relationships with NOASSERTION and references
// to what is not listed are gaps of kind [release.GapIncomplete], and coverage is
// partial. Tool and time in [release.Inventory.Source] are the file's claims.
//
// # Untrusted text
//
// The JSON is first walked within limits that bound memory and time, and names that
// stand twice or differ in case alone are refused (see the constants). Only the members that
// are read here are then decoded, through CycloneDX's own library and in small portions.
// XML, tag-value, SPDX 3 and other versions are gaps of kind [release.GapUnsupported].
package sbom
