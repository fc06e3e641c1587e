package faultproxy

import (
	"bytes"
	"encoding/binary"
)

// scanner follows one direction of a connection far enough to know where frames
// begin and end: first the head of the HTTP handshake, then frames (RFC 6455,
// section 5.2). What begins otherwise is opaque.
type scanner struct {
	from  Direction
	phase phase
	head  []byte // of the handshake, or of the frame, as far as it has come
	frame frame  // the latest
	left  int64  // bytes of its payload that are still to come
}

type phase uint8

const (
	inHandshake phase = iota
	inHeader
	inPayload
	opaque
)

// part is what some bytes are.
type part uint8

const (
	other   part = iota // handshake, or opaque
	pending             // kept until the header of the frame is complete
	header              // the end of one: it is in frame
	payload
)

// frame is the header of one.
type frame struct {
	raw    []byte
	length int64 // of the payload
	masked bool
	key    [4]byte
}

const (
	opcodeBits    = 0x0f
	controlBit    = 0x08
	compressedBit = 0x40
	maskBit       = 0x80
	finText       = 0x81 // a whole text message
	length16      = 126
	length64      = 127
	keySize       = 4
	handshakeAt   = 16 << 10 // a head that is longer is none
)

// data reports whether it is not a ping, pong or close frame.
func (f *frame) data() bool { return f.raw[0]&controlBit == 0 }

// begins reports whether it is the first of a message.
func (f *frame) begins() bool { return f.raw[0]&opcodeBits != 0 }

// compressed reports whether it is the first of a message that is (RFC 7692, section 6).
func (f *frame) compressed() bool { return f.raw[0]&compressedBit != 0 }

// wholeText reports whether it is a message that is neither fragmented nor compressed.
func (f *frame) wholeText() bool { return f.raw[0] == finText }

// mask masks or unmasks the part of the payload that begins at offset.
func (f *frame) mask(b []byte, offset int64) {
	if !f.masked {
		return
	}
	for i := range b {
		b[i] ^= f.key[(offset+int64(i))%keySize]
	}
}

// encodeHeader makes the header of a frame like f with another length.
func (f *frame) encodeHeader(length int64) []byte {
	var masked byte
	if f.masked {
		masked = maskBit
	}
	b := []byte{f.raw[0]}
	switch {
	case length < length16:
		b = append(b, masked|byte(length))
	case length < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, masked|length16), uint16(length))
	default:
		b = binary.BigEndian.AppendUint64(append(b, masked|length64), uint64(length))
	}
	if f.masked {
		b = append(b, f.key[:]...)
	}
	return b
}

// between reports whether a frame could be put in here.
func (s *scanner) between() bool { return s.phase == inHeader && len(s.head) == 0 }

// next returns what the first n bytes of b are, which is not empty.
func (s *scanner) next(b []byte) (n int, is part) {
	switch s.phase {
	case inHandshake:
		return s.handshake(b), other
	case inHeader:
		s.head = append(s.head, b[0])
		if !s.parseHeader() {
			return 1, pending
		}
		return 1, header
	case inPayload:
		n := int(min(s.left, int64(len(b))))
		if s.left -= int64(n); s.left == 0 {
			s.phase = inHeader
		}
		return n, payload
	}
	return len(b), other
}

// handshake looks for the end of the head of the request or response.
func (s *scanner) handshake(b []byte) int {
	before := len(s.head)
	s.head = append(s.head, b...)
	start := "GET "
	if s.from == FromGateway {
		start = "HTTP/1.1 101 "
	}
	known := min(len(start), len(s.head))
	end := bytes.Index(s.head, []byte("\r\n\r\n"))
	switch {
	case string(s.head[:known]) != start[:known], end < 0 && len(s.head) > handshakeAt:
		s.phase, s.head = opaque, nil
	case end >= 0:
		s.phase, s.head = inHeader, nil
		return end + len("\r\n\r\n") - before
	}
	return len(b)
}

// parseHeader reports whether the header of a frame is complete, and takes it.
func (s *scanner) parseHeader() bool {
	if len(s.head) < 2 {
		return false
	}
	f := frame{masked: s.head[1]&maskBit != 0, length: int64(s.head[1] &^ maskBit)}
	size := 2
	switch f.length {
	case length16:
		size += 2
	case length64:
		size += 8
	}
	keyAt := size
	if f.masked {
		size += keySize
	}
	if len(s.head) < size {
		return false
	}
	switch f.length {
	case length16:
		f.length = int64(binary.BigEndian.Uint16(s.head[2:]))
	case length64:
		f.length = int64(binary.BigEndian.Uint64(s.head[2:]) &^ (1 << 63))
	}
	copy(f.key[:], s.head[keyAt:size])
	f.raw, s.head = s.head, nil
	s.frame, s.left = f, f.length
	if s.left > 0 {
		s.phase = inPayload
	}
	return true
}

// rest returns what was kept of a header that never became complete.
func (s *scanner) rest() []byte {
	if s.phase != inHeader {
		return nil
	}
	return s.head
}
