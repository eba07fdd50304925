package layout

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/internal/clip"
	"github.com/sallyport-dev/sallyport/release"
)

// claim is a link that someone who may do its step has signed.
type claim struct {
	digest release.Digest
	link   in_toto.Link
	by     []release.Digest // of the keys that signed it
}

// decide is the second half of [Verify]: the layout is its owners' and makes
// sense.
func (r Result) decide(p plan, links [][]byte, stated []evidence.Verified, opts Options) Result {
	r.Until = p.expires
	claims, forged := r.collect(p, links)
	r.collectStatements(p, stated, claims)
	r.Verdict = release.VerdictAllow
	no := func(v release.Verdict, why release.Reason) {
		r.Verdict = r.Verdict.And(v)
		r.Reasons = append(r.Reasons, why)
	}
	if !opts.Now.Before(p.expires) {
		no(release.VerdictHold, release.Reason{Code: "layout/expired",
			Text: "the layout expired at " + p.layout.Expires, Refs: []release.Digest{r.Layout}})
	}
	met := true
	for _, s := range p.layout.Steps {
		step := count(s, claims[s.Name], opts.People)
		r.Steps = append(r.Steps, step)
		if !step.Met {
			met = false
			no(unmet(p, s, step, forged[s.Name], opts.People))
		}
	}
	if met {
		for _, why := range broken(p, claims, opts.Products) {
			no(release.VerdictDeny, why)
		}
	}
	for _, i := range p.layout.Inspect {
		no(release.VerdictHold, release.Reason{Code: "layout/inspection-not-run", Subject: i.Name,
			Text: "inspections are never run, so what this one would show is missing", Refs: []release.Digest{r.Layout}})
	}
	if r.Verdict.Allowed() {
		r.Reasons = []release.Reason{{Code: "layout/met",
			Text: fmt.Sprintf("%d steps were done as laid down, and the products came out of the last", len(r.Steps)),
			Refs: []release.Digest{r.Layout}}}
	}
	return r
}

// collect finds who signed what, and notes the links that it sets aside. Of
// those, forged counts by step the ones that carry the key id of someone who may
// do the step over a signature that is not theirs.
func (r *Result) collect(p plan, links [][]byte) (claims map[string][]claim, forged map[string]int) {
	claims, forged = map[string][]claim{}, map[string]int{}
	byDigest := map[release.Digest][]byte{}
	for _, b := range links {
		byDigest[release.DigestOf(b)] = b
	}
	for _, d := range slices.SortedFunc(maps.Keys(byDigest), release.Digest.Compare) {
		aside := func(code, step, text string) {
			r.Notes = append(r.Notes, release.Reason{Code: code, Subject: step, Text: text, Refs: []release.Digest{d}})
		}
		doc, err := parse(byDigest[d], maxLinkBytes)
		if err != nil {
			aside("layout/link-unreadable", "", "the link cannot be read: "+short(err))
			continue
		}
		link, ok := doc.payload.(in_toto.Link)
		if !ok {
			aside("layout/sublayout", "", "a layout stands in the place of a link; sublayouts do not count")
			continue
		}
		i := p.step(link.Name)
		if i < 0 {
			aside("layout/link-of-no-step", "", fmt.Sprintf("the link is for step %.100q, which the layout does not have", link.Name))
			continue
		}
		by, bad := p.signers(p.layout.Steps[i], doc)
		if len(by) == 0 {
			if bad {
				forged[link.Name]++
				aside("layout/link-forged", link.Name, "the link carries the key id of someone who may do the step, and is not signed by them")
			} else {
				aside("layout/link-unauthorized", link.Name, "nobody who may do the step has signed the link")
			}
			continue
		}
		r.claim(p.layout.Steps[i], claim{d, link, by}, claims)
	}
	return claims, forged
}

// short keeps an error that quotes a link short enough for a note.
func short(err error) string { return clip.Text(err.Error(), 300) }

// clipped keeps a command short enough for a note.
func clipped(command []string) string {
	s := strings.Join(command, " ")
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

// signers are the keys that may do s and have signed d. A key that the layout
// lists under two ids, or that signed twice, is here twice. A key id only chooses
// the key to try, as the specification has it (section 4.2.1); a signature
// without one is not tried against all, which would let anyone's link cost
// thousands of verifications.
func (p plan) signers(s in_toto.Step, d document) (by []release.Digest, bad bool) {
	for _, sig := range d.sigs {
		for _, id := range s.PubKeys {
			if sig.keyID != id {
				continue
			}
			if k := p.keys[id]; k.signed(d.message, sig.bytes) {
				by = append(by, k.digest)
			} else {
				bad = true
			}
		}
	}
	return by, bad
}

// count says who did s.
func count(s in_toto.Step, claims []claim, people map[release.Digest]string) Step {
	out := Step{Name: s.Name, Threshold: s.Threshold}
	for _, c := range claims {
		out.Links = append(out.Links, c.digest)
		out.By = append(out.By, c.by...)
	}
	slices.SortFunc(out.Links, release.Digest.Compare)
	out.Links = slices.Compact(out.Links)
	slices.SortFunc(out.By, release.Digest.Compare)
	out.By = slices.Compact(out.By)
	out.Met = distinct(out.By, people) >= s.Threshold
	return out
}

// distinct counts the people behind keys.
func distinct(keys []release.Digest, people map[release.Digest]string) int {
	who := map[string]bool{}
	for _, k := range keys {
		if name, ok := people[k]; ok {
			who["person "+name] = true
		} else {
			who["key "+k.String()] = true
		}
	}
	return len(who)
}

// unmet says why s was not met and what that means: deny when it can never be,
// or when someone tried to pass off a link as another's; hold when links are
// missing.
func unmet(p plan, s in_toto.Step, got Step, forged int, people map[release.Digest]string) (release.Verdict, release.Reason) {
	var may []release.Digest
	for _, id := range s.PubKeys {
		may = append(may, p.keys[id].digest)
	}
	why := release.Reason{Subject: s.Name, Refs: got.Links}
	n := distinct(got.By, people)
	switch able := distinct(may, people); {
	case able < s.Threshold:
		why.Code = "layout/threshold-unreachable"
		why.Text = fmt.Sprintf("%d distinct people must do the step, and the keys of only %d may", s.Threshold, able)
		if len(s.CertificateConstraints) > 0 {
			why.Text += "; functionaries by certificate are not counted"
		}
		return release.VerdictDeny, why
	case forged > 0:
		why.Code = "layout/step-forged"
		why.Text = fmt.Sprintf("%d of %d distinct people did the step, and %d links are forged", n, s.Threshold, forged)
		return release.VerdictDeny, why
	default:
		why.Code = "layout/step-missing"
		why.Text = fmt.Sprintf("%d of %d distinct people did the step", n, s.Threshold)
		return release.VerdictHold, why
	}
}
