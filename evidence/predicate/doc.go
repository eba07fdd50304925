// Package predicate has the Go types of the predicates that in-toto statements
// carry: what a statement says of its subjects. There is one file for each
// family, named after it.
//
// A type is what its specification says, field by field: required fields are
// required, and names match exactly.
//
//	Read[TestResult](uri, raw)   the predicate as the type that the caller expects
//	Parse(uri, raw)              as whichever type here reads that URI
//
// # What is kept
//
// What the specification names is in the type, and is written again with the same
// value: numbers of any size, times as the same instant to the nanosecond (in any zone,
// though in-toto asks for UTC), digests of any algorithm, lists that are empty. What a producer adds besides is ignored, as the in-toto
// attestation framework demands, and is not written again; it stays in the
// statement's bytes, which alone are signed and hashed. So a predicate that was read
// is not for being signed anew. Of this module's own predicates (approval,
// deployment, …) a field that is not understood is an error, since it might be a
// condition. Documents (CycloneDX, SPDX, OpenVEX) are kept as they were written.
//
// Absent, null and empty mean the same where a specification says so, which those of
// in-toto and SLSA do but for lists that say "nothing was found".
//
// # Digests
//
// The digests of a [Resource] have the form that in-toto's DigestSet gives: lower-case
// hexadecimal for the hashes that it lists, 40 or 64 digits for git's objects. Its
// other hashes may have any length, since producers differ and the specification is
// silent. Other algorithms, and identifiers that are no hashes, may have any form.
// Which of them are good enough to decide by is for package evidence to say.
//
// # Versions
//
// What several versions say can be asked without naming one: builders have
// BuilderID, InvocationID and Commits, scanners Found.
//
// Nothing here is verified or decided: a predicate is a claim until package
// evidence has checked who signed it.
package predicate
