package label_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// contentOf is the labels that contents alone give, with the migration labeler's path
// labels set as Apply would.
func contentOf(path, before, after string, o label.MigrationOptions) ([]release.Label, []label.Mark) {
	c := label.Contents{Change: modified(path), Before: []byte(before), After: []byte(after)}
	c.Change.Labels = labelsOf(c.Change)
	marks := label.Migrations(o).Content(c)
	var out []release.Label
	for _, m := range marks {
		out = append(out, m.Label)
	}
	return out, marks
}

func sqlLabels(text string) []release.Label {
	ls, _ := contentOf("db/migrations/001_x.sql", "", text, label.MigrationOptions{})
	return ls
}

// Statements that take data away, break what runs now, or of which nobody knows.
var destructiveSQL = []string{
	"DROP TABLE users", "drop table if exists users cascade;", "DROP TABLE\n\tusers;", "/* x */ DROP /* y */ TABLE users", "CREATE TABLE a (id int); DROP TABLE b;", "ALTER TABLE t DROP COLUMN c",
	"ALTER TABLE t DROP c", "ALTER TABLE ONLY public.t ADD a int, DROP COLUMN b", "ALTER TABLE t ADD COLUMN a numeric(10,2), DROP COLUMN b", "DROP SCHEMA s", "DROP DATABASE d", "DROP INDEX i", "DROP VIEW v", "TRUNCATE t", "TRUNCATE TABLE t",
	"DELETE FROM t", "DELETE FROM t;", "DELETE FROM t WHERE true", "DELETE FROM t WHERE 1=1", "DELETE FROM t WHERE NOT false", "UPDATE t SET a = 1", "UPDATE t SET a = b WHERE 1 = 1", "ALTER TABLE t ALTER COLUMN c TYPE int", "ALTER TABLE t ALTER c SET DATA TYPE text",
	"ALTER TABLE t ALTER COLUMN c SET NOT NULL", "ALTER TABLE t ADD COLUMN c int NOT NULL", "ALTER TABLE t RENAME COLUMN a TO b", "ALTER TABLE t RENAME TO u", "RENAME TABLE a TO b", "ALTER TABLE t DROP CONSTRAINT c", "ALTER TABLE t MODIFY c int", "ALTER TABLE t CHANGE a b int",
	"ALTER TABLE t DETACH PARTITION p", "ALTER TABLE t SET SCHEMA x", "ALTER TYPE e RENAME VALUE 'a' TO 'b'", "ALTER SEQUENCE s RENAME TO r", "REPLACE INTO t VALUES (1)", "CREATE OR REPLACE TABLE t (a int)", "INSERT OVERWRITE TABLE t SELECT 1",
	"DO $$ BEGIN EXECUTE 'DROP TABLE t'; END $$", "DO $$ BEGIN DROP TABLE t; END $$;", "DO $x$ BEGIN IF true THEN TRUNCATE t; END IF; END $x$", "DO 'BEGIN DROP TABLE t; END'", "DO LANGUAGE plpython3u $$ x() $$", "CALL wipe()", "EXECUTE p", "EXEC sp_rename 'a', 'b'", "PREPARE s FROM @x",
	"SELECT wipe()", "SELECT * FROM (SELECT wipe() AS x) y", "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "WITH x AS (SELECT 1) DELETE FROM t", "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", "COPY t FROM PROGRAM 'x'", `\i other.sql`, ".read other.sql", "EXPLAIN ANALYZE DELETE FROM t",
	"/*!40000 DROP TABLE t */;", "/*! DROP TABLE t */", "/*M!100100 DROP TABLE t */", "SELECT 1 /*!, wipe() */", "-- x\rDROP TABLE t", "--x\nDROP TABLE t", "# x\nDROP TABLE t", "SELECT 1 # 2\n; DROP TABLE t", "SELECT 1 # 2; DROP TABLE t", "SELECT 1 #'\n; DROP TABLE t; -- '",
	"SELECT '\\'; DROP TABLE t; -- '", "SELECT '\\\\'; DROP TABLE t; -- '", "SELECT E'\\''; DROP TABLE t; -- '", "SELECT 'it''s'; DROP TABLE t", `SELECT "a""b"; DROP TABLE t`, "SELECT `a``b`; DROP TABLE t", "/* /* */ DROP TABLE t; /* */ */", "/* /* */ */ DROP TABLE t;", "SELECT $$ ' $$; DROP TABLE t; -- '",
	"SELECT 1 AS $$; DROP TABLE t; SELECT 2 AS $$;", "CREATE TABLE a (x int DEFAULT $$1$$); DROP TABLE t", "DR\u200bOP TABLE t", "DRОP TABLE t", "ＤＲＯＰ TABLE t", "\ufeffDROP TABLE t", "DROP\u00a0TABLE t", "D\x00R\x00O\x00P\x00", "SELECT 'never ends", "/* never ends", "DO $$ never ends", "CREATE RULE r AS ON INSERT TO t DO INSTEAD DELETE FROM u",
	"CREATE TABLE a (id int) DROP TABLE b", "SET NOCOUNT ON DROP TABLE b", "INSERT INTO a VALUES (1) TRUNCATE TABLE b", "GRANT SELECT ON a TO b ALTER TABLE c ADD d int", "CREATE TABLE a (id int)\nGO\nDROP TABLE b\nGO", "IF EXISTS (SELECT 1) DROP TABLE b", "BEGIN DROP TABLE b END", "BEGIN TRANSACTION; DROP TABLE b; COMMIT",
	"DELIMITER //\nDROP TABLE t//\n", "DELIMITER $$\nCREATE TABLE a (id int); DROP TABLE t$$", "DELIMITER xx;\nCREATE TABLE a (id int); DROP TABLE t;", "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END//\nDELIMITER ;\nDROP TABLE t;", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t",
	"CREATE TABLE a (id int);;;\n\n;DROP TABLE t", "SELECT [a'b]; DROP TABLE t; -- '", "PRAGMA writable_schema = 1", "SELECT * INTO OUTFILE '/x' FROM t", "ALTER TABLE t ADD COLUMN c int NOT NULL, ADD COLUMN d int NOT NULL DEFAULT 1", "frobnicate t", "() DROP", "'x'", "ALTER SYSTEM SET x = 1",
	"SELECT 1 --'\n; DROP TABLE t --'", "SELECT 1--'\n; DROP TABLE t --'", "/*! it's */ DROP TABLE x; -- '", "REASSIGN OWNED BY a TO b", "ALTER TABLE t DISABLE TRIGGER ALL", "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", "ALTER TABLE t ALTER COLUMN c DROP DEFAULT", "ALTER DATABASE d RENAME TO e", "XA COMMIT 'x'",
	"ALTER TABLE t SET UNLOGGED", "ALTER TABLE t ENGINE=MEMORY", "ALTER TABLE t SET UNUSED (c)", "ALTER TABLE t SET (SYSTEM_VERSIONING = OFF)", "ALTER TABLE t ADD (a NUMBER DEFAULT 1, c NUMBER NOT NULL)", "ALTER TABLE t ADD COLUMN (a int NOT NULL, b int DEFAULT 1)", "ALTER TABLE [t] ADD [a] int NULL, [b] int NOT NULL",
	"ALTER TABLE t ADD c int DEFAULT wipe()", "ALTER TYPE add RENAME VALUE 'a' TO 'b'", "ALTER TYPE value RENAME ATTRIBUTE add TO x", "ALTER TYPE e DROP ATTRIBUTE VALUE, ADD ATTRIBUTE x int", "ALTER SEQUENCE s RESTART WITH 1", "ALTER SEQUENCE s MAXVALUE 10", "ALTER DOMAIN d SET NOT NULL", "ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0)",
	"ALTER DATABASE d SET default_transaction_read_only = on", "ALTER DATABASE d SET OFFLINE", "ALTER SCHEMA s TRANSFER dbo.t", "ALTER INDEX ALL ON t DISABLE", "ALTER INDEX i UNUSABLE", "ALTER EXTENSION e UPDATE TO '2'", "ALTER ROLE r RENAME TO x", "ALTER MATERIALIZED VIEW LOG ON t PURGE",
	"DELETE FROM t WHERE id IS NOT NULL", "DELETE FROM t WHERE created_at < now()", "DELETE FROM t WHERE EXISTS (SELECT 1)", "UPDATE t SET a = 1 WHERE id = id", "UPDATE t SET a = 1 WHERE id > 0 OR true", "UPDATE t SET a = 1 WHERE (id = 5 OR 1=1)", "UPDATE t SET a = 1 WHERE now() > '2000-01-01'", "UPDATE t SET a = 1 WHERE CURRENT_DATE > '2000-01-01'", "UPDATE t SET a = 1 WHERE EXISTS (SELECT 1)", "UPDATE t SET a = 1 WHERE \"id\" = \"id\"",
	"UPDATE t SET a = wipe() WHERE id = 1", "INSERT INTO t SELECT wipe()", "INSERT INTO t VALUES (lo_unlink(1))", "INSERT INTO t (a) SELECT \"wipe\"()", "CREATE TABLE x AS SELECT wipe()", "CREATE MATERIALIZED VIEW v AS SELECT wipe()", "SELECT \"wipe\"()", "SELECT public.\"wipe\"()", "SELECT public.lower('x')", "SET @x = wipe()", "WITH x AS (SELECT wipe()) UPDATE b SET c = 1 WHERE d = 2",
	"SELECT 'DROP TABLE t' \\gexec", "SELECT 1\n\\gexec", "SET search_path = x \\! rm", "CREATE TABLE a (id int) \\! rm", "START other.sql", "RESET MASTER", "RESET BINARY LOGS AND GTIDS", "SET GLOBAL read_only = ON", "SET @@GLOBAL.read_only = 1", "SET PERSIST x = 1", "PRAGMA \"writable_schema\" = ON", "PRAGMA main.writable_schema = 1", "PRAGMA rekey = 'x'",
	"DO $$ DECLARE x int := wipe(); BEGIN NULL; END $$", "DO $$ BEGIN FOR r IN EXECUTE 'DROP TABLE t' LOOP NULL; END LOOP; END $$", "DO $$ BEGIN RETURN wipe(); END $$", "DO $$ BEGIN RAISE NOTICE '%', wipe(); END $$", "DO $$ BEGIN RETURN QUERY DELETE FROM t; END $$", "DO $$ BEGIN RETURN QUERY EXECUTE 'DROP TABLE t'; END $$", "DO $$ BEGIN NULL DROP TABLE t; END $$", "DO $$ BEGIN EXIT WHEN wipe(); END $$",
	"SET NOCOUNT ON DELETE t", "SET NOCOUNT ON UPDATE t SET a = 1", "PRINT 'x' UPDATE t SET a = 1", "CREATE TABLE a (id int) UPDATE t SET a=1", "CREATE TABLE a (id int) DELETE t", "CREATE TABLE a (id int) MERGE t USING s ON 1=1 WHEN MATCHED THEN DELETE", "CREATE TABLE a (id int) DROP SYNONYM s", "USE d DROP ASSEMBLY x", "USE d SHUTDOWN", "USE d KILL 5", "BEGIN TRAN DELETE t", "COMMIT DELETE t",
	"INSERT INTO a VALUES (1) UPDATE t SET a = 1", "UPDATE t SET a = 1 WHERE id = 5 DELETE t", "UPDATE t SET a = 1 WHERE id = 5 UPDATE t SET a = 2", "IF 1=1 DROP TABLE t", "IF wipe() = 1 CREATE TABLE a (id int)", "IF 1=1 BEGIN DELETE t END",
	"SELECT q'[it's]' FROM dual; DROP TABLE t; -- '", "SELECT q'x it's x' FROM dual; DROP TABLE t; -- '", "SELECT nq'{a'}' FROM dual; DROP TABLE t", "SELECT q'[never ends", "CREATE TABLE a (id int)\n/\nDROP PACKAGE p\n/", "CREATE TABLE a (id int)\n / \nDELETE t\n/",
}

