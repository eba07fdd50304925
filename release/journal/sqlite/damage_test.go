package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// damaged is a journal of 150 records in two streams, one of them compacted, closed.
func damaged(t testing.TB) string {
	path := filepath.Join(t.TempDir(), "j.db")
	j := open(t, path)
	for i := range 5 {
		add(t, j, "a", 20*i, 20)
		got := add(t, j, "b", 10*i, 10)
		if i == 2 {
			require.NoError(t, j.Compact(t.Context(), got[3].Head())) // b up to 24
		}
	}
	require.NoError(t, j.Close())
	return path
}

// readAll reads everything that there is, as a verification does: each stream from its
// base, and the feed. It returns how many records it saw in each, and the errors.
func readAll(t testing.TB, j journal.Journal) (streams, fed int, err error) {
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
		for _, err := range j.Load(t.Context(), name, base.Seq) {
			if err != nil {
				errs = append(errs, err)
				break
			}
			streams++
		}
	}
	for _, err := range j.Feed(t.Context(), "") {
		if err != nil {
			errs = append(errs, err)
			break
		}
		fed++
	}
	return streams, fed, errors.Join(errs...)
}

// Each column that what is read depends on, changed by somebody who knows SQL.
func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	good := damaged(t)
	streams, fed, err := readAll(t, open(t, good))
	require.NoError(t, err)
	require.Equal(t, []int{126, 126}, []int{streams, fed})
	beyond := map[string]bool{ // what no stream alone can tell
		"a stream's row": true, "all of a stream": true, "what was forgotten": true, "nothing was forgotten": true,
		"all was forgotten": true, "a base with its hash, beyond what was forgotten": true,
		"a head that was put back": true,
	}
	for _, c := range []struct{ name, sql string }{
		{"a stream's name", "UPDATE sallyport_journal_streams SET name = x'63' WHERE name = x'61'"},
		{"names exchanged", "UPDATE sallyport_journal_streams SET name = x'00' WHERE name = x'61'; UPDATE sallyport_journal_streams SET name = x'61' WHERE name = x'62'; UPDATE sallyport_journal_streams SET name = x'62' WHERE name = x'00'"},
		{"a stream's row", "DELETE FROM sallyport_journal_streams WHERE name = x'61'"},
		{"a row's number", "UPDATE sallyport_journal_streams SET id = 77 WHERE name = x'61'"},
		{"the head higher", "UPDATE sallyport_journal_streams SET seq = seq + 1 WHERE name = x'61'"},
		{"the head lower", "UPDATE sallyport_journal_streams SET seq = seq - 1 WHERE name = x'61'"},
		{"the head's hash", "UPDATE sallyport_journal_streams SET hash = randomblob(32) WHERE name = x'61'"},
		{"the last record's place", "UPDATE sallyport_journal_streams SET last = last - 11 WHERE name = x'61'"},
		{"the last record's place, in another stream", "UPDATE sallyport_journal_streams SET last = last + 1 WHERE name = x'61'"},
		{"a head that was put back", "UPDATE sallyport_journal_streams SET (seq, hash, last) = (SELECT seq, substr(record, 1, 32), position FROM sallyport_journal_records r WHERE r.stream = id AND r.seq = 99) WHERE name = x'61'"},
		{"the base higher", "UPDATE sallyport_journal_streams SET base_seq = base_seq + 1 WHERE name = x'62'"},
		{"the base lower", "UPDATE sallyport_journal_streams SET base_seq = base_seq - 1 WHERE name = x'62'"},
		{"no base", "UPDATE sallyport_journal_streams SET base_seq = 0, base_hash = NULL WHERE name = x'62'"},
		{"the base's hash", "UPDATE sallyport_journal_streams SET base_hash = randomblob(32) WHERE name = x'62'"},
		{"no base's hash", "UPDATE sallyport_journal_streams SET base_hash = NULL WHERE name = x'62'"},
		{"a base where there was none", "UPDATE sallyport_journal_streams SET base_seq = 3, base_hash = zeroblob(32) WHERE name = x'61'"},
		{"a record's stream", "UPDATE sallyport_journal_records SET stream = 3 - stream WHERE stream = 1 AND seq = 17"},
		{"a record's stream, of none", "UPDATE sallyport_journal_records SET stream = 9 WHERE stream = 1 AND seq = 17"},
		{"a record's number", "UPDATE sallyport_journal_records SET seq = 1000 WHERE stream = 1 AND seq = 17"},
		{"an indexed record's number", "UPDATE sallyport_journal_records SET seq = 65 WHERE stream = 1 AND seq = 64"},
		{"a record's place", "UPDATE sallyport_journal_records SET position = 1000 WHERE stream = 1 AND seq = 17"},
		{"the link", "UPDATE sallyport_journal_records SET before = before - 1 WHERE stream = 1 AND seq = 17"},
		{"no link", "UPDATE sallyport_journal_records SET before = 0 WHERE stream = 1 AND seq = 17"},
		{"a record missing", "DELETE FROM sallyport_journal_records WHERE stream = 1 AND seq = 17"},
		{"the first missing", "DELETE FROM sallyport_journal_records WHERE stream = 1 AND seq = 1"},
		{"the last missing", "DELETE FROM sallyport_journal_records WHERE stream = 1 AND seq = 100"},
		{"the feed's last missing", "DELETE FROM sallyport_journal_records WHERE stream = 2 AND seq = 50"},
		{"all missing", "DELETE FROM sallyport_journal_records"},
		{"a record empty", "UPDATE sallyport_journal_records SET record = x'' WHERE stream = 1 AND seq = 17"},
		{"a record short", "UPDATE sallyport_journal_records SET record = substr(record, 1, length(record) - 1) WHERE stream = 1 AND seq = 17"},
		{"a record's hash", "UPDATE sallyport_journal_records SET record = CAST(zeroblob(32) || substr(record, 33) AS BLOB) WHERE stream = 1 AND seq = 17"},
		{"the last record", "UPDATE sallyport_journal_records SET record = CAST(record || x'00' AS BLOB) WHERE stream = 2 AND seq = 50"},
		{"two records exchanged", "UPDATE sallyport_journal_records SET record = (SELECT record FROM sallyport_journal_records WHERE stream = 1 AND seq = 18) WHERE stream = 1 AND seq = 17"},
		{"all of a stream", "DELETE FROM sallyport_journal_records WHERE stream = 1; DELETE FROM sallyport_journal_streams WHERE id = 1"},
		{"all of the newest stream's records", "DELETE FROM sallyport_journal_records WHERE stream = 2"},
		{"what was forgotten", "UPDATE sallyport_journal SET forgotten = forgotten - 1"},
		{"nothing was forgotten", "UPDATE sallyport_journal SET forgotten = 0"},
		{"all was forgotten", "UPDATE sallyport_journal SET forgotten = 150"},
		{"a base with its hash, beyond what was forgotten", "UPDATE sallyport_journal_streams SET base_seq = base_seq + 1, base_hash = (SELECT substr(record, 1, 32) FROM sallyport_journal_records WHERE stream = 2 AND seq = 25) WHERE id = 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "j.db")
			copyFile(t, good, path)
			db := raw(t, path)
			exec1(t, db, "PRAGMA ignore_check_constraints=1; "+c.sql)
			require.NoError(t, db.Close())
			j := open(t, path)
			require.Equal(t, !beyond[c.name], errors.Is(loadError(t, j), journal.ErrCorrupt), "the streams alone")
			_, err := journal.VerifyAll(t.Context(), j)
			require.ErrorIs(t, err, journal.ErrCorrupt)
			require.ErrorIs(t, feedError(t, j), journal.ErrCorrupt, "the feed alone")
		})
	}
}

