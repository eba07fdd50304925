package predicate

import (
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// oldVEX is an OpenVEX document before 0.2, which wrote vulnerabilities and
// products as texts.
type oldVEX struct {
	Context     string            `json:"@context"`
	ID          string            `json:"@id"`
	Author      string            `json:"author"`
	Role        string            `json:"role"`
	Tooling     string            `json:"tooling"`
	Timestamp   time.Time         `json:"timestamp"`
	LastUpdated time.Time         `json:"last_updated"`
	Version     VEXVersion        `json:"version"`
	Statements  []oldVEXStatement `json:"statements"`
}

type oldVEXStatement struct {
	ID                       string           `json:"@id"`
	Version                  VEXVersion       `json:"version"`
	Vulnerability            string           `json:"vulnerability"`
	Description              string           `json:"vuln_description"`
	Timestamp                time.Time        `json:"timestamp"`
	LastUpdated              time.Time        `json:"last_updated"`
	Products                 []string         `json:"products"`
	Subcomponents            []string         `json:"subcomponents"` // of every product
	Status                   VEXStatus        `json:"status"`
	Supplier                 string           `json:"supplier"`
	StatusNotes              string           `json:"status_notes"`
	Justification            VEXJustification `json:"justification"`
	ImpactStatement          string           `json:"impact_statement"`
	ActionStatement          string           `json:"action_statement"`
	ActionStatementTimestamp time.Time        `json:"action_statement_timestamp"`
}

// wroteOld reports whether a document's statements have a vulnerability as it was
// written before 0.2. Statements in today's words are refused if they name
// ingredients where they stood then: who ignores the name takes the whole product to
// be meant.
func wroteOld(raw []byte) (old bool, err error) {
	s, err := strictjson.NewScanner(raw, limits)
	if err != nil {
		return false, err
	}
	over := func() error { _, err := s.Value(); return err }
	stray := -1
	statement := func(i int) error {
		if k, err := s.Peek(); err != nil || k != strictjson.Object {
			return errors.Join(err, over())
		}
		return s.Object(func(name []byte) error {
			k, err := s.Peek()
			switch {
			case err != nil:
				return err
			case string(name) == "vulnerability" && k == strictjson.String:
				old = true
			case string(name) == "subcomponents" && stray < 0:
				stray = i
			}
			return over()
		})
	}
	err = s.Object(func(name []byte) error {
		if k, err := s.Peek(); err != nil || string(name) != "statements" || k != strictjson.Array {
			return errors.Join(err, over())
		}
		return s.Array(statement)
	})
	if err == nil && !old && stray >= 0 {
		err = fmt.Errorf("statements[%d] has subcomponents beside its products", stray)
	}
	return old, err
}

// into writes the document in today's words. Products of one statement share their
// ingredients, which are bounded as if they were written at each.
func (d *oldVEX) into(out *openVEX) error {
	if version, _ := versionOf(d.Context, TypeOpenVEX); covers("0.2", orElse(version, "0")) {
		return errors.New("it says that it is of OpenVEX 0.2, and is written as before")
	}
	n := 0
	for _, s := range d.Statements {
		if n += len(s.Products) * (1 + len(s.Subcomponents)); n > MaxEntries {
			return fmt.Errorf("more than %d products with their ingredients", MaxEntries)
		}
	}
	*out = openVEX{Context: d.Context, ID: d.ID, Author: d.Author, Role: d.Role, Tooling: d.Tooling,
		Timestamp: d.Timestamp, LastUpdated: d.LastUpdated, Version: d.Version}
	out.Statements = make([]VEXStatement, 0, len(d.Statements))
	for _, s := range d.Statements {
		var parts []VEXComponent
		for _, id := range s.Subcomponents {
			parts = append(parts, VEXComponent{ID: id})
		}
		var products []VEXProduct
		for _, id := range s.Products {
			products = append(products, VEXProduct{ID: id, Subcomponents: parts})
		}
		out.Statements = append(out.Statements, VEXStatement{ID: s.ID, Version: s.Version,
			Vulnerability: VEXVulnerability{Name: s.Vulnerability, Description: s.Description},
			Timestamp:     s.Timestamp, LastUpdated: s.LastUpdated, Products: products, Status: s.Status, Supplier: s.Supplier,
			StatusNotes: s.StatusNotes, Justification: s.Justification, ImpactStatement: s.ImpactStatement,
			ActionStatement: s.ActionStatement, ActionStatementTimestamp: s.ActionStatementTimestamp})
	}
	return nil
}
