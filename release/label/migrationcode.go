package label

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// framework is a tool whose migrations are programs or data.
type framework struct {
	name string
	// exts are the extensions of its files.
	exts []string
	// hints are texts of which one stands in each of its migrations, tell is the form
	// that it has.
	hints []string
	tell  *regexp.Regexp
	// calls finds the operations, the name in the first group.
	calls *regexp.Regexp
	// harmless are the operations that take nothing away; all others count as
	// destructive.
	harmless []string
	// down finds the way back, or is nil.
	down *regexp.Regexp
	// nothing is what a way back that does nothing looks like.
	nothing *regexp.Regexp
}

// maxCode is the largest migration in a programming language that is read, in bytes.
const maxCode = 256 << 10

// frameworks are those that are known. Their operations: Django "Migration
// Operations", Alembic "Operation Reference", Rails "Active Record Migrations", knex
// "Schema Builder", Sequelize "QueryInterface", TypeORM "QueryRunner".
var frameworks = []framework{
	{name: "Django", exts: []string{".py"}, hints: []string{"migrations.Migration"}, tell: regexp.MustCompile(`\bmigrations\.Migration\b`),
		calls: regexp.MustCompile(`\b(?:migrations|operations|postgres|pg)\.([A-Z]\w*)\s*\(`),
		harmless: []string{"Migration", "CreateModel", "AddField", "AddIndex", "AddConstraint", "AddIndexConcurrently", "AlterModelOptions", "AlterModelManagers", "AlterModelTableComment", "AlterOrderWithRespectTo",
			"CreateExtension", "CreateCollation", "ValidateConstraint", "TrigramExtension", "UnaccentExtension", "CITextExtension", "HStoreExtension", "BtreeGinExtension", "BtreeGistExtension", "CryptoExtension"}},
	{name: "Alembic", exts: []string{".py"}, hints: []string{"alembic"}, tell: regexp.MustCompile(`(?m)^\s*(?:from\s+alembic\s+import|import\s+alembic)\b`),
		calls: regexp.MustCompile(`\b(?:op|batch_op|operations)\s*\.\s*(\w+)\s*\(`),
		harmless: []string{"create_table", "add_column", "create_index", "create_unique_constraint", "create_foreign_key", "create_check_constraint", "create_primary_key", "f", "create_table_comment", "batch_alter_table",
			"get_bind", "get_context"},
		down: regexp.MustCompile(`(?m)^def\s+downgrade\s*\(`), nothing: regexp.MustCompile(`^def\s+downgrade\s*\([^)]*\)[^:\n]*:\s*(?:"""[^"]*"""\s*)?(?:pass|\.\.\.|raise\s+NotImplementedError.*)?\s*$`)},
	{name: "Rails", exts: []string{".rb"}, hints: []string{"ActiveRecord::Migration"}, tell: regexp.MustCompile(`\bActiveRecord::Migration\b`),
		calls: regexp.MustCompile(`(?m)^\s*(?:t\.)?([a-z_]+[!?]?)\b`),
		harmless: []string{"class", "def", "end", "do", "create_table", "add_column", "add_index", "add_reference", "add_belongs_to", "add_foreign_key", "add_timestamps", "add_check_constraint", "create_join_table", "change_table",
			"disable_ddl_transaction!", "enable_extension", "string", "text", "integer", "bigint", "float", "decimal", "datetime", "timestamp", "timestamps", "time", "date", "binary", "boolean", "references", "belongs_to", "json",
			"jsonb", "uuid", "index", "column", "inet", "citext", "hstore", "foreign_key", "if", "unless", "else", "validate_foreign_key", "validate_check_constraint", "add_unique_constraint", "frozen_string_literal", "primary_key",
			"null", "default", "unique", "limit", "name", "comment", "force", "id", "foreign_key", "create_enum", "change_column_default", "change_table_comment", "change_column_comment", "require"},
		down: regexp.MustCompile(`(?m)^([ \t]*)def\s+(?:self\.)?down\b`), nothing: regexp.MustCompile(`^[ \t]*def\s+(?:self\.)?down\b\s*(?:raise\s+ActiveRecord::IrreversibleMigration[^\n]*\s*)?end\s*$`)},
	{name: "knex, Sequelize or TypeORM", exts: []string{".js", ".ts", ".cjs", ".mjs", ".cts", ".mts"}, hints: []string{"up", "down"},
		tell:  regexp.MustCompile(`\b(?:exports\.(?:up|down)|queryInterface|queryRunner|QueryRunner|MigrationInterface|knex)\b|export\s+(?:async\s+)?function\s+(?:up|down)\b`),
		calls: regexp.MustCompile(`\.\s*([A-Za-z_]\w*)\s*(?:<[^>()]*>)?\s*\(`),
		harmless: []string{"createTable", "createTableIfNotExists", "addColumn", "addColumns", "addIndex", "addConstraint", "createIndex", "createIndices", "createForeignKey", "createForeignKeys", "createUniqueConstraint", "createCheckConstraint",
			"table", "alterTable", "schema", "transaction", "string", "text", "integer", "bigInteger", "bigint", "float", "decimal", "double", "datetime", "dateTime", "timestamp", "timestamps", "time", "date", "binary", "boolean", "json", "jsonb",
			"uuid", "enum", "enu", "increments", "bigIncrements", "specificType", "references", "inTable", "onDelete", "onUpdate", "notNullable", "nullable", "defaultTo", "defaultsTo", "unique", "index", "primary", "foreign", "unsigned", "comment",
			"hasTable", "hasColumn", "now", "fn", "withKeyName", "timestamptz", "bulkInsert", "insert", "exports", "resolve", "commit", "then", "all", "log", "require"},
		down: regexp.MustCompile(`(?m)^([ \t]*)(?:module\.)?(?:exports\.down\s*=|export\s+(?:async\s+)?function\s+down\b|export\s+const\s+down\b|(?:public\s+)?(?:async\s+)?down\s*[(:])`), nothing: regexp.MustCompile(`\{\s*(?:return\s*(?:Promise\.resolve\(\))?;?\s*)?\}[;,]?\s*$`)},
	{name: "Liquibase", exts: []string{".xml", ".yaml", ".yml", ".json"}, hints: []string{"databaseChangeLog"}, tell: regexp.MustCompile(`\bdatabaseChangeLog\b`),
		calls: regexp.MustCompile(`(?:<|"|^|[-\s])([a-z][A-Za-z]*(?:Table|Column|Columns|Index|Constraint|View|Sequence|Procedure|Key|Value|Data|Type|sql|sqlFile|Name|Increment|executeCommand|customChange|update|delete|insert))(?:"?\s*:|[\s>/])`),
		harmless: []string{"createTable", "addColumn", "createIndex", "addUniqueConstraint", "addForeignKeyConstraint", "addPrimaryKey", "createView", "createSequence", "addDefaultValue", "addAutoIncrement", "insert", "loadData",
			"tableName", "columnName", "columnDataType", "indexName", "constraintName", "foreignKeyName", "viewName", "sequenceName", "defaultValue", "column", "referencedTableName", "baseTableName", "defaultColumnValue",
			"referencedColumnNames", "baseColumnNames", "columnNames", "autoIncrement", "primaryKey", "primaryKeyName", "schemaName", "dataType", "type", "catalogName", "uniqueConstraintName", "baseTableSchemaName", "referencedTableSchemaName"}},
	{name: "goose", exts: []string{".go"}, hints: []string{"goose.Add"}, tell: regexp.MustCompile(`\bgoose\.(?:AddMigration|AddNamedMigration)\w*\s*\(`),
		calls: regexp.MustCompile(`\.\s*(\w+)\s*\(`), harmless: []string{"AddMigration", "AddMigrationContext", "AddNamedMigration", "AddNamedMigrationContext", "Errorf", "New"},
		down: regexp.MustCompile(`(?m)^func\s+(?:down|Down)\w*\s*\(`), nothing: regexp.MustCompile(`\{\s*return\s+nil\s*\}\s*$`)},
}

