package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/metrics"
)

// anyOther are the answers that are tried of the fields of a definition that are
// neither an enumeration nor a bool.
var anyOther = map[string][]any{
	"Name":          {"DORA", "another"},
	"Environments":  {[]string(nil), []string{"production"}, []string{"production", "prod-b"}, []string{"staging"}, []string{"nowhere"}},
	"Links":         {metrics.DORA().Links, []metrics.LinkRule{metrics.LinkExplicit, metrics.LinkLast}, []metrics.LinkRule{metrics.LinkRollback, metrics.LinkRevert}, []metrics.LinkRule(nil)},
	"LinkWithin":    {24 * time.Hour, 6 * time.Hour, 100 * time.Hour, time.Duration(0)},
	"RegionBy":      {"", "region", "environment"},
	"RegionsWithin": {time.Duration(0), time.Hour, 240 * time.Hour},
	"HotfixWithin":  {time.Duration(0), 24 * time.Hour, 72 * time.Hour},
	"HotfixChanges": {0, 1, 2},
	"ClusterWithin": {time.Duration(0), time.Minute, 200 * time.Hour},
	"MinSample":     {0, 1, 3},
}

// anyAnswers are the answers to try of field k of a definition; none where nobody
// said which.
func anyAnswers(k int) (out []reflect.Value) {
	field := reflect.TypeFor[metrics.Definition]().Field(k)
	switch field.Type.Kind() {
	case reflect.Bool:
		return []reflect.Value{reflect.ValueOf(false), reflect.ValueOf(true)}
	case reflect.Uint8:
		for v := uint64(1); ; v++ {
			f := reflect.New(field.Type).Elem()
			f.SetUint(v)
			if _, err := f.Interface().(interface{ MarshalText() ([]byte, error) }).MarshalText(); err != nil {
				return out
			}
			out = append(out, f)
		}
	}
	for _, v := range anyOther[field.Name] {
		out = append(out, reflect.ValueOf(v))
	}
	return out
}

// anyRepair gives the answers that another answer asks for.
func anyRepair(d *metrics.Definition) {
	if d.Validate() == nil {
		return
	}
	if !d.RollbackFails && !d.IncidentFails {
		d.OutcomeFails = true
	}
	if slices.Contains(d.Links, metrics.LinkWindow) && d.LinkWithin == 0 {
		d.LinkWithin = 24 * time.Hour
	}
	if d.RegionBy == "" {
		d.RegionsWithin = 0
	} else if d.RegionsWithin == 0 {
		d.RegionsWithin = 24 * time.Hour
	}
	if d.HotfixWithin == 0 {
		d.HotfixChanges = 0
	}
}

// anyDefinition answers every question of a definition at random, those of the
// presets among them: the fields are found by reflection, so that no new one is
// missed.
func anyDefinition(r *rand.Rand) metrics.Definition {
	d := pick(r, metrics.DORA(), metrics.DevLake(), metrics.Metrik(), metrics.GitLab())
	change := r.IntN(4) // from none to all fields
	for k := range reflect.TypeFor[metrics.Definition]().NumField() {
		if r.IntN(3) < change {
			reflect.ValueOf(&d).Elem().Field(k).Set(pick(r, anyAnswers(k)...))
		}
	}
	anyRepair(&d)
	return d
}

// TestAnyDefinitionAnswersEachField: a field that is added to a definition has
// answers to try, and each answer, by itself, is tried in every preset.
func TestAnyDefinitionAnswersEachField(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[metrics.Definition]()
	for k := range fields.NumField() {
		name := fields.Field(k).Name
		answers := anyAnswers(k)
		require.GreaterOrEqual(t, len(answers), 2, "say in anyOther which answers to try of %s", name)
		for n, answer := range answers {
			for p, d := range []metrics.Definition{metrics.DORA(), metrics.DevLake(), metrics.Metrik(), metrics.GitLab()} {
				reflect.ValueOf(&d).Elem().Field(k).Set(answer)
				anyRepair(&d)
				require.NoError(t, d.Validate())
				if err := tryDefinition(rand.New(rand.NewPCG(uint64(k), uint64(4*n+p))), d); err != nil {
					t.Fatalf("%s is %v in %s: %v", name, answer, d.Name, err)
				}
			}
		}
	}
	for name := range anyOther {
		_, ok := fields.FieldByName(name)
		require.True(t, ok, "there is no %s", name)
	}
}

// TestAnyDefinition: whatever the answers are, a report is the same in any order
// of the facts, each value follows from its explanation alone, and no fact is lost.
func TestAnyDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		for k := range uint64(4) {
			r := rand.New(rand.NewPCG(seed, k))
			if err := tryDefinition(r, anyDefinition(r)); err != nil {
				t.Fatalf("history %d of seed %d: %v", k, seed, err)
			}
		}
	})
}

func tryDefinition(r *rand.Rand, def metrics.Definition) error {
	h := randomHistory(r)
	for i := range h {
		if c, ok := h[i].(metrics.Change); ok && r.IntN(2) == 0 {
			h[i] = anyTimes(r, c)
		}
	}
	q := metrics.Query{From: epoch, To: hours(24 * 21), Window: pick(r, metrics.WindowWeek, metrics.WindowDay, metrics.WindowRolling),
		By: pick(r, nil, []string{}, []string{metrics.DimService}), Quantiles: pick(r, nil, nil, []float64{0.5, 0.9}, []float64{0.2, 0.5})}
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
