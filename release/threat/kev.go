package threat

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// Limits of what ReadKEV reads: bytes and entries. The catalogue of 2026 has 1,500
// entries in 1.5 MB.
const (
	MaxKEV        = 16 << 20
	MaxKEVEntries = 1 << 16
)

// KEV is CISA's catalogue of vulnerabilities that are known to be exploited, in one of
// its versions. A nil *KEV knows nothing.
type KEV struct {
	source   release.Source
	coverage release.Coverage
	gaps     []release.Gap
	entries  []kevEntry // sorted
}

type kevEntry struct {
	cve   cve
	entry Exploit
}

// Exploit is what the catalogue says of one vulnerability.
type Exploit struct {
	// Added is the day when it was listed, in UTC.
	Added time.Time
	// Ransomware is yes where ransomware campaigns are known to use it. The catalogue
	// never says no.
	Ransomware release.Answer
}

// kevFile is the shape of the file
// (https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities_schema.json).
type kevFile struct {
	CatalogVersion  string    `json:"catalogVersion"`
	DateReleased    string    `json:"dateReleased"`
	Count           *int      `json:"count"`
	Vulnerabilities []kevItem `json:"vulnerabilities"`
}

type kevItem struct {
	CVE        string `json:"cveID"`
	DateAdded  string `json:"dateAdded"`
	Ransomware string `json:"knownRansomwareCampaignUse"`
}

// ReadKEV reads the catalogue; path names it in gaps and sources. It is complete
// if each entry was understood and there are as many as the file says. A list that
// is not complete still says what is exploited, and never what is not.
func ReadKEV(path release.Path, b []byte) *KEV {
	k := &KEV{source: release.Source{Path: path, Format: "cisa-kev", Digest: release.DigestOf(b)}}
	gap := func(kind release.GapKind, format string, args ...any) {
		k.gaps = append(k.gaps, release.Gap{Kind: kind, Subject: path.String(), Detail: "KEV: " + fmt.Sprintf(format, args...)})
	}
	if len(b) > MaxKEV {
		gap(release.GapTooLarge, "%d bytes are more than %d", len(b), MaxKEV)
		return k
	}
	var f kevFile
	limits := strictjson.Limits{Package: "threat", Bytes: MaxKEV, Depth: 16, Names: 1 << 12, Elements: MaxKEVEntries}
	if err := strictjson.Unmarshal(b, &f, limits); err != nil {
		gap(release.GapUnreadable, "%v", err)
		return k
	}
	at, err := parseTime(f.DateReleased)
	if err != nil || f.CatalogVersion == "" || f.Vulnerabilities == nil {
		gap(release.GapUnreadable, "catalogVersion, dateReleased or vulnerabilities are not there or not readable")
		return k
	}
	k.source.Version, k.source.At = release.Text(f.CatalogVersion), at
	bad, first := 0, 0
	for i, v := range f.Vulnerabilities {
		id, ok := parseCVE(v.CVE)
		added, err := time.Parse(time.DateOnly, v.DateAdded)
		if !ok || err != nil {
			if bad == 0 {
				first = i
			}
			bad++
			continue
		}
		e := Exploit{Added: added}
		if v.Ransomware == "Known" {
			e.Ransomware = release.AnswerYes
		}
		k.entries = append(k.entries, kevEntry{id, e})
	}
	k.sort()
	k.coverage = release.CoverageComplete
	if bad > 0 {
		k.coverage = release.CoveragePartial
		gap(release.GapUnreadable, "%d entries have no readable cveID or dateAdded, the first /vulnerabilities/%d", bad, first)
	}
	if f.Count == nil || *f.Count != len(f.Vulnerabilities) || len(f.Vulnerabilities) == 0 {
		k.coverage = release.CoveragePartial
		gap(release.GapIncomplete, "its count is not the number of its entries, %d", len(f.Vulnerabilities))
	}
	return k
}

// sort orders the entries. Of two about one vulnerability, the earlier stands, and
// either's ransomware.
func (k *KEV) sort() {
	slices.SortStableFunc(k.entries, func(a, b kevEntry) int { return compareCVE(a.cve, b.cve) })
	out := k.entries[:0]
	for _, e := range k.entries {
		if n := len(out); n > 0 && out[n-1].cve == e.cve {
			last := &out[n-1].entry
			if e.entry.Added.Before(last.Added) {
				last.Added = e.entry.Added
			}
			last.Ransomware = max(last.Ransomware, e.entry.Ransomware)
			continue
		}
		out = append(out, e)
	}
	k.entries = out
}

// Source is the file that was read, with the catalogue's version and date.
func (k *KEV) Source() release.Source {
	if k == nil {
		return release.Source{}
	}
	return k.source
}

// Len is how many vulnerabilities are listed.
func (k *KEV) Len() int {
	if k == nil {
		return 0
	}
	return len(k.entries)
}

// Coverage is missing if the file could not be read, partial if some of it could not.
func (k *KEV) Coverage() release.Coverage {
	if k == nil {
		return release.CoverageMissing
	}
	return k.coverage
}

// Gaps say what could not be read. The caller owns the slice.
func (k *KEV) Gaps() []release.Gap {
	if k == nil {
		return nil
	}
	return slices.Clone(k.gaps)
}

// Find is what the catalogue says of a CVE identifier; ok is false where it says
// nothing.
func (k *KEV) Find(id string) (e Exploit, ok bool) {
	c, ok := parseCVE(id)
	if !ok {
		return Exploit{}, false
	}
	return k.find(c)
}

func (k *KEV) find(c cve) (Exploit, bool) {
	if k == nil {
		return Exploit{}, false
	}
	i, ok := slices.BinarySearchFunc(k.entries, c, func(e kevEntry, c cve) int { return compareCVE(e.cve, c) })
	if !ok {
		return Exploit{}, false
	}
	return k.entries[i].entry, true
}
