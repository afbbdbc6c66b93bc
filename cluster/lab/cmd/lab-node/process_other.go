//go:build !linux

package main

import (
	"os/exec"
	"syscall"
)

// endWithParent gives the process a group of its own. Only Linux can end it with the node.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
