package evidence_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
)

// TestAllocations: how often Verify asks for memory depends on the subjects, by the
// logarithm of their number, and not on the predicate.
func TestAllocations(t *testing.T) {
	key := newKey(t)
	trust := ring(t, keyOf(key, "ada"))
	allocations := func(subjects, deps int) float64 {
		raw, err := evidence.Sign(ctx, bigProvenance(t, subjects, deps), key)
		require.NoError(t, err)
		return testing.AllocsPerRun(20, func() {
			if _, err := evidence.Verify(ctx, trust, raw); err != nil {
				t.Fatal(err)
			}
		})
	}
	small, large := allocations(1, 20), allocations(1, 2000)
	require.InDelta(t, small, large, 1)
	most := allocations(100, 2000)
	require.LessOrEqual(t, most, 60.0)
	t.Logf("1 subject: %v with 20 dependencies, %v with 2,000; 100 subjects: %v", small, large, most)
}

// TestDigestIsOfTheEnvelope: it is computed late, once, whoever asks.
func TestDigestIsOfTheEnvelope(t *testing.T) {
	t.Parallel()
	raw := dsse(statement(t, shop(), passed()).Bytes(), "c2ln")
	v, err := evidence.Verify(ctx, human("ada"), raw)
	require.NoError(t, err)
	want := release.DigestOf(raw)
	clear(raw)
	var wg sync.WaitGroup
	var got [8]release.Digest
	for i := range got {
		twin := v
		wg.Go(func() { got[i] = twin.Digest() })
	}
	wg.Wait()
	for _, d := range got {
		require.Equal(t, want, d)
	}
}

// repeated is the text that is repeated, with the number of each in place of %d, until it
// is as large as a statement may be.
func repeated(head, format, tail string) []byte {
	const most = evidence.MaxStatement - 1024
	b := bytes.NewBufferString(head)
	if !strings.Contains(format, "%") {
		b.WriteString(strings.Repeat(format, (most-len(head)-len(tail))/len(format)))
	} else {
		for i := 0; b.Len()+len(format)+len(tail)+10 < most; i++ {
			fmt.Fprintf(b, format, i)
		}
	}
	b.WriteString(tail)
	return b.Bytes()
}

// names is an object of n names.
func names(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return "{" + strings.TrimSuffix(b.String(), ",") + "}"
}

