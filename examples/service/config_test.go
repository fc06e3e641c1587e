package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestTakesItsConfigurationFromFlagsAndTheEnvironment(t *testing.T) {
	usual := config{gateways: []string{"ws://localhost:8080"}, listen: "127.0.0.1:8081", format: "text", shutdown: 10 * time.Second}
	environment := map[string]string{
		"RES_URL": "wss://a,wss://b", "LISTEN": ":80", "LOG_FORMAT": "json", "LOG_LEVEL": "WARN", "SHUTDOWN": "3s",
	}
	for _, test := range []struct {
		name string
		args []string
		env  map[string]string
		want config
	}{
		{"nothing", nil, nil, usual},
		{"the environment", nil, environment, config{
			gateways: []string{"wss://a", "wss://b"}, listen: ":80", format: "json", level: slog.LevelWarn, shutdown: 3 * time.Second}},
		{"flags, which win", []string{"-gateway", "wss://c", "-shutdown=4s"}, environment, config{
			gateways: []string{"wss://c"}, listen: ":80", format: "json", level: slog.LevelWarn, shutdown: 4 * time.Second}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			got, err := parse(test.args, func(name string) string { return test.env[name] }, &out)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v and error %v, want %+v\n%s", got, err, test.want, &out)
			}
		})
	}
}

func TestSaysWhatIsWrongWithItsConfiguration(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		env  map[string]string
		want string
	}{
		{"an argument", []string{"start"}, nil, `nothing to do with "start"`},
		{"a format", []string{"-log", "xml"}, nil, `no format "xml"`},
		{"a time", []string{"-shutdown", "0s"}, nil, "must be above 0"},
		{"a flag", []string{"-port", "1"}, nil, "not defined: -port"},
		{"a level of the environment", nil, map[string]string{"LOG_LEVEL": "loud"}, "$LOG_LEVEL"},
		{"a time of the environment", nil, map[string]string{"SHUTDOWN": "10"}, "$SHUTDOWN"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			_, err := parse(test.args, func(name string) string { return test.env[name] }, &out)
			if err == nil || !strings.Contains(out.String(), test.want) {
				t.Errorf("it says %q with error %v, want %q", &out, err, test.want)
			}
		})
	}
}

func TestChecksAServiceThatRuns(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		w.Write([]byte("in sync\n"))
	}))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	var out strings.Builder
	if err := check(t.Context(), &out, server.URL); err != nil || out.String() != "in sync\n" {
		t.Errorf("of a service that is ready it says %q with error %v", &out, err)
	}
	status = http.StatusServiceUnavailable
	if err := check(t.Context(), &out, server.URL); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("of a service that is not ready it says %v", err)
	}
	server.Close()
	if err := check(t.Context(), &out, server.URL); err == nil {
		t.Error("it does not mind that there is no service")
	}
}
