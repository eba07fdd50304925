package release

import (
	"maps"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/internal/enum"
)

// ChangeSet is everything that differs between two revisions, and what could not
// be read of it. Readers fill one part each (gitlog the commits and files, gomod
// the dependencies); [ChangeSet.Add] puts the parts together.
//
// Slices are ordered: commits from the oldest to the newest, files by path,
// dependencies by package. A nil slice means "none" only where Coverage says that
// its kind was read completely.
type ChangeSet struct {
	// Base and Head are the two revisions. Base is empty if FromNothing is set, or
	// if a gap says why there is none.
	Base Revision `json:"base"`
	Head Revision `json:"head"`
	// FromNothing says that nothing was before: the base is the empty tree.
	FromNothing bool `json:"fromNothing,omitempty"`

	// Commits and Files are the code: Files is the difference between Base and Head,
	// not the sum of the commits'. Dependencies, Resources (infrastructure) and
	// Settings (configuration) are the other kinds of change.
	Commits      []Commit           `json:"commits,omitempty"`
	Files        []FileChange       `json:"files,omitempty"`
	Dependencies []DependencyChange `json:"dependencies,omitempty"`
	Resources    []ResourceChange   `json:"resources,omitempty"`
	Settings     []SettingChange    `json:"settings,omitempty"`
	// Artifacts are the things that are deployed, by their content.
	Artifacts []ArtifactChange `json:"artifacts,omitempty"`
	// Advisories are what the changed dependencies bring in, take out and go on with,
	// Outdated those that newer versions of exist. Both are as of a moment, which
	// Sources tell.
	Advisories []AdvisoryChange `json:"advisories,omitempty"`
	Outdated   []Outdated       `json:"outdated,omitempty"`
	// Drift is what reality changed behind the back of the infrastructure's definition.
	// It is no part of what this release means to change.
	Drift []ResourceChange `json:"drift,omitempty"`
	// Deviations are where the release is not what was declared.
	Deviations []Deviation `json:"deviations,omitempty"`

	// Sources are the files that all this was read from, but for the repository itself.
	Sources []Source `json:"sources,omitempty"`

	// Coverage says how much of each kind was read. A kind that is not in it was
	// not looked at.
	Coverage map[Kind]Coverage `json:"coverage,omitempty"`
	// Gaps are what could not be read. With any, the change set is never empty.
	Gaps []Gap `json:"gaps,omitempty"`
}

// Kind is a kind of change.
type Kind string

// The kinds of changes. Each is a slice of [ChangeSet], but for the pipeline:
// its definitions are files, labelled [LabelPipeline].
const (
	KindCode           Kind = "code"           // Commits and Files
	KindDependency     Kind = "dependency"     // Dependencies
	KindInfrastructure Kind = "infrastructure" // Resources
	KindConfiguration  Kind = "configuration"  // Settings
	KindArtifact       Kind = "artifact"       // Artifacts
	KindAdvisory       Kind = "advisory"       // Advisories
	KindOutdated       Kind = "outdated"       // Outdated
)

// Coverage says how much of something was read. The zero value is missing.
type Coverage uint8

// The coverages, in rising order.
const (
	CoverageMissing Coverage = iota
	CoveragePartial
	CoverageComplete
)

var coverages = enum.Table[Coverage]{Type: "release.Coverage", Names: []string{"missing", "partial", "complete"}}

// String is the coverage's name.
func (c Coverage) String() string { return coverages.Text(c) }

// ParseCoverage reads a coverage's name.
func ParseCoverage(s string) (Coverage, error) { return coverages.Parse(s) }

// MarshalText is the coverage's name.
func (c Coverage) MarshalText() ([]byte, error) { return coverages.Marshal(c) }

// UnmarshalText reads a coverage's name.
func (c *Coverage) UnmarshalText(b []byte) error { return coverages.Unmarshal(c, b) }

// Op is what happened to a changed thing.
type Op uint8

// The operations. Upgrade and downgrade are of versions; Listed and Unlisted are
// bookkeeping: a file began or ceased to mention what was there all along.
const (
	OpUnknown Op = iota
	OpAdded
	OpModified
	OpRemoved
	OpReplaced // removed and made again; of a dependency: its content comes from elsewhere
	OpUpgraded
	OpDowngraded
	OpMoved
	OpListed
	OpUnlisted
	OpForgotten // no longer managed, and still there
	OpImported  // managed from now on, and was there before
)

