package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

// TestFastTraps are histories, definitions and queries in which a shorter way is
// tempted to give another number than the long one.
func TestFastTraps(t *testing.T) {
	t.Parallel()
	type facts = []metrics.Fact
	type change = func(*metrics.Deployment)
	dep := func(id string, h int, version string, changes ...change) metrics.Deployment {
		d := deploy(id, h, version)
		for _, c := range changes {
			c(&d)
		}
		return d
	}
	failed := func(d *metrics.Deployment) { d.Outcome = metrics.DeploymentFailed }
	recovered := func(h int) change {
		return func(d *metrics.Deployment) { d.Outcome, d.Recovered = metrics.DeploymentFailed, hours(h) }
	}
	detected := func(h int) change {
		return func(d *metrics.Deployment) { d.Outcome, d.Detected = metrics.DeploymentFailed, hours(h) }
	}
	hidden := func(d *metrics.Deployment) { d.Outcome = metrics.DeploymentNotExposed }
	unknown := func(d *metrics.Deployment) { d.Outcome = metrics.DeploymentUnknown }
	staging := func(d *metrics.Deployment) { d.Environment = "staging" }
	started := func(h int) change { return func(d *metrics.Deployment) { d.Started = hours(h) } }
	seen := func(h int) change { return func(d *metrics.Deployment) { d.Seen = hours(h) } }
	service := func(name string) change { return func(d *metrics.Deployment) { d.Service = name } }
	artifact := func(name string) change { return func(d *metrics.Deployment) { d.Artifact = name } }
	dim := func(k, v string) change { return func(d *metrics.Deployment) { d.Dims = metrics.Dims{k: v} } }
	back := func(id string) change {
		return func(d *metrics.Deployment) { d.RollbackOf = metrics.Ref{Source: d.Source, ID: id} }
	}
	brings := func(ids ...string) change {
		return func(d *metrics.Deployment) {
			d.Follows = "v0"
			for _, id := range ids {
				d.Changes = append(d.Changes, metrics.Ref{Source: "git", ID: id})
			}
		}
	}
	commit := func(id string, h int) metrics.Change {
		return metrics.Change{Meta: metrics.Meta{Source: "git", ID: id, At: hours(h), Seen: hours(h)}}
	}
	undo := func(id, of string, h int) metrics.Change {
		c := commit(id, h)
		c.RevertOf = metrics.Ref{Source: "git", ID: of}
		return c
	}
	inc := func(id string, from, to int, changes ...func(*metrics.Incident)) metrics.Incident {
		n := incident(id, from, to)
		for _, c := range changes {
			c(&n)
		}
		return n
	}
	causedBy := func(id string) func(*metrics.Incident) {
		return func(n *metrics.Incident) { n.CausedBy = metrics.Ref{Source: deploy("x", 1, "").Source, ID: id} }
	}
	version := func(v string) func(*metrics.Incident) { return func(n *metrics.Incident) { n.Version = v } }
	of := func(a string) func(*metrics.Incident) { return func(n *metrics.Incident) { n.Artifact = a } }
	open := func(n *metrics.Incident) { n.Resolved = time.Time{} }
	in := func(service, environment string) func(*metrics.Incident) {
		return func(n *metrics.Incident) { n.Service, n.Environment = service, environment }
	}
	three := facts{dep("1", 10, "v1"), dep("2", 20, "v2"), dep("3", 30, "v3")}
	many := facts{commit("c", 1)}
	for i := range 40 {
		many = append(many, commit(fmt.Sprint(i), i%7), dep(fmt.Sprint(i), 20+i, fmt.Sprint(i), brings(fmt.Sprint(i), "c")))
	}
	lead := facts{commit("a", 1), commit("b", 15)}

	for _, test := range []struct {
		name  string
		facts facts
		def   func(*metrics.Definition)
		query func(*metrics.Query)
		asOf  int
	}{
		{name: "no fact at all"},
		{name: "no deployment and an incident", facts: facts{inc("i", 5, 6)}},
		{name: "no fact, and one group for all", query: func(q *metrics.Query) { q.By = []string{} }},
		{name: "everything lies ahead", facts: three, asOf: 5},
		{name: "the snapshot is of a deployment's moment", facts: three, asOf: 20},
		{name: "only another environment", facts: facts{dep("1", 10, "v1", staging)}},
		{name: "another environment lists changes in the same group", facts: append(facts{dep("1", 10, "v1", staging, brings("a")), dep("2", 20, "v2")}, lead...),
			query: func(q *metrics.Query) { q.By = []string{"service"} }},
		{name: "it was there before: back to an older version", facts: append(slices.Clone(three), dep("4", 40, "v1"))},
		{name: "back, and forward again", facts: append(slices.Clone(three), dep("4", 40, "v1"), dep("5", 50, "v3"))},
		{name: "back twice", facts: append(slices.Clone(three), dep("4", 40, "v2"), dep("5", 50, "v1"))},
		{name: "the rollback failed", facts: append(slices.Clone(three), dep("4", 40, "v1", failed))},
		{name: "the rollback itself is taken back by name", facts: append(slices.Clone(three), dep("4", 40, "v2", back("3")), dep("5", 50, "v4", back("4")))},
		{name: "it takes back what is not known", facts: append(slices.Clone(three), dep("4", 40, "v4", back("nobody")))},
		{name: "it takes back what came later", facts: facts{dep("1", 10, "v1", back("2")), dep("2", 20, "v2")}},
		{name: "it takes back what does not count", facts: facts{dep("1", 10, "v1", staging), dep("2", 20, "v2", back("1"))}},
		{name: "it takes back another service", facts: facts{dep("1", 10, "v1", service("other")), dep("2", 20, "v2", back("1"))}},
		{name: "it takes back a repeat", facts: facts{dep("1", 10, "v1"), dep("2", 11, "v1"), dep("3", 12, "v2", back("2"))}},
		{name: "rollbacks count", facts: append(slices.Clone(three), dep("4", 40, "v1", brings("a")), commit("a", 1)),
			def: func(d *metrics.Definition) { d.Rollbacks = metrics.RollbackCounts }},
		{name: "rollbacks are no rework", facts: append(slices.Clone(three), dep("4", 40, "v1")),
			def: func(d *metrics.Definition) { d.RollbackIsRework = false }},
		{name: "no version is no repeat", facts: facts{dep("1", 10, ""), dep("2", 20, ""), dep("3", 30, "v1"), dep("4", 40, "")}},
		{name: "a repeat of a repeat", facts: facts{dep("1", 10, "v1"), dep("2", 11, "v1"), dep("3", 12, "v1"), inc("i", 13, 14, causedBy("3"))}},
		{name: "a retry after a failure is no repeat", facts: facts{dep("1", 10, "v1", failed), dep("2", 11, "v1")}},
		{name: "what failed and recovered is not running", facts: facts{dep("1", 10, "v1"), dep("2", 20, "v2", recovered(21)), dep("3", 30, "v1")}},
		{name: "what failed and did not recover is", facts: facts{dep("1", 10, "v1"), dep("2", 20, "v2", failed), dep("3", 30, "v1")}},
		{name: "attempts count", facts: facts{dep("1", 10, "v1", hidden), dep("2", 20, "v2")},
			def: func(d *metrics.Definition) { d.AttemptsCount = true }},
		{name: "attempts do not make versions known", facts: facts{dep("1", 10, "v1", hidden), dep("2", 20, "v2"), dep("3", 30, "v1")}},
		{name: "nobody knows how it ended", facts: facts{dep("1", 10, "v1", unknown), dep("2", 20, "v2")}},
		{name: "the order of starts is another one", facts: facts{dep("1", 30, "v1", started(5)), dep("2", 20, "v2", started(8)), dep("3", 40, "v1", started(39)), inc("i", 10, 12)},
			def: func(d *metrics.Definition) { d.DeployedAt = metrics.DeployedAtStart }},
		{name: "the order of starts is another one, and ends count", facts: facts{dep("1", 30, "v1", started(5)), dep("2", 20, "v2", started(8)), inc("i", 21, 23)}},
		{name: "started in the range, ended ahead", facts: facts{dep("1", 30, "v1", started(5))}, asOf: 10,
			def: func(d *metrics.Definition) { d.DeployedAt = metrics.DeployedAtStart }},
		{name: "two services have the same version", facts: facts{dep("1", 10, "v1"), dep("2", 20, "v1", service("other")), inc("i", 21, 22, version("v1"))}},
		{name: "the version of an incident without an environment", facts: facts{dep("1", 10, "v1"), dep("2", 20, "v1", staging), inc("i", 21, 22, version("v1"), in("a", ""))}},
		{name: "the artifact of an incident without a service", facts: facts{dep("1", 10, "v1", artifact("a")), dep("2", 20, "v1", service("other"), artifact("a")), inc("i", 21, 22, of("a"), in("", ""))}},
		{name: "the artifact is not known", facts: facts{dep("1", 10, "v1"), inc("i", 11, 12, of("a"))}},
		{name: "the artifact came later", facts: facts{dep("1", 10, "v1", artifact("a")), inc("i", 5, 12, of("a"))}},
		{name: "the cause is not known", facts: facts{dep("1", 10, "v1"), inc("i", 11, 12, causedBy("nobody"))}},
		{name: "the cause does not count", facts: facts{dep("1", 10, "v1", staging), inc("i", 11, 12, causedBy("1"))}},
		{name: "an incident in the second of the deployment", facts: facts{dep("1", 10, "v1"), inc("i", 10, 12)}},
		{name: "an incident at the end of the link's time", facts: facts{dep("1", 10, "v1"), inc("i", 34, 35), inc("j", 35, 36)}},
		{name: "an incident that lies ahead", facts: facts{dep("1", 10, "v1"), inc("i", 110, 112)}, asOf: 100},
		{name: "an incident that is resolved ahead", facts: facts{dep("1", 10, "v1"), inc("i", 11, 112)}, asOf: 100},
		{name: "taken back while the incident was open", facts: append(slices.Clone(three), dep("4", 40, "v2"), inc("i", 25, 45), inc("j", 39, 41), inc("k", 41, 42))},
		{name: "taken back after the incident", facts: append(slices.Clone(three), dep("4", 40, "v2"), inc("i", 35, 36))},
		{name: "one of two incidents is open", facts: facts{dep("1", 10, "v1"), inc("i", 11, 12), inc("j", 12, 13, open)}},
		{name: "incidents are no sign, and still say when it was noticed", facts: facts{dep("1", 10, "v1", recovered(20)), inc("i", 12, 30)},
			def: func(d *metrics.Definition) { d.IncidentFails, d.RecoverFrom = false, metrics.RecoverFromDetected }},
		{name: "noticed before it began", facts: facts{dep("1", 10, "v1", detected(8)), inc("i", 11, 12)},
			def: func(d *metrics.Definition) { d.RecoverFrom = metrics.RecoverFromDetected }},
		{name: "the recovery belongs to the next week", facts: facts{dep("1", 160, "v1"), inc("i", 170, 180)},
			def: func(d *metrics.Definition) {
				d.RecoverFrom, d.RecoveryWindow = metrics.RecoverFromDetected, metrics.RecoveryByStart
			}},
		{name: "recoveries of one length", facts: facts{dep("1", 10, "v1", recovered(12)), dep("2", 20, "v2", recovered(22)), dep("3", 30, "v3", recovered(31)), dep("4", 40, "v4", recovered(44))}},
		{name: "none has recovered", facts: facts{dep("1", 10, "v1", failed), dep("2", 20, "v2", failed)}},
		{name: "a change is brought twice", facts: append(facts{dep("1", 10, "v1", brings("a")), dep("2", 20, "v2", brings("a", "b"))}, lead...)},
		{name: "a change is brought first by what failed", facts: append(facts{dep("1", 10, "v1", brings("a"), failed), dep("2", 20, "v2", brings("a", "b"))}, lead...)},
		{name: "exposure ends a lead time", facts: append(facts{dep("1", 10, "v1", brings("a"), failed), dep("2", 20, "v2", brings("a", "b"))}, lead...),
			def: func(d *metrics.Definition) { d.LeadTo = metrics.LeadToExposure }},
		{name: "a change is brought by two services", facts: append(facts{dep("1", 10, "v1", brings("a")), dep("2", 20, "v2", brings("a"), service("other"))}, lead...),
			query: func(q *metrics.Query) { q.By = []string{} }},
		{name: "a change is brought first before the range", facts: append(facts{dep("1", 10, "v1", brings("a")), dep("2", 200, "v2", brings("a"))}, lead...),
			query: func(q *metrics.Query) { q.From = hours(168) }},
		{name: "a change is not known", facts: facts{dep("1", 10, "v1", brings("nobody"))}},
		{name: "a change without the time that is asked for", facts: append(facts{dep("1", 10, "v1", brings("a"))}, lead...),
			def: func(d *metrics.Definition) { d.LeadFrom = metrics.LeadFromMerge }},
		{name: "a change after its deployment", facts: append(facts{dep("1", 10, "v1", brings("b"))}, lead...)},
		{name: "each deployment has one lead time", facts: append(facts{dep("1", 20, "v1", brings("a", "b"))}, lead...),
			def: func(d *metrics.Definition) { d.LeadPer = metrics.LeadPerDeployment }},
		{name: "many lead times, many of them equal", facts: many},
		{name: "few are too few", facts: many, def: func(d *metrics.Definition) { d.MinSample = 1000 }},
		{name: "a group of two streams", facts: append(slices.Clone(many), dep("x", 25, "w", service("other"), brings("0"))),
			query: func(q *metrics.Query) { q.By = []string{"environment"} }},
		{name: "a stream of two groups", facts: facts{dep("1", 10, "v1", dim("team", "x")), dep("2", 20, "v2", dim("team", "y")), dep("3", 30, "v3", dim("team", "x"))},
			query: func(q *metrics.Query) { q.By = []string{"team"} }},
		{name: "a person is a group", facts: facts{dep("1", 10, "v1", dim("team", "ann@example.org"))},
			query: func(q *metrics.Query) { q.By = []string{"team"} }},
		{name: "the order of the groups is not that of the streams", facts: facts{dep("1", 10, "v1", service("a b")), dep("2", 20, "v2", service("a"), staging), dep("3", 30, "v3", service("a"))},
			query: func(q *metrics.Query) { q.By = []string{"environment", "service"} },
			def:   func(d *metrics.Definition) { d.Environments = nil }},
		{name: "a deployment where the observed time ends", facts: facts{dep("1", 10, "v1"), dep("2", 20, "v2"), dep("3", 18, "v3", seen(22))}},
		{name: "a deployment where a vouched time ends", facts: three, query: func(q *metrics.Query) { q.ObservedTo = hours(30) }},
		{name: "a vouched time that begins before the range", facts: three, query: func(q *metrics.Query) { q.ObservedFrom = hours(-100) }},
		{name: "a vouched time after all", facts: three, query: func(q *metrics.Query) { q.ObservedFrom = hours(300) }},
		{name: "an incident is laid to what was reverted", facts: facts{commit("a", 1), undo("r", "a", 40), dep("1", 10, "v1", brings("a")),
			dep("2", 20, "v2"), dep("3", 50, "v3", brings("r")), inc("i", 30, 45)}},
		{name: "a revert long after", facts: facts{commit("a", 1), undo("r", "a", 40), dep("1", 10, "v1", brings("a")),
			dep("2", 20, "v2"), dep("3", 50, "v3", brings("r")), inc("i", 22, 25)}},
		{name: "a revert right at the end", facts: facts{commit("a", 1), undo("r", "a", 40), dep("1", 10, "v1", brings("a")),
			dep("2", 20, "v2"), dep("3", 49, "v3", brings("r")), inc("i", 22, 25)}},
		{name: "a revert while it is open", facts: facts{commit("a", 1), undo("r", "a", 40), dep("1", 10, "v1", brings("a")),
			dep("2", 20, "v2"), dep("3", 150, "v3", brings("r")), inc("i", 22, 0)}},
		{name: "a change that nobody knows is reverted", facts: facts{undo("r", "a", 40), dep("1", 10, "v1", brings("a")),
			dep("2", 20, "v2"), dep("3", 50, "v3", brings("r")), inc("i", 30, 45)}},
		{name: "a change and its revert come at once", facts: facts{commit("a", 1), undo("r", "a", 2), dep("1", 10, "v1"),
			dep("2", 20, "v2", brings("a", "r")), inc("i", 22, 25)}},
		{name: "a revert that failed, and one that exposed nobody", facts: facts{commit("a", 1), undo("r", "a", 2), dep("1", 10, "v1", brings("a")),
			dep("2", 20, "v2"), dep("3", 24, "v3", brings("r"), hidden), dep("4", 26, "v4", brings("r"), failed), inc("i", 22, 25)}},
		{name: "a revert that exposed nobody", facts: facts{commit("a", 1), undo("r", "a", 2), dep("1", 10, "v1", brings("a")),
			dep("2", 20, "v2"), dep("3", 24, "v3", brings("r"), hidden), inc("i", 22, 25)}},
		{name: "a revert at the same moment", facts: facts{commit("a", 1), undo("r", "a", 2), dep("1", 10, "v1", brings("a")),
			dep("2", 10, "v2", brings("r")), inc("i", 10, 12)}},
		{name: "a repeat reverts what it repeats", facts: facts{commit("a", 1), undo("r", "a", 2), dep("1", 10, "v1", brings("a")),
			dep("2", 12, "v2", recovered(13)), dep("3", 20, "v1", brings("r")), inc("i", 15, 25)}},
		{name: "a revert elsewhere", facts: facts{commit("a", 1), undo("r", "a", 2), dep("1", 10, "v1", brings("a")),
			dep("2", 20, "v2"), dep("3", 24, "v3", brings("r"), staging), dep("4", 25, "v4", brings("r"), service("other")), inc("i", 22, 25)}},
		{name: "a revert before what it reverts", facts: facts{commit("a", 1), undo("r", "a", 2), dep("1", 10, "v1", brings("r")),
			dep("2", 20, "v2", brings("a")), dep("3", 21, "v3"), inc("i", 22, 25)}},
		{name: "two reverts of two changes", facts: facts{commit("a", 1), undo("r", "a", 2), commit("b", 3), undo("s", "b", 4), dep("1", 10, "v1", brings("a", "b")),
			dep("2", 20, "v2", brings("b")), dep("3", 24, "v3", brings("s")), dep("4", 28, "v4", brings("r", "s")), inc("i", 22, 25), inc("j", 27, 0)}},
		{name: "a revert that was planned", facts: facts{commit("a", 1), undo("r", "a", 2), dep("1", 10, "v1", brings("a")),
			dep("2", 20, "v2", brings("r"), func(d *metrics.Deployment) { d.Planned = metrics.PlannedYes })}},
		{name: "a repeat brings a revert", facts: facts{commit("a", 1), undo("r", "a", 2), dep("1", 10, "v1", brings("a")),
			dep("2", 20, "v1", brings("r")), inc("i", 12, 25)}},
		{name: "a range within a week", facts: many, query: func(q *metrics.Query) { q.From, q.To = hours(22), hours(40) }},
		{name: "a deployment where the range ends", facts: three, query: func(q *metrics.Query) { q.To = hours(30) }},
		{name: "weeks of another zone", facts: many, query: func(q *metrics.Query) { q.Location = time.FixedZone("", -11*3600) }},
		{name: "a week with an hour twice", facts: many, query: func(q *metrics.Query) {
			q.Location, q.From, q.To = berlin(t), hours(0), hours(24*40)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, 1))
			var log metrics.Log
			_, err := log.Add(shuffled(r, test.facts)...)
			require.NoError(t, err)
			if test.asOf == 0 {
				test.asOf = 24 * 15
			}
			d, q := metrics.DORA(), metrics.Query{From: epoch, To: hours(24 * 14), Window: metrics.WindowWeek, Quantiles: []float64{0.5, 0.9}}
			if test.def != nil {
				test.def(&d)
			}
			if test.query != nil {
				test.query(&q)
			}
			require.NoError(t, fastSame(log.Snapshot(hours(test.asOf)), d, q))
		})
	}
}

func berlin(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return loc
}
