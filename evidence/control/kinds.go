package control

import (
	"slices"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// kindsOf are the kinds of evidence that a statement about the release is, each once.
// A statement that cannot be read is only a signature.
func kindsOf(v evidence.Verified, in Input, ref, changes release.Digest) []Kind {
	var out []Kind
	add := func(kinds ...Kind) {
		for _, k := range kinds {
			if k != "" && !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	st := v.Statement()
	if st.MatchAll(in.Record.Release) == nil {
		add(KindSignature, KindDigest)
	}
	if p, err := predicate.Parse(st.PredicateType(), st.Predicate()); err == nil {
		add(means(p, v, in, changes)...)
	}
	if in.Classify != nil {
		add(in.Classify(v)...)
	}
	return out
}

// means is what a predicate says, if it says it in favour.
func means(p predicate.Predicate, v evidence.Verified, in Input, changes release.Digest) []Kind {
	switch p := p.(type) {
	case predicate.TestResult:
		if p.Result == predicate.TestPassed {
			return kinds(KindTest)
		}
	case predicate.Vulns, predicate.VulnsV01, predicate.CosignVuln:
		return kinds(KindVulnScan)
	case predicate.CycloneDX, predicate.SPDX:
		return kinds(KindSBOM)
	case predicate.OpenVEX:
		return kinds(KindVEX)
	case predicate.Provenance, predicate.ProvenanceV01, predicate.ProvenanceV02:
		return kinds(KindProvenance)
	case predicate.Approval:
		if p.Decision == predicate.Approve && v.By().Kind == release.ActorHuman {
			return kinds(KindApproval)
		}
	case predicate.Review:
		if len(p.Objections) == 0 && slices.ContainsFunc(p.Approvals, func(a predicate.ReviewApproval) bool { return a.Counts }) {
			return kinds(KindReview)
		}
	case predicate.Checkpoint:
		return kinds(KindArchive)
	case predicate.Deployment:
		return deployment(p.Event.Kind)
	case predicate.Decision:
		return decision(p, in.Record, changes)
	}
	return nil
}

func deployment(k release.EventKind) []Kind {
	switch k {
	case release.EventExposed:
		return kinds(KindDeployment, KindRollout)
	case release.EventRolledBack, release.EventWithdrawn:
		return kinds(KindDeployment, KindRollout, KindRollback)
	}
	return kinds(KindDeployment)
}

// decision is what a signed allow vouches for. It names the digest of the change set: that
// of the record is then the one that was decided on, and with it what was made of it.
func decision(p predicate.Decision, rec release.Record, changes release.Digest) []Kind {
	if p.Verdict != release.VerdictAllow {
		return nil
	}
	out := kinds(KindDecision)
	if p.Changes.IsZero() || p.Changes != changes {
		return out
	}
	out = append(out, KindRecord, KindChangeSet)
	a := rec.Assessment
	if a.Changes == changes && a.Tier != release.TierUnknown && len(a.Reasons) > 0 {
		out = append(out, KindAssessment)
		if len(a.Waivers) > 0 {
			out = append(out, KindWaiver)
		}
	}
	c := rec.Changes.Coverage
	if c[release.KindDependency] == release.CoverageComplete {
		out = append(out, KindDependencyDiff)
	}
	if c[release.KindAdvisory] == release.CoverageComplete {
		out = append(out, KindAdvisory)
	}
	if c[release.KindInfrastructure] == release.CoverageComplete {
		out = append(out, KindInfraDiff)
	}
	return out
}
