package vex

import (
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// DefaultMaxAge is how old a statement may be where [Options.MaxAge] does not say.
const DefaultMaxAge = 90 * 24 * time.Hour

// Options say what is released and who is believed. The zero value believes nobody.
type Options struct {
	// Products are what the release delivers. A statement must name one, and all must be
	// covered, since nobody says here which of them has the affected component. If
	// empty, no statement is taken.
	Products []Product
	// Verified says who signed which document, by the digest of the bytes that the
	// signature was verified over, as the identity that Trusted uses.
	Verified map[release.Digest]string
	// Trusted are the identities whose statements are taken. If empty, nobody's are.
	Trusted []string
	// ClaimedAuthorsUnsafe also takes the author that a document names for the one who
	// wrote it, where Verified has no entry for it. Whoever can hand in a file can then
	// suppress whatever they like. A suppression by such an author says "claimed".
	ClaimedAuthorsUnsafe bool
	// MaxAge is how long a statement counts from when it was said. If zero,
	// DefaultMaxAge; if negative, none counts.
	MaxAge time.Duration
	// AnyVersionLoose also takes statements that name the product or the component
	// without a version. They were written about versions that their author knew, and
	// suppress what nobody has looked at yet.
	AnyVersionLoose bool
}

// Product is one thing that the release delivers.
type Product struct {
	// PURLs are its package URLs, with version; several are several names of it.
	PURLs []release.PURL
	// Digest is its SHA-256; zero where it is not known.
	Digest release.Digest
}

// author is who stands behind a document; ok is false if that is nobody trusted.
func (o *Options) author(d *Document) (author release.Text, ok bool) {
	if d.Source.Digest.IsZero() {
		return "", false
	}
	if signer, signed := o.Verified[d.Source.Digest]; signed {
		return release.Text(signer), signer != "" && slices.Contains(o.Trusted, signer)
	}
	if !o.ClaimedAuthorsUnsafe || d.ClaimedAuthor == "" {
		return "", false
	}
	return "claimed " + d.ClaimedAuthor, slices.Contains(o.Trusted, string(d.ClaimedAuthor))
}
