package risk

import (
	"encoding"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

func (r *textReader) texts(out *[]string, most int) reader {
	return r.array(most, func(at string) error {
		var s string
		err := r.text(&s)(at)
		*out = append(*out, s)
		return err
	})
}

// text reads text that is not empty.
func (r *textReader) text(out *string) reader {
	return func(at string) error {
		if ok, err := r.expect(at, strictjson.String, "text"); !ok {
			return err
		}
		b, _, err := r.s.Bytes()
		if *out = string(b); err == nil && len(b) == 0 {
			return r.unread(at, "the text is empty")
		}
		return err
	}
}

// line reads one line of printable text.
func (r *textReader) line(out *release.Text) reader {
	return r.form(out.UnmarshalText, "not one line of printable text")
}

// digest reads a digest that there is.
func (r *textReader) digest(out *release.Digest) reader {
	return r.form(out.UnmarshalText, `not "sha256:" and 64 lower-case hexadecimal digits that name something`)
}

// time reads a time, as UTC.
func (r *textReader) time(out *time.Time) reader {
	return r.form(func(b []byte) error {
		err := out.UnmarshalText(b)
		*out = out.UTC()
		return err
	}, `no time of RFC 3339 such as "2026-11-23T09:00:00Z"`)
}

// word reads one of a set of words, and not the one for what nobody knows.
func (r *textReader) word(out encoding.TextUnmarshaler) reader {
	return r.form(func(b []byte) error {
		if string(b) == "unknown" {
			return errors.New("unknown")
		}
		return out.UnmarshalText(b)
	}, "no word for this")
}

// form reads text that is not empty, of a form that parse knows; of other text is said
// that it is what.
func (r *textReader) form(parse func([]byte) error, what string) reader {
	return func(at string) error {
		if ok, err := r.expect(at, strictjson.String, "text"); !ok {
			return err
		}
		b, _, err := r.s.Bytes()
		if err != nil {
			return err
		}
		if len(b) == 0 {
			return r.unread(at, "the text is empty")
		}
		if parse(b) != nil {
			return r.unread(at, "%s is %s", strictjson.Quoted(b), what)
		}
		return nil
	}
}

func (r *textReader) boolean(out *bool) reader {
	return func(at string) error {
		if ok, err := r.expect(at, strictjson.Bool, "true or false"); !ok {
			return err
		}
		_, err := r.s.Value()
		*out = string(r.s.Since(r.places[at])) == "true"
		return err
	}
}

// literal is a number as it stands in the text.
func (r *textReader) literal(at, what string) (string, error) {
	if ok, err := r.expect(at, strictjson.Number, what); !ok {
		return "", err
	}
	_, err := r.s.Value()
	return string(r.s.Since(r.places[at])), err
}

func (r *textReader) number(out *float64) reader {
	return func(at string) error {
		text, err := r.literal(at, "a number")
		if err != nil || text == "" {
			return err
		}
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !finite(x) {
			return r.unread(at, "%s is too large", strictjson.Quoted(text))
		}
		*out = x
		return nil
	}
}

// maxWhole keeps whole numbers what they are in every reader of JSON, and in an int.
const maxWhole = math.MaxInt32

func (r *textReader) whole(out *int, least int) reader {
	return func(at string) error {
		text, err := r.literal(at, "a whole number")
		if err != nil || text == "" {
			return err
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > maxWhole || strings.HasPrefix(text, "-") {
			return r.unread(at, "%s is not a whole number from %d to %d, in digits", strictjson.Quoted(text), least, maxWhole)
		}
		*out = n
		return nil
	}
}

// duration reads a duration of at least least, of which below says what else to do. It is text as [time.Duration.String]
// writes it, with or without units at the end that are zero.
func (r *textReader) duration(out *time.Duration, least time.Duration, below string) reader {
	return func(at string) error {
		if ok, err := r.expect(at, strictjson.String, `a duration such as "24h" as text`); !ok {
			return err
		}
		b, _, err := r.s.Bytes()
		if err != nil {
			return err
		}
		d, err := time.ParseDuration(string(b))
		full := d.String()
		short := full
		for _, zero := range []string{"m0s", "h0m"} {
			if strings.HasSuffix(short, zero) {
				short = short[:len(short)-2]
			}
		}
		switch {
		case err != nil:
			return r.unread(at, `%s is no duration such as "24h" or "1h30m"`, strictjson.Quoted(b))
		case string(b) != full && string(b) != short:
			return r.unread(at, "the duration %s is written %q", strictjson.Quoted(b), short)
		case d < 0:
			return r.unread(at, "%s is below zero", d)
		case d < least:
			return r.unread(at, "%s; %s", d, below)
		}
		*out = d
		return nil
	}
}
