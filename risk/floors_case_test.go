package risk_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// floorsCase is one generated case: a release, a model, and all that somebody could say to have it judged more lightly.
type floorsCase struct {
	in     risk.Input
	policy *floorsPolicy
	model  *risk.Model
	must   []mustFloor
	plain  []risk.Hit // what the rules find with the prior and nothing said
}

// mustFloor is a floor that the release has by the way that it was made, whatever the code says.
type mustFloor struct {
	subject string
	floor   release.Tier
}

// floorsPolicy is a policy with its assessor, made once.
type floorsPolicy struct {
	*risk.Policy
	assessor *risk.Assessor
}

// floorsGenerator makes cases: the n-th of a seed is the same on every machine.
type floorsGenerator struct {
	pcg      *rand.PCG
	r        *rand.Rand
	seed     uint64
	policies []*floorsPolicy
}

func newFloorsGenerator(seed uint64, policies []*floorsPolicy) *floorsGenerator {
	pcg := rand.NewPCG(seed, 0)
	return &floorsGenerator{pcg: pcg, r: rand.New(pcg), seed: seed, policies: policies}
}

// floorsPolicies are the default policy, one whose table is low wherever it may be, one that is firm in more, and one with short times.
func floorsPolicies() ([]*floorsPolicy, error) {
	var out []*floorsPolicy
	for _, change := range []func(*risk.Policy){
		func(*risk.Policy) {},
		func(p *risk.Policy) {
			for i := range p.Table.Cells[:15] {
				p.Table.Cells[i] = "low"
			}
		},
		func(p *risk.Policy) { p.Firm = append(p.Firm, "sensitive", "gap") },
		func(p *risk.Policy) { p.MaxWaiver, p.BreakGlass.MaxAge, p.Window = time.Hour, time.Hour, time.Hour },
	} {
		p := policy(change)
		a, err := risk.New(p, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, &floorsPolicy{p, a})
	}
	return out, nil
}

func (g *floorsGenerator) one(n int) bool { return g.r.IntN(n) == 0 }

func oneOf[T any](g *floorsGenerator, from []T) T { return from[g.r.IntN(len(from))] }

// make is the n-th case.
func (g *floorsGenerator) make(n uint64) (*floorsCase, error) {
	g.pcg.Seed(g.seed, n)
	c := &floorsCase{policy: oneOf(g, g.policies)}
	cs := &c.in.Changes
	*cs = release.ChangeSet{Base: base, Head: head, Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete, release.KindDependency: release.CoverageComplete}}
	for range g.r.IntN(4) {
		c.must = oneOf(g, floorsParts)(g, cs, c.must)
	}
	for range g.r.IntN(3) { // nothing of note
		g.file(cs, oneOf(g, []string{"server/handler.go", "docs/guide.md", "README.md", "x_test.go", "vendor/y/z.go", "weird\n\x80.go", ""}))
	}
	g.authors(cs)
	g.r.Shuffle(len(cs.Files), func(i, j int) { cs.Files[i], cs.Files[j] = cs.Files[j], cs.Files[i] })
	c.in.Digest[0], c.in.Digest[1] = 1, byte(n)
	c.in.Impact, c.in.Exposed = risk.Impact(g.r.IntN(7)), release.Answer(g.r.IntN(4))
	if g.one(3) {
		g.garbage(reflect.ValueOf(&c.in.History).Elem(), 3)
	}
	if g.one(4) {
		c.in.Debts = g.debts()
	}
	plain, err := c.policy.assessor.Assess(c.in, now)
	if err != nil {
		return nil, err
	}
	c.plain = plain.Findings
	c.model = g.model()
	if g.one(3) { // all that was found, and the table, are waived
		c.in.Waivers = g.everything(c)
	}
	for range g.r.IntN(4) {
		c.in.Waivers = append(c.in.Waivers, g.waiver(c))
	}
	if g.one(8) && len(c.in.Waivers) > 0 {
		c.in.Waivers = append(c.in.Waivers, c.in.Waivers[0])
	}
	if g.one(4) {
		c.in.BreakGlass = g.glass(c)
		if g.one(5) {
			c.in.Debts = append(c.in.Debts, g.replayed(c))
		}
	}
	if g.one(6) {
		c.in.Same = [][]string{{"email:bob@example.com", oneOf(g, []string{"email:eve@example.com", "email:ada@example.com", "github:bob"})}}
	}
	return c, nil
}

