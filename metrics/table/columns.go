package table

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
)

// column is what a cell of that name says of a fact of one kind.
type column struct {
	name string
	kind metrics.FactKind // unknown for all kinds
	set  func(f *fact, cell string, o *Options) error
}

// fact is the one that is read; its kind says which of the three it is.
type fact struct {
	meta       *metrics.Meta
	deployment metrics.Deployment
	change     metrics.Change
	incident   metrics.Incident
}

func moment(to func(*fact) *time.Time) func(*fact, string, *Options) error {
	return func(f *fact, cell string, o *Options) (err error) {
		*to(f), err = o.time(cell)
		return err
	}
}

func word(to func(*fact) *string) func(*fact, string, *Options) error {
	return func(f *fact, cell string, o *Options) error {
		*to(f) = o.once(cell)
		return nil
	}
}

func ref(to func(*fact) *metrics.Ref) func(*fact, string, *Options) error {
	return func(f *fact, cell string, o *Options) error {
		*to(f) = metrics.Ref{Source: o.RefSource, ID: strings.Clone(cell)}
		return nil
	}
}

// refs are named by words with spaces between them.
func refs(to func(*fact) *[]metrics.Ref) func(*fact, string, *Options) error {
	return func(f *fact, cell string, o *Options) error {
		for _, id := range strings.Fields(cell) {
			*to(f) = append(*to(f), metrics.Ref{Source: o.RefSource, ID: strings.Clone(id)})
		}
		return nil
	}
}

const (
	deployment = metrics.KindDeployment
	change     = metrics.KindChange
	incident   = metrics.KindIncident
)

// all are the columns, in the order in which [Columns] lists them.
var all = []column{
	{"time", 0, moment(func(f *fact) *time.Time { return &f.meta.At })},
	{"environment", 0, word(func(f *fact) *string { return &f.meta.Environment })},
	{"service", 0, word(func(f *fact) *string { return &f.meta.Service })},
	{"version", deployment, word(func(f *fact) *string { return &f.deployment.Version })},
	{"version", incident, word(func(f *fact) *string { return &f.incident.Version })},
	{"id", 0, func(f *fact, cell string, _ *Options) error { f.meta.ID = strings.Clone(cell); return nil }},
	{"revision", 0, func(f *fact, cell string, _ *Options) (err error) {
		f.meta.Rev, err = strconv.ParseUint(cell, 10, 64)
		return err
	}},
	{"seen", 0, moment(func(f *fact) *time.Time { return &f.meta.Seen })},
	{"deleted", 0, func(f *fact, cell string, _ *Options) error {
		switch cell {
		case "true", "false":
			f.meta.Deleted = cell == "true"
			return nil
		}
		return fmt.Errorf("%q is neither true nor false", cell)
	}},

	{"started", deployment, moment(func(f *fact) *time.Time { return &f.deployment.Started })},
	{"outcome", deployment, func(f *fact, cell string, o *Options) error {
		if out, ok := o.Outcomes[cell]; ok {
			f.deployment.Outcome = out
			return nil
		}
		if o.Outcomes != nil {
			return fmt.Errorf("nobody said what outcome %q is", cell)
		}
		out, err := metrics.ParseDeploymentOutcome(cell)
		f.deployment.Outcome = out
		return err
	}},
	{"detected", deployment, moment(func(f *fact) *time.Time { return &f.deployment.Detected })},
	{"recovered", deployment, moment(func(f *fact) *time.Time { return &f.deployment.Recovered })},
	{"planned", deployment, func(f *fact, cell string, _ *Options) (err error) {
		f.deployment.Planned, err = metrics.ParsePlanned(cell)
		return err
	}},
	{"artifact", deployment, word(func(f *fact) *string { return &f.deployment.Artifact })},
	{"release", deployment, func(f *fact, cell string, _ *Options) (err error) {
		f.deployment.Release, err = release.ParseDigest(cell)
		return err
	}},
	{"follows", deployment, word(func(f *fact) *string { return &f.deployment.Follows })},
	{"commit", deployment, word(func(f *fact) *string { return &f.deployment.Commit })},
	{"tier", deployment, func(f *fact, cell string, _ *Options) (err error) {
		f.deployment.Tier, err = release.ParseTier(cell)
		return err
	}},
	{"risk", deployment, func(f *fact, cell string, _ *Options) (err error) {
		f.deployment.Risk, err = strconv.ParseFloat(cell, 64)
		if err == nil && !(f.deployment.Risk > 0 && f.deployment.Risk < 1) {
			err = fmt.Errorf("%s is no probability above 0 and below 1", cell)
		}
		return err
	}},
	{"changes", deployment, refs(func(f *fact) *[]metrics.Ref { return &f.deployment.Changes })},
	{"fixes", deployment, refs(func(f *fact) *[]metrics.Ref { return &f.deployment.Fixes })},
	{"rollback-of", deployment, ref(func(f *fact) *metrics.Ref { return &f.deployment.RollbackOf })},

	{"first-commit", change, moment(func(f *fact) *time.Time { return &f.change.FirstCommit })},
	{"opened", change, moment(func(f *fact) *time.Time { return &f.change.Opened })},
	{"first-review", change, moment(func(f *fact) *time.Time { return &f.change.FirstReview })},
	{"approved", change, moment(func(f *fact) *time.Time { return &f.change.Approved })},
	{"merged", change, moment(func(f *fact) *time.Time { return &f.change.Merged })},
	{"commit", change, word(func(f *fact) *string { return &f.change.Commit })},
	{"revert-of", change, ref(func(f *fact) *metrics.Ref { return &f.change.RevertOf })},

	{"resolved", incident, moment(func(f *fact) *time.Time { return &f.incident.Resolved })},
	{"mitigated", incident, moment(func(f *fact) *time.Time { return &f.incident.Mitigated })},
	{"caused-by", incident, ref(func(f *fact) *metrics.Ref { return &f.incident.CausedBy })},
	{"artifact", incident, word(func(f *fact) *string { return &f.incident.Artifact })},
	{"severity", incident, word(func(f *fact) *string { return &f.incident.Severity })},
	{"noticed-by", incident, word(func(f *fact) *string { return &f.incident.NoticedBy })},
}

