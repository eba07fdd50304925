package risk

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/clip"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// RoleOwners is the role of those who may answer for all code: where a release touches the paths of more
// than [MaxOwnerSets] sets of owners, or where it is not known which paths it touches.
const RoleOwners = "code-owners"

// MaxOwnerSets is how many sets of code owners are asked one by one.
const MaxOwnerSets = 20

// ownerSet is one requirement: people of whom enough must agree.
type ownerSet struct {
	owners    []string // sorted, each once
	approvals int      // the most that a rule asks for
	files     int
	first     release.Path // in alphabetical order, and last the one that was counted last
	last      release.Path
}

// owners adds what the code owners of the touched paths must approve: see [Demand.Owners].
func (a *Assessment) owners(o *label.Owners, d *Demand, facts *Facts) {
	if o == nil {
		return
	}
	sets, unowned := ownerSets(o, facts.Changes)
	switch n := len(unowned); {
	case n > 0 && n == len(facts.Changes.Files):
		a.Reasons = append(a.Reasons, release.Reason{Code: "risk/owners", Subject: unowned[0].String(), Text: fmt.Sprintf("no code owner answers for any of the %d changed files", n)})
	case n > 0:
		a.Reasons = append(a.Reasons, release.Reason{Code: "risk/owners", Subject: unowned[0].String(),
			Text: fmt.Sprintf("no code owner answers for %d of the %d changed files, of which this is the first", n, len(facts.Changes.Files))})
	}
	age := freshness(d)
	all := func(count int, why string) {
		a.Requirements = append(a.Requirements, release.Requirement{ID: free("approval/owners", a.Requirements), Evidence: release.EvidenceApproval, Count: count, Independent: true,
			MaxAge: age, Roles: []string{RoleOwners}, Why: why})
	}
	if len(sets) > MaxOwnerSets {
		count := minAllOwners // as many as one of the sets asks for, where that is more
		for _, s := range sets {
			count = max(count, s.approvals)
		}
		all(count, fmt.Sprintf("The release touches paths of %d sets of code owners, more than %d: split it, or have it approved by %d who may answer for all code.", len(sets), MaxOwnerSets, count))
		return
	}
	for _, s := range sets {
		names := clip.Text(release.Text(strings.Join(s.owners, " ")).String(), 200)
		a.Requirements = append(a.Requirements, release.Requirement{ID: free("approval/owner "+names, a.Requirements), Evidence: release.EvidenceApproval, Count: s.approvals, Independent: true,
			MaxAge: age, Roles: s.owners,
			Why: fmt.Sprintf("Code owners (%s) answer for %d of the changed files, the first being %s.", names, s.files, s.first)})
	}
	if !pathsKnown(facts.Changes) {
		all(minAllOwners, fmt.Sprintf("Which files change is not known completely, so neither is whose they are: %d agree who may answer for all code.", minAllOwners))
	}
}

// minAllOwners is how many who may answer for all code must agree at least.
const minAllOwners = 2

// pathsKnown reports whether the change set has the paths of all changed files. What was read in part has them
// where each gap is one that leaves them known.
func pathsKnown(cs *release.ChangeSet) bool {
	code := cs.Coverage[release.KindCode]
	return (code == release.CoverageComplete || code == release.CoveragePartial && len(cs.Gaps) > 0) &&
		!slices.ContainsFunc(cs.Gaps, func(g release.Gap) bool { return !slices.Contains(mildGaps, g.Kind) })
}

// freshness is the least age that the demand's independent approvals may have: owners agree as lately as others.
func freshness(d *Demand) time.Duration {
	least := time.Duration(0)
	for _, r := range d.Requirements {
		if r.Evidence == release.EvidenceApproval && r.Independent && r.MaxAge > 0 && (least == 0 || r.MaxAge < least) {
			least = r.MaxAge
		}
	}
	return least
}

// free is an id that no requirement has yet.
func free(id string, rs []release.Requirement) string {
	taken := func(id string) bool {
		return slices.ContainsFunc(rs, func(r release.Requirement) bool { return r.ID == id })
	}
	for try, n := id, 2; ; try, n = fmt.Sprintf("%s (%d)", id, n), n+1 {
		if !taken(try) {
			return try
		}
	}
}

// ownerSets are the sets of owners of the changed files, sorted, and the files that nobody answers for.
func ownerSets(o *label.Owners, cs *release.ChangeSet) (sets []ownerSet, unowned []release.Path) {
	at := map[string]int{}
	for _, t := range o.Touched(cs) {
		answered := false
		for _, owned := range t.Owned {
			if len(owned.Owners) == 0 {
				continue
			}
			answered = true
			if owned.Optional {
				continue
			}
			owners := slices.Clone(owned.Owners)
			slices.Sort(owners)
			owners = slices.Compact(owners)
			key := strings.Join(owners, "\n")
			i, ok := at[key]
			if !ok {
				i = len(sets)
				at[key] = i
				sets = append(sets, ownerSet{owners: owners, first: t.Path})
			}
			s := &sets[i]
			s.approvals = max(s.approvals, owned.Approvals, 1)
			if s.files == 0 || t.Path != s.last { // the files come by path
				s.files++
			}
			s.last = t.Path
		}
		if !answered {
			unowned = append(unowned, t.Path)
		}
	}
	arrange(sets, func(a, b ownerSet) int { return slices.Compare(a.owners, b.owners) })
	return sets, unowned
}
