package config_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/config"
)

// Values that have the shape of a secret, whatever they are called. None is one.
var shapes = map[string]string{
	"an AWS key":          "AKIA" + "Q7XEXAMPLE5FAKE2",
	"a GitHub token":      "ghp_" + "a8Zq3Lw0eRt5yUi9oPk2jHg7fDs4xCv1bNm6",
	"a fine-grained one":  "github_pat_" + "11ABCDEFG0a8Zq3Lw0eRt5y_UiPk2jHg7fDs4",
	"a GitLab token":      "glpat-" + "Zq3Lw0eRt5yUi9oPk2jH",
	"a Stripe key":        "sk_live_" + "51HqLyjWDarjtT1zdp7dc",
	"a Slack token":       "xoxb-" + "263594206564-FGqddMF8t08v8N7Oq4i57vs1",
	"a Google key":        "AIza" + "SyB8fT3kq0w9ZpLmN4rVxYcD2sE6gHjK1aQ",
	"a web token":         "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
	"a private key":       "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu\n-----END RSA PRIVATE KEY-----",
	"a PGP key":           "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBF",
	"a URL":               "postgres://shop:tiger42@db.internal:5432/shop?sslmode=disable",
	"a URL within text":   "connect to amqp://u:p%40ss@mq/ please",
	"random base64":       "8fT3kq0w9ZpLmN4rVxYcD2sE6gHjK1aQ",
	"random hexadecimal":  "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	"an Anthropic key":    "sk-ant-" + "api03-Zq3Lw0eRt5yUi9oPk2jHg7fDs4",
	"an npm token":        "npm_" + "Zq3Lw0eRt5yUi9oPk2jHg7fDs4xCv1bNm6aa",
	"a Basic credential":  "Basic " + "dXNlcjpodW50ZXIyaHVudGVyMjQyeHp5IQ8fT3kq0w9Zp==",
	"in a larger text":    "curl -H 'Authorization: token ghp_" + "a8Zq3Lw0eRt5yUi9oPk2jHg7fDs4xCv1bNm6'",
	"a Vault token":       "hvs." + "CAESIJ8fT3kq0w9ZpLmN4rVxYcD2",
	"an age key":          "AGE-SECRET-KEY-1" + "QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ",
	"a GitHub App token":  "ghs_" + "16C7e42F292c6912E7710c838347Ae178B4a",
	"a SendGrid key":      "SG." + "ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc-1s5cr",
	"a registry password": `{"auths":{"r.io":{"auth":"dXNlcjpodW50ZXIyaHVudGVyMjQyeHp5IQ8fT3kq0w9Zp"}}}`,
}

// Values that are none: named among the labels they would be noise.
var harmless = []string{"1.4.2", "v1.2.3-rc.1", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "registry.example.com/team/shop-frontend:1.4.2", "https://example.com/a/b?c=d",
	"2026-11-23T04:05:06Z", "f47ac10b-58cc-4372-a567-0e02b2c3d479", "eu-central-1", "arn:aws:iam::123456789012:role/deploy-production", "com.example.shop.PaymentServiceImplementation", "/var/lib/shop/data/current",
	"postgres://shop:${DB_PASSWORD}@db/shop", "100m", "app.kubernetes.io/managed-by", "ThisIsALongCamelCaseIdentifier", "this-is-a-long-name-of-a-thing-2", "MAX_CONNECTIONS_PER_HOST", "a sentence with several words in it, 42 of them", "0 */6 * * *",
	"github.com/sallyport-dev/sallyport", "postgres://db.internal:5432/shop", "user@example.com", "sk-button-primary-large"}

func TestSecretsByShape(t *testing.T) {
	t.Parallel()
	for name, value := range shapes {
		if name == "a Basic credential" || name == "a registry password" {
			continue // no shape of their own: by the names below
		}
		for _, side := range []string{"before", "after"} {
			b, a := map[string]string{"plain": value}, map[string]string{"plain": "x"}
			if side == "after" {
				b, a = a, b
			}
			x, _ := json.Marshal(b)
			y, _ := json.Marshal(a)
			cs := diff("c.json", string(x), string(y))
			require.Len(t, cs.Settings, 1)
			require.Contains(t, cs.Settings[0].Labels, release.LabelSecrets, "%s, %s", name, side)
			require.Contains(t, cs.Settings[0].Detail, "looks like", name)
		}
	}
	for _, value := range harmless {
		x, _ := json.Marshal(map[string]string{"plain": value})
		cs := diff("c.json", `{}`, string(x))
		require.NotContains(t, cs.Settings[0].Labels, release.LabelSecrets, value)
	}
}

