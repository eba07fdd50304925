package label

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// MigrationOptions say how migrations are run.
type MigrationOptions struct {
	// WholeFile says that no tool runs here that reads markers such as "-- +goose
	// Down": all that a file holds is run, whatever its comments say. Without it, the
	// part behind a marker of goose, dbmate, sql-migrate or rambler counts as the way
	// back.
	WholeFile bool
}

// Migrations is the labeler of migrations by their contents.
//
// SQL is read statement by statement, in every way that databases read it
// differently, and the worst reading counts. A statement is destructive when it
// takes data away or breaks what runs now: DROP, TRUNCATE, DELETE, UPDATE of every row,
// RENAME, a column's type changed, NOT NULL without a default. It is also
// destructive when it is not known what it does: EXECUTE, CALL, a client's command, a
// function that no database brings itself, a word that is not known here. A migration
// that is known to be harmless is one whose every statement is. Statements about roles
// and rights get [release.LabelAccess].
//
// A constraint or a unique index that is added counts as harmless, though rows that
// are there may stop it; so does what a trigger or a routine does when it runs later.
//
// Only what goes forward counts: of golang-migrate's pairs the up file, of files with
// markers the Up part, of Alembic, Rails and knex all but their down function where that
// is cut out without doubt. A migration whose way back is missing or empty gets
// [release.LabelIrreversible].
//
// Migrations written in Go, Python, Ruby, JavaScript, XML, YAML and JSON are searched for the
// operations of Django, Alembic, Rails, Sequelize, knex, TypeORM, Liquibase and goose by their
// names. Code of theirs that runs SQL or code of its own is destructive, because what it does is not
// known. A file in a directory of migrations in a language or dialect that is not
// known is a migration, and destructive.
func Migrations(o MigrationOptions) Labeler {
	return Labeler{ID: "content/migration", Version: 1,
		Doc: "Changes of stored data, by the SQL statements and the operations of migration tools that a file holds: destructive where data is lost, what runs now breaks, or nobody knows; irreversible without a way back.",
		Content: func(c Contents) []Mark {
			return o.read(c)
		}}
}

func (o MigrationOptions) read(c Contents) []Mark {
	n := read(c.Change.Path)
	named := slices.Contains(c.Change.Labels, release.LabelMigration) || migration(c.Change, n)
	down := n.ext(".down.sql") || strings.HasPrefix(n.base, "u") && n.ext(".sql") && n.flyway() || n.is("down.sql")
	if c.After == nil {
		if named && down {
			return []Mark{{Label: release.LabelMigration, Why: "it was a way back"}, {Label: release.LabelIrreversible, Why: "a migration's way back is removed"}}
		}
		return nil
	}
	text := string(bytes.TrimPrefix(c.After, []byte("\xef\xbb\xbf")))
	switch {
	case strings.TrimSpace(text) == "":
		return nil
	case n.is("schema.rb", "schema.prisma", "structure.sql", "schema.sql") && named:
		return o.snapshot(c)
	case n.ext(".sql", ".ddl", ".psql", ".mysql", ".pgsql", ".tsql", ".plsql"):
		return o.sql(text, n, named, down)
	case n.ext(proseExt...) || slices.Contains(c.Change.Labels, release.LabelTest):
		return nil
	default:
		return migrationCode(text, n, named)
	}
}

// snapshot judges the file in which a tool writes the whole schema down: lines that
// are gone are what was taken away.
func (o MigrationOptions) snapshot(c Contents) []Mark {
	marks := []Mark{{Label: release.LabelMigration, Why: "it is the schema"}}
	after := map[string]int{}
	for line := range bytes.Lines(c.After) {
		after[string(bytes.TrimSpace(line))]++
	}
	for line := range bytes.Lines(c.Before) {
		text := string(bytes.TrimSpace(line))
		if after[text]--; after[text] < 0 && text != "" && !strings.HasPrefix(text, "--") && !strings.HasPrefix(text, "#") && !strings.HasPrefix(text, "//") {
			return append(marks, Mark{Label: release.LabelDestructive, Why: "lines of the schema are gone or changed"})
		}
	}
	return marks
}