// file adds a file with labels that lie, an operation of any kind and any size.
func (g *floorsGenerator) file(cs *release.ChangeSet, path string) {
	f := file(path, oneOf(g, []int64{0, 1, 9, 80, 900, 20_000, -1, math.MinInt64, math.MaxInt64}), int64(g.r.IntN(9)))
	f.Op = release.Op(g.r.IntN(14))
	f.Labels = g.labels()
	f.Binary, f.Uncounted = g.one(20), g.one(20)
	cs.Files = append(cs.Files, f)
}

func (g *floorsGenerator) labels() []release.Label {
	var out []release.Label
	for range g.r.IntN(3) {
		out = append(out, oneOf(g, []release.Label{release.LabelDocs, release.LabelTest, release.LabelGenerated, release.LabelVendored, "low", "safe\x00", ""}))
	}
	return out
}

var floorsPeople = []release.Actor{eve, eve, eve, humanOf("email:mallory@example.com"), humanOf("email:Bob+x@example.com"), {}, {Kind: release.ActorBot, ID: "email:bot@example.com"}, humanOf("github:eve")}

// floorsSpellings are other spellings of ada, what may be one, and who is somebody else.
var floorsSpellings = []release.Actor{humanOf("email:Ada+x@example.com."), humanOf(`email:"ada"@example.com`), humanOf("email:ada(x)@example.com"), humanOf("email:ａda@example.com"),
	humanOf("key:ada"), humanOf("email:a.da@example.com")}

// authors are mostly one who is known.
func (g *floorsGenerator) authors(cs *release.ChangeSet) {
	if !g.one(4) {
		cs.Commits = []release.Commit{{ID: head, Author: eve, Committer: eve}}
		return
	}
	for range g.r.IntN(3) {
		a := oneOf(g, floorsPeople)
		c := release.Commit{ID: head, Author: a, Committer: a}
		if g.one(6) {
			c.CoAuthors = []release.Actor{oneOf(g, floorsPeople)}
		}
		cs.Commits = append(cs.Commits, c)
	}
}

