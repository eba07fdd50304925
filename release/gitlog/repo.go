package gitlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// Repo is a git repository, opened for reading. Its methods may be called
// concurrently; each looks at the repository anew.
type Repo struct {
	at       location
	options  Options
	program  string // git, as an absolute path
	format   hashFormat
	promisor bool // objects may be absent on purpose
}

// Open finds the repository that dir is in; any directory inside will do, and a
// bare repository too. The error is [ErrNotRepository] when there is none.
func Open(ctx context.Context, dir string) (*Repo, error) { return OpenWith(ctx, dir, Options{}) }

// OpenWith is Open with options.
func OpenWith(ctx context.Context, dir string, options Options) (*Repo, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	program, err := exec.LookPath(options.Git)
	if err == nil {
		program, err = filepath.Abs(program)
	}
	if err != nil {
		return nil, fmt.Errorf("gitlog: no git program: %w", err)
	}
	at, err := locate(dir)
	if err != nil {
		return nil, err
	}
	if err := at.plain(); err != nil {
		return nil, err
	}
	r := &Repo{at: at, options: options, program: program, format: formatSHA1}
	if err := r.configure(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Dir is the directory that the repository's files are in; of a bare repository,
// its git directory. It is absolute, without symbolic links.
func (r *Repo) Dir() string { return r.at.top }

// Name is a name for people, made of the directory's: "app" for /src/app and for
// /srv/git/app.git.
func (r *Repo) Name() string {
	name := strings.TrimSuffix(filepath.Base(r.at.top), ".git")
	if name == "" { // opened inside of a .git without a work tree
		name = filepath.Base(filepath.Dir(r.at.top))
	}
	return name
}

// configure learns from the repository's configuration how its objects are named
// and whether some are absent on purpose. The file is read as text: nothing in it
// is in force in any git that we run.
func (r *Repo) configure(ctx context.Context) error {
	file := filepath.Join(r.at.common, "config")
	info, err := os.Stat(file)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("gitlog: %q: its configuration is not a regular file", r.at.top)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // all is as it was before there were extensions
	}
	if err != nil {
		return fmt.Errorf("gitlog: %w", err)
	}
	box, err := r.sandbox()
	if err != nil {
		return err
	}
	defer box.close()
	out, err := box.output(ctx, "config", "--file", file, "--no-includes", "-z", "--list")
	if err != nil {
		return err
	}
	settings, err := parseSettings(out)
	if err != nil {
		return err
	}
	for _, s := range settings {
		if err := r.apply(s); err != nil {
			return err
		}
	}
	packs, err := filepath.Glob(filepath.Join(globEscape(r.at.common), "objects", "pack", "*.promisor"))
	if err != nil {
		return fmt.Errorf("gitlog: %w", err)
	}
	r.promisor = r.promisor || len(packs) > 0
	return nil
}

var globEscape = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace

// setting is one line of a git configuration. Git writes the section and the
// variable in lower case.
type setting struct{ key, value string }

// parseSettings reads the output of "git config -z --list": key, line feed,
// value, zero byte; without the line feed and value for a variable without one.
func parseSettings(out []byte) ([]setting, error) {
	var settings []setting
	for len(out) > 0 {
		entry, rest, ok := bytes.Cut(out, []byte{0})
		if !ok || len(entry) == 0 {
			return nil, fmt.Errorf("gitlog: git config: output ends in the middle of an entry")
		}
		key, value, _ := strings.Cut(string(entry), "\n")
		settings = append(settings, setting{key, value})
		out = rest
	}
	return settings, nil
}

// apply takes one setting. An extension that is not known may mean that the
// repository cannot be read the way we do, so it is an error, as it is to git.
func (r *Repo) apply(s setting) error {
	name, extension := strings.CutPrefix(s.key, "extensions.")
	switch {
	case s.key == "core.repositoryformatversion":
		if s.value != "0" && s.value != "1" {
			return fmt.Errorf("gitlog: %q: repository format version %q is not supported", r.at.top, s.value)
		}
	case strings.HasPrefix(s.key, "remote.") && strings.HasSuffix(s.key, ".promisor"):
		r.promisor = true
	case !extension:
	case name == "objectformat" && s.value == formatSHA1.name:
	case name == "objectformat" && s.value == formatSHA256.name:
		r.format = formatSHA256
	case name == "partialclone":
		r.promisor = true
	case name == "refstorage" && s.value == "files":
	case name == "noop", name == "preciousobjects", name == "worktreeconfig", name == "relativeworktrees":
	default:
		return fmt.Errorf("gitlog: %q: repository extension %q is not supported", r.at.top, release.Text(name+"="+s.value))
	}
	return nil
}
