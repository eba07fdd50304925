// Package label says what changed files and resources are about: identity,
// cryptography, the pipeline, tests, documentation.
//
// A [Labeler] is a documented value that looks at one change and names labels for
// it. [Default] has those of this module; a host may add its own. [Apply] runs them
// over a change set. Labelers only ever add: none can take away what another one,
// or the reader, has said.
//
// Whoever labels many changes keeps a [Set], which [Compile] makes: it gives the same
// answers, and asks only the labelers that may have one.
//
// # How names are read
//
// Paths are read by their parts: at slashes, and within a name at dots, dashes,
// underscores, digits and where camelCase turns, in lower case. A word matches a
// whole part, or two neighbours written together, so that "auth" is found in
// internal/auth/x.go, auth_test.go and OAuthLogin.java and not in author.go. A few
// words that are no part of common others are found within longer ones too:
// authserver, basicauth, accesstoken, paymentservice.
// Letters that look like Latin ones (Cyrillic, Greek, full width, with accents) are
// read as the letters they look like, and characters that print as nothing are left
// out: a name is judged by what a reviewer sees.
//
// A name is a claim. Whoever calls a password check "format.go" gets no label for
// it, and the rules that read size, spread and history must find it.
//
// # Labels that raise and labels that calm
//
// Most labels make a release more careful. [release.LabelDocs],
// [release.LabelTest], [release.LabelGenerated] and [release.LabelVendored] may make
// others less so. They are given sparingly, to regular files whose exact name
// says so, never to symbolic links, submodules or names that only look alike.
// Documentation is plain prose by its extension, is not executable, and bears no
// label but generated or vendored beside: auth/notes.md is identity and not docs,
// because nobody here read it. Of a page (Markdown, reStructuredText, AsciiDoc) in
// a directory named docs, words only say what it explains, so docs/auth.md is docs;
// what programs and AI agents read keeps its labels there too. What is
// both a test and identity has both labels; the assessment decides which counts.
//
// # Labels from contents
//
// [ApplyContents] looks into the changed files after Apply has read their names. SQL
// and the migrations of common tools are judged by [Migrations]: destructive where
// data is lost, what runs now breaks, or nobody knows what they do. Private keys and
// tokens, interface definitions, and prose that begins like a program are found by
// their shape ([DefaultContents]). Contents are the author's, so what they say raises; the
// header of generated code is believed only where the base had it. A file that
// cannot be read is a gap, is labelled [release.LabelUnread], and calms nothing.
//
// # Code owners
//
// [ParseOwners] reads CODEOWNERS as GitHub or GitLab does. Read it at the base revision: a
// release must not choose its own reviewers. [Key] and [SecretKey] read the words of
// a setting's key for package config.
package label
