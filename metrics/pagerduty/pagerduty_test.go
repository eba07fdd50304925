package pagerduty_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/pagerduty"
)

var day = time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)

func on(minute int) time.Time { return day.Add(time.Duration(minute) * time.Minute) }
func text(minute int) string  { return on(minute).Format(time.RFC3339) }
func quote(s string) string   { b, _ := json.Marshal(s); return string(b) }
func thing(name string) string {
	return fmt.Sprintf(`{"id":"S%s","summary":%s,"type":"x"}`, name, quote(name))
}

// event is a delivery of incident P1, created at minute 1.
func event(kind, status string, minute int, service, priority string) string {
	p := "null"
	if priority != "" {
		p = thing(priority)
	}
	return fmt.Sprintf(`{"event":{"id":"e%d%s","event_type":"incident.%s","resource_type":"incident","occurred_at":%q,"agent":{"id":"U1","summary":"somebody"},"client":null,`+
		`"data":{"id":"P1","type":"incident","number":2,"status":%q,"incident_key":"k","created_at":%q,"title":"checkout \"down\"","service":%s,"assignees":[],"priority":%s,"urgency":"high"}}}`,
		minute, kind, kind, text(minute), status, text(1), thing(service), p)
}

func joiner(t require.TestingT, o pagerduty.Options) *pagerduty.Joiner {
	j, err := pagerduty.NewJoiner(o)
	require.NoError(t, err)
	return j
}

// last is the fact after the bodies in this order, which a log takes one by one.
func last(t require.TestingT, bodies []string, order []int) []metrics.Incident {
	j := joiner(t, pagerduty.Options{})
	var log metrics.Log
	for _, i := range order {
		add := j.Add
		if strings.Contains(bodies[i], `"incidents"`) {
			add = j.AddIncidents
		}
		told, err := add([]byte(bodies[i]), on(1000+i))
		require.NoError(t, err, bodies[i])
		require.Equal(t, len(told.Facts) == 0, told.Skipped != "")
		_, err = log.Add(told.Facts...)
		require.NoError(t, err)
	}
	var out []metrics.Incident
	for n := range log.Snapshot(on(100_000)).Incidents() {
		out = append(out, n)
	}
	return out
}

func TestOneIncident(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		bodies []string
		want   metrics.Incident
	}{
		{"open", []string{event("triggered", "triggered", 1, "shop", "")}, metrics.Incident{Severity: "high"}},
		{"acknowledged", []string{event("triggered", "triggered", 1, "shop", ""), event("acknowledged", "acknowledged", 3, "shop", "")}, metrics.Incident{Severity: "high"}},
		{"priority", []string{event("triggered", "triggered", 1, "shop", ""), event("priority_updated", "triggered", 3, "shop", "P2")}, metrics.Incident{Severity: "P2"}},
		{"resolved", []string{event("triggered", "triggered", 1, "shop", ""), event("resolved", "resolved", 9, "shop", "P2")}, metrics.Incident{Severity: "P2", Resolved: on(9)}},
		{"what comes later does not move the end", []string{event("resolved", "resolved", 9, "shop", ""), event("priority_updated", "resolved", 30, "shop", "P3")},
			metrics.Incident{Severity: "P3", Resolved: on(9)}},
		{"reopened", []string{event("resolved", "resolved", 9, "shop", ""), event("reopened", "triggered", 12, "shop", "")}, metrics.Incident{Severity: "high"}},
		{"reopened and resolved", []string{event("resolved", "resolved", 9, "shop", ""), event("reopened", "triggered", 12, "shop", ""), event("resolved", "resolved", 20, "shop", "")},
			metrics.Incident{Severity: "high", Resolved: on(20)}},
		{"open and resolved in one second", []string{event("resolved", "resolved", 9, "shop", ""), event("reopened", "triggered", 9, "shop", "")}, metrics.Incident{Severity: "high"}},
		{"the list knows the time", []string{event("priority_updated", "resolved", 30, "shop", ""),
			fmt.Sprintf(`{"incidents":[{"id":"P1","type":"incident","status":"resolved","created_at":%q,"updated_at":%q,"resolved_at":%q,"service":%s,"urgency":"high","priority":null}],"limit":25,"more":false}`,
				text(1), text(40), text(8), thing("shop"))}, metrics.Incident{Severity: "high", Resolved: on(8)}},
		{"moved to another service", []string{event("triggered", "triggered", 1, "shop", ""), event("service_updated", "triggered", 4, "cart", "")},
			metrics.Incident{Severity: "high", Meta: metrics.Meta{Service: "cart"}}},
	} {
		order := make([]int, len(c.bodies))
		for i := range order {
			order[i] = i
		}
		got := last(t, c.bodies, order)
		require.Len(t, got, 1, c.name)
		if c.want.Service == "" {
			c.want.Service = "shop"
		}
		require.Equal(t, "P1", got[0].ID)
		require.Equal(t, "pagerduty", got[0].Source)
		require.Equal(t, on(1), got[0].At, c.name)
		require.Equal(t, []any{c.want.Service, c.want.Severity, c.want.Resolved}, []any{got[0].Service, got[0].Severity, got[0].Resolved}, c.name)
		// In any order, with repetitions, the log says the same.
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(3, seed))
			mixed := append(slices.Clone(order), order[r.IntN(len(order))])
			r.Shuffle(len(mixed), func(a, b int) { mixed[a], mixed[b] = mixed[b], mixed[a] })
			require.Equal(t, got, last(t, c.bodies, mixed), "%s in the order %v", c.name, mixed)
		}
	}
}

