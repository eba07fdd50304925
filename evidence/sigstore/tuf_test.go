package sigstore_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/sigstore"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/stretchr/testify/require"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

const tufURL = "https://tuf.example.com/repository"

// tufRepository is a real repository of The Update Framework, signed with keys
// made for the test, with consistent snapshots. What is doubled is the server:
// its files are answered in this process.
type tufRepository struct {
	t                                                         testing.TB
	rootVersion, targetsVersion, snapshotVersion, timeVersion int64
	expires                                                   time.Time // of what is published next
	keys                                                      map[string][]ed25519.PrivateKey
	retired                                                   []ed25519.PrivateKey // sign the next root too
	threshold                                                 int                  // of the role targets; default 1
	signWith                                                  map[string][]ed25519.PrivateKey
	files                                                     map[string][]byte // by path below the address
	asked                                                     []string
	answer                                                    func(r *http.Request) *http.Response // instead of the files
}

var tufRoles = []string{metadata.ROOT, metadata.TARGETS, metadata.SNAPSHOT, metadata.TIMESTAMP}

func newTUFKey(t testing.TB) ed25519.PrivateKey {
	_, k, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return k
}

func newTUF(t testing.TB, now time.Time, trustedRoot []byte) *tufRepository {
	r := &tufRepository{t: t, expires: now.AddDate(0, 0, 7), files: map[string][]byte{}, signWith: map[string][]ed25519.PrivateKey{},
		keys: map[string][]ed25519.PrivateKey{}, threshold: 1}
	for _, role := range tufRoles {
		r.keys[role] = []ed25519.PrivateKey{newTUFKey(t)}
	}
	r.publishRoot()
	r.publish(trustedRoot)
	return r
}

func (r *tufRepository) sign(role string, keys []ed25519.PrivateKey, sign func(signature.Signer) (*metadata.Signature, error)) {
	if with, ok := r.signWith[role]; ok {
		keys = with
	}
	for _, k := range keys {
		s, err := signature.LoadSigner(k, crypto.Hash(0))
		require.NoError(r.t, err)
		_, err = sign(s)
		require.NoError(r.t, err)
	}
}

// publishRoot publishes the next root.json.
func (r *tufRepository) publishRoot() {
	r.rootVersion++
	root := metadata.Root(r.expires)
	root.Signed.Version = r.rootVersion
	for _, role := range tufRoles {
		for _, k := range r.keys[role] {
			key, err := metadata.KeyFromPublicKey(k.Public())
			require.NoError(r.t, err)
			require.NoError(r.t, root.Signed.AddKey(key, role))
		}
	}
	root.Signed.Roles[metadata.TARGETS].Threshold = r.threshold
	r.sign(metadata.ROOT, append(r.retired, r.keys[metadata.ROOT]...), root.Sign)
	r.retired = nil
	b, err := root.ToBytes(false)
	require.NoError(r.t, err)
	r.files[fmt.Sprintf("%d.root.json", r.rootVersion)] = b
}

func meta(version int64, b []byte) *metadata.MetaFiles {
	f := metadata.MetaFile(version)
	sum := sha256.Sum256(b)
	f.Hashes = metadata.Hashes{"sha256": sum[:]}
	f.Length = int64(len(b))
	return f
}

// publish publishes a trusted root with new metadata down from targets.
func (r *tufRepository) publish(trustedRoot []byte) {
	target, err := metadata.TargetFile().FromBytes("trusted_root.json", trustedRoot)
	require.NoError(r.t, err)
	r.publishTarget(target)
	sum := sha256.Sum256(trustedRoot)
	r.files["targets/"+hex.EncodeToString(sum[:])+".trusted_root.json"] = trustedRoot
}

func (r *tufRepository) publishTarget(target *metadata.TargetFiles) {
	r.targetsVersion++
	targets := metadata.Targets(r.expires)
	targets.Signed.Version = r.targetsVersion
	targets.Signed.Targets["trusted_root.json"] = target
	r.sign(metadata.TARGETS, r.keys[metadata.TARGETS], targets.Sign)
	b, err := targets.ToBytes(false)
	require.NoError(r.t, err)
	r.files[fmt.Sprintf("%d.targets.json", r.targetsVersion)] = b
	r.publishSnapshot(meta(r.targetsVersion, b))
}

