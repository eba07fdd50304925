package rollout_test

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
)

// goldenEdit makes another stream of a golden one. at is the first record that
// differs; what tells the kinds of edits apart that are let through.
type goldenEdit struct {
	what string
	at   int
	make func([]journal.Record) []journal.Record
}

// goldenEdits are all edits of a stream: each record left out, doubled, swapped
// with the next, with another envelope, and with another byte in each token of its
// data.
func goldenEdits(recs []journal.Record) []goldenEdit {
	var edits []goldenEdit
	add := func(i int, what string, make func([]journal.Record) []journal.Record) {
		edits = append(edits, goldenEdit{strings.TrimPrefix(recs[i].Kind, "rollout/") + " " + what, i, make})
	}
	for i, rec := range recs {
		add(i, "left out", func(r []journal.Record) []journal.Record { return slices.Delete(r, i, i+1) })
		add(i, "doubled", func(r []journal.Record) []journal.Record { return slices.Insert(r, i, rec) })
		if i+1 < len(recs) {
			add(i, "swapped", func(r []journal.Record) []journal.Record { r[i], r[i+1] = r[i+1], r[i]; return r })
		}
		alter := func(what string, edit func(r *journal.Record)) {
			add(i, what, func(r []journal.Record) []journal.Record { edit(&r[i]); return r })
		}
		alter("at earlier", func(r *journal.Record) { r.At = r.At.Add(-1) })
		alter("at later", func(r *journal.Record) { r.At = r.At.Add(1) })
		alter("actor", func(r *journal.Record) { r.Actor += "x" })
		alter("reason", func(r *journal.Record) { r.Reason += "x" })
		alter("kind", func(r *journal.Record) { r.Kind += "x" })
		for _, tok := range jsonTokens(rec.Data) {
			first := tok.last
			if *long {
				first = tok.first
			}
			for j := first; j <= tok.last; j++ {
				alter(tok.path, func(r *journal.Record) {
					r.Data = bytes.Clone(r.Data)
					r.Data[j] = anotherByte(r.Data[j])
				})
			}
		}
	}
	return edits
}

// anotherByte is another byte that may stand where b stands: a digit for a digit, a
// hexadecimal one for a letter that may be one.
func anotherByte(b byte) byte {
	switch {
	case '0' <= b && b <= '8':
		return b + 1
	case b == '9':
		return '8'
	case 'a' <= b && b <= 'f':
		return '0'
	case b == 'x':
		return 'y'
	}
	return 'x'
}

// jsonToken is the place of a member's name or a scalar in a JSON text, without
// quotation marks. path names the members that it is in.
type jsonToken struct {
	path        string
	first, last int
}

// jsonTokens are all tokens of a JSON text that are not punctuation.
func jsonTokens(text []byte) []jsonToken {
	var toks []jsonToken
	var path []string // names of the members that are open; "" for elements
	add := func(first, end int, suffix string) {
		if first < end {
			name := strings.Join(slices.DeleteFunc(slices.Clone(path), func(s string) bool { return s == "" }), ".")
			toks = append(toks, jsonToken{name + suffix, first, end - 1})
		}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '{' || c == '[':
			path = append(path, "")
		case c == '}' || c == ']':
			path = path[:len(path)-1]
		case c == '"':
			end := i + 1
			for ; text[end] != '"'; end++ {
				if text[end] == '\\' {
					end++
				}
			}
			if text[end+1] == ':' { // the text is an object: something follows a string
				path[len(path)-1] = string(text[i+1 : end])
				add(i+1, end, " (name)")
			} else {
				add(i+1, end, "")
			}
			i = end
		case c != ',' && c != ':':
			end := i + bytes.IndexAny(text[i:], ",}]")
			add(i, end, "")
			i = end - 1
		}
	}
	return toks
}

