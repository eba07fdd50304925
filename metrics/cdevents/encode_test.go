package cdevents_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/cdevents"
	"github.com/sallyport-dev/sallyport/release"
)

// schemas are the schemas of CDEvents 0.5.0, by subject and predicate.
func schemas(t testing.TB) map[string]*jsonschema.Schema {
	t.Helper()
	dir := realdata.Path(t, "cdevents/v0.5.0/schemas")
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	ids := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".json" {
			return err
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err)
		id := v.(map[string]any)["$id"].(string)
		require.NoError(t, c.AddResource(id, v), path)
		ids[strings.TrimSuffix(filepath.Base(path), ".json")] = id
		return nil
	}))
	out := map[string]*jsonschema.Schema{}
	for _, kind := range []string{"service.deployed", "service.rolledback", "change.created", "change.reviewed", "change.merged", "incident.detected", "incident.resolved"} {
		s, err := c.Compile(ids[strings.ReplaceAll(kind, ".", "")])
		require.NoError(t, err)
		out[kind] = s
	}
	return out
}

// valid checks events against their schemas, and reports their kinds.
func valid(t require.TestingT, all map[string]*jsonschema.Schema, texts [][]byte) []string {
	var d cdevents.Decoder
	var kinds []string
	for _, text := range texts {
		e, err := d.Decode(text)
		require.NoError(t, err, "%s", text)
		kinds = append(kinds, e.Kind.String())
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err)
		require.NotNil(t, all[e.Kind.String()])
		require.NoError(t, all[e.Kind.String()].Validate(v), "%s", text)
		require.NotContains(t, string(text), "\n")
	}
	return kinds
}

// The conformance examples pass the schemas, and what is no event does not: the check
// of the encoder's output means something.
func TestSchemasTell(t *testing.T) {
	t.Parallel()
	all := schemas(t)
	texts := examples(t, "v0.5.0")
	for kind, s := range all {
		text := string(texts[strings.ReplaceAll(kind, ".", "_")])
		for _, c := range []struct {
			old, new string
			valid    bool
		}{{"", "", true}, {`"specversion"`, `"version"`, false}, {`"linkKind": "TRIGGER",`, ``, false}, {`"/event/source/123"`, `"%zz"`, false},
			{`"timestamp": "20`, `"timestamp": "x20`, false}, {`"dev.cdevents.` + kind, `"dev.cdevents.other.thing`, false}} {
			if c.old == `"/event/source/123"` && strings.HasPrefix(kind, "incident") {
				c.old = `"/monitoring/prod1"`
			}
			require.True(t, strings.Contains(text, c.old), c.old)
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.ReplaceAll(text, c.old, c.new)))
			if c.old == "" {
				v, err = jsonschema.UnmarshalJSON(strings.NewReader(text))
			}
			require.NoError(t, err)
			require.Equal(t, c.valid, s.Validate(v) == nil, "%s: %s", kind, c.old)
		}
	}
}

func meta(id string, minute int) metrics.Meta {
	return metrics.Meta{Source: "https://ci.example.org/a?b=c#d", ID: id, Rev: 1, At: on(minute), Seen: on(minute)}
}

func placed(m metrics.Meta) metrics.Meta {
	m.Service, m.Environment = "api", "production"
	return m
}

// decoded is what a log holds after the events, told backwards.
func decoded(t require.TestingT, texts [][]byte) *metrics.Snapshot {
	j := newJoiner(t, cdevents.JoinerOptions{})
	var log metrics.Log
	var d cdevents.Decoder
	for _, text := range slices.Backward(texts) {
		e, err := d.Decode(text)
		require.NoError(t, err)
		told, err := j.Add(e, on(10_000))
		require.NoError(t, err)
		_, err = log.Add(told.Facts...)
		require.NoError(t, err)
	}
	return log.Snapshot(on(1_000_000))
}

