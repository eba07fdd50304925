//go:build unix

package pgtest

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// PostgreSQL refuses to run as root: then it runs as the user that its packages make.
const account = "postgres"

// unable says why no server can be run here.
func unable() string {
	if os.Geteuid() != 0 {
		return ""
	}
	if _, err := credential(); err != nil {
		return "no PostgreSQL: it does not run as root, and there is no user " + account + ": " + err.Error()
	}
	return ""
}

// credential is whom the server runs as; nil is whoever this process runs as.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup(account)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func apart(cmd *exec.Cmd) {
	c, _ := credential() // unable has looked
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: c}
}

// asSelf makes a program run as whoever this process runs as: the server's account may
// not be allowed to remove the folder.
func asSelf(cmd *exec.Cmd) { cmd.SysProcAttr.Credential = nil }

// folder makes the folder of a cluster. The path of a socket may have about 100 bytes.
func folder() (string, error) {
	base := os.TempDir()
	if len(base) > 60 {
		base = "/tmp"
	}
	dir, err := os.MkdirTemp(base, "sallyport-pg-")
	if err != nil {
		return "", err
	}
	c, err := credential()
	if err == nil && c != nil {
		err = os.Chown(dir, int(c.Uid), int(c.Gid))
	}
	return dir, err
}
