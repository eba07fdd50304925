package deploytest

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/rollout"
)

// EachOnce reports why effects, those of one target, are not what the actions that were
// ordered for it, in the order of their fences, should come to: each of them at most
// once and in their order, and the last one last. One that was overtaken before it was
// done need not have had an effect.
func EachOnce(ordered, effects []rollout.Action) error {
	next := 0
	for i, e := range effects {
		at := next
		for at < len(ordered) && ordered[at].Key != e.Key {
			at++
		}
		if at == len(ordered) {
			return fmt.Errorf("deploytest: effect %d, of fence %d, was not ordered, or comes again or too late", i+1, e.Fence)
		}
		if ordered[at].Fence != e.Fence {
			return fmt.Errorf("deploytest: effect %d has fence %d, but %d was ordered", i+1, e.Fence, ordered[at].Fence)
		}
		next = at + 1
	}
	if n := len(ordered); n > 0 && next < n {
		return fmt.Errorf("deploytest: the last action, fence %d, has no effect, or another came after it", ordered[n-1].Fence)
	}
	return nil
}
