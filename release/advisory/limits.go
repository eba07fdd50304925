package advisory

import "github.com/sallyport-dev/sallyport/release"

// What is read at most. A record that goes beyond is a gap; a container that does, an
// error.
const (
	MaxRecord  = 6 << 20  // bytes of one advisory
	MaxDepth   = 64       // levels of nesting in one
	MaxNames   = 1 << 17  // names that the open objects of one have together
	MaxPoints  = 40_000   // versions and events of one
	MaxPackage = 1 << 14  // affected entries of one, and names of each kind
	MaxRecords = 1 << 20  // advisories, and files
	MaxBytes   = 4 << 30  // bytes in all, after decompression
	MaxRatio   = 100      // decompressed bytes for each compressed one,
	MaxSlack   = 16 << 20 // above this many
	MaxSpace   = 1 << 20  // bytes of white space between two records
	MaxStrays  = 200_000  // values in a tree that are no advisories
	MaxGaps    = 1000     // gaps that are listed, and advisories of which nothing could be read
	MaxIndex   = 1 << 28  // bytes of a zip archive's directory
	MaxSummary = 300      // bytes of a summary that are kept
	MaxID      = 256      // bytes of an advisory's name
)

// Options say how a snapshot is read. Nil is the zero value.
type Options struct {
	// Path is what sources call the snapshot. If empty, "advisories". It has no part in
	// the digest.
	Path release.Path
}

func (o *Options) path() release.Path {
	if o == nil || o.Path == "" {
		return "advisories"
	}
	return o.Path
}
