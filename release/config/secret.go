package config

import (
	"regexp"
	"strings"

	"github.com/sallyport-dev/sallyport/release/label"
)

// shortestSecret is the length of the shortest name that is taken for a secret.
const shortestSecret = 12

// secretName reports whether a name itself looks like a secret, so that it must not
// be printed.
func secretName(name string) bool {
	return len(name) >= shortestSecret && (label.SecretShape(name) != "" || random(name))
}

// random reports whether a text is written like a key: one run of characters that
// keys have, long, and with more disorder than words. Hashes that say so, UUIDs,
// versions, paths, host names and image names are not.
func random(s string) bool {
	s = strings.TrimSpace(s)
	if len(s) < 20 || len(s) > 4<<10 || ordinary.MatchString(s) || !runOfKey.MatchString(s) {
		return false
	}
	digits := strings.ContainsAny(s, "0123456789")
	lower, upper := strings.ContainsAny(s, "abcdefghijklmnopqrstuvwxyz"), strings.ContainsAny(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	switch {
	case hexadecimal.MatchString(s):
		return len(s) >= 32 && label.Entropy(s) > 3
	case lower && upper && digits:
		return label.Entropy(s) > 3.5 && !wordy.MatchString(s)
	case digits && (lower || upper):
		return label.Entropy(s) > 3.8 && !wordy.MatchString(s)
	}
	return len(s) >= 32 && lower && upper && label.Entropy(s) > 4.2 && !wordy.MatchString(s)
}

var (
	runOfKey    = regexp.MustCompile(`^[A-Za-z0-9+/=_.~!@#$%^&*?-]+$`)
	hexadecimal = regexp.MustCompile(`^[0-9a-fA-F]+$`)
	ordinary    = regexp.MustCompile(`^(?:sha(?:1|256|384|512)[:-].*|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|v?[0-9]+(?:[.+-][0-9A-Za-z]+){2,}|[a-z]+://.*|(?:[a-z0-9-]+\.)+[a-z]{2,}(?:[:/].*)?|\.{0,2}/.*|[0-9T:Z.+-]+)$`)
	// wordy is three parts of letters and more between dashes, dots, slashes or underscores, or words
	// written together: names of things.
	wordy = regexp.MustCompile(`^(?:[A-Za-z]{2,}[0-9]{0,4}[._/=-])+[A-Za-z0-9]{0,16}$|^(?:[A-Z]?[a-z]{2,}[0-9]{0,2}){3,}$|^[A-Z]+(?:_[A-Z0-9]+)+$`)
)

// reference reports whether a value stands for one that is kept elsewhere: in a
// secret store, in a mounted secret, in a variable, or encrypted.
func (v *value) reference() bool {
	if v == nil || v.kind != kindText {
		return false
	}
	s := strings.TrimSpace(v.text)
	return strings.HasPrefix(v.form, "!vault") || strings.HasPrefix(v.form, "!secret") || strings.HasPrefix(v.form, "!ENC") || referenceText.MatchString(s)
}

var referenceText = regexp.MustCompile(`(?i)^(?:vault:|vault://|ref\+|secretref\+?:|secrets?://|op://|sm://|gcpsm:|gcp-?secret-?manager:|awssm:|aws-?sm:|arn:aws[a-z-]*:(?:secretsmanager|ssm):|ssm:|akv:|azkv:|keyvault:|@microsoft\.keyvault\(|doppler:|infisical:|bws:|k8s:|file:///run/secrets|/(?:var/)?run/secrets/|env:|\$ansible_vault|enc\[|enc\(|\{cipher\}|!vault)` +
	`|\$\{[^}]+\}|\$\([^)]+\)|\{\{[^}]+\}\}|<%[^%]+%>|\$__file\{|^\$[A-Za-z_][A-Za-z0-9_]*$`)

// storeNames are names of mappings that fetch a value from elsewhere.
var storeNames = []string{"valueFrom", "secretKeyRef", "secretRef", "existingSecret", "fromSecret", "externalSecret", "secretName", "configMapKeyRef", "vaultRef", "keyVaultRef", "fromEnv"}

// fetched reports whether a mapping fetches what it stands for from a store.
func (v *value) fetched() bool {
	for _, n := range storeNames {
		if v.get(n) != nil {
			return true
		}
	}
	return false
}

// seemsSecret says what secret a value looks like, and "" of others.
func seemsSecret(v *value) string {
	if v == nil || v.kind != kindText && v.kind != kindNumber {
		return ""
	}
	if what := label.SecretShape(v.text); what != "" {
		return what
	}
	if random(v.text) {
		return "a random key"
	}
	return ""
}