func (r *tufRepository) publishSnapshot(targets *metadata.MetaFiles) {
	r.snapshotVersion++
	snapshot := metadata.Snapshot(r.expires)
	snapshot.Signed.Version = r.snapshotVersion
	snapshot.Signed.Meta["targets.json"] = targets
	r.sign(metadata.SNAPSHOT, r.keys[metadata.SNAPSHOT], snapshot.Sign)
	b, err := snapshot.ToBytes(false)
	require.NoError(r.t, err)
	r.files[fmt.Sprintf("%d.snapshot.json", r.snapshotVersion)] = b
	r.publishTimestamp(meta(r.snapshotVersion, b))
}

func (r *tufRepository) publishTimestamp(snapshot *metadata.MetaFiles) {
	r.timeVersion++
	stamp := metadata.Timestamp(r.expires)
	stamp.Signed.Version = r.timeVersion
	stamp.Signed.Meta["snapshot.json"] = snapshot
	r.sign(metadata.TIMESTAMP, r.keys[metadata.TIMESTAMP], stamp.Sign)
	b, err := stamp.ToBytes(false)
	require.NoError(r.t, err)
	r.files["timestamp.json"] = b
}

// RoundTrip is the server.
func (r *tufRepository) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	name, ok := strings.CutPrefix(req.URL.String(), tufURL+"/")
	require.True(r.t, ok, "asked for %s", req.URL)
	r.asked = append(r.asked, name)
	if r.answer != nil {
		if res := r.answer(req); res != nil {
			return res, nil
		}
	}
	b, ok := r.files[name]
	if !ok {
		return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody}, nil
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(b))}, nil
}

// client is what a host would configure, with the first root.
func (r *tufRepository) client(cache string) sigstore.Repository {
	return sigstore.Repository{Endpoint: sigstore.Endpoint{URL: tufURL, Transport: r}, Root: r.files["1.root.json"], Cache: cache}
}

var nobodyThere = network(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route to host") })

func TestFetchTrustedRoot(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	file := in.trustedRoot()
	for _, cached := range []bool{false, true} {
		t.Run(fmt.Sprintf("cache %v", cached), func(t *testing.T) {
			t.Parallel()
			cache, file := "", file
			if cached {
				cache = filepath.Join(t.TempDir(), "made", "if need be")
			}
			r := newTUF(t, in.now, file)
			got, err := sigstore.FetchTrustedRoot(t.Context(), r.client(cache), in.now)
			require.NoError(t, err)
			require.Equal(t, release.DigestOf(file), got.Digest())
			opts := in.options()
			opts.Root = got
			_, err = sigstore.New(opts)
			require.NoError(t, err)

			// The file changes, and the keys of all roles with it, twice.
			for range 2 {
				r.retired = append([]ed25519.PrivateKey{}, r.keys[metadata.ROOT]...)
				for _, role := range tufRoles {
					r.keys[role] = []ed25519.PrivateKey{newTUFKey(t)}
				}
				r.publishRoot()
				file = append(bytes.Clone(file), ' ')
				r.publish(file)
			}
			r.asked = nil
			got, err = sigstore.FetchTrustedRoot(t.Context(), r.client(cache), in.now)
			require.NoError(t, err)
			require.Equal(t, release.DigestOf(file), got.Digest())
			require.Equal(t, "2.root.json", r.asked[0])

			offline := r.client(cache)
			offline.Offline, offline.Endpoint.Transport = true, nobodyThere
			if !cached {
				_, err = sigstore.FetchTrustedRoot(t.Context(), offline, in.now)
				require.ErrorContains(t, err, "no cache")
				return
			}
			before := tree(t, cache)
			got, err = sigstore.FetchTrustedRoot(t.Context(), offline, in.now)
			require.NoError(t, err, "the keys of the first root have all been replaced")
			require.Equal(t, release.DigestOf(file), got.Digest())
			require.Equal(t, before, tree(t, cache), "nothing is written offline")
			_, err = sigstore.FetchTrustedRoot(t.Context(), offline, r.expires.Add(time.Second))
			require.ErrorContains(t, err, "expired")
		})
	}
}

// tree is what stands in a folder.
func tree(t *testing.T, dir string) map[string]string {
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = string(b)
		return err
	}))
	return out
}

