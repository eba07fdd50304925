package sbom

import (
	"fmt"
	"slices"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// cdxVersions are the versions that are read; the members that matter here are the same
// in all of them (https://cyclonedx.org/docs/1.7/json/).
var cdxVersions = []string{"1.4", "1.5", "1.6", "1.7"}

// cdxReader reads one CycloneDX document.
type cdxReader struct {
	*document
	*builder
	list    *elements[cdx.Component]
	parents []int32 // the nodes that the component now read is nested in
}

func cycloneDX(path release.Path, d *document) release.Inventory {
	source := release.Source{Path: path, Format: "cyclonedx", Digest: release.DigestOf(d.b)}
	format, err := d.text("bomFormat")
	version, err2 := d.text("specVersion")
	switch {
	case err != nil:
		return unreadable(path, d.b, source.Format, err)
	case err2 != nil:
		return unreadable(path, d.b, source.Format, err2)
	case format != "CycloneDX" || !slices.Contains(cdxVersions, version):
		return missing(path, d.b, source.Format, release.GapUnsupported, "sbom: bomFormat "+strictjson.Quoted(format)+", specVersion "+strictjson.Quoted(version)+" is not read")
	}
	source.Format += "/" + version
	r := &cdxReader{document: d, builder: newBuilder(d, source)}
	r.list = &elements[cdx.Component]{document: d, keep: componentNames, visit: r.describe, inner: r.nested}
	for _, step := range []struct {
		member string
		read   func(*strictjson.Scanner, int) error
	}{{"metadata", r.metadata}, {"components", r.components}, {"services", r.services}, {"dependencies", r.dependencies}, {"compositions", r.compositions}} {
		from := d.at[step.member].from
		if err := d.member(step.member, func(s *strictjson.Scanner) error { return step.read(s, from) }); err != nil {
			return unreadable(path, d.b, source.Format, err)
		}
	}
	if _, ok := d.at["components"]; !ok {
		r.gap(release.GapIncomplete, "it has no list of components")
	}
	return r.inventory()
}

// componentNames are the members of a component that are read, but for components.
var (
	componentNames = names("type", "bom-ref", "name", "group", "version", "purl", "scope", "hashes", "licenses", "externalReferences", "versionRange")
	nestedNames    = names("components")
)

// component takes one component and those nested in it.
func (r *cdxReader) component(s *strictjson.Scanner, base int) (node int32, err error) {
	if node, err = r.add(); err != nil {
		return 0, err
	}
	if n := len(r.parents); n > 0 {
		if err := r.link(pair{from: r.parents[n-1], to: node, contains: true}); err != nil {
			return 0, err
		}
	}
	r.base = base
	r.parents = append(r.parents, node)
	err = r.list.add(s, base, node)
	r.parents = r.parents[:len(r.parents)-1]
	return node, err
}

// nested reads a member of a component that is not one of componentNames.
func (r *cdxReader) nested(s *strictjson.Scanner, name []byte) error {
	i, err := s.Field(name, nestedNames)
	if err != nil {
		return err
	}
	if k, err := s.Peek(); i == 0 && err == nil && k != strictjson.Null {
		return s.Array(func(int) error {
			_, err := r.component(s, r.base)
			return err
		})
	}
	_, err = s.Value()
	return err
}

func (r *cdxReader) components(s *strictjson.Scanner, base int) error {
	err := s.Array(func(int) error {
		_, err := r.component(s, base)
		return err
	})
	if err != nil {
		return err
	}
	return r.list.flush()
}

var metadataNames = names("timestamp", "tools", "component")

func (r *cdxReader) metadata(s *strictjson.Scanner, base int) error {
	err := s.Object(func(name []byte) error {
		i, err := s.Field(name, metadataNames)
		if err != nil {
			return err
		}
		if k, err := s.Peek(); err == nil && k == strictjson.Null {
			i = -1
		}
		from := s.Offset()
		switch i {
		case 0:
			text, err := s.Str()
			r.source.At = moment(text)
			return err
		case 2:
			r.root = append(r.root, int32(len(r.nodes)))
			_, err := r.component(s, base)
			return err
		}
		if _, err := s.Value(); err != nil || i < 0 {
			return err
		}
		return r.tools(s.Since(from))
	})
	if err != nil {
		return err
	}
	return r.list.flush()
}

// tools are a list of tools, as up to CycloneDX 1.4, or components and services.
func (r *cdxReader) tools(b []byte) error {
	if len(b) > MaxElement {
		return tooLarge("metadata.tools of more than %d bytes", MaxElement)
	}
	type tool struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	var list []tool
	var object struct {
		Components []tool `json:"components"`
		Services   []tool `json:"services"`
	}
	s, err := strictjson.NewScanner(b, limits)
	if err != nil {
		return err
	}
	kind, err := s.Peek()
	switch {
	case err != nil:
	case kind == strictjson.Array:
		err = strictjson.Unmarshal(b, &list, limits)
	default:
		err = strictjson.Unmarshal(b, &object, limits)
	}
	if err != nil {
		return fmt.Errorf("sbom: in metadata.tools: %w", err)
	}
	for _, t := range slices.Concat(list, object.Components, object.Services) {
		r.tool(t.Name, t.Version)
	}
	return nil
}

// services takes the references of services, so that they are not missed as
// components. Their own dependencies are none of the components'.
func (r *cdxReader) services(s *strictjson.Scanner, base int) error {
	known := names("bom-ref", "services")
	return s.Array(func(int) error {
		return s.Object(func(name []byte) error {
			i, err := s.Field(name, known)
			if err != nil {
				return err
			}
			switch i {
			case 0:
				ref, err := s.Str()
				if r.others[ref] = true; len(r.others) > MaxComponents {
					return tooLarge("more than %d services", MaxComponents)
				}
				return err
			case 1:
				return r.services(s, base)
			}
			_, err = s.Value()
			return err
		})
	})
}

var dependencyNames = names("ref", "dependsOn", "provides")

// dependencies are read by hand: a list of what one component needs may be long, and
// its elements cost more than their text.
func (r *cdxReader) dependencies(s *strictjson.Scanner, base int) error {
	var to []string
	return s.Array(func(int) error {
		var d cdx.Dependency
		to = to[:0]
		s.Space()
		at := base + s.Offset()
		err := s.Object(func(name []byte) error {
			i, err := s.Field(name, dependencyNames)
			if err != nil {
				return err
			}
			if k, err := s.Peek(); i == 1 && err == nil && k == strictjson.Null {
				i = -1
			}
			switch i {
			case 0:
				d.Ref, err = s.Str()
			case 1:
				err = s.Array(func(int) error {
					if r.said++; r.said > MaxEdges {
						return tooLarge("more than %d dependencies", MaxEdges)
					}
					ref, err := s.Str()
					to = append(to, ref)
					return err
				})
			default: // what provides names are specifications
				_, err = s.Value()
			}
			return err
		})
		if err != nil {
			return err
		}
		if d.Ref == "" {
			return fmt.Errorf("sbom: line %d: a dependency has no ref", r.line(at))
		}
		for _, ref := range to {
			if err := r.need(d.Ref, ref, pair{}); err != nil {
				return err
			}
		}
		return nil
	})
}

// compositions say how complete the lists are.
func (r *cdxReader) compositions(s *strictjson.Scanner, base int) error {
	known := names("aggregate", "assemblies", "dependencies", "vulnerabilities")
	return s.Array(func(n int) error {
		if n >= MaxComponents {
			return tooLarge("more than %d compositions", MaxComponents)
		}
		s.Space()
		at := base + s.Offset()
		aggregate := ""
		var count [4]int
		err := s.Object(func(name []byte) error {
			i, err := s.Field(name, known)
			switch {
			case err != nil:
			case i == 0:
				aggregate, err = s.Str()
			case i > 0:
				err = s.Array(func(int) error {
					count[i]++
					_, err := s.Value()
					return err
				})
			default:
				_, err = s.Value()
			}
			return err
		})
		if err != nil {
			return err
		}
		if aggregate == string(cdx.CompositionAggregateComplete) || count[3] > 0 && count[1]+count[2] == 0 {
			return nil // vulnerabilities are not what is listed here
		}
		r.vague = true
		if count[1]+count[2] == 0 {
			r.gap(release.GapIncomplete, "%s: its composition is %s", r.place(at), strictjson.Quoted(aggregate))
		} else {
			r.gap(release.GapIncomplete, "%s: the composition of %d components and the dependencies of %d is %s", r.place(at), count[1], count[2], strictjson.Quoted(aggregate))
		}
		return nil
	})
}
