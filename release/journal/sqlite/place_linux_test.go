package sqlite_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

func TestNetworkFileSystemsAreRefused(t *testing.T) {
	t.Parallel()
	for typ, name := range map[uint32]string{0x6969: "NFS", 0x517b: "SMB", 0xff534d42: "CIFS", 0x01021997: "9P"} {
		require.ErrorContains(t, sqlite.CheckFS("j.db", typ), name)
	}
	for _, typ := range []uint32{0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630} { // ext4, XFS, btrfs, tmpfs, overlay
		require.NoError(t, sqlite.CheckFS("j.db", typ))
	}
}
