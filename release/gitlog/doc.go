// Package gitlog reads a range of a git repository's history into a
// [release.ChangeSet], by running the git program.
//
//	changes, err := gitlog.Read(ctx, ".", "v1.4.0", "HEAD")
//
// [Open] finds the repository that a directory is in; [Repo.Read] reads a range,
// [Repo.Resolve] a revision's name, [Repo.File] one file as a revision has it,
// [Repo.Export] a revision's whole tree into an empty directory, and [Repo.Past] what the
// history until a revision says of single files.
//
// # What a change set holds
//
// The commits that head has and base lacks, from the oldest to the newest
// (parents before children, then by committer time, then by id), each with the
// files that it changed; and the net difference of the two trees. Renames are
// never guessed. Times, people and reverts are what the commits claim.
//
// # People are claims
//
// Anyone can write any name into a commit, so an author's kind is never
// [release.ActorHuman]: nothing in a commit proves that. Names and addresses
// that are known to be an automation's or an AI agent's give
// [release.ActorBot], [release.ActorAgent] and [release.ActorService], which
// are claims too, but ones that nobody gains by; everybody else is
// [release.ActorUnknown] until the host maps the address to somebody whom it
// has verified. Co-authors and sign-offs are taken from wherever in the message
// a line begins with the trailer's name, not just from its last paragraph: to
// miss somebody who wrote part of the change is worse than to list one too many.
//
// # What could not be read
//
// A base that is not there, a shallow or a partial clone, histories that have
// nothing in common or that went apart, and a reader's limit are each a
// [release.Gap], and Coverage of [release.KindCode] is then partial. A file whose
// contents a partial clone lacks is known to have changed, but not in how many
// lines: it is marked as Uncounted. A comparison, of one commit or the net one, is
// counted whole or not at all.
//
// An output of git that ends early, does not parse, or comes with a failure is an
// error. It is never a shorter change set. A head that is not there is
// [ErrUnknownRevision].
//
// # Hostile repositories
//
// Reading runs nothing that the repository asks for. Git runs with a directory of
// our own in the place of .git, made for one call, that holds our configuration,
// a copy of HEAD and of the list of shallow commits, and links to the
// repository's references and objects. The repository's configuration, hooks,
// attributes, index, grafts and commit-graph are not there, so that filters,
// drivers, monitors, remotes and helpers have nothing to be started from, and a
// missing object is not fetched. Replacement references are ignored. Nothing of
// the user's or the system's configuration, and no environment variable but the
// search path and the directory for temporary files, reaches git. Because no
// configuration of the repository is obeyed, the owner of its files does not
// matter either (git's safe.directory): the caller named the directory.
//
// Commits, the trees behind the net difference, and everything that File and
// Export return, are hashed and compared with the id that they were asked for by.
// The line counts and the files of each single commit are what git says, which
// trusts its object files. Alternate object directories are followed wherever
// they lead.
//
// Where a branch and a tag of one name are at different commits, that name is
// nobody's: say refs/heads/… or refs/tags/….
//
// A merge has no files of its own. What was changed in the merge itself, and is in
// none of the commits that it merges, is seen in the net difference only.
//
// Attributes are not obeyed, so a file that .gitattributes declares binary still
// has its lines counted, and a file is binary only where git finds a zero byte in
// its first 8000, or does not look because it is larger than 512 MiB. Names that
// need what is left out (upstreams such as "@{u}", reflogs such as "HEAD@{1}"), and
// FETCH_HEAD and its like, are unknown revisions.
//
// # Requirements
//
// Git 2.32 or later, on a system with symbolic links. References must be in
// files (not in a reftable); [Open] says so.
package gitlog
