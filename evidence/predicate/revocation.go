package predicate

import (
	_ "embed"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/release"
)

// TypeRevocation is the predicate type of [Revocation].
const TypeRevocation = "https://sallyport.dev/revocation/v1"

// RevocationSchema is the JSON Schema (2020-12) of [Revocation]. revocation.md
// beside it is the specification.
//
//go:embed revocation.schema.json
var RevocationSchema string

// Revocation says what must not be relied on any longer. It is final: nothing
// takes it back. What was revoked by mistake is signed anew.
//
// It is specified in revocation.md. Package evidence makes the statement, whose
// subjects are the targets (NewRevocation).
type Revocation struct {
	// Targets are what is revoked, at least one, each once.
	Targets []RevocationTarget `json:"targets"`
	// Reason is why, for programs; unknown, the zero value, is refused. Nothing is
	// decided by it.
	Reason RevocationReason `json:"reason"`
	// Comment is why, for people.
	Comment string `json:"comment,omitempty"`
	// EffectiveFrom is from when on the word of the targets does not count; zero is
	// from ever. Only keys and principals may have one: what they signed counts if a
	// trusted time before it says that it existed.
	EffectiveFrom time.Time `json:"effectiveFrom,omitzero"`
}

// RevocationTarget is one thing that is revoked: exactly one of its fields is set.
type RevocationTarget struct {
	// Envelope is one envelope, and every other with the same statement by the same key.
	Envelope *RevokedEnvelope `json:"envelope,omitempty"`
	// Artifact is the SHA-256 of what must not be deployed.
	Artifact release.Digest `json:"artifact,omitzero"`
	// Key is the SHA-256 of the SubjectPublicKeyInfo, in DER, of a public key.
	Key release.Digest `json:"key,omitzero"`
	// Principal is an identity, whatever key it signs with.
	Principal *RevokedPrincipal `json:"principal,omitempty"`
}

// RevokedEnvelope is an envelope with what is signed in it. What stands around that
// can be written in many ways without breaking the signature, so the envelope's
// digest alone would revoke one copy and not the next. All fields are required.
type RevokedEnvelope struct {
	// Digest is the SHA-256 of the envelope, as it is stored.
	Digest release.Digest `json:"digest"`
	// Statement is the SHA-256 of the signed bytes, the DSSE payload.
	Statement release.Digest `json:"statement"`
	// Key is the SHA-256 of the SubjectPublicKeyInfo, in DER, of the key that signed.
	Key release.Digest `json:"key"`
}

// RevokedPrincipal is an identity as those who verify signatures name it. Both
// fields are required.
type RevokedPrincipal struct {
	// Issuer is who vouches for Subject, and Subject who it is, by the name that the
	// issuer gives.
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// RevocationReason is why something was revoked.
type RevocationReason uint8

// The reasons.
const (
	ReasonUnknown            RevocationReason = iota
	ReasonCompromisedKey                      // somebody else may have signed with the key
	ReasonCompromisedBuilder                  // what the builder made may not be what its sources say
	ReasonVulnerable                          // the artifact has a flaw
	ReasonWithdrawn                           // the signer does not stand by it any longer
	ReasonMistaken                            // it was never right
	ReasonSuperseded                          // something else takes its place
	ReasonRetired                             // the key or principal is out of use
)

var revocationReasons = enum.Table[RevocationReason]{Type: "predicate.RevocationReason",
	Names: []string{"unknown", "compromised-key", "compromised-builder", "vulnerable", "withdrawn", "mistaken", "superseded", "retired"}}

// String is the reason's name.
func (r RevocationReason) String() string { return revocationReasons.Text(r) }

// ParseRevocationReason reads a reason's name.
func ParseRevocationReason(s string) (RevocationReason, error) { return revocationReasons.Parse(s) }

// MarshalText is the reason's name.
func (r RevocationReason) MarshalText() ([]byte, error) { return revocationReasons.Marshal(r) }

// UnmarshalText reads a reason's name.
func (r *RevocationReason) UnmarshalText(b []byte) error { return revocationReasons.Unmarshal(r, b) }

// PredicateType is [TypeRevocation].
func (Revocation) PredicateType() string { return TypeRevocation }

// closed: a target that is not understood must not be passed over.
func (Revocation) closed() {}

const (
	// maxTargets bounds the targets of a revocation; each is a subject too.
	maxTargets = 4096
)

// Validate demands what revocation.md does.
func (r Revocation) Validate() error {
	var errs []error
	if r.Reason == ReasonUnknown || r.Reason > ReasonRetired {
		errs = append(errs, errors.New("no reason"))
	}
	if utf8.RuneCountInString(r.Comment) > maxText {
		errs = append(errs, fmt.Errorf("comment is longer than %d characters", maxText))
	}
	if n := len(r.Targets); n == 0 || n > maxTargets {
		errs = append(errs, fmt.Errorf("%d targets: there must be 1 to %d", n, maxTargets))
	}
	seen := make(map[revoked]bool, len(r.Targets))
	for i := range r.Targets {
		t := &r.Targets[i]
		key := t.key()
		err := t.validate(!r.EffectiveFrom.IsZero())
		if err == nil && seen[key] {
			err = errors.New("stands twice")
		}
		if seen[key] = true; err != nil {
			errs = append(errs, fmt.Errorf("targets[%d]: %w", i, err))
			break // one of thousands is enough
		}
	}
	return invalid(r, errs...)
}

// revoked is a target that can be compared.
type revoked struct {
	envelope      RevokedEnvelope
	artifact, key release.Digest
	principal     RevokedPrincipal
}

func (t *RevocationTarget) key() revoked {
	k := revoked{artifact: t.Artifact, key: t.Key}
	if t.Envelope != nil {
		k.envelope = *t.Envelope
	}
	if t.Principal != nil {
		k.principal = *t.Principal
	}
	return k
}

func (t *RevocationTarget) validate(effective bool) error {
	set := 0
	for _, d := range []release.Digest{t.Artifact, t.Key} {
		if !d.IsZero() {
			set++
		}
	}
	if e := t.Envelope; e != nil {
		if set++; e.Digest.IsZero() || e.Statement.IsZero() || e.Key.IsZero() {
			return errors.New("an envelope needs its digest, and those of its statement and key")
		}
	}
	if p := t.Principal; p != nil {
		set++
		for _, text := range []string{p.Issuer, p.Subject} {
			if text == "" || utf8.RuneCountInString(text) > maxText || !utf8.ValidString(text) {
				return fmt.Errorf("a principal needs an issuer and a subject of at most %d characters", maxText)
			}
		}
	}
	switch {
	case set != 1:
		return fmt.Errorf("it is %d of envelope, artifact, key and principal, not one", set)
	case effective && t.Key.IsZero() && t.Principal == nil:
		return errors.New("effectiveFrom is for keys and principals alone")
	}
	return nil
}
