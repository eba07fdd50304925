package deploytest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// balancer deploys by the weights of a load balancer, which has one document for each
// target and changes it only for those who know its version.
type balancer struct {
	url    string
	client *http.Client
}

// weights is the balancer's document: what it sends where, and the action that said so.
type weights struct {
	Action rollout.Action  `json:"action"`
	Shares []rollout.Share `json:"shares"`
}

// Apply compares the fence with the one in the document, and writes the document only if
// it is still the one that it has compared with. A process that fell asleep in between
// wakes to find its version gone, and compares again.
func (b balancer) Apply(ctx context.Context, a rollout.Action) error {
	for {
		now, version, err := b.get(ctx, a.Target)
		if err != nil {
			return err
		}
		switch last := now.Action; {
		case a.Fence == 0 || a.Key.IsZero():
			return errors.New("balancer: an action needs a fence and a key")
		case a.Fence < last.Fence || a.Fence == last.Fence && a.Key != last.Key:
			return fmt.Errorf("balancer: fence %d after %d: %w", a.Fence, last.Fence, rollout.ErrFenced)
		case a.Fence == last.Fence:
			a = last // again what was accepted
		}
		err = b.put(ctx, version, weights{a, shares(a)})
		if !errors.Is(err, errChanged) {
			return err
		}
	}
}

// Observe reports the weights that the balancer has.
func (b balancer) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	now, _, err := b.get(ctx, t)
	return rollout.Observed{Shares: now.Shares, Fence: now.Action.Fence, Settled: err == nil}, err
}

// shares are the release's slices, and all the rest for the previous release.
func shares(a rollout.Action) []rollout.Share {
	var out []rollout.Share
	rest := 100.
	for _, s := range a.Slices {
		out = append(out, rollout.Share{Release: a.Release.Digest, Slice: s})
		if s.Everything() {
			rest -= s.Percent
		}
	}
	if rest > 0 && !a.Whole && !a.Previous.IsZero() {
		out = append(out, rollout.Share{Release: a.Previous.Digest, Slice: rollout.Slice{Percent: rest}})
	}
	return out
}

// errChanged says that the document is no longer of the version that was read.
var errChanged = errors.New("balancer: somebody else was faster")

func (b balancer) get(ctx context.Context, t rollout.Target) (now weights, version string, err error) {
	res, err := b.do(ctx, http.MethodGet, t, "", nil)
	if err != nil {
		return weights{}, "", err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&now); err != nil {
		return weights{}, "", fmt.Errorf("balancer: read %v: %w", t, err)
	}
	return now, res.Header.Get("ETag"), nil
}

func (b balancer) put(ctx context.Context, version string, w weights) error {
	body, err := json.Marshal(w)
	if err != nil {
		return err
	}
	res, err := b.do(ctx, http.MethodPut, w.Action.Target, version, body)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func (b balancer) do(ctx context.Context, method string, t rollout.Target, version string, body []byte) (*http.Response, error) {
	address := b.url + "/weights?" + url.Values{"service": {t.Service}, "environment": {t.Environment}}.Encode()
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if version != "" {
		req.Header.Set("If-Match", version)
	}
	res, err := b.client.Do(req)
	switch {
	case err != nil:
		return nil, fmt.Errorf("balancer: %s %v: %w", method, t, err)
	case res.StatusCode == http.StatusPreconditionFailed:
		err = errChanged
	case res.StatusCode != http.StatusOK:
		err = fmt.Errorf("balancer: %s %v: %s", method, t, res.Status)
	}
	if err != nil {
		res.Body.Close()
		return nil, err
	}
	return res, nil
}

// A host's deployer: here, one that sets the weights of a load balancer over HTTP, which
// is simulated. TestBalancer is its proof.
func Example() {
	server := httptest.NewServer(new(loadBalancer))
	defer server.Close()
	b := balancer{url: server.URL, client: &http.Client{Timeout: time.Second}}

	version := func(v string) release.Ref {
		return release.Ref{Service: "api", Version: v, Digest: release.DigestOf([]byte(v))}
	}
	canary := rollout.Action{Target: rollout.Target{Service: "api", Environment: "production"}, Kind: rollout.ActionExpose,
		Release: version("1.5.0"), Previous: version("1.4.2"), Stage: "canary", Slices: []rollout.Slice{{Percent: 5}},
		Key: release.DigestOf([]byte("record 3")), Fence: 3}
	back := canary
	back.Kind, back.Stage, back.Slices, back.Key, back.Fence = rollout.ActionRollback, "", nil, release.DigestOf([]byte("record 5")), 5

	ctx := context.Background()
	for _, a := range []rollout.Action{canary, canary, back, canary} { // the last one comes late
		fmt.Println(a.Kind, a.Fence, b.Apply(ctx, a))
	}
	now, err := b.Observe(ctx, canary.Target)
	fmt.Println("back:", back.Check(now), err)
	fmt.Println("canary:", canary.Check(now))
	// Output:
	// expose 3 <nil>
	// expose 3 <nil>
	// rollback 5 <nil>
	// expose 3 balancer: fence 3 after 5: rollout: the action was overtaken by a later one
	// back: <nil> <nil>
	// canary: rollout: fence 5 has overtaken the action's fence 3
}