// loadError is what is wrong with the streams, each read from its base.
func loadError(t testing.TB, j journal.Journal) error {
	var errs []error
	for name, err := range j.Streams(t.Context()) {
		require.NoError(t, err)
		base, err := journal.Base(t.Context(), j, name)
		if err == nil {
			_, err = journal.Verify(base, j.Load(t.Context(), name, base.Seq))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// feedError is the error that ends the feed, if one does.
func feedError(t testing.TB, j journal.Journal) error {
	for _, err := range j.Feed(t.Context(), "") {
		if err != nil {
			return err
		}
	}
	return nil
}

// Each record that is missing is missed by whoever reads its stream or the feed, also
// the last ones.
func TestEachMissingRecordIsMissed(t *testing.T) {
	t.Parallel()
	path := damaged(t)
	j, db := open(t, path), raw(t, path)
	exec1(t, db, "CREATE TABLE kept AS SELECT * FROM sallyport_journal_records")
	for _, r := range feed(t, j, "") {
		exec1(t, db, "DELETE FROM sallyport_journal_records WHERE position = (SELECT position FROM kept WHERE substr(record, 1, 32) = ?)", r.Hash[:])
		base, err := journal.Base(t.Context(), j, r.Stream)
		if err == nil {
			_, err = journal.Verify(base, j.Load(t.Context(), r.Stream, base.Seq))
		}
		require.ErrorIs(t, err, journal.ErrCorrupt, "%s %d", r.Stream, r.Seq)
		require.ErrorIs(t, feedError(t, j), journal.ErrCorrupt, "%s %d", r.Stream, r.Seq)
		exec1(t, db, "INSERT INTO sallyport_journal_records SELECT * FROM kept WHERE substr(record, 1, 32) = ?", r.Hash[:])
	}
	require.Len(t, feed(t, j, ""), 126)
}

// The newest stream is gone, and the feed ends before it.
func TestNewestStreamIsMissed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	j := open(t, path)
	add(t, j, "a", 0, 3)
	add(t, j, "b", 0, 3)
	exec1(t, raw(t, path), "DELETE FROM sallyport_journal_records WHERE position > 3")
	require.ErrorIs(t, feedError(t, j), journal.ErrCorrupt)
	_, err := j.Append(t.Context(), journal.Append{Stream: "b", Expect: 3, Entries: entries("x", 1)})
	require.ErrorIs(t, err, journal.ErrCorrupt)
	require.NotErrorIs(t, err, journal.ErrUnknown)
}

// What the constraints of the tables keep out.
func TestImpossibleRowsAreRefused(t *testing.T) {
	t.Parallel()
	path := damaged(t)
	db := raw(t, path)
	for _, query := range []string{
		"UPDATE sallyport_journal_streams SET hash = x'00'",
		"UPDATE sallyport_journal_streams SET seq = 'many'",
		"UPDATE sallyport_journal_streams SET token = -1",
		"UPDATE sallyport_journal_streams SET wake = 'soon'",
		"UPDATE sallyport_journal_streams SET leased = 2",
		"UPDATE sallyport_journal_streams SET base_seq = seq",
		"UPDATE sallyport_journal_records SET record = NULL",
		"UPDATE sallyport_journal_records SET before = position",
		"UPDATE sallyport_journal_records SET stream = 1, seq = 64",
		"INSERT INTO sallyport_journal (id, version) VALUES (2, 1)",
		"UPDATE sallyport_journal SET forgotten = -1",
	} {
		_, err := db.Exec(query)
		require.Error(t, err, query)
	}
	_, _, err := readAll(t, open(t, path))
	require.NoError(t, err)
}

// Pages of the file that are not what they were are refused or read as damage, and
// never panic.
func TestDamagedPages(t *testing.T) {
	t.Parallel()
	good := damaged(t)
	text, err := os.ReadFile(good)
	require.NoError(t, err)
	for at := 0; at < len(text); at += 1531 {
		path := filepath.Join(t.TempDir(), "j.db")
		bad := append([]byte(nil), text...)
		for i := range 64 {
			if at+i < len(bad) {
				bad[at+i] ^= 0x5a
			}
		}
		require.NoError(t, os.WriteFile(path, bad, 0o600))
		db := raw(t, path)
		_ = db.PingContext(t.Context())
		require.NoError(t, db.Close())
		j, err := openAnyway(t, path)
		if err != nil {
			continue
		}
		streams, fed, err := readAll(t, j)
		if err == nil && (streams != 126 || fed != 126) {
			t.Errorf("damage at %d: %d and %d records were read, and no error", at, streams, fed)
		}
		_ = j.Close()
	}
}

// copyFile copies a database that nobody has open.
func copyFile(t testing.TB, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, b, 0o600))
}
