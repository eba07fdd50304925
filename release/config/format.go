package config

import (
	"path"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// The limits of one file. What is beyond one of them is a gap.
const (
	// MaxBytes is the size of the largest file.
	MaxBytes = 4 << 20
	// MaxNodes is how many values a file may have, mappings and lists counted.
	MaxNodes = 60_000
	// MaxDepth is how deep values may be nested.
	MaxDepth = 64
	// MaxName is the longest name of a setting, in bytes.
	MaxName = 1 << 10
	// MaxDocuments is how many documents a YAML file may have.
	MaxDocuments = 1_000
	// MaxChanges is how many changes are told, and MaxPaths how many bytes their paths may
	// have together. The rest is a gap.
	MaxChanges = 10_000
	MaxPaths   = 4 << 20
)

// Format is what a file is read as. The zero value asks [FormatOf].
type Format string

// The formats.
const (
	// FormatDotenv is lines of KEY=value, as shells, Docker and dotenv libraries read.
	FormatDotenv Format = "dotenv"
	// FormatYAML is YAML 1.2 (and what 1.1 reads otherwise), of many documents.
	FormatYAML Format = "yaml"
	// FormatJSON is RFC 8259.
	FormatJSON Format = "json"
	// FormatTOML is TOML 1.0.
	FormatTOML Format = "toml"
	// FormatProperties is what java.util.Properties reads.
	FormatProperties Format = "properties"
	// FormatINI is sections of key = value.
	FormatINI Format = "ini"
	// FormatFlagd is flag definitions of flagd (flagd.dev/schema), in JSON or YAML.
	FormatFlagd Format = "flagd"
	// FormatFlags is another export of feature flags, in JSON or YAML: a mapping or a list of
	// flags, at the top or under "flags" or "features".
	FormatFlags Format = "flags"
)

// Options say how a file is read. The zero value reads by its name.
type Options struct {
	// Format is the file's. If empty, it is what [FormatOf] says of its path, and
	// FormatFlagd where the content is that on either side.
	Format Format
}

// FormatOf is the format that a path's name says, and "" for names that say none.
func FormatOf(p release.Path) Format {
	base := strings.ToLower(path.Base(string(p)))
	switch ext := path.Ext(base); {
	case base == ".env" || strings.HasPrefix(base, ".env.") || strings.HasSuffix(base, ".env") || base == ".flaskenv":
		return FormatDotenv
	case strings.HasSuffix(base, ".flagd.json") || strings.HasSuffix(base, ".flagd.yaml") || strings.HasSuffix(base, ".flagd.yml"):
		return FormatFlagd
	case ext == ".yaml" || ext == ".yml":
		return FormatYAML
	case ext == ".json":
		return FormatJSON
	case ext == ".toml":
		return FormatTOML
	case ext == ".properties":
		return FormatProperties
	case ext == ".ini" || ext == ".cfg" || base == ".editorconfig":
		return FormatINI
	}
	return ""
}
