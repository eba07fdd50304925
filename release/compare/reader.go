package compare

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/config"
	"github.com/sallyport-dev/sallyport/release/gomod"
	"github.com/sallyport-dev/sallyport/release/inventory"
	"github.com/sallyport-dev/sallyport/release/lockfile"
	"github.com/sallyport-dev/sallyport/release/manifest"
	"github.com/sallyport-dev/sallyport/release/sbom"
)

// File is one file on both sides.
type File struct {
	// Path is the same on both sides.
	Path release.Path
	// Before and After are its contents, nil where there is no such file on that side.
	Before, After []byte
}

// Pair is one list of components on both sides.
type Pair struct {
	// Before and After are what was read, nil where there is no such file on that side.
	Before, After *release.Inventory
}

// Part is what a reader made of its files.
type Part struct {
	// Changes are the differences, with the coverage of the reader's kind and the gaps.
	Changes release.ChangeSet
	// Inventories are the lists of components that were compared.
	Inventories []Pair
}

// Reader reads one kind of file. Its functions are pure.
type Reader struct {
	// ID is stable and unique among the readers used together.
	ID string
	// Doc says in a sentence which files it reads, and what of them.
	Doc string
	// Version rises whenever the same files may give other changes than before.
	Version int
	// Kind is the kind of change that it finds.
	Kind release.Kind
	// Needs are the files to be read when the file at a path changed; none where it is
	// not for this reader. They need not exist, nor have changed.
	Needs func(release.Path) []release.Path
	// Run compares them: all that were needed, each once, sorted by path. A part without
	// coverage of Kind says that nothing was read.
	Run func([]File) Part
}

// Readers are the readers of this module. The caller owns the slice and may change,
// drop and add.
func Readers() []Reader {
	return []Reader{
		{ID: "gomod", Version: 1, Kind: release.KindDependency, Needs: modules, Run: runModules,
			Doc: "Go modules: go.mod with the go.sum beside it."},
		{ID: "lockfile", Version: 1, Kind: release.KindDependency, Needs: itself(isLock), Run: each(lockfile.Read),
			Doc: "Lock files of npm, pnpm, Yarn, pip, Poetry, uv and Cargo, by their names."},
		{ID: "sbom", Version: 1, Kind: release.KindDependency, Needs: itself(isBill), Run: each(sbom.Read),
			Doc: "Bills of materials in CycloneDX or SPDX JSON: *.cdx.json, bom.json, *.spdx.json, sbom*.json."},
		{ID: "manifest", Version: 1, Kind: release.KindInfrastructure, Needs: itself(isManifest), Run: runManifests,
			Doc: "Kubernetes manifests: YAML and JSON that names an apiVersion."},
		{ID: "dockerfile", Version: 1, Kind: release.KindInfrastructure, Needs: itself(isDockerfile), Run: runDockerfiles,
			Doc: "What Dockerfiles and Containerfiles build on."},
		{ID: "config", Version: 1, Kind: release.KindConfiguration, Needs: itself(isConfig), Run: runConfig,
			Doc: "Settings: .env, .properties and .ini files, exports of feature flags, and YAML, JSON and TOML that is called or lies where " +
				"configuration is (config, conf, settings, values, application, features, flags, env)."},
	}
}

// itself makes Needs of a test on one path.
func itself(is func(release.Path) bool) func(release.Path) []release.Path {
	return func(p release.Path) []release.Path {
		if is(p) {
			return []release.Path{p}
		}
		return nil
	}
}

// each makes Run of a reader of inventories.
func each(read func(release.Path, []byte) release.Inventory) func([]File) Part {
	return func(files []File) Part {
		var out Part
		for _, f := range files {
			out.add(side(f.Path, f.Before, read), side(f.Path, f.After, read))
		}
		return out
	}
}

func side(p release.Path, b []byte, read func(release.Path, []byte) release.Inventory) *release.Inventory {
	if b == nil {
		return nil
	}
	inv := read(p, b)
	return &inv
}

func (p *Part) add(before, after *release.Inventory) {
	p.Inventories = append(p.Inventories, Pair{before, after})
	p.Changes.Add(inventory.Diff(before, after))
}

// modules pairs go.mod and go.sum: either may change alone.
func modules(p release.Path) []release.Path {
	dir, base := path.Split(string(p))
	if base != "go.mod" && base != "go.sum" {
		return nil
	}
	return []release.Path{release.Path(dir + "go.mod"), release.Path(dir + "go.sum")}
}

// runModules compares with package gomod, which knows more of Go than a list of
// components tells: replace directives, and what a go.mod began to list.
func runModules(files []File) Part {
	out := nothing(release.KindDependency)
	for _, mod := range files {
		if path.Base(string(mod.Path)) != "go.mod" || mod.Before == nil && mod.After == nil {
			continue
		}
		var sum File
		if i := slices.IndexFunc(files, func(f File) bool { return f.Path == mod.Path[:len(mod.Path)-len("go.mod")]+"go.sum" }); i >= 0 {
			sum = files[i]
		}
		before := gomod.File{Path: mod.Path, Mod: mod.Before, Sum: sum.Before}
		after := gomod.File{Path: mod.Path, Mod: mod.After, Sum: sum.After}
		out.Changes.Add(gomod.Diff(before, after))
		out.Inventories = append(out.Inventories, Pair{module(before), module(after)})
	}
	return out
}

