package label

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// sqlLimits bound the work on one text.
const (
	maxSQL       = 256 << 10 // bytes; what is larger is not known
	maxSQLWork   = 4 << 20   // bytes, each counted as often as it is read
	maxNestedSQL = 4         // bodies within bodies
	maxSQLMarks  = 100       // how many statements are named; the labels are the same
)

// sqlReading is what one text of SQL does.
type sqlReading struct {
	marks []Mark
	// changes says that it defines, alters or drops anything.
	changes bool
	seen    map[string]bool
	base    string // the whole text, for line numbers
	work    int    // bytes read, each as often as it was
	read    map[string]bool
}

// readSQL reads a text in all dialects that make a difference. The answer is the
// union of what they do.
func readSQL(text string) *sqlReading {
	r := &sqlReading{seen: map[string]bool{}, read: map[string]bool{}, base: text}
	r.text(text, 0, 0)
	return r
}

func (r *sqlReading) add(l release.Label, at int, format string, args ...any) {
	key := fmt.Sprint(l, at, fmt.Sprintf(format, args...))
	if r.seen[key] {
		return
	}
	if len(r.marks) >= maxSQLMarks && slices.ContainsFunc(r.marks, func(m Mark) bool { return m.Label == l }) {
		return
	}
	r.seen[key] = true
	r.marks = append(r.marks, Mark{Label: l, Line: strings.Count(r.base[:min(at, len(r.base))], "\n") + 1, Why: fmt.Sprintf(format, args...)})
}

func (r *sqlReading) destructive(at int, format string, args ...any) {
	r.add(release.LabelDestructive, at, format, args...)
}

// text reads a text that begins at an offset of the whole.
func (r *sqlReading) text(text string, at, depth int) {
	if len(text) > maxSQL {
		r.destructive(at, "%d bytes of SQL, more than are read", len(text))
		r.changes = true
		return
	}
	if strings.ContainsRune(text, 0) {
		r.changes = true
		r.destructive(at, "it is not plain text, so what it does is not known")
		return
	}
	for _, d := range r.readings(text, at, "text") {
		statements, broken := d.split(text)
		if broken >= 0 {
			r.destructive(at+broken, "a quote or comment never ends, so what it does is not known")
		}
		for _, s := range statements {
			for i := range s {
				s[i].at += at
			}
			r.statement(s, depth)
		}
	}
}

// readings are the ways to read a text: none where it was read as such before, and
// none, with a mark, where they are too many for its size.
func (r *sqlReading) readings(text string, at int, as string) []dialect {
	key := fmt.Sprint(as, at, len(text))
	if r.read[key] {
		return nil
	}
	r.read[key] = true
	ways := dialects(text)
	if r.work += len(ways) * (len(text) + 256); r.work > maxSQLWork {
		r.changes = true
		r.destructive(at, "databases read it in %d ways, too many for its size", len(ways))
		return nil
	}
	return ways
}

// statement judges one. Statements that are not known to be harmless count as
// destructive: an unknown word may drop everything.
func (r *sqlReading) statement(s statement, depth int) {
	// Under a DELIMITER, only bodies of routines hold semicolons.
	for !(s.word(0) == "CREATE" && routine(s)) {
		semi := slices.IndexFunc(s, func(t token) bool { return t.symbol(';') })
		if semi < 0 {
			break
		}
		r.one(s[:semi], depth)
		s = s[semi+1:]
	}
	r.one(s, depth)
}

