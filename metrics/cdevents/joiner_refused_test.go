package cdevents_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/cdevents"
)

// Each conformance example goes through a Joiner: what is no fact has its reason, and
// what is one is in a log or listed as unjoined.
func TestConformanceExamplesJoin(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		j := newJoiner(t, cdevents.JoinerOptions{})
		var log metrics.Log
		var d cdevents.Decoder
		texts := examples(t, version)
		for name, text := range texts {
			// The examples share their ids, which no two events may.
			text = []byte(strings.NewReplacer("271069a8-fc18-44f1-b38f-9d70a1695819", name, "F4BD2B55-B6F6-4F44-AF72-BD2D0E7A8708", name).Replace(string(text)))
			e, err := d.Decode(text)
			require.NoError(t, err)
			told, err := j.Add(e, on(0))
			require.NoError(t, err, name)
			switch {
			case wanted[name] == cdevents.KindUnknown:
				require.Equal(t, cdevents.SkippedNoFact, told.Verdict)
			case name == "pipelinerun_finished":
				require.Equal(t, cdevents.SkippedPipeline, told.Verdict)
			default:
				require.Equal(t, cdevents.VerdictFact, told.Verdict)
			}
			_, err = log.Add(told.Facts...)
			require.NoError(t, err)
		}
		require.Equal(t, 10, j.Count(cdevents.VerdictFact))
		require.Equal(t, len(texts)-11, j.Count(cdevents.SkippedNoFact))
		require.Equal(t, 1, j.Count(cdevents.SkippedPipeline))
		require.Zero(t, j.Count(cdevents.Verdict(200)))
		image, version := "pkg:oci/myapp@sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427", "sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"
		got := log.Snapshot(on(1))
		deployments := 0
		for d := range got.Deployments() {
			deployments++
			require.Equal(t, []string{"mySubject123", "test123", image, version}, []string{d.Service, d.Environment, d.Artifact, d.Version})
		}
		require.Equal(t, 3, deployments)
		for n := range got.Incidents() {
			require.Equal(t, []string{"incident-123", "/monitoring/prod1", "myApp", "prod1", image}, []string{n.ID, n.Source, n.Service, n.Environment, n.Artifact})
			require.Equal(t, n.At, n.Resolved, "the examples have one time")
		}
		for c := range got.Changes() {
			require.Equal(t, "mySubject123", c.ID)
			require.Equal(t, c.Merged, c.Opened)
			require.Equal(t, c.Merged, c.FirstReview)
		}
		require.Equal(t, 5, log.Len()-superseded(got, &log))
	}
}

// superseded is how many of a log's facts a snapshot does not show.
func superseded(s *metrics.Snapshot, log *metrics.Log) int {
	n := log.Len()
	for range s.Deployments() {
		n--
	}
	for range s.Changes() {
		n--
	}
	for range s.Incidents() {
		n--
	}
	return n
}

func TestJoinerOptionsRefused(t *testing.T) {
	t.Parallel()
	_, err := cdevents.NewJoiner(cdevents.JoinerOptions{MaxEvents: -1, Failure: metrics.DeploymentSucceeded,
		Pipelines: map[string]cdevents.Target{"": {Service: "a", Environment: "b"}, "p": {Environment: "b"}, "q": {Service: "a"}, "r": {Service: "a", Environment: "b"}}})
	for _, want := range []string{"below zero", `cannot mean "succeeded"`, `pipeline ""`, `pipeline "p"`, `pipeline "q"`} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), `pipeline "r"`)
}

// The options are copied: what the host does to its map later changes nothing.
func TestJoinerOwnsItsOptions(t *testing.T) {
	t.Parallel()
	o := cdevents.JoinerOptions{Pipelines: map[string]cdevents.Target{"p": {Service: "api", Environment: "production"}}, Failure: metrics.DeploymentNotExposed}
	j := newJoiner(t, o)
	delete(o.Pipelines, "p")
	var d cdevents.Decoder
	e, err := d.Decode(ev{kind: "pipelinerun.finished", id: "1", subject: "r", pipeline: "p", outcome: "failure"}.text(t))
	require.NoError(t, err)
	told, err := j.Add(e, on(0))
	require.NoError(t, err)
	require.Len(t, told.Facts, 1)
	f := told.Facts[0].(metrics.Deployment)
	require.Equal(t, metrics.DeploymentNotExposed, f.Outcome)
	require.Zero(t, f.Detected, "nothing failed that was exposed")
}

func TestJoinerRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 4097)
	for _, c := range []struct {
		name string
		v    ev
		says string
	}{
		{"a long id", ev{id: long}, "context.id is 4097 bytes long"},
		{"a long source", ev{source: long}, "context.source is 4097 bytes long"},
		{"a long chain", ev{chain: long}, "context.chainId is 4097 bytes long"},
		{"a long link", ev{links: []string{long}}, "a link's contextId is 4097 bytes long"},
		{"a service with a line end", ev{subject: "a\nb"}, `subject.id "a\nb" has an unprintable character`},
		{"an environment with a zero", ev{environment: "a\x00"}, "environment.id"},
		{"an artifact that turns around", ev{artifact: "a\u202eb"}, "the artifact"},
		{"a link of two", ev{links: []string{"a\x00b"}}, "a link's contextId"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := deploy("1", 1, a1)
			for to, from := range map[*string]string{&v.id: c.v.id, &v.source: c.v.source, &v.chain: c.v.chain, &v.subject: c.v.subject, &v.environment: c.v.environment, &v.artifact: c.v.artifact} {
				if from != "" {
					*to = from
				}
			}
			v.links = c.v.links
			j := newJoiner(t, cdevents.JoinerOptions{})
			var d cdevents.Decoder
			e, err := d.Decode(v.text(t))
			require.NoError(t, err)
			told, err := j.Add(e, on(0))
			require.ErrorContains(t, err, c.says)
			require.Zero(t, told)
			require.Zero(t, j.Count(cdevents.VerdictFact))
			require.Empty(t, j.Unjoined())
		})
	}
	j := newJoiner(t, cdevents.JoinerOptions{})
	for _, e := range []*cdevents.Event{nil, {}, {Verdict: 200}} {
		_, err := j.Add(e, on(0))
		require.ErrorContains(t, err, "no verdict")
	}
	var d cdevents.Decoder
	e, err := d.Decode(deploy("1", 1, a1).text(t))
	require.NoError(t, err)
	for _, seen := range []time.Time{{}, time.Date(1899, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2191, 1, 1, 0, 0, 0, 0, time.UTC)} {
		_, err = j.Add(e, seen)
		require.ErrorContains(t, err, "no time")
	}
}

// Two events of one name are one, and if they differ the second is refused.
func TestJoinerContradiction(t *testing.T) {
	t.Parallel()
	j := newJoiner(t, cdevents.JoinerOptions{})
	var d cdevents.Decoder
	add := func(v ev) (cdevents.Told, error) {
		e, err := d.Decode(v.text(t))
		require.NoError(t, err)
		return j.Add(e, on(5))
	}
	first, err := add(deploy("1", 1, a1))
	require.NoError(t, err)
	require.Len(t, first.Facts, 1)
	again, err := add(deploy("1", 1, "pkg:oci/api@sha256%3Aa1"))
	require.NoError(t, err)
	require.Equal(t, cdevents.Told{Verdict: cdevents.VerdictFact, Duplicate: true}, again)
	require.Equal(t, 1, j.Duplicates())
	// In which order links stand, and how often, does not matter.
	for _, links := range [][]string{{"x", "y"}, {"y", "x", "y"}} {
		_, err = add(with(deploy("2", 1, a1), func(v *ev) { v.links = links }))
		require.NoError(t, err)
	}
	require.Equal(t, 2, j.Duplicates())
	for _, v := range []ev{deploy("1", 2, a1), deploy("1", 1, a2), with(deploy("1", 1, a1), func(v *ev) { v.kind = "service.upgraded" }),
		with(deploy("1", 1, a1), func(v *ev) { v.chain = "c" }), with(deploy("1", 1, a1), func(v *ev) { v.links = []string{"x"} }),
		with(deploy("1", 1, a1), func(v *ev) { v.environment = "staging" })} {
		_, err = add(v)
		require.ErrorIs(t, err, cdevents.ErrContradiction)
		require.ErrorContains(t, err, `"/ci/1"`)
	}
	require.Equal(t, 2, j.Count(cdevents.VerdictFact))
}

