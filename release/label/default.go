package label

import "github.com/sallyport-dev/sallyport/release"

// Default are the labelers of this module, each for one label and in a fixed
// order. The caller owns the slice and may change, drop and add.
func Default() []Labeler {
	r := &reader{}
	return []Labeler{
		{ID: "identity", Version: 1, File: code(r, release.LabelIdentity, identity), Resource: resource(r, release.LabelIdentity, identityResource),
			Doc: "Sign-in, sessions, passwords, tokens, single sign-on and user directories, by words in the path; identity providers by resource type."},
		{ID: "access", Version: 1, File: code(r, release.LabelAccess, access), Resource: resource(r, release.LabelAccess, accessResource),
			Doc: "Authorisation, roles and permissions, by words in the path; IAM, RBAC and access policies by resource type."},
		{ID: "crypto", Version: 1, File: code(r, release.LabelCrypto, crypto), Resource: resource(r, release.LabelCrypto, cryptoResource),
			Doc: "Cryptography, keys, signatures and certificates, by words in the path and by the extensions of keys; KMS and certificates by resource type."},
		{ID: "secrets", Version: 1, File: code(r, release.LabelSecrets, secrets), Resource: resource(r, release.LabelSecrets, secretsResource),
			Doc: "Where secrets are kept or read, by words in the path and by the names of files that hold them; secret stores by resource type."},
		{ID: "payment", Version: 1, File: code(r, release.LabelPayment, payment),
			Doc: "Money: payments, billing, refunds and payment providers, by words in the path."},
		{ID: "pipeline", Version: 1, File: file(r, release.LabelPipeline, pipeline), Resource: resource(r, release.LabelPipeline, pipelineResource),
			Doc: "How it is built, tested, signed and deployed: CI definitions, build files, container files, release configuration, hooks, and instructions to AI agents, by exact names and directories."},
		{ID: "policy", Version: 1, File: file(r, release.LabelPolicy, policy), Resource: resource(r, release.LabelPolicy, policyResource),
			Doc: "The rules that a release is judged by: code owners, policies, Sallyport's own files, the configuration and ignore lists of scanners."},
		{ID: "migration", Version: 1, File: code(r, release.LabelMigration, migration),
			Doc: "Changes of stored data and its schema, by directory, word and the names that migration tools use."},
		{ID: "network", Version: 1, File: code(r, release.LabelNetwork, network), Resource: resource(r, release.LabelNetwork, networkResource),
			Doc: "Who can reach what: firewalls, ingress, cross-origin rules, by words in the path; networks, routes and security groups by resource type."},
		{ID: "stateful", Version: 1, File: file(r, release.LabelStateful, stateful), Resource: resource(r, release.LabelStateful, statefulResource),
			Doc: "What holds data that would be lost: databases, volumes, buckets and queues, by resource type and by the names of infrastructure files."},
		{ID: "api", Version: 1, File: file(r, release.LabelAPI, api), Resource: resource(r, release.LabelAPI, apiResource),
			Doc: "Interface definitions: protocol buffers, OpenAPI, GraphQL, Thrift, Avro, by extension and name; custom resource definitions by type."},
		{ID: "dependencies", Version: 1, File: file(r, release.LabelDeps, dependencies),
			Doc: "Files that name dependencies or pin them: manifests, lock files, submodules, by exact name."},
		{ID: "test", Version: 1, File: file(r, release.LabelTest, test),
			Doc: "Tests and their data, where the build leaves them out by their exact name."},
		{ID: "generated", Version: 1, File: file(r, release.LabelGenerated, generated),
			Doc: "Files that a generator writes, by the exact endings that generators use."},
		{ID: "vendored", Version: 1, File: file(r, release.LabelVendored, vendored),
			Doc: "Copies of other people's code, by the exact directories that package managers use."},
		{ID: "docs", Version: 1, File: file(r, release.LabelDocs, docs),
			Doc: "Plain prose: Markdown, reStructuredText, AsciiDoc and the well-known files without extension; regular, not executable, not read by a program or an AI agent."},
	}
}

// file makes the File function of a labeler with one label.
func file(r *reader, l release.Label, match func(release.FileChange, *name) bool) func(release.FileChange) []release.Label {
	return func(fc release.FileChange) []release.Label {
		if match(fc, r.read(fc.Path)) {
			return []release.Label{l}
		}
		return nil
	}
}

// code is file for labels that the words of a path give: they say what a file
// does, but of a page in a documentation directory only what it explains.
func code(r *reader, l release.Label, match func(release.FileChange, *name) bool) func(release.FileChange) []release.Label {
	return file(r, l, func(fc release.FileChange, n *name) bool { return match(fc, n) && !page(fc, n) })
}

// resource makes the Resource function of a labeler with one label.
func resource(r *reader, l release.Label, match func(*name) bool) func(release.ResourceChange) []release.Label {
	return func(rc release.ResourceChange) []release.Label {
		if match(r.read(release.Path(rc.Type))) {
			return []release.Label{l}
		}
		return nil
	}
}
