package evidence

import (
	"maps"
	"time"

	"github.com/sallyport-dev/sallyport/release/vex"
)

// doubt is whether somebody says otherwise under a name.
type doubt struct {
	stands bool
	until  time.Time // until when all that was said otherwise stays taken back
}

// retractions are the latest that were said in favour under a name.
type retractions struct {
	by map[Principal]retraction // by trusted time
	in map[*item]retraction     // in one document, by its own times
}

type retraction struct {
	at    time.Time
	until time.Time
}

func (o *opinion) doubtOf(c *claim) *doubt {
	if d, ok := o.against[c]; ok {
		return d
	}
	out := &doubt{}
	o.against[c] = out
	for name := range c.names { // in whatever order: the soonest is the soonest
		d := o.doubt(name)
		out.stands, out.until = out.stands || d.stands, sooner(out.until, d.until)
	}
	return out
}

// doubt looks for what is said otherwise under a name by anybody, and was not taken
// back: by its signer, later by trusted times, or later in the same document.
func (o *opinion) doubt(name string) *doubt {
	if d, ok := o.doubts[name]; ok {
		return d
	}
	out := &doubt{}
	o.doubts[name] = out
	for _, c := range o.claims[name] {
		if c.otherwise() && c.mayBe(o.artifact) {
			d := o.takenBack(c)
			out.stands, out.until = out.stands || d.stands, sooner(out.until, d.until)
		}
	}
	return out
}

// takenBack is whether what a claim says otherwise stands. It is taken back under a
// name; where several names are those of several flaws, under each of them.
func (o *opinion) takenBack(c *claim) *doubt {
	if d, ok := o.taken[c]; ok {
		return d
	}
	out := &doubt{stands: true}
	o.taken[c] = out
	take := func(end time.Time) {
		if !out.stands {
			end = later(end, out.until)
		}
		out.stands, out.until = false, end
	}
	several, flaws, all, joint := severalOf(maps.Keys(c.names)), 0, true, time.Time{}
	for n := range c.names {
		back, end := o.retractions(n).of(c)
		switch {
		case several[database(n)]:
			flaws, all, joint = flaws+1, all && back, sooner(joint, end)
		case back:
			take(end)
		}
	}
	if flaws > 0 && all {
		take(joint)
	}
	return out
}

// of reports whether a claim is taken back under the name, and until when.
func (r *retractions) of(c *claim) (back bool, end time.Time) {
	take := func(r retraction, ok bool, after time.Time) {
		if !ok || after.IsZero() || !r.at.After(after) {
			return
		}
		if !back {
			end = r.until
		}
		back, end = true, later(end, r.until)
	}
	by, ok := r.by[c.it.by.Principal]
	take(by, ok, c.it.by.last())
	in, ok := r.in[c.it]
	take(in, ok, c.statement.At)
	return back, end
}

// retractions are the latest claims in favour under a name, whoever made them. Of one
// signer the latest by trusted time stands for all.
func (o *opinion) retractions(name string) *retractions {
	if r, ok := o.back[name]; ok {
		return r
	}
	out := &retractions{by: map[Principal]retraction{}, in: map[*item]retraction{}}
	o.back[name] = out
	for _, c := range o.claims[name] {
		if !o.favours(c, nil) {
			continue
		}
		p, first := c.it.by.Principal, c.it.by.first()
		if was, ok := out.by[p]; !ok || first.After(was.at) {
			out.by[p] = retraction{first, c.it.ends}
		}
		if c.statement.Status == vex.StatusFixed && c.statement.Inherited {
			continue // its time is that of the document's last change, whatever changed
		}
		if was, ok := out.in[c.it]; !ok || c.statement.At.After(was.at) {
			out.in[c.it] = retraction{c.statement.At, c.it.ends}
		}
	}
	return out
}
