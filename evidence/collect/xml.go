package collect

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// What an XML file may claim.
const (
	maxXMLDepth      = 64
	maxXMLAttributes = 64 // of one element
)

var errDeclares = refuse(release.GapUnsupported, "XML: it has a DOCTYPE or another declaration")

// walkXML goes through the elements of an XML file. open is called with the names of
// the elements that are open, the new one last, without namespaces; shut when the
// last of them ends, and text, where it is not nil, with what stands between them.
// doctype says whether a document type may be named, which
// declares nothing (an external identifier alone); one that declares something is
// never read, and nothing is ever fetched.
func walkXML(b []byte, doctype bool, open func(path []string, attrs []xml.Attr) error, shut func(path []string) error, text func(path []string, b []byte)) error {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if err := checkXML(b); err != nil {
		return err
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = true
	d.CharsetReader = func(name string, in io.Reader) (io.Reader, error) { return charset(name, in, len(b)) }
	var path []string
	done := false
	for first := true; ; first = false {
		tok, err := d.Token()
		if err == io.EOF && done {
			return nil
		}
		if err != nil {
			return fmt.Errorf("XML: %w", xmlError(err, d))
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if done {
				return errors.New("XML: there is a second root element")
			}
			if len(path) >= maxXMLDepth {
				return refuse(release.GapTooLarge, "XML: elements are nested deeper than %d", maxXMLDepth)
			}
			for i, a := range tok.Attr {
				for _, other := range tok.Attr[:i] {
					if a.Name.Local == other.Name.Local && a.Name.Space == other.Name.Space {
						return errors.New("XML: an attribute stands twice in one element")
					}
				}
			}
			path = append(path, tok.Name.Local)
			if err := open(path, tok.Attr); err != nil {
				return err
			}
		case xml.EndElement:
			if err := shut(path); err != nil {
				return err
			}
			path = path[:len(path)-1]
			done = len(path) == 0
		case xml.Directive:
			if !doctype || len(path) > 0 || done || bytes.ContainsAny(tok, "[]<>") || !bytes.HasPrefix(tok, []byte("DOCTYPE ")) {
				return errDeclares
			}
			doctype = false // one at most
		case xml.ProcInst:
			if !first && strings.EqualFold(tok.Target, "xml") {
				return errors.New("XML: its declaration does not stand at the beginning")
			}
		case xml.CharData:
			if len(path) == 0 && len(bytes.TrimSpace(tok)) > 0 {
				return errors.New("XML: there is text outside the root element")
			}
			if text != nil {
				text(path, tok)
			}
		}
	}
}

// xmlError is the error of a decoder without the text that it may quote.
func xmlError(err error, d *xml.Decoder) error {
	if e, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return fmt.Errorf("line %d: %s", e.Line, label(e.Msg))
	}
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is empty or cut off")
	}
	if e, ok := errors.AsType[*refusal](err); ok {
		return e
	}
	return fmt.Errorf("at byte %d: %s", d.InputOffset(), label(err.Error()))
}

// charset reads the encodings that test tools declare. UTF-8 and ASCII need none.
// ISO-8859-1 may become twice as many bytes.
func charset(name string, in io.Reader, size int) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "us-ascii", "ascii", "utf8":
		return in, nil // the decoder refuses what is not UTF-8, and ASCII is
	case "iso-8859-1", "latin1", "latin-1":
		if size > MaxBytes/2 {
			return nil, refuse(release.GapTooLarge, "in ISO-8859-1 it has more than %d bytes", MaxBytes/2)
		}
		return latin1{in}, nil
	}
	return nil, refuse(release.GapUnsupported, "an encoding that is not UTF-8, ASCII or ISO-8859-1")
}

// latin1 turns ISO-8859-1 into UTF-8.
type latin1 struct{ in io.Reader }

func (l latin1) Read(p []byte) (int, error) {
	half := make([]byte, min(len(p)/2, 4096))
	n, err := l.in.Read(half)
	out := p[:0]
	for _, c := range half[:n] {
		out = append(out, string(rune(c))...)
	}
	return len(out), err
}

// checkXML refuses elements with very many attributes before the decoder builds
// them. Where it and the decoder see a file differently, one of them refuses it.
func checkXML(b []byte) error {
	for {
		i := bytes.IndexByte(b, '<')
		if i < 0 {
			return nil
		}
		b = b[i:]
		end := ""
		switch {
		case bytes.HasPrefix(b, []byte("<!--")):
			end = "-->"
		case bytes.HasPrefix(b, []byte("<![CDATA[")):
			end = "]]>"
		case bytes.HasPrefix(b, []byte("<?")):
			end = "?>"
		default:
			n, err := skipTag(b)
			if err != nil {
				return err
			}
			b = b[n:]
			continue
		}
		n := bytes.Index(b, []byte(end))
		if n < 0 {
			return errors.New("XML: it is cut off")
		}
		b = b[n+len(end):]
	}
}

// skipTag is the length of the tag at the beginning of b.
func skipTag(b []byte) (int, error) {
	attributes := 0
	for i := 1; i < len(b); i++ {
		switch c := b[i]; c {
		case '>':
			return i + 1, nil
		case '<':
			if b[1] == '!' { // a comment in it may hide a quote from the decoder
				return 0, errDeclares
			}
			return 0, errors.New("XML: there is a < in a tag")
		case '=':
			if attributes++; attributes > maxXMLAttributes {
				return 0, refuse(release.GapTooLarge, "XML: an element has more than %d attributes", maxXMLAttributes)
			}
		case '"', '\'':
			n := bytes.IndexByte(b[i+1:], c)
			if n < 0 {
				return 0, errors.New("XML: it is cut off")
			}
			i += n + 1
		}
	}
	return 0, errors.New("XML: it is cut off")
}

// attribute is the value of an attribute without a namespace, "" if there is none.
func attribute(attrs []xml.Attr, name string) string {
	for _, a := range attrs {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
