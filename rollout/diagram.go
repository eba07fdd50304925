package rollout

import (
	"fmt"
	"strings"
)

// Diagram draws a plan as a Mermaid flowchart, which many wikis, tickets and code
// hosts show as a picture. [DiagramDOT] draws the same for Graphviz.
//
// A box is a stage: its share of all traffic, its slices, how long it bakes, and what
// health must say. A stage that nothing goes back from is a hexagon. An arrow on says
// what must allow it, one of points where the rollout goes when something does not.
// Other targets, which must have a release first or are taken back first, are boxes
// with double sides. Long lists are cut and counted.
//
// If s is not nil and its rollout, or the one that waits for it, is of this plan, the
// drawing shows where that stands: what was passed, what is ordered and not yet
// observed (a thick arrow), what holds it, what was taken back, and why. Otherwise it
// is the plan alone.
//
// Texts may hold anything: they are made printable and short, and mean nothing to the
// notation. The same plan and state give the same bytes. The plan need not be valid.
// Mermaid by default refuses more than 50,000 characters, which a plan of a hundred
// stages can come to; Graphviz has no such bound.
func Diagram(p Plan, s *State) string { return draw(p, s).mermaid() }

// DiagramDOT draws what [Diagram] does in the DOT language. Nodes with a mark have it
// as their class too: passed, here, held or gone.
func DiagramDOT(p Plan, s *State) string { return draw(p, s).dot() }

// draw draws the plan, and on it the state if it is of this plan.
func draw(p Plan, s *State) *drawing {
	d := new(drawing)
	d.start(&p)
	for i := range p.Stages {
		d.stage(&p, i)
	}
	d.ends(&p)
	d.others("after", len(p.After), func(i int) Target { return p.After[i].Target })
	d.others("dependent", len(p.Dependents), func(i int) Target { return p.Dependents[i] })
	d.ways(&p)
	if s != nil {
		d.stand(&p, s)
	}
	return d
}

func (d *drawing) start(p *Plan) {
	n := d.node("start", shapeEnd, p.Release.Service+" "+p.Release.Version, "for "+p.Target.Service+" in "+p.Target.Environment)
	if p.Previous.IsZero() {
		n.add("nothing serves before it")
	} else {
		n.add("in place of " + p.Previous.Version)
	}
	if b := p.Budget; b.PercentHours > 0 {
		n.add(fmt.Sprintf("budget of %.4g percent-hours", b.PercentHours))
	}
	if b := p.Budget; b.Served > 0 {
		n.add(fmt.Sprintf("budget of %d served", b.Served))
	}
	if p.Calendar != nil {
		n.add("calendar of " + p.Calendar.Zone)
	}
}

func (d *drawing) stage(p *Plan, i int) {
	s := p.Stages[i]
	n := d.node(stageNode(i), shapeStage, s.Name, fmt.Sprintf("%.4g percent of all traffic", s.Share()))
	if s.Irreversible {
		n.shape = shapeFinal
		n.add("irreversible, a regression holds it")
	}
	switch scopes := sliceNames(s.Slices); {
	case len(s.Slices) > 1:
		n.add(count(len(s.Slices), "slice") + " in parallel")
		n.add(few("slice", scopes)...)
	case len(s.Slices) == 1 && !s.Slices[0].Everything():
		n.add(scopes[0])
	}
	if s.PerSlice {
		n.add("a verdict for each slice")
	}
	if s.MaxWithdrawn > 0 {
		n.add("up to " + count(s.MaxWithdrawn, "slice") + " taken back alone")
	}
	health := s.Health
	if health == HealthUnset {
		health = HealthRequired
	}
	bake := ""
	if s.MinBake > 0 {
		bake = "bakes " + span(s.MinBake) + ", "
	}
	n.add(fmt.Sprintf("%shealth %v", bake, health))
	if s.MaxBake > 0 {
		n.add(fmt.Sprintf("after %s undecided it %s", span(s.MaxBake), s.OnUndecided.verb()))
		if s.OnNoData != UndecidedUnset && s.OnNoData.verb() != s.OnUndecided.verb() {
			n.add("without data then it " + s.OnNoData.verb())
		}
	}
}

