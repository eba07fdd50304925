package deploytest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/sallyport-dev/sallyport/rollout"
)

// Run proves the deployers that fresh makes, one for each of [Cases]. A fresh deployer
// has never seen the targets of the options, and must be able to deploy any of their
// releases there; fresh may call t.Parallel. What was not proven is logged, and why.
//
// Of a [rollout.Unfenced] deployer, that is all that only fences can give. Run waits some
// hundred times for its MaxLatency, which should be short in a test.
func Run(t *testing.T, fresh func(t *testing.T) rollout.Deployer, o *Options) {
	t.Helper()
	var mu sync.Mutex // fresh may have called t.Parallel
	proven := 0
	var unproven []string
	t.Cleanup(func() {
		for _, u := range unproven {
			t.Log(u)
		}
		t.Logf("deploytest: %d of %d demands proven", proven, len(Cases()))
	})
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			err := c.Run(t.Context(), fresh(t), o)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, ErrNotProven):
				unproven = append(unproven, fmt.Sprintf("%s: %s: %v", c.Name, c.Doc, err))
				t.Skip(unproven[len(unproven)-1])
			case err != nil:
				t.Errorf("%s: %v", c.Doc, err)
			default:
				proven++
			}
		})
	}
}
