package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/conn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var inHaste = pace{edition: 50 * time.Millisecond, outage: 300 * time.Millisecond}

func TestTellsTheStoryInOrder(t *testing.T) {
	page := tell(t, false)
	if strings.Contains(page, "\x1b") {
		t.Errorf("page without colours has escape sequences:\n%q", page)
	}
	rest := page
	for _, step := range []struct{ what, line string }{
		{"names the gateway", `gateway +ws://127\.0\.0\.1:\d+, (a stand-in|resgate)`},
		{"logs the first attempt", `log +INF started +to=dialing attempt=1`},
		{"logs the connection", `log +INF replayed +to=connected`},
		{"asks for the news", `sent +\{.*"subscribe\.news\.today"`},
		{"shows the confirmation", `received +\{"result":\{"models":\{"news\.today":`},
		{"says what it means", `meaning +subscribed: edition is \d+, message is ".+"`},
		{"says what an update means", `meaning +update: edition is \d+ \(was \d+\), message is ".+" \(was ".+"\)`},
		{"shows another", `meaning +update: `},
		{"shows a third", `meaning +update: `},
		{"kills the gateway", `gateway +is killed`},
		{"logs the loss with attempt, delay and cause", `log +WRN lost +to=dialing attempt=2 delay=\S+ cause=.+`},
		{"logs a failed attempt", `log +WRN dial failed +to=dialing attempt=3 delay=\S+ cause=.+`},
		{"logs the next", `log +WRN dial failed +to=dialing attempt=4 delay=\S+ cause=.+`},
		{"starts the gateway", `gateway +starts again`},
		{"subscribes again", `sent +\{.*"subscribe\.news\.today"`},
		{"shows the confirmation", `received +\{"result":\{"models":\{"news\.today":`},
		{"logs the connection", `log +INF replayed +to=connected`},
		{"says what was missed", `meaning +missed: edition is \d+ \(was \d+\)`},
		{"is in sync again", `meaning +in sync again: edition is \d+`},
		{"is live again", `meaning +update: edition is \d+ \(was \d+\)`},
		{"unsubscribes", `sent +\{.*"unsubscribe\.news\.today"`},
		{"shows the answer", `received +\{.*"id":\d+\}`},
		{"says what it means", `meaning +unsubscribed`},
		{"logs the end", `log +INF close requested +to=closed`},
		{"counts", `figures +\d+ messages received, of them \d+ events; \d+ dials`},
	} {
		at := regexp.MustCompile(`(?m)^ +\S+ +` + step.line + `.*\n`).FindStringIndex(rest)
		if step.what == "names the gateway" {
			at = regexp.MustCompile(`(?m)^ +` + step.line + `.*\n`).FindStringIndex(rest)
		}
		if at == nil {
			t.Fatalf("it never %s: no line %q in the rest\n%s\nof the page\n%s", step.what, step.line, rest, page)
		}
		rest = rest[at[1]:]
	}
}

// Messages are shown beside what they mean: the next ones may come before it.
func TestShowsAMessageBeforeItSaysWhatItMeans(t *testing.T) {
	meaning := regexp.MustCompile(`meaning +\w.*: edition is (\d+)`)
	var received strings.Builder
	meanings := 0
	for line := range strings.Lines(tell(t, false)) {
		if strings.Contains(line, "  received  ") {
			received.WriteString(line)
		}
		if edition := meaning.FindStringSubmatch(line); edition != nil {
			meanings++
			if !strings.Contains(received.String(), `"edition":`+edition[1]+",") {
				t.Errorf("edition %s is not shown before %s", edition[1], line)
			}
		}
	}
	if meanings < 9 { // first, 3 updates, missed, in sync again, 3 updates
		t.Errorf("it says %d times what a message means", meanings)
	}
}

func TestTheServiceGoesOnWhileTheGatewayIsAway(t *testing.T) {
	page := tell(t, false)
	_, outage, _ := strings.Cut(page, "gateway   is killed")
	outage, _, _ = strings.Cut(outage, "gateway   starts again")
	if !strings.Contains(outage, "service   publishes edition") {
		t.Errorf("nothing was published while the gateway was away:\n%s", page)
	}
}

func TestHasColoursOnATerminal(t *testing.T) {
	if page := tell(t, true); !strings.Contains(page, bold) || !strings.Contains(page, colours["meaning"]) {
		t.Errorf("page with colours has none:\n%q", page)
	}
}

func TestAPipeIsNoTerminal(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if wantsColour(w) {
		t.Error("wantsColour says yes to a pipe")
	}
}

func TestNoColorIsHonoured(t *testing.T) {
	// The null device is a character device, as terminals are.
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	t.Setenv("NO_COLOR", "1")
	if wantsColour(f) {
		t.Error("wantsColour says yes although NO_COLOR is set")
	}
}

func TestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (&show{out: new(bytes.Buffer), at: inHaste}).run(ctx); err == nil {
		t.Error("run returned no error though its context had ended")
	}
}

func TestStaysForOtherClientsIfAskedTo(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ctx, interrupt := context.WithCancel(ctx)
	defer interrupt()
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- (&show{out: w, at: inHaste, stay: true}).run(ctx)
		w.Close()
	}()
	lines := bufio.NewScanner(r)
	invitation := regexp.MustCompile(`res watch news\.today --url (\S+)$`)
	for lines.Scan() {
		if url := invitation.FindStringSubmatch(lines.Text()); url != nil {
			go io.Copy(io.Discard, r) // the service goes on to say what it publishes
			if err := canSubscribe(ctx, url[1]); err != nil {
				t.Error(err)
			}
			interrupt()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Fatalf("it ended without an invitation: %v", <-ended)
}

// canSubscribe is another client of the gateway.
func canSubscribe(ctx context.Context, url string) error {
	c, err := conn.Dial(ctx, url)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Subscribe(ctx, "news.today")
	return err
}

// tell runs the program and returns what it prints.
func tell(t *testing.T, colour bool) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out bytes.Buffer
	if err := (&show{out: &out, colour: colour, at: inHaste}).run(ctx); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	return out.String()
}
