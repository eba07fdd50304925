package label

import (
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// pipeline knows the places and names that CI systems, build tools, release tools
// and deployers read by themselves.
func pipeline(fc release.FileChange, n *name) bool {
	return n.in(".github", ".gitea", ".forgejo", ".gitlab", ".circleci", ".buildkite", ".woodpecker", ".drone", ".tekton", "tekton", ".ci",
		".jenkins", ".azure-pipelines", ".azuredevops", ".pipelines", ".semaphore", ".teamcity", ".harness", ".bitrise", ".husky", ".githooks",
		".devcontainer", ".mvn", ".cargo", ".cosign", ".vscode", ".claude", ".cursor", ".codex", ".gemini", ".windsurf", ".bazelci", ".argocd", ".kokoro", ".changeset", ".dagger", ".earthly", ".ebextensions", ".platform", "fastlane", "argo-cd", "argocd", "fluxcd", "flux-system", "buildsrc") && !githubProse(fc, n) ||
		n.top("ci", "build", "deploy", "deployment", "deployments", "helm", "charts", "k8s", "kustomize", "argocd", "flux", "packaging") && !n.ext(proseExt...) ||
		(n.in("charts") || n.top("clusters")) && n.ext(".yaml", ".yml", ".json", ".tpl") || ciFile(n) || buildFile(n) || projectFile(n) || agentFile(n) || n.has("goreleaser", "buildspec", "cloudbuild") || script(n)
}

// githubProse is true for the templates and prose that forges show to people: no
// program runs them.
func githubProse(fc release.FileChange, n *name) bool {
	return n.segs[0] == ".github" && !n.in("workflows", "actions", "instructions", "prompts", "agents", "chatmodes", "scripts") && !agentFile(n) && prose(fc, n)
}

func ciFile(n *name) bool {
	return n.prefixed(".gitlab-ci", ".drone.", ".woodpecker.", "azure-pipelines", "bitbucket-pipelines.", ".travis.", "appveyor.", ".appveyor.",
		".cirrus.", "codefresh.", "wercker.", ".goreleaser", "goreleaser.", "skaffold.", ".pre-commit-config.", "lefthook.", ".lefthook.",
		"release-please", ".release-please", ".releaserc", "renovate.", ".renovaterc", "dependabot.", ".ko.", "helmfile.", "kustomization.", "docker-bake.", "docker-compose", "compose.", "serverless.", "wrangler.", "samconfig.", "pulumi.", "cdk.", "render.y", "railway.", "heroku.y", "amplify.y", "firebase.json", ".firebaserc", ".prow", ".lintstagedrc", "lint-staged.", "atlantis.y", "terragrunt.", "devspace.y", "garden.y", "playbook.y", "ansible.cfg", "appspec.", "ecosystem.config.", "capfile") ||
		n.named("jenkinsfile", "tiltfile", "fastfile", "appfile", "vagrantfile", "dangerfile") || n.prefixed("values.", "values-") && n.ext(".yaml", ".yml") ||
		n.ext(".jenkinsfile", ".gitlab-ci.yml") ||
		n.is("action.yml", "action.yaml", "procfile", "app.yaml", "fly.toml", "vercel.json", "netlify.toml", "chart.yaml", "deploy.rb", "codecov.yml", ".codecov.yml")
}

func buildFile(n *name) bool {
	return n.named("dockerfile", "containerfile", "makefile", "gnumakefile", "bsdmakefile", "taskfile", "justfile", ".justfile", "magefile", "rakefile", "earthfile",
		"workspace.bazel", "module.bazel", "build.gradle", "settings.gradle", "gradle-wrapper", "webpack.config", "vite.config", "rollup.config", "babel.config", "gulpfile", "gruntfile") ||
		n.ext(".dockerfile", ".containerfile", ".mk", ".make", ".bzl", ".bazel", ".cmake", ".spec.in", ".nix", ".dockerignore", ".gemspec") ||
		n.is("build", "workspace", ".bazelrc", ".bazelversion", "cmakelists.txt", "meson.build", "configure", "configure.ac", "build.rs", "build.zig", "build.sh", "build.sbt",
			"gradlew", "gradlew.bat", "gradle.properties", "mvnw", "mvnw.cmd", "pom.xml", "package.json", "setup.py", "setup.cfg", "pyproject.toml", "cargo.toml", "mix.exs", "gemfile",
			"composer.json", "tox.ini", "noxfile.py", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", ".pypirc", "pip.conf", ".tool-versions", ".nvmrc", ".node-version",
			".python-version", ".ruby-version", ".go-version", "mise.toml", ".mise.toml", "rust-toolchain", "rust-toolchain.toml", "global.json", "nuget.config", ".envrc",
			".gitattributes", ".dockerignore", "entrypoint.sh", "docker-entrypoint.sh")
}

// projectFile is true for the definitions of projects and tools that run code of
// theirs while they build or test, beside those of [buildFile].
func projectFile(n *name) bool {
	return n.ext(".gradle", ".gradle.kts", ".csproj", ".fsproj", ".vbproj", ".vcxproj", ".props", ".targets", ".sln", ".cake", ".podspec", ".pbxproj", ".xcconfig", ".m4", ".am", ".rake", ".gyp", ".gypi") ||
		n.named("babel.config", ".babelrc", "jest.config", "vitest.config", "next.config", "nuxt.config", "svelte.config", "astro.config", "metro.config", "karma.conf", "playwright.config", "cypress.config",
			"esbuild", "esbuild.config", "tsup.config", "craco.config", "vue.config", "postcss.config", "tailwind.config", "webpack", "sconstruct", "sconscript", "wscript", "kbuild", "meson_options") ||
		n.is("tsconfig.json", "angular.json", "nx.json", "turbo.json", "lerna.json", "rush.json", "deno.json", "deno.jsonc", "bunfig.toml", "podfile", "package.swift", "build.xml", "ivy.xml", "buck", "targets", ".buckconfig", "pants.toml",
			"go.work", "pytest.ini", "hatch.toml", "cross.toml", "build.boot", "project.clj", "deps.edn", "rebar.config", "stack.yaml", "setup.hs", "makefile.pl", "build.pl", "extconf.rb", "binding.gyp", "gruntfile", "autogen.sh", "bootstrap.sh",
			".terraform-version", ".sdkmanrc", ".java-version", ".gitconfig", ".gitlint", "cabal.project", "flake.nix", "vcpkg.json")
}

// agentFile is true for instructions that an AI agent reads and follows: prose to
// people, a program to it.
func agentFile(n *name) bool {
	return n.is("agents.md", "agent.md", "claude.md", "claude.local.md", "gemini.md", "copilot-instructions.md", "skill.md", "llms.txt", ".cursorrules", ".windsurfrules", ".clinerules", ".mcp.json", "mcp.json") ||
		n.ext(".prompt.md", ".instructions.md", ".agent.md", ".chatmode.md", ".mdc")
}

// script is true for scripts in the places where builds keep them, and for shell
// scripts at the root or named after what builds and deploys.
func script(n *name) bool {
	shell := n.ext(".sh", ".bash", ".zsh", ".ps1", ".bat", ".cmd")
	return n.in("scripts", "script", "hack", "ci", "build", "release", "hooks", "bin", "tools", "buildscripts", "build-scripts", "build-tools", "dev") && (shell || n.ext(".groovy")) ||
		n.in("scripts", "script", "hack", "ci", "build", "release", "hooks") && (n.ext(".py") || !strings.Contains(n.base, ".")) ||
		n.in("scripts", "script", "hack", "ci") && n.ext(".js", ".mjs", ".cjs", ".ts", ".mts", ".rb", ".pl", ".lua", ".fish") ||
		n.top("bin") && !strings.Contains(n.base, ".") || len(n.segs) == 1 && shell ||
		shell && n.has("build", "release", "deploy", "deployment", "publish", "install", "ci", "package", "sign", "setup", "bootstrap")
}

// policy knows the rules that a release is judged by, and what tells scanners
// and reviewers where not to look.
func policy(fc release.FileChange, n *name) bool {
	if page(fc, n) {
		return n.in(".sallyport") // what a page explains judges nobody
	}
	return n.is("codeowners", "owners", "owners_aliases", ".mailmap", ".gitattributes", "maintainers") || n.prefixed(".sallyport", "sallyport.") || n.in(".sallyport") ||
		n.ext(".rego", ".cedar", ".sentinel", ".cue") || policyFile(n) && n.in("policy", "policies", "rulesets", "security-policies", "kyverno", "gatekeeper", "conftest") || n.in(".semgrep", ".openvex", ".vex") ||
		n.top(".github") && n.in("codeql") ||
		n.top(".github") && n.is("settings.yml", "settings.yaml", "mergify.yml") || n.prefixed(".mergify.") ||
		n.prefixed(".golangci", ".gitleaks", ".trivy", "trivy.", ".grype", ".snyk", "osv-scanner.", ".osv-scanner", ".checkov", ".hadolint", ".tfsec", ".semgrep",
			"sonar-project.", ".sonarcloud", ".eslint", "eslint.config.", ".bandit", ".tflint", ".gitguardian", ".ggshield", ".talisman", ".pylintrc", ".flake8", ".rubocop", "brakeman.", "phpstan", "psalm.xml", ".safety-policy", ".nsprc", "audit-ci.", "dependency-check", "zizmor.", ".zizmor", "dependency-review", "codeql-config", ".codeql", "allstar.", ".kics", ".nancy", ".secrets.baseline", ".secretlint", ".govulncheck") || n.ext(".layout", ".openvex.json", ".vex.json") ||
		n.is("deny.toml", "audit.toml", "staticcheck.conf", "clippy.toml", "vex.json") || n.has("suppression") && n.ext(".xml", ".yml", ".yaml", ".json", ".txt")
}

// policyFile is true for data in which policies are written. Programs about
// policies are code, and labelled access.
func policyFile(n *name) bool {
	return n.ext(".rego", ".cedar", ".sentinel", ".cue", ".yaml", ".yml", ".json", ".toml", ".hcl", ".xml", ".csv", ".conf", ".ini", ".polar", ".fga") || !strings.Contains(n.base, ".")
}

func dependencies(fc release.FileChange, n *name) bool {
	return n.is("go.mod", "go.sum", "go.work", "go.work.sum", "package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "pnpm-workspace.yaml", "bun.lock",
		"bun.lockb", "deno.json", "deno.lock", "cargo.toml", "cargo.lock", "gemfile", "gemfile.lock", "poetry.lock", "uv.lock", "pdm.lock", "pylock.toml", "pipfile", "pipfile.lock", "setup.py",
		"setup.cfg", "pyproject.toml", "composer.json", "composer.lock", "mix.exs", "mix.lock", "pom.xml", "build.gradle", "build.gradle.kts", "gradle.lockfile", "libs.versions.toml",
		"build.sbt", "packages.config", "packages.lock.json", "directory.packages.props", "paket.lock", "package.swift", "package.resolved", "podfile", "podfile.lock", "cartfile", "cartfile.resolved",
		"pubspec.yaml", "pubspec.lock", "conanfile.txt", "conanfile.py", "conan.lock", "vcpkg.json", "flake.nix", "flake.lock", ".terraform.lock.hcl", "chart.yaml", "chart.lock", "requirements.yaml",
		"module.bazel", "module.bazel.lock", "workspace", "workspace.bazel", "rebar.lock", "stack.yaml.lock", "cabal.project.freeze", ".gitmodules", "environment.yml", "renv.lock", "manifest.toml", "buf.lock") ||
		n.ext(".csproj", ".fsproj", ".vbproj", ".gemspec", ".podspec") ||
		n.ext(".txt", ".in") && n.prefixed("requirements", "constraints") || n.ext(".txt") && n.in("requirements") ||
		len(n.segs) >= 2 && n.base == "modules.txt" && n.segs[len(n.segs)-2] == "vendor" || fc.Submodule()
}
