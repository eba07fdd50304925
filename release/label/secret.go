package label

import (
	"math"
	"net/url"
	"strings"
)

// SecretShape says what kind of secret a value looks like, whatever it is called:
// a private key in PEM, a JSON web token, an access key of a known service, a URL
// with a password. It is "" where the value has none of these shapes. The answer
// holds nothing of the value.
func SecretShape(value string) string {
	if i := strings.Index(value, "-----BEGIN "); i >= 0 {
		head, _, _ := strings.Cut(value[i+len("-----BEGIN "):], "-----")
		if len(head) < 64 && strings.HasSuffix(strings.TrimSuffix(head, " BLOCK"), "PRIVATE KEY") {
			return "a private key"
		}
	}
	if strings.Contains(value, "PuTTY-User-Key-File-") || strings.Contains(value, "AGE-SECRET-KEY-1") {
		return "a private key"
	}
	for i := 0; i < len(value); {
		// A run of the characters that tokens are written with.
		for i < len(value) && !tokenByte(value[i]) {
			i++
		}
		start := i
		for i < len(value) && tokenByte(value[i]) {
			i++
		}
		if what := tokenShape(value[start:i]); what != "" {
			return what
		}
	}
	if passwordInURL(value) {
		return "a URL with a password"
	}
	return ""
}

func tokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}

// knownTokens are the beginnings of the access keys of well-known services, with the
// least number of characters that follow.
var knownTokens = []struct {
	prefix string
	more   int
}{
	{"AKIA", 16}, {"ASIA", 16}, {"ghp_", 20}, {"gho_", 20}, {"ghu_", 20}, {"ghs_", 20}, {"ghr_", 20}, {"github_pat_", 20}, {"glpat-", 16}, {"gldt-", 16}, {"glrt-", 16},
	{"sk_live_", 10}, {"rk_live_", 10}, {"sk_test_", 10}, {"whsec_", 16}, {"xoxb-", 10}, {"xoxp-", 10}, {"xoxa-", 10}, {"xapp-", 10}, {"xoxe.", 10}, {"AIza", 30}, {"ya29.", 16}, {"GOCSPX-", 16},
	{"sk-ant-", 16}, {"sk-proj-", 16}, {"sk-", 32}, {"hf_", 24}, {"npm_", 30}, {"pypi-", 32}, {"dop_v1_", 32}, {"hvs.", 20}, {"hvb.", 20}, {"s.", 24}, {"SG.", 30}, {"key-", 32},
	{"shpat_", 24}, {"shpss_", 24}, {"dckr_pat_", 16}, {"sq0atp-", 16}, {"sq0csp-", 16}, {"EAACEdEose0cBA", 8}, {"lin_api_", 24}, {"rubygems_", 24}, {"tfp_", 24}, {"ATATT3", 24}, {"figd_", 20}, {"pul-", 30}, {"dapi", 32},
}

// tokenStarts are the first bytes of knownTokens, and of a JSON web token.
var tokenStarts = func() (starts [256]bool) {
	starts['e'] = true
	for _, k := range knownTokens {
		starts[k.prefix[0]] = true
	}
	return starts
}()

func tokenShape(run string) string {
	// "Bearer.x" and "key=AKIA…" reach here cut; what is glued in front by a dash or an
	// underscore does not hide a token, so every beginning within the run counts.
	dot := -1 // the first behind i, so that each is looked for once
	for i := 0; i < len(run); i++ {
		if !tokenStarts[run[i]] || i > 0 && wordByte(run[i-1]) {
			continue
		}
		for _, k := range knownTokens {
			if k.prefix[0] != run[i] {
				continue
			}
			if rest, ok := strings.CutPrefix(run[i:], k.prefix); ok && len(rest) >= k.more && tokenBody(rest[:k.more], k.prefix) {
				return "an access key"
			}
		}
		if strings.HasPrefix(run[i:], "eyJ") {
			if dot < i {
				n := strings.IndexByte(run[i:], '.')
				if n < 0 {
					n = len(run)
				}
				dot = i + n
			}
			if dot < len(run) && isJWT(run[i:], dot-i) {
				return "a JSON web token"
			}
		}
	}
	return ""
}

func wordByte(c byte) bool { return tokenByte(c) && c != '_' && c != '-' && c != '.' }

// tokenBody tells a token from words that begin alike, such as "sk-" in a CSS class:
// where the beginning is short and common, there must be digits and letters.
func tokenBody(body, prefix string) bool {
	if len(prefix) > 4 || prefix == "ghp_" || prefix == "AKIA" || prefix == "ASIA" || prefix == "AIza" {
		return !strings.HasPrefix(body, "xxxx") && !strings.HasPrefix(body, "XXXX")
	}
	return strings.ContainsAny(body, "0123456789") && strings.ContainsFunc(body, func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' }) && Entropy(body) > 3.2
}

// isJWT is true for a run that begins with {" in base64 and goes on so behind its
// first dot.
func isJWT(s string, dot int) bool {
	return dot >= 12 && dot < 4<<10 && strings.HasPrefix(s[dot+1:], "ey") && len(s) >= dot+9
}

// passwordInURL looks for scheme://user:password@host anywhere in a text. A password
// that is only a reference, such as ${DB_PASSWORD}, is none.
func passwordInURL(value string) bool {
	for rest := value; ; {
		_, after, found := strings.Cut(rest, "://")
		if !found {
			return false
		}
		rest = after
		authority := after
		if i := strings.IndexAny(authority, "/?# \t\r\n\"'<>"); i >= 0 {
			authority = authority[:i]
		}
		at := strings.LastIndexByte(authority, '@')
		if at < 0 {
			continue
		}
		_, password, ok := strings.Cut(authority[:at], ":")
		if !ok || password == "" {
			continue
		}
		if plain, err := url.PathUnescape(password); err == nil {
			password = plain
		}
		if !reference(password) {
			return true
		}
	}
}

// reference is true for a placeholder that stands for a value from elsewhere.
func reference(s string) bool {
	return strings.HasPrefix(s, "${") && strings.HasSuffix(s, "}") || strings.HasPrefix(s, "$(") && strings.HasSuffix(s, ")") ||
		strings.HasPrefix(s, "{{") && strings.HasSuffix(s, "}}") || strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">") ||
		len(s) > 1 && s[0] == '$' && strings.Trim(s[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == ""
}

// Entropy is the Shannon entropy of the bytes of s, in bits per byte: 0 for "aaaa",
// at most 8. Random base64 of 32 characters has about 4.5, hexadecimal about 3.6,
// words rarely more than 3.5.
func Entropy(s string) float64 {
	var count [256]int
	for i := range len(s) {
		count[s[i]]++
	}
	bits := 0.0
	for _, c := range count {
		if c > 0 {
			p := float64(c) / float64(len(s))
			bits -= float64(p * math.Log2(p))
		}
	}
	return bits
}
