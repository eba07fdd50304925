package rollout_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
)

// goldenVersion is the version of the streams that this program writes: the
// directory of testdata/streams that -update writes. Before a change that makes a
// scenario write other bytes than an older version is released, raise it and run
// -update: the older directories stay as they are, and must stay readable. What a
// scenario writes as an older version did stands only there.
const goldenVersion = 2

var updateStreams = flag.Bool("update", false, "write testdata/streams of the current version anew")

// goldenRecord is a record as a line of a golden stream. Data is kept byte for
// byte, so the hash can be computed again; the hash before is that of the line before.
type goldenRecord struct {
	Stream string          `json:"stream"`
	Seq    uint64          `json:"seq"`
	At     time.Time       `json:"at"`
	Actor  string          `json:"actor"`
	Kind   string          `json:"kind"`
	Reason string          `json:"reason"`
	Data   json.RawMessage `json:"data"`
	Hash   release.Digest  `json:"hash"`
}

func encodeStream(t *testing.T, recs []journal.Record) []byte {
	var b bytes.Buffer
	for _, r := range recs {
		line, err := json.Marshal(goldenRecord{r.Stream, r.Seq, r.At, r.Actor, r.Kind, r.Reason, r.Data, r.Hash})
		require.NoError(t, err)
		b.Write(append(line, '\n'))
	}
	return b.Bytes()
}

// decodeStream reads a golden stream. Every hash must be that of its record.
func decodeStream(text []byte) (rollout.Target, []journal.Record, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var recs []journal.Record
	var head journal.Head
	for {
		var g goldenRecord
		if err := d.Decode(&g); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return rollout.Target{}, nil, err
		}
		if head.Stream == "" {
			head.Stream = g.Stream
		}
		rec := journal.Seal(head, journal.Entry{At: g.At, Actor: g.Actor, Kind: g.Kind, Reason: g.Reason, Data: g.Data})
		if sealed := (goldenRecord{rec.Stream, rec.Seq, rec.At, rec.Actor, rec.Kind, rec.Reason, rec.Data, rec.Hash}); !reflect.DeepEqual(g, sealed) {
			return rollout.Target{}, nil, fmt.Errorf("record %d after %d is not the one that was sealed", g.Seq, head.Seq)
		}
		recs, head = append(recs, rec), rec.Head()
	}
	target, err := rollout.TargetOf(head.Stream)
	return target, recs, err
}

// readStream reads a golden file.
func readStream(t testing.TB, file string) (rollout.Target, []journal.Record) {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	target, recs, err := decodeStream(text)
	require.NoError(t, err, file)
	return target, recs
}

// goldenStreams are the files of the streams of every version.
func goldenStreams(t testing.TB) []string {
	files, err := filepath.Glob("testdata/streams/v*/*.jsonl")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func eventsText(t *testing.T, target rollout.Target, recs []journal.Record) string {
	events, err := rollout.Events(target, recs)
	require.NoError(t, err)
	b, err := json.MarshalIndent(events, "", "\t")
	require.NoError(t, err)
	return string(b) + "\n"
}

// What is written today, by the scenarios, is what was written when the newest file
// of each was made: a change of the format or of a decision shows here. It is not
// parallel, because with -update the others read what it writes.
func TestGoldenStreamsAreWritten(t *testing.T) {
	written := map[string]bool{}
	for name, tell := range allGolden() {
		p := newGoldenPlay(t)
		tell(p)
		recs := p.records()
		state, err := rollout.Replay(p.plan.Target, recs)
		require.NoError(t, err, name)
		stream := encodeStream(t, recs)
		version := newestGolden(name)
		if *updateStreams && version < goldenVersion {
			if old, err := os.ReadFile(goldenFile(version, name, ".jsonl")); err != nil || !bytes.Equal(old, stream) {
				version = goldenVersion
			}
		}
		for ext, text := range map[string]string{
			".jsonl":       string(stream),
			".events.json": eventsText(t, p.plan.Target, recs),
			".state.txt":   renderState(t, state, version),
		} {
			file := goldenFile(version, name, ext)
			written[file] = true
			if *updateStreams && version == goldenVersion {
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
				require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err, "run go test ./rollout -run Golden -update, and look at the difference")
			require.Equal(t, strings.Split(string(want), "\n"), strings.Split(text, "\n"), file)
		}
	}
	files, err := filepath.Glob(goldenFile(goldenVersion, "*", ""))
	require.NoError(t, err)
	for _, file := range files {
		require.True(t, written[file], "%s: no scenario writes it", file)
	}
}

func goldenFile(version int, name, ext string) string {
	return filepath.Join("testdata", "streams", fmt.Sprintf("v%d", version), name+ext)
}

// newestGolden is the newest version that has a stream of this name, or 0.
func newestGolden(name string) int {
	for v := goldenVersion; v > 0; v-- {
		if _, err := os.Stat(goldenFile(v, name, ".jsonl")); err == nil {
			return v
		}
	}
	return 0
}

// Streams that any version has written are read, and each of their decisions is
// made again as it was.
func TestGoldenStreamsAreReadable(t *testing.T) {
	t.Parallel()
	versions := map[int]int{}
	for _, file := range goldenStreams(t) {
		version := versionOf(t, file)
		versions[version]++
		t.Run(filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			target, recs := readStream(t, file)
			head, err := journal.Verify(journal.Head{Stream: target.Stream()}, func(yield func(journal.Record, error) bool) {
				for _, r := range recs {
					if !yield(r, nil) {
						return
					}
				}
			})
			require.NoError(t, err)

			state := rollout.NewState(target)
			for _, r := range recs {
				state, err = rollout.Reduce(state, r)
				require.NoError(t, err)
			}
			require.Equal(t, head, state.Head)
			replayed, err := rollout.Replay(target, recs)
			require.NoError(t, err)
			require.Equal(t, state, replayed)

			stem := strings.TrimSuffix(file, ".jsonl")
			for ext, have := range map[string]string{
				".events.json": eventsText(t, target, recs),
				".state.txt":   renderState(t, state, version),
			} {
				want, err := os.ReadFile(stem + ext)
				require.NoError(t, err)
				require.Equal(t, strings.Split(string(want), "\n"), strings.Split(have, "\n"), stem+ext)
			}
		})
	}
	require.GreaterOrEqual(t, versions[1], 25, "streams of version 1 are missing")
	for v := 1; v <= goldenVersion; v++ {
		require.NotZero(t, versions[v], "streams of version %d are missing", v)
		delete(versions, v)
	}
	require.Empty(t, versions, "streams of versions that this program does not write yet")
}