func module(f gomod.File) *release.Inventory {
	if f.Mod == nil {
		return nil
	}
	inv := gomod.Read(f)
	return &inv
}

func isLock(p release.Path) bool {
	_, ok := lockfile.Find(p, nil)
	return ok
}

func isBill(p release.Path) bool {
	base := strings.ToLower(path.Base(string(p)))
	return strings.HasSuffix(base, ".cdx.json") || strings.HasSuffix(base, ".spdx.json") || base == "bom.json" ||
		strings.HasPrefix(base, "sbom") && strings.HasSuffix(base, ".json")
}

func isManifest(p release.Path) bool {
	switch strings.ToLower(path.Ext(string(p))) {
	case ".yaml", ".yml", ".json":
		return !isLock(p) && !isBill(p)
	}
	return false
}

// runManifests reads what may hold an object: Kubernetes knows none without an
// apiVersion. What else declares infrastructure is a gap.
func runManifests(files []File) Part {
	out := nothing(release.KindInfrastructure)
	var before, after []manifest.File
	for _, f := range files {
		if !mayNameVersion(f.Before) && !mayNameVersion(f.After) {
			if resources(f) {
				out.Changes.Add(release.ChangeSet{Coverage: map[release.Kind]release.Coverage{release.KindInfrastructure: release.CoveragePartial},
					Gaps: []release.Gap{{Kind: release.GapUnsupported, Subject: f.Path.String(), Detail: notKnown}}})
			}
			continue
		}
		if f.Before != nil {
			before = append(before, manifest.File{Path: f.Path, Data: f.Before})
		}
		if f.After != nil {
			after = append(after, manifest.File{Path: f.Path, Data: f.After})
		}
	}
	if len(before)+len(after) > 0 {
		a, b := manifest.ReadFiles(before, manifest.Options{}), manifest.ReadFiles(after, manifest.Options{})
		out.Changes.Add(manifest.Compare(&a, &b))
	}
	return out
}

// nothing is what a reader made of files that are not for it, after all.
func nothing(k release.Kind) Part {
	return Part{Changes: release.ChangeSet{Coverage: map[release.Kind]release.Coverage{k: release.CoverageComplete}}}
}

// dockerfile finds the word, by itself, in a file's name.
var dockerfile = regexp.MustCompile(`^(?:.*[._-])?(?:dockerfile|containerfile)(?:[._-].*)?$`)

func isDockerfile(p release.Path) bool {
	return dockerfile.MatchString(strings.ToLower(path.Base(string(p))))
}

// from is the line without which nothing is a Dockerfile; the word may go on in the
// next line.
var from = regexp.MustCompile(`(?im)^[ \t]*f(?:[\\\x60][ \t]*\r?\n)*r(?:[\\\x60][ \t]*\r?\n)*o(?:[\\\x60][ \t]*\r?\n)*m[ \t\\\x60]`)

// programs are extensions of programs about Dockerfiles, and of prose.
var programs = []string{".go", ".py", ".js", ".ts", ".rs", ".java", ".rb", ".sh", ".md", ".rst", ".txt", ".yaml", ".yml", ".json", ".dockerignore"}

func mayBuild(b []byte) bool { return len(b) > manifest.MaxDockerfile || from.Match(b) }

func runDockerfiles(files []File) Part {
	out := nothing(release.KindInfrastructure)
	for _, f := range files {
		if slices.Contains(programs, strings.ToLower(path.Ext(string(f.Path)))) && !mayBuild(f.Before) && !mayBuild(f.After) {
			continue // a program about Dockerfiles
		}
		out.Changes.Add(manifest.Dockerfile(f.Path, f.Before, f.After))
	}
	return out
}

// configWords are names of files and directories that hold settings.
var configWords = []string{"config", "configs", "configuration", "conf", "settings", "appsettings", "values", "application", "features", "flags", "flagd", "env", "envs", "environments"}

func isConfig(p release.Path) bool {
	switch config.FormatOf(p) {
	case "":
		return false
	case config.FormatDotenv, config.FormatProperties, config.FormatINI, config.FormatFlagd:
		return true
	}
	if isLock(p) || isBill(p) {
		return false
	}
	parts := strings.Split(strings.ToLower(string(p)), "/")
	for i, part := range parts {
		if i == len(parts)-1 { // "values-production.yaml", "appsettings.Development.json"
			part = part[:strings.IndexAny(part+".", ".-_")]
		}
		if slices.Contains(configWords, part) {
			return true
		}
	}
	return false
}

func runConfig(files []File) Part {
	var out Part
	for _, f := range files {
		out.Changes.Add(config.Diff(f.Path, f.Before, f.After, config.Options{}))
	}
	return out
}
