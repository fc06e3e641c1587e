package conn_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/state"
)

func TestAReplayKeepsToItsRateAndJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var seen transitions
		c := w.connected(conn.WithReplayRate(10), conn.WithReplayJitter(20*time.Second), conn.WithHooks(conn.Hooks{Transition: seen.hook}))
		for i := range 50 {
			rid := fmt.Sprintf("m.%d", i)
			w.must(w.service.SetModel(rid, map[string]any{"n": 1}))
			w.subscribe(c, rid)
		}
		c.Reconnect()
		w.await(c, state.Connected)
		synctest.Wait()
		list := seen.all()
		replayed := list[len(list)-1]
		if least, most := 49*time.Second/10, 49*time.Second/10+20*time.Second; replayed.After < least || replayed.After > most {
			t.Errorf("the replay took %v, want from %v to %v", replayed.After, least, most)
		}
		if list[2].After != 0 {
			t.Errorf("with nothing to replay it took %v", list[2].After)
		}
	})
}
