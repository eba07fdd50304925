package rollout_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// Whoever is handed a state may change it, as one does who begins the next plan with
// the running one: what the engine keeps is not that.
func TestAStateIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	spoil := func(s rollout.State) {
		r := s.Rollout
		for i := range r.Plan.Stages {
			r.Plan.Stages[i].Slices[0].Percent = 100
			clear(r.Plan.Stages[i].Gates)
		}
		r.Plan.Release, r.Phase, r.Paused, r.Stage = version("9"), rollout.PhaseBaking, nil, 1
		clear(s.Poisoned)
		for i := range r.Facts.Gates {
			r.Facts.Gates[i].Result.Verdict = release.VerdictAllow
		}
	}
	for name, call := range map[string]func(t *testing.T, e *rollout.Engine) (rollout.State, error){
		"state": func(t *testing.T, e *rollout.Engine) (rollout.State, error) { return e.State(t.Context(), production) },
		"step": func(t *testing.T, e *rollout.Engine) (rollout.State, error) {
			s, _, err := e.Step(t.Context(), production)
			return s, err
		},
		"run": func(t *testing.T, e *rollout.Engine) (rollout.State, error) {
			_, err := e.Run(t.Context(), production, func(_ context.Context, s rollout.State, _ time.Time) error {
				spoil(s)
				return errBoom
			})
			require.ErrorIs(t, err, errBoom)
			return e.State(t.Context(), production)
		},
		"command": func(t *testing.T, e *rollout.Engine) (rollout.State, error) {
			_, err := e.Resume(t.Context(), production, ada)
			require.NoError(t, err)
			return e.Pause(t.Context(), production, ada)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			e := keeping(w, w.journal, 1)
			s, err := e.Start(t.Context(), w.plan, ada)
			require.NoError(t, err)
			spoil(s)
			s, _, err = e.Step(t.Context(), production)
			require.NoError(t, err)
			require.Equal(t, rollout.PhaseBaking, s.Rollout.Phase)
			spoil(s)
			s, err = e.Pause(t.Context(), production, ada)
			require.NoError(t, err)
			spoil(s)
			s, err = call(t, e)
			require.NoError(t, err)
			spoil(s)
			kept, err := e.State(t.Context(), production)
			require.NoError(t, err)
			fresh, err := keeping(w, w.journal, 0).State(t.Context(), production)
			require.NoError(t, err)
			require.Equal(t, fresh, kept)
			w.clock = w.clock.Add(24 * time.Hour)
			s, _, err = e.Step(t.Context(), production)
			require.NoError(t, err)
			require.Equal(t, 0, s.Rollout.Stage, "it is paused")
			w.audit()
		})
	}
}

// A clone shares nothing that others can reach, whatever is set: a field that comes and
// is forgotten shows here.
func TestACloneSharesNothing(t *testing.T) {
	t.Parallel()
	var full rollout.State
	fill(reflect.ValueOf(&full).Elem())
	clone := rollout.CloneState(full)
	require.Equal(t, full, clone)
	apart(t, "State", reflect.ValueOf(full), reflect.ValueOf(clone))
	require.Equal(t, rollout.NewState(production), rollout.CloneState(rollout.NewState(production)))
	for _, file := range goldenStreams(t) { // what is nil stays so
		target, recs := readStream(t, file)
		s := rollout.NewState(target)
		for _, rec := range recs {
			var err error
			s, err = rollout.Reduce(s, rec)
			require.NoError(t, err)
			clone := rollout.CloneState(s)
			require.Equal(t, s, clone)
			apart(t, "State", reflect.ValueOf(s), reflect.ValueOf(clone))
		}
	}
}

// fill sets all that can be reached to something.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0))
		fill(v.Index(1))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.String:
		v.SetString("x")
	}
}

// apart requires that no pointer and no slice that can be reached is in both.
func apart(t *testing.T, path string, a, b reflect.Value) {
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() {
			return
		}
		require.NotEqual(t, a.Pointer(), b.Pointer(), path)
		apart(t, path, a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() == 0 {
			return
		}
		require.NotEqual(t, a.Pointer(), b.Pointer(), path)
		for i := range a.Len() {
			apart(t, path+"[]", a.Index(i), b.Index(i))
		}
	case reflect.Struct:
		for i := range a.NumField() {
			if f := a.Type().Field(i); f.IsExported() {
				apart(t, path+"."+f.Name, a.Field(i), b.Field(i))
			}
		}
	case reflect.Map, reflect.Chan, reflect.Func, reflect.Interface:
		require.Fail(t, "a state has a "+a.Kind().String(), path)
	}
}
