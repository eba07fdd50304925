// Package predicate has the Go types of the predicates that in-toto statements
// carry: what a statement says of its subjects. There is one file for each
// family, named after it.
//
// A type is what its specification says, field by field: required fields are
// required, names match exactly, times and numbers come out as they went in.
// What a producer adds besides is ignored, as the in-toto attestation framework
// demands; it stays in the statement's bytes, which alone are signed and hashed.
// Of this module's own predicates (approval, deployment, …) a field that is not
// understood is an error, since it might be a condition.
//
//	Read[TestResult](uri, raw)   the predicate as the type that the caller expects
//	Parse(uri, raw)              as whichever type here reads that URI
//
// Nothing here is verified or decided: a predicate is a claim until package
// evidence has checked who signed it.
package predicate
