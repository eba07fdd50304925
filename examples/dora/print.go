package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// print writes the table and what stands behind it.
func (s *story) print(w io.Writer) error {
	digest, err := s.definition.Digest()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d deployments, %d changes, %d incidents, from %s to %s\n", s.facts[metrics.KindDeployment],
		s.facts[metrics.KindChange], s.facts[metrics.KindIncident], s.from.Format(time.DateOnly), s.to.Format(time.DateOnly))
	fmt.Fprintf(w, "measured by the definition %s, %s; environments: %s\n", s.definition.Name, digest, strings.Join(s.definition.Environments, ", "))
	fmt.Fprintln(w, "each value: (95 % interval), n is what it rests on")
	fmt.Fprintln(w)

	rows, keys := map[string]map[metrics.Metric]metrics.Result{}, []string{}
	known := map[metrics.Metric]bool{}
	why := map[metrics.Metric]string{}
	for r := range s.services.All() {
		if rows[r.Key[0]] == nil {
			rows[r.Key[0]] = map[metrics.Metric]metrics.Result{}
			keys = append(keys, r.Key[0])
		}
		rows[r.Key[0]][r.Metric] = r
		known[r.Metric] = known[r.Metric] || r.Status != metrics.StatusNoData
		if r.Status == metrics.StatusNoData {
			why[r.Metric] = r.Reason
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "service")
	for _, m := range metrics.Metrics() {
		if known[m] {
			fmt.Fprintf(t, "\t%s", m)
		}
	}
	fmt.Fprintln(t)
	for _, key := range keys {
		fmt.Fprint(t, key)
		for _, m := range metrics.Metrics() {
			if known[m] {
				fmt.Fprintf(t, "\t%s", cell(rows[key][m]))
			}
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, m := range metrics.Metrics() {
		if !known[m] {
			fmt.Fprintf(w, "%s: no data for any service: %s\n", m, why[m])
		}
	}
	s.notes(w)
	return nil
}

// cell is one result in words and figures.
func cell(r metrics.Result) string {
	switch {
	case r.Status == metrics.StatusNoData:
		return "no data"
	case math.IsNaN(r.Value):
		return r.Reason
	case math.IsInf(r.Lo, -1) && math.IsInf(r.Hi, 1):
		return fmt.Sprintf("%s (no interval, n=%d)", r.Metric.Format(r.Value), r.N)
	}
	bound := func(v float64) string {
		if math.IsInf(v, 0) {
			return "?"
		}
		return r.Metric.Format(v)
	}
	return fmt.Sprintf("%s (%s to %s, n=%d)", r.Metric.Format(r.Value), bound(r.Lo), bound(r.Hi), r.N)
}

// notes say how deployments were told apart, and what was assumed.
func (s *story) notes(w io.Writer) {
	found := map[metrics.Detected]int{}
	for _, d := range s.services.Detections() {
		found[d.Kind]++
	}
	fmt.Fprintf(w, "%d rollbacks: a version that a service had run before the running one came, deployed again; no deployments of their own, the one taken back failed\n", found[metrics.DetectedRollback])
	fmt.Fprintf(w, "%d restores: forward again to a version that had been left; each is a deployment and no second rollback\n", found[metrics.DetectedRestore])
	fmt.Fprintf(w, "%d repeats of the version that was running: counted once\n", found[metrics.DetectedRepeat])
	fmt.Fprintf(w, "%d retries, %d hotfixes, %d reverts\n", found[metrics.DetectedRetry], found[metrics.DetectedHotfix], found[metrics.DetectedRevert])
	if s.tags {
		fmt.Fprintln(w, "each tag is taken for a deployment to production that succeeded; its changes are the commits that no tag before it contains")
	} else if !s.outcomes {
		fmt.Fprintln(w, "no row tells of a failure: each is taken for a deployment that succeeded, and only rollbacks and incidents show that one failed")
	}
	if n := s.services.Unlinked(); len(n) > 0 {
		fmt.Fprintf(w, "%d incidents are laid to no deployment, and are in no number:\n", len(n))
		for _, c := range n[:min(len(n), 10)] {
			fmt.Fprintf(w, "  %s: %s\n", c.Ref, c.Reason)
		}
		if len(n) > 10 {
			fmt.Fprintf(w, "  and %d more\n", len(n)-10)
		}
	} else if s.facts[metrics.KindIncident] == 0 {
		fmt.Fprintln(w, "no incidents are known")
	}
}
