package metrics

import (
	"strings"
	"time"
)

// liveReport is the results of a snapshot without the snapshot.
type liveReport struct {
	report  Report
	at      map[string]int // of each group, its first result
	windows int
	// heard says until when the sources of its deployments were observed, where that
	// counts.
	heard map[string]time.Time
}

func newLiveReport(of *Report, windows int) *liveReport {
	r := &liveReport{report: Report{asOf: of.asOf, results: of.results}, at: map[string]int{}, windows: windows}
	if of.fast != nil {
		own := *of.fast // it is part of all that it was computed with
		r.report.fast = &own
	}
	per := windows * len(Metrics())
	for k := 0; k < of.Len(); k += per {
		r.at[liveKey(of.at(k).Key)] = k
	}
	return r
}

func liveKey(key []string) string { return strings.Join(key, "\x00") } // which no text of a fact contains

// fresh reports whether the results are those as of a moment. That no fact reached
// them since is not looked at: then there is no report.
func (r *liveReport) fresh(l *Live, asOf time.Time) bool {
	if r == nil || !r.report.asOf.Equal(asOf) || len(r.heard) > 0 && l.index.unheard {
		return false
	}
	for source, until := range r.heard {
		if !l.observed(source).Equal(until) {
			return false
		}
	}
	return true
}

// observed is when a source of deployments was last heard of, as far as results can
// depend on it: what is behind the range of the query is all one.
func (l *Live) observed(source string) time.Time {
	t := l.index.lastSeen[source]
	if t.After(l.q.To) {
		return l.q.To.Add(1)
	}
	return t
}

// heardBy is observed for all sources of the deployments of a snapshot.
func (l *Live) heardBy(s *Snapshot) map[string]time.Time {
	out := map[string]time.Time{}
	for i := range s.deployments {
		source := s.deployments[i].Source
		if _, ok := out[source]; !ok {
			out[source] = l.observed(source)
		}
	}
	return out
}

// read is the results of one group in one window.
func (r *liveReport) read(w int, key []string) []Result {
	var text [128]byte
	joined := text[:0]
	for i, k := range key {
		if i > 0 {
			joined = append(joined, 0)
		}
		joined = append(joined, k...)
	}
	at, ok := r.at[string(joined)]
	if !ok {
		return nil
	}
	n := len(Metrics())
	out := make([]Result, n)
	for k := range out {
		out[k] = r.report.at(at + w*n + k)
	}
	return out
}
