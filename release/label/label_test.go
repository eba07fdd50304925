package label_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// modified is a regular file that was changed.
func modified(path string) release.FileChange {
	return release.FileChange{Path: release.Path(path), Op: release.OpModified, OldMode: "100644", NewMode: "100644"}
}

func labelsOf(fc release.FileChange) []release.Label { return label.File(fc, label.Default()) }

// Paths that must get exactly these labels, separated by blanks.
func TestFileExactly(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		// Words and what only contains them.
		"internal/auth/handler.go":           "identity",
		"pkg/OAuthLogin.java":                "identity",
		"src/signIn.ts":                      "identity",
		"src/sign-in.ts":                     "identity",
		"src/sign_in_form.rb":                "identity",
		"cmd/oauth2client/main.go":           "identity",
		"cmd/oauth2_client/main.go":          "identity",
		"pkg/OAuth2Client.go":                "identity",
		"pkg/SAMLProvider.cs":                "identity",
		"pkg/providers/oidc.go":              "identity",
		"sso/SSOHandler.kt":                  "identity",
		"a/JWTs.go":                          "identity",
		"a/user_sessions.go":                 "identity",
		"a/token.go":                         "identity",
		"go/parser/token.go":                 "",
		"internal/author.go":                 "",
		"internal/authors/list.go":           "",
		"internal/authority.go":              "",
		"internal/keyboard.go":               "",
		"internal/monkey.go":                 "",
		"internal/hotkeys.go":                "",
		"internal/tokenizer.go":              "",
		"internal/passenger.go":              "",
		"internal/compass.go":                "",
		"internal/obsession.go":              "",
		"internal/catalogin.go":              "",
		"internal/enrolement.go":             "",
		"internal/grole.go":                  "",
		"internal/certain.go":                "",
		"internal/secretary.go":              "",
		"internal/vaulting.go":               "",
		"internal/title_salty.go":            "",
		"internal/protocol.go":               "",
		"internal/authz/check.go":            "access",
		"internal/rbac.go":                   "access",
		"app/Permissions.php":                "access",
		"app/userRole.ts":                    "access",
		"internal/casserole.go":              "",
		"internal/retry_policy.go":           "",
		"infra/iam.tf":                       "access",
		"infra/policy.tf":                    "access",
		"k8s2/rolebinding.yaml":              "access",
		"pkg/crypto/aes.go":                  "crypto",
		"pkg/x509util.go":                    "crypto",
		"pkg/x509_util.go":                   "crypto",
		"pkg/privateKey.go":                  "crypto secrets",
		"pkg/TLSConfig.go":                   "crypto",
		"certs/root.crt":                     "crypto",
		"keys/rotate.go":                     "crypto",
		"server.pem":                         "crypto secrets",
		"config/id_rsa":                      "crypto secrets",
		"internal/vault/client.go":           "secrets",
		"config/.env.production":             "secrets",
		"pkg/apiKey.go":                      "secrets",
		"internal/payments/charge.go":        "payment",
		"shop/checkout.ts":                   "payment",
		"internal/git/checkout.go":           "",
		"db/migrations/0001_init.sql":        "migration",
		"db/V12__add_users.sql":              "migration",
		"db/v.sql":                           "",
		"queries/list.sql":                   "",
		"db/schema.sql":                      "migration",
		"internal/firewall/rules.go":         "network",
		"infra/security_group.tf":            "network",
		"infra/vpc.tf":                       "network",
		"infra/rds.tf":                       "stateful",
		"src/storage.go":                     "",
		"api/v1/service.proto":               "api",
		"docs/openapi.yaml":                  "api",
		"schema.graphql":                     "api",
		"go.mod":                             "dependencies",
		"a/b/go.sum":                         "dependencies",
		"requirements-dev.txt":               "dependencies",
		"yarn.lock":                          "dependencies",
		"package.json":                       "dependencies pipeline",
		"vendor/modules.txt":                 "dependencies vendored",
		"vendor/example.com/x/x.go":          "vendored",
		"vendor/example.com/oauth/x.go":      "identity vendored",
		"web/node_modules/left-pad/index.js": "vendored",
		"vendors/list.go":                    "",
		"pkg/a/a_test.go":                    "test",
		"pkg/a/testdata/x.json":              "test",
		"pkg/auth/auth_test.go":              "identity test",
		"pkg/a/contest.go":                   "",
		"pkg/test/helper.go":                 "",
		"src/app.spec.ts":                    "test",
		"src/app.test.ts":                    "test",
		"lib/a_spec.rb":                      "test",
		"lib/a_test.rb":                      "test",
		"lib/spec.rb":                        "",
		"src/test/java/A.java":               "test",
		"src/hooks/useThing.ts":              "",
		"api/x.pb.go":                        "generated",
		"web/app.min.js":                     "generated",
		// The pipeline.
		".github/workflows/ci.yml":         "pipeline",
		".github/actions/x/index.js":       "pipeline",
		".github/dependabot.yml":           "pipeline",
		".github/CODEOWNERS":               "pipeline policy",
		".github/PULL_REQUEST_TEMPLATE.md": "docs",
		".github/copilot-instructions.md":  "pipeline",
		".github/workflows/README.md":      "pipeline",
		".gitlab-ci.yml":                   "pipeline",
		".circleci/config.yml":             "pipeline",
		"Jenkinsfile":                      "pipeline",
		"jenkinsfile.release":              "pipeline",
		".drone.yml":                       "pipeline",
		".woodpecker/build.yaml":           "pipeline",
		".woodpecker.yml":                  "pipeline",
		".buildkite/pipeline.yml":          "pipeline",
		".tekton/push.yaml":                "pipeline",
		"azure-pipelines.yml":              "pipeline",
		".ci/run":                          "pipeline",
		"Dockerfile":                       "pipeline",
		"cmd/x/Dockerfile.debug":           "pipeline",
		"build/app.dockerfile":             "pipeline",
		"Makefile":                         "pipeline",
		"mk/rules.mk":                      "pipeline",
		".goreleaser.yaml":                 "pipeline",
		"scripts/release.sh":               "pipeline",
		"docs/Makefile":                    "pipeline",
		"internal/makefile_parser.go":      "",
		"internal/dockerfile.go":           "pipeline", // begins like a Dockerfile: rather too much than too little
		"internal/pipeline/run.go":         "",
		".gitattributes":                   "pipeline policy",
		".gitmodules":                      "dependencies",
		"AGENTS.md":                        "pipeline",
		"docs/CLAUDE.md":                   "pipeline",
		// Policy.
		"CODEOWNERS":             "policy",
		"docs/CODEOWNERS":        "policy",
		".sallyport/policy.yaml": "policy",
		".sallyport.yaml":        "policy",
		"sallyport-waivers.yaml": "policy",
		"ops/waivers.json":       "policy",
		"policies/deploy.rego":   "policy",
		".golangci.yml":          "policy",
		".trivyignore":           "policy",
		".mailmap":               "policy",
		// Documentation.
		"README.md":             "docs",
		"readme.MD":             "docs",
		"docs/guide/intro.rst":  "docs",
		"docs/notes.txt":        "docs",
		"docs/Überblick.md":     "docs",
		"LICENSE":               "docs",
		"vendor/x/LICENSE":      "docs vendored",
		"LICENSE.txt":           "docs",
		"changes.json":          "",
		"notes.txt":             "",
		"CMakeLists.txt":        "pipeline",
		"docs/conf.py":          "",
		"docs/example/main.go":  "",
		"docs/index.html":       "",
		"docs/page.mdx":         "",
		"docs/logo.svg":         "",
		"docs/install.sh":       "pipeline", // people pipe it into a shell
		"docs/auth.md":          "docs",
		"docs/migrations.md":    "docs",
		"auth/notes.md":         "identity",
		"docs/auth.txt.pem":     "crypto identity secrets",
		"prompts/system.md":     "",
		"templates/mail.md":     "",
		"../README.md":          "",
		"docs//x.md":            "",
		"docs/./x.md":           "",
		"docs/x.md\n":           "",
		"docs/a\nb.md":          "",
		"docs/a\u202eb.md":      "",
		"a\u200b/x_test.go":     "",
		"./docs/x.md":           "",
		"docs\\x.md":            "",
		"docs/x.md\u200b":       "",
		"docs/x.mԁ":             "",
		"pkg/a/a_tеst.go":       "", // Cyrillic: the compiler does not leave it out
		"pkg/a/a_test\u00ad.go": "",
		"pkg/a/a_TEST.go":       "",
		"vеndor/x.go":           "",
		"":                      "",
		"/":                     "",
	} {
		t.Run(path, func(t *testing.T) {
			var texts []string
			for _, l := range labelsOf(modified(path)) {
				texts = append(texts, string(l))
			}
			require.Equal(t, want, strings.Join(texts, " "))
		})
	}
}

