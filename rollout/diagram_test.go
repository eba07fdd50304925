package rollout_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

// fullPlan has everything that a drawing shows.
func fullPlan() rollout.Plan {
	p := goldenPlan()
	p.Calendar = &calendar.Calendar{Zone: "Europe/Berlin"}
	p.Budget = rollout.Budget{PercentHours: 24, Served: 1_000_000, OnSpent: rollout.UndecidedRollback}
	p.After = []rollout.Dependency{
		{Target: rollout.Target{Service: "ledger", Environment: "production"}, Release: goldenRef("7.1.0")},
		{Target: rollout.Target{Service: "payments", Environment: "production"}, Release: goldenRef("3.0.0"), Stage: "region"}}
	p.Dependents = []rollout.Target{{Service: "web", Environment: "production"}}
	p.RollbackGates = []string{"vulnerabilities"}
	p.Stages[1].AnyTime, p.Stages[1].Approvals = true, 1
	p.Stages[2].Slices = []rollout.Slice{{Region: "eu-west", Percent: 100}, {Region: "us-east", Percent: 20}, {Cell: "7", Cohort: "beta", Percent: 100},
		{Environment: "edge", Percent: 100}, {Region: "ap", Percent: 50}, {Percent: 5}}
	p.Stages[2].PerSlice, p.Stages[2].MaxWithdrawn, p.Stages[2].OnNoData = true, 2, rollout.UndecidedRollback
	p.Stages[3].Approvals, p.Stages[3].Irreversible = 2, true
	return p
}

func TestDiagramOfAPlan(t *testing.T) {
	t.Parallel()
	pic, err := look(fullPlan(), nil)
	require.NoError(t, err)
	require.Equal(t, map[string]pictureNode{
		"start":  {"ellipse", "", "shop 2.0.0\nfor shop in production\nin place of 1.9.3\nbudget of 24 percent-hours\nbudget of 1000000 served\ncalendar of Europe/Berlin"},
		"stage0": {"", "", "internal\n0.5 percent of all traffic\ncohort internal\nbakes 30m, health watched"},
		"stage1": {"", "", "canary\n5.5 percent of all traffic\n2 slices in parallel\ncohort internal\n5 percent of everything\nbakes 1h, health required\n" +
			"after 6h undecided it goes back"},
		"stage2": {"", "", "region\n30 percent of all traffic\n6 slices in parallel\n" +
			"region eu-west\n20 percent of region us-east\ncell 7 and cohort beta\nenvironment edge\nand 2 more slices\n" +
			"a verdict for each slice\nup to 2 slices taken back alone\nbakes 2h, health required\nafter 6h undecided it holds\nwithout data then it goes back"},
		"stage3":     {"hexagon", "", "all\n100 percent of all traffic\nirreversible, a regression holds it\nbakes 1h, health watched"},
		"deployed":   {"ellipse", "", "2.0.0 deployed"},
		"rolledback": {"ellipse", "", "1.9.3 restored\nunless denied by vulnerabilities"},
		"stopped":    {"ellipse", "", "stopped, nothing was exposed"},
		"halted":     {"ellipse", "", "halted where it stands"},
		"after0":     {"component", "", "ledger in production"},
		"after1":     {"component", "", "payments in production"},
		"dependent0": {"component", "", "web in production"},
	}, pic.nodes)
	const back = "style=dashed"
	require.Equal(t, []pictureEdge{
		{"start", "stage0", "", "calendar open\ngates evidence"},
		{"stage0", "rolledback", back, "regressed, over budget, denied or aborted"},
		{"stage0", "stage1", "", "1 approval\ngates evidence"},
		{"stage1", "rolledback", back, "regressed, undecided, over budget, denied or aborted"},
		{"stage1", "stage2", "", "calendar open\ngates evidence"},
		{"stage2", "rolledback", back, "regressed, undecided, over budget, denied or aborted"},
		{"stage2", "stage3", "", "calendar open\n2 approvals\ngates evidence, approval"},
		{"stage3", "halted", back, "aborted"},
		{"stage3", "deployed", "", ""},
		{"start", "stopped", back, "denied or aborted"},
		{"after0", "stage0", "", "must have 7.1.0"},
		{"after1", "stage0", "", "must have 3.0.0 at region"},
		{"dependent0", "rolledback", back, "taken back first"},
	}, pic.edges)
}