// Statements that are known to take nothing away.
var harmlessSQL = []string{
	"CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL DEFAULT 'x', g int REFERENCES g ON DELETE CASCADE ON UPDATE SET NULL)", "CREATE TABLE IF NOT EXISTS t (a int);", "CREATE UNIQUE INDEX CONCURRENTLY i ON t (lower(a)) WHERE b IS NOT NULL", "CREATE INDEX i ON t USING gin (a)",
	"ALTER TABLE t ADD COLUMN c int", "ALTER TABLE t ADD c int NOT NULL DEFAULT 0", "ALTER TABLE IF EXISTS ONLY public.t ADD CONSTRAINT c CHECK (a > 0) NOT VALID", "ALTER TABLE t VALIDATE CONSTRAINT c", "ALTER TABLE t ALTER COLUMN c SET DEFAULT 1", "ALTER TABLE t ALTER COLUMN c DROP NOT NULL",
	"ALTER TABLE `t` ADD COLUMN `drop` int, ADD INDEX (`drop`)", `ALTER TABLE "drop" ADD "delete" text`, "ALTER TABLE [t] ADD [c] int NULL", "ALTER TYPE e ADD VALUE IF NOT EXISTS 'x'", "INSERT INTO t (a) VALUES ('DROP TABLE t; --')", "INSERT INTO t SELECT * FROM u WHERE a > 1", "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2",
	"UPDATE t SET a = 1 WHERE id = 5", "BEGIN; CREATE TABLE a (id int); COMMIT;", "SET search_path = public;", "SELECT setval('s', 1)", "SELECT 1", "COMMENT ON TABLE t IS 'DROP TABLE t'", "-- DROP TABLE t\nCREATE TABLE a (id int)", "/* DROP TABLE t; */ CREATE TABLE a (id int)", "# DROP TABLE t\nCREATE TABLE a (id int)",
	"CREATE TABLE a (id int -- the id; see docs\n)", "CREATE EXTENSION IF NOT EXISTS pgcrypto", "CREATE SCHEMA s", "CREATE VIEW v AS SELECT a FROM t", "CREATE OR REPLACE VIEW v AS SELECT a FROM t", "CREATE MATERIALIZED VIEW v AS SELECT 1", "CREATE SEQUENCE s", "CREATE TYPE e AS ENUM ('a', 'b')",
	"CREATE OR REPLACE FUNCTION f() RETURNS trigger AS $$ BEGIN DELETE FROM log WHERE true; RETURN NEW; END; $$ LANGUAGE plpgsql;", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $body$ SELECT 1; $body$", "CREATE TRIGGER x AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION f()", "CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW EXECUTE PROCEDURE f()",
	"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'e') THEN CREATE TYPE e AS ENUM ('a'); END IF; END $$;", "DO $$ DECLARE r record; BEGIN CREATE TABLE a (id int); EXCEPTION WHEN duplicate_table THEN NULL; END $$", "WITH x AS (SELECT a FROM t) SELECT * FROM x", "PRAGMA foreign_keys = ON", "USE shop", "GO",
	"CREATE TABLE a (id int)\nGO\nCREATE TABLE b (id int)\nGO", "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END//\nDELIMITER ;\nCREATE TABLE a (id int);", "SELECT a FROM t FOR UPDATE", "CREATE TABLE a (x int[], y text[3])", "INSERT INTO t VALUES ('it''s', E'it\\'s', $$it's$$)", "ANALYZE t", "REINDEX INDEX i", "LOCK TABLE t",
	"CREATE TABLE a (id int) /* x /* y */", "CREATE TABLE a (b jsonb DEFAULT '{}'::jsonb, c text DEFAULT '\\')",
	"WITH x AS (SELECT id FROM a) UPDATE b SET c = 1 FROM x WHERE b.id = x.id", "WITH x (a, b) AS (SELECT 1, 2), y (c) AS (SELECT 3) SELECT a FROM x", "IF NOT EXISTS (SELECT 1 FROM sys.tables WHERE name='a') CREATE TABLE a (id int)", "IF COL_LENGTH('t', 'c') IS NULL BEGIN ALTER TABLE t ADD c int NULL END", "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
	"INSERT INTO \"t\" (\"a\", \"b\") VALUES (1, lower('X'))", "INSERT INTO t AS x (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = excluded.a", "INSERT INTO t (a) SELECT coalesce(b, gen_random_uuid()) FROM u", "UPDATE t SET (a, b) = (1, 2) WHERE c = 3 OR d = 4", "UPDATE t SET a = b.c FROM b WHERE t.id = b.id", "UPDATE \"t\" SET \"a\" = jsonb_set(a, '{x}', '1') WHERE \"b\" IS NULL",
	"ALTER TABLE t ADD INDEX i (a), ALGORITHM=INPLACE, LOCK=NONE", "ALTER TABLE t SET (fillfactor = 70)", "ALTER TABLE t ENGINE=InnoDB", "ALTER TABLE [t] ADD [a] int NULL, [b] int NULL", "ALTER TABLE t ADD (b NUMBER(1) DEFAULT 0 NOT NULL)", "ALTER TABLE t ADD c int DEFAULT 0 CHECK (c >= 0) REFERENCES u (id)", "ALTER SEQUENCE s OWNED BY a.id", "ALTER INDEX i SET (fastupdate = off)",
	"CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY, b int, UNIQUE (id, b))", "CREATE TABLE a AS SELECT id, count(*) FROM b GROUP BY id", "CREATE TRIGGER x AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION f()", "SELECT a FROM t FOR NO KEY UPDATE", "SELECT trunc(a), truncate(b, 2) FROM t", "CREATE TABLE a (id NUMBER)\n/\nCREATE TABLE b (id NUMBER)\n/", "SELECT q'[x]' FROM dual",
	"PRAGMA main.user_version = 5", "START TRANSACTION; CREATE TABLE a (id int); COMMIT", "BEGIN TRANSACTION; CREATE TABLE a (id int); COMMIT TRANSACTION", "GRANT SELECT, UPDATE, DELETE ON t TO x", "CREATE POLICY p ON t FOR DELETE USING (true)", "CREATE VIEW v AS SELECT f(a) FROM t",
	"",
}

