package conn_test

import (
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn"
)

func TestKeepAlive(t *testing.T) {
	type moment struct {
		at, lastRead time.Duration
		paused       bool
		do           string
		wait         time.Duration
	}
	for _, test := range []struct {
		name    string
		moments []moment
	}{
		{"busy: the next look is when it would have been silent for the interval", []moment{
			{at: 10, lastRead: 9, do: "wait", wait: 9},
		}},
		{"silent: a ping, its answer, and the interval anew", []moment{
			{at: 10, lastRead: 0, do: "ping", wait: 5},
			{at: 15, lastRead: 11, do: "wait", wait: 6},
			{at: 21, lastRead: 11, do: "ping", wait: 5},
		}},
		{"dead: given up when nothing came for the timeout after the ping", []moment{
			{at: 10, lastRead: 0, do: "ping", wait: 5},
			{at: 13, lastRead: 0, do: "wait", wait: 2},
			{at: 15, lastRead: 0, do: "give up"},
		}},
		{"an answer in the same instant counts", []moment{
			{at: 10, lastRead: 0, do: "ping", wait: 5},
			{at: 15, lastRead: 10, do: "wait", wait: 5},
		}},
		{"any bytes count, not only the answer", []moment{
			{at: 10, lastRead: 0, do: "ping", wait: 5},
			{at: 15, lastRead: 14, do: "wait", wait: 9},
		}},
		{"while the reader is paused, silence says nothing", []moment{
			{at: 10, lastRead: 0, do: "ping", wait: 5},
			{at: 15, lastRead: 0, paused: true, do: "wait", wait: 10},
			{at: 25, lastRead: 0, do: "ping", wait: 5},
			{at: 30, lastRead: 0, do: "give up"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Unix(1000, 0)
			k := conn.NewKeepAlive(10*time.Second, 5*time.Second)
			for _, m := range test.moments {
				do, wait := k.Next(start.Add(m.at*time.Second), start.Add(m.lastRead*time.Second), m.paused)
				if do != m.do || wait != m.wait*time.Second {
					t.Errorf("at %d s: %s and look again after %v, want %s and %d s", m.at, do, wait, m.do, m.wait)
				}
			}
		})
	}
}
