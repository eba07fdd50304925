package version

import (
	"strings"

	"github.com/google/osv-scalibr/semantic"
)

// scalibr is an order of osv-scalibr's package semantic, which takes any text.
// rewrite refuses what is not a version, and writes what stands for the same in the
// same way.
func scalibr[V semantic.Version](name string, parse func(string) (V, error), rewrite func(string) (string, error)) syntax {
	return syntax{
		name: name,
		parse: func(s string) (any, error) {
			s, err := rewrite(s)
			if err != nil {
				return nil, err
			}
			return parse(s)
		},
		compare: func(a, b any) int {
			c, err := a.(V).Compare(b.(V))
			if err != nil {
				panic(err) // rewrite has let something pass that it must not
			}
			return c
		},
		major: func(_ any, text string) (string, bool) { return firstNumber(text) },
	}
}

func sure[V semantic.Version](parse func(string) V) func(string) (V, error) {
	return func(s string) (V, error) { return parse(s), nil }
}

var (
	composerSyntax = scalibr("composer", sure(semantic.ParsePackagistVersion), composer)
	cranSyntax     = scalibr("cran", semantic.ParseCRANVersion, cran)
	hackageSyntax  = scalibr("hackage", semantic.ParseHackageVersion, hackage)
	pubSyntax      = scalibr("pub", sure(semantic.ParsePubVersion), func(s string) (string, error) { s = trimV(s); return s, checkSemver(s) })
	rpmSyntax      = scalibr("rpm", sure(semantic.ParseRedHatVersion), rpm)
)

// firstNumber is the epoch and the first number of a version.
func firstNumber(s string) (string, bool) {
	epoch := ""
	if i := strings.IndexByte(s, ':'); i >= 0 {
		epoch, s = trimZeros(s[:i]), s[i+1:]
	}
	s = strings.TrimLeft(s, "vV")
	n := countDigits(s)
	return epoch + ":" + trimZeros(s[:n]), n > 0
}

// hackage: numbers with dots (https://hackage.haskell.org/package/base, Data.Version).
func hackage(s string) (string, error) {
	for part := range strings.SplitSeq(s, ".") {
		if !digits(part) {
			return "", errSyntax
		}
	}
	return s, nil
}

// cran: two or more numbers with dots or dashes between
// (https://cran.r-project.org/doc/manuals/R-exts.html#The-DESCRIPTION-file).
func cran(s string) (string, error) {
	s = strings.ReplaceAll(s, "-", ".")
	return hackage(s)
}

// rpm: rpm-version(7), [epoch:]version[-release].
func rpm(s string) (string, error) {
	rest := s
	if i := strings.IndexByte(s, ':'); i >= 0 {
		if !number(s[:i]) {
			return "", errSyntax
		}
		rest = s[i+1:]
		s = strings.TrimLeft(s[:i], "0") + ":" + rest
	}
	v, r, hasRelease := strings.Cut(rest, "-")
	if !versionLike(v) || !rpmPart(v) || hasRelease && !rpmPart(r) {
		return "", errSyntax
	}
	return s, nil
}

func rpmPart(s string) bool {
	return s != "" && (digit(s[0]) || letter(s[0])) && of(s, "._+~^")
}
