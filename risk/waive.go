package risk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/clip"
	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/release"
)

// WaiverUse is what became of a waiver.
type WaiverUse struct {
	// Waiver is the one that was given; of one that is not valid, or whose ID another has, its ID, Rule and
	// Subject, made printable.
	Waiver release.Waiver `json:"waiver"`
	// Status is what became of it.
	Status WaiverStatus `json:"status"`
	// Why is the rest, for people.
	Why string `json:"why"`
}

// WaiverStatus is what became of a waiver.
type WaiverStatus uint8

// The statuses. Only a waiver that was followed changed anything.
const (
	WaiverUnknown  WaiverStatus = iota
	WaiverFollowed              // it lowered a finding, or the table's answer
	WaiverIdle                  // its finding counts for no more than this anyway, or another waiver lowers it further
	WaiverOrphaned              // this release has no finding with its rule and subject
	WaiverEarly                 // it does not count yet
	WaiverExpired               // it no longer counts
	WaiverRefused               // it is not valid, not allowed by the policy, or not those people's to give
)

var waiverStatuses = enum.Table[WaiverStatus]{Type: "risk.WaiverStatus", Names: []string{"unknown", "followed", "idle", "orphaned", "early", "expired", "refused"}}

// String is the status's name.
func (s WaiverStatus) String() string { return waiverStatuses.Text(s) }

// ParseWaiverStatus reads a status's name.
func ParseWaiverStatus(s string) (WaiverStatus, error) { return waiverStatuses.Parse(s) }

// MarshalText is the status's name.
func (s WaiverStatus) MarshalText() ([]byte, error) { return waiverStatuses.Marshal(s) }

// UnmarshalText reads a status's name.
func (s *WaiverStatus) UnmarshalText(b []byte) error { return waiverStatuses.Unmarshal(s, b) }

// tableRule is what a waiver calls the decision table.
const tableRule = "table"

// place is what waivers are matched by: a rule and a subject, letter for letter.
type place struct{ rule, subject string }

// waiving is the work on the waivers of one assessment.
type waiving struct {
	*Assessment
	policy  *Policy
	input   *Input
	changes *release.ChangeSet
	people  *people         // nil until somebody asks
	at      map[place][]int // the findings, by place
	twice   []bool          // for each waiver whether another has its id
	lowest  []int           // for each finding the waiver that lowers it, -1 where none does
	table   int             // the same for the table
}

// waive lowers the findings that waivers are for, and notes what became of each waiver.
//
// Where several are for one finding the lowest floor counts, and of equal ones the waiver with the
// least ID: each of them would do by itself, so that to add a waiver never raises a tier. To
// take one back it must be taken out, or run out. What one waiver lowers, no other finding feels: the tier
// stays the highest of all that is left.
func (a *Assessment) waive(p *Policy, in *Input, cs *release.ChangeSet) {
	if len(in.Waivers) == 0 {
		return
	}
	w := waiving{Assessment: a, policy: p, input: in, changes: cs, at: make(map[place][]int, len(a.Findings)), table: -1}
	for i := range a.Findings {
		h := place{a.Findings[i].Rule, a.Findings[i].Subject}
		w.at[h] = append(w.at[h], i)
		w.lowest = append(w.lowest, -1)
	}
	a.Waivers = make([]WaiverUse, len(in.Waivers))
	for to, from := range inOrder(in.Waivers) {
		a.Waivers[to].Waiver = in.Waivers[from]
	}
	w.twice = make([]bool, len(a.Waivers))
	for i := 1; i < len(a.Waivers); i++ {
		if a.Waivers[i-1].Waiver.ID == a.Waivers[i].Waiver.ID {
			w.twice[i-1], w.twice[i] = true, true
		}
	}
	for i := range a.Waivers {
		w.judge(i)
	}
	w.lower()
	for i := range a.Waivers {
		if u := &a.Waivers[i]; u.Status == WaiverUnknown {
			u.Status, u.Why = WaiverIdle, "another waiver lowers the finding as far"
		}
	}
	arrange(a.Findings, compareHits)
}

