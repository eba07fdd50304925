// Package sigstore verifies evidence that is signed with sigstore certificates,
// and signs evidence so. It is the only package that links sigstore-go, and it
// is heavy; who signs with keys alone needs no more than package evidence.
//
// # Verifying
//
// A [Trust] is an [evidence.Trust]: give it to [evidence.Verify]. It accepts
// sigstore bundles v0.1 to v0.3 that are signed
//
//   - with a certificate that a trusted authority gave to one of the
//     [Identity]s that the host listed, while it was valid by trusted time; or
//   - with one of the host's keys, exactly as an [evidence.Keyring] does, with
//     the times that timestamps and logs add.
//
// The zero [Options] accepts nothing and is an error: sigstore hands out
// certificates to everybody, so a signature without an expected identity proves
// nothing. Whom to trust comes from a file, see [ParseTrustedRoot], or from a TUF
// repository that the host names, see [FetchTrustedRoot]; verifying opens no
// connection.
//
// What sigstore-go verifies is what package evidence parsed. It is handed the
// payload, its type and the signature of the [evidence.Signed] in the place of
// its own parse of the same bundle, without the key id (nobody signed it, and
// sigstore-go refuses one that it did not write) and without being asked to
// parse the statement. So a statement that two parsers read in two ways, a
// digest that is no hexadecimal, a predicate that is a string, or a member that
// is new in some producer's version do not come between. Subjects and predicate
// types are then matched by package evidence on the bytes that were signed.
//
// # Time
//
// A certificate is judged at the moments at which a timestamp authority (RFC
// 3161) or a log (Rekor v1) saw the signature. A log's entry with an inclusion
// proof alone proves that it was logged and not when: Rekor v2 needs a
// timestamp beside it. A log counts if it was to be trusted at those moments.
// The clock is never asked.
//
// # Signing
//
// [SignKeyless] makes a key, has a certificate authority vouch for it by an
// OpenID Connect token, signs, throws the key away, and asks [Witnesses] to note
// that the signature existed. [Witness] has them note a bundle that was signed
// with a key. Every address is the host's: there are no defaults, and redirects
// are not followed.
package sigstore
