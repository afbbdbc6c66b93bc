// lab-node runs processes on 127.0.0.1 for the pods that kwok simulates.
//
// A pod of istiod gets a pilot-discovery, a pod with a sidecar or a gateway gets an Envoy, and every other container gets a stub application.
// It also takes the part of kube-proxy, the kubelet and istio-agent: it maps the addresses of Services and pods to ports on 127.0.0.1,
// forwards ports and shows logs, and gives proxies their configuration and certificates. See docs/decisions/lab-node.md.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

type options struct {
	kubeconfig string
	// folder for bootstrap files and logs of what the node starts
	folder string
	pilot  string
	// envoy is empty when the machine has none: then pods have no proxies.
	envoy       string
	statusPort  int
	egressPort  int
	kubeletPort int
	authority   string
	cert        string
	key         string
}

func main() {
	var o options
	flag.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig of the lab's administrator")
	flag.StringVar(&o.folder, "folder", "", "folder for logs and bootstrap files")
	flag.StringVar(&o.pilot, "pilot-discovery", "", "program that runs for pods of istiod")
	flag.StringVar(&o.envoy, "envoy", "", "program that runs for pods with a proxy; empty: none")
	flag.IntVar(&o.statusPort, "status-port", 0, "port for /healthz, /status and /metrics")
	flag.IntVar(&o.egressPort, "egress-port", 0, "port of the HTTP proxy into the cluster, for people")
	flag.IntVar(&o.kubeletPort, "kubelet-port", 0, "port of the kubelet's API and of the HTTP proxy for the API server")
	flag.StringVar(&o.authority, "authority", "", "certificate of the lab's authority")
	flag.StringVar(&o.cert, "cert", "", "certificate to serve with")
	flag.StringVar(&o.key, "key", "", "its key")
	flag.Parse()
	log.SetFlags(log.LstdFlags | log.Lmicroseconds)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, o); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, o options) error {
	if err := os.MkdirAll(filepath.Join(o.folder, "logs"), 0o700); err != nil {
		return err
	}
	// The processes of an earlier node ended with it.
	if err := os.RemoveAll(filepath.Join(o.folder, "pods")); err != nil {
		return err
	}
	n, err := newNode(ctx, o)
	if err != nil {
		return err
	}
	egress, err := net.Listen("tcp", loopback(o.egressPort))
	if err != nil {
		return err
	}
	status, err := net.Listen("tcp", loopback(o.statusPort))
	if err != nil {
		return err
	}
	kubelet, err := n.kubeletListener()
	if err != nil {
		return err
	}
	agent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	n.agentPort = agent.Addr().(*net.TCPAddr).Port
	go serve(egress, http.HandlerFunc(n.egress))
	go serve(kubelet, n.kubeletHandler())
	go func() { log.Println("agent ended:", n.agentServer().Serve(agent)) }()

	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		// A node that hangs must not look healthy: this waits for its lock.
		n.status()
		w.WriteHeader(http.StatusOK)
	})
	mux.HandleFunc("/status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "application/json")
		_ = json.NewEncoder(w).Encode(n.status())
	})
	mux.Handle("/metrics", n.metrics.handler())
	go serve(status, mux)

	go n.watch()
	<-ctx.Done()
	n.stopAll()
	return nil
}

func serve(listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 30 * time.Second}
	log.Println("server ended:", server.Serve(listener))
}