// judge says what becomes of one waiver, or leaves it unknown where it may lower something: that
// depends on the others.
func (w *waiving) judge(i int) {
	u := &w.Waivers[i]
	v := &u.Waiver
	is := func(s WaiverStatus, why string) { u.Status, u.Why = s, why }
	if w.twice[i] {
		is(WaiverRefused, "another waiver has the same id")
		strip(v)
		return
	}
	if err := v.Validate(); err != nil {
		is(WaiverRefused, problemsOf(err))
		strip(v)
		return
	}
	v.From, v.Expires = v.From.UTC(), v.Expires.UTC()
	found := w.at[place{v.Rule, v.Subject}]
	switch {
	case v.Expires.Sub(v.From) > w.policy.MaxWaiver:
		is(WaiverRefused, "it lasts longer than the policy allows: "+w.policy.MaxWaiver.String())
	case w.At.Before(v.From):
		is(WaiverEarly, "it counts from "+stamp(v.From))
	case !w.At.Before(v.Expires):
		is(WaiverExpired, "it ended "+stamp(v.Expires))
	case !v.Changes.IsZero() && v.Changes != w.Changes:
		is(WaiverOrphaned, "it is for another change set")
	case v.Rule == tableRule:
		w.judgeTable(i)
	case len(found) == 0:
		is(WaiverOrphaned, "nothing was found with this rule and subject")
	case slices.Contains(w.policy.Firm, v.Rule):
		is(WaiverRefused, "no waiver lowers what this rule finds")
	default:
		if why := w.against(v); why != "" {
			is(WaiverRefused, why)
			return
		}
		is(w.place(i, found))
	}
}

// judgeTable is judge for the table's answer. An answer for a likelihood that is not known is the
// worst because nobody knows: there is nothing that the two could have judged otherwise.
func (w *waiving) judgeTable(i int) {
	u := &w.Waivers[i]
	switch {
	case w.Likelihood.Level == LevelUnknown:
		u.Status, u.Why = WaiverRefused, "the likelihood is not known, and what is not known is not lowered"
	case w.Table <= u.Waiver.Floor:
		u.Status, u.Why = WaiverIdle, "the table's answer is "+w.Table.String()
	case w.Table > u.Waiver.Limit():
		u.Status, u.Why = WaiverRefused, "the table's answer is "+w.Table.String()+", and it is for no more than "+u.Waiver.Limit().String()
	default:
		if why := w.against(&u.Waiver); why != "" {
			u.Status, u.Why = WaiverRefused, why
			return
		}
		if w.table < 0 || u.Waiver.Floor < w.Waivers[w.table].Waiver.Floor {
			w.table = i
		}
	}
}

// against says why these people cannot give the waiver.
func (w *waiving) against(v *release.Waiver) string {
	if w.people == nil {
		w.people = newPeople(w.changes, w.input.Same)
	}
	return w.people.against(v.Owner, v.Second)
}

// place enters a waiver at the findings that it lowers. Without one it says why.
func (w *waiving) place(i int, found []int) (WaiverStatus, string) {
	v := &w.Waivers[i].Waiver
	status, why := WaiverIdle, "the finding is no more than "+v.Floor.String()
	for _, k := range found {
		switch floor := w.Findings[k].Floor; {
		case floor <= v.Floor:
		case floor > v.Limit():
			if status == WaiverIdle {
				status, why = WaiverRefused, "the finding is "+floor.String()+", and it is for no more than "+v.Limit().String()
			}
		default:
			status, why = WaiverUnknown, ""
			if w.lowest[k] < 0 || v.Floor < w.Waivers[w.lowest[k]].Waiver.Floor {
				w.lowest[k] = i
			}
		}
	}
	return status, why
}

// lower lowers what the waivers that were entered lower.
func (w *waiving) lower() {
	follow := func(i int, from release.Tier) {
		u := &w.Waivers[i]
		u.Status, u.Why = WaiverFollowed, "it lowers "+from.String()+" to "+u.Waiver.Floor.String()
	}
	for k, i := range w.lowest {
		if i >= 0 {
			h := &w.Findings[k]
			h.Waived, h.From, h.Floor = w.Waivers[i].Waiver.ID, h.Floor, w.Waivers[i].Waiver.Floor
			follow(i, h.From)
		}
	}
	if i := w.table; i >= 0 {
		w.TableWaived, w.TableFrom, w.Table = w.Waivers[i].Waiver.ID, w.Table, w.Waivers[i].Waiver.Floor
		follow(i, w.TableFrom)
	}
}

