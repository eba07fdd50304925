package cdevents

import "github.com/sallyport-dev/sallyport/internal/enum"

// Kind is what an event is about and what it says: the subject and the predicate of
// its type. Only those that say something about a metric or an approval have a kind.
type Kind uint8

// The kinds.
const (
	KindUnknown Kind = iota // any other event; [Event.Verdict] says which
	ServiceDeployed
	ServiceUpgraded
	ServiceRolledBack
	ChangeCreated
	ChangeReviewed
	ChangeMerged
	ArtifactPackaged
	IncidentDetected
	IncidentReported
	IncidentResolved
	PipelineRunFinished
	ApprovalCreated // of the draft of 0.6, as are the two that follow
	ApprovalUpdated
	ApprovalClosed
)

var kinds = enum.Table[Kind]{Type: "cdevents.Kind", Names: []string{"unknown", "service.deployed", "service.upgraded", "service.rolledback",
	"change.created", "change.reviewed", "change.merged", "artifact.packaged", "incident.detected", "incident.reported", "incident.resolved",
	"pipelinerun.finished", "approval.created", "approval.updated", "approval.closed"}}

// String is the kind's name: subject and predicate, as in the type of an event.
func (k Kind) String() string { return kinds.Text(k) }

// ParseKind reads a kind's name.
func ParseKind(s string) (Kind, error) { return kinds.Parse(s) }

// MarshalText is the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return kinds.Marshal(k) }

// UnmarshalText reads a kind's name.
func (k *Kind) UnmarshalText(b []byte) error { return kinds.Unmarshal(k, b) }

// Verdict says what is made of an event. All but the first two skip it.
type Verdict uint8

// The verdicts.
const (
	VerdictUnknown     Verdict = iota
	VerdictFact                // a [Joiner] makes facts of it
	VerdictApproval            // [Event.Approval] reads it
	SkippedNoFact              // a known event that says nothing a fact is made of
	SkippedPredicate           // a known subject with a predicate that no known version has
	SkippedSubject             // a subject that no known version has
	SkippedType                // a type whose major version is not 0, or that has no version
	SkippedSpec                // a version of the specification that is not known: not 0.3 to 0.6
	SkippedCustom              // a custom event: dev.cdeventsx
	SkippedForeign             // a CloudEvent that carries no CDEvent
	SkippedPipeline            // a run of a pipeline that [JoinerOptions.Pipelines] does not list; only a Joiner says so
	SkippedPipelineRun         // a listed pipeline's run that succeeded: the service tells; only a Joiner says so
)

var verdicts = enum.Table[Verdict]{Type: "cdevents.Verdict", Names: []string{"unknown", "fact", "approval", "skipped-no-fact", "skipped-predicate",
	"skipped-subject", "skipped-type", "skipped-spec", "skipped-custom", "skipped-foreign", "skipped-pipeline", "skipped-pipeline-run"}}

// String is the verdict's name.
func (v Verdict) String() string { return verdicts.Text(v) }

// ParseVerdict reads a verdict's name.
func ParseVerdict(s string) (Verdict, error) { return verdicts.Parse(s) }

// MarshalText is the verdict's name.
func (v Verdict) MarshalText() ([]byte, error) { return verdicts.Marshal(v) }

// UnmarshalText reads a verdict's name.
func (v *Verdict) UnmarshalText(b []byte) error { return verdicts.Unmarshal(v, b) }

// Skipped reports whether nothing is made of the event.
func (v Verdict) Skipped() bool { return v != VerdictFact && v != VerdictApproval }

