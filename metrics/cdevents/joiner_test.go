package cdevents_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/cdevents"
)

var day = time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)

func on(minute int) time.Time { return day.Add(time.Duration(minute) * time.Minute) }

// ev is an event as the tests write it. Its source is "/ci" where nothing else is said.
type ev struct {
	kind, id, source string
	minute           int
	subject, from    string // the subject's id and source
	environment      string // id, or id@source
	service          string
	artifact         string
	change           string // id, or id@source
	pipeline         string
	outcome          string
	chain            string
	links            []string
}

func ref(s string) map[string]any {
	id, source, there := strings.Cut(s, "@")
	out := map[string]any{"id": id}
	if there {
		out["source"] = source
	}
	return out
}

func (v ev) text(t require.TestingT) []byte {
	context := map[string]any{"specversion": "0.5.0", "id": v.id, "source": "/ci", "type": "dev.cdevents." + v.kind + ".0.3.0", "timestamp": on(v.minute).Format(time.RFC3339Nano)}
	if v.source != "" {
		context["source"] = v.source
	}
	if v.chain != "" {
		context["chainId"] = v.chain
	}
	var links []any
	for _, l := range v.links {
		links = append(links, map[string]any{"linkType": "RELATION", "linkKind": "TRIGGER", "target": map[string]any{"contextId": l}})
	}
	if links != nil {
		context["links"] = links
	}
	content := map[string]any{}
	for name, s := range map[string]string{"environment": v.environment, "service": v.service, "change": v.change} {
		if s != "" {
			content[name] = ref(s)
		}
	}
	for name, s := range map[string]string{"artifactId": v.artifact, "pipelineName": v.pipeline, "outcome": v.outcome} {
		if s != "" {
			content[name] = s
		}
	}
	if v.kind == "incident.reported" {
		content["ticketURI"] = "https://tickets/1"
	}
	subject := map[string]any{"id": v.subject, "content": content}
	if v.from != "" {
		subject["source"] = v.from
	}
	b, err := json.Marshal(map[string]any{"context": context, "subject": subject})
	require.NoError(t, err)
	return b
}

func newJoiner(t require.TestingT, o cdevents.JoinerOptions) *cdevents.Joiner {
	j, err := cdevents.NewJoiner(o)
	require.NoError(t, err)
	return j
}

var pipelines = cdevents.JoinerOptions{Pipelines: map[string]cdevents.Target{"deploy-api": {Service: "api", Environment: "production"}}}

// joined is what a log holds after the events, told in this order, and the joiner.
func joined(t require.TestingT, events []ev, order []int) (*metrics.Snapshot, *cdevents.Joiner) {
	j := newJoiner(t, pipelines)
	var log metrics.Log
	var d cdevents.Decoder
	for _, i := range order {
		e, err := d.Decode(events[i].text(t))
		require.NoError(t, err)
		told, err := j.Add(e, on(10_000+i))
		require.NoError(t, err)
		require.True(t, told.Verdict == cdevents.VerdictFact || len(told.Facts) == 0)
		require.False(t, told.Duplicate && len(told.Facts) > 0)
		tally, err := log.Add(told.Facts...)
		require.NoError(t, err)
		require.Zero(t, tally.Refused+tally.Superseded, "each fact says something new, if only that it was known sooner")
	}
	return log.Snapshot(on(1_000_000)), j
}

// written is all of a snapshot, with revisions and times.
func written(t require.TestingT, s *metrics.Snapshot) string {
	var out []any
	for d := range s.Deployments() {
		out = append(out, d)
	}
	for c := range s.Changes() {
		out = append(out, c)
	}
	for n := range s.Incidents() {
		out = append(out, n)
	}
	b, err := json.Marshal(out)
	require.NoError(t, err)
	return string(b)
}

