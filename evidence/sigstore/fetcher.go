package sigstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// fetcher gets the files of one update for go-tuf: over the network, or from the
// cache as if that were the repository. (go-tuf's own has no context, and its
// constructor for a transport changes [http.DefaultClient].)
type fetcher struct {
	ctx         context.Context
	repository  Repository
	client      http.Client
	roots       map[string][]byte // root.json of each version that came, by name
	unreachable bool              // a request got no answer
}

func newFetcher(ctx context.Context, r Repository) *fetcher {
	return &fetcher{ctx: ctx, repository: r, roots: map[string][]byte{},
		client: http.Client{Transport: r.Endpoint.bound(ctx), Timeout: cmp.Or(r.Endpoint.Timeout, 30*time.Second)}}
}

// DownloadFile implements go-tuf's Fetcher: all of a file that has at most limit
// bytes. Its third argument is not used any more.
func (f *fetcher) DownloadFile(address string, limit int64, _ time.Duration) ([]byte, error) {
	if err := f.ctx.Err(); err != nil {
		return nil, err
	}
	if f.repository.Offline {
		return f.cached(address, limit)
	}
	if b, known, err := f.known(path.Base(address), limit); known {
		return b, err
	}
	for try := uint(0); ; try++ {
		b, err := f.get(address, limit)
		var status *metadata.ErrDownloadHTTP
		if try >= f.repository.Endpoint.Retries || !errors.As(err, &status) || status.StatusCode != 429 && status.StatusCode < 500 {
			if name := path.Base(address); err == nil && isRoot(name) {
				f.roots[name] = b
			}
			return b, err
		}
		wait := time.NewTimer(time.Second << min(try, 6))
		select {
		case <-wait.C:
		case <-f.ctx.Done():
			wait.Stop()
			return nil, context.Cause(f.ctx)
		}
	}
}

func (f *fetcher) get(address string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(f.ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("the address of a file is no URL")
	}
	res, err := f.client.Do(req)
	if err != nil {
		f.unreachable = true
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		f.unreachable = res.StatusCode == 429 || res.StatusCode >= 500
		return nil, &metadata.ErrDownloadHTTP{StatusCode: res.StatusCode, URL: req.URL.Redacted()}
	}
	b, err := bounded(res.Body, limit, path.Base(address))
	f.unreachable = err != nil && !errors.As(err, new(*metadata.ErrDownloadLengthMismatch))
	return b, err
}

// bounded reads all of r, which may have at most limit bytes.
func bounded(r io.Reader, limit int64, name string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, &metadata.ErrDownloadLengthMismatch{Msg: fmt.Sprintf("%s is longer than %d bytes", name, limit)}
	}
	return b, err
}

// isRoot recognises "7.root.json".
func isRoot(name string) bool {
	version, ok := strings.CutSuffix(name, ".root.json")
	return ok && isNumber(version)
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 63)
	return err == nil
}

// history is where each version of root.json is kept. go-tuf keeps the last
// alone, and from the first to the last there may be no way without the others.
func (f *fetcher) history(name string) string {
	return filepath.Join(f.repository.Cache, "root_history", name)
}

// known is a root.json that was verified before. The server is not asked for it
// again: go-tuf starts from the host's root each time, and whoever withheld a later
// one, or had another signed, would bring keys back that were replaced.
func (f *fetcher) known(name string, limit int64) (b []byte, known bool, err error) {
	if f.repository.Cache == "" || !isRoot(name) {
		return nil, false, nil
	}
	b, err = f.read(f.history(name), limit)
	return b, !errors.Is(err, fs.ErrNotExist), err
}

// cached reads metadata from where go-tuf has put it, without the version in
// front.
func (f *fetcher) cached(address string, limit int64) ([]byte, error) {
	name := path.Base(address)
	file := filepath.Join(f.repository.Cache, name)
	if isRoot(name) {
		file = f.history(name)
	} else if version, rest, _ := strings.Cut(name, "."); isNumber(version) {
		file = filepath.Join(f.repository.Cache, rest)
	}
	b, err := f.read(file, limit)
	if isRoot(name) && errors.Is(err, fs.ErrNotExist) {
		return nil, &metadata.ErrDownloadHTTP{StatusCode: http.StatusNotFound, URL: name} // there is no later one
	}
	return b, err
}

// read reads a file of the cache.
func (f *fetcher) read(file string, limit int64) ([]byte, error) {
	r, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the cache has no %s: %w", filepath.Base(file), fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return bounded(r, limit, filepath.Base(file))
}

// undamaged refuses a cache that a crash has left half written, of which go-tuf
// would only say that some JSON ends. To pass it over would be to forget what was
// current before, so the host decides.
func (f *fetcher) undamaged() error {
	if f.repository.Cache == "" {
		return nil
	}
	for _, name := range []string{"timestamp.json", "snapshot.json"} {
		b, err := f.read(filepath.Join(f.repository.Cache, name), maxRoot)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !json.Valid(b):
			return fmt.Errorf("%s in the cache is damaged; a new cache knows nothing of what was current before", name)
		}
	}
	return nil
}

// keep puts the roots of an update that has succeeded, which are verified by
// that, into the cache.
func (f *fetcher) keep() error {
	if f.repository.Offline || f.repository.Cache == "" || len(f.roots) == 0 {
		return nil
	}
	if err := os.MkdirAll(f.history(""), 0o700); err != nil {
		return err
	}
	names := make([]string, 0, len(f.roots))
	for name := range f.roots {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		part := f.history(name) + ".part"
		if err := os.WriteFile(part, f.roots[name], 0o600); err != nil {
			return err
		}
		if err := os.Rename(part, f.history(name)); err != nil {
			return err
		}
	}
	return nil
}