// What is written is valid by the schemas and says the same when it is read.
func TestEncode(t *testing.T) {
	t.Parallel()
	all := schemas(t)
	other := metrics.Ref{Source: "/git hub", ID: "42"}
	facts := []metrics.Fact{
		metrics.Change{Meta: meta("c1", 5), Opened: on(1), FirstReview: on(2), Merged: on(5)},
		&metrics.Change{Meta: meta("c 2 é", 6), Merged: on(6)},
		metrics.Deployment{Meta: placed(meta("d1", 10)), Outcome: metrics.DeploymentSucceeded, Artifact: "pkg:oci/api@sha256:a1", Version: "sha256:a1",
			Changes: []metrics.Ref{{Source: meta("", 0).Source, ID: "c 2 é"}, {Source: meta("", 0).Source, ID: "c1"}}},
		&metrics.Deployment{Meta: placed(meta("d2", 20)), Outcome: metrics.DeploymentSucceeded, Artifact: "registry/api:1.2", Version: "registry/api:1.2"},
		metrics.Deployment{Meta: placed(meta("d3", 30)), Outcome: metrics.DeploymentSucceeded, Artifact: "pkg:oci/api@sha256:a1", Version: "sha256:a1",
			RollbackOf: metrics.Ref{Source: meta("", 0).Source, ID: "d2"}},
		metrics.Incident{Meta: placed(meta("i1", 21)), Resolved: on(30), Artifact: "registry/api:1.2", Version: "registry/api:1.2", CausedBy: metrics.Ref{Source: meta("", 0).Source, ID: "d2"}},
		&metrics.Incident{Meta: func() metrics.Meta { m := meta("i<2>", 22); m.Environment = "production"; return m }()},
	}
	var texts [][]byte
	var kinds []string
	var want metrics.Log
	for _, f := range facts {
		_, err := want.Add(f)
		require.NoError(t, err)
		made, err := cdevents.Encode(f)
		require.NoError(t, err)
		kinds = append(kinds, valid(t, all, made)...)
		again, err := cdevents.Encode(f)
		require.NoError(t, err)
		require.Equal(t, made, again)
		texts = append(texts, made...)
	}
	require.Equal(t, []string{"change.created", "change.reviewed", "change.merged", "change.merged", "service.deployed", "service.deployed",
		"service.rolledback", "incident.detected", "incident.resolved", "incident.detected"}, kinds)
	require.Equal(t, told(want.Snapshot(on(100_000))), told(decoded(t, texts)))

	// A deployment that links to what nobody told of has no changes when it is read.
	lone, err := cdevents.Encode(metrics.Deployment{Meta: placed(meta("d9", 1)), Outcome: metrics.DeploymentSucceeded, Version: "1.0+a b/ü", Changes: []metrics.Ref{other}})
	require.NoError(t, err)
	valid(t, all, lone)
	for d := range decoded(t, lone).Deployments() {
		require.Empty(t, d.Changes)
		require.Equal(t, "pkg:generic/api@1.0%2Ba+b%2F%C3%BC", d.Artifact)
	}
}

// What an event cannot say is refused, and not said otherwise.
func TestEncodeRefused(t *testing.T) {
	t.Parallel()
	deployment := func(change func(*metrics.Deployment)) metrics.Fact {
		d := metrics.Deployment{Meta: placed(meta("d", 1)), Outcome: metrics.DeploymentSucceeded, Version: "1"}
		change(&d)
		return d
	}
	change := func(change func(*metrics.Change)) metrics.Fact {
		c := metrics.Change{Meta: meta("c", 1)}
		change(&c)
		return &c
	}
	incident := func(change func(*metrics.Incident)) metrics.Fact {
		n := metrics.Incident{Meta: placed(meta("i", 5))}
		change(&n)
		return n
	}
	for _, c := range []struct {
		name string
		fact metrics.Fact
		says string
	}{
		{"a tombstone of a deployment", deployment(func(d *metrics.Deployment) { d.Deleted = true }), "it is a tombstone"},
		{"a tombstone of a change", change(func(c *metrics.Change) { c.Deleted = true }), "it is a tombstone"},
		{"a tombstone of an incident", incident(func(n *metrics.Incident) { n.Deleted = true }), "it is a tombstone"},
		{"a failure", deployment(func(d *metrics.Deployment) { d.Outcome = metrics.DeploymentFailed }), "its outcome is failed"},
		{"what nobody was exposed to", deployment(func(d *metrics.Deployment) { d.Outcome = metrics.DeploymentNotExposed }), "its outcome is not-exposed"},
		{"no outcome", deployment(func(d *metrics.Deployment) { d.Outcome = metrics.DeploymentUnknown }), "its outcome is unknown"},
		{"no version", deployment(func(d *metrics.Deployment) { d.Version = "" }), "neither its artifact nor its version"},
		{"too many changes", deployment(func(d *metrics.Deployment) {
			for i := range 256 {
				d.Changes = append(d.Changes, metrics.Ref{Source: "s", ID: fmt.Sprint(i)})
			}
		}), "more changes than"},
		{"another time of the commit", change(func(c *metrics.Change) { c.Merged = on(2) }), "not committed when it was merged"},
		{"no merge", change(func(*metrics.Change) {}), "not known to be merged"},
		{"no environment", incident(func(n *metrics.Incident) { n.Environment = "" }), "no environment"},
		{"resolved too early", incident(func(n *metrics.Incident) { n.Resolved = on(4) }), "resolved before it began"},
		{"a source with a space", deployment(func(d *metrics.Deployment) { d.Source = "a b" }), "no URI reference"},
		{"a source with a letter that is no ASCII", change(func(c *metrics.Change) { c.Source, c.Merged = "/é", c.At }), "no URI reference"},
		{"a source with percent encoding that is none", incident(func(n *metrics.Incident) { n.Source = "/%4" }), "no URI reference"},
		{"a source with more percent encoding that is none", incident(func(n *metrics.Incident) { n.Source = "/%zz" }), "no URI reference"},
		{"a source with a bracket", incident(func(n *metrics.Incident) { n.Source = "/a[b]" }), "no URI reference"},
		{"a source of two fragments", incident(func(n *metrics.Incident) { n.Source = "/a#b#c" }), "no URI reference"},
		{"a source that begins with a colon", incident(func(n *metrics.Incident) { n.Source = ":a" }), "no URI reference"},
		{"a source of no port", incident(func(n *metrics.Incident) { n.Source = "http://a:b/" }), "no URI reference"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out, err := cdevents.Encode(c.fact)
			require.Nil(t, out)
			require.ErrorIs(t, err, cdevents.ErrNotCarried)
			require.ErrorContains(t, err, c.says)
		})
	}
	for _, f := range []metrics.Fact{nil, (*metrics.Change)(nil), metrics.Change{}, deployment(func(d *metrics.Deployment) { d.Service = "" }),
		deployment(func(d *metrics.Deployment) { d.Version = "a\nb" }), incident(func(n *metrics.Incident) { n.At = time.Time{} })} {
		out, err := cdevents.Encode(f)
		require.Nil(t, out)
		require.Error(t, err)
		require.NotErrorIs(t, err, cdevents.ErrNotCarried)
	}
}