// These constants say why a kind of edit is let through if somebody who can
// write the whole store seals the chain anew. No edit that is let through changes an
// order or an end: those are the same bytes. Against all of them stands the head of
// the stream, kept where the journal's owner cannot write: see journal.Verify.
const (
	// Replay shows that decisions follow from what gates, health and deployer were
	// heard to say. It cannot show that they said so: what takes no part in a decision
	// can be altered, and everything can where nothing is decided.
	wasHeard = "what was heard, where no decision rests on it"
	// As wasHeard, but the state follows it: an exposure of which nobody saw that it
	// was done is pending, or the stage before is the widest that was seen. The later
	// orders of these streams, rollbacks, are the same either way.
	wasSeen = "what was observed, where no decision rests on it"
	// Keys and fences of orders come from their place in the stream, so what stands
	// before an order is bound to its number. After the last order nothing is, and two
	// records that decide nothing can change places if their times allow it.
	whenAndWhere = "place and time, where no decision rests on them"
	// People are known by their ID. Their names are for display.
	forDisplay = "a name for display"
	// The sentence that a record carries is the reason in its data made printable. In
	// the data, one unprintable character can stand for another.
	unprintable = "what is not printed"
	// The last words of a stream, on which nothing rests yet: as good as cut off.
	lastWord = "the last word of a person"
)

// letThrough explains every kind of edit that is let through.
var letThrough = map[string]string{
	"facts applied.error": wasHeard, "facts gates.error": wasHeard, "facts gates.result.retry": wasHeard, "facts gates.result.reason.code": wasHeard, "facts gates.result.reason.refs": wasHeard,
	"facts gates.result.reason.subject": wasHeard, "facts gates.result.reason.text": wasHeard,
	"facts health.verdict.canary.bad": wasHeard, "facts health.verdict.canary.total": wasHeard,
	"facts health.verdict.control.bad": wasHeard, "facts health.verdict.control.total": wasHeard,
	"facts health.verdict.logCertificate": wasHeard, "facts health.verdict.logE": wasHeard, "facts health.verdict.metric": wasHeard,
	"facts slices.verdict.canary.bad":   wasHeard,
	"facts slices.verdict.canary.total": wasHeard, "facts slices.verdict.control.bad": wasHeard, "facts slices.verdict.control.total": wasHeard,
	"facts slices.verdict.logCertificate": wasHeard, "facts slices.verdict.logE": wasHeard, "facts slices.verdict.metric": wasHeard,
	"facts slices.verdict.why": wasHeard,
	"facts observed.served":    wasSeen, "facts observed.unfenced": wasSeen, "facts observed.fence": wasSeen, "facts observed.shares.release": wasSeen, "facts observed.shares.slice.cohort": wasSeen,
	"facts observed.shares.slice.percent": wasSeen, "facts observed.shares.slice.region": wasSeen, "facts left out": wasSeen,
	"facts actor": whenAndWhere, "facts at earlier": whenAndWhere, "facts at later": whenAndWhere, "facts doubled": whenAndWhere, "facts swapped": whenAndWhere,
	"aborted at earlier": whenAndWhere, "aborted at later": whenAndWhere, "approved swapped": whenAndWhere, "revoked at later": whenAndWhere,
	"skipped at earlier": whenAndWhere, "skipped at later": whenAndWhere, "aborted doubled": whenAndWhere, "adopted doubled": whenAndWhere, "adopted at earlier": whenAndWhere, "adopted at later": whenAndWhere,
	"paused at earlier": whenAndWhere, "paused at later": whenAndWhere, "paused swapped": whenAndWhere, "resumed at earlier": whenAndWhere,
	"started at earlier": whenAndWhere, "started at later": whenAndWhere,
	"aborted by.actor.name": forDisplay, "adopted by.actor.name": forDisplay, "paused by.actor.name": forDisplay,
	"overridden by.actor.name": forDisplay, "skipped by.actor.name": forDisplay, "resumed by.actor.name": forDisplay, "started by.actor.name": forDisplay,
	"paused by.reason": unprintable, "started by.reason": unprintable,
	"adopted left out": lastWord, "adopted release.digest": lastWord, "adopted release.version": lastWord, "paused left out": lastWord,
}

