package layout

import (
	"fmt"

	"github.com/in-toto/in-toto-golang/in_toto"
)

// contain calls into in-toto-golang, where a panic on input is possible
// (UnpackRule on an empty rule, ReduceStepsMetadata on a missing step). What
// makes it panic is refused before; should something be left, it becomes an
// error, which is no verdict. This is the only place that recovers.
func contain(call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("in-toto-golang panicked: %v", p)
		}
	}()
	return call()
}

// reduce joins the links of each step into one, or fails when the links of a
// step differ in materials or products.
func reduce(l in_toto.Layout, links map[string]map[string]in_toto.Metadata) (out map[string]in_toto.Metadata, err error) {
	err = contain(func() (err error) {
		out, err = in_toto.ReduceStepsMetadata(l, links)
		return err
	})
	return out, err
}

// hold reports whether the artifact rules of s hold. The library's message says
// which artifacts broke them, in the order of a map: it is not kept.
func hold(s in_toto.Step, links map[string]in_toto.Metadata) bool {
	return contain(func() error {
		s, links := withoutIn(s, links)
		return in_toto.VerifyArtifacts([]any{s}, links)
	}) == nil
}
