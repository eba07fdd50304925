package rollout

import "github.com/sallyport-dev/sallyport/release/journal"

// FactsData is the data of a record of facts.
type FactsData = factsData

// ReadFacts reads it quickly, or gives up.
func ReadFacts(b []byte) (FactsData, bool) { return readFacts(b) }

// DecodeFacts reads it with encoding/json alone.
func DecodeFacts(b []byte) (d FactsData, err error) {
	err = decode(journal.Record{Entry: journal.Entry{Kind: RecordFacts, Data: b}}, &d)
	return d, err
}

// CloneState is what a caller is handed.
func CloneState(s State) State { return s.clone() }
