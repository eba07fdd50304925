package deploytest_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
)

// tick is how long each of the two parts of a change takes.
const tick = 10 * time.Millisecond

// ground is what plain deployers stand on: production, and what is kept durably.
type ground struct {
	mu    sync.Mutex
	plots map[string]*plot
}

// plot is one target.
type plot struct {
	owner   *owner // who changes it
	last    rollout.Action
	kept    rollout.Action // last, as it outlives a crash
	first   release.Digest // what served before the first action
	shares  []rollout.Share
	settled bool
	done    map[release.Digest]bool
	bodies  map[string]bool // of all actions so far
	blind   bool
	broken  bool
	busy    release.Digest
	per     map[release.Digest]uint64 // fences by release
}

// plain is a process of a deployer that keeps to the contract, but for one rule.
type plain struct {
	ground  *ground
	without string
	lacks   []deploytest.Feature
	memory  *sync.Map // of this process: fences by plot
	dead    *sync.Once
	end     chan struct{} // closed when the process ends
}

func newPlain(without string, lacks ...deploytest.Feature) *plain {
	return &plain{ground: &ground{plots: map[string]*plot{}}, without: without, lacks: lacks,
		memory: new(sync.Map), dead: new(sync.Once), end: make(chan struct{})}
}

// with reports whether p keeps a rule.
func (p *plain) with(rule string) bool {
	if !slices.Contains(allowed, rule) && !slices.ContainsFunc(broken, func(m mutant) bool { return m.without == rule }) {
		panic(fmt.Sprintf("no mutant is without the rule %q", rule))
	}
	return p.without != rule
}

func (p *plain) beside() *plain {
	b := newPlain(p.without, p.lacks...)
	b.ground = p.ground
	return b
}

// restart ends p and starts another on what was kept.
func (p *plain) restart() *plain {
	p.ground.mu.Lock()
	defer p.ground.mu.Unlock()
	p.dead.Do(func() { close(p.end) })
	for _, l := range p.ground.plots {
		if !p.with("the fence is kept") {
			l.last, l.kept = rollout.Action{}, rollout.Action{}
		}
		if !p.with("the fence is kept before the effect") {
			l.last = l.kept
		}
	}
	return p.beside()
}

func (p *plain) name(t rollout.Target) string {
	switch {
	case !p.with("targets have two names"):
		return t.String()
	case !p.with("upper case is not lower case"):
		t.Service = strings.ToLower(t.Service)
	case !p.with("names are no paths"):
		return path.Join(t.Service, t.Environment)
	case !p.with("names are not cut"):
		t.Service, t.Environment = t.Service[:min(60, len(t.Service))], t.Environment[:min(60, len(t.Environment))]
	case !p.with("targets have services"):
		t.Service = ""
	case !p.with("targets have environments"):
		t.Environment = ""
	}
	return t.Stream()
}

// plot is the target's; the ground is locked.
func (p *plain) plot(t rollout.Target) *plot {
	l := p.ground.plots[p.name(t)]
	if l == nil {
		l = &plot{settled: true, done: map[release.Digest]bool{}, bodies: map[string]bool{}, per: map[release.Digest]uint64{}}
		p.ground.plots[p.name(t)] = l
	}
	return l
}

var errDead = errors.New("the process has ended")

// owner is a call of a process, which holds what it changes.
type owner struct{ p *plain }

// lock waits until nobody else who lives changes l.
func (p *plain) lock(ctx context.Context, l *plot) (unlock func(), err error) {
	me := &owner{p}
	for {
		p.ground.mu.Lock()
		free := l.owner == nil || l.owner.p.ended()
		if free {
			l.owner = me
		}
		p.ground.mu.Unlock()
		if free {
			return func() {
				p.ground.mu.Lock()
				defer p.ground.mu.Unlock()
				if l.owner == me {
					l.owner = nil
				}
			}, nil
		}
		if err := p.pause(ctx, tick/5); err != nil {
			return nil, err
		}
	}
}