// Columns are the names of the columns of a kind. The caller owns the slice.
func Columns(kind metrics.FactKind) []string {
	var out []string
	for _, c := range all {
		if c.kind == kind || c.kind == metrics.KindUnknown {
			out = append(out, c.name)
		}
	}
	return out
}

// columnOf is the column of a name; dims are columns of their own.
func (o *Options) columnOf(name string) (column, error) {
	if named, ok := o.Names[name]; ok {
		name = named
	} else if slices.Contains(o.Dims, name) {
		return column{name: name, set: func(f *fact, cell string, o *Options) error {
			if f.meta.Dims == nil {
				f.meta.Dims = metrics.Dims{}
			}
			f.meta.Dims[name] = o.once(cell)
			return nil
		}}, nil
	}
	for _, c := range all {
		if c.name == name && (c.kind == o.Kind || c.kind == metrics.KindUnknown) {
			return c, nil
		}
	}
	if o.IgnoreOthers {
		return column{name: name}, nil
	}
	return column{}, fmt.Errorf("%q is no column of a %s; they are %s", name, o.Kind, strings.Join(Columns(o.Kind), ", "))
}

// Time reads a time: seconds since 1970, or RFC 3339.
func Time(cell string) (time.Time, error) {
	cell = strings.TrimSpace(cell)
	if unix, err := strconv.ParseInt(cell, 10, 64); err == nil {
		if unix < -1<<33 || unix > 1<<33 { // years 1697 to 2242: others are milliseconds
			return time.Time{}, fmt.Errorf("%q is no time in Unix seconds", cell)
		}
		return time.Unix(unix, 0).UTC(), nil
	}
	at, err := time.Parse(time.RFC3339Nano, cell)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time, in Unix seconds or by RFC 3339", cell)
	}
	return at.UTC(), nil
}

// TimeIn reads times written by a layout of package time, by the clock of a zone.
// One that the clock jumps over, or shows twice, is an error: nobody knows which is
// meant.
func TimeIn(layout string, zone *time.Location) func(string) (time.Time, error) {
	return func(cell string) (time.Time, error) {
		at, err := time.ParseInLocation(layout, cell, zone)
		if err != nil {
			return time.Time{}, fmt.Errorf("%q is no time like %q", cell, layout)
		}
		if at.Format(layout) != cell {
			return time.Time{}, errors.New("the clock never showed " + cell)
		}
		for _, other := range []time.Time{at.Add(-time.Hour), at.Add(time.Hour), at.Add(-30 * time.Minute), at.Add(30 * time.Minute)} {
			if other.Format(layout) == cell {
				return time.Time{}, errors.New("the clock showed " + cell + " twice")
			}
		}
		return at.UTC(), nil
	}
}
