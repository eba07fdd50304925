package sqlite

import (
	"context"
	"database/sql"
)

// CheckpointPages is how many pages the log has when it is moved into the database.
const CheckpointPages = checkpointPages

// CountsLinks says that hard links can be told.
const CountsLinks = countsLinks

// SchemaVersion is the version of the tables.
var SchemaVersion = len(migrations)

// Migrate brings a database to the version that extra lead to beyond those of today.
func Migrate(ctx context.Context, db *sql.DB, extra ...string) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return migrate(ctx, conn, append(migrations[:len(migrations):len(migrations)], extra...))
}

// Queued is how many writes wait.
func (j *Journal) Queued() int { return j.group.Queued() }

// WriterSettings are synchronous, busy_timeout and wal_autocheckpoint of the writer.
func (j *Journal) WriterSettings(ctx context.Context) (out string) {
	_ = j.group.Alone(ctx, func() {
		for i, name := range []string{"synchronous", "busy_timeout", "wal_autocheckpoint"} {
			v, err := pragma(ctx, j.w.conn, name)
			if err != nil {
				v = err.Error()
			}
			if i > 0 {
				out += " "
			}
			out += v
		}
	})
	return out
}

// Plans are how the engine does what has to be fast.
func (j *Journal) Plans(ctx context.Context) map[string]string {
	out := map[string]string{}
	for name, query := range map[string]string{
		"free": freeLeases, "claim": claimDue + claimOrder, "claim by prefix": claimDue + claimWithPrefix + claimOrder,
		"delete": deleteSome, "base": baseRecord, "feed": feedPages,
	} {
		rows, err := j.db.QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, 1, 1, 1, 1, 1)
		if err != nil {
			out[name] = err.Error()
			continue
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				detail = err.Error()
			}
			out[name] += detail + "\n"
		}
		rows.Close()
	}
	return out
}