// Paths that try to hide what they are.
func TestFileIsNotFooled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path string
		want release.Label
	}{
		{".GitHub/Workflows/ci.yml", release.LabelPipeline},
		{".github\\workflows\\ci.yml", release.LabelPipeline},
		{".github./workflows /ci.yml", release.LabelPipeline},
		{".git\u200bhub/workflows/ci.yml", release.LabelPipeline},
		{".github\u2215workflows/ci.yml", release.LabelPipeline},
		{"docs/.github/workflows/ci.yml", release.LabelPipeline},
		{"docs/examples/Dockerfile", release.LabelPipeline},
		{"DOCKERFILE", release.LabelPipeline},
		{"Dоckerfile", release.LabelPipeline}, // Cyrillic о
		{"Makefile ", release.LabelPipeline},
		{"internal/аuth/x.go", release.LabelIdentity}, // Cyrillic а
		{"internal/ａｕｔｈ/x.go", release.LabelIdentity}, // full width
		{"internal/áuth/x.go", release.LabelIdentity},
		{"internal/påssword.go", release.LabelIdentity},
		{"internal/a\u0301uth/x.go", release.LabelIdentity}, // combining accent
		{"internal/𝐚𝐮𝐭𝐡/x.go", release.LabelIdentity},
		{"internal/a\xffuth/x.go", release.LabelIdentity},
		{"internal/au\u202eth/x.go", release.LabelIdentity},
		{"internal/AUTH/X.GO", release.LabelIdentity},
		{"docs/auth/login.go", release.LabelIdentity},
		{"testdata/auth/login.go", release.LabelIdentity},
		{"vendor/auth/login.go", release.LabelIdentity},
		{strings.Repeat("a/", 10_000) + "auth/login.go", release.LabelIdentity},
		{"codeowners", release.LabelPolicy},
		{"CОDEOWNERS", release.LabelPolicy},
		{"GO.MOD", release.LabelDeps},
	} {
		require.Contains(t, labelsOf(modified(c.path)), c.want, "%q", c.path)
	}
}

