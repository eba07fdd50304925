package gitlab

import (
	"bytes"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/metrics/internal/payload"
)

// layouts are how GitLab writes times. Only UTC stands there by its name: what another
// name of a zone means nobody knows.
var layouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 UTC"}

// delivery is what is read of a webhook's payload, whatever its kind.
type delivery struct {
	kind, project string
	deployment    deployment
	attributes    attributes
}

type deployment struct {
	id, status, environment, tier, ref, sha string
	at, created                             time.Time
}

// attributes are a merge request's or an issue's.
type attributes struct {
	iid, kind, state, action, sha, severity string
	created, updated, merged, closed        time.Time
	revert                                  bool
	reverts                                 string // the iid that the description names
}

var (
	topNames = payload.Names("object_kind", "project", "object_attributes", "status", "status_changed_at", "deployment_id",
		"environment", "environment_tier", "short_sha", "commit_url", "ref")
	projectNames    = payload.Names("path_with_namespace")
	attributeNames  = payload.Names("iid", "state", "action", "merge_commit_sha", "created_at", "updated_at", "merged_at", "closed_at", "title", "description", "type", "severity", "squash_commit_sha", "issue_type", "sha")
	recordNames     = payload.Names("id", "status", "sha", "ref", "created_at", "updated_at", "environment")
	environmentName = payload.Names("name", "tier")
)

// scan reads a delivery. The names of a deployment stand beside those of the envelope;
// in other kinds they mean other things and may be other kinds of value.
func scan(r payload.Reader, kind string) (delivery, error) {
	d := delivery{kind: kind}
	short := ""
	err := r.Object(topNames, func(i int) error {
		if i >= 3 && kind != "deployment" || i == 0 || i == 2 && kind == "deployment" {
			_, err := r.Value()
			return err
		}
		switch i {
		case 1:
			return r.Object(projectNames, func(int) error { return r.Name(&d.project) })
		case 2:
			return d.attributes.scan(r)
		case 4:
			return r.Time(&d.deployment.at, layouts...)
		case 5:
			return r.ID(&d.deployment.id)
		case 9:
			var url string
			err := r.Text(&url)
			d.deployment.sha = url[strings.LastIndexByte(url, '/')+1:]
			return err
		}
		return r.Name([]*string{3: &d.deployment.status, 6: &d.deployment.environment, 7: &d.deployment.tier, 8: &short, 10: &d.deployment.ref}[i])
	})
	if err == nil {
		err = r.End()
	}
	if !isHex(d.deployment.sha) || !strings.HasPrefix(d.deployment.sha, short) {
		d.deployment.sha = short
	}
	return d, err
}

// kindOf is what a delivery says it is of.
func kindOf(r payload.Reader) (string, error) {
	kind := ""
	err := r.Object(topNames[:1], func(int) error { return r.Name(&kind) })
	if err == nil {
		err = r.End()
	}
	return kind, err
}

func isHex(s string) bool {
	return len(s) >= 40 && !strings.ContainsFunc(s, func(c rune) bool { return (c < '0' || c > '9') && (c < 'a' || c > 'f') })
}

func (a *attributes) scan(r payload.Reader) error {
	squash, head := "", ""
	err := r.Object(attributeNames, func(i int) error {
		switch i {
		case 0:
			return r.ID(&a.iid)
		case 4:
			return r.Time(&a.created, layouts...)
		case 5:
			return r.Time(&a.updated, layouts...)
		case 6:
			return r.Time(&a.merged, layouts...)
		case 7:
			return r.Time(&a.closed, layouts...)
		case 8:
			raw, err := r.Raw()
			a.revert = bytes.HasPrefix(raw, []byte(`Revert "`)) && bytes.HasSuffix(raw, []byte(`"`)) && len(raw) > len(`Revert ""`)
			return err
		case 9:
			raw, err := r.Raw()
			a.reverts = reverts(raw)
			return err
		case 10, 13:
			return r.Name(&a.kind)
		}
		return r.Name([]*string{1: &a.state, 2: &a.action, 3: &a.sha, 11: &a.severity, 12: &squash, 14: &head}[i])
	})
	for _, sha := range []string{squash, head} { // without a commit of the merge, what it was merged as
		if a.sha == "" {
			a.sha = sha
		}
	}
	return err
}

// reverts is the merge request that a description says is reverted: the only one that
// a line of its own names.
func reverts(description []byte) string {
	found := ""
	for line := range bytes.SplitSeq(description, []byte{'\n'}) {
		iid, ok := bytes.CutPrefix(bytes.TrimRight(line, "\r "), []byte("This reverts merge request !"))
		if !ok || len(iid) == 0 || len(iid) > 18 || iid[0] == '0' || bytes.ContainsFunc(iid, func(c rune) bool { return c < '0' || c > '9' }) {
			continue
		}
		if found != "" && found != string(iid) {
			return "" // two are named: nobody knows which
		}
		found = string(iid)
	}
	return found
}

// scanDeployments reads the API's list of a project's deployments.
func scanDeployments(r payload.Reader) (all []deployment, err error) {
	err = r.Each(func() error {
		var d deployment
		err := r.Object(recordNames, func(i int) error {
			switch i {
			case 0:
				return r.ID(&d.id)
			case 4:
				return r.Time(&d.created, layouts...)
			case 5:
				return r.Time(&d.at, layouts...)
			case 6:
				return r.Object(environmentName, func(i int) error { return r.Name([]*string{&d.environment, &d.tier}[i]) })
			}
			return r.Name([]*string{1: &d.status, 2: &d.sha, 3: &d.ref}[i])
		})
		all = append(all, d)
		return err
	})
	if err == nil {
		err = r.End()
	}
	return all, err
}

// scanList reads the API's list of merge requests or issues.
func scanList(r payload.Reader) (all []attributes, err error) {
	err = r.Each(func() error {
		var a attributes
		err := a.scan(r)
		all = append(all, a)
		return err
	})
	if err == nil {
		err = r.End()
	}
	return all, err
}
