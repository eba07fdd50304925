package collect

import (
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// What a stream of events may claim.
const (
	maxLine  = 1 << 20 // bytes of an event
	maxLines = 1 << 18 // of one stream
)

// goEvent is an event as test2json writes it, as far as it is read here.
type goEvent struct {
	at                     time.Time
	action                 string
	packageName, buildName string
	test                   string
	output                 []byte
}

var (
	goEventLimits = strictjson.Limits{Package: "go test", Bytes: maxLine, Depth: 20, Names: 1000, Elements: 1000}
	goEventFields = [][]string{{"Time"}, {"Action"}, {"Package"}, {"ImportPath"}, {"Test"}, {"Output"}}
)

// readGoEvent reads one line. There are many.
func readGoEvent(line []byte) (e goEvent, err error) {
	s, err := strictjson.NewScanner(line, goEventLimits)
	if err != nil {
		return e, err
	}
	err = s.Object(func(name []byte) error {
		i, err := s.Field(name, goEventFields)
		if err != nil {
			return err
		}
		if i < 0 {
			_, err := s.Value()
			return err
		}
		text, _, err := s.Bytes()
		if err != nil {
			return err
		}
		switch i {
		case 0:
			if e.at, err = time.Parse(time.RFC3339Nano, string(text)); err != nil {
				return s.Errorf("the time is %s", strictjson.Quoted(text))
			}
		case 1:
			e.action = string(text)
		case 2:
			e.packageName = string(text)
		case 3:
			e.buildName = string(text)
		case 4:
			e.test = string(text)
		case 5:
			e.output = text
		}
		return nil
	})
	if err == nil {
		err = s.End()
	}
	return e, err
}
