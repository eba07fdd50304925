package risk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

// What a [Window] keeps at most.
const (
	maxWindow     = 4_096  // releases of a component
	maxWindows    = 16_384 // releases of all components
	maxComponents = 1_024
	maxSums       = 8   // of a component
	maxComponent  = 256 // bytes of a component's name
)

// Window remembers the releases of each component, so that one risky change cannot be sent in ten
// small releases: [Assessor.Assess] counts those of the policy's window together with the one it judges. The zero
// value is ready. Its state is JSON, which the host stores between runs. A Window must not be used by several goroutines at once.
//
// A host adds each release when it lets it out, with the features that it was assessed by and the time of its own
// clock. No time of a commit is asked for, so that no author can move a release out of the window.
//
// A release counts from then on, also one that was superseded before it was deployed or rolled back after. Which of them ran
// anywhere is often known late and from those who want the next one out, and what a release did to data, credentials or people's
// trust a roll-back does not undo. The price is that the lines of a superseded release may count twice, for as long as the policy's window is.
//
// # What is forgotten
//
// It keeps the newest 4,096 releases of a component, 16,384 of all, and 1,024 components. Forgetting never makes a release look
// smaller. What a component has too many of is added up, day by day and the oldest days together, and its History has one [Past] for
// each sum, at the time of its newest release. Of the components the one that went longest without a release is forgotten; the
// sum of all forgotten ones then stands in the History of every component that is not known, because it may be one of them.
type Window struct {
	components []windowed // by name
	forgotten  Past       // of components; Releases is 0 where there is none
}

// windowed is what is kept of a component.
type windowed struct {
	name     string
	before   Past       // what was forgotten of components when it became known: it may have been one of those
	releases []released // in order
	sums     []Past     // in order of time, each of one day or, the first, of more
}

// released is one release.
type released struct {
	id       release.Digest
	at       time.Time
	features Features
}

// compare orders releases by time, and then by content.
func (r released) compare(s released) int {
	return cmp.Or(r.at.Compare(s.at), r.id.Compare(s.id), r.features.compare(s.features))
}

func (r released) past() Past { return Past{At: r.at, Features: r.features} }

// Add remembers a release of a component: its digest, when it went out by the host's clock, and what was measured of it. Told again it
// changes nothing; told with another time, the later one counts; told with other features, both count. What is told
// again after it was forgotten counts again. A release without a digest, a component, a time, or with features that cannot be is an error and
// changes nothing; then the host must not let it out.
func (w *Window) Add(component string, id release.Digest, p Past) error {
	if err := checkComponent(component); err != nil {
		return err
	}
	if id.IsZero() {
		return errors.New("risk: window: release without a digest")
	}
	if p.Releases > 1 || p.Releases < 0 {
		return fmt.Errorf("risk: window: %d releases where one is added", p.Releases)
	}
	if err := p.check(); err != nil {
		return err
	}
	r := released{id, asText(p.At), p.Features}
	c := w.component(component)
	if i := slices.IndexFunc(c.releases, func(s released) bool { return s.id == id && s.features.compare(r.features) == 0 }); i >= 0 {
		if !r.at.After(c.releases[i].at) {
			return nil
		}
		c.releases = slices.Delete(c.releases, i, i+1)
	}
	i, _ := slices.BinarySearchFunc(c.releases, r, released.compare)
	c.releases = slices.Insert(c.releases, i, r)
	if len(c.releases) > maxWindow {
		c.addUp()
	}
	w.addUp()
	return nil
}

func checkComponent(name string) error {
	if name == "" || len(name) > maxComponent || !utf8.ValidString(name) {
		return fmt.Errorf("risk: window: a component's name of %d bytes: it is text of 1 to %d", len(name), maxComponent)
	}
	return nil
}

// check refuses what cannot be kept.
func (p *Past) check() error {
	var errs []error
	if y := p.At.UTC().Year(); p.At.IsZero() || y < 0 || y > 9999 {
		errs = append(errs, errors.New("risk: window: release without a time that text can hold"))
	}
	return errors.Join(append(errs, p.Features.Validate())...)
}

