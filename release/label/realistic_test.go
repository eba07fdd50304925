package label_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
)

// Paths as they stand in repositories of many kinds, by what somebody who knows
// such repositories would say of them.
func TestRealisticPaths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, rows string }{
		{"Go", `
			cmd/server/main.go
			internal/authserver/handler.go: identity
			internal/authutil/hash.go: identity
			internal/server/basicauth.go: identity
			internal/middleware/jwtmiddleware.go: identity
			pkg/sessionstore/redis.go: identity
			pkg/api/accesstoken.go: identity
			pkg/authorizer/opa.go: access
			pkg/apis/policy/v1/types.go: access
			internal/policy/engine.go: access
			internal/cryptoutil/aead.go: crypto
			internal/tlsutil/config.go: crypto
			internal/store/store.go
			internal/store/store_test.go: test
			internal/billingservice/plan.go: payment
			internal/author/author.go
			internal/tokenizer/tok.go
			hack/update-codegen.sh: pipeline
			hack/boilerplate.go.txt
			tools/build.sh: pipeline
			tools/gen/main.go
			magefiles/magefile.go: pipeline
			go.work: dependencies pipeline
			.ko.yaml: pipeline
			.golangci.yaml: policy
			api/openapi-spec/swagger.json: api
			pkg/client/clientset_generated.go: generated
			config/rbac/role.yaml: access
			config/crd/bases/example.com_widgets.yaml
			config/webhook/manifests.yaml
			third_party/forked/yaml/yaml.go: vendored
			vendor/golang.org/x/crypto/ssh/client.go: crypto vendored
			internal/config/secretsmanager.go: secrets
			LICENSE: docs
			CONTRIBUTING.md: docs
			SECURITY.md: docs
			docs/adr/0007-session-tokens.md: docs
			docs/policies/leave.md: docs
			docs/policies/deploy.rego: policy
			OWNERS: policy`},
		{"JavaScript", `
			src/index.ts
			src/components/Button.tsx
			src/components/Button.test.tsx: test
			src/hooks/useAuth.ts: identity
			src/hooks/useCart.ts
			src/pages/api/auth/[...nextauth].ts: identity
			src/middleware/passport.js: identity
			src/guards/roles.guard.ts: access
			src/access.ts: access
			src/lib/stripe.ts: payment
			src/services/paymentService.js: payment
			src/utils/encryptCookie.ts: crypto identity
			src/server/clientsecret.ts: secrets
			next.config.mjs: pipeline
			jest.config.ts: pipeline
			vite.config.ts: pipeline
			webpack.prod.js: pipeline
			tsconfig.json: pipeline
			turbo.json: pipeline
			babel.config.js: pipeline
			.babelrc: pipeline
			scripts/publish.mjs: pipeline
			scripts/deploy: pipeline
			bin/release: pipeline
			.husky/pre-commit: pipeline
			.lintstagedrc.json: pipeline
			.eslintignore: policy
			.eslintrc.cjs: policy
			.npmrc: pipeline secrets
			pnpm-lock.yaml: dependencies
			package-lock.json: dependencies
			packages/core/package.json: dependencies pipeline
			prisma/schema.prisma: migration
			prisma/migrations/20240101_drop_users/migration.sql: migration
			public/robots.txt
			public/logo.svg
			dist/app.min.js: generated
			firestore.rules: access
			database.rules.json: access
			firebase.json: pipeline
			wrangler.toml: pipeline
			serverless.yaml: pipeline
			.env.example: secrets
			README.md: docs
			CHANGELOG.md: docs
			src/i18n/de.json
			src/lexer/token.ts`},
		{"Python", `
			manage.py
			app/settings.py
			app/views.py
			accounts/login_views.py: identity
			app/security/hashers.py: identity
			app/permissions.py: access
			app/passwordreset.py: identity
			app/tests/test_views.py: test
			conftest.py: test
			alembic/versions/3f2a_drop_users.py: migration
			app/migrations/0002_user_email.py: migration
			requirements/prod.txt: dependencies
			requirements.txt: dependencies
			pyproject.toml: dependencies pipeline
			setup.py: dependencies pipeline
			noxfile.py: pipeline
			pytest.ini: pipeline
			tox.ini: pipeline
			scripts/release.py: pipeline
			docs/conf.py
			docs/requirements.txt: dependencies
			docs/index.rst: docs
			notebooks/explore.ipynb
			.flake8: policy
			proto/service_pb2.py: generated
			data/allowlist.txt: access
			docs/allowlist.txt: access
			docs/passwords.txt: identity
			src/oauthproxy/app.py: identity`},
		{"Java", `
			src/main/java/org/example/App.java
			src/main/java/org/example/config/WebSecurityConfig.java: identity
			src/main/java/org/example/config/SecurityConfig.java: identity
			src/main/java/org/example/auth/JwtTokenFilter.java: identity
			src/main/java/org/example/AuthorizationServerConfig.java: access
			src/main/java/org/example/BillingService.java: payment
			src/main/java/org/example/KeystoreLoader.java: crypto
			src/main/java/org/example/AuthorRepository.java
			src/test/java/org/example/AppTest.java: test
			src/main/resources/db/migration/V2__drop_orders.sql: migration
			src/main/resources/db/changelog/001-init.xml: migration
			src/main/resources/application.yml
			src/main/resources/keystore.jks: crypto secrets
			pom.xml: dependencies pipeline
			build.gradle.kts: dependencies pipeline
			app/build.gradle: dependencies pipeline
			buildSrc/src/main/kotlin/Release.kt: pipeline
			gradle/publish.gradle: pipeline
			gradle/wrapper/gradle-wrapper.jar: pipeline
			gradle/libs.versions.toml: dependencies
			config/dependency-check-suppressions.xml: policy
			sonar-project.properties: policy
			.mvn/extensions.xml: pipeline`},
		{"Rust, Ruby, .NET, PHP, mobile", `
			src/main.rs
			src/crypto/mod.rs: crypto
			build.rs: pipeline
			Cargo.toml: dependencies pipeline
			Cargo.lock: dependencies
			.cargo/config.toml: pipeline
			deny.toml: policy
			config/initializers/devise.rb: identity
			app/models/ability.rb: access
			app/policies/post_policy.rb: access
			config/master.key: crypto secrets
			config/credentials.yml.enc: identity secrets
			db/schema.rb: migration
			db/migrate/20240101_remove_email.rb: migration
			config/deploy.rb: pipeline
			lib/tasks/import.rake: pipeline
			Directory.Build.props: pipeline
			src/App/App.csproj: dependencies pipeline
			wp-config.php: secrets
			public/.htaccess: access
			app/Policies/PostPolicy.php: access
			ios/App.xcodeproj/project.pbxproj: pipeline
			fastlane/Fastfile: pipeline
			ios/Podfile: dependencies pipeline
			drivers/pci/probe.c
			src/components/charts/Bar.tsx
			src/values-util.ts
			internal/garden.go
			docs/playbook.md: docs
			internal/smtp/starttls.go: crypto
			internal/dataaccess/orders.go
			alerts/api.rules`},
		{"infrastructure", `
			terraform/main.tf
			terraform/iam.tf: access
			terraform/modules/vpc/main.tf: network
			terraform/sg.tf: network
			terraform/kms.tf: crypto
			terraform/rds.tf: stateful
			terraform/terraform.tfstate: secrets
			terraform/.terraform.lock.hcl: dependencies
			live/prod/terragrunt.hcl: pipeline
			atlantis.yaml: pipeline
			Pulumi.prod.yaml: pipeline
			cdk.json: pipeline
			ansible/playbook.yml: pipeline
			k8s/base/deployment.yaml: pipeline
			apps/web/base/netpol.yaml: network
			apps/web/base/rolebinding.yaml: access
			apps/web/base/clusterissuer.yaml: crypto
			apps/web/base/authorizationpolicy.yaml: access
			clusters/prod/flux-system/gotk-sync.yaml: pipeline
			infra/charts/web/templates/secret.yaml: pipeline secrets
			infra/charts/web/values.yaml: pipeline
			helm/values-prod.yaml: pipeline
			docker-compose.override.yml: pipeline
			nginx/default.conf: network
			.sops.yaml: secrets
			.kube/config: secrets
			.ssh/config: secrets
			policies/require-labels.yaml: policy
			security-policies/policy.yml: identity policy
			deploy.sh: pipeline
			.gitlab/CODEOWNERS: pipeline policy
			.tflint.hcl: policy
			.github/zizmor.yml: pipeline policy
			.github/ISSUE_TEMPLATE/bug.md: docs
			runbooks/failover.md: docs
			src/paymentservice/charge.js: payment
			src/checkoutservice/main.go: payment`},
	} {
		for row := range strings.Lines(c.rows) {
			p, want, _ := strings.Cut(strings.TrimSpace(row), ": ")
			if p == "" {
				continue
			}
			t.Run(c.kind+"/"+p, func(t *testing.T) {
				var texts []string
				for _, l := range labelsOf(modified(p)) {
					texts = append(texts, string(l))
				}
				require.Equal(t, want, strings.Join(texts, " "))
			})
		}
	}
}

