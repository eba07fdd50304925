package analysis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// answer reads what is to be read for a question, records it, and judges.
func (s *Source) answer(ctx context.Context, r *ongoing, q rollout.HealthQuery) (health.Verdict, error) {
	if _, err := s.load(ctx, r); err != nil {
		return health.Verdict{}, err
	}
	if err := s.stage(ctx, r, q); err != nil {
		return health.Verdict{}, err
	}
	own := idOf(q.Slice, q.Last && !q.Exposing)
	others := older(r.st, q, own)
	unread := s.readAll(ctx, r, q, others, true)
	// A new part begins after what the others have to say: a baseline rests on it.
	if unread == nil && !(q.Last && q.Exposing) {
		unread = s.begin(ctx, r, q, own)
	}
	if unread == nil && r.st.find(own) != nil {
		unread = s.readAll(ctx, r, q, []partID{own}, false)
	}
	if r.st == nil || retry(unread) {
		return health.Verdict{}, unread
	}
	// What was found stays found, whatever cannot be read now.
	for _, id := range append([]partID{own}, others...) {
		if p := r.st.find(id); p != nil && p.regressed() && !p.stale {
			return p.verdict(), nil
		}
	}
	if unread != nil {
		return health.Verdict{}, unread
	}
	return r.st.judge(q, own), nil
}

// stage records the stage that was observed.
func (s *Source) stage(ctx context.Context, r *ongoing, q rollout.HealthQuery) error {
	since := q.StageSince.UTC().Round(0)
	was := r.st.stage
	switch {
	case was == nil && q.Exposing:
		return nil
	case was != nil && since.Before(was.Since), was != nil && q.Exposing && since.Equal(was.Since):
		return fmt.Errorf("analysis: %s: stage %q, of %v, is over: %q was observed at %v", q.Rollout, q.Stage.Name, since, was.Stage.Name, was.Since)
	case was != nil && !q.Exposing && since.Equal(was.Since):
		if was.Stage.Name != q.Stage.Name || was.Last != q.Last {
			return fmt.Errorf("analysis: %s: at %v stage %q was observed, not %q", q.Rollout, since, was.Stage.Name, q.Stage.Name)
		}
		return nil
	case q.Exposing:
		return nil
	}
	return s.record(ctx, r, q.Now, RecordStage, fmt.Sprintf("stage %s was observed", q.Stage.Name),
		stageData{V: recordVersion, Stage: q.Stage, Since: since, Last: q.Last})
}

// older are the parts that also tell of the release: those of stages before, whose last
// windows were not closed when they ended, and while another stage is being exposed those
// of the stage before.
func older(st *state, q rollout.HealthQuery, own partID) (out []partID) {
	for _, p := range st.parts {
		here := st.stage != nil && st.stage.has(p.id)
		if p.id != own && p.stage != nil && (!here || q.Exposing && st.stage.Stage.Name != q.Stage.Name) {
			out = append(out, p.id)
		}
	}
	return out
}

// begin begins the question's part, if it has not begun, or is to begin anew.
func (s *Source) begin(ctx context.Context, r *ongoing, q rollout.HealthQuery, own partID) error {
	p := r.st.find(own)
	if p != nil && !p.stale {
		return nil
	}
	d := partData{V: recordVersion, Slice: q.Slice, From: q.Since.UTC().Round(0), Length: s.opts.Window}
	if q.Slice != nil || own.watch || p != nil {
		d.From = q.StageSince.UTC().Round(0)
	}
	switch {
	case q.Policy != nil:
		d.Policy = q.Policy.Defaults()
	case s.opts.Policy != nil:
		d.Policy = s.opts.Policy.Defaults()
	default:
		return fmt.Errorf("analysis: %s: neither the plan nor the options have a policy", q.Rollout)
	}
	if err := d.Policy.Validate(); err != nil {
		return fmt.Errorf("analysis: %s: %w", q.Rollout, err)
	}
	if err := firstWindow(d.From, d.Length).Validate(); err != nil {
		return fmt.Errorf("analysis: %s: %w", q.Rollout, err)
	}
	if own.watch {
		w, err := s.watched(r.st, q, own, d.Policy)
		if err != nil {
			return err
		}
		d.Watch = &w
		return s.record(ctx, r, q.Now, RecordPart, fmt.Sprintf("%v is watched", own), d)
	}
	parts := max(q.Parts, 1)
	if p == nil && r.st.monitors() >= parts {
		return fmt.Errorf("analysis: %s: %v would be part %d of %d: alpha is spent", q.Rollout, own, r.st.monitors()+1, parts)
	}
	d.Policy.Alpha /= float64(parts)
	return s.record(ctx, r, q.Now, RecordPart, fmt.Sprintf("%v is judged", own), d)
}

