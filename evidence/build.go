package evidence

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/jsonvalue"
)

// build is what provenance says of a build, whatever its version.
type build struct {
	builder   string // the URI of what ran it
	buildType string
	root      string   // JSON pointer to the external parameters
	internal  []string // what is at the root and is not external
	steps     bool     // it has the steps of the build, and not where they are from
	source    *origin  // nil if the build type does not tell
}

// origin is where a build came from, where its build type tells.
type origin struct {
	repository string // a URI, without "git+"
	ref        string // "refs/tags/v1.4.0", "" if it is not told
	commit     string // "" if it is not told, or told in two ways
	at         string // JSON pointer from the root to what is the repository and no more, "" if there is none
	refless    bool   // it is written in a form that has no ref
}

// workflows are the build types of GitHub's workflows, which have the same external
// parameters (https://actions.github.io/buildtypes/workflow/v1).
var workflows = map[string]bool{
	"https://actions.github.io/buildtypes/workflow/v1":                       true,
	"https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1": true,
}

// buildOf is nil for a predicate that is no provenance, or older than v0.2: there,
// what was built is not told apart from how.
func buildOf(p predicate.Predicate) *build {
	switch p := p.(type) {
	case predicate.Provenance:
		return &build{builder: p.RunDetails.Builder.ID, buildType: p.BuildDefinition.BuildType,
			root: "/buildDefinition/externalParameters", source: workflowSource(p)}
	case predicate.ProvenanceV02:
		return &build{builder: p.Builder.ID, buildType: p.BuildType,
			root: "/invocation", internal: []string{"/environment"}, source: configSource(p.Invocation.ConfigSource),
			steps: p.Invocation.ConfigSource.URI == "" && len(p.BuildConfig) > 0 && !slices.Contains([]string{"null", "{}"}, string(p.BuildConfig))}
	}
	return nil
}

// workflowSource is that of a workflow of GitHub: the dependency at its repository
// and ref has the commit. If what it says of the repository makes no sense, neither
// is known; it is not as if its build type did not tell.
func workflowSource(p predicate.Provenance) *origin {
	if !workflows[p.BuildDefinition.BuildType] {
		return nil
	}
	raw := p.BuildDefinition.ExternalParameters
	out := &origin{repository: textAt(raw, "workflow", "repository"), ref: textAt(raw, "workflow", "ref"), at: "/workflow/repository"}
	if out.repository == "" {
		return out
	}
	var commits []string
	for _, d := range p.BuildDefinition.ResolvedDependencies {
		if d.URI == "git+"+out.repository+"@"+out.ref {
			commits = append(commits, d.Digest["gitCommit"])
		}
	}
	out.commit = only(commits)
	return out
}

// configSource is that of provenance v0.2, if it is in git or names a commit. Only
// a URI with "git+" (https://spdx.github.io/spdx-spec/v2.3/package-information/#77-package-download-location-field)
// has a place for a ref.
func configSource(c predicate.ConfigSourceV02) *origin {
	commits := predicate.ProvenanceV02{Invocation: predicate.InvocationV02{ConfigSource: c}}.Commits()
	for _, name := range []string{"sha1", "gitCommit"} {
		if v, ok := c.Digest[name]; ok {
			commits = append(commits, v)
		}
	}
	uri, git := strings.CutPrefix(c.URI, "git+")
	if !git && len(commits) == 0 {
		return nil
	}
	out := &origin{commit: only(commits), refless: !git}
	scheme, rest, _ := strings.Cut(uri, "://")
	if host, path, ok := strings.Cut(rest, "/"); ok {
		path, ref, _ := strings.Cut(path, "@") // of the path: there may be a user before the host, and a ref may have one too
		out.repository, out.ref = scheme+"://"+host+"/"+path, ref
	}
	return out
}

// textAt is the text at a place in JSON, "" if there is none. Names match exactly.
func textAt(raw []byte, at ...string) (out string) {
	found, err := jsonvalue.Pointer(at).Find(raw, limits(MaxStatement))
	if err != nil || json.Unmarshal(found, &out) != nil {
		return ""
	}
	return out
}

// only is what all of the list are, "" if there is no such thing.
func only(list []string) string {
	for _, s := range list {
		if s != list[0] {
			return ""
		}
	}
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
