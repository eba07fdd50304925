package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	osexec "os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
)

const (
	fleetEnv     = "SALLYPORT_POSTGRES_FLEET"
	fleetStreams = 12
)

// TestFleetProcess is not a test but a process of TestFleet: it claims streams, appends to
// them and to others that it has not claimed, and says what was acknowledged.
func TestFleetProcess(t *testing.T) {
	dsn, worker := os.Getenv(fleetEnv), os.Getenv(fleetEnv+"_WORKER")
	if dsn == "" {
		t.Skip("it runs only as a process of TestFleet")
	}
	j, err := postgres.Open(t.Context(), dsn, &postgres.Options{Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	go func() { // the end of the input is the end of the work
		bufio.NewReader(os.Stdin).ReadByte()
		os.Exit(0)
	}()
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(os.Getpid()), uint64(g)))
			for n := 0; ; n++ {
				fleetStep(t.Context(), j, fmt.Sprint(worker, ".", g, ".", n), r, say)
			}
		})
	}
	wg.Wait()
}

// fleetStep is one append, with a lease or without.
func fleetStep(ctx context.Context, j journal.Journal, id string, r *rand.Rand, say func(string, ...any)) {
	stream, token, expect := fmt.Sprint("s", r.IntN(fleetStreams)), uint64(0), uint64(0)
	if r.IntN(3) == 0 {
		leases, err := j.Claim(ctx, journal.Claim{Worker: id, TTL: 50 * time.Millisecond, Max: 1})
		if err != nil || len(leases) == 0 {
			return
		}
		stream, token = leases[0].Stream, leases[0].Token
		say("lease %s %d", stream, token)
		if r.IntN(2) == 0 {
			time.Sleep(time.Duration(r.IntN(80)) * time.Millisecond)
		}
	}
	for rec, err := range j.Load(ctx, stream, 0) {
		if errors.Is(err, journal.ErrCorrupt) {
			say("corrupt %v", err)
		}
		if err != nil {
			return
		}
		expect = rec.Seq
	}
	var es []journal.Entry
	for k := range 1 + r.IntN(3) {
		es = append(es, journal.Entry{Kind: "k", Data: fmt.Appendf(nil, "%s/%d", id, k)})
	}
	_, err := j.Append(ctx, journal.Append{Stream: stream, Expect: expect, Token: token, Entries: es})
	switch {
	case err == nil:
		say("ack %s %d %s %d", stream, expect, id, len(es))
	case errors.Is(err, journal.ErrUnknown):
	case errors.Is(err, journal.ErrConflict), errors.Is(err, journal.ErrFenced):
		say("not %s %s", stream, id)
	default:
		say("not %s %s", stream, id)
		if strings.Contains(err.Error(), "40P01") {
			say("deadlock %v", err)
		}
	}
	if token != 0 && r.IntN(2) == 0 {
		j.Release(ctx, journal.Lease{Stream: stream, Token: token, Seq: expect}, 0)
	}
}

// TestFleet lets processes share a journal while some are killed and stopped and their
// sessions are terminated. What was acknowledged is there, once and where it was said; what
// was refused is not; no lease was given twice; and a reader that followed the feed all
// the time has met every record once, in order.
func TestFleet(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	j := open(t, dsn)
	for s := range fleetStreams {
		_, err := j.Append(t.Context(), journal.Append{Stream: fmt.Sprint("s", s), Entries: make2("begin")})
		require.NoError(t, err)
	}
	duration := 3 * time.Second
	if *long {
		duration = time.Minute
	}
	var said fleetLog
	ctx, cancel := context.WithTimeout(t.Context(), duration)
	defer cancel()
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				said.process(t, ctx, dsn, fmt.Sprint(w, "-", n), w > 1)
			}
		})
	}
	wg.Go(func() { terminate(ctx, t, dsn) })
	var fed []journal.FeedRecord
	for done := false; !done; { // one round after the others have ended
		if ctx.Err() != nil {
			wg.Wait()
			quiet(t, dsn) // the server may still be at work for one who was killed
			done = true
		}
		cursor := journal.Cursor("")
		if len(fed) > 0 {
			cursor = fed[len(fed)-1].Cursor
		}
		for r, err := range j.Feed(t.Context(), cursor) {
			if err != nil {
				require.NotErrorIs(t, err, journal.ErrCorrupt)
				require.NotErrorIs(t, err, journal.ErrCursor)
				done = false // its own session was terminated: again from the last cursor
				break
			}
			fed = append(fed, r)
		}
	}
	said.check(t, j, fed)
}