// find is where the component is, or would be.
func (w *Window) find(name string) (int, bool) {
	return slices.BinarySearchFunc(w.components, name, func(c windowed, name string) int { return cmp.Compare(c.name, name) })
}

// component is the component of the name, which is made if there is none.
func (w *Window) component(name string) *windowed {
	i, found := w.find(name)
	if !found {
		if len(w.components) == maxComponents {
			w.forget()
			i, _ = w.find(name)
		}
		w.components = slices.Insert(w.components, i, windowed{name: name, before: w.forgotten})
	}
	return &w.components[i]
}

// forget drops the component that went longest without a release, and keeps the sum of it.
func (w *Window) forget() {
	oldest := 0
	for i := range w.components {
		if w.components[i].newest().Before(w.components[oldest].newest()) {
			oldest = i
		}
	}
	c := &w.components[oldest]
	for _, p := range c.sums {
		w.forgotten = w.forgotten.with(p)
	}
	for _, r := range c.releases {
		w.forgotten = w.forgotten.with(r.past())
	}
	w.components = slices.Delete(w.components, oldest, oldest+1)
}

// addUp makes room where there are too many releases in all, in the component that has most of them.
func (w *Window) addUp() {
	total, most := 0, 0
	for i := range w.components {
		n := len(w.components[i].releases)
		total += n
		if n > len(w.components[most].releases) {
			most = i
		}
	}
	if total > maxWindows {
		w.components[most].addUp()
	}
}

// newest is the time of the last release.
func (c *windowed) newest() time.Time {
	var t time.Time
	for _, p := range c.sums {
		if p.At.After(t) {
			t = p.At
		}
	}
	if n := len(c.releases); n > 0 && c.releases[n-1].at.After(t) {
		t = c.releases[n-1].at
	}
	return t
}

// addUp makes the oldest release part of a sum: that of its day, if there is one.
func (c *windowed) addUp() {
	p := c.releases[0].past()
	c.releases = slices.Delete(c.releases, 0, 1)
	day := func(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }
	i, _ := slices.BinarySearchFunc(c.sums, p.At, func(s Past, t time.Time) int { return day(s.At).Compare(day(t)) })
	if i < len(c.sums) && day(c.sums[i].At).Equal(day(p.At)) {
		c.sums[i] = c.sums[i].with(p)
		return
	}
	c.sums = slices.Insert(c.sums, i, Past{}.with(p))
	if len(c.sums) > maxSums {
		c.sums[1] = c.sums[1].with(c.sums[0])
		c.sums = slices.Delete(c.sums, 0, 1)
	}
}

// with is the sum of both, at the time of the newer. The zero Past is the sum of none.
func (p Past) with(q Past) Past {
	out := Past{At: p.At, Features: q.Features, Releases: int64(count(0).plus(p.Releases).plus(max(1, q.Releases)))}
	if p.Releases > 0 {
		out.Features = p.Features.plus(q.Features)
	}
	if q.At.After(p.At) {
		out.At = q.At
	}
	return out
}

// History is what an [Input] wants to know of a component: all that is kept of it, which the policy's window then cuts. It is about a
// release that is to go out now. but are releases that do not count, such as the one that is assessed again after it
// was added. The caller owns the History. Its Recent is nil where nothing is known of the component.
func (w *Window) History(component string, now time.Time, but ...release.Digest) History {
	h := History{At: now}
	i, found := w.find(component)
	switch {
	case found:
		c := &w.components[i]
		h.Recent = slices.Grow(slices.Clone(c.sums), len(c.releases)+1)
		if c.before.Releases > 0 {
			h.Recent = append(h.Recent, c.before)
		}
		for _, r := range c.releases {
			if !slices.Contains(but, r.id) {
				h.Recent = append(h.Recent, r.past())
			}
		}
	case w.forgotten.Releases > 0:
		h.Recent = []Past{w.forgotten}
	}
	return h
}
