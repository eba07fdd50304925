package sigstore

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

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
