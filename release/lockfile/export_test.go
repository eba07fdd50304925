package lockfile

import "strings"

// YAMLItems lists what the line reader finds, for comparison with a YAML library.
func YAMLItems(s string) ([]string, error) {
	var out []string
	err := readYAML(s, 0, func(it yamlItem) error {
		line := strings.Join(it.path, "\x00")
		switch {
		case it.opaque:
			line += " -"
		case it.block:
			line += " =|"
		case it.scalar:
			line += " =" + it.text
		default:
			line += " +"
		}
		out = append(out, line)
		return nil
	})
	return out, err
}

// CleanURL is cleanURL.
func CleanURL(s string) string { return cleanURL(s) }