func TestSecretsByName(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"DB_PASSWORD", "dbPassword", "token", "GITHUB_TOKEN", "apikey", "api_key", "API-KEY", "privateKey", "private_key", "connectionString", "DATABASE_URL", "SENTRY_DSN", "client_secret", "clientSecret",
		"AWS_SECRET_ACCESS_KEY", "jwtSecret", "passphrase", "credentials", "SIGNING_KEY", "encryptionKey", "smtpPass", "redisUrl", "webhookUrl", "passwörd", "pаssword", "accesstoken", "hmacKey", "PASSWD", ".dockerconfigjson", "db.pwd"} {
		x, _ := json.Marshal(map[string]string{key: "a"})
		y, _ := json.Marshal(map[string]string{key: "b"})
		cs := diff("c.json", string(x), string(y))
		require.Len(t, cs.Settings, 1)
		require.Contains(t, cs.Settings[0].Labels, release.LabelSecrets, key)
	}
	for _, key := range []string{"port", "passenger", "keyboard", "monkey", "compass", "author", "tokenizer", "description", "bypass", "keywords", "turnkey"} {
		x, _ := json.Marshal(map[string]string{key: "b"})
		cs := diff("c.json", "{}", string(x))
		require.NotContains(t, cs.Settings[0].Labels, release.LabelSecrets, key)
	}
}

// What was kept elsewhere and now stands in the file is called out.
func TestReferenceBecomesLiteral(t *testing.T) {
	t.Parallel()
	for _, ref := range []string{"vault:secret/data/db#password", "${DB_PASSWORD}", "$DB_PASSWORD", "{{ .Values.db.password }}", "ENC[AES256_GCM,data:x,iv:y]", "op://vault/item/field", "arn:aws:secretsmanager:eu:1:secret:x", "@Microsoft.KeyVault(SecretUri=x)",
		"{cipher}ab", "ref+awsssm://x", "/run/secrets/db", "$__file{/etc/x}", "$(DB)", "ssm:/x"} {
		x, _ := json.Marshal(map[string]string{"v": ref})
		cs := diff("c.json", string(x), `{"v": "tiger"}`)
		require.Contains(t, cs.Settings[0].Detail, "a reference to a secret store became a literal", ref)
		require.Contains(t, cs.Settings[0].Labels, release.LabelSecrets)
		cs = diff("c.json", `{"v": "tiger"}`, string(x))
		require.Contains(t, cs.Settings[0].Detail, "a literal became a reference", ref)
		cs = diff("c.json", string(x), `{"v": ""}`)
		require.NotContains(t, cs.Settings[0].Detail, "became a literal", "nothing is no literal")
	}
	cs := diff("v.yaml", "password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  616263\n", "password: tiger")
	require.Contains(t, cs.Settings[0].Detail, "became a literal")
	cs = diff("v.yaml", "db: {existingSecret: x}", "db: {user: tiger}")
	require.Contains(t, cs.Settings[1].Detail, "became a literal")
}

// Names that are secrets are masked, and two of them are told apart.
func TestNamesThatAreSecrets(t *testing.T) {
	t.Parallel()
	one, two := shapes["a GitHub token"], shapes["random base64"]
	after := fmt.Sprintf(`{"clients": {%q: {"role": "a"}, %q: {"role": "b"}}, "list": [{"name": %q, "v": 1}]}`, one, two, one)
	cs := diff("c.json", `{}`, after)
	require.Equal(t, []string{"clients[<masked 1>].role", "clients[<masked 2>].role", "list[name=<masked 2>].name", "list[name=<masked 2>].v"}, keysByMask(cs))
	for _, s := range cs.Settings {
		require.Contains(t, s.Labels, release.LabelSecrets)
	}
	text, err := json.Marshal(cs)
	require.NoError(t, err)
	require.NotContains(t, string(text), one)
	require.NotContains(t, string(text), two)
	for _, broken := range []string{
		fmt.Sprintf(`{%q: 1, %q: 2}`, one, one), fmt.Sprintf("%s: 1\n%s: 2\n", one, one), fmt.Sprintf("a: *%s\n", two), fmt.Sprintf("%s = 1\n%s = 2\n", one, one), fmt.Sprintf("%s=1\n%s=2\n", one, one), fmt.Sprintf("[%s\n", one), fmt.Sprintf("A=%q%s\n", one, two),
		fmt.Sprintf("\"%s\": 1\n\"%s\": 2\n", one, one), fmt.Sprintf("a: {b: %s", one), fmt.Sprintf("a = %s", one), fmt.Sprintf(`{"a": %s}`, one),
	} {
		for _, path := range []release.Path{"a.json", "a.yaml", "a.toml", ".env", "a.ini", "a.properties"} {
			text, err := json.Marshal(config.Diff(path, []byte(broken), nil, config.Options{}))
			require.NoError(t, err)
			require.NotContains(t, string(text), one, path)
			require.NotContains(t, string(text), two, path)
		}
	}
}

