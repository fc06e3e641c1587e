package simulation_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/conn/internal/simulation"
)

// Runs that have failed, by what was wrong. They are as short as they could be made, so
// they say less and less as the core changes; the tests of the core hold the rules.
func TestRunsThatHaveFailed(t *testing.T) {
	files, err := filepath.Glob("testdata/runs/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no runs: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			run, err := simulation.ParseRun(string(text))
			if err != nil {
				t.Fatal(err)
			}
			if result := run.Play(true); result.Failure != nil {
				t.Errorf("%v\n%s", result.Failure, strings.Join(result.Log, "\n"))
			}
		})
	}
}

func TestARunIsReadAsItIsWritten(t *testing.T) {
	run := simulation.NewRun(7, simulation.UsualSize)
	text := run.String()
	again, err := simulation.ParseRun("# a remark\n\n" + text)
	if err != nil {
		t.Fatal(err)
	}
	if again.String() != text {
		t.Error("it is another one")
	}
	for _, bad := range []string{"", "{", "{}", text + "fly 1\n", text + "cut\n", text + "cut x\n"} {
		if _, err := simulation.ParseRun(bad); err == nil {
			t.Errorf("%.40q is taken for a run", bad)
		}
	}
}

func TestARunThatDoesNotFailDoesNotShrink(t *testing.T) {
	if run := simulation.NewRun(1, simulation.UsualSize); run.Shrink() != run {
		t.Error("it was changed")
	}
}
