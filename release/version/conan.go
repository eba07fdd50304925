package version

import (
	"cmp"
	"slices"
	"strings"
)

// conanKey is a version of Conan 2: any number of items with dots between, a
// pre-release behind the first "-" and a build behind the last "+"
// (https://docs.conan.io/2/tutorial/versioning/version_ranges.html and
// https://docs.conan.io/2/reference/tools/scm/version.html).
type conanKey struct{ items, pre, build []string }

// conanSyntax orders items that are numbers as numbers and the others as text, all
// numbers first. Conan compares a number with a text such as "1w" as texts, and so
// has 2 < 10 < 1w < 2: versions with such an item do not parse.
var conanSyntax = syntax{
	name: "conan",
	parse: func(s string) (any, error) {
		var k conanKey
		var ok [3]bool
		var pre, build string
		if i := strings.LastIndexByte(s, '+'); i >= 0 {
			s, build = s[:i], s[i+1:]
			if build == "" {
				return nil, errSyntax
			}
		}
		s, pre, isPre := strings.Cut(s, "-")
		if isPre && pre == "" {
			return nil, errSyntax
		}
		k.items, ok[0] = conanItems(s, "_")
		k.pre, ok[1] = conanItems(pre, "_-")
		k.build, ok[2] = conanItems(build, "_-")
		if !versionLike(s) || ok != [3]bool{true, true, true} {
			return nil, errSyntax
		}
		return k, nil
	},
	compare: func(a, b any) int {
		v, w := a.(conanKey), b.(conanKey)
		c := slices.CompareFunc(v.items, w.items, compareItems)
		if c == 0 && (v.pre == nil) != (w.pre == nil) {
			if v.pre == nil {
				return 1
			}
			return -1
		}
		return cmp.Or(c, slices.CompareFunc(v.pre, w.pre, compareItems), slices.CompareFunc(v.build, w.build, compareItems))
	},
	major: func(key any, _ string) (string, bool) {
		if items := key.(conanKey).items; len(items) > 0 {
			return items[0], true
		}
		return "", true // 0, as trailing zeros are cut
	},
}

// conanItems splits a part and cuts trailing zeros; the items are not nil if the
// part is not empty. It is false where an item has no place in an order.
func conanItems(s, more string) ([]string, bool) {
	if s == "" {
		return nil, true
	}
	items := strings.Split(s, ".")
	for i, item := range items {
		switch {
		case digits(item):
			items[i] = trimZeros(item)
		case item == "" || digit(item[0]) || !letter(item[0]) || !of(item, more):
			return nil, false
		}
	}
	for len(items) > 0 && items[len(items)-1] == "" {
		items = items[:len(items)-1]
	}
	return items, true
}
