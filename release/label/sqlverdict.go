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
	r.sweep(s)
	for i, t := range s {
		body := s.word(0) == "DO" || s.word(0) == "CREATE" && routine(s) && i > 0 && (s[i-1].is("AS") || s[i-1].symbol(','))
		if t.kind == tokenText && t.text != "" && !body {
			r.nested(t, depth)
		}
	}
	switch w := s.word(0); w {
	case "BEGIN", "COMMIT", "ROLLBACK", "START", "SAVEPOINT", "RELEASE", "SET", "RESET", "USE", "PRAGMA", "COMMENT", "ANALYZE", "ANALYSE", "VACUUM", "REINDEX", "OPTIMIZE", "LOCK", "UNLOCK",
		"SHOW", "DESCRIBE", "DISCARD", "CHECKPOINT", "NOTIFY", "LISTEN", "PRINT", "END":
		if w == "PRAGMA" && slices.ContainsFunc(s, func(t token) bool { return t.is("WRITABLE_SCHEMA") }) {
			r.destructive(at, "it writes the schema's own table")
		}
		if (w == "BEGIN" || w == "END") && len(s) > 1 && s.word(1) == "" {
			r.destructive(at, "a block that is not understood")
		}
		if w == "SET" && s.word(1) == "PASSWORD" {
			r.add(release.LabelAccess, at, "it sets a password")
		}
		if w == "SET" && s.word(1) == "ROLE" || w == "SET" && s.word(2) == "AUTHORIZATION" {
			r.add(release.LabelAccess, at, "it acts as another role")
		}
	case "SELECT", "VALUES", "TABLE":
		r.query(s)
	case "WITH":
		r.query(s)
	case "INSERT":
		if s.word(1) == "OVERWRITE" || s.word(2) == "REPLACE" {
			r.destructive(at, "INSERT that replaces rows")
		}
	case "DELETE", "UPDATE":
		r.rows(s, w)
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

// sweep looks for statements that stand behind another without a semicolon, as SQL
// Server allows, and in bodies of routines that are no text of their own.
func (r *sqlReading) sweep(s statement) {
	for i := 1; i < len(s); i++ {
		if s[i].kind != tokenWord {
			continue
		}
		next := s.word(i + 1)
		switch w := s[i].text; w {
		case "DROP":
			if slices.Contains([]string{"TABLE", "DATABASE", "SCHEMA", "VIEW", "INDEX", "PROCEDURE", "FUNCTION", "TRIGGER", "SEQUENCE", "TYPE", "USER", "ROLE", "LOGIN"}, next) && s.word(0) != "ALTER" {
				r.changes = true
				r.destructive(s[i].at, "DROP %s", next)
			}
		case "TRUNCATE":
			if next == "TABLE" {
				r.changes = true
				r.destructive(s[i].at, "TRUNCATE")
			}
		case "DELETE":
			if next == "FROM" {
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

// harmlessCalls are functions that queries of migrations call and that change
// nothing but sequences and settings.
var harmlessCalls = []string{"SETVAL", "NEXTVAL", "CURRVAL", "SET_CONFIG", "COUNT", "COALESCE", "MAX", "MIN", "SUM", "AVG", "NOW", "CURRENT_TIMESTAMP", "LOWER", "UPPER", "CONCAT", "LENGTH", "EXISTS", "IN", "FROM", "AS",
	"SELECT", "WHERE", "AND", "OR", "NOT", "JOIN", "ON", "USING", "VALUES", "OVER", "BY", "ROW_NUMBER", "CAST", "PG_GET_SERIAL_SEQUENCE", "IFNULL", "NULLIF", "SUBSTRING", "TRIM", "REPLACE", "UUID_GENERATE_V4",
	"GEN_RANDOM_UUID", "VERSION", "DISTINCT", "UNION", "ALL", "LATERAL", "FILTER", "INTERVAL", "ARRAY", "ROW", "ANY", "SOME", "THEN", "ELSE", "WHEN", "CASE", "LIMIT", "TO_REGCLASS", "DATE_TRUNC", "EXTRACT"}

// query judges what reads. A common table expression may delete, and a function may
// do anything.
func (r *sqlReading) query(s statement) {
	for i, t := range s {
		switch {
		case t.kind != tokenWord:
		case slices.Contains([]string{"DELETE", "UPDATE", "MERGE", "TRUNCATE", "DROP", "ALTER"}, t.text) && (i == 0 || !s[i-1].is("FOR")):
			r.destructive(t.at, "%s within a query", t.text)
		case t.text == "INTO" && (s.word(i+1) == "OUTFILE" || s.word(i+1) == "DUMPFILE"):
			r.destructive(t.at, "a query that writes a file")
		case i+1 < len(s) && s[i+1].symbol('(') && !slices.Contains(harmlessCalls, t.text) && !(s[0].is("WITH") && follows(s[:i], "WITH", ",")):
			r.destructive(t.at, "a query that calls a function that is not known here")
		}
	}
}

func follows(s statement, words ...string) bool {
	return len(s) > 0 && slices.ContainsFunc(words, func(w string) bool { return s[len(s)-1].text == w })
}

// rows judges DELETE and UPDATE: without a WHERE that names a column, every row.
func (r *sqlReading) rows(s statement, w string) {
	where := slices.IndexFunc(s, func(t token) bool { return t.is("WHERE") })
	for _, t := range s[where+1:] {
		if where < 0 {
			break
		}
		if t.kind == tokenName || t.kind == tokenWord && !slices.Contains([]string{"TRUE", "FALSE", "NOT", "AND", "OR", "IS", "NULL", "IN", "LIKE", "BETWEEN", "RETURNING", "LIMIT"}, t.text) {
			return
		}
	}
	r.destructive(s[0].at, "%s of every row", w)
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

// alter judges each action of ALTER by itself.
func (r *sqlReading) alter(s statement) {
	i := 2
	switch s.word(1) {
	case "TABLE":
	case "FOREIGN":
		i = 3
	case "ROLE", "USER", "GROUP", "POLICY", "LOGIN", "DEFAULT", "AUTHORIZATION":
		r.add(release.LabelAccess, s[0].at, "ALTER %s", s.word(1))
		return
	case "TYPE":
		if slices.ContainsFunc(s, func(t token) bool { return t.is("ADD") }) && slices.ContainsFunc(s, func(t token) bool { return t.is("VALUE") }) {
			return
		}
		r.destructive(s[0].at, "ALTER TYPE")
		return
	case "SEQUENCE", "EXTENSION", "STATISTICS", "INDEX", "VIEW", "FUNCTION", "PROCEDURE", "SCHEMA", "DATABASE", "DOMAIN", "MATERIALIZED", "PUBLICATION", "SUBSCRIPTION", "SERVER", "SYSTEM":
		for _, t := range s {
			if t.is("RENAME") || t.is("DROP") || t.is("SYSTEM") || t.is("SUBSCRIPTION") {
				r.destructive(s[0].at, "ALTER %s … %s", s.word(1), t.text)
			}
			if t.is("OWNER") {
				r.add(release.LabelAccess, t.at, "a new owner")
			}
		}
		return
	default:
		r.destructive(s[0].at, "ALTER of what is not known here")
		return
	}
	for s.word(i) == "IF" || s.word(i) == "EXISTS" || s.word(i) == "ONLY" || s.word(i) == "ONLINE" || s.word(i) == "IGNORE" {
		i++
	}
	for i++; i < len(s) && s[i].symbol('.'); i += 2 { // the table's name
	}
	if i < len(s) && s[i].symbol('*') {
		i++
	}
	if i < len(s) && s.word(i) == "WITH" && (s.word(i+1) == "CHECK" || s.word(i+1) == "NOCHECK") {
		i += 2
	}
	if i >= len(s) {
		r.destructive(s[0].at, "ALTER TABLE whose action is not understood")
		return
	}
	depth, from := 0, i
	for j := i; j <= len(s); j++ {
		if j == len(s) || depth == 0 && s[j].symbol(',') {
			r.action(s[from:j], s[0].at)
			from = j + 1
			continue
		}
		if s[j].symbol('(') {
			depth++
		} else if s[j].symbol(')') {
			depth--
		}
	}
}

// action judges one action of ALTER TABLE.
func (r *sqlReading) action(s statement, at int) {
	if len(s) > 0 {
		at = s[0].at
	}
	said := func(words ...string) bool {
		for i := range s {
			ok := true
			for j, w := range words {
				ok = ok && s.word(i+j) == w
			}
			if ok {
				return true
			}
		}
		return false
	}
	switch s.word(0) {
	case "ADD":
		constraint := slices.Contains([]string{"CONSTRAINT", "INDEX", "KEY", "UNIQUE", "PRIMARY", "FOREIGN", "CHECK", "FULLTEXT", "SPATIAL", "PARTITION", "PERIOD"}, s.word(1))
		if !constraint && said("NOT", "NULL") && !said("DEFAULT") && !said("GENERATED") && !said("AUTO_INCREMENT") && !said("IDENTITY") && !said("AS") {
			r.destructive(at, "a new column that must have a value and has no default: what runs now cannot insert")
		}
	case "ALTER":
		i := 1
		if s.word(i) == "COLUMN" {
			i++
		}
		switch i++; { // behind the name
		case s.word(i) == "SET" && s.word(i+1) == "DEFAULT", s.word(i) == "DROP" && s.word(i+1) == "NOT", s.word(i) == "SET" && (s.word(i+1) == "STATISTICS" || s.word(i+1) == "STORAGE" || s.word(i+1) == "COMPRESSION"),
			s.word(i) == "ADD" && s.word(i+1) == "GENERATED", said("INDEX"):
		case s.word(i) == "SET" && s.word(i+1) == "NOT":
			r.destructive(at, "SET NOT NULL: rows without a value stop it, and what runs now may write them")
		case said("TYPE"):
			r.destructive(at, "ALTER COLUMN … TYPE: whether every value fits is not known")
		default:
			r.destructive(at, "ALTER COLUMN: whether data is lost is not known")
		}
	case "DROP":
		r.destructive(at, "ALTER TABLE … DROP %s", release.Text(s.word(1)))
	case "RENAME":
		r.destructive(at, "ALTER TABLE … RENAME: what runs now asks for the old name")
	case "MODIFY", "CHANGE", "CONVERT":
		r.destructive(at, "ALTER TABLE … %s: whether every value fits is not known", s.word(0))
	case "OWNER":
		r.add(release.LabelAccess, at, "a new owner")
	case "ENABLE", "FORCE", "DISABLE", "NO":
		if said("ROW", "LEVEL", "SECURITY") {
			r.add(release.LabelAccess, at, "row level security")
			return
		}
		if s.word(0) != "ENABLE" {
			r.destructive(at, "ALTER TABLE … %s", s.word(0))
		}
	case "VALIDATE", "SET", "RESET", "COMMENT", "ATTACH", "CLUSTER", "ENGINE", "AUTO_INCREMENT", "ROW_FORMAT", "REPLICA", "ALGORITHM", "CHECK":
		if said("SCHEMA") && s.word(0) == "SET" {
			r.destructive(at, "ALTER TABLE … SET SCHEMA: what runs now asks for the old name")
		}
	default:
		r.destructive(at, "ALTER TABLE whose action is not known here")
	}
}

// block judges a DO block: an anonymous body of code, statement by statement.
func (r *sqlReading) block(s statement, depth int) {
	at := s[0].at
	if depth >= maxNestedSQL {
		r.destructive(at, "blocks within blocks, so what it does is not known")
		return
	}
	found := false
	for i, t := range s {
		switch {
		case t.is("LANGUAGE") && s.word(i+1) != "PLPGSQL":
			r.destructive(at, "a DO block in another language")
		case t.kind == tokenText:
			found = true
			if t.text == "" { // '…' instead of $$…$$: the text was not kept
				r.destructive(at, "a DO block in quotes, so what it does is not known")
				continue
			}
			for _, d := range r.readings(t.text, t.at, "block") {
				statements, broken := d.split(t.text)
				if broken >= 0 {
					r.destructive(t.at+broken, "a quote or comment never ends, so what it does is not known")
				}
				for _, inner := range statements {
					for j := range inner {
						inner[j].at += t.at
					}
					r.control(inner, depth+1)
				}
			}
		}
	}
	if !found {
		r.destructive(at, "a DO whose body is not understood")
	}
}

// control takes the words that steer a block off a statement's front and judges the
// rest.
func (r *sqlReading) control(s statement, depth int) {
	for len(s) > 0 {
		switch s.word(0) {
		case "DECLARE":
			begin := slices.IndexFunc(s, func(t token) bool { return t.is("BEGIN") })
			if begin < 0 {
				return // one declaration; the next statement is another, or begins the body
			}
			s = s[begin:]
		case "BEGIN", "ELSE", "LOOP", "EXCEPTION":
			s = s[1:]
		case "IF", "ELSIF", "ELSEIF", "WHEN", "FOR", "WHILE", "FOREACH":
			to := slices.IndexFunc(s, func(t token) bool { return t.is("THEN") || t.is("LOOP") })
			if to < 0 {
				r.destructive(s[0].at, "a block that is not understood")
				return
			}
			r.query(s[1:to])
			s = s[to+1:]
		case "END", "RAISE", "NULL", "RETURN", "EXIT", "CONTINUE":
			return
		case "EXECUTE", "PERFORM", "CALL":
			r.destructive(s[0].at, "%s in a block: what it does is not known here", s.word(0))
			return
		default:
			r.statement(s, depth)
			return
		}
	}
}
