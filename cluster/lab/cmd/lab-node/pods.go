package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
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
		folder:    filepath.Join(n.options.folder, "pods", string(object.UID)),
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

var processes sync.WaitGroup

// unreadyTime is how long a process may be silent before its pod is not Ready, hungTime before it is killed.
const (
	unreadyTime = 30 * time.Second
	hungTime    = 2 * time.Minute
)

// supervise keeps a process of the pod running, and the pod Ready while the process answers.
func (p *pod) supervise(name string, command func() (*exec.Cmd, error), healthy func() bool) {
	processes.Add(1)
	defer processes.Done()
	logs := filepath.Join(p.node.options.folder, "logs", p.object.Namespace+"_"+p.object.Name+"_"+name+".log")
	for pause := 200 * time.Millisecond; p.ctx.Err() == nil; pause = min(2*pause, 5*time.Second) {
		started := time.Now()
		err := p.runOnce(logs, command, healthy)
		if p.ctx.Err() != nil {
			return
		}
		log.Printf("%s: %s ended: %v", p.name(), name, err)
		p.setReady(false)
		if time.Since(started) > 30*time.Second {
			pause = 100 * time.Millisecond
		}
		select {
		case <-p.ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (p *pod) runOnce(logs string, command func() (*exec.Cmd, error), healthy func() bool) error {
	// A full disk or a removed folder is no reason to give up: supervise tries again.
	if err := os.MkdirAll(p.folder, 0o700); err != nil {
		return err
	}
	cmd, err := command()
	if err != nil {
		return err
	}
	output, err := os.OpenFile(logs, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer output.Close()
	cmd.Stdout, cmd.Stderr, cmd.Dir = output, output, p.folder
	endWithParent(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	answered := time.Now()
	for {
		select {
		case err := <-ended:
			return err
		case <-p.ctx.Done():
			_ = cmd.Process.Signal(syscall.SIGTERM)
			select {
			case <-ended:
			case <-time.After(3 * time.Second):
				_ = cmd.Process.Kill()
				<-ended
			}
			return nil
		case <-tick.C:
			if healthy() {
				answered = time.Now()
				p.setReady(true)
				tick.Reset(time.Second)
			} else if silent := time.Since(answered); silent > hungTime {
				_ = cmd.Process.Kill()
				<-ended
				return fmt.Errorf("no answer for %s", hungTime)
			} else if silent > unreadyTime {
				p.setReady(false)
			}
		}
	}
}

func answers(port int, path, body string) bool {
	client := http.Client{Timeout: time.Second}
	response, err := client.Get("http://" + loopback(port) + path)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode == http.StatusOK && strings.HasPrefix(string(text), body)
}

// statusTime bounds one write of a status; a failed write is repeated after statusPause.
var (
	statusTime  = 10 * time.Second
	statusPause = time.Second
)

func isReady(object *corev1.Pod) bool {
	return slices.ContainsFunc(object.Status.Conditions, func(condition corev1.PodCondition) bool {
		return condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue
	})
}

// isReady reports whether the pod's processes answer.
func (p *pod) isReady() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ready
}

// setReady notes whether the pod's processes answer, for keepStatus.
func (p *pod) setReady(ready bool) {
	p.mu.Lock()
	same := p.ready == ready
	p.ready = ready
	p.mu.Unlock()
	if !same {
		p.statusChanged()
	}
}

// seen notes the pod as the API server has it. Others write its status, too: kwok plays a stage twice when it has seen a pod twice before its
// first write, and the node controller makes the pods of a node without a lease not Ready.
func (p *pod) seen(object *corev1.Pod) {
	p.mu.Lock()
	same := p.shown == isReady(object)
	p.shown = isReady(object)
	p.mu.Unlock()
	if !same {
		p.node.mu.Lock()
		p.node.readied = time.Now()
		p.node.mu.Unlock()
	}
	p.statusChanged()
}

// statusChanged wakes keepStatus.
func (p *pod) statusChanged() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// keepStatus writes the pod's readiness to the API server, as a kubelet does, until the pod is gone.
func (p *pod) keepStatus() {
	for {
		select {
		case <-p.gone:
			return
		case <-p.ctx.Done():
			return
		case <-p.wake:
		}
		p.mu.Lock()
		same := p.ready == p.shown
		p.mu.Unlock()
		if same {
			continue
		}
		if err := p.writeReady(); err != nil && p.ctx.Err() == nil {
			log.Printf("%s: its status could not be written: %v", p.name(), err)
			time.AfterFunc(statusPause, p.statusChanged)
		}
	}
}

func (p *pod) writeReady() error {
	ctx, cancel := context.WithTimeout(p.ctx, statusTime)
	defer cancel()
	pods := p.node.client.CoreV1().Pods(p.object.Namespace)
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		live, err := pods.Get(ctx, p.object.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if live.UID != p.object.UID || live.DeletionTimestamp != nil || live.Status.Phase != corev1.PodRunning {
			return nil
		}
		ready := p.isReady()
		status := corev1.ConditionFalse
		if ready {
			status = corev1.ConditionTrue
		}
		for _, kind := range []corev1.PodConditionType{corev1.ContainersReady, corev1.PodReady} {
			setCondition(live, kind, status)
		}
		for i := range live.Status.ContainerStatuses {
			live.Status.ContainerStatuses[i].Ready = ready
		}
		for i := range live.Status.InitContainerStatuses {
			if live.Status.InitContainerStatuses[i].State.Running != nil {
				live.Status.InitContainerStatuses[i].Ready = ready
			}
		}
		_, err = pods.UpdateStatus(ctx, live, metav1.UpdateOptions{})
		return err
	})
}

func setCondition(object *corev1.Pod, kind corev1.PodConditionType, status corev1.ConditionStatus) {
	for i := range object.Status.Conditions {
		condition := &object.Status.Conditions[i]
		if condition.Type == kind {
			if condition.Status != status {
				condition.Status, condition.LastTransitionTime = status, metav1.Now()
			}
			return
		}
	}
	object.Status.Conditions = append(object.Status.Conditions, corev1.PodCondition{Type: kind, Status: status, LastTransitionTime: metav1.Now()})
}

// environment is the environment of a container, without variables from Secrets, ConfigMaps and resources.
func (p *pod) environment(c *corev1.Container) map[string]string {
	found := map[string]string{}
	fields := map[string]string{
		"metadata.name":           p.object.Name,
		"metadata.namespace":      p.object.Namespace,
		"spec.serviceAccountName": p.object.Spec.ServiceAccountName,
		"spec.nodeName":           p.object.Spec.NodeName,
		"status.podIP":            p.ip(),
		"status.hostIP":           nodeIP,
	}
	for _, variable := range c.Env {
		if variable.ValueFrom == nil {
			found[variable.Name] = variable.Value
		} else if field := variable.ValueFrom.FieldRef; field != nil {
			if value, ok := fields[field.FieldPath]; ok {
				found[variable.Name] = value
			}
		}
	}
	return found
}

// istiodCommand runs istiod with the arguments and environment of its container, and every listener on 127.0.0.1. Without the files that
// the pod would mount, istiod reads its configuration from the ConfigMaps of its namespace.
func (p *pod) istiodCommand() (*exec.Cmd, error) {
	discovery := container(p.object, "discovery")
	args := append([]string{}, discovery.Args...)
	args = append(args,
		"--kubeconfig="+p.node.options.kubeconfig,
		"--httpAddr="+loopback(p.endpoint(8080)),
		"--httpsAddr="+loopback(p.endpoint(15017)),
		"--grpcAddr="+loopback(p.endpoint(15010)),
		"--secureGRPCAddr="+loopback(p.endpoint(15012)),
		"--monitoringAddr="+loopback(p.endpoint(15014)),
		"--ctrlz_port=0",
	)
	cmd := exec.Command(p.node.options.pilot, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.folder}
	for name, value := range p.environment(discovery) {
		if name != "KUBECONFIG" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	return cmd, nil
}

// envoyCommand runs Envoy with the bootstrap configuration that istio-agent would write.
func (p *pod) envoyCommand() (*exec.Cmd, error) {
	bootstrap, err := json.MarshalIndent(p.bootstrap(), "", "  ")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(p.folder, "envoy.json")
	if err := os.WriteFile(file, bootstrap, 0o600); err != nil {
		return nil, err
	}
	return exec.Command(p.node.options.envoy,
		"-c", file,
		"--disable-hot-restart",
		"--concurrency", "1",
		"-l", "warning", "--component-log-level", "misc:error",
		// Its access log is read while it runs.
		"--file-flush-interval-msec", "200",
		"--drain-time-s", "5",
	), nil
}

type object = map[string]any

func (p *pod) bootstrap() object {
	proxy := container(p.object, "istio-proxy")
	environment := p.environment(proxy)
	metadata := object{
		"NAME":              p.object.Name,
		"NAMESPACE":         p.object.Namespace,
		"INSTANCE_IPS":      p.ip(),
		"LABELS":            p.object.Labels,
		"SERVICE_ACCOUNT":   p.object.Spec.ServiceAccountName,
		"WORKLOAD_NAME":     p.workload(),
		"CLUSTER_ID":        "Kubernetes",
		"MESH_ID":           domain,
		"ISTIO_VERSION":     "1.31.0",
		"INTERCEPTION_MODE": "REDIRECT",
	}
	for name, value := range environment {
		if key, ok := strings.CutPrefix(name, "ISTIO_META_"); ok && metadata[key] == nil {
			metadata[key] = value
		}
	}
	kind := string(sidecar)
	if p.role == router {
		kind = "router"
	}
	agent := object{"api_type": "GRPC", "transport_api_version": "V3", "grpc_services": []any{object{"envoy_grpc": object{"cluster_name": "agent"}}}}
	cluster := func(name string) object {
		return object{
			"name": name, "type": "STATIC", "connect_timeout": "5s",
			"typed_extension_protocol_options": object{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": object{
				"@type":                "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
				"explicit_http_config": object{"http2_protocol_options": object{}},
			}},
			"load_assignment": object{"cluster_name": name, "endpoints": []any{object{"lb_endpoints": []any{object{"endpoint": object{
				"address": object{"socket_address": object{"address": "127.0.0.1", "port_value": p.node.agentPort}},
			}}}}}},
		}
	}
	return object{
		"node": object{
			"id":       fmt.Sprintf("%s~%s~%s.%s~%s.svc.%s", kind, p.ip(), p.object.Name, p.object.Namespace, p.object.Namespace, domain),
			"cluster":  p.workload() + "." + p.object.Namespace,
			"metadata": metadata,
		},
		"admin": object{"address": object{"socket_address": object{"address": "127.0.0.1", "port_value": p.admin}}},
		"dynamic_resources": object{
			"ads_config": agent,
			"lds_config": object{"ads": object{}, "resource_api_version": "V3"},
			"cds_config": object{"ads": object{}, "resource_api_version": "V3"},
		},
		// istiod's configuration gets certificates from a cluster named sds-grpc.
		"static_resources": object{"clusters": []any{cluster("agent"), cluster("sds-grpc")}},
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
