package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

func Example() {
	ctx := context.Background()
	j := new(journal.Memory) // or journal.Open("releases.journal", nil)
	defer j.Close()

	// Two drivers read the stream at version 0, and both decide.
	decide := func(who, what string) error {
		_, err := j.Append(ctx, journal.Append{
			Stream: "shop/production",
			Expect: 0,
			Entries: []journal.Entry{{
				At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Actor: who, Kind: what, Reason: "error rate",
			}},
		})
		return err
	}
	fmt.Println(decide("driver-1", "widen"))
	if err := decide("driver-2", "abort"); errors.Is(err, journal.ErrConflict) {
		fmt.Println(err)
	}

	for r, err := range j.Load(ctx, "shop/production", 0) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.Seq, r.Actor, r.Kind)
	}
	head, err := journal.Verify(journal.Head{Stream: "shop/production"}, j.Load(ctx, "shop/production", 0))
	fmt.Println(head.Seq, head.Hash.Short(), err)
	// Output:
	// <nil>
	// journal: the stream is at another version: stream "shop/production" is at 1, expected 0
	// 1 driver-1 widen
	// 1 abb510528705 <nil>
}

// A snapshot is a record that holds the state so far. What is before it can be forgotten,
// and what is kept still verifies, from the base on.
func ExampleJournal_compact() {
	ctx := context.Background()
	j := new(journal.Memory)
	defer j.Close()
	head := journal.Head{Stream: "counter"}
	add := func(kind, data string) {
		records, err := j.Append(ctx, journal.Append{
			Stream: head.Stream, Expect: head.Seq, Entries: []journal.Entry{{Kind: kind, Data: []byte(data)}},
		})
		if err != nil {
			panic(err)
		}
		head = records[0].Head()
	}
	add("added", "3")
	add("added", "4")
	before := head
	add("snapshot", "7") // the sum of what came before
	add("added", "5")
	if err := j.Compact(ctx, before); err != nil {
		panic(err)
	}

	base, err := journal.Base(ctx, j, "counter")
	fmt.Println("from", base.Seq, err)
	for r, err := range j.Load(ctx, "counter", base.Seq) {
		fmt.Println(r.Seq, r.Kind, string(r.Data), err)
	}
	got, err := journal.Verify(base, j.Load(ctx, "counter", base.Seq))
	fmt.Println(got == head, err)

	_, err = journal.Verify(journal.Head{Stream: "counter"}, j.Load(ctx, "counter", 0))
	fmt.Println(errors.Is(err, journal.ErrCompacted), err)
	// Output:
	// from 2 <nil>
	// 3 snapshot 7 <nil>
	// 4 added 5 <nil>
	// true <nil>
	// true journal: stream "counter": records up to 2 were compacted away
}

// A journal in a file is there again after a restart. A snapshot keeps it small: the host
// appends its state as a record of its own, has what is before it forgotten, and begins
// there the next time.
func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	run := func() error { // a process, from its start to its end
		j, err := journal.Open(filepath.Join(dir, "counter.journal"), nil)
		if err != nil {
			return err // ErrLocked if another process has it open
		}
		defer j.Close()
		head, err := journal.Base(ctx, j, "counter")
		if err != nil {
			return err
		}
		sum, read := 0, 0
		for r, err := range j.Load(ctx, head.Stream, head.Seq) {
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(string(r.Data))
			if err != nil {
				return err
			}
			if r.Kind == "snapshot" {
				sum = 0
			}
			sum, read, head = sum+n, read+1, r.Head()
		}
		fmt.Println("sum", sum, "from", read, "records, at", head.Seq)

		add := func(kind string, n int) error {
			records, err := j.Append(ctx, journal.Append{Stream: head.Stream, Expect: head.Seq, Wake: journal.Never,
				Entries: []journal.Entry{{At: time.Now(), Kind: kind, Data: []byte(strconv.Itoa(n))}}})
			if err == nil {
				head = records[0].Head()
			}
			return err
		}
		for range 100 {
			if err := add("added", 1); err != nil {
				return err
			}
		}
		before := head
		if err := add("snapshot", sum+100); err != nil {
			return err
		}
		return j.Compact(ctx, before)
	}
	for range 3 {
		if err := run(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// sum 0 from 0 records, at 0
	// sum 100 from 1 records, at 101
	// sum 200 from 1 records, at 202
}

// A reader of the feed keeps a cursor, together with what it made of the records. When
// records were forgotten that it has not passed, it begins again with what is kept, and
// knows by how far it has come in each stream what it has dealt with before, and what it
// will never see. A host whose readers must miss nothing compacts no further than they
// have come.
func ExampleReader_feed() {
	ctx := context.Background()
	j := new(journal.Memory)
	defer j.Close()
	var head journal.Head
	add := func(kind string) {
		records, err := j.Append(ctx, journal.Append{Stream: "shop", Expect: head.Seq, Entries: []journal.Entry{{Kind: kind}}})
		if err != nil {
			panic(err)
		}
		head = records[0].Head()
	}

	var kept struct { // where the reader keeps its results, in one transaction with them
		cursor journal.Cursor
		seen   map[string]uint64 // by stream
	}
	kept.seen = map[string]uint64{}
	var read func()
	read = func() {
		for r, err := range j.Feed(ctx, kept.cursor) {
			switch {
			case errors.Is(err, journal.ErrCompacted) && kept.cursor != "":
				kept.cursor = ""
				read()
				return
			case err != nil:
				panic(err) // ErrCursor: the journal was restored from an older copy
			}
			if seen := kept.seen[r.Stream]; r.Seq > seen {
				if r.Seq > seen+1 {
					fmt.Println("forgotten:", r.Stream, seen+1, "to", r.Seq-1)
				}
				fmt.Println(r.Stream, r.Seq, r.Kind)
				kept.seen[r.Stream] = r.Seq
			}
			kept.cursor = r.Cursor
		}
	}
	add("planned")
	add("widened")
	read()
	add("widened")
	before := head
	add("snapshot")
	if err := j.Compact(ctx, before); err != nil {
		panic(err)
	}
	add("finished")
	read()
	// Output:
	// shop 1 planned
	// shop 2 widened
	// forgotten: shop 3 to 3
	// shop 4 snapshot
	// shop 5 finished
}

// Heads that are kept elsewhere show what a chain cannot: here, that the end of a stream
// is missing.
func ExampleVerifyAll() {
	ctx := context.Background()
	entries := []journal.Entry{{Kind: "planned"}, {Kind: "widened"}, {Kind: "rolled back"}}
	j := new(journal.Memory)
	if _, err := j.Append(ctx, journal.Append{Stream: "shop", Entries: entries}); err != nil {
		panic(err)
	}
	verified, err := journal.VerifyAll(ctx, j)
	fmt.Println(len(verified.Heads), verified.Records, err)

	// The same journal, without its last record.
	forged := new(journal.Memory)
	if _, err := forged.Append(ctx, journal.Append{Stream: "shop", Entries: entries[:2]}); err != nil {
		panic(err)
	}
	_, err = journal.VerifyAll(ctx, forged)
	fmt.Println(err)
	_, err = journal.VerifyAll(ctx, forged, verified.Heads...)
	fmt.Println(err)
	// Output:
	// 1 3 <nil>
	// <nil>
	// journal: corrupt: stream "shop", record 3: the stream ends with record 2, and a head that was kept says that this one was there
}
