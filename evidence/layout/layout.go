package layout

import (
	"crypto"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/release"
)

// Options says who is believed, as of when, and which artifacts are in question.
// The zero Options verifies nothing: owners, time and products are required.
type Options struct {
	// Owners are the keys of those who may lay down the steps, and every one of
	// them must have signed the layout: *ecdsa.PublicKey (P-256, P-384, P-521),
	// ed25519.PublicKey or *rsa.PublicKey (2048 to 8192 bits, signatures with PSS).
	Owners []crypto.PublicKey
	// Now is the time at which the layout must not have expired.
	Now time.Time
	// Products are the artifacts in question, by the name that the last step's
	// links give them. Each must be among the products of the last step with this
	// SHA-256.
	Products map[string]release.Digest
	// Parameters are put in the place of {name} in rules and commands (in-toto
	// specification, section 4.3). A rule with a parameter that is not here is an
	// error: it would silently match nothing. A '*' in a value is a wildcard like
	// any other in a rule: do not take values from whoever does the steps.
	Parameters map[string]string
	// People says whose a key is, by its [evidence.KeyDigest]: a person who holds two keys
	// counts once. A key that is not here stands for itself.
	People map[release.Digest]string
	// Statements are verified statements, of which those that are links
	// (link v0.3 of the in-toto attestation framework) count beside the link files: their subjects are the
	// products, and a step's key must have signed them ([evidence.Identity] Key). The
	// others are passed over, so all the evidence about a release may be given.
	Statements []evidence.Verified
}

// Result is what a layout and its links amount to.
type Result struct {
	// Verdict is allow when every step was done by enough people, every rule held
	// and every product in question came out of the last step. It is hold when
	// something is missing or stale, and deny when something is forged or wrong.
	Verdict release.Verdict
	// Reasons is why not, in the layout's order; with allow there is one that says
	// so.
	Reasons []release.Reason
	// Notes are what did not decide: links that were set aside and why, commands
	// that differ from the expected ones.
	Notes []release.Reason
	// Layout is the digest of the layout's bytes as they were given.
	Layout release.Digest
	// At is the time of the check.
	At time.Time
	// Until is when the layout expires; zero unless its owners signed it.
	Until time.Time
	// Steps are the layout's steps in order; none unless its owners signed it.
	Steps []Step
}

// Step is how a step of the layout was met.
type Step struct {
	// Name is the step's name in the layout.
	Name string
	// Threshold is how many distinct people must have done it.
	Threshold int
	// By are the digests of the keys whose links counted, sorted. Two keys of one
	// person both stand here, and count once.
	By []release.Digest
	// Links are the digests of the links that counted, sorted.
	Links []release.Digest
	// Met reports whether enough distinct people did it.
	Met bool
}

// Record is the result in the words of every other decision: its policy is the
// layout, its evidence the links that counted.
func (r Result) Record() release.DecisionRecord {
	var used []release.Digest
	for _, s := range r.Steps {
		used = append(used, s.Links...)
	}
	slices.SortFunc(used, release.Digest.Compare)
	d := release.DecisionRecord{
		Verdict: r.Verdict,
		At:      r.At,
		Policy:  r.Layout,
		Reasons: slices.Clone(r.Reasons),
		Used:    slices.Compact(used),
	}
	if r.Verdict.Allowed() {
		d.Until = r.Until
	}
	return d
}

// Verify checks layout against links, which may come in any order and any
// number of times; neither changes the result. Each is a JSON file as in-toto
// writes it: a metablock or a DSSE envelope.
//
// A layout that its owners did not sign is a deny. A link that cannot be read,
// or is not signed by someone who may do its step, is set aside with a note: if
// the step is met without it, it changes nothing. An error means that no verdict
// was reached: Options are not complete, or the layout cannot be read or makes
// no sense.
func Verify(layout []byte, links [][]byte, opts Options) (Result, error) {
	owners, err := opts.check()
	if err != nil {
		return Result{}, err
	}
	stated, err := statements(opts.Statements)
	if err != nil {
		return Result{}, err
	}
	if n := len(links) + len(stated); n > maxLinks {
		return Result{}, fmt.Errorf("layout: %d links are more than %d", n, maxLinks)
	}
	doc, err := parse(layout, maxLayoutBytes)
	if err != nil {
		return Result{}, fmt.Errorf("layout: read layout: %w", err)
	}
	l, ok := doc.payload.(in_toto.Layout)
	if !ok {
		return Result{}, errors.New("layout: read layout: it is a link, not a layout")
	}
	r := Result{Layout: doc.digest, At: opts.Now}
	if r.Reasons = unsigned(doc, owners); len(r.Reasons) > 0 {
		r.Verdict = release.VerdictDeny
		return r, nil
	}
	p, err := newPlan(l, opts.Parameters)
	if err != nil {
		return Result{}, fmt.Errorf("layout: %w", err)
	}
	return r.decide(p, links, stated, opts), nil
}

// check reports everything that is wrong with the options at once, and gives the
// owners' keys.
func (o Options) check() ([]key, error) {
	var errs []error
	var owners []key
	if len(o.Owners) == 0 {
		errs = append(errs, errors.New("layout: no owners are given: anyone could have written the layout"))
	}
	if len(o.Owners) > maxOwners {
		errs = append(errs, fmt.Errorf("layout: %d owners are more than %d", len(o.Owners), maxOwners))
	}
	for i, pub := range o.Owners {
		k, err := keyOf(pub)
		if err != nil {
			errs = append(errs, fmt.Errorf("layout: owner %d: %w", i+1, err))
		}
		owners = append(owners, k)
	}
	if o.Now.IsZero() {
		errs = append(errs, errors.New("layout: no time is given: expiry cannot be checked"))
	}
	if len(o.Products) == 0 {
		errs = append(errs, errors.New("layout: no products are given: the result would speak of no artifact"))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Products)) {
		if o.Products[name].IsZero() {
			errs = append(errs, fmt.Errorf("layout: product %q has no digest", name))
		}
		if name == "" || path.Clean(name) != name {
			errs = append(errs, fmt.Errorf("layout: product %q is not a clean path", name))
		}
	}
	for d, name := range o.People {
		if name == "" || d.IsZero() {
			errs = append(errs, errors.New("layout: a person without a name or without a key is in People"))
			break
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return owners, nil
}
