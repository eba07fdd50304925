package lifecycle

import (
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/version"
)

// find is a version as it is listed, or nil.
func (r *record) find(text string) *listed {
	i, ok := slices.BinarySearchFunc(r.versions, text, func(v listed, text string) int { return strings.Compare(v.text, text) })
	if !ok {
		return nil
	}
	return &r.versions[i]
}

// distance is how far a version is behind. What is not known of it is not there by
// chance: there may be more of it.
type distance struct {
	latest        string // the newest that is listed, or the version itself
	latestKnown   bool
	newer         int // newer ones that are surely there
	releasesKnown bool
	days          float64
	daysKnown     bool
}

// behind counts the versions above one that were there at a moment. If it does not know
// all of it, why says why.
func (r *record) behind(purlType, text string, asOf time.Time) (d distance, why reason, ok bool) {
	d.latest = text
	order, known := version.Of(purlType)
	if !known {
		return d, noOrder, false
	}
	own, err := order.Parse(text)
	if err != nil {
		return d, noOrder, false
	}
	used := r.find(text)
	var usedAt time.Time
	if used != nil {
		usedAt = used.published
	}
	allowPre := preRelease(order, purlType, own)
	ok = true
	fail := func(r reason) {
		if ok {
			ok, why = false, r
		}
	}
	switch {
	case used == nil:
		fail(notListed)
	case usedAt.After(asOf):
		fail(notYet)
	}
	latest, latestAt := own, usedAt
	later := false // some are listed that were not there yet
	for i := range r.versions {
		v := &r.versions[i]
		if v.text == text || v.published.After(asOf) || v.retracted.at(asOf, r.collected, true) == release.AnswerYes {
			later = later || v.published.After(asOf)
			continue
		}
		parsed, err := order.Parse(v.text)
		if err != nil {
			// Nobody knows whether it is above. What was there before the used one was
			// published is taken for older.
			if usedAt.IsZero() || v.published.IsZero() || v.published.After(usedAt) {
				fail(notOrdered)
			}
			continue
		}
		if parsed.Compare(own) <= 0 || !allowPre && preRelease(order, purlType, parsed) {
			continue
		}
		if v.published.IsZero() && asOf.Before(r.collected) {
			fail(noDates) // it may not have been there
			continue
		}
		d.newer++
		if parsed.Compare(latest) > 0 {
			latest, latestAt = parsed, v.published
		}
	}
	d.latest = latest.String()
	d.releasesKnown = ok && r.complete
	d.latestKnown = d.releasesKnown || ok && r.latest && !later && !asOf.Before(r.collected)
	d.daysKnown = d.latestKnown
	if d.newer > 0 {
		if usedAt.IsZero() || latestAt.IsZero() {
			d.daysKnown = false
			fail(noDates)
		} else if late := latestAt.Sub(usedAt); late > 0 {
			d.days = late.Hours() / 24
		}
	}
	if !r.complete {
		fail(notComplete)
	}
	return d, why, ok
}

// preRelease reports whether a version comes before the one that its numbers alone
// name: 1.0.0-rc.1 before 1.0.0. Whether it does is the ecosystem's business: 1.0-jre
// of Maven and 1.0.post1 of PyPI come after 1.0.
func preRelease(order version.Order, purlType string, v version.Version) bool {
	text := v.String()
	if purlType == "golang" && (strings.Contains(text, "rc") || strings.Contains(text, "beta")) {
		return true // Go's own: the language's 1.22 is before 1.22rc1
	}
	end := len(text) - len(strings.TrimLeft(text, "vgo"))
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || strings.IndexByte(".:!", text[end]) >= 0) {
		end++
	}
	numbers, err := order.Parse(strings.TrimRight(text[:end], ".:!"))
	return err == nil && v.Compare(numbers) < 0
}
