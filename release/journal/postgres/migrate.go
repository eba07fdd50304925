package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// ErrNewer says that the tables were made by a newer version of this package, which
// this one does not understand. Nothing was changed.
var ErrNewer = errors.New("postgres: the tables are of a newer version")

// migrations are the steps from an empty database to what this version uses, each a list
// of statements. A step that was published is never changed.
func migrations(schema string) [][]string {
	t := tables(schema)
	return [][]string{{
		// One row. It is locked and changed by every append, so its page has room for many
		// versions of it, and nothing but the key is indexed.
		`CREATE TABLE ` + t.meta + ` (
			id int PRIMARY KEY CHECK (id = 1),
			version bigint NOT NULL,
			position bigint NOT NULL CHECK (position >= 0),
			dropped bigint NOT NULL CHECK (dropped >= 0)
		) WITH (fillfactor = 10)`,
		`INSERT INTO ` + t.meta + ` (id, version, position, dropped) VALUES (1, 0, 0, 0)`,
		`CREATE TABLE ` + t.stream + ` (
			name bytea PRIMARY KEY,
			version bigint NOT NULL CHECK (version > 0),
			hash bytea NOT NULL CHECK (octet_length(hash) = 32),
			wake bigint NOT NULL,
			token bigint NOT NULL CHECK (token >= 0),
			until bigint NOT NULL,
			worker bytea NOT NULL,
			base_version bigint NOT NULL CHECK (base_version >= 0 AND base_version < version),
			base_hash bytea NOT NULL
		) WITH (fillfactor = 70)`,
		`CREATE INDEX journal_stream_wake ON ` + t.stream + ` (wake)`,
		`CREATE TABLE ` + t.record + ` (
			stream bytea NOT NULL,
			seq bigint NOT NULL CHECK (seq > 0),
			position bigint NOT NULL UNIQUE CHECK (position > 0),
			body bytea NOT NULL,
			PRIMARY KEY (stream, seq)
		)`,
	}}
}

// migrate makes the tables, or brings them up to date. Several processes may do it at
// once: the row of meta is what they queue up at, and where there is none yet, the
// catalogue lets one of them through, and the others look again.
func (j *Journal) migrate(ctx context.Context, steps [][]string) error {
	for try := 0; ; try++ {
		version, err := j.version(ctx)
		switch {
		case err == nil && version == len(steps):
			return nil
		case err == nil && version > len(steps):
			return fmt.Errorf("%w: %d, and this program knows %d", ErrNewer, version, len(steps))
		case err != nil && !absent(err):
			return fmt.Errorf("postgres: read the version of the tables: %w", err)
		}
		err = j.upgrade(ctx, steps)
		if err == nil {
			continue // look whether it is true
		}
		if !collided(err) || try == maxTries {
			return fmt.Errorf("postgres: make the tables in schema %q: %w", j.schema, err)
		}
		pause(ctx, try)
	}
}

// version is the number of steps that were done.
func (j *Journal) version(ctx context.Context) (int, error) {
	rows, _, err := retried(ctx, j, "read the version", func(r pgx.Rows, v *int) error { return r.Scan(v) },
		"SELECT version FROM "+tables(j.schema).meta+" WHERE id = 1")
	if err == nil && len(rows) != 1 {
		err = fmt.Errorf("%s has %d rows, not 1", tables(j.schema).meta, len(rows))
	}
	if err != nil {
		return 0, err
	}
	return rows[0], nil
}

func (j *Journal) upgrade(ctx context.Context, steps [][]string) error {
	ctx, cancel := context.WithTimeout(ctx, j.timeout)
	defer cancel()
	return pgx.BeginFunc(ctx, j.pool, func(tx pgx.Tx) error {
		mode := pgx.QueryExecModeExec // nothing is done twice, so nothing is prepared
		var there bool
		if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1::text)", mode, j.schema).Scan(&there); err != nil {
			return err
		}
		if !there {
			if _, err := tx.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{j.schema}.Sanitize(), mode); err != nil {
				return err
			}
		}
		if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1::text AND tablename = 'journal_meta')", mode, j.schema).Scan(&there); err != nil {
			return err
		}
		version := 0
		if there {
			if err := tx.QueryRow(ctx, "SELECT version FROM "+tables(j.schema).meta+" WHERE id = 1 FOR UPDATE", mode).Scan(&version); err != nil {
				return err
			}
		}
		for _, step := range steps[min(version, len(steps)):] {
			for _, sql := range step {
				if _, err := tx.Exec(ctx, sql, mode); err != nil {
					return err
				}
			}
		}
		if version >= len(steps) {
			return nil
		}
		_, err := tx.Exec(ctx, "UPDATE "+tables(j.schema).meta+" SET version = $1 WHERE id = 1", mode, len(steps))
		return err
	})
}

// absent reports that the tables, or their schema, are not there.
func absent(err error) bool {
	code := sqlState(err)
	return code == "42P01" || code == "3F000"
}

// collided reports that somebody else made the same things at the same time.
func collided(err error) bool {
	switch sqlState(err) {
	case "23505", "42P06", "42P07", "42710", "40001", "40P01", "XX000": // XX000: a tuple concurrently updated
		return true
	}
	return false
}
