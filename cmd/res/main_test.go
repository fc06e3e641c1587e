package main

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"res": main})
}

// TestScripts runs the scripts under testdata/script. Beside what testscript has, they
// know
//
//	exits STATUS ARGS…   run res, which must end with this status
//	printed FILE REGEXP  wait until a program in the background has written what matches
//	gateway …            the gateway that RES_URL names, see gateway_test.go
//	service …            the service behind it
//	web …                what is no gateway, but RES_URL names it, see proxy_test.go
//	proxy …              the proxy that HTTP_PROXY names, see proxy_test.go
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Values[worldKey{}] = &world{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"gateway": gateway,
			"printed": printed,
			"proxy":   proxy,
			"service": service,
			"web":     web,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits STATUS ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec("res", args[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("run res: %v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("res ended with status %d, not %d", got, want)
	}
}

// printed waits for a line of a program, where gateway await cannot tell: a frame that
// the gateway is about to send may never come to a client whose gateway is killed.
func printed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: printed FILE REGEXP")
	}
	pattern := regexp.MustCompile(args[1])
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for late := time.After(patience); ; {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && pattern.Match(text) {
			return
		}
		select {
		case <-poll.C:
		case <-late:
			ts.Fatalf("nothing in %s matches %q (%v):\n%s", args[0], args[1], err, text)
		}
	}
}
