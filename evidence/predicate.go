package evidence

import (
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// kinds says which predicate types show which kind of evidence. It is the only
// such table: a predicate type that is not here shows nothing. Types match
// exactly, because a prefix would let a future version in unread.
var kinds = map[string]release.EvidenceKind{
	predicate.TypeTestResult:          release.EvidenceTest,
	predicate.TypeReview:              release.EvidenceReview,
	predicate.TypeApproval:            release.EvidenceApproval,
	predicate.TypeProvenance:          release.EvidenceProvenance,
	predicate.TypeProvenanceV02:       release.EvidenceProvenance,
	predicate.TypeProvenanceV01:       release.EvidenceProvenance,
	predicate.TypeInTotoProvenanceV01: release.EvidenceProvenance,
	predicate.TypeVulns:               release.EvidenceScan,
	predicate.TypeVulnsV01:            release.EvidenceScan,
}

// KindOf is the kind of evidence that statements of a predicate type are:
//
//	https://in-toto.io/attestation/test-result/v0.1  test-result
//	https://sallyport.dev/approval/v1                approval
//	https://sallyport.dev/review/v1                  review
//	https://slsa.dev/provenance/v1                   provenance
//	https://slsa.dev/provenance/v0.2                 provenance
//	https://slsa.dev/provenance/v0.1                 provenance
//	https://in-toto.io/Provenance/v0.1               provenance
//	https://in-toto.io/attestation/vulns/v0.2        scan
//	https://in-toto.io/attestation/vulns/v0.1        scan
//
// It is "" for every other type.
func KindOf(predicateType string) release.EvidenceKind { return kinds[predicateType] }

// As reads the predicate of a statement into a type of package predicate,
// strictly: see [predicate.Read].
func As[T predicate.Predicate](st Statement) (T, error) {
	return predicate.Read[T](st.predicateType, st.predicate)
}
