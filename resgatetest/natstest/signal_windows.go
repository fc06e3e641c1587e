package natstest

import (
	"errors"
	"os"
)

// Windows can kill a process, but has none of these signals.

func terminate(*os.Process) error { return errors.ErrUnsupported }
func freeze(*os.Process) error    { return errors.ErrUnsupported }
func thaw(*os.Process) error      { return errors.ErrUnsupported }
