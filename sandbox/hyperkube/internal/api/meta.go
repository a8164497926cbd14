// Package api serves federation/v1beta1 and the few core kinds over HTTP, with the manners of a 1.4 to 1.9 apiserver.
package api

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"fedctl.example/hyperkube/internal/store"
)

// Object is any API object, as JSON has it.
type Object = store.Object

// Meta is the metadata of that time: fields that came later (managedFields) are dropped on the way in.
type Meta struct {
	Name              string            `json:"name,omitempty"`
	GenerateName      string            `json:"generateName,omitempty"`
	Namespace         string            `json:"namespace,omitempty"`
	SelfLink          string            `json:"selfLink,omitempty"`
	UID               string            `json:"uid,omitempty"`
	ResourceVersion   string            `json:"resourceVersion,omitempty"`
	Generation        int64             `json:"generation,omitempty"`
	CreationTimestamp string            `json:"creationTimestamp,omitempty"`
	DeletionTimestamp string            `json:"deletionTimestamp,omitempty"`
	Labels            map[string]string `json:"labels,omitempty"`
	Annotations       map[string]string `json:"annotations,omitempty"`
	OwnerReferences   []any             `json:"ownerReferences,omitempty"`
	Finalizers        []string          `json:"finalizers,omitempty"`
}

// convert goes through JSON, so that what does not fit its type is refused and unknown fields are dropped.
func convert(from, to any) error {
	raw, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, to)
}

func metaOf(object Object) (Meta, error) {
	var meta Meta
	if object["metadata"] == nil {
		return meta, nil
	}
	return meta, convert(object["metadata"], &meta)
}

// mustMeta is for objects that were checked before they were stored.
func mustMeta(object Object) Meta {
	meta, _ := metaOf(object)
	return meta
}

func withMeta(object Object, meta Meta) Object {
	var plain Object
	_ = convert(meta, &plain)
	copied := Object{}
	for key, value := range object {
		copied[key] = value
	}
	copied["metadata"] = plain
	return copied
}

// served is a stored object as answers have it: with its revision, link and type.
func served(r *Resource, object Object, revision int64) Object {
	meta := mustMeta(object)
	meta.ResourceVersion = strconv.FormatInt(revision, 10)
	meta.SelfLink = r.path(meta.Namespace) + "/" + meta.Name
	out := withMeta(object, meta)
	out["kind"], out["apiVersion"] = r.Kind, r.groupVersion()
	return out
}

// listed is the same as an item of a list: without kind and apiVersion.
func listed(r *Resource, object Object, revision int64) Object {
	out := served(r, object, revision)
	delete(out, "kind")
	delete(out, "apiVersion")
	return out
}

func newUID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func suffix() string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	b := make([]byte, 5)
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

func now() string { return time.Now().UTC().Format(time.RFC3339) }
