package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// question is what is asked at every decision.
func (s *story) question() evidence.Question {
	authors := s.changes.Authors()
	return evidence.Question{Release: s.release, Requirements: s.assessment.Requirements, Rules: s.rules(), Environment: environment,
		Authors: authors, Requester: requester, Identities: identities(authors, requester)}
}

// rules are what this host demands of each release, whatever its tier.
func (s *story) rules() []evidence.Rule {
	rules := []evidence.Rule{
		// A day, and long enough for one checkpoint to do for the whole rollout.
		evidence.NotRevoked{By: []evidence.Principal{principal(store)}, MaxAge: 24*time.Hour + 2*planned(s.plan(release.Ref{}))},
	}
	if s.wants(release.EvidenceProvenance) {
		rules = append(rules, evidence.CommitMatches{})
		if s.wants(release.EvidenceApproval) {
			rules = append(rules, evidence.Separate{Duties: []evidence.Duty{evidence.DutyBuilder, evidence.DutyApprover}})
		}
	}
	return rules
}

// decide decides, and keeps the decision as a signed statement.
func (s *story) decide(ctx context.Context, set []evidence.Verified) (evidence.Decision, error) {
	d, err := evidence.Decide(s.question(), set, now())
	if err != nil {
		return d, err
	}
	s.decisions = append(s.decisions, d)
	s.item("verdict", "%s", d.Verdict)
	s.reasons(d.Reasons, 8)
	st, err := d.Statement()
	if err != nil {
		return d, err
	}
	_, err = s.evidence.add(ctx, s.people, authority, st, "decision: "+d.Verdict.String())
	return d, err
}

// decideOnNothing shows what a decision says when there is no evidence.
func (s *story) decideOnNothing(ctx context.Context) error {
	var err error
	if s.people, err = newPeople(s.out, s.assessment.Requirements); err != nil {
		return err
	}
	if s.evidence, err = openCollection(ctx, s.journal, s.people.keyring); err != nil {
		return err
	}
	_, err = s.decide(ctx, nil)
	return err
}

// gatherAndDecide runs the check and the scan, has their results and approvals
// signed, verifies it all, and decides.
func (s *story) gatherAndDecide(ctx context.Context) (release.Verdict, error) {
	for _, gather := range []func(context.Context) error{s.testIt, s.scanIt, s.sayWhoBuiltIt, s.approveIt, s.sayThatThisIsAll} {
		if err := gather(ctx); err != nil {
			return 0, err
		}
	}
	all, err := s.evidence.verified(ctx)
	if err != nil {
		return 0, err
	}
	s.item("verified", "%d bundles, each signature checked against the keyring", len(all))
	d, err := s.decide(ctx, all)
	if err != nil {
		return 0, err
	}
	if !d.Until.IsZero() {
		s.item("until", "%s, when the first of the evidence is too old", d.Until.Format("2006-01-02 15:04 UTC"))
	}
	if d.Verdict == release.VerdictHold {
		return d.Verdict, nil // a hold has no summary: the decision is still open
	}
	return d.Verdict, s.summarise(ctx, d)
}

// reuse is how old the evidence of an interrupted run may be when it is gone on
// with. Older is gathered again, for it would soon be too old to decide on.
const reuse = time.Hour

// once adds a statement unless an earlier, interrupted run just has.
func (s *story) once(ctx context.Context, signer, predicateType string, make func() (evidence.Statement, string, error)) error {
	v, there, err := s.evidence.find(ctx, predicateType, signer)
	if err != nil {
		return err
	}
	if !there || now().Sub(s.evidence.trust.arrived[v.Digest()]) > reuse {
		st, what, err := make()
		if errors.Is(err, errNoResult) {
			s.item("not signed", "%s", release.Text(err.Error()))
			return nil
		}
		if err != nil {
			return err
		}
		if v, err = s.evidence.add(ctx, s.people, signer, st, what); err != nil {
			return err
		}
	}
	s.item("signed", "%s by %s", release.Text(s.evidence.what[v.Digest()]), signer)
	return nil
}

func (s *story) wants(kind release.EvidenceKind) bool {
	return slices.ContainsFunc(s.assessment.Requirements, func(r release.Requirement) bool { return r.Evidence == kind })
}

func (s *story) testIt(ctx context.Context) error {
	return s.once(ctx, runner, predicate.TypeTestResult, func() (st evidence.Statement, what string, err error) {
		var res checkResult
		err = s.during("running a check on the clean tree", func() (err error) {
			res, err = check(ctx, s.tree)
			return err
		})
		if err != nil {
			return st, "", err
		}
		tested := predicate.TestResult{Result: predicate.TestPassed, PassedTests: []string{res.Name},
			Configuration: []predicate.Resource{{Name: res.Name, Digest: map[string]string{"gitCommit": string(s.release.Commit)}}}}
		if !res.passed() {
			tested.Result, tested.PassedTests, tested.FailedTests = predicate.TestFailed, nil, []string{res.Name}
		}
		st, err = evidence.For(s.release, tested)
		return st, res.String(), err
	})
}

