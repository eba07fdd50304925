package cdevents

// level is an object whose names are known.
type level uint8

const (
	atTop level = iota // the CDEvent itself, or the CloudEvent around it
	inData
	inContext
	inSubject
	inContent
	inReference
	inLink
	inLinkEnd
)

// shape is what must stand behind a name.
type shape uint8

const (
	anything shape = iota
	aText
	anObject
	aReference
	theLinks
)

// slot is where the place of a text is kept.
type slot uint8

const (
	ceSpecVersion slot = iota
	ceID
	ceSource
	ceType
	ceTime
	ceSubject
	ceContentType
	ceBase64
	contextID
	contextType
	contextSource
	contextTime
	contextSpec
	contextVersion
	contextChain
	subjectID
	subjectSource
	subjectType
	environmentID
	environmentSource
	serviceID
	serviceSource
	changeID
	changeSource
	repositoryID
	repositorySource
	artifactID
	ticketURI
	pipelineName
	outcome
	requestor
	responder
	decision
	status
	resource
	details
	slots

	// The three of a link: see reader.links.
	linkType  = slots
	linkKind  = slots + 1
	linkEvent = slots + 2
)

// name is a name that is read at a level.
type name struct {
	quoted string // behind the quote: the name, its other quote and a colon
	bit    uint32 // of the name, among those of its level
	shape  shape
	slot   slot  // of a text, or of the id of a reference, behind which its source stands
	level  level // of an object
}

// names are the names of a level.
type names struct {
	// usual has each name at the index that hash makes of it: two at one index would not
	// compile. more are the few for which there is no room there.
	usual [32]name
	more  [2]name
}

// hash is the index of the name that a quoted text may be: by its third and fourth byte.
func hash(third, fourth byte) byte { return (third + fourth*13) & 31 }

// lookup finds a name wherever it is. usual says that it may be one of the usual ones:
// one with an escape sequence in it, or white space behind it, is not found by its hash.
func (n *names) lookup(text []byte, usual bool) *name {
	for i := range n.more {
		if n.more[i].is(text) {
			return &n.more[i]
		}
	}
	for i := range n.usual {
		if usual && n.usual[i].is(text) {
			return &n.usual[i]
		}
	}
	return nil
}

func (n *name) is(text []byte) bool {
	return len(n.quoted) == len(text)+2 && n.quoted[:len(text)] == string(text)
}