// What calms, and what takes words of a page away, goes by the bytes of the path.
func TestPagesAreNotFooled(t *testing.T) {
	t.Parallel()
	for p, want := range map[string]release.Label{
		"dосs/auth.md":             release.LabelIdentity, // Cyrillic: not the directory that people know
		"ｄocs/auth.md":             release.LabelIdentity,
		"docs/auth.txt":            release.LabelIdentity,
		"docs\\auth.md":            release.LabelIdentity,
		"/docs/auth.md":            release.LabelIdentity,
		"docs/../auth/x.md":        release.LabelIdentity,
		"docs/auth.md\u200b":       release.LabelIdentity,
		"docs/prompts/auth.md":     release.LabelIdentity,
		"docs/auth/CLAUDE.md":      release.LabelIdentity,
		"docs/auth.md.go":          release.LabelIdentity,
		"docs/templates/login.md":  release.LabelIdentity,
		"docs/.github/secrets.md":  release.LabelPipeline,
		"docs/policies/CODEOWNERS": release.LabelPolicy,
		"docs/.sallyport/notes.md": release.LabelPolicy,
	} {
		got := labelsOf(modified(p))
		require.Contains(t, got, want, "%q", p)
		require.NotContains(t, got, release.LabelDocs, "%q", p)
	}
	for _, mode := range []string{"100755", "120000", "160000", "", "40000"} {
		fc := modified("docs/auth.md")
		fc.OldMode, fc.NewMode = mode, mode
		require.Contains(t, labelsOf(fc), release.LabelIdentity, mode)
	}
	for _, op := range []release.Op{release.OpUnknown, release.OpReplaced} {
		fc := modified("docs/auth.md")
		fc.Op = op
		require.Contains(t, labelsOf(fc), release.LabelIdentity, "%s", op)
	}
}
