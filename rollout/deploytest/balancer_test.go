package deploytest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
)

// loadBalancer simulates the load balancer: a document for each target, with a version.
type loadBalancer struct {
	mu       sync.Mutex
	docs     map[string]weights
	versions map[string]int
	blind    map[string]bool
	broken   map[string]bool
}

func (l *loadBalancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := r.URL.RawQuery
	version := fmt.Sprintf(`"%d"`, l.versions[name])
	switch {
	case l.blind[name]:
		http.Error(w, "a part does not answer", http.StatusBadGateway)
	case r.Method == http.MethodGet:
		w.Header().Set("ETag", version)
		_ = json.NewEncoder(w).Encode(l.docs[name])
	case r.Header.Get("If-Match") != version:
		http.Error(w, "changed", http.StatusPreconditionFailed)
	case r.Method == http.MethodPut:
		var doc weights
		if err := json.NewDecoder(r.Body).Decode(&doc); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if l.broken[name] {
			l.broken[name] = false
			doc.Shares = l.docs[name].Shares // it takes the document, and fails at the weights
			defer http.Error(w, "half-way", http.StatusInternalServerError)
		}
		l.set(name, doc)
	}
}

func (l *loadBalancer) set(name string, doc weights) {
	if l.docs == nil {
		l.docs, l.versions = map[string]weights{}, map[string]int{}
	}
	l.docs[name] = doc
	l.versions[name]++
}

// at changes a target behind the deployers' back.
func (l *loadBalancer) at(t rollout.Target, f func(name string)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.blind == nil {
		l.blind, l.broken = map[string]bool{}, map[string]bool{}
	}
	f(url.Values{"service": {t.Service}, "environment": {t.Environment}}.Encode())
	return nil
}

func TestBalancer(t *testing.T) {
	t.Parallel()
	var behind sync.Map // the load balancer of each deployer
	fresh := func(t *testing.T) rollout.Deployer {
		t.Parallel()
		l := new(loadBalancer)
		server := httptest.NewServer(l)
		t.Cleanup(server.Close)
		b := balancer{url: server.URL, client: server.Client()}
		behind.Store(b, l)
		return b
	}
	of := func(d rollout.Deployer) *loadBalancer {
		l, _ := behind.Load(d)
		return l.(*loadBalancer)
	}
	again := func(d rollout.Deployer) (rollout.Deployer, error) { return d, nil } // it keeps nothing
	deploytest.Run(t, fresh, &deploytest.Options{
		Restart: again,
		Beside:  again,
		Settle:  10 * time.Second,
		Linger:  5 * time.Millisecond,
		Drift: func(d rollout.Deployer, t rollout.Target, r release.Ref) error {
			l := of(d)
			return l.at(t, func(name string) {
				doc := l.docs[name]
				doc.Shares = []rollout.Share{{Release: r.Digest, Slice: rollout.Slice{Percent: 100}}}
				l.set(name, doc)
			})
		},
		Blind: func(d rollout.Deployer, t rollout.Target) error {
			l := of(d)
			return l.at(t, func(name string) { l.blind[name] = true })
		},
		Break: func(d rollout.Deployer, t rollout.Target) error {
			l := of(d)
			return l.at(t, func(name string) { l.broken[name] = true })
		},
	})
}
