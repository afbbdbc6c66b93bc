package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
)

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
