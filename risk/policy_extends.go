package risk

import (
	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// extends finds the policy that is extended. It is named by id and digest, so that a text
// never means something else because a base, such as the default policy of this module, is another one.
func (r *policyReader) extends(at string) error {
	var id string
	var digest release.Digest
	err := r.object(at, member{name: "id", read: r.text(&id)}, member{name: "digest", read: r.digest(&digest)})
	if err != nil || r.doubtful(at) {
		return err
	}
	base := r.bases[id]
	if base == nil {
		return r.unread(at+"/id", "there is no policy %s to extend here", strictjson.Quoted(id))
	}
	is, err := base.Digest()
	if err != nil {
		return r.unread(at+"/id", "it cannot be extended: %v", err)
	}
	if is != digest {
		return r.unread(at+"/digest", "policy %s is another one here, with the digest %s", strictjson.Quoted(id), is)
	}
	r.base = base.clone()
	return nil
}

// complete takes what the text does not have from the base, or says that it is missing.
func (r *policyReader) complete(parts []part) {
	if r.doubts[""] {
		return // it is no object
	}
	_, extends := r.places["/extends"]
	for _, m := range parts {
		_, here := r.places["/"+m.name]
		switch {
		case here:
		case r.base != nil:
			m.inherit(r.base)
		case extends: // and what it extends is not known
			r.doubt("/" + m.name)
		case !m.optional:
			r.missing("", m.name)
		}
	}
}
