// Package plan says what a Terraform or OpenTofu plan would change, from the JSON
// that "terraform show -json" (or "tofu show -json") writes of a saved plan.
//
// [Read] takes the file and gives a part of a [release.ChangeSet]: resources, drift,
// deviations, gaps, coverage and the source with its digest. Nothing is run, and no
// schema of a provider is needed. What is written in
// https://developer.hashicorp.com/terraform/internals/json-format for format 1.x is
// read; another major version is a gap, as the format's rules of compatibility ask.
//
// The plan that is applied must be the plan that was assessed. The digest in
// [release.Source] is that of the JSON; whoever applies should keep the saved plan
// and its JSON together, or make the JSON anew and compare.
//
// # What becomes what
//
//   - create, update and delete are added, modified and removed. Delete and create,
//     in either order, are replaced, with CreateFirst for the second. Forget is
//     forgotten: it is no longer managed and goes on to exist. Create and forget, in
//     either order, are replaced too, and Detail says that the old object stays.
//   - a resource that only moves is moved, one that is only imported is imported; if
//     more happens, From or Detail says it beside. What has nothing to do is left out.
//   - an action of the plan that is not known here is unknown and a gap.
//   - deposed objects (left over from a replacement that failed) are entries of their
//     own; Detail has the object's key.
//   - deferred changes are marked Deferred, and together a gap: the rest of the plan
//     does not exist yet. So are complete:false and errored:true. Of a plan that does
//     not have "complete" (before Terraform 1.8, and OpenTofu) nobody can say
//     whether it was limited with -target; that alone is no gap.
//   - data sources are read, not changed, and left out. What is only read while
//     the plan is applied makes attributes of others unknown; there it is reported.
//   - ephemeral resources that are opened (OpenTofu 1.11 lists them) last as long as the
//     run, and are left out.
//   - provisioners stand in the configuration alone. What is created, replaced or
//     removed and has some is [release.LabelPipeline], and Detail has their types: they
//     run code where the plan is applied, or on what was made. Which of them are for
//     destruction no plan says.
//   - data of type "external" that is read while the plan is applied runs a program, and
//     is reported as unknown. One that was read before has run when the plan was made.
//   - provider actions (Terraform 1.14) are unknown: what they do, no plan says.
//   - outputs are resources of type "output" and address "output.NAME": other
//     configurations read them.
//   - resource_drift is kept apart in Drift. A condition (check) that fails is a
//     deviation of kind "check-failed".
//
// # What is compared, and what is kept
//
// Of a modified or replaced resource, Attributes has the paths that differ and
// Unknown those that nobody knows before the plan is applied: "policy",
// "ingress[0].cidr_blocks". Of one that is added or removed, all attributes do, and
// Attributes is empty. Lists of another length differ as a whole.
//
// No value is kept, sensitive or not. Nothing below an attribute that is sensitive on
// either side is told of, so that keys within it are not kept either. Keys of other
// maps are part of paths where they look like names (letters, digits, and few marks),
// and are "*" otherwise. Addresses hold keys of for_each, which Terraform does not let
// be sensitive.
//
// # Labels
//
// Each resource has the labels that its type earns ([label.Default]), and others by
// its attributes: access for policy documents, roles and members, network for rules
// and addresses (ranges larger than any private one are everyone), crypto for keys, certificates and encryption, secrets for sensitive
// and write-only attributes, availability for capacity that is lowered. An attribute counts where it
// changes and where it is unknown: a policy that nobody can read yet may be any
// policy. What opens something to everyone, takes a protection away or grants
// everything stands in Detail too. Stored data that is removed or replaced is
// [release.LabelDestructive].
package plan