func TestSQL(t *testing.T) {
	t.Parallel()
	for _, text := range destructiveSQL {
		require.Contains(t, sqlLabels(text), release.LabelDestructive, "%q", text)
		require.Contains(t, sqlLabels(text), release.LabelMigration, "%q", text)
	}
	for _, text := range harmlessSQL {
		_, marks := contentOf("db/migrations/001_x.sql", "", text, label.MigrationOptions{})
		for _, m := range marks {
			if strings.Contains(text, "/* y */") || strings.Contains(text, `'\'`) || strings.Contains(text, `E'it`) {
				continue // two databases read it in two ways, and one of them does not end
			}
			require.NotEqual(t, release.LabelDestructive, m.Label, "%q: %s", text, m)
		}
	}
	for text, want := range map[string]bool{"GRANT ALL ON t TO public": true, "REVOKE SELECT ON t FROM x": true, "CREATE ROLE r": true, "CREATE USER u": true, "CREATE POLICY p ON t": true, "ALTER ROLE r SUPERUSER": true, "ALTER TABLE t OWNER TO x": true,
		"ALTER TABLE t ENABLE ROW LEVEL SECURITY": true, "ALTER TABLE t DISABLE ROW LEVEL SECURITY": true, "DROP ROLE r": true, "SET ROLE x": true, "CREATE FUNCTION f() RETURNS int SECURITY DEFINER AS $$ SELECT 1 $$ LANGUAGE sql": true, "CREATE TABLE a (id int)": false} {
		require.Equal(t, want, strings.Contains(strings.Join(texts(sqlLabels(text)), " "), "access"), text)
	}
}

