package label

import "github.com/sallyport-dev/sallyport/release"

// Words are the words that are read from a path.
func Words(p release.Path) []string { return read(p).words }

// Has reports whether one of the words is found in a path.
func Has(p release.Path, words ...string) bool { return read(p).has(words...) }

// Fold is how the letters of a path are read.
func Fold(s string) string { return fold(s) }
