package sbom

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clip"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// What a bill of materials may have before it is refused.
const (
	MaxBytes      = 32 << 20
	MaxDepth      = 64
	MaxComponents = 50_000    // nested ones and those without a package URL among them
	MaxEdges      = 200_000   // dependencies or relationships
	MaxElement    = 256 << 10 // bytes of one component or relationship, but for what is nested in it or not read
	MaxGaps       = 100       // gaps of one kind that are told one by one
)

var limits = strictjson.Limits{Package: "sbom", Bytes: MaxBytes, Depth: MaxDepth, Names: 1 << 16, Elements: 10_000}

// Read reads a bill of materials of either format. path names it in the result. It
// does not keep b.
func Read(path release.Path, b []byte) release.Inventory {
	if inv, ok := otherFormat(path, b); ok {
		return inv
	}
	top, err := open(b)
	if err != nil {
		return unreadable(path, b, "json", err)
	}
	cyclonedx, spdx, context := top.marks()
	if _, ok := top.at["sbom"]; ok && !cyclonedx && !spdx && !context { // as GitHub's API answers
		if top, err = top.within("sbom"); err != nil {
			return unreadable(path, b, "json", err)
		}
		cyclonedx, spdx, context = top.marks()
	}
	switch {
	case cyclonedx && (spdx || context) || spdx && context:
		return missing(path, b, "json", release.GapAmbiguous, "sbom: it says of itself that it is of several formats")
	case cyclonedx:
		return cycloneDX(path, top)
	case spdx:
		return spdx2(path, top)
	case context:
		return missing(path, b, "spdx/3", release.GapUnsupported, "sbom: JSON-LD, as SPDX 3 is written in, is not read")
	}
	return missing(path, b, "json", release.GapUnsupported, "sbom: it has neither bomFormat (CycloneDX) nor spdxVersion (SPDX)")
}

// marks are the members that say of a document what it is.
func (d *document) marks() (cyclonedx, spdx, context bool) {
	_, cyclonedx = d.at["bomFormat"]
	_, spdx = d.at["spdxVersion"]
	_, context = d.at["@context"]
	return cyclonedx, spdx, context
}

// CycloneDX reads a bill of materials that must be CycloneDX JSON.
func CycloneDX(path release.Path, b []byte) release.Inventory {
	return only(path, b, "cyclonedx", "bomFormat", cycloneDX)
}

// SPDX reads a bill of materials that must be SPDX JSON.
func SPDX(path release.Path, b []byte) release.Inventory {
	return only(path, b, "spdx", "spdxVersion", spdx2)
}

func only(path release.Path, b []byte, format, mark string, read func(release.Path, *document) release.Inventory) release.Inventory {
	inv := Read(path, b)
	if inv.Coverage == release.CoverageMissing || strings.HasPrefix(inv.Source.Format, format+"/") {
		return inv
	}
	return missing(path, b, inv.Source.Format, release.GapUnsupported, "sbom: it has no "+mark)
}

// otherFormat knows texts of these formats that are not JSON.
func otherFormat(path release.Path, b []byte) (release.Inventory, bool) {
	head := bytes.TrimLeft(b[:min(len(b), 1<<10)], " \t\r\n\xef\xbb\xbf")
	for _, f := range []struct{ begins, format, detail string }{
		{"<", "xml", "sbom: XML is not read"},
		{"SPDXVersion:", "spdx-tag-value", "sbom: SPDX tag-value is not read"},
	} {
		if bytes.HasPrefix(head, []byte(f.begins)) {
			return missing(path, b, f.format, release.GapUnsupported, f.detail), true
		}
	}
	return release.Inventory{}, false
}

// missing is an inventory of which nothing could be read.
func missing(path release.Path, b []byte, format string, kind release.GapKind, detail string) release.Inventory {
	return release.Inventory{
		Source:   release.Source{Path: path, Format: format, Digest: release.DigestOf(b)},
		Coverage: release.CoverageMissing,
		Gaps:     []release.Gap{{Kind: kind, Subject: path.String(), Detail: detail}},
	}
}

// errTooLarge is wrapped by errors that say that a limit was reached.
var errTooLarge = errors.New("too large")

func tooLarge(format string, args ...any) error {
	return fmt.Errorf("sbom: %s: %w", fmt.Sprintf(format, args...), errTooLarge)
}

func unreadable(path release.Path, b []byte, format string, err error) release.Inventory {
	kind := release.GapUnreadable
	if len(b) > MaxBytes || errors.Is(err, errTooLarge) {
		kind = release.GapTooLarge
	}
	return missing(path, b, format, kind, printable(err))
}

// printable is an error's text on one line, cut where it is long.
func printable(err error) string {
	return release.Text(clip.Text(err.Error(), 300)).String()
}
