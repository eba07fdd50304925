package metrics

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// detail is the interval and what the result rests on.
func (r Result) detail() string {
	s := fmt.Sprintf("n=%d", r.N)
	if !math.IsNaN(r.Lo) && !(math.IsInf(r.Lo, -1) && math.IsInf(r.Hi, 1)) {
		s = fmt.Sprintf("%s to %s, %s", r.Metric.Format(r.Lo), r.Metric.Format(r.Hi), s)
	}
	if r.Censored > 0 {
		s += fmt.Sprintf(", %d not settled", r.Censored)
	}
	if r.Partial {
		s += ", partial window"
	}
	if r.Reason != "" {
		s += "; " + r.Reason
	}
	return s
}

// Report is the results of one query. It never changes and may be used by many
// goroutines at once.
type Report struct {
	asOf   time.Time
	by     []string
	digest release.Digest
	// Of results and fast one is there.
	results []Result
	fast    *fastResults
	// analysis is what explains the results. It is made when it is first asked for.
	analysis func() *analysis
}

// Compute measures a snapshot by a definition: each of the five metrics, for
// each group and window of the query. The same snapshot, definition and query
// give the same results, bit for bit. An error means that the definition or the
// query is not valid; no data is a [Status], not an error.
func Compute(s *Snapshot, d Definition, q Query) (*Report, error) {
	if s == nil {
		return nil, errors.New("metrics: there is no snapshot")
	}
	if !fastCovers(s, d, q) {
		return computeReference(s, d, q)
	}
	d.Environments, d.Links = slices.Clone(d.Environments), slices.Clone(d.Links)
	q.By, q.Quantiles = slices.Clone(q.By), slices.Clone(q.Quantiles)
	fast, err := computeFast(s, d, q)
	if err != nil {
		return nil, err
	}
	if fast == nil {
		return computeReference(s, d, q)
	}
	by := q.By
	if by == nil {
		by = []string{DimService, DimEnvironment}
	}
	return &Report{asOf: s.asOf, by: by, digest: fast.digest, fast: fast, analysis: sync.OnceValue(func() *analysis {
		a, err := analyse(s, d, q)
		if err != nil { // computeFast found nothing wrong with the same query
			return &analysis{s: s}
		}
		return a
	})}, nil
}

// computeReference computes the results from the analysis that explains them.
func computeReference(s *Snapshot, d Definition, q Query) (*Report, error) {
	a, err := analyse(s, d, q)
	if err != nil {
		return nil, err
	}
	reported := 0
	for g := range a.groups {
		if a.groups[g].reported {
			reported += len(a.windows)
		}
	}
	r := &Report{asOf: s.asOf, by: a.q.By, digest: a.digest, analysis: func() *analysis { return a }, results: make([]Result, 0, len(Metrics())*reported)}
	for c := range a.cells {
		if !a.groups[a.cells[c].group].reported {
			continue
		}
		for m := LeadTime; m <= ReworkRate; m++ {
			r.results = append(r.results, a.measure(m, &a.cells[c], nil))
		}
	}
	return r, nil
}

// AsOf is the moment of the snapshot.
func (r *Report) AsOf() time.Time { return r.asOf }

// By are the dimensions of the results' keys. The caller owns the slice.
func (r *Report) By() []string { return slices.Clone(r.by) }

// Definition is the digest of what was measured.
func (r *Report) Definition() release.Digest { return r.digest }

// All yields the results by key, window and metric.
func (r *Report) All() iter.Seq[Result] {
	return func(yield func(Result) bool) {
		for k := range r.Len() {
			if !yield(r.at(k)) {
				return
			}
		}
	}
}

// at is the k-th of the results.
func (r *Report) at(k int) Result {
	if r.fast != nil {
		return r.fast.at(k)
	}
	return r.results[k]
}

// Len is the number of results.
func (r *Report) Len() int {
	if r.fast != nil {
		return len(r.fast.results)
	}
	return len(r.results)
}

// Unlinked are the incidents that no deployment is held responsible for, by
// time, each with the reason. They are in no fail rate and no recovery time.
func (r *Report) Unlinked() []Contribution {
	var out []Contribution
	a := r.analysis()
	for i := range a.links {
		if a.links[i].dep < 0 {
			out = append(out, a.incident(i, UseExcluded))
		}
	}
	return out
}
