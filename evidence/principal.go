package evidence

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Principal is who signed: an identity that a [Trust] vouches for. Principals
// are compared with ==; two that differ may still be one person, which
// [Decide] finds out by the keys that they share and by [Question.Same].
//
// A principal is a subject at an issuer ("https://accounts.example.com",
// "ada@example.com"), where the issuer is whoever made sure that the subject is
// who they say. A key that nobody gave a name is its own principal: see
// [KeyPrincipal]. The zero Principal is nobody.
type Principal struct {
	// Issuer says who vouches for Subject, and Subject who it is, by the name that
	// the issuer gives. Without either, the principal is nobody.
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// keyIssuer is the issuer of principals that are nothing but a key. Issuers of
// certificates are URLs, so none can be mistaken for it.
const keyIssuer = "key"

// KeyPrincipal is the principal of a public key that has no other name. The
// digest is [KeyDigest]'s.
func KeyPrincipal(key release.Digest) Principal {
	return Principal{Issuer: keyIssuer, Subject: key.String()}
}

// IsZero reports whether p is nobody: a principal needs an issuer and a subject.
func (p Principal) IsZero() bool { return p.Issuer == "" || p.Subject == "" }

// String is "subject (issuer)", safe to print.
func (p Principal) String() string {
	if p.IsZero() {
		return "nobody"
	}
	return release.Text(p.Subject).String() + " (" + release.Text(p.Issuer).String() + ")"
}

// Identity is what a [Trust] found out about a signature: who made it, with
// which key, and when.
type Identity struct {
	// Principal is who signed. [Verify] refuses an identity without one.
	Principal Principal
	// Kind says what the principal is. Only a human's approval counts.
	Kind release.ActorKind
	// Roles are the roles that the trust's configuration gives the principal; a
	// role that a signer claims in a statement is not among them.
	Roles []string
	// Key is the digest of the public key that verified the signature.
	Key release.Digest
	// Times are the trusted times at which the signature existed, in any order.
	// A time that the signer claims is not among them.
	Times []Time
}

// Time is a moment at which somebody other than the signer saw a signature.
type Time struct {
	// T is the moment, never zero in what [Verify] accepts.
	T time.Time
	// Source says who saw it: "tsa" (RFC 3161), "rekor", "ledger".
	Source string
}

// first and last bound when a signature was made: it existed at the first
// trusted time. Without a trusted time both are zero.
func (i Identity) first() time.Time {
	var out time.Time
	for _, t := range i.Times {
		if out.IsZero() || t.T.Before(out) {
			out = t.T
		}
	}
	return out
}

func (i Identity) last() time.Time {
	var out time.Time
	for _, t := range i.Times {
		if t.T.After(out) {
			out = t.T
		}
	}
	return out
}

func (i Identity) clone() Identity {
	i.Roles = append([]string(nil), i.Roles...)
	i.Times = append([]Time(nil), i.Times...)
	return i
}

// text tells identities apart, whatever the order of their roles and times.
func (i Identity) text() string {
	parts := []string{i.Principal.Issuer, i.Principal.Subject, i.Kind.String(), i.Key.String()}
	roles := append([]string(nil), i.Roles...)
	slices.Sort(roles)
	times := make([]string, len(i.Times))
	for n, t := range i.Times {
		times[n] = t.T.UTC().Format(time.RFC3339Nano) + t.Source
	}
	slices.Sort(times)
	return fmt.Sprintf("%q", append(append(parts, roles...), times...))
}
