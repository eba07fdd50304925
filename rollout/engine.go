package rollout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	// Gates are the gates that plans name. A name that is not here holds: it is not found
	// when a rollout starts, because other engines may have it, but Preview shows it.
	Gates map[string]Gate
	// Now is the clock; it must not be nil. Usually time.Now. [Engine.Drive] tells the
	// journal for how long nothing is due, and the journal counts that by its own clock: a
	// simulated clock needs a journal that goes by it too.
	Now func() time.Time
	// Actor is the name that the engine's own records carry, with the scheme first.
	// If empty, "service:sallyport".
	Actor string
	// MaxAnswerAge bounds the time from the questions to the decision on their
	// answers. Answers that took longer are thrown away, unless they are a gate's deny
	// or a regression. If zero, 5 minutes.
	MaxAnswerAge time.Duration
	// States is of how many targets the engine keeps the last state in memory. For those
	// it reads only the records that are new, and the last one before, and not the whole
	// stream each time: a target's stream grows for years. What is older is then checked
	// once by each engine, and not again. If zero, none.
	States int
}

// Engine drives rollouts. All that it knows is in the journal: what it keeps between
// calls ([Options.States]) only saves it from reading that again. Its methods may be
// called at once from many goroutines, and engines in many processes may drive the same
// target.
type Engine struct {
	opts   Options
	states *cache
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
	if d, ok := o.Deployer.(Unfenced); ok {
		if late := d.MaxLatency(); late <= 0 || late > maxLatency {
			errs = append(errs, fmt.Errorf("rollout: a deployer that cannot fence says that its effects come at most %v late; it must be above 0 and at most %v", late, maxLatency))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Gates)) {
		f, isFunc := o.Gates[name].(GateFunc)
		if err := checkGate("gate", name); err != nil {
			errs = append(errs, err)
		} else if o.Gates[name] == nil || isFunc && f == nil {
			errs = append(errs, fmt.Errorf("rollout: gate %q is nil", name))
		}
	}
	if o.MaxAnswerAge < 0 {
		errs = append(errs, fmt.Errorf("rollout: the answers' age %v is negative", o.MaxAnswerAge))
	}
	if o.States < 0 {
		errs = append(errs, fmt.Errorf("rollout: %d states to keep", o.States))
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
	return &Engine{o, newCache(o.States)}, nil
}

// State is where a target stands. Every record is checked on the way. The caller owns it.
func (e *Engine) State(ctx context.Context, t Target) (State, error) {
	s, err := e.read(ctx, t)
	return e.handed(s), err
}

// load brings s up to date.
func (e *Engine) load(ctx context.Context, s State) (State, error) {
	return e.loadEach(ctx, s, func(journal.Record) {})
}

func (e *Engine) loadEach(ctx context.Context, s State, see func(journal.Record)) (State, error) {
	s = s.own()
	for rec, err := range e.opts.Journal.Load(ctx, s.Head.Stream, s.Head.Seq) {
		if err != nil {
			return State{}, fmt.Errorf("rollout: load %q: %w", s.Head.Stream, err)
		}
		if err := s.reduce(rec); err != nil {
			return State{}, err
		}
		see(rec)
	}
	e.states.put(s)
	return s, nil
}

// append appends entries at s, with a lease's token if it is not 0, and returns the
// state after them.
func (e *Engine) append(ctx context.Context, s State, token uint64, entries ...journal.Entry) (State, error) {
	recs, err := e.opts.Journal.Append(ctx, journal.Append{Stream: s.Head.Stream, Expect: s.Head.Seq, Token: token, Entries: entries})
	if err != nil {
		return State{}, fmt.Errorf("rollout: append to %q: %w", s.Head.Stream, err)
	}
	for _, rec := range recs {
		if s, err = Reduce(s, rec); err != nil {
			return State{}, err
		}
	}
	e.states.put(s)
	return s, nil
}

// Start begins a rollout. It only records the plan; [Engine.Step] does the rest. It
// refuses a plan with mistakes, and with [ErrBusy] while another rollout of the
// target runs, with [ErrPoisoned] a release or previous release that was rolled
// back, with [ErrPrevious] a previous release that is not what the last rollout
// left, with calendar.ErrUnknownZone a calendar whose zone this machine does not know.
// The plan's gates need not allow yet, nor need this engine have them.
func (e *Engine) Start(ctx context.Context, p Plan, by By) (State, error) {
	return e.start(ctx, p, by, false)
}

// StartPoisoned is Start of a release that was rolled back before, or with such a
// previous release. It needs a reason, which is recorded.
func (e *Engine) StartPoisoned(ctx context.Context, p Plan, by By) (State, error) {
	return e.start(ctx, p, by, true)
}

func (e *Engine) start(ctx context.Context, p Plan, by By, override bool) (State, error) {
	by, digest, err := p.ordered(by, override)
	if err != nil {
		return State{}, err
	}
	return e.record(ctx, p.Target, func(at time.Time) (journal.Entry, error) {
		d := &startedData{V: recordVersion, Plan: p, Digest: digest, By: by, Override: override}
		return entry(at, by.Actor.ID, RecordStarted, d.sentence(), d)
	})
}

// ordered refuses a plan that cannot be ordered by by, and else returns by as a record
// can hold it, and the plan's digest.
func (p *Plan) ordered(by By, needReason bool) (By, release.Digest, error) {
	by = by.text()
	if err := errors.Join(p.Validate(), by.check(needReason), p.zoneKnown()); err != nil {
		return By{}, release.Digest{}, err
	}
	digest, err := p.Digest()
	return by, digest, err
}

// maxTries bounds how often one call begins again because others appended. Each
// of those others got on.
const maxTries = 1000

// record appends one entry, whatever others append meanwhile, if Reduce allows it
// in the state that it finds.
func (e *Engine) record(ctx context.Context, t Target, make func(at time.Time) (journal.Entry, error)) (State, error) {
	s, err := e.read(ctx, t)
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
		if _, err := Reduce(s, rec); errors.Is(err, ErrNotRunning) {
			return State{}, fmt.Errorf("%w: %v", ErrNotRunning, s)
		} else if err != nil {
			return State{}, err
		}
		after, err := e.append(ctx, s, 0, ent)
		switch {
		case err == nil:
			return e.handed(after), nil
		case errors.Is(err, journal.ErrUnknown):
			tried[rec.Hash] = true
		case !errors.Is(err, journal.ErrConflict):
			return State{}, err
		}
		var landed bool
		if s, landed, err = e.catchUp(ctx, s, tried); err != nil || landed {
			return e.handed(s), err
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