// The scenarios meet everything that a stream can hold: a golden set that lacks a
// kind of record, a phase or an event would show nothing about it.
func TestGoldenStreamsMeetEverything(t *testing.T) {
	t.Parallel()
	kinds, phases, events := map[string]bool{}, map[rollout.Phase]bool{}, map[release.EventKind]bool{}
	for _, file := range goldenStreams(t) {
		target, recs := readStream(t, file)
		state := rollout.NewState(target)
		for _, r := range recs {
			var err error
			state, err = rollout.Reduce(state, r)
			require.NoError(t, err)
			kinds[r.Kind] = true
			if state.Rollout != nil {
				phases[state.Rollout.Phase] = true
			}
		}
		told, err := rollout.Events(target, recs)
		require.NoError(t, err)
		for _, e := range told {
			events[e.Kind] = true
		}
	}
	for _, kind := range []string{rollout.RecordStarted, rollout.RecordFacts, rollout.RecordAction, rollout.RecordPaused,
		rollout.RecordResumed, rollout.RecordAborted, rollout.RecordEnded, rollout.RecordAdopted, rollout.RecordRetreating, rollout.RecordHeld,
		rollout.RecordApproved, rollout.RecordRevoked, rollout.RecordSkipped, rollout.RecordOverridden, rollout.RecordSuperseded} {
		require.True(t, kinds[kind], kind)
	}
	for phase := rollout.PhaseStarting; phase <= rollout.PhaseReplaced; phase++ {
		require.True(t, phases[phase], phase)
	}
	for _, e := range []release.EventKind{release.EventStarted, release.EventExposed, release.EventRegressed, release.EventDeployed,
		release.EventRolledBack, release.EventStopped, release.EventWithdrawn, release.EventHalted, release.EventReplaced} {
		require.True(t, events[e], e)
	}
}

// A line that was altered by hand is not taken for golden.
func TestGoldenStreamsAreChecked(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(goldenStreams(t)[0])
	require.NoError(t, err)
	lines := bytes.SplitAfter(text, []byte("\n"))
	for name, altered := range map[string][][]byte{
		"left out": slices.Delete(slices.Clone(lines), 1, 2),
		"swapped":  {lines[1], lines[0]},
		"altered":  {bytes.Replace(lines[0], []byte("email:grace"), []byte("email:mallory"), 1)},
		"a member": {bytes.Replace(lines[0], []byte(`"seq"`), []byte(`"more":1,"seq"`), 1)},
		"nothing":  nil,
	} {
		_, _, err := decodeStream(bytes.Join(altered, nil))
		require.Error(t, err, name)
	}
	_, _, err = decodeStream(text)
	require.NoError(t, err)
}
