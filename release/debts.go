package release

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// MergeDebts is one list of all the debts, by ID, each ID once; it is how a host adds the debts of
// an assessment, or payments, to those that it keeps. Neither order nor repetition changes the
// result, and merging results is merging all. Of one debt that was told twice all that is owed stays owed, the
// higher tier and the earlier due time count, and a payment counts only if it was for all
// of it, the earliest where there are several. An error, with no list, names the debts that
// cannot be relied on, and the IDs that two emergencies share.
func MergeDebts(lists ...[]Debt) ([]Debt, error) {
	var errs []error
	no := func(err error) {
		if len(errs) < maxErrors {
			errs = append(errs, err)
		}
	}
	at := map[string]int{}
	out := []Debt{}
	for _, list := range lists {
		for _, d := range list {
			if err := d.Validate(); err != nil {
				no(err)
				continue
			}
			i, twice := at[d.ID]
			if !twice {
				at[d.ID] = len(out)
				out = append(out, d.ordered())
				continue
			}
			if !out[i].same(d) {
				no(fmt.Errorf("release: debt %s is the name of two emergencies", Text(d.ID)))
				continue
			}
			out[i] = out[i].merge(d.ordered())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID }) // not slices.SortFunc: see the weight in repo_test.go
	return out, nil
}

// maxErrors is how many errors about a list are told.
const maxErrors = 20

// same reports whether two debts are of one emergency.
func (d Debt) same(e Debt) bool {
	return d.ID == e.ID && d.Changes == e.Changes && d.Release == e.Release && d.By == e.By && d.Second == e.Second && d.Reason == e.Reason && d.Opened.Equal(e.Opened)
}

// ordered is a copy in which what has no order has one, and times are UTC.
func (d Debt) ordered() Debt {
	d.Owed, d.PaidBy = cloneRequirements(d.Owed), slices.Clone(d.PaidBy)
	for i := range d.Owed {
		slices.Sort(d.Owed[i].Roles)
	}
	sort.Slice(d.Owed, func(i, j int) bool { return compareRequirements(d.Owed[i], d.Owed[j]) < 0 })
	d.Owed = slices.CompactFunc(d.Owed, func(a, b Requirement) bool { return compareRequirements(a, b) == 0 })
	slices.SortFunc(d.PaidBy, Digest.Compare)
	d.PaidBy = slices.Compact(d.PaidBy)
	d.Opened, d.Due, d.Paid = utc(d.Opened), utc(d.Due), utc(d.Paid)
	return d
}

// utc is the moment alone, without its zone or a clock's reading.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.Round(0).UTC()
}

// merge is both together; they are ordered and of one emergency.
func (d Debt) merge(e Debt) Debt {
	m := d
	m.Tier = d.Tier.Raise(e.Tier)
	if e.Due.Before(m.Due) {
		m.Due = e.Due
	}
	m.Owed = append(slices.Clone(d.Owed), e.Owed...)
	m.Paid, m.PaidBy = time.Time{}, nil
	m = m.ordered()
	for _, p := range []Debt{d, e} {
		if p.pays(m.Owed) && (m.Paid.IsZero() || cmp.Or(p.Paid.Compare(m.Paid), slices.CompareFunc(p.PaidBy, m.PaidBy, Digest.Compare)) < 0) {
			m.Paid, m.PaidBy = p.Paid, p.PaidBy
		}
	}
	return m
}

// pays reports whether d was paid, and by what covers all of owed.
func (d Debt) pays(owed []Requirement) bool {
	return !d.Paid.IsZero() && !slices.ContainsFunc(owed, func(r Requirement) bool {
		return !slices.ContainsFunc(d.Owed, func(q Requirement) bool { return q.Covers(r) })
	})
}

func compareRequirements(a, b Requirement) int {
	independent := 0
	if a.Independent != b.Independent {
		independent = 1
		if b.Independent {
			independent = -1
		}
	}
	return cmp.Or(strings.Compare(a.ID, b.ID), cmp.Compare(a.Evidence, b.Evidence), cmp.Compare(a.Count, b.Count), cmp.Compare(a.MaxAge, b.MaxAge),
		independent, slices.Compare(a.Roles, b.Roles), strings.Compare(a.Why, b.Why))
}

// maxDebts bounds what ParseDebts reads; more emergencies than that are none.
const maxDebts = 10_000

// ParseDebts reads the JSON of a list of debts, as encoding/json writes what [MergeDebts] returned. It is
// strict: a list that would not be written like that, byte for byte but for white space and the order of members, is
// refused, and so is what MergeDebts refuses. On an error there is no list.
func ParseDebts(b []byte) ([]Debt, error) {
	var read []Debt
	limits := strictjson.Limits{Package: "release", Bytes: 16 << 20, Depth: 8, Names: 10_000, Elements: maxDebts}
	if err := strictjson.UnmarshalClosed(b, &read, limits, nil); err != nil {
		return nil, err
	}
	out, err := MergeDebts(read)
	if err != nil {
		return nil, err
	}
	want, err := canon.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("release: debts: %w", err)
	}
	got, err := canon.Transform(b)
	if err != nil {
		return nil, fmt.Errorf("release: debts: %w", err)
	}
	if !bytes.Equal(want, got) {
		return nil, errors.New("release: debts: the list is not as MergeDebts makes it: something stands twice, in another order, or in other words")
	}
	return out, nil
}
