package metrics

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// The dimensions that every deployment has.
const (
	DimService     = "service"
	DimEnvironment = "environment"
)

// ErrIndividual says that a query would measure people. DORA's guide warns of it:
// the metrics are for teams and services, and used on individuals they are gamed.
var ErrIndividual = errors.New("metrics: these metrics are not for individuals")

// Query says which results are wanted of a [Definition].
type Query struct {
	// From and To are the range, From included and To not. Neither may be zero.
	From, To time.Time
	// Window cuts the range into calendar windows.
	Window WindowKind
	// Length and Step, in days, are for [WindowRolling] and 0 for any other: windows of
	// Length days begin with the day of From and each Step days later, as long as they
	// end within the range; the first one is there in any case. Length is at most
	// 3,660, and at most 400 times Step.
	Length, Step int
	// Sprint is for [WindowSprint].
	Sprint Sprint
	// Location is where days, weeks and months begin; nil means UTC.
	Location *time.Location
	// By are the dimensions that results are grouped by: [DimService],
	// [DimEnvironment], or names of [Dims] of deployments; where a deployment lacks
	// one its value is "". Nil means service and environment. Results over several
	// services pool their events; they are no mean of means.
	By []string
	// AllowIndividualsUnsafe lets By name dimensions that identify people.
	AllowIndividualsUnsafe bool
	// Level is the confidence level of the intervals, above 0 and below 1; 0 means 0.95.
	Level float64
	// Quantiles are further quantiles of the lead time and the recovery time, beside
	// their medians: each above 0 and below 1, ascending, at most 8. See
	// [Result.Quantiles].
	Quantiles []float64
	// ObservedFrom and ObservedTo are the span in which the host vouches that every
	// deployment is in the log: there, no deployment means zero deployments. Where
	// zero, the span is inferred, for each group: from its first known deployment, to
	// when one of its sources of deployments was last heard of. The deployments with
	// which it begins or ends are then not counted in the frequency, which they would
	// inflate without bound. A host that can vouch does better.
	ObservedFrom, ObservedTo time.Time
	// FailuresObserved vouches that failures would have been recorded. Where false,
	// a log that holds no incident and no failed deployment at all is taken to have
	// no source of them, and gives no fail rate of 0 %.
	FailuresObserved bool
}

// Sprint says where sprints begin: at a date, and all Days days before and after.
type Sprint struct {
	// Start is the first day of any one sprint: its date in the query's location.
	Start time.Time
	// Days is the length of a sprint, 1 to 366.
	Days int
}

// checkWindows says what is wrong with what the kind of window needs.
func (q *Query) checkWindows() error {
	if q.Window == WindowRolling {
		if q.Length < 1 || q.Length > 3660 || q.Step < 1 || q.Step > 3660 || q.Length > 400*q.Step {
			return fmt.Errorf("metrics: rolling windows of %d days each %d days are out of range", q.Length, q.Step)
		}
	} else if q.Length != 0 || q.Step != 0 {
		return fmt.Errorf("metrics: a window %q has no length and no step", q.Window)
	}
	if q.Window == WindowSprint {
		if q.Sprint.Start.IsZero() || q.Sprint.Days < 1 || q.Sprint.Days > 366 {
			return fmt.Errorf("metrics: sprints of %d days from %q are out of range", q.Sprint.Days, q.Sprint.Start)
		}
		return checkTime("metrics: the start of sprints", q.Sprint.Start)
	} else if q.Sprint != (Sprint{}) {
		return fmt.Errorf("metrics: a window %q has no sprints", q.Window)
	}
	return nil
}

// maxWindows bounds the windows of one query.
const maxWindows = 10_000

// withDefaults is the query with its defaults filled in, or what is wrong with it.
func (q Query) withDefaults() (Query, error) {
	if q.Location == nil {
		q.Location = time.UTC
	}
	if q.By == nil {
		q.By = []string{DimService, DimEnvironment}
	}
	q.By, q.Quantiles = slices.Clone(q.By), slices.Clone(q.Quantiles)
	if q.Level == 0 {
		q.Level = 0.95
	}
	var errs []error
	if q.From.IsZero() || q.To.IsZero() || !q.From.Before(q.To) {
		errs = append(errs, fmt.Errorf("metrics: the range from %q to %q is empty", q.From, q.To))
	}
	errs = append(errs, checkTime("metrics: from", q.From), checkTime("metrics: to", q.To), checkQuantiles(q.Quantiles))
	if !(q.Level > 0) || !(q.Level < 1) {
		errs = append(errs, fmt.Errorf("metrics: the level %v is not between 0 and 1", q.Level))
	}
	if q.Window == WindowUnknown || q.Window > WindowSprint {
		errs = append(errs, fmt.Errorf("metrics: there is no window %q", q.Window))
	}
	if !q.ObservedFrom.IsZero() && !q.ObservedTo.IsZero() && !q.ObservedFrom.Before(q.ObservedTo) {
		errs = append(errs, fmt.Errorf("metrics: the observed span from %q to %q is empty", q.ObservedFrom, q.ObservedTo))
	}
	errs = append(errs, q.checkWindows())
	for i, name := range q.By {
		switch {
		case name == "":
			errs = append(errs, errors.New("metrics: a dimension has no name"))
		case slices.Contains(q.By[:i], name):
			errs = append(errs, fmt.Errorf("metrics: dimension %q stands twice", name))
		case individual(name) && !q.AllowIndividualsUnsafe:
			errs = append(errs, fmt.Errorf("metrics: dimension %q: %w", name, ErrIndividual))
		}
	}
	return q, errors.Join(errs...)
}

// people are words for a single person.
var people = []string{"actor", "approver", "assignee", "author", "by", "coder", "commander", "committer", "contributor",
	"creator", "deployer", "dev", "developer", "email", "employee", "engineer", "handle", "human", "individual", "initiator",
	"login", "mail", "maintainer", "member", "merger", "nick", "nickname", "operator", "people", "person", "programmer",
	"pusher", "requester", "requestor", "responder", "reviewer", "staff", "submitter", "triggerer", "uid", "user", "userid",
	"username", "who", "whom", "worker"}

// individual reports whether one of the words of a dimension's name is a word
// for a person: "author", "commit.author_email", "CommitAuthors".
func individual(name string) bool {
	var words []string
	var word []rune
	lower := false
	flush := func() {
		words = append(words, string(word))
		word = nil
	}
	for _, r := range name {
		if !unicode.IsLetter(r) || unicode.IsUpper(r) && lower {
			flush()
		}
		if unicode.IsLetter(r) {
			word = append(word, unicode.ToLower(r))
		}
		lower = unicode.IsLower(r)
	}
	flush()
	words = append(words, strings.ToLower(name))
	return slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains(people, w) || slices.Contains(people, strings.TrimSuffix(w, "s"))
	})
}

// identifies reports whether a value holds an e-mail address, alone or beside a
// name as git writes it: whatever its dimension is called, it names a person.
func identifies(value string) bool {
	words := strings.FieldsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("<>()[],;\"'", r) })
	return slices.ContainsFunc(words, func(w string) bool {
		local, domain, ok := strings.Cut(w, "@")
		return ok && local != "" && strings.Contains(domain, ".") && !strings.Contains(w, "/")
	})
}
