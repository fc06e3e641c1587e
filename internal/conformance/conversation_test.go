package conformance_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/resclient/resclient-go/internal/transcript"
)

// A conversation of the real gateway is held again, with the client in place of
// the one that was recorded. The program does what the recorded requests are for,
// the client's requests are matched with them, and the recorded answers and events are given
// to it in the recorded order.
//
// The client need not send all that was recorded: a second subscription to a resource
// is its own affair, and it has cleaned up after a failed get before it is told to. What it
// sends beside, it must have a reason for. What cannot be held is a misfit.

// misfit is thrown where a conversation cannot be held.
type misfit string

func fail(format string, args ...any) { panic(misfit(fmt.Sprintf(format, args...))) }

// conversation is one transcript, being held.
type conversation struct {
	w     *world
	tr    *transcript.Transcript
	truth *truth
	talks map[string]*talk // by connection
	heard int              // messages of the gateway that clients were given

	resynced bool // a client has come to doubt its copy
	compared bool // or to ask what the gateway has
	untold   bool // what is held in the end is not what the services have
}

// hold holds a conversation, and returns why it cannot be held.
func (c *conversation) hold() (why error) {
	defer func() {
		switch x := recover().(type) {
		case nil:
		case misfit:
			why = errors.New(string(x))
		default:
			panic(x)
		}
	}()
	for i := range c.tr.Lines {
		c.tr.Lines[i] = named(c.tr.Lines[i])
	}
	for i, l := range c.tr.Lines {
		func() {
			defer func() {
				if x, ok := recover().(misfit); ok {
					fail("line %d: %s", l.Number, x)
				}
			}()
			c.play(l, c.tr.Lines[i+1:])
		}()
	}
	for _, name := range slices.Sorted(maps.Keys(c.talks)) {
		c.talks[name].finish()
	}
	switch name := c.tr.Scenario; {
	case c.heard == 0:
		fail("it has no message for the client")
	case c.resynced != (resynced[name] != ""):
		fail("resynchronised: %v; listed: %q", c.resynced, resynced[name])
	case c.compared != (compared[name] != ""):
		fail("compared: %v; listed: %q", c.compared, compared[name])
	case c.untold != (untold[name] != ""):
		fail("other than the services: %v; listed: %q", c.untold, untold[name])
	}
	return nil
}

func (c *conversation) play(l transcript.Line, rest []transcript.Line) {
	switch {
	case l.Dir == "svc":
		c.truth.take(l)
	case l.Dir == "fault" && (strings.HasPrefix(l.Note, "client socket: ") || l.Note == "client: RST"):
		c.talk(l.Conn).lose()
	case l.Dir == "note" && leavesOut.MatchString(l.Note):
		fail("the recording leaves out its requests")
	case l.Dir == "c2g" && l.WS == "close":
		c.talk(l.Conn).leave()
	case l.Dir != "c2g" && l.Dir != "g2c", l.WS != "": // what is below messages is no affair of the protocol
	case l.Dir == "c2g":
		c.talk(l.Conn).asks(l, rest)
	default:
		c.talk(l.Conn).hears(l)
	}
}

// named puts names in place of what stands for them.
func named(l transcript.Line) transcript.Line {
	if l.Dir == "c2g" || l.Dir == "g2c" {
		text := placeholders.ReplaceAllString(l.Whole(), "$1")
		l.Raw, l.Size = &text, len(text)
	}
	return l
}

var placeholders = regexp.MustCompile(`<([A-Z][A-Z0-9-]*)>`)

var leavesOut = regexp.MustCompile(`requests? left out here|unsubscribes left out`)
