package main

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// ports hands out ports on 127.0.0.1. It has its own lock, which is held for no other one: a port is needed with and without the locks
// of the node and of a pod.
type ports struct {
	mu    sync.Mutex
	taken map[int]bool
}

// free is a port that no program uses and that the system does not hand out for outgoing connections (those begin at 32768).
func (p *ports) free() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		port := 16000 + rand.IntN(14000)
		if p.taken[port] {
			continue
		}
		listener, err := net.Listen("tcp", loopback(port))
		if err != nil {
			continue
		}
		_ = listener.Close()
		p.taken[port] = true
		return port
	}
}

func (p *ports) release(released ...int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, port := range released {
		delete(p.taken, port)
	}
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
