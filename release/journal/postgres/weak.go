package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ErrWeak says that the server is set so that a crash may lose what it has committed, or
// cannot be written, or means something else by what is said to it, or is too old. The
// error says which setting.
var ErrWeak = errors.New("postgres: the server does not keep what it commits")

// oldest is the first version whose whole line stops when the disk refuses to sync; older
// ones could ask again, and be told yes.
const oldest = 120000

// Durability is what the server promises. None of it is a reason to refuse it.
type Durability struct {
	// Server is what the server says that it is.
	Server string
	// SynchronousCommit is the session's setting: "on" and "remote_apply" wait for the
	// standbys that SynchronousStandbys names, "remote_write" and "local" for less of that
	// or nothing. It is empty where there is no such setting (CockroachDB).
	SynchronousCommit string
	// SynchronousStandbys is synchronous_standby_names. If it is empty, a standby that
	// takes over may lack records that were acknowledged.
	SynchronousStandbys string
	// Checksums says that the server notices damaged pages.
	Checksums bool
}

// Durability reads the server's settings. It is [ErrWeak] if they are too weak for a
// journal, as in New.
func (j *Journal) Durability(ctx context.Context) (Durability, error) {
	versions, _, err := retried(ctx, j, "ask for the version", func(r pgx.Rows, s *string) error { return r.Scan(s) }, "SELECT pg_catalog.version()")
	if err != nil {
		return Durability{}, err
	}
	server := strings.Join(versions, "")
	// CockroachDB has no such settings: it always writes to a majority, durably.
	cockroach := strings.HasPrefix(server, "CockroachDB")
	names := []string{"server_version_num", "fsync", "full_page_writes", "synchronous_commit", "data_sync_retry",
		"default_transaction_read_only", "transaction_read_only", "synchronous_standby_names", "data_checksums"}
	type setting struct {
		name  string
		value *string
	}
	settings, _, err := retried(ctx, j, "ask for the settings", func(r pgx.Rows, s *setting) error { return r.Scan(&s.name, &s.value) }, `SELECT name, pg_catalog.current_setting(name, true) FROM pg_catalog.unnest($1::text[]) AS name
		UNION ALL SELECT 'schemas', pg_catalog.array_to_string(pg_catalog.current_schemas(true), ',')`, names)
	if err != nil {
		return Durability{}, err
	}
	set := map[string]string{}
	for _, s := range settings {
		if s.value != nil {
			set[s.name] = *s.value
		}
	}
	if err := weak(set, cockroach); err != nil {
		return Durability{}, err
	}
	return Durability{
		Server: server, SynchronousCommit: set["synchronous_commit"],
		SynchronousStandbys: set["synchronous_standby_names"], Checksums: set["data_checksums"] == "on",
	}, nil
}

// weak says what is wrong with the settings of a server. A missing one is wrong too,
// except where it cannot be weak.
func weak(set map[string]string, cockroach bool) error {
	var errs []error
	refuse := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: %s", ErrWeak, fmt.Sprintf(format, args...)))
	}
	must := func(name, want, why string) {
		value, ok := set[name]
		if ok && value != want || !ok && !cockroach {
			refuse("%s is %q, not %q: %s", name, value, want, why)
		}
	}
	must("fsync", "on", "a crash of the machine destroys the database")
	must("full_page_writes", "on", "a crash in the middle of a page destroys it")
	must("data_sync_retry", "off", "a failed sync is taken back")
	must("default_transaction_read_only", "off", "nothing can be appended")
	must("transaction_read_only", "off", "nothing can be appended, which is also what a standby says")
	if schemas, ok := set["schemas"]; ok && !catalogFirst(schemas) || !ok && !cockroach {
		refuse("the schemas searched are %q: pg_catalog does not come first, so what its functions are called may be others", schemas)
	}
	switch value, ok := set["synchronous_commit"]; {
	case value == "off":
		refuse("synchronous_commit is off: a commit is acknowledged before it is on the disk")
	case !ok && !cockroach:
		refuse("synchronous_commit is not there")
	}
	if version, err := strconv.Atoi(set["server_version_num"]); err != nil || version < oldest && !cockroach {
		refuse("server_version_num is %q; it must be %d at least", set["server_version_num"], oldest)
	}
	return errors.Join(errs...)
}

// catalogFirst reports that the schemas that are searched begin with the server's own, but
// for that of temporary tables, where functions and operators are not looked for.
func catalogFirst(schemas string) bool {
	first, rest, _ := strings.Cut(schemas, ",")
	if strings.HasPrefix(first, "pg_temp_") {
		first, _, _ = strings.Cut(rest, ",")
	}
	return first == "pg_catalog"
}

// permanent makes sure that the tables are of the kind that survives a crash.
func (j *Journal) permanent(ctx context.Context) error {
	type table struct{ name, persistence string }
	found, _, err := retried(ctx, j, "look at the tables", func(r pgx.Rows, t *table) error { return r.Scan(&t.name, &t.persistence) },
		`SELECT c.relname::text, c.relpersistence::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1::text AND c.relname IN ('journal_meta', 'journal_stream', 'journal_record')`, j.schema)
	if err != nil {
		return err
	}
	for _, t := range found {
		if t.persistence != "p" {
			return fmt.Errorf("%w: the table %s is not logged: a crash empties it", ErrWeak, t.name)
		}
	}
	if len(found) != 3 {
		return fmt.Errorf("postgres: schema %q has %d of the journal's 3 tables", j.schema, len(found))
	}
	return nil
}
