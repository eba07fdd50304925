package journal_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// slowSchedule is the schedule in its simplest form: it looks at every stream.
type slowSchedule struct {
	turns map[string]*slowTurn
	token uint64
}

type slowTurn struct {
	stream string
	seq    uint64
	wake   time.Time
	never  bool
	token  uint64
	until  time.Time // zero if it was released
}

func (s *slowSchedule) turn(stream string) *slowTurn {
	if s.turns == nil {
		s.turns = map[string]*slowTurn{}
	}
	if s.turns[stream] == nil {
		s.turns[stream] = &slowTurn{stream: stream}
	}
	return s.turns[stream]
}

func (s *slowSchedule) Appended(stream string, seq uint64, wake time.Duration, now time.Time) {
	t := s.turn(stream)
	known := t.seq > 0
	t.seq = seq
	if known && wake == 0 && !t.never && !t.wake.After(now) && !t.until.After(now) {
		return // nobody holds it, and it is due since then
	}
	t.set(wake, now)
}

func (s *slowSchedule) Restored(stream string, seq uint64, wake, _ time.Time) {
	t := s.turn(stream)
	t.seq, t.wake, t.never = seq, wake, wake.IsZero()
}

func (t *slowTurn) set(wake time.Duration, now time.Time) {
	t.never = wake == journal.Never
	t.wake = now.Add(max(wake, 0))
}

func (s *slowSchedule) Fenced(stream string, token uint64) error {
	if t := s.turns[stream]; token != 0 && (t == nil || t.token != token) {
		return fmt.Errorf("%w: stream %q, token %d", journal.ErrFenced, stream, token)
	}
	return nil
}

func (s *slowSchedule) Claim(c journal.Claim, now time.Time) []journal.Lease {
	var due []*slowTurn
	for _, t := range s.turns {
		if !t.never && !t.wake.After(now) && !t.until.After(now) && strings.HasPrefix(t.stream, c.Prefix) {
			due = append(due, t)
		}
	}
	slices.SortFunc(due, func(a, b *slowTurn) int {
		return cmp.Or(a.wake.Compare(b.wake), cmp.Compare(a.stream, b.stream))
	})
	due = due[:min(len(due), c.Max)]
	leases := make([]journal.Lease, len(due))
	for i, t := range due {
		s.token++
		t.token, t.until = s.token, now.Add(c.TTL)
		leases[i] = journal.Lease{Stream: t.stream, Token: t.token, Seq: t.seq}
	}
	return leases
}

func (s *slowSchedule) Renew(l journal.Lease, ttl time.Duration, now time.Time) error {
	t, err := s.held(l)
	if err == nil {
		t.until = now.Add(ttl)
	}
	return err
}

func (s *slowSchedule) Release(l journal.Lease, wake time.Duration, now time.Time) error {
	t, err := s.held(l)
	if err != nil {
		return err
	}
	t.until = time.Time{}
	if t.seq == l.Seq {
		t.set(wake, now)
	}
	return nil
}

func (s *slowSchedule) held(l journal.Lease) (*slowTurn, error) {
	if err := s.Fenced(l.Stream, l.Token); err != nil {
		return nil, err
	}
	if t := s.turns[l.Stream]; !t.until.IsZero() {
		return t, nil
	}
	return nil, fmt.Errorf("%w: stream %q, token %d: it was released", journal.ErrFenced, l.Stream, l.Token)
}

// What streams are called here: prefixes of each other, bytes that are no text, and
// names enough to fill pages.
var (
	scheduleTops     = []string{"", "a/", "b/", "a", "\xff", "\xff\xff", "\x00", "c\xff"}
	schedulePrefixes = append([]string{"a/1", "d", "\xff\xff\xff", "b/00", "", "", "", ""}, scheduleTops...)
)

