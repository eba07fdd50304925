package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// evidenceStream is the journal's stream of bundles, in the order of their arrival.
const evidenceStream = "evidence"

// collection is the evidence of a run: kept in the journal, and verified again
// each time that it is read.
type collection struct {
	journal *journal.File
	trust   receipts
	raw     [][]byte
	what    map[release.Digest]string // by the bundle's digest, for people
	version uint64
}

// openCollection reads the bundles that the journal has.
func openCollection(ctx context.Context, j *journal.File, keyring *evidence.Keyring) (*collection, error) {
	c := &collection{journal: j, trust: receipts{keyring, map[release.Digest]time.Time{}}, what: map[release.Digest]string{}}
	for rec, err := range j.Load(ctx, evidenceStream, 0) {
		if err != nil {
			return nil, err
		}
		c.take(rec)
	}
	return c, nil
}

func (c *collection) take(rec journal.Record) {
	d := release.DigestOf(rec.Data)
	c.raw, c.version = append(c.raw, rec.Data), rec.Seq
	c.trust.arrived[d], c.what[d] = rec.At, rec.Reason
}

// add signs a statement and keeps the bundle. It is durable when add returns.
func (c *collection) add(ctx context.Context, p people, signer string, st evidence.Statement, what string) (evidence.Verified, error) {
	raw, err := evidence.Sign(ctx, st, p.keys[signer])
	if err != nil {
		return evidence.Verified{}, err
	}
	recs, err := c.journal.Append(ctx, journal.Append{Stream: evidenceStream, Expect: c.version,
		Entries: []journal.Entry{{At: now(), Actor: signer, Kind: "bundle", Reason: what, Data: raw}}})
	if err != nil {
		return evidence.Verified{}, err
	}
	c.take(recs[0])
	return evidence.Verify(ctx, c.trust, raw)
}

// verified verifies every bundle. One that does not verify is an error: this
// program keeps nothing that it did not sign.
func (c *collection) verified(ctx context.Context) ([]evidence.Verified, error) {
	var out []evidence.Verified
	for i, raw := range c.raw {
		v, err := evidence.Verify(ctx, c.trust, raw)
		if err != nil {
			return nil, fmt.Errorf("bundle %d of the journal: %w (if a demonstration key was replaced, choose another -out)", i+1, err)
		}
		out = append(out, v)
	}
	return out, nil
}

// find is the last bundle of a predicate type by a signer.
func (c *collection) find(ctx context.Context, predicateType, signer string) (evidence.Verified, bool, error) {
	all, err := c.verified(ctx)
	if err != nil {
		return evidence.Verified{}, false, err
	}
	for _, v := range slices.Backward(all) {
		if v.Statement().PredicateType() == predicateType && v.By().Principal == principal(signer) {
			return v, true, nil
		}
	}
	return evidence.Verified{}, false, nil
}

// export writes the bundles as files, for other tools.
func (c *collection) export(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i, raw := range c.raw {
		name := fmt.Sprintf("%s/%02d-%s.sigstore.json", dir, i+1, release.DigestOf(raw).Short())
		if err := writeFile(name, raw, 0o644); err != nil {
			return err
		}
	}
	return nil
}
