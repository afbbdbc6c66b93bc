package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// nodeIP is the address that kwok gives the nodes, and kubeletPort the port that their status names.
const (
	nodeIP      = "10.255.255.1"
	kubeletPort = 10250
)

// dialTime bounds the wait for a connection on this machine.
const dialTime = 5 * time.Second

// idleTime ends connections that carry nothing, halfOpenTime those that one side has ended and that carry nothing.
var (
	idleTime     = 10 * time.Minute
	halfOpenTime = 30 * time.Second
)

// dial connects as an application of the pod does: through its sidecar when it has one.
func (p *pod) dial(ctx context.Context, host string, port int) (net.Conn, error) {
	ips, err := p.node.lookup(host, p.object.Namespace)
	if err != nil {
		return nil, err
	}
	if len(ips) == 0 {
		return nil, fmt.Errorf("no address for %s", host)
	}
	dialer := net.Dialer{Timeout: dialTime}
	if p.role != sidecar {
		at, err := p.node.direct(ctx, ips[0], port)
		if err != nil {
			return nil, err
		}
		return dialer.DialContext(ctx, "tcp", at)
	}
	connection, err := dialer.DialContext(ctx, "tcp", loopback(p.outbound))
	if err != nil {
		return nil, err
	}
	// iptables would redirect the connection to the sidecar and keep its destination; here the PROXY protocol carries it.
	if _, err := fmt.Fprintf(connection, "PROXY TCP4 %s %s %d %d\r\n", p.ip(), ips[0], 40000, port); err != nil {
		_ = connection.Close()
		return nil, err
	}
	return connection, nil
}

// egress is an HTTP proxy into the cluster, for the API server and for people: see `meshwright lab --help`.
func (n *node) egress(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect && r.URL.Host == "" {
		http.Error(w, "this is an HTTP proxy into the lab's cluster: `npx meshwright lab --help` shows how to use it", http.StatusBadRequest)
		return
	}
	host, number, err := net.SplitHostPort(r.URL.Host)
	if err != nil {
		host, number = r.URL.Host, "80"
	}
	port, err := strconv.Atoi(number)
	if err != nil {
		http.Error(w, "not a port: "+number, http.StatusBadRequest)
		return
	}
	connection, err := n.dialFor(r, host, port)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	if r.Method == http.MethodConnect {
		hijacked, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			_ = connection.Close()
			return
		}
		_ = hijacked.SetDeadline(time.Time{}) // Set by the server, for the headers.
		_, _ = io.WriteString(hijacked, "HTTP/1.1 200 Connection established\r\n\r\n")
		join(&withBuffer{hijacked, buffered.Reader}, connection)
		return
	}
	defer connection.Close()
	// The connection ends with the caller's, and when it carries nothing.
	defer context.AfterFunc(r.Context(), func() { _ = connection.Close() })()
	forward(w, r, &withDeadline{connection})
}

// withDeadline bounds each read and write.
type withDeadline struct{ net.Conn }

func (c *withDeadline) Read(into []byte) (int, error) {
	_ = c.SetReadDeadline(time.Now().Add(idleTime))
	return c.Conn.Read(into)
}

func (c *withDeadline) Write(from []byte) (int, error) {
	_ = c.SetWriteDeadline(time.Now().Add(idleTime))
	return c.Conn.Write(from)
}

// forward sends one request without the proxy's headers, and copies the response.
func forward(w http.ResponseWriter, r *http.Request, connection net.Conn) {
	r.Header.Del("Proxy-Authorization")
	r.Header.Del("Proxy-Connection")
	if err := r.Write(connection); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), r)
	if err != nil {
		http.Error(w, "the connection was closed without an answer: "+err.Error(), http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body)
}

