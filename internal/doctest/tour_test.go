package doctest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	tourRow     = regexp.MustCompile(`(?m)^\| \[([^\]]+)\]\(#\d+-[^)]+\) \| (\S+) \| (\S+) \| (\S+) \|$`)
	tourTotal   = regexp.MustCompile(`(?m)^\| all that resclient does \| (\S+) \| \| (\S+) \|$`)
	tourHeading = regexp.MustCompile(`^## \d+\. (.+)$`)
	brackets    = regexp.MustCompile(`^[\[\](){},;]*$`)
)

// tourTask is how many lines a task takes with each client; none is 0.
type tourTask struct{ name, resclient, nats, here string }

// The table of docs/api-tour.md counts what stands below it, and nothing takes more lines
// with this client than with another.
func TestTheTourCountsItsLines(t *testing.T) {
	const name = "docs/api-tour.md"
	d := documentNamed(t, name)
	tasks, total := countTour(t, d)
	rows := tourRow.FindAllStringSubmatch(d.text, -1)
	if len(rows) != len(tasks) || len(tasks) != 10 {
		t.Fatalf("%s has %d rows and %d tasks, want 10", name, len(rows), len(tasks))
	}
	text := d.text
	for i, row := range rows {
		task := tasks[i]
		want := fmt.Sprintf("| [%s](#%s) | %s | %s | %s |", task.name, anchorOf(row[0]), task.resclient, task.nats, task.here)
		if row[1] != task.name {
			t.Errorf("row %d is about %q, task %d about %q", i+1, row[1], i+1, task.name)
		}
		text = strings.Replace(text, row[0], want, 1)
	}
	text = tourTotal.ReplaceAllString(text, total)
	switch {
	case text == d.text:
	case *update:
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s: the table does not count what is below it; to refresh it: go test ./internal/doctest -update\n%s", name, firstDifference(d.text, text))
	}
}

func anchorOf(row string) string {
	_, rest, _ := strings.Cut(row, "](#")
	anchor, _, _ := strings.Cut(rest, ")")
	return anchor
}

// countTour counts the lines of the tasks, and returns the row that sums them up.
func countTour(t *testing.T, d document) (tasks []tourTask, total string) {
	t.Helper()
	lines := strings.Split(d.text, "\n")
	var resclient, here int
	for _, b := range d.blocks() {
		name := taskOf(lines, b)
		if name == "" {
			continue // before the first task
		}
		if len(tasks) == 0 || tasks[len(tasks)-1].name != name {
			tasks = append(tasks, tourTask{name: name, resclient: "–", nats: "–", here: "–"})
		}
		task, n := &tasks[len(tasks)-1], countLines(b.text)
		switch {
		case b.language == "js":
			task.resclient = strconv.Itoa(n)
			resclient += n
		case strings.Contains(b.above, "docs/tour/nats/"):
			task.nats = strconv.Itoa(n)
		case strings.Contains(b.above, "docs/tour/"):
			task.here = strconv.Itoa(n)
			here += n
		default:
			t.Errorf("%s: task %q has a block of nobody's", d.name, name)
		}
	}
	for _, task := range tasks {
		ours, err := strconv.Atoi(task.here)
		if err != nil {
			t.Errorf("%s: task %q is not done here", d.name, task.name)
		}
		for _, other := range []string{task.resclient, task.nats} {
			if n, err := strconv.Atoi(other); err == nil && ours > n {
				t.Errorf("%s: task %q takes %d lines here and %d elsewhere", d.name, task.name, ours, n)
			}
		}
	}
	return tasks, fmt.Sprintf("| all that resclient does | %d | | %d |", resclient, here)
}

// taskOf returns the task that a block belongs to, "" if it comes before them.
func taskOf(lines []string, b block) string {
	for i := b.first; i >= 0; i-- {
		if found := tourHeading.FindStringSubmatch(lines[i]); found != nil {
			return found[1]
		}
	}
	return ""
}

// countLines counts the lines that say something.
func countLines(text string) int {
	n := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "//") && !brackets.MatchString(line) {
			n++
		}
	}
	return n
}

func TestLinesThatSayNothingAreNotCounted(t *testing.T) {
	text := "func f() {\n\n\t// a comment\n\treturn g(func() { // why\n\t\th()\n\t})\n}\n"
	if n := countLines(text); n != 3 {
		t.Errorf("%d lines, want 3", n)
	}
}
