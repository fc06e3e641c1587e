package subs

import (
	"encoding/binary"
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// Messages are read in room that is used again, so whatever is kept of one is copied
// once, into as little as will hold it. A model that is not large is one string: its
// values' kinds and ends, then their texts one after the other. Its names are
// shared with all models that have the same.

// What is packed at the most. An event makes a model that is packed anew, so it must not be
// large; the ends of its texts have 12 bits.
const (
	maxPackedNames = 64
	maxPackedText  = 1<<endBits - 1
	endBits        = 12
	headSize       = 2 // bytes before the texts, per value
)

// packed are the values of a model.
type packed string

func (p packed) head(i int) uint16 {
	return uint16(p[headSize*i]) | uint16(p[headSize*i+1])<<8
}

// kind returns what value i is.
func (p packed) kind(i int) res.ValueKind { return res.ValueKind(p.head(i) >> endBits) }

// at returns value i of n.
func (p packed) at(i, n int) res.Value {
	head, texts := p.head(i), p[headSize*n:]
	return res.NewValue(res.ValueKind(head>>endBits), string(texts[p.begin(i):head&maxPackedText]))
}

// begin returns where the text of value i begins.
func (p packed) begin(i int) int {
	if i == 0 {
		return 0
	}
	return int(p.head(i-1) & maxPackedText)
}

// packer copies what is to be kept. It has the names that models share.
type packer struct {
	shared map[string]*body // by the names

	// Scratch.
	key     []byte
	block   []byte
	text    []byte                // a change that was not placed
	placed  []wire.PlacedProperty // and its places in it
	merged  []wire.Property       // what a model becomes
	changes []PropertyChange      // what of it is new, its texts not packed yet
	places  []int                 // where each of them is in merged; -1 for what was deleted
}

// maxShared bounds how many sets of names are remembered, so that models whose names
// are data do not use it up. When there are more, sharing begins anew.
const maxShared = 1024

// share returns the body of models that have these properties.
func (p *packer) share(properties []wire.Property) *body {
	p.key = p.key[:0]
	for _, q := range properties {
		p.key = append(binary.AppendUvarint(p.key, uint64(len(q.Name))), q.Name...)
	}
	if known := p.shared[string(p.key)]; known != nil {
		return known
	}
	key := string(p.key)
	b := &body{kind: wire.KindModel, names: make([]string, 0, len(properties)), plain: true}
	for at := 0; at < len(key); {
		length, size := binary.Uvarint(p.key[at:])
		at += size
		name := key[at : at+int(length)]
		b.names, b.plain = append(b.names, name), b.plain && isPlain(name)
		at += int(length)
	}
	if p.shared == nil || len(p.shared) >= maxShared {
		p.shared = make(map[string]*body)
	}
	p.shared[key] = b
	return b
}

// pack packs properties into the block, and reports whether they are few and short enough.
func (p *packer) pack(properties []wire.Property) bool {
	if len(properties) > maxPackedNames {
		return false
	}
	p.block = p.block[:0]
	end := 0
	for _, q := range properties {
		if end += len(q.Value.Text()); end > maxPackedText {
			return false
		}
		p.block = binary.LittleEndian.AppendUint16(p.block, uint16(q.Value.Kind())<<endBits|uint16(end))
	}
	for _, q := range properties {
		p.block = append(p.block, q.Value.Text()...)
	}
	return true
}

// repacking is the packing of a model that was packed already, with some other values.
type repacking struct {
	was   packed
	n     int    // values
	next  int    // values before it are packed
	block []byte // see packed
}

func (p *packer) repack(was packed, n int) repacking {
	return repacking{was: was, n: n, block: append(p.block[:0], was[:headSize*n]...)}
}

// keep packs the values before i as they were.
func (p *repacking) keep(i int) {
	if p.next == i {
		return
	}
	texts := headSize * p.n
	begin, end := texts+p.was.begin(p.next), texts+p.was.begin(i)
	moved := uint16(len(p.block) - begin)
	p.block = append(p.block, p.was[begin:end]...)
	for ; p.next < i; p.next++ {
		p.setHead(p.was.head(p.next) + moved)
	}
}

// put packs a value in place of the next one.
func (p *repacking) put(kind res.ValueKind, text []byte) {
	p.block = append(p.block, text...)
	p.setHead(uint16(kind)<<endBits | uint16(len(p.block)-headSize*p.n))
	p.next++
}

func (p *repacking) setHead(head uint16) {
	binary.LittleEndian.PutUint16(p.block[headSize*p.next:], head)
}

// resource makes a resource that keeps nothing of what it is made from. It was old
// before, and shares with that what it can.
func (p *packer) resource(old *Resource, from wire.Resource) Resource {
	r := *old
	switch from.Kind {
	case wire.KindModel:
		p.setModel(&r, from.Model)
	case wire.KindCollection:
		r.packed, r.body = "", &body{kind: from.Kind, list: list{items: p.items(from.Collection)}}
	default:
		r.packed, r.body = "", &body{kind: from.Kind, err: from.Error}
	}
	return r
}

// model is resource for a model that a scanner has read from text. Most were loaded before,
// and have not changed.
func (p *packer) model(old *Resource, text []byte, m *wire.Scanned) Resource {
	if old.isSpelled(m.Model.In(text), len(m.Values)) {
		return *old
	}
	return p.resource(old, m.ModelIn(text))
}

// hasNames reports whether b is what models share that have these properties.
func (b *body) hasNames(properties []wire.Property) bool {
	if b.names == nil || len(b.names) != len(properties) {
		return false
	}
	for i, name := range b.names {
		if name != properties[i].Name {
			return false
		}
	}
	return true
}

// setModel gives r properties. If they are what it has packed, that stays.
func (p *packer) setModel(r *Resource, properties []wire.Property) {
	if p.pack(properties) {
		if r.body == nil || !r.body.hasNames(properties) {
			r.body = p.share(properties)
		}
		if string(p.block) != string(r.packed) {
			r.packed = packed(p.block)
		}
		return
	}
	r.packed = ""
	props := make([]wire.Property, len(properties))
	for i, q := range properties {
		props[i] = wire.Property{Name: strings.Clone(q.Name), Value: kept(q.Value)}
	}
	r.body = &body{kind: wire.KindModel, props: props}
}

// Items that are not long are packed into blocks together.
const (
	blockSize = 1 << 10 // bytes that one item can keep alive
	longItem  = 128
)

// items copies the items of a collection.
func (p *packer) items(from []res.Value) []res.Value {
	if len(from) == 0 {
		return nil
	}
	items := make([]res.Value, len(from))
	first := 0 // of those in the block
	p.block = p.block[:0]
	for i, v := range from {
		text := v.Text()
		if len(text) > longItem {
			items[i] = kept(v)
			continue
		}
		if len(p.block)+len(text) > blockSize {
			p.cut(items[first:i], from[first:i])
			first = i
		}
		p.block = append(p.block, text...)
	}
	p.cut(items[first:], from[first:])
	return items
}

// cut makes the items whose texts are in the block, and empties it.
func (p *packer) cut(items, from []res.Value) {
	block, at := string(p.block), 0
	for i, v := range from {
		if n := len(v.Text()); n <= longItem {
			items[i] = res.NewValue(v.Kind(), block[at:at+n])
			at += n
		}
	}
	p.block = p.block[:0]
}

// kept returns v with a text of its own.
func kept(v res.Value) res.Value {
	if text := literal(v.Kind(), v.Text()); text != "" {
		return res.NewValue(v.Kind(), text)
	}
	return res.NewValue(v.Kind(), strings.Clone(v.Text()))
}

// keptText is kept with a value that was not made yet.
func keptText(kind res.ValueKind, text []byte) res.Value {
	if text := literal(kind, text); text != "" {
		return res.NewValue(kind, text)
	}
	return res.NewValue(kind, string(text))
}

// literal returns the text of a value that all such values share, "" for the others.
func literal[Text ~[]byte | ~string](kind res.ValueKind, text Text) string {
	switch {
	case kind == res.Null:
		return "null"
	case kind == res.Bool && string(text) == "true":
		return "true"
	case kind == res.Bool:
		return "false"
	}
	return ""
}
