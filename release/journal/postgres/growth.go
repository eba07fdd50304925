package postgres

import (
	"math/bits"
	"strconv"
	"sync/atomic"
)

// growth has the server plan its prepared statements anew whenever the journal has grown
// much. A session keeps the plan of a prepared statement, and one that was made when the
// tables had a few rows, which is to read all of them, would stay until the statistics
// are gathered again, a minute later or never.
type growth struct{ position atomic.Int64 }

// saw notes a position of the feed.
func (g *growth) saw(position int64) {
	for {
		old := g.position.Load()
		if position <= old || g.position.CompareAndSwap(old, position) {
			return
		}
	}
}

// plan makes another statement of sql each time the journal is four times as large.
func (g *growth) plan(sql string) string {
	return sql + " /* grown " + strconv.Itoa(bits.Len64(uint64(g.position.Load()))/2) + " */"
}
