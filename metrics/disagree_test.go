package metrics_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

// disagreeLog is a week of a shop: a failed attempt, a deployment that two
// incidents followed, of which one is open, and a quiet neighbour.
func disagreeLog(t testing.TB) *metrics.Snapshot {
	var log metrics.Log
	attempt := deploy("attempt", 20, "v2")
	attempt.Outcome = metrics.DeploymentNotExposed
	change := stageChange("c1", 2, 10, 12, 14, 16)
	change.FirstCommit = hours(1)
	v1, v2 := deploy("1", 5, "v1"), deploy("2", 40, "v2")
	v2.Changes = []metrics.Ref{change.Ref()}
	quiet := deploy("quiet", 50, "q1")
	quiet.Service = "quiet"
	incident := func(id string, at, resolved int) metrics.Incident {
		n := metrics.Incident{Meta: metrics.Meta{Source: "pager", ID: id, At: hours(at), Seen: hours(at), Service: v1.Service, Environment: "production"}}
		if resolved > 0 {
			n.Resolved = hours(resolved)
		}
		return n
	}
	_, err := log.Add(change, v1, attempt, v2, quiet, deploy("3", 100, "v3"), incident("i1", 42, 46), incident("i2", 43, 0), incident("i3", 52, 55))
	require.NoError(t, err)
	return log.Snapshot(hours(24 * 7))
}

var disagreeQuery = metrics.Query{From: epoch, To: hours(24 * 7), Window: metrics.WindowWeek, By: []string{metrics.DimService},
	ObservedFrom: epoch, ObservedTo: hours(24 * 7)}

// TestDisagree: the values of the presets on the same facts, by hand, and the
// fields that make the difference.
func TestDisagree(t *testing.T) {
	t.Parallel()
	rows, err := metrics.Disagree(disagreeLog(t), disagreeQuery, metrics.DORA(), metrics.DevLake(), metrics.Metrik(), metrics.GitLab())
	require.NoError(t, err)
	require.Len(t, rows, 2*5)
	find := func(m metrics.Metric, service string) metrics.Disagreement {
		k := slices.IndexFunc(rows, func(d metrics.Disagreement) bool { return d.Metric == m && slices.Equal(d.Key, []string{service}) })
		require.GreaterOrEqual(t, k, 0)
		return rows[k]
	}
	nan := math.NaN()
	shop := deploy("", 0, "").Service
	for _, test := range []struct {
		metric  metrics.Metric
		service string
		want    [4]float64 // DORA, DevLake, Metrik, GitLab
	}{
		// DORA and Metrik from the commit, DevLake from the first commit, GitLab from the merge
		{metrics.LeadTime, shop, [4]float64{38 * 3600, 39 * 3600, 38 * 3600, 24 * 3600}},
		// all three on days of their own
		{metrics.Frequency, shop, [4]float64{3, 3, 3, 3}},
		// one of three; of three (the last incident is laid to the neighbour); a failed attempt among four; three incidents by three
		{metrics.FailRate, shop, [4]float64{1. / 3, 1. / 3, 1. / 4, 1}},
		{metrics.FailRate, "quiet", [4]float64{0, 1, nan, 0}},
		// one is open: no median; 40 to 46; 20 to 40; 4 h and 3 h
		{metrics.RecoveryTime, shop, [4]float64{nan, 6 * 3600, 20 * 3600, 3.5 * 3600}},
		{metrics.RecoveryTime, "quiet", [4]float64{nan, 5 * 3600, nan, nan}},
		{metrics.ReworkRate, shop, [4]float64{nan, nan, nan, nan}},
	} {
		for k, o := range find(test.metric, test.service).Opinions {
			if math.IsNaN(test.want[k]) {
				continue
			}
			require.Equal(t, test.want[k], o.Result.Value, "%s of %s by %s: %s", test.metric, test.service, o.Name, o.Result)
		}
	}
	fields := func(o metrics.Opinion) (out []string) {
		for _, c := range o.Causes {
			out = append(out, c.Field)
		}
		return out
	}
	lead := find(metrics.LeadTime, shop).Opinions
	require.Equal(t, []string{"leadFrom"}, fields(lead[3]), "GitLab begins at the merge")
	require.True(t, lead[0].Same)
	require.Empty(t, lead[0].Causes)
	require.Contains(t, fields(find(metrics.FailRate, "quiet").Opinions[1]), "links", "DevLake lays it to the neighbour")
	require.Contains(t, fields(find(metrics.FailRate, shop).Opinions[3]), "failCounts")
	for _, row := range rows {
		require.NotEmpty(t, row.String())
		for _, o := range row.Opinions {
			require.False(t, o.Same && len(o.Causes)+len(o.Together) > 0)
			require.True(t, o.Same || len(o.Causes)+len(o.Together) > 0, "%s", row)
		}
	}
}

