//go:build !linux

package main

import (
	"os/exec"
	"syscall"
)

// endWithParent gives the process its own group. Only Linux can end it with the node.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