// Where the rollout stands is marked, at each record of each golden stream.
func TestDiagramOfEveryState(t *testing.T) {
	t.Parallel()
	seen, held, next := map[rollout.Phase]int{}, 0, 0
	for _, file := range goldenStreams(t) {
		target, recs := readStream(t, file)
		s := rollout.NewState(target)
		for _, rec := range recs {
			var err error
			s, err = rollout.Reduce(s, rec)
			require.NoError(t, err)
			if s.Rollout == nil {
				continue
			}
			r := s.Rollout
			seen[r.Phase]++
			pic, err := look(r.Plan, &s)
			require.NoError(t, err, "%s, record %d", file, rec.Seq)
			stage := func(i int) string {
				if i < 0 {
					return "start"
				}
				return stageName(i)
			}
			at, now := stage(r.Stage), []string(nil)
			switch r.Phase {
			case rollout.PhaseExposing:
				now = []string{at + " " + stage(r.Pending.Stage)}
			case rollout.PhaseWithdrawing:
				now = []string{at + " " + at}
				require.Contains(t, pic.nodes[at].text, "taken back alone\nregion us-east\n")
			case rollout.PhaseRetreating, rollout.PhaseRollingBack:
				at = stage(r.Widest)
				if r.Pending != nil || r.Phase == rollout.PhaseRetreating {
					now = []string{at + " rolledback"}
				}
			case rollout.PhaseDeployed:
				at = "deployed"
			case rollout.PhaseRolledBack:
				at = "rolledback"
				require.Len(t, pic.marked("gone"), r.Widest+1)
			case rollout.PhaseStopped:
				at = "stopped"
			case rollout.PhaseHalted:
				at = "halted"
				require.Contains(t, pic.edges, pictureEdge{stage(r.Widest), "halted", "style=dashed", "aborted"})
			case rollout.PhaseReplaced:
				at = "replaced"
				require.Contains(t, pic.edges, pictureEdge{stage(r.Widest), "replaced", "style=dashed", ""})
			}
			require.Equal(t, []string{at}, pic.marked("here", "held"), "%s, record %d, %v", file, rec.Seq, r)
			require.Equal(t, now, pic.now(), "%s, record %d, %v", file, rec.Seq, r)
			if r.Held != nil && !r.Phase.Ended() {
				held++
				require.Equal(t, []string{at}, pic.marked("held"))
				require.Contains(t, pic.nodes[at].text, "held, "+r.Held.Why.Text)
			}
			if s.Next != nil {
				next++
				require.Equal(t, s.Next.Plan.Release.Version+" waits to take its place", pic.nodes["next"].text)
				waits, err := look(s.Next.Plan, &s)
				require.NoError(t, err)
				require.Equal(t, []string{"start"}, waits.marked("here"))
			}
			if r.Paused != nil && !r.Phase.Ended() {
				require.Contains(t, pic.nodes[at].text, "paused by ")
			}
			if rec.Kind != rollout.RecordStarted {
				continue
			}
			other := r.Plan
			other.Poll++
			alone, err := look(other, &s)
			require.NoError(t, err)
			require.Empty(t, alone.marked("here", "held", "passed", "gone"), "the state is of another plan")
		}
	}
	for phase := rollout.PhaseStarting; phase <= rollout.PhaseReplaced; phase++ {
		require.NotZero(t, seen[phase], phase)
	}
	require.NotZero(t, held)
	require.NotZero(t, next)
}

func stageName(i int) string { return "stage" + string(rune('0'+i)) }

