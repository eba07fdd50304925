package label_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

func TestMigrationsInCode(t *testing.T) {
	t.Parallel()
	const (
		django  = "from django.db import migrations, models\n\nclass Migration(migrations.Migration):\n    dependencies = [('a', '0001')]\n    operations = [\n        migrations.%s('user', 'email'),\n    ]\n"
		alembic = "\"\"\"add\n\nRevision ID: 1\n\"\"\"\nfrom alembic import op\nimport sqlalchemy as sa\n\nrevision = '2'\ndown_revision = '1'\n\ndef upgrade() -> None:\n    op.%s('t', sa.Column('a', sa.Integer()))\n\n\ndef downgrade() -> None:\n    op.drop_column('t', 'a')\n"
		rails   = "class X < ActiveRecord::Migration[7.1]\n  def change\n    %s :t, :a, :string\n  end\nend\n"
		knex    = "exports.up = function (knex) {\n  return knex.schema.%s('t', function (table) {\n    table.increments('id');\n    table.string('a').notNullable();\n  });\n};\n\nexports.down = function (knex) {\n  return knex.schema.dropTable('t');\n};\n"
		typeorm = "export class X1 implements MigrationInterface {\n  public async up(queryRunner: QueryRunner): Promise<void> {\n    await queryRunner.%s('t', 'a');\n  }\n  public async down(queryRunner: QueryRunner): Promise<void> {\n    await queryRunner.dropColumn('t', 'a');\n  }\n}\n"
		liqui   = "databaseChangeLog:\n  - changeSet:\n      id: 1\n      author: x\n      changes:\n        - %s:\n            tableName: t\n"
		liquiX  = "<databaseChangeLog>\n<changeSet id=\"1\" author=\"x\">\n<%s tableName=\"t\"/>\n</changeSet>\n</databaseChangeLog>\n"
		gooseGo = "package migrations\n\nimport \"github.com/pressly/goose/v3\"\n\nfunc init() {\n\tgoose.AddMigrationContext(upX, downX)\n}\n\nfunc upX(ctx context.Context, tx *sql.Tx) error {\n\t%s\n\treturn nil\n}\n\nfunc downX(ctx context.Context, tx *sql.Tx) error {\n\t_, err := tx.Exec(\"DROP TABLE t\")\n\treturn err\n}\n"
	)
	for _, c := range []struct{ name, path, text, op, want string }{
		{"Django adds", "app/migrations/0002_x.py", django, "AddField", "migration"},
		{"Django removes", "app/migrations/0002_x.py", django, "RemoveField", "migration destructive"},
		{"Django deletes", "app/migrations/0002_x.py", django, "DeleteModel", "migration destructive"},
		{"Django alters", "app/migrations/0002_x.py", django, "AlterField", "migration destructive"},
		{"Django runs SQL", "app/migrations/0002_x.py", django, "RunSQL", "migration destructive"},
		{"Django runs code", "app/migrations/0002_x.py", django, "RunPython", "migration destructive"},
		{"Django does something new", "app/migrations/0002_x.py", django, "WipeOut", "migration destructive"},
		{"Django elsewhere", "app/db/evolve.py", django, "RemoveField", "migration destructive"},
		{"Django imports an operation", "app/migrations/0002_x.py", django + "from django.db.migrations import RemoveField as AddF\n", "AddField", "migration destructive"},
		{"Django with a letter that looks alike", "app/migrations/0002_x.py", django, "RemоveField", "migration destructive"},
		{"Alembic adds", "alembic/versions/2_x.py", alembic, "add_column", "migration"},
		{"Alembic drops", "alembic/versions/2_x.py", alembic, "drop_table", "migration destructive"},
		{"Alembic executes", "alembic/versions/2_x.py", alembic, "execute", "migration destructive"},
		{"Alembic alters", "alembic/versions/2_x.py", alembic, "alter_column", "migration destructive"},
		{"Alembic goes down in up", "alembic/versions/2_x.py", strings.Replace(alembic, "    op.%s", "    downgrade()\n    op.%s", 1), "add_column", "migration destructive"},
		{"Alembic without a way back", "alembic/versions/2_x.py", alembic[:strings.Index(alembic, "    op.drop_column")] + "    pass\n", "add_column", "migration irreversible"},
		{"Alembic's up within down", "alembic/versions/2_x.py", alembic + "\n    def upgrade(): pass\n", "add_column", "migration destructive"},
		{"Rails adds", "db/migrate/1_x.rb", rails, "add_column", "migration"},
		{"Rails removes", "db/migrate/1_x.rb", rails, "remove_column", "migration destructive"},
		{"Rails drops", "db/migrate/1_x.rb", rails, "drop_table", "migration destructive"},
		{"Rails renames", "db/migrate/1_x.rb", rails, "rename_column", "migration destructive"},
		{"Rails changes", "db/migrate/1_x.rb", rails, "change_column", "migration destructive"},
		{"Rails executes", "db/migrate/1_x.rb", rails, "execute", "migration destructive"},
		{"Rails calls what is not known", "db/migrate/1_x.rb", rails, "wipe_out", "migration destructive"},
		{"knex creates", "migrations/1_x.js", knex, "createTable", "migration"},
		{"knex drops", "migrations/1_x.js", knex, "dropTable", "migration destructive"},
		{"knex drops if there", "migrations/1_x.js", knex, "dropTableIfExists", "migration destructive"},
		{"knex goes down in up", "migrations/1_x.js", knex + "exports.up = exports.down;\n", "createTable", "migration destructive"},
		{"knex's up hidden behind down", "migrations/1_x.js", "exports.down = 0\n/*\n*/\nexports.up = k => k.schema.dropTable('t')\n}\n", "", "migration destructive"},
		{"TypeORM adds", "src/migrations/1-x.ts", typeorm, "addColumn", "migration"},
		{"TypeORM drops", "src/migrations/1-x.ts", typeorm, "dropColumn", "migration destructive"},
		{"TypeORM queries", "src/migrations/1-x.ts", typeorm, "query", "migration destructive"},
		{"Liquibase creates", "db/changelog/1.yaml", liqui, "createTable", "migration"},
		{"Liquibase drops", "db/changelog/1.yaml", liqui, "dropTable", "migration destructive"},
		{"Liquibase runs SQL", "db/changelog/1.yaml", liqui, "sql", "migration destructive"},
		{"Liquibase in XML creates", "db/changelog/1.xml", liquiX, "createTable", "migration"},
		{"Liquibase in XML drops", "db/changelog/1.xml", liquiX, "dropColumn", "migration destructive"},
		{"Liquibase in XML runs SQL", "db/changelog/1.xml", liquiX, "sql", "migration destructive"},
		{"Liquibase anywhere", "config/x.json", `{"databaseChangeLog": [{"changeSet": {"changes": [{"%s": {"tableName": "t"}}]}}]}`, "dropTable", "migration destructive"},
		{"goose in Go", "db/migrations/1_x.go", gooseGo, "_ = ctx", "migration"},
		{"goose in Go executes", "db/migrations/1_x.go", gooseGo, `tx.Exec("ALTER TABLE t ADD c int")`, "migration destructive"},
		{"goose in Go goes down", "db/migrations/1_x.go", gooseGo, `downX(ctx, tx)`, "migration destructive"},
		{"a language that is not known", "db/migrations/1_x.kt", "class X { fun up() { gone() } }", "", "migration destructive"},
		{"a program about migrations", "internal/migrate/runner.go", "package migrate\n\nfunc Run() error { return nil }\n", "", "migration destructive"},
		{"a program about migrations, elsewhere", "internal/dbmigrate/runner/run.go", "package runner\n\nfunc Run() error { return nil }\n", "", ""},
		{"a package's file", "app/migrations/__init__.py", "import os\n", "", ""},
		{"a test", "internal/migrate/runner_test.go", "package migrate // DROP TABLE x", "", ""},
		{"documentation", "docs/migrations.md", "DROP TABLE x", "", ""},
		{"code that is none", "internal/app.go", "package app // drop_table", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, marks := contentOf(c.path, "", strings.Replace(c.text, "%s", c.op, 1), label.MigrationOptions{})
			require.Equal(t, c.want, strings.Join(texts(unique(got)), " "), marks)
		})
	}
}

// A way back that is taken away cannot be had again.
func TestRemovedWayBack(t *testing.T) {
	t.Parallel()
	fc := release.FileChange{Path: "db/migrations/1_x.down.sql", Op: release.OpRemoved, OldMode: "100644"}
	marks := label.Migrations(label.MigrationOptions{}).Content(label.Contents{Change: fc, Before: []byte("DROP TABLE a")})
	require.Len(t, marks, 2)
	require.Equal(t, release.LabelIrreversible, marks[1].Label)
}
