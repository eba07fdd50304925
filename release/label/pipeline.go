package label

import "github.com/sallyport-dev/sallyport/release"

// pipeline knows the places and names that CI systems, build tools, release tools
// and deployers read by themselves.
func pipeline(fc release.FileChange, n *name) bool {
	return n.within(pipelineDirs) && !githubProse(fc, n) ||
		n.top("ci", "build", "deploy", "deployment", "deployments", "helm", "charts", "k8s", "kustomize", "argocd", "flux", "packaging") && !n.ext(proseExt...) ||
		script(n) || (n.in("charts") || n.top("clusters")) && n.ext(".yaml", ".yml", ".json", ".tpl") || ciFile(n) || buildFile(n) || projectFile(n) || agentFile(n) || n.has("goreleaser", "buildspec", "cloudbuild")
}

// githubProse is true for the templates and prose that forges show to people: no
// program runs them.
func githubProse(fc release.FileChange, n *name) bool {
	return n.top(".github") && !n.within(githubDirs) && !agentFile(n) && prose(fc, n)
}

func ciFile(n *name) bool {
	return n.prefixed(".gitlab-ci", ".drone.", ".woodpecker.", "azure-pipelines", "bitbucket-pipelines.", ".travis.", "appveyor.", ".appveyor.",
		".cirrus.", "codefresh.", "wercker.", ".goreleaser", "goreleaser.", "skaffold.", ".pre-commit-config.", "lefthook.", ".lefthook.",
		"release-please", ".release-please", ".releaserc", "renovate.", ".renovaterc", "dependabot.", ".ko.", "helmfile.", "kustomization.", "docker-bake.", "docker-compose", "compose.", "serverless.", "wrangler.", "samconfig.", "pulumi.", "cdk.", "render.y", "railway.", "heroku.y", "amplify.y", "firebase.json", ".firebaserc", ".prow", ".lintstagedrc", "lint-staged.", "atlantis.y", "terragrunt.", "devspace.y", "garden.y", "playbook.y", "ansible.cfg", "appspec.", "ecosystem.config.", "capfile") ||
		n.named("jenkinsfile", "tiltfile", "fastfile", "appfile", "vagrantfile", "dangerfile") || n.prefixed("values.", "values-") && n.ext(".yaml", ".yml") ||
		n.ext(".jenkinsfile", ".gitlab-ci.yml") ||
		n.called(ciNames)
}

func buildFile(n *name) bool {
	return n.named("dockerfile", "containerfile", "makefile", "gnumakefile", "bsdmakefile", "taskfile", "justfile", ".justfile", "magefile", "rakefile", "earthfile",
		"workspace.bazel", "module.bazel", "build.gradle", "settings.gradle", "gradle-wrapper", "webpack.config", "vite.config", "rollup.config", "babel.config", "gulpfile", "gruntfile") ||
		n.ending(buildExts) ||
		n.called(buildNames)
}

// projectFile is true for the definitions of projects and tools that run code of
// theirs while they build or test, beside those of [buildFile].
func projectFile(n *name) bool {
	return n.ending(projectExts) ||
		n.named("babel.config", ".babelrc", "jest.config", "vitest.config", "next.config", "nuxt.config", "svelte.config", "astro.config", "metro.config", "karma.conf", "playwright.config", "cypress.config",
			"esbuild", "esbuild.config", "tsup.config", "craco.config", "vue.config", "postcss.config", "tailwind.config", "webpack", "sconstruct", "sconscript", "wscript", "kbuild", "meson_options") ||
		n.called(projectNames)
}

// agentFile is true for instructions that an AI agent reads and follows: prose to
// people, a program to it.
func agentFile(n *name) bool {
	return n.called(agentNames) ||
		n.ending(agentExts)
}

// script is true for scripts in the places where builds keep them, and for shell
// scripts at the root or named after what builds and deploys.
func script(n *name) bool {
	shell, dotless := n.ending(shellExts), n.dotless()
	return (shell || n.ext(".groovy")) && n.within(scriptDirs) || shell && (n.alone() || n.means(buildWords)) ||
		(dotless || n.ext(".py")) && n.in("scripts", "script", "hack", "ci", "build", "release", "hooks") ||
		n.ending(scriptExts) && n.in("scripts", "script", "hack", "ci") ||
		dotless && n.top("bin")
}

// policy knows the rules that a release is judged by, and what tells scanners
// and reviewers where not to look.
func policy(fc release.FileChange, n *name) bool {
	return n.in(".sallyport") || judging(n) && !page(fc, n) // what a page explains judges nobody
}

func judging(n *name) bool {
	return n.called(policyNames) || n.prefixed(".sallyport", "sallyport.", "sallyport-", "sallyport_") ||
		n.ext(".rego", ".cedar", ".sentinel", ".cue") || n.within(policyDirs) && policyFile(n) || n.in(".semgrep", ".openvex", ".vex") ||
		n.top(".github") && n.in("codeql") ||
		n.top(".github") && n.is("settings.yml", "settings.yaml", "mergify.yml") || n.prefixed(".mergify.") ||
		n.prefixed(".golangci", ".gitleaks", ".trivy", "trivy.", ".grype", ".snyk", "osv-scanner.", ".osv-scanner", ".checkov", ".hadolint", ".tfsec", ".semgrep",
			"sonar-project.", ".sonarcloud", ".eslint", "eslint.config.", ".bandit", ".tflint", ".gitguardian", ".ggshield", ".talisman", ".pylintrc", ".flake8", ".rubocop", "brakeman.", "phpstan", "psalm.xml", ".safety-policy", ".nsprc", "audit-ci.", "dependency-check", "zizmor.", ".zizmor", "dependency-review", "codeql-config", ".codeql", "allstar.", ".kics", ".nancy", ".secrets.baseline", ".secretlint", ".govulncheck") || n.ext(".layout", ".openvex.json", ".vex.json") ||
		n.is("deny.toml", "audit.toml", "staticcheck.conf", "clippy.toml", "vex.json") || n.has("suppression") && n.ext(".xml", ".yml", ".yaml", ".json", ".txt")
}

// policyFile is true for data in which policies are written. Programs about
// policies are code, and labelled access.
func policyFile(n *name) bool {
	return n.ending(policyExts) || n.dotless()
}

func dependencies(fc release.FileChange, n *name) bool {
	return n.called(dependencyNames) ||
		n.ending(dependencyExts) ||
		n.prefixed("requirements", "constraints") && n.ext(".txt", ".in") || n.in("requirements") && n.ext(".txt") ||
		n.is("modules.txt") && n.parent("vendor") || fc.Submodule()
}
