package vex

import (
	"github.com/sallyport-dev/sallyport/release"
)

// Reason says why a statement was not taken.
type Reason string

// The reasons.
const (
	ReasonUntrusted     Reason = "untrusted"        // nobody trusted is known to have signed it
	ReasonStatus        Reason = "status"           // it does not say not_affected
	ReasonJustification Reason = "no-justification" // it does not say why, in a word of its format
	ReasonAdvisory      Reason = "advisory"         // it speaks of one of several flaws that the advisory has
	ReasonProduct       Reason = "product"          // it does not name a product of the release
	ReasonComponent     Reason = "component"        // it does not name the component
	ReasonVersion       Reason = "version"          // it does not name the component's version, or nobody knows that
	ReasonTime          Reason = "no-time"          // it does not say when it was said
	ReasonFuture        Reason = "future"           // it was not said yet
	ReasonExpired       Reason = "expired"          // it was said too long ago
	ReasonSuperseded    Reason = "superseded"       // there is a later version of its document
	ReasonUnread        Reason = "unread"           // its document could not be read as a whole
	ReasonOverruled     Reason = "overruled"        // somebody said otherwise, then or later
	ReasonPartial       Reason = "partial"          // it leaves out a product or a version that no other statement covers
)

// MaxIgnored is how many ignored statements a Result lists.
const MaxIgnored = 1000

// Result says what Apply did not take, and what it was given.
type Result struct {
	// Added is how many suppressions are new.
	Added int
	// Ignored are statements about advisories of the release that were not taken, in the
	// order of advisories, documents and statements: at most MaxIgnored. More is how
	// many others there were.
	Ignored []Ignored
	More    int
	// Sources are the documents that were read, and Gaps what could not be read of them,
	// ready for [release.ChangeSet.Add]: in a document that nobody can read may stand
	// that the release is affected.
	Sources []release.Source
	Gaps    []release.Gap
}

// Ignored is one statement that was not taken for one advisory.
type Ignored struct {
	// Advisory and Package say which advisory change of the release it is about.
	Advisory string       `json:"advisory"`
	Package  release.PURL `json:"package"`
	// Path and Document are the document and its digest, Pointer where the statement
	// stands in it.
	Path     release.Path   `json:"path"`
	Document release.Digest `json:"document"`
	Pointer  string         `json:"pointer"`
	// Reason says why, for programs, and Detail for people.
	Reason Reason `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

func (r *Result) ignore(a *release.AdvisoryChange, c *candidate, reason Reason, detail string) {
	if len(r.Ignored) == MaxIgnored {
		r.More++
		return
	}
	r.Ignored = append(r.Ignored, Ignored{Advisory: a.ID, Package: a.Package, Path: c.doc.Source.Path, Document: c.doc.Source.Digest,
		Pointer: c.statement.Pointer, Reason: reason, Detail: detail})
}
