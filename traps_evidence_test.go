package sallyport_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// trap is a mistake that others make, and the tests that show that it is not made here.
type trap struct {
	name  string
	tests []string
}

// The known traps of verifying evidence, and the tests that show that nobody falls into
// them: package, test and, behind a colon, the case. They are named here and not told
// again, because most need a certificate authority or a whole decision. What is named
// must be there.
var evidenceTraps = []trap{
	// What sigstore-go v1.3.0 does or leaves to its caller.
	{"1 an expired key is accepted where no time is looked at, and old evidence dies where now is", []string{
		"evidence.TestKeyWindows:only an end, no time", "evidence.TestKeyWindows:backdated with a retired key", "evidence/sigstore.TestRotation", "evidence/sigstore.TestNoClockIsAsked"}},
	{"2 a wrong or absent _type or predicateType", []string{
		"evidence/sigstore.TestStatementPitfalls:no _type", "evidence/sigstore.TestStatementPitfalls:another _type", "evidence/sigstore.TestStatementPitfalls:no predicateType"}},
	{"3 a name twice, in another case, or under protobuf's alias", []string{"evidence/sigstore.TestStatementPitfalls:predicateType twice",
		"evidence/sigstore.TestStatementPitfalls:predicateType in another case", "evidence/sigstore.TestStatementPitfalls:predicateType by protobuf's alias", "evidence.TestParsersAgree"}},
	{"4 unknown fields and predicates that are texts are refused", []string{
		"evidence/sigstore.TestStatementPitfalls:member that is unknown", "evidence/sigstore.TestStatementPitfalls:predicate that is a string"}},
	{"5 one digest that is not hexadecimal spoils all", []string{"evidence/sigstore.TestStatementPitfalls:digest that is not hexadecimal"}},
	{"6 a foreign key id refuses a good signature", []string{"evidence/sigstore.TestBundlePitfalls:foreign key id", "evidence.TestOtherSignatureForms:IEEE P1363, as some KMS sign"}},
	{"7 weak digests, and any subject for any file", []string{"evidence/sigstore.TestWeakDigestsMatchNothing", "evidence.TestMatch:weak algorithm", "evidence.TestMatch:names swapped", "evidence.TestSubjectMatches"}},
	{"8 limits that hold only sometimes", []string{"evidence.TestHostileStatements:too many subjects", "evidence/sigstore.TestStatementPitfalls:1024 subjects", "evidence/sigstore.TestBundlePitfalls:33 log entries"}},
	{"9 several signatures, and payload types of predicates", []string{"evidence/sigstore.TestBundlePitfalls:two signatures", "evidence.TestSplitEnvelopesVerify", "evidence.TestPayloadTypesOfPredicates"}},
	{"10 Ed25519, with and without a hash, and Rekor v2", []string{"evidence/sigstore.TestEd25519"}},
	{"11 the hint vouches for nobody", []string{"evidence/sigstore.TestHints"}},
	{"12 patterns without anchors, and certificates of anyone", []string{"evidence/sigstore.TestOptions:root alone", "evidence/sigstore.TestOptions:pattern that escapes its anchors",
		"evidence/sigstore.TestKeylessRefused:pattern that matches a part of the subject", "evidence/sigstore.TestKeylessRefused:pattern that matches a line of the issuer"}},
	{"13 a library that prints", []string{"evidence/sigstore.TestPrintsNothing", "evidence/layout.TestPatternsAgainstTheLibrary"}},
	{"14 Rekor v2 has no time, and answers that it knows the signature", []string{"evidence/sigstore.TestKeylessRefused:Rekor v2 without a timestamp", "evidence/sigstore.TestConflict"}},
	{"15 an unknown field of a newer producer, and chains", []string{"evidence/sigstore.TestBundlePitfalls:member of a newer producer", "evidence/sigstore.TestIntermediates"}},
	{"16 hundreds of modules", []string{".TestHeavyDependenciesStayInTheirLeaves", ".TestWeight"}},

	// What developers do.
	{"hashing what was encoded again", []string{"evidence.TestExamplesKeepTheirBytes", "evidence.TestDigestIsOfTheEnvelope", "evidence/predicate.TestSpecExamples"}},
	{"believing another reading than the signed bytes", []string{"evidence/sigstore.TestVerifiesWhatWasParsed", "evidence/sigstore.TestTwoParsersOneBundle", "evidence.TestFlippedBits"}},
	{"counting keys and hints", []string{"evidence.TestThresholdsGiveOneVerdict", "evidence/sigstore.TestPeopleAreCountedOnce", "evidence.TestMalleableSignaturesCountOnce"}},
	{"taking the set of bundles for whole", []string{"evidence.TestTakingNegativeEvidenceAwayIsCaught", "evidence.TestWhatIsWithheldIsNamed"}},
	{"any subject for all artifacts", []string{"evidence.TestMatch:only one", "evidence.TestSummarized:step 2: some artifacts"}},
	{"predicate types by their beginning", []string{"evidence/predicate.TestTypes"}},
	{"no scan is a clean scan", []string{"evidence.TestNoVulnerabilities:no scan", "evidence.TestTakingAwayNeverAllows", "evidence.TestTakingSupportAwayNeverAllows"}},
	{"the signer's times for freshness", []string{"evidence.TestDecide:age without trusted time", "evidence.TestSummarized:no trusted time"}},
	{"the resource of a summary unread", []string{"evidence.TestSummarized:step 5: another resource"}},
	{"the verifier or builder of somebody else", []string{"evidence.TestSummarized:step 4: another verifier's signer", "evidence.TestSLSA:somebody else writes the builder's id"}},
	{"a fault kept as a verdict", []string{"evidence.TestCacheKeepsOnlyYes"}},
	{"approving what still moves", []string{"evidence.TestDecide:older evidence set", "evidence.TestDecide:looked at evidence that is gone", "evidence.TestApprovalIsBoundToItsRelease"}},
	{"running a layout's inspections", []string{"evidence/layout.TestInspectionsAreNeverRun"}},
	{"thresholds by the order of a map", []string{"evidence/layout.TestDeterministic", "evidence/layout.TestInTotoCountsByTheOrderOfAMap"}},
	{"an open decision signed as failed", []string{"evidence.TestVSA"}},
}

