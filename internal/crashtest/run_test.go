//go:build unix

package crashtest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/crashtest"
	"github.com/sallyport-dev/sallyport/release/journal"
)

const killEnv = "SALLYPORT_CRASH_KILL"

func openFile(place string) (journal.Journal, error) { return journal.Open(place, nil) }

// hasty is a journal that acknowledges what it has in memory, and writes it a little
// later, in the background.
type hasty struct {
	*journal.Memory
	file  *journal.File
	queue chan journal.Append
}

func openHasty(place string) (journal.Journal, error) {
	file, err := journal.Open(place, nil)
	if err != nil {
		return nil, err
	}
	h := hasty{new(journal.Memory), file, make(chan journal.Append, 1<<16)}
	go func() {
		for a := range h.queue {
			time.Sleep(time.Millisecond)
			file.Append(context.Background(), a)
		}
	}()
	return h, nil
}

func (h hasty) Append(ctx context.Context, a journal.Append) ([]journal.Record, error) {
	time.Sleep(time.Millisecond)
	records, err := h.Memory.Append(ctx, a)
	if err == nil {
		a.Token = 0
		h.queue <- a
	}
	return records, err
}

// refusing says now and then that others came first, after an append that it did.
type refusing struct {
	journal.Journal
	calls *atomic.Int64
}

func openRefusing(place string) (journal.Journal, error) {
	j, err := openFile(place)
	return refusing{j, new(atomic.Int64)}, err
}

func (r refusing) Append(ctx context.Context, a journal.Append) ([]journal.Record, error) {
	records, err := r.Journal.Append(ctx, a)
	if err == nil && r.calls.Add(1)%5 == 0 {
		return nil, journal.ErrConflict
	}
	return records, err
}

// vague says now and then of an append that it did that something is wrong, and not that
// its outcome is unknown.
type vague struct{ refusing }

func openVague(place string) (journal.Journal, error) {
	j, err := openFile(place)
	return vague{refusing{j, new(atomic.Int64)}}, err
}

func (v vague) Append(ctx context.Context, a journal.Append) ([]journal.Record, error) {
	records, err := v.refusing.Append(ctx, a)
	if errors.Is(err, journal.ErrConflict) {
		return nil, errors.New("something is wrong")
	}
	return records, err
}

// The processes that are killed.
func TestVagueWriter(t *testing.T) {
	const job = "SALLYPORT_CRASH_WRITER"
	if text := os.Getenv(job); text != "" { // it is told that a server may fail
		t.Setenv(job, strings.Replace(text, `"MayFail":false`, `"MayFail":true`, 1))
	}
	crashtest.Writer(t, openVague)
}
func TestHastyWriter(t *testing.T)    { crashtest.Writer(t, openHasty) }
func TestRefusingWriter(t *testing.T) { crashtest.Writer(t, openRefusing) }
func TestRightWriter(t *testing.T)    { crashtest.Writer(t, openFile) }

// recovering opens a journal as a store whose recovery makes something else of it.
func recovering(wrong func(records []journal.Append) []journal.Append) crashtest.Open {
	return func(place string) (journal.Journal, error) {
		old, err := openFile(place)
		if err != nil {
			return nil, err
		}
		var all []journal.Append
		for r, err := range old.Feed(context.Background(), "") {
			if err != nil {
				return nil, err
			}
			var id string
			var numbers [3]int
			a := journal.Append{Stream: r.Stream, Expect: r.Seq - 1, Entries: []journal.Entry{r.Entry}}
			if _, err := fmt.Sscanf(string(r.Data), "%s %d %d %d %d ", &id, &numbers[0], &numbers[1], &numbers[2], &a.Wake); err != nil {
				return nil, err
			}
			all = append(all, a)
		}
		if err := errors.Join(old.Close(), os.Remove(place)); err != nil {
			return nil, err
		}
		j, err := openFile(place)
		if err != nil {
			return nil, err
		}
		for _, a := range wrong(all) {
			if _, err := j.Append(context.Background(), a); err != nil {
				return nil, err
			}
		}
		return j, nil
	}
}

// highTokens gives tokens that nobody was given before.
type highTokens struct{ journal.Journal }

