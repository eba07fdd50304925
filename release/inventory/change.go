package inventory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/version"
)

// change reports what became of an entry; was or is is nil where it is not there.
func (d *differ) change(id identity, was, is *release.Component) {
	c := release.DependencyChange{File: d.file, Package: id.pkg}
	var details []string
	say := func(text string) {
		if text != "" {
			details = append(details, text)
		}
	}
	one := is
	if one == nil {
		one = was
	}
	say(sides(id, one.PURL))
	switch {
	case was == nil:
		c.Op, c.After, c.Relation, c.Scope = release.OpAdded, version.Text(is.PURL), is.Relation, is.Scope
		c.InstallScript, c.LicenseAfter = is.InstallScript, is.License
		if from := originOf(is); from != "" {
			say("from " + from.String())
		}
	case is == nil:
		c.Op, c.Before, c.Relation, c.Scope = release.OpRemoved, version.Text(was.PURL), was.Relation, was.Scope
		if from := originOf(was); from != "" {
			say("from " + from.String())
		}
	default:
		c.Before, c.After, c.Relation, c.Scope = version.Text(was.PURL), version.Text(is.PURL), is.Relation, is.Scope
		same := c.Before == c.After
		if c.Op = release.OpModified; !same {
			same = d.versions(&c, id, say)
		}
		if same {
			if text := replaced(was, is); text != "" {
				c.Op = release.OpReplaced
				say(text)
				d.origin(is.PURL, "the same version as before, but "+text)
			}
		} else {
			if moved(was, is) {
				text := "origin " + place(originOf(was)) + ", now " + place(originOf(is))
				say(text)
				d.origin(is.PURL, text)
			}
			qualified(was.PURL, is.PURL, func(key string, a, b release.Text) {
				if slices.Contains(makers, key) {
					text := key + " " + place(a) + ", now " + place(b)
					say(text)
					d.origin(is.PURL, text)
				}
			})
			if was.Integrity != "" && is.Integrity == "" {
				say("its hash is gone")
				d.origin(is.PURL, "the version before had a hash, this one has none")
			}
		}
		n := len(details)
		d.facts(&c, was, is, say)
		if c.Op == release.OpModified && c.Before == c.After && len(details) == n {
			return // nothing but facts that became known
		}
	}
	c.Detail = strings.Join(details, "; ")
	d.changes = append(d.changes, c)
}

// maxOrigins is how many gaps about origins name their component; the rest is
// counted. The changes say it of each.
const maxOrigins = 20

// origin says that content may come from elsewhere than before.
func (d *differ) origin(p release.PURL, detail string) {
	if d.origins++; d.origins <= maxOrigins {
		d.gap(release.Gap{Kind: release.GapDependencyOrigin, Subject: p.String(), Detail: d.file.String() + ": " + detail})
	}
}

// moreOrigins counts the gaps about origins that are too many to be named.
func (d *differ) moreOrigins() {
	if n := d.origins - maxOrigins; n > 0 {
		d.gap(release.Gap{Kind: release.GapDependencyOrigin, Subject: d.file.String(), Detail: fmt.Sprintf("%d more components have other content or another origin", n)})
	}
}

// versions says what the order of two versions that are written differently is. It
// is true if they are the same.
func (d *differ) versions(c *release.DependencyChange, id identity, say func(string)) (same bool) {
	order, ok := version.Of(id.pkg.Type())
	if !ok {
		say("versions of type " + id.pkg.Type() + " have no order that is known")
		return false
	}
	v, err := order.Parse(c.Before)
	w, err2 := order.Parse(c.After)
	if err != nil || err2 != nil {
		say(fmt.Sprintf("one of the versions has no place in the order of %s", order))
		return false
	}
	switch n := v.Compare(w); {
	case n < 0:
		c.Op = release.OpUpgraded
	case n > 0:
		c.Op = release.OpDowngraded
	default:
		say("the same version, written differently")
		return true
	}
	x, known := v.Major()
	y, known2 := w.Major()
	c.Major = known && known2 && x != y
	return false
}

// facts compares what is known of both besides version and content.
func (d *differ) facts(c *release.DependencyChange, was, is *release.Component, say func(string)) {
	if was.Relation != is.Relation && was.Relation.Transitive() {
		say("was transitive, now " + is.Relation.String())
	} else if was.Relation == release.RelationDirect && is.Relation.Transitive() {
		say("was direct, now transitive")
	}
	if a, b := reach(was.Scope), reach(is.Scope); was.Scope != release.ScopeUnknown && a != b {
		word := "wider"
		if b > a {
			word = "narrower"
		}
		say("scope " + word + ": was " + was.Scope.String() + ", now " + is.Scope.String())
	}
	if was.License != "" && was.License != is.License {
		c.LicenseBefore, c.LicenseAfter = was.License, is.License
		if is.License == "" {
			say("its licence is no longer declared")
		} else {
			say("another licence")
		}
	}
	if is.InstallScript && !was.InstallScript {
		c.InstallScript = true
		say("now runs code when it is installed")
	}
	qualified(was.PURL, is.PURL, func(key string, a, b release.Text) {
		told := slices.Contains(contents, key) || slices.Contains(makers, key) // or differs with the version
		if !told && (key != "epoch" || c.Before == c.After) {
			say(key + " " + place(a) + ", now " + place(b))
		}
	})
}

// reach is a scope with unknown in its place, the widest first.
func reach(s release.Scope) release.Scope {
	if s == release.ScopeUnknown {
		return release.ScopeRuntime
	}
	return s
}