// floorsParts make something that has a floor by the list of rules, and say which.
var floorsParts = []func(*floorsGenerator, *release.ChangeSet, []mustFloor) []mustFloor{
	func(g *floorsGenerator, cs *release.ChangeSet, must []mustFloor) []mustFloor { // identity, access, crypto, payment, secrets
		path := oneOf(g, []string{"auth/login.go", "internal/session/store.go", "pkg/rbac/roles.go", "crypto/keys.go", "payment/charge.go", "secrets/vault.go"})
		g.file(cs, path)
		return append(must, mustFloor{path, release.TierHigh})
	},
	func(g *floorsGenerator, cs *release.ChangeSet, must []mustFloor) []mustFloor { // the pipeline
		path := oneOf(g, []string{".github/workflows/ci.yml", "Makefile", "Dockerfile"})
		g.file(cs, path)
		return append(must, mustFloor{path, release.TierHigh})
	},
	func(g *floorsGenerator, cs *release.ChangeSet, must []mustFloor) []mustFloor { // the policy
		path := oneOf(g, []string{"CODEOWNERS", ".github/CODEOWNERS", ".sallyport/policy.json", ".sallyport/waivers.yaml"})
		g.file(cs, path)
		return append(must, mustFloor{path, release.TierCritical})
	},
	func(g *floorsGenerator, cs *release.ChangeSet, must []mustFloor) []mustFloor { // a destructive migration
		path := oneOf(g, []string{"db/migrations/0043_drop_users.sql", "migrations/7_truncate.sql"})
		g.file(cs, path)
		return append(must, mustFloor{path, release.TierHigh})
	},
	func(g *floorsGenerator, cs *release.ChangeSet, must []mustFloor) []mustFloor { // IAM, KMS, network; drift of them
		kind := oneOf(g, []string{"aws_iam_role", "aws_security_group", "aws_kms_key"})
		r := release.ResourceChange{Address: kind + ".x", Type: kind, Op: release.Op(g.r.IntN(14)), Labels: g.labels()}
		if g.one(4) {
			cs.Drift = append(cs.Drift, r)
		} else {
			cs.Resources = append(cs.Resources, r)
		}
		return append(must, mustFloor{r.Address, release.TierHigh})
	},
	func(g *floorsGenerator, cs *release.ChangeSet, must []mustFloor) []mustFloor { // what holds data goes away
		cs.Resources = append(cs.Resources, release.ResourceChange{Address: "aws_db_instance.x", Type: "aws_db_instance",
			Op: oneOf(g, []release.Op{release.OpRemoved, release.OpReplaced}), Labels: g.labels()})
		return append(must, mustFloor{"aws_db_instance.x", release.TierHigh})
	},
	func(g *floorsGenerator, cs *release.ChangeSet, must []mustFloor) []mustFloor { // advisories
		a := release.AdvisoryChange{ID: "GO-2026-1", Package: "pkg:golang/a.io/x", After: []string{"v1.0.0"}, Effect: oneOf(g, []release.Effect{release.EffectIntroduced, release.EffectUnknown, 99})}
		g.garbage(reflect.ValueOf(&a.Likelihood).Elem(), 2)
		a.Exploited, a.Automatable, a.TotalImpact = release.Answer(g.r.IntN(3)), release.Answer(g.r.IntN(4)), release.Answer(g.r.IntN(4))
		if g.one(3) {
			a.Suppressions = []release.Suppression{{Author: "vendor"}}
		}
		cs.Advisories = append(cs.Advisories, a)
		floor := release.TierModerate
		if a.Exploited == release.AnswerYes {
			floor = release.TierCritical
		}
		return append(must, mustFloor{a.ID, floor})
	},
	func(g *floorsGenerator, cs *release.ChangeSet, must []mustFloor) []mustFloor { // back to an older version
		cs.Dependencies = append(cs.Dependencies, release.DependencyChange{File: "go.mod", Op: release.OpDowngraded, Package: "pkg:golang/example.com/x", Before: "v1.1.0", After: "v1.0.0"})
		return append(must, mustFloor{"pkg:golang/example.com/x", release.TierHigh})
	},
	func(g *floorsGenerator, cs *release.ChangeSet, must []mustFloor) []mustFloor { // nobody knows what is compared
		if g.one(2) {
			cs.Base = ""
			return append(must, mustFloor{"base", release.TierHigh})
		}
		cs.Head = ""
		return append(must, mustFloor{"head", release.TierHigh})
	},
	func(g *floorsGenerator, cs *release.ChangeSet, must []mustFloor) []mustFloor { // not read
		kind := oneOf(g, []release.Kind{release.KindCode, release.KindInfrastructure, "mine"})
		cs.Coverage[kind] = oneOf(g, []release.Coverage{release.CoverageMissing, release.CoveragePartial, 77})
		return append(must, mustFloor{string(kind), release.TierModerate})
	},
	func(g *floorsGenerator, cs *release.ChangeSet, must []mustFloor) []mustFloor { // gaps
		gap := release.Gap{Kind: oneOf(g, []release.GapKind{release.GapShallow, release.GapBaseMissing, release.GapTooLarge, "mine"}), Subject: "s"}
		cs.Gaps = append(cs.Gaps, gap)
		floor := release.TierHigh
		if gap.Kind == release.GapShallow {
			floor = release.TierModerate
		}
		return append(must, mustFloor{"s", floor})
	},
	func(g *floorsGenerator, cs *release.ChangeSet, must []mustFloor) []mustFloor { // a setting of the sign-in
		cs.Settings = append(cs.Settings, release.SettingChange{File: "config/auth.toml", Key: "ttl", Op: release.Op(g.r.IntN(14)), Labels: append(g.labels(), release.LabelIdentity)})
		return append(must, mustFloor{"config/auth.toml ttl", release.TierHigh})
	},
}

