package main

import (
	"context"
	"encoding/json"
	"log"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// forgottenTime is how long kwok may take to run or delete a pod. After some failed writes (a closed connection, a conflict) kwok gives up until
// the pod changes.
var forgottenTime = 10 * time.Second

// retryAnnotation is changed so that kwok handles a pod again.
const retryAnnotation = "lab-node/kwok-retry"

// retryForgottenPods changes pods that kwok does not run or delete, until the node ends.
func (n *node) retryForgottenPods() {
	pods := n.factory.Core().V1().Pods().Lister()
	since := map[types.UID]time.Time{}
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-time.After(forgottenTime / 5):
		}
		all, err := pods.List(labels.Everything())
		if err != nil {
			continue
		}
		waiting := map[types.UID]time.Time{}
		for _, pod := range all {
			if !waitsForKwok(pod) {
				continue
			}
			first, known := since[pod.UID]
			if !known {
				first = time.Now()
			}
			if time.Since(first) > forgottenTime {
				first = time.Now()
				n.touch(pod)
			}
			waiting[pod.UID] = first
		}
		since = waiting
	}
}

// waitsForKwok reports whether kwok should run or delete a pod.
func waitsForKwok(pod *corev1.Pod) bool {
	if pod.Spec.NodeName == "" {
		return false
	}
	if pod.DeletionTimestamp != nil {
		return len(pod.Finalizers) == 0
	}
	return pod.Status.Phase == corev1.PodPending
}

func (n *node) touch(pod *corev1.Pod) {
	patch, err := json.Marshal(object{"metadata": object{
		"uid":         pod.UID,
		"annotations": object{retryAnnotation: time.Now().UTC().Format(time.RFC3339)},
	}})
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(n.ctx, requestTime)
	defer cancel()
	_, err = n.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err == nil {
		log.Printf("%s/%s: kwok has forgotten it, trying again", pod.Namespace, pod.Name)
	} else if !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		log.Printf("%s/%s: kwok has forgotten it, and it cannot be changed: %v", pod.Namespace, pod.Name, err)
	}
}