// hostile are texts that mean something to one of the readers of a drawing.
var hostile = []string{
	`"]; click start "javascript:alert(1)"`, "a\nb\r\n  start --> deployed", `a" --> b["`, `\`, `\"`, `\N\G\l`, "a\x00\x1b[31m", "<script>alert(1)</script>",
	"<br/>", "&lt;img src=x onerror=alert(1)&gt;", "#quot;#60;#x3c;#35;quot;", "%%{init: {\"securityLevel\": \"loose\"}}%%", "%% nothing follows", "`*bold* _it_`",
	"1. a list", "- a list", "    code", "=== ---", "www.example.com", "https://example.com/?a=b&c=d", "fa:fa-camera", "fas:fa:fa-x", "$$x^2$$", "$$$$$", "$$ $$$", "end", "subgraph x", "style a fill:#f00;",
	"classDef a fill:#f00;", "ﬂ°°60¶ßscriptﬂ°gt¶ß", "\u202eright to left", "a\u2028b\u2029c\u0085d", "\xff\xfe", "日本 é e\u0301 😀", "a|b", "|\"x\"|", "{{x}}", "([x])", "::: here",
	"@{ shape: cyl }", "-->", "-.->", "==>", "--", "a--b", "a-b", "1.2.3", "a.b.c", " ", "", "\u00a0", "\t", strings.Repeat("long ", 500), strings.Repeat("😀", 300), "</svg><svg onload=alert(1)>",
}

// named is a plan and a state in which every text is one of the texts.
func named(text func() string, rng *rand.Rand) (rollout.Plan, *rollout.State) {
	p := fullPlan()
	name := func(s *string) { *s = text() }
	ref := func() release.Ref {
		return release.Ref{Service: text(), Version: text(), Digest: release.DigestOf([]byte(text()))}
	}
	p.Target = rollout.Target{Service: text(), Environment: text()}
	p.Release, p.Previous = ref(), ref()
	p.Calendar.Zone = text()
	for i := range p.Stages {
		s := &p.Stages[i]
		name(&s.Name)
		s.Gates = []string{text(), text()}
		for j := range s.Slices {
			s.Slices[j].Region, s.Slices[j].Cell, s.Slices[j].Cohort, s.Slices[j].Environment = text(), text(), text(), text()
		}
		s.Irreversible = rng.IntN(6) == 0
	}
	for i := range p.After {
		p.After[i] = rollout.Dependency{Target: rollout.Target{Service: text(), Environment: text()}, Release: ref(), Stage: text()}
	}
	p.Dependents = append(p.Dependents, rollout.Target{Service: text(), Environment: text()})
	p.RollbackGates = []string{text()}
	p.First = rng.IntN(2) == 0
	if p.First {
		p.Previous = release.Ref{}
	}

	by := func() *rollout.By {
		if rng.IntN(2) == 0 {
			return nil
		}
		return &rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: text()}, Reason: text()}
	}
	why := func() release.Reason { return release.Reason{Code: text(), Subject: text(), Text: text()} }
	stage := func() int { return rng.IntN(len(p.Stages)+3) - 2 } // some that are not
	digest, _ := p.Digest()
	r := &rollout.Rollout{ID: text(), Plan: p, PlanDigest: digest, Phase: rollout.Phase(rng.IntN(14)), Stage: stage(), Widest: stage(),
		Drift: text(), Paused: by(), Abort: by(), Superseded: by(), Skipped: by(), Cause: why(), Restore: rng.IntN(2) == 0,
		Gates: []rollout.GateAnswer{{Gate: text(), Error: text()}}}
	if rng.IntN(2) == 0 {
		r.Pending = &rollout.Pending{Action: rollout.Action{Kind: rollout.ActionKind(rng.IntN(4))}, Stage: stage(), Failures: rng.IntN(3), Error: text()}
	}
	if rng.IntN(3) == 0 {
		r.Held = &rollout.Held{Cause: why(), Why: why()}
	}
	if rng.IntN(3) == 0 {
		r.Withdrawn = []rollout.Withdrawn{{Slice: rollout.Slice{Region: text(), Percent: 1}, Cause: why()}}
	}
	if rng.IntN(3) == 0 {
		r.Base = &rollout.Base{Release: ref()}
	}
	for i := range rng.IntN(3) {
		r.Approvals = append(r.Approvals, rollout.Approval{Stage: p.Stages[i].Name, By: rollout.By{Actor: release.Actor{ID: text()}}})
		r.Overrides = append(r.Overrides, rollout.Override{Gate: text(), Stage: i, By: rollout.By{Actor: release.Actor{ID: text()}}})
	}
	s := &rollout.State{Target: p.Target, Rollout: r}
	if rng.IntN(3) == 0 {
		s.Next = &rollout.Next{Plan: rollout.Plan{Release: ref()}, Forward: rng.IntN(2) == 0}
		if rng.IntN(2) == 0 {
			s.Next.Digest = digest
		}
	}
	return p, s
}