// verb is what is done then.
func (o OnUndecided) verb() string {
	if o == UndecidedRollback {
		return "goes back"
	}
	return "holds"
}

func (d *drawing) ends(p *Plan) {
	d.node("deployed", shapeEnd, p.Release.Version+" deployed")
	back := d.node("rolledback", shapeEnd, p.Previous.Version+" restored")
	if p.Previous.IsZero() {
		back.lines = []string{"nothing serves"}
	}
	if len(p.RollbackGates) > 0 {
		back.add("unless denied by " + strings.Join(few("gate", p.RollbackGates), ", "))
	}
	d.node("stopped", shapeEnd, "stopped, nothing was exposed")
	if len(p.Stages) > 0 && p.irreversible(p.last()) {
		d.node("halted", shapeEnd, "halted where it stands")
	}
}

// others draws other targets, the first ones and how many more there are.
func (d *drawing) others(id string, n int, target func(int) Target) {
	for i := range min(n, mostNames) {
		d.node(otherNode(id, i), shapeOther, target(i).Service+" in "+target(i).Environment)
	}
	if n > mostNames {
		d.node(otherNode(id, mostNames), shapeOther, count(n-mostNames, "more target"))
	}
}

// ways draws the arrows.
func (d *drawing) ways(p *Plan) {
	from := "start"
	for i := range p.Stages {
		d.edge(from, stageNode(i), strokeOn, p.conditions(i)...)
		from = stageNode(i)
		if p.irreversible(i) {
			d.edge(from, "halted", strokeBack, "aborted")
		} else {
			d.edge(from, "rolledback", strokeBack, p.reasonsBack(i))
		}
	}
	d.edge(from, "deployed", strokeOn)
	d.edge("start", "stopped", strokeBack, "denied or aborted")
	for i := range min(len(p.After), mostNames+1) {
		first := "deployed"
		if len(p.Stages) > 0 {
			first = stageNode(0)
		}
		e := d.edge(otherNode("after", i), first, strokeOn)
		if i < mostNames {
			what := "must have " + p.After[i].Release.Version
			if stage := p.After[i].Stage; stage != "" {
				what += " at " + stage
			}
			e.add(what)
		}
	}
	for i := range min(len(p.Dependents), mostNames+1) {
		d.edge(otherNode("dependent", i), "rolledback", strokeBack, "taken back first")
	}
}

// reasonsBack are what takes the release back from stage i.
func (p *Plan) reasonsBack(i int) string {
	s := p.Stages[i]
	var why []string
	if s.Health != HealthIgnored {
		why = append(why, "regressed")
	}
	if s.MaxBake > 0 && (s.OnUndecided == UndecidedRollback || s.OnNoData == UndecidedRollback) {
		why = append(why, "undecided")
	}
	if p.Budget.bounded() && p.Budget.OnSpent == UndecidedRollback && i < p.last() {
		why = append(why, "over budget")
	}
	return strings.Join(append(why, "denied"), ", ") + " or aborted"
}

// conditions are what must allow stage i.
func (p *Plan) conditions(i int) []string {
	var lines []string
	if p.Calendar != nil && !p.Stages[i].AnyTime {
		lines = append(lines, "calendar open")
	}
	if n := p.Stages[i].Approvals; n > 0 {
		lines = append(lines, count(n, "approval"))
	}
	if names := p.hostGates(i); len(names) > 0 {
		lines = append(lines, "gates "+strings.Join(few("gate", names), ", "))
	}
	return lines
}

func stageNode(i int) string { return fmt.Sprintf("stage%d", i) }

func otherNode(id string, i int) string { return fmt.Sprintf("%s%d", id, i) }

// sliceNames says what each slice is of.
func sliceNames(slices []Slice) []string {
	names := make([]string, len(slices))
	for i, s := range slices {
		names[i] = s.drawn()
	}
	return names
}

func (s Slice) drawn() string {
	var scopes []string
	for kind, name := range s.names() {
		scopes = append(scopes, kind+" "+name)
	}
	text := strings.Join(scopes, " and ")
	switch {
	case text == "":
		return fmt.Sprintf("%.4g percent of everything", s.Percent)
	case s.Percent == 100:
		return text
	}
	return fmt.Sprintf("%.4g percent of %s", s.Percent, text)
}
