package sigstore

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Endpoint is a service that the host names.
type Endpoint struct {
	// URL is where it is: of a certificate authority its base, of a timestamp
	// authority the whole address with its path.
	URL string
	// Transport carries the requests; nil means [http.DefaultTransport].
	Transport http.RoundTripper
	// Timeout bounds one request. If zero, 30 seconds.
	Timeout time.Duration
	// Retries is how often a request is repeated that the service answered with
	// 429 or 5xx, after 1, 2, 4… seconds.
	Retries uint
}

func (e Endpoint) check(what string) error {
	u, err := url.Parse(e.URL)
	if err != nil {
		return fmt.Errorf("sigstore: %s: its address is no URL", what) // which may hold a password
	}
	if u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("sigstore: %s: %q is no http or https URL", what, u.Redacted())
	}
	if e.Timeout < 0 {
		return fmt.Errorf("sigstore: %s: timeout %s is less than none", what, e.Timeout)
	}
	return nil
}

// bound carries requests that end with ctx: sigstore-go makes its requests to
// authorities without a context. Redirects are refused: net/http would take the
// token along, to a subdomain or to the same host over plain HTTP.
func (e Endpoint) bound(ctx context.Context) http.RoundTripper {
	t := e.Transport
	if t == nil {
		t = http.DefaultTransport
	}
	return boundTransport{ctx, t}
}

type boundTransport struct {
	ctx context.Context
	to  http.RoundTripper
}

// RoundTrip sends the request under its own context, which ends with the
// client's timeout, and the caller's at once.
func (b boundTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	stop := context.AfterFunc(b.ctx, func() { cancel(context.Cause(b.ctx)) })
	end := func() { stop(); cancel(nil) }
	res, err := b.to.RoundTrip(r.WithContext(ctx))
	if err != nil {
		end()
		return nil, err
	}
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		res.Body.Close()
		end()
		return nil, fmt.Errorf("status %d is a redirect, and those are not followed", res.StatusCode)
	}
	res.Body = boundBody{res.Body, end}
	return res, nil
}

// boundBody ends the request's context when the body is closed.
type boundBody struct {
	io.ReadCloser
	end func()
}

// Close closes the body.
func (b boundBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}
