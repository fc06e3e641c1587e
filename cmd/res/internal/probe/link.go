package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// Protocol is the version of the RES-Client protocol that a Link asks for.
const Protocol = "1.2.3"

// LegacyProtocol is what a gateway speaks that does not know version requests.
const LegacyProtocol = "1.1.1"

// Link is a WebSocket to a gateway. Its methods are called one at a time.
type Link struct {
	ws     *websocket.Conn
	answer *http.Response
	id     uint64
}

func newLink(ws *websocket.Conn, answer *http.Response) *Link {
	ws.SetReadLimit(1 << 20)
	return &Link{ws: ws, answer: answer}
}

// Close ends the connection.
func (l *Link) Close() error {
	text := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	return errors.Join(l.ws.WriteControl(websocket.CloseMessage, text, time.Now().Add(time.Second)), l.ws.Close())
}

// Compressed reports whether the gateway compresses messages.
func (l *Link) Compressed() bool {
	return strings.Contains(l.answer.Header.Get("Sec-WebSocket-Extensions"), "permessage-deflate")
}

// Version asks for the protocol version, and says how long the answer took.
func (l *Link) Version(ctx context.Context) (protocol string, took time.Duration, err error) {
	l.id++
	response, took, err := l.ask(ctx, wire.Version(l.id, Protocol))
	if err != nil {
		return "", took, fmt.Errorf("version request: %w", err)
	}
	protocol, err = response.Protocol()
	if errors.Is(err, res.ErrInvalidRequest) {
		return LegacyProtocol, took, nil
	}
	return protocol, took, err
}

// Auth calls an auth method on the connection.
func (l *Link) Auth(ctx context.Context, rid, method string, params []byte) (time.Duration, error) {
	l.id++
	response, took, err := l.ask(ctx, wire.Auth(l.id, rid, method, params))
	if err == nil && response.Error != nil {
		err = response.Error
	}
	return took, err
}

// ask sends a request and waits for its answer.
func (l *Link) ask(ctx context.Context, r wire.Request) (*wire.Response, time.Duration, error) {
	frame, err := r.Append(nil)
	if err != nil {
		return nil, 0, err
	}
	defer l.limit(ctx)()
	began := time.Now()
	if err := l.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
		return nil, 0, err
	}
	for {
		_, text, err := l.ws.ReadMessage()
		if err != nil {
			return nil, 0, ended(ctx, err)
		}
		took := time.Since(began)
		m, err := wire.Parse(text)
		if err != nil {
			return nil, 0, err
		}
		if response, ok := m.(*wire.Response); ok && response.ID == r.ID {
			return response, took, nil
		}
	}
}

// Ping sends a WebSocket ping, and says how long the pong took. It is answered by the
// gateway's WebSocket library, so it says less of the gateway than Version. The version
// request behind it makes sure that there is something to read.
func (l *Link) Ping(ctx context.Context) (took time.Duration, err error) {
	began := time.Now()
	l.ws.SetPongHandler(func(string) error {
		took = time.Since(began)
		return nil
	})
	if err := l.ws.WriteControl(websocket.PingMessage, nil, began.Add(time.Second)); err != nil {
		return 0, err
	}
	if _, _, err := l.Version(ctx); err != nil {
		return 0, err
	}
	if took == 0 {
		return 0, errors.New("the gateway answers requests but no pings")
	}
	return took, nil
}

// limit ends reading and writing with ctx, until the returned function is called.
func (l *Link) limit(ctx context.Context) (end func()) {
	stop := context.AfterFunc(ctx, func() { _ = l.ws.NetConn().SetDeadline(time.Now()) })
	return func() { stop() }
}

// ended prefers the reason for which a context ended reading.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