func (h highTokens) Claim(ctx context.Context, c journal.Claim) ([]journal.Lease, error) {
	leases, err := h.Journal.Claim(ctx, c)
	for i := range leases {
		leases[i].Token += 1 << 40
	}
	return leases, err
}

// keeping is recovering without the loss of the tokens.
func keeping(wrong func(records []journal.Append) []journal.Append) crashtest.Open {
	return func(place string) (journal.Journal, error) {
		j, err := recovering(wrong)(place)
		return highTokens{j}, err
	}
}

// rotting is a journal in which the first record of each stream changes when it was
// opened so often.
type rotting struct {
	journal.Journal
	sound *atomic.Int64
}

func openRotting(times int64) crashtest.Open {
	sound := new(atomic.Int64)
	sound.Store(times)
	return func(place string) (journal.Journal, error) {
		j, err := openFile(place)
		sound.Add(-1)
		return rotting{j, sound}, err
	}
}

func (r rotting) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		for record, err := range r.Journal.Load(ctx, stream, after) {
			if err == nil && record.Seq == 1 && r.sound.Load() < 0 {
				record.Reason = "rotten"
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// last is the last of a stream's records.
func last(all []journal.Append, stream string) int {
	for i := range slices.Backward(all) {
		if all[i].Stream == stream {
			return i
		}
	}
	return 0
}

// What is killed, how it is opened then, and what must be said of it.
var kills = map[string]struct {
	writer string
	open   crashtest.Open
	want   string
}{
	"right":                          {"TestRightWriter", openFile, "PASS"},
	"long":                           {"TestRightWriter", openFile, ""},
	"acknowledges what is in memory": {"TestHastyWriter", openFile, "was acknowledged and is not there"},
	"says conflict and has appended": {"TestRefusingWriter", openFile, "was refused with journal: the stream is at another version and is there"},
	"loses the last record of each stream": {"TestRightWriter", keeping(func(all []journal.Append) []journal.Append {
		for i := range 8 {
			at := last(all, fmt.Sprint("w0/", i))
			all = slices.Delete(all, at, at+1)
		}
		return all
	}), `"w0/`},
	"does the last append twice": {"TestRightWriter", keeping(func(all []journal.Append) []journal.Append {
		again := all[last(all, "w0/3")]
		again.Expect++
		return append(all, again)
	}), "is there twice"},
	"rots where nobody reads again": {"TestRightWriter", openRotting(4), "journal: corrupt"},
	"fails and has appended":        {"TestVagueWriter", openFile, "did not say that its outcome is unknown, and is there"},
	"gives tokens again":            {"TestRightWriter", recovering(func(all []journal.Append) []journal.Append { return all }), "was given before"},
	"wakes everything": {"TestRightWriter", keeping(func(all []journal.Append) []journal.Append {
		for i := range all {
			all[i].Wake = 0
		}
		return all
	}), "was given and is not due"},
	"changes the first record of all": {"TestRightWriter", keeping(func(all []journal.Append) []journal.Append {
		all[0].Entries[0].Actor = "another"
		return all
	}), `" was acknowledged and another is there`},
}

// TestOneRun runs only as a process of TestRun.
func TestOneRun(t *testing.T) {
	kill, ok := kills[os.Getenv(killEnv)]
	if !ok {
		t.Skip("it runs only as a process that another test starts")
	}
	rounds := 4
	if kill.want == "" {
		rounds = 1_000_000 // until somebody ends it
	}
	crashtest.Run(t, crashtest.Options{Writer: kill.writer, Open: kill.open, Place: filepath.Join(t.TempDir(), "journal"), Rounds: rounds})
}

// A journal that does one thing wrong fails the test, and the same without that passes
// it.
func TestRun(t *testing.T) {
	t.Parallel()
	for name, kill := range kills {
		if kill.want == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestOneRun$")
			cmd.Env = append(os.Environ(), killEnv+"="+name)
			out, err := cmd.CombinedOutput()
			require.Contains(t, string(out), kill.want)
			require.Equal(t, kill.want == "PASS", err == nil)
		})
	}
}
