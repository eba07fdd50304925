//go:build !unix

package pgtest_test

func alive(int) bool { return false }
