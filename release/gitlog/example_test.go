package gitlog_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

func Example() {
	dir := demo()
	defer os.RemoveAll(dir)
	ctx := context.Background()

	repo, err := gitlog.Open(ctx, dir)
	if err != nil {
		log.Fatal(err)
	}
	base, err := repo.DefaultBase(ctx, "HEAD")
	if err != nil {
		log.Fatal(err)
	}
	changes, err := repo.Read(ctx, base, "HEAD")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("since", base)
	for _, c := range changes.Commits {
		fmt.Printf("%s  %s, by %s\n", c.ID.Short(), c.Subject, c.Author)
	}
	for _, f := range changes.Files {
		fmt.Printf("%s %s +%d -%d\n", f.Op, f.Path, f.Added, f.Deleted)
	}
	for _, g := range changes.Gaps {
		fmt.Println("not read:", g)
	}
	// Output:
	// since refs/tags/v1
	// b8630a8270d7  Greet in Latin, by Ada <email:ada@example.com>
	// modified greet.txt +1 -1
	// added why.txt +1 -0
}

// demo makes a repository with a tag and a commit after it.
func demo() string {
	dir, err := os.MkdirTemp("", "gitlog-example-")
	if err != nil {
		log.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q"}, {"fast-import", "--quiet"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(demoHistory)
		if out, err := cmd.CombinedOutput(); err != nil {
			log.Fatalf("%s: %v: %s", args, err, out)
		}
	}
	if err := os.WriteFile(dir+"/.git/HEAD", []byte("ref: refs/heads/main\n"), 0o644); err != nil {
		log.Fatal(err)
	}
	return dir
}

const demoHistory = `commit refs/heads/main
committer Ada <ada@example.com> 1700000000 +0000
data 5
Greet
M 100644 inline greet.txt
data 6
hello

reset refs/tags/v1
from refs/heads/main

commit refs/heads/main
committer Ada <ada@example.com> 1700003600 +0000
data 14
Greet in Latin
M 100644 inline greet.txt
data 6
salve

M 100644 inline why.txt
data 8
I can't

`

// What the history until v1 says of a file that the release changes. A file of which
// nothing is known, or that was not there, is left out of what risk is told.
func ExampleRepo_Past() {
	dir := demo()
	defer os.RemoveAll(dir)
	repo, err := gitlog.Open(context.Background(), dir)
	if err != nil {
		log.Fatal(err)
	}
	base, err := repo.Resolve(context.Background(), "v1")
	if err != nil {
		log.Fatal(err)
	}
	files, err := repo.Past(context.Background(), base, []release.Path{"greet.txt", "why.txt"}, gitlog.PastOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Println(f.Path, f.Known, f.Lines, f.Changes, f.Developers, f.Changed.UTC().Format(time.DateOnly))
	}
	// Output:
	// greet.txt true 1 1 1 2023-11-14
	// why.txt false 0 0 0 0001-01-01
}
