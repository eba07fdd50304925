package config_test

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release/config"
)

func ExampleDiff() {
	before := []byte(`
image: {repository: shop, tag: "1.4"}
replicas: 3
env:
  - {name: LOG_LEVEL, value: info}
  - {name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}
`)
	after := []byte(`
image: {repository: shop, tag: "1.5"}
replicas: "3"
env:
  - {name: DB_PASSWORD, value: tiger}
  - {name: LOG_LEVEL, value: info}
ingress: {enabled: true}
`)
	cs := config.Diff("chart/values.yaml", before, after, config.Options{})
	for _, s := range cs.Settings {
		fmt.Printf("%s %s %s %q\n", s.Op, s.Key, s.Labels, s.Detail)
	}
	// Output:
	// moved env [] "its elements stand in another order"
	// added env[name=DB_PASSWORD].value [identity secrets] "a reference to a secret store became a literal; a secret by its name"
	// removed env[name=DB_PASSWORD].valueFrom.secretKeyRef.key [crypto identity secrets] "a secret by its name"
	// removed env[name=DB_PASSWORD].valueFrom.secretKeyRef.name [crypto identity secrets] "a secret by its name"
	// modified image.tag [pipeline] ""
	// added ingress.enabled [network] ""
	// modified replicas [availability] "a number became text"
}

func ExampleDiff_flags() {
	before := []byte(`{"flags": {
		"new-checkout": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off", "targeting": {"$ref": "staff"}},
		"dark-mode":    {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on"}},
		"$evaluators": {"staff": {"ends_with": [{"var": "email"}, "@example.com"]}}}`)
	after := []byte(`{"flags": {
		"new-checkout": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on", "targeting": {"$ref": "staff"}},
		"dark-mode":    {"state": "DISABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on"},
		"refunds-v2":   {"state": "ENABLED", "variants": {"a": 1}, "defaultVariant": "a"}},
		"$evaluators": {"staff": {"ends_with": [{"var": "email"}, ".com"]}}}`)
	cs := config.Diff("flags.json", before, after, config.Options{})
	for _, s := range cs.Settings {
		fmt.Printf("%s %s %s %q\n", s.Op, s.Key, s.Labels, s.Detail)
	}
	// Output:
	// modified ["$evaluators"].staff.ends_with[1] [flag] ""
	// modified flags.dark-mode [flag] "switched off"
	// modified flags.new-checkout [flag payment] "default variant changed; targeting changed through an evaluator that it refers to"
	// added flags.refunds-v2 [flag payment] "a new flag, switched on"
}
