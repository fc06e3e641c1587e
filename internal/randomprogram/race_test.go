//go:build race

package randomprogram_test

func init() { seedsInMemory = 150 }
