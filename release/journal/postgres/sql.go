package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// names are the tables, quoted, in their schema.
type names struct{ meta, stream, record string }

func tables(schema string) names {
	quoted := func(table string) string { return pgx.Identifier{schema, table}.Sanitize() }
	return names{quoted("journal_meta"), quoted("journal_stream"), quoted("journal_record")}
}

// statements are what the journal says to the server, with the names of the tables in.
type statements struct {
	appendOne, appendMany, heads  string
	load, streams, feed, feedHead string
	claim, renew, release         string
	compact, forget               string
}

// Every statement is whole: it locks the row of meta, if at all, before any other, so that
// none waits for one that waits for it; and it holds no lock while its client thinks.
//
// Functions and operators are those of pg_catalog, though others of the same name may be on
// the search path after it: the types of what they are given are exactly theirs, or, where
// they take any, they are called by their full names, as unnest is of several arrays by the
// server itself.
//
// CLOCK is the server's clock in microseconds, as it goes on within a transaction.
// DURABLE is true, and makes the commit of this statement wait for the disk; it is false
// if the server has been set in the meantime not to sync at all.
func makeStatements(schema string) statements {
	t := tables(schema)
	r := strings.NewReplacer(
		"META", t.meta, "STREAM", t.stream, "RECORD", t.record, "NEVER", "9223372036854775807",
		"CLOCK", "(extract(epoch FROM clock_timestamp())::double precision * 1000000::double precision)::bigint",
		"DURABLE", `CASE WHEN coalesce(current_setting('fsync', true), 'on') <> 'on' OR coalesce(current_setting('full_page_writes', true), 'on') <> 'on' THEN false
			WHEN current_setting('synchronous_commit', true) = 'off' THEN set_config('synchronous_commit', 'on', true) = 'on'
			ELSE true END`,
	)
	return statements{
		appendOne:  r.Replace(sqlAppendOne),
		appendMany: r.Replace(sqlAppendMany),
		heads:      r.Replace(`SELECT name, version, hash, token FROM STREAM WHERE name = ANY($1::bytea[])`),
		load:       r.Replace(sqlLoad),
		streams:    r.Replace(sqlStreams),
		feed:       r.Replace(sqlFeed),
		feedHead:   r.Replace(sqlFeedHead),
		claim:      r.Replace(sqlClaim),
		renew:      r.Replace(sqlRenew),
		release:    r.Replace(sqlRelease),
		compact:    r.Replace(sqlCompact),
		forget:     r.Replace(sqlForget),
	}
}

// sqlAppendOne is an append of one record to a stream that has some: the common case when
// few write, at two thirds of the cost of sqlAppendMany. $1 the stream, $2 the version and $3
// the hash that it must have, $4 the token or 0, $5 its wake, $6 the hash and $7 the body
// of the record. Its row has the counter, null if it was not
// there, and whether it was appended.
const sqlAppendOne = `
WITH c AS (
	UPDATE META SET position = position + 1 WHERE id = 1 AND DURABLE RETURNING position
), s AS (
	UPDATE STREAM AS s SET version = s.version + 1, hash = $6::bytea,
		wake = CASE WHEN $5::bigint < 0 THEN NEVER WHEN $5::bigint = 0 AND s.wake <= CLOCK AND s.until <= CLOCK THEN s.wake ELSE CLOCK + $5::bigint END
	FROM c WHERE s.name = $1::bytea AND s.version = $2::bigint AND s.hash = $3::bytea AND ($4::bigint = 0 OR s.token = $4::bigint)
	RETURNING s.version, c.position
), r AS (
	INSERT INTO RECORD (stream, seq, position, body) SELECT $1::bytea, s.version, s.position, $7::bytea FROM s RETURNING 1
)
SELECT (SELECT position FROM c), (SELECT count(*) FROM r), CASE WHEN EXISTS (SELECT FROM s) THEN NULL ELSE ARRAY[1]::bigint[] END`

