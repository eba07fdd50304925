package deploytest

import (
	"context"
	"time"

	"github.com/sallyport-dev/sallyport/rollout"
)

// Unfenced is a [Simulated] deployer that cannot compare fences: a [rollout.Unfenced]
// one. It takes an action with the key of the one that it did last for a repetition,
// and does every other when it arrives, overtaken or not: a late copy brings a canary
// back. What [Fate] would have arrive or settle later than Latency is lost.
type Unfenced struct {
	Simulated
	// Latency is how late a call's effect may come. If zero, a minute.
	Latency time.Duration
}

// MaxLatency implements [rollout.Unfenced].
func (u *Unfenced) MaxLatency() time.Duration {
	if u.Latency == 0 {
		return time.Minute
	}
	return u.Latency
}

// Apply implements [rollout.Deployer].
func (u *Unfenced) Apply(ctx context.Context, a rollout.Action) error {
	return u.send(ctx, a, u.MaxLatency())
}

// Observe implements [rollout.Deployer]. No fence is ever observed.
func (u *Unfenced) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	o, err := u.Simulated.Observe(ctx, t)
	o.Fence = 0
	return o, err
}