// TestCausesAreComputed takes random histories and definitions, changes each
// field that is named as a cause by itself, through JSON, and demands what the
// cause says; and that each field not named changes nothing.
func TestCausesAreComputed(t *testing.T) {
	t.Parallel()
	causes := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(9, seed))
		var log metrics.Log
		_, err := log.Add(randomHistory(r)...)
		require.NoError(t, err)
		s, a, b := log.Snapshot(hours(24*14)), anyDefinition(r), anyDefinition(r)
		q := metrics.Query{From: epoch, To: hours(24 * 21), Window: metrics.WindowWhole}
		rows, err := metrics.Disagree(s, q, a, b)
		require.NoError(t, err)
		for _, field := range disagreeNames() {
			towards, back := disagreeChanged(t, a, b, field), disagreeChanged(t, b, a, field)
			for _, row := range rows {
				o := row.Opinions[1]
				k := slices.IndexFunc(o.Causes, func(c metrics.Cause) bool { return c.Field == field })
				for side, d := range map[bool]metrics.Definition{true: towards, false: back} {
					if o.Same || field == "name" {
						require.Less(t, k, 0)
						continue
					}
					was, said := row.Opinions[0].Result, (*metrics.Result)(nil)
					if !side {
						was = o.Result
					}
					if k >= 0 && side {
						said = o.Causes[k].Towards
					} else if k >= 0 {
						said = o.Causes[k].Back
					}
					if d.Validate() != nil {
						require.Nil(t, said)
						continue
					}
					now := disagreeResult(t, s, d, q, row)
					moved := fmt.Sprint(now) != fmt.Sprint([]any{was.Status, was.Value})
					require.Equal(t, moved, said != nil, "seed %d, %s of %s", seed, field, row)
					if moved {
						causes++
						require.Equal(t, fmt.Sprint(now), fmt.Sprint([]any{said.Status, said.Value}))
					}
				}
			}
		}
	}
	require.Greater(t, causes, 200, "the test met causes")
}

// disagreeNames are the fields of a definition by their names in JSON.
func disagreeNames() (out []string) {
	fields := reflect.TypeFor[metrics.Definition]()
	for k := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(k).Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}

func disagreeFields(t *testing.T, d metrics.Definition) (out map[string]json.RawMessage) {
	b, err := json.Marshal(d)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &out))
	return out
}

// disagreeChanged is d with one field of o.
func disagreeChanged(t *testing.T, d, o metrics.Definition, field string) (out metrics.Definition) {
	fields := disagreeFields(t, d)
	delete(fields, field)
	if v, ok := disagreeFields(t, o)[field]; ok {
		fields[field] = v
	}
	b, err := json.Marshal(fields)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &out))
	return out
}

// disagreeResult is status and value of a row by a definition.
func disagreeResult(t *testing.T, s *metrics.Snapshot, d metrics.Definition, q metrics.Query, row metrics.Disagreement) []any {
	r, err := metrics.Compute(s, d, q)
	require.NoError(t, err)
	for res := range r.All() {
		if res.Metric == row.Metric && slices.Equal(res.Key, row.Key) {
			return []any{res.Status, res.Value}
		}
	}
	return []any{metrics.StatusNoData, math.NaN()}
}