// sqlAppendMany is a batch: at most one append for each stream. $1 is the number of records.
// Of the appends: $2 streams, $3 expected versions, $4 the hashes that they must have, $5
// tokens, $6 wakes, $7 the versions and $8 the hashes that they lead to. Of the records,
// in the order in which they get their positions: $9 the number of their append, counted
// from 1, $10 their places in the stream, $11 their bodies. A new stream, of which there are
// no records either, is inserted, and any other must be there as it is expected. The row has
// the counter, null if it was not there, how many records were kept, and the numbers of the
// appends that were refused.
//
// The statement's snapshot may be older than the lock of the counter that it waited for.
// That does no harm: a row that was changed since is looked at anew before it is updated,
// and an insert sees what is there, not the snapshot.
const sqlAppendMany = `
WITH c AS (
	UPDATE META SET position = position + $1::bigint WHERE id = 1 AND DURABLE RETURNING position - $1::bigint AS before
), w AS MATERIALIZED (
	SELECT * FROM unnest($2::bytea[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bytea[])
		WITH ORDINALITY AS w(stream, expect, prev, token, wake, version, hash, n)
), grown AS (
	UPDATE STREAM AS s SET version = w.version, hash = w.hash,
		wake = CASE WHEN w.wake < 0 THEN NEVER WHEN w.wake = 0 AND s.wake <= CLOCK AND s.until <= CLOCK THEN s.wake ELSE CLOCK + w.wake END
	FROM w CROSS JOIN c
	WHERE s.name = w.stream AND w.expect > 0 AND s.version = w.expect AND s.hash = w.prev AND (w.token = 0 OR s.token = w.token)
	RETURNING s.name
), made AS (
	INSERT INTO STREAM AS s (name, version, hash, wake, token, until, worker, base_version, base_hash)
	SELECT w.stream, w.version, w.hash, CASE WHEN w.wake < 0 THEN NEVER ELSE CLOCK + w.wake END, 0, 0, '', 0, ''
	FROM w CROSS JOIN c WHERE w.expect = 0 AND NOT EXISTS (SELECT FROM RECORD r WHERE r.stream = w.stream)
	ON CONFLICT DO NOTHING
	RETURNING s.name
), done AS (
	SELECT name FROM grown UNION ALL SELECT name FROM made
), ok AS MATERIALIZED (
	SELECT w.n, w.stream FROM w JOIN done ON done.name = w.stream
), r AS (
	INSERT INTO RECORD (stream, seq, position, body)
	SELECT ok.stream, b.seq, c.before + b.n, b.body
	FROM unnest($9::bigint[], $10::bigint[], $11::bytea[]) WITH ORDINALITY AS b(a, seq, body, n) JOIN ok ON ok.n = b.a CROSS JOIN c
	RETURNING 1
)
SELECT (SELECT before FROM c), (SELECT count(*) FROM r), (SELECT pg_catalog.array_agg(w.n) FROM w WHERE NOT EXISTS (SELECT FROM ok WHERE ok.n = w.n))`

// sqlLoad is one page of a stream, in one snapshot: first the stream itself (kind 0; data is
// the hash of its last record, prev that of record $2), then its records after $2, up to
// $3 rows and, but for one, $4 bytes.
const sqlLoad = `
SELECT 0 AS kind, version AS seq, hash AS data, base_version, base_hash,
	(SELECT substring(p.body FROM 1 FOR 32) FROM RECORD p WHERE p.stream = $1::bytea AND p.seq = $2::bigint) AS prev
FROM STREAM WHERE name = $1::bytea
UNION ALL
SELECT 1, q.seq, q.body, 0, NULL, NULL FROM (
	SELECT p.seq, p.body, sum(octet_length(p.body)) OVER (ORDER BY p.seq) - octet_length(p.body) AS before
	FROM (SELECT seq, body FROM RECORD WHERE stream = $1::bytea AND seq > $2::bigint ORDER BY seq LIMIT $3::bigint) p
) q WHERE q.before < $4::bigint
ORDER BY kind, seq`

// sqlStreams is one page of names after $1, $2 at most. Beside each is the next name that
// there are records of, which must be the next stream. $1 may be null: from the first,
// and then the first row is for what is before it.
const sqlStreams = `
SELECT n.name, (SELECT r.stream FROM RECORD r WHERE r.stream > n.name ORDER BY r.stream LIMIT 1)
FROM (SELECT name FROM (SELECT $1::bytea AS name WHERE $1::bytea IS NOT NULL UNION ALL SELECT ''::bytea WHERE $1::bytea IS NULL) a
	UNION ALL (SELECT name FROM STREAM WHERE name > coalesce($1::bytea, ''::bytea) ORDER BY name LIMIT $2::bigint)) n
ORDER BY n.name`