// Whoever can write the whole store can seal it anew. Each record of each golden
// stream is altered, left out, doubled and swapped: Reduce or Replay refuses it, or
// it is of an explained kind, decides the same, and ends the same unless the
// explanation says otherwise.
func TestGoldenStreamsAreBound(t *testing.T) {
	t.Parallel()
	through, refused := map[string]int{}, map[string]int{}
	for n, file := range goldenStreams(t) {
		target, recs := readStream(t, file)
		before := []rollout.State{rollout.NewState(target)}
		for i, r := range recs {
			s, err := rollout.Reduce(before[i], r)
			require.NoError(t, err)
			before = append(before, s)
		}
		want := goldenOutcome(t, before[len(recs)])
		for i, e := range goldenEdits(recs) {
			// Of the edits of data, each eighth, in each stream another: -long is all.
			if inData := strings.ContainsAny(e.what, ".("); inData && !*long && (i+n)%8 != 0 || testing.Short() && i%5 != 0 {
				continue
			}
			s, edited, err := judgeGolden(target, before[e.at], e, recs)
			if err != nil {
				refused[e.what]++
				continue
			}
			through[e.what]++
			why := letThrough[e.what]
			if why == "" {
				t.Errorf("%s, record %d: nobody knows why this is let through: %s", file, e.at+1, e.what)
				continue
			}
			require.Equal(t, goldenDecisions(recs), goldenDecisions(edited), "%s, record %d, %s", file, e.at+1, e.what)
			if why != wasSeen && why != lastWord && why != unprintable {
				require.Equal(t, want, goldenOutcome(t, s), "%s, record %d, %s", file, e.at+1, e.what)
			}
		}
	}
	passed, failed := 0, 0
	for _, what := range slices.Sorted(maps.Keys(through)) {
		t.Logf("%5d let through, %5d refused: %s (%s)", through[what], refused[what], what, letThrough[what])
		passed += through[what]
	}
	for _, n := range refused {
		failed += n
	}
	t.Logf("%d edits: %d refused, %d let through", passed+failed, failed, passed)
	if testing.Short() {
		return
	}
	for _, kind := range []string{"started", "action", "ended", "aborted", "resumed"} {
		require.NotZero(t, refused[kind+" left out"], kind)
	}
	for _, what := range []string{"action swapped", "action doubled", "ended reason", "facts kind", "started plan.release.digest",
		"action action.fence", "ended phase", "facts health.verdict.kind", "facts gates.result.verdict", "facts observed.settled", "started v (name)"} {
		require.NotZero(t, refused[what], "%s is not tried", what)
	}
}

// judgeGolden is what Reduce and Replay say about an edited stream.
func judgeGolden(target rollout.Target, s rollout.State, e goldenEdit, recs []journal.Record) (rollout.State, []journal.Record, error) {
	edited := e.make(slices.Clone(recs))
	for i := e.at; i < len(edited); i++ {
		edited[i] = journal.Seal(s.Head, edited[i].Entry)
		var err error
		if s, err = rollout.Reduce(s, edited[i]); err != nil {
			return s, edited, err // as Replay would, only sooner
		}
	}
	s, err := rollout.Replay(target, edited)
	return s, edited, err
}

// goldenDecisions are the data of all orders and ends.
func goldenDecisions(recs []journal.Record) []string {
	var data []string
	for _, r := range recs {
		if r.Kind == rollout.RecordAction || r.Kind == rollout.RecordEnded {
			data = append(data, string(r.Data))
		}
	}
	return data
}

// goldenOutcome is the state without what was heard and when: what serves, what is
// poisoned, what was done, is pending and commanded, and why.
func goldenOutcome(t *testing.T, s rollout.State) []string {
	return slices.DeleteFunc(strings.Split(renderState(t, s, goldenVersion), "\n"), goldenHeard.MatchString)
}

var goldenHeard = regexp.MustCompile(`^State\.(Head|Rollout\.(Facts|Health|SliceHealth|Gates|Drift|StageSeq|Pending\.(Error|Failures)))` +
	`|^[^:]*(\.At|\.RetreatAt|\.GoodSince|\.Seen|\.StageAt|\.Since|\.Started|\.Ended|\.Ordered|\.NotBefore|\.Actor\.Name):`)
