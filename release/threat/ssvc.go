package threat

import (
	"strings"

	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"

	"github.com/sallyport-dev/sallyport/release"
)

// Automatable is what a CVSS vector of version 3.0, 3.1 or 4.0 says of SSVC's question whether
// attackers can reliably automate reconnaissance, weaponization, delivery and exploitation
// (CERTCC/SSVC, Automatable 2.0.0). Where it does not settle it, the answer is unknown, for which
// SSVC advises to assume yes.
//
// Version 4.0 has the answer as its supplemental metric AU, which somebody decided, and which stands.
// The base metrics never say yes. They say no only where a person must act anew for each target:
//
//   - AV:P: the attacker touches the system, so delivery cannot be automated;
//   - PR:H together with AC:H, AT:P, UI:R or UI:A: each target wants an account that rules it, and
//     besides preparation for this one target, or an act of somebody else.
//
// None of these alone is enough but the first. MS17-010 (CVE-2017-0144) is AC:H and was wormable,
// exploit kits live on flaws with UI:R, and a flaw with PR:H is automated behind one that lets
// anybody in.
func Automatable(vector string) release.Answer {
	get := metrics(vector)
	if get == nil {
		return release.AnswerUnknown
	}
	switch get("AU") {
	case "Y":
		return release.AnswerYes
	case "N":
		return release.AnswerNo
	}
	alone := get("AC") == "H" || get("AT") == "P" || get("UI") == "R" || get("UI") == "A"
	if get("AV") == "P" || get("PR") == "H" && alone {
		return release.AnswerNo
	}
	return release.AnswerUnknown
}

// TotalImpact is what a CVSS vector of version 3.0, 3.1 or 4.0 says of SSVC's question whether an
// attack gives total control of the software, or all information on its system (CERTCC/SSVC, Technical
// Impact 1.0.0). Yes where confidentiality, integrity and availability are all lost altogether (C:H,
// I:H and A:H; VC:H, VI:H and VA:H). No where neither confidentiality nor integrity is, of the system
// itself nor of another one (S:C; SC, SI): what discloses a password that gives control is C:H.
// Otherwise it is unknown: a loss that is high need not be total.
func TotalImpact(vector string) release.Answer {
	get := metrics(vector)
	if get == nil {
		return release.AnswerUnknown
	}
	high := func(metric string) bool { return get(metric) == "H" }
	c, i, a := "C", "I", "A"
	if strings.HasPrefix(vector, "CVSS:4.0/") {
		c, i, a = "VC", "VI", "VA"
	}
	switch {
	case high(c) && high(i) && high(a):
		return release.AnswerYes
	case high(c) || high(i) || high("SC") || high("SI"):
		return release.AnswerUnknown
	}
	return release.AnswerNo
}

// metrics reads a metric of a vector, "" where its version has no such metric; nil where the
// vector cannot be read, or is of a version whose metrics mean something else.
func metrics(vector string) func(string) string {
	if len(vector) > MaxVector {
		return nil
	}
	var get func(string) (string, error)
	var err error
	switch {
	case strings.HasPrefix(vector, "CVSS:4.0/"):
		var v *gocvss40.CVSS40
		if v, err = gocvss40.ParseVector(vector); err == nil {
			get = v.Get
		}
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		var v *gocvss31.CVSS31
		if v, err = gocvss31.ParseVector(vector); err == nil {
			get = v.Get
		}
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		var v *gocvss30.CVSS30
		if v, err = gocvss30.ParseVector(vector); err == nil {
			get = v.Get
		}
	}
	if get == nil {
		return nil
	}
	return func(metric string) string {
		value, err := get(metric)
		if err != nil {
			return ""
		}
		return value
	}
}