func texts(ls []release.Label) []string {
	var out []string
	for _, l := range ls {
		out = append(out, string(l))
	}
	return out
}

// A statement stays destructive whatever harmless text, comments and case surround it.
func TestSQLIsFoundAnywhere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		around := rapid.SliceOfN(rapid.SampledFrom([]string{"SELECT 1;", "\n", "-- x\n", "/* y */", "CREATE TABLE a (id int);", "INSERT INTO t VALUES ('a;b', \"c\");", "# z\n", "COMMENT ON TABLE t IS 'x';", "UPDATE t SET a = 1 WHERE b = 2;"}), 0, 5)
		bad := rapid.SampledFrom([]string{"DROP TABLE t", "TRUNCATE t", "DELETE FROM t", "ALTER TABLE t DROP COLUMN c", "CALL x()"}).Draw(t, "bad")
		var b strings.Builder
		for _, r := range bad {
			if rapid.Bool().Draw(t, "lower") {
				r = unicode.ToLower(r)
			}
			if r == ' ' {
				b.WriteString(rapid.SampledFrom([]string{" ", "\n", "\t", "/**/", " -- x\n", "\u00a0"}).Draw(t, "space"))
				continue
			}
			b.WriteRune(r)
		}
		text := strings.Join(around.Draw(t, "before"), "") + b.String() + ";" + strings.Join(around.Draw(t, "after"), "")
		require.Contains(t, sqlLabels(text), release.LabelDestructive, text)
	})
}

