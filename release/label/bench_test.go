package label_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// numbered are 500 files that differ by numbers in their path.
func numbered(pattern string) []release.FileChange {
	var fs []release.FileChange
	for i := range 500 {
		p := strings.NewReplacer("#", fmt.Sprintf("%02d", i/10), "%", fmt.Sprintf("%03d", i)).Replace(pattern)
		fs = append(fs, modified(p))
	}
	return fs
}

// BenchmarkFile labels files by a set of the default labelers. x-slow is how much longer
// it takes to read the same names wholly and to ask every rule, in the same run.
func BenchmarkFile(b *testing.B) {
	for _, c := range []struct{ name, pattern string }{
		{"plain", "internal/pkg#/handler%.go"},
		{"labelled", "internal/auth#/login%.go"},
		{"test", "internal/pkg#/handler%_test.go"},
		{"docs", "docs/part#/page%.md"},
		{"settings", "deploy/base/part#/service%.yaml"},
		{"deep", "src/main/java/org/example/shop/inventory#/StockLevelRepositoryImpl%.java"},
		{"non-ascii", "docs/\u00dcberblick#/gr\u00f6\u00dfe%.md"},
		{"vast", strings.Repeat("a_b/", 500) + "x%"},
	} {
		files := numbered(c.pattern)
		b.Run(c.name, func(b *testing.B) {
			s := label.Compile()
			s.Files(files)
			for i := range files {
				files[i].Labels = nil
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s.File(files[i%len(files)])
			}
			fast := best(files, func(f release.FileChange) { s.File(f) })
			slow := best(files, func(f release.FileChange) { label.SlowFile(f) })
			b.ReportMetric(float64(slow)/float64(fast), "x-slow")
		})
	}
}

// best is the least of twenty times that do takes for all files: what else the machine
// has to do falls on some of them only.
func best(files []release.FileChange, do func(release.FileChange)) time.Duration {
	least := time.Hour
	for range 20 {
		start := time.Now()
		for i := range files {
			do(files[i])
		}
		least = min(least, time.Since(start))
	}
	return max(least, 1)
}

// BenchmarkFiles labels the 500 files of one release together.
func BenchmarkFiles(b *testing.B) {
	var mixed []release.FileChange
	for _, p := range []string{"internal/pkg#/handler%.go", "internal/pkg#/handler%_test.go", "internal/auth#/login%.go", "docs/part#/page%.md", "deploy/base/part#/service%.yaml"} {
		mixed = append(mixed, numbered(p)[:100]...)
	}
	for name, files := range map[string][]release.FileChange{"plain": numbered("internal/pkg#/handler%.go"), "mixed": mixed} {
		b.Run(name, func(b *testing.B) {
			s := label.Compile()
			b.ReportAllocs()
			for b.Loop() {
				for i := range files {
					files[i].Labels = nil
				}
				s.Files(files)
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(len(files)), "ns/file")
		})
	}
}

// BenchmarkOwners asks 3,000 rules whose 500 files they give to whom, none of which matches: the worst that a file of owners
// comes to without meaning harm.
func BenchmarkOwners(b *testing.B) {
	for _, pattern := range []string{"/services/s%d/ @o", "*.e%d @o", "s%d/ @o", "/services/**/s%d/*.go @o"} {
		b.Run(strings.Fields(pattern)[0], func(b *testing.B) {
			var lines []string
			for i := range 3000 {
				lines = append(lines, fmt.Sprintf(pattern, i))
			}
			o, problems := label.ParseOwners([]byte(strings.Join(lines, "\n")), label.ForgeGitHub)
			if len(problems) > 0 {
				b.Fatal(problems)
			}
			cs := release.ChangeSet{Files: numbered("services/t%/internal/handler#/create_account.go")}
			for b.Loop() {
				if len(o.Touched(&cs)[0].Owned) > 0 {
					b.Fatal("it has an owner")
				}
			}
		})
	}
}
