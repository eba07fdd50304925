package rollout

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Target is what is rolled out to: one service in one environment. It has one
// stream of records, and so one rollout at a time. Another environment is
// another target, with a rollout of its own.
type Target struct {
	// Service and Environment are the host's names: printable text of 1 to 120 bytes.
	Service     string `json:"service"`
	Environment string `json:"environment"`
}

// String is "service@environment".
func (t Target) String() string { return t.Service + "@" + t.Environment }

// Stream is the name of the target's stream in the journal. Slashes and percent
// signs in names are escaped, so no two targets share one.
func (t Target) Stream() string {
	return StreamPrefix + escape(t.Service) + "/" + escape(t.Environment)
}

// escape is a name without slashes. Most have none, and are asked for at each step.
func escape(name string) string {
	if !strings.ContainsAny(name, "%/") {
		return name
	}
	return strings.NewReplacer("%", "%25", "/", "%2F").Replace(name)
}

// StreamPrefix begins the name of every target's stream, and of no other: it is the
// prefix of a [journal.Work] that drives rollouts.
const StreamPrefix = "rollout/"

// TargetOf is the target whose stream has this name, as a lease or the feed has it. A
// name that [Target.Stream] gives to no valid target is an error.
func TargetOf(stream string) (Target, error) {
	unescape := strings.NewReplacer("%2F", "/", "%25", "%")
	name, ok := strings.CutPrefix(stream, StreamPrefix)
	service, environment, both := strings.Cut(name, "/")
	t := Target{Service: unescape.Replace(service), Environment: unescape.Replace(environment)}
	if !ok || !both || t.Stream() != stream || t.Validate() != nil {
		return Target{}, fmt.Errorf("rollout: %q is not the stream of a target", stream)
	}
	return t, nil
}

// Validate reports everything that is wrong with the names.
func (t Target) Validate() error {
	return errors.Join(checkName("service", t.Service), checkName("environment", t.Environment))
}

// maxName bounds names, and maxText sentences, in bytes.
const (
	maxName = 120
	maxText = 2000
)

// checkName refuses names that are empty, too long, or not safe to print.
func checkName(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("rollout: no %s", what)
	case len(name) > maxName:
		return fmt.Errorf("rollout: %s %.20q… is longer than %d bytes", what, name, maxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("rollout: %s %q is not printable text", what, name)
	}
	return nil
}

// By is who commands, and why.
type By struct {
	// Actor must have an ID: a command of nobody is refused.
	Actor release.Actor `json:"actor"`
	// Reason is a sentence for the audit. Every command but Start needs one.
	Reason string `json:"reason,omitempty"`
}

func (b By) check(needReason bool) error {
	var errs []error
	if b.Actor.ID == "" {
		errs = append(errs, errors.New("rollout: a command needs an actor with an ID"))
	}
	if needReason && strings.TrimSpace(b.Reason) == "" {
		errs = append(errs, errors.New("rollout: the command needs a reason"))
	}
	if len(b.Reason) > maxText || len(b.Actor.ID) > maxText || len(b.Actor.Name) > maxText {
		errs = append(errs, fmt.Errorf("rollout: the reason, the actor's ID or name is longer than %d bytes", maxText))
	}
	return errors.Join(errs...)
}

// text is b as a record can hold it: JSON has no bytes that are not UTF-8.
func (b By) text() By {
	for _, s := range []*string{&b.Reason, &b.Actor.ID} {
		*s = strings.ToValidUTF8(*s, "\uFFFD")
	}
	return b
}

// signs reports whether a record's envelope says the same as its data.
func (b By) signs(rec journal.Record, sentence string) error {
	if rec.Actor != b.Actor.ID || rec.Reason != clip(sentence) {
		return impossible(rec, "its data is of %q, for another reason or by another than it says", b.Actor.ID)
	}
	return nil
}

// clip makes somebody else's text fit into a line and a record: printable, of
// bounded length.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText-3], "") + "…"
}