func (o MigrationOptions) sql(text string, n *name, named, down bool) []Mark {
	up, parts := text, markers{}
	if !o.WholeFile && !down && !n.ext(".up.sql") && !n.flyway() && !n.is("migration.sql", "up.sql", "structure.sql", "schema.sql") {
		parts = markersOf(text)
		up = parts.up(text)
	}
	r := readSQL(up)
	if !named && !parts.found && !r.changes {
		return nil // queries, not a migration
	}
	marks := []Mark{{Label: release.LabelMigration, Why: "SQL that changes stored data or its schema"}}
	if down {
		return marks // run to go back, when somebody decides so
	}
	marks = append(marks, r.marks...)
	if parts.found && (parts.down < 0 || !hasStatements(parts.back(text))) {
		marks = append(marks, Mark{Label: release.LabelIrreversible, Why: "it has no way back"})
	}
	return marks
}

func hasStatements(text string) bool {
	statements, _ := dialect{}.split(text)
	return slices.ContainsFunc(statements, func(s statement) bool { return !(len(s) == 2 && s.word(0) == "SELECT" && s[1].kind == tokenNumber) })
}

// markers are where a file says, in comments for its tool, which part goes forward
// and which back.
type markers struct {
	found bool
	cuts  []cut // in the order of the text
	down  int   // the offset of the first way back, -1 without
}

type cut struct {
	at int
	up bool
}

var markerLine = regexp.MustCompile(`(?m)^--[ \t]*(?:(\+goose)[ \t]+(Up|Down)\b|(migrate):(up|down)\b|(\+migrate)[ \t]+(Up|Down)\b|(rambler)[ \t]+(up|down)\b)[^\n]*$`)

// markersOf finds the markers of one tool. Of two tools, or where a way back comes
// first or SQL stands in front, nothing is believed.
func markersOf(text string) markers {
	none := markers{down: -1}
	m := none
	tool := ""
	for _, at := range markerLine.FindAllStringSubmatchIndex(text, -1) {
		for g := 2; g < len(at); g += 4 {
			if at[g] < 0 {
				continue
			}
			t, up := text[at[g]:at[g+1]], strings.EqualFold(text[at[g+2]:at[g+3]], "up")
			if tool != "" && t != tool || tool == "" && !up {
				return none
			}
			tool = t
			m.cuts = append(m.cuts, cut{at[0], up})
			if !up && m.down < 0 {
				m.down = at[0]
			}
		}
	}
	if len(m.cuts) == 0 || hasStatements(text[:m.cuts[0].at]) || insideQuotes(text, m.cuts) {
		return none
	}
	m.found = true
	return m
}

// insideQuotes reports whether a marker stands within a string, a comment or a
// statement that is not finished, in any reading: cutting there would change what
// the rest means.
func insideQuotes(text string, cuts []cut) bool {
	for i, c := range cuts {
		to := len(text)
		if i+1 < len(cuts) {
			to = cuts[i+1].at
		}
		part := text[c.at:to]
		ways := dialects(part)
		if len(ways)*len(part) > maxSQLWork {
			return true
		}
		for _, d := range ways {
			if _, broken := d.split(part); broken >= 0 {
				return true
			}
		}
	}
	return false
}

// up is the text with the ways back blanked out, so that lines keep their numbers.
func (m markers) up(text string) string { return m.part(text, true) }

func (m markers) back(text string) string { return m.part(text, false) }

func (m markers) part(text string, up bool) string {
	if !m.found {
		return text
	}
	var b strings.Builder
	blank := func(s string) { b.WriteString(strings.Repeat("\n", strings.Count(s, "\n"))) }
	blank(text[:m.cuts[0].at])
	for i, c := range m.cuts {
		to := len(text)
		if i+1 < len(m.cuts) {
			to = m.cuts[i+1].at
		}
		if c.up == up {
			b.WriteString(text[c.at:to])
		} else {
			blank(text[c.at:to])
		}
	}
	return b.String()
}

// migrationPlace is true for directories in which tools look for migrations, of
// which every file runs.
func migrationPlace(n *name) bool {
	return n.in("migrations", "db_migrations", "dbmigrations") || n.parent("migrate") || n.in("alembic") && n.in("versions") || n.in("changelog", "changelogs") && n.in("db", "database")
}
