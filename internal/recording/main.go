package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/resclient/resclient-go/resgatetest"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("recording: ")
	file := flag.String("o", filepath.Join("docs", "images", "watch.svg"), "the `file` to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	screen, err := record(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*file, []byte(draw(parse(screen))), 0o644); err != nil {
		log.Fatal(err)
	}
}

// The size of the terminal.
const (
	columns = 136
	rows    = 26
)

// patience is how long the story may wait for what must come.
const patience = 20 * time.Second

// record plays the story, and returns what the terminal shows then.
func record(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", dir, "./cmd/res").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build res: %w\n%s", err, out)
	}
	gateway := resgatetest.New(resgatetest.WithAddr("127.0.0.1:8080")) // as people have it
	defer gateway.Close()
	t := terminal{ctx: ctx, socket: filepath.Join(dir, "tmux")}
	defer t.end()
	return t.play(dir, gateway)
}

// play tells the story.
func (t *terminal) play(dir string, gateway *resgatetest.Server) (string, error) {
	news := gateway.Service()
	edition := 27
	publish := func(message string) error {
		edition++
		return news.SetModel("news.today", map[string]any{"edition": edition, "message": message})
	}
	steps := []func() error{
		func() error { return publish("Cat finds its way home") },
		func() error { return t.begin(dir, "res watch news.today") },
		func() error { return t.await("sync  first") },
		func() error { return publish("Bakery wins a prize") },
		func() error { return t.await("Bakery") },
		gateway.Kill,
		func() error { return t.await("connecting failed") },
		func() error { return publish("Trains on time") },
		func() error { return publish("Harbour freezes over") },
		gateway.Restart,
		func() error { return t.await("sync  reconnect") },
		func() error { return publish("Lost ring turns up") },
		func() error { return t.await("ring turns up") },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return "", err
		}
		select { // so that the times differ, as they do for people
		case <-time.After(700 * time.Millisecond):
		case <-t.ctx.Done():
			return "", t.ctx.Err()
		}
	}
	return t.capture()
}

// terminal is a tmux with one window.
type terminal struct {
	ctx    context.Context
	socket string
}

// begin runs a command of dir, below its own line.
func (t *terminal) begin(dir, command string) error {
	shell := fmt.Sprintf("PATH=%s:$PATH; printf '$ %%s\\n' %q; exec %s", dir, command, command)
	_, err := t.tmux("-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(columns), "-y", strconv.Itoa(rows), shell)
	return err
}

// await waits until the screen shows a text.
func (t *terminal) await(text string) error {
	for deadline := time.Now().Add(patience); ; {
		screen, err := t.capture()
		if err != nil {
			return err
		}
		if strings.Contains(parse(screen).text(), text) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the screen does not show %q, but\n%s", text, screen)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// capture returns the screen, with its colours.
func (t *terminal) capture() (string, error) { return t.tmux("capture-pane", "-p", "-e") }

func (t *terminal) end() {
	_, _ = t.tmux("kill-server") // it may have ended
}

func (t *terminal) tmux(args ...string) (string, error) {
	cmd := exec.CommandContext(t.ctx, "tmux", append([]string{"-S", t.socket}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd, err, &stderr)
	}
	return string(out), nil
}
