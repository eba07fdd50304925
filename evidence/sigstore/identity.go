package sigstore

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
)

// Identity is somebody whose certificates are accepted, by who vouches for them
// and by name. An issuer and a subject are required, each as it is or as a
// pattern, not both.
type Identity struct {
	// Issuer is the OpenID Connect issuer in the certificate, a URL.
	Issuer string
	// IssuerPattern is a regular expression (package regexp) that the whole issuer
	// must match: it is anchored at both ends.
	IssuerPattern string
	// WithoutIssuer accepts certificates that name no issuer at all, and only those,
	// as GitHub's for the attestations of its immutable releases: no login was
	// checked, the certificate authority itself says who it is. Issuer then is the
	// URL by which the host calls that authority, and becomes the principal's. Use it
	// with a root that has that authority and no other.
	WithoutIssuer bool
	// Subject is the certificate's subject alternative name: an e-mail address, or
	// the URL of a workflow.
	Subject string
	// SubjectPattern is a regular expression that the whole subject must match.
	SubjectPattern string
	// Kind is what the identity is; only a human's approval counts.
	Kind release.ActorKind
	// Roles are what the identity may act as, for requirements that ask for a role.
	Roles []string
}

// identity is a checked Identity.
type identity struct {
	Identity
	issuer, subject *regexp.Regexp
}

func (i Identity) compile() (identity, error) {
	out := identity{Identity: i}
	out.Roles = slices.Clone(i.Roles)
	var errs [2]error
	out.issuer, errs[0] = matcher("issuer", i.Issuer, i.IssuerPattern)
	out.subject, errs[1] = matcher("subject", i.Subject, i.SubjectPattern)
	if i.Issuer != "" && !isURL(i.Issuer) {
		errs[0] = fmt.Errorf("issuer %q is no URL", i.Issuer)
	}
	if i.WithoutIssuer && i.Issuer == "" {
		errs[0] = errors.New("certificates without an issuer are accepted, and no URL says what to call the authority")
	}
	return out, errors.Join(errs[:]...)
}

// matcher makes an expression that matches the whole of a text. The pattern is
// compiled alone first: "a)|(?:b" is none, and would leave the anchors behind.
func matcher(what, exact, pattern string) (*regexp.Regexp, error) {
	switch {
	case exact == "" && pattern == "":
		return nil, fmt.Errorf("no %s is given: everybody would match", what)
	case exact != "" && pattern != "":
		return nil, fmt.Errorf("both %s %q and a pattern for it are given", what, exact)
	case exact != "":
		pattern = regexp.QuoteMeta(exact)
	}
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, fmt.Errorf("%s pattern %q: %w", what, pattern, err)
	}
	r, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("%s pattern %q: %w", what, pattern, err)
	}
	if r.MatchString("") {
		return nil, fmt.Errorf("%s pattern %q matches even an empty text", what, pattern)
	}
	return r, nil
}

func (i identity) matches(c certificate.Summary) bool {
	vouched := isURL(c.Issuer) && i.issuer.MatchString(c.Issuer)
	if i.WithoutIssuer {
		vouched = c.Issuer == ""
	}
	return vouched && i.subject.MatchString(c.SubjectAlternativeName)
}

// principal is who a certificate that matches i is of.
func (i identity) principal(c certificate.Summary) evidence.Principal {
	if i.WithoutIssuer {
		return evidence.Principal{Issuer: i.Issuer, Subject: c.SubjectAlternativeName}
	}
	return evidence.Principal{Issuer: c.Issuer, Subject: c.SubjectAlternativeName}
}

// isURL keeps issuers apart from the word that evidence uses for bare keys.
func isURL(s string) bool { return strings.Contains(s, "://") }

var (
	oidSAN       = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidOldIssuer = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1} // of Fulcio, before OIDIssuerV2
)

// oneName requires that the certificate names exactly one subject. sigstore-go
// takes the first URL, or else the first e-mail address; with two names in a
// certificate, which of them signed would be a matter of order.
func oneName(c *x509.Certificate) error {
	names := 0
	for _, e := range c.Extensions {
		if !e.Id.Equal(oidSAN) {
			continue
		}
		var all []asn1.RawValue
		if rest, err := asn1.Unmarshal(e.Value, &all); err != nil || len(rest) > 0 {
			return errors.New("the certificate's subject alternative name is malformed")
		}
		names += len(all)
	}
	if names != 1 {
		return fmt.Errorf("the certificate has %d subject alternative names, not one", names)
	}
	return nil
}

// oneIssuer requires that each extension that names an issuer names this one.
// Fulcio writes two that are alike; sigstore-go reads the one that stands later,
// and takes an empty one for none.
func oneIssuer(c *x509.Certificate, issuer string) error {
	for _, e := range c.Extensions {
		text := string(e.Value)
		switch {
		case e.Id.Equal(certificate.OIDIssuerV2):
			if err := certificate.ParseDERString(e.Value, &text); err != nil {
				return err
			}
		case !e.Id.Equal(oidOldIssuer):
			continue
		}
		if text == "" || text != issuer {
			return fmt.Errorf("the certificate names the issuer %q beside %q", text, issuer)
		}
	}
	return nil
}
