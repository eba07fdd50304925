package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
)

// trustFunc is a trust that a test tells what to do.
type trustFunc func(context.Context, evidence.Signed) (evidence.Identity, error)

func (f trustFunc) Check(ctx context.Context, s evidence.Signed) (evidence.Identity, error) {
	return f(ctx, s)
}

// gather is everything that a loop gives.
func gather(all iter.Seq2[evidence.Verified, error]) (vs []evidence.Verified, errs []error) {
	for v, err := range all {
		vs, errs = append(vs, v), append(errs, err)
	}
	return vs, errs
}

// mixed is n lines of good, foreign, altered and broken bundles, and who is trusted.
func mixed(t testing.TB, n int) (*evidence.Keyring, []byte) {
	t.Helper()
	ada, eve := newKey(t), newKey(t)
	var b bytes.Buffer
	for i := range n {
		r := shop()
		r.Artifacts[0].Name = fmt.Sprint("shop", i)
		st := statement(t, r, passed())
		key := ada
		if i%5 == 1 {
			key = eve
		}
		raw, err := evidence.Sign(ctx, st, key)
		require.NoError(t, err)
		switch i % 5 {
		case 2:
			raw = []byte(replace(`"payload":"ey`, `"payload":"eyA`)(string(raw)))
		case 3:
			raw = raw[:len(raw)/2]
		}
		b.Write(raw)
		b.WriteByte('\n')
	}
	return ring(t, keyOf(ada, "ada")), b.Bytes()
}

// TestVerifyAllIsVerify: on however many cores, with and without a cache, what
// comes out is what Verify says of one after the other.
func TestVerifyAllIsVerify(t *testing.T) {
	t.Parallel()
	trust, text := mixed(t, 100)
	var want []evidence.Verified
	var wantErr []string
	for e, err := range evidence.Envelopes(text) {
		var v evidence.Verified
		if err == nil {
			if v, err = evidence.Verify(ctx, trust, e.Raw); err != nil {
				err = &evidence.EnvelopeError{Place: e.Place, Err: err}
			}
		}
		want, wantErr = append(want, v), append(wantErr, fmt.Sprint(err))
	}
	require.Equal(t, 40, strings.Count(fmt.Sprint(wantErr), "<nil>"))
	same := func(all iter.Seq2[evidence.Verified, error]) {
		vs, errs := gather(all)
		require.Len(t, vs, len(want))
		for i, v := range vs {
			require.Equal(t, wantErr[i], fmt.Sprint(errs[i]))
			require.Equal(t, want[i].IsZero(), v.IsZero())
			if !v.IsZero() {
				require.Equal(t, want[i].Statement(), v.Statement())
				require.Equal(t, want[i].By(), v.By())
				require.Equal(t, want[i].Raw(), v.Raw())
				require.Equal(t, want[i].Digest(), v.Digest())
			}
		}
	}
	same(evidence.VerifyAll(ctx, trust, evidence.Envelopes(text)))
	cache := evidence.NewCache(1 << 30)
	for range 3 {
		same(cache.VerifyAll(ctx, trust, evidence.Envelopes(text)))
		require.Equal(t, 40, cache.Len())
	}
	// Some are known, and some are not.
	some := evidence.NewCache(1 << 30)
	i := 0
	for e := range evidence.Envelopes(text) {
		if i++; i%2 == 0 {
			_, _ = some.Verify(ctx, trust, e.Raw)
		}
	}
	same(some.VerifyAll(ctx, trust, evidence.Envelopes(text)))
	// Where the first takes longest, the others wait for it.
	slow := trustFunc(func(ctx context.Context, s evidence.Signed) (evidence.Identity, error) {
		time.Sleep(time.Duration(rand.IntN(500)) * time.Microsecond)
		return trust.Check(ctx, s)
	})
	same(evidence.VerifyAll(ctx, slow, evidence.Envelopes(text)))
}