// kindOf is the kind that a subject and a predicate name, and the verdict on it. The
// subjects and predicates are those of the versions 0.3.0 to 0.5.1 and of the draft of
// 0.6.
func kindOf(subject, predicate []byte) (Kind, Verdict) {
	var known []string
	switch string(subject) {
	case "service":
		switch string(predicate) {
		case "deployed":
			return ServiceDeployed, VerdictFact
		case "upgraded":
			return ServiceUpgraded, VerdictFact
		case "rolledback":
			return ServiceRolledBack, VerdictFact
		}
		known = []string{"removed", "published"}
	case "change":
		switch string(predicate) {
		case "created":
			return ChangeCreated, VerdictFact
		case "reviewed":
			return ChangeReviewed, VerdictFact
		case "merged":
			return ChangeMerged, VerdictFact
		}
		known = []string{"updated", "abandoned"}
	case "artifact":
		if string(predicate) == "packaged" {
			return ArtifactPackaged, VerdictFact
		}
		known = []string{"published", "signed", "downloaded", "deleted"}
	case "incident":
		switch string(predicate) {
		case "detected":
			return IncidentDetected, VerdictFact
		case "reported":
			return IncidentReported, VerdictFact
		case "resolved":
			return IncidentResolved, VerdictFact
		}
	case "pipelinerun":
		if string(predicate) == "finished" {
			return PipelineRunFinished, VerdictFact
		}
		known = []string{"queued", "started"}
	case "approval":
		switch string(predicate) {
		case "created":
			return ApprovalCreated, VerdictApproval
		case "updated":
			return ApprovalUpdated, VerdictApproval
		case "closed":
			return ApprovalClosed, VerdictApproval
		}
	case "taskrun":
		known = []string{"started", "finished"}
	case "build", "testcaserun", "testsuiterun":
		known = []string{"queued", "started", "finished"}
		if string(subject) == "testcaserun" && string(predicate) == "skipped" {
			return KindUnknown, SkippedNoFact
		}
	case "environment", "repository":
		known = []string{"created", "modified", "deleted"}
	case "branch":
		known = []string{"created", "deleted"}
	case "testoutput":
		known = []string{"published"}
	case "ticket":
		known = []string{"created", "updated", "closed"}
	default:
		return KindUnknown, SkippedSubject
	}
	for _, k := range known {
		if string(predicate) == k {
			return KindUnknown, SkippedNoFact
		}
	}
	return KindUnknown, SkippedPredicate
}

// parseType reads a type, dev.cdevents.SUBJECT.PREDICATE.VERSION. The version may be any
// 0.minor.patch: minor versions add fields, and the fields that are read have kept
// their names and meaning since 0.3.
func parseType(t []byte) (subject []byte, k Kind, v Verdict) {
	const prefix, custom = "dev.cdevents.", "dev.cdeventsx."
	if len(t) >= len(custom) && string(t[:len(custom)]) == custom {
		return nil, KindUnknown, SkippedCustom
	}
	if len(t) < len(prefix) || string(t[:len(prefix)]) != prefix {
		return nil, KindUnknown, SkippedForeign
	}
	rest := t[len(prefix):]
	subject, rest = part(rest)
	predicate, version := part(rest)
	k, v = kindOf(subject, predicate)
	if v == SkippedSubject || v == SkippedPredicate {
		return subject, k, v
	}
	if major, ok := parseVersion(version); !ok || major != 0 {
		return subject, KindUnknown, SkippedType
	}
	return subject, k, v
}

// part splits at the first dot.
func part(b []byte) (before, after []byte) {
	for i, c := range b {
		if c == '.' {
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}

// parseVersion reads the major number of MAJOR.MINOR.PATCH, with or without a
// pre-release.
func parseVersion(v []byte) (major int, ok bool) {
	if len(v) == 5 && v[1] == '.' && v[3] == '.' && v[0]-'0' <= 9 && v[2]-'0' <= 9 && v[4]-'0' <= 9 {
		return int(v[0] - '0'), true
	}
	for i := range 3 {
		n, digits := 0, 0
		for digits < len(v) && v[digits]-'0' <= 9 && digits < 9 {
			n = n*10 + int(v[digits]-'0')
			digits++
		}
		if digits == 0 || digits > 1 && v[0] == '0' {
			return 0, false
		}
		v = v[digits:]
		if i == 0 {
			major = n
		}
		if i < 2 {
			if len(v) == 0 || v[0] != '.' {
				return 0, false
			}
			v = v[1:]
		}
	}
	return major, len(v) == 0 || len(v) > 1 && v[0] == '-'
}

// knownSpec reports whether a version of the specification is one of 0.3 to 0.6.
func knownSpec(v []byte) bool {
	if major, ok := parseVersion(v); !ok || major != 0 {
		return false
	}
	return v[2] >= '3' && v[2] <= '6' && v[3] == '.'
}