// one judges a statement without semicolons, or a routine.
func (r *sqlReading) one(s statement, depth int) {
	for len(s) > 1 && (s.word(0) == "BEGIN" || s.word(0) == "END") && s.word(1) != "" &&
		!slices.Contains([]string{"TRANSACTION", "WORK", "TRAN", "DEFERRED", "IMMEDIATE", "EXCLUSIVE", "ISOLATION", "READ"}, s.word(1)) {
		s = s[1:]
	}
	if len(s) == 0 {
		return
	}
	at := s[0].at
	if s.word(0) != "IF" {
		r.sweep(s)
	}
	for i, t := range s {
		body := s.word(0) == "DO" || s.word(0) == "CREATE" && routine(s) && i > 0 && (s[i-1].is("AS") || s[i-1].symbol(','))
		if t.kind == tokenText && t.text != "" && !body {
			r.nested(t, depth)
		}
	}
	switch w := s.word(0); w {
	case "BEGIN", "COMMIT", "ROLLBACK", "START", "SAVEPOINT", "RELEASE", "RESET", "USE", "PRAGMA", "COMMENT", "ANALYZE", "ANALYSE", "VACUUM", "REINDEX", "OPTIMIZE", "LOCK", "UNLOCK",
		"SHOW", "DESCRIBE", "DISCARD", "CHECKPOINT", "NOTIFY", "LISTEN", "PRINT", "END":
		r.session(s)
	case "SET":
		r.set(s)
	case "SELECT", "VALUES", "TABLE":
		r.query(s)
	case "WITH":
		r.with(s, depth)
	case "INSERT":
		if s.word(1) == "OVERWRITE" || s.word(2) == "REPLACE" {
			r.destructive(at, "INSERT that replaces rows")
		}
		r.calls(s)
	case "DELETE":
		r.destructive(at, "DELETE: the rows are gone")
	case "UPDATE":
		r.update(s)
	case "IF":
		r.condition(s, depth)
	case "REFRESH":
		if s.word(1) != "MATERIALIZED" {
			r.destructive(at, "REFRESH of what is not known here")
		}
	case "CREATE":
		r.changes = true
		r.create(s)
	case "ALTER":
		r.changes = true
		r.alter(s)
	case "DROP":
		r.changes = true
		what := s.word(1)
		if what == "" {
			what = "something"
		}
		r.destructive(at, "DROP %s", what)
		if slices.Contains([]string{"ROLE", "USER", "GROUP", "POLICY", "LOGIN"}, what) {
			r.add(release.LabelAccess, at, "DROP %s", what)
		}
	case "TRUNCATE", "RENAME":
		r.changes = true
		r.destructive(at, "%s", w)
	case "GRANT", "REVOKE", "REASSIGN", "DENY":
		r.changes = true
		r.add(release.LabelAccess, at, "%s", w)
		if w == "REASSIGN" {
			r.destructive(at, "REASSIGN OWNED")
		}
	case "DO":
		r.changes = true
		r.block(s, depth)
	case "":
		r.destructive(at, "a statement that begins with no word, so what it does is not known")
	default:
		r.changes = true
		r.destructive(at, "%s: what it does is not known here", release.Text(w))
	}
}

// session judges statements about the session and its transaction. They take next
// to nothing, so that a verb within them begins another statement.
func (r *sqlReading) session(s statement) {
	at, next := s[0].at, s.word(1)
	switch w := s[0].text; {
	case w == "PRAGMA" && !slices.Contains(harmlessPragmas, s.word(len(s[:min(len(s), 2)])-1)) && !(len(s) > 3 && s[2].symbol('.') && slices.Contains(harmlessPragmas, s.word(3))):
		r.destructive(at, "a PRAGMA that is not known here")
	case (w == "BEGIN" || w == "END") && len(s) > 1 && next == "":
		r.destructive(at, "a block that is not understood")
	case w == "START" && next != "TRANSACTION":
		r.destructive(at, "START of what is not known here")
	case w == "RESET" && slices.Contains([]string{"MASTER", "SLAVE", "REPLICA", "BINARY", "PERSIST"}, next):
		r.destructive(at, "RESET %s", next)
	}
	if s[0].text != "COMMENT" {
		r.verbs(s)
	}
}

// harmlessPragmas of SQLite touch no data.
var harmlessPragmas = []string{"FOREIGN_KEYS", "DEFER_FOREIGN_KEYS", "FOREIGN_KEY_CHECK", "FOREIGN_KEY_LIST", "INTEGRITY_CHECK", "QUICK_CHECK", "LEGACY_ALTER_TABLE", "USER_VERSION", "APPLICATION_ID", "TABLE_INFO", "TABLE_LIST", "INDEX_LIST",
	"CACHE_SIZE", "PAGE_SIZE", "TEMP_STORE", "BUSY_TIMEOUT", "ENCODING", "OPTIMIZE", "AUTO_VACUUM", "JOURNAL_MODE", "SYNCHRONOUS", "RECURSIVE_TRIGGERS", "CASE_SENSITIVE_LIKE", "MMAP_SIZE", "WAL_CHECKPOINT", "WAL_AUTOCHECKPOINT"}