var ops = enum.Table[Op]{Type: "release.Op", Names: []string{"unknown", "added", "modified", "removed", "replaced",
	"upgraded", "downgraded", "moved", "listed", "unlisted", "forgotten", "imported"}}

// Known reports whether o says what happened: unknown does not, nor does a value
// that a newer version made.
func (o Op) Known() bool { return o != OpUnknown && int(o) < len(ops.Names) }

// String is the operation's name.
func (o Op) String() string { return ops.Text(o) }

// ParseOp reads an operation's name.
func ParseOp(s string) (Op, error) { return ops.Parse(s) }

// MarshalText is the operation's name.
func (o Op) MarshalText() ([]byte, error) { return ops.Marshal(o) }

// UnmarshalText reads an operation's name.
func (o *Op) UnmarshalText(b []byte) error { return ops.Unmarshal(o, b) }

// Commit is one commit of the range.
type Commit struct {
	// ID is the commit's, Parents its parents' in git's order; a root has none.
	ID      Revision   `json:"id"`
	Parents []Revision `json:"parents,omitempty"`
	// Author, Committer, CoAuthors and SignedOffBy are claims: anyone can write any
	// name into a commit.
	Author      Actor   `json:"author"`
	Committer   Actor   `json:"committer"`
	CoAuthors   []Actor `json:"coAuthors,omitempty"`
	SignedOffBy []Actor `json:"signedOffBy,omitempty"`
	// Authored and Committed are claims too, by the clocks of whoever wrote them; zero
	// where the commit has no readable time.
	Authored  time.Time `json:"authored"`
	Committed time.Time `json:"committed"`
	// Subject is the first paragraph of the message on one line, cut where it is long.
	Subject Text `json:"subject"`
	// Reverts are the commits that the message says it takes back.
	Reverts []Revision `json:"reverts,omitempty"`
	// Signature says whether the commit carries one. It was not verified.
	Signature bool `json:"signature,omitempty"`
	// Files are what it changed against its first parent. A merge commit has none:
	// what it brings stands in the commits that it merges.
	Files []FileChange `json:"files,omitempty"`
	// FilesUnknown says that its files could not be read; Files then has none of them.
	// A gap says why.
	FilesUnknown bool `json:"filesUnknown,omitempty"`
}

// FileChange is one file's change. Renames are not detected: a renamed file is
// one removed and one added.
type FileChange struct {
	Path Path `json:"path"` // from the top of the repository
	Op   Op   `json:"op"`   // added, modified, removed; replaced where the type changed (file, link, submodule)
	// OldMode and NewMode are git's modes, in octal digits: "100644" a file, "100755"
	// an executable, "120000" a symbolic link, "160000" a submodule. Empty where there
	// is no file.
	OldMode string `json:"oldMode,omitempty"`
	NewMode string `json:"newMode,omitempty"`
	// Old and New are the ids of the contents: blobs, or a submodule's commits.
	Old Revision `json:"old,omitempty"`
	New Revision `json:"new,omitempty"`
	// Added and Deleted count lines. They are 0 for binary files and submodules,
	// whose size is not known in lines, and where Uncounted is set.
	Added   int64 `json:"added"`
	Deleted int64 `json:"deleted"`
	// Binary says that git takes one of the contents for something other than text.
	Binary bool `json:"binary,omitempty"`
	// Uncounted says that nobody could count the lines, because the contents are not
	// there, as in a partial clone: the change may be of any size, and whether the
	// file is binary is not known either. A gap says why.
	Uncounted bool `json:"uncounted,omitempty"`
	// Labels are what labelers said of it, sorted.
	Labels []Label `json:"labels,omitempty"`
}

// Submodule reports whether either side is a submodule.
func (f FileChange) Submodule() bool { return f.OldMode == "160000" || f.NewMode == "160000" }