// told is what a snapshot says, a line each, times as minutes.
func told(s *metrics.Snapshot) []string {
	var out []string
	line := func(kind string, m metrics.Meta, more ...string) {
		text := fmt.Sprintf("%s %s %s/%s @%d", kind, m.Ref(), m.Service, m.Environment, int(m.At.Sub(day)/time.Minute))
		for i := 0; i < len(more); i += 2 {
			if more[i+1] != "" {
				text += " " + more[i] + "=" + more[i+1]
			}
		}
		out = append(out, text)
	}
	minute := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return fmt.Sprint(int(at.Sub(day) / time.Minute))
	}
	refs := func(all ...metrics.Ref) string {
		var texts []string
		for _, r := range all {
			if !r.IsZero() {
				texts = append(texts, r.String())
			}
		}
		return strings.Join(texts, ",")
	}
	for d := range s.Deployments() {
		line("deployment", d.Meta, "outcome", d.Outcome.String(), "version", d.Version, "artifact", d.Artifact, "started", minute(d.Started),
			"detected", minute(d.Detected), "changes", refs(d.Changes...), "rollbackOf", refs(d.RollbackOf))
	}
	for c := range s.Changes() {
		line("change", c.Meta, "opened", minute(c.Opened), "review", minute(c.FirstReview), "merged", minute(c.Merged))
	}
	for n := range s.Incidents() {
		line("incident", n.Meta, "resolved", minute(n.Resolved), "artifact", n.Artifact, "version", n.Version, "cause", refs(n.CausedBy))
	}
	slices.Sort(out)
	return out
}

func missing(j *cdevents.Joiner) []string {
	var out []string
	for _, u := range j.Unjoined() {
		out = append(out, fmt.Sprintf("%s %s %s @%d", u.Kind, u.Event, u.Gap, int(u.At.Sub(day)/time.Minute)))
	}
	return out
}

func deploy(id string, minute int, artifact string) ev {
	return ev{kind: "service.deployed", id: id, minute: minute, subject: "api", environment: "production", artifact: artifact}
}

func with(v ev, change func(*ev)) ev {
	change(&v)
	return v
}

const a1, a2, a3 = "pkg:oci/api@sha256:a1", "pkg:oci/api@sha256:a2", "pkg:oci/api@sha256:a3"

