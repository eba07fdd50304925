package metrics

import "github.com/sallyport-dev/sallyport/release"

// Outcomes are what became of the releases that were deployed, or tried to be, to an
// environment that counts in the report's range: one for each digest, by the first of
// these deployments. Each is what [Snapshot.Outcome] says, and so rests on all
// deployments of the release that the snapshot knows, within the range and outside.
// Deployments without a digest are in none. All together take one pass, so that a
// host can teach package risk with them.
func (r *Report) Outcomes() []release.Outcome {
	a := r.analysis()
	order, ids := a.releases()
	out := make([]release.Outcome, 0, len(order))
	for _, r := range order {
		out = append(out, a.outcome(r, ids[r]))
	}
	return out
}

// releases are the digests of the report's range, by their first deployment there, and
// the deployments of each digest.
func (a *analysis) releases() ([]release.Digest, map[release.Digest][]int) {
	var order []release.Digest
	ids, met := map[release.Digest][]int{}, map[release.Digest]bool{}
	for i := range a.deps {
		r := a.s.deployments[i].Release
		if r.IsZero() {
			continue
		}
		ids[r] = append(ids[r], i)
		if !met[r] && a.inRange(i) {
			met[r] = true
			order = append(order, r)
		}
	}
	return order, ids
}