// TestVerifyAllWithoutPlace: envelopes from elsewhere have plain errors.
func TestVerifyAllWithoutPlace(t *testing.T) {
	t.Parallel()
	trust, raw := bundle(t, func(s string) string { return s })
	vs, errs := gather(evidence.VerifyAll(ctx, trust, evidence.RawEnvelopes(raw, nil, raw[:9], raw)))
	require.Len(t, vs, 4)
	require.Equal(t, vs[0].Digest(), vs[3].Digest())
	_, one := evidence.Verify(ctx, trust, nil)
	require.Equal(t, one, errs[1])
	var at *evidence.EnvelopeError
	require.False(t, errors.As(errs[2], &at))
	vs, errs = gather(evidence.VerifyAll(ctx, nil, evidence.RawEnvelopes(raw)))
	require.ErrorContains(t, errs[0], "no trust")
	require.True(t, vs[0].IsZero())
	vs, _ = gather(evidence.VerifyAll(ctx, trust, evidence.RawEnvelopes()))
	require.Empty(t, vs)
}

// many is n envelopes, all alike, and how many of them were read.
func many(raw []byte, n int, read *int) iter.Seq2[evidence.Envelope, error] {
	return func(yield func(evidence.Envelope, error) bool) {
		for range n {
			*read++
			if !yield(evidence.Envelope{Raw: raw}, nil) {
				return
			}
		}
	}
}

