package evidence_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
	scanner "github.com/sallyport-dev/sallyport/release/scan"
)

// TestThresholdsGiveOneVerdict counts people over reorderings, duplicates, keys under
// further names and further certificates of the same people: none of them changes the
// verdict, and each count is that of a plain search for who is connected with whom.
func TestThresholdsGiveOneVerdict(t *testing.T) {
	t.Parallel()
	cases := 10_000
	if *long {
		cases = 1_000_000
	}
	// Five people, each with a key, the key under another name, another certificate of
	// the same name, and a certificate that has both of the others.
	names := []string{"a", "b", "c", "d", "e"}
	look := tests(t)
	approve := approval(t, predicate.Approve, shop(), look)
	signs := func(name, key string) evidence.Verified {
		p := human(name)
		p.Key = release.DigestOf([]byte(key))
		return p.of(t, shop(), approve)
	}
	var own, alias, second, both set
	for _, n := range names {
		own = append(own, signs(n, n))
		alias = append(alias, signs(n+" alias", n))
		second = append(second, signs(n, n+" second"))
		both = append(both, signs(n+" alias", n+" second"))
	}
	forms := []set{own, alias, second, both}
	q := question(needTests, needTwo)
	q.Rules = []evidence.Rule{evidence.Threshold{Count: 3, Type: predicate.TypeApproval}}
	r := rand.New(rand.NewPCG(1, 2))
	done, verdicts := 0, map[release.Verdict]int{}
	for done < cases {
		s := set{look}
		there := map[int]bool{}
		for range r.IntN(6) {
			who := r.IntN(len(names))
			there[who] = true
			s = append(s, forms[r.IntN(len(forms))][who])
		}
		want := decide(t, q, s)
		require.Equal(t, countPeople(s), want.Results[1].Have)
		require.Equal(t, countPeople(s), want.Results[2].Have)
		for range 20 {
			again := slices.Clone(s)
			for range r.IntN(3) {
				again = append(again, s[r.IntN(len(s))])
			}
			aliased := r.IntN(2) == 0
			if aliased { // everybody who is there shows all their forms
				for who := range there {
					for _, f := range forms {
						again = append(again, f[who])
					}
				}
			}
			r.Shuffle(len(again), func(i, k int) { again[i], again[k] = again[k], again[i] })
			got := decide(t, q, again)
			if done++; aliased {
				require.Equal(t, len(there), got.Results[1].Have)
				require.LessOrEqual(t, got.Verdict, want.Verdict, "further names make nobody two")
				verdicts[got.Verdict]++
				continue
			}
			verdicts[got.Verdict]++
			if !reflect.DeepEqual(want, got) {
				require.Equal(t, want, got)
			}
		}
	}
	t.Logf("%d variations: %v", done, verdicts)
	require.Greater(t, min(verdicts[allow], verdicts[hold]), done/20)
}

// countPeople counts the humans of a set by joining, again and again, whatever shares
// a name or a key.
func countPeople(s set) int {
	var groups [][]evidence.Identity
	for _, v := range s {
		if v.By().Kind == release.ActorHuman {
			groups = append(groups, []evidence.Identity{v.By()})
		}
	}
	same := func(a, b []evidence.Identity) bool {
		return slices.ContainsFunc(a, func(x evidence.Identity) bool {
			return slices.ContainsFunc(b, func(y evidence.Identity) bool { return x.Principal == y.Principal || x.Key == y.Key })
		})
	}
	for joined := true; joined; {
		joined = false
		for i := 0; i < len(groups) && !joined; i++ {
			for k := i + 1; k < len(groups) && !joined; k++ {
				if same(groups[i], groups[k]) {
					groups[i] = append(groups[i], groups[k]...)
					groups = slices.Delete(groups, k, k+1)
					joined = true
				}
			}
		}
	}
	return len(groups)
}

// enough is a counter of the cases of a property. Without -long it says so after few:
// each of them decides many times.
type enough int

func (e *enough) of(few int) bool {
	if *e++; int(*e) > few && !*long {
		*e--
		return true
	}
	return false
}

