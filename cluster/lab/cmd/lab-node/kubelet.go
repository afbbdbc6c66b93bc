package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/cri-streaming/pkg/streaming/portforward"
)

// kubeletListener accepts the API server's certificate only.
func (n *node) kubeletListener() (net.Listener, error) {
	certificate, err := tls.LoadX509KeyPair(n.options.cert, n.options.key)
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(n.options.authority)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return tls.Listen("tcp", loopback(n.options.kubeletPort), &tls.Config{
		Certificates: []tls.Certificate{certificate}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
	})
}

func (n *node) kubeletHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	forwardPorts := func(w http.ResponseWriter, r *http.Request) {
		options, err := portforward.NewV4Options(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		name := r.PathValue("namespace") + "/" + r.PathValue("pod")
		portforward.ServePortForward(w, r, n, name, "", options, time.Hour, 30*time.Second, portforward.SupportedProtocols)
	}
	mux.HandleFunc("/portForward/{namespace}/{pod}", forwardPorts)
	mux.HandleFunc("/portForward/{namespace}/{pod}/{uid}", forwardPorts)
	mux.HandleFunc("/containerLogs/{namespace}/{pod}/{container}", n.containerLogs)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The API server's connections to webhooks, pods and nodes.
		if r.Method == http.MethodConnect {
			n.egress(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// PortForward connects a stream to a port of a pod: Envoy's admin interface, a port of istiod, or the application.
func (n *node) PortForward(_ context.Context, name, _ string, port int32, stream io.ReadWriteCloser) error {
	defer stream.Close()
	n.mu.Lock()
	p := n.pods[name]
	n.mu.Unlock()
	if p == nil {
		return fmt.Errorf("no pod %s runs", name)
	}
	var at int
	switch {
	case p.role == istiod:
		at = p.endpoint(int(port))
	case p.proxied() && port == 15000:
		at = p.admin
	case p.role == router:
		at = p.endpoint(int(port))
	case n.listens(p, int(port)):
		at = p.app(int(port))
	default:
		return fmt.Errorf("nothing in pod %s listens on port %d", name, port)
	}
	connection, err := net.DialTimeout("tcp", loopback(at), dialTime)
	if err != nil {
		return err
	}
	defer connection.Close()
	go func() {
		_, _ = io.Copy(connection, stream)
		_ = closeWrite(connection)
	}()
	_, err = io.Copy(stream, connection)
	return err
}

// listens reports whether the pod's application has a port: a container or a Service names it.
func (n *node) listens(p *pod, port int) bool {
	for _, c := range p.object.Spec.Containers {
		for _, named := range c.Ports {
			if int(named.ContainerPort) == port {
				return true
			}
		}
	}
	endpointSlices, err := n.slices.EndpointSlices(p.object.Namespace).List(labels.Everything())
	if err != nil {
		return false
	}
	for _, slice := range endpointSlices {
		for _, endpoint := range slice.Endpoints {
			for _, named := range slice.Ports {
				if slices.Contains(endpoint.Addresses, p.ip()) && named.Port != nil && int(*named.Port) == port {
					return true
				}
			}
		}
	}
	return false
}

// containerLogs shows the output of the process that plays a container; an application's log is empty.
func (n *node) containerLogs(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("namespace") + "_" + r.PathValue("pod") + "_" + r.PathValue("container") + ".log"
	file, err := os.Open(filepath.Join(n.options.folder, "logs", filepath.Base(name)))
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer file.Close()
	flusher, _ := w.(http.Flusher)
	if lines, err := strconv.Atoi(r.URL.Query().Get("tailLines")); err == nil {
		skipTo(file, lines)
	}
	for {
		_, _ = io.Copy(w, file)
		if flusher != nil {
			flusher.Flush()
		}
		if r.URL.Query().Get("follow") != "true" {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// skipTo moves to the beginning of the last lines of a file.
func skipTo(file *os.File, lines int) {
	content, err := io.ReadAll(file)
	if err != nil {
		return
	}
	at := len(content)
	for ; at > 0 && lines >= 0; at-- {
		if content[at-1] == '\n' && at != len(content) {
			lines--
			if lines == 0 {
				break
			}
		}
	}
	_, _ = file.Seek(int64(at), io.SeekStart)
}
