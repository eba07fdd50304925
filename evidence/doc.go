// Package evidence proves that the care which a release calls for was taken, and
// decides whether it may go out.
//
// Evidence is a signed statement about a release: tests passed, a scanner found
// nothing, a person approved. Statements are in-toto Statements v1 or v0.1 in sigstore
// bundles or DSSE envelopes, so that other tools can read and make them.
//
// # The way of a statement
//
//	collect.JUnit, …    what a tool wrote becomes a predicate (package collect)
//	For, NewStatement   a predicate about a release becomes a Statement
//	Sign                a key signs it: a bundle, to be stored as it is
//	Envelopes           a file of bundles, or what a registry answers, is cut into envelopes
//	Verify, VerifyAll   a Trust says who signed each: a Verified
//	NewApproval         a person approves the release and the evidence about it
//	Decide              requirements, rules and Verified statements become a Decision
//	Decision.Statement  the Decision becomes a Statement, to be signed in turn
//	VSA, SVR            and a summary for other tools
//	ExitCode            and the exit code of a program
//
// [Verify] is the only maker of [Verified], and [Decide] takes nothing else, so a
// statement that nobody checked cannot be decided on. Who is trusted is the host's to
// say: a [Keyring] trusts public keys, package sigstore certificates and transparency
// logs; anything with the one method of [Trust] will do. Stores keep [Verified.Raw] and
// verify it again when they load it; with a [Cache] that costs little.
//
// Package predicate has what statements say, as types. Package layout verifies in-toto
// layouts and gives a verdict of its own, in the same words.
//
// # Exact bytes
//
// A [Statement] keeps the bytes that were signed, and all that is known of it was read
// from those bytes by one strict parser. It refuses what two parsers could read in two
// ways, and ignores what the specification says must be ignored. Nothing is hashed after
// being encoded again. A statement for a release is about all of its artifacts, by name
// and SHA-256 ([Statement.MatchAll]); one against it, about any ([Statement.MatchAny]).
//
// # People, not keys
//
// Thresholds count people. A key's hint or key id selects a key and says nothing about
// who holds it; two keys of one [Principal], or one key under two names, count once, and
// so do several principals that the host knows to be one person ([Question.Same]). Who
// wrote the change never approves it, and since anyone can write any name into a commit,
// the host says which principal each author is ([Question.Identities]); an author whom
// nobody knows holds the release. Bots and agents approve nothing.
//
// # Requirements and rules
//
// Requirements are what an assessment of the release calls for. A [Rule] is what the
// host demands of all its releases besides: that a statement is there ([Require],
// [Threshold], [Summarized], [NotRevoked], [NoVulnerabilities], [Separate]), or which
// statements count ([Fresh], [CommitMatches], [SLSA], [SameField]), for the
// requirements and for what approvals rest on as well. No rule asks that evidence
// be absent, so taking supporting evidence away never turns a no into a yes.
//
// # What an approval rests on
//
// An approval names the release by digest, and each piece of evidence that its signer
// looked at. It counts while all of that is there and is enough by itself, so evidence
// that is added later inherits no approval, and evidence that is taken away makes none
// good. The form is specified in approval.md, beside package predicate's other documents.
//
// # What speaks against a release
//
// A rejection, a failed test, a finding or a revocation ([NewRevocation]) counts whoever
// signed it, if the trust knows the signer for anything. What speaks against a release is
// never revoked away, and a revocation is final (revocation.md).
//
// Whoever hands the evidence on can withhold it. [NotRevoked] demands the signed word of
// a store ([NewCheckpoint]) about which envelopes there are, and holds while one of them
// is missing. How long something can be withheld together with the checkpoints that list
// it is the rule's to say (checkpoint.md). Without the rule this package judges what it
// is given. A statement about something else that shows two principals with one key is
// listed by no checkpoint; without it they count as two, so people with several
// principals belong into [Question.Same].
//
// # Time
//
// The moment of a decision is an argument, and an allow says when it ends
// ([Decision.Until]). How old a statement is, and whether a key was valid when it signed,
// is answered by trusted times only ([Identity]): a timestamp authority's, a log's, or the
// host's own. What a signer says of the time is a claim, and only narrows: an approval
// may say when it ends.
//
// A trusted time says when a signature existed at the latest. Whoever kept an old
// statement back can have it stamped today, and it then counts as today's: for
// [release.Requirement] MaxAge, and as the later word of somebody who has rejected since.
// Only a signature that cannot be older is safe from that, such as one by a certificate
// that lives for minutes; hosts that sign with lasting keys must stamp each statement
// when it is made, and keep none without.
//
// # What comes out
//
// Allow, hold or deny, with the reasons of each requirement and rule. What is missing or
// stale holds, what failed or was rejected denies. The same question and the same
// evidence give the same bytes, so a signed decision (decision.md) can be made again and
// compared. An error means that there is no verdict; treat it as no.
package evidence