// FuzzDiagram draws plans and states of which every text is hostile. Both drawings
// must be what strict grammars take, show the same, and show a name as it is.
func FuzzDiagram(f *testing.F) {
	for i, text := range hostile {
		f.Add(text, hostile[(i+7)%len(hostile)], uint64(i))
	}
	f.Fuzz(func(t *testing.T, a, b string, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 1))
		p, s := named(func() string {
			switch rng.IntN(3) {
			case 0:
				return a
			case 1:
				return b
			}
			return a + b
		}, rng)
		pic, err := look(p, s)
		require.NoError(t, err)
		for id, n := range pic.nodes {
			for line := range strings.SplitSeq(n.text, "\n") {
				require.LessOrEqual(t, utf8.RuneCountInString(line), 100, id)
				require.False(t, strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }), "%s: %q", id, line)
				require.Equal(t, strings.TrimSpace(line), line)
			}
		}
		for i, stage := range p.Stages {
			if want := plainly(stage.Name); want != "" && !strings.ContainsAny(want, "$ﬂ¶") && !strings.Contains(want, ":fa-") && utf8.RuneCountInString(want) <= 100 {
				require.Equal(t, want, strings.Split(pic.nodes[stageName(i)].text, "\n")[0])
			}
		}
		require.LessOrEqual(t, len(pic.marked("here", "held")), 1)
		require.LessOrEqual(t, len(pic.now()), 1)
	})
}

// plainly is a name without what cannot be printed.
func plainly(s string) string {
	words := strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' })
	return strings.Join(words, " ")
}

func TestDiagramOfThousandsIsSmall(t *testing.T) {
	t.Parallel()
	p := fullPlan()
	for i := range 1000 {
		p.Stages[2].Slices = append(p.Stages[2].Slices, rollout.Slice{Cell: strings.Repeat("c", 100) + stageName(i%10), Percent: 100})
		p.Stages[1].Gates = append(p.Stages[1].Gates, strings.Repeat("g", 100))
		p.After = append(p.After, p.After[0])
		p.Dependents = append(p.Dependents, p.Dependents[0])
	}
	pic, err := look(p, nil)
	require.NoError(t, err)
	require.Contains(t, pic.nodes["stage2"].text, "and 1002 more slices")
	require.Equal(t, "998 more targets", pic.nodes["after4"].text)
	require.Equal(t, "997 more targets", pic.nodes["dependent4"].text)
	require.Less(t, len(rollout.Diagram(p, nil)), 10_000)
	start := time.Now()
	for range 10 {
		rollout.Diagram(p, nil)
	}
	t.Logf("%v each", time.Since(start)/10)
}

// Drawings that are not what they should be are found: else the fuzzer shows nothing.
func TestPicturesThatLieAreFound(t *testing.T) {
	t.Parallel()
	p := goldenPair()
	text, dot := rollout.Diagram(p, nil), rollout.DiagramDOT(p, nil)
	for name, injected := range map[string]string{"quotation mark": `canary"]`, "entity": "canary&lt;", "element": "canary<b>", "line": "canary\n    start --> deployed\n",
		"comment": "canary %% x", "markdown": "- canary", "arrow": "canary --> x", "placeholder": "canaryﬂ°x¶ß", "formula": "#36;#36;x#36;#36;", "icon": "fa#58;fa#45;x"} {
		_, err := parseMermaid(strings.Replace(text, "canary", injected, 1))
		require.Error(t, err, name)
	}
	for name, injected := range map[string]string{"quotation mark": `canary"]`, "entity": "canary&#60;", "element": "canary<b>", "line": "canary\n\tstart -> deployed\n",
		"escape": `canary\N`} {
		_, err := parseDOT(strings.Replace(dot, "canary", injected, 1))
		require.Error(t, err, name)
	}
	_, err := parseMermaid(strings.Replace(text, "stage1 --> deployed", "stage1 --> elsewhere", 1))
	require.Error(t, err)
	_, err = parseDOT(strings.TrimSuffix(dot, "}\n"))
	require.Error(t, err)
	_, err = parseDOT(strings.Replace(dot, "2.0.0 deployed", `2.0.0 deployed\`, 1))
	require.Error(t, err)
}
