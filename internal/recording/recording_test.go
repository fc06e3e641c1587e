package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestColoursAreRead(t *testing.T) {
	got := parse("plain \x1b[1mbold\x1b[0m\n\x1b[2;33mfaint\x1b[22m yellow\x1b[39m <&\x1b[93mbright\x1b[m\n\n   \n")
	want := screen{
		{{text: "plain "}, {text: "bold", bold: true}},
		{{text: "faint", colour: 33, faint: true}, {text: " yellow", colour: 33}, {text: " <&"}, {text: "bright", colour: 33}},
	}
	if got.text() != want.text() || len(got) != len(want) {
		t.Fatalf("got\n%q\nwant\n%q", got.text(), want.text())
	}
	for i := range want {
		for j := range want[i] {
			if got[i][j] != want[i][j] {
				t.Errorf("line %d has %+v, want %+v", i, got[i][j], want[i][j])
			}
		}
	}
}

func TestAScreenIsDrawnLineByLine(t *testing.T) {
	picture := draw(parse("$ res watch <a>\n\x1b[32mok\x1b[0m"))
	for _, want := range []string{
		`<tspan fill="#d4d7dd">$ res watch &lt;a&gt;</tspan></text>`,
		`<tspan fill="#7ee787">ok</tspan></text>`,
	} {
		if !strings.Contains(picture, want) {
			t.Errorf("the picture has no %q:\n%s", want, picture)
		}
	}
	wellFormed(t, picture)
}

// The picture in the docs is of a run, so its times differ with each. But it has to show
// what res says today.
func TestThePictureInTheDocsTellsTheStory(t *testing.T) {
	picture, err := os.ReadFile("../../docs/images/watch.svg")
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, string(picture))
	rest := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(picture), "")
	for _, want := range []string{
		`\$ res watch news\.today`, `sync  first  news\.today`, `change  news\.today`, `stale  news\.today`, `WRN connection lost`,
		`INF connecting failed`, `INF connection open`, `change  news\.today  edition \d+ to \d+.*\(missed\)`, `sync  reconnect  news\.today`, `change  news\.today`,
	} {
		// Standard output and standard error are two streams, so their order may vary by a line or two.
		if !regexp.MustCompile(want).MatchString(rest) {
			t.Errorf("it does not show %q", want)
		}
	}
}

func wellFormed(t *testing.T, picture string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(picture)); ; {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
