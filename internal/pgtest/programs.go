package pgtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// find is the folder with the server's programs. The test ends where there is none, or
// where nobody may run them.
func find(t testing.TB) string {
	t.Helper()
	if why := unable(); why != "" {
		missing(t, why)
	}
	if postgres, err := exec.LookPath("postgres"); err == nil {
		// Beside a link may be only some of the programs.
		if real, err := filepath.EvalSymlinks(postgres); err == nil && whole(filepath.Dir(real)) {
			return filepath.Dir(real)
		}
	}
	// Debian and its descendants, Red Hat's, and what is built from source.
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin"} {
		dirs, _ := filepath.Glob(pattern)
		slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
		for _, dir := range dirs {
			if whole(dir) {
				return dir
			}
		}
	}
	missing(t, "no PostgreSQL: SALLYPORT_POSTGRES names no server, and its programs are not on this machine")
	return ""
}

func whole(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// version is the first number in a path.
func version(path string) int {
	digits := strings.FieldsFunc(path, func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(digits[0])
	return n
}
