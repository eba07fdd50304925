package risk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/risk"
)

// An assessment that went through JSON is what its input gives, bit by bit.
func TestReplay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in, p, m := splittable(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 8)), 9)
		if rapid.Bool().Draw(t, "any model") {
			m = models.Draw(t, "model")
		}
		in.Digest = release.Digest{}
		a, err := risk.New(p, m)
		require.NoError(t, err)
		said, err := a.Assess(in, now)
		require.NoError(t, err)
		b, err := json.Marshal(said)
		require.NoError(t, err)
		var again risk.Assessment
		require.NoError(t, json.Unmarshal(b, &again))
		require.NoError(t, a.Replay(again, in))
		require.NoError(t, a.Replay(said, in))

		in.Digest = release.DigestOf([]byte("not the change set's"))
		require.NoError(t, a.Replay(said, in), "the digest is computed")
	})
}

func TestReplayNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	a, err := risk.New(nil, nil)
	require.NoError(t, err)
	in := risk.Input{Changes: changes(file("auth/login.go", 3, 1), file("a.go", 5, 0))}
	said, err := a.Assess(in, now)
	require.NoError(t, err)
	other := policy(func(p *risk.Policy) { p.ID = "other" })
	stricter, err := risk.New(other, nil)
	require.NoError(t, err)
	m := risk.Prior()
	m.Bias++
	learned, err := risk.New(nil, m)
	require.NoError(t, err)
	for _, c := range []struct {
		name string
		a    *risk.Assessor
		in   risk.Input
		do   func(*risk.Assessment)
		path string
		text string
	}{
		{name: "another policy", a: stricter, in: in, path: "policy", text: "judged by another policy: sha256:"},
		{name: "another model", a: learned, in: in, path: "model", text: "judged by another model: sha256:"},
		{name: "other changes", a: a, in: risk.Input{Changes: changes(file("a.go", 5, 0))}, path: "changes", text: "about other changes: sha256:"},
		{name: "another impact", a: a, in: risk.Input{Changes: in.Changes, Impact: risk.ImpactMinor}, path: "circumstances", text: "judged in other circumstances, or at another time: sha256:"},
		{name: "another time", a: a, in: in, do: func(s *risk.Assessment) { s.At = s.At.Add(time.Second) }, path: "circumstances", text: "at another time"},
		{name: "a tier", a: a, in: in, do: func(s *risk.Assessment) { s.Tier = release.TierLow }, path: "tier", text: `tier is recorded as "low", and comes out as "high"`},
		{name: "a floor", a: a, in: in, do: func(s *risk.Assessment) { s.Findings[0].Floor = release.TierLow }, path: "findings[0].floor", text: `findings[0].floor is recorded as "low", and comes out as "high"`},
		{name: "a finding is missing", a: a, in: in, do: func(s *risk.Assessment) { s.Findings = nil }, path: "findings", text: "findings is recorded as null"},
		{name: "a requirement is missing", a: a, in: in, do: func(s *risk.Assessment) { s.Requirements = s.Requirements[:len(s.Requirements)-1] },
			path: "requirements[3]", text: "requirements[3] is recorded as nothing, and comes out as {"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, err := json.Marshal(said)
			require.NoError(t, err)
			var rec risk.Assessment
			require.NoError(t, json.Unmarshal(b, &rec))
			if c.do != nil {
				c.do(&rec)
			}
			err = c.a.Replay(rec, c.in)
			e, ok := errors.AsType[*risk.ReplayError](err)
			require.True(t, ok, err)
			require.Equal(t, c.path, e.Path)
			require.ErrorContains(t, err, c.text)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	require.Error(t, a.Replay(risk.Assessment{}, in), "no time")
	broken := said
	broken.Likelihood.P = math.NaN()
	require.ErrorContains(t, a.Replay(broken, in), "cannot be written")
}

// leavesOf are the paths to all that can be changed in decoded JSON: numbers, texts, truth values,
// members and elements.
func leavesOf(v any, set func(any), yield func(path string, change func()), path string) {
	switch v := v.(type) {
	case map[string]any:
		for name, m := range v {
			leavesOf(m, func(x any) { v[name] = x }, yield, path+"."+name)
		}
	case []any:
		for i, m := range v {
			leavesOf(m, func(x any) { v[i] = x }, yield, fmt.Sprintf("%s[%d]", path, i))
		}
		if len(v) > 0 {
			yield(path+" without its last", func() { set(v[:len(v)-1]) })
			yield(path+" with one twice", func() { set(append(slices.Clone(v), v[0])) })
		}
	case string:
		yield(path, func() { set(anotherText(v)) })
	case float64:
		yield(path, func() { set(math.Nextafter(v, v+1)) })
		yield(path+" plus 1", func() { set(v + 1) })
	case bool:
		yield(path, func() { set(!v) })
	}
}

// anotherText is another value of the same kind.
func anotherText(s string) string {
	for _, words := range [][]string{{"low", "moderate", "high", "critical", "unknown"}, {"normal", "expedite"}, {"minimal", "medium"},
		{"negligible", "minor", "moderate", "major", "severe", "unknown"}} {
		if i := slices.Index(words, s); i >= 0 {
			return words[(i+1)%len(words)]
		}
	}
	if d, err := release.ParseDigest(s); err == nil {
		d[0]++
		return d.String()
	}
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return at.Add(time.Minute).Format(time.RFC3339Nano)
	}
	if d, err := time.ParseDuration(s); err == nil {
		return (d + time.Minute).String()
	}
	return s + "x"
}

