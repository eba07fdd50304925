// Package manifest says what changes between two sets of Kubernetes manifests, and
// between two Dockerfiles.
//
// [Diff] compares two directories, [Compare] two sets that [Read] made of single
// files, such as the output of "helm template" or "kustomize build" before and after.
// The result is a part of a [release.ChangeSet]: resources, gaps, coverage and
// sources. Manifests are what somebody wants, not what runs: defaults and admission
// controllers of the cluster are not known here.
//
// # Objects
//
// Files are YAML with any number of documents, or JSON; objects in lists (kind List
// and the like) count one by one. An object is known by its group, kind, namespace
// and name. Its address is "Kind.group/namespace/name", its type
// "group/version/Kind"; where the core group or no namespace is given, that part is
// left out. Another version of the same group is a modification, another group is
// one object removed and one added. It is no change if an object stands in another
// file than before, nor are status and what the API server writes into metadata.
//
// Documents without apiVersion and kind are not Kubernetes' and are passed over:
// values of charts, configuration of other tools. A gap is what cannot be read: bad
// or too large files, symbolic links, templates that were not rendered, objects
// without a name (generateName), kustomizations, and an object that stands twice with
// different content. Where a file cannot be read and differs from the other side's,
// objects that stand on one side only are unknown, neither added nor removed.
//
// # What is compared, and what is kept
//
// Attributes are the paths that differ. Lists whose elements Kubernetes merges by a
// key are compared by it, in any order: containers, env, volumes and volume claims by
// name, volumeMounts by mountPath, ports by port and protocol, and so on. The order
// of initContainers counts, and that of env where a variable names another one.
//
// Custom resources have pods and images where their authors put them. Every mapping
// with containers is taken for a pod, and everything called image, or whose name ends
// in Image, for an image; what is said of them has the path below spec with it. Images
// within text (values of charts, scripts) and in lists of images are not found.
//
// Values are not kept, and Secret's are not hashed either. What may appear in the
// result is: names of objects, kinds, namespaces, containers, keys of maps (also those
// of Secrets) where they look like names, API versions, references of images (the
// first 12 digits of a digest), numbers of replicas, names of capabilities, and the
// words that Kubernetes itself defines, such as LoadBalancer or cluster-admin.
//
// # Labels
//
// Each object has the labels that its kind earns ([label.Default]), and others by its
// content: access for rights of containers on their host and for what roles grant,
// network for what opens a way in, availability for replicas, probes, limits and
// disruption budgets, secrets, stateful and destructive for what takes volumes and
// namespaces away, migration for jobs that look like it, and
// [release.LabelUnpinned] for an image by tag, where the image is new. All paths that
// differ count, listed or not. Detail says what got worse; what stays as it was is not
// said again. A container that takes the place of one that is gone is compared with it.
//
// # Dockerfiles
//
// [Dockerfile] says how the images that a Dockerfile is built from change: base images
// of all stages (with ARG defaults put in), COPY --from and RUN mounts from other
// images, the user of the last stage, and ADD from URLs.
package manifest
