package conn

import (
	"context"
	"log/slog"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// Keys of the attributes of log lines, see [WithLogger], beside those of a
// [state.Transition]: [state.CauseKey] and the others. They stay as they are, so that what
// reads logs can rely on them.
const (
	RIDKey    = "rid"    // the resource that a line is about
	CountKey  = "count"  // how many times it happened since the last such line, if not once
	FrameKey  = "frame"  // of a message: the kind of request, event, answer, error or unreadable
	MethodKey = "method" // of a request
	NameKey   = "name"   // of an event
	IDKey     = "id"     // of a request, and of its answer
	CodeKey   = "code"   // of an error
	BytesKey  = "bytes"  // how long the message is
)

// logLine is what is said of something, and how loud.
type logLine struct {
	level   slog.Level
	message string
}

// transitionLines has the lines for transitions.
var transitionLines = map[state.EventKind]logLine{
	state.Started:        {slog.LevelInfo, "connecting"},
	state.DialFailed:     {slog.LevelInfo, "connecting failed"},
	state.Opened:         {slog.LevelInfo, "connection open"},
	state.Replayed:       {slog.LevelInfo, "connected"},
	state.Lost:           {slog.LevelWarn, "connection lost"},
	state.GaveUp:         {slog.LevelError, "gave up connecting"},
	state.CloseRequested: {slog.LevelInfo, "closed"},
}

// noticeLines has the lines for what is out of the ordinary.
var noticeLines = map[core.NoticeKind]logLine{
	core.BadFrame:           {slog.LevelWarn, "unreadable message"},
	core.UnexpectedAnswer:   {slog.LevelWarn, "unexpected answer"},
	core.UnknownResource:    {slog.LevelWarn, "event for an unknown resource"},
	core.Inconsistent:       {slog.LevelWarn, "message does not fit the local copy"},
	core.SubscribeFailed:    {slog.LevelWarn, "subscription not granted, will retry"},
	core.SubscribeRecovered: {slog.LevelInfo, "subscription granted again"},
	core.Resyncing:          {slog.LevelWarn, "reconnecting to get everything anew"},
	core.AccessHookFailed:   {slog.LevelWarn, "access denied, and the hook did not regain it"},
	core.TooLarge:           {slog.LevelWarn, "message over the read limit"},
}

// The lines for frames.
var (
	sentLine     = logLine{slog.LevelDebug, "sent"}
	receivedLine = logLine{slog.LevelDebug, "received"}
)

func (c *Client) log(line logLine, attrs ...slog.Attr) {
	c.set.logger.LogAttrs(context.Background(), line.level, line.message, attrs...)
	c.askLevel()
}

// reportAll reports transitions, and notices in between, as they have happened.
func (c *Client) reportAll(transitions []state.Transition, notices []core.Notice) {
	for i, t := range transitions {
		for len(notices) > 0 && notices[0].After <= i {
			c.reportNotice(notices[0])
			notices = notices[1:]
		}
		c.report(t)
	}
	for _, n := range notices {
		c.reportNotice(n)
	}
}

// report gives a transition to the hook and to the log.
func (c *Client) report(t state.Transition) {
	c.hooks.add(transitionTask, func() {
		c.log(transitionLines[t.Event], t.LogValue().Group()...)
		if c.set.hooks.Transition != nil {
			c.set.hooks.Transition(t)
		}
	})
}

func (c *Client) reportNotice(n core.Notice) {
	c.hooks.add(transitionTask, func() {
		var attrs []slog.Attr
		if n.Err != nil {
			attrs = append(attrs, slog.Any(state.CauseKey, n.Err))
		}
		if n.RID != "" {
			attrs = append(attrs, slog.String(RIDKey, n.RID))
		}
		if n.Count > 1 {
			attrs = append(attrs, slog.Int(CountKey, n.Count))
		}
		c.log(noticeLines[n.Kind], attrs...)
	})
}

// reportFrame gives a copy of a frame to the hook, and says to the log what it is.
func (c *Client) reportFrame(generation uint64, sent bool, frame []byte) {
	hook, logged := c.set.hooks.Frame, c.debug.Load()
	if hook == nil && !logged {
		return
	}
	f := Frame{Generation: generation, Sent: sent, Data: append([]byte(nil), frame...)}
	c.hooks.addLarge(frameTask, len(frame), func() {
		switch {
		case logged && sent:
			c.log(sentLine, sentAttrs(f)...)
		case logged:
			c.log(receivedLine, receivedAttrs(f)...)
		}
		if hook != nil {
			hook(f)
		}
	})
}

// sentAttrs says what a request is: not with which params.
func sentAttrs(f Frame) []slog.Attr {
	r, err := wire.ParseRequest(f.Data)
	if err != nil {
		return frameAttrs(f, "unreadable")
	}
	attrs := frameAttrs(f, r.Type.String(), slog.Uint64(IDKey, r.ID))
	if r.RID != "" {
		attrs = append(attrs, slog.String(RIDKey, r.RID))
	}
	if r.Method != "" {
		attrs = append(attrs, slog.String(MethodKey, r.Method))
	}
	return attrs
}

// receivedAttrs says what a message is: not what is in it.
func receivedAttrs(f Frame) []slog.Attr {
	m, err := wire.Parse(f.Data)
	if err != nil {
		return frameAttrs(f, "unreadable")
	}
	switch m := m.(type) {
	case *wire.Event:
		return frameAttrs(f, "event", slog.String(RIDKey, m.RID), slog.String(NameKey, m.Name))
	case *wire.Response:
		if m.Error != nil {
			return frameAttrs(f, "error", slog.Uint64(IDKey, m.ID), slog.String(CodeKey, m.Error.Code))
		}
		return frameAttrs(f, "answer", slog.Uint64(IDKey, m.ID))
	}
	return frameAttrs(f, "unreadable")
}

func frameAttrs(f Frame, kind string, more ...slog.Attr) []slog.Attr {
	attrs := []slog.Attr{slog.String(FrameKey, kind), slog.Int(BytesKey, len(f.Data)), slog.Uint64(state.GenerationKey, f.Generation)}
	return append(attrs, more...)
}

// askLevel finds out whether frames are to be logged. The logger is code of the program, so
// the goroutines of the client do not ask it: they look at what it said last.
func (c *Client) askLevel() {
	c.debug.Store(c.set.logger.Enabled(context.Background(), slog.LevelDebug))
}

// askLevelSoon has it asked again, for its level may change while the program runs.
func (c *Client) askLevelSoon() {
	if c.set.logs {
		c.hooks.add(transitionTask, c.askLevel)
	}
}
