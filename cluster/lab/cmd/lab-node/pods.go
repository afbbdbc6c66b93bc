package main

import (
	"context"
	"fmt"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// drain is how long the processes of a deleted pod continue, until all proxies know that it is gone.
const drain = 5 * time.Second

// pushTime is how long it may take until proxies know of a Ready pod, by the EndpointSlice controller and istiod (PILOT_DEBOUNCE_AFTER).
const pushTime = 2 * time.Second

type role string

const (
	plain   role = "app"
	sidecar role = "sidecar"
	router  role = "gateway"
	istiod  role = "istiod"
)

// pod is a running pod.
type pod struct {
	node   *node
	object *corev1.Pod
	role   role
	folder string
	ctx    context.Context
	cancel context.CancelFunc
	// admin and outbound are ports of its Envoy: the admin pages, and where its applications' connections go in.
	admin    int
	outbound int

	// wake has keepStatus compare readiness, gone ends it.
	wake, gone chan struct{}

	// mu is never held while the node's mu is taken.
	mu sync.Mutex
	// endpoints and apps are ports on 127.0.0.1 by port of the pod: where the pod is reached, and where its application listens.
	endpoints map[int]int
	apps      map[int]*http.Server
	appPorts  map[int]int
	// ready is whether the processes answer, shown is what the API server has.
	ready, shown bool
	problem      string
}

func (p *pod) name() string { return p.object.Namespace + "/" + p.object.Name }

func (p *pod) ip() string { return p.object.Status.PodIP }

// proxied reports whether the pod has an Envoy.
func (p *pod) proxied() bool { return p.role == sidecar || p.role == router }

// workload is the name of the pod's owner, as Istio has it: of the Deployment, not of its ReplicaSet.
func (p *pod) workload() string {
	for _, owner := range p.object.OwnerReferences {
		if hash := p.object.Labels["pod-template-hash"]; owner.Kind == "ReplicaSet" && hash != "" {
			return strings.TrimSuffix(owner.Name, "-"+hash)
		}
		return owner.Name
	}
	return p.object.Name
}

func container(object *corev1.Pod, name string) *corev1.Container {
	for _, list := range [][]corev1.Container{object.Spec.Containers, object.Spec.InitContainers} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

func (n *node) roleOf(object *corev1.Pod) role {
	if container(object, "discovery") != nil && object.Labels["app"] == "istiod" {
		return istiod
	}
	proxy := container(object, "istio-proxy")
	if proxy == nil || n.options.envoy == "" {
		return plain
	}
	if slices.Contains(proxy.Args, "router") {
		return router
	}
	return sidecar
}

func (n *node) podChanged(object *corev1.Pod) {
	key := object.Namespace + "/" + object.Name
	n.mu.Lock()
	known := n.pods[key]
	n.mu.Unlock()
	if known != nil && known.object.UID != object.UID {
		n.podGone(key)
		known = nil
	}
	if object.DeletionTimestamp != nil || (object.Status.Phase != corev1.PodRunning && known != nil) {
		n.podGone(key)
		return
	}
	if known != nil {
		known.seen(object)
		return
	}
	if object.Status.Phase != corev1.PodRunning || object.Status.PodIP == "" {
		return
	}
	p := n.newPod(object)
	n.mu.Lock()
	n.pods[key], n.byIP[p.ip()] = p, p
	close(n.changed)
	n.changed = make(chan struct{})
	n.mu.Unlock()
	go p.run()
}

func (n *node) newPod(object *corev1.Pod) *pod {
	ctx, cancel := context.WithCancel(n.ctx)
	p := &pod{
		node:   n,
		object: object,
		role:   n.roleOf(object),
		// The folder of a pod that is gone is removed later, when another pod may have its name.
		folder:    filepath.Join(n.options.folder, "pods", object.Namespace+"_"+object.Name+"_"+string(object.UID)),
		ctx:       ctx,
		cancel:    cancel,
		endpoints: map[int]int{},
		apps:      map[int]*http.Server{},
		appPorts:  map[int]int{},
		wake:      make(chan struct{}, 1),
		gone:      make(chan struct{}),
	}
	p.shown = isReady(object)
	if p.proxied() {
		p.admin, p.outbound = n.ports.free(), n.ports.free()
	}
	return p
}

func (n *node) podGone(key string) {
	n.mu.Lock()
	p := n.pods[key]
	delete(n.pods, key)
	if p != nil && n.byIP[p.ip()] == p {
		delete(n.byIP, p.ip())
	}
	n.mu.Unlock()
	if p == nil {
		return
	}
	close(p.gone)
	time.AfterFunc(drain, p.stop)
}

func (p *pod) stop() {
	p.cancel()
	p.mu.Lock()
	for _, app := range p.apps {
		_ = app.Close()
	}
	released := append(slices.Collect(maps.Values(p.endpoints)), p.admin, p.outbound)
	p.mu.Unlock()
	p.node.ports.release(released...)
	_ = os.RemoveAll(p.folder)
}

// stopAll ends every process and returns when they have gone.
func (n *node) stopAll() {
	processes.Wait()
}

// endpoint is the port on 127.0.0.1 at which a port of the pod is reached from other pods: of its proxy, or of its application.
func (p *pod) endpoint(port int) int {
	if p.role == plain {
		return p.app(port)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.endpoints[port] == 0 {
		p.endpoints[port] = p.node.ports.free()
	}
	return p.endpoints[port]
}

// app is the port on 127.0.0.1 at which the pod's application listens, as the kubelet and the pod's own proxy see it.
func (p *pod) app(port int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := p.appPorts[port]; at != 0 {
		return at
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Printf("%s: no port for its application: %v", p.name(), err)
		return 0
	}
	server := &http.Server{Handler: p.application()}
	p.apps[port], p.appPorts[port] = server, listener.Addr().(*net.TCPAddr).Port
	go func() { _ = server.Serve(listener) }()
	return p.appPorts[port]
}

func (p *pod) run() {
	go p.keepStatus()
	if p.role != plain {
		// It may be Ready from before the node was restarted.
		p.statusChanged()
	}
	switch p.role {
	case plain:
		p.setReady(true)
	case istiod:
		p.supervise("discovery", p.istiodCommand, func() bool { return answers(p.endpoint(8080), "/ready", "") })
	default:
		p.supervise("istio-proxy", p.envoyCommand, func() bool { return answers(p.admin, "/ready", "LIVE") })
	}
}

// status is the response of /status. It is settled when every pod is Ready and the proxies had time to learn it.
func (n *node) status() object {
	n.mu.Lock()
	defer n.mu.Unlock()
	pods := []object{}
	settled := n.synced.Load() && time.Since(n.readied) > pushTime
	for _, p := range n.pods {
		p.mu.Lock()
		settled = settled && p.ready && p.shown
		entry := object{
			"namespace": p.object.Namespace, "name": p.object.Name, "workload": p.workload(), "role": p.role,
			"labels": p.object.Labels, "ip": p.ip(), "ready": p.ready,
		}
		if p.problem != "" {
			entry["problem"] = p.problem
		}
		if p.proxied() {
			entry["admin"] = p.admin
		}
		p.mu.Unlock()
		pods = append(pods, entry)
	}
	slices.SortFunc(pods, func(a, b object) int {
		return strings.Compare(fmt.Sprint(a["namespace"], "/", a["name"]), fmt.Sprint(b["namespace"], "/", b["name"]))
	})
	ports := []object{}
	for _, at := range n.nodePorts {
		ports = append(ports, object{
			"namespace": at.service.Namespace, "service": at.service.Name, "port": at.port.Port, "name": at.port.Name,
			"nodePort": at.port.NodePort, "address": loopback(at.actual),
		})
	}
	slices.SortFunc(ports, func(a, b object) int {
		return strings.Compare(fmt.Sprint(a["nodePort"]), fmt.Sprint(b["nodePort"]))
	})
	return object{"settled": settled, "envoy": n.options.envoy != "", "pods": pods, "nodePorts": ports}
}