// A Joiner holds what it may and no more; what it holds goes on to be known.
func TestJoinerFull(t *testing.T) {
	t.Parallel()
	j := newJoiner(t, cdevents.JoinerOptions{MaxEvents: 2})
	var d cdevents.Decoder
	add := func(v ev) (cdevents.Told, error) {
		e, err := d.Decode(v.text(t))
		require.NoError(t, err)
		return j.Add(e, on(5))
	}
	for i := range 2 {
		_, err := add(deploy(fmt.Sprint(i), i, a1))
		require.NoError(t, err)
	}
	_, err := add(deploy("2", 2, a1))
	require.ErrorIs(t, err, cdevents.ErrFull)
	told, err := add(deploy("1", 1, a1))
	require.NoError(t, err)
	require.True(t, told.Duplicate)
	told, err = add(ev{kind: "service.published", id: "9", subject: "api", environment: "production"})
	require.NoError(t, err)
	require.Equal(t, cdevents.SkippedNoFact, told.Verdict)
	require.Equal(t, 2, j.Count(cdevents.VerdictFact))
}

// A change and an incident have a bound of their own.
func TestJoinerTooMany(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"change.reviewed", "incident.detected"} {
		j := newJoiner(t, cdevents.JoinerOptions{})
		var d cdevents.Decoder
		for i := range 1025 {
			e, err := d.Decode(ev{kind: kind, id: fmt.Sprint(i), subject: "x", minute: i, environment: "production"}.text(t))
			require.NoError(t, err)
			if _, err = j.Add(e, on(2000)); i < 1024 {
				require.NoError(t, err)
				continue
			}
			require.ErrorIs(t, err, cdevents.ErrTooMany)
		}
	}
}

// What very many events share joins nothing, and does not make them slow: were each
// joined with each, this would take minutes. The gaps say so.
func TestChainOfThousands(t *testing.T) {
	t.Parallel()
	j := newJoiner(t, cdevents.JoinerOptions{})
	var d cdevents.Decoder
	var log metrics.Log
	const n = 3000
	for i := range n {
		v := with(deploy(fmt.Sprint(i), i, fmt.Sprint("pkg:oci/api@", i)), func(v *ev) { v.chain = "all"; v.links = []string{"hub"} })
		if i%2 == 0 {
			v = ev{kind: "change.merged", id: fmt.Sprint(i), minute: i, subject: fmt.Sprint(i), chain: "all", links: []string{"hub"}}
		}
		e, err := d.Decode(v.text(t))
		require.NoError(t, err)
		told, err := j.Add(e, on(n))
		require.NoError(t, err)
		_, err = log.Add(told.Facts...)
		require.NoError(t, err)
	}
	require.Len(t, j.Unjoined(), n/2, "no deployment has a change that is known to be its own")
	for d := range log.Snapshot(on(n)).Deployments() {
		require.Empty(t, d.Changes)
	}
}

// Many goroutines may tell one Joiner.
func TestJoinerConcurrent(t *testing.T) {
	t.Parallel()
	j := newJoiner(t, pipelines)
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			var d cdevents.Decoder
			for i := range 50 {
				e, err := d.Decode(with(deploy(fmt.Sprint(i), i, a1), func(v *ev) { v.chain = fmt.Sprint(g) }).text(t))
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = j.Add(e, on(100))
				j.Unjoined()
				j.Count(cdevents.VerdictFact)
				j.Duplicates()
			}
		})
	}
	all.Wait()
	require.Equal(t, 50, j.Count(cdevents.VerdictFact))
}
