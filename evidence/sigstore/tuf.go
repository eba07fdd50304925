package sigstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/sigstore/sigstore-go/pkg/tuf"
	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"
)

// Repository is a repository of The Update Framework that has a trusted root
// among its targets, such as sigstore's own and GitHub's
// (https://theupdateframework.github.io/specification/). Its signed metadata says
// which file is current; who keeps the server, or the way to it, can withhold an
// update and can forge none.
type Repository struct {
	// Endpoint is where the repository is: the folder that has timestamp.json, with
	// the targets in the folder "targets" below. There is no default.
	Endpoint Endpoint
	// Root is the root.json to start from: one that the host ships, of any version,
	// expired or not. Each later one must be signed by the one before it. See
	// [PublicGoodRoot].
	Root []byte
	// Cache is a folder for this repository alone, made if need be. It protects
	// from being given what is older than what was seen before, keys that were
	// replaced among it, and makes Offline possible. If empty, nothing is kept and
	// nothing is read. What is in it is verified as what comes over the network is;
	// whoever can write there can still put back what was current, until it expires.
	Cache string
	// Offline reads the Cache and asks nobody. Nothing is written.
	Offline bool
	// Target is the name of the trusted root. If empty, "trusted_root.json".
	Target string
}

// ErrUnreachable is returned by [FetchTrustedRoot] where the repository gave no
// answer, or only that it cannot give one now or is elsewhere. That says nothing
// against what is in the cache, which a caller may then read with Offline.
var ErrUnreachable = errors.New("sigstore: the repository cannot be reached")

// PublicGoodRoot is the root.json of sigstore's public instance as this version of
// sigstore-go embeds it, for a [Repository] that is a mirror of that instance's.
// To use it is to trust whoever released that version.
func PublicGoodRoot() []byte { return tuf.DefaultRoot() }

// noPath is a path that no system opens. go-tuf looks for local metadata even
// when it is told to keep none, in the working directory if no other is named.
const noPath = "\x00"

// FetchTrustedRoot asks r for the trusted root that is current as of now, following
// the client's workflow of the TUF specification (section 5): new root keys are
// taken over one by one, and metadata that has expired at now, that is older than
// what was there before, that too few keys have signed, or that is longer than
// go-tuf's bounds is refused, and so is a file that is not the one described.
//
// It blocks until the last answer; ctx and the endpoint's timeout end it. One
// folder of cache is not to be used by two calls at once. Some hosts fetch once
// when they start, others each day: the result does not change by itself.
func FetchTrustedRoot(ctx context.Context, r Repository, now time.Time) (TrustedRoot, error) {
	if err := r.check(now); err != nil {
		return TrustedRoot{}, err
	}
	f := newFetcher(ctx, r)
	var file []byte
	err := contain(func() (err error) {
		file, err = r.update(f, now)
		return err
	})
	switch {
	case err != nil && f.unreachable:
		return TrustedRoot{}, fmt.Errorf("%w: %w", ErrUnreachable, said(ctx, err, ""))
	case err != nil:
		return TrustedRoot{}, fmt.Errorf("sigstore: fetch trusted root: %w", said(ctx, err, ""))
	}
	if err := f.keep(); err != nil {
		return TrustedRoot{}, fmt.Errorf("sigstore: fetch trusted root: cache: %w", err)
	}
	return ParseTrustedRoot(file)
}

// check reports everything that is wrong at once.
func (r Repository) check(now time.Time) error {
	errs := []error{r.Endpoint.check("TUF repository")}
	if len(r.Root) == 0 {
		errs = append(errs, errors.New("sigstore: TUF repository: no root.json is given to start from"))
	}
	if r.Offline && r.Cache == "" {
		errs = append(errs, errors.New("sigstore: TUF repository: offline, and no cache is given"))
	}
	if now.IsZero() {
		errs = append(errs, errors.New("sigstore: TUF repository: no time"))
	}
	return errors.Join(errs...)
}

func (r Repository) target() string {
	if r.Target == "" {
		return "trusted_root.json"
	}
	return r.Target
}

// update is the client's workflow; what it gives is verified.
func (r Repository) update(f *fetcher, now time.Time) ([]byte, error) {
	cfg, err := config.New(r.Endpoint.URL, r.Root)
	if err != nil {
		return nil, err
	}
	cfg.Fetcher = f
	if r.Offline || r.Cache == "" { // offline, the cache is the repository
		cfg.DisableLocalCache, cfg.LocalMetadataDir, cfg.LocalTargetsDir = true, noPath, noPath
	} else {
		cfg.LocalMetadataDir, cfg.LocalTargetsDir = r.Cache, filepath.Join(r.Cache, "targets")
	}
	if err := f.undamaged(); err != nil {
		return nil, err
	}
	u, err := updater.New(cfg)
	if err != nil {
		return nil, err
	}
	// The library calls this unsafe since it is for tests: it would else ask the
	// clock itself. Here the caller says what time it is.
	u.UnsafeSetRefTime(now.UTC())
	if err := u.Refresh(); err != nil {
		return nil, err
	}
	info, err := u.GetTargetInfo(r.target())
	switch {
	case err != nil:
		return nil, err
	case info.Length > maxRoot:
		return nil, fmt.Errorf("a trusted root of %d bytes is longer than %d", info.Length, maxRoot)
	}
	if r.Offline {
		file, err := f.read(filepath.Join(r.Cache, "targets", url.PathEscape(r.target())), maxRoot)
		return file, cmp.Or(err, info.VerifyLengthHashes(file))
	}
	if _, file, err := u.FindCachedTarget(info, ""); err != nil || file != nil {
		return file, err
	}
	_, file, err := u.DownloadTarget(info, "", "")
	return file, err
}
