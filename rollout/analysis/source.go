package analysis

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// The values that stand for zero fields of [Options].
const (
	DefaultWindow  = time.Minute
	DefaultLag     = 15 * time.Second
	DefaultWindows = 120
)

// Reader reads what was counted in a closed window.
type Reader interface {
	// Read gives the window's samples: of each metric of the policy, of one or several
	// strata, each with the window's ID. In the last stage only the canary's counts are
	// used. No samples, or samples of nothing, mean that there was nothing to count. An
	// error means that it is not known. The caller owns the samples.
	Read(ctx context.Context, w health.Window) ([]health.Sample, error)
}

// ReaderFunc is a function as a [Reader].
type ReaderFunc func(ctx context.Context, w health.Window) ([]health.Sample, error)

// Read calls f.
func (f ReaderFunc) Read(ctx context.Context, w health.Window) ([]health.Sample, error) {
	return f(ctx, w)
}

// Store is what a [Source] needs of a [journal.Journal].
type Store interface {
	// Load yields the records of a stream after a version, as [journal.Reader] says.
	Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error]
	// Append appends by compare-and-append, as [journal.Journal] says.
	Append(ctx context.Context, a journal.Append) ([]journal.Record, error)
}

// Options are what a [Source] needs of its host.
type Options struct {
	// Readers makes the reader for a question; it must not be nil. Release and Previous
	// say what to count as canary and as control, Slice or else Stage in what part of the
	// traffic. It is called whenever there is something to read, also with the question
	// of an earlier stage whose windows were not all closed when it ended. An error of
	// it is as one of the reader. It may be called at once from several goroutines.
	Readers func(q rollout.HealthQuery) (Reader, error)
	// Window is how long windows are; whole seconds. If zero, [DefaultWindow].
	Window time.Duration
	// Lag is the time from a window's end until all that happened in it is counted: the
	// window is closed then. If zero, [DefaultLag]; if negative, none.
	Lag time.Duration
	// Policy judges rollouts whose plan has none. If nil, such rollouts get no verdict.
	Policy *health.Policy
	// Watch is what is watched once everybody has the release. It may name the policy's
	// metrics that count bad events, and edges of the others ([Edge]). If nil, it is made
	// by [Learn].
	Watch *health.WatchPolicy
	// Store keeps what was counted. If nil, memory does.
	Store Store
	// Windows is the most windows that one call reads. If more are closed, the call
	// gives no verdict, and the next goes on. If zero, [DefaultWindows].
	Windows int
	// Actor is the name that records carry, with the scheme first. If empty,
	// "service:sallyport".
	Actor string
}

// Source judges the releases of any number of targets. Its methods may be called at once
// from many goroutines, and Sources in many processes may share a Store. It keeps the
// evidence of each target's latest rollout in memory, 24 bytes for each sample and more
// for the control's history.
type Source struct {
	opts Options

	mu       sync.Mutex
	rollouts map[rollout.Target]*ongoing
}

// ongoing is a rollout that is judged.
type ongoing struct {
	id string
	mu sync.Mutex
	st *state // nil until it is read
}

// New makes a Source, or says everything that is wrong with the options.
func New(o Options) (*Source, error) {
	var errs []error
	if o.Readers == nil {
		errs = append(errs, errors.New("analysis: no readers"))
	}
	if o.Window < 0 || o.Window%time.Second != 0 || o.Window > 24*time.Hour {
		errs = append(errs, fmt.Errorf("analysis: a window of %v is not of whole seconds, up to a day", o.Window))
	}
	if o.Lag > 24*time.Hour {
		errs = append(errs, fmt.Errorf("analysis: a lag of %v is more than a day", o.Lag))
	}
	if o.Windows < 0 {
		errs = append(errs, fmt.Errorf("analysis: %d windows in one call", o.Windows))
	}
	if o.Policy != nil {
		if err := o.Policy.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("analysis: %w", err))
		}
		p := o.Policy.Defaults()
		o.Policy = &p
	}
	if o.Watch != nil {
		if err := o.Watch.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("analysis: %w", err))
		}
		w := o.Watch.Defaults()
		o.Watch = &w
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if o.Window == 0 {
		o.Window = DefaultWindow
	}
	switch {
	case o.Lag == 0:
		o.Lag = DefaultLag
	case o.Lag < 0:
		o.Lag = 0
	}
	if o.Windows == 0 {
		o.Windows = DefaultWindows
	}
	if o.Actor == "" {
		o.Actor = "service:sallyport"
	}
	return &Source{opts: o, rollouts: map[rollout.Target]*ongoing{}}, nil
}

