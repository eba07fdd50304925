package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/compare"
	"github.com/sallyport-dev/sallyport/release/gitlog"
)

// readChanges reads the change set and builds the artifact: a tar of the clean
// tree.
func (s *story) readChanges(ctx context.Context) error {
	s.item("repository", "%s", release.Text(s.git.Dir()))
	err := s.during("reading the history", func() error {
		base := s.base
		if s.from != "" {
			base = string(s.from)
		}
		read, err := compare.Range(ctx, s.git, base, string(s.release.Commit), compare.Options{})
		s.changes = read.Changes
		return err
	})
	if err != nil {
		return err
	}
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
	if n := len(s.changes.Resources); n > 0 {
		s.item("infrastructure", "%s", count(n, "change"))
	}
	if n := len(s.changes.Settings); n > 0 {
		s.item("configuration", "%s", count(n, "setting"))
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
