package evidence

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// CommitMatches lets provenance count only if it names the release's commit: without
// the rule, provenance that names no commit counts, and only one that names others
// does not. Where the build type tells what was built (GitHub's workflows, and a
// configSource in provenance v0.2 that is in git or names a commit), it is the commit
// of that which must be the release's; elsewhere one of the commits that the
// provenance names, by its subjects or by what the build took in.
//
// With Tag, where the build type tells the ref, it must be the tag as well (GitLab's
// provenance tells none); and the
// commit that the host found the tag at must be the release's, otherwise the rule
// denies: then the tag, the provenance and the release are not one thing.
type CommitMatches struct {
	// Types are the predicate types that must name the commit, exactly; none is every
	// type of provenance that [KindOf] knows. One statement of any of them meets the
	// rule. Approvals cannot be named: they are bound to the release as a whole.
	Types []string
	// Tag is the name of the tag that is released, such as "v1.4.0", without
	// "refs/tags/"; "" is none.
	Tag string
	// TagCommit is the commit that Tag points at, by the host's own look at the
	// repository. Required with Tag.
	TagCommit release.Revision
}

// ID is "commit matches", and the tag if there is one.
func (r CommitMatches) ID() string {
	if r.Tag != "" {
		return "commit matches tag " + r.Tag
	}
	return "commit matches"
}

func (r CommitMatches) validate() error {
	errs := []error{texts(append([]string{r.Tag, string(r.TagCommit)}, r.Types...))}
	for i, t := range r.Types {
		switch {
		case t == "":
			errs = append(errs, fmt.Errorf("types[%d] is empty", i))
		case KindOf(t) == release.EvidenceApproval:
			errs = append(errs, fmt.Errorf("types[%d]: approvals name no commit, they are bound to the release", i))
		}
	}
	switch {
	case strings.HasPrefix(r.Tag, "refs/"):
		errs = append(errs, fmt.Errorf("tag %s is a ref: give its name alone", strictjson.Quoted(r.Tag)))
	case (r.Tag == "") != (r.TagCommit == ""):
		errs = append(errs, errors.New("a tag needs its commit, and the commit a tag"))
	case r.TagCommit != "":
		_, err := release.ParseRevision(string(r.TagCommit))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (r CommitMatches) policy() any { return r }

func (r CommitMatches) demand() demand {
	if len(r.Types) == 0 {
		return demand{kind: release.EvidenceProvenance, need: 1}
	}
	return demand{types: r.Types, need: 1}
}

func (r CommitMatches) admits(j *judge, it *item) (code string, until time.Time) {
	if d := r.demand(); !d.about(it) {
		return "", until
	}
	commit := string(j.q.Release.Commit)
	b := it.verified.buildOf()
	switch {
	case commit == "":
		return CodeNoCommit, until
	case b == nil || b.source == nil:
		if !slices.Contains(it.commits(), commit) {
			return CodeNoCommit, until
		}
	case b.source.commit == "":
		return CodeNoCommit, until
	case b.source.commit != commit:
		return CodeOtherCommit, until
	case r.Tag != "" && b.source.ref != "refs/tags/"+r.Tag && !(b.source.refless && b.source.ref == ""):
		return CodeOtherRef, until
	}
	return "", until
}

// commits are those that a statement names.
func (it *item) commits() []string {
	var out []string
	for _, s := range it.statement.subjects {
		for _, d := range s.Digests {
			if d.Algorithm == "gitCommit" {
				out = append(out, d.Value)
			}
		}
	}
	if p, ok := it.pred.(interface{ Commits() []string }); ok {
		out = append(out, p.Commits()...)
	}
	return out
}

func (r CommitMatches) against(j *judge) (reasons []release.Reason, until time.Time) {
	if r.Tag == "" || r.TagCommit == j.q.Release.Commit {
		return nil, until
	}
	return []release.Reason{{Code: CodeOtherTag, Text: fmt.Sprintf("the tag %s points at %s, and the release is of %s",
		release.Text(r.Tag), r.TagCommit.Short(), j.q.Release.Commit.Short())}}, until
}
