package postgres

import "context"

// The seams of the tests.
var (
	Undone = undone
	Again  = again
	Weak   = weak
)

// MaxHeads is how many heads are remembered.
const MaxHeads = maxHeads

// Migrate brings the tables up to date as a version with more steps would.
func (j *Journal) Migrate(ctx context.Context, more ...[]string) error {
	return j.migrate(ctx, append(migrations(j.schema), more...))
}
