package review

import (
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// Package gitlog has the list of the addresses and accounts of AI agents and bots that
// carry no mark. It is not repeated here: until it is in a place that both can import,
// marks are read here, and [Options.Identities] can name others. What has no mark is
// not a person for it: on GitHub the account's type says that, on GitLab the host.

// accountKind is what an account is, by what the forge says of it and by its mark.
func accountKind(login string, a *account) release.ActorKind {
	kind := nameKind(login, "")
	switch {
	case login == "web-flow": // GitHub itself, when somebody merges in the browser
		return release.ActorService
	case kind != release.ActorUnknown:
		return kind
	case a.Type == "Bot", a.Bot != nil && *a.Bot:
		return release.ActorBot
	case a.Type == "User", a.Bot != nil:
		return release.ActorHuman
	}
	return release.ActorUnknown
}

// nameKind tells automation from the marks in a name or an address. It never says
// human.
func nameKind(name, address string) release.ActorKind {
	name, address = strings.ToLower(strings.TrimSpace(name)), strings.ToLower(strings.TrimSpace(address))
	local, host, _ := strings.Cut(address, "@")
	switch {
	case address == "noreply@github.com":
		return release.ActorService
	case strings.HasSuffix(name, "[bot]"), strings.HasSuffix(local, "[bot]"):
		return release.ActorBot
	case strings.Contains(local, "_bot") && strings.HasPrefix(host, "noreply."), tokenBot(name):
		return release.ActorBot
	}
	return release.ActorUnknown
}

// tokenBot reports whether a GitLab account is that of an access token:
// "project_42_bot_1f…", "group_7_bot".
func tokenBot(login string) bool {
	return (strings.HasPrefix(login, "project_") || strings.HasPrefix(login, "group_")) && strings.Contains(login, "_bot")
}
