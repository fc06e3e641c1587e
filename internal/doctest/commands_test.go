package doctest_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// command is a go command on packages, in a code block or in backquotes.
	command = regexp.MustCompile("(?m)\\bgo (?:run|test|build|vet) [^`\n]*")
	// install is advice to get a module of ours from where it is not.
	install = regexp.MustCompile(`go (?:get|install)\b[^\n]*github\.com/resclient`)
)

func TestCommandsNamePackagesThatExist(t *testing.T) {
	known := packages(t)
	for _, d := range documents(t) {
		for _, line := range command.FindAllString(d.text, -1) {
			for _, arg := range strings.Fields(line) {
				name, ok := strings.CutPrefix(arg, "./")
				if !ok || name == "..." {
					continue
				}
				if !slices.Contains(known, strings.TrimSuffix(name, "/...")) {
					t.Errorf("%s: %q: there is no package %q", d.name, line, arg)
				}
			}
		}
	}
}

func TestNobodyIsToldToGetWhatIsNotPublished(t *testing.T) {
	for _, d := range documents(t) {
		if found := install.FindString(d.text); found != "" {
			t.Errorf("%s: says %q, but the module is not published", d.name, found)
		}
	}
}

func TestReadmeNamesTheTwoCommands(t *testing.T) {
	readme := documentNamed(t, "README.md")
	for _, want := range []string{"go run ./examples/quickstart", "go test ./..."} {
		if !slices.ContainsFunc(readme.blocks(), func(b block) bool {
			return slices.Contains(strings.Split(b.text, "\n"), want)
		}) {
			t.Errorf("README.md has no code block with the line %q", want)
		}
	}
}

// packages returns the packages of the module, relative to its root.
func packages(t *testing.T) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-f", "{{.ImportPath}}", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	names := strings.Fields(string(out))
	for i, name := range names {
		names[i] = strings.TrimPrefix(name, "github.com/resclient/resclient-go/")
	}
	return names
}

// runs says who runs a command of the documents: a test, or .ci/run, which has a text of it.
// A few are for people alone, and say why.
var runs = map[string]string{
	"go run ./examples/quickstart":                                                             ".ci/run: ./examples/quickstart",
	"go test ./...":                                                                            ".ci/run: check_readme_tests",
	"go run ./examples/quickstart -stay":                                                       "examples.TestTheGatewayThatStaysIsWatchedAndServed",
	"go run ./cmd/res watch news.today --url ws://127.0.0.1:PORT":                              "examples.TestTheGatewayThatStaysIsWatchedAndServed",
	"go run ./examples/service -gateway ws://127.0.0.1:PORT":                                   "examples.TestTheGatewayThatStaysIsWatchedAndServed",
	"go run ./examples/service -check http://127.0.0.1:8081/readyz":                            "examples.TestTheGatewayThatStaysIsWatchedAndServed",
	"go mod edit -replace github.com/resclient/resclient-go=../resclient-go":                   "examples.TestAModuleOfOnesOwnUsesTheCheckout",
	"go mod tidy # after the first import":                                                     "examples.TestAModuleOfOnesOwnUsesTheCheckout",
	"go work init . ../resclient-go":                                                           "examples.TestAModuleOfOnesOwnUsesTheCheckout",
	"go run ./examples/news-service":                                                           "news-client.TestShowsTheNewsOfTheServiceAndUnsubscribes",
	"go run ./examples/news-client":                                                            "news-client.TestShowsTheNewsOfTheServiceAndUnsubscribes",
	"go run ./examples/chaos":                                                                  ".ci/run: go run ./examples/chaos",
	"go test ./docs -run TestABookOfAServiceOnNATS":                                            "docs.TestABookOfAServiceOnNATS",
	"go run ./cmd/res help":                                                                    "res.TestScripts",
	`res watch news.today -o json | jq -r 'select(.event == "change") | .changes.message.new'`: "res.TestScripts",
	".ci/run": "for people: it runs everything, this test too",
	"go run ./internal/doctest/counter-service":                                                 "counter-service.TestCountsForAClient",
	"go run ./internal/doctest/counter-client":                                                  "counter-client.Example_countUp",
	"go get -modfile=tools.mod -tool honnef.co/go/tools/cmd/staticcheck@v0.8.2":                 "for people: it changes tools.mod",
	"go run ./bench -url ws://127.0.0.1:8080/ -models 1000 -events 1000000 -cpuprofile cpu.out": "for people: it takes minutes",
	"go run ./bench -url ws://127.0.0.1:8080/ -models 100000 -bench memory":                     "for people: it takes minutes",
	"go run ./bench -bench latency -rate 10000 -events 50000 -models 100":                       "for people: it takes five seconds",
	"go run ./bench -pictures docs/images < bench/figures.jsonl":                                "for people: it writes documents, which bench.TestThePicturesAreOfTheFigures holds against the figures",
	"go install ./cmd/res": "for people: it changes their machine",
	"nats-server":          "for people: it is not ours",
	"resgate":              "for people: it is not ours",
	"RESGATE_BIN=/path/to/resgate go test ./...":                                                                           "for people: it needs a Resgate",
	"RESGATE_BIN=/path/to/resgate go test ./docs -run TestABookOfAServiceOnNATS":                                           "for people: it needs a Resgate",
	"go run ./examples/chaos -for 10m -seed 62":                                                                            "for people: it takes ten minutes; .ci/run runs it for twelve seconds",
	"RESGATE_BIN=/path/to/resgate go run ./examples/chaos -for 10m -seed 61":                                               "for people: it needs a Resgate",
	"RESGATE_BIN=/path/to/resgate go run ./examples/chaos -for 10m -seed 63 -clients 12 -compress 4 -every 1s -writes 300": "for people: it needs a Resgate",
	"go test ./state -update":                                                        "for people: it writes a document",
	"go test ./docs -update":                                                         "for people: it writes a document",
	"go test ./conn/internal/fleet -update":                                          "for people: it writes documents",
	"go run ./internal/recording":                                                    "for people: it writes a picture, with tmux",
	"go run ./conn/internal/fleet -dir /tmp -scale 5000":                             "for people: it takes minutes",
	"go test ./wire ./subs ./conn ./conn/internal/core -run '^$' -bench . -benchmem": "for people: it takes minutes",
}

func TestEveryCommandIsRun(t *testing.T) {
	tests, ci := testNames(t), read(t, filepath.Join(root, ".ci", "run"))
	given := make(map[string]bool)
	for _, d := range documents(t) {
		for _, b := range d.blocks() {
			if b.language != "sh" {
				continue
			}
			for line := range strings.Lines(b.text) {
				line = strings.TrimSpace(line)
				given[line] = true
				by, known := runs[line]
				if !known {
					t.Errorf("%s: no test is known to run %q", d.name, line)
				}
				if text, ok := strings.CutPrefix(by, ".ci/run: "); ok && !strings.Contains(ci, text) {
					t.Errorf(".ci/run does not run %q: it has no %q", line, text)
				} else if !ok && !strings.HasPrefix(by, "for people: ") && known && !slices.Contains(tests, by) {
					t.Errorf("%q is said to be run by %s, which does not exist", line, by)
				}
			}
		}
	}
	for line := range runs {
		if line != "" && !given[line] {
			t.Errorf("no document gives the command %q", line)
		}
	}
}