// What calms must not be said of files that are something else than they seem.
func TestCalmLabelsNeedARegularFile(t *testing.T) {
	t.Parallel()
	calm := []release.Label{release.LabelDocs, release.LabelTest, release.LabelGenerated, release.LabelVendored}
	for _, c := range []struct {
		name   string
		change func(*release.FileChange)
		kept   bool // the test, generated and vendored labels are kept
	}{
		{"a link", func(f *release.FileChange) { f.NewMode = "120000" }, false},
		{"was a link", func(f *release.FileChange) { f.OldMode = "120000" }, false},
		{"a submodule", func(f *release.FileChange) { f.NewMode = "160000" }, false},
		{"another type", func(f *release.FileChange) { f.Op = release.OpReplaced }, false},
		{"no operation", func(f *release.FileChange) { f.Op = release.OpUnknown }, false},
		{"no modes", func(f *release.FileChange) { f.OldMode, f.NewMode = "", "" }, false},
		{"strange mode", func(f *release.FileChange) { f.NewMode = "100664" }, false},
		{"executable", func(f *release.FileChange) { f.NewMode = "100755" }, true},
		{"was executable", func(f *release.FileChange) { f.OldMode = "100755" }, true},
		{"binary", func(f *release.FileChange) { f.Binary = true }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, path := range []string{"docs/x.md", "a/x_test.go", "a/x.pb.go", "vendor/a/x.go", "LICENSE"} {
				fc := modified(path)
				require.NotEmpty(t, labelsOf(fc))
				c.change(&fc)
				got := labelsOf(fc)
				require.NotContains(t, got, release.LabelDocs, path)
				if !c.kept {
					for _, l := range calm {
						require.NotContains(t, got, l, path)
					}
				}
			}
		})
	}
	added := release.FileChange{Path: "docs/x.md", Op: release.OpAdded, NewMode: "100644"}
	require.Equal(t, []release.Label{release.LabelDocs}, labelsOf(added))
	removed := release.FileChange{Path: "docs/x.md", Op: release.OpRemoved, OldMode: "100644"}
	require.Equal(t, []release.Label{release.LabelDocs}, labelsOf(removed))
}