func TestSkipped(t *testing.T) {
	t.Parallel()
	j := joiner(t, pagerduty.Options{Service: func(i pagerduty.Item) string { return map[string]string{"Sshop": "shop"}[i.ServiceID] }})
	for body, want := range map[string]string{
		`{"event":{"id":"1","event_type":"service.updated","occurred_at":"2026-06-01T09:00:00Z","data":{"id":"S","type":"service"}}}`:                                        "not of an incident",
		`{"event":{"id":"1","event_type":"incident.annotated","occurred_at":"2026-06-01T09:00:00Z","data":{"id":"N","type":"incident_note","content":"x","trimmed":false}}}`: "of a \"incident_note\"",
		event("triggered", "triggered", 1, "other", ""): "nothing says which service",
	} {
		told, err := j.Add([]byte(body), on(9))
		require.NoError(t, err)
		require.Empty(t, told.Facts)
		require.Contains(t, told.Skipped, want)
	}
	told, err := j.AddIncidents([]byte(`{"incidents":[],"more":true}`), on(9))
	require.NoError(t, err)
	require.Equal(t, pagerduty.Told{Skipped: "the list is empty", More: true}, told)
	// What was ours and is no longer is taken back.
	told, err = j.Add([]byte(event("triggered", "triggered", 2, "shop", "")), on(10))
	require.NoError(t, err)
	require.False(t, told.Facts[0].(metrics.Incident).Deleted)
	told, err = j.Add([]byte(event("service_updated", "triggered", 3, "other", "")), on(11))
	require.NoError(t, err)
	require.True(t, told.Facts[0].(metrics.Incident).Deleted)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	good := event("resolved", "resolved", 9, "shop", "P1")
	for _, c := range []struct{ name, body, want string }{
		{"empty", "", "pagerduty:"},
		{"no event", `{}`, "no id, no type or no time"},
		{"an array", `[]`, "must be an object"},
		{"no time", strings.Replace(good, `"occurred_at"`, `"occurred"`, 1), "no id, no type or no time"},
		{"no zone", strings.Replace(good, text(9), "2026-06-01T09:00:00", 1), "no time of a fact"},
		{"status", strings.Replace(good, `"status":"resolved"`, `"status":"fine"`, 1), `has the status "fine"`},
		{"no status", strings.Replace(good, `"status":"resolved"`, `"state":"resolved"`, 1), `has the status ""`},
		{"no creation", strings.Replace(good, `"created_at"`, `"created"`, 1), "no time of creation"},
		{"no id", strings.Replace(good, `"id":"P1"`, `"id":null`, 1), "no id"},
		{"resolved before it was created", event("resolved", "resolved", 0, "shop", ""), "before it was created"},
		{"a number for a name", strings.Replace(good, `"id":"P1"`, `"id":7`, 1), "must be a string"},
		{"a name twice", strings.Replace(good, `"status"`, `"id":"P2","status"`, 1), "id"},
		{"two events", good + good, "pagerduty:"},
		{"a zero in a name", strings.Replace(good, `"id":"P1"`, `"id":"P\u0000"`, 1), "unprintable"},
		{"a long name", strings.Replace(good, `"id":"P1"`, `"id":"`+strings.Repeat("x", 600)+`"`, 1), "longer than"},
		{"deep", strings.Replace(good, `"assignees":[]`, `"assignees":`+strings.Repeat("[", 100)+strings.Repeat("]", 100), 1), "pagerduty:"},
	} {
		j := joiner(t, pagerduty.Options{})
		told, err := j.Add([]byte(c.body), on(99))
		require.ErrorContains(t, err, c.want, c.name)
		require.Empty(t, told)
	}
	j := joiner(t, pagerduty.Options{MaxBytes: 100})
	_, err := j.Add([]byte(good), on(99))
	require.ErrorContains(t, err, "100")
	_, err = joiner(t, pagerduty.Options{}).Add([]byte(good), time.Time{})
	require.ErrorContains(t, err, "no time at which")
	for i := range len(good) {
		_, err := joiner(t, pagerduty.Options{}).Add([]byte(good[:i]), on(99))
		require.Error(t, err, good[:i])
	}
	for _, body := range []string{`{"incidents":[{"id":"P1","status":"triggered","created_at":"2026-06-01T09:00:00Z"}]}`, `{"incidents":{}}`, `[]`,
		`{"incidents":[{"id":"P1","status":"triggered","created_at":"2026-06-01T09:00:00Z","updated_at":"2026-06-01T09:00:00Z"},{}]}`} {
		j := joiner(t, pagerduty.Options{MaxPieces: 1})
		_, err := j.AddIncidents([]byte(body), on(99))
		require.Error(t, err, body)
		_, err = j.Add([]byte(good), on(99)) // nothing was held of it
		require.NoError(t, err)
	}
	_, err = pagerduty.NewJoiner(pagerduty.Options{MaxBytes: -1})
	require.Error(t, err)
	_, err = pagerduty.NewJoiner(pagerduty.Options{MaxPieces: -1})
	require.Error(t, err)
}

