package cli

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// manual is docs/cli.md, or what follows one of its headings.
func manual(t *testing.T, heading string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(b), "\r\n", "\n")
	if heading == "" {
		return text
	}
	_, section, found := strings.Cut(text, "\n"+heading+"\n")
	if !found {
		t.Fatalf("docs/cli.md has no heading %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

func TestTheManualHasEveryCommandAndNoOther(t *testing.T) {
	documented := make(map[string]bool)
	for _, found := range regexp.MustCompile("(?m)^\\| `res (\\w+)").FindAllStringSubmatch(manual(t, ""), -1) {
		documented[found[1]] = true
	}
	root := (&app{}).root()
	root.InitDefaultCompletionCmd()
	for _, command := range root.Commands() {
		if command.IsAvailableCommand() && !documented[command.Name()] {
			t.Errorf("docs/cli.md does not have the command %q", command.Name())
		}
		if command.IsAvailableCommand() && command.Example == "" && command.Name() != "completion" {
			t.Errorf("the help of %q has no example", command.Name())
		}
		delete(documented, command.Name())
	}
	for name := range documented {
		t.Errorf("docs/cli.md has the command %q, which does not exist", name)
	}
}

func TestTheManualHasEveryFieldOfTheOutputAndNoOther(t *testing.T) {
	section := manual(t, "## Output")
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*) \\|").FindAllStringSubmatch(section, -1) {
		for _, name := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(row[1], -1) {
			documented = append(documented, name[1])
		}
	}
	slices.Sort(documented)
	if fields := jsonFields(line{}); !slices.Equal(documented, fields) {
		t.Errorf("docs/cli.md has the fields %q, and an event %q", documented, fields)
	}
	for _, name := range jsonFields(report{}) {
		if !strings.Contains(section, "`"+name+"`") {
			t.Errorf("docs/cli.md does not have the field %q of the doctor", name)
		}
	}
}

func jsonFields(v any) (names []string) {
	for field := range reflect.TypeOf(v).Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestTheManualAndTheHelpHaveEveryExitStatus(t *testing.T) {
	statuses := []int{statusOK, statusError, statusUsage, statusNotFound, statusDenied, statusTimeout, statusConnection, statusInterrupted}
	section, help := manual(t, "## Exit status"), (&app{}).root().Long
	rows := regexp.MustCompile(`(?m)^\| (\d+) \|`).FindAllStringSubmatch(section, -1)
	for _, status := range statuses {
		if !slices.ContainsFunc(rows, func(row []string) bool { return row[1] == fmt.Sprint(status) }) {
			t.Errorf("docs/cli.md does not have the exit status %d", status)
		}
		if !regexp.MustCompile(fmt.Sprintf(`[ \n]%d `, status)).MatchString(help) {
			t.Errorf("the help does not have the exit status %d", status)
		}
	}
	if len(rows) != len(statuses) {
		t.Errorf("docs/cli.md has %d exit statuses, want %d", len(rows), len(statuses))
	}
}

func TestTheConfigurationInTheManualCanBeRead(t *testing.T) {
	_, text, _ := strings.Cut(manual(t, ""), "```toml\n")
	text, _, _ = strings.Cut(text, "```")
	file := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := loadConfig(func(name string) string { return map[string]string{"RES_CONFIG": file}[name] })
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(cfg.Contexts)); !slices.Equal(got, []string{"dev", "prod"}) || cfg.Current != "dev" {
		t.Errorf("it has the contexts %q, and %q is the current one", got, cfg.Current)
	}
	prod := reflect.ValueOf(cfg.Contexts["prod"])
	for i := range prod.NumField() {
		if prod.Field(i).IsZero() {
			t.Errorf("it does not show the setting %s", prod.Type().Field(i).Tag.Get("toml"))
		}
	}
}
