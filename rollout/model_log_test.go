package rollout_test

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// modelLog is a target's stream, and what the real Reduce makes of it.
type modelLog struct {
	state   rollout.State
	records []journal.Record
	acts    []actID  // what was ordered, in order
	fences  []uint64 // their fences
	keys    []release.Digest
	// regressed is set when the running rollout has recorded a regression of everything.
	regressed bool
	class     int // the first log that is equal to this one for all that decides
	asks      questions
	asked     bool // asks is known
}

// act is an action as the model counts it: by which order of its stream it was,
// instead of by the number of the record.
type act struct {
	target  uint8
	ordinal uint8
	rollout.Action
	shares []rollout.Share // what serves while it is in force
}

type actID uint8 // an index of model.acts; 0 is none

// maxActs bounds the actions of one exploration: a node keeps sets of them as bits.
const maxActs = 64

func (a act) String() string {
	name := a.Kind.String()
	if a.Stage != "" {
		name += " " + a.Stage
	}
	return fmt.Sprintf("action %d (%s)", a.ordinal, name)
}

// act is the number of a, ordered as the ordinal-th of its stream.
func (m *model) act(ordinal int, a rollout.Action) actID {
	target := slices.Index(m.targets, a.Target)
	key := fmt.Sprintln(target, ordinal, a.Kind, a.Release.Digest, a.Previous.Digest, a.Stage, a.Slices)
	if id, ok := m.actIDs[key]; ok {
		return id
	}
	require.Less(m.t, len(m.acts), maxActs, "too many different actions")
	var d deploytest.Simulated
	require.NoError(m.t, d.Apply(m.t.Context(), a))
	o, err := d.Observe(m.t.Context(), a.Target)
	require.NoError(m.t, err)
	m.acts = append(m.acts, act{uint8(target), uint8(ordinal), a, o.Shares})
	m.actIDs[key] = actID(len(m.acts) - 1)
	return m.actIDs[key]
}

// extend is l with one more record, if Reduce takes it.
func (m *model) extend(l modelLog, rec journal.Record) (modelLog, error) {
	s, err := rollout.Reduce(l.state, rec)
	if err != nil {
		return l, err
	}
	after := modelLog{state: s, records: append(slices.Clip(l.records), rec), acts: l.acts, fences: l.fences, keys: l.keys, regressed: l.regressed}
	switch rec.Kind {
	case rollout.RecordStarted:
		after.regressed = false
	case rollout.RecordFacts:
		if h := s.Rollout.Facts.Health; h != nil && h.Error == "" && h.Verdict.Kind == health.KindRegressed {
			after.regressed = true
		}
	case rollout.RecordAction:
		a := s.Rollout.Pending.Action
		after.acts = append(slices.Clip(l.acts), m.act(len(l.acts)+1, a))
		after.fences = append(slices.Clip(l.fences), a.Fence)
		after.keys = append(slices.Clip(l.keys), a.Key)
	}
	return after, nil
}

// intern is l's number. With m.exact, logs are the same if they have the same
// records; otherwise if they have the same content.
func (m *model) intern(l modelLog) uint32 {
	if id, ok := m.byHash[l.state.Head.Hash]; ok {
		return m.result(id)
	}
	id := len(m.logs)
	m.byHash[l.state.Head.Hash] = id
	key := m.content(l)
	l.class = id
	if class, ok := m.byContent[key]; ok {
		l.class = class
	} else {
		m.byContent[key] = id
		m.classes++
	}
	m.logs = append(m.logs, l)
	m.same[l.class] = append(m.same[l.class], id)
	return m.result(id)
}

func (m *model) result(id int) uint32 {
	if m.exact {
		return uint32(id)
	}
	return uint32(m.logs[id].class)
}

// unread are the fields that no decision in the model reads. Everything else of the
// state counts, also what future versions add. That leaving these out is
// right is tested: by the exact exploration, and by deciding again on other logs
// of the same content ([model.recheck]).
var unread = map[string]string{
	"Target":                   "one per stream",
	"Head":                     "hashes and numbers; actions are counted by ordinal",
	"Rollout.ID":               "its number in the stream",
	"Rollout.StartSeq":         "a fence below every action of the rollout",
	"Rollout.StageSeq":         "compared with the head only between records that are appended together",
	"Rollout.FactsSeq":         "the same",
	"Rollout.doneSeq":          "the same",
	"Rollout.exposed":          "the plans have no budget",
	"Rollout.Base.Rollout":     "a number in the stream",
	"Next.Plan":                "Digest says it",
	"Next.Seq":                 "a number in the stream",
	"Refs":                     "evidence, which is kept and not read",
	"Rollout.Plan":             "PlanDigest says it",
	"Rollout.Facts":            "answers are used once, in the append that records them",
	"Rollout.Pending.Failures": "a number of attempts: it makes the next later, and the model waits for it",
	"Poisoned.Rollout":         "its number in the stream",
	"Key":                      "made of the fence",
}

