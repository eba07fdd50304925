package version

import (
	"errors"
	"strings"

	"deps.dev/util/semver"
)

var errSyntax = errors.New("syntax")

var goSyntax = depsdev("golang", semver.Go, func(s string) (string, error) {
	s, err := goModule(s)
	if err != nil {
		return "", err
	}
	return s, checkSemver(s[1:])
})

// goModule writes a version of a module, the standard library or the toolchain as
// one of a module.
func goModule(s string) (string, error) {
	if strings.HasPrefix(s, "v") {
		return s, nil
	}
	tool, isTool := strings.CutPrefix(s, "go")
	if isTool {
		tool, _, _ = strings.Cut(tool, "-") // what a vendor adds: go1.22.3-acme
	}
	release, kind, pre := cutGoPre(tool)
	dots := strings.Count(release, ".")
	if !isTool && kind == "" && dots != 1 {
		return "v" + s, nil
	}
	if !numbers(release) || dots > 2 || kind != "" && !number(pre) {
		return "", errSyntax
	}
	switch {
	case kind != "": // 1.22rc1, and 1.9.2rc2 once
		return "v" + release + strings.Repeat(".0", 2-dots) + "-" + kind + "." + pre, nil
	case dots == 1 && release[:2] == "1." && (len(release) > 4 || len(release) == 4 && release[2:] >= "21"):
		return "v" + release + ".0-0", nil
	}
	return "v" + release, nil
}

// cutGoPre splits "1.22rc1" into "1.22", "rc" and "1".
func cutGoPre(s string) (release, kind, n string) {
	for _, kind := range []string{"beta", "rc"} {
		if i := strings.Index(s, kind); i > 0 && '0' <= s[i-1] && s[i-1] <= '9' {
			return s[:i], kind, s[i+len(kind):]
		}
	}
	return s, "", ""
}