// dangerWords are operations that take data away or run what is not known, in any
// framework, and SQL within a program.
var dangerWords = regexp.MustCompile(`(?i)\b(?:drop[_ ]?(?:table|column|columns|index|schema|database|view|constraint|foreign|unique|primary|type|sequence|procedure|default|all|not[_ ]?null)\w*|remove[_ ]?(?:table|column|columns|field|index|constraint|reference|references|belongs_to|foreign_key|timestamps)\w*|` +
	`rename[_ ]?(?:table|column|field|model|index)\w*|RemoveField|DeleteModel|RenameModel|RenameField|RunSQL|RunPython|SeparateDatabaseAndState|AlterField|truncate|delete\s+from|alter[_ ]?column|change[_ ]?column(?:_null)?|alter\s+table|` +
	`execute(?:_?sql|_?batch|script)?|exec(?:context)?|\.raw|\.query|rawquery|delete_all|destroy_all|update_all|bulkDelete|safety_assured|getattr|eval|importlib|__import__|sqlFile|customChange|executeCommand|sendline|public_send|instance_eval|constantize)\b`)

// sqlTag is Liquibase's element for SQL of the author's own.
var sqlTag = regexp.MustCompile(`<\s*sql\b|["'\s-]sql["']?\s*:`)

// migrationCode judges a migration that is no SQL.
func migrationCode(text string, n *name, named bool) []Mark {
	if len(text) > maxCode {
		if !migrationPlace(n) {
			return nil
		}
		return []Mark{{Label: release.LabelMigration, Why: "it is where migrations are kept"}, {Label: release.LabelDestructive, Why: "it is larger than what is read, so what it does is not known"}}
	}
	i := slices.IndexFunc(frameworks, func(f framework) bool {
		hinted := slices.ContainsFunc(f.hints, func(h string) bool { return strings.Contains(text, h) })
		return n.ext(f.exts...) && hinted && f.tell.MatchString(text) && (named || f.name != frameworks[3].name)
	})
	if i < 0 {
		return unknownMigration(text, n, named)
	}
	f := frameworks[i]
	marks := []Mark{{Label: release.LabelMigration, Why: "a migration of " + f.name}}
	if strings.ContainsRune(text, 0) || !asciiLetters(text, f) {
		return append(marks, Mark{Label: release.LabelDestructive, Why: "it is not plain text, or names operations with letters that look like others"})
	}
	up, back := f.halves(text)
	if at := dangerWords.FindStringIndex(up); at != nil {
		marks = append(marks, Mark{Label: release.LabelDestructive, Line: lineOf([]byte(up), at[0]), Why: "an operation that takes data away, breaks what runs now, or runs code or SQL of its own"})
	}
	if f.name == "Liquibase" {
		if at := sqlTag.FindStringIndex(up); at != nil {
			marks = append(marks, Mark{Label: release.LabelDestructive, Line: lineOf([]byte(up), at[0]), Why: "SQL of its own, so what it does is not known"})
		}
	}
	for _, at := range f.calls.FindAllStringSubmatchIndex(up, -1) {
		if !slices.Contains(f.harmless, up[at[2]:at[3]]) {
			marks = append(marks, Mark{Label: release.LabelDestructive, Line: lineOf([]byte(up), at[2]), Why: "an operation that is not known to take nothing away"})
			break
		}
	}
	if f.down != nil && f.name != "Rails" && back == "" && f.down.FindStringIndex(text) == nil || back != "" && f.nothing.MatchString(strings.TrimSpace(back)) {
		marks = append(marks, Mark{Label: release.LabelIrreversible, Why: "it has no way back"})
	}
	return marks
}

