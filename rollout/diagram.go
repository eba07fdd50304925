package rollout

import (
	"fmt"
	"strings"
)

// Diagram draws a plan as a Mermaid state diagram, with the place where s stands,
// unless s is nil or of another plan.
func Diagram(p Plan, s *State) string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	fmt.Fprintf(&b, "    state %s as start\n", label(p.Release.Version+" proposed"))
	b.WriteString("    [*] --> start\n")
	from := "start"
	for i, stage := range p.Stages {
		id := fmt.Sprintf("stage%d", i)
		text := fmt.Sprintf("%s %g percent", stage.Name, stage.Share())
		if stage.MinBake > 0 {
			text += fmt.Sprintf(", bake %v", stage.MinBake)
		}
		fmt.Fprintf(&b, "    state %s as %s\n", label(text), id)
		gates := ""
		if names := p.gates(i); len(names) > 0 {
			gates = ": gates " + plain(strings.Join(names, ", "))
		}
		fmt.Fprintf(&b, "    %s --> %s%s\n", from, id, gates)
		fmt.Fprintf(&b, "    %s --> rolledback: regressed, denied or aborted\n", id)
		from = id
	}
	back := "nothing serves"
	if !p.Previous.IsZero() {
		back = p.Previous.Version + " restored"
	}
	fmt.Fprintf(&b, "    state %s as deployed\n", label(p.Release.Version+" deployed"))
	fmt.Fprintf(&b, "    state %s as rolledback\n", label(back))
	fmt.Fprintf(&b, "    %s --> deployed\n    start --> stopped: denied or aborted\n", from)
	b.WriteString("    deployed --> [*]\n    rolledback --> [*]\n    stopped --> [*]\n")
	if here := s.node(p); here != "" {
		fmt.Fprintf(&b, "    classDef here stroke-width:4px\n    class %s here\n", here)
	}
	return b.String()
}

// node is where s stands in p's diagram, or "".
func (s *State) node(p Plan) string {
	if s == nil || s.Rollout == nil {
		return ""
	}
	r := s.Rollout
	if d, err := p.Digest(); err != nil || d != r.PlanDigest {
		return ""
	}
	switch r.Phase {
	case PhaseDeployed:
		return "deployed"
	case PhaseRolledBack, PhaseRollingBack:
		return "rolledback"
	case PhaseStopped:
		return "stopped"
	}
	if r.Stage < 0 {
		return "start"
	}
	return fmt.Sprintf("stage%d", r.Stage)
}

// plain takes out what would mean something to Mermaid.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("\"\n\r;:<>{}[]#%", r) {
			return '_'
		}
		return r
	}, s)
}

func label(s string) string { return `"` + plain(s) + `"` }