// Any facts that can be written are valid by the schemas, and come back as they were as
// far as the documentation says.
func TestEncodeAnyFact(t *testing.T) {
	t.Parallel()
	all := schemas(t)
	text := rapid.StringMatching(`[a-zA-Z0-9 <>&"\\/%é€😀@:#?-]{1,12}`)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) string { return text.Draw(t, name) }
		m := metrics.Meta{Source: rapid.StringMatching(`(https?://)?[a-z%:/?#@\[\] é0-9.]{1,9}`).Draw(t, "source"), ID: draw("id"), Rev: rapid.Uint64().Draw(t, "rev"), Seen: on(0),
			At: day.Add(time.Duration(rapid.Int64Range(-1<<60, 1<<60).Draw(t, "at"))), Service: draw("service"), Environment: draw("environment"), Dims: metrics.Dims{"team": "x"}}
		var f, want metrics.Fact
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			d := metrics.Deployment{Meta: m, Outcome: metrics.DeploymentSucceeded, Artifact: draw("artifact"), Planned: metrics.PlannedYes, Tier: release.TierHigh, Commit: "c", Started: m.At}
			f = d
			d.Planned, d.Tier, d.Commit, d.Started, d.Version, d.Dims = 0, 0, "", time.Time{}, d.Artifact, nil
			want = d
		case 1:
			c := metrics.Change{Meta: m, Merged: m.At, Commit: "c", Approved: m.At, FirstCommit: m.At}
			f = c
			c.Commit, c.Approved, c.FirstCommit, c.Dims, c.Service, c.Environment = "", time.Time{}, time.Time{}, nil, "", ""
			want = c
		case 2:
			n := metrics.Incident{Meta: m, Severity: "1", NoticedBy: "x", Mitigated: m.At}
			if rapid.Bool().Draw(t, "resolved") {
				n.Resolved = m.At.Add(time.Duration(rapid.Int64Range(0, 1<<50).Draw(t, "after")))
			}
			f = n
			n.Severity, n.NoticedBy, n.Mitigated, n.Dims = "", "", time.Time{}, nil
			want = n
		}
		texts, err := cdevents.Encode(f)
		if err != nil {
			require.ErrorIs(t, err, cdevents.ErrNotCarried)
			require.ErrorContains(t, err, "URI reference")
			return
		}
		valid(t, all, texts)
		var log metrics.Log
		_, err = log.Add(seen(want))
		require.NoError(t, err)
		require.Equal(t, said(log.Snapshot(on(1<<30))), said(decoded(t, texts)))
	})
}

// said is all that a snapshot says, to the nanosecond, without revisions and when it was seen.
func said(s *metrics.Snapshot) []metrics.Fact {
	var out []metrics.Fact
	for d := range s.Deployments() {
		out = append(out, seen(d))
	}
	for c := range s.Changes() {
		out = append(out, seen(c))
	}
	for n := range s.Incidents() {
		out = append(out, seen(n))
	}
	return out
}