// unknownMigration judges a file of no framework that is known.
func unknownMigration(text string, n *name, named bool) []Mark {
	if !named || n.ext(".mod", ".sum", ".toml", ".ini", ".lock", ".mako") || n.is("__init__.py", "embed.go", "doc.go", "atlas.sum", "migration_lock.toml") && !dangerWords.MatchString(text) {
		return nil
	}
	if at := dangerWords.FindStringIndex(text); at != nil && (migrationPlace(n) || sqlInCode.MatchString(text)) {
		return []Mark{{Label: release.LabelMigration, Why: "it is named like a migration"},
			{Label: release.LabelDestructive, Line: lineOf([]byte(text), at[0]), Why: "words that take data away or run SQL"}}
	}
	if migrationPlace(n) {
		return []Mark{{Label: release.LabelMigration, Why: "it is where migrations are kept"},
			{Label: release.LabelDestructive, Why: "a migration in a language that is not known here, so what it does is not known"}}
	}
	return nil
}

var sqlInCode = regexp.MustCompile(`(?i)\b(?:drop\s+(?:table|column|schema|database|index)|truncate\s+table|delete\s+from|alter\s+table)\b`)

// asciiLetters reports whether no letter outside of ASCII stands in what looks like
// an operation's name: most parsers compare letters, and reviewers see shapes.
func asciiLetters(text string, f framework) bool {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = fold(strings.ReplaceAll(l, "\t", " "))
	}
	folded := strings.Join(lines, "\n")
	return len(f.calls.FindAllString(folded, -1)) == len(f.calls.FindAllString(text, -1)) && len(dangerWords.FindAllString(folded, -1)) == len(dangerWords.FindAllString(text, -1))
}

