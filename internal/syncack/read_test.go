package syncack_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/syncack"
)

const (
	ack    = `1 write(1<pipe:[7]>, "syncack: acknowledged\n", 22) = 22` + "\n"
	create = `1 openat(AT_FDCWD</w>, "/d/j", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3</d/j>` + "\n"
	sync   = `1 fdatasync(3</d/j>) = 0` + "\n"
	write  = `1 pwrite64(3</d/j>, "abc, \"def\" ) = 3"..., 400, 0) = 400` + "\n"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		log             string
		unflushed, idle int
		file            string // part of the first finding
	}{
		{"nothing at all", "", 0, 0, ""},
		{"written and flushed", write + sync + ack, 0, 0, ""},
		{"fsync does it too", write + "1 fsync(3</d/j>) = 0\n" + ack, 0, 0, ""},
		{"not flushed", write + ack, 1, 1, "/d/j since line 1"},
		{"each acknowledgement counts", write + ack + write + ack + sync + ack, 2, 2, "/d/j since line 1"},
		{"flushed before the last write", write + sync + write + ack, 1, 0, "/d/j since line 3"},
		{"nothing was written for it", write + sync + ack + ack, 0, 1, ""},
		{"another file was flushed", write + "1 fsync(4</d/k>) = 0\n" + ack, 1, 1, "/d/j"},
		{"a file whose name begins like the folder's", "1 write(3</dd/j>, \"x\", 1) = 1\n" + write + sync + ack, 0, 0, ""},
		{"the flush failed", write + "1 fsync(3</d/j>) = -1 EIO (Input/output error)\n" + ack, 1, 1, "/d/j"},
		{"the write failed, and may have written", "1 write(3</d/j>, \"x\", 1) = -1 EIO (Input/output error)\n" + ack, 1, 1, "/d/j"},
		{"sync_file_range is no flush", write + "1 sync_file_range(3</d/j>, 0, 400, SYNC_FILE_RANGE_WRITE|SYNC_FILE_RANGE_WAIT_AFTER) = 0\n" + ack, 1, 1, "/d/j"},
		{"msync is no flush", write + "1 msync(0x7f0000000000, 4096, MS_SYNC) = 0\n" + ack, 1, 1, "/d/j"},
		{"sync is one", write + "1 sync() = 0\n" + ack, 0, 0, ""},
		{"syncfs is one", write + "1 syncfs(4</d>) = 0\n" + ack, 0, 0, ""},
		{"a longer file", "1 ftruncate(3</d/j>, 4096) = 0\n" + ack, 1, 1, "/d/j"},
		{"preallocated", "1 fallocate(3</d/j>, 0, 0, 4096) = 0\n" + ack, 1, 1, "/d/j"},
		{"truncated by its name", "1 truncate(\"/d/j\", 0) = 0\n" + ack, 1, 1, "/d/j"},
		{"cut when it was opened", create + "1 fsync(4</d>) = 0\n1 openat(AT_FDCWD</w>, \"/d/j\", O_WRONLY|O_TRUNC) = 5</d/j>\n" + ack, 1, 0, "/d/j"},
		{"copied into it", "1 copy_file_range(5</w/x>, NULL, 3</d/j>, NULL, 100, 0) = 100\n" + ack, 1, 1, "/d/j"},
		{"copied out of it", write + sync + "1 copy_file_range(3</d/j>, NULL, 5</w/x>, NULL, 100, 0) = 100\n" + ack, 0, 0, ""},
		{"sent into it", "1 sendfile(3</d/j>, 5</w/x>, NULL, 100) = 100\n" + ack, 1, 1, "/d/j"},

		{"a new file without its directory", create + write + sync + ack, 1, 0, "the names in /d since line 1"},
		{"and with it", create + write + sync + "1 fsync(4</d>) = 0\n" + ack, 0, 0, ""},
		{"a file that was there", strings.Replace(create, "/j", "/old", 2) + write + sync + ack, 0, 0, ""},
		{"a directory flushed too early", "1 fsync(4</d>) = 0\n" + create + write + sync + ack, 1, 0, "the names in /d"},
		{"a new folder", "1 mkdirat(AT_FDCWD</w>, \"/d/sub\", 0700) = 0\n" + write + sync + ack, 1, 0, "the names in /d"},
		{"a file in a new folder", "1 mkdir(\"/d/sub\", 0700) = 0\n1 fsync(4</d>) = 0\n" + strings.Replace(create, "/d/j", "/d/sub/j", 2) + ack, 1, 0, "the names in /d/sub"},
		{"renamed and not flushed", "1 rename(\"/d/a.tmp\", \"/d/j\") = 0\n" + ack, 1, 1, "the names in /d"},
		{"what is being made need not be flushed", "1 write(5</d/a.tmp>, \"x\", 1) = 1\n" + write + sync + ack, 0, 0, ""},
		{"until it has its name", "1 write(5</d/a.tmp>, \"x\", 1) = 1\n1 renameat2(AT_FDCWD</w>, \"/d/a.tmp\", AT_FDCWD</w>, \"/d/j\", RENAME_NOREPLACE) = 0\n1 fsync(4</d>) = 0\n" + ack, 1, 0, "/d/j since line 1"},
		{"flushed before it had", "1 write(5</d/a.tmp>, \"x\", 1) = 1\n1 fsync(5</d/a.tmp>) = 0\n1 renameat(AT_FDCWD</d>, \"a.tmp\", AT_FDCWD</d>, \"j\") = 0\n1 fsync(4</d>) = 0\n" + ack, 0, 0, ""},
		{"a rename takes what was there away", write + "1 rename(\"/d/a.tmp\", \"/d/j\") = 0\n1 fsync(4</d>) = 0\n" + ack, 0, 0, ""},
		{"a failed rename does not", write + "1 rename(\"/d/a.tmp\", \"/d/j\") = -1 ENOENT (No such file or directory)\n" + ack, 1, 1, "/d/j"},
		{"a renamed folder", "1 write(3</d/x/j>, \"x\", 1) = 1\n1 rename(\"/d/x\", \"/d/y\") = 0\n1 fsync(4</d>) = 0\n" + ack, 1, 0, "/d/y/j since line 1"},
		{"removed", write + "1 unlinkat(AT_FDCWD</w>, \"/d/j\", 0) = 0\n1 write(3</d/j>(deleted), \"x\", 1) = 1\n1 fsync(4</d>) = 0\n" + ack, 0, 0, ""},
		{"a second name of what is not flushed", "1 write(5</d/a.tmp>, \"x\", 1) = 1\n1 link(\"/d/a.tmp\", \"/d/j\") = 0\n1 fsync(4</d>) = 0\n" + ack, 1, 0, "/d/j"},
		{"scratch is nothing", "1 write(5</d/x-shm>, \"x\", 1) = 1\n1 mmap(NULL, 32768, PROT_READ|PROT_WRITE, MAP_SHARED, 5</d/x-shm>, 0) = 0x7f11c8000000\n" + write + sync + ack, 0, 0, ""},
		{"mapped as its own copy", "1 mmap(NULL, 32768, PROT_READ|PROT_WRITE, MAP_PRIVATE, 3</d/j>, 0) = 0x7f11c8000000\n" + write + sync + ack, 0, 0, ""},

		{"opened so that writes are flushed", "1 openat(AT_FDCWD</w>, \"/d/old\", O_RDWR|O_DSYNC) = 9</d/old>\n1 write(9</d/old>, \"x\", 1) = 1\n" + ack, 0, 0, ""},
		{"the same descriptor of another process", "1 openat(AT_FDCWD</w>, \"/d/old\", O_RDWR|O_SYNC) = 9</d/old>\n2 write(9</d/old>, \"x\", 1) = 1\n" + ack, 1, 1, "/d/old"},
		{"of a thread", "1 openat(AT_FDCWD</w>, \"/d/old\", O_RDWR|O_SYNC) = 9</d/old>\n1 clone(child_stack=0xc000036000, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD, tls=0xc000) = 2\n2 write(9</d/old>, \"x\", 1) = 1\n" + ack, 0, 0, ""},
		{"of a child", "1 openat(AT_FDCWD</w>, \"/d/old\", O_RDWR|O_SYNC) = 9</d/old>\n1 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 2\n2 write(9</d/old>, \"x\", 1) = 1\n" + ack, 0, 0, ""},
		{"copied", "1 openat(AT_FDCWD</w>, \"/d/old\", O_RDWR|O_SYNC) = 9</d/old>\n1 dup2(9</d/old>, 11</w/x>) = 11</d/old>\n1 write(11</d/old>, \"x\", 1) = 1\n" + ack, 0, 0, ""},
		{"copied by fcntl", "1 openat(AT_FDCWD</w>, \"/d/old\", O_RDWR|O_SYNC) = 9</d/old>\n1 fcntl(9</d/old>, F_DUPFD_CLOEXEC, 0) = 12</d/old>\n1 write(12</d/old>, \"x\", 1) = 1\n" + ack, 0, 0, ""},
		{"copied over", "1 openat(AT_FDCWD</w>, \"/d/old\", O_RDWR|O_SYNC) = 9</d/old>\n1 dup2(3</d/j>, 9</d/old>) = 9</d/j>\n1 write(9</d/j>, \"x\", 1) = 1\n" + ack, 1, 1, "/d/j"},
		{"closed and opened again without", "1 openat(AT_FDCWD</w>, \"/d/old\", O_RDWR|O_SYNC) = 9</d/old>\n1 close(9</d/old>) = 0\n1 openat(AT_FDCWD</w>, \"/d/old\", O_RDWR) = 9</d/old>\n1 write(9</d/old>, \"x\", 1) = 1\n" + ack, 1, 1, "/d/old"},
		{"this write only", "1 pwritev2(3</d/j>, [{iov_base=\"x\", iov_len=1}], 1, 0, RWF_DSYNC) = 1\n" + ack, 0, 0, ""},
		{"which failed", "1 pwritev2(3</d/j>, [{iov_base=\"x\", iov_len=1}], 1, 0, RWF_DSYNC) = -1 EIO (Input/output error)\n" + ack, 1, 1, "/d/j"},
		{"and not that before", write + "1 pwritev2(3</d/j>, [{iov_base=\"x\", iov_len=1}], 1, 0, RWF_DSYNC) = 1\n" + ack, 1, 0, "/d/j"},

		{"another thread is writing", "2 write(3</d/j>, \"x\", 1 <unfinished ...>\n" + sync + ack + "2 <... write resumed>) = 1\n", 1, 1, "/d/j since line 1"},
		{"the write ended after the flush began", "2 write(3</d/j>, \"x\", 1 <unfinished ...>\n1 fdatasync(3</d/j> <unfinished ...>\n2 <... write resumed>) = 1\n1 <... fdatasync resumed>) = 0\n" + ack, 1, 1, "/d/j since line 1"},
		{"the write ended before", "2 write(3</d/j>, \"x\", 1 <unfinished ...>\n3 lseek(3</d/j>, 0, SEEK_SET) = 0\n2 <... write resumed>) = 1\n1 fdatasync(3</d/j> <unfinished ...>\n3 lseek(3</d/j>, 0, SEEK_SET) = 0\n1 <... fdatasync resumed>) = 0\n" + ack, 0, 0, ""},
		{"the flush is under way", write + "2 fdatasync(3</d/j> <unfinished ...>\n" + ack + "2 <... fdatasync resumed>) = 0\n", 1, 1, "/d/j"},
		{"the acknowledgement is under way", write + "1 write(1<pipe:[7]>, \"syncack: acknowledged\\n\", 22 <unfinished ...>\n2 fdatasync(3</d/j>) = 0\n1 <... write resumed>) = 22\n", 1, 1, "/d/j"},
		{"signals and ends", "1 --- SIGURG {si_signo=SIGURG} ---\n" + write + sync + "2 +++ exited with 0 +++\n" + ack, 0, 0, ""},
		{"strace was stopped", write + sync + ack + "2 epoll_wait(4<anon_inode:[eventpoll]>,  <detached ...>\n", 0, 0, ""},
		{"and a flush not seen to the end", write + "2 fdatasync(3</d/j> <detached ...>\n" + ack, 1, 1, "/d/j"},
		{"ended in the middle of a call", write + sync + ack + "2 ???( <unfinished ...>\n2 <... ??? resumed>) = ?\n2 +++ exited with 0 +++\n", 0, 0, ""},
		{"interrupted", write + "1 fdatasync(3</d/j>) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)\n" + ack, 1, 1, "/d/j"},
		{"killed while it flushed", write + "2 fdatasync(3</d/j>) = ?\n" + ack, 1, 1, "/d/j"},

		{"a failed flush, and then one that works", write + "1 fsync(3</d/j>) = -1 EIO (Input/output error)\n" + sync + ack, 1, 1, "/d/j since line 1"},
		{"what was written after the failed one is lost alone", write + sync + "1 fsync(3</d/j>) = -1 EIO (Input/output error)\n" + write + sync + ack, 0, 0, ""},
		{"a failed write through and then a flush that works", "1 pwritev2(3</d/j>, [{iov_base=\"x\", iov_len=1}], 1, 0, RWF_DSYNC) = -1 EIO (Input/output error)\n" + sync + ack, 1, 1, "/d/j since line 1"},
		{"an interrupted one that goes on", write + "1 fdatasync(3</d/j>) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)\n" + sync + ack, 0, 0, ""},
		{"removed and its directory not flushed", "1 unlink(\"/d/old\") = 0\n" + write + sync + ack, 1, 0, "the names in /d since line 1"},
		{"removed and flushed", "1 unlink(\"/d/old\") = 0\n" + write + sync + "1 fsync(4</d>) = 0\n" + ack, 0, 0, ""},
		{"moved to another directory", "1 rename(\"/d/x/old\", \"/d/y/old\") = 0\n1 fsync(4</d/y>) = 0\n" + ack, 1, 0, "the names in /d/x since line 1"},
		{"removed under one name, and there under another", "1 link(\"/d/j\", \"/d/k\") = 0\n" + write + "1 unlink(\"/d/j\") = 0\n1 fsync(4</d>) = 0\n" + ack, 1, 0, "/d/k since line 2"},
		{"replaced under one name, and there under another", "1 link(\"/d/j\", \"/d/k\") = 0\n" + write + "1 rename(\"/d/a.tmp\", \"/d/j\") = 0\n1 fsync(4</d>) = 0\n" + ack, 1, 0, "/d/k since line 2"},
		{"a file that is made through a link elsewhere", "1 openat(AT_FDCWD</w>, \"/d/link\", O_RDWR|O_CREAT, 0600) = 3</d/sub/j>\n1 fsync(4</d>) = 0\n" + ack, 1, 1, "the names in /d/sub"},
		{"a file that is made through a link from outside", "1 openat(AT_FDCWD</w>, \"/w/link\", O_RDWR|O_CREAT, 0600) = 3</d/j>\n" + write + sync + ack, 1, 0, "the names in /d"},
		{"cut through a link from outside", "1 openat(AT_FDCWD</w>, \"/proc/self/fd/3\", O_RDWR|O_TRUNC) = 5</d/old>\n" + ack, 1, 1, "/d/old since line 1"},
		{"flushing what is being made acknowledges nothing", write + sync + ack + "1 write(5</d/a.tmp>, \"x\", 1) = 1\n1 fsync(5</d/a.tmp>) = 0\n" + ack, 0, 1, ""},
		{"a length is not flushed with its descriptor's writes", "1 openat(AT_FDCWD</w>, \"/d/old\", O_RDWR|O_DSYNC) = 9</d/old>\n1 ftruncate(9</d/old>, 4096) = 0\n" + ack, 1, 1, "/d/old"},
		{"a name that looks like a flag", "1 openat(AT_FDCWD</w>, \"/d/O_SYNC\", O_RDWR) = 9</d/O_SYNC>\n1 write(9</d/O_SYNC>, \"x\", 1) = 1\n" + ack, 1, 1, "/d/O_SYNC"},
		{"appended", "1 openat(AT_FDCWD</w>, \"/d/old\", O_WRONLY|O_APPEND) = 9</d/old>\n1 write(9</d/old>, \"x\", 1) = 1\n" + ack, 1, 1, "/d/old"},
		{"written by a child through what it inherited", write + sync + "1 clone(child_stack=NULL, flags=SIGCHLD) = 2\n2 write(3</d/j>, \"x\", 1) = 1\n" + ack, 1, 0, "/d/j"},
		{"flushed through a copy of the descriptor", write + "1 dup(3</d/j>) = 9</d/j>\n1 fsync(9</d/j>) = 0\n" + ack, 0, 0, ""},
		{"two names, one changed, one removed", "1 link(\"/d/j\", \"/d/k\") = 0\n1 rename(\"/d/j\", \"/d/m\") = 0\n1 write(3</d/m>, \"x\", 1) = 1\n1 unlink(\"/d/m\") = 0\n1 fsync(4</d>) = 0\n" + ack, 1, 0, "/d/k since line 3"},
		{"what was being made is given up", "1 unlink(\"/d/a.tmp\") = 0\n" + write + sync + ack, 0, 0, ""},
		{"opened by a thread for all", "1 clone(flags=CLONE_VM|CLONE_FILES) = 2\n2 openat(AT_FDCWD</w>, \"/d/old\", O_RDWR|O_SYNC) = 9</d/old>\n1 write(9</d/old>, \"x\", 1) = 1\n" + ack, 0, 0, ""},
		{"closed with others and opened again without", "1 openat(AT_FDCWD</w>, \"/d/old\", O_RDWR|O_SYNC) = 9</d/old>\n1 close_range(3, 99, 0) = 0\n1 openat(AT_FDCWD</w>, \"/d/old\", O_RDWR) = 9</d/old>\n1 write(9</d/old>, \"x\", 1) = 1\n" + ack, 1, 1, "/d/old"},
		{"closed, and got from somebody else", "1 openat(AT_FDCWD</w>, \"/d/old\", O_RDWR|O_SYNC) = 9</d/old>\n1 close(9</d/old>) = 0\n1 recvmsg(8<socket:[5]>, {msg_control=[{cmsg_data=[9</d/old>]}]}, 0) = 1\n1 write(9</d/old>, \"x\", 1) = 1\n" + ack, 1, 1, "/d/old"},

		{"a path with spaces and worse", `1 write(3</d/a b\74c\76d, "e\")>, "x", 1) = 1` + "\n" + ack, 1, 1, `/d/a b<c>d, "e")`},
		{"flushed by it", `1 write(3</d/a b\74c\76d>, "x", 1) = 1` + "\n" + `1 fsync(5</d/a b\74c\76d>) = 0` + "\n" + ack, 0, 0, ""},
		{"a quoted path", `1 truncate("/d/a \"b\"\303\244\t1", 0) = 0` + "\n" + ack, 1, 1, "/d/a \"b\"ä\t1 since"},
		{"a path that goes up", `1 truncate("/w/../d/./j", 0) = 0` + "\n" + ack, 1, 1, "/d/j since"},
		{"content that looks like a call", `1 write(3</d/j>, "1 fsync(3</d/j>) = 0\n", 20) = 20` + "\n" + ack, 1, 1, "/d/j"},
		{"an acknowledgement in the store is none", `1 write(3</d/j>, "syncack: acknowledged\n", 22) = 22` + "\n", 0, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			report, err := syncack.Read(strings.NewReader(c.log), rules())
			require.NoError(t, err)
			require.Len(t, report.Unflushed, c.unflushed, "%v", report)
			require.Len(t, report.Idle, c.idle, "%v", report)
			if c.file != "" {
				require.Contains(t, report.Unflushed[0].String(), c.file)
			}
		})
	}
}