// set judges SET: of a session harmless, of a server not known.
func (r *sqlReading) set(s statement) {
	at := s[0].at
	for i := range s[:min(len(s), 5)] {
		if slices.Contains([]string{"GLOBAL", "PERSIST", "PERSIST_ONLY"}, s.word(i)) {
			r.destructive(at, "SET %s: a setting of the whole server", s.word(i))
		}
	}
	if s.word(1) == "PASSWORD" {
		r.add(release.LabelAccess, at, "it sets a password")
	}
	if s.word(1) == "ROLE" || s.word(2) == "AUTHORIZATION" {
		r.add(release.LabelAccess, at, "it acts as another role")
	}
	r.calls(s)
	r.verbs(s)
}

// verbs looks for a verb that begins a second statement.
func (r *sqlReading) verbs(s statement) {
	for i := 1; i < len(s); i++ {
		if slices.Contains([]string{"DELETE", "UPDATE", "MERGE", "DROP", "TRUNCATE", "ALTER", "KILL", "SHUTDOWN", "RESTORE", "BACKUP", "DENY", "DBCC", "RECONFIGURE", "BULK"}, s.word(i)) && !(i > 0 && (s[i-1].symbol('.') || s[i-1].symbol('@'))) {
			r.destructive(s[i].at, "%s behind another statement", s[i].text)
		}
	}
}

// condition judges what SQL Server's IF leads to.
func (r *sqlReading) condition(s statement, depth int) {
	i := topLevel(s, "CREATE", "ALTER", "INSERT", "UPDATE", "DELETE", "DROP", "TRUNCATE", "BEGIN", "PRINT", "SET", "EXEC", "EXECUTE", "MERGE", "GRANT", "REVOKE", "DENY")
	if i > 0 {
		r.sweep(s[:i])
		r.query(s[1:i])
		r.one(s[i:], depth)
		return
	}
	r.sweep(s)
	r.destructive(s[0].at, "IF: what it leads to is not known here")
}

// sweep looks for statements that stand behind another without a semicolon, as SQL
// Server allows, and in bodies of routines that are no text of their own.
func (r *sqlReading) sweep(s statement) {
	for i := 1; i < len(s); i++ {
		if s[i].symbol('\\') {
			r.destructive(s[i].at, "a command of the client, so what it does is not known")
		}
		if s[i].kind != tokenWord {
			continue
		}
		next := s.word(i + 1)
		switch w := s[i].text; w {
		case "DROP":
			object := slices.Contains([]string{"TABLE", "DATABASE", "SCHEMA", "VIEW", "PROCEDURE", "FUNCTION", "TRIGGER", "SEQUENCE", "TYPE", "USER", "ROLE", "LOGIN"}, next)
			if object || s.word(0) != "ALTER" && next != "" && !s[i-1].symbol('.') {
				r.changes = true
				r.destructive(s[i].at, "DROP %s", next)
			}
		case "UPDATE", "MERGE":
			if second(s, i) {
				r.destructive(s[i].at, "%s within another statement", w)
			}
		case "TRUNCATE":
			if next == "TABLE" {
				r.changes = true
				r.destructive(s[i].at, "TRUNCATE")
			}
		case "DELETE":
			if next == "FROM" || second(s, i) {
				r.destructive(s[i].at, "DELETE within another statement")
			}
		case "EXEC", "SP_RENAME", "SP_EXECUTESQL", "XP_CMDSHELL":
			r.changes = true
			r.destructive(s[i].at, "%s: what it does is not known here", w)
		case "EXECUTE":
			if next != "FUNCTION" && next != "PROCEDURE" && next != "ON" && s.word(0) != "GRANT" && s.word(0) != "REVOKE" {
				r.destructive(s[i].at, "EXECUTE: what it does is not known here")
			}
		case "ALTER":
			if next == "TABLE" {
				r.changes = true
				r.destructive(s[i].at, "ALTER TABLE within another statement")
			}
		}
	}
}