// What a server, or whoever stands before it, can serve instead.
func TestFetchTrustedRootRefuses(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	serve := func(name string, status int, body io.Reader) func(*tufRepository) {
		return func(r *tufRepository) {
			r.answer = func(req *http.Request) *http.Response {
				if !strings.HasSuffix(req.URL.Path, name) {
					return nil
				}
				return &http.Response{StatusCode: status, Header: http.Header{"Location": {"https://evil.example.com/"}}, Body: io.NopCloser(body)}
			}
		}
	}
	long := bytes.Repeat([]byte("a"), 5<<20)
	tests := []struct {
		name  string
		first bool // fetch once before, so that the cache knows what was there
		do    func(r *tufRepository)
		later time.Duration
		want  string
	}{
		{"expired timestamp", true, func(r *tufRepository) {}, 8 * day, "expired"},
		{"expired snapshot under a new timestamp", true, func(r *tufRepository) {
			r.expires = r.expires.AddDate(0, 0, 7)
			r.publishRoot()
			r.publishTimestamp(meta(2, r.files["2.snapshot.json"]))
		}, 8 * day, "snapshot.json is expired"},
		{"expired root", true, func(r *tufRepository) {
			r.expires = r.expires.AddDate(0, 0, 7)
			r.publish(long[:10])
		}, 8 * day, "final root.json is expired"},
		{"timestamp of before", true, func(r *tufRepository) {
			r.timeVersion = 0
			r.publishTimestamp(meta(1, r.files["1.snapshot.json"]))
		}, 0, "timestamp version 1 must be >= 2"},
		{"snapshot of before under a new timestamp", true, func(r *tufRepository) { r.publishTimestamp(meta(1, r.files["1.snapshot.json"])) }, 0, "snapshot version 1 must be >= 2"},
		{"targets of before under a new snapshot", true, func(r *tufRepository) { r.publishSnapshot(meta(1, r.files["1.targets.json"])) }, 0, "targets.json version"},
		{"target with another content", false, func(r *tufRepository) {
			for name, b := range r.files {
				if strings.HasPrefix(name, "targets/") {
					r.files[name] = bytes.Replace(b, []byte("example.com"), []byte("evil.org..."), 1)
				}
			}
		}, 0, "hash"},
		{"target with another length", false, func(r *tufRepository) {
			for name, b := range r.files {
				if strings.HasPrefix(name, "targets/") {
					r.files[name] = b[:len(b)-1]
				}
			}
		}, 0, "length"},
		{"target without a hash", false, func(r *tufRepository) { r.publishTarget(&metadata.TargetFiles{Length: 10}) }, 0, "hashes must not be empty"},
		{"target that is too long", false, func(r *tufRepository) { r.publish(long) }, 0, "longer than"},
		{"target that is no trusted root", false, func(r *tufRepository) { r.publish([]byte("{}")) }, 0, "trusted root"},
		{"no such target", false, func(r *tufRepository) {
			r.files["2.targets.json"] = bytes.Replace(r.files["2.targets.json"], []byte("trusted_root"), []byte("other_root"), 1)
		}, 0, "mismatch"},
		{"targets with one of two signatures", false, func(r *tufRepository) {
			r.keys[metadata.TARGETS] = append(r.keys[metadata.TARGETS], newTUFKey(r.t))
			r.threshold = 2
			r.publishRoot()
			r.signWith[metadata.TARGETS] = r.keys[metadata.TARGETS][:1]
			r.publish(long[:10])
		}, 0, "got 1, want 2"},
		{"targets with two signatures of one key", false, func(r *tufRepository) {
			k := r.keys[metadata.TARGETS][0]
			r.keys[metadata.TARGETS] = append(r.keys[metadata.TARGETS], newTUFKey(r.t))
			r.threshold = 2
			r.publishRoot()
			r.signWith[metadata.TARGETS] = []ed25519.PrivateKey{k, k}
			r.publish(long[:10])
		}, 0, "multiple signatures"},
		{"timestamp of another key", false, func(r *tufRepository) {
			r.signWith[metadata.TIMESTAMP] = []ed25519.PrivateKey{newTUFKey(r.t)}
			r.publish(long[:10])
		}, 0, "not enough signatures"},
		{"snapshot of another key", false, func(r *tufRepository) {
			r.signWith[metadata.SNAPSHOT] = []ed25519.PrivateKey{newTUFKey(r.t)}
			r.publish(long[:10])
		}, 0, "not enough signatures"},
		{"root that the old key did not sign", false, func(r *tufRepository) {
			r.keys[metadata.ROOT] = []ed25519.PrivateKey{newTUFKey(r.t)}
			r.publishRoot()
		}, 0, "not enough signatures"},
		{"root that the new key did not sign", false, func(r *tufRepository) {
			r.signWith[metadata.ROOT] = r.keys[metadata.ROOT]
			r.keys[metadata.ROOT] = []ed25519.PrivateKey{newTUFKey(r.t)}
			r.publishRoot()
		}, 0, "not enough signatures"},
		{"root that skips a version", false, func(r *tufRepository) {
			r.rootVersion++
			r.publishRoot()
			r.files["2.root.json"] = r.files["3.root.json"]
		}, 0, "bad version number"},
		{"root of before", false, func(r *tufRepository) { r.files["2.root.json"] = r.files["1.root.json"] }, 0, "bad version number"},
		{"endless root", false, serve("/2.root.json", 200, endless(' ')), 0, "longer than 512000"},
		{"endless timestamp", false, serve("/timestamp.json", 200, endless(' ')), 0, "longer than 16384"},
		{"endless snapshot", false, serve("/2.snapshot.json", 200, endless(' ')), 0, "longer than"},
		{"endless targets", false, serve("/2.targets.json", 200, endless(' ')), 0, "longer than"},
		{"endless target", false, serve("trusted_root.json", 200, endless(' ')), 0, "longer than"},
		{"endless refusal", false, serve("/timestamp.json", 403, endless('x')), 0, "403"},
		{"junk", false, serve("/timestamp.json", 200, strings.NewReader("<html>")), 0, "invalid character"},
		{"nothing", false, serve("/timestamp.json", 200, http.NoBody), 0, "JSON"},
		{"targets that make go-tuf panic", false, func(r *tufRepository) {
			b := []byte(`{"signatures":[],"signed":{"_type":"targets","targets":{"trusted_root.json":null}}}`)
			r.files["3.targets.json"] = b
			r.publishSnapshot(metadata.MetaFile(3))
		}, 0, "panicked"},
		{"timestamp without a snapshot", false, func(r *tufRepository) { r.publishTimestamp(nil) }, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := newInstance(t)
			r := newTUF(t, in.now, in.trustedRoot())
			r.publish(in.trustedRoot()) // version 2
			cache := t.TempDir()
			if tt.first {
				_, err := sigstore.FetchTrustedRoot(t.Context(), r.client(cache), in.now)
				require.NoError(t, err)
			}
			tt.do(r)
			got, err := sigstore.FetchTrustedRoot(t.Context(), r.client(cache), in.now.Add(tt.later))
			require.ErrorContains(t, err, tt.want)
			require.True(t, got.IsZero())
			require.NotErrorIs(t, err, sigstore.ErrUnreachable, "it was reached, and lied")
			require.NotContains(t, err.Error(), "\n")
			require.Less(t, len(err.Error()), 600)
		})
	}
}

