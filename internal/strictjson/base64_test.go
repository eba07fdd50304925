package strictjson_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// slowBase64 is the obviously right way to read a string in base64.
func slowBase64(b []byte, limits strictjson.Limits) (out []byte, end int, err error) {
	s, err := newSlowScanner(b, limits)
	if err != nil {
		return nil, 0, err
	}
	if k, err := s.Peek(); err != nil || k != strictjson.String {
		_, err := s.Bytes()
		return nil, 0, err
	}
	start := s.i
	text, err := s.Bytes()
	if err != nil {
		return nil, 0, err
	}
	end = s.i
	s.i = start
	if bytes.ContainsAny(text, "\r\n") {
		return nil, 0, s.errorf("a line break stands in base64")
	}
	plain := strings.TrimRight(string(text), "=")
	standard, url := base64.RawStdEncoding, base64.RawURLEncoding
	if len(plain) < len(text) {
		standard, url = base64.StdEncoding, base64.URLEncoding
	}
	if out, err = standard.Strict().DecodeString(string(text)); err != nil {
		out, err = url.Strict().DecodeString(string(text))
	}
	if err != nil {
		return nil, 0, s.errorf("a string is not base64")
	}
	return out, end, nil
}

func differBase64(b []byte) error {
	want, end, slowErr := slowBase64(b, limits)
	s, err := strictjson.NewScanner(b, limits)
	var got []byte
	if err == nil {
		got, err = s.Base64()
	}
	switch {
	case fmt.Sprint(slowErr) != fmt.Sprint(err):
		return fmt.Errorf("%q: slow says %v, fast says %v", b, slowErr, err)
	case err != nil && got != nil:
		return fmt.Errorf("%q: bytes came with an error", b)
	case err == nil && (!bytes.Equal(want, got) || s.Offset() != end):
		return fmt.Errorf("%q: slow read %q to %d, fast read %q to %d", b, want, end, got, s.Offset())
	}
	return nil
}

func TestBase64(t *testing.T) {
	t.Parallel()
	// Every length, in each form, whole and with each character changed.
	for n := range 40 {
		raw := bytes.Repeat([]byte{0xfb, 0xf0, 0x41}, 20)[:n]
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			text := `"` + enc.EncodeToString(raw) + `"`
			s, err := strictjson.NewScanner([]byte(text), limits)
			require.NoError(t, err)
			got, err := s.Base64()
			require.NoError(t, err, text)
			require.Equal(t, raw, got)
			for i := range text {
				for _, c := range []byte("A/+-_=\n\r \\\"\x00\x7f,B") {
					b := []byte(text)
					b[i] = c
					require.NoError(t, differBase64(b))
				}
				require.NoError(t, differBase64([]byte(text[:i])))
				require.NoError(t, differBase64([]byte(text[:i]+"="+text[i:])))
				require.NoError(t, differBase64([]byte(text[:i]+`\u0041`+text[i:])))
				require.NoError(t, differBase64([]byte(text[:i]+`\/`+text[i:])))
			}
		}
	}
	for _, text := range []string{"QUJD\n\n\n\n", "\n\n\n\n", "QUJDREVG\r\n\r\n", "QUJDREVGR0hJ\nQ\nQ\n=\n=", "QQ==\n\n\n\n", "\n\n\n\nQUJDREVG", "QQ==QUJD", "QQ==QUJDQUJDQUJD", "====", "========", "Q===", "QUJDREVGQ==="} {
		s, err := strictjson.NewScanner([]byte(`"`+text+`"`), limits)
		require.NoError(t, err)
		_, err = s.Base64()
		require.Error(t, err, "%q", text)
		require.NoError(t, differBase64([]byte(`"`+text+`"`)))
		require.NoError(t, differBase64([]byte(`"`+strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(text)+`"`)))
	}
	for c := range 256 { // every character at each place of a group
		for i := range 8 {
			b := []byte(`"QUJDREVGR0hJSktM"`)
			b[i+1] = byte(c)
			require.NoError(t, differBase64(b))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := base64.StdEncoding.EncodeToString(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		text = text[:at] + rapid.SampledFrom([]string{"", "", "=", "==", "\n", "-", "_", `\n`, `\/`, "A", "ü"}).Draw(t, "piece") + text[at:]
		if err := differBase64([]byte(` "` + text + `" `)); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzBase64: the fast reader reads what the slow one does, and nothing else.
func FuzzBase64(f *testing.F) {
	for _, seed := range []string{`""`, `"QQ=="`, `"QQ"`, `"QR=="`, `"QUJDREVGR0hJSktM"`, `"QUJD\u0052EVGR0hJSktM"`, `"-_-_"`, `"+/-_"`, "\"QUJD\nQUJD\"", `"QUJDRA==QUJD"`, `1`, `"QUJDREVGR0hJSktM`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := differBase64(b); err != nil {
			t.Fatal(err)
		}
	})
}
