package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// everything reads all that a journal keeps, as VerifyAll would and the feed besides.
func everything(t testing.TB, j journal.Journal) error {
	var errs []error
	for name, err := range j.Streams(t.Context()) {
		if err != nil {
			errs = append(errs, err)
			break
		}
		base, err := journal.Base(t.Context(), j, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		_, err = journal.Verify(base, j.Load(t.Context(), name, base.Seq))
		errs = append(errs, err)
	}
	for _, err := range j.Feed(t.Context(), "") {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// TestDamage alters each stored column, and removes each row. It is found by whoever
// reads everything, and an append to it either is refused or leaves it to be found.
func TestDamage(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	run := func(statements ...string) {
		for _, sql := range statements {
			_, err := conn.Exec(t.Context(), sql)
			require.NoError(t, err, sql)
		}
	}
	const record, stream, meta = "sallyport.journal_record", "sallyport.journal_stream", "sallyport.journal_meta"
	j := open(t, dsn)
	for _, name := range []string{"a", "b", "c"} {
		add(t, j, name, 0, "1", "2")
	}
	for _, name := range []string{"a", "b", "c"} {
		add(t, j, name, 2, "3", "4")
	}
	require.NoError(t, j.Compact(t.Context(), head(t, j, "c", 2)))
	require.NoError(t, everything(t, j))
	for _, table := range []string{record, stream, meta} {
		run(fmt.Sprintf("CREATE TABLE kept_%s AS TABLE %s", table[len("sallyport.journal_"):], table))
	}
	for _, sql := range []string{
		"UPDATE " + record + " SET stream = 'b!' WHERE stream = 'b'",
		"UPDATE " + record + " SET seq = 9 WHERE stream = 'b' AND seq = 4",
		"UPDATE " + record + " SET seq = 5 - seq + 100 WHERE stream = 'b'",
		"UPDATE " + record + " SET position = 3 - position + 100 WHERE stream = 'a' AND seq < 3",
		"UPDATE " + record + " SET position = 1000 WHERE stream = 'b' AND seq = 4",
		"UPDATE " + record + " SET position = 100 + position WHERE stream = 'a' AND seq = 1",
		"UPDATE " + record + " SET body = set_byte(body, 0, get_byte(body, 0) # 1) WHERE stream = 'b' AND seq = 4",
		"UPDATE " + record + " SET body = set_byte(body, 31, get_byte(body, 31) # 128) WHERE stream = 'b' AND seq = 1",
		"UPDATE " + record + " SET body = set_byte(body, octet_length(body) - 1, 7) WHERE stream = 'b' AND seq = 2",
		"UPDATE " + record + " SET body = substring(body FROM 1 FOR 31) WHERE stream = 'b' AND seq = 4",
		"UPDATE " + record + " SET body = '' WHERE stream = 'b' AND seq = 3",
		"UPDATE " + record + " SET body = body || '\\x00'::bytea WHERE stream = 'b' AND seq = 3",
		"DELETE FROM " + record + " WHERE stream = 'b' AND seq = 4",
		"DELETE FROM " + record + " WHERE stream = 'b' AND seq = 2",
		"DELETE FROM " + record + " WHERE stream = 'b' AND seq = 1",
		"DELETE FROM " + record + " WHERE stream = 'c' AND seq = 3",
		"DELETE FROM " + record + " WHERE stream = 'a'",
		"DELETE FROM " + record + " WHERE stream = 'b'",
		"DELETE FROM " + record + " WHERE stream = 'c'",
		"DELETE FROM " + stream + " WHERE name = 'a'",
		"DELETE FROM " + stream + " WHERE name = 'b'",
		"DELETE FROM " + stream + " WHERE name = 'c'",
		"DELETE FROM " + stream,
		"UPDATE " + stream + " SET name = 'bb' WHERE name = 'b'",
		"UPDATE " + stream + " SET version = 3 WHERE name = 'b'",
		"UPDATE " + stream + " SET version = 5 WHERE name = 'b'",
		"UPDATE " + stream + " SET hash = set_byte(hash, 5, get_byte(hash, 5) # 1) WHERE name = 'b'",
		"UPDATE " + stream + " SET base_version = 1, base_hash = hash WHERE name = 'b'",
		"UPDATE " + stream + " SET base_version = 1 WHERE name = 'b'",
		"UPDATE " + stream + " SET base_version = 1 WHERE name = 'c'",
		"UPDATE " + stream + " SET base_version = 0, base_hash = '' WHERE name = 'c'",
		"UPDATE " + stream + " SET base_version = 3 WHERE name = 'c'",
		"UPDATE " + stream + " SET base_hash = hash WHERE name = 'c'",
		"UPDATE " + stream + " SET base_hash = '' WHERE name = 'c'",
		"UPDATE " + meta + " SET position = 3",
		"DELETE FROM " + meta,
	} {
		run(sql)
		err := everything(t, j)
		require.ErrorIs(t, err, journal.ErrCorrupt, sql)
		for _, name := range []string{"a", "b", "c"} {
			if _, err := j.Append(t.Context(), journal.Append{Stream: name, Expect: 4, Entries: make2("5")}); err == nil {
				require.ErrorIs(t, everything(t, j), journal.ErrCorrupt, "%s, and then an append to %s", sql, name)
			}
			_, err := j.Append(t.Context(), journal.Append{Stream: name, Entries: make2("over")})
			require.Error(t, err, "%s: %s began again", sql, name)
		}
		run("TRUNCATE "+record+", "+stream+", "+meta,
			"INSERT INTO "+record+" TABLE kept_record", "INSERT INTO "+stream+" TABLE kept_stream", "INSERT INTO "+meta+" TABLE kept_meta")
		require.NoError(t, everything(t, j))
	}
	// How far the feed was forgotten: too much is refused with an error, and too little too.
	cursors := []journal.Cursor{}
	for r, err := range j.Feed(t.Context(), "") {
		require.NoError(t, err)
		cursors = append(cursors, r.Cursor)
	}
	run("UPDATE " + meta + " SET dropped = 100")
	for _, c := range cursors {
		for _, err := range j.Feed(t.Context(), c) {
			require.ErrorIs(t, err, journal.ErrCompacted)
		}
	}
}
