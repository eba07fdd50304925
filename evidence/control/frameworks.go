package control

// SLSA are the levels of SLSA 1.2's build and source tracks. Evidence supports a level; that
// it is reached, only a verifier's summary says, with the verifier's name under it.
func SLSA() Catalog {
	return Catalog{Name: "slsa", Version: "1.2", Title: "SLSA 1.2, build and source tracks", Controls: []Control{
		{ID: "build-L1", Title: "Provenance says how the artifacts were built", Kinds: kinds(KindProvenance), Fit: FitPrimary},
		{ID: "build-L2", Title: "A hosted builder signed the provenance", Kinds: kinds(KindProvenance, KindSignature), Fit: FitSupporting},
		{ID: "build-L3", Title: "The builder is hardened, and builds cannot touch each other", Kinds: kinds(KindExternal), Fit: FitContext},
		{ID: "source-L1", Title: "The source is under version control", Kinds: kinds(KindChangeSet), Fit: FitSupporting},
		{ID: "source-L2", Title: "History is kept, and there is provenance of the source", Kinds: kinds(KindChangeSet, KindReview), Fit: FitSupporting},
		{ID: "source-L3", Title: "Controls are enforced at all times", Kinds: kinds(KindExternal), Fit: FitContext},
		{ID: "source-L4", Title: "Two parties reviewed each change", Kinds: kinds(KindReview), Fit: FitPrimary},
	}}
}

// CICDSEC are OWASP's top ten risks of CI and CD.
func CICDSEC() Catalog {
	return Catalog{Name: "cicd-sec", Version: "2022", Title: "OWASP Top 10 CI/CD Security Risks", Controls: []Control{
		{ID: "CICD-SEC-1", Title: "Nothing goes out without others' control over the flow", Kinds: kinds(KindApproval, KindReview, KindDecision), Fit: FitPrimary},
		{ID: "CICD-SEC-2", Title: "Identities and their access are managed", Kinds: kinds(KindExternal), Fit: FitContext},
		{ID: "CICD-SEC-3", Title: "Dependencies cannot be abused", Kinds: kinds(KindDependencyDiff, KindSBOM, KindVulnScan), Fit: FitPrimary},
		{ID: "CICD-SEC-4", Title: "A change cannot poison the pipeline that runs it", Kinds: kinds(KindAssessment, KindReview), Fit: FitSupporting},
		{ID: "CICD-SEC-5", Title: "Pipelines reach no more than they need", Kinds: kinds(KindExternal), Fit: FitContext},
		{ID: "CICD-SEC-6", Title: "Credentials are kept clean", Kinds: kinds(KindSecretScan), Fit: FitSupporting},
		{ID: "CICD-SEC-7", Title: "Systems of the pipeline are configured securely", Kinds: kinds(KindBaseline, KindToolchain), Fit: FitSupporting},
		{ID: "CICD-SEC-8", Title: "Services of others are governed", Kinds: kinds(KindExternal), Fit: FitContext},
		{ID: "CICD-SEC-9", Title: "The integrity of artifacts is verified", Kinds: kinds(KindDigest, KindSignature, KindProvenance), Fit: FitPrimary},
		{ID: "CICD-SEC-10", Title: "What happens is logged and can be seen", Kinds: kinds(KindRecord, KindDeployment, KindArchive), Fit: FitPrimary},
	}}
}

// OWASP2025 is what OWASP's Top 10 of 2025 asks of a supply chain (A03) and what stands beside it.
func OWASP2025() Catalog {
	return Catalog{Name: "owasp-top10", Version: "2025", Title: "OWASP Top 10:2025, supply chain and integrity", Controls: []Control{
		{ID: "A02", Title: "Nothing is misconfigured", Kinds: kinds(KindBaseline, KindInfraDiff), Fit: FitSupporting},
		{ID: "A03-inventory", Title: "Supply chain: every component is known", Kinds: kinds(KindSBOM, KindDependencyDiff), Fit: FitPrimary},
		{ID: "A03-flaws", Title: "Supply chain: published flaws are known and judged", Kinds: kinds(KindVulnScan, KindVEX, KindAdvisory), Fit: FitPrimary},
		{ID: "A03-staged", Title: "Supply chain: updates go out in stages", Kinds: kinds(KindRollout), Fit: FitPrimary},
		{ID: "A03-tracked", Title: "Supply chain: changes of pipelines, tools and registries are tracked", Kinds: kinds(KindChangeSet, KindAssessment), Fit: FitSupporting},
		{ID: "A08", Title: "The integrity of software and data is verified", Kinds: kinds(KindSignature, KindDigest, KindProvenance), Fit: FitPrimary},
		{ID: "A10", Title: "What is exceptional is handled, and fails closed", Kinds: kinds(KindDecision), Fit: FitSupporting},
	}}
}

