package release

// Gap is something that could not be read. It is never "no change": whoever
// assesses a change set with gaps must assume that something stood there.
type Gap struct {
	// Kind says what is missing, for programs.
	Kind GapKind `json:"kind"`
	// Subject is what could not be read: a revision, a path, a purl.
	Subject string `json:"subject,omitempty"`
	// Detail says why, for people.
	Detail string `json:"detail,omitempty"`
}

// GapKind names a kind of gap; readers outside this module may add their own.
type GapKind string

// The gaps that the readers of this module report.
const (
	GapBaseMissing      GapKind = "base-missing"      // the base revision is not there
	GapHeadMissing      GapKind = "head-missing"      // the head revision is not there
	GapUnrelated        GapKind = "unrelated-history" // base and head have no common ancestor
	GapDiverged         GapKind = "diverged"          // base is not an ancestor of head: head lacks some of its commits
	GapShallow          GapKind = "shallow-clone"     // history is cut off, so commits may be missing
	GapPartial          GapKind = "partial-clone"     // objects are not there, so contents are unknown
	GapTooLarge         GapKind = "too-large"         // a limit of the reader was reached; the rest was not read
	GapUnreadable       GapKind = "unreadable"        // it is there and could not be understood
	GapUnsupported      GapKind = "unsupported"       // it is of a kind that nobody here can read
	GapIncomplete       GapKind = "incomplete"        // it says itself that it is not the whole: a plan with deferred changes, a partial scan
	GapUnpinned         GapKind = "unpinned"          // it names content by what can move: a range, a branch, a tag
	GapAmbiguous        GapKind = "ambiguous"         // it can be read in two ways, and programs differ
	GapDependencyOrigin GapKind = "dependency-origin" // content comes from outside what the file pins: a local replace
)

// String is "kind subject: detail", with only the parts that there are.
func (g Gap) String() string {
	s := string(g.Kind)
	if g.Subject != "" {
		s += " " + g.Subject
	}
	if g.Detail != "" {
		s += ": " + g.Detail
	}
	return s
}
