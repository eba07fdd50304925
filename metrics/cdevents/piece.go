package cdevents

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/sallyport-dev/sallyport/metrics"
)

// piece is what is kept of an event: what facts are made of. Equal pieces say the same.
type piece struct {
	kind        Kind
	name        metrics.Ref // of the event: its source and id
	at          time.Time
	subject     metrics.Ref
	service     string
	environment metrics.Ref
	artifact    string
	change      metrics.Ref // of a package; without source where the event names none
	failed      bool        // of a run: it says so
	chain       string
	links       string // the context ids of the events that it links to, sorted, joined by zeros
}

// held is a piece with when it was first seen.
type held struct {
	piece
	seen time.Time

	// Of a deployment: what its place ran behind it, and when the last of what happened
	// there until then was first seen.
	stack *brought
	until time.Time
}

func (h *held) linked() []string {
	if h.links == "" {
		return nil
	}
	return strings.Split(h.links, "\x00")
}

// deploys reports whether the event tells of a service that got a version.
func (k Kind) deploys() bool { return k == ServiceDeployed || k == ServiceUpgraded }

// brings reports whether a service runs another version behind it.
func (k Kind) brings() bool { return k.deploys() || k == ServiceRolledBack }

// maxText bounds what may stand in a fact, in bytes, as package metrics does.
const maxText = 4096

// piece takes from an event what is kept. The error is about texts that no fact may hold.
func (j *Joiner) piece(e *Event) (piece, error) {
	p := piece{kind: e.Kind, name: metrics.Ref{Source: string(e.Source), ID: string(e.ID)}, at: e.Time,
		subject: metrics.Ref{Source: string(e.Subject.Source), ID: string(e.Subject.ID)}, chain: string(e.ChainID)}
	ref := func(r Reference) metrics.Ref { return metrics.Ref{Source: string(r.Source), ID: string(r.ID)} }
	switch p.kind {
	case ServiceDeployed, ServiceUpgraded, ServiceRolledBack:
		p.service, p.environment, p.artifact = p.subject.ID, ref(e.Environment), artifactName(string(e.ArtifactID))
	case IncidentDetected, IncidentReported, IncidentResolved:
		p.service, p.environment, p.artifact = string(e.Service.ID), ref(e.Environment), artifactName(string(e.ArtifactID))
	case ArtifactPackaged:
		p.artifact, p.change = artifactName(p.subject.ID), ref(e.Change)
	case PipelineRunFinished:
		t := j.options.Pipelines[string(e.PipelineName)]
		p.service, p.environment.ID = t.Service, t.Environment
		p.failed = string(e.Outcome) == "failure" || string(e.Outcome) == "error"
	}
	for _, t := range []struct{ name, text string }{{"context.source", p.name.Source}, {"context.id", p.name.ID},
		{"subject.source", p.subject.Source}, {"subject.id", p.subject.ID}, {"the service", p.service}, {"environment.id", p.environment.ID},
		{"environment.source", p.environment.Source}, {"the artifact", p.artifact}, {"change.source", p.change.Source}, {"change.id", p.change.ID},
		{"context.chainId", p.chain}} {
		if err := checkText(t.name, t.text); err != nil {
			return piece{}, err
		}
	}
	var links []string
	for _, l := range e.Links {
		if len(l.Event) == 0 {
			continue
		}
		if err := checkText("a link's contextId", string(l.Event)); err != nil {
			return piece{}, err
		}
		links = append(links, string(l.Event))
	}
	slices.Sort(links)
	p.links = strings.Join(slices.Compact(links), "\x00")
	return p, nil
}

func checkText(name, s string) error {
	if len(s) > maxText {
		return fmt.Errorf("cdevents: %s is %d bytes long, more than %d", name, len(s), maxText)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("cdevents: %s %.100q has an unprintable character", name, s)
		}
	}
	return nil
}