// halves cuts the way back out, where it is surely that: it ends where the indentation
// says, nothing that goes forward stands in it, and nothing outside mentions it.
func (f framework) halves(text string) (up, back string) {
	if f.down == nil {
		return text, ""
	}
	at := f.down.FindAllStringIndex(text, -1)
	if len(at) != 1 {
		return text, ""
	}
	start := at[0][0]
	indent := text[start : start+len(text[start:])-len(strings.TrimLeft(text[start:], " \t"))]
	end, closing := len(text), map[string]string{".py": "", ".rb": "end", ".go": "}", ".js": "}"}[f.exts[0]]
	lines := strings.SplitAfter(text[start:], "\n")
	offset := start + len(lines[0])
	for _, line := range lines[1:] {
		body := strings.TrimRight(line, " \t\r\n")
		if closing == "" && body != "" && line[0] != ' ' && line[0] != '\t' && !strings.HasPrefix(body, ")") {
			end = offset
			break
		}
		if closing != "" && strings.HasPrefix(body, indent+closing) {
			// Only what closes: what follows on the line is looked at.
			end = offset + len(indent) + len(closing)
			break
		}
		offset += len(line)
	}
	back = text[start:end]
	outside := text[:start] + strings.Repeat("\n", strings.Count(back, "\n")) + text[end:]
	if forward.MatchString(back) || strings.Count(back, `"""`)%2 != 0 || strings.Count(back, "`")%2 != 0 || strings.Contains(back, "'''") || strings.Contains(back, "/*") || strings.Contains(back, "=begin") || strings.Contains(back, "<<") {
		return text, ""
	}
	if f.name == "goose" {
		// The one mention that must be there is where it is registered.
		if len(downName.FindAllString(outside, -1)) != 1 || !gooseCall.MatchString(outside) {
			return text, ""
		}
	} else if downWord.MatchString(outside) {
		return text, ""
	}
	return outside, back
}

var (
	forward   = regexp.MustCompile(`(?im)\bdef\s+(?:self\.)?(?:up|upgrade|change)\b|\bexports\.up\b|\bfunction\s+up\b|\bconst\s+up\b|^\s*(?:public\s+)?(?:async\s+)?up\s*[(:]|^func\s+(?:up|init)\w*`)
	downWord  = regexp.MustCompile(`(?i)\bdown(?:grade)?\b`)
	downName  = regexp.MustCompile(`\b[Dd]own\w*\b`)
	gooseCall = regexp.MustCompile(`\bgoose\.Add(?:Named)?Migration\w*\([^()]*\b[Dd]own\w*\s*\)`)
)
