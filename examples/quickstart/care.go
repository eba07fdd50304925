package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/policyfile"
)

// Where a repository says how its releases are judged. Both are read at the base, so that no
// release lowers the bar for itself.
const (
	policyFile  = ".sallyport/policy.yaml"
	waiversFile = ".sallyport/waivers.yaml"
)

// assess says how careful to be, why, and what would make it less. Whether the service
// can be reached by the public, and how bad a failure would be, nobody told this program.
func (s *story) assess(ctx context.Context) error {
	policy, err := s.policy(ctx)
	if err != nil {
		return err
	}
	assessor, err := risk.New(policy, s.learner.Model())
	if err != nil {
		return err
	}
	in := risk.Input{Changes: s.changes, Digest: s.release.Changes}
	if in.Waivers, err = s.waivers(ctx); err != nil {
		return err
	}
	if in.Owners, err = s.owners(ctx); err != nil {
		return err
	}
	at := now()
	if in.History, err = s.history(ctx); err != nil {
		return err
	}
	if s.assessment, err = assessor.Assess(in, at); err != nil {
		return err
	}
	ways, err := assessor.WhatIf(in, at)
	if err != nil {
		return err
	}
	s.printCare(ways)
	return nil
}

// atBase reads a file as the base has it.
func (s *story) atBase(ctx context.Context, path release.Path) (text []byte, ok bool, err error) {
	if s.from == "" {
		return nil, false, nil
	}
	if text, ok, err = s.git.File(ctx, s.from, path); err != nil {
		err = fmt.Errorf("%s at %s: %w", path, s.baseName(), err)
	}
	return text, ok, err
}

// policy is the repository's own; nil is the default.
func (s *story) policy(ctx context.Context) (*risk.Policy, error) {
	text, ok, err := s.atBase(ctx, policyFile)
	if err != nil {
		return nil, err
	}
	switch {
	case s.from == "":
		s.item("policy", "the default, there is no base that could have one")
		return nil, nil
	case !ok:
		s.item("policy", "the default, there is none at %s", s.baseName())
		return nil, nil
	}
	p, err := policyfile.Parse(text, risk.Code{})
	if err != nil {
		return nil, fmt.Errorf("no verdict: %s at %s is no policy: %s", policyFile, s.baseName(), firstMistake(err))
	}
	s.item("policy", "%s, %s at %s", release.Text(p.ID), policyFile, s.baseName())
	return p, nil
}

// waivers are the repository's own. Where they cannot be read none is followed, which only adds care.
func (s *story) waivers(ctx context.Context) ([]release.Waiver, error) {
	text, ok, err := s.atBase(ctx, waiversFile)
	if err != nil || !ok {
		return nil, err
	}
	ws, err := policyfile.ParseWaivers(text)
	if err != nil {
		s.item("waivers", "none: %s at %s cannot be read: %s", waiversFile, s.baseName(), firstMistake(err))
		return nil, nil
	}
	return ws, nil
}

// firstMistake is one line of all that is wrong with a text.
func firstMistake(err error) string {
	e, ok := errors.AsType[*risk.TextError](err)
	if !ok || len(e.Mistakes) == 0 {
		return oneLine(err.Error())
	}
	text := release.Text(e.Mistakes[0].String()).String()
	if n := len(e.Mistakes) - 1 + e.More; n > 0 {
		text += fmt.Sprintf("; and %s more", count(n, "mistake"))
	}
	return text
}

// owners are the code owners, by the first file that GitHub or GitLab would look at.
func (s *story) owners(ctx context.Context) (*label.Owners, error) {
	for _, forge := range []label.Forge{label.ForgeGitHub, label.ForgeGitLab} {
		for _, path := range label.OwnersPaths(forge) {
			text, ok, err := s.atBase(ctx, path)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			owners, problems := label.ParseOwners(text, forge)
			s.item("owners", "%s at %s, as %s reads it; %s", path, s.baseName(), forge, count(len(problems), "problem"))
			return &owners, nil
		}
	}
	return nil, nil
}

// history is what the base knows of the changed files, and what this program let out before.
func (s *story) history(ctx context.Context) (risk.History, error) {
	digest, err := s.release.Digest()
	if err != nil {
		return risk.History{}, err
	}
	h := s.window.History(s.release.Service, now(), digest)
	if h.Recent == nil {
		h.Recent = []risk.Past{} // it was asked, and there was none
	}
	h.Files = []risk.PastFile{}
	var paths []release.Path
	for _, f := range s.changes.Files {
		if f.Op != release.OpAdded {
			paths = append(paths, f.Path)
		}
	}
	why := release.Gap{}
	if s.from != "" && len(paths) > 0 {
		var files []gitlog.PastFile
		err := s.during("reading the history of the changed files", func() (err error) {
			files, err = s.git.Past(ctx, s.from, paths, gitlog.PastOptions{Timeout: time.Minute})
			return err
		})
		if err != nil {
			return risk.History{}, err
		}
		for _, f := range files {
			if f.Known {
				h.Files = append(h.Files, risk.PastFile{Path: f.Path, Lines: f.Lines, Changes: f.Changes, Developers: f.Developers, Changed: f.Changed})
			} else if why.Kind == "" {
				why = f.Gap
			}
		}
	}
	text := fmt.Sprintf("of the changed files that the base has, %d of %d known", len(h.Files), len(paths))
	if len(paths) == 0 {
		text = "all files are new"
	}
	text += fmt.Sprintf("; %s let out by this program before", count(len(h.Recent), "release"))
	if why.Kind != "" {
		text += fmt.Sprintf(" (not known: %s)", release.Text(why.String()))
	}
	s.item("history", "%s", text)
	return h, nil
}

// baseName is the base for people.
func (s *story) baseName() string { return s.from.Short() }

// printCare prints the tier and what it comes from.
func (s *story) printCare(ways []risk.Counterfactual) {
	a := &s.assessment
	s.item("tier", "%s, lane %s", a.Tier, a.Lane)
	s.reasons(a.Reasons, 4)
	for i, u := range a.Waivers {
		if n := len(a.Waivers) - i; i > 0 && n > 1 {
			s.item("", "and %d more", n)
			break
		}
		s.item("waiver", "%s %s: %s", release.Text(u.Waiver.ID), u.Status, release.Text(u.Why))
	}
	if len(ways) > 0 {
		s.item("what if", "%s", release.Text(ways[0].String()))
	}
	s.item("would need", "")
	for _, r := range a.Requirements {
		s.line("     %d x %s: %s", r.Needed(), r.ID, r.Why)
	}
	s.line("     a rollout in at least %d stages, %s each: %s", a.Rollout.MinStages, a.Rollout.MinBake, a.Rollout.Why)
}

// remember counts this release among those that were let out.
func (s *story) remember() error {
	digest, err := s.release.Digest()
	if err != nil {
		return err
	}
	if err := s.window.Add(s.release.Service, digest, risk.Past{At: s.assessment.At, Features: s.assessment.Features}); err != nil {
		return err
	}
	return s.dir.save("window.json", &s.window)
}