// What runs in production, or may, is calmed by no name.
func TestNothingThatRunsIsCalm(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"app/migrations/test_drop.py", "app/migrations/0005_drop_test.py", "db/migrate/20200101000000_drop_users_test.rb", "migrations/2020_drop.test.js", "migrations/2020_drop.spec.ts", // Django, Rails and knex run them all
		"internal/testdata/evil/evil.go",         // Go imports it
		"cmd/history", "app/changes", "lib/news", // programs
		"internal/llm/system_prompt.md", "prompts/system.md", "emails/welcome.md", // compiled in, or sent
	} {
		for _, l := range []release.Label{release.LabelTest, release.LabelDocs, release.LabelGenerated, release.LabelVendored} {
			require.NotContains(t, labelsOf(modified(path)), l, path)
		}
	}
	drop := []byte("from django.db import migrations\nclass Migration(migrations.Migration):\n    operations = [migrations.DeleteModel('users')]\n")
	c := label.Contents{Change: modified("app/migrations/test_drop.py"), After: drop}
	c.Change.Labels = labelsOf(c.Change)
	marks := label.Migrations(label.MigrationOptions{}).Content(c)
	require.True(t, slices.ContainsFunc(marks, func(m label.Mark) bool { return m.Label == release.LabelDestructive }), "a migration that is named like a test")
}

