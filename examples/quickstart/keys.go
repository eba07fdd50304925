package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sallyport-dev/sallyport/evidence"
)

// demoKey is the private key of a made-up person or machine. It is made on first
// use and kept in the output directory, so that a second run signs and verifies
// with the same one. A real host keeps its keys in a KMS and hands the library a
// crypto.Signer.
func demoKey(dir, name string) (crypto.Signer, error) {
	path := filepath.Join(dir, name+".pem")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newDemoKey(path)
	}
	if err != nil {
		return nil, err
	}
	key, err := evidence.ParsePrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w (choose another -out: a new key would vouch for nothing that was signed before)", path, err)
	}
	return key, nil
}

func newDemoKey(path string) (crypto.Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	text, err := evidence.MarshalPrivateKey(key)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return key, writeFile(path, text, 0o600)
}
