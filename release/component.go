package release

import "github.com/sallyport-dev/sallyport/internal/enum"

// Component is a software component: a package in a version, as a release
// contains it. A component is identified by its PURL.
type Component struct {
	// PURL names the package and its version.
	PURL PURL `json:"purl"`
	// Relation says who asks for it, Scope what for.
	Relation Relation `json:"relation,omitzero"`
	Scope    Scope    `json:"scope,omitzero"`
	// License is the SPDX expression that was declared, or "" when not known.
	License string `json:"license,omitempty"`
	// Origin is where its content comes from, where that is not the ecosystem's usual
	// registry or the reader's file names it: a URL, a directory. Passwords in URLs
	// are left out.
	Origin Text `json:"origin,omitempty"`
	// Integrity is the hash of its content as the file has it, the algorithm in
	// front: "sha512-…", "h1:…". Several are sorted and have a space between. It is
	// compared, never computed.
	Integrity string `json:"integrity,omitempty"`
	// Digest is the content's SHA-256, where the reader knows it.
	Digest Digest `json:"digest,omitzero"`
	// InstallScript says that installing it runs code of its own.
	InstallScript bool `json:"installScript,omitempty"`
}

// Relation says who asks for a component. The zero value is unknown, and counts
// as direct.
type Relation uint8

// The relations.
const (
	RelationUnknown Relation = iota
	RelationDirect
	RelationTransitive // only other components ask for it
)

var relations = enum.Table[Relation]{Type: "release.Relation", Names: []string{"unknown", "direct", "transitive"}}

// Transitive reports whether surely only other components ask for it.
func (r Relation) Transitive() bool { return r == RelationTransitive }

// String is the relation's name.
func (r Relation) String() string { return relations.Text(r) }

// ParseRelation reads a relation's name.
func ParseRelation(s string) (Relation, error) { return relations.Parse(s) }

// MarshalText is the relation's name.
func (r Relation) MarshalText() ([]byte, error) { return relations.Marshal(r) }

// UnmarshalText reads a relation's name.
func (r *Relation) UnmarshalText(b []byte) error { return relations.Unmarshal(r, b) }

// Scope says what a component is needed for. The zero value is unknown, and
// counts as runtime. No scope is harmless: what is needed to build or test runs
// where releases are made.
type Scope uint8

// The scopes, from the farthest reaching to the least.
const (
	ScopeUnknown     Scope = iota
	ScopeRuntime           // part of what runs
	ScopeOptional          // part of what runs where somebody asks for it: an extra, a peer
	ScopeDevelopment       // needed to build or to test
)

var scopes = enum.Table[Scope]{Type: "release.Scope", Names: []string{"unknown", "runtime", "optional", "development"}}

// String is the scope's name.
func (s Scope) String() string { return scopes.Text(s) }

// ParseScope reads a scope's name.
func ParseScope(t string) (Scope, error) { return scopes.Parse(t) }

// MarshalText is the scope's name.
func (s Scope) MarshalText() ([]byte, error) { return scopes.Marshal(s) }

// UnmarshalText reads a scope's name.
func (s *Scope) UnmarshalText(b []byte) error { return scopes.Unmarshal(s, b) }

// Inventory is the components of a release as one file lists them: a lock file or
// a bill of materials, in one revision. What differs between two of them, package
// inventory says.
type Inventory struct {
	// Source is what was read.
	Source Source `json:"source"`
	// Root is what consists of the components, where the file names it.
	Root PURL `json:"root,omitempty"`
	// Components are sorted by PURL. One package may be there in several versions, and
	// one PURL from several origins.
	Components []Component `json:"components"`
	// Edges say which component needs which, where the file says so; sorted, each
	// once. From may be Root.
	Edges []Edge `json:"edges,omitempty"`
	// Coverage is complete only where the file was read as a whole and is one that
	// lists all; missing where it could not be read.
	Coverage Coverage `json:"coverage"`
	// Gaps are what could not be read, and what the file does not pin.
	Gaps []Gap `json:"gaps,omitempty"`
}

// Edge says that From needs To.
type Edge struct {
	From PURL `json:"from"` // what needs
	To   PURL `json:"to"`   // what is needed
}