// sqlFeedHead is where the feed stands, and the hash at position $1.
const sqlFeedHead = `
SELECT m.position, m.dropped, (SELECT max(r.position) FROM RECORD r), (SELECT substring(r.body FROM 1 FOR 32) FROM RECORD r WHERE r.position = $1::bigint)
FROM META m WHERE m.id = 1`

// sqlFeed is one page of the feed, in one snapshot: what is after position $1 up to $2, $3
// rows and, but for one, $4 bytes at most. There is always a row, with how far records
// were forgotten. Beside each record stand its stream and the record before it.
const sqlFeed = `
SELECT m.dropped, r.position, r.stream, r.seq, r.body, s.version, s.base_version, s.base_hash, p.position, substring(p.body FROM 1 FOR 32)
FROM META m
LEFT JOIN (
	SELECT b.* FROM (
		SELECT a.*, sum(octet_length(a.body)) OVER (ORDER BY a.position) - octet_length(a.body) AS before
		FROM (SELECT position, stream, seq, body FROM RECORD WHERE position > $1::bigint AND position <= $2::bigint ORDER BY position LIMIT $3::bigint) a
	) b WHERE b.before < $4::bigint
) r ON true
LEFT JOIN STREAM s ON s.name = r.stream
LEFT JOIN RECORD p ON p.stream = r.stream AND p.seq = r.seq - 1
WHERE m.id = 1
ORDER BY r.position`

// sqlClaim leases streams that are due: $1 how many, $2 for how long, $3 to whom, $4 the
// prefix of their names. The clock is read once, so that the index on wake ends the
// search.
const sqlClaim = `
WITH due AS MATERIALIZED (
	SELECT name, wake FROM STREAM
	WHERE wake <= (SELECT CLOCK) AND until <= (SELECT CLOCK) AND substring(name FROM 1 FOR octet_length($4::bytea)) = $4::bytea
	ORDER BY wake, name LIMIT $1::bigint
	FOR UPDATE SKIP LOCKED
), leased AS (
	UPDATE STREAM AS s SET token = s.token + 1, until = CLOCK + $2::bigint, worker = $3::bytea
	FROM due WHERE s.name = due.name AND DURABLE
	RETURNING s.name, s.token, s.version, due.wake
)
SELECT name, token, version, (SELECT position FROM META WHERE id = 1) FROM leased ORDER BY wake, name`

// sqlRenew and sqlRelease change the lease of stream $1 with token $2. until is 0 when nobody
// has the stream.
const sqlRenew = `UPDATE STREAM SET until = CLOCK + $3::bigint WHERE name = $1::bytea AND token = $2::bigint AND until <> 0`

const sqlRelease = `
UPDATE STREAM SET until = 0, wake = CASE WHEN version <> $3::bigint THEN wake WHEN $4::bigint < 0 THEN NEVER ELSE CLOCK + $4::bigint END
WHERE name = $1::bytea AND token = $2::bigint AND until <> 0`

// sqlCompact moves the base of stream $1 to record $2, if that has the hash $3 and is not the
// last. From then on what is before it is forgotten, though it is removed later.
const sqlCompact = `
WITH base AS MATERIALIZED (
	SELECT r.position FROM RECORD r JOIN STREAM s ON s.name = r.stream
	WHERE r.stream = $1::bytea AND r.seq = $2::bigint AND substring(r.body FROM 1 FOR 32) = $3::bytea AND s.base_version < $2::bigint AND s.version > $2::bigint
), m AS (
	UPDATE META SET dropped = greatest(dropped, base.position) FROM base WHERE id = 1 AND DURABLE RETURNING 1
), s AS (
	UPDATE STREAM SET base_version = $2::bigint, base_hash = $3::bytea
	FROM m WHERE name = $1::bytea AND base_version < $2::bigint AND version > $2::bigint
	RETURNING 1
)
SELECT count(*) FROM s`

// sqlForget removes the first records of stream $1, up to its base and $2 at most.
const sqlForget = `
DELETE FROM RECORD WHERE stream = $1::bytea
	AND seq <= (SELECT base_version FROM STREAM WHERE name = $1::bytea)
	AND seq < (SELECT min(seq) FROM RECORD WHERE stream = $1::bytea) + $2::bigint`
