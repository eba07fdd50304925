package layout

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// document is a layout or a link as it was read, with nothing checked but its
// form.
type document struct {
	digest  release.Digest
	payload any    // in_toto.Layout or in_toto.Link
	message []byte // what the signatures are over
	sigs    []signature
}

type signature struct {
	keyID string // a hint, written by whoever wrote the file
	bytes []byte
}

// parse reads a metablock or a DSSE envelope.
//
// The two are signed over different bytes. An envelope is signed over its
// payload as it stands. A metablock is signed over the canonical JSON of what
// was parsed (in-toto specification, section 4.2), so what is verified is what
// is used. In both, members that stand twice or are spelled in another case are
// refused: encoding/json would take the last one, another reader the first.
func parse(b []byte, limit int) (document, error) {
	if err := scan(b, limit); err != nil {
		return document{}, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return document{}, fmt.Errorf("not a JSON object: %w", err)
	}
	d := document{digest: release.DigestOf(b)}
	var err error
	switch {
	case members["payload"] != nil && members["signed"] == nil:
		err = d.envelope(members)
	case members["signed"] != nil && members["payload"] == nil:
		err = d.metablock(members)
	default:
		err = errors.New(`neither a metablock ("signed") nor a DSSE envelope ("payload")`)
	}
	if err != nil {
		return document{}, err
	}
	return d, nil
}

// scan refuses a text that two readers of JSON may read in two ways, and one that
// holds more than maxValues: decoding it would take many times its size.
func scan(b []byte, limit int) error {
	sc, err := strictjson.NewScanner(b, strictjson.Limits{Package: "JSON", Bytes: limit, Depth: maxDepth, Names: maxValues, Elements: maxValues})
	if err != nil {
		return err
	}
	values := 0
	var value func() error
	value = func() error {
		if values++; values > maxValues {
			return sc.Errorf("more than %d values", maxValues)
		}
		switch k, err := sc.Peek(); {
		case err != nil:
			return err
		case k == strictjson.Object:
			return sc.Object(func([]byte) error { return value() })
		case k == strictjson.Array:
			return sc.Array(func(int) error { return value() })
		}
		_, err := sc.Value()
		return err
	}
	return cmp.Or(value(), sc.End())
}

func (d *document) metablock(members map[string]json.RawMessage) error {
	payload, err := decode(members["signed"])
	if err != nil {
		return err
	}
	var sigs []in_toto.Signature
	if err := json.Unmarshal(members["signatures"], &sigs); err != nil {
		return fmt.Errorf("signatures: %w", err)
	}
	if len(sigs) > maxSignatures {
		return fmt.Errorf("%d signatures are more than %d", len(sigs), maxSignatures)
	}
	for i, s := range sigs {
		b, err := hex.DecodeString(s.Sig)
		if err != nil {
			return fmt.Errorf("signature %d: %w", i+1, err)
		}
		d.sigs = append(d.sigs, signature{s.KeyID, b})
	}
	d.payload = payload
	d.message, err = (&in_toto.Metablock{Signed: payload}).GetSignableRepresentation()
	return err
}

func (d *document) envelope(members map[string]json.RawMessage) error {
	var e dsse.Envelope
	for name, to := range map[string]any{"payload": &e.Payload, "payloadType": &e.PayloadType, "signatures": &e.Signatures} {
		if err := json.Unmarshal(members[name], to); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if e.PayloadType != in_toto.PayloadType {
		return fmt.Errorf("payload type %q is not %q", e.PayloadType, in_toto.PayloadType)
	}
	if len(e.Signatures) > maxSignatures {
		return fmt.Errorf("%d signatures are more than %d", len(e.Signatures), maxSignatures)
	}
	payload, err := e.DecodeB64Payload()
	if err != nil {
		return err
	}
	for i, s := range e.Signatures {
		b, err := base64.StdEncoding.DecodeString(s.Sig)
		if err != nil {
			return fmt.Errorf("signature %d: %w", i+1, err)
		}
		d.sigs = append(d.sigs, signature{s.KeyID, b})
	}
	if err := scan(payload, len(payload)); err != nil {
		return fmt.Errorf("payload: %w", err)
	}
	d.message = dsse.PAE(e.PayloadType, payload)
	d.payload, err = decode(payload)
	return err
}

// decode reads a layout or a link, and refuses what the library's types do not
// hold: nothing of the document goes unread.
func decode(b []byte) (any, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return nil, fmt.Errorf("not a JSON object: %w", err)
	}
	switch kind := string(members["_type"]); kind {
	case `"layout"`:
		return decodeAs[in_toto.Layout](b)
	case `"link"`:
		return decodeAs[in_toto.Link](b)
	default:
		return nil, fmt.Errorf("_type is %.40q, not layout or link", kind)
	}
}

func decodeAs[T any](b []byte) (any, error) {
	var v T
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	again, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var was, is any
	if err := errors.Join(json.Unmarshal(b, &was), json.Unmarshal(again, &is)); err != nil {
		return nil, err
	}
	if !same(was, is) {
		return nil, errors.New("a member is spelled in another case")
	}
	return v, nil
}

// same reports whether two JSON values say the same, where a member that is
// missing says the same as an empty one.
func same(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			return len(x) == 0 && empty(b)
		}
		for k := range x {
			if !same(x[k], y[k]) {
				return false
			}
		}
		for k := range y {
			if _, ok := x[k]; !ok && !empty(y[k]) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok {
			return len(x) == 0 && empty(b)
		}
		if len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	case nil:
		return empty(b)
	default:
		return a == b || empty(a) && empty(b)
	}
}

// empty reports whether v is what a Go zero value encodes as.
func empty(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case string:
		return x == ""
	case float64:
		return x == 0
	case bool:
		return !x
	case []any:
		return len(x) == 0
	case map[string]any:
		for _, m := range x {
			if !empty(m) {
				return false
			}
		}
		return true
	}
	return false
}
