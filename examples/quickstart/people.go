package main

import (
	"context"
	"crypto"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/release"
)

// issuer vouches for the principals of this example: nobody does but the program.
const issuer = "quickstart demonstration"

// people are the demonstration keys, and who holds which.
type people struct {
	keys    map[string]crypto.Signer
	keyring *evidence.Keyring
	// approvers are the made-up people who may approve, with their roles.
	approvers []approver
}

type approver struct {
	name  string
	roles []string
}

// The made-up machines.
const (
	runner    = "demo-ci-runner" // tests, scans and builds
	authority = "demo-release-authority"
	store     = "demo-evidence-store" // says what the journal holds
)

// newPeople makes, or finds again, as many demonstration keys as the requirements
// ask for.
func newPeople(dir string, requirements []release.Requirement) (people, error) {
	p := people{keys: map[string]crypto.Signer{}}
	most, roles := 1, []string(nil)
	for _, r := range requirements {
		if r.Evidence != release.EvidenceApproval {
			continue
		}
		most = max(most, r.Needed())
		for _, role := range r.Roles {
			if !slices.Contains(roles, role) {
				roles = append(roles, role)
			}
		}
	}
	for i := range most {
		a := approver{name: fmt.Sprintf("demo-approver-%d", i+1)}
		if i == 0 {
			a.roles = roles
		}
		p.approvers = append(p.approvers, a)
	}
	var ring []evidence.Key
	add := func(name string, kind release.ActorKind, roles []string) error {
		key, err := demoKey(filepath.Join(dir, "demo-keys"), name)
		if err != nil {
			return err
		}
		p.keys[name] = key
		ring = append(ring, evidence.Key{Public: key.Public(), Principal: principal(name), Kind: kind, Roles: roles})
		return nil
	}
	for _, a := range p.approvers {
		if err := add(a.name, release.ActorHuman, a.roles); err != nil {
			return p, err
		}
	}
	for _, name := range []string{runner, authority, store} {
		if err := add(name, release.ActorService, nil); err != nil {
			return p, err
		}
	}
	var err error
	p.keyring, err = evidence.NewKeyring(ring...)
	return p, err
}

// export writes the public keys, by which others verify the bundles.
func (p people) export(dir string) error {
	for _, name := range slices.Sorted(maps.Keys(p.keys)) {
		text, err := evidence.MarshalPublicKey(p.keys[name].Public())
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(dir, name+".pub.pem"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func principal(name string) evidence.Principal {
	return evidence.Principal{Issuer: issuer, Subject: name}
}

// identities maps the authors, who in git are only names, to principals. A real
// host looks them up in its directory; this example takes each address for a
// person of its own. An author without an address stays unmapped, and holds.
func identities(authors []release.Actor, requester release.Actor) map[string]evidence.Principal {
	m := map[string]evidence.Principal{requester.ID: principal(requester.ID)}
	for _, a := range authors {
		if a.ID != "" {
			m[a.ID] = principal(a.ID)
		}
	}
	return m
}

// requester is who runs the program.
var requester = release.Actor{Kind: release.ActorHuman, ID: "local:whoever-runs-quickstart"}

// receipts is a [evidence.Trust] that knows when each bundle arrived: the time at
// which the journal recorded it. Signatures by plain keys carry no time that
// anybody but the signer vouches for; the host's own append-only journal does.
type receipts struct {
	keyring *evidence.Keyring
	arrived map[release.Digest]time.Time // by the bundle's digest
}

func (r receipts) Check(ctx context.Context, s evidence.Signed) (evidence.Identity, error) {
	var times []evidence.Time
	if at, ok := r.arrived[release.DigestOf(s.Raw)]; ok {
		times = []evidence.Time{{T: at, Source: "journal"}}
	}
	return r.keyring.CheckAt(ctx, s, times)
}
