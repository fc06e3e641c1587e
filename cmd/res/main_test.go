package main

import (
	"errors"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"res": main})
}

// TestScripts runs the scripts under testdata/script. Beside what testscript has, they
// know
//
//	exits STATUS ARGS…   run res, which must end with this status
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