// levels are the names of each level.
var levels = [...]names{
	atTop: {usual: [32]name{
		('n' + 't'*13) & 31: {quoted: `context":`, bit: 1 << 0, shape: anObject, level: inContext},
		('b' + 'j'*13) & 31: {quoted: `subject":`, bit: 1 << 1, shape: anObject, level: inSubject},
		('t' + 'a'*13) & 31: {quoted: `data":`, bit: 1 << 2, shape: anObject, level: inData},
		('e' + 'c'*13) & 31: {quoted: `specversion":`, bit: 1 << 3, shape: aText, slot: ceSpecVersion},
		('"' + ':'*13) & 31: {quoted: `id":`, bit: 1 << 4, shape: aText, slot: ceID},
		('u' + 'r'*13) & 31: {quoted: `source":`, bit: 1 << 5, shape: aText, slot: ceSource},
		('p' + 'e'*13) & 31: {quoted: `type":`, bit: 1 << 6, shape: aText, slot: ceType},
		('m' + 'e'*13) & 31: {quoted: `time":`, bit: 1 << 7, shape: aText, slot: ceTime},
	}, more: [2]name{
		{quoted: `datacontenttype":`, bit: 1 << 8, shape: aText, slot: ceContentType},
		{quoted: `data_base64":`, bit: 1 << 9, shape: aText, slot: ceBase64},
	}},
	inData: {usual: [32]name{
		('n' + 't'*13) & 31: {quoted: `context":`, bit: 1 << 0, shape: anObject, level: inContext},
		('b' + 'j'*13) & 31: {quoted: `subject":`, bit: 1 << 1, shape: anObject, level: inSubject},
	}},
	inContext: {usual: [32]name{
		('"' + ':'*13) & 31: {quoted: `id":`, bit: 1 << 0, shape: aText, slot: contextID},
		('p' + 'e'*13) & 31: {quoted: `type":`, bit: 1 << 1, shape: aText, slot: contextType},
		('u' + 'r'*13) & 31: {quoted: `source":`, bit: 1 << 2, shape: aText, slot: contextSource},
		('m' + 'e'*13) & 31: {quoted: `timestamp":`, bit: 1 << 3, shape: aText, slot: contextTime},
		('e' + 'c'*13) & 31: {quoted: `specversion":`, bit: 1 << 4, shape: aText, slot: contextSpec},
		('r' + 's'*13) & 31: {quoted: `version":`, bit: 1 << 5, shape: aText, slot: contextVersion},
		('a' + 'i'*13) & 31: {quoted: `chainId":`, bit: 1 << 6, shape: aText, slot: contextChain},
		('n' + 'k'*13) & 31: {quoted: `links":`, bit: 1 << 7, shape: theLinks},
	}},
	inSubject: {usual: [32]name{
		('"' + ':'*13) & 31: {quoted: `id":`, bit: 1 << 0, shape: aText, slot: subjectID},
		('u' + 'r'*13) & 31: {quoted: `source":`, bit: 1 << 1, shape: aText, slot: subjectSource},
		('p' + 'e'*13) & 31: {quoted: `type":`, bit: 1 << 2, shape: aText, slot: subjectType},
		('n' + 't'*13) & 31: {quoted: `content":`, bit: 1 << 3, shape: anObject, level: inContent},
	}},
	inContent: {usual: [32]name{
		('v' + 'i'*13) & 31: {quoted: `environment":`, bit: 1 << 0, shape: aReference, level: inReference, slot: environmentID},
		('r' + 'v'*13) & 31: {quoted: `service":`, bit: 1 << 1, shape: aReference, level: inReference, slot: serviceID},
		('a' + 'n'*13) & 31: {quoted: `change":`, bit: 1 << 2, shape: aReference, level: inReference, slot: changeID},
		('p' + 'o'*13) & 31: {quoted: `repository":`, bit: 1 << 3, shape: aReference, level: inReference, slot: repositoryID},
		('t' + 'i'*13) & 31: {quoted: `artifactId":`, bit: 1 << 4, shape: aText, slot: artifactID},
		('c' + 'k'*13) & 31: {quoted: `ticketURI":`, bit: 1 << 5, shape: aText, slot: ticketURI},
		('p' + 'e'*13) & 31: {quoted: `pipelineName":`, bit: 1 << 6, shape: aText, slot: pipelineName},
		('t' + 'c'*13) & 31: {quoted: `outcome":`, bit: 1 << 7, shape: aText, slot: outcome},
		('q' + 'u'*13) & 31: {quoted: `requestor":`, bit: 1 << 8, shape: aText, slot: requestor},
		('s' + 'p'*13) & 31: {quoted: `responder":`, bit: 1 << 9, shape: aText, slot: responder},
		('c' + 'i'*13) & 31: {quoted: `decision":`, bit: 1 << 10, shape: aText, slot: decision},
		('a' + 't'*13) & 31: {quoted: `status":`, bit: 1 << 11, shape: aText, slot: status},
		('s' + 'o'*13) & 31: {quoted: `resourceTargetUrl":`, bit: 1 << 12, shape: aText, slot: resource},
		('p' + 'r'*13) & 31: {quoted: `approvalDetailsUrl":`, bit: 1 << 13, shape: aText, slot: details},
	}},
	inReference: {usual: [32]name{
		('"' + ':'*13) & 31: {quoted: `id":`, bit: 1 << 0, shape: aText, slot: 0},
		('u' + 'r'*13) & 31: {quoted: `source":`, bit: 1 << 1, shape: aText, slot: 1},
	}},
	inLink: {usual: [32]name{
		('n' + 'k'*13) & 31: {quoted: `linkType":`, bit: 1 << 0, shape: aText, slot: linkType},
		('r' + 'g'*13) & 31: {quoted: `target":`, bit: 1 << 2, shape: anObject, level: inLinkEnd},
		('o' + 'm'*13) & 31: {quoted: `from":`, bit: 1 << 3, shape: anObject, level: inLinkEnd},
	}, more: [2]name{
		{quoted: `linkKind":`, bit: 1 << 1, shape: aText, slot: linkKind},
	}},
	inLinkEnd: {usual: [32]name{
		('n' + 't'*13) & 31: {quoted: `contextId":`, bit: 1 << 0, shape: aText, slot: linkEvent},
	}},
}
