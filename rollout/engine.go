package rollout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Options are what an [Engine] needs of its host.
type Options struct {
	// Journal keeps the records; it must not be nil. All engines of a target share one.
	Journal journal.Journal
	// Deployer changes what serves; it must not be nil.
	Deployer Deployer
	// Health says how releases fare. If nil, every stage whose rule is not
	// HealthIgnored holds.
	Health HealthSource
	// Gates are the gates that plans name. A name that is not here holds.
	Gates map[string]Gate
	// Now is the clock; it must not be nil. Usually time.Now.
	Now func() time.Time
	// Actor is the name that the engine's own records carry, with the scheme first.
	// If empty, "service:sallyport".
	Actor string
	// MaxAnswerAge bounds the time from the questions to the decision on their
	// answers. Answers that took longer are thrown away, unless they are a gate's deny
	// or a regression. If zero, 5 minutes.
	MaxAnswerAge time.Duration
}

// Engine drives rollouts. It keeps nothing between calls: all that it knows is in
// the journal. Its methods may be called at once from many goroutines, and engines
// in many processes may drive the same target.
type Engine struct {
	opts Options
}

// New makes an engine, or says everything that is missing.
func New(o Options) (*Engine, error) {
	var errs []error
	if o.Journal == nil {
		errs = append(errs, errors.New("rollout: no journal"))
	}
	if o.Deployer == nil {
		errs = append(errs, errors.New("rollout: no deployer"))
	}
	if o.Now == nil {
		errs = append(errs, errors.New("rollout: no clock"))
	}
	if o.MaxAnswerAge < 0 {
		errs = append(errs, fmt.Errorf("rollout: the answers' age %v is negative", o.MaxAnswerAge))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if o.Actor == "" {
		o.Actor = "service:sallyport"
	}
	if o.MaxAnswerAge == 0 {
		o.MaxAnswerAge = 5 * time.Minute
	}
	o.Gates = maps.Clone(o.Gates)
	return &Engine{o}, nil
}

// State is where a target stands. Every record is checked on the way.
func (e *Engine) State(ctx context.Context, t Target) (State, error) {
	if err := t.Validate(); err != nil {
		return State{}, err
	}
	return e.load(ctx, NewState(t))
}

// load brings s up to date.
func (e *Engine) load(ctx context.Context, s State) (State, error) {
	return e.loadEach(ctx, s, func(journal.Record) {})
}

func (e *Engine) loadEach(ctx context.Context, s State, see func(journal.Record)) (State, error) {
	for rec, err := range e.opts.Journal.Load(ctx, s.Head.Stream, s.Head.Seq) {
		if err != nil {
			return State{}, fmt.Errorf("rollout: load %q: %w", s.Head.Stream, err)
		}
		if s, err = Reduce(s, rec); err != nil {
			return State{}, err
		}
		see(rec)
	}
	return s, nil
}

// append appends entries at s and returns the state after them.
func (e *Engine) append(ctx context.Context, s State, entries ...journal.Entry) (State, error) {
	recs, err := e.opts.Journal.Append(ctx, journal.Append{Stream: s.Head.Stream, Expect: s.Head.Seq, Entries: entries})
	if err != nil {
		return State{}, fmt.Errorf("rollout: append to %q: %w", s.Head.Stream, err)
	}
	for _, rec := range recs {
		if s, err = Reduce(s, rec); err != nil {
			return State{}, err
		}
	}
	return s, nil
}

// Start begins a rollout. It only records the plan; [Engine.Step] does the rest. It
// refuses a plan with mistakes, and with [ErrBusy] while another rollout of the
// target runs, with [ErrPoisoned] a release or previous release that was rolled
// back, with [ErrPrevious] a previous release that is not what the last rollout
// left. The plan's gates need not allow yet.
func (e *Engine) Start(ctx context.Context, p Plan, by By) (State, error) {
	return e.start(ctx, p, by, false)
}

// StartPoisoned is Start of a release that was rolled back before, or with such a
// previous release. It needs a reason, which is recorded.
func (e *Engine) StartPoisoned(ctx context.Context, p Plan, by By) (State, error) {
	return e.start(ctx, p, by, true)
}

func (e *Engine) start(ctx context.Context, p Plan, by By, override bool) (State, error) {
	by = by.text()
	if err := errors.Join(p.Validate(), by.check(override)); err != nil {
		return State{}, err
	}
	digest, err := p.Digest()
	if err != nil {
		return State{}, err
	}
	return e.record(ctx, p.Target, func(at time.Time) (journal.Entry, error) {
		d := &startedData{recordVersion, p, digest, by, override}
		return entry(at, by.Actor.ID, RecordStarted, d.sentence(), d)
	})
}

// Pause keeps a rollout from widening until [Engine.Resume]. Health is still asked,
// and a regression is still rolled back.
func (e *Engine) Pause(ctx context.Context, t Target, by By) (State, error) {
	return e.command(ctx, t, RecordPaused, by)
}

// Resume ends a pause.
func (e *Engine) Resume(ctx context.Context, t Target, by By) (State, error) {
	return e.command(ctx, t, RecordResumed, by)
}

// Abort ends a rollout in whatever state it is, paused or not: the next
// [Engine.Step] stops it if nothing was exposed, and rolls it back otherwise. Call
// Step at once: nobody else may be awake.
func (e *Engine) Abort(ctx context.Context, t Target, by By) (State, error) {
	return e.command(ctx, t, RecordAborted, by)
}

func (e *Engine) command(ctx context.Context, t Target, kind string, by By) (State, error) {
	by = by.text()
	if err := by.check(true); err != nil {
		return State{}, err
	}
	return e.record(ctx, t, func(at time.Time) (journal.Entry, error) {
		return entry(at, by.Actor.ID, kind, by.Reason, commandData{recordVersion, by})
	})
}

// Adopt records that the target runs r by other means than a rollout: a repair by
// hand, or what ran before this library did. The deployer must observe that
// nothing else serves. It is refused while a rollout runs.
func (e *Engine) Adopt(ctx context.Context, t Target, r release.Ref, by By) (State, error) {
	by = by.text()
	if err := errors.Join(t.Validate(), checkRef("release", r, t.Service), by.check(true)); err != nil {
		return State{}, err
	}
	return e.record(ctx, t, func(at time.Time) (journal.Entry, error) {
		// Looked at anew when others appended meanwhile: they may have changed it.
		o, err := e.opts.Deployer.Observe(ctx, t)
		if err != nil {
			return journal.Entry{}, fmt.Errorf("rollout: adopt: observe %v: %w", t, err)
		}
		all := Action{Release: r, Slices: []Slice{{Percent: 100}}, Fence: o.Fence}
		if err := all.Check(o); err != nil {
			return journal.Entry{}, fmt.Errorf("rollout: adopt %v: %w", r, err)
		}
		return entry(at, by.Actor.ID, RecordAdopted, by.Reason, adoptedData{recordVersion, r, by})
	})
}

// maxTries bounds how often one call begins again because others appended. Each
// of those others got on.
const maxTries = 1000

// record appends one entry, whatever others append meanwhile, if Reduce allows it
// in the state that it finds.
func (e *Engine) record(ctx context.Context, t Target, make func(at time.Time) (journal.Entry, error)) (State, error) {
	s, err := e.State(ctx, t)
	if err != nil {
		return State{}, err
	}
	tried := map[release.Digest]bool{} // records of which an append may still land
	for range maxTries {
		ent, err := make(s.time(e.opts.Now()))
		if err != nil {
			return State{}, err
		}
		rec := journal.Seal(s.Head, ent)
		if _, err := Reduce(s, rec); err != nil {
			return State{}, err
		}
		after, err := e.append(ctx, s, ent)
		switch {
		case err == nil:
			return after, nil
		case errors.Is(err, journal.ErrUnknown):
			tried[rec.Hash] = true
		case !errors.Is(err, journal.ErrConflict):
			return State{}, err
		}
		var landed bool
		if s, landed, err = e.catchUp(ctx, s, tried); err != nil || landed {
			return s, err
		}
	}
	return State{}, fmt.Errorf("rollout: %v: others appended %d times in between", t, maxTries)
}

// catchUp brings s up to date, and reports whether a record in tried is among the
// new ones: an append whose outcome was unknown may have happened, even after it
// was looked for in vain, and must not happen twice.
func (e *Engine) catchUp(ctx context.Context, s State, tried map[release.Digest]bool) (State, bool, error) {
	landed := false
	s, err := e.loadEach(ctx, s, func(r journal.Record) { landed = landed || tried[r.Hash] })
	return s, landed, err
}
