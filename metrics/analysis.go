package metrics

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// analysis is a snapshot read by one definition: which deployments count, which
// failed and why, what each brought, and in which group and window all that
// stands. The slices deps and links are parallel to the snapshot's deployments
// and incidents, and are referred to by index.
type analysis struct {
	s       *Snapshot
	def     Definition
	q       Query
	digest  release.Digest
	windows []Window

	deps          []dep
	links         []link
	episodes      []int            // for each incident, the one with which its episode begins
	streams       map[stream][]int // indexes of deps by moment
	order         []stream         // the keys of streams, sorted
	byRef         map[Ref]int
	changes       map[Ref]int
	failuresKnown bool
	// nexts and heads are by deployment: see runs. owns is by incident: see
	// incidentGroup.
	nexts, heads, owns []int

	groups []group
	cells  []cell // group g, window w: g*len(windows)+w
}

// stream is one service in one environment and, where the definition knows
// regions, in one region.
type stream struct{ service, environment, region string }

func (s stream) compare(o stream) int {
	return cmp.Or(cmp.Compare(s.service, o.service), cmp.Compare(s.environment, o.environment), cmp.Compare(s.region, o.region))
}

// dep is what the analysis found out of a deployment. Indexes are -1 for none.
type dep struct {
	moment time.Time
	// why says why it does not count; "" means that it counts.
	why string
	// counts as is the deployment that stands for it: itself, or the one it repeats.
	as       int
	rollback bool
	target   int // what the rollback takes back
	// again says what it does with a version that was tried before, in deployment prior.
	again Detected
	prior int
	// rework is why it is likely to be unplanned, "" where nothing says so, and fixes the
	// deployment that it repairs.
	rework string
	fixes  int
	first  bool
	// takenBack says that another deployment took it back, restored when.
	takenBack   bool
	takenBackBy int
	restored    time.Time
	incidents   []int // by the time at which they began
	failed      bool
	group       int
}

// The reasons for which a deployment does not count.
const (
	whyAhead       = "it lies ahead of what is known"
	whyEnvironment = "its environment does not count"
	whyUnknown     = "its outcome is not known"
	whyNotExposed  = "it exposed nobody"
	whyRepeat      = "it repeats the version that was running"
	whyRollback    = "it takes another deployment back"
	whyRetry       = "it tries again what was tried and had exposed nobody"
	whyRegion      = "it brings to another region what was deployed already"
)

type group struct {
	key      []string
	reported bool // one of its deployments is of an environment that counts
	observed span
	// opened and closed say that observed was inferred and not cut: it begins with the
	// first deployment, and ends when a source of deployments was last heard of.
	opened, closed bool
}

// maxCells bounds groups times windows, and so the memory of a report.
const maxCells = 2_000_000

// cell is one group in one window.
type cell struct {
	group, window int
	deps          []int  // by moment
	leads         []lead // of those deps
	recoveries    []recovery
	incidents     []int // those that began here, where all incidents count
}

// lead is one change that a deployment brought.
type lead struct {
	dep    int
	change int // -1: not known
	ref    Ref
	why    string // "" means that Seconds counts
	start  time.Time
}

func analyse(s *Snapshot, def Definition, q Query) (*analysis, error) {
	digest, err := def.Digest()
	if err != nil {
		return nil, err
	}
	if q, err = q.withDefaults(); err != nil {
		return nil, err
	}
	def.Environments, def.Links = slices.Clone(def.Environments), slices.Clone(def.Links)
	a := &analysis{s: s, def: def, q: q, digest: digest, deps: make([]dep, len(s.deployments)),
		links: make([]link, len(s.incidents)), episodes: make([]int, len(s.incidents)), streams: map[stream][]int{}, byRef: map[Ref]int{}, changes: map[Ref]int{}}
	if a.windows, err = q.windows(); err != nil {
		return nil, err
	}
	for i := range s.deployments {
		d := &s.deployments[i]
		a.byRef[d.Ref()] = i
		a.deps[i] = dep{moment: d.At, as: i, target: -1, prior: -1, fixes: -1, takenBackBy: -1, group: -1}
		if def.DeployedAt == DeployedAtStart {
			a.deps[i].moment = d.begin()
		}
		key := stream{d.Service, d.Environment, def.region(d)}
		a.streams[key] = append(a.streams[key], i)
	}
	for i := range s.changes {
		a.changes[s.changes[i].Ref()] = i
	}
	a.order = slices.SortedFunc(maps.Keys(a.streams), stream.compare)
	for _, key := range a.order {
		ids := a.streams[key]
		slices.SortFunc(ids, func(x, y int) int { return cmp.Or(a.deps[x].moment.Compare(a.deps[y].moment), cmp.Compare(x, y)) })
		a.walk(ids)
	}
	a.mergeRegions()
	a.takeBack()
	a.linkIncidents()
	a.judge()
	a.detectRework()
	a.runs()
	if err := a.group(); err != nil {
		return nil, err
	}
	a.lead()
	return a, nil
}

