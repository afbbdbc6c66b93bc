package main

import (
	"os/exec"
	"syscall"
)

// endWithParent lets the kernel end the process when the node is killed, so that no Envoy goes on without it.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
