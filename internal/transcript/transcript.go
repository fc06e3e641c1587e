package transcript

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Transcript is one conversation.
type Transcript struct {
	Scenario string
	Flags    string // of the gateway's command line
	Lines    []Line `json:"-"`
}

// Line is one thing that happened.
type Line struct {
	Dir     string          // c2g, g2c, svc, fault or note
	Conn    string          // names the connection, if there are several
	Subject string          // of a service's message
	Frame   json.RawMessage // the message, as it was
	Raw     *string         // instead of Frame, if it is no JSON, or cut
	Size    int             // the true length of a message that is cut
	WS      string          // for other than text: ping, pong, close or handshake
	Note    string
	Number  int `json:"-"` // in the file
}

// Read reads a file.
func Read(path string) (*Transcript, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	t := &Transcript{}
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<24)
	for number := 1; scanner.Scan(); number++ {
		if number == 1 {
			err = json.Unmarshal(scanner.Bytes(), t)
		} else {
			t.Lines = append(t.Lines, Line{Number: number})
			err = json.Unmarshal(scanner.Bytes(), &t.Lines[number-2])
		}
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, number, err)
		}
	}
	return t, scanner.Err()
}

// Text is the message of the line.
func (l Line) Text() string {
	if l.Raw != nil {
		return *l.Raw
	}
	return string(l.Frame)
}

// Cut parts a message that is not whole in the transcript.
func (l Line) Cut() (head, tail string, ok bool) {
	return strings.Cut(l.Text(), " …cut… ")
}

// Whole is the message of the line, made whole again if it is cut in the
// transcript: such messages are long because of something repeated.
func (l Line) Whole() string {
	head, tail, ok := l.Cut()
	missing := l.Size - len(head) - len(tail)
	switch {
	case !ok:
		return l.Text()
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