// tamperedWith are copies of an assessment's JSON in each of which one thing was changed, and that
// still reads as an assessment.
func tamperedWith(t require.TestingT, said risk.Assessment, yield func(path string, b []byte, rec risk.Assessment)) {
	original, err := json.Marshal(said)
	require.NoError(t, err)
	var paths []string
	var tree any
	require.NoError(t, json.Unmarshal(original, &tree))
	leavesOf(tree, func(any) {}, func(path string, _ func()) { paths = append(paths, path) }, "")
	slices.Sort(paths)
	for _, path := range paths {
		require.NoError(t, json.Unmarshal(original, &tree))
		leavesOf(tree, func(any) {}, func(p string, change func()) {
			if p == path {
				change()
			}
		}, "")
		b, err := json.Marshal(tree)
		require.NoError(t, err)
		var rec risk.Assessment
		if json.Unmarshal(b, &rec) != nil {
			continue
		}
		back, err := json.Marshal(rec)
		require.NoError(t, err)
		if string(back) == string(original) {
			continue // a number that reads as the same
		}
		yield(path, b, rec)
	}
}

// Nothing in a record can be changed unseen by those who have the input.
func TestReplaySeesEveryChange(t *testing.T) {
	t.Parallel()
	seen := 0
	r := rand.New(rand.NewPCG(7, 7))
	for range 3 {
		in, p, m := splittable(r, 6)
		in.Digest = release.Digest{}
		a, err := risk.New(p, m)
		require.NoError(t, err)
		said, err := a.Assess(in, now)
		require.NoError(t, err)
		tamperedWith(t, said, func(path string, _ []byte, rec risk.Assessment) {
			require.Error(t, a.Replay(rec, in), path)
			seen++
		})
	}
	t.Logf("%d changes of 3 records, all seen", seen)
	require.Greater(t, seen, 200)
}

