package credit

import (
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// agents are addresses that AI agents commit under, or that they name in a
// Co-authored-by trailer.
var agents = map[string]bool{
	"noreply@anthropic.com":            true,
	"cursoragent@cursor.com":           true,
	"noreply@openai.com":               true,
	"codex@openai.com":                 true,
	"noreply@aider.chat":               true,
	"aider@aider.chat":                 true,
	"openhands@all-hands.dev":          true,
	"noreply@opencode.ai":              true,
	"amp@ampcode.com":                  true,
	"junie@jetbrains.com":              true,
	"crush@charm.land":                 true,
	"noreply@sourcegraph.com":          true,
	"qwen-coder@alibabacloud.com":      true,
	"gemini-cli-agent@google.com":      true,
	"copilot@users.noreply.github.com": true,
	"copilot@github.com":               true,
}

// agentAccounts are the names of AI agents' accounts on forges, without "[bot]".
var agentAccounts = map[string]bool{
	"copilot":                 true,
	"copilot-swe-agent":       true,
	"claude":                  true,
	"claude-code":             true,
	"devin-ai-integration":    true,
	"google-labs-jules":       true,
	"gemini-code-assist":      true,
	"chatgpt-codex-connector": true,
	"amazon-q-developer":      true,
	"cursor":                  true,
	"openhands-agent":         true,
	"factory-droid":           true,
	"sweep-ai":                true,
	"codegen-sh":              true,
	"coderabbitai":            true,
	"gitlab-duo":              true,
	"gitlabduo":               true,
}

// bots are addresses of automation that carry no mark.
var bots = map[string]bool{
	"bot@renovateapp.com":              true,
	"renovate@whitesourcesoftware.com": true,
	"support@dependabot.com":           true,
	"snyk-bot@snyk.io":                 true,
	"support@greenkeeper.io":           true,
	"bot@stepsecurity.io":              true,
}

// services are addresses under which forges and runners themselves commit.
var services = map[string]bool{
	"noreply@github.com":        true, // the committer of what is merged in the browser
	"action@github.com":         true,
	"actions@github.com":        true,
	"github-actions@github.com": true,
}

// KindOf tells automation and agents from their names and addresses. It never
// says human.
func KindOf(name, email string) release.ActorKind {
	name, email = strings.ToLower(strings.TrimSpace(name)), strings.ToLower(strings.TrimSpace(email))
	account, marked := forgeAccount(email)
	if label, ok := strings.CutSuffix(name, "[bot]"); ok {
		marked = true
		if account == "" {
			account = label
		}
	}
	switch {
	case agents[email], agentAccounts[account] && (marked || account == "copilot"):
		return release.ActorAgent
	case services[email], account == "github-actions" && marked:
		return release.ActorService
	case bots[email], marked, gitlabBot(email), strings.HasSuffix(name, "-bot"):
		return release.ActorBot
	}
	return release.ActorUnknown
}

// forgeAccount is the account in a GitHub no-reply address, such as
// "49699333+dependabot[bot]@users.noreply.github.com", and whether it is marked as
// an application's.
func forgeAccount(email string) (account string, marked bool) {
	local, ok := strings.CutSuffix(email, "@users.noreply.github.com")
	if !ok {
		return "", false
	}
	if _, name, ok := strings.Cut(local, "+"); ok {
		local = name
	}
	return strings.CutSuffix(local, "[bot]")
}

// gitlabBot reports whether an address is a GitLab project's or group's access
// token: "project_42_bot_1f…@noreply.gitlab.example.com".
func gitlabBot(email string) bool {
	local, host, _ := strings.Cut(email, "@")
	return strings.HasPrefix(host, "noreply.") && strings.Contains(local, "_bot") &&
		(strings.HasPrefix(local, "project_") || strings.HasPrefix(local, "group_"))
}

// KindOfAccount tells automation and agents from the name of an account on a forge.
// It never says human: an agent may have an account like anybody's.
func KindOfAccount(login string) release.ActorKind {
	login = strings.ToLower(strings.TrimSpace(login))
	name, marked := strings.CutSuffix(login, "[bot]")
	switch {
	case agentAccounts[name]:
		return release.ActorAgent
	case name == "web-flow", name == "github-actions" && marked: // GitHub itself, for what is merged in the browser
		return release.ActorService
	case strings.HasPrefix(login, "service_account_"): // of a GitLab group
		return release.ActorService
	case marked, strings.HasSuffix(login, "-bot"), (strings.HasPrefix(login, "project_") || strings.HasPrefix(login, "group_")) && strings.Contains(login, "_bot"):
		return release.ActorBot
	}
	return release.ActorUnknown
}
