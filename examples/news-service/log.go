package main

import (
	"log/slog"
	"net/url"
	"os"

	"github.com/lmittmann/tint"
)

// newLogger returns a logger that writes to f: in colour on a terminal, plain
// anywhere else and wherever NO_COLOR is set.
func newLogger(f *os.File) *slog.Logger {
	plain := os.Getenv("NO_COLOR") != "" || !isTerminal(f)
	return slog.New(tint.NewTextHandler(f, &tint.Options{NoColor: plain}))
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// report logs an error that the service survives.
func report(log *slog.Logger, err error) {
	if err != nil {
		log.Warn("message lost", tint.Err(err))
	}
}

// withoutUser returns the URL as it may be logged: user information is secret.
func withoutUser(natsURL string) string {
	u, err := url.Parse(natsURL)
	if err != nil {
		return "(not shown)"
	}
	u.User = nil
	return u.String()
}