func rules() syncack.Rules {
	return syncack.Rules{Dir: "/d", Exists: []string{"old"}, Kind: func(name string) syncack.Kind {
		switch {
		case strings.HasSuffix(name, "-shm"):
			return syncack.Scratch
		case strings.HasSuffix(name, ".tmp"):
			return syncack.Beside
		}
		return syncack.Data
	}}
}

// What the reader does not understand, it refuses.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, log, want string }{
		{"an unknown call", "1 vmsplice2(3</d/j>, 1) = 0", "does not know: vmsplice2"},
		{"an unknown call by path", "1 swapon(\"/d/j\", 0) = 0", "does not know: swapon"},
		{"an ioctl", "1 ioctl(3</d/j>, FICLONE, 4</w/x>) = 0", "does not know: ioctl"},
		{"a writable mapping", "1 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3</d/j>, 0) = 0x7f11c8000000", "shared mapping"},
		{"a mapping that can be made writable", "1 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3</d/j>, 0) = 0x7f11c8000000", "shared mapping"},
		{"writes that are handed in", "1 io_setup(8, [0x7f11c8000000]) = 0", "asynchronous"},
		{"what need not be flushed becomes data", "1 rename(\"/d/x-shm\", \"/d/j\") = 0", "need never be flushed"},
		{"what need not be flushed has a name as data", "1 link(\"/d/x-shm\", \"/d/j\") = 0", "need never be flushed"},
		{"a ring", "1 io_uring_setup(8, {flags=0}) = 5<anon_inode:[io_uring]>", "io_uring"},
		{"an exchange", "1 renameat2(AT_FDCWD</w>, \"/d/a\", AT_FDCWD</w>, \"/d/b\", RENAME_EXCHANGE) = 0", "an exchange"},
		{"moved into the store", "1 rename(\"/w/a\", \"/d/b\") = 0", "into the store"},
		{"linked into the store", "1 link(\"/w/a\", \"/d/b\") = 0", "into the store"},
		{"a file without a name", "1 openat(AT_FDCWD</w>, \"/d\", O_RDWR|O_TMPFILE, 0600) = 3</d/#1>(deleted)", "does not know: openat"},
		{"a relative path of who knows where", "1 truncate(\"j\", 0) = 0", "a relative path"},
		{"no process", "write(3</d/j>, \"x\", 1) = 1", "not a line"},
		{"words", "1 hello", "not a line"},
		{"no end", "1 write(3</d/j>, \"x\", 1", "not a line"},
		{"no end of a text", "1 write(3</d/j>, \"x, 1) = 1", "not a line"},
		{"no result", "1 write(3</d/j>, \"x\", 1)", "not a line"},
		{"a strange result", "1 write(3</d/j>, \"x\", 1) = many", "not a line"},
		{"resumed without a beginning", "1 <... write resumed>) = 1", "did not begin"},
		{"resumed as another", "1 fsync(3</d/j> <unfinished ...>\n1 <... write resumed>) = 1", "did not begin"},
		{"two at once", "1 fsync(3</d/j> <unfinished ...>\n1 fsync(3</d/j>) = 0", "in the middle of another"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			report, err := syncack.Read(strings.NewReader(c.log+"\n"), rules())
			require.ErrorContains(t, err, c.want)
			require.Zero(t, report)
		})
	}
}

// No log makes the reader panic, and none that it reads has more findings than
// acknowledgements.
func FuzzRead(f *testing.F) {
	f.Add(create + write + sync + ack)
	f.Add("2 write(3</d/j>, \"x\", 1 <unfinished ...>\n1 dup2(9</d/old>, 11</w/x>) = 11</d/old>\n2 <... write resumed>) = 1\n")
	f.Add("1 renameat2(AT_FDCWD</w>, \"/d/a.tmp\", AT_FDCWD</w>, \"/d/j\", RENAME_NOREPLACE) = 0\n1 clone(flags=CLONE_FILES) = 2\n1 sync() = 0\n")
	f.Fuzz(func(t *testing.T, log string) {
		report, err := syncack.Read(strings.NewReader(log), rules())
		if err != nil {
			require.Zero(t, report)
			return
		}
		require.LessOrEqual(t, len(report.Unflushed), report.Acks)
		require.LessOrEqual(t, len(report.Idle), report.Acks)
	})
}