// DependencyChange is one change of a dependency.
type DependencyChange struct {
	// File is the file that says so, such as "go.mod".
	File Path `json:"file"`
	// Op is what happened to it. The zero value says that this is not known.
	Op Op `json:"op"`
	// Package is the purl without a version.
	Package PURL `json:"package"`
	// Before and After are versions; "" where it is not there.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Relation says who asks for it, Scope what for (after; if removed, before).
	Relation Relation `json:"relation,omitzero"`
	Scope    Scope    `json:"scope,omitzero"`
	// Major is set when the major version differs.
	Major bool `json:"major,omitempty"`
	// LicenseBefore and LicenseAfter are the declared licences, where they differ; of what
	// was added, After is its licence.
	LicenseBefore string `json:"licenseBefore,omitempty"`
	LicenseAfter  string `json:"licenseAfter,omitempty"`
	// InstallScript is set when installing it runs code of its own, and did not before.
	InstallScript bool `json:"installScript,omitempty"`
	// Detail says the rest, for people: the target of a replace.
	Detail string `json:"detail,omitempty"`
}

// ArtifactChange is one change of what is deployed.
type ArtifactChange struct {
	// Name is the artifact's, Op what happened to it.
	Name string `json:"name"`
	Op   Op     `json:"op"`
	// PURL is its package URL, where it has one (after; if removed, before).
	PURL PURL `json:"purl,omitempty"`
	// Before and After are the digests of its content; zero where it is not there.
	Before Digest `json:"before,omitzero"`
	After  Digest `json:"after,omitzero"`
}

// ResourceChange is one change of infrastructure: a cloud resource, a Kubernetes
// object, the image that a container is built from. Values are never kept: they
// may be secrets.
type ResourceChange struct {
	// File is the plan or manifest that says so.
	File Path `json:"file,omitempty"`
	// Address is the resource's name in its tool: "aws_iam_role.deploy".
	Address string `json:"address"`
	// From is the address that it had before, where it moved.
	From string `json:"from,omitempty"`
	// Type is the resource's type: "aws_iam_role".
	Type string `json:"type"`
	// Op is what happens to it. The zero value says that this is not known.
	Op Op `json:"op"`
	// CreateFirst is set where a replaced resource is made anew before the old one is
	// removed.
	CreateFirst bool `json:"createFirst,omitempty"`
	// Deferred is set where the tool will act later, on a plan that does not exist yet.
	Deferred bool `json:"deferred,omitempty"`
	// Attributes are the paths of what differs, and Unknown of what nobody can know
	// before it is applied; sorted.
	Attributes []string `json:"attributes,omitempty"`
	Unknown    []string `json:"unknown,omitempty"`
	// Labels are what its reader and labelers said of it, sorted.
	Labels []Label `json:"labels,omitempty"`
	// Detail says the rest, for people: "replicas 3 to 1; liveness probe removed".
	Detail string `json:"detail,omitempty"`
}

// SettingChange is one change of configuration. Values are never kept: they may
// be secrets.
type SettingChange struct {
	// File is where the setting stands, Key its name there, Op what happened to it.
	File Path   `json:"file"`
	Key  string `json:"key"`
	Op   Op     `json:"op"`
	// Labels are what its reader said of it.
	Labels []Label `json:"labels,omitempty"`
	// Detail says the rest, for people, and never a value.
	Detail string `json:"detail,omitempty"`
}

// Deviation is one thing in which a release is not what was declared.
type Deviation struct {
	// Kind says in what way, for programs: "outside-paths", "not-done".
	Kind string `json:"kind"`
	// Change is the kind of change that it is about; "" where it is about none.
	Change Kind `json:"change,omitempty"`
	// Subject is what it is about: a path, a purl, an address, a key.
	Subject string `json:"subject,omitempty"`
	// Detail is one sentence for people.
	Detail string `json:"detail,omitempty"`
}

// Label says what a changed thing is about.
type Label string

