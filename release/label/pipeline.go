package label

import "github.com/sallyport-dev/sallyport/release"

// pipeline knows the places and names that CI systems, build tools, release tools
// and deployers read by themselves.
func pipeline(fc release.FileChange, n name) bool {
	return n.in(".github", ".gitea", ".forgejo", ".gitlab", ".circleci", ".buildkite", ".woodpecker", ".drone", ".tekton", "tekton", ".ci",
		".jenkins", ".azure-pipelines", ".azuredevops", ".pipelines", ".semaphore", ".teamcity", ".harness", ".bitrise", ".husky", ".githooks",
		".devcontainer", ".mvn", ".cargo", ".cosign", ".vscode", ".claude", ".cursor", ".codex", ".gemini", ".windsurf", ".bazelci", ".argocd", ".kokoro") && !githubProse(fc, n) ||
		n.top("ci", "build", "deploy", "deployment", "deployments", "helm", "charts", "k8s", "kustomize", "argocd", "flux", "packaging") && !n.ext(proseExt...) ||
		ciFile(n) || buildFile(n) || agentFile(n) || n.has("goreleaser", "buildspec", "cloudbuild") || script(n)
}

// githubProse is true for the templates and prose that forges show to people: no
// program runs them.
func githubProse(fc release.FileChange, n name) bool {
	return n.segs[0] == ".github" && !n.in("workflows", "actions", "instructions", "prompts", "agents", "chatmodes", "scripts") && !agentFile(n) && prose(fc, n)
}

func ciFile(n name) bool {
	return n.starts(".gitlab-ci", ".drone.", ".woodpecker.", "azure-pipelines", "bitbucket-pipelines.", ".travis.", "appveyor.", ".appveyor.",
		".cirrus.", "codefresh.", "wercker.", ".goreleaser", "goreleaser.", "skaffold.", ".pre-commit-config.", "lefthook.", ".lefthook.",
		"release-please", ".release-please", ".releaserc", "renovate.", ".renovaterc", "dependabot.", ".ko.", "helmfile.", "kustomization.", "docker-bake.", "docker-compose", "compose.") || n.named("jenkinsfile", "tiltfile") ||
		n.ext(".jenkinsfile", ".gitlab-ci.yml") ||
		n.is("action.yml", "action.yaml", "procfile", "app.yaml", "fly.toml", "vercel.json", "netlify.toml", "serverless.yml", "chart.yaml", "codecov.yml", ".codecov.yml")
}

func buildFile(n name) bool {
	return n.named("dockerfile", "containerfile", "makefile", "gnumakefile", "bsdmakefile", "taskfile", "justfile", ".justfile", "magefile", "rakefile", "earthfile",
		"workspace.bazel", "module.bazel", "build.gradle", "settings.gradle", "gradle-wrapper", "webpack.config", "vite.config", "rollup.config", "babel.config", "gulpfile", "gruntfile") ||
		n.ext(".dockerfile", ".containerfile", ".mk", ".make", ".bzl", ".bazel", ".cmake", ".spec.in", ".nix", ".dockerignore", ".gemspec") ||
		n.is("build", "workspace", ".bazelrc", ".bazelversion", "cmakelists.txt", "meson.build", "configure", "configure.ac", "build.rs", "build.zig", "build.sh", "build.sbt",
			"gradlew", "gradlew.bat", "gradle.properties", "mvnw", "mvnw.cmd", "pom.xml", "package.json", "setup.py", "setup.cfg", "pyproject.toml", "cargo.toml", "mix.exs", "gemfile",
			"composer.json", "tox.ini", "noxfile.py", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", ".pypirc", "pip.conf", ".tool-versions", ".nvmrc", ".node-version",
			".python-version", ".ruby-version", ".go-version", "mise.toml", ".mise.toml", "rust-toolchain", "rust-toolchain.toml", "global.json", "nuget.config", ".envrc",
			".gitattributes", ".dockerignore", "entrypoint.sh", "docker-entrypoint.sh")
}

// agentFile is true for instructions that an AI agent reads and follows: prose to
// people, a program to it.
func agentFile(n name) bool {
	return n.is("agents.md", "agent.md", "claude.md", "claude.local.md", "gemini.md", "copilot-instructions.md", "skill.md", "llms.txt", ".cursorrules", ".windsurfrules", ".clinerules", ".mcp.json", "mcp.json") ||
		n.ext(".prompt.md", ".instructions.md", ".agent.md", ".chatmode.md", ".mdc")
}

// script is true for shell scripts in the places where builds keep them.
func script(n name) bool {
	return n.in("scripts", "script", "hack", "ci", "build", "release", "hooks") && n.ext(".sh", ".bash", ".ps1", ".bat", ".cmd", ".py", ".groovy")
}

// policy knows the rules that a release is judged by, and what tells scanners
// and reviewers where not to look.
func policy(_ release.FileChange, n name) bool {
	return n.is("codeowners", "owners", "owners_aliases", ".mailmap", ".gitattributes", "maintainers") || n.starts(".sallyport", "sallyport.") || n.in(".sallyport") ||
		n.ext(".rego", ".cedar", ".sentinel", ".cue") || n.in("policy", "policies", "rulesets", ".semgrep", "kyverno", "gatekeeper", "conftest") ||
		n.top(".github") && n.is("settings.yml", "settings.yaml", "mergify.yml") || n.starts(".mergify.") ||
		n.starts(".golangci", ".gitleaks", ".trivy", "trivy.", ".grype", ".snyk", "osv-scanner.", ".osv-scanner", ".checkov", ".hadolint", ".tfsec", ".semgrep",
			"sonar-project.", ".sonarcloud", ".eslintrc", "eslint.config.", ".bandit", ".kics", ".nancy", ".secrets.baseline", ".secretlint", ".govulncheck") || n.ext(".layout")
}

func dependencies(fc release.FileChange, n name) bool {
	return n.is("go.mod", "go.sum", "go.work", "go.work.sum", "package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "pnpm-workspace.yaml", "bun.lock",
		"bun.lockb", "deno.json", "deno.lock", "cargo.toml", "cargo.lock", "gemfile", "gemfile.lock", "poetry.lock", "uv.lock", "pdm.lock", "pylock.toml", "pipfile", "pipfile.lock", "setup.py",
		"setup.cfg", "pyproject.toml", "composer.json", "composer.lock", "mix.exs", "mix.lock", "pom.xml", "build.gradle", "build.gradle.kts", "gradle.lockfile", "libs.versions.toml",
		"build.sbt", "packages.config", "packages.lock.json", "directory.packages.props", "paket.lock", "package.swift", "package.resolved", "podfile", "podfile.lock", "cartfile", "cartfile.resolved",
		"pubspec.yaml", "pubspec.lock", "conanfile.txt", "conanfile.py", "conan.lock", "vcpkg.json", "flake.nix", "flake.lock", ".terraform.lock.hcl", "chart.yaml", "chart.lock", "requirements.yaml",
		"module.bazel", "module.bazel.lock", "workspace", "workspace.bazel", "rebar.lock", "stack.yaml.lock", "cabal.project.freeze", ".gitmodules", "environment.yml", "renv.lock", "manifest.toml", "buf.lock") ||
		n.ext(".csproj", ".fsproj", ".vbproj", ".gemspec", ".podspec") ||
		n.ext(".txt", ".in") && n.starts("requirements", "constraints") || n.ext(".txt") && n.in("requirements") ||
		len(n.segs) >= 2 && n.base == "modules.txt" && n.segs[len(n.segs)-2] == "vendor" || fc.Submodule()
}