func TestResource(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{
		"aws_iam_role":                        "access",
		"aws_iam_policy_attachment":           "access",
		"google_project_iam_member":           "access",
		"google_service_account_key":          "access identity secrets",
		"azurerm_role_assignment":             "access",
		"azuread_application":                 "identity",
		"aws_cognito_user_pool":               "identity",
		"Role":                                "access",
		"ClusterRoleBinding":                  "access",
		"rbac.authorization.k8s.io/v1/Role":   "access",
		"ServiceAccount":                      "access identity",
		"aws_security_group_rule":             "network",
		"aws_vpc":                             "network",
		"google_compute_firewall":             "network",
		"NetworkPolicy":                       "network",
		"networking.k8s.io/v1/Ingress":        "network",
		"aws_kms_key":                         "crypto",
		"google_kms_crypto_key":               "crypto",
		"aws_acm_certificate":                 "crypto",
		"azurerm_key_vault_secret":            "crypto secrets",
		"aws_secretsmanager_secret":           "secrets",
		"Secret":                              "secrets",
		"aws_db_instance":                     "stateful",
		"aws_dynamodb_table":                  "stateful",
		"aws_s3_bucket":                       "stateful",
		"aws_s3_bucket_policy":                "access stateful",
		"aws_s3_bucket_public_access_block":   "access network stateful",
		"aws_ebs_volume":                      "stateful",
		"google_sql_database_instance":        "stateful",
		"PersistentVolumeClaim":               "stateful",
		"apps/v1/StatefulSet":                 "stateful",
		"github_branch_protection":            "pipeline policy",
		"aws_codebuild_project":               "pipeline",
		"ValidatingWebhookConfiguration":      "policy",
		"CustomResourceDefinition":            "api",
		"apps/v1/Deployment":                  "",
		"aws_instance":                        "",
		"random_pet":                          "",
		"ConfigMap":                           "",
		"":                                    "",
		strings.Repeat("x_", 20_000) + "_iam": "access",
	} {
		var texts []string
		for _, l := range label.Resource(release.ResourceChange{Type: kind}, label.Default()) {
			texts = append(texts, string(l))
		}
		require.Equal(t, want, strings.Join(texts, " "), "%.60q", kind)
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	cs := release.ChangeSet{
		Files:     []release.FileChange{modified("go.mod"), {Path: "x", Labels: []release.Label{"z", "host", "z"}}},
		Commits:   []release.Commit{{Files: []release.FileChange{modified("README.md")}}},
		Resources: []release.ResourceChange{{Type: "aws_iam_role", Labels: []release.Label{"host"}}},
		Drift:     []release.ResourceChange{{Type: "aws_db_instance"}},
	}
	label.Apply(&cs)
	require.Equal(t, []release.Label{release.LabelStateful}, cs.Drift[0].Labels)
	require.Equal(t, []release.Label{release.LabelDeps}, cs.Files[0].Labels)
	require.Equal(t, []release.Label{"host", "z"}, cs.Files[1].Labels)
	require.Equal(t, []release.Label{release.LabelDocs}, cs.Commits[0].Files[0].Labels)
	require.Equal(t, []release.Label{release.LabelAccess, "host"}, cs.Resources[0].Labels)

	only := label.Labeler{ID: "mine", Doc: "All of mine.", Version: 1,
		File: func(release.FileChange) []release.Label { return []release.Label{"mine", ""} }}
	label.Apply(&cs, only)
	require.Equal(t, []release.Label{release.LabelDeps, "mine"}, cs.Files[0].Labels)
	require.Equal(t, []release.Label{"mine"}, cs.Commits[0].Files[0].Labels, "docs beside another label is no docs")
	require.Equal(t, []release.Label{release.LabelAccess, "host"}, cs.Resources[0].Labels)
}

func TestDefaultIsDocumented(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, l := range label.Default() {
		require.NotEmpty(t, l.ID)
		require.False(t, seen[l.ID], l.ID)
		seen[l.ID] = true
		require.True(t, strings.HasSuffix(l.Doc, "."), l.ID)
		require.Positive(t, l.Version)
		require.NotNil(t, l.File)
	}
	own := label.Default()
	own[0].ID = "changed"
	require.NotEqual(t, "changed", label.Default()[0].ID)
}

// Labels are a sorted set that contains what was there, whatever the order of the
// labelers, and labelling again changes nothing.
func TestFileProperties(t *testing.T) {
	t.Parallel()
	parts := rapid.SampledFrom([]string{"auth", "docs", "Makefile", ".github", "x.md", "workflows", "а", "\xff", "a_test.go", "vendor", "README", "..", "", " ", "\\", "K8s"})
	rapid.Check(t, func(t *rapid.T) {
		fc := release.FileChange{
			Path:    release.Path(strings.Join(rapid.SliceOfN(parts, 0, 6).Draw(t, "path"), rapid.SampledFrom([]string{"/", "", "-"}).Draw(t, "sep"))),
			Op:      release.Op(rapid.IntRange(0, 9).Draw(t, "op")),
			NewMode: rapid.SampledFrom([]string{"", "100644", "100755", "120000", "160000"}).Draw(t, "mode"),
			Labels:  rapid.SliceOfN(rapid.SampledFrom([]release.Label{"a", "b", release.LabelTest}), 0, 3).Draw(t, "labels"),
		}
		was := slices.Clone(fc.Labels)
		ls := label.Default()
		got := label.File(fc, ls)
		require.Equal(t, was, fc.Labels, "the argument is not changed")
		require.True(t, slices.IsSorted(got))
		require.Len(t, slices.Compact(slices.Clone(got)), len(got))
		for _, l := range was {
			require.Contains(t, got, l)
		}
		slices.Reverse(ls)
		require.Equal(t, got, label.File(fc, ls))
		fc.Labels = got
		require.Equal(t, got, label.File(fc, ls))
		if slices.Contains(got, release.LabelDocs) {
			require.Equal(t, "100644", fc.NewMode)
			require.Equal(t, string(fc.Path), fc.Path.String())
		}
	})
}

// A word found in a path is found however its letters are capitalised, and inside
// any directory: nothing that is put in front or behind hides it.
func FuzzFile(f *testing.F) {
	f.Add("docs/", ".md")
	f.Add(strings.Repeat("x/", 5000), "")
	f.Add("\xff\u202e", "\\")
	f.Fuzz(func(t *testing.T, before, after string) {
		got := labelsOf(modified(before + "/auth/" + after))
		require.Contains(t, got, release.LabelIdentity)
		require.NotContains(t, got, release.LabelDocs)
		require.True(t, slices.IsSorted(got))
	})
}
