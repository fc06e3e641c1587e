package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/lmittmann/tint"
)

// page is what the program prints: headings, and lines that begin with the time
// since the start and with who speaks. Several goroutines write on it.
type page struct {
	began  time.Time
	colour bool
	log    *slog.Logger // writes lines of the speaker "log"

	mu    sync.Mutex
	out   io.Writer
	steps int
}

func newPage(out io.Writer, colour bool) *page {
	p := &page{began: time.Now(), colour: colour, out: out}
	p.log = slog.New(tint.NewTextHandler(logWriter{p}, &tint.Options{NoColor: !colour, ReplaceAttr: noTime}))
	return p
}

// wantsColour reports whether f is a terminal of somebody who has nothing against
// colours, see https://no-color.org.
func wantsColour(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == ""
}

// title begins the page.
func (p *page) title(title string, facts ...string) {
	p.write(p.paint(bold, title) + "\n")
	for _, fact := range facts {
		p.write("   " + fact + "\n")
	}
}

// heading begins the next step of the story.
func (p *page) heading(text string) {
	p.steps++
	p.write("\n" + p.paint(bold, fmt.Sprintf("%d. %s", p.steps, text)) + "\n")
}

// line writes what somebody says.
func (p *page) line(who, format string, args ...any) {
	seconds := fmt.Sprintf("%5.1fs", time.Since(p.began).Seconds())
	speaker := p.paint(colours[who], fmt.Sprintf("%-8s", who))
	p.write(p.paint(faint, seconds) + "  " + speaker + "  " + fmt.Sprintf(format, args...) + "\n")
}

func (p *page) write(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprint(p.out, text)
}

// Escape sequences that change how a terminal shows what follows.
const (
	plain = "\x1b[0m"
	bold  = "\x1b[1m"
	faint = "\x1b[2m"
)

var colours = map[string]string{
	"service":  "\x1b[35m",
	"gateway":  "\x1b[31m",
	"sent":     "\x1b[34m",
	"received": "\x1b[34m",
	"meaning":  "\x1b[32m",
}

func (p *page) paint(colour, text string) string {
	if !p.colour || colour == "" {
		return text
	}
	return colour + text + plain
}

// logWriter puts lines of a log on the page.
type logWriter struct{ *page }

func (w logWriter) Write(line []byte) (int, error) {
	w.line("log", "%s", strings.TrimSuffix(string(line), "\n"))
	return len(line), nil
}

// noTime takes the time out of log lines: the page has its own.
func noTime(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 {
		return slog.Attr{}
	}
	return a
}
