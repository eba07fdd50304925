package evidence_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// fact is one statement, as the slow Decide knows it.
type fact struct {
	kind  release.EvidenceKind
	who   string
	at    time.Time
	run   string // of tests and provenance: "" is none
	tool  string // of tests and scans
	looks []int  // of an approval: the facts that were looked at
}

// problem is a question in the words of the slow Decide.
type problem struct {
	need     map[release.EvidenceKind]int
	fresh    map[release.EvidenceKind]time.Duration
	run      bool // tests and provenance of one run
	tool     bool // tests and scans with one tool
	separate []evidence.Duty
	author   string
	facts    []fact
}

var dutyKinds = map[evidence.Duty]release.EvidenceKind{evidence.DutyApprover: release.EvidenceApproval, evidence.DutyTester: release.EvidenceTest,
	evidence.DutyScanner: release.EvidenceScan, evidence.DutyBuilder: release.EvidenceProvenance}

// slowDecide tries every choice of a run and a tool, and every way to give people
// duties.
func (p *problem) slowDecide(now time.Time) bool {
	runs, tools := []string{"*"}, []string{"*"}
	if p.run {
		runs = []string{"1", "2", "3"}
	}
	if p.tool {
		tools = []string{"x:1", "x:2"}
	}
	for _, run := range runs {
		for _, tool := range tools {
			if p.allowed(run, tool, now) {
				return true
			}
		}
	}
	return false
}

func (p *problem) allowed(run, tool string, now time.Time) bool {
	kept := func(f fact) bool {
		age, aged := p.fresh[f.kind]
		return (!aged || now.Before(f.at.Add(age))) &&
			(run == "*" || f.kind != release.EvidenceTest && f.kind != release.EvidenceProvenance || f.run == run) &&
			(tool == "*" || f.kind != release.EvidenceTest && f.kind != release.EvidenceScan || f.tool == tool)
	}
	people := func(kind release.EvidenceKind, among []int) map[string]bool {
		out := map[string]bool{}
		for _, i := range among {
			if p.facts[i].kind == kind && kept(p.facts[i]) {
				out[p.facts[i].who] = true
			}
		}
		return out
	}
	all := make([]int, len(p.facts))
	for i := range all {
		all[i] = i
	}
	enough := func(among []int) bool {
		for kind, n := range p.need {
			if kind != release.EvidenceApproval && len(people(kind, among)) < n {
				return false
			}
		}
		return true
	}
	if !enough(all) {
		return false
	}
	can := map[release.EvidenceKind]map[string]bool{}
	for kind := range p.need {
		can[kind] = people(kind, all)
	}
	if n, ok := p.need[release.EvidenceApproval]; ok {
		approvers := map[string]bool{}
		for _, f := range p.facts {
			if f.kind == release.EvidenceApproval && kept(f) && f.who != p.author && enough(f.looks) {
				approvers[f.who] = true
			}
		}
		if can[release.EvidenceApproval] = approvers; len(approvers) < n {
			return false
		}
	}
	return p.apart(can)
}

// apart tries to give each person one of the duties or none.
func (p *problem) apart(can map[release.EvidenceKind]map[string]bool) bool {
	var kinds []release.EvidenceKind
	for _, d := range p.separate {
		if k, ok := dutyKinds[d]; ok {
			kinds = append(kinds, k)
		}
	}
	names := []string{"a", "b", "c", "d"}
	var try func(i int, got map[release.EvidenceKind]int) bool
	try = func(i int, got map[release.EvidenceKind]int) bool {
		if i == len(names) {
			for _, k := range kinds {
				if got[k] < p.need[k] {
					return false
				}
			}
			return true
		}
		if try(i+1, got) {
			return true
		}
		if slices.Contains(p.separate, evidence.DutyAuthor) && names[i] == p.author {
			return false
		}
		for _, k := range kinds {
			if can[k][names[i]] {
				next := maps.Clone(got)
				next[k]++
				if try(i+1, next) {
					return true
				}
			}
		}
		return false
	}
	return try(0, map[release.EvidenceKind]int{})
}

// question is the same for Decide.
func (p *problem) question() evidence.Question {
	q := question()
	author := release.Actor{Kind: release.ActorHuman, ID: "email:author@example.com"}
	q.Authors, q.Identities = []release.Actor{author}, map[string]evidence.Principal{author.ID: person(p.author)}
	types := map[release.EvidenceKind]string{release.EvidenceTest: predicate.TypeTestResult, release.EvidenceProvenance: predicate.TypeProvenance,
		release.EvidenceScan: predicate.TypeVulns, release.EvidenceApproval: predicate.TypeApproval}
	for _, kind := range slices.Sorted(maps.Keys(p.need)) {
		q.Requirements = append(q.Requirements, release.Requirement{ID: string(kind), Evidence: kind, Count: p.need[kind]})
	}
	for _, kind := range slices.Sorted(maps.Keys(p.fresh)) {
		q.Rules = append(q.Rules, evidence.Fresh{Type: types[kind], MaxAge: p.fresh[kind]})
	}
	if p.run {
		q.Rules = append(q.Rules, sameRun)
	}
	if p.tool {
		q.Rules = append(q.Rules, sameTool)
	}
	if len(p.separate) > 0 {
		q.Rules = append(q.Rules, evidence.Separate{Duties: p.separate})
	}
	return q
}

var sameTool = evidence.SameField{Name: "tool", Fields: []evidence.Field{
	{Type: predicate.TypeTestResult, Pointer: "/configuration/0/uri"}, {Type: predicate.TypeVulns, Pointer: "/scanner/uri"}}}