func TestMarkers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, path, text, want string }{
		{"goose", "db/migrations/1_x.sql", "-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE a;\n", "migration"},
		{"goose, destructive", "db/migrations/1_x.sql", "-- +goose Up\nDROP TABLE a;\n-- +goose Down\nCREATE TABLE a (id int);\n", "migration destructive"},
		{"goose without a way back", "db/migrations/1_x.sql", "-- +goose Up\nCREATE TABLE a (id int);\n", "migration irreversible"},
		{"goose with an empty way back", "db/migrations/1_x.sql", "-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\n-- nothing\nSELECT 1;\n", "migration irreversible"},
		{"dbmate", "db/migrations/1_x.sql", "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON t (a);\n\n-- migrate:down\nDROP INDEX i;\n", "migration"},
		{"sql-migrate", "db/migrations/1_x.sql", "-- +migrate Up\nCREATE TABLE a (id int);\n-- +migrate Down\nDROP TABLE a;\n", "migration"},
		{"rambler", "db/migrations/1_x.sql", "-- rambler up\nCREATE TABLE a (id int);\n-- rambler down\nDROP TABLE a;\n", "migration"},
		{"up again behind down", "db/migrations/1_x.sql", "-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE a;\n-- +goose Up\nDROP TABLE b;", "migration destructive"},
		{"a marker within a string", "db/migrations/1_x.sql", "-- +goose Up\nINSERT INTO a VALUES ('\n-- +goose Down\n'); DROP TABLE a;\n", "migration destructive"},
		{"a marker within a comment", "db/migrations/1_x.sql", "-- +goose Up\nSELECT 1; /*\n-- +goose Down\n*/ DROP TABLE a;\n", "migration destructive"},
		{"SQL before the first marker", "db/migrations/1_x.sql", "DROP TABLE a;\n-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;", "migration destructive"},
		{"down first", "db/migrations/1_x.sql", "-- +goose Down\nDROP TABLE a;\n-- +goose Up\nCREATE TABLE a (id int);", "migration destructive"},
		{"two tools", "db/migrations/1_x.sql", "-- +goose Up\nSELECT 1;\n-- migrate:down\nDROP TABLE a;", "migration destructive"},
		{"a marker that is none", "db/migrations/1_x.sql", "-- +goose Up\nSELECT 1;\n -- +goose Down\nDROP TABLE a;", "migration destructive irreversible"},
		{"golang-migrate reads no markers", "db/migrations/1_x.up.sql", "-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE a;", "migration destructive"},
		{"Flyway reads no markers", "db/V1__x.sql", "-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE a;", "migration destructive"},
		{"Prisma reads no markers", "prisma/migrations/1/migration.sql", "-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE a;", "migration destructive"},
		{"golang-migrate's way back", "db/migrations/1_x.down.sql", "DROP TABLE a", "migration"},
		{"Flyway's way back", "db/U1__x.sql", "DROP TABLE a", "migration"},
		{"a schema without a line", "db/schema.rb", "create_table :a\n", "migration destructive"},
		{"queries", "internal/db/queries/list.sql", "-- name: List :many\nSELECT id FROM users WHERE lower(name) = $1;\nDELETE FROM users WHERE id = $1;\nDELETE FROM sessions;", ""},
		{"a statement of schema among queries", "internal/db/queries/list.sql", "SELECT 1;\nDROP TABLE users;", "migration destructive"},
		{"a harmless one", "sql/tables.sql", "CREATE TABLE a (id int);", "migration"},
		{"a dialect that is not known", "db/migrations/1.sql", "UPSERT INTO a PARTITION x", "migration destructive"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			before := ""
			if strings.HasSuffix(c.path, "schema.rb") {
				before = "create_table :a\ncreate_table :b\n"
			}
			got, marks := contentOf(c.path, before, c.text, label.MigrationOptions{})
			require.Equal(t, c.want, strings.Join(texts(unique(got)), " "), marks)
		})
	}
	got, _ := contentOf("db/migrations/1_x.sql", "", "-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE a;", label.MigrationOptions{WholeFile: true})
	require.Contains(t, got, release.LabelDestructive, "where no tool reads markers, all is run")
}

