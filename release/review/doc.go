// Package review reads who wrote a change and who approved it, from what GitHub and
// GitLab answer.
//
// A [Reviews] is facts. Every approval is in it, and each either counts or says why it
// does not ([Approval.Why]). How many are needed, and whose, is for a policy to say.
//
//	r := review.GitHub(review.GitHubFiles{Pull: …, Reviews: …, Commits: …}, review.Options{})
//
// # When an approval counts
//
// All of these must be known, and so:
//
//   - It is by a person whose account the host names, not by a bot or an AI agent, and
//     not by an account that was deleted.
//   - It was given to the commit that is the head now.
//   - It is the latest thing that this person said: comments aside, nothing later
//     asks for changes, was dismissed, or repeats it; and no new review was asked for.
//   - The person did not open the change and wrote none of it: no author, committer
//     or co-author of a commit.
//   - The person may write to the repository, after the list of collaborators. Where
//     there is none, the association must be OWNER, MEMBER or COLLABORATOR, which is
//     no proof: a member may have access to read only. (GitLab lets only those
//     approve who may.)
//   - All reviews were read, and all commits.
//
// What another person objects to is in [Reviews.Objections], until that person
// approves or the objection is dismissed. It stands beside the approvals and does not
// change them.
//
// # Who is the same person
//
// Accounts and e-mail addresses are two kinds of names. GitHub says which account an
// address belongs to, where it knows; GitLab's commits have addresses only. Whose
// address nobody knows might be the approver's, so with an unmapped contributor
// no approval counts. [Options.Identities] is where the host says who is who: by
// address, by account, or by both.
//
// What a commit says of its author is a claim. A claim can only add contributors, but
// somebody who writes another one's name into a commit is not among them. The commits
// whose signature the host did not verify are in [Reviews.Unverified]; with
// [Options.Signed] there may be none. Commits that claim to be by a bot, by an agent or
// by the forge itself are believed only with a verified signature.
//
// Who applies a reviewer's suggestion in the browser makes a co-author of the reviewer,
// and who updates the branch there is the author of a merge commit: the approvals of
// both do not count.
//
// # What is not to be seen in any file
//
// Who pushed: somebody who pushes commits under the author's name is taken for nobody,
// and GitHub's rule that somebody else than the last pusher approves cannot be checked.
// Whether the target branch was another one when somebody approved. Whether two
// accounts, or an account without a mark, are a person, a bot or two of them, beyond
// what Identities says.
//
// # GitLab
//
// GitLab does not say which commit an approval saw. The merge request's versions do,
// by GitLab's clock: it is the head of that time. Without them it is the head of now
// where the project removes approvals at every push, after its approval settings, and
// no commit claims to be younger than the approval. Without both the commit is unknown
// and nothing counts. Nor does GitLab say whether an account is a person's: Identities
// must.
package review
