// Package lockfile reads the files in which package managers write down what they
// chose: which packages, in which versions, from where, with which hashes.
//
// [Read] knows the format by the file's name and its content; there is one reader for
// each format besides, and [Formats] lists them. All take the file's path and its bytes
// and return a [release.Inventory], never an error: what could not be read is a
// [release.Gap] in it. go.mod is the business of package gomod.
//
// # What a component is
//
// A component is a package of a registry, a repository or an archive: what others made.
// Packages of the repository itself, workspaces and links to directories of it, are
// none; where such a link leads out of the repository there is a gap of kind
// dependency-origin, since nobody who sees the repository sees that content.
//
// An alias stands for the package that it names. One package may be there in several
// versions, and one version from several origins: each is a component of its own.
//
// Origin is set where content does not come from the usual registry under the
// package's own name: another host, a repository, a patch, another package's archive.
// User names, passwords and the values of unknown parameters are left out of URLs; a
// secret that is part of a URL's path is not known for one. Hashes are given as the file has
// them, several sorted and with spaces between.
//
// Relation and Scope are unknown where the file does not tell, as in yarn.lock.
//
// # What is a gap
//
// Content that the file does not pin (a range, a branch, a package without a
// hash) is unpinned. A hash counts only where its algorithm is known and the package
// manager looks at it, which npm and Yarn 1 do not for repositories. Yarn 2 has no
// checksum of what it fetches on some platforms only: that is no gap. What two programs
// could read in two ways is ambiguous: two entries for one thing that differ, the two
// halves of a package-lock.json that disagree, an archive that is named after another
// package. Names that stand twice in one object, or differ from a known name by case
// alone, make a file unreadable.
//
// What the settings of a machine or a project change (.npmrc, pip.conf, the sources that
// Cargo replaces) is not in these files, and nothing here tells of it.
//
// Coverage is complete only where there is no gap but those of origin, and where the
// file lists all that will be installed. A requirements.txt does so only where each
// line has a hash, because pip then refuses everything else. An entry that cannot be read
// is a gap, and the others are given all the same.
//
// # Limits
//
// Files may have [MaxBytes] bytes and [MaxLines] lines, and be read into [MaxComponents]
// components and [MaxEdges] edges; beyond that a file is too large and coverage is
// missing. A reader stays below 64 MB of memory whatever it is given. pnpm and Yarn write a
// small and regular part of YAML. A tree of nodes of a real file of 5 MB would take
// several hundred bytes a line, so these two formats are read line by line and nothing is kept of
// what has no meaning here. YAML beyond that part (anchors, tags, merge keys, several
// documents) is refused.
package lockfile
