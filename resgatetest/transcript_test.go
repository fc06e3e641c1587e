package resgatetest_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/resclient/resclient-go/resgatetest"
)

// A transcript is a conversation recorded from the real gateway, see
// testdata/transcripts. It is replayed against the stand-in: the test plays
// the clients and the services, and compares, byte by byte, what the gateway
// says to either.
type transcript struct {
	Scenario string
	Flags    string
	lines    []line
}

// line is one thing that happened.
type line struct {
	Dir     string
	Conn    string
	Subject string
	Frame   json.RawMessage
	Raw     *string
	Size    int
	WS      string
	Note    string
	number  int
}

// text is the message of the line.
func (l line) text() string {
	if l.Raw != nil {
		return *l.Raw
	}
	return string(l.Frame)
}

func readTranscript(t *testing.T, path string) *transcript {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tr := &transcript{}
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<24)
	for number := 1; scanner.Scan(); number++ {
		if number == 1 {
			if err := json.Unmarshal(scanner.Bytes(), tr); err != nil {
				t.Fatal(err)
			}
			continue
		}
		l := line{number: number}
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			t.Fatalf("line %d: %v", number, err)
		}
		tr.lines = append(tr.lines, l)
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return tr
}

// options are those of the gateway in the transcript.
func (tr *transcript) options(t *testing.T) []resgatetest.Option {
	var opts []resgatetest.Option
	flags := strings.Fields(tr.Flags)
	for i := 0; i < len(flags); i++ {
		value := func() string { i++; return flags[i] }
		switch flags[i] {
		case "-r":
			d, err := time.ParseDuration(value() + "ms")
			if err != nil {
				t.Fatal(err)
			}
			opts = append(opts, resgatetest.WithTimeout(d))
		case "-t":
			opts = append(opts, resgatetest.WithHeaderAuth(value()))
		case "-w":
			opts = append(opts, resgatetest.WithPath(value()))
		case "--alloworigin":
			opts = append(opts, resgatetest.WithAllowOrigin(value()))
		case "--referencethrottle":
			value() // the stand-in has no throttle; the answer is the same
		case "--wscompression":
			opts = append(opts, resgatetest.WithCompression())
		default:
			t.Fatalf("flag %q", flags[i])
		}
	}
	return opts
}

// cut parts a message that is not whole in the transcript.
func (l line) cut() (head, tail string, ok bool) {
	return strings.Cut(l.text(), " …cut… ")
}

// whole is the message of the line, made whole again if it is cut in the
// transcript: such messages are long because of something repeated.
func (l line) whole() string {
	head, tail, ok := l.cut()
	missing := l.Size - len(head) - len(tail)
	switch {
	case !ok:
		return l.text()
	case strings.Contains(head, `"item 0","item 1",`):
		start, _, _ := strings.Cut(head, `"item 0"`)
		items := make([]string, 10000)
		for i := range items {
			items[i] = fmt.Sprintf(`"item %d"`, i)
		}
		return start + strings.Join(items, ",") + tail[strings.LastIndexByte(tail, ']'):]
	case strings.HasSuffix(head, "[") && strings.HasPrefix(tail, "]"):
		open := (missing + strings.Count(tail, "]") - strings.Count(head, "[")) / 2
		return head + strings.Repeat("[", open) + strings.Repeat("]", missing-open) + tail
	}
	unit := period(head)
	return head + strings.Repeat(unit, missing/len(unit)+1)[:missing] + tail
}

// period gives what the end of text goes on repeating.
func period(text string) string {
	for n := 1; n <= 20; n++ {
		unit := text[len(text)-n:]
		if strings.HasSuffix(text, strings.Repeat(unit, 3)) {
			return unit
		}
	}
	return text[len(text)-1:]
}
