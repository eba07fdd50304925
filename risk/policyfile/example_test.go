package policyfile_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/risk/policyfile"
)

// A policy file with three mistakes says all three, and where.
func Example() {
	b, err := os.ReadFile("testdata/default.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := policyfile.Parse(b, risk.Code{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.ID, "is valid")

	text := strings.NewReplacer("count: 2\n        independent: true", "count: 2\n        independent: yes",
		"minBake: 10m", "minBake: 600",
		"  - {id: sensitive, version: 1}\n", "").Replace(string(b))
	_, err = policyfile.Parse([]byte(text), risk.Code{})
	fmt.Println(err)
	// Output:
	// sallyport/default/1 is valid
	// risk: policy: 3 mistakes
	// 	line 12, column 1: /rules: there is no "sensitive", which no policy may take away
	// 	line 96, column 7: /demands/1/rollout/minBake: a number stands where a duration such as "24h" as text must
	// 	line 111, column 9: /demands/2/requirements/1/independent: "yes" is read in different ways: write text in quotes, numbers as in JSON, booleans as true or false
}