func TestFull(t *testing.T) {
	t.Parallel()
	j := joiner(t, pagerduty.Options{MaxPieces: 1})
	first := []byte(event("triggered", "triggered", 1, "shop", ""))
	_, err := j.Add(first, on(5))
	require.NoError(t, err)
	_, err = j.Add([]byte(event("resolved", "resolved", 2, "shop", "")), on(5))
	require.ErrorIs(t, err, pagerduty.ErrFull)
	told, err := j.Add(first, on(6))
	require.NoError(t, err, "what is known needs no room")
	require.Len(t, told.Facts, 1)
}

func TestSignature(t *testing.T) {
	t.Parallel()
	body := []byte(event("triggered", "triggered", 1, "shop", ""))
	sum := func(secret string, body []byte) string {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		return "v1=" + hex.EncodeToString(mac.Sum(nil))
	}
	secrets := [][]byte{[]byte("new"), []byte("old")}
	for _, header := range []string{sum("new", body), sum("old", body), sum("other", body) + "," + sum("old", body), "v2=x, " + sum("new", body)} {
		require.True(t, pagerduty.VerifySignature(secrets, header, body), header)
	}
	good := sum("new", body)
	for _, header := range []string{"", "v1=", sum("other", body), strings.TrimPrefix(good, "v1="), "v2" + good[2:], strings.ToUpper(good), good[:len(good)-1], good + "0",
		sum("new", append(bytes.Clone(body), ' ')), strings.Repeat("v1=x,", 16) + good, sum("", body), "sha256" + good[2:]} {
		require.False(t, pagerduty.VerifySignature(secrets, header, body), header)
	}
	require.False(t, pagerduty.VerifySignature(nil, good, body))
	require.False(t, pagerduty.VerifySignature([][]byte{nil, {}}, sum("", body), body))
	require.False(t, pagerduty.VerifySignature(secrets, good, bytes.Replace(body, []byte("shop"), []byte("shOp"), 1)), "another body")
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	j := joiner(t, pagerduty.Options{})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for k := range 50 {
				if _, err := j.Add([]byte(event("priority_updated", "triggered", 1+(i+k)%20, "shop", "")), on(99)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// FuzzAdd: what is taken is what encoding/json sees there too.
func FuzzAdd(f *testing.F) {
	f.Add([]byte(event("resolved", "resolved", 9, "shop", "P1")))
	f.Add([]byte(event("triggered", "triggered", 1, "sh\\u006fp", "")))
	f.Add([]byte(`{"event":{"id":"1","event_type":"incident.annotated","occurred_at":"2026-06-01T09:00:00Z","data":{"id":"N","type":"incident_note"}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		j := joiner(t, pagerduty.Options{Service: func(i pagerduty.Item) string { return "s" }})
		told, err := j.Add(body, on(99))
		if err != nil {
			require.Empty(t, told)
			return
		}
		if len(told.Facts) == 0 {
			require.NotEmpty(t, told.Skipped)
			return
		}
		var std struct {
			Event struct {
				Type string `json:"event_type"`
				Data struct {
					ID, Status, Urgency string
					Created             time.Time `json:"created_at"`
					Priority            struct{ Summary string }
				}
			}
		}
		require.NoError(t, json.Unmarshal(body, &std))
		n := told.Facts[0].(metrics.Incident)
		require.Equal(t, std.Event.Data.ID, n.ID)
		require.True(t, std.Event.Data.Created.Equal(n.At))
		require.Equal(t, std.Event.Data.Status == "resolved", !n.Resolved.IsZero())
		if std.Event.Data.Priority.Summary != "" {
			require.Equal(t, std.Event.Data.Priority.Summary, n.Severity)
		}
	})
}

// BenchmarkAdd is one delivery, joined; x-json is how many times as long encoding/json takes
// to read it.
func BenchmarkAdd(b *testing.B) {
	body := []byte(event("acknowledged", "acknowledged", 9, "shop", "P1"))
	j := joiner(b, pagerduty.Options{})
	var ours, theirs time.Duration
	for b.Loop() {
		begin := time.Now()
		if _, err := j.Add(body, on(99)); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(begin)
		begin = time.Now()
		var std map[string]any
		if err := json.Unmarshal(body, &std); err != nil {
			b.Fatal(err)
		}
		theirs += time.Since(begin)
	}
	b.ReportMetric(float64(len(body))*float64(b.N)/ours.Seconds()/1e6, "MB/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "x-json")
}
