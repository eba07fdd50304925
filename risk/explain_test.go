package risk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/risk"
)

// The checker below knows nothing of the package but its documentation: it reads an assessment, a
// policy and a model as JSON, and says what in the first does not follow from the others.

type (
	assessmentText struct {
		Tier, Table, Impact, DeclaredImpact, Lane string
		TableFrom                                 string
		Features                                  map[string]any
		Findings                                  []struct {
			Rule                               string
			Version                            int
			Floor, Subject, Text, Waived, From string
		}
		Reasons []struct {
			Code, Subject, Text string
			Version             int
		}
		Likelihood struct {
			Level         string
			LogOdds       float64
			P, Lo, Hi     float64
			Shown         bool
			Why           string
			Contributions []struct {
				Term           string
				Value, LogOdds float64
				Unknown        bool
			}
		}
		Requirements []any
		Rollout      any
		Policy       string
		Model        string
	}
	policyAsText struct {
		Digest string
		Rules  []struct {
			ID      string
			Version int
		}
		Cuts          []float64
		UnknownImpact string
		Table         struct {
			Axes []struct {
				Name   string
				Values []string
			}
			Outcomes, Cells []string
		}
		Demands    []demandAsText
		Expedite   struct{ Demands []demandAsText }
		BreakGlass demandAsText
	}
	demandAsText struct {
		Tier         string
		Requirements []any
		Rollout      any
		Owners       bool
	}
	modelAsText struct {
		Digest  string
		Sound   bool
		Bias    float64
		Weights []struct {
			Term   string
			Weight float64
			Curve  []struct{ At, LogOdds float64 }
		}
		Outcomes    struct{ Mature, Failed int }
		Calibration *struct {
			Shift, Slope float64
			Covariance   [3]float64
		}
	}
)

// policyJSON is a policy as data: what its digest is of.
func policyJSON(t require.TestingT, p *risk.Policy) []byte {
	type code struct {
		ID      string `json:"id"`
		Version int    `json:"version"`
	}
	digest, err := p.Digest()
	require.NoError(t, err)
	out := map[string]any{"digest": digest, "cuts": p.Cuts, "unknownImpact": p.UnknownImpact, "table": p.Table, "demands": p.Demands, "expedite": p.Expedite, "breakGlass": p.BreakGlass}
	var rules []code
	for _, r := range p.Rules {
		rules = append(rules, code{r.ID, r.Version})
	}
	out["rules"] = rules
	b, err := json.Marshal(out)
	require.NoError(t, err)
	return b
}

// modelJSON is a model as data; of one that is not sound, only that it is not.
func modelJSON(t require.TestingT, m *risk.Model) []byte {
	digest, err := m.Digest()
	require.NoError(t, err)
	data := map[string]any{}
	if m.Validate() == nil {
		b, err := json.Marshal(m)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(b, &data))
		data["sound"] = true
	}
	data["digest"] = digest.String()
	b, err := json.Marshal(data)
	require.NoError(t, err)
	return b
}

const closeEnough = 1e-12

func within(a, b float64) bool { return math.Abs(a-b) <= closeEnough*max(1, math.Abs(a), math.Abs(b)) }

