// Package pgtest finds a PostgreSQL for tests, and is imported by nothing else.
//
// SALLYPORT_POSTGRES, if set, is the connection string of a server to use: its role
// must be allowed to create databases. Otherwise a private cluster is made for the
// test binary, if the server's programs are on the machine; it keeps its promises
// (fsync is on), listens on a socket in its own folder, and is gone when the test
// binary is, however that ends. Otherwise the test is skipped with a message, or
// fails where SALLYPORT_REQUIRE names "postgres".
package pgtest