// watched is what is watched.
func (s *Source) watched(st *state, q rollout.HealthQuery, own partID, p health.Policy) (health.WatchPolicy, error) {
	var w health.WatchPolicy
	if s.opts.Watch != nil {
		w = s.opts.Watch.Defaults()
	} else {
		var err error
		if w, err = Learn(p, st.control(own)); err != nil {
			return health.WatchPolicy{}, fmt.Errorf("%w; state what is to be watched", err)
		}
	}
	if q.Stage.PerSlice {
		w.ARL *= float64(len(q.Stage.Slices))
	}
	if err := w.Validate(); err != nil {
		return health.WatchPolicy{}, fmt.Errorf("analysis: %s: %w", q.Rollout, err)
	}
	_, err := feedsOf(p, w)
	return w, err
}

// retry reports whether others appended.
func retry(err error) bool {
	return errors.Is(err, journal.ErrConflict) || errors.Is(err, journal.ErrUnknown)
}

// errBehind says that one call did not read all that is closed.
var errBehind = errors.New("analysis: more windows are closed than one call reads; the next goes on")

// readAll reads the closed windows of parts, up to the bound of one call. Of a part that is
// not of the observed stage any more it reads those that began before that stage.
func (s *Source) readAll(ctx context.Context, r *ongoing, q rollout.HealthQuery, ids []partID, older bool) error {
	left := s.opts.Windows
	for _, id := range ids {
		p := r.st.find(id)
		var until time.Time
		if older && !r.st.stage.has(id) {
			until = r.st.stage.Since
		}
		about := q
		if older {
			about = p.query(q)
		}
		var reader Reader
		for w := p.window(); !w.End.Add(s.opts.Lag).After(q.Now) && (until.IsZero() || w.Start.Before(until)); w = w.Next() {
			if left == 0 {
				return errBehind
			}
			left--
			if reader == nil {
				var err error
				if reader, err = s.opts.Readers(about); err != nil {
					return fmt.Errorf("analysis: %s: %w", q.Rollout, err)
				}
				if reader == nil {
					return fmt.Errorf("analysis: %s: there is no reader", q.Rollout)
				}
			}
			samples, err := reader.Read(ctx, w)
			if err == nil {
				err = p.check(w, samples)
			}
			if err != nil {
				return fmt.Errorf("analysis: %s: read %s: %w", q.Rollout, w.ID(), err)
			}
			d := windowData{V: recordVersion, Slice: about.Slice, Watch: id.watch, Window: health.Window{Start: w.Start.UTC(), End: w.End.UTC()}, Samples: p.fill(w, samples)}
			if err := s.record(ctx, r, q.Now, RecordWindow, w.ID(), d); err != nil {
				return err
			}
		}
	}
	return nil
}

// query is q about the part in the stage that it was last part of.
func (p *part) query(q rollout.HealthQuery) rollout.HealthQuery {
	q.Stage, q.StageSince, q.Exposing, q.Last = p.stage.Stage, p.stage.Since, false, p.stage.Last
	q.Stage.Slices, q.Stage.Gates = slices.Clone(q.Stage.Slices), slices.Clone(q.Stage.Gates)
	q.Slice = p.stage.slice(p.id)
	return q
}

// judge is the verdict on a question, all that is closed being read.
func (s *state) judge(q rollout.HealthQuery, own partID) health.Verdict {
	if q.Exposing && s.stage != nil && s.stage.Stage.Name != q.Stage.Name && !s.stage.has(own) {
		if v, ok := s.worst(); ok {
			return v
		}
	}
	if p := s.find(own); p != nil {
		return p.verdict()
	}
	return health.Verdict{NoData: true, Why: fmt.Sprintf("stage %s is being exposed, and nothing was judged before", q.Stage.Name)}
}

// worst is the verdict on the stage that was observed last, that of its worst part.
func (s *state) worst() (v health.Verdict, ok bool) {
	rank := func(v health.Verdict) int {
		switch {
		case v.Kind == health.KindHealthy && !v.NoData:
			return 0
		case v.Kind == health.KindUndecided && !v.NoData:
			return 1
		case v.Kind == health.KindInvalid:
			return 3
		case v.Kind == health.KindRegressed:
			return 4
		}
		return 2
	}
	for _, p := range s.parts {
		if !s.stage.has(p.id) {
			continue
		}
		if u := p.verdict(); !ok || rank(u) > rank(v) {
			v, ok = u, true
		}
	}
	return v, ok
}