// inOrder are the indexes of the waivers in an order that depends on nothing but the waivers.
func inOrder(ws []release.Waiver) []int {
	type key struct {
		id string
		at int
	}
	keys := make([]key, len(ws))
	for i := range ws {
		keys[i] = key{ws[i].ID, i}
	}
	arrange(keys, func(a, b key) int {
		if c := strings.Compare(a.id, b.id); c != 0 {
			return c
		}
		return compareWaivers(&ws[a.at], &ws[b.at])
	})
	out := make([]int, len(ws))
	for i, k := range keys {
		out[i] = k.at
	}
	return out
}

func compareWaivers(a, b *release.Waiver) int {
	actors := func(a, b release.Actor) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	}
	return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Floor, b.Floor), cmp.Compare(a.UpTo, b.UpTo),
		a.Changes.Compare(b.Changes), actors(a.Owner, b.Owner), actors(a.Second, b.Second), cmp.Compare(a.Reason, b.Reason),
		a.From.Compare(b.From), a.Expires.Compare(b.Expires))
}

// strip leaves of a waiver what can be written down whatever it is.
func strip(w *release.Waiver) {
	*w = release.Waiver{ID: printable(w.ID), Rule: printable(w.Rule), Subject: printable(w.Subject)}
}

// printable is text of others, not too long.
func printable(s string) string { return clip.Text(release.Text(clip.Text(s, 200)).String(), 200) }

// problemsOf is what is wrong with something, on one line.
func problemsOf(err error) string {
	if e, ok := errors.AsType[*release.InvalidError](err); ok {
		return strings.Join(e.Problems, "; ")
	}
	return err.Error()
}

// stamp is a moment for people.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// followed are the waivers that were, by id.
type followed map[string]*release.Waiver

func (a *Assessment) followed() followed {
	var out followed
	for i := range a.Waivers {
		if u := &a.Waivers[i]; u.Status == WaiverFollowed {
			if out == nil {
				out = followed{}
			}
			out[u.Waiver.ID] = &u.Waiver
		}
	}
	return out
}

// tell adds to a reason who lowered it, why and until when; id is "" where nobody did.
func (f followed) tell(r release.Reason, id string, from release.Tier) release.Reason {
	if w := f[id]; w != nil {
		r.Text += fmt.Sprintf("; lowered from %s to %s until %s by waiver %s of %s and %s: %s", from, w.Floor, stamp(w.Expires), w.ID,
			clip.Text(w.Owner.String(), 200), clip.Text(w.Second.String(), 200), printable(string(w.Reason)))
	}
	return r
}

// waivers are those that were followed.
func (a *Assessment) waivers() []release.Waiver {
	var out []release.Waiver
	for i := range a.Waivers {
		if a.Waivers[i].Status == WaiverFollowed {
			out = append(out, a.Waivers[i].Waiver)
		}
	}
	return out
}

// waiverReasons tell of the waivers that are for what was found here and do not count, so that nobody
// wonders why the tier is not lower.
func (a *Assessment) waiverReasons() []release.Reason {
	var out []release.Reason
	if len(a.Waivers) == 0 {
		return nil
	}
	found := make(map[place]bool, len(a.Findings))
	for i := range a.Findings {
		found[place{a.Findings[i].Rule, a.Findings[i].Subject}] = true
	}
	for i := range a.Waivers {
		u := &a.Waivers[i]
		w := &u.Waiver
		override := !w.Changes.IsZero()
		if u.Status <= WaiverOrphaned || override && w.Changes != a.Changes || !found[place{w.Rule, w.Subject}] && w.Rule != tableRule {
			continue
		}
		out = append(out, release.Reason{Code: "risk/waiver", Subject: w.ID, Text: fmt.Sprintf("the waiver for %s is not followed: %s: %s",
			strings.TrimSpace(w.Rule+" "+w.Subject), u.Status, u.Why)})
	}
	return out
}
