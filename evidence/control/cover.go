package control

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/release"
)

// Status says what a release's evidence is for a control.
type Status uint8

const (
	StatusUnknown   Status = iota // the zero value; no finding has it
	StatusOutside                 // outside release evidence: nothing here can show it
	StatusMissing                 // no evidence of any of its kinds
	StatusStale                   // what there is is too old, or nobody knows how old
	StatusWaived                  // missing or stale, and two people let it go for a while
	StatusEvidenced               // there is evidence supporting it
)

var statuses = enum.Table[Status]{Type: "control.Status", Names: []string{"unknown", "outside release evidence", "missing", "stale", "waived", "evidenced"}}

// String is the status in words for people.
func (s Status) String() string { return statuses.Text(s) }

// Input is what a release has to show.
type Input struct {
	// Record is the release's story. Its Release is what the evidence must be about.
	Record release.Record
	// Evidence is verified. What is about other releases does not count.
	Evidence []evidence.Verified
	// Waivers are for controls.
	Waivers []Waiver
	// Classify says which further kinds a statement is of: a static scan, fuzzing. It is asked only about statements
	// that are about the release. Nil is none.
	Classify func(evidence.Verified) []Kind
}

// Waiver lets a control go until a day. Its Waiver.Rule is [WaiverRule], and its Subject
// the control's id; Floor plays no part.
type Waiver struct {
	// Catalog and Version are the catalogue's.
	Catalog, Version string
	release.Waiver
}

// WaiverRule is the rule of a [Waiver].
const WaiverRule = "control"

// Options are for [Cover]. The zero Options are the defaults.
type Options struct {
	// MaxAge is how old evidence of a kind may be, by trusted time. A kind that is not in
	// it may be of any age: it is about this very release. Nil is [DefaultMaxAge].
	MaxAge map[Kind]time.Duration
}

// DefaultMaxAge is how old what depends on the day may be: scans and advisories 30 days, VEX
// statements 90. The caller owns it.
func DefaultMaxAge() map[Kind]time.Duration {
	const day = 24 * time.Hour
	return map[Kind]time.Duration{KindVulnScan: 30 * day, KindAdvisory: 30 * day, KindVEX: 90 * day}
}

// Coverage is a catalogue held against a release.
type Coverage struct {
	// Catalog and Version are the catalogue's, Title too.
	Catalog, Version, Title string
	// Release is what it is about, At when.
	Release release.Ref
	At      time.Time
	// Findings has one for each control, in the catalogue's order.
	Findings []Finding
}

// Finding is what a release's evidence is for one control.
type Finding struct {
	// Control is what was asked for, Status what the evidence is for it.
	Control Control
	Status  Status
	// Support is the evidence of the control's kinds, by kind in the control's order and
	// then by digest: what counts, and what is stale.
	Support []Support
	// Absent are the control's kinds of which there is nothing.
	Absent []Kind
	// Waiver is the one that lets it go; WaivedFor is how long it still does.
	Waiver    string
	WaivedFor time.Duration
	// Why is one sentence for people.
	Why string
}

// Support is one piece of evidence for a control.
type Support struct {
	// Kind is the kind that the evidence counts as.
	Kind Kind
	// Digest is the envelope's. By is who signed it, At the earliest trusted time, zero
	// where there is none.
	Digest release.Digest
	By     string
	At     time.Time
	// Stale says why it does not count as fresh; "" if it does.
	Stale string
}

// Count is how many findings have a status.
func (c Coverage) Count(s Status) int {
	n := 0
	for _, f := range c.Findings {
		if f.Status == s {
			n++
		}
	}
	return n
}

// Cover holds a release against a catalogue at the moment now. It is an error if the
// catalogue is not valid, if the record's release is not, or if anything in Evidence was
// not verified.
func Cover(c Catalog, in Input, now time.Time, o *Options) (Coverage, error) {
	if err := c.Validate(); err != nil {
		return Coverage{}, err
	}
	if now.IsZero() {
		return Coverage{}, errors.New("control: no moment to judge by")
	}
	ref, err := in.Record.Release.Ref()
	if err != nil {
		return Coverage{}, fmt.Errorf("control: %w", err)
	}
	if err := in.Record.Release.Validate(); err != nil {
		return Coverage{}, fmt.Errorf("control: %w", err)
	}
	if i := slices.IndexFunc(in.Evidence, evidence.Verified.IsZero); i >= 0 {
		return Coverage{}, fmt.Errorf("control: evidence %d was not verified", i+1)
	}
	maxAge := DefaultMaxAge()
	if o != nil && o.MaxAge != nil {
		maxAge = o.MaxAge
	}
	shown, err := show(in, ref, now, maxAge)
	if err != nil {
		return Coverage{}, err
	}
	out := Coverage{Catalog: c.Name, Version: c.Version, Title: c.Title, Release: ref, At: now.UTC()}
	for _, k := range c.Controls {
		k.Kinds = slices.Clone(k.Kinds)
		out.Findings = append(out.Findings, find(c, k, shown, in.Waivers, in.Record.Release, now))
	}
	return out, nil
}

func find(c Catalog, k Control, shown map[Kind][]Support, waivers []Waiver, r release.Release, now time.Time) Finding {
	f := Finding{Control: k, Status: StatusOutside}
	if k.Fit < FitSupporting {
		f.Why = "Outside release evidence: look for it where it is done."
		return f
	}
	fresh := false
	for _, kind := range k.Kinds {
		if len(shown[kind]) == 0 {
			f.Absent = append(f.Absent, kind)
		}
		f.Support = append(f.Support, shown[kind]...)
		fresh = fresh || slices.ContainsFunc(shown[kind], func(s Support) bool { return s.Stale == "" })
	}
	n := len(k.Kinds) - len(f.Absent)
	switch {
	case fresh:
		f.Status, f.Why = StatusEvidenced, fmt.Sprintf("Evidence supporting it: %d of %d kinds.", n, len(k.Kinds))
		return f
	case n > 0:
		f.Status, f.Why = StatusStale, "Stale: "+f.Support[0].Stale+"."
	default:
		f.Status, f.Why = StatusMissing, "No evidence of any of its kinds."
	}
	for _, w := range waivers {
		if w.Catalog == c.Name && w.Version == c.Version && w.Subject == k.ID && w.counts(r, now) && w.Expires.Sub(now) > f.WaivedFor {
			f.Status, f.Waiver, f.WaivedFor = StatusWaived, w.ID, w.Expires.Sub(now)
			f.Why = fmt.Sprintf("Waived by %s and %s until %s: %s", release.Text(w.Owner.String()), release.Text(w.Second.String()), w.Expires.UTC().Format(time.DateOnly), w.Reason)
		}
	}
	return f
}

// counts reports whether the waiver may be followed for r at now.
func (w Waiver) counts(r release.Release, now time.Time) bool {
	return w.Rule == WaiverRule && w.Validate() == nil && !now.Before(w.From) && now.Before(w.Expires) && (w.Changes.IsZero() || w.Changes == r.Changes)
}
