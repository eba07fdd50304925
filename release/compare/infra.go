package compare

import (
	"bytes"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/manifest"
)

const notKnown = "it declares infrastructure, and no reader knows it"

// declaresResources goes by names of files that declare infrastructure and need no
// apiVersion: of Bicep, Kustomize, Compose, Pulumi, the Serverless Framework and
// Helm's templates.
func declaresResources(p release.Path) bool {
	s := strings.ToLower(string(p))
	base := path.Base(s)
	ext := path.Ext(base)
	stem := strings.TrimSuffix(base, ext)
	switch ext {
	case ".bicep", ".bicepparam":
		return true
	case ".tpl":
		return strings.Contains("/"+s, "/templates/")
	case ".yaml", ".yml", ".json":
		return stem == "kustomization" || strings.HasPrefix(stem, "docker-compose") || stem == "compose" || strings.HasPrefix(stem, "compose.") ||
			stem == "pulumi" || strings.HasPrefix(stem, "pulumi.") || stem == "serverless"
	}
	return base == "kustomization"
}

// foreign reports whether YAML or JSON is what other tools than Kubernetes deploy:
// CloudFormation, templates of Azure, and patches (RFC 6902), which Kustomize applies.
func foreign(b []byte) bool {
	for _, text := range []string{"AWSTemplateFormatVersion", "AWS::", "eploymentTemplate.json", "eploymentParameters.json"} {
		if bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return names(b, "op") && names(b, "path")
}

// names reports whether a text may have a member of a name.
func names(b []byte, name string) bool {
	for {
		i := bytes.Index(b, []byte(name))
		if i < 0 {
			return false
		}
		begins := i == 0 || bytes.IndexByte([]byte(" \t\r\n{,\"'"), b[i-1]) >= 0
		b = b[i+len(name):]
		if begins && len(b) > 0 && bytes.IndexByte([]byte(" \t:\"'"), b[0]) >= 0 {
			return true
		}
	}
}

// resources reports whether YAML or JSON that has no apiVersion declares
// infrastructure all the same.
func resources(f File) bool {
	template := strings.Contains("/"+string(f.Path), "/templates/")
	for _, b := range [][]byte{f.Before, f.After} {
		if foreign(b) || template && bytes.Contains(b, []byte("{{")) {
			return true
		}
	}
	return declaresResources(f.Path)
}

// mayNameVersion reports whether a text may have the name apiVersion. It errs
// towards yes: what then is no object, the reader passes over.
func mayNameVersion(b []byte) bool {
	const name = "apiVersion"
	if bytes.Contains(b, []byte(name)) || bytes.Contains(b, []byte("binary")) || // the tag !!binary is base64
		bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) || // UTF-16
		len(b) > manifest.MaxBytes {
		return true
	}
	return bytes.IndexByte(b, '\\') >= 0 && bytes.Contains(unescaped(b), []byte(name))
}

// unescaped is a text with those escapes resolved by which a double-quoted text of
// YAML or JSON may spell a letter, or go on in the next line.
func unescaped(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 || i+1 == len(b) {
			return append(out, b...)
		}
		out = append(out, b[:i]...)
		c, rest := b[i+1], b[i+2:]
		digits := 0
		switch c {
		case 'x':
			digits = 2
		case 'u':
			digits = 4
		case 'U':
			digits = 8
		}
		switch {
		case digits > 0 && digits <= len(rest):
			if n, err := strconv.ParseUint(string(rest[:digits]), 16, 32); err == nil {
				out = utf8.AppendRune(out, rune(n))
				rest = rest[digits:]
			}
		case c == '\r' || c == '\n':
			rest = bytes.TrimLeft(rest, " \t\r\n")
		default:
			out = append(out, '\\', c)
		}
		b = rest
	}
}