func (p *plain) ended() bool {
	select {
	case <-p.end:
		return true
	default:
		return false
	}
}

// pause takes its time, unless the context or the process ends.
func (p *plain) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.end:
		return errDead
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (p *plain) Apply(ctx context.Context, a rollout.Action) error {
	if own := a.Slices; !p.with("the action's slices are left alone") {
		a.Slices = slices.Clone(own)
		defer clear(own)
	}
	p.ground.mu.Lock()
	l := p.plot(a.Target)
	known := l.done[a.Key]
	if !p.with("an attempt that was not made is no effect") {
		l.done[a.Key] = true
		if known {
			p.ground.mu.Unlock()
			return nil
		}
	}
	if !p.with("the same at once is the same") && l.busy == a.Key {
		p.ground.mu.Unlock()
		return fmt.Errorf("busy: %w", rollout.ErrFenced)
	}
	l.busy = a.Key
	p.ground.mu.Unlock()
	if ctx.Err() != nil && !p.with("calls end with their context") {
		time.Sleep(time.Hour)
	}
	if at, ok := ctx.Deadline(); ok && time.Until(at) < 2*tick && !p.with("what has little time is not done later") {
		time.AfterFunc(10*tick, func() { _ = p.change(context.Background(), l, a) })
		return context.DeadlineExceeded
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !p.with("the check and the effect are one") {
		if _, err := p.check(l, a); err != nil {
			return err
		}
		if a.Kind != rollout.ActionRollback { // which is quicker
			if err := p.pause(ctx, 5*tick); err != nil {
				return err
			}
		}
	}
	if p.with("one at a time") && p.with("a fence that is seen binds") {
		unlock, err := p.lock(ctx, l)
		if err != nil {
			return err
		}
		defer unlock()
	}
	if p.with("the check and the effect are one") {
		if nothing, err := p.check(l, a); nothing || err != nil {
			return err
		}
	}
	err := p.change(ctx, l, a)
	p.ground.mu.Lock()
	l.busy = release.Digest{}
	p.ground.mu.Unlock()
	if err != nil && ctx.Err() != nil && !p.with("what has ended has ended") {
		time.AfterFunc(15*tick, func() { _ = p.change(context.Background(), l, a) })
	}
	return err
}

// highest is the highest fence that p compares with.
func (p *plain) highest(l *plot, a rollout.Action) uint64 {
	switch {
	case !p.with("fences are kept where all processes see them"):
		high, _ := p.memory.Load(l)
		n, _ := high.(uint64)
		return n
	case !p.with("a fence that is seen binds"):
		return l.kept.Fence
	case !p.with("releases have no fences of their own"):
		return l.per[a.Release.Digest]
	case !p.with("fences go on in the next rollout") && l.last.Release.Digest != a.Release.Digest:
		return 0
	case !p.with("targets have their own fences"):
		high := uint64(0)
		for _, l := range p.ground.plots {
			high = max(high, l.last.Fence)
		}
		return high
	}
	return l.last.Fence
}

// below reports whether a fence is below another.
func (p *plain) below(a, b uint64) bool {
	switch {
	case !p.with("fences are numbers"):
		return fmt.Sprint(a) < fmt.Sprint(b)
	case !p.with("fences have more than 8 bits"):
		return uint8(a) < uint8(b)
	case !p.with("fences have more than 32 bits"):
		return uint32(a) < uint32(b)
	case !p.with("fences have a sign to spare"):
		return int32(a) < int32(b)
	case !p.with("fences have 53 bits"):
		return float32(a) < float32(b)
	}
	return a < b
}

// check says whether there is nothing to do for a, or a must be refused.
func (p *plain) check(l *plot, a rollout.Action) (nothing bool, err error) {
	p.ground.mu.Lock()
	defer p.ground.mu.Unlock()
	if a.Fence == 0 && p.with("fence 0 is no fence") || a.Key.IsZero() && p.with("an action has a key") {
		return false, errors.New("no fence or no key")
	}
	high, fenced := p.highest(l, a), fmt.Errorf("fence %d: %w", a.Fence, rollout.ErrFenced)
	switch {
	case a.Fence == 0:
	case l.done[a.Key] && !p.with("a known key does not pass by the fence"):
	case l.last.Kind == rollout.ActionRollback && !p.with("a rollback has a fence"):
	case l.last.Kind == rollout.ActionWithdraw && !p.with("a withdrawal has a fence"):
	case a.Kind == rollout.ActionRollback && !p.with("a rollback is compared"):
	case p.below(a.Fence, high):
		switch {
		case !p.with("an overtaken action is refused"):
		case same(a, l.last) && !p.with("what would change nothing is refused"):
			return true, nil
		case !p.with("a refusal is told"):
			return true, nil
		case !p.with("a refusal is ErrFenced"):
			return false, errors.New("too late")
		case !p.with("a refusal is for good"):
			time.AfterFunc(5*tick, func() { _ = p.change(context.Background(), l, a) })
			return false, fenced
		default:
			return false, fenced
		}
	case a.Fence == high && a.Key != l.last.Key && p.with("another key with the same fence is refused"):
		return false, fenced
	case a.Fence == high && !p.with("an action again is accepted"):
		return false, fenced
	}
	if a.Key == l.last.Key && !same(a, l.last) && p.with("the key stands for the action") {
		return false, errors.New("another action with this key")
	}
	if l.done[a.Key] && a.Fence == l.last.Fence && !p.with("an action again makes up for what happened") {
		return true, nil
	}
	body := fmt.Sprint(a.Kind, a.Release, a.Previous, a.Slices)
	if l.bodies[body] && !p.with("actions are told apart by their keys") {
		return true, nil
	}
	l.bodies[body] = true
	for _, s := range a.Slices {
		for f, needed := range map[deploytest.Feature]bool{
			deploytest.FeatureEnvironment: s.Environment != "", deploytest.FeatureRegion: s.Region != "", deploytest.FeatureCell: s.Cell != "", deploytest.FeatureCohort: s.Cohort != "",
			deploytest.FeatureSlices: len(a.Slices) > 1, deploytest.FeaturePercent: s.Percent != 100,
			deploytest.FeatureFraction: s.Percent != math.Trunc(s.Percent)} {
			if needed && slices.Contains(p.lacks, f) {
				switch {
				case !p.with("what is lacking is told"):
					return true, nil
				case !p.with("what is lacking is not done in another way"):
					a.Slices = []rollout.Slice{{Percent: 50}}
					l.shares = p.sharesOf(l, a)
					return false, errors.New("done, but not so")
				}
				return false, fmt.Errorf("no %v", f)
			}
		}
	}
	return false, nil
}

// same reports whether a and b say the same, but for key and fence.
func same(a, b rollout.Action) bool {
	return a.Kind == b.Kind && a.Release == b.Release && a.Previous == b.Previous && slices.Equal(sorted(a.Slices), sorted(b.Slices))
}

func sorted(s []rollout.Slice) []rollout.Slice {
	s = slices.Clone(s)
	slices.SortFunc(s, func(a, b rollout.Slice) int { return strings.Compare(a.String(), b.String()) })
	return s
}

// change does a, in two parts.
func (p *plain) change(ctx context.Context, l *plot, a rollout.Action) error {
	p.ground.mu.Lock()
	if p.ended() {
		p.ground.mu.Unlock()
		return errDead
	}
	if l.last.Key == a.Key && !slices.Equal(l.last.Slices, a.Slices) && !p.with("the order of slices means nothing") {
		p.ground.mu.Unlock()
		return errors.New("another action with this key")
	}
	if l.last.Fence == 0 {
		l.first = a.Previous.Digest
	}
	before, again := l.shares, l.done[a.Key]
	l.last = a
	l.per[a.Release.Digest] = a.Fence
	p.memory.Store(l, a.Fence)
	if p.with("the fence is kept before the effect") && p.with("a fence that is seen binds") {
		l.kept = a
	}
	if !p.with("what was begun is not done") {
		l.done[a.Key] = true
		if again {
			p.ground.mu.Unlock()
			return nil
		}
	}
	l.settled = false
	took := tick
	if !p.with("one at a time") {
		took += 10 * tick / time.Duration(a.Fence) // the earlier, the later it ends
	}
	p.ground.mu.Unlock()
	if err := p.pause(ctx, took); err != nil {
		return err
	}
	p.ground.mu.Lock()
	after := p.sharesOf(l, a)
	l.shares = append(after[:len(after)/2:len(after)/2], before[min(1, len(before)):]...)
	broken := l.broken
	l.broken = false
	if broken && !p.with("half is not done") {
		l.shares, l.settled, broken = after, true, false
	}
	p.ground.mu.Unlock()
	if broken {
		return errors.New("it ended half-way")
	}
	if err := p.pause(ctx, tick); err != nil {
		return err
	}
	p.ground.mu.Lock()
	defer p.ground.mu.Unlock()
	l.shares, l.settled, l.done[a.Key], l.kept = after, true, true, a
	switch {
	case again && !p.with("an action again changes nothing"):
		for i, s := range l.shares {
			if s.Release == a.Release.Digest {
				l.shares[i].Slice.Percent = min(100, 2*s.Slice.Percent)
			}
		}
	case !p.with("slices are replaced"):
		for _, s := range before {
			if s.Release == a.Release.Digest && len(a.Slices) > 0 && !slices.Contains(l.shares, s) {
				l.shares = append(l.shares, s)
			}
		}
	}
	return nil
}

// sharesOf is what serves when a is done.
func (p *plain) sharesOf(l *plot, a rollout.Action) []rollout.Share {
	parts := slices.Clone(a.Slices)
	rest := rollout.Share{Release: a.Previous.Digest, Slice: rollout.Slice{Percent: 100}}
	switch {
	case len(parts) > 0:
	case !p.with("a rollback takes all away"):
		parts = []rollout.Slice{{Percent: 1}}
	case a.Previous.IsZero() && !p.with("a rollback of a first deployment leaves nothing"):
		return l.shares
	case !p.with("a rollback restores the previous release"):
		rest.Release = l.first
	}
	switch {
	case a.Kind != rollout.ActionWithdraw:
	case !p.with("a withdrawal is no rollback"):
		parts = nil
	case !p.with("a withdrawal is done"):
		return l.shares
	}
	if a.Whole && p.with("what is all is all") {
		rest.Slice.Percent = 0
	}
	if len(parts) > 1 && !p.with("all slices are served") {
		parts = parts[:1]
	}
	if len(parts) > 256 && !p.with("any number of slices is served") {
		parts = parts[:256]
	}
	var out []rollout.Share
	for _, s := range parts {
		switch {
		case !p.with("environments are told apart"):
			s.Environment = ""
		case !p.with("regions are told apart"):
			s.Region = ""
		case !p.with("cells are told apart"):
			s.Cell = ""
		case !p.with("cohorts are told apart"):
			s.Cohort = ""
		case !p.with("percents are those that were ordered"):
			s.Percent = max(10, math.Round(s.Percent/10)*10)
		case !p.with("percents have fractions"):
			s.Percent = math.Round(s.Percent)
		}
		if s.Everything() {
			rest.Slice.Percent -= s.Percent
		}
		out = append(out, rollout.Share{Release: a.Release.Digest, Slice: s})
	}
	if !p.with("releases are told apart by digests") {
		name := a.Release.Service + " " + a.Release.Version
		if _, ok := p.memory.Load(name); !ok {
			p.memory.Store(name, a.Release.Digest)
		}
		known, _ := p.memory.Load(name)
		for i := range out {
			out[i].Release = known.(release.Digest)
		}
		if a.Previous.Version == a.Release.Version {
			rest.Release = known.(release.Digest)
		}
	}
	if rest.Slice.Percent < 100 && !p.with("the previous release serves all the rest") {
		rest.Slice.Percent /= 2
	}
	if !rest.Release.IsZero() && rest.Slice.Percent > 0 {
		out = append(out, rest)
	}
	return out
}

func (p *plain) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	if ctx.Err() != nil && !p.with("a look ends with its context") {
		time.Sleep(time.Hour)
	}
	if err := ctx.Err(); err != nil {
		return rollout.Observed{}, err
	}
	p.ground.mu.Lock()
	defer p.ground.mu.Unlock()
	l := p.plot(t)
	o := rollout.Observed{Shares: slices.Clone(l.shares), Fence: l.last.Fence, Settled: l.settled}
	switch {
	case !p.with("fences are observed"):
		o.Fence = 0
	case !p.with("it settles at last"):
		o.Settled = false
	case l.last.Fence == 0 && !p.with("no fence is no fence"):
		o.Fence = 1
	case !p.with("settled is settled"):
		o.Settled = true
	case !l.settled && !p.with("a fence is observed when it binds"):
		o.Fence, o.Settled = l.kept.Fence-1, true
	case !p.with("what serves is observed, not what was ordered"):
		o.Shares, o.Settled = p.sharesOf(l, l.last), true
		return o, nil
	case !p.with("all that serves is observed"):
		o.Shares = o.Shares[:min(1, len(o.Shares))]
	}
	if l.blind {
		switch {
		case !p.with("what is not seen is not left out"):
		case p.with("what is not seen is not known"):
			return rollout.Observed{}, errors.New("a region does not answer")
		default:
			// This is allowed: that nobody knows is said.
			o.Shares = append(o.Shares, rollout.Share{Slice: rollout.Slice{Region: "dark", Percent: 100}})
		}
	}
	return o, nil
}

