package main

import (
	"context"
	"encoding/json"
	"log"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
)

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
