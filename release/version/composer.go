package version

import "strings"

// composer puts a version in the form that Composer compares: four numbers, a
// stability, "dev" (https://getcomposer.org/doc/articles/versions.md and
// https://github.com/composer/semver, VersionParser). Branches are no versions. PHP's
// own version_compare, without this form, takes 3.0 for earlier than 3.0.0-beta.
func composer(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	s = trimV(s)
	s, build, hasBuild := strings.Cut(s, "+")
	if hasBuild && (build == "" || !of(build, ".-")) {
		return "", errSyntax
	}
	n := 0
	var out strings.Builder
	for {
		i := countDigits(s)
		if n++; i == 0 || i > maxDigits || n > 4 {
			return "", errSyntax
		}
		out.WriteString(s[:i])
		s = s[i:]
		if len(s) < 2 || s[0] != '.' || !digit(s[1]) {
			break
		}
		out.WriteByte('.')
		s = s[1:]
	}
	out.WriteString(strings.Repeat(".0", 4-n))
	rest := cutSeparator(s)
	for _, stability := range []struct{ word, short string }{{"stable", ""}, {"alpha", "a"}, {"beta", "b"}, {"rc", "rc"},
		{"patch", "p"}, {"pl", "p"}, {"a", "a"}, {"b", "b"}, {"p", "p"}} {
		after, ok := strings.CutPrefix(rest, stability.word)
		if !ok {
			continue
		}
		if stability.short != "" {
			out.WriteString("-" + stability.short)
		}
		for {
			bare := cutSeparator(after)
			i := countDigits(bare)
			if i == 0 || i > maxDigits || strings.HasPrefix(after, "_") {
				break
			}
			if stability.short == "" {
				return "", errSyntax // "stable1" is no stability
			}
			out.WriteString("." + bare[:i])
			after = bare[i:]
		}
		s = after
		break
	}
	if cutSeparator(s) == "dev" {
		out.WriteString("-dev")
		s = ""
	}
	if s != "" {
		return "", errSyntax
	}
	return out.String(), nil
}
