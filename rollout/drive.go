package rollout

import (
	"context"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// Drive is [Engine.Step] of the target whose stream was leased: what a
// [journal.Work] with [StreamPrefix] does, so that many hosts share many targets.
// Records are appended with the lease's token: a host whose lease went to another
// appends nothing more. A stream that is no target's is an error, and not due again.
func (e *Engine) Drive(ctx context.Context, l journal.Lease) (journal.Next, error) {
	t, err := TargetOf(l.Stream)
	if err != nil {
		return journal.Next{Wake: journal.MaxWake}, err
	}
	s, wake, err := e.step(ctx, t, l.Token)
	if err != nil {
		return journal.Next{}, err
	}
	// The step was decided on s.Head: a command that came since is not slept over.
	return journal.Next{Seq: s.Head.Seq, Wake: journal.WakeAt(wake, e.opts.Now())}, nil
}
