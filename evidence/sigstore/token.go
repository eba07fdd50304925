package sigstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Token is an OpenID Connect identity token (a JWT). Whoever reads it can sign as
// its subject while it lasts, so it does not print itself.
type Token string

// String hides the token.
func (Token) String() string { return "[identity token]" }

// Format hides the token, whatever the verb.
func (t Token) Format(f fmt.State, _ rune) { io.WriteString(f, t.String()) }

// LogValue hides the token.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText refuses: a token belongs in no file.
func (Token) MarshalText() ([]byte, error) {
	return nil, errors.New("sigstore: an identity token is not to be written")
}

// said is an error of a service's, which quotes what the service answered, as
// one short line without the token, which a service may have sent back. That the
// caller's time was over can still be told.
func said(ctx context.Context, err error, secret Token) error {
	text := err.Error()
	if secret != "" {
		text = strings.ReplaceAll(text, string(secret), secret.String())
	}
	for part := range strings.SplitSeq(string(secret), ".") {
		if len(part) > 15 { // the shortest claims are longer, and "e30" stands everywhere
			text = strings.ReplaceAll(text, part, secret.String())
		}
	}
	text = line(errors.New(text))
	if strings.Contains(text, "unexpected response: 409") { // all that sigstore-go says
		return fmt.Errorf("%w (%s)", ErrLogged, text)
	}
	switch over, cause := ctx.Err(), context.Cause(ctx); {
	case over == nil:
		return errors.New(text)
	case over == cause:
		return fmt.Errorf("%w: %s", over, text)
	default:
		return fmt.Errorf("%w: %w: %s", over, cause, text)
	}
}
