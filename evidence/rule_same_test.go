package evidence_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

const noteType = "https://example.com/note/v1"

// note is a statement of a type that nobody knows, with any predicate.
func note(t testing.TB, by puppet, typ, raw string) evidence.Verified {
	st := statement(t, shop(), passed())
	var v map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(st.Bytes(), &v))
	v["predicateType"], v["predicate"] = mustJSON(t, typ), json.RawMessage(raw)
	return by.says(t, mustJSON(t, v))
}

// inRun is tests, a scan or notes of a run.
func inRun(run string) predicate.TestResult {
	r := passed()
	r.URL = run
	return r
}

func provenanceOf(run string) predicate.Provenance {
	p := provenanceOK
	p.RunDetails.Metadata.InvocationID = run
	return p
}

var sameRun = evidence.SameField{Name: "run", Fields: []evidence.Field{
	{Type: predicate.TypeProvenance, Pointer: "/runDetails/metadata/invocationId"}, {Type: predicate.TypeTestResult, Pointer: "/url"}}}

func TestSameField(t *testing.T) {
	t.Parallel()
	ci, ci2 := service("ci"), service("ci2")
	// The tests are asked for twice, so that both must be of the run.
	two := []evidence.Rule{sameRun, evidence.Threshold{Count: 2, Type: predicate.TypeTestResult}}
	field := func(pointer string, types ...string) []evidence.Rule {
		r := evidence.SameField{Name: "field"}
		for _, typ := range types {
			r.Fields = append(r.Fields, evidence.Field{Type: typ, Pointer: pointer})
		}
		return []evidence.Rule{r}
	}
	a, b := "https://example.com/a", "https://example.com/b"
	pair := func(x, y string) set {
		return set{note(t, ci, a, x), note(t, ci, b, y)}
	}
	for _, c := range []struct {
		name  string
		rules []evidence.Rule
		set   set
		want  release.Verdict
		code  string
	}{
		{"one run", []evidence.Rule{sameRun}, set{ci.of(t, shop(), provenanceOf("1")), ci.of(t, shop(), inRun("1"))}, allow, ""},
		{"one of several runs", []evidence.Rule{sameRun}, set{ci.of(t, shop(), provenanceOf("1")), ci.of(t, shop(), provenanceOf("2")), ci.of(t, shop(), inRun("2")), ci.of(t, shop(), inRun("3"))}, allow, ""},
		{"the run with enough", two, set{ci.of(t, shop(), provenanceOf("1")), ci.of(t, shop(), provenanceOf("2")), ci.of(t, shop(), inRun("1")), ci.of(t, shop(), inRun("2")), ci2.of(t, shop(), inRun("2"))}, allow, ""},
		{"equal objects", field("/x", a, b), pair(`{"x":{"a":1,"b":[2]}}`, `{"x":{"b":[2.0], "a":10e-1}}`), allow, ""},
		{"equal escapes", field("/x~1y", a, b), pair(`{"x/y":"\u0061"}`, `{"x/y":"a"}`), allow, ""},
		{"large numbers", field("/n", a, b), pair(`{"n":9007199254740993}`, `{"n":9007199254740993}`), allow, ""},
		{"zero is a value", field("/n", a, b), pair(`{"n":0}`, `{"n":-0.0}`), allow, ""},
		{"an element", field("/l/1", a, b), pair(`{"l":[1,"x"]}`, `{"l":[2,"x"]}`), allow, ""},
		{"a whole predicate that is a string", field("", a, b), pair(`"x"`, `"x"`), allow, ""},
		{"the signer", field(evidence.FieldSigner, a, b), set{note(t, ci, a, `{}`), note(t, ci, b, `{}`)}, allow, ""},
		{"one type", field("/x", a), set{note(t, ci, a, `{"x":1}`)}, allow, ""},

		{"nothing", []evidence.Rule{sameRun}, nil, hold, evidence.CodeMissing},
		{"one of two types", []evidence.Rule{sameRun}, set{ci.of(t, shop(), provenanceOf("1"))}, hold, evidence.CodeMissing},
		{"two runs", []evidence.Rule{sameRun}, set{ci.of(t, shop(), provenanceOf("1")), ci.of(t, shop(), inRun("2"))}, hold, evidence.CodeOtherValue},
		{"no value", []evidence.Rule{sameRun}, set{ci.of(t, shop(), provenanceOf("1")), ci.of(t, shop(), inRun(""))}, hold, evidence.CodeNoValue},
		{"no value in either", []evidence.Rule{sameRun}, set{ci.of(t, shop(), provenanceOK), ci.of(t, shop(), passed())}, hold, evidence.CodeNoValue},
		{"enough only together", two, set{ci.of(t, shop(), provenanceOf("1")), ci.of(t, shop(), inRun("1")), ci2.of(t, shop(), inRun("2"))}, hold, evidence.CodeOtherValue},
		{"a number and a string", field("/n", a, b), pair(`{"n":1}`, `{"n":"1"}`), hold, ""},
		{"another case", field("/n", a, b), pair(`{"n":"a"}`, `{"n":"A"}`), hold, ""},
		{"another name", field("/n", a, b), pair(`{"n":1}`, `{"N":1}`), hold, evidence.CodeNoValue},
		{"numbers that a float64 confuses", field("/n", a, b), pair(`{"n":9007199254740993}`, `{"n":9007199254740992}`), hold, ""},
		{"a number that is too large", field("/n", a, b), pair(`{"n":1e9999999999}`, `{"n":1e9999999999}`), hold, evidence.CodeNoValue},
		{"null", field("/n", a, b), pair(`{"n":null}`, `{"n":null}`), hold, evidence.CodeNoValue},
		{"empty strings", field("/n", a, b), pair(`{"n":""}`, `{"n":""}`), hold, evidence.CodeNoValue},
		{"empty objects", field("/n", a, b), pair(`{"n":{ }}`, `{"n":{ }}`), hold, evidence.CodeNoValue},
		{"empty lists", field("/n", a, b), pair(`{"n":[]}`, `{"n":[]}`), hold, evidence.CodeNoValue},
		{"null predicates", field("", a, b), pair(`null`, `null`), hold, evidence.CodeNoValue},
		{"two signers", field(evidence.FieldSigner, a, b), set{note(t, ci, a, `{}`), note(t, ci2, b, `{}`)}, hold, ""},
		{"the sign of any value", field("/n", a, b), pair(`{"n":"*"}`, `{"n":"x"}`), hold, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := decide(t, ruled(c.rules...), c.set)
			require.Equal(t, c.want, d.Verdict, "%v", d.Reasons)
			requireWhy(t, d, c.code)
		})
	}
}

