package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lmittmann/tint"
)

// config is what the flags and the environment say.
type config struct {
	gateways []string
	listen   string
	format   string // of the log: text or json
	level    slog.Level
	shutdown time.Duration
	check    string
}

// parse reads the flags. What is not given as a flag is taken from the environment, and
// else has its default. What is wrong, and -help, is said on out.
func parse(args []string, getenv func(string) string, out io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("service", flag.ContinueOnError)
	flags.SetOutput(out)
	gateways := flags.String("gateway", "ws://localhost:8080", "`URL` of the gateway, or several with commas between ($RES_URL)")
	flags.StringVar(&cfg.listen, "listen", "127.0.0.1:8081", "`address` to serve HTTP at ($LISTEN)")
	flags.StringVar(&cfg.format, "log", "text", "`format` of the log: text, or json ($LOG_FORMAT)")
	flags.TextVar(&cfg.level, "level", slog.LevelInfo, "lowest `level` to log: debug, info, warn or error ($LOG_LEVEL)")
	flags.DurationVar(&cfg.shutdown, "shutdown", 10*time.Second, "how long calls may take at the end; less than the system waits before it kills ($SHUTDOWN)")
	flags.StringVar(&cfg.check, "check", "", "do not serve: get this `URL` and fail unless it answers 200")
	for name, variable := range map[string]string{
		"gateway": "RES_URL", "listen": "LISTEN", "log": "LOG_FORMAT", "level": "LOG_LEVEL", "shutdown": "SHUTDOWN",
	} {
		if value := getenv(variable); value != "" {
			if err := flags.Set(name, value); err != nil {
				err = fmt.Errorf("$%s: %w", variable, err)
				fmt.Fprintln(out, "service:", err)
				return cfg, err
			}
		}
	}
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	cfg.gateways = strings.Split(*gateways, ",")
	if err := cfg.valid(flags.Args()); err != nil {
		fmt.Fprintln(out, "service:", err)
		return cfg, err
	}
	return cfg, nil
}

// valid says what is wrong. URLs are the client's to judge.
func (c config) valid(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("there is nothing to do with %q", rest[0])
	case !slices.Contains([]string{"text", "json"}, c.format):
		return fmt.Errorf("the log has no format %q, only text and json", c.format)
	case c.shutdown <= 0:
		return errors.New("the time for the end must be above 0")
	}
	return nil
}

// logger writes to f: for machines as JSON, for people in colour if f is a terminal.
func (c config) logger(f *os.File) *slog.Logger {
	if c.format == "json" {
		return slog.New(slog.NewJSONHandler(f, &slog.HandlerOptions{Level: c.level}))
	}
	plain := os.Getenv("NO_COLOR") != "" || !isTerminal(f)
	return slog.New(tint.NewTextHandler(f, &tint.Options{Level: c.level, NoColor: plain}))
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
