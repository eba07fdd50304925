package gomod

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/sallyport-dev/sallyport/release"
)

// sums is what a go.sum says: hashes by module and version. The version of a
// go.mod's own hash ends in "/go.mod".
type sums struct {
	hashes  map[module.Version][]string // sorted, each once
	highest map[string]string           // the highest version by path
}

// readSums reads a go.sum: lines of module, version and hash
// (https://go.dev/ref/mod#go-sum-files).
func readSums(f File) (sums, []release.Gap) {
	s := sums{hashes: map[module.Version][]string{}, highest: map[string]string{}}
	subject := f.sumPath().String()
	if len(f.Sum) > MaxSum {
		return s, []release.Gap{{Kind: release.GapTooLarge, Subject: subject, Detail: fmt.Sprintf("%d bytes, more than %d", len(f.Sum), MaxSum)}}
	}
	line := 0
	for row := range bytes.Lines(f.Sum) {
		line++
		fields := strings.Fields(string(row))
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 3 || !semver.IsValid(strings.TrimSuffix(fields[1], "/go.mod")) || !strings.Contains(fields[2], ":") {
			// go refuses the whole file, so nothing of it is believed.
			return sums{hashes: map[module.Version][]string{}, highest: map[string]string{}},
				[]release.Gap{{Kind: release.GapUnreadable, Subject: subject, Detail: fmt.Sprintf("go.sum:%d: not a module, a version and a hash", line)}}
		}
		mod := module.Version{Path: fields[0], Version: fields[1]}
		s.hashes[mod] = append(s.hashes[mod], fields[2])
		v := strings.TrimSuffix(fields[1], "/go.mod")
		if was := s.highest[mod.Path]; was == "" || semver.Compare(v, was) > 0 {
			s.highest[mod.Path] = v
		}
	}
	for mod, hashes := range s.hashes {
		slices.Sort(hashes)
		s.hashes[mod] = slices.Compact(hashes)
	}
	return s, nil
}

// knew reports whether a build with this go.sum surely had the module in version
// v: it is the highest that the go.sum has, so the one that is selected.
func (s sums) knew(path, v string) bool { return v != "" && s.highest[path] == v }

// pins reports whether there is any hash of the module in version v.
func (s sums) pins(path, v string) bool {
	return len(s.hashes[module.Version{Path: path, Version: v}])+len(s.hashes[module.Version{Path: path, Version: v + "/go.mod"}]) > 0
}

// tampered are the modules whose version is the same on both sides and whose
// hashes are not, sorted by path and version.
func tampered(before, after sums) []module.Version {
	var out []module.Version
	for mod, hashes := range before.hashes {
		if now, ok := after.hashes[mod]; ok && !slices.Equal(hashes, now) {
			mod.Version = strings.TrimSuffix(mod.Version, "/go.mod")
			out = append(out, mod)
		}
	}
	slices.SortFunc(out, func(a, b module.Version) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return strings.Compare(a.Version, b.Version)
	})
	return slices.Compact(out)
}
