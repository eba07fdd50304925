package health_test

import (
	"fmt"
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// oracleOp is one call: of Add, or of Recertify.
type oracleOp struct {
	samples   []health.Sample
	recertify bool
}

// oracleBets is evidence by its definition: the logarithm of the capital of each ratio
// and each beginning, all of them kept apart.
type oracleBets struct {
	tolerance float64
	ratios    []float64
	begun     []float64    // the parts of the capital that have begun
	log       [][5]float64 // of each beginning, without its part
}

var oracleWeights = []float64{.30, .20, .38, .06, .06}

func oracleNew(tolerance, mde float64) *oracleBets {
	return &oracleBets{tolerance: tolerance, begun: []float64{.95}, log: make([][5]float64, 1),
		ratios: []float64{tolerance * math.Pow(mde/tolerance, .65), tolerance * math.Pow(mde/tolerance, .83), 2 * mde, 5.6 * mde, 20 * mde}}
}

// begin is the next late beginning; the j-th has a part of a twentieth that is in
// proportion to 1/j, of a thousand.
func (b *oracleBets) begin() {
	harmonic := 0.0
	for j := 1; j <= 1000; j++ {
		harmonic += 1 / float64(j)
	}
	b.begun = append(b.begun, .05/harmonic/float64(len(b.begun)))
	b.log = append(b.log, [5]float64{})
}

func (b *oracleBets) idle() float64 {
	idle := 1.0
	for _, part := range b.begun {
		idle -= part
	}
	return idle
}

// capital is that of each ratio.
func (b *oracleBets) capital() (out [5]float64) {
	for k, part := range b.begun {
		for i := range out {
			out[i] += part * oracleWeights[i] * math.Exp(b.log[k][i])
		}
	}
	return out
}

func (b *oracleBets) logE() float64 {
	top := 0.0
	for _, l := range b.log {
		top = max(top, slices.Max(l[:]))
	}
	sum := b.idle() * math.Exp(-top)
	for k, part := range b.begun {
		for i := range b.log[k] {
			sum += part * oracleWeights[i] * math.Exp(b.log[k][i]-top)
		}
	}
	return top + math.Log(sum)
}

// win is what one bad event of the suspected side multiplies the evidence by.
func (b *oracleBets) win(r, share float64) float64 {
	return r / b.tolerance * (1 + share*(b.tolerance-1)) / (1 + share*(r-1))
}

// add takes in a window with x bad events of s at the side that had that share. goal
// is what one bad event need not go beyond.
func (b *oracleBets) add(x, s, share, phi float64, sure bool, goal float64) {
	most := math.Inf(1)
	if !math.IsInf(goal, 1) {
		reach := func(most float64) float64 {
			e := b.idle()
			for i, c := range b.capital() {
				e += c * min(most, b.win(b.ratios[i], share))
			}
			return e
		}
		if reach(math.Inf(1)) >= goal {
			most = oracleSolve(func(v float64) bool { return reach(v) < goal }, 0, 1e9)
		}
	}
	for i, r := range b.ratios {
		if sure && r < 10 {
			continue
		}
		if b.win(r, share) > most {
			r = oracleSolve(func(v float64) bool { return b.win(v, share) < most }, b.tolerance, r)
		}
		null := b.tolerance
		if sure {
			null = max(null, 3)
		}
		step := x*math.Log(r/null) - s*math.Log((1+share*(r-1))/(1+share*(null-1)))
		for k := range b.log {
			b.log[k][i] += step / phi
		}
	}
}

// oracleSolve is where a condition that holds first stops to.
func oracleSolve(holds func(float64) bool, low, high float64) float64 {
	for range 200 {
		if mid := (low + high) / 2; holds(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

type oracleProcess struct {
	canary, control health.Count
	compared        int
	worse           *oracleBets
	certificate     [2]float64 // what runs from the beginning, and what waits for the end of the warm-up
}

type oracleMetric struct {
	health.Metric
	processes                        []*oracleProcess
	more, less, twinWorse, twinBette *oracleBets
	window                           string
	windows, stage, lastCompared     int
	silent                           uint64
	heard                            bool
	canary, control                  health.Count
	means, stageMeans                health.Means
}

type oracle struct {
	policy  health.Policy
	metrics []*oracleMetric
	seen    map[string]string
	window  string
	windows int
	broken  bool
	found   *health.Verdict
}

func newOracle(p health.Policy) *oracle {
	o := &oracle{policy: p.Defaults(), seen: map[string]string{}}
	for _, m := range o.policy.Metrics {
		om := &oracleMetric{Metric: m, more: oracleNew(1.5, 3), less: oracleNew(1.5, 3),
			twinWorse: oracleNew(m.Tolerance, m.MDE), twinBette: oracleNew(m.Tolerance, m.MDE)}
		for range max(1, len(m.Edges)) {
			om.processes = append(om.processes, &oracleProcess{worse: oracleNew(m.Tolerance, m.MDE), certificate: o.certificate()})
		}
		o.metrics = append(o.metrics, om)
	}
	return o
}

func (o *oracle) certificate() [2]float64 {
	if o.policy.WarmUp > 0 {
		return [2]float64{.5, .5}
	}
	return [2]float64{1, 0}
}

func (o *oracle) do(op oracleOp) error {
	if op.recertify {
		for _, m := range o.metrics {
			m.stage, m.stageMeans = 0, health.Means{}
			for _, p := range m.processes {
				p.certificate = o.certificate()
			}
		}
		return nil
	}
	seen := map[string]string{}
	var fresh []health.Sample
	for _, s := range op.samples {
		i := slices.IndexFunc(o.metrics, func(m *oracleMetric) bool { return m.Name == s.Metric })
		if i < 0 || s.ID == "" {
			return fmt.Errorf("refused")
		}
		name := fmt.Sprintf("%q %q %q", s.Metric, s.Stratum, s.ID)
		was, ok := o.seen[name]
		if !ok {
			was, ok = seen[name]
		}
		if content := fmt.Sprintf("%+v", s); !ok {
			fresh, seen[name] = append(fresh, s), content
		} else if was != content {
			return fmt.Errorf("refused")
		}
	}
	for k, v := range seen {
		o.seen[k] = v
	}
	before := map[*oracleProcess]float64{}
	for i, m := range o.metrics {
		for j, p := range m.processes {
			before[p] = math.Exp(o.logE(i, j)) * o.share(i) / float64(len(m.processes))
		}
	}
	for _, s := range fresh {
		o.take(s, before)
	}
	o.look()
	return nil
}

func (o *oracle) share(i int) float64 {
	sum := 0.0
	for _, m := range o.metrics {
		sum += m.Weight
	}
	return o.metrics[i].Weight / sum
}

func (o *oracle) logE(i, j int) float64 {
	if m := o.metrics[i]; m.Mean {
		return m.means.LogE(m.Tolerance, 1, o.policy.Alpha*o.share(i))
	}
	return o.metrics[i].processes[j].worse.logE()
}

func (o *oracle) take(s health.Sample, before map[*oracleProcess]float64) {
	i := slices.IndexFunc(o.metrics, func(m *oracleMetric) bool { return m.Name == s.Metric })
	m := o.metrics[i]
	if s.Canary.Bad > s.Canary.Total || s.Control.Bad > s.Control.Total || s.Twin.Bad > s.Twin.Total {
		o.broken = true
		return
	}
	if s.ID != o.window || o.windows == 0 {
		o.window, o.windows = s.ID, o.windows+1
	}
	if s.ID != m.window || m.windows == 0 {
		m.window, m.windows, m.heard = s.ID, m.windows+1, false
		if m.stage > 0 {
			m.stage++
		}
		if m.windows%10 == 0 {
			for _, b := range []*oracleBets{m.more, m.less, m.twinWorse, m.twinBette} {
				b.begin()
			}
			for _, p := range m.processes {
				p.worse.begin()
			}
		}
		if m.stage == max(0, o.policy.WarmUp)+1 {
			for _, p := range m.processes {
				p.certificate = [2]float64{p.certificate[0] + p.certificate[1], 0}
			}
		}
	}
	m.canary, m.control = oraclePlus(m.canary, s.Canary), oraclePlus(m.control, s.Control)
	if s.Canary.Total > 0 {
		m.heard, m.silent, m.stage = true, 0, max(m.stage, 1)
	} else if !m.heard {
		m.silent += s.Control.Total
	}
	warming := m.stage <= max(0, o.policy.WarmUp)
	n, k := float64(s.Canary.Total), float64(s.Control.Total)
	if n > 0 && k > 0 {
		m.lastCompared = o.windows
	}
	if s.Share > 0 && n+k > 0 && !warming {
		phi := max(10, (n+k)/100)
		m.more.add(n, n+k, s.Share, phi, false, math.Inf(1))
		m.less.add(k, n+k, 1-s.Share, phi, false, math.Inf(1))
	}
	if twin := float64(s.Twin.Total); twin > 0 && k > 0 {
		x, y := float64(s.Twin.Bad), float64(s.Control.Bad)
		phi := m.Dispersion.Phi(x+y, twin/(twin+k))
		m.twinWorse.add(x, x+y, twin/(twin+k), phi, warming, math.Inf(1))
		m.twinBette.add(y, x+y, k/(twin+k), phi, warming, math.Inf(1))
	}
	if m.Mean {
		if n > 0 && k > 0 && !warming {
			m.means.Add(s.CanaryMean, s.ControlMean)
			m.stageMeans.Add(s.CanaryMean, s.ControlMean)
		}
		return
	}
	others := 0.0
	for _, v := range before {
		others += v
	}
	for j, p := range m.processes {
		canary, control := s.Canary, s.Control
		if len(m.Edges) > 0 {
			canary.Bad, control.Bad = s.CanarySlow[j], s.ControlSlow[j]
		}
		goal := math.Inf(1)
		had := float64(p.canary.Bad + p.control.Bad)
		if all := float64(p.canary.Total + p.control.Total); !warming && m.Dispersion.Factor <= 1 && had*(n+k) < all {
			goal = max(1, (1/o.policy.Alpha-(others-before[p]))/o.share(i)*float64(len(m.processes)))
		}
		p.canary, p.control = oraclePlus(p.canary, canary), oraclePlus(p.control, control)
		if n == 0 || k == 0 {
			continue
		}
		p.compared++
		x, bad := float64(canary.Bad), float64(canary.Bad+control.Bad)
		t := n / (n + k)
		phi := m.Dispersion.Phi(max(bad, had/float64(max(1, p.compared-1))), t)
		if bad == 0 {
			continue
		}
		p.worse.add(x, bad, t, phi, warming, goal)
		cap := math.Pow(o.policy.Beta, -2)
		p.certificate[0] = min(cap, p.certificate[0]*math.Exp((bad*math.Log(1+t*(m.MDE-1))-x*math.Log(m.MDE))/phi))
	}
}

func oraclePlus(a, b health.Count) health.Count {
	return health.Count{Bad: a.Bad + b.Bad, Total: a.Total + b.Total}
}

// evidence is that of each metric, as a number and not a logarithm, and their average.
func (o *oracle) evidence() (each []float64, logE float64) {
	var sum float64
	for i, m := range o.metrics {
		var e float64
		for j := range m.processes {
			e += math.Exp(o.logE(i, j)) / float64(len(m.processes))
		}
		each = append(each, e)
		sum += e * o.share(i)
	}
	return each, math.Log(sum)
}

func (o *oracle) look() {
	each, logE := o.evidence()
	if o.found != nil {
		o.found.LogE = max(o.found.LogE, logE)
	} else if logE > -math.Log(o.policy.Alpha)-1e-9 {
		o.found = &health.Verdict{Kind: health.KindRegressed, LogE: logE}
		order := make([]int, len(each))
		var counts float64
		for i := range order {
			order[i] = i
			if !o.metrics[i].Mean {
				counts += each[i] * o.share(i)
			}
		}
		o.found.Asymptotic = math.Log(counts) <= -math.Log(o.policy.Alpha)-1e-9
		weighted := func(i int) float64 { return each[i] * o.share(i) * float64(len(each)) }
		slices.SortStableFunc(order, func(a, b int) int {
			switch {
			case weighted(a) > weighted(b):
				return -1
			case weighted(a) < weighted(b):
				return 1
			}
			return 0
		})
		o.found.Metric = o.metrics[order[0]].Name
		for k := range order {
			if weighted(order[k])*(1+1e-9) >= float64(len(each))/(float64(k+1)*o.policy.Alpha) {
				o.found.Guilty = nil
				for _, g := range order[:k+1] {
					o.found.Guilty = append(o.found.Guilty, o.metrics[g].Name)
				}
			}
		}
	}
	var doubt float64
	for _, m := range o.metrics {
		for _, b := range []*oracleBets{m.more, m.less, m.twinWorse, m.twinBette} {
			doubt += math.Exp(b.logE()) / 4 / float64(len(o.metrics))
		}
	}
	o.broken = o.broken || doubt >= 1/o.policy.Alpha
}

// verdict has what the oracle knows of one: not what explains it.
func (o *oracle) verdict() (v health.Verdict) {
	certified, any := true, false
	v.LogCertificate = math.Inf(1)
	var silent string
	for _, m := range o.metrics {
		if silent == "" && m.silent >= o.policy.Silence {
			silent = m.Name
		}
		if m.lastCompared == 0 || o.windows-m.lastCompared >= o.policy.Stale {
			v.NoData = true
		}
		if m.RegressionOnly {
			continue
		}
		var c float64
		if m.Mean {
			c = min(m.stageMeans.LogE(m.MDE, -1, o.policy.Beta), -2*math.Log(o.policy.Beta))
		} else {
			p := m.processes[max(0, slices.Index(m.Edges, m.CertifyAt))]
			c = math.Log(p.certificate[0] + p.certificate[1])
		}
		certified, any = certified && c > -math.Log(o.policy.Beta)-1e-9, true
		v.LogCertificate = min(v.LogCertificate, c)
	}
	if !any {
		v.LogCertificate = 0
	}
	_, v.LogE = o.evidence()
	switch {
	case o.found != nil:
		v.Kind, v.Metric, v.LogE, v.Guilty, v.Asymptotic = o.found.Kind, o.found.Metric, o.found.LogE, o.found.Guilty, o.found.Asymptotic
	case o.broken:
		v.Kind = health.KindInvalid
	case silent != "":
		v.Kind, v.Metric = health.KindInvalid, silent
	case v.NoData:
	case certified && any:
		v.Kind = health.KindHealthy
	}
	return v
}
