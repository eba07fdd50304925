package control

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// show is the evidence by kind, each kind by digest.
func show(in Input, ref release.Ref, now time.Time, maxAge map[Kind]time.Duration) (map[Kind][]Support, error) {
	r := in.Record.Release
	changes, err := in.Record.Changes.Digest()
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	gone, err := revocations(in.Evidence)
	if err != nil {
		return nil, err
	}
	shown := map[Kind][]Support{}
	seen := map[release.Digest]bool{}
	for _, v := range in.Evidence {
		if seen[v.Digest()] {
			continue
		}
		seen[v.Digest()] = true
		if gone.has(v, r) || !about(v, r, ref.Digest) {
			continue
		}
		for _, kind := range kindsOf(v, in, ref.Digest, changes) {
			s := Support{Kind: kind, Digest: v.Digest(), By: v.By().Principal.String(), At: first(v)}
			if most, aged := maxAge[kind]; aged {
				s.Stale = stale(s.At, now, most)
			}
			shown[kind] = append(shown[kind], s)
		}
	}
	for _, list := range shown {
		slices.SortFunc(list, func(a, b Support) int { return cmp.Compare(a.Digest.String(), b.Digest.String()) })
	}
	return shown, nil
}

// stale says why evidence of a moment is not fresh.
func stale(at, now time.Time, most time.Duration) string {
	switch {
	case at.IsZero():
		return "no trusted time says how old it is"
	case at.After(now):
		return "its trusted time is after the moment that is judged by"
	case now.Sub(at) > most:
		return fmt.Sprintf("it is of %s, and %s at most are allowed", at.UTC().Format(time.DateOnly), days(most))
	}
	return ""
}

func days(d time.Duration) string {
	if n := d / (24 * time.Hour); d%(24*time.Hour) == 0 && n > 1 {
		return fmt.Sprintf("%d days", n)
	}
	return d.String()
}

func first(v evidence.Verified) time.Time {
	var out time.Time
	for _, t := range v.By().Times {
		if out.IsZero() || t.T.Before(out) {
			out = t.T
		}
	}
	return out.UTC()
}

// about reports whether a statement is about the whole release: all of its artifacts,
// or its digest where the predicate names one.
func about(v evidence.Verified, r release.Release, digest release.Digest) bool {
	st := v.Statement()
	p, err := predicate.Parse(st.PredicateType(), st.Predicate())
	if err == nil {
		switch p := p.(type) {
		case predicate.Approval:
			return p.Release == digest
		case predicate.Decision:
			return p.Release == digest
		case predicate.Checkpoint:
			return p.Release == digest
		case predicate.Deployment:
			return p.Event.Release.Digest == digest
		case predicate.Review:
			return p.Merged == r.Commit || p.Head == r.Commit
		}
	}
	return st.MatchAll(r) == nil
}
