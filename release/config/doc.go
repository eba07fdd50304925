// Package config says which settings changed between two versions of one file, by
// their key paths and never by their values.
//
// [Diff] reads .env files, YAML (Helm values too), JSON, TOML, Java properties, INI
// files and exports of feature flags. The result is a part of a change set: one
// [release.SettingChange] for each setting that was added, removed or modified. A
// file that cannot be read is a gap and no coverage; nothing is said of its settings
// then, neither that they changed nor that they did not.
//
// # Values are never kept
//
// A setting may be a secret, whatever it is called. So no result has a value in it,
// or a hash of one; a detail says in words what kind of change it was. A setting that is
// a secret by the words of its key, by the shape of a value on either side (a
// private key, an access key of a known service, a URL with a password, characters
// that look random) or because it refers to a secret store has
// [release.LabelSecrets]. A reference that became a literal is told. Names can be secrets too
// (a token as the key of a map): a name that looks like one is masked as <masked 1>,
// <masked 2>, … in the order of the file. So is a name that may be a line of a value that was
// broken, and the "id" or "key" of an element below a secret's name.
//
// # Key paths
//
// A path names the way from the top of the file:
//
//	db.pool.size                 names, with dots between
//	hosts[0]                     an element of a list, by its position from 0
//	env[name=PORT].value         an element of a list of mappings, by its name
//	labels["app.kubernetes.io/x"]  a name that has anything but letters, digits, "_", "-" and "/" in it
//	[<masked 1>].ttl             a name that is masked; one that is called so has quotes
//	#2.image                     the second document of a YAML file
//	.                            the whole document
//
// A name that is not plain stands in brackets as a Go string literal, so two settings
// never have one path. A list whose elements are mappings is keyed by "name", "id"
// or "key" (this one only beside a "value", or it may be a secret), the first of these that every element on both
// sides has as text and no two on one side share: then an element that moves is not a change of all its settings.
// Order may still matter (the first rule that matches), so a list whose common
// elements stand in another order is one change, [release.OpMoved], of the list itself.
//
// # What is a change
//
// Values differ if programs may see a difference: absent, null, "" and an empty
// mapping are four things; true and "true" are two; and 1 and 1.0 are two, because
// typed readers refuse one of them. The detail says which it was. In .env files, values are the
// same only if they are written the same, with "export", quotes, spaces, comments behind them and the end of
// the line, because readers differ about all of these; and their order counts where a
// value refers to another. In INI files, what is indented is not the same as what is not. A byte order mark in
// front of lines is a change. Aliases and merge keys of YAML are carried out:
// a changed anchor is a change wherever it is used. A plain yes, 0755 or 12:30 of YAML, which is
// text to some programs and not to others, is not the same as one in quotes, as a value and as a name.
//
// A key that stands twice, or names of one mapping that differ by case alone, are a gap
// (ambiguous, or unreadable where the format forbids it): programs do not agree on
// which one counts. JSON with comments is not JSON and is a gap.
package config
