package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	openapi "github.com/google/gnostic-models/openapiv2"
	"google.golang.org/protobuf/proto"
)

// serveOpenAPI is a kindness: the real one has none, so that kubectl needs --validate=false there. kubectl asks for
// protobuf; JSON is for people.
func serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Accept"), "protobuf") {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(openAPI())
		return
	}
	body, err := openAPIProto()
	if err != nil {
		writeFailure(w, internal(err))
		return
	}
	w.Header().Set("Content-Type", "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
	_, _ = w.Write(body)
}

var openAPIProto = sync.OnceValues(func() ([]byte, error) {
	document, err := openapi.ParseDocument(openAPI())
	if err != nil {
		return nil, err
	}
	return proto.Marshal(document)
})

func text() Object                      { return Object{"type": "string"} }
func listOf(items Object) Object        { return Object{"type": "array", "items": items} }
func structOf(properties Object) Object { return Object{"type": "object", "properties": properties} }
func mapOf(values Object) Object        { return Object{"type": "object", "additionalProperties": values} }
func anything() Object                  { return Object{"type": "object"} }

func metaSchema() Object {
	properties := Object{
		"generation": Object{"type": "integer"}, "labels": mapOf(text()), "annotations": mapOf(text()),
		"ownerReferences": listOf(anything()), "finalizers": listOf(text()), "managedFields": listOf(anything()),
	}
	for _, name := range []string{"name", "generateName", "namespace", "selfLink", "uid", "resourceVersion",
		"creationTimestamp", "deletionTimestamp"} {
		properties[name] = text()
	}
	return structOf(properties)
}

// contents are the fields of each kind besides apiVersion, kind and metadata.
func contents(kind string) Object {
	condition := Object{}
	for _, name := range []string{"type", "status", "lastProbeTime", "lastTransitionTime", "reason", "message"} {
		condition[name] = text()
	}
	address := structOf(Object{"clientCIDR": text(), "serverAddress": text()})
	address["required"] = []string{"clientCIDR", "serverAddress"}
	switch kind {
	case "Cluster":
		return Object{
			"spec": structOf(Object{
				"serverAddressByClientCIDRs": listOf(address), "secretRef": structOf(Object{"name": text()}),
			}),
			"status": structOf(Object{
				"conditions": listOf(structOf(condition)), "zones": listOf(text()), "region": text(),
			}),
		}
	case "Secret":
		return Object{
			"data": mapOf(text()), "stringData": mapOf(text()), "type": text(), "immutable": Object{"type": "boolean"},
		}
	case "ConfigMap":
		return Object{"data": mapOf(text()), "binaryData": mapOf(text()), "immutable": Object{"type": "boolean"}}
	case "Namespace", "Service":
		return Object{"spec": anything(), "status": anything()}
	}
	return nil
}

// openAPI describes every kind that is served. No operation takes fieldValidation: kubectl checks by itself.
var openAPI = sync.OnceValue(func() []byte {
	definitions, paths := Object{}, Object{}
	for _, r := range Resources {
		if contents(r.Kind) == nil {
			continue
		}
		properties := contents(r.Kind)
		properties["apiVersion"], properties["kind"], properties["metadata"] = text(), text(), metaSchema()
		definition := structOf(properties)
		gvk := Object{"group": r.Group, "version": r.Version, "kind": r.Kind}
		definition["x-kubernetes-group-version-kind"] = []any{gvk}
		name := "standin." + r.Version + "." + r.Kind
		definitions[name] = definition
		path := r.path("{namespace}") + "/{name}"
		paths[path] = Object{"get": Object{
			"operationId": "read" + r.Kind, "produces": []string{"application/json"},
			"responses": Object{"200": Object{
				"description": "OK", "schema": Object{"$ref": "#/definitions/" + name},
			}},
			"x-kubernetes-action": "get", "x-kubernetes-group-version-kind": gvk,
		}}
	}
	body, _ := json.Marshal(Object{
		"swagger": "2.0", "info": Object{"title": "Federation v1 stand-in", "version": "v1beta1"},
		"paths": paths, "definitions": definitions,
	})
	return body
})