func unique(ls []release.Label) []release.Label {
	var out []release.Label
	seen := map[release.Label]bool{}
	for _, l := range ls {
		if !seen[l] {
			seen[l] = true
			out = append(out, l)
		}
	}
	return out
}

// Marks say where.
func TestMarksSayWhere(t *testing.T) {
	t.Parallel()
	_, marks := contentOf("db/migrations/1.sql", "", "-- x\n\nCREATE TABLE a (id int);\nDO $$\nBEGIN\n  DROP TABLE b;\nEND $$;\n", label.MigrationOptions{})
	require.Len(t, marks, 2)
	require.Equal(t, 6, marks[1].Line)
	require.Equal(t, `DROP TABLE`, marks[1].Why)
}

// Whatever the text is, the answer is the same each time, and a text that holds DROP TABLE
// as a statement of its own is destructive, unless it stands within a string or a comment.
func FuzzSQL(f *testing.F) {
	for _, s := range append(append([]string{}, destructiveSQL...), harmlessSQL...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := sqlLabels(text)
		require.Equal(t, got, sqlLabels(text))
		first := sqlLabels("DROP TABLE first;" + text)
		require.Contains(t, first, release.LabelDestructive, "what stands first is not hidden by what follows")
		if strings.TrimSpace(text) != "" {
			require.Contains(t, got, release.LabelMigration)
		}
		_, marks := contentOf("db/migrations/1.sql", "", text, label.MigrationOptions{})
		for _, m := range marks {
			require.Equal(t, m.String(), release.Text(m.String()).String(), "printable")
			require.LessOrEqual(t, m.Line, strings.Count(text, "\n")+1)
		}
	})
}
