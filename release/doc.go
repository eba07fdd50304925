// Package release holds the words that the rest of the library shares, and says
// what is changing.
//
// A [Release] is a service at a version: artifacts by digest, built from a
// commit, taking the place of the release before. A [ChangeSet] is what differs
// between the two, and a [Gap] is what could not be read of it; a gap is never
// "no change". Package risk turns a change set into a [Tier] and a list of
// [Requirement]s, package evidence turns verified statements into a [Verdict],
// package rollout exposes the release and tells of it in [Event]s, and package
// metrics makes [Outcome]s of them, from which risk learns. None of those
// packages imports another: they meet here.
//
// # Reading what changed
//
// Readers are in packages below this one, each for one source: gitlog for a git
// range, gomod and lockfile and sbom for dependencies, plan and manifest for
// infrastructure, config for settings, scan and review for what scanners and people
// said. Package compare puts those of a repository together. A reader returns facts
// and gaps and decides nothing. Package label says what the changes are about,
// package advisory what is publicly known of the components, package scope whether
// all that was declared.
//
// # Unknown is never safe
//
// The zero value of every enumeration here is "unknown", and unknown counts as
// the worst case: an unknown [Tier] is critical, an unknown [Verdict] is no, a
// missing [Coverage] is not complete, an unknown [OutcomeKind] is not success.
//
// # Exceptions
//
// A [Waiver] lowers what one rule found, until a day; a [BreakGlass] lets a release out in an emergency, and the
// [Debt] that it makes stands until a decision pays it. All three are claims of people, which the host checks and
// package risk judges.
//
// # Text of others
//
// Paths, subjects and names come from repositories that anybody may have
// written. [Path] and [Text] keep the bytes as they came, and their String is
// safe to print: control characters, escape sequences and characters that
// reorder text come out as a quoted literal.
//
// # Digests
//
// [Release.Digest] and [ChangeSet.Digest] are SHA-256 over canonical JSON
// (RFC 8785), with a domain in front that names the kind of value.
package release