// PCIDSS are the requirements of PCI DSS 4.0.1 on changes.
func PCIDSS() Catalog {
	return Catalog{Name: "pci-dss", Version: "4.0.1", Title: "PCI DSS 4.0.1, changes of system components", Controls: []Control{
		{ID: "6.2.3.1", Title: "Who reviews code did not write it, and somebody responsible approves", Kinds: kinds(KindReview, KindApproval), Fit: FitPrimary},
		{ID: "6.3.2", Title: "There is an inventory of software and of components of others", Kinds: kinds(KindSBOM, KindDependencyDiff), Fit: FitPrimary},
		{ID: "6.5.1-reason", Title: "Changes have a reason and a description", Kinds: kinds(KindRecord, KindChangeSet), Fit: FitPrimary},
		{ID: "6.5.1-impact", Title: "The impact on security is documented", Kinds: kinds(KindAssessment), Fit: FitPrimary},
		{ID: "6.5.1-approval", Title: "Authorised people approved, on record", Kinds: kinds(KindApproval), Fit: FitPrimary},
		{ID: "6.5.1-testing", Title: "Tests show that security does not suffer", Kinds: kinds(KindTest), Fit: FitPrimary},
		{ID: "6.5.1-custom", Title: "Code of our own is tested for common attacks", Kinds: kinds(KindSAST, KindDAST), Fit: FitSupporting},
		{ID: "6.5.1-fallback", Title: "There is a way back to a secure state", Kinds: kinds(KindRollout, KindRollback), Fit: FitPrimary},
		{ID: "6.5.2", Title: "After a significant change all requirements still hold", Kinds: kinds(KindExternal), Fit: FitContext},
	}}
}

// DORA is Article 17(1) of the EU's regulation 2024/1774 on changes of ICT systems, which the
// Digital Operational Resilience Act calls for.
func DORA() Catalog {
	return Catalog{Name: "eu-dora-rts", Version: "2024/1774", Title: "EU DORA, RTS 2024/1774, Article 17(1): changes", Controls: []Control{
		{ID: "17.1.a", Title: "Whether security requirements are met is verified", Kinds: kinds(KindDecision, KindTest, KindVulnScan), Fit: FitPrimary},
		{ID: "17.1.b", Title: "Who approves is independent of who asks for the change and who makes it", Kinds: kinds(KindApproval, KindDecision), Fit: FitPrimary},
		{ID: "17.1.c", Title: "Roles and duties are clear", Kinds: kinds(KindApproval, KindReview), Fit: FitSupporting},
		{ID: "17.1.d", Title: "Purpose, scope, timeline and expected outcome are documented", Kinds: kinds(KindRecord, KindChangeSet), Fit: FitPrimary},
		{ID: "17.1.e", Title: "There is a way back, and a way to abort", Kinds: kinds(KindRollout, KindRollback), Fit: FitPrimary},
		{ID: "17.1.f", Title: "Emergency changes have safeguards", Kinds: kinds(KindWaiver, KindDecision), Fit: FitSupporting},
		{ID: "17.1.g", Title: "Emergency changes are documented and approved again afterwards", Kinds: kinds(KindApproval, KindDecision), Fit: FitSupporting},
		{ID: "17.1.h", Title: "The effect on existing security measures is known", Kinds: kinds(KindAssessment), Fit: FitPrimary},
	}}
}

// SOC2 is CC8.1 of the Trust Services Criteria: changes.
func SOC2() Catalog {
	return Catalog{Name: "soc2", Version: "2017", Title: "SOC 2, CC8.1: changes", Controls: []Control{
		{ID: "CC8.1-authorise", Title: "Changes are authorised", Kinds: kinds(KindDecision, KindApproval), Fit: FitPrimary},
		{ID: "CC8.1-design", Title: "Changes are designed", Kinds: kinds(KindThreatModel, KindReview), Fit: FitSupporting},
		{ID: "CC8.1-develop", Title: "Changes are developed and configured under control", Kinds: kinds(KindChangeSet, KindProvenance), Fit: FitPrimary},
		{ID: "CC8.1-document", Title: "Changes are documented", Kinds: kinds(KindRecord), Fit: FitPrimary},
		{ID: "CC8.1-test", Title: "Changes are tested", Kinds: kinds(KindTest), Fit: FitPrimary},
		{ID: "CC8.1-approve", Title: "Changes are approved", Kinds: kinds(KindApproval), Fit: FitPrimary},
		{ID: "CC8.1-implement", Title: "Changes are put into operation", Kinds: kinds(KindDeployment, KindRollout), Fit: FitPrimary},
	}}
}