// A host that starts without network goes on with what it has, if that is not
// too old, and learns that nobody answered.
func TestFetchTrustedRootUnreachable(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	r := newTUF(t, in.now, in.trustedRoot())
	cache := t.TempDir()
	_, err := sigstore.FetchTrustedRoot(t.Context(), r.client(cache), in.now)
	require.NoError(t, err)
	for name, transport := range map[string]http.RoundTripper{"no route": nobodyThere, "unavailable": answer(503, "", http.NoBody), "too many": answer(429, "", http.NoBody),
		"a page to log in": answer(302, "", http.NoBody)} {
		c := r.client(cache)
		c.Endpoint.URL, c.Endpoint.Transport = strings.Replace(tufURL, "//", "//user:hunter2@", 1), transport
		_, err = sigstore.FetchTrustedRoot(t.Context(), c, in.now)
		require.ErrorIs(t, err, sigstore.ErrUnreachable, name)
		require.NotContains(t, err.Error(), "hunter2")
		c.Offline = true
		_, err = sigstore.FetchTrustedRoot(t.Context(), c, in.now)
		require.NoError(t, err, name)
	}
	// What is in the cache is believed as little as what comes from the network.
	require.NoError(t, os.WriteFile(filepath.Join(cache, "targets", "trusted_root.json"), []byte("{}"), 0o600))
	c := r.client(cache)
	c.Offline = true
	_, err = sigstore.FetchTrustedRoot(t.Context(), c, in.now)
	require.ErrorContains(t, err, "length")
	_, err = sigstore.FetchTrustedRoot(t.Context(), r.client(cache), in.now)
	require.NoError(t, err, "online it is fetched anew")
	stranger := newTUF(t, in.now, []byte("{}"))
	foreign := t.TempDir()
	_, err = sigstore.FetchTrustedRoot(t.Context(), stranger.client(foreign), in.now)
	require.ErrorContains(t, err, "trusted root")
	c.Cache = foreign
	_, err = sigstore.FetchTrustedRoot(t.Context(), c, in.now)
	require.ErrorContains(t, err, "not enough signatures")
	require.NoError(t, os.Remove(filepath.Join(cache, "timestamp.json")))
	c.Cache = cache
	_, err = sigstore.FetchTrustedRoot(t.Context(), c, in.now)
	require.ErrorContains(t, err, "the cache has no timestamp.json")
}

