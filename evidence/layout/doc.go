// Package layout checks an in-toto layout: were the steps that the owner of a
// project laid down done, by those who may do them, and did each step take up
// exactly what the step before it left?
//
// A layout (in-toto specification v1.0, section 4.3) is signed by the project's
// owners. It lists steps, who may do each, how many of them must agree (the
// threshold) and rules about the files that go in and come out. Whoever does a
// step signs a link (section 4.4): the digests of what went in and what came
// out. [Verify] takes the layout and the links as bytes and gives a [Result]:
// a verdict with reasons, made of the same words as every other decision here.
//
// Links come as files, the way in-toto's tools write them, or as statements of the
// in-toto attestation framework (link v0.3) that package evidence has verified:
// Options.Statements. What counts is the key that signed, which must be one of the
// step's.
//
// Layouts, links, canonical bytes and artifact rules are in-toto-golang's. The
// rest is ours, because that library decides it in ways that a release gate
// cannot use:
//
//   - The threshold counts distinct keys, and distinct people where the caller
//     says whose a key is, not key ids; and it is the same on every run. (Its
//     VerifyLinkSignatureThesholds depends on the order of a Go map.)
//   - Expiry is measured against a time passed in, not against the clock.
//   - Nothing is printed, no directory is read, and no pattern that it would
//     skip with a warning gets as far as a rule.
//   - MATCH with an IN clause takes nothing from outside the folder that it names.
//   - The result speaks of the artifacts that the caller asks about, by name and
//     digest. A layout that was satisfied for other files proves nothing.
//
// # Inspections are never run
//
// A layout may name commands to be run by whoever verifies it. They are the
// layout's author's commands on the verifier's machine, so they are not run,
// whoever signed. A layout that has inspections is checked as far as its steps
// go, each inspection becomes a reason, and the verdict is hold: what they would
// have shown is missing. Move the check into a step whose link is signed.
//
// # What is not accepted
//
// Functionaries by certificate (cert_constraints) are not counted, because
// in-toto-golang checks their certificates against the clock; a step can be met
// by its keys alone. A layout in the place of a link (a sublayout) does not
// count. Artifacts known by MD5 or SHA-1 alone do not count: a link that lists
// one is set aside.
//
// # In a decision
//
// A [Result] can stand beside an evidence decision: [Result.Record] is a
// [release.DecisionRecord] whose policy is the layout's digest and whose
// evidence are the digests of the links that counted. Join verdicts with
// [release.Verdict.And] and keep the earlier of the two ends.
package layout