// follows is the independent checker. It returns everything that is wrong.
func follows(assessment, policy, model []byte) error {
	var a assessmentText
	var p policyAsText
	var m modelAsText
	if err := errors.Join(json.Unmarshal(assessment, &a), json.Unmarshal(policy, &p), json.Unmarshal(model, &m)); err != nil {
		return err
	}
	var errs []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	want(a.Policy == p.Digest && a.Model == m.Digest, "it is by another policy or model")

	tiers := []string{"low", "moderate", "high", "critical"}
	rank := func(tier string) int {
		if i := slices.Index(tiers, tier); i >= 0 {
			return i
		}
		return len(tiers) - 1
	}
	// The likelihood.
	l := &a.Likelihood
	sound := m.Sound && len(l.Contributions) > 0
	want(m.Sound || len(l.Contributions) == 0, "a model that is not sound has contributions")
	row := "high"
	if sound {
		sum := 0.0
		for _, c := range l.Contributions {
			sum += c.LogOdds
		}
		want(sum == l.LogOdds, "the contributions add up to %v, not to %v", sum, l.LogOdds)
		errs = append(errs, m.contributions(&a))
		want(within(l.P, inverseLogit(l.LogOdds)), "p is %v for log-odds of %v", l.P, l.LogOdds)
		lo, hi, shown := m.interval(&a)
		want(within(l.Lo, lo) && within(l.Hi, hi) && l.Shown == shown, "the interval is %v to %v, shown %v, and should be %v to %v, %v", l.Lo, l.Hi, l.Shown, lo, hi, shown)
		row = []string{"minimal", "low", "medium", "high"}[len(p.Cuts)-countAbove(p.Cuts, l.P)]
		want(l.Level == row, "the level of %v is %s, not %s", l.P, row, l.Level)
	} else {
		want(l.Level == "unknown" && l.P == 1 && l.Lo == 0 && l.Hi == 1 && !l.Shown && l.LogOdds == 0, "a likelihood that is not known says something")
	}
	want(!l.Shown || m.Outcomes.Mature >= 25 && m.Outcomes.Failed >= 5, "a percentage is shown too early")
	want(l.Why != "", "it does not say what the likelihood rests on")

	// The table.
	impact := a.DeclaredImpact
	if impact == "unknown" && a.Impact != "severe" { // what has no name is severe
		impact = p.UnknownImpact
	} else if impact == "unknown" {
		impact = a.Impact
	}
	want(a.Impact == impact, "the impact counts as %s, not as %s", impact, a.Impact)
	table := p.look(row, a.Impact)
	want(slices.Contains(tiers, a.Table), "table %q", a.Table)
	want(max(rank(a.Table), rank(orElse(a.TableFrom, a.Table))) == rank(table), "the table gives %s, not %s", table, a.Table)

	// The floors and the tier.
	tier, before := rank(a.Table), len(tiers)
	rules := map[string]int{}
	for _, r := range p.Rules {
		rules[r.ID] = r.Version
	}
	for _, f := range a.Findings {
		want(slices.Contains(tiers, f.Floor), "floor %q", f.Floor)
		want(rules[f.Rule] == f.Version && f.Version > 0, "the policy has no rule %q of version %d", f.Rule, f.Version)
		want((f.Waived == "") == (f.From == ""), "a waiver that waives nothing")
		want(rank(f.Floor) <= before, "findings out of order")
		before = rank(f.Floor)
		tier = max(tier, rank(f.Floor))
	}
	want(a.Tier == tiers[tier], "the tier is %s, not %s", tiers[tier], a.Tier)

	// The reasons: one for each finding, in their order, and one for the table where it belongs.
	next, told := 0, false
	for _, r := range a.Reasons {
		if r.Code == "risk/table" && r.Subject == "" && !told {
			told = true
			want(next == len(a.Findings) || rank(a.Findings[next].Floor) < rank(a.Table), "the table's reason is out of order")
			want(next == 0 || rank(a.Findings[next-1].Floor) >= rank(a.Table), "the table's reason is out of order")
			want(strings.Contains(r.Text, "likelihood "+l.Level) && strings.Contains(r.Text, "impact "+a.DeclaredImpact) && r.Version == 0, "the table's reason says something else")
			continue
		}
		if next == len(a.Findings) {
			want(r.Version == 0 && r.Code != "risk/table", "a reason of no finding: %s", r.Code)
			continue
		}
		f := a.Findings[next]
		next++
		expected := f.Text
		if floor := max(rank(f.Floor), rank(orElse(f.From, f.Floor))); floor > 0 {
			expected += ", so at least " + tiers[floor]
		}
		want(r.Code == "risk/"+f.Rule && r.Version == f.Version && r.Subject == f.Subject, "reason %d is not of its finding", next)
		want(r.Text == expected || f.Waived != "" && strings.HasPrefix(r.Text, expected), "reason %d says something else than its finding", next)
	}
	want(told && next == len(a.Findings), "reasons are missing")

	// What is demandAsText in the lane.
	d := p.Demands[tier]
	switch a.Lane {
	case "normal":
	case "expedite":
		i := slices.IndexFunc(p.Expedite.Demands, func(d demandAsText) bool { return d.Tier == a.Tier })
		want(i >= 0, "the lane is closed for %s", a.Tier)
		if i >= 0 {
			d = p.Expedite.Demands[i]
		}
	case "break-glass":
		d = p.BreakGlass
	default:
		want(false, "lane %q", a.Lane)
	}
	n := min(len(d.Requirements), len(a.Requirements))
	want(asText(noTest, d.Requirements) == asText(noTest, a.Requirements[:n]), "the requirements are not the policy's for %s", tiers[tier])
	ids := map[any]bool{}
	for _, r := range a.Requirements {
		id := r.(map[string]any)["id"]
		want(!ids[id], "requirement %v stands twice", id)
		ids[id] = true
	}
	want(n == len(a.Requirements) || d.Owners, "more is demandAsText than the policy says")
	want(asText(noTest, d.Rollout) == asText(noTest, a.Rollout), "the rollout is not the policy's for %s", tiers[tier])
	return errors.Join(errs...)
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func countAbove(cuts []float64, p float64) int {
	n := 0
	for _, c := range cuts {
		if p < c {
			n++
		}
	}
	return n
}

func inverseLogit(x float64) float64 {
	if x < 0 {
		return math.Exp(x) / (1 + math.Exp(x))
	}
	return 1 / (1 + math.Exp(-x))
}

// look is the cell of two words.
func (p *policyAsText) look(likelihood, impact string) string {
	at := 0
	for _, axis := range p.Table.Axes {
		word := map[string]string{"likelihood": likelihood, "impact": impact}[axis.Name]
		i := slices.Index(axis.Values, word)
		if i < 0 {
			return "critical"
		}
		at = at*len(axis.Values) + i
	}
	return p.Table.Cells[at]
}

// count is the feature that a term is of: "lines-added" is linesAdded.
func (a *assessmentText) count(term string) (float64, bool) {
	words := strings.Split(term, "-")
	for i := 1; i < len(words); i++ {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
	}
	number := func(name string) (float64, bool) {
		switch v := a.Features[name].(type) {
		case float64:
			if v < 0 || v > 1<<53-1 {
				v = 1<<53 - 1
			}
			return v, true
		case map[string]any:
			known, _ := v["known"].(bool)
			value, _ := v["value"].(float64)
			return value, known
		}
		return 0, false
	}
	n, known := number(strings.Join(words, ""))
	if term == "lines-added" {
		earlier, _ := number("earlierAdded")
		n = min(n+earlier, 1<<53-1)
	}
	return n, known
}

// contributions computes each from its feature and weight.
func (m *modelAsText) contributions(a *assessmentText) error {
	shift, slope := 0.0, 1.0
	if m.Calibration != nil {
		shift, slope = m.Calibration.Shift, m.Calibration.Slope
	}
	cs := a.Likelihood.Contributions
	if cs[0].Term != "base" || cs[0].Value != 1 || !within(cs[0].LogOdds, shift+slope*m.Bias) || len(cs) != 1+len(m.Weights) {
		return errors.New("the base or the number of contributions is wrong")
	}
	for _, c := range cs[1:] {
		i := slices.IndexFunc(m.Weights, func(w struct {
			Term   string
			Weight float64
			Curve  []struct{ At, LogOdds float64 }
		}) bool {
			return w.Term == c.Term
		})
		if i < 0 {
			return fmt.Errorf("no weight of %q", c.Term)
		}
		w := m.Weights[i]
		n, known := a.count(c.Term)
		x := math.Log1p(n)
		part := w.Weight * x
		if k := len(w.Curve); k > 0 {
			switch first, last := w.Curve[0], w.Curve[k-1]; {
			case !known:
				part = max(first.LogOdds, last.LogOdds)
			case x <= first.At:
				part = first.LogOdds
			case x >= last.At:
				part = last.LogOdds + w.Weight*(x-last.At)
			default:
				j := slices.IndexFunc(w.Curve, func(q struct{ At, LogOdds float64 }) bool { return q.At > x })
				p, q := w.Curve[j-1], w.Curve[j]
				part = p.LogOdds + (q.LogOdds-p.LogOdds)*((x-p.At)/(q.At-p.At))
			}
		}
		if c.Unknown == known || known && !within(c.Value, x) || !known && c.Value != 0 || !within(c.LogOdds, slope*part) {
			return fmt.Errorf("%s is %v, and gives %v; recorded are %v and %v", c.Term, x, slope*part, c.Value, c.LogOdds)
		}
	}
	return nil
}

// interval is Laplace's approximation for the calibrated log-odds.
func (m *modelAsText) interval(a *assessmentText) (lo, hi float64, shown bool) {
	c := m.Calibration
	if c == nil {
		return 0, 1, false
	}
	s := m.Bias
	if c.Slope > 0 {
		s = (a.Likelihood.LogOdds - c.Shift) / c.Slope
	} else {
		for _, w := range m.Weights {
			n, _ := a.count(w.Term)
			s += w.Weight * math.Log1p(n)
		}
	}
	v := c.Covariance[0] + 2*s*c.Covariance[1] + s*s*c.Covariance[2]
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return 0, 1, false
	}
	d := 1.959963984540054 * math.Sqrt(v)
	return inverseLogit(a.Likelihood.LogOdds - d), inverseLogit(a.Likelihood.LogOdds + d), true
}

