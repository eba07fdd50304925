package credit_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/credit"
	"github.com/sallyport-dev/sallyport/release"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	for who, want := range map[string]release.ActorKind{
		"dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>":                      release.ActorBot,
		"renovate[bot] <bot@renovateapp.com>":                                                      release.ActorBot,
		"x <project_42_bot_1f@noreply.gitlab.example.com>":                                         release.ActorBot,
		"release-bot <r@example.com>":                                                              release.ActorBot,
		"Claude <noreply@anthropic.com>":                                                           release.ActorAgent,
		"Copilot <198982749+Copilot@users.noreply.github.com>":                                     release.ActorAgent,
		"copilot-swe-agent[bot] <198982749+copilot-swe-agent[bot]@users.noreply.github.com>":       release.ActorAgent,
		"Cursor <cursoragent@cursor.com>":                                                          release.ActorAgent,
		"devin-ai-integration[bot] <158243242+devin-ai-integration[bot]@users.noreply.github.com>": release.ActorAgent,
		"GitHub <noreply@github.com>":                                                              release.ActorService,
		"github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>":              release.ActorService,
		"Ada Lovelace <ada@example.com>":                                                           release.ActorUnknown,
		"Claude Shannon <claude@example.com>":                                                      release.ActorUnknown,
		"claude <1+claude@users.noreply.github.com>":                                               release.ActorUnknown,
		"Abbot <abbot@example.com>":                                                                release.ActorUnknown,
		"":                                                                                         release.ActorUnknown,
	} {
		name, email, _ := strings.Cut(strings.TrimSuffix(who, ">"), " <")
		require.Equal(t, want, credit.KindOf(name, email), who)
		require.Equal(t, want, credit.KindOf(strings.ToUpper(name), " "+strings.ToUpper(email)), who)
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	for login, want := range map[string]release.ActorKind{
		"ada": release.ActorUnknown, "robot": release.ActorUnknown, "": release.ActorUnknown, "project-ada": release.ActorUnknown,
		"dependabot[bot]": release.ActorBot, "release-bot": release.ActorBot, "project_42_bot": release.ActorBot, "group_7_bot_1f": release.ActorBot,
		"Copilot": release.ActorAgent, "copilot-swe-agent[bot]": release.ActorAgent, " Devin-AI-integration ": release.ActorAgent,
		"web-flow": release.ActorService, "service_account_group_7_1f": release.ActorService, "GitLabDuo": release.ActorAgent, "github-actions[bot]": release.ActorService,
	} {
		require.Equal(t, want, credit.KindOfAccount(login), login)
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	co, off := credit.People([]byte("s\r\n\r\nCo-authored-by : Bo\r\n <b@o>, Di <d@i>\rco-developed-by: Nobody\n\n  Co-authored-by: Quoted <q@q>\nSigned-off-by: S <s@s>\nReviewed-by: R <r@r>"))
	require.Equal(t, []credit.Person{{Name: "Bo", Email: "b@o"}, {Name: "Di", Email: "d@i"}, {Name: "Nobody"}}, co)
	require.Equal(t, []credit.Person{{Name: "S", Email: "s@s"}}, off)
}