// What counts for nothing by its field does so for requirements and behind approvals.
func TestSameFieldHoldsForAll(t *testing.T) {
	t.Parallel()
	ci := service("ci")
	build, one, two := ci.of(t, shop(), provenanceOf("1")), ci.of(t, shop(), inRun("1")), ci.of(t, shop(), inRun("2"))
	q := question(needTests, needOne)
	q.Rules = []evidence.Rule{sameRun}
	ada := human("ada")
	d := decide(t, q, set{build, one, two, ada.of(t, shop(), approval(t, predicate.Approve, shop(), build, one))})
	require.Equal(t, allow, d.Verdict, "%v", d.Reasons)
	require.Contains(t, d.Results[2].Reasons[0].Text, `on "1"`)
	// ada looked at the provenance of one run and the tests of another.
	d = decide(t, q, set{build, one, two, ada.of(t, shop(), approval(t, predicate.Approve, shop(), build, two))})
	require.Equal(t, hold, d.Verdict)
	requireWhy(t, d, evidence.CodeOldEvidence)
	// A failure in another run denies all the same.
	failed := failed()
	failed.URL = "2"
	d = decide(t, q, set{build, one, ci.of(t, shop(), failed), ada.of(t, shop(), approval(t, predicate.Approve, shop(), build, one))})
	require.Equal(t, deny, d.Verdict)
}

// Of several values the one that lasts longest is taken.
func TestSameFieldLastsLongest(t *testing.T) {
	t.Parallel()
	ci := service("ci")
	s := set{}
	for i := range 4 {
		run, at := fmt.Sprint(i), noon.Add(-time.Duration(i*7%4)*time.Minute)
		s = append(s, ci.at(at).of(t, shop(), provenanceOf(run)), ci.at(at).of(t, shop(), inRun(run)))
	}
	d := decide(t, ruled(sameRun, evidence.Fresh{Type: predicate.TypeTestResult, MaxAge: time.Hour}), s)
	require.Equal(t, allow, d.Verdict)
	require.Equal(t, noon.Add(time.Hour), d.Until)
}

