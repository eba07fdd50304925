package gitlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// sandbox is what git sees in the place of the repository's git directory: our
// configuration, a copy of HEAD and of the shallow list, and links to the
// references. The objects are named by an environment variable. Everything else
// that git could find in a git directory and obey is not there. It lives for one
// call, and nothing is written to the repository.
type sandbox struct {
	repo    *Repo
	dir     string
	shallow map[release.Revision]bool
}

// ourConfig is all that git is configured with. The commit-graph is a file of the repository that says what
// the parents of commits are; the commits say it too, and have been hashed.
const ourConfig = `[core]
	repositoryformatversion = 1
	bare = true
	commitGraph = false
	useReplaceRefs = false
	hooksPath = /dev/null
	attributesFile = /dev/null
	fsmonitor = false
	untrackedCache = false
[gc]
	auto = 0
[maintenance]
	auto = false
[protocol]
	allow = never
[extensions]
	objectFormat = %s
`

func (r *Repo) sandbox() (*sandbox, error) {
	dir, err := os.MkdirTemp("", "sallyport-gitlog-")
	if err != nil {
		return nil, fmt.Errorf("gitlog: %w", err)
	}
	b := &sandbox{repo: r, dir: dir}
	if err := b.fill(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// fill makes the directory's content.
func (b *sandbox) fill() error {
	at := b.repo.at
	head, err := readSmall(filepath.Join(at.git, "HEAD"), 1<<12)
	if errors.Is(err, fs.ErrNotExist) {
		// A HEAD that is a symbolic link to a branch without commits.
		head, err = []byte("ref: refs/heads/none\n"), nil
	}
	if err != nil {
		return fmt.Errorf("gitlog: HEAD: %w", err)
	}
	shallow, ids, err := readShallow(at.common, b.repo.format)
	if err != nil {
		return err
	}
	b.shallow = ids
	files := map[string][]byte{"HEAD": head, "config": fmt.Appendf(nil, ourConfig, b.repo.format.name)}
	if len(shallow) > 0 {
		files["shallow"] = shallow
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(b.dir, name), text, 0o600); err != nil {
			return fmt.Errorf("gitlog: %w", err)
		}
	}
	for _, name := range []string{"refs", "packed-refs"} {
		target := filepath.Join(at.common, name)
		if _, err := os.Lstat(target); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.Symlink(target, filepath.Join(b.dir, name)); err != nil {
			return fmt.Errorf("gitlog: %w", err)
		}
	}
	return nil
}

// close removes the directory. A failure leaves an empty shell behind in the
// directory for temporary files and changes no result, so it is not reported.
func (b *sandbox) close() { _ = os.RemoveAll(b.dir) }

// passed are the variables of the host's environment that git is given: those
// that it needs to be started at all.
var passed = []string{"PATH", "TMPDIR", "TMP", "TEMP", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"}

// env is the whole environment of git.
func (b *sandbox) env() []string {
	env := []string{
		"GIT_DIR=" + b.dir,
		"GIT_OBJECT_DIRECTORY=" + filepath.Join(b.repo.at.common, "objects"),
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_SYSTEM=" + os.DevNull,
		"GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_ATTR_SOURCE=" + string(b.repo.format.emptyTree), // git 2.43 to 2.45 would take HEAD's
		"GIT_NO_REPLACE_OBJECTS=1",
		"GIT_NO_LAZY_FETCH=1", // git 2.45 and later; before, there is no remote to fetch from
		"GIT_ALLOW_PROTOCOL=none",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_PAGER=",
		"HOME=" + b.dir,
		"LC_ALL=C",
		"LANGUAGE=C",
		"TZ=UTC",
	}
	for _, name := range passed {
		if v, ok := os.LookupEnv(name); ok && !strings.ContainsRune(v, 0) {
			env = append(env, name+"="+v)
		}
	}
	return env
}
