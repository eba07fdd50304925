package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
	"github.com/sallyport-dev/sallyport/release/gomod"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/risk"
)

// readChanges reads the change set and builds the artifact: a tar of the clean
// tree.
func (s *story) readChanges(ctx context.Context) error {
	s.item("repository", "%s", release.Text(s.git.Dir()))
	err := s.during("reading the history", func() (err error) {
		base := s.base
		if s.from != "" {
			base = string(s.from)
		}
		s.changes, err = s.git.Read(ctx, base, string(s.release.Commit))
		return err
	})
	if err != nil {
		return err
	}
	deps, err := s.dependencies(ctx)
	if err != nil {
		return err
	}
	s.changes.Add(deps)
	label.Apply(&s.changes)
	if s.release.Changes, err = s.changes.Digest(); err != nil {
		return err
	}
	err = s.during("building the artifact from a clean tree", func() error {
		if err := s.git.Export(ctx, s.release.Commit, s.tree); err != nil {
			return fmt.Errorf("a clean tree of %s cannot be made: %w", s.release.Commit.Short(), err)
		}
		digest, err := buildArtifact(s.tree, s.dir.path(artifactName))
		s.release.Artifacts = []release.Artifact{{Name: artifactName, Digest: digest}}
		return err
	})
	if err != nil {
		return err
	}
	s.printChanges()
	return s.release.Validate()
}

// dependencies compares go.mod and go.sum at both ends: the root module's, and
// every other's that the range touches.
func (s *story) dependencies(ctx context.Context) (release.ChangeSet, error) {
	dirs := map[string]bool{".": true}
	for _, f := range s.changes.Files {
		if dir, name := path.Split(string(f.Path)); name == "go.mod" || name == "go.sum" {
			dirs[path.Clean(dir)] = true
		}
	}
	var all release.ChangeSet
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		before, err := s.module(ctx, s.changes.Base, dir, &all)
		if err != nil {
			return release.ChangeSet{}, err
		}
		after, err := s.module(ctx, s.changes.Head, dir, &all)
		if err != nil {
			return release.ChangeSet{}, err
		}
		if before.Mod != nil || after.Mod != nil {
			all.Add(gomod.Diff(before, after))
		}
	}
	return all, nil
}

// module reads the go.mod and go.sum of a directory. One that is too large to be
// read is a gap.
func (s *story) module(ctx context.Context, rev release.Revision, dir string, gaps *release.ChangeSet) (gomod.File, error) {
	f := gomod.File{Path: release.Path(path.Join(dir, "go.mod"))}
	if rev == "" {
		return f, nil
	}
	for name, into := range map[string]*[]byte{"go.mod": &f.Mod, "go.sum": &f.Sum} {
		at := release.Path(path.Join(dir, name))
		text, there, err := s.git.File(ctx, rev, at)
		switch {
		case errors.Is(err, gitlog.ErrTooLarge):
			gaps.Gaps = append(gaps.Gaps, release.Gap{Kind: release.GapTooLarge, Subject: at.String()})
		case err != nil:
			return gomod.File{}, err
		case there:
			*into = append([]byte{}, text...) // never nil: it is there
		}
	}
	return f, nil
}

func (s *story) printChanges() {
	from := fmt.Sprintf("%s (%s)", release.Text(strings.TrimPrefix(s.base, "refs/tags/")), s.changes.Base.Short())
	if s.base == gitlog.Root {
		from = "nothing: there is no tag before it, so everything is new"
	}
	s.item("release", "%s %s, commit %s", s.release.Service, release.Text(s.release.Version), s.release.Commit.Short())
	s.item("since", "%s", from)
	var added, deleted int64
	for _, f := range s.changes.Files {
		added, deleted = added+f.Added, deleted+f.Deleted
	}
	s.item("code", "%s by %s, %s, +%d -%d lines", count(len(s.changes.Commits), "commit"), count(len(s.changes.Authors()), "author"),
		count(len(s.changes.Files), "file"), added, deleted)
	if kind := s.changes.Coverage[release.KindDependency]; kind != release.CoverageMissing {
		direct, listed := 0, 0
		for _, d := range s.changes.Dependencies {
			switch {
			case d.Op == release.OpListed || d.Op == release.OpUnlisted:
				listed++
			case !d.Relation.Transitive():
				direct++
			}
		}
		text := fmt.Sprintf("%s, %d of them direct", count(len(s.changes.Dependencies)-listed, "change"), direct)
		if listed > 0 {
			text += fmt.Sprintf("; %d more were there and are only listed now, or no longer", listed)
		}
		s.item("dependencies", "%s", text)
	}
	for _, g := range s.changes.Gaps {
		s.item("not read", "%s", release.Text(g.String()))
	}
	s.item("artifact", "%s sha256:%s…", s.release.Artifacts[0].Name, s.release.Artifacts[0].Digest.Short())
	if len(s.links) > 0 {
		s.item("note", "%s", s.linkNote())
	}
}

// linkNote says which symbolic links are not links in the clean tree.
func (s *story) linkNote() string {
	return fmt.Sprintf("%s out of the tree, plain files in the artifact; the first: %s (%s)",
		count(len(s.links), "link"), s.links[0].Path, release.Text(s.links[0].Reason))
}

// assess says how careful to be, and why.
func (s *story) assess() error {
	var err error
	s.assessment, err = risk.Assess(risk.Input{Changes: s.changes, Digest: s.release.Changes, Model: s.learner.Model()}, now())
	if err != nil {
		return err
	}
	s.item("tier", "%s", s.assessment.Tier)
	s.reasons(s.assessment.Reasons)
	s.item("would need", "")
	for _, r := range s.assessment.Requirements {
		s.line("     %d x %s: %s", r.Needed(), r.ID, r.Why)
	}
	s.line("     a rollout in at least %d stages, %s each: %s", s.assessment.Rollout.MinStages, s.assessment.Rollout.MinBake, s.assessment.Rollout.Why)
	return nil
}
