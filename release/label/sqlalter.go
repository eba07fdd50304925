package label

import (
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// alter judges each action of ALTER by itself.
func (r *sqlReading) alter(s statement) {
	i := 2
	switch s.word(1) {
	case "TABLE":
	case "FOREIGN":
		i = 3
	case "ROLE", "USER", "GROUP", "POLICY", "LOGIN", "DEFAULT", "AUTHORIZATION":
		r.add(release.LabelAccess, s[0].at, "ALTER %s", s.word(1))
		if slices.ContainsFunc(s, func(t token) bool { return t.is("RENAME") }) {
			r.destructive(s[0].at, "ALTER %s … RENAME: what runs now uses the old name", s.word(1))
		}
		return
	case "TYPE":
		i = qualified(s, 2)
		if s.word(i) != "ADD" || s.word(i+1) != "VALUE" {
			r.destructive(s[0].at, "ALTER TYPE")
		}
		return
	case "SEQUENCE", "EXTENSION", "STATISTICS", "INDEX", "VIEW", "FUNCTION", "PROCEDURE", "SCHEMA", "DATABASE", "DOMAIN", "MATERIALIZED", "PUBLICATION", "SUBSCRIPTION", "SERVER", "SYSTEM":
		r.alterOther(s)
		return
	default:
		r.destructive(s[0].at, "ALTER of what is not known here")
		return
	}
	for s.word(i) == "IF" || s.word(i) == "EXISTS" || s.word(i) == "ONLY" || s.word(i) == "ONLINE" || s.word(i) == "IGNORE" {
		i++
	}
	i = qualified(s, i)
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
	adds := false
	for _, action := range split(s[i:]) {
		// "ADD [a] int, [b] int": a name in quotes is no verb.
		if adds && len(action) > 0 && action[0].kind == tokenName {
			action = append(statement{{tokenWord, "ADD", action[0].at}}, action...)
		}
		adds = len(action) > 0 && action[0].is("ADD")
		r.action(action, s[0].at)
	}
}

// split cuts at the commas that stand in no parentheses.
func split(s statement) []statement {
	var out []statement
	depth, from := 0, 0
	for i, t := range s {
		switch {
		case t.symbol('('):
			depth++
		case t.symbol(')'):
			depth--
		case depth == 0 && t.symbol(','):
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

// qualified is the place behind the name at i, which dots may join.
func qualified(s statement, i int) int {
	for i++; i < len(s) && s[i].symbol('.'); i += 2 {
	}
	return i
}

// alterOther judges ALTER of what holds no rows itself. What is not known to be
// harmless is not.
func (r *sqlReading) alterOther(s statement) {
	at, what, i := s[0].at, s.word(1), 2
	if what == "MATERIALIZED" {
		i = 3
	}
	for s.word(i) == "IF" || s.word(i) == "EXISTS" {
		i++
	}
	i = qualified(s, i)
	for i < len(s) && s[i].symbol('(') { // a routine's arguments
		for i < len(s) && !s[i].symbol(')') {
			i++
		}
		i++
	}
	if what == "INDEX" && s.word(i) == "ON" { // SQL Server
		i = qualified(s, i+1)
	}
	for _, t := range s[min(i, len(s)):] {
		if t.is("OWNER") || t.is("DEFINER") {
			r.add(release.LabelAccess, t.at, "a new owner")
		}
	}
	verb, next := s.word(i), s.word(i+1)
	known := map[string][]string{
		"SEQUENCE": {"OWNED", "CACHE", "NOCACHE"}, "EXTENSION": {"ADD"}, "STATISTICS": {"SET"}, "INDEX": {"SET", "RESET", "ATTACH", "ALTER", "REBUILD", "REORGANIZE", "VISIBLE"}, "VIEW": {"AS", "SET", "RESET", "COMPILE"},
		"MATERIALIZED": {"SET", "RESET", "CLUSTER"}, "FUNCTION": {"AS", "RETURNS", "COST", "ROWS", "COMPILE", "PARALLEL"}, "PROCEDURE": {"AS", "COMPILE"}, "DATABASE": {"CHARACTER", "COLLATE", "DEFAULT", "COMMENT"},
		"DOMAIN": {"VALIDATE"}, "PUBLICATION": {"ADD"},
	}[what]
	switch {
	case verb == "OWNER" && what != "SYSTEM":
	case verb == "SET" && next == "SCHEMA", slices.ContainsFunc(s, func(t token) bool { return t.is("DROP") }):
		r.destructive(at, "ALTER %s … %s", what, verb)
	case what == "DOMAIN" && verb == "SET" && next == "DEFAULT":
	case (what == "PROCEDURE" || what == "FUNCTION") && i < len(s) && s[i].symbol('@'): // SQL Server's arguments without parentheses
	case !slices.Contains(known, verb):
		r.destructive(at, "ALTER %s … %s: whether what runs now goes on is not known", what, verb)
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
		from := 1
		if s.word(1) == "COLUMN" {
			from = 2
		}
		if len(s) > from && s[from].symbol('(') { // Oracle, MySQL: several columns
			for _, column := range split(s[from+1 : max(len(s)-1, from+1)]) {
				r.action(append(statement{s[0]}, column...), at)
			}
			return
		}
		constraint := slices.Contains([]string{"CONSTRAINT", "INDEX", "KEY", "UNIQUE", "PRIMARY", "FOREIGN", "CHECK", "FULLTEXT", "SPATIAL", "PARTITION", "PERIOD"}, s.word(1))
		if !constraint && said("NOT", "NULL") && !said("DEFAULT") && !said("GENERATED") && !said("AUTO_INCREMENT") && !said("IDENTITY") && !said("AS") {
			r.destructive(at, "a new column that must have a value and has no default: what runs now cannot insert")
		}
		if i := slices.IndexFunc(s, func(t token) bool { return t.is("DEFAULT") }); i >= 0 {
			to := slices.IndexFunc(s[i:], func(t token) bool {
				return slices.Contains([]string{"CHECK", "REFERENCES", "UNIQUE", "CONSTRAINT", "COMMENT"}, t.text)
			})
			if to < 0 {
				to = len(s) - i
			}
			r.calls(s[i : i+to]) // for every row that is there
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
	case "SET":
		options := len(s) > 1 && s[1].symbol('(') && !said("SYSTEM_VERSIONING")
		if next := s.word(1); !options && next != "LOGGED" && next != "TABLESPACE" && !(next == "WITHOUT" && s.word(2) == "CLUSTER") {
			r.destructive(at, "ALTER TABLE … SET %s", release.Text(next))
		}
	case "ENGINE":
		if last := s.word(len(s) - 1); last != "INNODB" && last != "NDB" && last != "NDBCLUSTER" && last != "ROCKSDB" {
			r.destructive(at, "an engine that may not keep what it is given")
		}
	case "VALIDATE", "RESET", "COMMENT", "ATTACH", "CLUSTER", "AUTO_INCREMENT", "ROW_FORMAT", "KEY_BLOCK_SIZE", "REPLICA", "ALGORITHM", "LOCK", "CHECK":
	default:
		r.destructive(at, "ALTER TABLE whose action is not known here")
	}
}
