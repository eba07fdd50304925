package risk_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/risk"
)

// fillSome gives fields random values, zero ones among them, to a value of any type of the input.
func fillSome(v reflect.Value, r *rand.Rand) {
	if r.IntN(4) == 0 {
		return
	}
	switch v.Interface().(type) {
	case time.Time:
		zone := []*time.Location{nil, time.UTC, time.FixedZone("x", 3600)}[r.IntN(3)]
		at := []time.Time{{}, now, now.Add(time.Duration(r.Int64())), time.Unix(r.Int64(), 0)}[r.IntN(4)]
		if zone != nil {
			at = at.In(zone)
		}
		v.Set(reflect.ValueOf(at))
		return
	case *label.Owners:
		o, _ := label.ParseOwners([]byte([]string{"", "* @ada\n"}[r.IntN(2)]), label.ForgeGitHub)
		v.Set(reflect.ValueOf(&o))
		return
	case release.ChangeSet: // has a digest of its own
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillSome(v.Field(i), r)
		}
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).SetUint(r.Uint64() & 0xff)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillSome(v.Elem(), r)
	case reflect.Slice:
		n := r.IntN(4)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fillSome(v.Index(i), r)
		}
	case reflect.String:
		v.SetString([]string{"a", "b", "\xff\x00", "a longer text", "é"}[r.IntN(5)])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(r.Uint64() & 0xff)
	case reflect.Int, reflect.Int64:
		v.SetInt([]int64{1, -1, r.Int64(), -r.Int64()}[r.IntN(4)])
	default:
		panic("a kind of field that the input did not have: " + v.Kind().String())
	}
}

// What is written field by field is what reflection writes, so no field is forgotten.
func TestCircumstancesAreThoseByReflection(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 5))
		for range 5 {
			var in risk.Input
			fillSome(reflect.ValueOf(&in).Elem(), r)
			require.Equal(t, risk.SlowCircumstances(&in, now), risk.Circumstances(&in, now))
		}
	})
	full := &risk.Input{}
	n := 0
	fillAll(reflect.ValueOf(full).Elem(), &n)
	full.Owners = nil
	require.Equal(t, risk.SlowCircumstances(full, now), risk.Circumstances(full, now))
	require.Equal(t, risk.SlowCircumstances(&risk.Input{}, time.Time{}), risk.Circumstances(&risk.Input{}, time.Time{}))
}

// The order of the lists makes no difference, nor in which zone a time is told; whether a history is empty or not known does.
func TestCircumstancesAreTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 6))
		var in risk.Input
		fillSome(reflect.ValueOf(&in).Elem(), r)
		was := risk.Circumstances(&in, now)
		other := in
		other.History.Recent, other.History.Files = shuffled(r, in.History.Recent), shuffled(r, in.History.Files)
		other.Same, other.Waivers, other.Debts = shuffled(r, in.Same), shuffled(r, in.Waivers), shuffled(r, in.Debts)
		require.Equal(t, was, risk.Circumstances(&other, now.In(time.FixedZone("y", -7200))))
		require.NotEqual(t, was, risk.Circumstances(&in, now.Add(1)))
	})
	var none risk.Input
	for _, change := range []func(*risk.Input){
		func(in *risk.Input) { in.History.Recent = []risk.Past{} },
		func(in *risk.Input) { in.History.Files = []risk.PastFile{} },
		func(in *risk.Input) { in.History.Recent = []risk.Past{{}} },
		func(in *risk.Input) { in.Waivers = []release.Waiver{{}} },
		func(in *risk.Input) { in.Debts = []release.Debt{{}, {}} },
		func(in *risk.Input) { in.BreakGlass = &release.BreakGlass{} },
		func(in *risk.Input) { in.Same = [][]string{{}} },
	} {
		in := none
		change(&in)
		require.NotEqual(t, risk.Circumstances(&none, now), risk.Circumstances(&in, now))
	}
	for _, change := range []func(*risk.Input){
		func(in *risk.Input) {
			in.Waivers, in.Debts, in.Same = []release.Waiver{}, []release.Debt{}, [][]string{}
		},
		func(in *risk.Input) { in.Digest = release.DigestOf([]byte("x")); in.Changes = changes() },
		func(in *risk.Input) { in.History.At = time.Time{}.In(time.FixedZone("z", 60)) },
	} {
		in := none
		change(&in)
		require.Equal(t, risk.Circumstances(&none, now), risk.Circumstances(&in, now))
	}
	given := risk.Input{Waivers: []release.Waiver{{ID: "b"}, {ID: "a"}}}
	risk.Circumstances(&given, now)
	require.True(t, slices.EqualFunc(given.Waivers, []string{"b", "a"}, func(w release.Waiver, id string) bool { return w.ID == id }), "nothing of the caller's is put into order")
}