// walk goes through the deployments of one stream by time, and says of each
// whether it counts, repeats, or takes another one back.
func (a *analysis) walk(ids []int) {
	running := -1
	attempt := -1            // the first of the attempts of one version that exposed nobody, with nothing else since
	last := map[string]int{} // of each version, its last deployment
	met := map[string]int{}  // versions by the order in which they were first met
	known := false
	for _, i := range ids {
		d, x := &a.s.deployments[i], &a.deps[i]
		switch {
		case !a.def.counts(d.Environment):
			x.why = whyEnvironment
		case x.moment.After(a.s.asOf) || d.At.After(a.s.asOf):
			x.why = whyAhead
		case d.Outcome == DeploymentNotExposed && !a.def.AttemptsCount:
			x.why = whyNotExposed
		case d.Outcome == DeploymentUnknown:
			x.why = whyUnknown
		}
		if x.why != "" {
			continue
		}
		retry := attempt >= 0 && d.Version != "" && a.s.deployments[attempt].Version == d.Version
		if retry {
			x.again, x.prior = DetectedRetry, attempt
		}
		if d.Outcome == DeploymentNotExposed { // it counts, and changes nothing in the environment
			if !retry {
				attempt = i
			} else if a.def.RetriesOnce {
				x.why, x.as, x.again = whyRetry, attempt, DetectedUnknown
			}
			continue
		}
		attempt = -1
		x.first = !known && d.Follows == ""
		known = true
		order, again := met[d.Version]
		if !again {
			order = len(met)
			met[d.Version] = order
		}
		repeat := false
		if running >= 0 && d.Version != "" {
			r := &a.s.deployments[running]
			repeat = r.Version == d.Version && r.Outcome == DeploymentSucceeded && d.Outcome == DeploymentSucceeded
			switch {
			case !again || r.Version == "":
			case a.def.DetectRollbacks && order < met[r.Version]:
				x.rollback, x.target = true, running
			case x.again != DetectedUnknown:
			case a.s.deployments[last[d.Version]].Outcome == DeploymentFailed:
				x.again, x.prior = DetectedRetry, last[d.Version]
			case order > met[r.Version]:
				x.again, x.prior = DetectedRestore, last[d.Version]
			}
		}
		last[d.Version] = i
		if !d.RollbackOf.IsZero() {
			x.rollback, x.target = true, a.find(d.RollbackOf)
		}
		switch {
		case x.rollback && a.def.Rollbacks == RollbackAside:
			x.why = whyRollback
		case repeat && !x.rollback && a.def.Repeats == RepeatOnce:
			x.why, x.as = whyRepeat, a.deps[running].as
		}
		if x.rollback || x.why != "" {
			x.again, x.prior = DetectedUnknown, -1
		}
		// A deployment that failed and was recovered leaves what was before.
		if d.Outcome == DeploymentSucceeded || d.Recovered.IsZero() {
			running = i
		}
	}
}

func (a *analysis) find(r Ref) int {
	if i, ok := a.byRef[r]; ok {
		return i
	}
	return -1
}

// takeBack marks what the rollbacks took back. It goes in the snapshot's order,
// so that the first rollback is the one that is remembered.
func (a *analysis) takeBack() {
	for i := range a.deps {
		if !a.deps[i].rollback || a.deps[i].target < 0 {
			continue
		}
		t := &a.deps[a.deps[a.deps[i].target].as]
		if !t.takenBack {
			t.takenBack, t.takenBackBy = true, i
		}
		if at := a.s.deployments[i].At; a.s.deployments[i].Outcome == DeploymentSucceeded && (t.restored.IsZero() || at.Before(t.restored)) {
			t.restored = at
		}
	}
}

// judge says which of the deployments that count failed.
func (a *analysis) judge() {
	for i := range a.links {
		if t := a.links[i].dep; t >= 0 {
			a.deps[t].incidents = append(a.deps[t].incidents, i)
		}
	}
	a.cluster()
	a.failuresKnown = a.q.FailuresObserved || len(a.s.incidents) > 0
	for i := range a.deps {
		x, outcome := &a.deps[i], a.s.deployments[i].Outcome
		x.failed = x.why == "" && (a.def.OutcomeFails && outcome != DeploymentSucceeded ||
			a.def.RollbackFails && x.takenBack ||
			a.def.IncidentFails && len(x.incidents) > 0)
		a.failuresKnown = a.failuresKnown || x.failed
	}
}

