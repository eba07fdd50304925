// Package strictjson reads JSON that anybody may have written, in one pass and
// within limits.
//
// It follows RFC 8259 and refuses besides what lets two programs read one text
// differently: invalid UTF-8, lone surrogates, a name that stands twice in one
// object at any depth, anything after the value, and, where names are known, a name
// that differs from a known one by case alone. Errors are [*SyntaxError] and say
// where. Nothing is built of what is passed over, so that a text can claim no more
// memory than its [Limits] allow.
//
// [Unmarshal] reads small structures; a [Scanner] walks a text where its size
// matters.
package strictjson