// Whatever of the input is changed, a digest is another one.
func TestEveryFieldOfTheInputIsRecorded(t *testing.T) {
	t.Parallel()
	a, err := risk.New(nil, nil)
	require.NoError(t, err)
	fresh := func() *risk.Input {
		in := &risk.Input{}
		n := 0
		fillAll(reflect.ValueOf(in).Elem(), &n)
		owners, _ := label.ParseOwners([]byte("* @ada\n"), label.ForgeGitHub)
		in.Owners, in.Digest = &owners, release.Digest{}
		in.Changes.Base, in.Changes.Head = base, head
		return in
	}
	said, err := a.Assess(*fresh(), now)
	require.NoError(t, err)
	digests := func(s risk.Assessment) [2]release.Digest { return [2]release.Digest{s.Changes, s.Circumstances} }
	again, err := a.Assess(*fresh(), now)
	require.NoError(t, err)
	require.Equal(t, digests(said), digests(again))

	var paths []string
	mutateEach(reflect.ValueOf(fresh()).Elem(), "", func(path string, _ func()) { paths = append(paths, path) })
	require.Greater(t, len(paths), 200)
	for _, path := range paths {
		in := fresh()
		mutateEach(reflect.ValueOf(in).Elem(), "", func(p string, change func()) {
			if p == path {
				change()
			}
		})
		other, err := a.Assess(*in, now)
		if err != nil {
			continue // such a change set has no digest
		}
		require.NotEqual(t, digests(said), digests(other), path)
	}
	empty := map[release.Digest]bool{}
	for _, owners := range []string{"* @eve\n", "* @ada\n\n"} {
		in := fresh()
		o, _ := label.ParseOwners([]byte(owners), label.ForgeGitHub)
		in.Owners = &o
		other, err := a.Assess(*in, now)
		require.NoError(t, err)
		require.NotEqual(t, said.Circumstances, other.Circumstances)
	}
	for _, none := range []func(*risk.Input){
		func(in *risk.Input) { in.History.Recent = nil }, func(in *risk.Input) { in.History.Recent = []risk.Past{} },
		func(in *risk.Input) { in.History.Files = nil }, func(in *risk.Input) { in.History.Files = []risk.PastFile{} },
	} { // that there were none is more than nothing said
		in := fresh()
		none(in)
		other, err := a.Assess(*in, now)
		require.NoError(t, err)
		empty[other.Circumstances] = true
	}
	require.Len(t, empty, 4)
	t.Logf("%d fields", len(paths))
}

// fillAll gives every field a value that is not zero.
func fillAll(v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(now.Add(-time.Duration(*n) * time.Minute)))
		return
	case *label.Owners:
		return
	case release.Revision:
		v.SetString(strings.Repeat("a", 40))
		return
	case release.PURL:
		v.SetString(fmt.Sprintf("pkg:golang/x.io/p%d", *n))
		return
	case release.Digest:
		v.Set(reflect.ValueOf(release.DigestOf([]byte{byte(*n)})))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillAll(v.Field(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillAll(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fillAll(v.Index(0), n)
		fillAll(v.Index(1), n)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("code").Convert(v.Type().Key()), reflect.ValueOf(uint8(1)).Convert(v.Type().Elem()))
	case reflect.String:
		v.SetString(fmt.Sprintf("t%d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n))
	}
}

// mutateEach changes one thing after the other.
func mutateEach(v reflect.Value, path string, yield func(path string, change func())) {
	switch x := v.Interface().(type) {
	case time.Time:
		yield(path, func() { v.Set(reflect.ValueOf(x.Add(time.Second))) })
		return
	case *label.Owners:
		yield(path+" nil", func() { v.Set(reflect.Zero(v.Type())) })
		return
	case release.Revision:
		yield(path, func() { v.SetString(strings.Repeat("b", 40)) })
		return
	case release.Digest:
		if !x.IsZero() { // Input.Digest is none
			yield(path, func() { v.Set(reflect.ValueOf(release.DigestOf([]byte("other")))) })
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			mutateEach(v.Field(i), path+"."+v.Type().Field(i).Name, yield)
		}
	case reflect.Pointer:
		yield(path+" nil", func() { v.Set(reflect.Zero(v.Type())) })
		if !v.IsNil() {
			mutateEach(v.Elem(), path, yield)
		}
	case reflect.Slice:
		yield(path+" shorter", func() { v.Set(v.Slice(0, 1)) })
		yield(path+" none", func() { v.Set(reflect.Zero(v.Type())) })
		if v.Len() > 0 {
			mutateEach(v.Index(0), path+"[0]", yield)
		}
	case reflect.Map:
		yield(path+" none", func() { v.Set(reflect.Zero(v.Type())) })
	case reflect.String:
		yield(path, func() { v.SetString(v.String() + "z") })
	case reflect.Bool:
		yield(path, func() { v.SetBool(false) })
	case reflect.Uint8:
		yield(path, func() { v.SetUint(2) })
	case reflect.Int, reflect.Int64:
		yield(path, func() { v.SetInt(v.Int() + 1) })
	case reflect.Float64:
		yield(path, func() { v.SetFloat(v.Float() + 1) })
	}
}