// TestHostileSizes: 16 MB that are made to be slow or to take memory cost no more
// than a second and four times their size.
func TestHostileSizes(t *testing.T) {
	const most = evidence.MaxNames - 10 // the statement has some of its own
	common := strings.Repeat("a", 60)
	predicates := []hostile.Input{
		{Name: "one object of as many names as there may be", Text: []byte(names(most, `"%d":0,`)), Fine: true},
		{Name: "names too many", Text: repeated("{", `"%d":0,`, `"":0}`)},
		{Name: "one name again and again", Text: []byte("{" + strings.Repeat(`"a":0,`, most) + `"b":0}`)},
		{Name: "one escaped name again and again", Text: []byte("{" + strings.Repeat(`"\u0061":0,`, most) + `"b":0}`)},
		{Name: "one long name again and again", Text: []byte("{" + strings.Repeat(`"`+common[:50]+`":0,`, most) + `"b":0}`)},
		{Name: "names that begin and end alike", Text: []byte(names(most, `"`+common[:20]+`%08d`+common[:20]+`":0,`)), Fine: true},
		{Name: "names of zero bytes", Text: repeated(`{"l":[`, `{"":0,"\u0000":0,"\u0000\u0000":0,"\u0000\u0000\u0000":0,"\u0000\u0000\u0000\u0000":0},`, `0]}`), Fine: true},
		{Name: "eight large names each", Text: repeated(`{"l":[`, names(8, `"%d`+common+`":0,`)+",", `0]}`), Fine: true},
		{Name: "nine names each", Text: repeated(`{"l":[`, names(9, `"%d":0,`)+",", `0]}`), Fine: true},
		{Name: "small objects", Text: repeated(`{"l":[`, `{},`, `0]}`), Fine: true},
		{Name: "objects of one name", Text: repeated(`{"l":[`, `{"":0},`, `0]}`), Fine: true},
		{Name: "small arrays", Text: repeated(`{"l":[`, `[],`, `0]}`), Fine: true},
		{Name: "numbers", Text: repeated(`{"l":[`, `0,`, `0]}`), Fine: true},
		{Name: "one number", Text: repeated(`{"n":1`, `0`, `}`), Fine: true},
		{Name: "literals", Text: repeated(`{"l":[`, `null,`, `true]}`), Fine: true},
		{Name: "empty strings", Text: repeated(`{"l":[`, `"",`, `""]}`), Fine: true},
		{Name: "deep, and deep again", Text: repeated(`{"l":[`, strings.Repeat("[", 90)+strings.Repeat("]", 90)+",", `0]}`), Fine: true},
		{Name: "objects deep, and deep again", Text: repeated(`{"l":[`, strings.Repeat(`{"a":`, 90)+"0"+strings.Repeat("}", 90)+",", `0]}`), Fine: true},
		{Name: "too deep at the end", Text: repeated(`{"l":[`, `0,`, strings.Repeat("[", 200))},
		{Name: "one string", Text: repeated(`"`, "aaaaaaaaaaaaaaaa", `"`), Fine: true},
		{Name: "one string that does not end", Text: repeated(`"`, "aaaaaaaaaaaaaaaa", ``)},
		{Name: "one string of escapes", Text: repeated(`"`, `\\`, `"`), Fine: true},
		{Name: "one string of pairs", Text: repeated(`"`, `\ud83d\ude00`, `"`), Fine: true},
		{Name: "one name of escapes", Text: repeated(`{"`, `\"`, `":0}`), Fine: true},
		{Name: "one name of letters beyond ASCII", Text: repeated(`{"`, `üü`, `":0}`), Fine: true},
		{Name: "space", Text: repeated(`{ `, " \t\r\n", `}`), Fine: true},
		{Name: "lines, and an error", Text: repeated(`{`, "\n", `,}`)},
		{Name: "no UTF-8 at the end", Text: repeated(`"`, "aaaaaaaaaaaaaaaa", "\xff\"")},
	}
	inputs := make([]hostile.Input, 0, 2*len(predicates))
	head, tail := `{"_type":"`+evidence.StatementType+`","predicateType":"p","subject":[{"digest":{"sha256":"x"}}],"predicate":`, `}`
	for _, in := range predicates {
		in.Text = []byte(head + string(in.Text) + tail)
		inputs = append(inputs, in)
	}
	subject := head[:strings.Index(head, `"subject"`)] + `"subject":[`
	inputs = append(inputs,
		hostile.Input{Name: "subjects too many", Text: repeated(subject, `{"digest":{"sha256":"x"}},`, `{}]}`)},
		hostile.Input{Name: "subjects full of digests", Text: []byte(subject + strings.TrimSuffix(strings.Repeat(`{"digest":`+names(evidence.MaxDigests, `"%d":"x",`)+"},", evidence.MaxSubjects), ",") + `]}`), Fine: true},
		hostile.Input{Name: "a subject full of what nobody reads", Text: repeated(subject+`{"digest":{"a":"x"},"annotations":{"l":[`, `{"a":0},`, `0]}}]}`), Fine: true},
		hostile.Input{Name: "a name of escapes", Text: repeated(subject+`{"name":"`, `\"`, `","digest":{"a":"x"}}]}`), Fine: true},
	)
	for _, in := range inputs {
		require.LessOrEqual(t, len(in.Text), evidence.MaxStatement, in.Name)
	}
	hostile.Check(t, inputs, func(b []byte) bool {
		_, err := evidence.ParseStatement(b)
		return err != nil
	})
}

// TestHostileEnvelopeSizes is the same about what stands around a statement.
func TestHostileEnvelopeSizes(t *testing.T) {
	st := string(statement(t, shop(), passed()).Bytes())
	st = st[:len(st)-1] + `,"more":"`
	large := []byte(st + strings.Repeat("a", evidence.MaxStatement-len(st)-2) + `"}`)
	envelope := func(payload, more string) []byte {
		return []byte(`{"payload":"` + payload + `","payloadType":"` + evidence.PayloadType + `","signatures":[{"sig":"c2ln"}` + more + `]}`)
	}
	text := base64.StdEncoding.EncodeToString(large)
	url := base64.RawURLEncoding.EncodeToString(bytes.ReplaceAll(large, []byte("aaa"), []byte("a?>")))
	inputs := []hostile.Input{
		{Name: "the largest", Text: envelope(text, ""), Fine: true},
		{Name: "the largest in the other alphabet", Text: envelope(url, ""), Fine: true},
		{Name: "an escape at the end of base64", Text: envelope(text[:len(text)-4]+`\u0041`+text[len(text)-3:], "")},
		{Name: "escapes in base64", Text: envelope(strings.Repeat(`\/`, 11<<20), "")},
		{Name: "a line break at the end of base64", Text: envelope(text[:len(text)-4]+`\n`+text[len(text)-4:], "")},
		{Name: "no base64 at the end", Text: envelope(text+"!", "")},
		{Name: "signatures", Text: envelope("e30=", strings.Repeat(`,{"sig":"c2ln"}`, 1<<20))},
		{Name: "no quote ends base64", Text: []byte(`{"payload":"` + text)},
		{Name: "base64 that nobody reads", Text: envelope("e30=", `],"x":["`+text+`"`)},
		{Name: "many that nobody reads", Text: envelope("e30=", `],"x":[`+strings.Repeat(`{"payload":"e30="},`, 1<<20)+"0")},
	}
	for _, in := range inputs {
		require.LessOrEqual(t, len(in.Text), evidence.MaxEnvelope, in.Name)
	}
	hostile.Check(t, inputs, func(b []byte) bool {
		_, err := evidence.Verify(ctx, human("ada"), b)
		return err != nil
	})
}
