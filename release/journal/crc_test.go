package journal_test

import "hash/crc32"

// crc is the sum that the format uses.
func crc(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
