package mutation_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/internal/mutation"
)

// module writes a module that can add, and knows it, and a patch for it.
func module(t *testing.T, body string) (root string, p mutation.Patch) {
	t.Helper()
	root = t.TempDir()
	for name, text := range map[string]string{
		"go.mod":          "module example.com/sum\n\ngo 1.26\n",
		"sum/sum.go":      "package sum\n\nfunc Sum(a, b int) int {\n\treturn a + b\n}\n\nfunc Half(a int) int {\n\treturn a / 2\n}\n",
		"sum/s_test.go":   "package sum\n\nimport \"testing\"\n\nfunc TestSum(t *testing.T) {\n\tif Sum(1, 2) != 3 {\n\t\tt.Error(\"1 + 2\")\n\t}\n}\n\nfunc TestNothing(*testing.T) {}\n",
		"patches/a.patch": "Rule: It is right,\n  whatever it is.\nPackages: ./sum\n\n--- a/sum/sum.go\n+++ b/sum/sum.go\n" + body,
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	patches, err := mutation.Read(filepath.Join(root, "patches"))
	if err != nil {
		t.Fatal(err)
	}
	return root, patches[0]
}

func TestATestThatNoticesIsNamed(t *testing.T) {
	root, p := module(t, "@@ -3,3 +3,3 @@\n func Sum(a, b int) int {\n-\treturn a + b\n+\treturn a - b\n }\n")
	if p.Name != "a" || p.Rule != "It is right, whatever it is." {
		t.Errorf("read %+v", p)
	}
	noticed, err := p.Try(root, t.TempDir())
	if err != nil || len(noticed) != 1 || noticed[0] != "example.com/sum/sum TestSum" {
		t.Errorf("noticed by %q, %v; want TestSum", noticed, err)
	}
}

func TestARuleWithoutATestIsNoticedByNothing(t *testing.T) {
	root, p := module(t, "@@ @@\n-\treturn a / 2\n+\treturn a / 3\n")
	if noticed, err := p.Try(root, t.TempDir()); err != nil || len(noticed) > 0 {
		t.Errorf("noticed by %q, %v; there is no test of Half", noticed, err)
	}
}

func TestTestsThatAreLeftOutNoticeNothing(t *testing.T) {
	root, p := module(t, "@@ @@\n-\treturn a + b\n+\treturn a - b\n")
	if noticed, err := p.Try(root, t.TempDir(), "-skip", "Sum"); err != nil || len(noticed) > 0 {
		t.Errorf("noticed by %q, %v; TestSum was left out", noticed, err)
	}
}

func TestAPatchThatDoesNotFitIsRefused(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"lines that are gone", "@@ @@\n-\treturn a * b\n+\treturn a\n", "not there any more"},
		{"lines that are there twice", "@@ @@\n-}\n+\n", "2 times"},
		{"half a line", "@@ @@\n-return a + b\n+return a\n", "not there any more"},
		{"no change", "@@ @@\n \treturn a + b\n", "replaces nothing"},
		{"what does not compile", "@@ @@\n-\treturn a + b\n+\treturn\n", "return values"},
		{"a variable that is not used", "@@ @@\n-\treturn a + b\n+\tc := a\n+\treturn b\n", "declared and not used"},
	} {
		root, p := module(t, c.body)
		if err := p.Fits(root); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error about %q", c.name, err, c.want)
		}
	}
}

func TestAPatchThatFitsIsNotRefused(t *testing.T) {
	root, p := module(t, "@@ @@\n-\treturn a + b\n+\treturn a\n")
	if err := p.Fits(root); err != nil {
		t.Error(err)
	}
}

func TestATestThatDoesNotEndIsNoticed(t *testing.T) {
	root, p := module(t, "@@ @@\n-\treturn a + b\n+\tfor {\n+\t}\n")
	noticed, err := p.Try(root, t.TempDir(), "-timeout", "1s")
	if err != nil || len(noticed) != 1 {
		t.Errorf("noticed by %q, %v; want the test that was running", noticed, err)
	}
}

func TestTestsThatDoNotCompileAreAnError(t *testing.T) {
	root, p := module(t, "@@ @@\n-func Sum(a, b int) int {\n+func Sum(a, b, c int) int {\n")
	if noticed, err := p.Try(root, t.TempDir()); err == nil {
		t.Errorf("noticed by %q; that is not the test's doing", noticed)
	}
}
