// Package compare puts the readers of package release together: two releases in,
// one change set out.
//
// [Range] compares two revisions of a git repository, [Releases] two releases whose
// files are at hand as directories. Both find the files that differ, label them by
// name and content, and give each to the [Reader]s that claim it: Go modules, lock
// files, bills of materials, Kubernetes manifests, Dockerfiles, settings. Plans of
// Terraform are no part of a repository; [Options] takes them.
//
//	r, err := compare.Range(ctx, repo, "v1.4.0", "HEAD", compare.Options{})
//	r.Changes.Add(db.Delta(r.Inventories[0].Before, r.Inventories[0].After, now))
//
// A reader is a documented value; [Readers] lists those of this module, and a host
// adds its own.
//
// # What was not read
//
// A kind of change is complete where all files were seen and every one that its
// readers claim was read as a whole. Files that declare dependencies or
// infrastructure and that no reader knows are gaps, as is a file that is too large
// or that a partial clone lacks. An unknown base is a gap and no change: it is
// neither "all is new" nor "nothing changed".
//
// Tests' data and copies of other people's code are left out by default (see
// [Options].Skip): a lock file among them is not what is released. They still
// stand in Files.
//
// This package links parsers for YAML and TOML. Programs that read one kind of
// file only import its reader.
package compare