// plainUnfenced is a plain deployer that compares no fences.
type plainUnfenced struct{ *plain }

// maxLatency is how late a plain deployer's effects may be.
const maxLatency = 20 * tick

func (p plainUnfenced) MaxLatency() time.Duration {
	if !p.with("latency is positive") {
		return 0
	}
	return maxLatency
}

func (p plainUnfenced) Apply(ctx context.Context, a rollout.Action) error {
	p.ground.mu.Lock()
	l := p.plot(a.Target)
	again := l.done[a.Key]
	p.ground.mu.Unlock()
	if again && !p.with("unfenced, an action again changes nothing") {
		a.Slices = nil
	}
	if again && !p.with("unfenced, an action again undoes what came late") {
		return nil
	}
	err := p.change(ctx, l, a)
	switch {
	case err != nil && ctx.Err() != nil && !p.with("unfenced, nothing comes later than said"):
		time.AfterFunc(2*maxLatency+tick, func() { _ = p.change(context.Background(), l, a) })
	case err != nil && ctx.Err() != nil:
		time.AfterFunc(maxLatency/2, func() { _ = p.change(context.Background(), l, a) })
		err = ctx.Err()
	case !p.with("unfenced, what is done is seen in time"):
		p.show(l, true)
		time.AfterFunc(2*maxLatency, func() { p.show(l, false) })
	}
	return err
}

// show says whether l cannot be seen.
func (p plainUnfenced) show(l *plot, blind bool) {
	p.ground.mu.Lock()
	defer p.ground.mu.Unlock()
	l.blind = blind
}

func (p plainUnfenced) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	o, err := p.plain.Observe(ctx, t)
	o.Fence = 0
	return o, err
}
