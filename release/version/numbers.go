package version

import (
	"slices"
	"strings"
)

// hackageSyntax is numbers with dots between
// (https://hackage.haskell.org/package/base, Data.Version).
var hackageSyntax = numbersSyntax("hackage", func(s string) string { return s })

// cranSyntax is numbers with dots or dashes between, which are the same
// (https://cran.r-project.org/doc/manuals/R-exts.html#The-DESCRIPTION-file and
// R's numeric_version).
var cranSyntax = numbersSyntax("cran", func(s string) string { return strings.ReplaceAll(s, "-", ".") })

// numbersSyntax is versions that are nothing but numbers. They are compared one by
// one, and of two that are the same as far as they go, the longer is the later.
func numbersSyntax(name string, dotted func(string) string) syntax {
	return syntax{
		name: name,
		parse: func(s string) (any, error) {
			key := strings.Split(dotted(s), ".")
			for i, part := range key {
				if !digits(part) {
					return nil, errSyntax
				}
				key[i] = trimZeros(part)
			}
			return key, nil
		},
		compare: func(a, b any) int { return slices.CompareFunc(a.([]string), b.([]string), compareNumbers) },
		major:   func(key any, _ string) (string, bool) { return key.([]string)[0], true },
	}
}