// group puts each deployment into its group and its cell.
func (a *analysis) group() error {
	at := map[string]int{}
	keys := make([]string, len(a.deps))
	for i := range a.deps {
		key, err := a.key(i)
		if err != nil {
			return err
		}
		keys[i] = strings.Join(key, "\x00") // which no text of a fact contains
		if _, ok := at[keys[i]]; !ok {
			at[keys[i]] = 0
			a.groups = append(a.groups, group{key: key})
		}
	}
	slices.SortFunc(a.groups, func(x, y group) int { return slices.Compare(x.key, y.key) })
	for g := range a.groups {
		at[strings.Join(a.groups[g].key, "\x00")] = g
	}
	if len(a.groups)*len(a.windows) > maxCells {
		return fmt.Errorf("metrics: %d groups in %d windows are more than %d: ask for less at once", len(a.groups), len(a.windows), maxCells)
	}
	a.cells = make([]cell, len(a.groups)*len(a.windows))
	for c := range a.cells {
		a.cells[c].group, a.cells[c].window = c/len(a.windows), c%len(a.windows)
	}
	for i := range a.deps {
		x, d := &a.deps[i], &a.s.deployments[i]
		x.group = at[keys[i]]
		g := &a.groups[x.group]
		if x.why != whyEnvironment {
			g.reported = true
		}
		if x.why != whyEnvironment && x.why != whyAhead {
			if g.observed.from.IsZero() || x.moment.Before(g.observed.from) {
				g.observed.from = x.moment
			}
			if seen := a.s.lastSeen[d.Source]; seen.After(g.observed.to) {
				g.observed.to = seen
			}
			if x.moment.After(g.observed.to) { // clocks disagree: what is known was observed
				g.observed.to = x.moment
			}
		}
		cells := a.cellsAt(x.group, x.moment)
		for k := range cells {
			cells[k].deps = append(cells[k].deps, i)
		}
	}
	if err := a.ownIncidents(at); err != nil {
		return err
	}
	a.recoveries(func(g int, at time.Time, r recovery) {
		cells := a.cellsAt(g, at)
		for k := range cells {
			cells[k].recoveries = append(cells[k].recoveries, r)
		}
	})
	for g := range a.groups {
		o := &a.groups[g].observed
		first, last := o.from, o.to
		if !a.q.ObservedFrom.IsZero() {
			o.from = a.q.ObservedFrom
		}
		if o.from.IsZero() { // nothing is known of it yet
			*o = span{}
			continue
		}
		if !a.q.ObservedTo.IsZero() {
			o.to = a.q.ObservedTo
		}
		*o = o.meet(span{a.q.From, a.q.To}).meet(span{o.from, a.s.asOf})
		a.groups[g].opened = a.q.ObservedFrom.IsZero() && o.from.Equal(first)
		a.groups[g].closed = a.q.ObservedTo.IsZero() && o.to.Equal(last)
	}
	for c := range a.cells {
		slices.SortFunc(a.cells[c].deps, func(x, y int) int {
			return cmp.Or(a.deps[x].moment.Compare(a.deps[y].moment), cmp.Compare(x, y))
		})
	}
	return nil
}

// ownIncidents puts incidents into their own groups and cells, where the
// definition counts all of them.
func (a *analysis) ownIncidents(groups map[string]int) error {
	if a.def.FailCounts != FailIncidents {
		return nil
	}
	a.owns = make([]int, len(a.links))
	for n := range a.links {
		key, err := a.incidentKey(n)
		if err != nil {
			return err
		}
		f := &a.s.incidents[n]
		g, ok := groups[strings.Join(key, "\x00")]
		if !ok || !a.incidentCounts(n) {
			g = -1
		}
		a.owns[n] = g
		if at := f.At; g >= 0 && !at.After(a.s.asOf) {
			cells := a.cellsAt(g, at)
			for k := range cells {
				cells[k].incidents = append(cells[k].incidents, n)
			}
		}
	}
	return nil
}

// incidentCounts reports whether an incident is of an environment that counts, or
// names none.
func (a *analysis) incidentCounts(n int) bool {
	environment := a.s.incidents[n].Environment
	return environment == "" || a.def.counts(environment)
}

// key is the values of a deployment's dimensions, in the order of the query.
func (a *analysis) key(i int) ([]string, error) {
	m := &a.s.deployments[i].Meta
	return a.keyOf(m, m.Environment)
}

// keyOf is the values of a fact's dimensions, of which the environment is given.
func (a *analysis) keyOf(m *Meta, environment string) ([]string, error) {
	out := make([]string, len(a.q.By))
	for k, name := range a.q.By {
		switch name {
		case DimService:
			out[k] = m.Service
		case DimEnvironment:
			out[k] = environment
		default:
			out[k] = m.Dims[name]
			if identifies(out[k]) && !a.q.AllowIndividualsUnsafe {
				return nil, fmt.Errorf("metrics: dimension %q has the value %q: %w", name, out[k], ErrIndividual)
			}
		}
	}
	return out, nil
}

// cellsAt are those in which a moment of a group stands: none outside the query's
// range, several where windows overlap.
func (a *analysis) cellsAt(g int, t time.Time) []cell {
	if t.Before(a.q.From) || !t.Before(a.q.To) {
		return nil
	}
	w, found := slices.BinarySearchFunc(a.windows, t, func(w Window, t time.Time) int { return w.From.Compare(t) })
	if found {
		w++
	}
	first := w
	for first > 0 && a.windows[first-1].To.After(t) {
		first--
	}
	return a.cells[g*len(a.windows)+first : g*len(a.windows)+w]
}
