package conn_test

import (
	"testing"

	"github.com/resclient/resclient-go/conn"
)

// A client that is offline has the room for as long as that.
func TestOnlyTheRoomOfAReplayIsLeftToTheNextConnection(t *testing.T) {
	replay, calls := make([]byte, 50<<10), make([]byte, 20<<20)
	for name, test := range map[string]struct {
		bursts      [][]byte
		least, most int
	}{
		"a replay":         {[][]byte{replay, replay}, 100 << 10, 512 << 10},
		"calls":            {[][]byte{calls, calls}, 0, 512 << 10},
		"calls all along":  {[][]byte{calls, calls, calls, calls}, 0, 512 << 10},
		"calls, then less": {[][]byte{calls, calls, replay}, 0, 512 << 10},
	} {
		if n := conn.RoomLeft(test.bursts...); n < test.least || n > test.most {
			t.Errorf("%s: room for %d bytes is left, want from %d to %d", name, n, test.least, test.most)
		}
	}
}
