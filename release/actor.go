package release

import (
	"strings"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// ActorKind says what somebody is. Only a human's approval can be independent,
// so the zero value, unknown, approves nothing.
type ActorKind uint8

// The kinds of actors.
const (
	ActorUnknown ActorKind = iota
	ActorHuman
	ActorBot     // automation that acts by fixed rules: a dependency updater
	ActorAgent   // an AI agent
	ActorService // a machine identity: a CI runner, a deployer
)

var actorKinds = enum.Table[ActorKind]{Type: "release.ActorKind", Names: []string{"unknown", "human", "bot", "agent", "service"}}

// String is the kind's name.
func (k ActorKind) String() string { return actorKinds.Text(k) }

// ParseActorKind reads a kind's name.
func ParseActorKind(s string) (ActorKind, error) { return actorKinds.Parse(s) }

// MarshalText is the kind's name.
func (k ActorKind) MarshalText() ([]byte, error) { return actorKinds.Marshal(k) }

// UnmarshalText reads a kind's name.
func (k *ActorKind) UnmarshalText(b []byte) error { return actorKinds.Unmarshal(k, b) }

// Actor is who did something.
type Actor struct {
	// Kind is what the actor is. Of a commit's author it is a guess by name and address.
	Kind ActorKind `json:"kind"`
	// ID says who it is, with the scheme first: "email:ada@example.com",
	// "github:ada", "key:sha256:…". What an ID is worth depends on where the actor
	// came from: a commit's author is a claim that anyone can write, an actor that
	// evidence verified is a fact. The host maps the one to the other.
	ID string `json:"id"`
	// Name is for display. It never identifies anybody.
	Name Text `json:"name,omitempty"`
}

// EmailActor is the actor that a name and an e-mail address claim. The address
// is compared in lower case. An address that is empty or has no "@" gives an
// actor without an ID, who is the same as nobody.
func EmailActor(kind ActorKind, name, email string) Actor {
	a := Actor{Kind: kind, Name: Text(name)}
	email = strings.ToLower(strings.TrimSpace(email))
	if strings.Contains(email, "@") {
		a.ID = "email:" + Text(email).String()
	}
	return a
}

// Same reports whether a and b are surely the same: an actor without an ID is
// the same as nobody, itself included.
func (a Actor) Same(b Actor) bool { return a.ID != "" && a.ID == b.ID }

// String is the name with the ID behind it.
func (a Actor) String() string {
	switch {
	case a.ID == "" && a.Name == "":
		return "somebody unknown"
	case a.ID == "":
		return a.Name.String() + " (no identity)"
	case a.Name == "":
		return a.ID
	}
	return a.Name.String() + " <" + a.ID + ">"
}
