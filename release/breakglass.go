package release

import (
	"time"

	"github.com/sallyport-dev/sallyport/internal/canon"
)

// BreakGlass is the word of two people that a release must go out now, with less
// than its tier demands. It is a claim until the host has checked who says so.
type BreakGlass struct {
	// ID names it, uniquely among those of a service, paid or not.
	ID string `json:"id"`
	// Changes is the digest of the only change set that it is for.
	Changes Digest `json:"changes"`
	// Release is the digest of the release that they mean, where they say it; zero where they say no more than Changes. Package
	// risk knows change sets alone: that this is the release that goes out, the host checks. The debt
	// is then paid only by a decision on it.
	Release Digest `json:"release,omitzero"`
	// By asks for it, Second is another person, who agreed and wrote none of the change.
	By     Actor `json:"by"`
	Second Actor `json:"second"`
	// Reason names the emergency.
	Reason Text `json:"reason"`
	// At is when it was said, Expires when it no longer counts.
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
}

// Validate reports everything that keeps b from being followed whatever the release: an [*InvalidError].
func (b BreakGlass) Validate() error {
	var p problems
	p.name("id", b.ID)
	if b.Changes.IsZero() {
		p.add("no change set")
	}
	p.two("person who asks", b.By, b.Second)
	p.reason(b.Reason)
	p.time("was said", b.At)
	p.time("ends", b.Expires)
	if !b.At.Before(b.Expires) {
		p.add("it ends before it was said")
	}
	return p.err("break-glass", b.ID)
}

// Digest identifies it by its canonical bytes.
func (b BreakGlass) Digest() (Digest, error) {
	d, err := canon.Digest("sallyport.release.breakglass.v1", b)
	return Digest(d), err
}