// content is what of l may have an influence on what follows.
func (m *model) content(l modelLog) string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(slices.Index(m.targets, l.state.Target)))
	m.write(&b, "", reflect.ValueOf(l.state), l.fences)
	fmt.Fprint(&b, l.acts, l.regressed)
	return b.String()
}

func (m *model) write(b *strings.Builder, path string, v reflect.Value, fences []uint64) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString("nil ")
			return
		}
		m.write(b, path, v.Elem(), fences)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return // the plans have no durations, and every worker asks when it may
		}
		b.WriteByte('{')
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name := strings.TrimPrefix(path+"."+f.Name, ".")
			if f.Anonymous {
				name = path
			}
			if unread[name] == "" && unread[f.Name] == "" {
				m.write(b, name, v.Field(i), fences)
			}
		}
		b.WriteByte('}')
	case reflect.Slice, reflect.Array:
		if v.Type() == reflect.TypeFor[release.Digest]() {
			for i := range 4 {
				fmt.Fprintf(b, "%02x", v.Index(i).Uint())
			}
			return
		}
		b.WriteByte('[')
		for i := range v.Len() {
			m.write(b, path, v.Index(i), fences)
		}
		b.WriteByte(']')
	case reflect.Uint64:
		n := v.Uint()
		if i := slices.Index(fences, n); i >= 0 && strings.HasSuffix(path, ".Fence") {
			n = uint64(i + 1)
		}
		fmt.Fprintf(b, "%d ", n)
	case reflect.String:
		fmt.Fprintf(b, "%q ", ordinals(v.String(), fences))
	default:
		fmt.Fprintf(b, "%v ", v)
	}
}

// ordinals is a text with the numbers that are fences replaced.
func ordinals(text string, fences []uint64) string {
	if !strings.Contains(text, "fence") {
		return text
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' })
	for i, w := range words {
		if n, err := strconv.ParseUint(w, 10, 64); err == nil {
			words[i] = "#" + strconv.Itoa(slices.Index(fences, n)+1)
		}
	}
	return strings.Join(words, " ")
}

// fence is the number that the ordinal-th action of l's stream has, or will have.
func (l *modelLog) fence(ordinal uint8) uint64 {
	switch n := int(ordinal); {
	case n == 0:
		return 0
	case n <= len(l.fences):
		return l.fences[n-1]
	default:
		return l.state.Head.Seq + uint64(n-len(l.fences))
	}
}

// now is a moment at which the pending action may be tried again.
func (l *modelLog) now() time.Time {
	if r := l.state.Rollout; r.Pending != nil && r.Pending.NotBefore.After(l.state.At) {
		return r.Pending.NotBefore
	}
	return l.state.At
}

// last is the action that was ordered last.
func (l *modelLog) last() actID {
	if len(l.acts) == 0 {
		return 0
	}
	return l.acts[len(l.acts)-1]
}

// busy reports whether there is anything to do.
func (l *modelLog) busy() bool { return l.state.Running() || l.state.Next != nil }

func (l *modelLog) phase() rollout.Phase { return l.state.Rollout.Phase }

// command is the log after an engine's command, and false if the engine refuses.
func (m *model) command(log uint32, which int) (uint32, bool) {
	key := [2]uint32{log, uint32(which)}
	if c, ok := m.commands[key]; ok {
		return c.to, c.ok
	}
	var c commanded
	after, ok := m.perform(m.logs[log], m.moves[which].command)
	if ok {
		c = commanded{m.intern(after), true}
	}
	m.commands[key] = c
	return c.to, c.ok
}

// commanded is the log after a command, unless the engine refuses it.
type commanded struct {
	to uint32
	ok bool
}

// fill appends l's records.
func (m *model) fill(j journal.Journal, l *modelLog) {
	for _, r := range l.records {
		_, err := j.Append(m.t.Context(), journal.Append{Stream: r.Stream, Expect: r.Seq - 1, Entries: []journal.Entry{r.Entry}})
		require.NoError(m.t, err)
	}
}

// perform lets a real engine do what a person wants, on a journal with l's records.
func (m *model) perform(l modelLog, command func(*rollout.Engine, rollout.Target) error) (modelLog, bool) {
	j := new(journal.Memory)
	m.fill(j, &l)
	at := nine
	if l.state.Rollout != nil {
		at = l.state.At
	}
	e, err := rollout.New(rollout.Options{Journal: j, Deployer: new(deploytest.Simulated), Now: func() time.Time { return at }})
	require.NoError(m.t, err)
	if command(e, l.state.Target) != nil {
		return l, false
	}
	for r, err := range j.Load(m.t.Context(), l.state.Head.Stream, l.state.Head.Seq) {
		require.NoError(m.t, err)
		l, err = m.extend(l, r)
		require.NoError(m.t, err)
	}
	return l, true
}
