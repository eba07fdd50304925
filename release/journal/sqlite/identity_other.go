//go:build !linux

package sqlite

import "os"

// fileID is which file it is.
type fileID struct{ os.FileInfo }

func (id fileID) same(as fileID) bool { return os.SameFile(id.FileInfo, as.FileInfo) }

// identify says which file a path leads to.
func identify(path string) (fileID, error) {
	info, err := os.Stat(path)
	return fileID{info}, err
}