func TestDisagreeIsRefused(t *testing.T) {
	t.Parallel()
	s := disagreeLog(t)
	_, err := metrics.Disagree(s, disagreeQuery)
	require.ErrorContains(t, err, "two definitions")
	_, err = metrics.Disagree(s, disagreeQuery, metrics.DORA())
	require.Error(t, err)
	_, err = metrics.Disagree(s, disagreeQuery, metrics.DORA(), metrics.Definition{})
	require.ErrorContains(t, err, "does not say")
	_, err = metrics.Disagree(nil, disagreeQuery, metrics.DORA(), metrics.GitLab())
	require.ErrorContains(t, err, "no snapshot")
	_, err = metrics.Disagree(s, metrics.Query{}, metrics.DORA(), metrics.GitLab())
	require.Error(t, err)
	rows, err := metrics.Disagree(s, disagreeQuery, metrics.DORA(), metrics.DORA())
	require.NoError(t, err)
	for _, row := range rows {
		require.True(t, row.Opinions[1].Same)
	}
}

// TestOneFieldIsTheCause: of two definitions that differ in one field, that field
// and no other one is the cause wherever they disagree, and the answer of the other
// definition leads to exactly what the other one says.
func TestOneFieldIsTheCause(t *testing.T) {
	t.Parallel()
	q := metrics.Query{From: epoch, To: hours(24 * 21), Window: metrics.WindowWhole, By: []string{metrics.DimService}}
	var snapshots []*metrics.Snapshot
	for seed := range uint64(20) {
		var log metrics.Log
		_, err := log.Add(deploy("back-1", 30, "w1"), deploy("back-2", 50, "w2"), deploy("back-3", 60, "w1")) // rolled back
		require.NoError(t, err)
		_, err = log.Add(fastHistory(rand.New(rand.NewPCG(99, seed)))...)
		require.NoError(t, err)
		snapshots = append(snapshots, log.Snapshot(hours(24*18)))
	}
	silent := map[string]bool{}
	for k, name := range disagreeNames() {
		silent[name] = true
		for _, preset := range []metrics.Definition{metrics.DORA(), metrics.DevLake(), metrics.Metrik(), metrics.GitLab()} {
			for _, answer := range anyAnswers(k) {
				other := preset
				reflect.ValueOf(&other).Elem().Field(k).Set(answer)
				if other.Validate() != nil {
					continue
				}
				for _, s := range snapshots {
					rows, err := metrics.Disagree(s, q, preset, other)
					require.NoError(t, err)
					for _, row := range rows {
						first, o := row.Opinions[0], row.Opinions[1]
						if o.Same {
							continue
						}
						silent[name] = false
						require.Empty(t, o.Together)
						require.Len(t, o.Causes, 1, "%s", row)
						c := o.Causes[0]
						require.Equal(t, name, c.Field)
						require.NotEqual(t, c.First, c.Other)
						require.Equal(t, fmt.Sprint(o.Result.Status, o.Result.Value), fmt.Sprint(c.Towards.Status, c.Towards.Value))
						require.Equal(t, fmt.Sprint(first.Result.Status, first.Result.Value), fmt.Sprint(c.Back.Status, c.Back.Value))
					}
				}
			}
		}
	}
	for _, name := range []string{"environments", "deployedAt", "attemptsCount", "rollbacks", "detectRollbacks", "frequency", "frequencyPer",
		"leadFrom", "leadTo", "leadPer", "leadSpan", "leadSummary", "first", "quantile", "outcomeFails", "rollbackFails", "incidentFails",
		"failBase", "failCounts", "links", "recoveryOf", "recoverFrom", "recoverTo", "open", "recoverySummary", "rework", "minSample"} {
		require.False(t, silent[name], "%s made no difference in any of these histories", name)
	}
}
