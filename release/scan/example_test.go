package scan_test

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/scan"
)

func Example() {
	before := scan.Read("before.json", []byte(`{"SchemaVersion": 2, "ArtifactName": ".", "ArtifactType": "filesystem", "Results": [
		{"Target": "go.mod", "Class": "lang-pkgs", "Packages": [{"Name": "example.com/router"}], "Vulnerabilities": [
			{"VulnerabilityID": "CVE-2031-10001", "PkgName": "example.com/router", "PkgIdentifier": {"PURL": "pkg:golang/example.com/router@v1.4.0"},
				"FixedVersion": "1.4.2", "Severity": "HIGH"}]}]}`))
	after := scan.Read("after.json", []byte(`{"SchemaVersion": 2, "ArtifactName": ".", "ArtifactType": "filesystem", "Results": [
		{"Target": "go.mod", "Class": "lang-pkgs", "Packages": [{"Name": "example.com/router"}]},
		{"Target": "app.env", "Class": "secret", "Secrets": [{"RuleID": "private-key", "Severity": "CRITICAL", "Title": "Private key", "StartLine": 3}]}]}`))
	d := scan.Delta(&before, &after)
	for _, f := range d.New {
		fmt.Println("new:", f.Kind, f.ID, f.Severity, f.Path, f.Line)
	}
	for _, f := range d.Fixed {
		fmt.Println("fixed:", f.Kind, f.ID, f.Severity, f.Package)
	}

	empty := scan.Read("empty.json", []byte(`{"results": []}`))
	fmt.Println("an empty list is clean:", empty.Clean(), empty.Gaps)
	// Output:
	// new: secret private-key critical app.env 3
	// fixed: vulnerability CVE-2031-10001 high pkg:golang/example.com/router@v1.4.0
	// an empty list is clean: unknown [scan-unproven empty.json: the file does not show that the scan looked at anything]
}

// The host knows more of a run than its file: how it ended, and what it was given.
func ExampleRun() {
	stream := []byte(`{"config": {"protocol_version": "v1.0.0", "scan_level": "symbol", "scan_mode": "source"}}
		{"SBOM": {"modules": [{"path": "example.com/app"}, {"path": "stdlib", "version": "v1.26.0"}]}}`)
	fmt.Println(scan.Read("vuln.json", stream).Clean())
	fmt.Println(scan.Run{Completed: release.AnswerYes}.Read("vuln.json", stream).Clean())
	fmt.Println(scan.Run{Completed: release.AnswerNo}.Read("vuln.json", stream).Gaps)
	// Output:
	// unknown
	// yes
	// [scan-failed vuln.json: the host says that the scanner did not run to its end]
}
