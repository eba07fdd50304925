// Package stricttoml reads TOML that anybody may have written, within limits.
//
// The grammar is TOML 1.0 as github.com/pelletier/go-toml/v2 reads it. Before that
// library sees a text, [Unmarshal] checks what the library does not: the size, the
// number of lines, how deep tables and arrays are nested, how many values there are,
// and how much work its search for repeated names would be (it compares each name with
// all that it remembers). A name that differs from a structure's field by case alone
// is refused, where the library would read it as that field, and of two such array
// tables keep one without a word. Names that stand twice the library refuses itself.
//
// Errors are [*SyntaxError] and say line and column.
package stricttoml