// terminate ends sessions of others at random, and looks for transactions that are
// left open.
func terminate(ctx context.Context, t *testing.T, dsn string) {
	conn, err := pgx.Connect(context.Background(), dsn)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(context.Background())
	for ctx.Err() == nil {
		time.Sleep(rand.N(40 * time.Millisecond))
		_, err := conn.Exec(context.Background(), `SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1) x`)
		if err != nil {
			t.Error(err)
			return
		}
	}
}

// fleetLog is what the processes said.
type fleetLog struct {
	mu     sync.Mutex
	acks   map[string]fleetAck
	not    map[string]bool
	leases map[string]int
	wrong  []string
	kills  int
}

type fleetAck struct {
	stream string
	expect uint64
	n      int
}

// process runs a process for a while and ends it, perhaps after it was stopped for a
// moment or in the middle of its work.
func (f *fleetLog) process(t *testing.T, ctx context.Context, dsn, worker string, rough bool) {
	cmd := osexec.Command(os.Args[0], "-test.run=^TestFleetProcess$")
	cmd.Env = append(os.Environ(), fleetEnv+"="+dsn, fleetEnv+"_WORKER="+worker)
	in, err := cmd.StdinPipe()
	if err == nil {
		cmd.Stderr = os.Stderr
	}
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err, err2, cmd.Start()); err != nil {
		t.Error(err)
		return
	}
	over, gone := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		life := time.Hour
		if rough {
			life = 300*time.Millisecond + rand.N(700*time.Millisecond)
		}
		end := time.After(life)
		for {
			select {
			case <-over.Done():
				return
			case <-ctx.Done():
				in.Close()
				return
			case <-end:
				cmd.Process.Kill()
				return
			case <-time.After(rand.N(300 * time.Millisecond)):
				if rough {
					pauseProcess(cmd.Process, rand.N(150*time.Millisecond))
				}
			}
		}
	})
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line that was cut off says nothing
		}
		f.note(line)
	}
	gone()
	wg.Wait()
	cmd.Wait()
	f.mu.Lock()
	f.kills++
	f.mu.Unlock()
}

func (f *fleetLog) note(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.acks == nil {
		f.acks, f.not, f.leases = map[string]fleetAck{}, map[string]bool{}, map[string]int{}
	}
	words := strings.Fields(line)
	if len(words) == 0 {
		return
	}
	switch words[0] {
	case "ack":
		a := fleetAck{stream: words[1]}
		fmt.Sscan(words[2], &a.expect)
		fmt.Sscan(words[4], &a.n)
		f.acks[words[3]] = a
	case "not":
		f.not[words[2]] = true
	case "lease":
		f.leases[words[1]+" "+words[2]]++
	case "corrupt", "deadlock", "panic:":
		f.wrong = append(f.wrong, line)
	}
}

func (f *fleetLog) check(t *testing.T, j journal.Journal, fed []journal.FeedRecord) {
	require.Empty(t, f.wrong)
	for lease, n := range f.leases {
		require.Equal(t, 1, n, "the lease %s was given twice", lease)
	}
	places := map[string][]journal.Record{} // of each append, by its id
	total := 0
	for s := range fleetStreams {
		stream := fmt.Sprint("s", s)
		head := journal.Head{Stream: stream}
		for r, err := range j.Load(t.Context(), stream, 0) {
			require.NoError(t, err)
			require.NoError(t, head.Check(r))
			head = r.Head()
			total++
			id, _, _ := strings.Cut(string(r.Data), "/")
			places[id] = append(places[id], r)
		}
	}
	for id, a := range f.acks {
		got := places[id]
		require.Len(t, got, a.n, "acknowledged append %s to %s at %d", id, a.stream, a.expect)
		for k, r := range got {
			require.Equal(t, a.stream, r.Stream)
			require.Equal(t, a.expect+uint64(k)+1, r.Seq)
		}
	}
	for id := range f.not {
		require.Empty(t, places[id], "refused append %s is there", id)
	}
	heads, last := map[string]uint64{}, uint64(0)
	for _, r := range fed {
		require.Equal(t, heads[r.Stream]+1, r.Seq, "the feed skipped or repeated in %s", r.Stream)
		heads[r.Stream] = r.Seq
		position, err := r.Cursor.Position()
		require.NoError(t, err)
		require.Greater(t, position, last)
		last = position
	}
	require.Equal(t, total, len(fed), "the feed did not meet every record")
	require.NotEmpty(t, f.acks)
	require.NotEmpty(t, f.leases)
	t.Logf("%d records, %d acknowledged appends, %d refused, %d leases, %d processes", total, len(f.acks), len(f.not), len(f.leases), f.kills)
}
