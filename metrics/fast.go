package metrics

import (
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// fast computes the same results as [analysis] from the columns of a snapshot,
// without saying why: it keeps no explanation, and allocates for a query and not
// for a cell. What it must give is what the analysis gives, bit for bit; where the
// two differ, the analysis is right.
type fast struct {
	s      *Snapshot
	c      *columns
	def    Definition
	q      Query
	digest release.Digest

	windows  []Window
	from, to []int64 // of the windows
	// The query's range, from first to before end, and the moment of the snapshot.
	first, end, asOf int64

	state  []fastState // of the rows
	as     []int32     // the row that a repeat stands for
	again  []uint64    // bits of the entries that an earlier row brought
	record []int32     // of the rows: index of records, from 1
	// records are of the rows that were taken back or that an incident is laid to.
	records       []fastRecord
	moment        []int64
	failuresKnown bool
	revertLinks   bool // incidents are linked by reverts

	groups []fastGroup
	order  []int32 // rows by group, in a group by stream and moment; nil where rows stand so

	memo    fastMemo
	out     fastResults
	scratch fastScratch
}

// fastState is what was found out of a row: why it does not count, and flags.
type fastState uint8

// The reasons for which a row does not count, in the words of dep.why.
const (
	fastCounts fastState = iota
	fastEnvironment
	fastAhead
	fastUnknown
	fastNotExposed
	fastRepeat
	fastAside           // whyRollback
	fastWhy   fastState = 7

	fastRollback  fastState = 1 << 3
	fastFirst     fastState = 1 << 4
	fastTakenBack fastState = 1 << 5
	fastFailed    fastState = 1 << 6
	fastReverts   fastState = 1 << 7 // likely unplanned
)

// fastRecord is what came after a deployment. Each field is a least, a greatest, a
// count: it does not depend on the order in which it was found.
type fastRecord struct {
	row       int32
	incidents int32
	open      bool  // one of the incidents is
	restored  int64 // by a rollback, the first
	noticed   int64 // the first incident
	resolved  int64 // the last incident
}

// fastCovers reports whether the definition and the query ask for nothing but what
// the fast way knows. A field that is added to either of them is not known, unless
// it is zero.
func fastCovers(s *Snapshot, d Definition, q Query) bool {
	known := d.DeployedAt <= DeployedAtStart && d.Repeats <= RepeatEach && d.Rollbacks <= RollbackCounts &&
		d.Frequency <= FrequencyOfAll && d.LeadFrom <= LeadFromMerge && d.LeadTo <= LeadToExposure &&
		d.LeadPer <= LeadPerDeployment && d.First <= FirstIncluded && d.Quantile == QuantileType7 &&
		d.RecoverFrom <= RecoverFromDetected && d.RecoverTo <= RecoverToRestored && d.RecoveryWindow <= RecoveryByStart &&
		q.Window < WindowRolling && d.FrequencyPer == FrequencyPerDeployment && d.LeadSpan == LeadWhole &&
		d.LeadRounding == RoundingNone && d.LeadSummary == SummaryMedian && d.Negative == NegativeKept &&
		d.FailBase == FailOfAll && d.FailCounts == FailDeployments && d.RecoveryOf == RecoveryOfDeployment &&
		d.Open == OpenCensored && d.RecoveryRounding == RoundingNone && d.RecoverySummary == SummaryMedian &&
		d.Rework == ReworkUnplanned
	for _, l := range d.Links {
		known = known && l >= LinkExplicit && l <= LinkWindow
	}
	// Moments are counted in nanoseconds, which reach no further.
	for _, t := range []time.Time{s.asOf, q.From, q.To, q.ObservedFrom, q.ObservedTo} {
		known = known && checkTime("", t) == nil
	}
	known = known && !s.asOf.IsZero()
	d.Name, d.Environments, d.DeployedAt, d.AttemptsCount, d.Repeats, d.Rollbacks, d.DetectRollbacks = "", nil, 0, false, 0, 0, false
	d.Frequency, d.LeadFrom, d.LeadTo, d.LeadPer, d.First, d.Quantile = 0, 0, 0, 0, 0, 0
	d.OutcomeFails, d.RollbackFails, d.IncidentFails, d.Links, d.LinkWithin = false, false, false, nil, 0
	d.FrequencyPer, d.LeadSpan, d.LeadRounding, d.LeadSummary, d.Negative = 0, 0, 0, 0, 0
	d.FailBase, d.FailCounts, d.RecoveryOf, d.Open, d.RecoveryRounding, d.RecoverySummary, d.Rework = 0, 0, 0, 0, 0, 0, 0
	d.RevertIsRework = false
	d.RecoverFrom, d.RecoverTo, d.RecoveryWindow, d.RollbackIsRework, d.MinSample = 0, 0, 0, false, 0
	q.From, q.To, q.Window, q.Location, q.By, q.AllowIndividualsUnsafe = time.Time{}, time.Time{}, 0, nil, nil, false
	q.Level, q.Quantiles, q.ObservedFrom, q.ObservedTo, q.FailuresObserved = 0, nil, time.Time{}, time.Time{}, false
	return known && reflect.ValueOf(d).IsZero() && reflect.ValueOf(q).IsZero()
}

// computeFast is Compute for what fastCovers; nil where the snapshot is too large.
// The definition and the query are checked as analyse checks them.
func computeFast(s *Snapshot, d Definition, q Query) (*fastResults, error) {
	digest, err := d.Digest()
	if err != nil {
		return nil, err
	}
	if q, err = q.withDefaults(); err != nil {
		return nil, err
	}
	f := &fast{s: s, def: d, q: q, digest: digest, asOf: colTime(s.asOf)}
	f.first, f.end = colTime(q.From), colTime(q.To)
	if f.windows, err = q.windows(); err != nil {
		return nil, err
	}
	for _, w := range f.windows {
		f.from, f.to = append(f.from, colTime(w.From)), append(f.to, colTime(w.To))
	}
	if f.c = s.columns(); f.c == nil {
		return nil, nil
	}
	f.moment = f.c.at
	if d.DeployedAt == DeployedAtStart {
		f.moment = f.c.begin
	}
	if err := f.group(); err != nil {
		return nil, err
	}
	f.walkAll()
	f.takeBackAll()
	f.linkAll()
	f.judgeAll()
	f.revertAll()
	f.measureAll()
	return &f.out, nil
}

// window is where a moment stands, -1 outside of the query's range. Hint is the
// window of the moment before it.
func (f *fast) window(t int64, hint int) int {
	if t < f.first || t >= f.end {
		return -1
	}
	if hint >= 0 && t > f.from[hint] && hint+1 < len(f.from) && t < f.from[hint+1] {
		return hint
	}
	w, found := slices.BinarySearch(f.from, t)
	if !found {
		w--
	}
	return w
}

func (f *fast) seconds(ns int64) float64 { return time.Duration(ns).Seconds() }

// recordOf is the record of a row.
func (f *fast) recordOf(row int32) *fastRecord {
	if f.record == nil {
		f.record = make([]int32, len(f.c.fact))
	}
	if f.record[row] == 0 {
		f.records = append(f.records, fastRecord{row: row, restored: colNever, noticed: math.MaxInt64, resolved: colNever})
		f.record[row] = int32(len(f.records))
	}
	return &f.records[f.record[row]-1]
}