// noTest lets text be used where nothing can fail.
var noTest require.TestingT = neverFails{}

type neverFails struct{}

func (neverFails) Errorf(string, ...any) {}
func (neverFails) FailNow()              { panic("cannot be written") }

// An assessment is complete: whoever has it, the policy and the model as JSON can follow each step.
func TestAssessmentsCanBeChecked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in, p, m := splittable(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 9)), 9)
		if rapid.Bool().Draw(t, "any") {
			j := inputs.Draw(t, "input")
			in, p, m = j.Input, j.Policy, j.Model
		}
		a, err := risk.New(p, m)
		require.NoError(t, err)
		said, err := a.Assess(in, now)
		require.NoError(t, err)
		b, err := json.Marshal(said)
		require.NoError(t, err)
		require.NoError(t, follows(b, policyJSON(t, p), modelJSON(t, m)), string(b))
	})
}

// apart from what the checker has no means to know: what the findings are about, and what was measured
// that the model does not weigh. Replay sees these: see TestReplaySeesEveryChange.
var beyondChecking = []string{".changes", ".circumstances", ".at", ".reasons", ".features", ".waivers", ".debts"}

// Whoever changes one thing in an assessment is found out by the checker alone, as far as tier, likelihood and demands go.
func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	tried, caught, missed := 0, 0, map[string]int{}
	r := rand.New(rand.NewPCG(10, 10))
	for range 10 {
		in, p, m := splittable(r, 5)
		if r.IntN(2) == 0 {
			m.Outcomes = risk.Counts{Mature: 40, Failed: 10}
			m.Calibration = &risk.Calibration{Shift: 0.1, Slope: 0.9, Covariance: [3]float64{0.2, 0.01, 0.1}}
		}
		require.NoError(t, m.Validate())
		a, err := risk.New(p, m)
		require.NoError(t, err)
		said, err := a.Assess(in, now)
		require.NoError(t, err)
		policy, model := policyJSON(t, p), modelJSON(t, m)
		tamperedWith(t, said, func(path string, b []byte, _ risk.Assessment) {
			tried++
			if follows(b, policy, model) != nil {
				caught++
				return
			}
			known := slices.ContainsFunc(beyondChecking, func(s string) bool { return strings.HasPrefix(path, s) }) ||
				strings.HasSuffix(path, ".why") || path == ".impact" || path == ".declaredImpact" || // impacts that the table treats alike
				strings.HasPrefix(path, ".likelihood") && !strings.Contains(path, "plus 1") // beyondChecking the twelfth digit
			require.True(t, known, "%s was not seen", path)
			missed[strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return '#'
				}
				return r
			}, path)]++
		})
	}
	t.Logf("%d of %d changes found without the input; the others: %v", caught, tried, missed)
	require.Greater(t, caught, tried/2)
}