// model is any model: most are sound, with weights of up to a million, one in eight is garbage in every field, and one in
// eight has a weight that may be anything for each term.
func (g *floorsGenerator) model() *risk.Model {
	m := &risk.Model{ID: "m"}
	if g.one(8) {
		g.garbage(reflect.ValueOf(m).Elem(), 4)
		return m
	}
	any := g.one(7)
	number := func() float64 {
		if x := g.number(); any || math.Abs(x) <= 1e6 { // false for NaN
			return x
		}
		return oneOf(g, []float64{1e6, -1e6})
	}
	m.Bias = number()
	for _, name := range risk.TermNames() {
		w := risk.Weight{Term: name, Weight: math.Abs(number())}
		switch sure := slices.Contains(floorsSure, name); {
		case g.one(2):
			continue
		case !any && !sure:
			low, high := number(), number()
			if low, high = min(low, high), max(low, high); name == "experience" {
				low, high = high, low
			}
			w.Weight, w.Curve = 0, []risk.Point{{At: 1, LogOdds: low}, {At: 3, LogOdds: high}}
		}
		m.Weights = append(m.Weights, w)
	}
	return m
}

// floorsSure are the terms that may have a weight; the others need a curve.
var floorsSure = slices.DeleteFunc(risk.TermNames(), func(name string) bool {
	return (&risk.Model{Weights: []risk.Weight{{Term: name, Weight: 1}}}).Validate() != nil
})

// number is small, or up to a million either way, or none.
func (g *floorsGenerator) number() float64 {
	switch g.r.IntN(10) {
	case 0:
		return oneOf(g, []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64})
	case 1:
		return oneOf(g, []float64{1e6, -1e6})
	case 2, 3, 4:
		return 2e6 * (g.r.Float64() - 0.5)
	}
	return 8 * (g.r.Float64() - 0.5)
}

// garbage fills every exported field, however deep, with anything.
func (g *floorsGenerator) garbage(v reflect.Value, depth int) {
	if t, ok := v.Addr().Interface().(*time.Time); ok {
		*t = oneOf(g, []time.Time{{}, now, now.Add(-time.Hour), now.Add(time.Hour), time.Unix(1<<40, 0), time.Unix(-1<<40, 0)})
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				g.garbage(f, depth)
			}
		}
	case reflect.Pointer:
		if depth > 0 && g.one(2) {
			v.Set(reflect.New(v.Type().Elem()))
			g.garbage(v.Elem(), depth-1)
		}
	case reflect.Slice:
		if depth > 0 {
			n := g.r.IntN(3)
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				g.garbage(v.Index(i), depth-1)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			g.garbage(v.Index(i), depth)
		}
	case reflect.Float64:
		v.SetFloat(g.number())
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(oneOf(g, []int64{0, 1, 5, 25, 1000, -1, math.MinInt32, math.MaxInt32}))
	case reflect.Uint8, reflect.Uint64, reflect.Uint32:
		v.SetUint(oneOf(g, []uint64{0, 1, 2, 3, 4, 5, 77, 255}))
	case reflect.Bool:
		v.SetBool(g.one(2))
	case reflect.String:
		v.SetString(oneOf(g, []string{"", "lines-added", "made-up", "\xff", "a\x00b", "email:eve@example.com"}))
	}
}

// everything waives all that was found, and the table: what is left is what nobody may lower.
func (g *floorsGenerator) everything(c *floorsCase) []release.Waiver {
	var out []release.Waiver
	add := func(rule, subject string, changes release.Digest) {
		out = append(out, testWaiver(func(w *release.Waiver) {
			w.ID, w.Rule, w.Subject, w.Changes = fmt.Sprintf("all-%d", len(out)), rule, subject, changes
			w.Floor, w.UpTo = release.Tier(1+g.r.IntN(2)), oneOf(g, []release.Tier{0, 4})
		}))
	}
	for i := range c.plain {
		add(c.plain[i].Rule, c.plain[i].Subject, release.Digest{})
	}
	add("table", "", c.in.Digest)
	if g.one(2) {
		g.spoil(c, &out[g.r.IntN(len(out))])
	}
	return out
}

// replayed is a debt of the emergency that is paid already, as if the release had gone out before.
func (g *floorsGenerator) replayed(c *floorsCase) release.Debt {
	b := c.in.BreakGlass
	return release.Debt{ID: b.ID, Changes: b.Changes, Release: b.Release, Tier: release.TierCritical, Owed: c.policy.Demands[3].Requirements, By: b.By, Second: b.Second, Reason: b.Reason,
		Opened: b.At, Due: b.At.Add(time.Hour), Paid: b.At.Add(time.Minute), PaidBy: []release.Digest{{1}}}
}