func (s *story) scanIt(ctx context.Context) error {
	if !s.wants(release.EvidenceScan) {
		return nil
	}
	s.item("note", "a real search for committed secrets stands in for a vulnerability scan, which takes a database")
	return s.once(ctx, runner, predicate.TypeVulns, func() (st evidence.Statement, what string, err error) {
		var res scanResult
		began := now()
		err = s.during("searching for committed secrets", func() (err error) {
			res, err = scan(&s.changes, s.tree)
			return err
		})
		if err != nil {
			return st, "", err
		}
		found := []predicate.VulnFound{}
		for _, f := range res.Findings {
			found = append(found, predicate.VulnFound{ID: f})
		}
		st, err = evidence.For(s.release, predicate.Vulns{
			Scanner: predicate.Scanner{URI: "urn:sallyport:quickstart:secret-scan", Version: "1",
				DB: predicate.ScannerDB{URI: "urn:sallyport:quickstart:secret-patterns", LastUpdate: began}, Result: found},
			Metadata: predicate.ScanMetadata{ScanStartedOn: began, ScanFinishedOn: now()},
		})
		return st, res.String(), err
	})
}

func (s *story) sayWhoBuiltIt(ctx context.Context) error {
	if !s.wants(release.EvidenceProvenance) {
		return nil
	}
	return s.once(ctx, runner, predicate.TypeProvenance, func() (st evidence.Statement, what string, err error) {
		parameters, err := json.Marshal(map[string]string{"revision": string(s.release.Commit)})
		if err != nil {
			return st, "", err
		}
		st, err = evidence.For(s.release, predicate.Provenance{
			BuildDefinition: predicate.BuildDefinition{BuildType: "urn:sallyport:quickstart:tar-of-a-git-tree", ExternalParameters: parameters,
				ResolvedDependencies: []predicate.Resource{{Name: "source", Digest: map[string]string{"gitCommit": string(s.release.Commit)}}}},
			RunDetails: predicate.RunDetails{Builder: predicate.Builder{ID: "urn:sallyport:quickstart:" + runner,
				Version: map[string]string{"go": runtime.Version()}}},
		})
		return st, "provenance of " + s.release.Artifacts[0].Name + ", built from the clean tree", err
	})
}

// approveIt lets each made-up approver sign what a person would sign after
// looking at the evidence.
func (s *story) approveIt(ctx context.Context) error {
	if !s.wants(release.EvidenceApproval) {
		return nil
	}
	looked, err := s.evidence.verified(ctx)
	if err != nil {
		return err
	}
	s.item("note", "nobody looks at anything here: the approvers' keys are demonstration keys in %s", release.Text(s.dir.path("demo-keys")))
	for _, a := range s.people.approvers {
		err := s.once(ctx, a.name, predicate.TypeApproval, func() (st evidence.Statement, what string, err error) {
			approval, err := evidence.NewApproval(predicate.Approve, s.release, looked)
			if err != nil {
				return st, "", err
			}
			approval.Environment = environment
			approval.Comment = "demonstration: no person has looked at this"
			st, err = evidence.For(s.release, approval)
			return st, fmt.Sprintf("approval of the release and of %d pieces of evidence", len(approval.Evidence)), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sayThatThisIsAll lets the store sign which bundles there are: whoever decides
// without one of them is found out.
func (s *story) sayThatThisIsAll(ctx context.Context) error {
	return s.once(ctx, store, predicate.TypeCheckpoint, func() (st evidence.Statement, what string, err error) {
		all, err := s.evidence.verified(ctx)
		if err != nil {
			return st, "", err
		}
		before := 0 // checkpoints
		for _, v := range all {
			if v.Statement().PredicateType() == predicate.TypeCheckpoint {
				before++
			}
		}
		c, err := evidence.NewCheckpoint(s.release, all, uint64(before)+1, now())
		if err != nil {
			return st, "", err
		}
		st, err = evidence.For(s.release, c)
		return st, fmt.Sprintf("checkpoint %d: the store holds %s", c.Sequence, count(len(c.Evidence), "bundle")), err
	})
}

// summarise signs the decision as a SLSA verification summary.
func (s *story) summarise(ctx context.Context, d evidence.Decision) error {
	return s.once(ctx, authority, predicate.TypeVSA, func() (st evidence.Statement, what string, err error) {
		st, err = evidence.VSA(d, evidence.SummaryOptions{VerifierID: "urn:sallyport:quickstart:" + authority,
			ResourceURI: "urn:sallyport:quickstart:service:" + s.release.Service})
		return st, "verification summary: " + d.Verdict.String(), err
	})
}