// negativePool is a pool with scans that VEX settles, and with what revokes.
func negativePool(t testing.TB) pool {
	p := newPool(t)
	p.odd = nil
	looks := []set{p.good[:2], p.good[:4]}
	times := []time.Time{noon.Add(-3 * time.Hour), noon.Add(-time.Hour)}
	for _, at := range times {
		psirt, anybody := service("psirt").at(at), service("anybody").at(at)
		p.good = append(p.good, vexOf(t, psirt, shop(), not("X-1")), vexOf(t, psirt, shop(), not("X-2", "X-1")), vexOf(t, anybody, shop(), not("X-1")))
		p.bad = append(p.bad, vexOf(t, anybody, shop(), not("X-1").is("affected")), vexOf(t, psirt, shop(), not("X-2").is("under_investigation")))
	}
	low := scanOf(predicate.VulnFound{ID: "X-3", Severity: []predicate.VulnSeverity{{Method: "nvd", Score: "low"}}})
	found := set{service("s").of(t, shop(), scan("X-1")), service("s").of(t, shop(), low), service("s").of(t, shop(), scan("X-1", "X-2"))}
	p.odd = found // against the release, or for it where what they found does not count
	for _, look := range looks {
		all := append(append(set{}, look...), p.good[len(p.good)-6], found[0])
		p.good = append(p.good, human("ada", "owner").of(t, shop(), approval(t, predicate.Approve, shop(), all...)))
	}
	for i, from := range []time.Time{ever, noon.Add(-2 * time.Hour)} {
		by := service([]string{"security", "ci"}[i])
		p.bad = append(p.bad, by.revokes(t, from, key("ada")), by.revokes(t, from, principal("ci")), by.revokes(t, from, principal("psirt")), by.revokes(t, from, key("zoe")))
	}
	for _, v := range slices.Concat(p.good[:12], p.bad, p.odd) {
		p.bad = append(p.bad, service("security").revokes(t, ever, envelope(t, v)))
	}
	p.bad = append(p.bad, service("security").revokes(t, ever, artifact(0)))
	return p
}

// drawNegativeQuestion adds the rules about what speaks against a release.
func drawNegativeQuestion(t *rapid.T, rules ...evidence.Rule) evidence.Question {
	q := drawQuestion(t)
	q.Rules = append(q.Rules, rules...)
	vulns := []evidence.Rule{believing, evidence.NoVulnerabilities{From: scanner.SeverityMedium, VEXBy: believing.VEXBy}, evidence.NoVulnerabilities{},
		evidence.Fresh{Type: typeVEX, MaxAge: 2 * time.Hour}}
	return withRules(q, rapid.SliceOfN(rapid.SampledFrom(vulns), 0, 2).Draw(t, "rules")...)
}

func withRules(q evidence.Question, rules ...evidence.Rule) evidence.Question {
	q.Rules = append(slices.Clone(q.Rules), rules...)
	return q
}

// some is a sample of several heaps: few of the first, fewer of the others.
func some(t *rapid.T, good, bad set) (set, set) {
	g := rapid.SliceOfN(rapid.SampledFrom(good), 0, 14).Draw(t, "good")
	if rapid.IntRange(0, 2).Draw(t, "against") > 0 {
		return g, nil
	}
	return g, rapid.SliceOfN(rapid.SampledFrom(bad), 1, 3).Draw(t, "bad")
}

// lists is a checkpoint by the store over a set, some of them older than others.
func lists(t *rapid.T, s set) evidence.Verified {
	at := noon.Add(-time.Duration(rapid.IntRange(1, 90).Draw(t, "minutes")) * time.Minute)
	c, err := evidence.NewCheckpoint(shop(), s, rapid.Uint64Range(1, 5).Draw(t, "sequence"), at)
	require.NoError(t, err)
	st, err := evidence.For(shop(), c)
	require.NoError(t, err)
	v, err := evidence.Verify(ctx, service("store").at(at), dsse(st.Bytes(), "c2ln"))
	require.NoError(t, err)
	return v
}

// TestNegativeOrderChangesNothing: not the verdict, and no byte of the rest.
func TestNegativeOrderChangesNothing(t *testing.T) {
	t.Parallel()
	p := negativePool(t)
	verdicts := map[release.Verdict]int{}
	var n enough
	rapid.Check(t, func(t *rapid.T) {
		if n.of(400) {
			return
		}
		g, b := some(t, p.good, slices.Concat(p.bad, p.odd))
		s := append(append(set{}, g...), b...)
		s = append(s, lists(t, s), lists(t, g))
		q := drawNegativeQuestion(t, rapid.SampledFrom([][]evidence.Rule{nil, {byStore}}).Draw(t, "store")...)
		want := decide(t, q, s)
		verdicts[want.Verdict]++
		for range 2 {
			again := append(rapid.Permutation(s).Draw(t, "order"), rapid.SampledFrom(s).Draw(t, "again"))
			require.Equal(t, want, decide(t, q, again))
		}
	})
	require.Greater(t, min(verdicts[allow], verdicts[hold], verdicts[deny]), int(n)/100, "%v", verdicts)
}