// A line that stands alone, and an element's key below a secret's name, may be a part
// of a value or one: it is masked whatever it looks like.
func TestLinesOfValuesAreNoNames(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{".env", "DB_PASSWORD=abc\nhunter2\n"}, {"a.ini", "[s]\npassword = abc\nhunter2\n"}, {"a.ini", "[s]\nx = abc\n  hunter2=\n"}, {"a.ini", "[s]\npassword = abc\nhunter\n"},
		{"a.ini", "[s]\npassword = abc\n  hunter = x\n"}, {"a.properties", "password=abc\nhunter2\n"}, {"a.properties", "Hunter/x"}, {"a.json", `{"apiTokens": [{"id": "hunter", "v": 1}]}`}, {"a.yaml", "passwords:\n- {key: hunter, value: x}\n"},
	} {
		text, err := json.Marshal([]release.ChangeSet{diff(c[0], c[1], "{}"), diff(c[0], "", c[1]), config.Diff(release.Path(c[0]), nil, []byte(c[1]), config.Options{})})
		require.NoError(t, err)
		require.NotContains(t, strings.ToLower(string(text)), "hunter", "%s %q", c[0], c[1])
		require.Contains(t, string(text), "masked", "%s %q", c[0], c[1])
	}
	for _, c := range [][3]string{{".env", "HOME", "HOME"}, {".env", "AWS_S3_BUCKET", "AWS_S3_BUCKET"}, {"a.ini", "[mysqld]\nskip-networking", "mysqld.skip-networking"}, {"a.json", `{"imagePullSecrets": [{"name": "registry"}]}`, "imagePullSecrets[name=registry].name"}} {
		require.Equal(t, c[2], config.Diff(release.Path(c[0]), nil, []byte(c[1]), config.Options{}).Settings[0].Key)
	}
}

func keysByMask(cs release.ChangeSet) []string {
	var out []string
	for _, s := range cs.Settings {
		out = append(out, s.Key)
	}
	return out
}

// Planted secrets: whatever the file, wherever they stand as values, no result has
// them in it, in any of the forms that a JSON writer gives them.
func TestValuesAreNeverKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.SampledFrom([]string{"a.json", "a.yaml", ".env", "a.toml", "a.properties", "a.ini", "x.flagd.json"}).Draw(t, "path")
		planted := "Zx" + rapid.StringMatching(`[a-z]{6}[0-9]{4}[a-z]{2}`).Draw(t, "secret")
		value := rapid.SampledFrom([]string{planted, "postgres://u:" + planted + "@h/d", planted + planted, "Bearer " + planted, "${" + planted + "}"}).Draw(t, "value")
		build := func(v string) string {
			q, _ := json.Marshal(v)
			switch path {
			case ".env":
				return fmt.Sprintf("A=%s\nexport DB_PASSWORD='%s' # %s\n# %s\n", v, v, v, v)
			case "a.properties":
				return fmt.Sprintf("a=%s\ndb.password:%s\n# %s\n", v, v, v)
			case "a.ini":
				return fmt.Sprintf("[s]\na = %s ; %s\nb = x\n  %s\n", v, v, v)
			case "a.toml":
				return fmt.Sprintf("a = %s\n[b]\nc = [%s, {d = %s}]\n", q, q, q)
			case "x.flagd.json":
				return fmt.Sprintf(`{"flags": {"f": {"state": "ENABLED", "variants": {"on": %s}, "defaultVariant": %s, "targeting": {"if": [%s]}, "metadata": {"x": %s}}}, "$evaluators": {"e": %s}}`, q, q, q, q, q)
			}
			return fmt.Sprintf(`{"a": %s, "list": [%s, {"key": %s}, {"x": %s}], "keys": [{"key": %s}], "env": [{"name": "P", "value": %s}]}`, q, q, q, q, q, q)
		}
		before := rapid.SampledFrom([]string{build(value), build("other"), strings.Replace(build(value), "a", "b", 1), build(value) + "\"", build(value)[:rapid.IntRange(0, 30).Draw(t, "cut")]}).Draw(t, "before")
		after := rapid.SampledFrom([]string{build("other"), build(value + "x"), ""}).Draw(t, "after")
		for _, cs := range []release.ChangeSet{diff(path, before, after), diff(path, after, before), config.Diff(release.Path(path), nil, []byte(before), config.Options{})} {
			text, err := json.Marshal(cs)
			require.NoError(t, err)
			require.NotContains(t, strings.ToLower(string(text)), strings.ToLower(planted), "%s", before)
		}
	})
}
