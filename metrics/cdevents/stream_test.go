package cdevents_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics/cdevents"
)

// readers are ways in which the same bytes may come.
var readers = map[string]func(string) io.Reader{
	"whole":              func(s string) io.Reader { return strings.NewReader(s) },
	"byte by byte":       func(s string) io.Reader { return iotest.OneByteReader(strings.NewReader(s)) },
	"in halves":          func(s string) io.Reader { return iotest.HalfReader(strings.NewReader(s)) },
	"with the end":       func(s string) io.Reader { return iotest.DataErrReader(strings.NewReader(s)) },
	"empty now and then": func(s string) io.Reader { return &stutter{r: strings.NewReader(s)} },
}

// stutter reads nothing every other time, and seven bytes else.
type stutter struct {
	r    io.Reader
	even bool
}

func (s *stutter) Read(b []byte) (int, error) {
	if s.even = !s.even; s.even {
		return 0, nil
	}
	return s.r.Read(b[:min(7, len(b))])
}

// Events are read one after another, each with its place, from lines and from arrays,
// and one that is wrong keeps none that follows from being read.
func TestStream(t *testing.T) {
	t.Parallel()
	a, b := deployed("", ""), event("change.merged.0.3.0", "{\n}")
	bad := event("service.deployed.0.3.0", "{\n\n\"artifactId\":1}")
	for _, c := range []struct {
		name, text string
		want       []string // the kind with offset and line, or the error
	}{
		{"nothing", " \n ", nil},
		{"lines", a + "\n" + b + "\n", []string{"service.deployed 0 1", fmt.Sprint("change.merged ", len(a)+1, " 2")}},
		{"one behind the other", a + b, []string{"service.deployed 0 1", fmt.Sprint("change.merged ", len(a), " 1")}},
		{"an array", "[\n" + a + ",\n\n" + b + "]", []string{"service.deployed 2 2", fmt.Sprint("change.merged ", len(a)+5, " 4")}},
		{"an empty array, then arrays", "[][" + a + "]\n[ ]" + "[" + b + "]", []string{"service.deployed 3 1", fmt.Sprint("change.merged ", len(a)+9, " 2")}},
		{"a wrong one between", a + "\n" + bad + "\n" + b, []string{"service.deployed 0 1",
			fmt.Sprintf("cdevents: line 4, byte %d: a text must stand here", len(a)+1+strings.Index(bad, "1}}}")),
			fmt.Sprint("change.merged ", len(a)+len(bad)+2, " 5")}},
		{"a wrong one in an array", "[" + bad + "," + b + "]", []string{
			fmt.Sprintf("cdevents: line 3, byte %d: a text must stand here", 1+strings.Index(bad, "1}}}")), fmt.Sprint("change.merged ", len(bad)+2, " 3")}},
		{"a comma between lines", a + "\n, " + b, []string{"service.deployed 0 1", fmt.Sprintf("cdevents: line 2, byte %d: an event must begin here", len(a)+1)}},
		{"no comma in an array", "[" + a + " " + b + "]", []string{"service.deployed 1 1", fmt.Sprintf("cdevents: line 1, byte %d: an event must begin here", len(a)+2)}},
		{"a comma before the end of an array", "[" + a + ",]", []string{"service.deployed 1 1", fmt.Sprintf("cdevents: line 1, byte %d: an event must begin here", len(a)+2)}},
		{"a comma first in an array", "[,", []string{"cdevents: line 1, byte 1: an event must begin here"}},
		{"an array in an array", "[[", []string{"cdevents: line 1, byte 1: an event must begin here"}},
		{"an array that does not end", "[" + a, []string{"service.deployed 1 1", fmt.Sprintf("cdevents: line 1, byte %d: the stream ends within an array", len(a)+1)}},
		{"an array that ends in a comma", "[" + a + ",\n", []string{"service.deployed 1 1", fmt.Sprintf("cdevents: line 2, byte %d: the stream ends within an array", len(a)+3)}},
		{"an end that nothing began", "\n]", []string{"cdevents: line 2, byte 1: an event must begin here"}},
		{"no JSON", a + "\n{\"a\":]\n" + b, []string{"service.deployed 0 1", fmt.Sprintf("cdevents: line 2, byte %d: this is not JSON", len(a)+6)}},
		{"a bracket that nothing opened", `{"a":1]` + a, []string{"cdevents: line 1, byte 6: this is not JSON"}},
		{"a string that does not end", a + "\n{\"}]\\\"", []string{"service.deployed 0 1", fmt.Sprintf("cdevents: line 2, byte %d: the text ends within an event", len(a)+7)}},
		{"a skipped one", strings.Replace(a, "deployed", "removed", 1), []string{"unknown 0 1"}},
		{"a BOM", "\uFEFF" + a, []string{"cdevents: line 1, byte 0: an event must begin here"}},
	} {
		for way, reader := range readers {
			t.Run(c.name+"/"+way, func(t *testing.T) {
				t.Parallel()
				var d cdevents.Decoder
				var got []string
				d.Reset(reader(c.text))
				for e, err := range d.All() {
					if err != nil {
						require.Nil(t, e)
						got = append(got, err.Error())
						continue
					}
					require.True(t, strings.HasPrefix(c.text[e.Offset:], "{"))
					got = append(got, fmt.Sprint(e.Kind, " ", e.Offset, " ", e.Line))
				}
				require.Equal(t, c.want, got)
				e, err := d.Next()
				require.Nil(t, e)
				require.Error(t, err, "the end stays the end")
			})
		}
	}
}