// TestTakingSupportAwayNeverAllows: statements in favour, VEX documents and complete
// checkpoints are taken away; a no stays a no.
func TestTakingSupportAwayNeverAllows(t *testing.T) {
	t.Parallel()
	p := negativePool(t)
	found := service("s").of(t, shop(), scan("X-1"))
	allowed, vexed := 0, 0
	var cases enough
	rapid.Check(t, func(t *rapid.T) {
		if cases.of(600) {
			return
		}
		good, bad := some(t, p.good, slices.Concat(p.bad, p.odd))
		if rapid.IntRange(0, 3).Draw(t, "found") == 0 { // where VEX matters
			bad = append(slices.Clone(bad), found)
		}
		q := drawNegativeQuestion(t)
		if rapid.Bool().Draw(t, "store") {
			q = withRules(q, byStore)
			all := append(append(set{}, good...), bad...)
			good = append(slices.Clone(good), lists(t, all), lists(t, good))
		}
		before := decide(t, q, append(append(set{}, good...), bad...))
		if before.Verdict.Allowed() {
			allowed++
			if len(bad) > 0 {
				vexed++
			}
		}
		for range 3 {
			keep := set{}
			for _, v := range good {
				if rapid.IntRange(0, 3).Draw(t, "keep") > 0 {
					keep = append(keep, v)
				}
			}
			after := decide(t, q, append(keep, bad...))
			require.LessOrEqual(t, after.Verdict, before.Verdict, "%v\n%v", before.Reasons, after.Reasons)
		}
	})
	t.Logf("%d cases, %d allowed, %d of them although something speaks against", cases, allowed, vexed)
	require.Greater(t, min(allowed, 10*vexed), int(cases)/50)
}

// TestAddingNegativeEvidenceNeverAllows: what speaks against a release never helps it,
// a checkpoint that lists what is not there included.
func TestAddingNegativeEvidenceNeverAllows(t *testing.T) {
	t.Parallel()
	p := negativePool(t)
	withheld := service("nobody has seen").of(t, shop(), failed())
	turned := 0
	var n enough
	rapid.Check(t, func(t *rapid.T) {
		if n.of(500) {
			return
		}
		good, bad := some(t, p.good, slices.Concat(p.bad, p.odd))
		s := append(append(set{}, good...), bad...)
		q := drawNegativeQuestion(t)
		// For Fresh, a document is there whatever it says.
		q.Rules = slices.DeleteFunc(q.Rules, func(r evidence.Rule) bool { _, fresh := r.(evidence.Fresh); return fresh })
		if rapid.Bool().Draw(t, "store") {
			q = withRules(q, byStore)
			s = append(s, lists(t, s))
		}
		before := decide(t, q, s)
		for range 3 {
			against := rapid.SliceOfN(rapid.SampledFrom(p.bad), 1, 3).Draw(t, "more")
			if rapid.IntRange(0, 4).Draw(t, "list") == 0 {
				against = append(slices.Clone(against), lists(t, append(slices.Clone(s), withheld)))
			}
			after := decide(t, q, append(slices.Clone(s), against...))
			require.LessOrEqual(t, after.Verdict, before.Verdict, "%v\n%v", before.Reasons, after.Reasons)
			if after.Verdict < before.Verdict {
				turned++
			}
		}
	})
	t.Logf("%d cases", n)
	require.Greater(t, turned, int(n)/5)
}

