package report

import (
	"github.com/sallyport-dev/sallyport/release"
)

// Finding is one thing that keeps a release from going out, or that it went out with
// in spite of.
type Finding struct {
	// Level is [LevelError] for what was denied, [LevelWarning] for what is missing or may
	// still come, [LevelNote] for the rest.
	Level Level
	// Reason is what it is.
	Reason release.Reason
	// Path is the file that it is about, from the top of the repository; "" where it is
	// about none that the change set has.
	Path string
}

// Level says how bad a [Finding] is. The words are SARIF's (2.1.0, section 3.27.10).
type Level string

// The levels.
const (
	LevelError   Level = "error"
	LevelWarning Level = "warning"
	LevelNote    Level = "note"
)

// met are the reasons that speak for a release.
const codeMet = "evidence/met"

// Findings are what the last decision of a record has against it, in its order: all
// reasons but those that say what was met. Then come the reasons of the tier that name
// a file, as notes. A record without a decision has one finding that says so: that
// nothing was decided is no success.
func Findings(r release.Record) []Finding {
	paths := map[string]bool{}
	for _, f := range r.Changes.Files {
		paths[string(f.Path)] = true
	}
	at := func(reason release.Reason) string {
		if paths[reason.Subject] {
			return reason.Subject
		}
		return ""
	}
	var out []Finding
	if len(r.Decisions) == 0 {
		out = append(out, Finding{Level: LevelError, Reason: release.Reason{Code: "report/undecided", Text: "nothing was decided about the release"}})
	} else {
		d := r.Decisions[len(r.Decisions)-1]
		level := LevelError
		switch d.Verdict {
		case release.VerdictAllow:
			level = LevelNote
		case release.VerdictHold:
			level = LevelWarning
		}
		for _, reason := range d.Reasons {
			if reason.Code != codeMet {
				out = append(out, Finding{Level: level, Reason: reason, Path: at(reason)})
			}
		}
		if len(out) == 0 && d.Verdict != release.VerdictAllow {
			out = append(out, Finding{Level: level, Reason: release.Reason{Code: "report/" + d.Verdict.String(), Text: "the verdict is " + d.Verdict.String() + ", and no reason was recorded"}})
		}
	}
	for _, reason := range r.Assessment.Reasons {
		if path := at(reason); path != "" {
			out = append(out, Finding{Level: LevelNote, Reason: reason, Path: path})
		}
	}
	return out
}
