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
//	for _, list := range r.Inventories {
//		r.Changes.Add(db.Delta(list.Before, list.After, asOf))
//	}
//
// A reader is a documented value; [Readers] lists those of this module, and a host
// adds its own.
//
// # What was not read
//
// A kind of change is complete where all files were seen and every one that its
// readers claim was read as a whole. A kind that has no reader is missing. These
// are gaps, and make a kind partial:
//
//   - a file that declares dependencies or infrastructure (by its name, or what
//     stands in it) and that no reader of that kind knows: Compose, Kustomize,
//     CloudFormation, Helm's helpers, Terraform without a plan;
//   - a file that is too large, or that a partial clone lacks;
//   - a symbolic link or a submodule, which may stand for anything.
//
// A file that only asks for dependencies, and that a lock file of its directory or
// workspace pins, is no gap: it is a source of [FormatPinned].
//
// An unknown base is a gap and no change: it is neither "all is new" nor "nothing
// changed". Settings are read where the doc of their reader says; elsewhere they are
// code.
//
// Tests' data and copies of other people's code are left out by default (see
// [Options].Skip): a lock file among them is not what is released. But they are
// called so by their author, so that one gap tells of those in which a reader of
// dependencies or infrastructure would find a change.
//
// Any plan counts for all files of Terraform: whether there is one of each
// directory, the host must see to.
//
// This package links parsers for YAML and TOML. Programs that read one kind of
// file only import its reader.
package compare