func TestFetchTrustedRootRetries(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	r := newTUF(t, in.now, in.trustedRoot())
	failed := false
	r.answer = func(*http.Request) *http.Response {
		if failed {
			return nil
		}
		failed = true
		return &http.Response{StatusCode: 502, Body: http.NoBody}
	}
	c := r.client("")
	c.Endpoint.Retries = 1
	_, err := sigstore.FetchTrustedRoot(t.Context(), c, in.now)
	require.NoError(t, err)
	require.Equal(t, r.asked[0], r.asked[1])
}

func TestFetchTrustedRootOptions(t *testing.T) {
	t.Parallel()
	_, err := sigstore.FetchTrustedRoot(t.Context(), sigstore.Repository{Offline: true}, time.Time{})
	for _, want := range []string{"no http or https URL", "no root.json", "no cache", "no time"} {
		require.ErrorContains(t, err, want)
	}
	in := newInstance(t)
	r := newTUF(t, in.now, in.trustedRoot())
	c := r.client("")
	c.Root = []byte("{}")
	_, err = sigstore.FetchTrustedRoot(t.Context(), c, in.now)
	require.Error(t, err)
	require.Empty(t, r.asked)
	c = r.client("")
	c.Root = sigstore.PublicGoodRoot()
	_, err = sigstore.FetchTrustedRoot(t.Context(), c, in.now)
	require.ErrorContains(t, err, "not enough signatures", "another instance's root")
}

// One changed byte in any file never makes another trusted root.
func TestFetchTrustedRootFlipped(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	file := in.trustedRoot()
	r := newTUF(t, in.now, file)
	r.publishRoot()
	step := 211
	if testing.Short() {
		step = 997
	}
	tried, refused := 0, 0
	for name, good := range r.files {
		if name == "1.root.json" {
			continue // the host ships it
		}
		for i := 0; i < len(good); i += step {
			r.files[name] = bytes.Clone(good)
			r.files[name][i] ^= 1 << (i % 7)
			tried++
			got, err := sigstore.FetchTrustedRoot(t.Context(), r.client(""), in.now)
			if err != nil {
				refused++
				continue
			}
			require.Equal(t, release.DigestOf(file), got.Digest(), "byte %d of %s", i, name)
		}
		r.files[name] = good
	}
	t.Logf("%d bytes changed, %d refused", tried, refused)
	require.Greater(t, refused, tried/2)
}

// go-tuf looks for local metadata in the working directory when it is given no
// folder, even if it is told to keep none. Not parallel: it changes that.
func TestFetchTrustedRootTouchesNothing(t *testing.T) {
	in := newInstance(t)
	r := newTUF(t, in.now, in.trustedRoot())
	old, client := r.files["timestamp.json"], r.client("")
	r.publish(in.trustedRoot())
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("timestamp.json", r.files["timestamp.json"], 0o600))
	before := tree(t, ".")
	transport := http.DefaultClient.Transport

	read, w, err := os.Pipe()
	require.NoError(t, err)
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	r.files["timestamp.json"] = old
	_, fetchErr := sigstore.FetchTrustedRoot(t.Context(), client, in.now)
	client.Cache = filepath.Join(t.TempDir(), "cache")
	_, cacheErr := sigstore.FetchTrustedRoot(t.Context(), client, in.now)
	r.files["timestamp.json"] = nil
	_, refused := sigstore.FetchTrustedRoot(t.Context(), client, in.now)
	os.Stdout, os.Stderr = stdout, stderr
	require.NoError(t, w.Close())
	printed, err := io.ReadAll(read)
	require.NoError(t, err)
	require.Empty(t, string(printed))
	require.NoError(t, fetchErr, "what lies in the working directory is newer, and nobody's business")
	require.NoError(t, cacheErr)
	require.Error(t, refused)
	require.Equal(t, before, tree(t, "."))
	require.Equal(t, transport, http.DefaultClient.Transport)
}

