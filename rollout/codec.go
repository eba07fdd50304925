package rollout

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// scan reads the one encoding that a value has, from front to back, and gives up on
// anything else. It is there because most records are facts and reading them through
// encoding/json, twice, is most of what reading a stream costs. What it reads, [decode]
// reads too, to the same value; what it gives up on says nothing: [decode] decides.
type scan struct {
	b    []byte // what is left
	lost bool   // it has given up
}

// readFacts reads the data of a record of facts. It is not ok if it gave up.
func readFacts(b []byte) (d factsData, ok bool) {
	s := &scan{b: b}
	s.want(`{"v":` + strconv.Itoa(recordVersion))
	d.V = recordVersion
	if s.has(`,"gates":[`) {
		d.Gates = listOf(s, (*scan).gateAnswer)
	}
	if s.has(`,"health":`) {
		a := s.healthAnswer()
		d.Health = &a
	}
	if s.has(`,"slices":[`) {
		d.Slices = listOf(s, (*scan).healthAnswer)
	}
	if s.has(`,"applied":{"fence":`) {
		d.Applied = &Applied{Fence: s.uint(), Error: s.filled(`,"error":`)}
		s.want(`}`)
	}
	if s.has(`,"observed":`) {
		d.Observed = s.observation()
	}
	s.want(`}`)
	if s.lost || len(s.b) != 0 {
		return factsData{}, false
	}
	return d, true
}

func (s *scan) gateAnswer() (a GateAnswer) {
	s.want(`{"gate":`)
	a.Gate = s.string()
	s.want(`,"result":{"verdict":`)
	a.Result.Verdict = named(s, release.VerdictAllow)
	if s.has(`,"reason":`) {
		a.Result.Reason = s.reason()
	}
	if s.has(`,"retry":`) {
		a.Result.Retry = s.time()
	}
	s.want(`}`)
	a.Error = s.filled(`,"error":`)
	s.want(`}`)
	return a
}

// reason is one that is not zero.
func (s *scan) reason() (r release.Reason) {
	s.want(`{"code":`)
	r.Code = s.string()
	if s.has(`,"version":`) {
		n := s.uint()
		s.require(n > 0 && n <= math.MaxInt32)
		r.Version = int(n)
	}
	r.Subject = s.filled(`,"subject":`)
	s.want(`,"text":`)
	r.Text = s.string()
	if s.has(`,"refs":[`) {
		r.Refs = listOf(s, (*scan).digest)
	}
	s.want(`}`)
	s.require(r.Code != "" || r.Version != 0 || r.Subject != "" || r.Text != "" || r.Refs != nil)
	return r
}

func (s *scan) healthAnswer() (a HealthAnswer) {
	v := &a.Verdict
	s.want(`{"verdict":{"kind":`)
	v.Kind = named(s, health.KindInvalid)
	v.Metric = s.filled(`,"metric":`)
	s.want(`,"logE":`)
	v.LogE = s.float()
	s.want(`,"logCertificate":`)
	v.LogCertificate = s.float()
	s.want(`,"canary":`)
	v.Canary = s.count()
	s.want(`,"control":`)
	v.Control = s.count()
	if s.has(`,"interval":`) {
		in := s.interval()
		v.Interval = &in
	}
	if s.has(`,"guilty":[`) {
		v.Guilty = listOf(s, (*scan).string)
	}
	v.Asymptotic = s.has(`,"asymptotic":true`)
	v.NoData = s.has(`,"noData":true`)
	s.want(`,"why":`)
	v.Why = s.string()
	s.want(`}`)
	a.Error = s.filled(`,"error":`)
	if s.has(`,"slice":`) {
		part := s.slice()
		a.Slice = &part
	}
	s.want(`}`)
	return a
}

func (s *scan) interval() (in health.Interval) {
	s.want(`{"low":`)
	in.Low = s.float()
	if s.has(`,"high":`) {
		in.High = s.float()
		s.require(in.High != 0)
	}
	s.want(`,"level":`)
	in.Level = s.float()
	s.want(`}`)
	return in
}

func (s *scan) count() (c health.Count) {
	s.want(`{"bad":`)
	c.Bad = s.uint()
	s.want(`,"total":`)
	c.Total = s.uint()
	s.want(`}`)
	return c
}

func (s *scan) observation() *Observation {
	o := new(Observation)
	s.want(`{`)
	if s.has(`"shares":[`) {
		o.Shares = listOf(s, (*scan).share)
		s.want(`,`)
	}
	s.want(`"fence":`)
	o.Fence = s.uint()
	if o.Settled = s.has(`,"settled":true`); !o.Settled {
		s.want(`,"settled":false`)
	}
	if s.has(`,"served":`) {
		n := s.uint()
		o.Served = &n
	}
	if s.has(`,"unfenced":`) {
		n := s.uint()
		s.require(n > 0)
		o.Unfenced = time.Duration(n)
	}
	o.Error = s.filled(`,"error":`)
	s.want(`}`)
	return o
}

func (s *scan) share() (h Share) {
	s.want(`{"release":`)
	h.Release = s.digest()
	s.want(`,"slice":`)
	h.Slice = s.slice()
	s.want(`}`)
	return h
}

func (s *scan) slice() (l Slice) {
	s.want(`{`)
	scope := func(member string) string {
		name := s.filled(member)
		if name != "" {
			s.want(`,`)
		}
		return name
	}
	l.Environment = scope(`"environment":`)
	l.Region = scope(`"region":`)
	l.Cell = scope(`"cell":`)
	l.Cohort = scope(`"cohort":`)
	s.want(`"percent":`)
	l.Percent = s.float()
	s.want(`}`)
	return l
}