// Two rules are met together, or not at all.
func TestSameFieldsAreMetTogether(t *testing.T) {
	t.Parallel()
	ci := service("ci")
	a, b, c := "https://example.com/a", "https://example.com/b", "https://example.com/c"
	xy := evidence.SameField{Name: "x", Fields: []evidence.Field{{Type: a, Pointer: "/x"}, {Type: b, Pointer: "/x"}}}
	yz := evidence.SameField{Name: "y", Fields: []evidence.Field{{Type: b, Pointer: "/y"}, {Type: c, Pointer: "/y"}}}
	q := ruled(xy, yz)
	s := set{note(t, ci, a, `{"x":1}`), note(t, ci, b, `{"x":1,"y":1}`), note(t, ci, b, `{"x":2,"y":2}`), note(t, ci, c, `{"y":2}`)}
	require.Equal(t, hold, decide(t, q, s).Verdict, "each rule could be met by itself")
	s = append(s, note(t, ci, b, `{"x":1,"y":2}`))
	require.Equal(t, allow, decide(t, q, s).Verdict)
}

// The right value of many is found soon.
func TestManyWorlds(t *testing.T) {
	t.Parallel()
	ci := service("ci")
	a, b := "https://example.com/a", "https://example.com/b"
	r := evidence.SameField{Name: "x", Fields: []evidence.Field{{Type: a, Pointer: "/x"}, {Type: b, Pointer: "/x"}}}
	make := func(n int) (set, evidence.Question) {
		s := set{}
		var last set
		for i := range n {
			last = set{note(t, ci, a, fmt.Sprintf(`{"x":%d}`, i)), note(t, ci, b, fmt.Sprintf(`{"x":%d}`, i))}
			s = append(s, last...)
		}
		q := question(needTwo)
		q.Rules = []evidence.Rule{r}
		// Everybody approved something, and no two of them the same.
		for i := range n {
			s = append(s, human(fmt.Sprint("p", i)).of(t, shop(), approval(t, predicate.Approve, shop(), s[2*i:2*i+2]...)))
		}
		return s, q
	}
	s, q := make(50)
	require.Equal(t, hold, decide(t, q, s).Verdict)
	s = append(s, human("ada").of(t, shop(), approval(t, predicate.Approve, shop(), s[96:98]...)))
	require.Equal(t, allow, decide(t, q, s).Verdict)
	s, q = make(evidence.MaxWorlds + 1)
	require.Equal(t, hold, decide(t, q, s).Verdict, "no value has two approvers, so none is tried")
	q.Requirements = nil
	require.Equal(t, allow, decide(t, q, s).Verdict, "the first one will do")
}

// Everybody approved a run that nobody else tested: only trying each tells.
func TestTooManyWorlds(t *testing.T) {
	t.Parallel()
	s, q := set{}, ruled(sameRun, separate(evidence.DutyApprover, evidence.DutyTester))
	for i := range evidence.MaxWorlds + 1 {
		by, run := human(fmt.Sprint("p", i)), fmt.Sprint(i)
		looked := set{by.of(t, shop(), provenanceOf(run)), by.of(t, shop(), inRun(run))}
		s = append(append(s, looked...), by.of(t, shop(), approval(t, predicate.Approve, shop(), looked...)))
		if i == evidence.MaxWorlds-1 {
			require.Equal(t, hold, decide(t, q, s).Verdict)
		}
	}
	_, err := evidence.Decide(q, s, noon)
	require.ErrorIs(t, err, evidence.ErrWorlds)
}

func TestSameFieldsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]evidence.SameField{
		"zero":       {},
		"no name":    {Fields: sameRun.Fields},
		"no field":   {Name: "x"},
		"no type":    {Name: "x", Fields: []evidence.Field{{Pointer: "/x"}}},
		"twice":      {Name: "x", Fields: []evidence.Field{{Type: noteType, Pointer: "/x"}, {Type: noteType, Pointer: "/y"}}},
		"no pointer": {Name: "x", Fields: []evidence.Field{{Type: noteType, Pointer: "x"}}},
		"bad escape": {Name: "x", Fields: []evidence.Field{{Type: noteType, Pointer: "/~2"}}},
		"not UTF-8":  {Name: "\xff", Fields: []evidence.Field{{Type: noteType, Pointer: "/x"}}},
		"such type":  {Name: "x", Fields: []evidence.Field{{Type: "\xff", Pointer: "/x"}}},
	} {
		_, err := evidence.Decide(ruled(r), nil, noon)
		require.ErrorContains(t, err, "rule 0", name)
	}
}
