package evidence

import (
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// demand is what a requirement or a rule asks to be counted: so many people with a
// statement of a kind or of a type.
type demand struct {
	id          string
	requirement release.Requirement // zero of a rule
	rule        Rule                // nil of a requirement
	kind        release.EvidenceKind
	typ         string   // where the kind is ""
	types       []string // one of these, where the kind and typ are ""
	need        int
	maxAge      time.Duration
	independent bool
	roles       []string
	by          []Principal
	own         func(j *judge, d *demand) Result // answers in place of counting, if there is one
	// fits, if not nil, gives the code of why a statement is not what is asked for, ""
	// if it is, and until when.
	fits func(j *judge, it *item) (code string, until time.Time)
}

func demandOf(r release.Requirement) demand {
	return demand{id: r.ID, requirement: r, kind: r.Evidence, need: r.Needed(), maxAge: r.MaxAge, independent: r.Independent, roles: r.Roles}
}

// about reports whether the demand counts statements such as it.
func (d *demand) about(it *item) bool {
	switch {
	case d.typ != "":
		return it.typ == d.typ
	case d.kind != "":
		return it.kind == d.kind
	}
	return slices.Contains(d.types, it.typ)
}

// shows is the kind of evidence that is counted, "" for none or several.
func (d *demand) shows() release.EvidenceKind {
	switch {
	case d.kind != "":
		return d.kind
	case d.typ != "":
		return KindOf(d.typ)
	}
	var kind release.EvidenceKind
	for i, t := range d.types {
		if k := KindOf(t); i > 0 && k != kind {
			return ""
		} else {
			kind = k
		}
	}
	return kind
}

// approval reports whether it is approvals that are counted.
func (d *demand) approval() bool { return d.shows() == release.EvidenceApproval }

// asksFor reports whether statements of the kind are among what is counted.
func (d *demand) asksFor(kind release.EvidenceKind) bool {
	return d.shows() == kind || slices.ContainsFunc(d.types, func(t string) bool { return KindOf(t) == kind })
}

// supporting reports whether approvers can have looked at what is counted.
func (d *demand) supporting() bool {
	return d.kind != "" || d.typ != "" && supportsType(d.typ) || slices.ContainsFunc(d.types, supportsType)
}

// what names that which is counted.
func (d *demand) what() string {
	switch {
	case d.typ != "":
		return d.typ
	case d.kind != "":
		return string(d.kind)
	case len(d.types) == 1:
		return d.types[0]
	}
	return "of " + strings.Join(d.types, " or ")
}

// ask is a requirement or a rule with its demands, which are places in a list.
type ask struct {
	rule Rule // nil of a requirement
	own  []int
}

// asks are the requirements, then the rules, and what they demand.
func (q *Question) asks() (asks []ask, demands []demand) {
	add := func(rule Rule, ds ...demand) {
		a := ask{rule: rule}
		for _, d := range ds {
			if rule != nil {
				d.id, d.rule = rule.ID(), rule
			}
			a.own = append(a.own, len(demands))
			demands = append(demands, d)
		}
		asks = append(asks, a)
	}
	for _, r := range q.Requirements {
		add(nil, demandOf(r))
	}
	for _, r := range q.Rules {
		switch r := r.(type) {
		case joint:
			add(r.(Rule), r.demands()...)
		case counted:
			add(r.(Rule), r.demand())
		}
	}
	return asks, demands
}
