// Package strictyaml reads YAML that anybody may have written, within limits, into
// trees of nodes that can be walked without further care.
//
// The parser is go.yaml.in/yaml/v3. Before it builds anything the text is measured:
// its size, whether it is valid UTF-8 without control characters, and an upper bound
// of the number of nodes ([Bound]) that costs one pass. After it, what lets two
// programs read one text differently is refused: a key that stands twice in one
// mapping (in any spelling: a, "a" and !!str a are one key, and so are 1 and "1",
// as in JSON), keys that are no scalars, aliases into another document or into their
// own anchor, and characters that YAML 1.1 takes for line breaks and YAML 1.2 does
// not.
//
// # What comes out
//
// [Documents] returns the root of each document: a mapping, a sequence or a scalar,
// never a document node and never an alias. Every alias is replaced with the node
// that it names, so that a node may stand in several places and must not be changed;
// the number of nodes that a walk meets is at most [Limits.Nodes] all the same.
// Merge keys ("<<", YAML 1.1) are carried out: the mapping has its own keys first, in
// their order, then those that it takes over, without any that it has itself.
// Tags that the library does not know are left on the node; its content is what it
// would be without.
//
// Whether a plain scalar is a number or a boolean differs between versions of YAML:
// see [Kind].
package strictyaml
