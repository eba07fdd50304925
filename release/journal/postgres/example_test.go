package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
)

// A host gives its own pool, and says what it thinks of the server's replication. The
// example is compiled and not run: it needs a server.
func ExampleNew() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	j, err := postgres.New(ctx, pool, &postgres.Options{Schema: "releases"})
	if err != nil {
		log.Fatal(err) // perhaps postgres.ErrWeak: the server may lose what it has committed
	}
	defer j.Close()

	d, err := j.Durability(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if d.SynchronousStandbys == "" {
		fmt.Println("a failover may lose what was acknowledged")
	}

	_, err = j.Append(ctx, journal.Append{Stream: "shop/production", Expect: 0, Wake: 10 * time.Minute, Entries: []journal.Entry{
		{At: time.Now(), Actor: "email:ada@example.com", Kind: "rollout", Reason: "the new checkout"},
	}})
	switch {
	case errors.Is(err, journal.ErrConflict):
		fmt.Println("somebody else was first: load the stream and decide again")
	case errors.Is(err, journal.ErrUnknown):
		fmt.Println("it may have happened: load the stream to find out")
	case err != nil:
		fmt.Println("it did not happen:", err)
	}
}
