package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestThePicturesAreOfTheFigures(t *testing.T) {
	figures, err := os.Open("figures.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer figures.Close()
	dir := t.TempDir()
	if err := draw(figures, dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bench-cost.svg", "bench-latency.svg", "bench-clients.svg"} {
		drawn, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		shown, err := os.ReadFile(filepath.Join("..", "docs", "images", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(drawn, shown) {
			t.Errorf("%s is of other figures; draw it with: go run ./bench -pictures docs/images < bench/figures.jsonl", name)
		}
	}
}
