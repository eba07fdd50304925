package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/metrics"
)

// anyDefinition answers every question of a definition at random, those of the
// presets among them: enumerations and bools are found by reflection, so that no
// new field is missed.
func anyDefinition(r *rand.Rand) metrics.Definition {
	presets := []metrics.Definition{metrics.DORA(), metrics.DevLake(), metrics.Metrik(), metrics.GitLab()}
	d := presets[r.IntN(len(presets))]
	change := r.IntN(4) // from none to all fields
	v := reflect.ValueOf(&d).Elem()
	for k := range v.NumField() {
		if r.IntN(3) >= change {
			continue
		}
		switch f := v.Field(k); f.Kind() {
		case reflect.Bool:
			f.SetBool(r.IntN(2) == 0)
		case reflect.Uint8:
			last := uint8(1)
			for ; ; last++ {
				f.SetUint(uint64(last + 1))
				if _, err := f.Interface().(interface{ MarshalText() ([]byte, error) }).MarshalText(); err != nil {
					break
				}
			}
			f.SetUint(uint64(1 + r.IntN(int(last))))
		}
	}
	if r.IntN(3) == 0 {
		d.Links = pick(r, presets[0].Links, []metrics.LinkRule{metrics.LinkExplicit, metrics.LinkLast}, nil)
		d.LinkWithin = presets[0].LinkWithin
	}
	if d.Validate() != nil {
		d.OutcomeFails = true
	}
	return d
}

// TestAnyDefinition: whatever the answers are, a report is the same in any order
// of the facts, each value follows from its explanation alone, and no fact is lost.
func TestAnyDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		for k := range uint64(4) {
			if err := tryAnyDefinition(rand.New(rand.NewPCG(seed, k))); err != nil {
				t.Fatalf("history %d of seed %d: %v", k, seed, err)
			}
		}
	})
}

func tryAnyDefinition(r *rand.Rand) error {
	h, def := randomHistory(r), anyDefinition(r)
	for i := range h {
		if c, ok := h[i].(metrics.Change); ok && r.IntN(2) == 0 {
			h[i] = anyTimes(r, c)
		}
	}
	q := metrics.Query{From: epoch, To: hours(24 * 21), Window: pick(r, metrics.WindowWeek, metrics.WindowDay, metrics.WindowRolling),
		By: pick(r, nil, []string{}, []string{metrics.DimService})}
	if q.Window == metrics.WindowRolling {
		q.Length, q.Step = 1+r.IntN(14), 1+r.IntN(10)
	}
	var first []byte
	for range 2 {
		var log metrics.Log
		if _, err := log.Add(shuffled(r, h)...); err != nil {
			return err
		}
		s := log.Snapshot(hours(24*7 + 24*7))
		report, err := metrics.Compute(s, def, q)
		if err != nil {
			return err
		}
		b, err := everything(report)
		if err != nil {
			return err
		}
		if first == nil {
			first = b
			if err := nothingLost(report, s); err != nil {
				return err
			}
			if err := stagesAddUp(report, s, def); err != nil {
				return err
			}
		}
		if string(first) != string(b) {
			return fmt.Errorf("another order gives other results:\n%s\n%s", first, b)
		}
	}
	return nil
}

// anyTimes gives a change some of the moments on its way, in any order.
func anyTimes(r *rand.Rand, c metrics.Change) metrics.Change {
	for _, at := range []*timeOf{&c.FirstCommit, &c.Opened, &c.FirstReview, &c.Approved, &c.Merged} {
		*at = timeOf{}
		if r.IntN(3) > 0 {
			*at = hours(r.IntN(24 * 14))
		}
	}
	return c
}