// TestVerifyAllLeavesNothingBehind: synctest fails if a goroutine outlives the
// bubble, and the count of checks says that none is at work after the loop.
func TestVerifyAllLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	raw := dsse(statement(t, shop(), passed()).Bytes(), "c2ln")
	most := 4 * runtime.GOMAXPROCS(0)
	for name, stop := range map[string]struct {
		after  int // turns, then
		how    func(cancel func()) (end bool)
		panics bool
		ends   error
	}{
		"to the end":              {after: 1 << 30},
		"a break at once":         {after: 1, how: func(func()) bool { return true }},
		"a break later":           {after: 100, how: func(func()) bool { return true }},
		"a panic of the loop's":   {after: 7, how: func(func()) bool { panic("loop") }, panics: true},
		"cancelled at once":       {after: 1, how: func(cancel func()) bool { cancel(); return false }, ends: context.Canceled},
		"cancelled and then left": {after: 5, how: func(cancel func()) bool { cancel(); return true }},
	} {
		synctest.Test(t, func(t *testing.T) {
			var working, began atomic.Int64
			trust := trustFunc(func(ctx context.Context, s evidence.Signed) (evidence.Identity, error) {
				working.Add(1)
				began.Add(1)
				defer working.Add(-1)
				select {
				case <-time.After(time.Duration(1+rand.IntN(1000)) * time.Millisecond):
				case <-ctx.Done():
					return evidence.Identity{}, ctx.Err()
				}
				return human("ada").Check(ctx, s)
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			turns, read, last := 0, 0, error(nil)
			loop := func() {
				var left time.Time
				defer func() { // what was under way is told to stop, and not waited out
					require.True(t, stop.how == nil || time.Since(left) == 0, name)
				}()
				for v, err := range evidence.VerifyAll(ctx, trust, many(raw, 500, &read)) {
					turns++
					left = time.Now()
					last = err
					require.Equal(t, err != nil, v.IsZero())
					require.LessOrEqual(t, read, turns+most+1, "no more is read than can be told of soon")
					if turns == stop.after && stop.how(cancel) {
						break
					}
				}
			}
			if stop.panics {
				require.PanicsWithValue(t, "loop", loop, name)
			} else {
				loop()
			}
			require.Zero(t, working.Load(), name)
			before := began.Load()
			synctest.Wait()
			time.Sleep(time.Hour)
			require.Equal(t, before, began.Load(), name)
			switch {
			case stop.how == nil:
				require.Equal(t, 500, turns)
				require.NoError(t, last)
			case stop.ends != nil:
				require.ErrorIs(t, last, stop.ends, name)
				require.Less(t, turns, 500)
			default:
				require.Equal(t, stop.after, turns, name)
			}
		})
	}
}

// TestVerifyAllBoundsMemory: large envelopes are not begun all at once.
func TestVerifyAllBoundsMemory(t *testing.T) {
	t.Parallel()
	raw := dsse([]byte(`{"_type":"`+evidence.StatementType+`"}`), "c2ln")
	raw = append(raw, bytes.Repeat([]byte(" "), 20<<20)...)
	synctest.Test(t, func(t *testing.T) {
		var working, peak atomic.Int64
		trust := trustFunc(func(ctx context.Context, s evidence.Signed) (evidence.Identity, error) {
			peak.Store(max(peak.Load(), working.Add(1)))
			time.Sleep(time.Second)
			working.Add(-1)
			return evidence.Identity{}, errBroken
		})
		read := 0
		start := time.Now()
		vs, errs := gather(evidence.VerifyAll(t.Context(), trust, many(raw, 10, &read)))
		require.LessOrEqual(t, time.Since(start), 5*time.Second, "room that was left is used again")
		require.Len(t, vs, 10)
		for _, err := range errs {
			require.ErrorIs(t, err, errBroken)
		}
		require.EqualValues(t, min(3, 4*runtime.GOMAXPROCS(0)), peak.Load(), "three times 20 MiB and not four")
	})
}

// TestVerifyAllCancelled: before the first envelope, and with nothing to read.
func TestVerifyAllCancelled(t *testing.T) {
	t.Parallel()
	trust, raw := bundle(t, func(s string) string { return s })
	over, cancel := context.WithCancel(ctx)
	cancel()
	read := 0
	vs, errs := gather(evidence.VerifyAll(over, trust, many(raw, 10, &read)))
	require.Len(t, vs, 1)
	require.True(t, vs[0].IsZero())
	require.ErrorIs(t, errs[0], context.Canceled)
	require.Equal(t, 1, read)
}

// TestVerifyAllFaults: a trust that panics does so where the loop runs, and one that
// ends its goroutine is no yes.
func TestVerifyAllFaults(t *testing.T) {
	t.Parallel()
	_, raw := bundle(t, func(s string) string { return s })
	panics := trustFunc(func(context.Context, evidence.Signed) (evidence.Identity, error) { panic("trust") })
	require.PanicsWithValue(t, "trust", func() { gather(evidence.VerifyAll(ctx, panics, evidence.RawEnvelopes(raw, raw))) })
	exits := trustFunc(func(context.Context, evidence.Signed) (evidence.Identity, error) {
		runtime.Goexit()
		return evidence.Identity{}, nil
	})
	vs, errs := gather(evidence.VerifyAll(ctx, exits, evidence.RawEnvelopes(raw)))
	require.True(t, vs[0].IsZero())
	require.ErrorContains(t, errs[0], "ended the goroutine")
	var at *evidence.EnvelopeError
	_, errs = gather(evidence.VerifyAll(ctx, exits, evidence.Envelopes(append([]byte("\n"), raw...))))
	require.ErrorAs(t, errs[0], &at)
	require.Equal(t, 2, at.Place.Line)
}

// TestVerifyAllTellsInTime: with a source that waits, an envelope that is verified
// is told of when the next one comes, not when all the room is taken.
func TestVerifyAllTellsInTime(t *testing.T) {
	t.Parallel()
	trust, raw := bundle(t, func(s string) string { return s })
	synctest.Test(t, func(t *testing.T) {
		read := 0
		slowly := func(yield func(evidence.Envelope, error) bool) {
			for e, err := range many(raw, 20, &read) {
				if !yield(e, err) {
					return
				}
				time.Sleep(time.Minute)
			}
		}
		turns := 0
		for _, err := range evidence.VerifyAll(t.Context(), trust, slowly) {
			require.NoError(t, err)
			turns++
			require.LessOrEqual(t, read, turns+1)
		}
		require.Equal(t, 20, turns)
	})
}

// TestVerifyAllAgain: the loop can be run again, also by several at once.
func TestVerifyAllAgain(t *testing.T) {
	t.Parallel()
	trust, text := mixed(t, 20)
	all := evidence.NewCache(1<<20).VerifyAll(ctx, trust, evidence.Envelopes(text))
	want, _ := gather(all)
	done := make(chan []evidence.Verified)
	for range 4 {
		go func() {
			vs, _ := gather(all)
			done <- vs
		}()
	}
	for range 4 {
		got := <-done
		require.True(t, slices.EqualFunc(want, got, func(a, b evidence.Verified) bool {
			return a.IsZero() == b.IsZero() && (a.IsZero() || a.Digest() == b.Digest())
		}))
	}
}