func (p *problem) set(t testing.TB, cache map[string]evidence.Verified) set {
	var out set
	for _, f := range p.facts {
		key := fmt.Sprint(f.kind, f.who, f.at, f.run, f.tool)
		for _, i := range f.looks {
			key += out[i].Digest().String()
		}
		v, ok := cache[key]
		if !ok {
			v = human(f.who).at(f.at).of(t, shop(), f.predicate(t, out))
			cache[key] = v
		}
		out = append(out, v)
	}
	return out
}

func (f fact) predicate(t testing.TB, s set) predicate.Predicate {
	switch f.kind {
	case release.EvidenceTest:
		r := inRun(f.run)
		r.Configuration = []predicate.Resource{{URI: f.tool}}
		return r
	case release.EvidenceProvenance:
		return provenanceOf(f.run)
	case release.EvidenceScan:
		v := scan()
		v.Scanner.URI = f.tool
		return v
	}
	var looks set
	for _, i := range f.looks {
		looks = append(looks, s[i])
	}
	return approval(t, predicate.Approve, shop(), looks...)
}

func drawProblem(t *rapid.T) *problem {
	p := &problem{need: map[release.EvidenceKind]int{}, fresh: map[release.EvidenceKind]time.Duration{}, author: rapid.SampledFrom([]string{"d", "somebody else"}).Draw(t, "author")}
	kinds := []release.EvidenceKind{release.EvidenceTest, release.EvidenceProvenance, release.EvidenceScan, release.EvidenceApproval}
	for _, k := range kinds {
		if rapid.IntRange(0, 2).Draw(t, "asked") > 0 {
			p.need[k] = rapid.SampledFrom([]int{1, 1, 2}).Draw(t, "need")
		}
		if rapid.IntRange(0, 2).Draw(t, "aged") == 0 {
			p.fresh[k] = time.Duration(rapid.IntRange(1, 3).Draw(t, "age")) * time.Hour
			p.need[k] = max(1, p.need[k]) // the rule asks for one
		}
	}
	if p.run = rapid.Bool().Draw(t, "run"); p.run {
		p.need[release.EvidenceTest], p.need[release.EvidenceProvenance] = max(1, p.need[release.EvidenceTest]), max(1, p.need[release.EvidenceProvenance])
	}
	if p.tool = rapid.IntRange(0, 2).Draw(t, "tool") == 0; p.tool {
		p.need[release.EvidenceTest], p.need[release.EvidenceScan] = max(1, p.need[release.EvidenceTest]), max(1, p.need[release.EvidenceScan])
	}
	if rapid.Bool().Draw(t, "separate") {
		p.separate = rapid.SampledFrom([][]evidence.Duty{{evidence.DutyAuthor, evidence.DutyTester}, {evidence.DutyApprover, evidence.DutyTester},
			{evidence.DutyApprover, evidence.DutyTester, evidence.DutyBuilder, evidence.DutyScanner}, {evidence.DutyAuthor, evidence.DutyBuilder, evidence.DutyTester}}).Draw(t, "duties")
		for _, d := range p.separate {
			if k, ok := dutyKinds[d]; ok {
				p.need[k] = max(1, p.need[k])
			}
		}
	}
	for range rapid.IntRange(2, 12).Draw(t, "facts") {
		f := fact{kind: rapid.SampledFrom(kinds[:3]).Draw(t, "kind"), who: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "who"),
			at: noon.Add(-time.Duration(rapid.IntRange(0, 7).Draw(t, "at")) * 20 * time.Minute)}
		if f.kind != release.EvidenceScan {
			f.run = rapid.SampledFrom([]string{"", "1", "2", "3"}).Draw(t, "run")
		}
		if f.kind != release.EvidenceProvenance {
			f.tool = rapid.SampledFrom([]string{"x:1", "x:2"}).Draw(t, "tool")
		}
		if slices.ContainsFunc(p.facts, func(o fact) bool {
			return o.kind == f.kind && o.who == f.who && o.at.Equal(f.at) && o.run == f.run && o.tool == f.tool
		}) {
			continue
		}
		p.facts = append(p.facts, f)
	}
	n := len(p.facts)
	for range rapid.IntRange(0, 4).Draw(t, "approvals") {
		f := fact{kind: release.EvidenceApproval, who: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "approver"), at: noon.Add(-time.Duration(rapid.IntRange(0, 3).Draw(t, "when")) * 30 * time.Minute)}
		drop := rapid.IntRange(0, 5).Draw(t, "drop")
		for i := range n {
			if i != drop {
				f.looks = append(f.looks, i)
			}
		}
		p.facts = append(p.facts, f)
	}
	return p
}

// TestRulesAgreeWithTheSlowDecide compares the verdict and Until with what trying all
// says, at now and at each moment at which something ends.
func TestRulesAgreeWithTheSlowDecide(t *testing.T) {
	t.Parallel()
	cache := map[string]evidence.Verified{}
	allowed, ended, cases := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		p := drawProblem(rt)
		q, s := p.question(), p.set(t, cache)
		if len(q.Requirements) == 0 {
			return
		}
		cases++
		want := p.slowDecide(noon)
		d := decide(rt, q, s)
		require.Equal(rt, want, d.Verdict.Allowed(), "%+v\n%v", p, d.Reasons)
		if !want {
			return
		}
		allowed++
		var ends []time.Time
		for _, f := range p.facts {
			if age, ok := p.fresh[f.kind]; ok {
				if end := f.at.Add(age); end.After(noon) {
					ends = append(ends, end)
				}
			}
		}
		slices.SortFunc(ends, time.Time.Compare)
		var until time.Time
		for _, end := range ends {
			if !p.slowDecide(end) {
				until = end
				ended++
				break
			}
		}
		require.Equal(rt, until, d.Until, "%+v", p)
	})
	require.Greater(t, allowed, cases/20, "the cases are worth something")
	require.Greater(t, ended, cases/40)
}
