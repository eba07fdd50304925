package sigstore_test

import (
	"context"
	"crypto/elliptic"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/stretchr/testify/require"
)

// network answers requests in this process.
type network func(*http.Request) (*http.Response, error)

func (n network) RoundTrip(r *http.Request) (*http.Response, error) { return n(r) }

func answer(status int, contentType string, body io.Reader) network {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(body)}, nil
	}
}

type endless byte

func (e endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(e)
	}
	return len(b), nil
}

// The token goes to the address that the host gave and nowhere else: not over
// plain HTTP to the same host, as net/http would send it.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{"http://ca.example.com/api/v2/signingCert", "https://sub.ca.example.com/", "https://evil.example.com/"} {
			in := newInstance(t)
			asked := 0
			k := in.keyless(sigstore.Witnesses{})
			k.Authority.Transport = network(func(r *http.Request) (*http.Response, error) {
				asked++
				return &http.Response{StatusCode: status, Header: http.Header{"Location": {to}}, Body: http.NoBody, Request: r}, nil
			})
			raw, err := sigstore.SignKeyless(t.Context(), statement(t), k)
			require.ErrorContains(t, err, "redirect")
			require.Nil(t, raw)
			require.Equal(t, 1, asked, "%d to %s", status, to)
		}
	}
}

// What a service says in its defence is quoted, short, on one line, and without
// the token that it was given.
func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	secret := string(token)
	tests := []struct {
		name string
		via  http.RoundTripper
	}{
		{"echo of the token", answer(400, "text/plain", strings.NewReader("bad token: "+secret))},
		{"echo of the token's claims", answer(400, "text/plain", strings.NewReader("bad token: "+strings.Split(secret, ".")[1]))},
		{"transport that quotes the request", network(func(r *http.Request) (*http.Response, error) {
			return nil, errors.New("cannot send " + r.Header.Get("Authorization"))
		})},
		{"lines that look like a log's", answer(403, "text/plain", strings.NewReader("no\n2026-01-01 INFO allowed\x1b[2J"))},
		{"endless refusal", answer(403, "text/plain", endless('x'))},
		{"endless certificate", answer(200, "application/json", endless(' '))},
		{"a page", answer(200, "text/html", strings.NewReader("<html>sign in</html>"))},
		{"nothing", answer(200, "application/json", strings.NewReader(""))},
		{"no certificate", answer(200, "application/json", strings.NewReader(`{"signedCertificateEmbeddedSct":{"chain":{"certificates":["x"]}}}`))},
		{"certificate that is none", answer(200, "application/json", strings.NewReader(`{"signedCertificateEmbeddedSct":{"chain":{"certificates":["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]}}}`))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := newInstance(t)
			check := func(raw []byte, err error) {
				require.Error(t, err)
				require.Nil(t, raw)
				for _, part := range strings.Split(secret, ".")[1:] {
					require.NotContains(t, err.Error(), part)
				}
				require.Less(t, len(err.Error()), 600)
				require.NotContains(t, err.Error(), "\n")
				require.NotContains(t, err.Error(), "\x1b")
			}
			k := in.keyless(sigstore.Witnesses{})
			k.Authority.Transport = tt.via
			check(sigstore.SignKeyless(t.Context(), statement(t), k))
			if strings.HasPrefix(tt.name, "echo") || strings.HasPrefix(tt.name, "transport") {
				return // a timestamp authority never sees the token
			}
			key := newKey(t, elliptic.P256())
			plain, err := evidence.Sign(t.Context(), statement(t), key)
			require.NoError(t, err)
			check(sigstore.Witness(t.Context(), plain, key.Public(), sigstore.Witnesses{
				Timestamps: []sigstore.Endpoint{{URL: "https://user:password@tsa.example.com/", Transport: tt.via}}}, nil))
		})
	}
}

func TestPasswordsInAddressesAreNotPrinted(t *testing.T) {
	t.Parallel()
	key := newKey(t, elliptic.P256())
	plain, err := evidence.Sign(t.Context(), statement(t), key)
	require.NoError(t, err)
	for _, url := range []string{"https://user:hunter2@tsa.example.com/", "ftp://user:hunter2@tsa.example.com/", "https://user:hunter2@tsa.example.com:port/"} {
		_, err = sigstore.Witness(t.Context(), plain, key.Public(), sigstore.Witnesses{
			Timestamps: []sigstore.Endpoint{{URL: url, Transport: answer(400, "", strings.NewReader(""))}}}, nil)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

// A service that begins to answer and stops is left when the caller's time is
// over, and when the endpoint's is.
func TestBodiesThatStop(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "{")
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-stop:
		}
	}))
	t.Cleanup(func() { close(stop); server.Close() })
	in := newInstance(t)
	k := in.keyless(sigstore.Witnesses{})
	k.Authority = sigstore.Endpoint{URL: server.URL, Transport: server.Client().Transport}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := sigstore.SignKeyless(ctx, statement(t), k)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	k.Authority.Timeout = 50 * time.Millisecond
	_, err = sigstore.SignKeyless(t.Context(), statement(t), k)
	require.Error(t, err)
	require.Less(t, time.Since(begin), 10*time.Second)
}

// Nothing that verifies opens a connection, whatever a bundle says.
func TestVerifyingAsksNobody(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	raw := in.attest(statementText, evidence.PayloadType)
	calls := len(in.calls)
	in.logs.Close()
	_, err := evidence.Verify(t.Context(), in.trust(), raw)
	require.NoError(t, err)
	require.Len(t, in.calls, calls)
}
