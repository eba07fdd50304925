package evidence

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// NotRevoked demands a store's word that no evidence about the release is withheld:
// no revocation, no rejection, no failed test. A revocation that is there counts
// without any rule; this one finds out those that are not.
//
// It is met by a checkpoint ([NewCheckpoint]) that is about the whole release and not
// older than MaxAge, if all envelopes are there that it or any other believed
// checkpoint of the release lists, however old that one is: a store takes nothing
// back. What is missing is named ([CodeIncomplete]) and holds. Of several checkpoints
// the one with the highest sequence number is relied on. To demand the word of
// several stores, write several rules.
//
// A checkpoint is as old as the earlier of what its signer says and the first
// trusted time. MaxAge is therefore how long evidence can be withheld by whoever
// leaves the newest checkpoints out as well; checkpoint.md says exactly what is
// caught.
type NotRevoked struct {
	// By are the stores: the principals whose checkpoints are believed.
	By []Principal
	// Roles are the roles of which the signer must hold one. Without By any principal
	// that holds one is believed; where both are given, both must fit, and one of them
	// must be given.
	Roles []string
	// MaxAge is more than zero.
	MaxAge time.Duration
}

// ID is "not revoked" with the first of By or else of Roles.
func (r NotRevoked) ID() string {
	switch {
	case len(r.By) > 0:
		return "not revoked, says " + r.By[0].String()
	case len(r.Roles) > 0:
		return "not revoked, says role " + release.Text(r.Roles[0]).String()
	}
	return "not revoked"
}

func (r NotRevoked) validate() error {
	var errs []error
	if len(r.By) == 0 && len(r.Roles) == 0 {
		errs = append(errs, errors.New("nobody is believed: it has neither By nor Roles"))
	}
	if r.MaxAge <= 0 {
		errs = append(errs, fmt.Errorf("maximal age %s is not positive", r.MaxAge))
	}
	return errors.Join(append(errs, believed(r.By, r.Roles))...)
}

// believed reports what is wrong with whom a rule believes.
func believed(by []Principal, roles []string) error {
	errs := []error{texts(roles, by...)}
	for i, p := range by {
		if p.IsZero() {
			errs = append(errs, fmt.Errorf("principal %d is nobody", i))
		}
	}
	if slices.Contains(roles, "") {
		errs = append(errs, errors.New("a role has no name"))
	}
	return errors.Join(errs...)
}

// among reports whether a rule believes the signer.
func among(id *Identity, by []Principal, roles []string) bool {
	return len(by)+len(roles) > 0 && (len(by) == 0 || slices.Contains(by, id.Principal)) &&
		(len(roles) == 0 || slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(id.Roles, role) }))
}

func (r NotRevoked) policy() any {
	return struct {
		By     []Principal
		Roles  []string
		MaxAge string
	}{r.By, r.Roles, r.MaxAge.String()}
}

func (r NotRevoked) demand() demand {
	return demand{typ: predicate.TypeCheckpoint, need: 1, own: r.result}
}

// maxNamed is how many missing envelopes are named.
const maxNamed = 1000

// result looks at all that the judge has, whichever statements count for others.
func (r NotRevoked) result(j *judge, d *demand) Result {
	out := Result{Rule: d.rule, Need: 1, Status: StatusMissing}
	sum := release.Reason{Subject: d.id, Code: CodeMissing, Text: "0 of 1 " + d.what()}
	missing := map[release.Digest][]release.Digest{} // the checkpoints that list it
	for _, it := range j.items {
		if it.checkpoint == nil || it.checkpoint.Release != j.digest || !among(&it.by, r.By, r.Roles) {
			continue
		}
		for _, e := range it.checkpoint.Evidence {
			if !j.holds(e) {
				missing[e] = append(missing[e], it.digest)
			}
		}
	}
	var left []release.Reason
	var highest uint64
	for _, it := range j.items {
		if it.checkpoint == nil {
			continue
		}
		code, until := r.counts(j, it)
		if code != "" {
			left = append(left, it.reason(code, "%s", leftText(code, it)))
			left[len(left)-1].Subject = d.id
			if staleCodes[code] {
				out.Status, sum.Code = StatusStale, CodeStale
			}
			continue
		}
		if out.Have == 0 {
			out.Have, out.Until = 1, until
		}
		out.Until = later(out.Until, until)
		if it.checkpoint.Sequence > highest {
			highest, out.Used = it.checkpoint.Sequence, []release.Digest{it.digest}
		}
	}
	sum.Refs = slices.Clone(out.Used)
	switch {
	case len(missing) > 0:
		out.Status, out.Until = StatusMissing, time.Time{}
		sum.Code, sum.Text = CodeIncomplete, fmt.Sprintf("%d envelopes are withheld that a checkpoint lists", len(missing))
		left = append(left, incomplete(missing)...)
	case out.Have == 1:
		out.Status, sum.Code, sum.Text = StatusMet, CodeMet, "1 of 1 "+d.what()
		left = nil
	}
	out.Reasons = append([]release.Reason{sum}, left...)
	return out
}

// counts says why a checkpoint does not say that this is all, "" if it does, and until
// when.
func (r NotRevoked) counts(j *judge, it *item) (code string, until time.Time) {
	c, first := it.checkpoint, it.by.first()
	switch {
	case len(r.By) > 0 && !slices.Contains(r.By, it.by.Principal):
		return CodeSigner, until
	case !among(&it.by, r.By, r.Roles):
		return CodeRole, until
	case it.revoked != nil:
		return CodeRevoked, until
	case c.Release != j.digest:
		return CodeOtherRelease, until
	case it.notWhole != nil:
		return CodeNotWhole, until
	case first.After(j.now):
		return CodeFuture, until
	case it.barred != "":
		return it.barred, until
	case first.IsZero():
		return CodeNoTrustedTime, until
	}
	if c.Issued.Before(first) {
		first = c.Issued
	}
	until = first.Add(r.MaxAge)
	if !j.now.Before(until) {
		return CodeStale, until
	}
	return "", sooner(until, it.ends)
}

// incomplete names what is missing.
func incomplete(missing map[release.Digest][]release.Digest) []release.Reason {
	digests := make([]release.Digest, 0, len(missing))
	for d := range missing {
		digests = append(digests, d)
	}
	slices.SortFunc(digests, release.Digest.Compare)
	out := make([]release.Reason, 0, min(len(digests), maxNamed))
	for _, d := range digests[:min(len(digests), maxNamed)] {
		out = append(out, release.Reason{Code: CodeIncomplete, Subject: d.String(), Text: "the envelope " + d.String() + " is not here", Refs: slices.Compact(missing[d])})
	}
	return out
}
