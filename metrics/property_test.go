package metrics_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// TestHistories takes random small histories, with corrections and tombstones, in
// random orders with duplicates, and compares the results with each other bit by bit,
// with the oracle, and with what the checker makes of each explanation. By default
// these are 4,000 histories in 3 orders, with -short 1,000; with -long 10^6 histories
// in 2 orders, each tenth of them in 20.
func TestHistories(t *testing.T) {
	t.Parallel()
	histories, orders := uint64(4_000), 3
	if testing.Short() {
		histories = 1_000
	}
	if *long {
		histories, orders = 1_000_000, 2
	}
	const workers = 4
	for worker := range uint64(workers) {
		t.Run(fmt.Sprint(worker), func(t *testing.T) {
			t.Parallel()
			for k := worker; k < histories; k += workers {
				n := orders
				if *long && k/workers%10 == 0 {
					n = 20
				}
				if err := tryHistory(rand.New(rand.NewPCG(9, k)), n); err != nil {
					t.Fatalf("history %d: %v", k, err)
				}
			}
		})
	}
}

// tryHistory takes one history in so many orders. The first is explained and compared
// with the oracle, the second is explained too, and of all others the results are
// computed.
func tryHistory(r *rand.Rand, orders int) error {
	h, def := randomHistory(r), randomDefinition(r)
	asOf := hours(24*7 + r.IntN(24*21))
	q := metrics.Query{From: epoch, To: hours(24 * 21), Window: metrics.WindowWeek, By: []string{"service", "environment"}}
	q.Quantiles = pick(r, nil, nil, []float64{0.5, 0.9}, []float64{0.1, 0.25, 0.5, 0.75})
	if def.RegionBy == "environment" || r.IntN(4) == 0 {
		q.By = q.By[:1]
	}
	var explained, plain []byte
	for order := range orders {
		var log metrics.Log
		if _, err := log.Add(shuffled(r, h)...); err != nil {
			return err
		}
		s := log.Snapshot(asOf)
		report, err := metrics.Compute(s, def, q)
		if err != nil {
			return err
		}
		bits := resultBits(report)
		if order == 0 {
			plain = bits
			if err := compare(report, newOracle(h, def, asOf, q.By)); err != nil {
				return err
			}
			if err := nothingLost(report, s); err != nil {
				return err
			}
		}
		if !slices.Equal(plain, bits) {
			return fmt.Errorf("order %d gives other results", order)
		}
		if order > 1 {
			continue
		}
		b, err := everything(report)
		if err != nil {
			return err
		}
		if explained == nil {
			explained = b
		}
		if !slices.Equal(explained, b) {
			return fmt.Errorf("another order gives other results:\n%s\n%s", explained, b)
		}
	}
	return nil
}

// resultBits are all results of a report, every bit of their numbers among them.
func resultBits(report *metrics.Report) (out []byte) {
	for res := range report.All() {
		for _, v := range numbers(res) {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
		}
		for _, n := range []int{res.N, res.Censored, res.Negative, res.Assumed, int(res.Metric), int(res.Status), len(res.Quantiles)} {
			out = binary.LittleEndian.AppendUint64(out, uint64(n))
		}
		out = strconv.AppendBool(out, res.Partial)
		for _, s := range append([]string{res.Reason, res.Method}, res.Key...) {
			out = append(append(out, s...), 0)
		}
		out = res.Window.From.AppendFormat(out, time.RFC3339Nano)
	}
	return out
}

// everything is the whole report with all explanations, as bytes.
func everything(report *metrics.Report) ([]byte, error) {
	var out []byte
	for res := range report.All() {
		e, err := report.Explain(res)
		if err != nil {
			return nil, err
		}
		if err := check(e); err != nil {
			return nil, fmt.Errorf("%s %s: %w", res.Window, res, err)
		}
		b, err := json.Marshal(e.Contributions)
		if err != nil {
			return nil, err
		}
		b = fmt.Appendf(b, " %s %v %s", res.Window, res.Key, res)
		for _, v := range append(numbers(res), e.Weeks) {
			b = fmt.Appendf(b, " %x", math.Float64bits(v))
		}
		out = append(append(out, b...), '\n')
	}
	b, err := json.Marshal([][]metrics.Contribution{report.Unused(), report.Unlinked()})
	return append(out, b...), err
}

