package risk

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// together is how much there is of something in this release, of which own is its own, and in the
// earlier ones of the window; and how many of those there are. Not counted are
//
//   - all of them where this release changes no file that counts: it is no slice of anything;
//   - those that reach the limit by themselves: they were judged by it, and whoever sends out one
//     release with 10,000 lines has not sliced it. Else each release of the week after it would be
//     judged as if it were that one.
//
// What is sent in slices is thus judged as a whole by the slice with which it reaches the limit and by
// all that follow within the window.
func (f *Facts) together(own, limit count, files bool, of func(*Features) count) (sum, releases count) {
	if !files {
		return own, 0
	}
	for i := range f.Recent {
		p := &f.Recent[i]
		n := of(&p.Features)
		if n >= limit && n < maxCount && p.Releases <= 1 { // a number that cannot be counts as the largest, and is not believed
			continue // one release; what is the sum of several may be slices
		}
		own, releases = own.plus(int64(n)), releases.plus(max(1, p.Releases))
	}
	return own, releases
}

// span is how far back the window reaches, for people.
func (f *Facts) span() string {
	d := 7 * day
	if f.policy != nil {
		d = f.policy.Window
	}
	if d >= day && d%day == 0 {
		return plural(int(d/day), "day")
	}
	return d.Round(time.Second).String()
}

// windowFinding is the finding where own, or own with that of earlier releases, reaches a limit: of
// several limits the first that is reached, so the highest stand first.
func (f *Facts) windowFinding(what string, own count, files bool, of func(*Features) count, limits ...windowLimit) []Finding {
	for _, l := range limits {
		sum, releases := f.together(own, l.limit, files, of)
		switch {
		case own >= l.limit:
			return []Finding{{l.floor, "", fmt.Sprintf("%d %s, %d or more", own, what, l.limit)}}
		case sum >= l.limit:
			return []Finding{{l.floor, "", fmt.Sprintf("%d %s with the %s of the last %s, %d or more; %d in this one", sum, what, plural(releases, "release"), f.span(), l.limit, own)}}
		}
	}
	return nil
}

// plural is a number of things.
func plural[N int | count](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// windowLimit is how much of something calls for a floor.
type windowLimit struct {
	limit count
	floor release.Tier
}
