// Package evidence proves that the care which a release calls for was taken, and
// decides whether it may go out.
//
// Evidence is a signed statement about a release: tests passed, a scanner found
// nothing, a person approved. Statements are in-toto Statements v1 in sigstore
// bundles or DSSE envelopes, so that other tools can read and make them. What they
// say is in the types of package predicate.
//
// # The way of a statement
//
//	For, NewStatement   a predicate about a release becomes a Statement
//	Sign                a key signs it: a bundle, to be stored as it is
//	Verify              a Trust says who signed a bundle: a Verified
//	Decide              requirements, rules and Verified statements become a Decision
//	VSA                 a Decision becomes a Statement, to be signed in turn
//
// [Verify] is the only maker of [Verified], and [Decide] takes nothing else, so a
// statement that nobody checked cannot be decided on. Who is trusted is the
// host's to say: [Keyring] trusts public keys, package sigstore certificates and
// transparency logs; anything with the one method of [Trust] will do. Stores
// keep [Verified.Raw] and verify it again when they load it.
//
// # Exact bytes
//
// A [Statement] keeps the bytes that were signed, and all that is known of it was
// read from those bytes by one strict parser. It refuses what two parsers could
// read in two ways, and ignores what the specification says must be ignored.
// Nothing is hashed after being encoded again.
//
// # People, not keys
//
// Thresholds count people. A key's hint or key id selects a key and says nothing
// about who holds it; two keys of one [Principal], or one key under two names,
// count once. Who wrote the change never approves it, and since anyone can write
// any name into a commit, the host says which principal each author is
// ([Question.Identities]); an author whom nobody knows holds the release.
//
// # What an approval rests on
//
// An approval names the release by digest, and each piece of evidence that its
// signer looked at. It counts while all of that is there and is enough by
// itself, so evidence that is added later inherits no approval, and evidence
// that is taken away makes none good: taking supporting evidence away never
// turns a no into a yes. The form is specified in approval.md.
//
// Negative evidence can be withheld by whoever keeps the evidence. So can a
// statement, about whatever, that shows two principals with one key: without it
// they count as two. This package judges what it is given; that nothing is
// missing is for a store or ledger to show, and people with several principals
// belong into [Question.Same].
//
// # Time
//
// The moment of a decision is an argument. How old a statement is, and whether a
// key was valid when it signed, is answered by trusted times only ([Identity]):
// a timestamp authority's, a log's. What a signer says of the time is a claim,
// and only narrows: an approval may say when it ends.
//
// A trusted time says when a signature existed at the latest. Whoever kept an
// old statement back can have it stamped today, and it then counts as today's:
// for [release.Requirement] MaxAge, and as the later word of somebody who has
// rejected since. Only a signature that cannot be older is safe from that, such
// as one by a certificate that lives for minutes; hosts that sign with lasting
// keys must stamp each statement when it is made, and keep none without.
package evidence
