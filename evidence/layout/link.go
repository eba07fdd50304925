package layout

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/in-toto/in-toto-golang/in_toto"
)

// digests are the algorithms by which an artifact may be known, with the number
// of hexadecimal digits.
var digests = map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}

// checkLink refuses links that say less than they seem to, and cleans the paths
// of the rest.
func checkLink(l in_toto.Link) (in_toto.Link, error) {
	if err := contain(func() error { return in_toto.ValidateMetablock(in_toto.Metablock{Signed: l}) }); err != nil {
		return l, err
	}
	var err error
	if l.Materials, err = artifacts(l.Materials); err != nil {
		return l, fmt.Errorf("materials: %w", err)
	}
	if l.Products, err = artifacts(l.Products); err != nil {
		return l, fmt.Errorf("products: %w", err)
	}
	return l, nil
}

// artifacts cleans the paths of in and requires a strong digest of each. Two
// artifacts without any digest are equal to in-toto-golang; and where two paths
// clean to one, which of the two it keeps depends on the order of a map.
func artifacts(in map[string]in_toto.HashObj) (map[string]in_toto.HashObj, error) {
	if len(in) > maxArtifacts {
		return nil, fmt.Errorf("%d artifacts are more than %d", len(in), maxArtifacts)
	}
	out := make(map[string]in_toto.HashObj, len(in))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		clean := path.Clean(name)
		if name == "" || len(name) > maxPath {
			return nil, fmt.Errorf("a path of %d bytes", len(name))
		}
		if _, ok := out[clean]; ok {
			return nil, fmt.Errorf("path %q is listed twice", clean)
		}
		if err := strongDigest(in[name]); err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		out[clean] = in[name]
	}
	return out, nil
}

func strongDigest(h in_toto.HashObj) error {
	strong := false
	for alg, n := range digests {
		v, ok := h[alg]
		if ok && len(v) != n {
			return errors.New("a digest is not as long as its algorithm's")
		}
		strong = strong || ok
	}
	if !strong {
		return errors.New("no SHA-256, SHA-384 or SHA-512 digest")
	}
	return nil
}
