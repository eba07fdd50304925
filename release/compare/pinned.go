package compare

import (
	"bytes"
	"path"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// FormatPinned is the format of a source that asks for dependencies and was not
// read, because a lock file says which of them are installed.
const FormatPinned = "pinned-by-lock"

// locks are the files that pin what others ask for: what is asked for alone changes
// nothing that is installed.
var locks = map[string][]string{
	"package.json":        {"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"},
	"pnpm-workspace.yaml": {"pnpm-lock.yaml"},
	"pyproject.toml":      {"poetry.lock", "uv.lock"},
	"Cargo.toml":          {"Cargo.lock"},
}

// pins knows which files are pinned by others, as they are after the change.
type pins struct {
	read read
	seen map[release.Path][]byte
}

// locked reports whether a file that asks for dependencies has one that pins them:
// in its directory, or in one above that names this one as a part of its workspace.
func (p *pins) locked(file release.Path) bool {
	dir, base := path.Split(string(file))
	if base == "modules.txt" { // go build compares vendor/modules.txt with go.mod
		above, ok := strings.CutSuffix("/"+dir, "/vendor/")
		return ok && p.file(strings.TrimPrefix(above+"/go.mod", "/")) != nil
	}
	own := strings.TrimSuffix(dir, "/")
	for names, above := locks[base], dir; len(names) > 0; {
		for _, name := range names {
			lock := p.file(above + name)
			if lock != nil && (above == dir || p.member(above, name, lock, own[len(above):])) {
				return true
			}
		}
		if above == "" {
			break
		}
		above, _ = path.Split(strings.TrimSuffix(above, "/"))
	}
	return false
}

// member reports whether a lock file in the directory above is also that of the
// directory at rel below it.
func (p *pins) member(above, name string, lock []byte, rel string) bool {
	for _, as := range map[string][]string{
		"package-lock.json":   {`"` + rel + `": {`, `"` + rel + `":{`},
		"npm-shrinkwrap.json": {`"` + rel + `": {`, `"` + rel + `":{`},
		"yarn.lock":           {"@workspace:" + rel + `"`}, // Yarn 1 does not tell
		"pnpm-lock.yaml":      {"\n  " + rel + ":", "\n  '" + rel + "':"},
		"uv.lock":             {`editable = "` + rel + `"`, `virtual = "` + rel + `"`},
	}[name] {
		if bytes.Contains(lock, []byte(as)) {
			return true
		}
	}
	// Cargo.lock has names and no directories.
	return name == "Cargo.lock" && bytes.Contains(p.file(above+"Cargo.toml"), []byte("[workspace]"))
}

// file is a file's content; nil where there is none that can be read.
func (p *pins) file(name string) []byte {
	at := release.Path(name)
	data, ok := p.seen[at]
	if !ok {
		data, _ = p.read(at)
		p.seen[at] = data
	}
	return data
}