// TestTakingNegativeEvidenceAwayIsCaught: for every single negative item, and for
// random subsets of them, the checkpoint that lists them holds the release and names
// them. Without the rule the same deletion lets some releases pass.
func TestTakingNegativeEvidenceAwayIsCaught(t *testing.T) {
	t.Parallel()
	p := negativePool(t)
	caught, would, denied := 0, 0, 0
	var n enough
	rapid.Check(t, func(t *rapid.T) {
		if n.of(200) {
			return
		}
		good := rapid.SliceOfN(rapid.SampledFrom(p.good), 0, 14).Draw(t, "good")
		bad := rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Concat(p.bad, p.odd)), 1, 4, evidence.Verified.Digest).Draw(t, "bad")
		all := append(append(set{}, good...), bad...)
		open := drawNegativeQuestion(t)
		q := withRules(open, byStore)
		checkpoints := set{lists(t, all)}
		if rapid.Bool().Draw(t, "newer") { // one that lists less makes nothing good
			checkpoints = append(checkpoints, lists(t, good))
		}
		full := decide(t, q, append(slices.Clone(all), checkpoints...))
		if full.Verdict == deny {
			denied++
		}
		for without := range 1 << len(bad) {
			if without == 0 {
				continue
			}
			left, missing := append(set{}, good...), map[string]bool{}
			for i, v := range bad {
				if without&(1<<i) == 0 {
					left = append(left, v)
				} else {
					missing[v.Digest().String()] = true
				}
			}
			if decide(t, open, left).Verdict.Allowed() {
				would++
			}
			d := decide(t, q, append(left, checkpoints...))
			require.False(t, d.Verdict.Allowed(), "%v", d.Reasons)
			named := map[string]bool{}
			for _, r := range d.Reasons {
				if r.Code == evidence.CodeIncomplete && missing[r.Subject] {
					named[r.Subject] = true
				}
			}
			require.Equal(t, missing, named)
			caught++
		}
	})
	t.Logf("%d deletions caught, %d of which would have let a release pass without the rule; %d releases were denied before", caught, would, denied)
	require.Greater(t, min(would, denied), int(n)/50)
}

// TestEveryNegativeItemIsListed: each of the pool alone, without luck.
func TestEveryNegativeItemIsListed(t *testing.T) {
	t.Parallel()
	p := negativePool(t)
	p.bad = append(p.bad, p.odd...)
	ok := tests(t)
	c := store(t, noon.Add(-time.Minute), 1, slices.Concat(p.good, p.bad)...)
	for _, v := range p.bad {
		d := decide(t, ruled(byStore), slices.DeleteFunc(slices.Concat(p.good, p.bad, set{ok, c}), func(o evidence.Verified) bool { return o.Digest() == v.Digest() }))
		require.False(t, d.Verdict.Allowed())
		require.True(t, slices.ContainsFunc(d.Reasons, func(r release.Reason) bool {
			return r.Code == evidence.CodeIncomplete && r.Subject == v.Digest().String()
		}), "%s", v.Statement().Bytes())
	}
}

// TestNegativeAllowLastsUntil: an allow that rests on checkpoints and VEX documents
// lasts until it says, and no longer.
func TestNegativeAllowLastsUntil(t *testing.T) {
	t.Parallel()
	p := negativePool(t)
	found := service("s").of(t, shop(), scan("X-1"))
	ended := 0
	var n enough
	rapid.Check(t, func(t *rapid.T) {
		if n.of(1500) {
			return
		}
		s := rapid.SliceOfN(rapid.SampledFrom(p.good), 0, 14).Draw(t, "good")
		if rapid.Bool().Draw(t, "found") {
			s = append(slices.Clone(s), found)
		}
		q := withRules(drawNegativeQuestion(t), evidence.NoVulnerabilities{VEXBy: believing.VEXBy})
		if rapid.Bool().Draw(t, "store") {
			q = withRules(q, byStore)
			s = append(s, lists(t, s), lists(t, s))
		}
		d := decide(t, q, s)
		if !d.Verdict.Allowed() || d.Until.IsZero() {
			return
		}
		ended++
		at := noon.Add(time.Duration(rapid.Int64Range(0, int64(d.Until.Sub(noon))-1).Draw(t, "at")))
		for _, when := range []time.Time{at, d.Until.Add(-1)} {
			later, err := evidence.Decide(q, s, when)
			require.NoError(t, err)
			require.Equal(t, allow, later.Verdict)
			require.Equal(t, d.Until, later.Until)
		}
		end, err := evidence.Decide(q, s, d.Until)
		require.NoError(t, err)
		require.NotEqual(t, allow, end.Verdict)
	})
	require.Greater(t, ended, int(n)/100)
}
