package control

import "slices"

// SSDF are the 42 tasks of NIST SP 800-218, the Secure Software Development Framework,
// version 1.1.
func SSDF() Catalog {
	c := SSDFDraft()
	c.Version, c.Title = "1.1", "NIST SP 800-218, Secure Software Development Framework 1.1"
	c.Controls = slices.DeleteFunc(c.Controls, func(k Control) bool { return k.Draft })
	return c
}

// SSDFDraft are the 49 tasks of version 1.2, which is a draft. Those that 1.1 does not
// have are marked.
func SSDFDraft() Catalog {
	return Catalog{Name: "ssdf", Version: "1.2-draft", Title: "NIST SP 800-218, Secure Software Development Framework 1.2 (draft)", Controls: []Control{
		{ID: "PO.1.1", Title: "Security requirements for the infrastructure and processes of development are written down and kept up", Kinds: kinds(KindRequirement, KindExternal), Fit: FitContext},
		{ID: "PO.1.2", Title: "Security requirements that the software must meet are written down and kept up, exceptions and what is archived among them", Kinds: kinds(KindRequirement, KindDecision, KindWaiver, KindArchive), Fit: FitSupporting},
		{ID: "PO.1.3", Title: "Suppliers of components are told what is required of them", Kinds: kinds(KindExternal, KindSBOM), Fit: FitContext},
		{ID: "PO.2.1", Title: "Roles in development are defined and kept up, owners of code among them", Kinds: kinds(KindApproval, KindReview, KindExternal), Fit: FitSupporting},
		{ID: "PO.2.2", Title: "People are trained for their roles", Kinds: kinds(KindExternal), Fit: FitNone},
		{ID: "PO.2.3", Title: "Management stands behind it, and somebody answers for releases", Kinds: kinds(KindApproval, KindExternal), Fit: FitContext},
		{ID: "PO.3.1", Title: "The tools of each toolchain are specified, and how they work together", Kinds: kinds(KindDecision, KindToolchain, KindRequirement), Fit: FitSupporting},
		{ID: "PO.3.2", Title: "Tools are deployed, run and maintained securely", Kinds: kinds(KindProvenance, KindToolchain, KindVulnScan), Fit: FitSupporting},
		{ID: "PO.3.3", Title: "Tools are set up to leave a trail of secure practice", Kinds: kinds(KindRecord, KindDecision, KindProvenance, KindTest, KindSAST, KindVulnScan), Fit: FitPrimary},
		{ID: "PO.4.1", Title: "There are criteria for security checks, and approvals, rejections and exceptions are recorded", Kinds: kinds(KindDecision, KindAssessment, KindApproval, KindWaiver, KindMetrics), Fit: FitPrimary},
		{ID: "PO.4.2", Title: "What is needed to judge by the criteria is gathered and kept safe", Kinds: kinds(KindSignature, KindRecord, KindArchive, KindDecision), Fit: FitPrimary},
		{ID: "PO.5.1", Title: "Environments are separated from each other and protected", Kinds: kinds(KindDeployment, KindProvenance, KindExternal), Fit: FitSupporting},
		{ID: "PO.5.2", Title: "Developers' machines are hardened", Kinds: kinds(KindExternal), Fit: FitNone},
		{ID: "PO.6.1", Title: "Development environments follow new threats and tools", Kinds: kinds(KindToolchain, KindMetrics), Fit: FitContext, Draft: true},
		{ID: "PO.6.2", Title: "Processes and tools that avoid errors are looked for", Kinds: kinds(KindMetrics, KindIncident), Fit: FitSupporting, Draft: true},
		{ID: "PO.6.3", Title: "The answer to vulnerabilities gets better, and earlier decisions are looked at again", Kinds: kinds(KindWaiver, KindMetrics, KindVEX), Fit: FitPrimary, Draft: true},
		{ID: "PS.1.1", Title: "Code is stored with least privilege; changes have an accountable author, and owners review them", Kinds: kinds(KindChangeSet, KindReview, KindSignature, KindDigest), Fit: FitPrimary},
		{ID: "PS.2.1", Title: "Whoever gets the software can verify its integrity", Kinds: kinds(KindSignature, KindDigest, KindProvenance, KindRecord), Fit: FitPrimary},
		{ID: "PS.3.1", Title: "Files and data of each release are archived safely", Kinds: kinds(KindArchive, KindDigest, KindProvenance, KindSignature), Fit: FitPrimary},
		{ID: "PS.3.2", Title: "Where all components come from is collected, kept safe and shared", Kinds: kinds(KindSBOM, KindDependencyDiff, KindProvenance, KindSignature), Fit: FitPrimary},
		{ID: "PS.4.1", Title: "Every release is tested thoroughly, in configurations like the real ones, and by some users early", Kinds: kinds(KindTest, KindRollout), Fit: FitPrimary, Draft: true},
		{ID: "PS.4.2", Title: "Releases go out in tiers: canaries, stages, waiting times", Kinds: kinds(KindRollout, KindMonitoring, KindDecision), Fit: FitPrimary, Draft: true},
		{ID: "PS.4.3", Title: "Going back works, and nobody goes back to a vulnerable version without leave", Kinds: kinds(KindRollback, KindApproval, KindVulnScan), Fit: FitPrimary, Draft: true},
		{ID: "PS.4.4", Title: "What delivers updates is robust and reliable", Kinds: kinds(KindRollout, KindMonitoring, KindExternal), Fit: FitSupporting, Draft: true},
		{ID: "PW.1.1", Title: "Risk is modelled, and areas of high risk (identity, access, credentials, sensitive data) are looked at harder", Kinds: kinds(KindAssessment, KindThreatModel), Fit: FitPrimary},
		{ID: "PW.1.2", Title: "Security requirements, risks, design decisions and exceptions are kept track of", Kinds: kinds(KindAssessment, KindWaiver, KindDecision), Fit: FitPrimary},
		{ID: "PW.1.3", Title: "Standard security features are used in place of home-made ones", Kinds: kinds(KindChangeSet, KindDependencyDiff), Fit: FitSupporting},
		{ID: "PW.2.1", Title: "Somebody qualified and independent, or a program, reviews the design", Kinds: kinds(KindReview, KindApproval, KindThreatModel), Fit: FitSupporting},
		{ID: "PW.4.1", Title: "Components of others are well secured when they come in, and are kept so", Kinds: kinds(KindSBOM, KindDependencyDiff, KindProvenance, KindLicense), Fit: FitPrimary},
		{ID: "PW.4.2", Title: "Components of our own are well secured and kept so", Kinds: kinds(KindSBOM, KindTest), Fit: FitSupporting},
		{ID: "PW.4.4", Title: "Components of others are checked all their life: known flaws, upkeep, integrity", Kinds: kinds(KindVulnScan, KindVEX, KindSBOM, KindDependencyDiff, KindSignature), Fit: FitPrimary},
		{ID: "PW.5.1", Title: "Code follows the secure practices of its language and environment", Kinds: kinds(KindSAST, KindReview), Fit: FitSupporting},
		{ID: "PW.6.1", Title: "Compilers and build tools have security features and are up to date", Kinds: kinds(KindProvenance, KindToolchain), Fit: FitSupporting},
		{ID: "PW.6.2", Title: "Which features of the build tools are used is decided, done and verified", Kinds: kinds(KindProvenance, KindToolchain), Fit: FitSupporting},
		{ID: "PW.7.1", Title: "When code is reviewed or analysed is decided", Kinds: kinds(KindAssessment, KindDecision), Fit: FitPrimary},
		{ID: "PW.7.2", Title: "Code is reviewed or analysed; what is found is recorded and sorted", Kinds: kinds(KindReview, KindSAST, KindSecretScan), Fit: FitPrimary},
		{ID: "PW.8.1", Title: "Whether and what to test by running is decided", Kinds: kinds(KindAssessment, KindDecision), Fit: FitPrimary},
		{ID: "PW.8.2", Title: "Tests are designed and run; results are documented and sorted", Kinds: kinds(KindTest, KindCoverage, KindDAST, KindFuzz), Fit: FitPrimary},
		{ID: "PW.9.1", Title: "A baseline of secure defaults is defined", Kinds: kinds(KindBaseline, KindTest), Fit: FitSupporting},
		{ID: "PW.9.2", Title: "Defaults are set, documented and changed under control", Kinds: kinds(KindBaseline, KindInfraDiff, KindChangeSet), Fit: FitSupporting},
		{ID: "RV.1.1", Title: "News of flaws in the software and its components is gathered, and bills of materials are gone through again", Kinds: kinds(KindVulnScan, KindSBOM, KindAdvisory), Fit: FitPrimary},
		{ID: "RV.1.2", Title: "Supported releases are searched for flaws that nobody knows yet", Kinds: kinds(KindSAST, KindFuzz, KindVulnScan, KindBaseline), Fit: FitSupporting},
		{ID: "RV.1.3", Title: "There is a policy for disclosure, and people who act on it", Kinds: kinds(KindExternal, KindIncident), Fit: FitContext},
		{ID: "RV.2.1", Title: "The risk of each flaw is analysed", Kinds: kinds(KindVEX, KindAssessment, KindVulnScan), Fit: FitPrimary},
		{ID: "RV.2.2", Title: "The answer to each flaw is planned and carried out, advisories and delivery among it", Kinds: kinds(KindVEX, KindWaiver, KindAdvisory, KindDeployment, KindRecord), Fit: FitPrimary},
		{ID: "RV.3.1", Title: "Root causes are found", Kinds: kinds(KindIncident, KindChangeSet), Fit: FitSupporting},
		{ID: "RV.3.2", Title: "Root causes are looked at over time for patterns", Kinds: kinds(KindMetrics, KindIncident), Fit: FitPrimary},
		{ID: "RV.3.3", Title: "The same class of flaw is looked for elsewhere", Kinds: kinds(KindVulnScan, KindChangeSet), Fit: FitSupporting},
		{ID: "RV.3.4", Title: "The process changes so that it does not happen again", Kinds: kinds(KindMetrics, KindDecision, KindRequirement), Fit: FitSupporting},
	}}
}
