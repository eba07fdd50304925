package otel

import (
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/metrics"
)

// Change is what attributes say of a change. The source, the revision and the times are
// those of meta; no attribute says when a change was merged. A change whose state is said,
// and is not "merged", is refused: it is in no version. So is a vcs.repository.url.full
// that is not the source, where the source is such an address. Other attributes are
// passed over.
func Change(meta metrics.Meta, attrs []Attribute) (metrics.Change, error) {
	c := metrics.Change{Meta: meta}
	r, err := newReader(attrs)
	if err != nil {
		return metrics.Change{}, err
	}
	r.meta(&c.Meta)
	r.fill(&c.ID, ChangeID, r.text(ChangeID))
	c.Commit = r.text(HeadRevision)
	if isURL(c.Source) {
		r.fill(&c.Source, RepositoryURL, r.text(RepositoryURL))
	}
	if s := r.text(ChangeState); s != "" && s != "merged" {
		r.fail(ChangeState, fmt.Errorf("%q: it was not merged", s))
	}
	if _, err := metrics.AppendFact(nil, c); err != nil {
		r.errs = append(r.errs, fmt.Errorf("otel: %w", err))
	}
	if err := errors.Join(r.errs...); err != nil {
		return metrics.Change{}, err
	}
	return c, nil
}
