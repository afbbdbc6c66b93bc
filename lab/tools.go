//go:build tools

// Package lab pins the programs of the local control plane: `go mod tidy` keeps in go.mod and go.sum
// exactly what building these mains needs.
package lab

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "istio.io/api/label"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
	_ "k8s.io/kubernetes/cmd/kubectl"
	_ "sigs.k8s.io/kwok/cmd/kwok"
)
