// Package schema has the JSON Schemas (draft 2020-12) of the values that Sallyport
// writes for others to read: a change set and a release record.
//
// The schemas are closed: a member that the shape does not have is an error, so
// that a misspelt one is not taken for a missing one. A shape that gains a member
// gets a new schema under the same name, one that changes or loses a member gets a
// new name. They say what a text must look like; whether what it says is true, a
// signature and the digests must show.
package schema

import _ "embed"

//go:embed changeset.v2.schema.json
var changeSet string

//go:embed record.v1.schema.json
var record string

// ChangeSet is the schema of a release.ChangeSet, whose name is
// release.ChangeSetSchema. The caller owns the result.
func ChangeSet() []byte { return []byte(changeSet) }

// Record is the schema of a release.Record, whose name is release.RecordSchema.
// The caller owns the result.
func Record() []byte { return []byte(record) }
