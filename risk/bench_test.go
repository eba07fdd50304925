package risk_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// fiveHundred is a release of 500 changed files in 50 directories, ten of them in need of care.
func fiveHundred() release.ChangeSet {
	var fs []release.FileChange
	for i := range 490 {
		fs = append(fs, file(fmt.Sprintf("internal/pkg%02d/handler%03d.go", i/10, i), int64(i%7), int64(i%3)))
	}
	for i := range 10 {
		fs = append(fs, file(fmt.Sprintf("internal/auth/login%d.go", i), 3, 1))
	}
	return changes(fs...)
}

// realistic is a release of 500 changed files with names as repositories have them: most without a label, 60 tests, 40
// pages, ten about identity.
func realistic() release.ChangeSet {
	words := []string{"order", "stock", "basket", "search", "report", "export", "price", "render", "mail", "queue"}
	var fs []release.FileChange
	for i := range 390 {
		dir, word := words[i/39], words[i%10]
		name := []string{"internal/%s/%s_%d.go", "web/src/components/%s/%s%dView.tsx", "services/%s/src/main/java/com/example/shop/%s/Line%d.java"}[i%3]
		fs = append(fs, file(fmt.Sprintf(name, dir, word, i), int64(i%7), int64(i%3)))
	}
	for i := range 60 {
		fs = append(fs, file(fmt.Sprintf("internal/%s/%s_%d_test.go", words[i/6], words[i%10], i), 5, 2))
	}
	for i := range 40 {
		fs = append(fs, file(fmt.Sprintf("docs/%s/page%d.md", words[i/4], i), 20, 3))
	}
	for i := range 10 {
		fs = append(fs, file(fmt.Sprintf("internal/auth/login%d.go", i), 3, 1))
	}
	for i := range fs {
		fs[i].Old, fs[i].New = base, head
	}
	slices.SortFunc(fs, func(a, b release.FileChange) int { return cmp.Compare(a.Path, b.Path) })
	cs := changes(fs...)
	for i := range 20 {
		cs.Commits = append(cs.Commits, release.Commit{ID: head, Subject: release.Text(fmt.Sprintf("shop: the %s of a %s", words[i%10], words[i/2]))})
	}
	return cs
}

// kinds of input for the benchmarks of Assess.
func benchInputs() []struct {
	name string
	in   risk.Input
} {
	digest := release.DigestOf([]byte("x"))
	plain := fiveHundred()
	plain.Files = plain.Files[:490]
	for i := range 10 {
		plain.Files = append(plain.Files, file(fmt.Sprintf("internal/pkg49/more%d.go", i), 3, 1))
	}
	return []struct {
		name string
		in   risk.Input
	}{
		{"500-changes", risk.Input{Changes: realistic(), Digest: digest}},
		{"500-changes-circumstances", eventful(realistic(), digest)},
		{"500-one-directory", risk.Input{Changes: fiveHundred(), Digest: digest}},
		{"500-unlabelled", risk.Input{Changes: plain, Digest: digest}},
		{"500-changes-digest", risk.Input{Changes: realistic()}},
		{"no-changes", risk.Input{Changes: changes(), Digest: digest}},
	}
}

// eventful is a release with 20 earlier ones, the history of its files, five waivers and a debt.
func eventful(cs release.ChangeSet, digest release.Digest) risk.Input {
	in := risk.Input{Changes: cs, Digest: digest, Impact: risk.ImpactModerate, Exposed: release.AnswerYes, Debts: []release.Debt{debt()}}
	for i := range 20 {
		in.History.Recent = append(in.History.Recent, risk.Past{At: now.Add(-time.Duration(i) * time.Hour), Features: risk.Features{LinesAdded: int64(i), LinesDeleted: 3, Files: 4, Directories: 2, Commits: 1}})
	}
	for i := range 5 {
		in.Waivers = append(in.Waivers, testWaiver(func(w *release.Waiver) { w.ID = fmt.Sprintf("w-%d", i) }))
	}
	return in
}

// BenchmarkAssess measures an assessment whose change set's digest is known, and one that computes it.
// µs/500-changes is the processor's time of one call, of the whole process and so with its share of the collecting of
// garbage: the least mean of many short rounds, because what else the machine does falls on some of them only. x-naive is how
// much longer it takes to ask each labeler about each file and to read the circumstances by reflection, in the same run.
func BenchmarkAssess(b *testing.B) {
	a, err := risk.New(nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range benchInputs() {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a, err := risk.Assess(c.in, now)
				if err != nil || a.Tier == release.TierUnknown {
					b.Fatal(a.Tier, err)
				}
			}
			rounds, calls := 300, 5
			if c.in.Digest.IsZero() {
				rounds, calls = 10, 1 // it takes much longer
			}
			fast := leastTime(rounds, calls, func() { risk.Assess(c.in, now) })
			b.ReportMetric(float64(fast)/1e3, "µs/500-changes")
			if !c.in.Digest.IsZero() {
				b.ReportMetric(float64(leastTime(rounds, calls, func() { risk.SlowAssess(a, c.in, now) }))/float64(fast), "x-naive")
			}
		})
	}
}

// leastTime is the least mean time that do takes, of rounds of some calls.
func leastTime(rounds, calls int, do func()) time.Duration {
	least := time.Hour
	for range rounds {
		start := processorTime()
		for range calls {
			do()
		}
		least = min(least, (processorTime()-start)/time.Duration(calls))
	}
	return least
}

// BenchmarkJudge is the part of Assess that decides: features, likelihood, rules, table, reasons, on a
// change set that is labelled and has its digest. The rest of Assess is labelling and digests.
func BenchmarkJudge(b *testing.B) {
	judge, err := risk.Prepared(risk.Input{Changes: fiveHundred()})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if a := judge(now); a.Tier != release.TierHigh {
			b.Fatal(a.Tier)
		}
	}
}

// BenchmarkRules is each rule by itself on a release of 500 files where it finds nothing, or as little as may be.
func BenchmarkRules(b *testing.B) {
	a, err := risk.New(nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	var fs []release.FileChange
	for i := range 500 {
		fs = append(fs, file([]string{"internal/order/total%d.go", "internal/order/total%d_test.go", "docs/page%d.md"}[min(i%4, 2)], 1, 0))
		fs[i].Path = release.Path(fmt.Sprintf(string(fs[i].Path), i))
	}
	cs := changes(fs...)
	for _, k := range []release.Kind{release.KindInfrastructure, release.KindConfiguration, release.KindArtifact, release.KindAdvisory, release.KindOutdated} {
		cs.Coverage[k] = release.CoverageComplete
	}
	facts := risk.FactsOf(a, risk.Input{Changes: cs}, now)
	for _, r := range risk.Rules() {
		b.Run(r.ID, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if len(r.Run(facts)) > 0 {
					b.Fatal("a finding")
				}
			}
		})
	}
}
