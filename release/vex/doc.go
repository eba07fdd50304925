// Package vex reads statements that a release is not affected by an advisory (VEX:
// Vulnerability Exploitability eXchange), and records them.
//
// [Parse] reads an OpenVEX 0.2 document (https://github.com/openvex/spec) or the
// vulnerabilities of a CycloneDX 1.4 to 1.7 document
// (https://cyclonedx.org/capabilities/vex). [Apply] adds a [release.Suppression] to
// each advisory of a change set that a statement surely speaks of:
//
//	doc := vex.Parse("openvex.json", b)
//	result := vex.Apply(&changes, []vex.Document{doc}, vex.Options{
//		Products: []vex.Product{{PURLs: []release.PURL{"pkg:oci/shop@sha256%3A…"}, Digest: image}},
//		Verified: map[release.Digest]string{doc.Source.Digest: "key:sha256:…"},
//		Trusted:  []string{"key:sha256:…"},
//	}, now)
//
// Nothing is deleted and nothing is lowered: what a suppression is worth, a policy
// says. [Result] tells which statements were not taken, and why.
//
// # Who says so
//
// The author in a document is a claim that anyone can write. The caller verifies the
// signature over the bytes of a document (package evidence does) and says in
// [Options.Verified] which digest was signed by whom; of those, [Options.Trusted]
// names whom to believe. Without both, no statement counts. There is a way around the
// signature, and its name says what it is: [Options.ClaimedAuthorsUnsafe].
//
// # What is taken
//
// A statement is taken only if all of this holds:
//
//   - Its status is not_affected, with one of the justifications that its format
//     defines. OpenVEX also allows an impact statement in place of one; prose is not
//     taken for a reason here.
//   - It is about the same advisory: one of its names is the advisory's ID or alias.
//   - It names the product by a package URL with its version, or by SHA-256, and
//     each of these that it gives is the product's.
//   - It names the affected component below the product, by a package URL in the
//     version that the release has. A statement about the product as a whole, or about
//     the component by itself, whoever uses it, is not enough.
//   - It was said before now, by a trusted author, and is not older than
//     [Options.MaxAge].
//   - Its document was read as a whole, and no trusted author has published a later
//     version of it (the same OpenVEX @id or CycloneDX serial number).
//   - Nobody said otherwise since.
//
// Package URLs are compared as a whole, qualifiers included: one with "?arch=arm" is
// about some builds, and an advisory change does not say which builds a release has.
// Hashes of components are not compared, since advisories go by version.
//
// A statement with a package URL without a version is about all versions, those of
// the future too. It is taken only with [Options.AnyVersionLoose].
//
// All products in Options must be covered, and all affected versions that the release
// has; several statements may share that, and then all end with the first of them
// that ends.
//
// # Who said otherwise
//
// Of what is said about one thing, the latest counts, and of two at the same time the
// worse. So a statement with any other status (affected, under investigation, fixed,
// or one that nobody knows) takes away each not_affected that is not later than
// itself. In this direction all doubt goes the other way: such a statement needs no
// trusted author and no readable time, and may name the product or the component
// vaguely: "v1.3.0" and "1.3" may be 1.3.0. It also counts under a name of what the
// advisory comes from, or under one that a statement in its favour gives it. One that
// names another product or another version has no effect. Whoever can hand in a
// document can therefore hold a release, and never let one pass.
//
// A trusted author who takes a statement back must do so in a document that the caller
// hands in, and in the same call: Apply cannot know of others, and takes back nothing
// that it added before.
package vex