func compare(report *metrics.Report, o *oracle) error {
	for res := range report.All() {
		s := o.sample(res.Metric, res.Key, res.Window.From, res.Window.To)
		if len(res.Key) == 2 && !slices.Contains(o.def.Environments, res.Key[1]) {
			return fmt.Errorf("environment %q is reported", res.Key[1])
		}
		var err error
		switch res.Metric {
		case metrics.Frequency:
			err = same(res, s.n, res.Value)
			if s.n == 0 && s.edges > 0 && !math.IsNaN(res.Value) {
				err = fmt.Errorf("a frequency of what only begins or ends the observed time")
			}
			if weeks := float64(s.n) / res.Value; res.Value > 0 && weeks > 1+1e-9 {
				err = fmt.Errorf("%v weeks in a week", weeks)
			}
		case metrics.FailRate, metrics.ReworkRate:
			want := float64(s.k) / float64(s.n)
			if s.n == 0 {
				want = math.NaN() // incidents without a deployment are no rate
			}
			if res.Status == metrics.StatusNoData && s.k == 0 {
				want = res.Value
			}
			err = same(res, s.n, want)
		case metrics.LeadTime:
			err = same(res, len(s.values), o.center(s.values, o.def.LeadSummary))
		case metrics.RecoveryTime:
			want := res.Value
			switch {
			case o.def.Open != metrics.OpenCensored:
				want = o.center(s.values, o.def.RecoverySummary)
			case len(s.open) == 0 && o.def.RecoverySummary == metrics.SummaryMedian: // with open ones the estimate is compared in package stats
				want = median(s.values)
			}
			if res.Censored != len(s.open) {
				err = fmt.Errorf("%d censored, not %d", res.Censored, len(s.open))
				break
			}
			err = same(res, len(s.values)+len(s.open), want)
		}
		if err != nil {
			return fmt.Errorf("%s %q %s: %w", res.Window, res.Key, res, err)
		}
	}
	var got, want []string
	for _, d := range report.Detections() {
		got = append(got, fmt.Sprint(d.Deployment, " ", d.Kind))
	}
	for i := range o.d {
		for _, kind := range o.detected(i) {
			want = append(want, fmt.Sprint(o.d[i].Ref(), " ", kind))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("detected %v, not %v", got, want)
	}
	return nil
}

func same(res metrics.Result, n int, value float64) error {
	if res.N != n {
		return fmt.Errorf("n is %d, not %d", res.N, n)
	}
	if res.Value != value && !(math.IsNaN(res.Value) && math.IsNaN(value)) {
		return fmt.Errorf("value is %v, not %v", res.Value, value)
	}
	return nil
}

// nothingLost demands that each fact of the snapshot is explained or is listed
// as unused, with a reason.
func nothingLost(report *metrics.Report, s *metrics.Snapshot) error {
	type fact struct {
		kind metrics.FactKind
		ref  metrics.Ref
	}
	met := map[fact]bool{}
	for res := range report.All() {
		e, err := report.Explain(res)
		if err != nil {
			return err
		}
		for _, c := range e.Contributions {
			met[fact{c.Kind, c.Ref}] = true
		}
	}
	for _, c := range report.Unused() {
		if c.Reason == "" {
			return fmt.Errorf("%s %s is unused without a reason", c.Kind, c.Ref)
		}
		met[fact{c.Kind, c.Ref}] = true
	}
	missing := func(kind metrics.FactKind, m metrics.Meta) error {
		if !met[fact{kind, m.Ref()}] {
			return fmt.Errorf("%s %s is neither explained nor unused", kind, m.Ref())
		}
		return nil
	}
	for d := range s.Deployments() {
		if err := missing(metrics.KindDeployment, d.Meta); err != nil {
			return err
		}
	}
	for c := range s.Changes() {
		if err := missing(metrics.KindChange, c.Meta); err != nil {
			return err
		}
	}
	for n := range s.Incidents() {
		if err := missing(metrics.KindIncident, n.Meta); err != nil {
			return err
		}
	}
	return nil
}
