package github

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/metrics/internal/payload"
)

// delivery is what is read of a payload, whatever its event.
type delivery struct {
	action          string
	repository      string
	deployment      deployment
	status          status
	pull            pull
	review          review
	run             run
	release         release
	issue           issue
	ref             string
	before          string
	after           string
	deleted, forced bool
	commits         []commit
}

type deployment struct {
	id, sha, environment, original, task string
	created                              time.Time
	production, transient                bool
}

type status struct {
	id, state, environment string
	created                time.Time
}

type pull struct {
	number, sha      string
	author           string // an account's number, compared and never kept
	created, updated time.Time
	merged           time.Time
	revert           bool
	reverts          string // "owner/name#number", not yet known to be of this repository
}

type review struct {
	id, state string
	author    string
	bot       bool
	submitted time.Time
}

type run struct {
	id, name, path, branch, trigger, status, conclusion, sha string
	updated                                                  time.Time
}

type release struct {
	id, tag           string
	draft, prerelease bool
	published         time.Time
}

type issue struct {
	number                   string
	labels                   []string
	created, updated, closed time.Time
	pull                     bool
}

type commit struct {
	id string
	at time.Time
}

var topNames = payload.Names("action", "repository", "deployment", "deployment_status", "pull_request", "review",
	"workflow_run", "release", "issue", "ref", "before", "after", "deleted", "forced", "commits")

// scan reads what is wanted of a delivery.
func scan(r payload.Reader) (delivery, error) {
	var d delivery
	err := r.Object(topNames, func(i int) error {
		switch i {
		case 0:
			return r.Text(&d.action)
		case 1:
			return r.Object(repositoryNames, func(int) error { return r.Name(&d.repository) })
		case 2:
			return d.deployment.scan(r)
		case 3:
			return d.status.scan(r)
		case 4:
			return d.pull.scan(r)
		case 5:
			return d.review.scan(r)
		case 6:
			return d.run.scan(r)
		case 7:
			return d.release.scan(r)
		case 8:
			return d.issue.scan(r)
		case 9:
			return r.Text(&d.ref)
		case 10:
			return r.Name(&d.before)
		case 11:
			return r.Name(&d.after)
		case 12:
			return r.Bool(&d.deleted)
		case 13:
			return r.Bool(&d.forced)
		}
		return r.Each(func() error {
			var c commit
			err := r.Object(commitNames, func(i int) error {
				if i == 0 {
					return r.Name(&c.id)
				}
				return r.Time(&c.at)
			})
			d.commits = append(d.commits, c)
			return err
		})
	})
	if err == nil {
		err = r.End()
	}
	return d, err
}

var (
	repositoryNames = payload.Names("full_name")
	commitNames     = payload.Names("id", "timestamp")
	idNames         = payload.Names("id", "type")
	labelNames      = payload.Names("name")

	deploymentNames = payload.Names("id", "sha", "environment", "original_environment", "task", "created_at",
		"production_environment", "transient_environment")
	statusNames  = payload.Names("id", "state", "environment", "created_at")
	pullNames    = payload.Names("number", "merge_commit_sha", "user", "created_at", "updated_at", "merged_at", "title", "body")
	reviewNames  = payload.Names("id", "state", "user", "submitted_at")
	runNames     = payload.Names("id", "name", "path", "head_branch", "event", "status", "conclusion", "head_sha", "updated_at")
	releaseNames = payload.Names("id", "tag_name", "draft", "prerelease", "published_at")
	issueNames   = payload.Names("number", "labels", "created_at", "updated_at", "closed_at", "pull_request")
)

func (d *deployment) scan(r payload.Reader) error {
	return r.Object(deploymentNames, func(i int) error {
		switch i {
		case 0:
			return r.ID(&d.id)
		case 5:
			return r.Time(&d.created)
		case 6:
			return r.Bool(&d.production)
		case 7:
			return r.Bool(&d.transient)
		}
		return r.Text([]*string{1: &d.sha, 2: &d.environment, 3: &d.original, 4: &d.task}[i])
	})
}