// maxTries bounds how often one call begins again because others appended.
const maxTries = 100

// Health implements [rollout.HealthSource].
func (s *Source) Health(ctx context.Context, q rollout.HealthQuery) (health.Verdict, error) {
	if err := checkQuery(q); err != nil {
		return health.Verdict{}, err
	}
	r := s.ongoing(q)
	r.mu.Lock()
	defer r.mu.Unlock()
	var err error
	for range maxTries {
		var v health.Verdict
		if v, err = s.answer(ctx, r, q); err == nil {
			return v, nil
		}
		if !retry(err) {
			break
		}
	}
	return health.Verdict{}, err
}

// checkQuery refuses a question that no engine asks.
func checkQuery(q rollout.HealthQuery) error {
	switch {
	case q.Rollout == "":
		return errors.New("analysis: the question names no rollout")
	case q.Since.IsZero() || q.StageSince.Before(q.Since):
		return fmt.Errorf("analysis: %s: the stage's beginning %v is not after the first exposure %v", q.Rollout, q.StageSince, q.Since)
	case q.Now.IsZero():
		return fmt.Errorf("analysis: %s: the question has no time", q.Rollout)
	case q.Parts < 0:
		return fmt.Errorf("analysis: %s: %d parts", q.Rollout, q.Parts)
	}
	return nil
}

// ongoing is what is known of the question's rollout. Another rollout of the target takes
// the place of the one before.
func (s *Source) ongoing(q rollout.HealthQuery) *ongoing {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rollouts[q.Target]
	if r == nil || r.id != q.Rollout {
		r = &ongoing{id: q.Rollout}
		s.rollouts[q.Target] = r
	}
	return r
}

// load brings what is known up to date with the store.
func (s *Source) load(ctx context.Context, r *ongoing) (*state, error) {
	if r.st == nil {
		r.st = newState(Stream(r.id))
	}
	if s.opts.Store == nil {
		return r.st, nil
	}
	for rec, err := range s.opts.Store.Load(ctx, r.st.head.Stream, r.st.head.Seq) {
		if err != nil {
			return nil, fmt.Errorf("analysis: load %q: %w", r.st.head.Stream, err)
		}
		if err := r.st.reduce(rec); err != nil {
			r.st = nil
			return nil, err
		}
	}
	return r.st, nil
}

// record appends, and only then counts, what happened.
func (s *Source) record(ctx context.Context, r *ongoing, now time.Time, kind, reason string, data any) error {
	e, err := entry(now, s.opts.Actor, kind, reason, data)
	if err != nil {
		return err
	}
	recs := []journal.Record{journal.Seal(r.st.head, e)}
	if s.opts.Store != nil {
		recs, err = s.opts.Store.Append(ctx, journal.Append{Stream: r.st.head.Stream, Expect: r.st.head.Seq,
			Wake: journal.Never, Entries: []journal.Entry{e}})
		if err != nil {
			return fmt.Errorf("analysis: append to %q: %w", r.st.head.Stream, err)
		}
	}
	for _, rec := range recs {
		if err := r.st.reduce(rec); err != nil {
			r.st = nil
			return err
		}
	}
	return nil
}
