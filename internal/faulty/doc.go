// Package faulty makes things fail, for tests: the k-th call of a journal
// ([Journal]), the k-th operation of a disk ([Disk]), and what a disk still holds
// after the power went.
//
// The pattern of such a test: fail the first operation, then the second, and so
// on until a run ends without having reached the failure; after each run, look
// whether all that was acknowledged is there.
package faulty
