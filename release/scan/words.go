package scan

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// path is a file's path, relative to the root of the scan if it is below it.
func (r *reader) path(s string) release.Path {
	if root := strings.TrimSuffix(r.run.Root, "/"); r.run.Root != "" {
		s = strings.TrimPrefix(s, root+"/")
	}
	return release.Path(anonymous(s))
}

// anonymous takes the user and the password out of a URL.
func anonymous(s string) string {
	i := strings.Index(s, "://")
	if i < 0 {
		return s
	}
	host, _, _ := strings.Cut(s[i+3:], "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		return s[:i+3] + s[i+3+at+1:]
	}
	return s
}

// text is one line of others, cut where it is long.
func text(s string) release.Text { return release.Text(line(s, maxText)) }

// maxMessage is how much of a message is looked at before it is cut to maxText.
const maxMessage = 2 * maxText

// sentence is text about what was found, or "" if there is something in it that looks
// like a secret.
func sentence(s string) release.Text {
	if label.SecretShape(s[:min(len(s), maxMessage)]) != "" {
		return ""
	}
	return text(s)
}

// secretWords are what the rules that look for secrets are called.
var secretWords = []string{"secret", "credential", "password", "passwd", "passphrase", "token", "api-key", "apikey", "api_key", "api key", "private-key", "private_key", "private key",
	"cwe-798", "cwe-259", "cwe-321", "cwe-312"}

// aboutSecrets reports whether any of the texts is about secrets by its words.
func aboutSecrets(texts ...string) bool {
	for _, s := range texts {
		s = strings.ToLower(s[:min(len(s), maxMessage)])
		if slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(s, w) }) {
			return true
		}
	}
	return false
}

// name is an identifier of others that is safe to print.
func name(s string) string { return release.Text(line(s, maxID)).String() }

// line makes white space single spaces and cuts what is longer than most bytes.
func line(s string, most int) string {
	cut := len(s) > 4*most
	if cut {
		s = s[:4*most]
	}
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s, cut = s[:most], true
	}
	if cut {
		for len(s) > 0 && !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
		s += "…"
	}
	return s
}

// moment reads a time as RFC 3339 has it; anything else is no time.
func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1970 || t.Year() > 9998 {
		return time.Time{}
	}
	return t.UTC()
}

// commit reads a full object id; anything else names no commit.
func commit(s string) release.Revision {
	rev, err := release.ParseRevision(strings.ToLower(strings.TrimSpace(s)))
	if err != nil {
		return ""
	}
	return rev
}

// artifact adds the digest in "sha256:…" or "name@sha256:…" to the report's.
func (r *reader) artifact(s string) {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	d, err := release.ParseDigest(s)
	if err != nil || slices.Contains(r.report.Artifacts, d) || len(r.report.Artifacts) >= 1000 {
		return
	}
	r.report.Artifacts = append(r.report.Artifacts, d)
}
