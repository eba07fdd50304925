package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// epoch is a Monday, so that week w begins at epoch + 7w days.
var epoch = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

func hours(h int) time.Time { return epoch.Add(time.Duration(h) * time.Hour) }

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// randomHistory is a small history with everything that real ones have: several
// versions and environments, rollbacks, corrections, tombstones, open incidents,
// links that lead nowhere, clocks that disagree. No two facts contradict.
func randomHistory(r *rand.Rand) []metrics.Fact {
	var out []metrics.Fact
	meta := func(source string, id, rev int) metrics.Meta {
		at := r.IntN(24 * 21)
		return metrics.Meta{Source: source, ID: fmt.Sprint(id), Rev: uint64(rev), At: hours(at), Seen: hours(at + r.IntN(200) - 20),
			Deleted: r.IntN(12) == 0, Service: pick(r, "a", "b"), Environment: pick(r, "production", "production", "production", "staging", "prod-b"),
			Dims: pick(r, nil, nil, metrics.Dims{"region": "eu"}, metrics.Dims{"region": "us"})}
	}
	ref := func(source string, n int) metrics.Ref {
		return metrics.Ref{Source: source, ID: fmt.Sprint(r.IntN(n + 2))}
	}
	revs := func() int { return 1 + max(0, r.IntN(5)-2) }
	nd, nc, ni := r.IntN(9), r.IntN(7), r.IntN(5)
	for i := range nc {
		for rev := range revs() {
			c := metrics.Change{Meta: meta("git", i, rev)}
			c.At = c.At.Add(-40 * time.Hour)
			if r.IntN(4) > 0 {
				c.Merged = c.At.Add(time.Hour)
			}
			if i > 0 && r.IntN(3) == 0 {
				c.RevertOf = metrics.Ref{Source: "git", ID: fmt.Sprint(r.IntN(i))}
			}
			out = append(out, c)
		}
	}
	for i := range nd {
		for rev := range revs() {
			d := metrics.Deployment{Meta: meta("ci", i, rev), Version: pick(r, "", "v1", "v2", "v3", "v4"),
				Outcome: pick(r, metrics.DeploymentSucceeded, metrics.DeploymentSucceeded, metrics.DeploymentSucceeded,
					metrics.DeploymentFailed, metrics.DeploymentNotExposed, metrics.DeploymentUnknown),
				Planned: pick(r, metrics.PlannedUnknown, metrics.PlannedYes, metrics.PlannedNo)}
			if r.IntN(2) == 0 {
				d.Started = d.At.Add(-time.Duration(r.IntN(9)) * time.Hour)
			}
			if d.Outcome == metrics.DeploymentFailed && r.IntN(2) == 0 {
				d.Recovered = d.At.Add(time.Duration(r.IntN(30)) * time.Hour)
			}
			if d.Outcome == metrics.DeploymentFailed && r.IntN(3) == 0 {
				d.Detected = d.At.Add(time.Duration(r.IntN(9)-6) * time.Hour)
			}
			for range r.IntN(4) {
				d.Changes = append(d.Changes, ref("git", nc))
			}
			if r.IntN(8) == 0 {
				d.RollbackOf = metrics.Ref{Source: "ci", ID: fmt.Sprint((i + 1 + r.IntN(5)) % 10)}
				if d.RollbackOf == d.Ref() {
					d.RollbackOf = metrics.Ref{}
				}
			}
			if r.IntN(10) == 0 {
				d.Follows = "v0"
			}
			if r.IntN(10) == 0 {
				d.Fixes = []metrics.Ref{ref("pager", ni)}
			}
			out = append(out, d)
		}
	}
	for i := range ni {
		for rev := range revs() {
			n := metrics.Incident{Meta: meta("pager", i, rev)}
			if r.IntN(3) > 0 {
				n.Resolved = n.At.Add(time.Duration(r.IntN(60)) * time.Hour)
			}
			if r.IntN(3) == 0 {
				n.Mitigated = n.At.Add(time.Duration(r.IntN(40*60)) * time.Minute / 7)
			}
			switch r.IntN(5) {
			case 0:
				n.CausedBy = ref("ci", nd)
			case 1:
				n.Version = pick(r, "v1", "v2", "v3")
			case 2:
				n.Environment = ""
			}
			out = append(out, n)
		}
	}
	return out
}