func (s *status) scan(r payload.Reader) error {
	return r.Object(statusNames, func(i int) error {
		switch i {
		case 0:
			return r.ID(&s.id)
		case 1:
			return r.Text(&s.state)
		case 2:
			return r.Text(&s.environment)
		}
		return r.Time(&s.created)
	})
}

func (p *pull) scan(r payload.Reader) error {
	return r.Object(pullNames, func(i int) error {
		switch i {
		case 0:
			return r.ID(&p.number)
		case 1:
			return r.Text(&p.sha)
		case 2:
			return r.Object(idNames[:1], func(int) error { return r.ID(&p.author) })
		case 3:
			return r.Time(&p.created)
		case 4:
			return r.Time(&p.updated)
		case 5:
			return r.Time(&p.merged)
		}
		raw, err := r.Raw()
		if i == 6 {
			p.revert = bytes.HasPrefix(raw, []byte(`Revert "`)) && bytes.HasSuffix(raw, []byte(`"`)) && len(raw) > len(`Revert ""`)
		} else {
			p.reverts = reverts(raw)
		}
		return err
	})
}

// reverts is the pull request that a body says is reverted: the only one that a line
// of its own names.
func reverts(body []byte) string {
	found := ""
	for line := range bytes.SplitSeq(body, []byte{'\n'}) {
		name, ok := bytes.CutPrefix(bytes.TrimRight(line, "\r "), []byte("Reverts "))
		if !ok || len(name) > 200 {
			continue
		}
		owner, rest, ok := strings.Cut(string(name), "/")
		repository, number, ok2 := strings.Cut(rest, "#")
		if !ok || !ok2 || !plain(owner, "-_") || !plain(repository, "-_.") || !isNumber(number) {
			continue
		}
		if found != "" && found != string(name) {
			return "" // two are named: nobody knows which
		}
		found = string(name)
	}
	return found
}

func plain(s, besides string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune(besides, c)
	})
}

func isNumber(s string) bool {
	return s != "" && len(s) < 19 && s[0] != '0' && !strings.ContainsFunc(s, func(c rune) bool { return c < '0' || c > '9' })
}

func (v *review) scan(r payload.Reader) error {
	return r.Object(reviewNames, func(i int) error {
		switch i {
		case 0:
			return r.ID(&v.id)
		case 1:
			return r.Text(&v.state)
		case 2:
			return r.Object(idNames, func(i int) error {
				if i == 0 {
					return r.ID(&v.author)
				}
				kind, err := r.Raw()
				v.bot = string(kind) == "Bot"
				return err
			})
		}
		return r.Time(&v.submitted)
	})
}

func (n *run) scan(r payload.Reader) error {
	return r.Object(runNames, func(i int) error {
		switch i {
		case 0:
			return r.ID(&n.id)
		case 8:
			return r.Time(&n.updated)
		}
		return r.Text([]*string{1: &n.name, 2: &n.path, 3: &n.branch, 4: &n.trigger, 5: &n.status, 6: &n.conclusion, 7: &n.sha}[i])
	})
}

func (l *release) scan(r payload.Reader) error {
	return r.Object(releaseNames, func(i int) error {
		switch i {
		case 0:
			return r.ID(&l.id)
		case 1:
			return r.Text(&l.tag)
		case 2:
			return r.Bool(&l.draft)
		case 3:
			return r.Bool(&l.prerelease)
		}
		return r.Time(&l.published)
	})
}

func (n *issue) scan(r payload.Reader) error {
	return r.Object(issueNames, func(i int) error {
		switch i {
		case 0:
			return r.ID(&n.number)
		case 1:
			err := r.Each(func() error {
				return r.Object(labelNames, func(int) error {
					var label string
					err := r.Text(&label)
					n.labels = append(n.labels, label)
					return err
				})
			})
			slices.Sort(n.labels)
			n.labels = slices.Compact(n.labels)
			return err
		case 2:
			return r.Time(&n.created)
		case 3:
			return r.Time(&n.updated)
		case 4:
			return r.Time(&n.closed)
		}
		n.pull = true
		_, err := r.Value()
		return err
	})
}