// A Decoder that was given nothing to read is at the end, and All ends when it is told to.
func TestNothingToRead(t *testing.T) {
	t.Parallel()
	var d cdevents.Decoder
	_, err := d.Next()
	require.Equal(t, io.EOF, err)
	d.Reset(strings.NewReader(deployed("", "") + deployed("", "")))
	n := 0
	for range d.All() {
		n++
		break
	}
	require.Equal(t, 1, n)
	_, err = d.Next()
	require.NoError(t, err)
}

// What the reader reports is reported, with the place, and stays.
func TestReaderFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("the cable is cut")
	a := deployed("", "")
	for _, c := range []struct {
		name string
		r    io.Reader
		want string
		is   error
	}{
		{"at once", iotest.ErrReader(broken), "cdevents: read at byte 0: the cable is cut", broken},
		{"within an event", io.MultiReader(strings.NewReader(a+"\n"+a[:40]), iotest.ErrReader(broken)), fmt.Sprintf("cdevents: read at byte %d: the cable is cut", len(a)+41), broken},
		{"by reading nothing", nothing{}, "cdevents: read at byte 0: multiple Read calls return no data or error", io.ErrNoProgress},
		{"by a count that cannot be", liar{}, "cdevents: the reader returned a count that cannot be", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var d cdevents.Decoder
			d.Reset(c.r)
			var err error
			for err == nil {
				_, err = d.Next()
			}
			require.EqualError(t, err, c.want)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			_, again := d.Next()
			require.Equal(t, err, again)
		})
	}
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

type liar struct{}

func (liar) Read(b []byte) (int, error) { return len(b) + 1, nil }

// endless is an event that never ends, and how much of it was read.
type endless struct {
	begin, more string
	read        int
}

func (e *endless) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		if e.read < len(e.begin) {
			b[n] = e.begin[e.read]
		} else {
			b[n] = e.more[(e.read-len(e.begin))%len(e.more)]
		}
		e.read++
		n++
	}
	return n, nil
}

// However large an event claims to be, no more than a few times the bound is read and held.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1 << 10, 100_000, 1 << 20} {
		for name, e := range map[string]*endless{
			"a string":               {begin: `{"context":{"id":"`, more: "x"},
			"a string of escapes":    {begin: `{"context":{"id":"`, more: `\n`},
			"texts of escapes":       {begin: `{"context":{"x":1`, more: `,"id":"\u0041\u0041\u0041\u0041"`},
			"names of escapes":       {begin: `{"context":{"x":1`, more: `,"\u0041":1`},
			"numbers":                {begin: `{"a":1`, more: "1"},
			"links":                  {begin: `{"context":{"links":[{}`, more: `,{"linkType":"\n"}`},
			"white space":            {begin: `{"a":`, more: " "},
			"values":                 {begin: `{"a":[1`, more: ",1"},
			"strings of six letters": {begin: `{"a":["x"`, more: `,"\"{[x]}"`},
		} {
			d := cdevents.Decoder{MaxEvent: limit}
			d.Reset(e)
			_, err := d.Next()
			require.ErrorContains(t, err, fmt.Sprintf("byte 0: the event is larger than %d bytes", limit), name)
			require.LessOrEqual(t, cdevents.Held(&d), 64<<10+4*limit, "%s, %d bytes", name, limit)
			require.LessOrEqual(t, e.read, max(64<<10, 2*limit), name)
		}
	}
}

// An event of which the parts are as small as they can be takes time in proportion to
// its size: were it read again with every part, this would take minutes.
func TestTimeIsLinear(t *testing.T) {
	t.Parallel()
	fill := strings.Repeat(`x}\"`, 200_000)
	text := deployed(`,"chainId":"`+fill+`"`, "")
	begin := time.Now()
	var d cdevents.Decoder
	d.Reset(iotest.OneByteReader(strings.NewReader(text + text)))
	for range 2 {
		e, err := d.Next()
		require.NoError(t, err)
		require.Len(t, e.ChainID, 3*200_000)
	}
	require.Less(t, time.Since(begin), 20*time.Second)
}

// An event is given as soon as it has ended, before the stream says more.
func TestNextDoesNotWait(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	var d cdevents.Decoder
	d.Reset(in)
	text := deployed(`,"chainId":"{[\"\\"`, "")
	for range 3 {
		go func() {
			for i := range text {
				_, _ = out.Write([]byte{text[i]})
			}
		}()
		e, err := d.Next()
		require.NoError(t, err)
		require.Equal(t, `{["\`, string(e.ChainID))
	}
}

// A Decoder that is reused allocates nothing, by whichever way in.
func TestNoSteadyAllocation(t *testing.T) {
	var d cdevents.Decoder
	text := []byte(strings.Repeat(deployed(`,"chainId":"\u00e9\n","links":[{"linkType":"PATH","from":{"contextId":"\t"}}]`, "")+"\n", 300))
	line, _, _ := bytes.Cut(text, []byte("\n"))
	source := bytes.NewReader(nil)
	stream := func() {
		source.Reset(text)
		d.Reset(source)
		for {
			if _, err := d.Next(); err == io.EOF {
				return
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	stream()
	require.Zero(t, testing.AllocsPerRun(10, stream))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := d.Decode(line); err != nil {
			t.Fatal(err)
		}
	}))
}
