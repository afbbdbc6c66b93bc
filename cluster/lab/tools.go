//go:build tools

// Package lab pins the programs of the lab: `go mod tidy` keeps in go.mod and go.sum exactly what building these mains needs.
// The Kubernetes provider of Pulumi has its own module (kubernetes-provider/): it needs an older client-go.
package lab

import (
	_ "github.com/prometheus/prometheus/cmd/prometheus"
	_ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
	_ "go.etcd.io/etcd/server/v3"
	_ "istio.io/istio/pilot/cmd/pilot-discovery"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
	_ "k8s.io/kubernetes/cmd/kubectl"
	_ "sigs.k8s.io/kwok/cmd/kwok"
)
