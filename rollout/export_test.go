package rollout

import (
	"context"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// AnswerBuiltIn is what an engine over this journal answers to one of its own gates.
func AnswerBuiltIn(ctx context.Context, j journal.Journal, s State, q GateQuery) GateAnswer {
	return (&Engine{opts: Options{Journal: j}}).gate(ctx, s, q)
}