// The labels of this module; hosts may add their own.
const (
	LabelIdentity  Label = "identity"  // who somebody is: identity management, authentication, sessions
	LabelAccess    Label = "access"    // what somebody may do: authorisation, IAM, RBAC
	LabelCrypto    Label = "crypto"    // cryptography, keys, certificates
	LabelSecrets   Label = "secrets"   // where secrets are kept or read
	LabelPayment   Label = "payment"   // money
	LabelPipeline  Label = "pipeline"  // how it is built, tested, signed and deployed
	LabelPolicy    Label = "policy"    // the rules that a release is judged by, code owners
	LabelMigration Label = "migration" // changes of stored data and its schema
	LabelNetwork   Label = "network"   // who can reach what
	LabelStateful  Label = "stateful"  // holds data that would be lost
	LabelAPI       Label = "api"       // interface definitions
	LabelDeps      Label = "dependencies"
	// LabelDestructive marks what takes stored data away: a dropped table, a removed volume.
	LabelDestructive Label = "destructive"
	// LabelIrreversible marks a migration that names no way back, or one that does
	// nothing.
	LabelIrreversible Label = "irreversible"
	// LabelExecutable marks a file that runs though its name says that people read it.
	LabelExecutable Label = "executable"
	// LabelUnread marks a file whose contents were asked for and could not be had.
	// Nothing that calms stands beside it.
	LabelUnread Label = "unread"
	// LabelFlag marks feature flags: what users get, switched without new code.
	LabelFlag Label = "flag"
	// LabelUnpinned marks content that is named by what can move: a tag, a branch, a range.
	LabelUnpinned Label = "unpinned"
	// LabelAvailability marks how it stays up: replicas, probes, disruption budgets.
	LabelAvailability Label = "availability"
	LabelTest         Label = "test"
	LabelDocs         Label = "docs"
	LabelGenerated    Label = "generated"
	LabelVendored     Label = "vendored"
)

// Empty reports whether nothing changed. A change set with gaps, whose code was
// not read completely, or of which any kind was read in part only, is never empty:
// nobody knows.
func (c *ChangeSet) Empty() bool {
	for _, v := range c.Coverage {
		if v != CoverageComplete {
			return false
		}
	}
	return len(c.Commits)+len(c.Files)+len(c.Dependencies)+len(c.Resources)+len(c.Settings)+len(c.Artifacts)+
		len(c.Advisories)+len(c.Outdated)+len(c.Drift)+len(c.Deviations)+len(c.Gaps) == 0 &&
		c.Coverage[KindCode] == CoverageComplete
}

// Add takes the parts and gaps of p into c. Coverage of a kind that both have
// read is the lower of the two. Base and Head stay c's. Copies that were made of c
// before do not change.
func (c *ChangeSet) Add(p ChangeSet) {
	c.Commits = slices.Concat(c.Commits, p.Commits)
	c.Files = slices.Concat(c.Files, p.Files)
	c.Dependencies = slices.Concat(c.Dependencies, p.Dependencies)
	c.Resources = slices.Concat(c.Resources, p.Resources)
	c.Settings = slices.Concat(c.Settings, p.Settings)
	c.Artifacts = slices.Concat(c.Artifacts, p.Artifacts)
	c.Advisories = slices.Concat(c.Advisories, p.Advisories)
	c.Outdated = slices.Concat(c.Outdated, p.Outdated)
	c.Drift = slices.Concat(c.Drift, p.Drift)
	c.Deviations = slices.Concat(c.Deviations, p.Deviations)
	c.Sources = slices.Concat(c.Sources, p.Sources)
	c.Gaps = slices.Concat(c.Gaps, p.Gaps)
	if len(p.Coverage) == 0 {
		return
	}
	coverage := maps.Clone(c.Coverage)
	if coverage == nil {
		coverage = map[Kind]Coverage{}
	}
	for kind, v := range p.Coverage {
		if was, ok := coverage[kind]; ok {
			v = min(v, was)
		}
		coverage[kind] = v
	}
	c.Coverage = coverage
}

// Authors are all who wrote something in the range, each once, in the order in
// which they first appear: authors, committers and co-authors. An actor without
// an identity stands for each time that it appears, because it could be anyone.
func (c *ChangeSet) Authors() []Actor {
	var out []Actor
	seen := map[string]bool{}
	add := func(a Actor) {
		if a.ID != "" && seen[a.ID] {
			return
		}
		seen[a.ID] = true
		out = append(out, a)
	}
	for i := range c.Commits {
		add(c.Commits[i].Author)
		add(c.Commits[i].Committer)
		for _, a := range c.Commits[i].CoAuthors {
			add(a)
		}
	}
	return out
}

// Canonical is the change set as canonical JSON (RFC 8785): one value has one text.
func (c *ChangeSet) Canonical() ([]byte, error) { return canon.Marshal(c) }

// Digest identifies the change set by its canonical bytes.
func (c *ChangeSet) Digest() (Digest, error) {
	d, err := canon.Digest("sallyport.release.changeset.v2", c)
	return Digest(d), err
}