// listOf is what follows a bracket: at least one, since an empty list is not written.
func listOf[T any](s *scan, one func(*scan) T) []T {
	var out []T
	for more := true; more && !s.lost; more = s.has(`,`) {
		out = append(out, one(s))
	}
	s.want(`]`)
	return out
}

func (s *scan) require(ok bool) { s.lost = s.lost || !ok }

// has reports whether text comes next, and goes behind it.
func (s *scan) has(text string) bool {
	if s.lost || len(s.b) < len(text) || string(s.b[:len(text)]) != text {
		return false
	}
	s.b = s.b[len(text):]
	return true
}

// want is has of what must come next.
func (s *scan) want(text string) { s.require(s.has(text)) }

// filled is the string of a member that is left out when it is empty.
func (s *scan) filled(member string) string {
	if !s.has(member) {
		return ""
	}
	text := s.string()
	s.require(text != "")
	return text
}

// raw is a string's bytes, and whether they stand for themselves.
func (s *scan) raw() (b []byte, plain bool) {
	s.want(`"`)
	for i, c := range s.b {
		switch {
		case c == '"':
			b, s.b = s.b[:i], s.b[i+1:]
			return b, true
		case c < ' ' || c >= 0x7f || c == '\\' || c == '<' || c == '>' || c == '&':
			return nil, false
		}
	}
	s.lost = true
	return nil, true
}

func (s *scan) string() string {
	b, plain := s.raw()
	if plain || s.lost {
		return string(b)
	}
	return s.escaped()
}

// escaped is a string with bytes that do not stand for themselves, or may not.
func (s *scan) escaped() string {
	end := 0
	for end < len(s.b) && s.b[end] != '"' {
		if s.b[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(s.b) {
		s.lost = true
		return ""
	}
	quoted := `"` + string(s.b[:end+1])
	var text string
	err := json.Unmarshal([]byte(quoted), &text)
	again, bad := json.Marshal(text)
	s.require(err == nil && bad == nil && string(again) == quoted)
	s.b = s.b[end+1:]
	return text
}

// named is a value of an enumeration, up to the last one that there is.
func named[T interface {
	~uint8
	String() string
}](s *scan, last T) T {
	b, plain := s.raw()
	for v := T(0); plain && v <= last; v++ {
		if v.String() == string(b) {
			return v
		}
	}
	s.lost = true
	return 0
}

func (s *scan) digest() (d release.Digest) {
	b, plain := s.raw()
	if plain && len(b) == 0 {
		return d
	}
	text, ok := bytes.CutPrefix(b, []byte("sha256:"))
	s.require(plain && ok && len(text) == 2*len(d))
	for i := 0; i < len(d) && !s.lost; i++ {
		high, low := hexDigit(text[2*i]), hexDigit(text[2*i+1])
		d[i] = high<<4 | low&0xf
		s.require(high <= 0xf && low <= 0xf)
	}
	s.require(!d.IsZero())
	return d
}

// hexDigit is a lower-case hexadecimal digit's value, and more than 15 of others.
func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}

func (s *scan) time() time.Time {
	b, plain := s.raw()
	t, err := time.Parse(time.RFC3339Nano, string(b))
	s.require(plain && err == nil && !t.IsZero() && bytes.HasSuffix(b, []byte("Z")) && t.Format(time.RFC3339Nano) == string(b))
	return t
}

// maxDigits is how many digits a number may have here. Numbers of so few are apart from
// each other as float64, so one is the shortest text of its float64 if it has no zeros
// that could be left out; and whole ones are a float64 without loss.
const maxDigits = 15

// number is a number without an exponent: digits behind an optional sign, of which places
// are behind a point. Others are given up on.
func (s *scan) number() (negative bool, digits uint64, places int) {
	negative = s.has("-")
	i, point := 0, -1
	for ; i < len(s.b); i++ {
		switch c := s.b[i]; {
		case '0' <= c && c <= '9' && i <= maxDigits:
			digits = digits*10 + uint64(c-'0')
			continue
		case c == '.' && point < 0 && i > 0:
			point = i
			continue
		}
		break
	}
	s.require(i == len(s.b) || s.b[i] < '0' || s.b[i] > '9') // no more digits
	whole := i
	if point >= 0 {
		whole, places = point, i-point-1
		s.require(places > 0 && s.b[i-1] != '0')
	}
	s.require(0 < whole && whole+places <= maxDigits && (whole == 1 || s.b[0] != '0'))
	s.b = s.b[i:]
	return negative, digits, places
}

func (s *scan) uint() uint64 {
	negative, n, places := s.number()
	s.require(!negative && places == 0)
	return n
}

// tens are the powers of ten that are a float64 without loss and of which one is needed.
var tens = [maxDigits + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

func (s *scan) float() float64 {
	if s.lost {
		return 0
	}
	before := s.b
	negative, n, places := s.number()
	// Both are exact, so the quotient is the float64 that is nearest to the text. What is
	// smaller is written with an exponent.
	if f := float64(n) / tens[min(places, maxDigits)]; !s.lost && (f >= 1e-6 || f == 0 && !negative) {
		if negative {
			f = -f
		}
		return f
	}
	s.b, s.lost = before, false
	return s.longFloat()
}

// longFloat is a number with any number of digits, but again without an exponent.
func (s *scan) longFloat() float64 {
	i := bytes.IndexAny(s.b, ",}")
	if i < 0 {
		s.lost = true
		return 0
	}
	f, err := strconv.ParseFloat(string(s.b[:i]), 64)
	s.require(err == nil && math.Abs(f) >= 1e-6 && math.Abs(f) < 1e21 && string(strconv.AppendFloat(nil, f, 'f', -1, 64)) == string(s.b[:i]))
	s.b = s.b[i:]
	return f
}