func TestEvidenceTraps(t *testing.T) {
	t.Parallel()
	thereAre(t, evidenceTraps)
}

// thereAre looks for the tests that are named, and for their cases.
func thereAre(t *testing.T, traps []trap) {
	type place struct{ pkg, test string }
	texts := map[place]map[string]bool{} // of tests, every string in the file
	parsed := map[string]bool{}
	for _, trap := range traps {
		require.NotEmpty(t, trap.tests, trap.name)
		for _, named := range trap.tests {
			pkg, test, found := strings.Cut(named, ".")
			require.True(t, found, named)
			test, text, hasCase := strings.Cut(test, ":")
			if !parsed[pkg] {
				parsed[pkg] = true
				files, err := filepath.Glob(filepath.Join(".", filepath.FromSlash(pkg), "*_test.go"))
				require.NoError(t, err)
				for _, file := range files {
					f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
					require.NoError(t, err)
					has := map[string]bool{}
					ast.Inspect(f, func(n ast.Node) bool {
						if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
							if s, err := strconv.Unquote(lit.Value); err == nil {
								has[s] = true
							}
						}
						return true
					})
					for _, d := range f.Decls {
						if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
							texts[place{pkg, fn.Name.Name}] = has
						}
					}
				}
			}
			has, there := texts[place{pkg, test}]
			require.True(t, there, "%s: there is no %s in package %s", trap.name, test, pkg)
			require.True(t, !hasCase || has[text], "%s: there is no case %q in the file of %s", trap.name, text, test)
		}
	}
}
