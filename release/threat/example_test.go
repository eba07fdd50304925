package threat_test

import (
	"fmt"
	"os"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/threat"
)

func Example() {
	scores, _ := os.ReadFile("testdata/epss.csv")
	catalogue, _ := os.ReadFile("testdata/kev.json")
	feeds := threat.Feeds{
		EPSS: threat.ReadEPSS("epss.csv", scores),
		KEV:  threat.ReadKEV("kev.json", catalogue),
	}
	changes := release.ChangeSet{Advisories: []release.AdvisoryChange{
		{ID: "GHSA-jfh8-c2jp-5v3q", Aliases: []string{"CVE-2021-44228"}},
		{ID: "CVE-2024-0001"},
		{ID: "GO-2026-4999"}, // nobody gave it a CVE identifier
	}}
	feeds.Apply(&changes, time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC))
	for _, a := range changes.Advisories {
		fmt.Println(a.ID, "exploited:", a.Exploited)
		if a.Likelihood.Known {
			fmt.Println("  likelihood", a.Likelihood.Value, "by", a.Likelihood.By)
		}
		if a.Detail != "" {
			fmt.Println(" ", a.Detail)
		}
	}
	// Output:
	// GHSA-jfh8-c2jp-5v3q exploited: yes
	//   likelihood 0.94358 by EPSS v2025.03.14
	//   CVE-2021-44228 listed as exploited since 2021-12-10 (CISA KEV), by ransomware too
	// CVE-2024-0001 exploited: no
	//   likelihood 0.00043 by EPSS v2025.03.14
	// GO-2026-4999 exploited: unknown
}

func ExampleCVSS() {
	s, err := threat.CVSS("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H")
	fmt.Println(s.Value, err)
	s, err = threat.CVSS("CRITICAL")
	fmt.Println(s.Known, err)
	// Output:
	// 10 <nil>
	// false threat: CVSS vector "CRITICAL": invalid metric order
}