// waiver is one for something that was found, mostly with one thing wrong.
func (g *floorsGenerator) waiver(c *floorsCase) release.Waiver {
	w := testWaiver()
	if g.one(10) {
		g.garbage(reflect.ValueOf(&w).Elem(), 3)
	}
	w.ID = fmt.Sprintf("w%d", g.r.IntN(50))
	w.Floor, w.UpTo = release.Tier(1+g.r.IntN(3)), oneOf(g, []release.Tier{0, 0, 2, 4, 4})
	if len(c.plain) > 0 {
		h := &c.plain[g.r.IntN(len(c.plain))]
		w.Rule, w.Subject = h.Rule, h.Subject
	}
	g.spoil(c, &w)
	return w
}

// spoil mostly puts one thing wrong.
func (g *floorsGenerator) spoil(c *floorsCase, w *release.Waiver) {
	switch g.r.IntN(24) {
	case 0:
		w.Floor = oneOf(g, []release.Tier{0, 5, 255})
	case 1:
		w.From = now.Add(1)
	case 2, 3:
		w.Expires = now.Add(-time.Duration(g.r.IntN(2)))
	case 4:
		w.Expires = now.Add(4000 * time.Hour)
	case 5:
		w.Changes = release.Digest{9}
	case 6:
		w.Changes = c.in.Digest
	case 7:
		w.Rule, w.Subject, w.Changes = "table", "", oneOf(g, []release.Digest{c.in.Digest, c.in.Digest, {9}, {}})
	case 8:
		w.Rule = "gap"
	case 9:
		w.Subject += oneOf(g, []string{"\x00", " ", "/", "*", "\u200b"})
	case 10:
		w.Second = w.Owner
	case 11:
		w.Second = humanOf("email:ADA+2@example.com")
	case 12, 13:
		w.Second = oneOf(g, floorsPeople)
	case 14:
		w.Owner = oneOf(g, floorsPeople)
	case 15:
		w.Reason = oneOf(g, []release.Text{"", " ", "\x00"})
	case 16:
		w.Owner.Kind = release.ActorKind(g.r.IntN(7))
	case 17:
		w.Second = oneOf(g, floorsSpellings)
	}
}

func (g *floorsGenerator) glass(c *floorsCase) *release.BreakGlass {
	b := &release.BreakGlass{ID: "inc-7", Changes: c.in.Digest, By: eve, Second: bob, Reason: "down", At: now.Add(-30 * time.Minute), Expires: now.Add(30 * time.Minute)}
	switch g.r.IntN(12) {
	case 0:
		g.garbage(reflect.ValueOf(b).Elem(), 3)
	case 1:
		b.Changes = release.Digest{9}
	case 2:
		b.At = now.Add(1)
	case 3:
		b.Expires = now
	case 4:
		b.Expires = now.Add(5 * time.Hour)
	case 5:
		b.Second = oneOf(g, floorsPeople)
	case 6:
		b.By = humanOf("email:BOB+1@example.com")
	case 8:
		b.By, b.Second = ada, oneOf(g, floorsSpellings)
	case 7:
		b.Reason = ""
	}
	return b
}

func (g *floorsGenerator) debts() []release.Debt {
	var out []release.Debt
	for range 1 + g.r.IntN(3) {
		d := release.Debt{ID: oneOf(g, []string{"inc-6", "inc-7"}), Changes: release.Digest{7}, Tier: release.TierHigh, Owed: []release.Requirement{{ID: "t", Evidence: release.EvidenceTest}},
			By: eve, Second: bob, Reason: "down", Opened: now.Add(-time.Hour), Due: now.Add(time.Duration(g.r.IntN(3)-1) * time.Minute)}
		switch g.r.IntN(4) {
		case 0:
			d.Paid, d.PaidBy = now.Add(-time.Minute), []release.Digest{{1}}
		case 1:
			g.garbage(reflect.ValueOf(&d).Elem(), 3)
		}
		out = append(out, d)
	}
	return out
}
