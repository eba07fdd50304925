package backtest

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// Run assesses each release of a history as it would have been assessed then, and
// reports what that was worth. The cases must come in the order of their times; one that
// does not is an error, as is an error of the sequence, and a policy or option that
// cannot be used. A case that no honest assessment can be made of is refused, counted
// and reported.
//
// Run keeps a few hundred bytes of each case, and not its change set. It is a function of
// its arguments: the same history and options, the same report. After an error, a learner
// that was given is of no use any more.
func Run(cases iter.Seq2[Case, error], o Options) (Report, error) {
	t, err := newTrial(o)
	if err != nil {
		return Report{}, err
	}
	if err := walk(cases, t); err != nil {
		return Report{}, err
	}
	return t.report(), nil
}

// walk gives each case to each trial.
func walk(cases iter.Seq2[Case, error], trials ...*trial) error {
	if cases == nil {
		return errors.New("backtest: no history")
	}
	n, last := 0, time.Time{}
	for c, err := range cases {
		if err != nil {
			return fmt.Errorf("backtest: case %d: %w", n+1, err)
		}
		n++
		if !c.At.IsZero() {
			if c.At.Before(last) {
				return fmt.Errorf("backtest: case %d is of %s, before the one ahead of it: they must come in order of time", n, c.At.UTC().Format(time.RFC3339))
			}
			last = c.At
		}
		for _, t := range trials {
			if err := t.try(&c, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// trial is one policy on its way through a history.
type trial struct {
	o        Options
	assessor *risk.Assessor
	beside   *risk.Assessor // by the policy with the hypothetical rules; nil without any
	teacher  *teacher       // nil where the model is held fixed
	policy   release.Digest
	model    ModelUse

	parts   []part // what can raise a release: the table, then rules
	index   map[partKey]uint32
	seen    map[release.Digest]bool
	refused map[Cause]*Refusal
	rows    []row
}

// row is what is kept of a case.
type row struct {
	number     int // of the case, from 1
	at         time.Time
	outcome    release.Outcome // without its cause and release
	p          float64
	shown      bool // whether p would have been shown
	tier, then release.Tier
	found      []uint32 // parts that found something, each once
	raised     []uint32 // parts whose floor is at the gate or above
	waived     []uint32 // parts of which a waiver took one below the gate
	state      state
}

func newTrial(o Options) (*trial, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	t := &trial{o: o, index: map[partKey]uint32{}, seen: map[release.Digest]bool{}, refused: map[Cause]*Refusal{}}
	if t.policy, err = o.Policy.Digest(); err != nil {
		return nil, fmt.Errorf("backtest: digest of the policy: %w", err)
	}
	model := o.Model
	if model == nil {
		t.teacher = &teacher{learner: o.Learner, every: o.Refit}
		model = o.Learner.Model()
	}
	if err := t.use(model); err != nil {
		return nil, err
	}
	t.part(tablePart, 0, false)
	for _, r := range o.Policy.Rules {
		t.part(r.ID, r.Version, false)
	}
	for _, r := range o.Hypothetical {
		t.part(r.ID, r.Version, true)
	}
	return t, nil
}

// use makes the assessors for a model.
func (t *trial) use(m *risk.Model) error {
	digest, err := m.Digest()
	if err != nil {
		return fmt.Errorf("backtest: digest of the model: %w", err)
	}
	if t.assessor != nil && digest == t.model.Last {
		return nil
	}
	if t.assessor, err = risk.New(t.o.Policy, m); err != nil {
		return fmt.Errorf("backtest: %w", err)
	}
	if len(t.o.Hypothetical) > 0 && t.beside == nil {
		// What rules find does not depend on the model.
		if t.beside, err = risk.New(withRules(t.o.Policy, t.o.Hypothetical), m); err != nil {
			return fmt.Errorf("backtest: with the hypothetical rules: %w", err)
		}
	}
	t.model.use(m, digest, t.o.Learner)
	return nil
}

// withRules is a copy of p with further rules.
func withRules(p *risk.Policy, rules []risk.Rule) *risk.Policy {
	q := *p
	q.Rules = append(q.Rules[:len(q.Rules):len(q.Rules)], rules...)
	return &q
}

// try assesses one case. An error ends the back-test.
func (t *trial) try(c *Case, number int) error {
	if cause := t.check(c); cause != "" {
		t.refuse(cause, c)
		return nil
	}
	if t.teacher != nil {
		if m, changed := t.teacher.modelAt(c.At); changed {
			if err := t.use(m); err != nil {
				return err
			}
		}
	}
	a, err := t.assessor.Assess(c.Input, c.At)
	if err != nil {
		t.refuse(CauseNoVerdict, c)
		return nil
	}
	hits := a.Findings
	if t.beside != nil {
		b, err := t.beside.Assess(c.Input, c.At)
		if err != nil {
			t.refuse(CauseNoVerdict, c)
			return nil
		}
		hits = b.Findings // the policy's own, and those of the hypothetical rules
	}
	t.seen[c.Outcome.Release] = true
	if t.teacher != nil {
		t.teacher.add(c, a.Features)
	}
	r := row{number: number, at: c.At, outcome: c.Outcome, p: a.Likelihood.P, shown: a.Likelihood.Shown, tier: a.Tier.Effective(), then: c.Shown}
	r.outcome.Release, r.outcome.Cause = release.Digest{}, ""
	t.attribute(&r, &a, hits)
	t.rows = append(t.rows, r)
	if t.o.Each != nil {
		t.o.Each(*c, a)
	}
	return nil
}

func (t *trial) check(c *Case) Cause {
	switch {
	case c.At.IsZero() || !writable(c.At):
		return CauseUntimed
	case unsound(&c.Outcome):
		return CauseOutcome
	case t.seen[c.Outcome.Release]:
		return CauseRepeated
	}
	return hindsight(c)
}

func (t *trial) refuse(cause Cause, c *Case) {
	r := t.refused[cause]
	if r == nil {
		r = &Refusal{Cause: cause, First: c.Outcome.Release}
		t.refused[cause] = r
	}
	r.Releases++
}

// end is as of when outcomes are known.
func (t *trial) end() time.Time {
	end := t.o.End
	if !end.IsZero() {
		return end
	}
	for i := range t.rows {
		r := &t.rows[i]
		if r.at.After(end) {
			end = r.at
		}
		if r.outcome.At.After(end) {
			end = r.outcome.At
		}
	}
	return end
}
