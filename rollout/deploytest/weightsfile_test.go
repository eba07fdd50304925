//go:build unix

package deploytest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
)

// weightsDir deploys by files of weights, one for each target, which a proxy would read.
// A file is replaced as a whole, and holds the fence beside the weights, so that neither
// is there without the other. Its directory is locked meanwhile, against other processes
// too.
type weightsDir string

func (d weightsDir) file(t rollout.Target) string {
	return filepath.Join(string(d), release.DigestOf([]byte(t.Stream())).String()+".json")
}

func (d weightsDir) Apply(ctx context.Context, a rollout.Action) error {
	unlock, err := d.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	now, err := d.read(a.Target)
	if err != nil {
		return err
	}
	switch last := now.Action; {
	case a.Fence == 0 || a.Key.IsZero():
		return errors.New("weights: an action needs a fence and a key")
	case a.Fence < last.Fence || a.Fence == last.Fence && a.Key != last.Key:
		return fmt.Errorf("weights: fence %d after %d: %w", a.Fence, last.Fence, rollout.ErrFenced)
	case a.Fence == last.Fence:
		a = last // again what was accepted
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.write(a.Target, weights{a, shares(a)})
}

func (d weightsDir) Observe(_ context.Context, t rollout.Target) (rollout.Observed, error) {
	now, err := d.read(t)
	return rollout.Observed{Shares: now.Shares, Fence: now.Action.Fence, Settled: err == nil}, err
}

// lock locks the directory, for as long as the process lives at most.
func (d weightsDir) lock(ctx context.Context) (unlock func(), err error) {
	f, err := os.Open(string(d))
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

func (d weightsDir) read(t rollout.Target) (w weights, err error) {
	text, err := os.ReadFile(d.file(t))
	if errors.Is(err, os.ErrNotExist) {
		return weights{}, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &w)
	}
	if err != nil {
		return weights{}, fmt.Errorf("weights: read those of %v: %w", t, err)
	}
	return w, nil
}

func (d weightsDir) write(t rollout.Target, w weights) error {
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	f, err := os.Create(d.file(t) + ".new")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), d.file(t)); err != nil {
		return err
	}
	dir, err := os.Open(string(d))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func TestWeightsDir(t *testing.T) {
	t.Parallel()
	fresh := func(t *testing.T) rollout.Deployer {
		t.Parallel()
		return weightsDir(t.TempDir())
	}
	again := func(d rollout.Deployer) (rollout.Deployer, error) { return d, nil } // all that it keeps is in the files
	deploytest.Run(t, fresh, &deploytest.Options{
		Restart: again,
		Beside:  again,
		Linger:  2 * time.Millisecond,
		Drift: func(d rollout.Deployer, t rollout.Target, r release.Ref) error {
			dir := d.(weightsDir)
			w, err := dir.read(t)
			w.Shares = []rollout.Share{{Release: r.Digest, Slice: rollout.Slice{Percent: 100}}}
			return errors.Join(err, dir.write(t, w))
		},
		Blind: func(d rollout.Deployer, t rollout.Target) error {
			name := d.(weightsDir).file(t)
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			return os.WriteFile(name, text[:len(text)/2], 0o600)
		},
		// There is no Break: a file is replaced or it is not.
	})
}
