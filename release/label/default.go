package label

import (
	"sync/atomic"

	"github.com/sallyport-dev/sallyport/release"
)

// rule is how this module gives one label.
type rule struct {
	id, doc  string
	version  int
	label    release.Label
	file     func(release.FileChange, *name) bool
	resource func(*name) bool // nil: resources never get it
}

// rules are those of [Default], in its order.
var rules = []rule{
	{id: "identity", version: 1, label: release.LabelIdentity, file: code(identity), resource: identityResource,
		doc: "Sign-in, sessions, passwords, tokens, single sign-on and user directories, by words in the path; identity providers by resource type."},
	{id: "access", version: 1, label: release.LabelAccess, file: code(access), resource: accessResource,
		doc: "Authorisation, roles and permissions, by words in the path; IAM, RBAC and access policies by resource type."},
	{id: "crypto", version: 1, label: release.LabelCrypto, file: code(crypto), resource: cryptoResource,
		doc: "Cryptography, keys, signatures and certificates, by words in the path and by the extensions of keys; KMS and certificates by resource type."},
	{id: "secrets", version: 1, label: release.LabelSecrets, file: code(secrets), resource: secretsResource,
		doc: "Where secrets are kept or read, by words in the path and by the names of files that hold them; secret stores by resource type."},
	{id: "payment", version: 1, label: release.LabelPayment, file: code(payment),
		doc: "Money: payments, billing, refunds and payment providers, by words in the path."},
	{id: "pipeline", version: 1, label: release.LabelPipeline, file: pipeline, resource: pipelineResource,
		doc: "How it is built, tested, signed and deployed: CI definitions, build files, container files, release configuration, hooks, and instructions to AI agents, by exact names and directories."},
	{id: "policy", version: 1, label: release.LabelPolicy, file: policy, resource: policyResource,
		doc: "The rules that a release is judged by: code owners, policies, Sallyport's own files, the configuration and ignore lists of scanners."},
	{id: "migration", version: 1, label: release.LabelMigration, file: code(migration),
		doc: "Changes of stored data and its schema, by directory, word and the names that migration tools use."},
	{id: "network", version: 1, label: release.LabelNetwork, file: code(network), resource: networkResource,
		doc: "Who can reach what: firewalls, ingress, cross-origin rules, by words in the path; networks, routes and security groups by resource type."},
	{id: "stateful", version: 1, label: release.LabelStateful, file: stateful, resource: statefulResource,
		doc: "What holds data that would be lost: databases, volumes, buckets and queues, by resource type and by the names of infrastructure files."},
	{id: "api", version: 1, label: release.LabelAPI, file: api, resource: apiResource,
		doc: "Interface definitions: protocol buffers, OpenAPI, GraphQL, Thrift, Avro, by extension and name; custom resource definitions by type."},
	{id: "dependencies", version: 1, label: release.LabelDeps, file: dependencies,
		doc: "Files that name dependencies or pin them: manifests, lock files, submodules, by exact name."},
	{id: "test", version: 1, label: release.LabelTest, file: test,
		doc: "Tests and their data, where the build leaves them out by their exact name."},
	{id: "generated", version: 1, label: release.LabelGenerated, file: generated,
		doc: "Files that a generator writes, by the exact endings that generators use."},
	{id: "vendored", version: 1, label: release.LabelVendored, file: vendored,
		doc: "Copies of other people's code, by the exact directories that package managers use."},
	{id: "docs", version: 1, label: release.LabelDocs, file: docs,
		doc: "Plain prose: Markdown, reStructuredText, AsciiDoc and the well-known files without extension; regular, not executable, not read by a program or an AI agent."},
}

// Default are the labelers of this module, each for one label and in a fixed
// order. The caller owns the slice and may change, drop and add. [Compile] without
// labelers makes a [Set] of them that asks for the same labels in less time.
func Default() []Labeler {
	var out []Labeler
	r := &reader{}
	for i := range rules {
		one := &rules[i]
		l := Labeler{ID: one.id, Doc: one.doc, Version: one.version, File: func(fc release.FileChange) []release.Label {
			if n := r.file(&fc, i); n != nil && one.file(fc, n) {
				return []release.Label{one.label}
			}
			return nil
		}}
		if one.resource != nil {
			l.Resource = func(rc release.ResourceChange) []release.Label {
				if n := r.resource(rc.Type, i); n != nil && one.resource(n) {
					return []release.Label{one.label}
				}
				return nil
			}
		}
		out = append(out, l)
	}
	return out
}

// code is for labels that the words of a path give: they say what a file
// does, but of a page in a documentation directory only what it explains.
func code(match func(release.FileChange, *name) bool) func(release.FileChange, *name) bool {
	return func(fc release.FileChange, n *name) bool { return match(fc, n) && !page(fc, n) }
}

// reader reads what it read last only once, so that the labelers of one [Default]
// share the work. It may be used by many goroutines at once.
type reader struct{ lastFile, lastResource atomic.Pointer[reading] }

// reading is a text with the rules that may match it, and taken apart if there are any.
type reading struct {
	text string
	some candidates
	name *name
}

// file is the name to ask rule i about; nil if the rule cannot match it.
func (r *reader) file(fc *release.FileChange, i int) *name {
	last := r.lastFile.Load()
	if last == nil || last.text != string(fc.Path) {
		last = newReading(string(fc.Path), fileFilter().candidates(string(fc.Path)))
		r.lastFile.Store(last)
	}
	if last.name == nil && fc.Submodule() {
		return read(fc.Path)
	}
	return last.about(i, fc.Submodule())
}

// resource is file for types of resources.
func (r *reader) resource(kind string, i int) *name {
	last := r.lastResource.Load()
	if last == nil || last.text != kind {
		last = newReading(kind, resourceFilter().candidates(kind))
		r.lastResource.Store(last)
	}
	return last.about(i, false)
}

func newReading(text string, some candidates) *reading {
	r := &reading{text: text, some: some}
	if some != 0 {
		r.name = read(release.Path(text))
	}
	return r
}

func (r *reading) about(i int, always bool) *name {
	if r.some.has(i) || always {
		return r.name
	}
	return nil
}