// randomDefinition is DORA with some of its answers changed.
func randomDefinition(r *rand.Rand) metrics.Definition {
	d := metrics.DORA()
	d.DeployedAt = pick(r, metrics.DeployedAtEnd, metrics.DeployedAtStart)
	d.Repeats = pick(r, metrics.RepeatOnce, metrics.RepeatEach)
	d.DetectRollbacks = r.IntN(2) == 0
	d.Frequency = pick(r, metrics.FrequencyOfSuccesses, metrics.FrequencyOfAll)
	d.LeadFrom = pick(r, metrics.LeadFromCommit, metrics.LeadFromMerge)
	d.LeadTo = pick(r, metrics.LeadToSuccess, metrics.LeadToExposure)
	d.First = pick(r, metrics.FirstExcluded, metrics.FirstIncluded)
	d.IncidentFails = r.IntN(4) > 0
	d.RecoverFrom = pick(r, metrics.RecoverFromDeployed, metrics.RecoverFromDetected)
	d.RecoverTo = pick(r, metrics.RecoverToResolved, metrics.RecoverToRestored, metrics.RecoverToMitigated)
	d.RecoveryWindow = pick(r, metrics.RecoveryByDeployment, metrics.RecoveryByStart)
	d.RollbackIsRework = r.IntN(2) == 0
	switch r.IntN(3) {
	case 0:
		return d
	case 1:
		otherTools(r, &d)
		return d
	}
	d.AttemptsCount, d.RetriesOnce = r.IntN(2) == 0, r.IntN(2) == 0
	d.Rollbacks = pick(r, metrics.RollbackAside, metrics.RollbackAside, metrics.RollbackCounts)
	if r.IntN(3) == 0 {
		d.Links = slices.DeleteFunc(d.Links, func(l metrics.LinkRule) bool { return l == metrics.LinkRevert })
	}
	d.LinkWithin = pick(r, 24*time.Hour, 6*time.Hour, 100*time.Hour)
	d.RegionBy = pick(r, "", "", "region", "environment")
	if d.RegionBy != "" {
		d.RegionsWithin = pick(r, time.Hour, 24*time.Hour, 240*time.Hour)
	}
	if r.IntN(3) == 0 {
		d.Environments = append(d.Environments, "prod-b")
	}
	d.RevertIsRework = r.IntN(2) == 0
	d.HotfixWithin = pick(r, 0, 24*time.Hour, 72*time.Hour)
	if d.HotfixWithin > 0 {
		d.HotfixChanges = r.IntN(3)
	}
	d.ClusterWithin = pick(r, 0, time.Minute, 24*time.Hour, 200*time.Hour)
	return d
}

// otherTools gives other answers to what other tools than DORA's guide ask.
func otherTools(r *rand.Rand, d *metrics.Definition) {
	d.FrequencyPer = pick(r, metrics.FrequencyPerDeployment, metrics.FrequencyPerDay)
	d.LeadSpan = pick(r, metrics.LeadWhole, metrics.LeadWhole, metrics.LeadByStages)
	d.LeadRounding = pick(r, metrics.RoundingNone, metrics.RoundingMinutesUp, metrics.RoundingMinutesDown)
	d.LeadSummary = pick(r, metrics.SummaryMedian, metrics.SummaryMean)
	d.Quantile = pick(r, metrics.QuantileType7, metrics.QuantileLower)
	d.Negative = pick(r, metrics.NegativeKept, metrics.NegativeDropped)
	d.FailBase = pick(r, metrics.FailOfAll, metrics.FailOfSuccesses)
	d.FailCounts = pick(r, metrics.FailDeployments, metrics.FailIncidents)
	d.RecoveryOf = pick(r, metrics.RecoveryOfDeployment, metrics.RecoveryOfIncident, metrics.RecoveryOfRun)
	d.RecoverFrom = pick(r, metrics.RecoverFromDeployed, metrics.RecoverFromDetected, metrics.RecoverFromEnded)
	d.RecoverTo = pick(r, metrics.RecoverToResolved, metrics.RecoverToRestored, metrics.RecoverToMitigated, metrics.RecoverToSuccess)
	d.RecoveryWindow = pick(r, metrics.RecoveryByDeployment, metrics.RecoveryByStart, metrics.RecoveryByEnd)
	d.Open = pick(r, metrics.OpenCensored, metrics.OpenExcluded, metrics.OpenUntilNow)
	d.RecoveryRounding = pick(r, metrics.RoundingNone, metrics.RoundingMinutesUp, metrics.RoundingMinutesDown)
	d.RecoverySummary = pick(r, metrics.SummaryMedian, metrics.SummaryMean)
	d.Rework = pick(r, metrics.ReworkUnplanned, metrics.ReworkUnplanned, metrics.ReworkNone)
}

// shuffled is the history in another order, with some of it twice.
func shuffled(r *rand.Rand, h []metrics.Fact) []metrics.Fact {
	out := append([]metrics.Fact(nil), h...)
	for _, f := range h {
		if r.IntN(4) == 0 {
			out = append(out, f)
		}
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}
