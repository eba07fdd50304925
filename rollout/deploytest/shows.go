package deploytest

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/rollout"
)

// slack is how far shares may be from adding up to 100 percent.
const slack = 0.1

// shows reports why o does not show that a is done, or nil. It is stricter than
// [rollout.Action.Check], which must get along with every deployer's way to tell: no
// scope has more than all of its traffic, and where nothing has a scope, the previous
// release has all that the release does not. Of a deployer that is unfenced, late is
// above zero, and fences are not compared.
func shows(a rollout.Action, o rollout.Observed, late time.Duration) error {
	o.Unfenced = late
	if err := a.Check(o); err != nil {
		return err
	}
	sums := map[rollout.Slice]float64{} // by slice without its percent
	scoped := false
	for _, share := range o.Shares {
		scope := share.Slice
		scope.Percent = 0
		scoped = scoped || !scope.Everything()
		if sums[scope] += share.Slice.Percent; sums[scope] > 100+slack {
			return fmt.Errorf("more than all serves %v", share.Slice)
		}
	}
	sum := sums[rollout.Slice{}]
	switch {
	case scoped || len(a.Slices) > 1 || a.Previous.IsZero():
	case sum < 100-slack:
		return fmt.Errorf("nobody serves %.4g %% of the traffic", 100-sum)
	}
	return nil
}