// second reports whether the verb at i begins a statement of its own, behind one that
// has ended: no part of ON DELETE, FOR UPDATE, DO UPDATE, AFTER INSERT OR UPDATE and the like.
func second(s statement, i int) bool {
	switch s.word(0) {
	case "GRANT", "REVOKE", "DENY", "WITH", "COMMENT":
		return false
	case "CREATE":
		if routine(s) || slices.Contains([]string{"POLICY", "RULE", "PUBLICATION"}, s.word(1)) {
			return false
		}
	}
	before := s[i-1]
	if before.kind == tokenSymbol && !before.symbol(')') || slices.Contains([]string{"ON", "FOR", "KEY", "DO", "OF", "OR", "AFTER", "BEFORE", "THEN", "EXPLAIN", "COLUMN", "AS"}, s.word(i-1)) {
		return false
	}
	return i+1 < len(s) && (s[i+1].kind == tokenWord || s[i+1].kind == tokenName)
}

// created are the things that CREATE makes without taking anything away.
var created = []string{"TABLE", "INDEX", "VIEW", "SEQUENCE", "TYPE", "DOMAIN", "SCHEMA", "EXTENSION", "FUNCTION", "PROCEDURE", "TRIGGER", "DATABASE", "COLLATION", "AGGREGATE", "OPERATOR",
	"CAST", "STATISTICS", "TEXT", "PUBLICATION", "VIRTUAL", "FULLTEXT", "SPATIAL", "FOREIGN", "SYNONYM", "CONSTRAINT"}

func routine(s statement) bool {
	return slices.ContainsFunc(s[:min(len(s), 16)], func(t token) bool {
		return t.is("FUNCTION") || t.is("PROCEDURE") || t.is("PROC") || t.is("TRIGGER") || t.is("PACKAGE")
	})
}

func (r *sqlReading) create(s statement) {
	at, i, replaced := s[0].at, 1, false
	for ; i < len(s); i++ {
		switch s.word(i) {
		case "OR", "GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED", "UNIQUE", "MATERIALIZED", "RECURSIVE", "CLUSTERED", "NONCLUSTERED", "TRUSTED", "EVENT":
			if s.word(i) == "EVENT" && s.word(i+1) != "TRIGGER" {
				r.destructive(at, "CREATE EVENT: it runs later, and what it does is not known here")
				return
			}
			continue
		case "REPLACE", "ALTER":
			replaced = true
			continue
		case "DEFINER", "ALGORITHM", "SQL", "SECURITY", "INVOKER", "UNDEFINED", "MERGE", "TEMPTABLE":
			continue
		}
		if s[i].kind != tokenWord && i > 1 { // DEFINER = `a`@`b`
			continue
		}
		break
	}
	what := s.word(i)
	switch {
	case slices.Contains([]string{"ROLE", "USER", "GROUP", "POLICY", "LOGIN", "RULE", "SERVER"}, what):
		r.add(release.LabelAccess, at, "CREATE %s", what)
		if what == "RULE" {
			r.destructive(at, "CREATE RULE: it changes what other statements do")
		}
	case !slices.Contains(created, what):
		r.destructive(at, "CREATE of what is not known here")
	case replaced && (what == "TABLE" || what == "DATABASE" || what == "SCHEMA"):
		r.destructive(at, "CREATE OR REPLACE %s: what was there is gone", what)
	}
	materialized := slices.ContainsFunc(s[:i], func(t token) bool { return t.is("MATERIALIZED") })
	if as := topLevel(s, "AS"); as >= 0 && (what == "TABLE" || what == "VIEW" && materialized) {
		r.calls(s[as:])
	}
	for j, t := range s {
		if t.is("SECURITY") && s.word(j+1) == "DEFINER" {
			r.add(release.LabelAccess, t.at, "it runs with its owner's rights")
		}
	}
}

// nested reads a dollar-quoted text that is no body of a routine: to databases that
// do not know such quotes, it is code.
func (r *sqlReading) nested(t token, depth int) {
	if !strings.Contains(t.text, ";") { // part of one statement
		for _, d := range r.readings(t.text, t.at, "block") {
			statements, _ := d.split("SELECT " + t.text)
			for _, s := range statements {
				for i := range s {
					s[i].at = t.at
				}
				r.sweep(s)
			}
		}
		return
	}
	if depth >= maxNestedSQL {
		r.destructive(t.at, "text within text, so what it does is not known")
		return
	}
	r.text(t.text, t.at, depth+1)
}