func TestFetchTrustedRootEndsWithContext(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	r := newTUF(t, in.now, in.trustedRoot())
	c := r.client("")
	c.Endpoint.Transport = silent{}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, errors.New("enough"))
	defer cancel()
	_, err := sigstore.FetchTrustedRoot(ctx, c, in.now)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "enough")
	_, err = sigstore.FetchTrustedRoot(ctx, r.client(""), in.now)
	require.ErrorIs(t, err, context.DeadlineExceeded, "and it is over before anything is asked")
	require.Empty(t, r.asked)
	c.Endpoint.Timeout = 20 * time.Millisecond
	_, err = sigstore.FetchTrustedRoot(t.Context(), c, in.now)
	require.ErrorIs(t, err, sigstore.ErrUnreachable)
	// A service that is not there is waited for no longer than the caller does.
	c = r.client("")
	c.Endpoint.Transport, c.Endpoint.Retries = answer(503, "", http.NoBody), 9
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = sigstore.FetchTrustedRoot(ctx, c, in.now)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// A cache that a crash has left half written is named and not overlooked: without
// it nobody knows what was current before.
func TestFetchTrustedRootDamagedCache(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	r := newTUF(t, in.now, in.trustedRoot())
	for _, name := range []string{"timestamp.json", "snapshot.json", "targets.json"} {
		cache := t.TempDir()
		_, err := sigstore.FetchTrustedRoot(t.Context(), r.client(cache), in.now)
		require.NoError(t, err)
		require.NoError(t, os.Truncate(filepath.Join(cache, name), 0))
		c := r.client(cache)
		c.Offline = true
		_, err = sigstore.FetchTrustedRoot(t.Context(), c, in.now)
		require.Error(t, err, name)
		_, err = sigstore.FetchTrustedRoot(t.Context(), r.client(cache), in.now)
		if name == "targets.json" {
			require.NoError(t, err, "it is verified by its hash, and fetched anew")
			continue
		}
		require.ErrorContains(t, err, name+" in the cache is damaged")
	}
}

// Keys that were replaced are believed no more, also by a host that starts from a
// root of before, if its cache knows better: whoever has the old keys, and stands
// before the server, withholds the root that replaced them or makes another one.
func TestFetchTrustedRootKnowsLaterRoots(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	root := in.trustedRoot() // its parts come in another order each time
	for _, another := range []bool{false, true} {
		r := newTUF(t, in.now, root)
		cache := t.TempDir()
		stolen := maps.Clone(r.keys)
		r.retired = stolen[metadata.ROOT]
		for _, role := range tufRoles {
			r.keys[role] = []ed25519.PrivateKey{newTUFKey(t)}
		}
		r.publishRoot()
		r.publish(root)
		_, err := sigstore.FetchTrustedRoot(t.Context(), r.client(cache), in.now)
		require.NoError(t, err)
		good := maps.Clone(r.files)

		r.keys = stolen
		delete(r.files, "2.root.json")
		if another {
			r.rootVersion--
			r.publishRoot()
		}
		evil := newInstance(t).trustedRoot()
		r.publish(evil)
		got, err := sigstore.FetchTrustedRoot(t.Context(), r.client(""), in.now)
		require.NoError(t, err, "a host without a cache cannot know")
		require.Equal(t, release.DigestOf(evil), got.Digest())
		_, err = sigstore.FetchTrustedRoot(t.Context(), r.client(cache), in.now)
		require.ErrorContains(t, err, "not enough signatures")

		// What was refused leaves nothing behind.
		r.files = good
		got, err = sigstore.FetchTrustedRoot(t.Context(), r.client(cache), in.now)
		require.NoError(t, err)
		require.Equal(t, release.DigestOf(root), got.Digest())
	}
}