// The schedule does what the simple one does, whatever happens and wherever the clock
// goes.
func TestScheduleAgreesWithTheSimpleOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fast, slow := new(journal.Schedule), new(slowSchedule)
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		version, many := map[string]uint64{}, false
		var leases []journal.Lease
		// Durations are few, so that moments coincide.
		waits := rapid.SampledFrom([]time.Duration{0, 0, 1, time.Second, 2 * time.Second, time.Minute, journal.MaxWake, journal.Never})
		ttls := rapid.SampledFrom([]time.Duration{1, time.Second, 2 * time.Second, time.Minute, journal.MaxTTL})
		stream := rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom(scheduleTops).Draw(t, "top") + rapid.SampledFrom([]string{"0", "1"}).Draw(t, "number")
		})
		lease := func(t *rapid.T) journal.Lease {
			l := rapid.SampledFrom(leases).Draw(t, "lease")
			l.Seq = rapid.SampledFrom([]uint64{l.Seq, version[l.Stream]}).Draw(t, "seq")
			return l
		}
		same := func(what string, a, b error) {
			if fmt.Sprint(a) != fmt.Sprint(b) {
				t.Fatalf("%s: %v, want %v", what, a, b)
			}
		}
		actions := map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				s, wake := stream.Draw(t, "stream"), waits.Draw(t, "wake")
				version[s]++
				fast.Appended(s, version[s], wake, now)
				slow.Appended(s, version[s], wake, now)
			},
			"append many": func(t *rapid.T) {
				if many {
					t.Skip("once is slow enough")
				}
				many = true
				top, wake := rapid.SampledFrom(scheduleTops).Draw(t, "top"), waits.Draw(t, "wake")
				order := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0)).Perm(journal.MaxPage)
				for _, i := range order {
					s := fmt.Sprintf("%s%d", top, i)
					version[s]++
					fast.Appended(s, version[s], wake, now)
					slow.Appended(s, version[s], wake, now)
				}
			},
			"restore": func(t *rapid.T) {
				s := rapid.SampledFrom(schedulePrefixes).Draw(t, "prefix") + "restored"
				if version[s] > 0 {
					t.Skip("only at open")
				}
				var wake time.Time
				if d := waits.Draw(t, "wake"); d != journal.Never {
					wake = now.Add(d - time.Second)
				}
				version[s] = 1
				fast.Restored(s, 1, wake, now)
				slow.Restored(s, 1, wake, now)
			},
			"claim": func(t *rapid.T) {
				c := journal.Claim{
					Prefix: rapid.SampledFrom(schedulePrefixes).Draw(t, "prefix"),
					TTL:    ttls.Draw(t, "ttl"),
					Max:    rapid.SampledFrom([]int{1, 1, 2, 5, 300}).Draw(t, "max"),
				}
				got, want := fast.Claim(c, now), slow.Claim(c, now)
				if !slices.Equal(got, want) {
					t.Fatalf("claim %+v: %v, want %v", c, got, want)
				}
				leases = append(leases, got...)
			},
			"renew": func(t *rapid.T) {
				if len(leases) == 0 {
					t.Skip("no lease")
				}
				l, ttl := lease(t), ttls.Draw(t, "ttl")
				same("renew", fast.Renew(l, ttl, now), slow.Renew(l, ttl, now))
			},
			"release": func(t *rapid.T) {
				if len(leases) == 0 {
					t.Skip("no lease")
				}
				l, wake := lease(t), waits.Draw(t, "wake")
				same("release", fast.Release(l, wake, now), slow.Release(l, wake, now))
			},
			"fence": func(t *rapid.T) {
				s, token := stream.Draw(t, "stream"), rapid.Uint64Range(0, 9).Draw(t, "token")
				same("fenced", fast.Fenced(s, token), slow.Fenced(s, token))
			},
			"later": func(t *rapid.T) {
				now = now.Add(rapid.SampledFrom([]time.Duration{1, time.Second, 3 * time.Second, time.Hour, journal.MaxTTL}).Draw(t, "by"))
			},
			"earlier": func(t *rapid.T) {
				now = now.Add(-rapid.SampledFrom([]time.Duration{1, time.Second, 3 * time.Second, time.Hour, journal.MaxWake / 10}).Draw(t, "by"))
			},
		}
		for range 4 { // of 30 steps each, because it takes some to get anywhere
			t.Repeat(actions)
		}
	})
}

// Names that come in falling, rising and mixed order, more than fit into a page.
func TestScheduleKeepsManyStreams(t *testing.T) {
	t.Parallel()
	const n = 20*journal.MaxPage + 7
	for _, c := range []struct {
		name string
		at   func(i int) int
	}{
		{"rising", func(i int) int { return i }},
		{"falling", func(i int) int { return n - 1 - i }},
		{"mixed", func(i int) int { return i * 1009 % n }},
		{"from both ends", func(i int) int { return map[bool]int{true: i / 2, false: n - 1 - i/2}[i%2 == 0] }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fast, slow := new(journal.Schedule), new(slowSchedule)
			now := time.Unix(0, 0)
			for i := range n {
				s := fmt.Sprintf("%06d", c.at(i))
				wake := time.Duration(i*7919%n) * time.Second
				fast.Appended(s, 1, wake, now)
				slow.Appended(s, 1, wake, now)
			}
			now = now.Add(n / 2 * time.Second)
			for _, prefix := range []string{"", "0001", "00", "000000", "9", "0009"} {
				claim := journal.Claim{Prefix: prefix, TTL: time.Minute, Max: 700}
				got := fast.Claim(claim, now)
				require.Equal(t, slow.Claim(claim, now), got)
			}
		})
	}
}

// A clock that a test turns from one end of time to the other.
func TestScheduleAtTheEndsOfTime(t *testing.T) {
	t.Parallel()
	s := new(journal.Schedule)
	claim := journal.Claim{TTL: journal.MaxTTL, Max: 10}
	early, late := time.Time{}, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	s.Appended("soon", 1, 0, early)
	s.Appended("far", 1, journal.MaxWake, early)
	s.Appended("never", 1, journal.Never, early)
	require.Len(t, s.Claim(claim, early), 1)
	require.Empty(t, s.Claim(claim, early))
	require.Len(t, s.Claim(claim, late), 2)
	s.Appended("late", 1, journal.MaxWake, late)
	require.Empty(t, s.Claim(claim, late))
	require.Empty(t, s.Claim(claim, early))
}

// What a stream that waits costs. Not parallel: it counts what is allocated.
func TestWaitingStreamIsSmall(t *testing.T) {
	const n = 100_000
	names := make([]string, n)
	for i, k := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		names[i] = fmt.Sprintf("rollout/service-%06d", k)
	}
	used := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := used()
	s := new(journal.Schedule)
	for _, name := range names {
		s.Appended(name, 1, time.Hour, time.Unix(0, 0))
	}
	each := (used() - before) / n
	t.Logf("%d bytes for each of %d waiting streams, without their names", each, n)
	require.LessOrEqual(t, each, uint64(170), "with 24 bytes of name below 200")
	runtime.KeepAlive(s)
	runtime.KeepAlive(names)
}