var scenarios = []struct {
	name   string
	events []ev
	want   []string
	gaps   []string
}{
	{"a change on its way to production", []ev{
		{kind: "change.created", id: "1", minute: 0, subject: "42", from: "/git"},
		{kind: "change.reviewed", id: "2", minute: 9, subject: "42", from: "/git"},
		{kind: "change.reviewed", id: "3", minute: 5, subject: "42", from: "/git"},
		{kind: "change.merged", id: "4", minute: 10, subject: "42", from: "/git"},
		{kind: "artifact.packaged", id: "5", minute: 12, subject: "pkg:oci/api@sha256%3Aa1?repository_url=r.example", change: "42@/git"},
		deploy("6", 20, a1),
		with(deploy("7", 15, "pkg:oci/api@sha256%3aa1"), func(v *ev) { v.environment, v.kind = "staging", "service.upgraded" }),
	}, []string{
		"change /git/42 / @10 opened=0 review=5 merged=10",
		"deployment /ci/6 api/production @20 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1 changes=/git/42",
		"deployment /ci/7 api/staging @15 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1 changes=/git/42",
	}, nil},
	{"a package that does not say whose change it is", []ev{
		{kind: "change.merged", id: "1", minute: 1, subject: "42", from: "/git"},
		{kind: "artifact.packaged", id: "2", minute: 2, subject: a1, change: "42"},
		deploy("3", 3, a1),
	}, []string{
		"change /git/42 / @1 merged=1",
		"deployment /ci/3 api/production @3 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1 changes=/git/42",
	}, nil},
	{"a package whose change may be one of two", []ev{
		{kind: "change.merged", id: "1", minute: 1, subject: "42", from: "/git"},
		{kind: "change.merged", id: "4", minute: 1, subject: "42", from: "/svn"},
		{kind: "artifact.packaged", id: "2", minute: 2, subject: a1, change: "42"},
		deploy("3", 3, a1),
	}, []string{
		"change /git/42 / @1 merged=1", "change /svn/42 / @1 merged=1",
		"deployment /ci/3 api/production @3 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1",
	}, []string{"artifact.packaged /ci/2 no-change @2", "service.deployed /ci/3 no-change @3"}},
	{"what leads nowhere", []ev{
		{kind: "change.created", id: "1", minute: 1, subject: "7"},
		{kind: "artifact.packaged", id: "2", minute: 2, subject: a1, change: "42"},
		{kind: "artifact.packaged", id: "3", minute: 2, subject: "pkg:oci/api", change: "42"},
		{kind: "artifact.packaged", id: "4", minute: 2, subject: a2, change: "42@/git"},
		deploy("5", 3, "pkg:oci/api"), deploy("6", 4, a2),
		{kind: "incident.resolved", id: "7", minute: 9, subject: "i", environment: "production"},
		{kind: "service.rolledback", id: "8", minute: 3, subject: "web", environment: "production", artifact: a1},
	}, []string{
		"deployment /ci/5 api/production @3 outcome=succeeded artifact=pkg:oci/api",
		"deployment /ci/6 api/production @4 outcome=succeeded version=sha256:a2 artifact=pkg:oci/api@sha256:a2 changes=/git/42",
		"deployment /ci/8 web/production @3 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1",
	}, []string{"change.created /ci/1 not-merged @1", "artifact.packaged /ci/2 not-deployed @2", "artifact.packaged /ci/3 no-version @2", "artifact.packaged /ci/4 no-change @2",
		"service.deployed /ci/5 no-change @3", "incident.resolved /ci/7 no-start @9", "service.rolledback /ci/8 no-target @3"}},
	{"links lead to changes", []ev{
		{kind: "change.merged", id: "1", minute: 1, subject: "42"},
		{kind: "artifact.packaged", id: "2", minute: 2, subject: "pkg:oci/base@1", change: "43@/git"},
		with(deploy("3", 3, a1), func(v *ev) { v.links = []string{"1", "2", "2", "elsewhere"} }),
	}, []string{
		"change /ci/42 / @1 merged=1",
		"deployment /ci/3 api/production @3 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1 changes=/ci/42,/git/43",
	}, []string{"artifact.packaged /ci/2 not-deployed @2"}},
	{"a context id that two sources have leads nowhere", []ev{
		{kind: "change.merged", id: "1", minute: 1, subject: "42"},
		{kind: "change.merged", id: "1", source: "/other", minute: 1, subject: "43"},
		with(deploy("3", 3, a1), func(v *ev) { v.links = []string{"1"} }),
	}, []string{"change /ci/42 / @1 merged=1", "change /other/43 / @1 merged=1",
		"deployment /ci/3 api/production @3 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1",
	}, []string{"service.deployed /ci/3 no-change @3"}},
	{"a chain leads to the changes before", []ev{
		{kind: "change.merged", id: "1", minute: 1, subject: "42", chain: "c"},
		{kind: "artifact.packaged", id: "2", minute: 2, subject: "pkg:oci/web@9", change: "43@/git", chain: "c"},
		{kind: "change.merged", id: "4", minute: 4, subject: "44", chain: "c"},
		{kind: "change.merged", id: "5", minute: 1, subject: "45", chain: "d"},
		with(deploy("3", 3, a1), func(v *ev) { v.chain = "c" }),
	}, []string{"change /ci/42 / @1 merged=1", "change /ci/44 / @4 merged=4", "change /ci/45 / @1 merged=1",
		"deployment /ci/3 api/production @3 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1 changes=/ci/42,/git/43",
	}, []string{"artifact.packaged /ci/2 not-deployed @2"}},
	{"a package says more than a chain", []ev{
		{kind: "change.merged", id: "1", minute: 1, subject: "42", chain: "c"},
		{kind: "change.merged", id: "2", minute: 1, subject: "43", chain: "c"},
		{kind: "artifact.packaged", id: "3", minute: 2, subject: a1, change: "43@/ci", chain: "c"},
		with(deploy("4", 3, a1), func(v *ev) { v.chain = "c" }),
	}, []string{"change /ci/42 / @1 merged=1", "change /ci/43 / @1 merged=1",
		"deployment /ci/4 api/production @3 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1 changes=/ci/43"}, nil},
	{"rollbacks take back what ran", []ev{
		deploy("1", 1, a1), deploy("2", 2, a2), deploy("3", 3, a3),
		{kind: "service.rolledback", id: "4", source: "/tool", minute: 4, subject: "api", environment: "production", artifact: a2},
		{kind: "service.rolledback", id: "5", source: "/tool", minute: 5, subject: "api", environment: "production", artifact: a1},
		{kind: "service.rolledback", id: "6", source: "/tool", minute: 6, subject: "api", environment: "production", artifact: a1},
		{kind: "service.rolledback", id: "7", source: "/tool", minute: 7, subject: "api", environment: "production", artifact: "pkg:oci/api@0"},
		{kind: "service.rolledback", id: "10", source: "/tool", minute: 9, subject: "api", environment: "production", artifact: a1},
		{kind: "service.rolledback", id: "11", source: "/tool", minute: 10, subject: "api", environment: "production", artifact: "pkg:oci/api@0"},
		{kind: "service.rolledback", id: "8", source: "/tool", minute: 8, subject: "api", environment: "staging", artifact: a1},
		{kind: "service.rolledback", id: "9", source: "/tool", minute: 8, subject: "api", environment: "production@/eu", artifact: a1},
	}, []string{
		"deployment /ci/1 api/production @1 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1",
		"deployment /ci/2 api/production @2 outcome=succeeded version=sha256:a2 artifact=pkg:oci/api@sha256:a2",
		"deployment /ci/3 api/production @3 outcome=succeeded version=sha256:a3 artifact=pkg:oci/api@sha256:a3",
		"deployment /tool/4 api/production @4 outcome=succeeded version=sha256:a2 artifact=pkg:oci/api@sha256:a2 rollbackOf=/ci/3",
		"deployment /tool/5 api/production @5 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1 rollbackOf=/ci/2",
		"deployment /tool/6 api/production @6 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1",
		"deployment /tool/7 api/production @7 outcome=succeeded version=0 artifact=pkg:oci/api@0 rollbackOf=/ci/1",
		"deployment /tool/10 api/production @9 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1 rollbackOf=/tool/7",
		"deployment /tool/11 api/production @10 outcome=succeeded version=0 artifact=pkg:oci/api@0 rollbackOf=/tool/10",
		"deployment /tool/8 api/staging @8 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1",
		"deployment /tool/9 api/production @8 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1",
	}, []string{"service.deployed /ci/1 no-change @1", "service.deployed /ci/2 no-change @2", "service.deployed /ci/3 no-change @3",
		"service.rolledback /tool/6 no-target @6", "service.rolledback /tool/8 no-target @8", "service.rolledback /tool/9 no-target @8"}},
	{"a rollback's link says what it takes back", []ev{
		deploy("1", 1, a1), deploy("2", 2, a2), deploy("3", 3, a3), with(deploy("9", 9, a2), func(v *ev) { v.environment = "staging" }),
		{kind: "service.rolledback", id: "4", minute: 4, subject: "api", environment: "production", artifact: a1, links: []string{"1", "2", "9"}},
	}, []string{
		"deployment /ci/1 api/production @1 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1",
		"deployment /ci/2 api/production @2 outcome=succeeded version=sha256:a2 artifact=pkg:oci/api@sha256:a2",
		"deployment /ci/3 api/production @3 outcome=succeeded version=sha256:a3 artifact=pkg:oci/api@sha256:a3",
		"deployment /ci/4 api/production @4 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1 rollbackOf=/ci/2",
		"deployment /ci/9 api/staging @9 outcome=succeeded version=sha256:a2 artifact=pkg:oci/api@sha256:a2",
	}, []string{"service.deployed /ci/1 no-change @1", "service.deployed /ci/2 no-change @2", "service.deployed /ci/3 no-change @3", "service.deployed /ci/9 no-change @9"}},
	{"an incident of a version, opened again", []ev{
		with(deploy("1", 1, a1), func(v *ev) { v.links = []string{"0"} }),
		{kind: "change.merged", id: "0", minute: 0, subject: "42"},
		{kind: "incident.reported", id: "3", minute: 6, subject: "i", from: "/pager", environment: "production", links: []string{"1"}},
		{kind: "incident.detected", id: "2", minute: 5, subject: "i", from: "/pager", environment: "production@/eu", service: "api", artifact: "pkg:oci/api@sha256%3Aa1"},
		{kind: "incident.resolved", id: "4", minute: 9, subject: "i", from: "/pager", environment: "production", service: "api", artifact: a2, links: []string{"none"}},
		{kind: "incident.reported", id: "5", minute: 11, subject: "i", from: "/pager", environment: "production", service: "web"},
		{kind: "incident.detected", id: "6", minute: 5, subject: "j", from: "/pager", environment: "production"},
		{kind: "incident.resolved", id: "7", minute: 6, subject: "j", from: "/pager", environment: "production"},
		{kind: "incident.detected", id: "8", minute: 7, subject: "j", from: "/pager", environment: "production"},
		{kind: "incident.detected", id: "9", minute: 1, subject: "k", from: "/pager", environment: "production"},
		{kind: "incident.resolved", id: "10", minute: 2, subject: "k", from: "/pager", environment: "production", links: []string{"1"}},
		{kind: "incident.detected", id: "11", minute: 3, subject: "k", from: "/pager", environment: "production"},
		{kind: "incident.resolved", id: "12", minute: 4, subject: "k", from: "/pager", environment: "production"},
		{kind: "incident.resolved", id: "13", minute: 4, subject: "l", from: "/pager", environment: "production"},
		{kind: "incident.reported", id: "14", minute: 5, subject: "l", from: "/pager", environment: "production"},
		{kind: "incident.resolved", id: "15", minute: 4, subject: "m", from: "/pager", environment: "production"},
		{kind: "incident.detected", id: "16", minute: 4, subject: "m", from: "/pager", environment: "production"},
	}, []string{
		"change /ci/42 / @0 merged=0",
		"deployment /ci/1 api/production @1 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1 changes=/ci/42",
		"incident /pager/i api/production @5 resolved=9 artifact=pkg:oci/api@sha256:a1 version=sha256:a1 cause=/ci/1",
		"incident /pager/j /production @5",
		"incident /pager/k /production @1 resolved=4",
		"incident /pager/m /production @4 resolved=4",
	}, []string{"incident.resolved /ci/13 no-start @4", "incident.reported /ci/14 no-start @5"}},
	{"an incident of several deployments", []ev{
		with(deploy("1", 1, a1), func(v *ev) { v.links = []string{"0"} }), with(deploy("2", 2, a2), func(v *ev) { v.links = []string{"0"} }),
		{kind: "change.merged", id: "0", minute: 0, subject: "42"},
		{kind: "incident.detected", id: "3", minute: 5, subject: "i", environment: "production", links: []string{"1", "2", "0"}},
		{kind: "incident.resolved", id: "4", minute: 6, subject: "i", environment: "production"},
	}, []string{
		"change /ci/42 / @0 merged=0",
		"deployment /ci/1 api/production @1 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1 changes=/ci/42",
		"deployment /ci/2 api/production @2 outcome=succeeded version=sha256:a2 artifact=pkg:oci/api@sha256:a2 changes=/ci/42",
		"incident /ci/i /production @5 resolved=6",
	}, []string{"incident.detected /ci/3 no-cause @5"}},
	{"runs of pipelines", []ev{
		{kind: "change.merged", id: "0", minute: 0, subject: "42", chain: "c"},
		with(deploy("1", 1, a1), func(v *ev) { v.chain = "c" }),
		{kind: "pipelinerun.finished", id: "2", minute: 9, subject: "r2", pipeline: "deploy-api", outcome: "failure", chain: "c"},
		{kind: "pipelinerun.finished", id: "3", minute: 8, subject: "r3", pipeline: "deploy-api", outcome: "error", chain: "c"},
		{kind: "pipelinerun.finished", id: "4", minute: 8, subject: "r4", pipeline: "deploy-api", outcome: "failure", chain: "d"},
		{kind: "pipelinerun.finished", id: "5", minute: 8, subject: "r5", pipeline: "deploy-api", outcome: "success", chain: "c"},
		{kind: "pipelinerun.finished", id: "6", minute: 8, subject: "r6", pipeline: "tests", outcome: "failure", chain: "c"},
		{kind: "pipelinerun.finished", id: "7", minute: 8, subject: "r7", pipeline: "deploy-api", outcome: "cancel", chain: "c"},
		{kind: "pipelinerun.finished", id: "8", minute: 8, subject: "r8", pipeline: "deploy-api", chain: "c"},
		{kind: "pipelinerun.finished", id: "9", minute: 0, subject: "r9", pipeline: "deploy-api", outcome: "failure", chain: "c"},
		with(deploy("10", 20, a2), func(v *ev) { v.links = []string{"0"} }),
		{kind: "pipelinerun.finished", id: "11", minute: 25, subject: "r11", pipeline: "deploy-api", outcome: "failure", links: []string{"10"}},
		with(deploy("12", 21, a2), func(v *ev) { v.links = []string{"0"}; v.environment = "staging" }),
		{kind: "pipelinerun.finished", id: "13", minute: 25, subject: "r13", pipeline: "deploy-api", outcome: "failure", links: []string{"12"}},
	}, []string{
		"change /ci/42 / @0 merged=0",
		"deployment /ci/1 api/production @8 outcome=failed version=sha256:a1 artifact=pkg:oci/api@sha256:a1 started=1 detected=8 changes=/ci/42",
		"deployment /ci/10 api/production @25 outcome=failed version=sha256:a2 artifact=pkg:oci/api@sha256:a2 started=20 detected=25 changes=/ci/42",
		"deployment /ci/12 api/staging @21 outcome=succeeded version=sha256:a2 artifact=pkg:oci/api@sha256:a2 changes=/ci/42",
		"deployment /ci/13 api/production @25 outcome=failed detected=25",
		"deployment /ci/4 api/production @8 outcome=failed detected=8",
		"deployment /ci/9 api/production @0 outcome=failed detected=0",
	}, []string{"pipelinerun.finished /ci/7 outcome @8", "pipelinerun.finished /ci/8 outcome @8"}},
	{"a run that links to a context id of two deployments is of neither", []ev{
		deploy("1", 1, a1), with(deploy("1", 1, a2), func(v *ev) { v.source = "/other" }), with(deploy("1", 1, a3), func(v *ev) { v.source = "/third" }),
		{kind: "pipelinerun.finished", id: "2", minute: 9, subject: "r", pipeline: "deploy-api", outcome: "failure", links: []string{"1"}},
	}, []string{
		"deployment /ci/1 api/production @1 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1",
		"deployment /ci/2 api/production @9 outcome=failed detected=9",
		"deployment /other/1 api/production @1 outcome=succeeded version=sha256:a2 artifact=pkg:oci/api@sha256:a2",
		"deployment /third/1 api/production @1 outcome=succeeded version=sha256:a3 artifact=pkg:oci/api@sha256:a3",
	}, []string{"service.deployed /ci/1 no-change @1", "service.deployed /other/1 no-change @1", "service.deployed /third/1 no-change @1"}},
	{"a failed run is that of the last deployment before it", []ev{
		with(deploy("1", 1, a1), func(v *ev) { v.chain = "c" }), with(deploy("2", 2, a2), func(v *ev) { v.chain = "c" }), with(deploy("3", 4, a3), func(v *ev) { v.chain = "c" }),
		{kind: "pipelinerun.finished", id: "4", minute: 3, subject: "r", pipeline: "deploy-api", outcome: "failure", chain: "c"},
	}, []string{
		"deployment /ci/1 api/production @1 outcome=succeeded version=sha256:a1 artifact=pkg:oci/api@sha256:a1",
		"deployment /ci/2 api/production @3 outcome=failed version=sha256:a2 artifact=pkg:oci/api@sha256:a2 started=2 detected=3",
		"deployment /ci/3 api/production @4 outcome=succeeded version=sha256:a3 artifact=pkg:oci/api@sha256:a3",
	}, []string{"service.deployed /ci/1 no-change @1", "service.deployed /ci/2 no-change @2", "service.deployed /ci/3 no-change @4"}},
}

// Each scenario gives its facts and its gaps, and the same to the last bit in whatever
// order its events come and however often.
func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, c := range scenarios {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var all []int
			for i := range c.events {
				all = append(all, i)
			}
			s, j := joined(t, c.events, all)
			slices.Sort(c.want)
			require.Equal(t, c.want, told(s))
			require.ElementsMatch(t, c.gaps, missing(j))
			want := written(t, s)
			r := rand.New(rand.NewPCG(1, 2))
			for range 60 {
				order := slices.Clone(all)
				for range len(all) / 2 {
					order = append(order, r.IntN(len(all)))
				}
				r.Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
				s, again := joined(t, c.events, order)
				require.Equal(t, want, written(t, s), order)
				require.Equal(t, missing(j), missing(again), order)
			}
		})
	}
}
