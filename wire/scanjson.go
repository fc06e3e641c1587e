package wire

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/resclient/resclient-go/res"
)

// skip reads what is next if it is exactly text.
func (s *Scanner) skip(text string) bool {
	end := s.at + len(text)
	if end > len(s.text) || string(s.text[s.at:end]) != text {
		return false
	}
	s.at = end
	return true
}

func (s *Scanner) skipByte(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

// peek returns the next byte; 0, which no JSON has, at the end.
func (s *Scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// scanDepth is how many arrays and objects may be inside each other.
const scanDepth = 64

// any reads a JSON value of any kind.
func (s *Scanner) any() bool { return s.nested(scanDepth) }

func (s *Scanner) nested(depth int) bool {
	switch {
	case depth == 0:
		return false
	case s.skipByte('['):
		return s.skipByte(']') || s.list(']', func() bool { return s.nested(depth - 1) })
	case s.skipByte('{'):
		return s.skipByte('}') || s.list('}', func() bool {
			if !s.skipByte('"') {
				return false
			}
			_, ok := s.quoted()
			return ok && s.skipByte(':') && s.nested(depth-1)
		})
	}
	return s.primitive() != res.Absent
}

// list reads items with commas between them, and its end.
func (s *Scanner) list(end byte, item func() bool) bool {
	for item() {
		if s.skipByte(end) {
			return true
		}
		if !s.skipByte(',') {
			return false
		}
	}
	return false
}

// primitive reads a JSON value that is no array and no object. It returns what it
// is, Absent if there is none.
func (s *Scanner) primitive() res.ValueKind {
	switch s.peek() {
	case '"':
		s.at++
		if _, ok := s.quoted(); ok {
			return res.String
		}
	case 't':
		if s.skip("true") {
			return res.Bool
		}
	case 'f':
		if s.skip("false") {
			return res.Bool
		}
	case 'n':
		if s.skip("null") {
			return res.Null
		}
	default:
		if s.float() {
			return res.Number
		}
	}
	return res.Absent
}

// float reads a number.
func (s *Scanner) float() bool {
	s.skipByte('-')
	if !s.skipByte('0') && !s.digits() {
		return false
	}
	if s.skipByte('.') && !s.digits() {
		return false
	}
	if s.skipByte('e') || s.skipByte('E') {
		if !s.skipByte('+') {
			s.skipByte('-')
		}
		return s.digits()
	}
	return true
}

// digits reads at least one.
func (s *Scanner) digits() bool {
	begin := s.at
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.at++
	}
	return s.at > begin
}

// number reads a whole number of up to 18 digits.
func (s *Scanner) number(n *uint64) bool {
	begin := s.at
	if s.skipByte('0') {
		return true
	}
	if !s.digits() || s.at-begin > 18 {
		return false
	}
	for _, c := range s.text[begin:s.at] {
		*n = *n*10 + uint64(c-'0')
	}
	return true
}

func (s *Scanner) index(i *int) bool {
	var n uint64
	if !s.number(&n) || n >= 1<<indexBits {
		return false
	}
	*i = int(n)
	return true
}

// Eight bytes at a time, as words.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks, by their high bits, the bytes of w that need a closer look in a
// string: quotes, backslashes, control characters, and what is not ASCII. Only the
// lowest mark is exact.
func special(w uint64) uint64 {
	quote, backslash := w^(ones*'"'), w^(ones*'\\')
	return ((quote-ones)&^quote | (backslash-ones)&^backslash | (w-ones*' ')&^w | w) & highs
}

// quoted reads the rest of a string, up to its closing quote and with that. It
// says whether there were escapes.
func (s *Scanner) quoted() (escaped, ok bool) {
	text, at := s.text, s.at
	ascii := true
	for at < len(text) {
		if len(text)-at >= 8 {
			mark := special(binary.LittleEndian.Uint64(text[at:]))
			if mark == 0 {
				at += 8
				continue
			}
			at += bits.TrailingZeros64(mark) / 8
		}
		switch c := text[at]; {
		case c == '"':
			ok = ascii || utf8.Valid(text[s.at:at])
			s.at = at + 1
			return escaped, ok
		case c == '\\':
			n := escape(text[at:])
			if n == 0 {
				return false, false
			}
			escaped = true
			at += n
		case c < ' ':
			return false, false
		default:
			ascii = ascii && c < utf8.RuneSelf
			at++
		}
	}
	return false, false
}

// escape returns how long the escape sequence is that text begins with; 0 if it is
// none, or half of a surrogate pair.
func escape(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	if text[1] != 'u' {
		if strings.IndexByte(`"\/bfnrt`, text[1]) < 0 {
			return 0
		}
		return 2
	}
	const length = len(`\u0000`)
	if len(text) < length {
		return 0
	}
	code := 0
	for _, c := range text[2:length] {
		digit := strings.IndexByte("0123456789abcdef", c|0x20)
		if digit < 0 || c < '0' {
			return 0
		}
		code = code<<4 | digit
	}
	if 0xd800 <= code && code < 0xe000 {
		return 0
	}
	return length
}
