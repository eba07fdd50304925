// Package gittags takes the tags of a git repository for deployments, where nothing
// better is known: each version tag is one, and the commits that it is the first to
// contain are its changes.
//
//	repo, err := gitlog.Open(ctx, ".")
//	facts, gaps, err := gittags.Read(ctx, repo, gittags.Options{Service: "shop"})
//	tally, err := log.Add(facts...)
//
// That a tag was deployed, when it was made and with success, is an assumption that
// these facts make and nothing in a repository proves. What a repository does not know
// stays out: no change has a merge request, and no deployment failed. Incidents must
// come from elsewhere.
package gittags

import (
	"cmp"
	"context"
	"errors"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

// Options say what the tags are of.
type Options struct {
	// Service is the service that the repository is of. It is needed.
	Service string
	// Environment is the one that tags are deployed to. If empty, "production".
	Environment string
	// Source is the source of the facts. If empty, "git".
	Source string
	// Match chooses the tags that are versions, such as those that begin with "v" and
	// have no pre-release; nil takes all.
	Match func(name string) bool
}

// Read makes facts of the tags, by time. A deployment has the ID "tag/" and the tag's
// name, the name as its version, and the tag's time; a change has the commit's id and
// committer time, and what it reverts if its message names one commit.
//
// The first tag contains all that was before it, so nobody knows what it brought, and
// it lists no changes; neither does a tag of which the clone is too shallow to say,
// and then there is a gap. The commits of the first tag are facts all the same, so that
// a later revert of one is known.
func Read(ctx context.Context, repo *gitlog.Repo, o Options) ([]metrics.Fact, []release.Gap, error) {
	if o.Service == "" {
		return nil, nil, errors.New("gittags: no service is named")
	}
	o.Environment, o.Source = cmp.Or(o.Environment, "production"), cmp.Or(o.Source, "git")
	tags, gaps, err := repo.TagHistory(ctx, o.Match)
	if err != nil {
		return nil, nil, err
	}
	var facts []metrics.Fact
	before := ""
	for _, t := range tags {
		d := metrics.Deployment{Version: t.Name, Commit: string(t.Commit), Follows: before, Outcome: metrics.DeploymentSucceeded,
			Meta: metrics.Meta{Source: o.Source, ID: "tag/" + t.Name, At: t.At, Seen: t.At, Service: o.Service, Environment: o.Environment}}
		for _, c := range t.New {
			f := metrics.Change{Commit: string(c.ID), Meta: metrics.Meta{Source: o.Source, ID: string(c.ID), At: c.At, Seen: t.At}}
			if len(c.Reverts) == 1 && c.Reverts[0] != c.ID {
				f.RevertOf = metrics.Ref{Source: o.Source, ID: string(c.Reverts[0])}
			}
			facts = append(facts, f)
			if before != "" && !t.Cut {
				d.Changes = append(d.Changes, f.Ref())
			}
		}
		facts = append(facts, d)
		before = t.Name
	}
	return facts, gaps, nil
}