// dialFor connects as the pod in Proxy-Authorization; without one, as a client outside the mesh.
func (n *node) dialFor(r *http.Request, host string, port int) (net.Conn, error) {
	given, ok := strings.CutPrefix(r.Header.Get("Proxy-Authorization"), "Basic ")
	if !ok {
		ips, err := n.lookup(host, "default")
		if err != nil || len(ips) == 0 {
			return nil, fmt.Errorf("no address for %s", host)
		}
		at, err := n.direct(r.Context(), ips[0], port)
		if err != nil {
			return nil, err
		}
		return net.DialTimeout("tcp", at, dialTime)
	}
	text, err := base64.StdEncoding.DecodeString(given)
	if err != nil {
		return nil, err
	}
	user, _, _ := strings.Cut(string(text), ":")
	p := n.sender(user)
	if p == nil {
		return nil, fmt.Errorf("no ready pod of %s: write <workload or pod>.<namespace>", user)
	}
	return p.dial(r.Context(), host, port)
}

// sender is a ready pod by its own name or its workload's, with the namespace after the last dot.
func (n *node) sender(name string) *pod {
	dot := strings.LastIndex(name, ".")
	if dot < 0 {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.pods {
		if p.object.Namespace == name[dot+1:] && p.isReady() && (p.object.Name == name[:dot] || p.workload() == name[:dot]) {
			return p
		}
	}
	return nil
}

// withBuffer reads first what the HTTP server had read ahead.
type withBuffer struct {
	net.Conn
	reader *bufio.Reader
}

func (b *withBuffer) Read(into []byte) (int, error) { return b.reader.Read(into) }

func (b *withBuffer) CloseWrite() error { return closeWrite(b.Conn) }

func closeWrite(connection net.Conn) error {
	if half, ok := connection.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return connection.Close()
}

// join copies between two connections until both directions have ended, or nothing is copied for some time.
func join(a, b net.Conn) {
	defer a.Close()
	defer b.Close()
	done, copied := make(chan struct{}, 2), make(chan struct{}, 1)
	copyOne := func(to, from net.Conn) {
		_, _ = io.Copy(to, &noting{from, copied})
		_ = closeWrite(to)
		done <- struct{}{}
	}
	go copyOne(a, b)
	go copyOne(b, a)
	limit := idleTime
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for ended := 0; ended < 2; {
		select {
		case <-done:
			ended++
			limit = halfOpenTime
		case <-copied:
		case <-timer.C:
			return
		}
		timer.Reset(limit)
	}
}

// noting reports each successful read.
type noting struct {
	io.Reader
	copied chan<- struct{}
}

func (n *noting) Read(into []byte) (int, error) {
	count, err := n.Reader.Read(into)
	select {
	case n.copied <- struct{}{}:
	default:
	}
	return count, err
}

// nodePort is a port of a Service on which the node listens, as kube-proxy does; where a program has taken it, the node listens on another.
type nodePort struct {
	service  *corev1.Service
	port     corev1.ServicePort
	listener net.Listener
	actual   int
}

func (n *node) updateNodePorts() {
	all, err := n.services.List(labels.Everything())
	if err != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	wanted := map[int32]bool{}
	for _, service := range all {
		for _, port := range service.Spec.Ports {
			if port.NodePort == 0 || port.Protocol == corev1.ProtocolUDP {
				continue
			}
			wanted[port.NodePort] = true
			if known := n.nodePorts[port.NodePort]; known != nil {
				known.service, known.port = service, port
				continue
			}
			listener, err := net.Listen("tcp", loopback(int(port.NodePort)))
			if err != nil {
				if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
					log.Printf("node port %d: %v", port.NodePort, err)
					continue
				}
			}
			opened := &nodePort{service, port, listener, listener.Addr().(*net.TCPAddr).Port}
			n.nodePorts[port.NodePort] = opened
			go n.forwardAll(port.NodePort, opened)
		}
	}
	for number, known := range n.nodePorts {
		if !wanted[number] {
			_ = known.listener.Close()
			delete(n.nodePorts, number)
		}
	}
}

func (n *node) forwardAll(number int32, at *nodePort) {
	for {
		connection, err := at.listener.Accept()
		if err != nil {
			return
		}
		go func() {
			n.mu.Lock()
			service, port := at.service, at.port.Name
			n.mu.Unlock()
			target, err := n.oneOf(n.ctx, service, port)
			if err == nil {
				var to net.Conn
				if to, err = net.DialTimeout("tcp", target, dialTime); err == nil {
					join(connection, to)
					return
				}
			}
			// Behind kube-proxy a connection without an endpoint is reset, too.
			if tcp, ok := connection.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = connection.Close()
		}()
	}
}
