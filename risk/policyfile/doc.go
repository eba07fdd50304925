// Package policyfile reads what package risk is told by people, policies and waivers,
// where they write it as YAML.
//
// [Parse] takes the shape that risk.PolicySchema names, so that a policy has the same
// members and the same digest whether it is built in Go, read as JSON or read as
// YAML. testdata/default.yaml is the default policy, to start from; a smaller file extends it, by its
// digest: see [risk.ParsePolicy]. [Upgrade] brings a file up to the rules of a newer build and keeps
// its comments. [ParseWaivers] takes the shape that risk.WaiversSchema names: testdata/waivers.yaml
// has two.
//
// These files belong into the directory .sallyport of the repository that they speak of: there the rule
// "policy" sees each change of them. They are read at the base revision of a release.
//
// # No guessing
//
// Versions of YAML and the programs that read them differ on what a plain scalar is.
// Here a plain scalar is a number only where it is written as JSON writes one, a
// boolean only where it is true or false, and text otherwise; and text that
// YAML 1.1 takes for something else (no, 0755, 12:30, 1_000, 2026-11-23) must stand
// in quotes. Durations are text, 24h. A value that is left empty is null, and null
// stands nowhere. Tags ("!!str", "!x"), merge keys ("<<", YAML 1.1) and names that stand
// twice are refused. Anchors and aliases are carried out, so that tiers can share
// requirements; what they name counts each time.
//
// # All mistakes at once
//
// The error is a *risk.TextError: it has every mistake with line and column, of the
// member's name where the value has one. Only where the text is not YAML at all does
// it end with the first. Importing this package links a YAML parser, which package
// risk does not.
package policyfile
