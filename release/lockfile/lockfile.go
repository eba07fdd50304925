package lockfile

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// What one file may have.
const (
	// MaxBytes is the size of the largest file, MaxLines how many lines it may have, and
	// MaxLine how long a line may be in the formats that are read line by line.
	MaxBytes = 8 << 20
	MaxLines = 250_000
	MaxLine  = 64 << 10
	// MaxDepth is how deep values may be nested.
	MaxDepth = 64
	// MaxComponents and MaxEdges are how many entries and relations are read.
	MaxComponents = 20_000
	MaxEdges      = 100_000
	// MaxGaps is how many gaps are listed one by one; the last then tells of the others.
	MaxGaps = 500
)

// Format is a kind of lock file.
type Format struct {
	// Name is how [release.Source] names it, without its version: "package-lock".
	Name string
	// Files are the base names by which it is known; "*" stands for any text.
	Files []string
	// Doc says for people what is read of it.
	Doc string
	// Read reads a file of this format, whatever it is called.
	Read func(file release.Path, b []byte) release.Inventory
}

var formats = []Format{
	{"package-lock", []string{"package-lock.json", "npm-shrinkwrap.json"}, "npm, lockfileVersion 1 to 3", PackageLock},
	{"pnpm-lock", []string{"pnpm-lock.yaml"}, "pnpm, lockfileVersion 9", PnpmLock},
	{"yarn", []string{"yarn.lock"}, "Yarn 1", YarnLock},
	{"yarn-berry", []string{"yarn.lock"}, "Yarn 2 and later, by its __metadata", BerryLock},
	{"requirements", []string{"requirements*.txt", "*requirements.txt", "constraints*.txt"}, "pip; a list of all that is installed only with hashes", Requirements},
	{"poetry", []string{"poetry.lock"}, "Poetry, lock-version 1 and 2", PoetryLock},
	{"uv", []string{"uv.lock"}, "uv, version 1", UvLock},
	{"cargo", []string{"Cargo.lock"}, "Cargo, version 1 to 4", CargoLock},
}

// Formats lists the formats that Read knows. The caller owns the result.
func Formats() []Format {
	out := slices.Clone(formats)
	for i := range out {
		out[i].Files = slices.Clone(out[i].Files)
	}
	return out
}

// Find is the format of a file by its name and, of those that share a name, by its
// content. Names count as written: on a file system that ignores case a package
// manager may find a file that is not found here.
func Find(file release.Path, b []byte) (Format, bool) {
	base := path.Base(string(file))
	for _, f := range formats {
		for _, name := range f.Files {
			if ok, _ := path.Match(name, base); ok && (base != "yarn.lock" || isBerry(b) == (f.Name == "yarn-berry")) {
				return f, true
			}
		}
	}
	if path.Base(path.Dir(string(file))) == "requirements" && strings.HasSuffix(base, ".txt") {
		i := slices.IndexFunc(formats, func(f Format) bool { return f.Name == "requirements" })
		return formats[i], true
	}
	return Format{}, false
}

// isBerry tells the two formats of yarn.lock apart: all versions of Yarn but the first
// write a mapping __metadata.
func isBerry(b []byte) bool {
	return bytes.HasPrefix(b, []byte("__metadata:")) || bytes.Contains(b, []byte("\n__metadata:"))
}

// Read reads a lock file of any format. A file that is not known has coverage missing
// and a gap.
func Read(file release.Path, b []byte) release.Inventory {
	if f, ok := Find(file, b); ok {
		return f.Read(file, b)
	}
	l := newList(file, "", b)
	l.fail(release.GapUnsupported, "no lock file is called %q", path.Base(string(file)))
	return l.done()
}
